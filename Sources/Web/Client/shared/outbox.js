/**
 * What this page said in one chat and does not yet know to be safe: kept in the tab's storage, sent in order, offered
 * again with the same sender and number after every reconnect, forgotten only by age once it is safe. What one node alone holds
 * (`held`) is not safe: it rests while this connection lasts and is offered again at the next.
 *
 * Promises
 * - Numbers count from 1 for each sender without gaps; one sender per page load, made at its first message.
 * - A refused number is used again by the next message, and only when nothing that carried it is still on its way.
 * - `restart` can say everything again that this page still has, for a chat that no node knows any more.
 * Never: it neither opens nor resumes a chat; while `gate()` says no, it only collects.
 */

import { newId } from "./connection.js";

export const OUTBOX_LIMITS = Object.freeze({
    inFlightMax: 12,
    keptMax: 200,
    outOfOrderMax: 2,
    busyWaitMs: 500,
});

/** Not yet safe, and not given up. */
const isOwed = (entry) => entry.state === "sending" || entry.state === "held";

/** Codes after which the same message may be accepted later, unchanged. */
const PASSING = new Set(["busy", "fenced", "unknownChat", "outOfOrder", "notHolder"]);

export class Outbox {
    #options;
    #entries;
    #sender = null;
    #flying = new Set();
    #paused = false;
    #renumber = null;
    #outOfOrder = 0;
    #resting = new Set();
    #dropped = new Map();

    /**
     * @param {object} options
     * @param {(frame: object) => boolean} options.send `connection.sendOwed`
     * @param {() => boolean} options.gate whether the chat is open at this connection
     * @param {() => object} options.fields fields of `say` beside its own: chat, token
     * @param {object[]} [options.entries] what was stored by an earlier page of this tab
     * @param {(entries: object[]) => void} [options.save]
     * @param {(entry: object) => void} [options.changed] an entry's `state` became `sending`, `held`, `safe` or `failed`
     * @param {(code: string) => void} [options.held] a message waits for something else than time: `fenced`, `unknownChat`, `notHolder`
     * @param {{set: Function, clear: Function}} [options.timers]
     * @param {() => number} [options.now]
     */
    constructor(options) {
        this.#options = {
            entries: [],
            save: () => {},
            changed: () => {},
            held: () => {},
            now: () => Date.now(),
            timers: { set: (f, ms) => setTimeout(f, ms), clear: (id) => clearTimeout(id) },
            ...options,
        };
        this.#entries = this.#options.entries.map((entry) => ({ ...entry }));
    }

    /** Copies of all entries, oldest first: `{sender, seq, text, ms, state}`. */
    get entries() {
        return this.#entries.map((entry) => ({ ...entry }));
    }

    /** Those that are not safe yet. */
    get waiting() {
        return this.entries.filter(isOwed);
    }

    /** Takes a message. It is on its way, or will be once the gate opens. Returns its entry; `key` names it for life. */
    say(text) {
        this.#sender ??= newId();
        const seq = this.#entries.filter((e) => e.sender === this.#sender && e.state !== "failed").length + 1 + (this.#dropped.get(this.#sender) ?? 0);
        const entry = { key: newId(), sender: this.#sender, seq, text, ms: this.#options.now(), state: "sending" };
        this.#entries.push(entry);
        this.#save();
        this.flush();
        return { ...entry };
    }

    /** A new connection: nothing is on its way any more, everything that is not safe goes out again. */
    resend() {
        if (this.#renumber !== null) {
            // A refused number may still be travelling at the old node: the rest goes on under a new name.
            this.#rename(this.#renumber);
            this.#renumber = null;
        }
        this.#flying.clear();
        this.#resting.clear();
        this.#paused = false;
        this.flush();
    }

    flush() {
        if (this.#paused || this.#renumber !== null || !this.#options.gate()) return;
        for (const entry of this.#entries) {
            if (this.#flying.size >= OUTBOX_LIMITS.inFlightMax) return;
            if (!isOwed(entry) || this.#flying.has(entry.key) || this.#resting.has(entry.key)) continue;
            const frame = { t: "say", ...this.#options.fields(), sender: entry.sender, seq: entry.seq, text: entry.text };
            if (!this.#options.send(frame)) return;
            this.#flying.add(entry.key);
        }
    }

    /** `ack`. Returns the entry, or null when it was none of ours. */
    acked({ sender, seq, level = "safe" }) {
        const entry = this.#find(sender, seq);
        if (!entry) return null;
        this.#outOfOrder = 0;
        this.#flying.delete(entry.key);
        if (level === "held") this.#resting.add(entry.key);
        if (isOwed(entry) && entry.state !== level) this.#become(entry, level === "held" ? "held" : "safe");
        this.#settle();
        this.flush();
        return { ...entry };
    }

    /**
     * `marks` of a `chat`: what is at or below a sender's mark is safe, or, in a chat that one node alone goes on with, held. What was held and is
     * above the mark of a chat that is held no more did not get into it: it is offered again, and is taken or refused with the reason.
     */
    marked(marks = {}, { held = false } = {}) {
        for (const entry of this.#entries) {
            if (!isOwed(entry)) continue;
            if (entry.seq > (marks[entry.sender] ?? 0)) {
                if (!held && this.#resting.delete(entry.key)) this.#become(entry, "sending");
                continue;
            }
            this.#flying.delete(entry.key);
            if (held) this.#resting.add(entry.key);
            if (!held || entry.state === "sending") this.#become(entry, held ? "held" : "safe");
        }
        this.#settle();
    }

    /** `nack`. Returns the entry, or null when it was none of ours. */
    nacked({ sender, seq, code, text, retryMs }) {
        const entry = this.#find(sender, seq);
        if (!entry || !isOwed(entry)) return null;
        this.#flying.delete(entry.key);
        if (code === "outOfOrder") {
            this.#disordered(entry);
        } else if (PASSING.has(code)) {
            this.#paused = true;
            if (code === "busy") {
                this.#options.timers.set(
                    () => {
                        this.#paused = false;
                        this.flush();
                    },
                    retryMs ?? OUTBOX_LIMITS.busyWaitMs,
                );
            } else this.#options.held(code);
        } else {
            entry.why = text;
            entry.code = code;
            this.#become(entry, "failed");
            this.#renumber = sender;
        }
        this.#settle();
        return { ...entry };
    }

    /** No node knows the chat: everything is said again. Numbers stay where they are whole, so that a copy that turns up is no double. */
    restart() {
        this.#flying.clear();
        this.#resting.clear();
        this.#renumber = null;
        this.#paused = false;
        for (const sender of new Set(this.#entries.map((entry) => entry.sender))) {
            if ((this.#dropped.get(sender) ?? 0) > 0) this.#rename(sender, { all: true });
        }
        for (const entry of this.#entries) {
            if (entry.state === "safe" || entry.state === "held") this.#become(entry, "sending");
        }
        this.#save();
    }

    /** Entries may outlive a page; a failed one goes when the person has seen it. */
    forget(key) {
        this.#entries = this.#entries.filter((entry) => entry.key !== key || entry.state !== "failed");
        this.#save();
    }

    #disordered(entry) {
        const first = this.#entries.find((e) => e.sender === entry.sender && isOwed(e));
        if (first !== entry || this.#flying.size > 0) return;
        this.#outOfOrder += 1;
        // The node has forgotten this sender's earlier numbers: the rest goes on under a new name.
        if (this.#outOfOrder >= OUTBOX_LIMITS.outOfOrderMax) {
            this.#outOfOrder = 0;
            this.#rename(entry.sender);
        }
    }

    /** Once nothing is on its way, refused numbers are closed up and the rest is sent again. */
    #settle() {
        if (this.#flying.size > 0) return;
        if (this.#renumber !== null) {
            const sender = this.#renumber;
            this.#renumber = null;
            let seq = this.#dropped.get(sender) ?? 0;
            for (const entry of this.#entries) {
                if (entry.sender !== sender || entry.state === "failed") continue;
                seq += 1;
                entry.seq = seq;
            }
            this.#save();
        }
        this.flush();
    }

    #rename(sender, { all = false } = {}) {
        const fresh = newId();
        let seq = 0;
        for (const entry of this.#entries) {
            if (entry.sender !== sender || entry.state === "failed" || (entry.state === "safe" && !all)) continue;
            seq += 1;
            entry.sender = fresh;
            entry.seq = seq;
        }
        if (this.#sender === sender) this.#sender = fresh;
        this.#save();
    }

    #find(sender, seq) {
        return this.#entries.find((entry) => entry.sender === sender && entry.seq === seq && entry.state !== "failed");
    }

    #become(entry, state) {
        entry.state = state;
        this.#save();
        this.#options.changed({ ...entry });
    }

    #save() {
        while (this.#entries.length > OUTBOX_LIMITS.keptMax && !isOwed(this.#entries[0])) {
            const [gone] = this.#entries.splice(0, 1);
            if (gone.state === "safe") this.#dropped.set(gone.sender, (this.#dropped.get(gone.sender) ?? 0) + 1);
        }
        this.#options.save(this.entries);
    }
}

/** What a message is known by: its sender and number; an event by its position, which is another while one node alone goes on. */
export function keyOf(message) {
    if (message.sender !== undefined && message.seq !== undefined) return `${message.sender}:${message.seq}`;
    return `${message.held ? "held" : ""}@${message.at?.[0]}:${message.at?.[1]}`;
}

/**
 * Tells repeats, and what one node alone had (`held`) from what has come to stay: its place in the chat is sure only then.
 * `kept()` are the held texts, for a page that is loaded anew.
 */
export class Seen {
    #keys = new Set();
    #held = new Map();

    /** "new", "settled" (it was held, and has its lasting place now) or "again". */
    take(message) {
        const key = keyOf(message);
        if (!this.#keys.has(key)) {
            this.#keys.add(key);
            if (message.held) this.#held.set(key, message);
            return "new";
        }
        return !message.held && this.#held.delete(key) ? "settled" : "again";
    }

    kept() {
        return [...this.#held.values()].filter((message) => message.text !== undefined).slice(-OUTBOX_LIMITS.keptMax);
    }

    /** The branch is merged, or this is another node: its events come again, under other positions. */
    dropHeldEvents() {
        for (const [key, message] of this.#held) {
            if (message.event === undefined) continue;
            this.#held.delete(key);
            this.#keys.delete(key);
        }
    }
}
