// The transfer dialog: to whom, with whose consent, with what note. Everyone is in the list, also who cannot take the chat now, with the reason:
// a gap in the list would send people looking for it.

import { transferTargets } from "./board.js";
import { h, keyed, openDialog, setAttribute, setHidden, setText } from "./dom.js";
import { find } from "./find.js";
import { utf8Bytes } from "../shared/wording.js";
import { chatName } from "./words.js";

const noteBytesMax = 500;
const dayS = 86400;
/** By when a question may be due that is referred to be answered later. */
const dueDays = [1, 2, 3, 5, 10, 20];
const usualDueDays = 3;

export class TransferDialog {
    /** @param {(typed: string) => void} searchDirectory where somebody knows a subject, and not whose it is */
    constructor(root, desk, act, searchDirectory) {
        this.desk = desk;
        this.act = act;
        this.chat = null;
        this.listing = null;
        this.listedAt = null;
        this.chosen = null;
        this.active = null;
        this.title = h("h2", { id: "transfer-title" });
        this.search = h("input", {
            id: "transfer-search", type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "transfer-list", "aria-autocomplete": "list",
            autocomplete: "off", spellcheck: "false", placeholder: "Library or queue",
            on: { input: () => { this.active = null; this.show(); }, keydown: (event) => this.key(event) },
        });
        this.list = h("ul", { id: "transfer-list", class: "options", role: "listbox", "aria-label": "Where to", tabindex: "-1" });
        this.none = h("p", { class: "empty", text: "Nothing is called that. Search for a part of a library’s name." });
        this.choice = h("p", { class: "choice", role: "status", id: "transfer-choice" });
        this.due = h("select", { id: "transfer-due" }, ...dueDays.map((days) => h("option", { value: String(days), text: days === 1 ? "within a day" : `within ${days} days` })));
        this.later = h("div", { class: "transfer-later" },
            h("label", { for: "transfer-due", text: "To be answered" }), this.due,
            h("p", { class: "hint", text: "The patron is asked. If they agree, the question and this chat stand there as a message, you are free, and the patron collects the answer with a code. What the colleagues should know, write as a note first." }));
        this.ask = h("input", { type: "radio", name: "consent", id: "consent-ask", value: "ask", checked: true });
        this.agreed = h("input", { type: "radio", name: "consent", id: "consent-given", value: "given" });
        this.note = h("textarea", { id: "transfer-note", rows: "2", on: { input: () => this.showChoice() } });
        this.now = h("div", {},
            h("fieldset", {}, h("legend", { text: "The patron" }),
                h("label", { class: "radio" }, this.ask, "Ask the patron first"),
                h("label", { class: "radio" }, this.agreed, "They already agreed, in the chat")),
            h("label", { for: "transfer-note", text: "Note to the colleague (the patron does not see it)" }), this.note);
        this.error = h("p", { class: "error", role: "alert" });
        this.submit = h("button", { class: "primary", type: "submit", id: "transfer-submit", text: "Offer the chat" });
        this.dialog = h("dialog", { class: "dialog transfer", "aria-labelledby": "transfer-title", id: "transfer" },
            h("form", { method: "dialog", on: { submit: (event) => { event.preventDefault(); this.offer(); } } },
                this.title,
                h("p", { class: "hint", text: "The chat stays yours until somebody there picks it up. If nobody does, nothing is lost." }),
                h("label", { for: "transfer-search", text: "Where to" }), this.search, this.list, this.none, this.choice,
                h("p", {}, h("button", { class: "quiet small", type: "button", id: "transfer-directory", text: "Who knows this subject?", on: { click: () => this.askDirectory(searchDirectory) } })),
                this.later, this.now, this.error,
                h("div", { class: "dialog-buttons" },
                    h("button", { class: "quiet", type: "button", text: "Cancel", on: { click: () => this.dialog.close() } }), this.submit)));
        root.append(this.dialog);
    }

    /** @param {{id: string, name: string, isOutside: boolean}|null} listing whom the directory names at the target: they are asked to answer later */
    open(chat, target = null, fallback = null, listing = null) {
        // What was written for the colleague stays while it is looked up who that is.
        if (this.chat !== chat) this.note.value = "";
        this.chat = chat;
        this.listing = listing;
        this.listedAt = listing === null ? null : target;
        this.chosen = null;
        this.active = null;
        this.search.value = "";
        this.ask.checked = true;
        this.due.value = String(usualDueDays);
        setText(this.error, "");
        setText(this.title, `Transfer chat ${chat.slot}, ${chatName(chat)}`);
        if (target !== null && this.targets().some((entry) => entry.queue.name === target && this.takes(entry))) this.chosen = target;
        this.active = this.chosen;
        openDialog(this.dialog, fallback);
        this.show();
        this.search.focus();
    }

    askDirectory(search) {
        const typed = this.search.value;
        this.dialog.close();
        search(typed);
    }

    update() {
        if (this.dialog.open) this.show();
    }

    /** Whether whom the directory names is chosen, and no other place since. */
    isListed() {
        return this.listing !== null && this.chosen === this.listedAt;
    }

    targets() {
        return transferTargets(this.desk.board, { currentQueue: this.desk.currentQueue(this.chat), tried: this.desk.tried(this.chat), listedAt: this.listedAt });
    }

    /** Whether it can be chosen: it is there, or it can answer later. */
    takes(entry) {
        return entry !== undefined && (entry.why === null || entry.later);
    }

    found() {
        const entries = this.targets().map((target) => ({
            ...target, title: target.queue.title, words: `${target.queue.name} ${target.queue.library?.title ?? ""} ${target.queue.general ? "general" : ""}`,
        }));
        return find(this.search.value, entries, 200);
    }

    show() {
        const found = this.found();
        if (this.chosen !== null && !this.takes(this.targets().find((entry) => entry.queue.name === this.chosen))) this.chosen = null;
        keyed(this.list, found, (entry) => entry.queue.name, (entry) => this.make(entry), (element, entry) => this.mark(element, entry));
        setHidden(this.list, found.length === 0);
        setHidden(this.none, found.length > 0);
        setAttribute(this.search, "aria-activedescendant", found.some((entry) => entry.queue.name === this.active) ? `target-${this.active}` : null);
        this.showChoice();
    }

    make(entry) {
        const name = h("span", { class: "option-name" });
        const state = h("span", { class: "option-state" });
        const why = h("span", { class: "option-why" });
        const element = h("li", {
            class: "option", role: "option", id: `target-${entry.queue.name}`, data: { transferTarget: entry.queue.name },
            on: { click: () => { this.choose(entry.queue.name); this.search.focus(); } },
        }, h("span", { class: "option-line" }, name, state), why);
        element.parts = { name, state, why };
        return element;
    }

    mark(element, { queue, why, later }) {
        const { parts } = element;
        setText(parts.name, queue.general ? `${queue.title} (general queue)` : queue.title);
        const staffed = queue.staffed ?? 0;
        const busy = staffed > 0 && queue.free === 0 ? ", all busy now" : "";
        setText(parts.state, why === null ? `${staffed} there${busy}` : later ? "Later" : "Not now");
        const library = queue.library && queue.library.title !== queue.title ? queue.library.title : "";
        setText(parts.why, why ?? library);
        setHidden(parts.why, parts.why.textContent === "");
        setAttribute(element, "aria-disabled", why === null || later ? null : "true");
        element.dataset.later = String(later);
        setAttribute(element, "aria-selected", String(this.chosen === queue.name));
        setAttribute(element, "data-active", this.active === queue.name);
    }

    choose(name) {
        this.active = name;
        const entry = this.targets().find((target) => target.queue.name === name);
        if (this.takes(entry)) this.chosen = name;
        setText(this.error, "");
        this.show();
    }

    key(event) {
        const names = this.found().map((entry) => entry.queue.name);
        const place = names.indexOf(this.active);
        const steps = { ArrowDown: 1, ArrowUp: -1 };
        if (event.key in steps && names.length > 0) {
            event.preventDefault();
            this.active = names[place < 0 ? (steps[event.key] > 0 ? 0 : names.length - 1) : (place + steps[event.key] + names.length) % names.length];
            this.show();
            document.getElementById(`target-${this.active}`)?.scrollIntoView({ block: "nearest" });
        } else if (event.key === "Enter") {
            event.preventDefault();
            if (this.active === null && names.length > 0) this.choose(names[0]);
            else if (this.active !== null && this.active !== this.chosen) this.choose(this.active);
            else if (this.chosen !== null) this.offer();
        }
    }

    showChoice() {
        const entry = this.chosen === null ? undefined : this.targets().find((target) => target.queue.name === this.chosen);
        const later = entry?.later === true;
        setText(this.choice, entry === undefined ? "Choose with the arrow keys and Enter, or click. One that is not there now can answer later."
            : this.isListed() ? `Chosen: ${this.listing.name}, at ${entry.queue.title}, to answer later.${this.listing.isOutside ? ` They are outside the consortium: people of ${entry.queue.title} write to them.` : ""}`
                : later ? `Chosen: ${entry.queue.title}, to answer later. Nobody is there now.` : `Chosen: ${entry.queue.title}`);
        setHidden(this.later, !later);
        setHidden(this.now, later);
        setText(this.submit, later ? "Ask the patron" : "Offer the chat");
        this.choice.dataset.chosen = String(entry !== undefined);
        setAttribute(this.submit, "aria-disabled", entry === undefined);
        const over = later ? 0 : utf8Bytes(this.note.value) - noteBytesMax;
        if (over > 0) setText(this.error, `The note is too long by ${over}.`);
        else if (this.error.textContent.startsWith("The note is too long")) setText(this.error, "");
    }

    async offer() {
        if (this.chosen === null) {
            setText(this.error, "Choose where the chat should go first.");
            this.search.focus();
            return;
        }
        const later = this.targets().find((entry) => entry.queue.name === this.chosen)?.later === true;
        if (!later && utf8Bytes(this.note.value) > noteBytesMax) {
            this.note.focus();
            return;
        }
        setAttribute(this.submit, "aria-disabled", true);
        const chat = this.chat;
        const problem = later
            ? await this.act.referLater(chat.id, this.chosen, Number(this.due.value) * dayS, this.isListed() ? this.listing.id : null)
            : await this.act.transfer(chat.id, this.chosen, this.agreed.checked, this.note.value.trim());
        if (problem === null && this.chat === chat) this.note.value = "";
        if (problem === null && this.dialog.open && this.chat === chat) this.dialog.close();
        else setText(this.error, problem ?? "");
        setAttribute(this.submit, "aria-disabled", false);
    }
}
