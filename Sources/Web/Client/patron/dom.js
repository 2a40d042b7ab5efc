/** Small helpers to make elements. Text only ever becomes a text node; nothing here parses HTML. */

import { linkParts } from "../shared/wording.js";

/** `el("button.primary#send", {type: "submit", onclick: f}, "Send")` */
export function el(what, attributes = {}, ...children) {
    const [, tag, rest] = /^([a-z0-9]+)(.*)$/.exec(what);
    const node = document.createElement(tag);
    for (const [, sign, name] of rest.matchAll(/([.#])([\w-]+)/g)) {
        if (sign === "#") node.id = name;
        else node.classList.add(name);
    }
    for (const [name, value] of Object.entries(attributes)) {
        if (value === undefined || value === null || value === false) continue;
        if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
        else if (name === "hidden" || name === "value" || name === "disabled") node[name] = value;
        else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
}

const PATHS = {
    minimise: "M5 15h14",
    close: "M6 6l12 12M18 6L6 18",
    soundOn: "M4 10v4h3l5 4V6l-5 4H4M16 9a4 4 0 0 1 0 6M18.5 6.5a8 8 0 0 1 0 11",
    soundOff: "M4 10v4h3l5 4V6l-5 4H4M16.5 9.5l5 5M21.5 9.5l-5 5",
    send: "M12 19V5M6 11l6-6 6 6",
    down: "M12 5v14M6 13l6 6 6-6",
    slip: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
};

export function icon(name) {
    const space = "http://www.w3.org/2000/svg";
    const svg = document.createElementNS(space, "svg");
    for (const [key, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false", class: "icon" })) {
        svg.setAttribute(key, value);
    }
    const path = document.createElementNS(space, "path");
    path.setAttribute("d", PATHS[name]);
    svg.append(path);
    return svg;
}

/** A message's text with its links clickable. */
export function written(text) {
    const p = el("p.text");
    for (const part of linkParts(text)) {
        p.append(part.href ? el("a", { href: part.href, target: "_blank", rel: "noopener noreferrer nofollow" }, part.text) : part.text);
    }
    return p;
}
