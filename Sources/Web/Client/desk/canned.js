// Canned messages: found by title, words and keywords, and put where the cursor stands. Nothing here sends: what was inserted is read, changed and sent
// by the operator. Their own, and for an admin the library's, are written and changed here too.

import { ask } from "../shared/ask.js";
import { h, icon, keyed, openDialog, setAttribute, setHidden, setText } from "./dom.js";
import { find } from "./find.js";

const groups = { own: "Your own", library: "Your library’s", consortium: "Everybody’s" };

const unreached = "The service cannot be reached just now. What you wrote is still here; try again in a moment.";
const sentence = (answer) => answer.body?.text ?? unreached;
const drawId = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** What this person has, as the node last told. */
class Book {
    constructor() {
        this.messages = [];
        this.admin = false;
        this.problem = "";
    }

    /** What was known before stays when nothing answers. */
    async read() {
        const answer = await ask("GET", "/api/canned");
        this.problem = answer.status === 200 ? "" : answer.status === 0 ? "The service cannot be reached; these may be old." : sentence(answer);
        if (answer.status !== 200) return;
        this.messages = answer.body.messages;
        this.admin = answer.body.admin === true;
    }

    mayEdit(message) {
        return message.owner === "own" || (message.owner === "library" && this.admin);
    }
}

/** The search: opened by `/` in a message, or by its button. */
export class CannedSearch {
    constructor(root, fallback) {
        this.book = new Book();
        this.fallback = fallback;
        this.column = null;
        this.cursor = null;
        this.active = 0;
        this.found = [];
        this.editor = new CannedEditor(root, this.book, fallback);
        this.search = h("input", {
            id: "canned-search", type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "canned-list", "aria-autocomplete": "list",
            "aria-label": "Search canned messages", autocomplete: "off", spellcheck: "false", placeholder: "Title, words or keywords",
            on: { input: () => { this.active = 0; this.show(); }, keydown: (event) => this.key(event) },
        });
        this.list = h("ul", { id: "canned-list", class: "options", role: "listbox", "aria-label": "Canned messages", tabindex: "-1" });
        this.none = h("p", { class: "empty", role: "status" });
        this.edit = h("button", { class: "small", type: "button", id: "canned-edit", text: "Write and change messages", on: { click: () => this.openEditor() } });
        this.dialog = h("dialog", { class: "dialog palette", id: "canned", "aria-label": "Canned messages" }, this.search, this.list, this.none,
            h("p", { class: "hint", text: "Enter inserts, and does not send. / writes a slash." }), h("div", { class: "dialog-buttons" }, this.edit));
        root.append(this.dialog);
    }

    /** @param column the chat into whose message the choice goes */
    open(column) {
        this.column = column;
        this.cursor = column.cursor;
        this.search.value = "";
        this.active = 0;
        openDialog(this.dialog, this.fallback);
        this.show();
        this.search.focus();
        this.book.read().then(() => { if (this.dialog.open) this.show(); });
    }

    show() {
        const entries = this.book.messages.map((message) => ({ message, title: message.title, words: `${message.keywords} ${message.text}` }));
        this.found = find(this.search.value, entries, 40).map((entry, place) => ({ ...entry, place }));
        this.active = Math.min(this.active, Math.max(0, this.found.length - 1));
        this.list.keyedElements = undefined;
        this.list.replaceChildren();
        keyed(this.list, this.found, (entry) => entry.place, ({ message, place }) => h("li", {
            class: "option", role: "option", id: `canned-${place}`, data: { canned: message.title }, on: { click: () => this.choose(message.text) },
        }, h("span", { class: "option-line" }, h("span", { class: "option-name", text: message.title }), h("span", { class: "option-state", text: groups[message.owner] })),
        h("span", { class: "option-why canned-text", text: message.text })));
        setHidden(this.list, this.found.length === 0);
        const nothing = this.book.messages.length === 0 ? "There are no canned messages yet." : "Nothing says that.";
        setText(this.none, [this.found.length === 0 ? nothing : "", this.book.problem].join(" ").trim());
        this.mark();
    }

    mark() {
        for (const { place } of this.found) {
            setAttribute(this.list.children[place], "aria-selected", String(place === this.active));
            setAttribute(this.list.children[place], "data-active", place === this.active);
        }
        setAttribute(this.search, "aria-activedescendant", this.found.length > 0 ? `canned-${this.active}` : null);
        this.list.children[this.active]?.scrollIntoView({ block: "nearest" });
    }

    key(event) {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (step !== undefined && this.found.length > 0) {
            event.preventDefault();
            this.active = (this.active + step + this.found.length) % this.found.length;
            this.mark();
        } else if (event.key === "Enter" && !event.isComposing) {
            event.preventDefault();
            if (this.found.length > 0) this.choose(this.found[this.active].message.text);
        } else if (event.key === "/" && this.search.value === "") {
            event.preventDefault();
            this.choose("/");
        }
    }

    /** The dialog is closed first: closing gives the focus back to the message. */
    choose(text) {
        const { column, cursor } = this;
        this.dialog.addEventListener("close", () => queueMicrotask(() => column?.insertAt(cursor, text)), { once: true });
        this.dialog.close();
    }

    openEditor() {
        this.dialog.addEventListener("close", () => queueMicrotask(() => this.editor.open()), { once: true });
        this.dialog.close();
    }
}

const newKey = "new";
const fieldsOf = ({ owner, title, keywords = "", text }) => ({ owner, title, keywords, text });

/** Writing and changing. Another's change meanwhile is shown beside what was written here, and only a second "save" puts this in its place. */
class CannedEditor {
    constructor(root, book, fallback) {
        this.book = book;
        this.fallback = fallback;
        this.edited = null;
        /** What was written and not saved, by message: it is there again for whoever comes back to it. */
        this.drafts = new Map();
        const field = (id, label, element) => [h("label", { for: id, text: label }), element];
        this.list = h("ul", { class: "canned-own", id: "canned-own" });
        this.none = h("p", { class: "hint", text: "You have written none yet." });
        this.owner = h("select", { id: "canned-owner" });
        this.title = h("input", { id: "canned-title", autocomplete: "off", maxlength: "80", required: true });
        this.keywords = h("input", { id: "canned-keywords", autocomplete: "off", maxlength: "200" });
        this.text = h("textarea", { id: "canned-text", rows: "4", maxlength: "2000", required: true });
        this.theirs = h("div", { class: "canned-theirs", hidden: true, role: "group", "aria-label": "What stands there now" });
        this.error = h("p", { class: "error", role: "alert" });
        this.done = h("p", { class: "hint", role: "status" });
        this.heading = h("h3", { id: "canned-form-title" });
        this.drop = h("button", { class: "danger small", type: "button", id: "canned-drop", text: "Delete it", on: { click: () => this.save(true) } });
        this.form = h("form", { "aria-labelledby": "canned-form-title", novalidate: true, on: { submit: (event) => { event.preventDefault(); this.save(false); } } },
            this.heading, this.ownerPart = h("div", {}, ...field("canned-owner", "Whose message is it?", this.owner)),
            ...field("canned-title", "Title", this.title), ...field("canned-keywords", "Keywords, by which it is found too", this.keywords),
            ...field("canned-text", "Text", this.text), this.theirs, this.error,
            h("div", { class: "dialog-buttons" }, this.drop, h("button", { class: "small", type: "button", id: "canned-new", text: "A new one", on: { click: () => this.begin(null) } }),
                h("button", { class: "primary small", type: "submit", id: "canned-save", text: "Save" })));
        this.close = h("button", { class: "quiet icon-button", type: "button", "aria-label": "Close", title: "Close (Esc)", on: { click: () => this.dialog.close() } }, icon("close"));
        this.dialog = h("dialog", { class: "dialog", id: "canned-editor", "aria-labelledby": "canned-editor-title" },
            h("div", { class: "dialog-head" }, h("h2", { id: "canned-editor-title", text: "Your canned messages" }), this.close),
            this.list, this.none, this.done, this.form);
        root.append(this.dialog);
    }

    async open() {
        openDialog(this.dialog, this.fallback);
        setText(this.done, "");
        this.show();
        // Closed by mistake, it is as it was.
        if (this.isChanged()) this.text.focus();
        else this.begin(null);
        await this.book.read();
        this.show();
        this.showOwners();
    }

    show() {
        const mine = this.book.messages.filter((message) => this.book.mayEdit(message));
        this.list.keyedElements = undefined;
        this.list.replaceChildren(...mine.map((message) => h("li", {},
            h("button", { class: "quiet small", type: "button", data: { edit: message.title }, on: { click: () => this.begin(message) } }, message.title),
            h("span", { class: "option-state", text: groups[message.owner] }))));
        setHidden(this.none, mine.length > 0);
    }

    showOwners() {
        const owners = this.book.admin ? ["own", "library"] : ["own"];
        if (this.owner.options.length !== owners.length) this.owner.replaceChildren(...owners.map((owner) => h("option", { value: owner, text: groups[owner] })));
        setHidden(this.ownerPart, owners.length === 1);
    }

    /** @param message the one to change, or null for a new one */
    begin(message) {
        if (this.isChanged()) this.drafts.set(this.draftKey, { edited: this.edited, typed: this.typed });
        const draft = this.drafts.get(message?.id ?? newKey);
        this.edited = draft?.edited ?? message ?? { id: drawId(), version: 0, owner: "own", title: "", keywords: "", text: "" };
        this.drafts.delete(this.draftKey);
        this.showOwners();
        setText(this.heading, message === null ? "A new message" : `Change “${message.title}”`);
        for (const [name, value] of Object.entries(draft?.typed ?? fieldsOf(this.edited))) this[name].value = value;
        setHidden(this.drop, message === null);
        setText(this.error, "");
        setText(this.done, "");
        this.showTheirs(null);
        this.title.focus();
    }

    get draftKey() {
        return this.edited.version === 0 ? newKey : this.edited.id;
    }

    get typed() {
        return fieldsOf({ owner: this.owner.value || "own", title: this.title.value, keywords: this.keywords.value, text: this.text.value });
    }

    /** Whether something stands in the form that is not in the message. */
    isChanged() {
        return this.edited !== null && JSON.stringify(this.typed) !== JSON.stringify(fieldsOf(this.edited));
    }

    async save(drop) {
        if (this.form.getAttribute("aria-busy") === "true") return;
        const title = this.title.value.trim();
        if (!drop && title === "") return this.fail("Give the message a title.", this.title);
        if (!drop && this.text.value.trim() === "") return this.fail("Write the message’s text.", this.text);
        const { id, version } = this.edited;
        this.form.setAttribute("aria-busy", "true");
        const answer = await ask("POST", "/api/canned", drop ? { id, version, drop } : { id, version, owner: this.owner.value || "own", title, keywords: this.keywords.value.trim(), text: this.text.value.trim() });
        this.form.removeAttribute("aria-busy");
        if (answer.status === 409 && answer.body?.code === "outOfOrder") return this.conflict(answer);
        if (answer.status !== 200) return this.fail(sentence(answer), this.text);
        await this.follow(id, drop ? null : version);
        this.show();
        // What was saved is nobody's draft.
        this.edited = null;
        this.begin(null);
        setText(this.done, drop ? "Deleted." : `“${title}” is saved.`);
    }

    /** Until the node shows what was decided: it follows a moment after. */
    async follow(id, version) {
        for (let tries = 0; tries < 40; tries += 1) {
            await this.book.read();
            const now = this.book.messages.find((message) => message.id === id);
            if (version === null ? now === undefined : now !== undefined && now.version >= version) return;
            await new Promise((resolve) => setTimeout(resolve, 100));
        }
    }

    /** What was written stays in the form; what stands there now is shown beside it. */
    async conflict(answer) {
        await this.follow(this.edited.id, this.edited.version + 1);
        const now = this.book.messages.find((message) => message.id === this.edited.id);
        this.edited = { ...this.edited, id: now?.id ?? drawId(), version: now?.version ?? 0 };
        setHidden(this.drop, now === undefined);
        this.showTheirs(now ?? null);
        this.show();
        this.fail(sentence(answer), this.text);
    }

    showTheirs(now) {
        setHidden(this.theirs, now === null);
        this.theirs.replaceChildren(...(now === null ? [] : [
            h("p", { text: `Now it says, under “${now.title}”:` }), h("blockquote", { text: now.text }),
            h("button", { class: "small", type: "button", id: "canned-take-theirs", text: "Go on with that instead", on: { click: () => this.takeTheirs(now) } })]));
    }

    takeTheirs(now) {
        this.edited = null;
        this.begin(now);
    }

    fail(text, field) {
        setText(this.error, "");
        setText(this.error, text);
        field.focus();
    }
}
