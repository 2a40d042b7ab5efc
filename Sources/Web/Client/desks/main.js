/** The page of desks in use (agreement, 7): which versions are open at which node. The admin token lives in this page's memory alone. */

import { ask } from "/shared/ask.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { row, table } from "/shared/tables.js";

const part = (id) => document.getElementById(id);
let token = "";

const sentence = (answer) => answer.body?.text ?? "The node does not answer; try again in a moment.";
const pages = (count) => `${count} ${count === 1 ? "page" : "pages"}`;

function drawSum({ nodes, isOne, former }) {
    const open = nodes.flatMap((node) => node.versions).reduce((sum, version) => sum + version.count, 0);
    const old = former === 0 ? "none of them of a former version" : `${former} of them of a former version`;
    const apart = isOne ? "" : " Not all nodes serve the same version: update the others.";
    return `${pages(open)} of the desk ${open === 1 ? "is" : "are"} open, ${old}.${apart}`;
}

function drawNode(node) {
    const none = node.versions.length === 0 ? [row(h("code", { text: node.serves ?? "–" }), "0", node.why ?? "served; none is open")] : [];
    return h("section", {}, h("h2", { text: node.node }), table(`Desks at ${node.node}`, ["Version", "Open pages", "What it is"], [
        ...node.versions.map((version) => row(h("code", { text: version.version }), String(version.count), version.isServed ? "served" : "former: loads anew when its chats are over")),
        ...none,
    ]));
}

async function show() {
    const answer = await ask("GET", "/api/desks", undefined, token);
    if (answer.status !== 200) return sentence(answer);
    setText(part("sum"), drawSum(answer.body));
    part("nodes").replaceChildren(...answer.body.nodes.map(drawNode));
    setHidden(part("enter"), true);
    setHidden(part("desks"), false);
    return null;
}

part("enter").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = part("token");
    token = field.value.trim();
    field.removeAttribute("aria-invalid");
    const wrong = token === "" ? "Type the token." : await show();
    setText(part("enter").querySelector(".error"), wrong ?? "");
    if (wrong !== null) {
        field.setAttribute("aria-invalid", "true");
        field.focus();
    } else {
        part("again").focus();
    }
});

part("again").addEventListener("click", async () => {
    const wrong = await show();
    if (wrong !== null) setText(part("sum"), wrong);
});
