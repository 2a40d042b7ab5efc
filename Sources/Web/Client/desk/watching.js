// A colleague who watches a chat: the holder asks them; they read, and whisper in notes that the patron never sees. Trainees claim with a mentor who
// watches so, and who may take the chat over.

import { h, icon, keyed, openDialog, setHidden, setText } from "./dom.js";
import { find } from "./find.js";

/** What stands under the title of a chat that I watch. */
export function watchSentence(phase, isMentor) {
    const who = phase.by?.display ?? "A colleague";
    return isMentor ? `${who}, whose mentor you are, has this chat` : `You watch: ${who} has this chat`;
}

/** Whether I am the mentor of whoever has this chat. */
export function isMentorOf(board, me, phase) {
    return board.staff.some((person) => person.name === phase?.by?.name && person.mentor !== undefined && person.mentor === me?.operator);
}

/** Whom one can ask to look at a chat: everybody else who is on and does not yet. */
export function askable(board, me, phase) {
    const watching = new Set((phase?.watchers ?? []).map((person) => person.name));
    return board.staff.filter((person) => person.name !== me?.operator && !watching.has(person.name));
}

/** What a trainee should know of themselves. */
export function traineeSentence(me) {
    if (me?.trainee !== true) return "";
    if (me.mentor) return `Your mentor is ${me.mentor.display}, who sees your chats, whispers to you, and can take over.`;
    return "You are a trainee: ask a colleague to be your mentor, in the staff room (Alt+S). Until then you can watch, where colleagues ask you to.";
}

/** Who watches this chat of mine, each with a button to end it. */
export class Watchers {
    constructor(column) {
        this.column = column;
        this.list = h("ul", { class: "watchers-list" });
        this.element = h("div", { class: "watchers", hidden: true }, h("span", { class: "watchers-title", text: "Watched by" }), this.list);
    }

    update() {
        const { chat, desk, act } = this.column;
        const watchers = chat.ended === null ? chat.meta.phase.watchers ?? [] : [];
        setHidden(this.element, watchers.length === 0);
        keyed(this.list, watchers, (person) => person.name, (person) => h("li", { data: { watcher: person.name } }, h("span", { text: person.display }),
            h("button", { class: "quiet small", type: "button", "aria-label": `Thank you, ${person.display}: you need not watch any more`, text: "Thank you", on: { click: () => act.letGo(chat.id, person) } })),
        (element, person) => setHidden(element.lastChild, chat.watching || desk.me?.mentor?.name === person.name));
    }
}

/** Asks a colleague to look at a chat: by name, with one key. */
export class AskColleague {
    constructor(root, desk, act) {
        Object.assign(this, { desk, act });
        this.chat = null;
        this.search = h("input", { id: "ask-search", type: "search", autocomplete: "off", spellcheck: "false", on: { input: () => this.show() } });
        this.people = h("ul", { class: "people", id: "ask-people" });
        this.none = h("p", { class: "empty", id: "ask-none", text: "Nobody else of that name is on." });
        this.error = h("p", { class: "error", role: "alert", id: "ask-error" });
        this.dialog = h("dialog", { class: "dialog", id: "ask", "aria-labelledby": "ask-title" },
            h("div", { class: "dialog-head" }, h("h2", { id: "ask-title", text: "Ask a colleague to look" }), h("button", { class: "quiet icon-button", type: "button", "aria-label": "Close", title: "Close (Esc)", on: { click: () => this.dialog.close() } }, icon("close"))),
            h("p", { class: "hint", text: "They read this chat and whisper to you in notes. The patron sees nothing of it, and the chat stays yours." }),
            h("label", { for: "ask-search", text: "Who is on" }), this.search, this.error, this.people, this.none);
        root.append(this.dialog);
    }

    open(chat, fallback) {
        this.chat = chat;
        this.search.value = "";
        setText(this.error, "");
        openDialog(this.dialog, fallback);
        this.show();
        this.search.focus();
    }

    update() {
        if (!this.dialog.open) return;
        if (!this.desk.holds(this.chat.id)) this.dialog.close();
        else this.show();
    }

    show() {
        const { board, me } = this.desk;
        const people = find(this.search.value, askable(board, me, this.chat.meta.phase).map((person) => ({ person, title: person.display, words: `${person.name} ${person.library?.title ?? ""}` })), 50);
        keyed(this.people, people, ({ person }) => person.name, ({ person }) => h("li", { class: "person ask-person" },
            h("span", { class: "person-name", text: person.display }), h("span", { class: "person-where" }),
            h("button", { class: "small", type: "button", data: { ask: person.name }, "aria-label": `Ask ${person.display}`, text: "Ask", on: { click: () => this.ask(person) } })),
        (element, { person }) => setText(element.children[1], `${person.library?.title ?? ""}, ${person.chats === 0 ? "no chat" : person.chats === 1 ? "1 chat" : `${person.chats} chats`}${person.trainee === true ? ", trainee" : ""}`));
        setHidden(this.none, people.length > 0);
    }

    async ask(person) {
        const problem = await this.act.askToWatch(this.chat.id, person);
        if (problem === null) this.dialog.close();
        else setText(this.error, problem);
    }
}
