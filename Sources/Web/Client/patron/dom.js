/** How the patron's panel makes its elements. */

import { drawing, h } from "../shared/dom.js";
import { linkParts } from "../shared/wording.js";

const PROPERTIES = new Set(["hidden", "value"]);

/** `el("button.primary#send", {type: "submit", onclick: f}, "Send")` */
export function el(what, attributes = {}, ...children) {
    const [, tag, rest] = /^([a-z0-9]+)(.*)$/.exec(what);
    const props = { on: {} };
    for (const [, sign, name] of rest.matchAll(/([.#])([\w-]+)/g)) {
        if (sign === "#") props.id = name;
        else props.class = props.class ? `${props.class} ${name}` : name;
    }
    const own = [];
    for (const [name, value] of Object.entries(attributes)) {
        if (name.startsWith("on")) props.on[name.slice(2)] = value;
        else if (PROPERTIES.has(name)) own.push([name, value]);
        else props[name] = value;
    }
    const element = h(tag, props, ...children);
    for (const [name, value] of own) element[name] = value;
    return element;
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

export const icon = (name) => drawing(PATHS[name]);

/** A message's text with its links clickable. */
export function written(text) {
    const p = el("p.text");
    for (const part of linkParts(text)) {
        p.append(part.href ? el("a", { href: part.href, target: "_blank", rel: "noopener noreferrer nofollow" }, part.text) : part.text);
    }
    return p;
}
