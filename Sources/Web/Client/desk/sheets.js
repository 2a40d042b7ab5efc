// The other dialogs: search (Ctrl+K), who is on and why buttons are off, keys and settings, and "you signed in elsewhere".

import { spokenTime } from "./ending.js";
import { reachSentence, reasonsText } from "./board.js";
import { duration } from "./clock.js";
import { cardFields } from "./card.js";
import { dutySentence } from "./duty.js";
import { h, icon, keyed, openDialog, setAttribute, setHidden, setText } from "./dom.js";
import { find } from "./find.js";
import { choice } from "./memory.js";
import { shortcuts } from "./words.js";

function closing(dialog) {
    return h("button", { class: "quiet icon-button", type: "button", "aria-label": "Close", title: "Close (Esc)", on: { click: () => dialog().close() } }, icon("close"));
}

/** Search: libraries, queues, chats and everything that the desk can do, from one field. */
export class Palette {
    /** @param {() => Array<{title, words, kind, detail, run}>} entries everything that can be found now */
    constructor(root, entries, fallback) {
        this.entries = entries;
        this.fallback = fallback;
        this.active = 0;
        this.found = [];
        this.search = h("input", {
            id: "palette-search", type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-list", "aria-autocomplete": "list",
            "aria-label": "Search libraries, queues and actions", autocomplete: "off", spellcheck: "false", placeholder: "Search libraries, queues and actions",
            on: { input: () => { this.active = 0; this.show(); }, keydown: (event) => this.key(event) },
        });
        this.list = h("ul", { id: "palette-list", class: "options", role: "listbox", "aria-label": "Found", tabindex: "-1" });
        this.none = h("p", { class: "empty", role: "status" });
        this.dialog = h("dialog", { class: "dialog palette", id: "palette", "aria-label": "Search" }, this.search, this.list, this.none);
        root.append(this.dialog);
    }

    open() {
        this.search.value = "";
        this.active = 0;
        openDialog(this.dialog, this.fallback);
        this.show();
        this.search.focus();
    }

    show() {
        this.found = find(this.search.value, this.entries(), 40).map((entry, place) => ({ ...entry, place }));
        this.active = Math.min(this.active, Math.max(0, this.found.length - 1));
        this.list.keyedElements = undefined;
        this.list.replaceChildren();
        keyed(this.list, this.found, (entry) => entry.place, (entry) => h("li", {
            class: "option", role: "option", id: `found-${entry.place}`, data: { kind: entry.kind },
            on: { click: () => this.run(entry) },
        }, h("span", { class: "option-line" }, h("span", { class: "option-name", text: entry.title }), h("span", { class: "option-state", text: entry.kind })),
        entry.detail ? h("span", { class: "option-why", text: entry.detail }) : null));
        setHidden(this.list, this.found.length === 0);
        setText(this.none, this.found.length === 0 ? "Nothing is called that." : "");
        this.mark();
    }

    mark() {
        for (const entry of this.found) {
            const element = this.list.children[entry.place];
            setAttribute(element, "aria-selected", String(entry.place === this.active));
            setAttribute(element, "data-active", entry.place === this.active);
        }
        setAttribute(this.search, "aria-activedescendant", this.found.length > 0 ? `found-${this.active}` : null);
        this.list.children[this.active]?.scrollIntoView({ block: "nearest" });
    }

    key(event) {
        const steps = { ArrowDown: 1, ArrowUp: -1 };
        if (event.key in steps && this.found.length > 0) {
            event.preventDefault();
            this.active = (this.active + steps[event.key] + this.found.length) % this.found.length;
            this.mark();
        } else if (event.key === "Enter" && this.found.length > 0) {
            event.preventDefault();
            this.run(this.found[this.active]);
        }
    }

    /** The dialog is closed first, so that what runs may move the focus where it belongs. */
    run(entry) {
        this.dialog.addEventListener("close", () => queueMicrotask(() => entry.run()), { once: true });
        this.dialog.close();
    }
}

/** Who is on where, and for every queue whether its button reaches somebody, and why or why not. */
export class Team {
    constructor(root, desk, fallback) {
        this.desk = desk;
        this.fallback = fallback;
        this.search = h("input", { id: "team-search", type: "search", autocomplete: "off", spellcheck: "false", placeholder: "Library, queue or person", on: { input: () => this.show() } });
        this.staff = h("ul", { class: "people", id: "team-staff" });
        this.queues = h("ul", { class: "overview", id: "team-queues" });
        this.noStaff = h("p", { class: "empty", text: "Nobody of that name is signed on." });
        this.noQueue = h("p", { class: "empty", text: "No queue is called that." });
        this.dialog = h("dialog", { class: "dialog team", id: "team", "aria-labelledby": "team-title" },
            h("div", { class: "dialog-head" }, h("h2", { id: "team-title", text: "Who is on, and what patrons reach" }), closing(() => this.dialog)),
            h("label", { for: "team-search", class: "unseen", text: "Search library, queue or person" }), this.search,
            h("div", { class: "team-parts", tabindex: "0", role: "group", "aria-label": "People and queues" },
                h("section", { "aria-labelledby": "team-queues-title" }, h("h3", { id: "team-queues-title", text: "Queues: why is this button on or off?" }), this.queues, this.noQueue),
                h("section", { "aria-labelledby": "team-staff-title" }, h("h3", { id: "team-staff-title", text: "Signed on" }), this.staff, this.noStaff)));
        root.append(this.dialog);
    }

    open(query = "") {
        this.search.value = query;
        openDialog(this.dialog, this.fallback);
        this.show();
    }

    update() {
        if (this.dialog.open) this.show();
    }

    show() {
        const { board } = this.desk;
        const titles = new Map(board.queues.map((queue) => [queue.name, queue.title]));
        const people = find(this.search.value, board.staff.map((person) => ({
            person, title: person.display, words: `${person.name} ${person.library?.title ?? ""} ${(person.available ?? []).map((name) => titles.get(name) ?? name).join(" ")}`,
        })), 500);
        keyed(this.staff, people, (entry) => entry.person.name, () => {
            const element = h("li", { class: "person" }, h("span", { class: "person-name" }), h("span", { class: "person-where" }));
            return element;
        }, (element, { person }) => {
            const on = (person.available ?? []).map((name) => titles.get(name) ?? name);
            setText(element.firstChild, person.name === this.desk.me?.operator ? `${person.display} (you)` : person.display);
            const chats = person.chats === 0 ? "no chat" : person.chats === 1 ? "1 chat" : `${person.chats} chats`;
            const leaving = typeof person.leavingS === "number" ? `, leaves in ${duration(person.leavingS)}` : "";
            const until = typeof person.until === "number" ? `, here until ${spokenTime(person.until)}` : "";
            setText(element.lastChild, `${person.library?.title ?? ""}. ${on.length === 0 ? "Away from all queues" : `There for ${on.join(", ")}`}. ${dutySentence(person.duty) ? `${dutySentence(person.duty)}. ` : ""}${chats}${leaving}${until}`);
            element.dataset.state = on.length === 0 ? "away" : "here";
        });
        setHidden(this.noStaff, people.length > 0);
        const queues = find(this.search.value, board.queues.map((queue) => ({ queue, title: queue.title, words: `${queue.name} ${queue.library?.title ?? ""}` })), 500);
        keyed(this.queues, queues, (entry) => entry.queue.name, () => {
            const parts = { name: h("span", { class: "overview-name" }), state: h("span", { class: "overview-state" }), numbers: h("span", { class: "overview-numbers" }), why: h("span", { class: "overview-why" }) };
            const element = h("li", { class: "overview-queue" }, parts.name, parts.state, parts.numbers, parts.why);
            element.parts = parts;
            return element;
        }, (element, { queue }) => {
            element.dataset.reach = queue.reach;
            element.dataset.queueReach = queue.name;
            setText(element.parts.name, queue.general ? `${queue.title} (general queue)` : queue.title);
            setText(element.parts.state, reachSentence(queue));
            const wait = typeof queue.usualWaitS === "number" ? `, usual wait ${duration(queue.usualWaitS)}` : "";
            setText(element.parts.numbers, `${queue.waiting ?? 0} waiting, ${queue.free ?? 0} free places${wait}`);
            setText(element.parts.why, reasonsText(queue));
            setHidden(element.parts.why, element.parts.why.textContent === "");
        });
        setHidden(this.noQueue, queues.length > 0);
    }
}

/** Keys, sounds and notices. */
export class Help {
    constructor(root, fallback) {
        this.fallback = fallback;
        this.oneKey = h("input", { type: "checkbox", id: "help-key", on: { change: () => choice.write("helpKey", this.oneKey.checked) } });
        this.oneKey.checked = choice.read("helpKey", true);
        const rows = shortcuts.map(([keys, what]) => h("div", { class: "key-row" }, h("dt", {}, ...keyCaps(keys)), h("dd", { text: what })));
        this.dialog = h("dialog", { class: "dialog help", id: "help", "aria-labelledby": "help-title" },
            h("div", { class: "dialog-head" }, h("h2", { id: "help-title", text: "Keys and how the desk works" }), closing(() => this.dialog)),
            h("div", { class: "help-body", tabindex: "0", role: "group", "aria-label": "Keys and how the desk works" },
                h("dl", { class: "keys" }, ...rows),
                h("label", { class: "radio" }, this.oneKey, "The key ? opens this sheet"),
                h("h3", { text: "Worth knowing" }),
                h("ul", { class: "notes" },
                    h("li", { text: "Each queue has its own switch: going away from one leaves you on the others." }),
                    h("li", { text: "“Sent” means safe: more than half of the coordinators have the message, and no single failure can lose it." }),
                    h("li", { text: "“Kept at this library” means: your library’s node cannot reach the others, has the message on its own disk, and passes it on when it can." }),
                    h("li", { text: "What you write stays in this tab through lost connections and reloads, and goes out by itself." }),
                    h("li", { text: "A transfer is an offer. The chat is yours until a colleague picks it up." }))));
        root.append(this.dialog);
    }

    open() {
        openDialog(this.dialog, this.fallback);
    }
}

function keyCaps(keys) {
    return keys.split(" + ").flatMap((key, place) => [place > 0 ? " + " : null, h("kbd", { text: key })]).filter((part) => part !== null);
}

/** A library's card by itself, from the search. */
export class LibrarySheet {
    constructor(root, fallback) {
        this.fallback = fallback;
        this.title = h("h2", { id: "library-title" });
        this.body = h("div", { class: "help-body", tabindex: "0", role: "group", "aria-labelledby": "library-title" });
        this.dialog = h("dialog", { class: "dialog", id: "library", "aria-labelledby": "library-title" }, h("div", { class: "dialog-head" }, this.title, closing(() => this.dialog)), this.body);
        root.append(this.dialog);
    }

    open(library, insert) {
        setText(this.title, library.title);
        const fallbacks = {
            immediately: "When it cannot answer, its chats go to the general queue at once.",
            ringFirst: "When it does not answer, its chats go to the general queue after ringing there first.",
            off: "Its chats do not go to the general queue: patrons can leave a message.",
        };
        this.body.replaceChildren(...cardFields(library.card ?? {}, (wording) => { this.dialog.close(); insert(wording); }), h("p", { class: "hint", text: fallbacks[library.fallback] ?? "" }));
        if (insert === null) for (const button of this.body.querySelectorAll("[data-use-wording]")) button.remove();
        openDialog(this.dialog, this.fallback);
    }
}

/** The person signed in at another place: this page has no desk any more, until they want it here. */
export class Elsewhere {
    constructor(root, useHere) {
        this.text = h("p");
        this.dialog = h("dialog", { class: "dialog elsewhere", id: "elsewhere", "aria-labelledby": "elsewhere-title", on: { cancel: (event) => event.preventDefault() } },
            h("h2", { id: "elsewhere-title", text: "You are signed in elsewhere" }), this.text,
            h("p", { class: "hint", text: "Your chats moved there. Drafts that you wrote here are still here." }),
            h("div", { class: "dialog-buttons" },
                h("button", { class: "primary", type: "button", id: "use-here", text: "Use here instead", on: { click: () => { this.dialog.close(); useHere(); } } })));
        root.append(this.dialog);
    }

    open(text) {
        setText(this.text, text || "You signed in at another computer or browser, and a person has one desk at a time.");
        for (const other of document.querySelectorAll("dialog[open]")) other.close();
        if (!this.dialog.open) this.dialog.showModal();
    }
}
