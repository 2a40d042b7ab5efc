/**
 * A node of its own for the practice desk: it answers the desk's requests (Sources/ClientProtocol/PROTOCOL.md) out of this page's memory, with patrons who are written down
 * (patrons.js). Nothing goes over the network: it reaches no queue, no report, and no person. The clock, the timers and identifiers are given, so that it runs under `node --test`.
 */

import { COLLEAGUE, PATRONS } from "./patrons.js";

export const TIMES = Object.freeze({ firstMs: 1500, nextMs: 15000, typingMs: 1500, wordMs: 3500, consentMs: 2500, pickUpMs: 4000 });
/** As at the real desk. */
const HELD_MAX = 4;
const WAITING_MAX = 3;

const OWN = { name: "practice", title: "Practice Library" };
const CHEMISTRY = { name: "chemistry", title: "Chemistry Library" };
const GENERAL = { name: "general", title: "Ask a Librarian" };
const NOT_HERE = "This is the practice desk: it changes nothing at your library. Try it at the real one.";

const card = (library) => ({ hours: "Monday to Friday, 9 to 5", website: "https://library.example", phone: "555 0100", email: `ask@${library}.example`, policies: "Guests are welcome.", lastChecked: "2026-11-01", wording: "" });

export class PracticeNode {
    #socket = null;
    #chats = new Map();
    #next = 0;
    #number = 0;
    #arrival = null;
    #listeners = [];

    /** @param {{now: () => number, newId: () => string, timers: {set: (f: () => void, ms: number) => any, clear: (id: any) => void}, person: {operator: string, display: string}}} options */
    constructor({ now, newId, timers, person }) {
        Object.assign(this, { now, newId, timers, person });
        this.session = newId();
        this.available = [];
        this.leavingAtMs = null;
        this.until = null;
        this.duty = null;
        /** What was done so far, for the guide: no time is taken, and nobody is ranked. */
        this.done = { claimed: 0, answered: 0, transferred: 0, noted: 0 };
    }

    /** Called when something changed that the guide shows. */
    onChange(listener) {
        this.#listeners.push(listener);
    }

    /** What a chat is there to practise. */
    tip(id) {
        return this.#chats.get(id)?.patron.tip ?? null;
    }

    /** Stands in for a WebSocket. */
    connect() {
        const socket = { onopen: null, onmessage: null, onclose: null, onerror: null, send: (text) => this.#receive(socket, JSON.parse(text)), close: () => {} };
        this.#socket = socket;
        this.timers.set(() => socket.onopen?.(), 0);
        return socket;
    }

    /** Another patron, now. */
    arrive() {
        const patron = PATRONS[this.#next % PATRONS.length];
        this.#next += 1;
        const chat = {
            id: this.newId(), patron, sender: this.newId(), seq: 0, said: 0, stage: "waiting", queue: OWN, messages: [], epoch: 1, n: 0, marks: {}, token: null, offer: null,
            sinceMs: this.now(), openedMs: this.now(), reason: null, by: null, isPresent: true, timer: null,
        };
        this.#chats.set(chat.id, chat);
        this.#event(chat, { e: "opened", queue: OWN });
        this.#patronSays(chat, patron.question);
        this.#board();
        return chat.id;
    }

    // What is sent

    #tell(frame) {
        const socket = this.#socket;
        this.timers.set(() => {
            if (socket === this.#socket) socket.onmessage?.({ data: JSON.stringify(frame) });
        }, 0);
    }

    #me() {
        this.#tell({
            t: "me", operator: this.person.operator, display: this.person.display, library: OWN, session: this.session, queues: [OWN, GENERAL], available: this.available,
            leavingS: this.#leavingS, until: this.until, duty: this.duty, duties: ["library", "general", "both"],
        });
    }

    get #leavingS() {
        return this.leavingAtMs === null ? null : Math.max(0, Math.round((this.leavingAtMs - this.now()) / 1000));
    }

    #queue(queue, library, isGeneral, staffed, text) {
        const isOn = staffed > 0;
        const waiting = [...this.#chats.values()].filter((chat) => chat.stage === "waiting" && chat.queue === queue).length;
        return {
            ...queue, library, general: isGeneral, reach: isOn ? "own" : "nobody", takesTransfers: isOn, reasons: [{ code: isOn ? "staffed" : "nobodySignedOn", text }], staffed,
            free: staffed * HELD_MAX, waiting, usualWaitS: 60, paused: false, outsideHours: false,
        };
    }

    #board() {
        const here = (queue) => (this.available.includes(queue.name) ? 1 : 0);
        const held = [...this.#chats.values()].filter((chat) => chat.stage === "held" || chat.stage === "offered").length;
        const staff = (person, library, available, chats, more = {}) => ({ ...person, library, available, chats, leavingS: null, until: null, ...more });
        const words = (count) => (count === 0 ? "Nobody who staffs it is signed on." : "One person staffs it.");
        this.#tell({
            t: "board", asksEnding: true,
            queues: [
                this.#queue(OWN, OWN, false, here(OWN), words(here(OWN))), this.#queue(GENERAL, null, true, here(GENERAL) + 1, "Colleagues staff it."),
                this.#queue(CHEMISTRY, CHEMISTRY, false, 1, "One person staffs it."), this.#queue({ name: "maps", title: "Map Library" }, { name: "maps", title: "Map Library" }, false, 0, words(0)),
            ],
            waiting: [...this.#chats.values()].filter((chat) => chat.stage === "waiting").map((chat) => ({
                chat: chat.id, library: OWN, queue: chat.queue, question: chat.patron.question, waitedS: Math.round((this.now() - chat.sinceMs) / 1000), mayClaim: true,
            })),
            kept: [], claimed: [],
            staff: [
                staff({ name: this.person.operator, display: this.person.display }, OWN, this.available, held, { leavingS: this.#leavingS, until: this.until, duty: this.duty ?? undefined }),
                staff(COLLEAGUE, CHEMISTRY, [CHEMISTRY.name], 0),
            ],
            libraries: [OWN, CHEMISTRY, { name: "maps", title: "Map Library" }].map((library) => ({ ...library, fallback: "immediately", card: card(library.name) })),
        });
        for (const listener of this.#listeners) listener();
    }

    #meta(chat) {
        this.#tell({
            t: "chat", chat: chat.id, epoch: chat.epoch, last: [chat.epoch, chat.n], library: OWN, queue: OWN, phase: this.#phase(chat), patronPresent: chat.isPresent, opened: chat.openedMs,
            marks: chat.marks,
        });
    }

    #phase(chat) {
        const mine = { name: this.person.operator, display: this.person.display, library: OWN };
        switch (chat.stage) {
            case "held": case "offered":
                return {
                    p: "held", by: mine, token: chat.token, mine: true,
                    ...(chat.offer ? { offer: { offer: chat.offer.id, target: chat.offer.target, asked: chat.offer.asked, untilS: 60, ...(chat.offer.answerInS ? { answerInS: chat.offer.answerInS } : {}) } } : {}),
                };
            case "waiting": return { p: "waiting", queue: chat.queue, ahead: 0 };
            case "passed": return { p: "held", by: { ...COLLEAGUE, library: CHEMISTRY } };
            case "kept": return { p: "kept" };
            default: return { p: "closed", reason: chat.reason };
        }
    }

    #add(chat, message) {
        chat.n += 1;
        const whole = { at: [chat.epoch, chat.n], ms: this.now(), ...message };
        chat.messages.push(whole);
        if (chat.stage === "held" || chat.stage === "offered") this.#tell({ t: "msgs", chat: chat.id, m: [whole], more: false });
    }

    #event(chat, event) {
        this.#add(chat, { by: "service", event });
    }

    // Patrons

    #patronSays(chat, text) {
        chat.seq += 1;
        chat.marks[chat.sender] = chat.seq;
        this.#add(chat, { by: "patron", text, sender: chat.sender, seq: chat.seq });
    }

    /** Whoever was answered says the next thing, or goes. */
    #patronGoesOn(chat) {
        this.timers.clear(chat.timer);
        const text = chat.patron.says[chat.said];
        if (text === undefined) {
            if (chat.patron.ends !== "leaves") return;
            chat.timer = this.timers.set(() => this.#over(chat, "byPatron"), TIMES.wordMs);
            return;
        }
        this.timers.set(() => {
            if (chat.stage === "held") this.#tell({ t: "typing", chat: chat.id, who: "patron" });
        }, TIMES.typingMs);
        chat.timer = this.timers.set(() => {
            if (chat.stage !== "held") return;
            chat.said += 1;
            this.#patronSays(chat, text);
            this.#meta(chat);
        }, TIMES.wordMs);
    }

    #over(chat, reason) {
        if (chat.stage === "closed" || chat.stage === "passed") return;
        this.#event(chat, { e: "closed", reason });
        chat.stage = "closed";
        chat.reason = reason;
        this.#meta(chat);
        this.#board();
    }

    /** One after the other, as long as somebody is there and not too many wait. */
    #expect(ms) {
        this.timers.clear(this.#arrival);
        this.#arrival = this.timers.set(() => {
            const waiting = [...this.#chats.values()].filter((chat) => chat.stage === "waiting").length;
            if (this.available.length > 0 && this.leavingAtMs === null && waiting < WAITING_MAX) this.arrive();
            this.#expect(TIMES.nextMs);
        }, ms);
    }

    // Requests

    #receive(socket, frame) {
        if (socket !== this.#socket) return;
        if (frame.t === "hello") return this.#welcome();
        if (frame.t === "say" || frame.t === "note") return this.#said(frame);
        if (frame.t === "active" || frame.t === "typing") return;
        const answer = this.#answer(frame);
        if (typeof answer === "string") this.#tell({ t: "refused", re: frame.re, code: "notAllowed", text: answer });
        else this.#tell({ t: "ok", re: frame.re, ...answer });
    }

    #welcome() {
        this.#tell({ t: "welcome", v: 1, node: "practice", boot: this.session, nodes: [], pingS: 20, limits: { textBytes: 4000, frameBytes: 16384 }, now: this.now() });
        this.#tell({ t: "service", state: "ok" });
        this.#me();
        this.#board();
        for (const chat of this.#chats.values()) if (chat.stage === "held" || chat.stage === "offered") this.#show(chat);
    }

    #show(chat) {
        this.#meta(chat);
        this.#tell({ t: "msgs", chat: chat.id, m: chat.messages, more: false });
    }

    #said(frame) {
        const chat = this.#chats.get(frame.chat);
        const refuse = (code, text) => this.#tell({ t: "nack", chat: frame.chat, sender: frame.sender, seq: frame.seq, code, text });
        if (!chat || (chat.stage !== "held" && chat.stage !== "offered")) return refuse("closed", "This chat is not yours any more.");
        const last = chat.marks[frame.sender] ?? 0;
        if (frame.seq > last + 1) return refuse("outOfOrder", "Something before it is missing.");
        if (frame.seq === last + 1) {
            chat.marks[frame.sender] = frame.seq;
            const said = { by: "staff", name: this.person.display, library: OWN, sender: frame.sender, seq: frame.seq };
            if (frame.t === "note") {
                this.done.noted += 1;
                this.#add(chat, { ...said, note: frame.text });
            } else {
                this.done.answered += 1;
                this.#add(chat, { ...said, text: frame.text });
                this.#patronGoesOn(chat);
            }
        }
        this.#tell({ t: "ack", chat: chat.id, sender: frame.sender, seq: frame.seq, level: "safe", at: [chat.epoch, chat.n] });
        for (const listener of this.#listeners) listener();
        return undefined;
    }

    /** The fields of `ok`, or the sentence of a refusal. */
    #answer(frame) {
        const chat = this.#chats.get(frame.chat);
        switch (frame.t) {
            case "available": return this.#setAvailable(frame.queue, frame.on);
            case "duty": return this.#setDuty(frame.for);
            case "claim": case "pickup": return this.#claim(chat);
            case "follow":
                if (!chat) return "There is no such chat.";
                this.#show(chat);
                return {};
            case "leaving":
                this.leavingAtMs = frame.inS === null ? null : this.now() + frame.inS * 1000;
                this.#board();
                return {};
            case "until":
                this.until = frame.inS === null ? null : this.now() + frame.inS * 1000;
                this.#me();
                this.#board();
                return {};
            case "back": return {};
            case "close": case "block": case "release": case "transfer": case "withdraw": return this.#aboutMine(chat, frame);
            default: return NOT_HERE;
        }
    }

    #setAvailable(queue, on) {
        const others = this.available.filter((name) => name !== queue);
        const isFirst = this.#chats.size === 0;
        this.available = on ? [...others, queue] : others;
        this.#me();
        this.#board();
        if (on) this.#expect(isFirst ? TIMES.firstMs : TIMES.nextMs);
        return {};
    }

    #setDuty(duty) {
        this.duty = duty ?? null;
        const queues = { library: [OWN.name], general: [GENERAL.name], both: [OWN.name, GENERAL.name] }[this.duty] ?? [];
        const isFirst = this.#chats.size === 0;
        this.available = [...new Set([...this.available, ...queues])];
        this.#me();
        this.#board();
        if (queues.length > 0) this.#expect(isFirst ? TIMES.firstMs : TIMES.nextMs);
        return {};
    }

    #claim(chat) {
        if (chat?.stage === "held" || chat?.stage === "offered") return { token: chat.token };
        if (chat?.stage !== "waiting") return "This chat does not wait any more.";
        const held = [...this.#chats.values()].filter((one) => one.stage === "held" || one.stage === "offered").length;
        if (held >= HELD_MAX) return `You hold ${HELD_MAX} chats; finish one first.`;
        this.#number += 1;
        chat.epoch += 1;
        chat.token = `${this.#number}.0`;
        this.#event(chat, { e: "claimed", name: this.person.operator, display: this.person.display, library: OWN });
        chat.stage = "held";
        this.done.claimed += 1;
        this.#show(chat);
        this.#board();
        return { token: chat.token };
    }

    #aboutMine(chat, frame) {
        if (!chat || (chat.stage !== "held" && chat.stage !== "offered")) return "This chat is not yours any more.";
        switch (frame.t) {
            case "close": case "block":
                this.#over(chat, frame.t === "block" ? "blocked" : "byOperator");
                return {};
            case "release":
                chat.epoch += 1;
                this.#event(chat, { e: "requeued", queue: OWN, reason: "released" });
                chat.stage = "waiting";
                this.#meta(chat);
                this.#board();
                return {};
            case "withdraw":
                if (chat.offer === null) return "It is not on offer any more.";
                this.#event(chat, { e: "returned", queue: chat.offer.target, reason: "withdrawn" });
                this.#endOffer(chat);
                return {};
            default: return this.#transfer(chat, frame);
        }
    }

    #endOffer(chat) {
        this.timers.clear(chat.timer);
        chat.offer = null;
        chat.stage = "held";
        this.#meta(chat);
        this.#board();
    }

    /** The patron agrees in a moment, and Noor of the Chemistry Library takes it in another. */
    #transfer(chat, frame) {
        const target = [CHEMISTRY, GENERAL, { name: "maps", title: "Map Library" }].find(({ name }) => name === frame.target);
        if (!target) return "There is no such queue.";
        if (target.name === "maps" && !frame.answerInS) return "Nobody is there; a library that is not available takes no transfers.";
        this.#number += 1;
        const offer = { id: `${this.#number}.0`, target, asked: frame.consentGiven !== true, answerInS: frame.answerInS };
        chat.offer = offer;
        chat.stage = "offered";
        this.#event(chat, { e: "transferAsked", queue: target });
        this.#meta(chat);
        chat.timer = this.timers.set(() => {
            if (chat.offer !== offer) return;
            offer.asked = false;
            if (frame.answerInS) return this.#keep(chat);
            this.#event(chat, { e: "offered", queue: target });
            this.#meta(chat);
            chat.timer = this.timers.set(() => {
                if (chat.offer === offer) this.#pass(chat);
            }, TIMES.pickUpMs);
            return undefined;
        }, offer.asked ? TIMES.consentMs : 0);
        return { offer: offer.id };
    }

    #keep(chat) {
        this.#event(chat, { e: "kept" });
        chat.offer = null;
        chat.stage = "kept";
        this.done.transferred += 1;
        this.#meta(chat);
        this.#board();
    }

    #pass(chat) {
        chat.epoch += 1;
        this.#event(chat, { e: "pickedUp", ...COLLEAGUE, library: CHEMISTRY });
        chat.offer = null;
        chat.stage = "passed";
        this.done.transferred += 1;
        this.#meta(chat);
        this.#board();
    }
}
