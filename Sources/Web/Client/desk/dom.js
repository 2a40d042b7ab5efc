// The few helpers with which every part of the desk builds its page. Text goes in only as text, never as markup, so nothing that a patron
// writes can become part of the page. There are no style attributes and no inline handlers: the page's content policy forbids both.

const svgSpace = "http://www.w3.org/2000/svg";

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

/**
 * Makes the children of `parent` those of `items`, in order, keeping the element of every item that was there before: focus, scroll
 * position and what a screen reader has already said stay as they are. Elements are moved only when they are out of place.
 */
export function keyed(parent, items, keyOf, create, update) {
    const before = parent.keyedElements ?? new Map();
    const after = new Map();
    let place = parent.firstChild;
    for (const item of items) {
        const key = keyOf(item);
        const element = before.get(key) ?? create(item);
        after.set(key, element);
        if (element === place) place = place.nextSibling;
        else parent.insertBefore(element, place);
        update?.(element, item);
    }
    for (const [key, element] of before) {
        if (!after.has(key)) element.remove();
    }
    parent.keyedElements = after;
}

const paths = {
    search: "M10.5 4a6.5 6.5 0 1 0 4.1 11.5l4.4 4.4 1.4-1.4-4.4-4.4A6.5 6.5 0 0 0 10.5 4Zm0 2a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Z",
    team: "M9 11a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm0-2a2 2 0 1 1 0-4 2 2 0 0 1 0 4Zm7.5 2a3 3 0 1 0 0-6v2a1 1 0 1 1 0 2v2ZM2 20v-2c0-3 3.5-5 7-5s7 2 7 5v2h-2v-2c0-1.4-2.2-3-5-3s-5 1.6-5 3v2H2Zm16-2c0-1.800-.8-3.300-2-4.400 3 .2 6 1.900 6 4.400v2h-2v-2h-2Z",
    bell: "M12 3a6 6 0 0 0-6 6v5l-2 3h16l-2-3V9a6 6 0 0 0-6-6Zm-4 6a4 4 0 0 1 8 0v6H8V9Zm2 9a2 2 0 1 0 4 0h-4Z",
    sound: "M4 9v6h4l5 5V4L8 9H4Zm7-.2v6.400L8.800 13H6v-2h2.800L11 8.800ZM15 8v8a4 4 0 0 0 0-8Zm0-3.700v2.100a6 6 0 0 1 0 11.200v2.100a8 8 0 0 0 0-15.400Z",
    mute: "M4 9v6h4l5 5V4L8 9H4Zm7-.2v6.400L8.800 13H6v-2h2.800L11 8.800Zm5.400-.2L15 10l2 2-2 2 1.400 1.400 2-2 2 2 1.400-1.400-2-2 2-2-1.400-1.400-2 2-2-2Z",
    close: "M6.400 5 5 6.400l5.600 5.600L5 17.600 6.400 19l5.600-5.600 5.600 5.600 1.400-1.400-5.600-5.600L19 6.400 17.600 5 12 10.600 6.400 5Z",
    help: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm0 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16Zm-1 12h2v2h-2v-2Zm1-10a4 4 0 0 0-4 4h2a2 2 0 1 1 3 1.700c-1.200.8-2 1.600-2 3.300h2c0-.9.300-1.200 1.100-1.800A4 4 0 0 0 12 6Z",
};

/** A small drawing beside a word. It is decoration: the word says what the control does. */
export function icon(name) {
    const svg = document.createElementNS(svgSpace, "svg");
    svg.setAttribute("viewBox", "0 0 24 24");
    svg.setAttribute("class", "icon");
    svg.setAttribute("aria-hidden", "true");
    const path = document.createElementNS(svgSpace, "path");
    path.setAttribute("d", paths[name]);
    svg.append(path);
    return svg;
}

/** The element that had focus before a dialog, so that focus can go back there; the fallback is used when it is gone by then. */
export function openDialog(dialog, fallback) {
    const before = document.activeElement;
    dialog.addEventListener("close", () => {
        const target = before instanceof HTMLElement && before.isConnected && !before.closest("[hidden]") && before !== document.body ? before : fallback?.();
        target?.focus();
    }, { once: true });
    dialog.showModal();
}
