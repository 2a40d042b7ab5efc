// The keyboard of the desk. `event.code` is used for letters and digits with Alt, because Alt makes other characters on many keyboards.
// AltGr is not Alt: people need it to write.

import { choice } from "./memory.js";

const writing = (target) => target instanceof HTMLElement && (target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName));

/** What a key asks for, or null: `{act: "chat", slot}`, `claim`, `transfer`, `waiting`, `note`, `crisis`, `directory`, `room`, `palette`, `help`, `escape`. */
export function meaning(event, { isWriting, helpKey }) {
    const altGraph = event.getModifierState?.("AltGraph") === true;
    if (event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey && !altGraph) {
        const digit = /^(?:Digit|Numpad)([1-9])$/.exec(event.code);
        if (digit) return { act: "chat", slot: Number(digit[1]) };
        const letters = { KeyN: "claim", KeyT: "transfer", KeyW: "waiting", KeyM: "note", KeyC: "crisis", KeyR: "directory", KeyS: "room" };
        if (event.code in letters) return { act: letters[event.code] };
        return null;
    }
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") return { act: "palette" };
    if (event.key === "Escape") return { act: "escape" };
    if (event.key === "?" && !event.ctrlKey && !event.metaKey && !altGraph && !isWriting && helpKey) return { act: "help" };
    return null;
}

/** Listens on the whole page. While a dialog is open only the browser's own Escape counts, and the palette. */
export function listen(acts) {
    document.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || document.body.dataset.view !== "desk") return;
        const found = meaning(event, { isWriting: writing(event.target), helpKey: choice.read("helpKey", true) });
        if (found === null) return;
        if (document.querySelector("dialog[open]") !== null) {
            if (found.act === "palette") event.preventDefault();
            return;
        }
        if (found.act === "escape") {
            if (acts.escape()) event.preventDefault();
            return;
        }
        event.preventDefault();
        acts[found.act](found.slot);
    });
}
