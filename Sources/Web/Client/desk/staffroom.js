// The staff room: who is on, for whom, and how busy; short messages among colleagues of all libraries; and "Swamped", which asks those who volunteered.
// Nothing said here is part of a chat. It is gone after a working day.

import { oldestClaimable } from "./board.js";
import { dutySentence } from "./duty.js";
import { traineeSentence } from "./watching.js";
import { h, icon, keyed, openDialog, setAttribute, setHidden, setText } from "./dom.js";
import { roomRead } from "./memory.js";
import { utf8Bytes } from "../shared/wording.js";

export const textBytesMax = 300;
/** How long a call for help stands at the desks of those who volunteered. */
export const callShownMs = 600000;

const timeText = (ms) => new Date(ms).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });

/** A line in words, without who said it. `lines` are all of them. */
export function lineWords(line, lines) {
    if (line.takes !== undefined) {
        const call = lines.find((other) => other.at === line.takes);
        return call ? `takes a chat off ${call.by.display}` : "takes a chat off a colleague";
    }
    if (line.swamped === true) return line.text ? `is swamped: ${line.text}` : "is swamped. Who takes one?";
    return line.text;
}

/** The calls that wait for my answer: somebody else's, not long ago, which I have not answered. */
export function openCalls(lines, me, nowMs, putAway = new Set()) {
    if (me?.volunteers !== true) return [];
    const answered = new Set(lines.filter((line) => line.takes !== undefined && line.by.name === me.operator).map((line) => line.takes));
    return lines.filter((line) => line.swamped === true && line.by.name !== me.operator && nowMs - line.ms < callShownMs && !answered.has(line.at) && !putAway.has(line.at));
}

/** What to claim for a colleague who is swamped: the oldest that I may take, of the queues that they are there for. */
export function lineToTake(board, me, from, mine) {
    const theirs = board.staff.find((person) => person.name === from)?.available ?? [];
    return oldestClaimable({ ...board, waiting: board.waiting.filter((line) => line.offer === undefined && theirs.includes(line.queue?.name)) }, me, mine);
}

/** What a person is there for and how busy they are, in a sentence. */
export function busySentence(person, queues) {
    const on = (person.available ?? []).map((name) => queues.find((queue) => queue.name === name)?.title ?? name);
    const chats = person.chats === 0 ? "no chat" : person.chats === 1 ? "1 chat" : `${person.chats} chats`;
    const where = dutySentence(person.duty) || (on.length === 0 ? "Away from all queues" : `There for ${on.join(", ")}`);
    const learns = person.trainee === true ? `Trainee${person.mentor ? "" : ", without a mentor"}. ` : "";
    return `${person.library?.title ?? ""}. ${learns}${where}, ${chats}${person.volunteers === true ? ". Helps whoever is swamped" : ""}`;
}

export class StaffRoom {
    /** @param {HTMLElement} root of dialogs @param {import("./state.js").Desk} desk @param {object} act sayInRoom, swamped, volunteer, takeOne */
    constructor(root, desk, act, fallback) {
        Object.assign(this, { desk, act, fallback });
        this.seen = roomRead.get();
        this.putAway = new Set();
        this.people = h("ul", { class: "people", id: "room-people" });
        this.lines = h("ol", { class: "room-lines" });
        this.log = h("div", { class: "room-log", id: "room-log", role: "log", "aria-label": "Messages among colleagues", tabindex: "0" }, this.lines);
        this.empty = h("p", { class: "empty", id: "room-empty", text: "Nobody has said anything today. What you write here, all colleagues who are on can read, and no patron. It is gone after 16 hours." });
        this.field = h("input", { id: "room-text", type: "text", autocomplete: "off", "aria-describedby": "room-error", on: { input: () => this.typed() } });
        this.error = h("p", { class: "error", id: "room-error", role: "alert" });
        const form = h("form", { class: "room-form", on: { submit: (event) => { event.preventDefault(); this.say(); } } },
            h("label", { for: "room-text", text: "To all colleagues" }), h("div", { class: "room-send" }, this.field, h("button", { class: "primary", type: "submit", id: "room-say", text: "Say it" })), this.error);
        const close = h("button", { class: "quiet icon-button", type: "button", "aria-label": "Close", title: "Close (Esc)", on: { click: () => this.dialog.close() } }, icon("close"));
        this.dialog = h("dialog", { class: "dialog team", id: "room", "aria-labelledby": "room-title" },
            h("div", { class: "dialog-head" }, h("h2", { id: "room-title", text: "Staff room" }), close),
            h("div", { class: "room-parts" },
                h("section", { "aria-labelledby": "room-said" }, h("h3", { id: "room-said", text: "Today" }), this.empty, this.log, form),
                h("section", { class: "room-on", tabindex: "0", role: "group", "aria-labelledby": "room-on" }, h("h3", { id: "room-on", text: "On now" }), this.people)));
        root.append(this.dialog);

        // In the rail.
        this.volunteer = h("input", { type: "checkbox", id: "volunteer", on: { change: () => act.volunteer(this.volunteer.checked) } });
        this.swamped = h("button", { class: "quiet wide", type: "button", id: "swamped", text: "Swamped: ask for help", on: { click: () => act.swamped() } });
        this.list = h("ul", { class: "slips" });
        this.calls = h("div", { class: "calls", id: "calls", role: "alert" }, this.list);
        this.trainee = h("p", { class: "hint", id: "trainee", hidden: true });
        this.root = h("div", { class: "staff-room", hidden: true }, this.trainee, h("label", { class: "radio" }, this.volunteer, "Ask me when a colleague is swamped"), this.swamped);
    }

    open() {
        openDialog(this.dialog, this.fallback);
        this.update();
        this.log.scrollTop = this.log.scrollHeight;
        this.field.focus();
    }

    get unread() {
        const { room, me } = this.desk;
        const from = this.seen === null ? 0 : room.findIndex((line) => line.at === this.seen) + 1;
        return room.slice(from).filter((line) => line.by.name !== me?.operator).length;
    }

    read(line) {
        if (line === this.seen) return;
        this.seen = line;
        roomRead.set(line);
    }

    update() {
        const { me, room, board } = this.desk;
        const there = me !== null && me.volunteers !== undefined;
        setHidden(this.root, !there);
        if (!there) return;
        this.volunteer.checked = me.volunteers;
        setText(this.trainee, traineeSentence(me));
        setHidden(this.trainee, me.trainee !== true);
        this.drawCalls();
        if (!this.dialog.open) return;
        this.read(room.at(-1)?.at ?? null);
        const atEnd = this.log.scrollTop + this.log.clientHeight >= this.log.scrollHeight - 8;
        keyed(this.lines, room, (line) => line.at, (line) => h("li", { class: "room-line", data: { roomLine: line.at, kind: line.takes !== undefined ? "takes" : line.swamped === true ? "swamped" : "said" } },
            h("span", { class: "room-who", text: line.by.name === me.operator ? "You" : line.by.display }), " ",
            h("span", { class: "room-where", text: `${line.by.library?.title ?? ""}, ${timeText(line.ms)}` }),
            h("span", { class: "room-words", text: lineWords(line, room) })), () => {});
        setHidden(this.log, room.length === 0);
        setHidden(this.empty, room.length > 0);
        if (atEnd) this.log.scrollTop = this.log.scrollHeight;
        keyed(this.people, board.staff, (person) => person.name, () => h("li", { class: "person" }, h("span", { class: "person-name" }), h("span", { class: "person-where" }), h("button", { class: "small", type: "button", hidden: true })), (element, person) => {
            setText(element.firstChild, person.name === me.operator ? `${person.display} (you)` : person.display);
            setText(element.children[1], busySentence(person, board.queues));
            this.showMentor(element.lastChild, person, me);
            element.dataset.state = (person.available ?? []).length === 0 ? "away" : "here";
        });
    }

    /** Anybody who is no trainee may look after one who has nobody. */
    showMentor(button, person, me) {
        const mine = person.mentor === me.operator;
        setHidden(button, person.trainee !== true || me.trainee === true || (person.mentor !== undefined && !mine));
        if (button.hidden) return;
        setText(button, mine ? "Stop being their mentor" : "Be their mentor");
        button.dataset.mentor = person.name;
        setAttribute(button, "aria-pressed", String(mine));
        button.onclick = () => this.act.mentor(person, !mine);
    }

    drawCalls() {
        const { room, me, serverNowMs } = this.desk;
        const calls = openCalls(room, me, serverNowMs, this.putAway);
        setHidden(this.list, calls.length === 0);
        keyed(this.list, calls, (line) => line.at, (line) => {
            const error = h("p", { class: "error" });
            const element = h("li", { class: "slip call-slip", data: { call: line.at } },
                h("p", {}, h("strong", { text: line.by.display }), ` (${line.by.library?.title ?? ""}) ${lineWords(line, room)}`), error,
                h("div", { class: "slip-foot" },
                    h("button", { class: "quiet small", type: "button", data: { notNow: "" }, text: "Not now", on: { click: () => this.notNow(line) } }),
                    h("button", { class: "primary small", type: "button", data: { takeOne: "" }, text: "I take one", "aria-label": `I take one of ${line.by.display}’s chats`, on: { click: () => this.take(line, error) } })));
            return element;
        }, () => {});
    }

    notNow(line) {
        this.putAway.add(line.at);
        this.drawCalls();
        document.getElementById("waiting-title")?.focus();
    }

    /** One at a time: pressed twice it takes one. */
    async take(line, error) {
        if (this.taking) return;
        this.taking = true;
        try {
            setText(error, await this.act.takeOne(line) ?? "");
        } finally {
            this.taking = false;
        }
    }

    typed() {
        const over = utf8Bytes(this.field.value.trim()) - textBytesMax;
        setText(this.error, over > 0 ? `Too long by ${over}: say it in two parts.` : "");
        setAttribute(this.field, "aria-invalid", over > 0);
    }

    async say() {
        const text = this.field.value.trim();
        if (text === "") {
            setText(this.error, "Write something first.");
            return this.field.focus();
        }
        if (utf8Bytes(text) > textBytesMax) return this.field.focus();
        const problem = await this.act.sayInRoom(text);
        setText(this.error, problem ?? "");
        // What was typed meanwhile, and what was refused, stays.
        if (problem === null && this.field.value.trim() === text) this.field.value = "";
        return this.field.focus();
    }
}
