/** All pages of this node, in one list: what each is for, and whom it is for. */

import { h } from "/shared/dom.js";
import { groups } from "/shared/pages.js";

document.getElementById("groups").replaceChildren(...groups.map(({ title, pages }) => h("section", {},
    h("h2", { text: title }),
    h("dl", { class: "pages" }, ...pages.flatMap(({ path, title: name, what }) => [h("dt", {}, h("a", { href: path, text: name })), h("dd", { text: what })])))));
