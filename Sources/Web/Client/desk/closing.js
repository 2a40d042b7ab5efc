// A snow day from the desk: the person's own library closes at once, for a while, and opens again.

import { h, setHidden, setText } from "./dom.js";

const spans = [[60, "1 hour"], [120, "2 hours"], [240, "4 hours"], [480, "8 hours"], [1440, "24 hours"]];
const usualMinutes = 240;

export class Closing {
    /** @param {object} act closeLibrary, reopenLibrary */
    constructor(act) {
        this.minutes = h("select", { id: "closing-minutes" }, ...spans.map(([minutes, text]) => h("option", { value: String(minutes), text })));
        this.minutes.value = String(usualMinutes);
        this.note = h("input", { id: "closing-note", type: "text", maxlength: "80", autocomplete: "off" });
        this.summary = h("summary", { text: "Close at short notice" });
        const form = h("form", { class: "closing-form" },
            h("label", { for: "closing-minutes", text: "For" }), this.minutes,
            h("label", { for: "closing-note", text: "Why, for patrons" }), this.note,
            h("button", { class: "primary", type: "submit", id: "closing-close", text: "Close now" }),
            h("p", { class: "hint", text: "The button goes off at once, and the page of hours says so. Chats go on." }));
        form.addEventListener("submit", async (event) => {
            event.preventDefault();
            if (!await act.closeLibrary(Number(this.minutes.value), this.note.value.trim())) return;
            this.note.value = "";
            this.root.open = false;
            this.summary.focus();
        });
        const reopen = h("button", { class: "quiet wide", type: "button", id: "closing-reopen", text: "Take a closing back", on: { click: () => act.reopenLibrary() } });
        this.root = h("details", { class: "closing", id: "closing" }, this.summary, form, reopen);
    }

    /** Shown to people of a library that has a queue: it is theirs to close. */
    show(me, board) {
        const isTheirs = board.queues.some((queue) => queue.library?.name === me.library?.name);
        setHidden(this.root, !isTheirs);
        setText(this.summary, `Close ${me.library?.title ?? "the library"} at short notice`);
    }
}
