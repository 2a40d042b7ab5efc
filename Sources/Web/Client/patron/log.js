/**
 * The conversation as it stands on the slip. Append only: what stands there is never drawn again, so that a screen reader
 * reads each addition once. A patron's own line appears at once and changes its quiet mark from "sending…" to "sent".
 */

import { clockTime, eventForPatron, person } from "../shared/wording.js";
import { el, icon, written } from "./dom.js";
import { delivery } from "./sayings.js";

const SENDING_SHOWN_AFTER_MS = 900;
const GROUP_MS = 180000;
const NEAR_END_PX = 80;

export class Log {
    #mine = new Map();
    #previous = null;
    #lines = [];
    #atEnd = true;

    constructor() {
        this.list = el("div#callslip-log", {
            role: "log",
            "aria-live": "polite",
            "aria-relevant": "additions",
            "aria-label": "Conversation",
            tabindex: "0",
        });
        this.jump = el("button.jump#callslip-jump", { type: "button", hidden: true, onclick: () => this.toEnd() }, icon("down"), "New message");
        this.list.addEventListener("scroll", () => {
            if (this.list.clientHeight === 0) return;
            this.#atEnd = this.#nearEnd();
            if (this.#atEnd) this.jump.hidden = true;
        });
        // A card or the on-screen keyboard takes room: who was at the end stays there.
        new ResizeObserver(() => {
            if (this.#atEnd) this.toEnd();
        }).observe(this.list);
        this.element = el("div.conversation", {}, this.list, this.jump);
    }

    get empty() {
        return this.#lines.length === 0;
    }

    /** While an old conversation is filled in, nothing is read aloud. */
    set quiet(on) {
        this.list.setAttribute("aria-live", on ? "off" : "polite");
    }

    /** An entry of the outbox, made or changed. */
    mine(entry) {
        const known = this.#mine.get(entry.key);
        if (known) {
            known.entry = entry;
            this.#mark(known);
            return;
        }
        const shown = this.#byName(entry.sender, entry.seq);
        if (shown) return;
        this.#mine.set(entry.key, this.#ownLine(entry));
        this.toEnd();
    }

    /** A MESSAGE of the protocol that was not told before. Returns whether it is news from staff. */
    message(message) {
        if (message.event) {
            this.#event(message);
            return false;
        }
        const known = this.#byName(message.sender, message.seq);
        if (known) {
            known.entry = { ...known.entry, state: "safe" };
            known.ms = message.ms ?? known.ms;
            this.#mark(known);
            return false;
        }
        if (message.by === "patron") {
            const line = this.#ownLine({ text: message.text, ms: message.ms, sender: message.sender, seq: message.seq, state: "safe" });
            this.#mine.set(`${message.sender}:${message.seq}`, line);
        } else this.#theirs(message);
        return message.by === "staff";
    }

    /** The panel is shown again: who was at the end is there, who was reading further up still is. */
    comeBack() {
        if (this.#atEnd) this.toEnd();
    }

    toEnd() {
        this.list.scrollTop = this.list.scrollHeight;
        this.#atEnd = true;
        this.jump.hidden = true;
    }

    clear() {
        this.list.replaceChildren();
        this.#mine.clear();
        this.#lines = [];
        this.#previous = null;
    }

    /** The conversation as plain text, to save. */
    transcript(title) {
        const lines = this.#lines.map(({ who, ms, text }) => `[${clockTime(ms)}] ${who ? `${who}: ` : ""}${text}`);
        const day = new Date(this.#lines[0]?.ms ?? Date.now()).toLocaleDateString(undefined, { dateStyle: "long" });
        return [`${title}, ${day}`, "", ...lines, ""].join("\n");
    }

    #ownLine(entry) {
        const state = el("span.ack", { "data-callslip-ack": "" });
        const line = this.#put("you", "You", entry, { "data-by": "patron", "data-sender": entry.sender, "data-seq": entry.seq });
        line.append(state);
        const known = { entry, line, state };
        this.#mark(known);
        setTimeout(() => this.#mark(known, true), SENDING_SHOWN_AFTER_MS);
        return known;
    }

    #mark(known, late = false) {
        const { entry, line, state } = known;
        line.dataset.state = entry.state;
        line.dataset.seq = entry.seq;
        state.textContent = delivery(entry, late || state.textContent !== "");
    }

    #theirs(message) {
        const who = message.by === "staff" ? person({ display: message.name, library: message.library }) : "Callslip";
        this.#put("them", who, message, { "data-by": message.by, "data-sender": message.sender, "data-seq": message.seq }, message.late);
    }

    #put(side, who, { text, ms }, data, late = false) {
        const stick = this.#atEnd;
        const together = this.#previous?.who === who && Math.abs(ms - this.#previous.ms) < GROUP_MS;
        const stamp = el("time", { datetime: new Date(ms).toISOString() }, clockTime(ms));
        const line = el(
            `div.line.${side}${together ? ".together" : ""}`,
            { "data-callslip-message": "", ...data },
            el("p.who", {}, el("span.name", {}, who), " ", stamp),
            written(text ?? ""),
        );
        if (late) line.append(el("span.late", {}, "sent earlier, arrived late"));
        this.#previous = { who, ms };
        this.#lines.push({ who, ms, text });
        this.#add(line, stick);
        return line;
    }

    #event(message) {
        const text = eventForPatron(message.event);
        if (text === "") return;
        const stick = this.#atEnd;
        this.#previous = null;
        this.#lines.push({ who: "", ms: message.ms, text });
        this.#add(el("div.event", { "data-callslip-event": message.event.e }, el("span", {}, text)), stick);
    }

    #add(line, stick) {
        this.list.append(line);
        if (stick) this.toEnd();
        else this.jump.hidden = false;
    }

    #byName(sender, seq) {
        for (const known of this.#mine.values()) {
            if (known.entry.sender === sender && known.entry.seq === seq) return known;
        }
        return null;
    }

    #nearEnd() {
        const { scrollTop, scrollHeight, clientHeight } = this.list;
        return scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    }
}
