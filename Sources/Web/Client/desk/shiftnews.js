// Whose shift a colleague took, gave or exchanged is told at once, if they are at the desk: the board counts changes of shifts, and the node says what became of mine.
// What was so before this page came is told by the link to the shifts alone, and nothing is told twice, however often the line is lost.

import { news } from "../shifts/plan.js";

/** After a look in vain. */
const againMs = 10000;
/** Of one look; the page of shifts has the rest. */
const sentencesMax = 3;

const key = ({ id, version }) => `${id} ${version}`;

export class ShiftNews {
    /** @param {import("./state.js").Desk} desk @param {(text: string) => void} notice @param {(count: number) => void} counted @param {(path: string) => Promise<object>} ask */
    constructor(desk, notice, counted, ask) {
        Object.assign(this, { desk, notice, counted, ask, told: null, seen: null, looking: false, notBeforeMs: 0 });
    }

    /** With every board, and every second. 0: nobody plans any, or this node is cut off. */
    update() {
        const { shifts } = this.desk;
        if (!this.desk.boardSeen || this.looking || shifts === 0 || shifts === this.seen || this.desk.now() < this.notBeforeMs) return undefined;
        return this.look(shifts);
    }

    async look(shifts) {
        this.looking = true;
        try {
            const plan = await this.ask("/api/shifts");
            // A refusal is no plan.
            if (!Array.isArray(plan.told)) throw new Error(plan.text);
            this.take(plan);
            this.seen = shifts;
        } catch {
            this.notBeforeMs = this.desk.now() + againMs;
        }
        this.looking = false;
    }

    take({ told, me, today }) {
        this.counted(told.length);
        const fresh = this.told === null ? [] : told.filter((shift) => !this.told.has(key(shift)));
        this.told = new Set([...(this.told ?? []), ...told.map(key)]);
        if (fresh.length === 0) return;
        const more = fresh.length - sentencesMax;
        this.notice([...fresh.slice(0, sentencesMax).map((shift) => news(shift, me, today)), ...(more > 0 ? [`And ${more} more.`] : [])].join(" "));
    }
}
