/** What the patron takes along: a copy of the conversation as a file, a code on the clipboard. */

import { el } from "./dom.js";

/** Gives the text to the browser as a file to save. `place`: an element of the page that may hold a link for a moment. */
export function saveAsFile(text, place) {
    const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
    const link = el("a", { href: address, download: `chat-${new Date().toISOString().slice(0, 10)}.txt` });
    place.append(link);
    link.click();
    link.remove();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
}

/** Copies the text; `shown` is the element that shows it, for browsers that copy selections alone. Returns whether it is copied. */
export async function copy(text, shown) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        if (shown) getSelection()?.selectAllChildren(shown);
        return document.execCommand("copy");
    }
}
