// The directory: liaisons and agreements for referral, found while typing, by subject, by another word for it, by person or by library. Where their queue
// takes transfers now the chat goes there with one button; else what can be told to the patron is at hand.

import { ask } from "../shared/ask.js";
import { cardFields } from "./card.js";
import { h, icon, openDialog, setHidden, setText } from "./dom.js";

/** Between two keys of somebody who types on. */
const settleMs = 150;
const noAnswer = "The directory cannot be searched at the moment; try again.";

export class DirectorySearch {
    /** @param {import("./state.js").Desk} desk @param {() => object|null} column the chat that the person is in @param {(chat: string, queue: string, listing?: object) => void} transfer opens the dialog for it */
    constructor(root, desk, column, transfer, fallback) {
        Object.assign(this, { desk, column, transfer, fallback, asked: 0, timer: null, shown: [], seen: "", found: null, enters: false });
        this.search = h("input", {
            id: "directory-search", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "Subject, person or library",
            on: { input: () => this.typed(), keydown: (event) => this.key(event) },
        });
        this.count = h("p", { class: "hint", role: "status", id: "directory-count" });
        this.list = h("ul", { class: "directory-list" });
        const close = h("button", { class: "quiet icon-button", type: "button", "aria-label": "Close", title: "Close (Esc)", on: { click: () => this.dialog.close() } }, icon("close"));
        this.dialog = h("dialog", { class: "dialog directory", id: "directory", "aria-labelledby": "directory-title" },
            h("div", { class: "dialog-head" }, h("h2", { id: "directory-title", text: "Liaisons and agreements" }), close),
            h("label", { for: "directory-search", text: "Who knows about" }), this.search, this.count, this.list,
            h("p", { class: "hint" }, h("a", { href: "/registers?register=liaisons", target: "_blank", rel: "noopener", text: "All of them, and changing them" })));
        root.append(this.dialog);
    }

    open(typed = "") {
        this.into = this.column();
        this.search.value = typed;
        openDialog(this.dialog, this.fallback);
        this.search.focus();
        this.look();
    }

    typed() {
        this.enters = false;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.look(), settleMs);
    }

    key(event) {
        if (event.key !== "Enter" && event.key !== "ArrowDown") return;
        event.preventDefault();
        // Whoever types fast means what is not found yet.
        if (this.found === this.search.value.trim()) return this.list.querySelector("button, a")?.focus();
        this.enters = true;
        return this.look();
    }

    async look() {
        clearTimeout(this.timer);
        const words = this.search.value.trim();
        this.asked += 1;
        const { asked } = this;
        if (words === "") return this.show([], "Type a few letters: the search finds subjects, other words for them, people and libraries.");
        const { status, body } = await ask("GET", `/api/directory?q=${encodeURIComponent(words)}`);
        // Somebody typed on meanwhile.
        if (asked !== this.asked) return undefined;
        if (status !== 200) return this.show([], body?.text ?? noAnswer);
        const { found } = body;
        this.found = words;
        return this.show(found, found.length === 0 ? "Nobody is listed with all of these words. Try fewer, or another word for it." : found.length === 1 ? "1 found" : `${found.length} found`);
    }

    /** Who is there changes while somebody reads. */
    update() {
        if (this.dialog.open && this.shown.length > 0 && this.there() !== this.seen) this.look();
    }

    there() {
        return this.shown.map(({ answers }) => this.desk.board.queues.find(({ name }) => name === answers.queue)?.takesTransfers ?? "").join();
    }

    show(found, text) {
        this.shown = found;
        this.seen = this.there();
        setText(this.count, text);
        const before = this.focused();
        this.list.replaceChildren(...found.map((entry) => this.entry(entry)));
        setHidden(this.list, found.length === 0);
        if (before !== null) this.focusAgain(before);
        else if (this.enters) this.list.querySelector("button, a")?.focus();
        this.enters = false;
    }

    /** In which entry the focus is, and on which of what can be pressed there; null where it is elsewhere. */
    focused() {
        const item = document.activeElement?.closest("[data-entry]");
        if (!item || !this.list.contains(item)) return null;
        return { entry: item.dataset.entry, words: document.activeElement.textContent };
    }

    /** What is drawn anew while somebody reads keeps their place: the same control, else the entry's first, else the search. */
    focusAgain({ entry, words }) {
        const controls = [...this.list.querySelectorAll(`[data-entry="${CSS.escape(entry)}"] :is(button, a)`)];
        (controls.find((one) => one.textContent === words) ?? controls[0] ?? this.search).focus();
    }

    entry(entry) {
        const { answers } = entry;
        const who = [answers.person ?? answers.partner, entry.libraryTitle].filter(Boolean).join(", ");
        const state = entry.available === undefined ? "" : entry.available ? "There now" : "Not now";
        const { into } = this;
        const insert = (wording) => {
            this.dialog.close();
            if (into) into.insert(wording);
        };
        // Without a chat there is nowhere to put the wording; it is read, then.
        const card = { hours: answers.hours, phone: answers.phone, email: answers.email, policies: answers.terms, wording: answers.wording, lastChecked: answers.checked };
        const fields = Object.values(card).some(Boolean) ? cardFields(card, insert, into !== null) : [];
        const go = into !== null && entry.available
            ? h("button", { class: "primary small", type: "button", data: { directoryTransfer: answers.queue }, text: `Transfer to ${entry.queueTitle}`, on: { click: () => this.refer(into.chat.id, answers.queue) } })
            : null;
        // Who has no queue of their own is named on the question, which stands at their library.
        const name = answers.person ?? entry.title;
        const later = into !== null && entry.available !== true && entry.place !== undefined
            ? h("button", {
                class: "small", type: "button", data: { directoryLater: entry.place },
                text: entry.available === false ? `Refer to ${entry.queueTitle}, to be answered later` : `Refer to ${name} at ${entry.placeTitle}, to be answered later`,
                on: { click: () => this.refer(into.chat.id, entry.place, { id: entry.id, name: entry.name, isOutside: Boolean(answers.partner) }) },
            })
            : null;
        return h("li", { class: "directory-entry", data: { entry: entry.id } },
            h("p", { class: "option-line" }, h("span", { class: "option-name", text: entry.title }), h("span", { class: "option-state", text: state })),
            h("p", { class: "option-why", text: who }),
            entry.available === false && entry.why ? h("p", { class: "option-why directory-why", text: `${entry.queueTitle}: ${entry.why}` }) : null,
            entry.expired ? h("p", { class: "option-why directory-why", text: "This entry says that it is no longer valid; ask before you rely on it." }) : null,
            answers.partner ? h("p", { class: "option-why directory-outside", text: `${answers.partner} is outside the consortium, has no desk here and is not mailed: write to them yourself${later === null ? "" : ", or refer the question to those who do"}.` }) : null,
            go, later, ...fields);
    }

    /** This dialog is closed first, so that the next one finds the focus where it belongs. */
    refer(chat, queue, listing) {
        this.dialog.close();
        this.transfer(chat, queue, listing);
    }
}
