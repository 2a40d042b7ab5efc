/** What the patron takes along: a copy of the conversation as a file, a code on the clipboard. */

import { spoken } from "../shared/language.js";
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

/**
 * Prints the text alone, whatever page the panel stands on: from a document of its own, which goes again afterwards. `place`: what may hold it meanwhile,
 * unseen.
 */
export function print(text, place) {
    const frame = el("iframe.paper", { "aria-hidden": "true", tabindex: "-1" });
    place.append(frame);
    const { contentWindow: page, contentDocument: paper } = frame;
    const { tag, direction } = spoken();
    paper.documentElement.lang = tag;
    paper.documentElement.dir = direction;
    const [title] = text.split("\n", 1);
    paper.title = title;
    const words = paper.createElement("pre");
    words.textContent = text;
    // Sheets that a script makes are no inline styles to a page's content policy.
    const sheet = new page.CSSStyleSheet();
    sheet.replaceSync("pre { font: 11pt/1.5 serif; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; } @page { margin: 2cm; }");
    paper.adoptedStyleSheets = [sheet];
    paper.body.append(words);
    page.addEventListener("afterprint", () => frame.remove(), { once: true });
    page.print();
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
