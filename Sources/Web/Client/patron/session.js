/**
 * One patron's chat, without DOM: opens, resumes, says, decides, leaves a message, collects an answer. The panel shows it.
 *
 * Promises
 * - Nothing is sent before the patron sends something. Identifiers are made here, before anything goes out.
 * - After every `welcome` the chat is resumed (or opened, or opened again from this page's copy) before anything else.
 * - Each message is told once (`message`), whatever is repeated by nodes or reconnects.
 * Its owner owes it: `store` (readChat, writeChat), and `stop()` at the end.
 */

import { newId } from "../shared/connection.js";
import { Outbox, Seen } from "../shared/outbox.js";
import { newCode } from "../shared/wording.js";

export const TYPING_EVERY_MS = 3000;
export const TYPING_SHOWN_MS = 6000;

/** What there is to show before anything was asked. */
const NOTHING = { stage: "start", chat: null, service: null, typing: false, problem: null, code: null, answered: false, rated: null };

export class PatronSession {
    #connection;
    #store;
    #handlers = new Map();
    #outbox = null;
    #seen = new Seen();
    #saved = null;
    #attach = newId();
    #attached = false;
    #last = [0, 0];
    #typedAt = -Infinity;
    #typingTimer = null;
    #now;
    /** The number of the last message that was there when this page came to the chat; null while that is not known. */
    #history = null;

    /** What the panel draws; `change` is told after each change. */
    view = { ...NOTHING };

    /**
     * @param {object} options
     * @param {import("../shared/connection.js").Connection} options.connection not started yet
     * @param {{read: () => object|null, write: (chat: object|null) => void}} options.store
     * @param {() => number} [options.now]
     */
    constructor({ connection, store, now = () => Date.now() }) {
        this.#connection = connection;
        this.#store = store;
        this.#now = now;
        connection.onWelcome(() => this.#greet());
        connection.on("state", ({ state, bye }) => this.#connectionBecame(state, bye));
        for (const kind of ["chat", "msgs", "ack", "nack", "typing", "fenced", "service"]) {
            connection.on(kind, (frame) => this.#receive(frame));
        }
    }

    /**
     * `change` (view), `message` (MESSAGE, told once), `settled` (a MESSAGE that one node alone had, which has its lasting place now),
     * `merged` (its events come again), `mine` (an entry of the outbox was made or changed).
     */
    on(kind, handler) {
        this.#handlers.set(kind, [...(this.#handlers.get(kind) ?? []), handler]);
    }

    /** What another tab needs to go on with this chat, or null. */
    get identity() {
        const s = this.#saved;
        if (!s || s.collect || this.view.stage === "start" || this.#over()) return null;
        return { chat: s.chat, secret: s.secret, queue: s.queue, referralAgreed: s.referralAgreed, opened: s.opened, heardAt: s.heardAt, nodes: this.#connection.nodes };
    }

    /** The chat's identifier, also where it cannot be handed on; null before there is one. */
    get chat() {
        return this.#saved?.chat ?? null;
    }

    /** How many messages have reached no node yet. */
    get unsent() {
        return this.#outbox?.waiting.filter((entry) => entry.state === "sending").length ?? 0;
    }

    /** Whether a message was said before this page came to the chat. */
    isHistory(message) {
        return this.#history === null || !(message.at?.[1] > this.#history);
    }

    /** Goes on with a chat: this tab's own after a reload, or another tab's. Returns whether there is one. */
    restore(saved = this.#store.read()) {
        if (!saved) return false;
        this.#saved = { entries: [], ...saved };
        this.#write();
        this.#makeOutbox();
        this.view.code = this.#saved.code ?? null;
        this.#stage("opening");
        for (const message of this.#saved.received ?? []) if (this.#seen.take(message) === "new") this.#tell("message", message);
        for (const entry of this.#outbox.waiting) this.#tell("mine", entry);
        this.#connection.start();
        return true;
    }

    /** The first message opens the chat. `wish.keep`: nobody was there, it is meant to be left as a message. */
    say(text, wish = {}) {
        if (this.#saved === null) {
            this.#saved = {
                chat: newId(),
                secret: newId(),
                queue: wish.queue,
                referralAgreed: wish.referralAgreed === true,
                opened: false,
                entries: [],
                keep: wish.keep ? { contact: wish.contact ?? "" } : undefined,
            };
            this.#write();
            this.#makeOutbox();
            this.#stage("opening");
            this.#connection.start();
        }
        const entry = this.#outbox.say(text);
        this.#tell("mine", entry);
        return entry;
    }

    /** At most one frame every 3 s. */
    typing() {
        if (!this.#attached || this.view.chat?.phase?.p !== "held" || this.#now() - this.#typedAt < TYPING_EVERY_MS) return;
        this.#typedAt = this.#now();
        this.#connection.send({ t: "typing", chat: this.#saved.chat });
    }

    consent(offer, agreed) {
        return this.#ask("consent", { offer, agreed });
    }

    leave() {
        return this.#ask("leave");
    }

    /** Whether the patron was helped, once the chat is over: "helped", "partly" or "notHelped". The last word counts. */
    async rate(rating) {
        await this.#ask("rate", { rating });
        this.view.rated = rating;
        this.#changed();
    }

    /** Leaves the question as a message. The code is made once and stored first, so that repeating is harmless. */
    async keep(contact = "") {
        this.#saved.code ??= newCode();
        this.#saved.keep = { contact };
        this.#write();
        await this.#ask("keep", { code: this.#saved.code, contact });
        this.view.code = this.#saved.code;
        this.#changed();
    }

    /** Collects an answer by its code, from any device. */
    async collect(code) {
        this.#connection.start();
        const answer = await this.#connection.request("collect", { chat: null, code, attach: this.#attach });
        this.#saved = { chat: answer.chat, collect: code, opened: true, entries: [] };
        this.#write();
        this.#makeOutbox();
        this.#attached = true;
        this.view.code = code;
        this.#stage("open");
    }

    /** This tab was fenced by a newer one: takes the chat back. */
    takeOver() {
        this.#attach = newId();
        this.#stage("opening");
        this.#connection.start();
    }

    /** Forgets the chat, here and in storage. The next message opens another. */
    reset() {
        this.#connection.stop();
        clearTimeout(this.#typingTimer);
        this.#store.write(null);
        this.#saved = null;
        this.#outbox = null;
        this.#seen = new Seen();
        this.#attach = newId();
        this.#attached = false;
        this.#last = [0, 0];
        this.view = { ...NOTHING };
        this.#changed();
    }

    stop() {
        clearTimeout(this.#typingTimer);
        this.#connection.stop();
    }

    async #greet() {
        const s = this.#saved;
        if (s === null || this.view.stage === "fenced" || this.view.stage === "refused") return;
        this.#attached = false;
        try {
            if (s.collect) {
                await this.#connection.request("collect", { chat: null, code: s.collect, attach: this.#attach }, { once: true });
            } else if (s.opened) await this.#resume(s);
            else await this.#open(s, {});
        } catch (error) {
            this.#refusedToGreet(error);
            return;
        }
        this.#attached = true;
        s.heardAt = this.#now();
        this.#write();
        this.#stage("open");
        this.#outbox.resend();
    }

    async #resume(s) {
        const body = { chat: s.chat, secret: s.secret, attach: this.#attach, after: this.#last, queue: s.queue };
        try {
            await this.#connection.request("resume", body, { once: true });
        } catch (error) {
            if (error.code !== "unknownChat") throw error;
            // What ended is over, also when the service has forgotten it; whether it may have ended meanwhile, the node judges.
            if (this.view.chat?.phase?.p === "closed") throw Object.assign(new Error("This chat is over."), { code: "closed" });
            this.#outbox.restart();
            await this.#open(s, { patronSupplied: true, awayMs: Math.max(0, this.#now() - (s.heardAt ?? this.#now())) });
        }
    }

    async #open(s, extra) {
        const body = { chat: s.chat, secret: s.secret, attach: this.#attach, queue: s.queue, referralAgreed: s.referralAgreed };
        await this.#connection.request("open", { ...body, ...extra }, { once: true });
        s.opened = true;
        this.#write();
    }

    #refusedToGreet(error) {
        if (error.code === "disconnected") return;
        if (error.code === "fenced") {
            this.#fenced();
            return;
        }
        this.view.problem = { code: error.code, text: error.message };
        this.#stage("refused");
        this.#connection.stop();
    }

    #fenced() {
        this.#attached = false;
        this.#stage("fenced");
        this.#connection.stop();
    }

    #receive(frame) {
        const s = this.#saved;
        if (frame.t === "service") {
            this.view.service = frame.state === "ok" ? null : frame;
            this.#changed();
            return;
        }
        if (s === null || frame.chat !== s.chat) return;
        s.heardAt = this.#now();
        switch (frame.t) {
            case "chat":
                this.#write();
                this.#outbox.marked(frame.marks, { held: frame.held === true });
                if (frame.held !== true) this.#merged();
                this.view.chat = frame;
                this.#history ??= frame.last?.[1] ?? 0;
                this.#arrived(frame);
                break;
            case "msgs":
                for (const message of frame.m ?? []) this.#message(message);
                break;
            case "ack":
                this.#outbox.acked(frame);
                break;
            case "nack":
                this.#outbox.nacked(frame);
                break;
            case "typing":
                if (frame.who === "staff") this.#staffTypes(true);
                break;
            case "fenced":
                this.#fenced();
                break;
        }
    }

    /** A message that was meant to be kept is kept once the service says that nobody is there, and not when somebody is. */
    #arrived(frame) {
        const s = this.#saved;
        const { p } = frame.phase ?? {};
        if (s.keep && p === "unattended" && !s.keepAsked && this.#outbox.waiting.every((entry) => entry.state === "held")) {
            s.keepAsked = true;
            this.keep(s.keep.contact).catch((error) => {
                s.keepAsked = false;
                this.view.problem = { code: error.code, text: error.message };
                this.#changed();
            });
        } else if (p === "kept" || p === "closed") this.view.code = s.code ?? s.collect ?? null;
        this.#changed();
    }

    /** What one node alone has does not count in where this page is with the chat, and is kept until it comes to stay. */
    #message(message) {
        if (message.held !== true) this.#last = message.at ?? this.#last;
        const what = this.#seen.take(message);
        if (what === "again") return;
        if (message.held === true || what === "settled") {
            this.#saved.received = this.#seen.kept();
            this.#write();
        }
        if (what === "new" && message.by === "staff" && message.text !== undefined) {
            this.view.answered = true;
            this.#staffTypes(false);
        }
        this.#tell(what === "new" ? "message" : "settled", message);
    }

    #merged() {
        this.#seen.dropHeldEvents();
        this.#tell("merged", null);
    }

    #staffTypes(on) {
        clearTimeout(this.#typingTimer);
        if (on) this.#typingTimer = setTimeout(() => this.#staffTypes(false), TYPING_SHOWN_MS);
        if (this.view.typing !== on) {
            this.view.typing = on;
            this.#changed();
        }
    }

    #makeOutbox() {
        this.#history = null;
        this.#outbox = new Outbox({
            send: (frame) => this.#connection.sendOwed(frame),
            gate: () => this.#attached && this.#connection.state === "ready",
            fields: () => ({ chat: this.#saved.chat }),
            entries: this.#saved.entries,
            save: (entries) => {
                this.#saved.entries = entries;
                this.#write();
            },
            changed: (entry) => {
                this.#tell("mine", entry);
                if (this.view.chat && entry.state !== "sending") this.#arrived(this.view.chat);
            },
            held: (code) => {
                if (code === "unknownChat") this.#greet().catch(() => {});
            },
        });
    }

    #connectionBecame(state, bye) {
        if (state !== "ready") {
            this.#attached = state === "greeting" ? this.#attached : false;
            this.#staffTypes(false);
        } else this.#outbox?.resend();
        if (state === "ended" && bye) this.view.problem = { code: bye.code, text: bye.text };
        else if (state === "ready") this.view.problem = null;
        this.#changed();
    }

    #ask(t, body = {}) {
        return this.#connection.request(t, { chat: this.#saved.chat, ...body });
    }

    #over() {
        return this.view.chat?.phase?.p === "closed";
    }

    #stage(stage) {
        this.view.stage = stage;
        if (stage !== "refused") this.view.problem = null;
        this.#changed();
    }

    #write() {
        this.#store.write(this.#saved);
    }

    #changed() {
        this.#tell("change", this.view);
    }

    #tell(kind, value) {
        for (const handler of this.#handlers.get(kind) ?? []) handler(value);
    }
}
