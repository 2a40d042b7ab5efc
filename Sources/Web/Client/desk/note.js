// The box for notes among colleagues, one in each chat. It cannot be taken for the composer: it stands above the conversation and not below it, has another
// colour and a visible heading that says who reads it, opens by a key of its own, and its button says "Keep". What is kept stands in the chat for whoever
// holds it next and for the library; nodes send it to no patron.

import { h, setAttribute, setHidden, setText } from "./dom.js";
import { noteDraft } from "./memory.js";
import { proposed, tagsOf } from "./tags.js";
import { utf8Bytes } from "../shared/wording.js";

export class NoteBox {
    /** @param column the chat's, which gets the focus back */
    constructor(column) {
        this.column = column;
        const id = `note-${column.chat.id}`;
        this.field = h("textarea", {
            rows: "2", id, data: { noteField: column.chat.id }, autocomplete: "off", "aria-describedby": `${id}-room`,
            on: { input: () => this.typed(), keydown: (event) => this.key(event) },
        });
        this.field.value = noteDraft.read(column.chat.id);
        this.room = h("span", { class: "room", id: `${id}-room`, "aria-live": "polite" });
        this.keep = h("button", { class: "note-keep small", type: "submit", data: { keepNote: "" }, text: "Keep the note" });
        this.chips = h("div", { class: "tag-chips", role: "group", "aria-label": "Tags to put into the note" });
        this.element = h("form", { class: "note-box", hidden: this.field.value === "", on: { submit: (event) => { event.preventDefault(); this.submit(); } } },
            h("label", { for: id }, this.words = h("span", { text: "Note for staff. " }), h("span", { class: "note-who", text: "The patron never sees it." })), this.field, this.chips,
            h("div", { class: "composer-foot" }, this.room, this.away = h("button", { class: "small quiet", type: "button", text: "Leave it", on: { click: () => this.leave() } }), this.keep));
        this.show();
    }

    /** Of a chat that somebody watches the box stays open; `null`: it is one's own. */
    whisperTo(name) {
        setText(this.words, name === null ? "Note for staff. " : `Whisper to ${name}. `);
        setText(this.keep, name === null ? "Keep the note" : "Whisper");
        this.whispers = name !== null;
        setHidden(this.away, this.whispers);
        if (this.whispers) setHidden(this.element, false);
    }

    open() {
        this.drawChips();
        setHidden(this.element, false);
        this.field.focus();
    }

    /** Tags that the chat has not yet. */
    drawChips() {
        const has = tagsOf(this.column.chat.messages);
        this.chips.replaceChildren(...proposed(this.column.act.canned()).filter((tag) => !has.includes(tag)).map((tag) =>
            h("button", { class: "tag-chip", type: "button", data: { tag }, text: `#${tag}`, on: { click: () => this.tag(tag) } })));
    }

    tag(tag) {
        const before = this.field.value.trimEnd();
        this.field.value = before === "" ? `#${tag} ` : `${before} #${tag} `;
        this.typed();
        this.field.focus();
    }

    /** A note that was not kept comes back to be changed. */
    bring(text) {
        this.field.value = this.field.value.trim() === "" ? text : `${this.field.value.trimEnd()}\n${text}`;
        this.typed();
        this.open();
    }

    /** What was written in it stays for the next time. */
    leave() {
        if (!this.whispers) setHidden(this.element, true);
        this.column.focus();
    }

    key(event) {
        if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
        if (event.key === "Enter" && !event.shiftKey) {
            event.preventDefault();
            this.submit();
        } else if (event.key === "Escape") {
            event.preventDefault();
            event.stopPropagation();
            this.leave();
        }
    }

    typed() {
        noteDraft.write(this.column.chat.id, this.field.value);
        this.show();
    }

    show() {
        const used = utf8Bytes(this.field.value.trim());
        const over = used - this.column.desk.textBytesMax;
        setText(this.room, over > 0 ? `Too long by ${over}: keep it in two parts` : "");
        this.room.dataset.state = over > 0 ? "over" : "fine";
        setAttribute(this.keep, "aria-disabled", over > 0 || used === 0);
        setAttribute(this.field, "aria-invalid", over > 0);
    }

    submit() {
        const text = this.field.value.trim();
        if (text === "" || utf8Bytes(text) > this.column.desk.textBytesMax) return;
        this.field.value = "";
        this.typed();
        this.column.act.note(this.column.chat.id, text);
        this.leave();
    }
}
