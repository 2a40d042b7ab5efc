// The log of one chat: append only. An element is made once for each message and then only marked, so that a screen reader hears every
// message once, and a selection for copying survives.

import { h, keyed, setAttribute, setHidden, setText } from "./dom.js";
import { deliverySentence, eventSentence } from "./words.js";

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

function when(ms) {
    if (typeof ms !== "number") return "";
    return (Date.now() - ms > 18 * 3600 * 1000 ? day : time).format(new Date(ms));
}

export class Log {
    /** @param {string} label @param {(id: string) => void} takeBack puts the text of a failed message back into the composer */
    constructor(label, takeBack) {
        this.takeBack = takeBack;
        this.list = h("div", { class: "log-lines" });
        this.more = h("button", { class: "small log-more", type: "button", hidden: true, on: { click: () => this.toEnd() } }, "New below");
        this.element = h("div", { class: "log", role: "log", "aria-label": label, tabindex: "0", data: { log: "" }, on: { scroll: () => this.scrolled() } }, this.list);
        this.box = h("div", { class: "log-box" }, this.element, this.more);
        this.count = 0;
        this.following = true;
        this.heightAtEnd = 0;
        new ResizeObserver(() => {
            if (this.following) this.toEnd();
        }).observe(this.element);
    }

    get atEnd() {
        return this.element.scrollHeight - this.element.scrollTop - this.element.clientHeight < 40;
    }

    toEnd() {
        this.following = true;
        this.heightAtEnd = this.element.clientHeight;
        this.element.scrollTop = this.element.scrollHeight;
        setHidden(this.more, true);
    }

    /** A log that has just become smaller is not one that somebody scrolled up. */
    scrolled() {
        if (this.following && this.element.clientHeight !== this.heightAtEnd) {
            this.toEnd();
            return;
        }
        this.following = this.atEnd;
        if (this.following) setHidden(this.more, true);
    }

    update(chat, me) {
        const wasAtEnd = this.following;
        const items = [...chat.messages, ...chat.outbox.entries.filter((entry) => !entry.shown).map((entry) => ({ key: entry.id, entry }))];
        keyed(this.list, items, (item) => item.key, (item) => this.make(item, me), (element, item) => this.mark(element, item));
        if (items.length !== this.count) {
            const own = items.at(-1)?.entry !== undefined;
            if (wasAtEnd || own) this.toEnd();
            else setHidden(this.more, false);
            this.count = items.length;
        }
    }

    make(item, me) {
        if (item.event) {
            const text = eventSentence(item.event);
            return h("p", { class: "event", hidden: text === null, data: { event: item.event.e } }, h("span", { text: text ?? "" }), " ", h("span", { class: "stamp", text: when(item.ms) }));
        }
        const by = item.entry ? "staff" : item.by;
        const mine = item.entry !== undefined || (by === "staff" && item.name === me?.display);
        const name = by === "patron" ? "Patron" : by === "service" ? "Callslip" : mine ? "You" : item.name ?? "Colleague";
        const place = !mine && by === "staff" && item.library?.title ? `, ${item.library.title}` : "";
        const isNote = item.entry ? item.entry.note === true : item.note !== undefined;
        const body = h("p", { class: "said", text: item.entry?.text ?? item.text ?? item.note ?? "" });
        const meta = h("p", { class: "said-meta" });
        const back = h("button", { class: "small quiet", type: "button", hidden: true, text: "Put back to edit", on: { click: () => this.takeBack(item.key) } });
        if (isNote) {
            const noted = h("div", { class: "message note", data: { by: "note", mine: String(mine) } },
                h("p", { class: "note-label", text: `Note for staff by ${mine ? "you" : `${name}${place}`}` }), body, meta, back);
            noted.parts = { meta, back };
            return noted;
        }
        const element = h("div", { class: "message", data: { by, mine: String(mine) } },
            h("span", { class: "unseen", text: `${name}${place}: ` }), mine || by === "patron" ? null : h("p", { class: "said-by", "aria-hidden": "true", text: `${name}${place}` }), body, meta, back);
        element.parts = { meta, back };
        return element;
    }

    mark(element, item) {
        if (element.parts === undefined) return;
        const { meta, back } = element.parts;
        const state = item.entry?.state ?? (item.held ? "held" : "safe");
        if (element.dataset.ack !== state) element.dataset.ack = state;
        const parts = [];
        if (item.entry) parts.push(item.entry.state === "failed" ? `Not sent: ${item.entry.why ?? "the service refused it"}` : deliverySentence(item.entry.state));
        else {
            parts.push(when(item.ms));
            if (element.dataset.mine === "true") parts.push(item.held ? deliverySentence("held") : item.note === undefined ? "sent" : "kept, not sent to the patron");
        }
        if (item.late) parts.push("arrived late");
        if (item.branch) parts.push("said while a library was cut off");
        if (item.own) parts.push("from the patron’s own copy");
        setAttribute(element, "data-late", item.late === true);
        setText(meta, parts.filter((part) => part !== "").join(" · "));
        setHidden(back, state !== "failed");
    }
}
