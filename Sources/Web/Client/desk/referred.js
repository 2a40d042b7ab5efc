// What I referred to be answered later, and what became of it. The node tells no word of the chat; the question stands here while it stands among the kept messages, and
// for as long as this page remembers it from there.

import { grown, shrunk } from "./clock.js";
import { h, keyed, setAttribute, setHidden, setText } from "./dom.js";

const moment = (ms) => new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" }).format(new Date(ms));

/** When the answer is due to a question that was referred. */
export function dueText(dueS) {
    if (dueS <= 0) return "overdue";
    const hours = Math.ceil(dueS / 3600);
    if (hours < 48) return hours === 1 ? "due within the hour" : `due in ${hours} hours`;
    return `due in ${Math.floor(hours / 24)} days`;
}

/** How long ago it was asked. */
export function agoText(seconds) {
    if (seconds < 60) return "just now";
    if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
    return seconds < 86400 ? `${Math.floor(seconds / 3600)} h ago` : `${Math.floor(seconds / 86400)} d ago`;
}

/** What came of one, in a sentence; `dueS` as of now. */
export function standingText(line, dueS) {
    const when = line.endedMs === undefined ? "" : `, ${moment(line.endedMs)}`;
    switch (line.standing) {
        case "answered": {
            const library = line.by?.library?.title;
            return `Answered${line.by ? ` by ${line.by.display}${library ? `, ${library}` : ""}` : ""}${when}`;
        }
        case "lapsed": return `Nobody answered until its time was over${when}`;
        case "over": return `Ended without an answer${when}`;
        case "claimed": return "Somebody is answering it now";
        default: return dueS <= 0 ? "Overdue: nobody has answered yet" : `Not answered yet, ${dueText(dueS)}`;
    }
}

const isOver = (line) => ["answered", "lapsed", "over"].includes(line.standing);

/** The lines that ended between two boards: what had ended before the page came is no news. */
export function endedSince(before, after) {
    const known = new Map(before.map((line) => [line.chat, line]));
    return after.filter((line) => isOver(line) && known.has(line.chat) && !isOver(known.get(line.chat)));
}

/** The news of one, to be said once. */
export const newsText = (line) => `The question that you referred to ${line.queue.title}: ${standingText(line, 0)}`;

export class Referred {
    /** @param {import("./state.js").Desk} desk */
    constructor(desk) {
        this.desk = desk;
        this.list = h("ul", { class: "slips", id: "referred-list" });
        this.count = h("span", { class: "count" });
        this.root = h("section", { class: "rail-part", "aria-labelledby": "referred-title" },
            h("h2", { id: "referred-title" }, "You referred ", this.count),
            h("p", { class: "hint", text: "To be answered later. What was answered stays here as long as its patron can collect it." }),
            this.list);
    }

    update() {
        const lines = this.desk.board.referred;
        const answered = lines.filter((line) => line.standing === "answered").length;
        setHidden(this.root, lines.length === 0);
        setText(this.count, lines.length === 0 ? "" : `${lines.length}${answered > 0 ? `, ${answered} answered` : ""}`);
        keyed(this.list, lines, (line) => line.chat, () => this.make(), (element, line) => this.show(element, line));
    }

    make() {
        const parts = { queue: h("span", { class: "slip-library" }), asked: h("span", { class: "slip-wait" }), home: h("span", { class: "slip-queue" }), standing: h("p", { class: "slip-offer" }), question: h("p", { class: "slip-question" }) };
        const element = h("li", { class: "slip waiting-slip referred-slip" }, h("p", { class: "slip-head" }, parts.queue, parts.asked), parts.home, parts.standing, parts.question);
        element.parts = parts;
        return element;
    }

    show(element, line) {
        const { parts } = element;
        const { desk } = this;
        const dueS = shrunk(line.dueS ?? 0, desk.boardAtMs, desk.now());
        const seconds = grown(line.askedS ?? 0, desk.boardAtMs, desk.now());
        setAttribute(element, "data-standing", line.standing);
        setAttribute(element, "data-overdue", line.standing === "waiting" && dueS <= 0);
        setText(parts.queue, line.queue.title);
        setText(parts.asked, agoText(seconds));
        setText(parts.home, `asked at ${line.home.title}`);
        setText(parts.standing, standingText(line, dueS));
        const question = desk.questionOf(line.chat);
        setText(parts.question, question);
        setHidden(parts.question, question === "");
    }
}
