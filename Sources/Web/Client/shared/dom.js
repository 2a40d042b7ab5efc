/**
 * The few helpers with which both clients make their pages. Text goes in only as text, never as markup, so nothing that anybody writes can
 * become part of a page. There are no style attributes and no inline handlers: the pages' content policy forbids both.
 */

const SVG = "http://www.w3.org/2000/svg";

/**
 * Makes an element.
 * @param {string} tag
 * @param {object} props `class`, `text`, `data` (dataset), `on` (listeners by event name); everything else is an attribute. `true` gives an
 *   empty attribute, `false`, `null` and `undefined` none.
 * @param {...(Node|string|null)} children
 */
export function h(tag, props = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(props)) {
        if (value === null || value === undefined || value === false) continue;
        if (name === "class") element.className = value;
        else if (name === "text") element.textContent = value;
        else if (name === "data") for (const [key, text] of Object.entries(value)) element.dataset[key] = text;
        else if (name === "on") for (const [event, handler] of Object.entries(value)) element.addEventListener(event, handler);
        else element.setAttribute(name, value === true ? "" : String(value));
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
}

/** A small drawing beside a word, on a field of 24 by 24. It is decoration: the word says what the control does. */
export function drawing(path) {
    const svg = document.createElementNS(SVG, "svg");
    for (const [name, value] of Object.entries({ viewBox: "0 0 24 24", "aria-hidden": "true", focusable: "false", class: "icon" })) svg.setAttribute(name, value);
    const line = document.createElementNS(SVG, "path");
    line.setAttribute("d", path);
    svg.append(line);
    return svg;
}

/** Sets text only when it differs, so that a live region is not announced again and a selection is not lost. */
export function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
}

/** Sets or removes an attribute only when that changes something. */
export function setAttribute(element, name, value) {
    if (value === null || value === undefined || value === false) {
        if (element.hasAttribute(name)) element.removeAttribute(name);
    } else {
        const text = value === true ? "" : String(value);
        if (element.getAttribute(name) !== text) element.setAttribute(name, text);
    }
}

export function setHidden(element, hidden) {
    if (element.hidden !== hidden) element.hidden = hidden;
}
