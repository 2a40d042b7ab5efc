// How the desk keeps its page: lists that keep their elements, dialogs that give the focus back, and its drawings.

import { drawing } from "../shared/dom.js";

export { h, setAttribute, setHidden, setText } from "../shared/dom.js";

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
    room: "M4 4h16v12h-8l-5 4v-4H4V4Zm2 2v8h3v2l2.500-2H18V6H6Zm2 2h8v1.600H8V8Zm0 3h6v1.600H8V11Z",
    bell: "M12 3a6 6 0 0 0-6 6v5l-2 3h16l-2-3V9a6 6 0 0 0-6-6Zm-4 6a4 4 0 0 1 8 0v6H8V9Zm2 9a2 2 0 1 0 4 0h-4Z",
    sound: "M4 9v6h4l5 5V4L8 9H4Zm7-.2v6.400L8.800 13H6v-2h2.800L11 8.800ZM15 8v8a4 4 0 0 0 0-8Zm0-3.700v2.100a6 6 0 0 1 0 11.200v2.100a8 8 0 0 0 0-15.400Z",
    mute: "M4 9v6h4l5 5V4L8 9H4Zm7-.2v6.400L8.800 13H6v-2h2.800L11 8.800Zm5.400-.2L15 10l2 2-2 2 1.400 1.400 2-2 2 2 1.400-1.400-2-2 2-2-1.400-1.400-2 2-2-2Z",
    close: "M6.400 5 5 6.400l5.600 5.600L5 17.600 6.400 19l5.600-5.600 5.600 5.600 1.400-1.400-5.600-5.600L19 6.400 17.600 5 12 10.600 6.400 5Z",
    report: "M12 2 1 21h22L12 2Zm0 4 7.500 13h-15L12 6Zm-1 4h2v5h-2v-5Zm0 6h2v2h-2v-2Z",
    help: "M12 2a10 10 0 1 0 0 20 10 10 0 0 0 0-20Zm0 2a8 8 0 1 1 0 16 8 8 0 0 1 0-16Zm-1 12h2v2h-2v-2Zm1-10a4 4 0 0 0-4 4h2a2 2 0 1 1 3 1.700c-1.200.8-2 1.600-2 3.300h2c0-.9.300-1.200 1.100-1.800A4 4 0 0 0 12 6Z",
};

/** A small drawing beside a word. */
export const icon = (name) => drawing(paths[name]);

/** The element that had focus before a dialog, so that focus can go back there; the fallback is used when it is gone by then. */
export function openDialog(dialog, fallback) {
    const before = document.activeElement;
    dialog.addEventListener("close", () => {
        const target = before instanceof HTMLElement && before.isConnected && !before.closest("[hidden]") && before !== document.body ? before : fallback?.();
        target?.focus();
    }, { once: true });
    dialog.showModal();
}
