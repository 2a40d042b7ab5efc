// Until when a person means to be there: asked once at sign-on, with the end of their shift as the answer that is at hand, or else the posted close; shown to
// colleagues, and told ten minutes before. Nobody is signed off by it.

import { h, setHidden, setText } from "./dom.js";

export const warnMs = 600000;
const dayMs = 86400000;

/** `17:00` on this computer's clock. */
export const clockText = (ms) => {
    const at = new Date(ms);
    return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
};

/** In words: `5:00 PM`, or as people write it where this browser is. */
export const spokenTime = (ms) => new Date(ms).toLocaleTimeString([], { hour: "numeric", minute: "2-digit" });

/** The next time after `nowMs` that a clock here shows it, or null for what is no time. */
export function nextTime(text, nowMs) {
    const match = /^(\d{1,2}):(\d{2})$/.exec(text);
    if (match === null || Number(match[1]) > 23 || Number(match[2]) > 59) return null;
    const at = new Date(nowMs);
    at.setHours(Number(match[1]), Number(match[2]), 0, 0);
    return at.getTime() > nowMs ? at.getTime() : at.getTime() + dayMs;
}

/** How long before it begins a shift is the one for which somebody signs on. */
const earlyMs = 3600000;

/** When the shift ends that a person has now, or null. @param {{me?: string, days: {shifts: object[]}[]}} plan as `/api/shifts` tells it */
export function shiftEnd(plan, nowMs) {
    const mine = plan.days.flatMap((day) => day.shifts).filter((shift) => shift.person === plan.me && shift.fromMs - earlyMs <= nowMs && nowMs < shift.untilMs);
    return mine.sort((one, other) => one.fromMs - other.fromMs)[0]?.untilMs ?? null;
}

export class Ending {
    /** @param {import("./state.js").Desk} desk @param {object} act until @param {(text: string) => void} notice @param {(path: string) => Promise<object>} ask @param {{has: (session: string) => boolean, add: (session: string) => void}} asked the sign-ons that were asked */
    constructor(desk, act, notice, ask, asked) {
        Object.assign(this, { desk, act, notice, ask, asked });
        this.warned = null;
        this.looked = null;
        this.time = h("input", { id: "ending-time", type: "time", autocomplete: "off" });
        this.error = h("p", { class: "error", role: "alert" });
        this.skip = h("button", { class: "quiet small", type: "button", id: "ending-skip", text: "Don’t say", on: { click: () => this.answer(null) } });
        this.form = h("form", { class: "ending-form" },
            h("label", { for: "ending-time", text: "Until when are you here?" }), this.time, this.error,
            h("div", { class: "ending-buttons" }, h("button", { class: "small primary", type: "submit", id: "ending-say", text: "Say so" }), this.skip),
            h("p", { class: "hint", text: "Your colleagues see it, and you are told ten minutes before. You stay signed on until you sign out." }));
        this.form.addEventListener("submit", (event) => {
            event.preventDefault();
            const untilMs = nextTime(this.time.value, this.desk.now());
            if (untilMs !== null) return this.answer(untilMs);
            setText(this.error, "Type a time such as 17:00, or choose “Don’t say”.");
            return this.time.focus();
        });
        this.line = h("p", { class: "hint", id: "ending-line" });
        this.change = h("button", { class: "quiet small", type: "button", id: "ending-change", on: { click: () => this.open() } });
        this.shown = h("div", { class: "ending-shown" }, this.line, this.change);
        this.plan = h("a", { href: "/shifts", target: "_blank", rel: "noopener", id: "ending-shifts", text: "Shifts" });
        this.pages = h("a", { href: "/pages", target: "_blank", rel: "noopener", id: "all-pages", text: "All pages" });
        this.root = h("div", { class: "ending", id: "ending" }, this.form, this.shown, h("p", { class: "hint" }, this.plan, " · ", this.pages));
        this.isOpen = false;
    }

    open() {
        this.isOpen = true;
        setText(this.error, "");
        const until = this.desk.me?.until ?? null;
        if (until !== null) this.time.value = clockText(until);
        this.update();
        this.time.focus();
    }

    /** Asks a sign-on once, without taking the focus. */
    update() {
        const { me } = this.desk;
        if (me === null) return;
        if (me.until === null && !this.asked.has(me.session) && this.looked !== me.session) {
            this.looked = me.session;
            this.isOpen = true;
            this.suggest(me);
        }
        setHidden(this.form, !this.isOpen);
        setHidden(this.shown, this.isOpen);
        setText(this.line, me.until === null ? "You have not said until when you are here." : `You are here until ${spokenTime(me.until)}.`);
        setText(this.change, me.until === null ? "Say when" : "Change");
        this.warn(me.until);
    }

    /** How many shifts colleagues took from the person, or gave them. */
    showCount(count) {
        setText(this.plan, count === 0 ? "Shifts" : `Shifts: ${count} changed by colleagues`);
    }

    /** The end of the person's shift, or the posted close of their own library, where the answer is still open. */
    async suggest(me) {
        try {
            // At the practice desk nobody is real, and nobody has a shift.
            const shifts = location.pathname === "/practice" ? { told: [], days: [] } : await this.ask("/api/shifts");
            this.showCount(shifts.told.length);
            const untilMs = shiftEnd(shifts, this.desk.now());
            if (untilMs !== null && this.time.value === "") this.time.value = this.time.defaultValue = clockText(untilMs);
        } catch {
            // There is no plan, or it cannot be read now.
        }
        try {
            const { postedCloseS } = await this.ask(`/hours/${me.library.name}/now.json`);
            // As the field's own value, as nobody has written it: a desk that has a newer version need not wait for it.
            if (typeof postedCloseS === "number" && this.time.value === "") this.time.value = this.time.defaultValue = clockText(postedCloseS * 1000);
        } catch {
            // The field stays empty.
        }
    }

    /** @param {number|null} untilMs null: they do not say */
    async answer(untilMs) {
        const { me } = this.desk;
        setText(this.error, "");
        if (untilMs !== null || me.until !== null) {
            const problem = await this.act.until(untilMs === null ? null : Math.ceil((untilMs - this.desk.now()) / 1000));
            if (problem !== null) {
                setText(this.error, problem);
                return;
            }
        }
        this.asked.add(me.session);
        const hadFocus = this.form.contains(document.activeElement);
        this.isOpen = false;
        this.update();
        if (hadFocus) this.change.focus();
    }

    warn(until) {
        if (until === null || this.warned === until) return;
        const leftMs = until - this.desk.serverNowMs;
        if (leftMs > warnMs) return;
        this.warned = until;
        if (leftMs <= 0) return;
        const minutes = Math.max(1, Math.round(leftMs / 60000));
        this.notice(`You said that you are here until ${spokenTime(until)}: that is in ${minutes} ${minutes === 1 ? "minute" : "minutes"}. “Leaving in 10 minutes” keeps new chats away; or say a later time.`);
    }
}
