// The card of a patron's home library: what an operator of another library needs in order to speak for it.

import { h } from "./dom.js";

const checkedAgeMsMax = 183 * 86400 * 1000;

/** A link to a page, if it is one that a browser may open: nothing but http and https. */
function website(address) {
    let url;
    try {
        url = new URL(address);
    } catch {
        return h("span", { text: address });
    }
    if (url.protocol !== "https:" && url.protocol !== "http:") return h("span", { text: address });
    return h("a", { href: url.href, target: "_blank", rel: "noopener noreferrer", text: url.host + (url.pathname === "/" ? "" : url.pathname) });
}

function checked(text) {
    const moment = Date.parse(text);
    const date = Number.isNaN(moment) ? text : new Intl.DateTimeFormat(undefined, { dateStyle: "medium" }).format(moment);
    const old = !Number.isNaN(moment) && Date.now() - moment > checkedAgeMsMax;
    return h("p", { class: old ? "card-checked old" : "card-checked", text: old ? `Last checked ${date}: over half a year ago, so ask before you rely on it.` : `Last checked ${date}` });
}

/** Makes the fields of a library's card; `insert` puts its wording into the composer, where there is one. */
export function cardFields(card, insert, canInsert = true) {
    const rows = h("dl", { class: "card-rows" });
    const row = (name, value) => value === null ? null : rows.append(h("dt", { text: name }), h("dd", {}, value));
    const text = (value) => typeof value === "string" && value.trim() !== "" ? value.trim() : null;
    const lines = (value) => value === null ? null : h("span", { class: "card-text", text: value });
    row("Hours", lines(text(card.hours)));
    const phone = text(card.phone);
    row("Phone", phone === null ? null : h("a", { href: `tel:${phone.replace(/[^\d+]/g, "")}`, text: phone }));
    const email = text(card.email);
    row("E-mail", email === null ? null : h("a", { href: `mailto:${email}`, text: email }));
    const page = text(card.website);
    row("Website", page === null ? null : website(page));
    row("Policies", lines(text(card.policies)));
    const wording = text(card.wording);
    if (wording !== null) {
        row("Wording", h("span", {}, h("q", { class: "card-text", text: wording }), " ",
            !canInsert ? null : h("button", { class: "small quiet", type: "button", text: "Use this wording", data: { useWording: "" }, on: { click: () => insert(wording) } })));
    }
    const parts = rows.children.length === 0 ? [h("p", { class: "hint", text: "This library has not filled in its card." })] : [rows];
    if (text(card.lastChecked) !== null) parts.push(checked(card.lastChecked));
    return parts;
}
