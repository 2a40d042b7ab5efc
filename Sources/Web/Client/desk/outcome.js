// How a chat ended, asked once when it is closed: one key each, and Enter for the first. It is counted for the reports and shown to nobody.

import { h } from "./dom.js";

/** In the order of their keys, from 1 on. */
export const endings = [
    ["answered", "Answered"], ["followUp", "Library follows up"], ["patronLeft", "Patron left"], ["inappropriate", "Inappropriate"], ["practice", "Practice"],
];

/** What a key says: an ending, null for "not said", undefined for a key that says nothing here. */
export function endingOfKey(key) {
    if (key === "0") return null;
    return /^[1-9]$/.test(key) ? endings[Number(key) - 1]?.[0] : undefined;
}

/** @param {(ending: string|null) => void} close */
export function endingButtons(close) {
    const button = (key, text, ending, first) => h("button", {
        class: first ? "primary small" : "small", type: "button", data: first ? { confirm: "close", ending } : { ending: ending ?? "" }, "aria-keyshortcuts": key,
        on: { click: () => close(ending) },
    }, h("kbd", { "aria-hidden": "true", text: key }), text);
    return [...endings.map(([ending, text], place) => button(String(place + 1), text, ending, place === 0)), button("0", "Don’t say", null, false)];
}
