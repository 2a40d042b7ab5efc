/**
 * The conversation as it stands on the slip. Append only: what stands there is never drawn again, so that a screen reader
 * reads each addition once. A patron's own line appears at once and changes its quiet mark from "sending…" to "sent".
 * What has no lasting place yet (`data-held`: on its way, or what one node alone has) stands at the end, and takes its lasting place when it is known.
 */

import { keyOf } from "../shared/outbox.js";
import { clockTime, longDay, t } from "../shared/language.js";
import { el, icon, written } from "./dom.js";
import { delivery } from "./sayings.js";
import { eventForPatron, person } from "./sentences.js";

const SENDING_SHOWN_AFTER_MS = 900;
const GROUP_MS = 180000;
const NEAR_END_PX = 80;

export class Log {
    #mine = new Map();
    #held = new Map();
    #previous = null;
    #said = new Map();
    #atEnd = true;

    constructor() {
        this.list = el("div#callslip-log", {
            role: "log",
            "aria-live": "polite",
            "aria-relevant": "additions",
            "aria-label": t("panel.conversation"),
            tabindex: "0",
        });
        this.jump = el("button.jump#callslip-jump", { type: "button", hidden: true, onclick: () => this.toEnd() }, icon("down"), t("panel.newMessage"));
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
        return this.#said.size === 0;
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
            known.ms = message.ms ?? known.ms;
            if (message.held) {
                known.entry = { ...known.entry, state: "held" };
                this.#mark(known);
            } else this.settle(message);
            return false;
        }
        if (message.by === "patron") {
            const line = this.#ownLine({ text: message.text, ms: message.ms, sender: message.sender, seq: message.seq, state: message.held ? "held" : "safe" });
            this.#mine.set(`${message.sender}:${message.seq}`, line);
        } else this.#theirs(message);
        return message.by === "staff";
    }

    /** The panel is shown again: who was at the end is there, who was reading further up still is. */
    comeBack() {
        if (this.#atEnd) this.toEnd();
    }

    /** A message that one node alone had comes to stay: before what is still held. */
    settle(message) {
        const known = this.#byName(message.sender, message.seq);
        if (known) {
            known.entry = { ...known.entry, state: "safe" };
            known.placed = true;
            this.#mark(known);
        }
        const line = known?.line ?? this.#held.get(keyOf(message));
        if (!line) return;
        this.#held.delete(keyOf(message));
        delete line.dataset.held;
        const next = this.list.querySelector("[data-held]");
        if (next && next.compareDocumentPosition(line) & Node.DOCUMENT_POSITION_FOLLOWING) this.list.insertBefore(line, next);
    }

    dropHeldEvents() {
        for (const line of this.list.querySelectorAll(".event[data-held]")) {
            line.remove();
            this.#said.delete(line);
        }
    }

    toEnd() {
        this.list.scrollTop = this.list.scrollHeight;
        this.#atEnd = true;
        this.jump.hidden = true;
    }

    clear() {
        this.list.replaceChildren();
        this.#mine.clear();
        this.#held.clear();
        this.#said.clear();
        this.#previous = null;
    }

    /** The conversation as plain text, to save. */
    transcript(title) {
        const said = [...this.list.children].flatMap((line) => this.#said.get(line) ?? []);
        const lines = said.map(({ who, ms, text }) => `[${clockTime(ms)}] ${who ? `${who}: ` : ""}${text}`);
        const day = longDay(said[0]?.ms ?? Date.now());
        return [`${title}, ${day}`, "", ...lines, ""].join("\n");
    }

    #ownLine(entry) {
        const state = el("span.ack", { "data-callslip-ack": "" });
        const line = this.#put("you", t("panel.you"), entry, { "data-by": "patron", "data-sender": entry.sender, "data-seq": entry.seq });
        line.append(state);
        const known = { entry, line, state };
        this.#mark(known);
        setTimeout(() => this.#mark(known, true), SENDING_SHOWN_AFTER_MS);
        return known;
    }

    #mark(known, late = false) {
        const { entry, line, state } = known;
        line.dataset.state = entry.state;
        // That it is safe may be known before its place is: an own line stands at the end until the MESSAGE itself comes, so that what stands before it
        // in the conversation can still come before it. What was refused has no place to wait for.
        if (["sending", "held"].includes(entry.state) && !known.placed) line.dataset.held = "";
        else if (entry.state !== "safe") delete line.dataset.held;
        line.dataset.seq = entry.seq;
        state.textContent = delivery(entry, late || state.textContent !== "");
    }

    #theirs(message) {
        const who = message.by === "staff" ? person({ display: message.name, library: message.library }) : "Callslip";
        const data = { "data-by": message.by, "data-sender": message.sender, "data-seq": message.seq, "data-held": message.held === true };
        const line = this.#put("them", who, message, data, message.late);
        if (message.held) this.#held.set(keyOf(message), line);
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
        if (late) line.append(el("span.late", {}, t("panel.late")));
        this.#previous = { who, ms };
        this.#said.set(line, { who, ms, text });
        this.#add(line, stick);
        return line;
    }

    #event(message) {
        const text = eventForPatron(message.event);
        if (text === "") return;
        const stick = this.#atEnd;
        this.#previous = null;
        const line = el("div.event", { "data-callslip-event": message.event.e, "data-held": message.held === true }, el("span", {}, text));
        this.#said.set(line, { who: "", ms: message.ms, text });
        this.#add(line, stick);
    }

    /** At the end; but what has come to stay stands before what one node alone has. */
    #add(line, stick) {
        const held = line.hasAttribute("data-held") || line.classList.contains("you") ? null : this.list.querySelector("[data-held]");
        this.list.insertBefore(line, held);
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
