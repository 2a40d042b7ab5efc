// The left side of the desk: my queues with a switch each, who waits, and the questions left as messages.

import { closedAtShortNotice, displayName, inOrder, lineKey, reasonsText } from "./board.js";
import { duration, grown, shrunk, spokenDuration, urgency } from "./clock.js";
import { Closing } from "./closing.js";
import { DutyChoice, firstS } from "./duty.js";
import { OpenNow } from "./opennow.js";
import { h, keyed, setAttribute, setHidden, setText } from "./dom.js";
import { Referred, dueText } from "./referred.js";

const leavingS = 600;

export class Rail {
    /** @param {HTMLElement} root @param {import("./state.js").Desk} desk @param {object} act what the person can do: claim, setAvailable, back, openNow, closeLibrary, reopenLibrary, leaving @param {import("./ending.js").Ending} ending @param {(path: string) => Promise<object>} ask of this node */
    constructor(root, desk, act, ending, ask) {
        this.root = root;
        this.ending = ending;
        this.ask = ask;
        this.desk = desk;
        this.act = act;
        this.errors = new Map();
        this.claiming = new Set();
        this.queues = h("ul", { class: "queues" });
        this.noQueues = h("p", { class: "empty", text: "You staff no queue yet. Your library’s administrator can add you to one." });
        this.leaving = h("button", { class: "quiet wide", type: "button", id: "leaving", on: { click: () => this.toggleLeaving() } });
        this.leavingNote = h("p", { class: "hint", id: "leaving-note" });
        this.closing = new Closing(act);
        this.duty = new DutyChoice(desk, act);
        this.waiting = h("ul", { class: "slips", id: "waiting-list" });
        this.waitingCount = h("span", { class: "count", id: "waiting-count" });
        this.waitingEmpty = h("p", { class: "empty", id: "waiting-empty" });
        this.kept = h("ul", { class: "slips", id: "kept-list" });
        this.keptCount = h("span", { class: "count" });
        this.keptSection = h("section", { class: "rail-part", "aria-labelledby": "kept-title" },
            h("h2", { id: "kept-title" }, "Kept messages ", this.keptCount),
            h("p", { class: "hint", text: "Asked when nobody was there. The patron collects the answer with a code." }),
            this.kept);
        this.referred = new Referred(desk);
        root.append(
            h("section", { class: "rail-part", "aria-labelledby": "queues-title" },
                h("h2", { id: "queues-title", text: "You are there for" }), this.duty.root, this.queues, this.noQueues, this.leaving, this.leavingNote, this.ending.root, this.closing.root),
            h("section", { class: "rail-part", "aria-labelledby": "waiting-title" },
                h("h2", { id: "waiting-title", tabindex: "-1" }, "Waiting ", this.waitingCount), this.waitingEmpty, this.waiting),
            this.keptSection, this.referred.root);
    }

    /** The staff room's part of the rail: its switches, and who asks for help. */
    takeIn(room) {
        this.leaving.before(room.root);
        this.root.prepend(room.calls);
    }

    update() {
        const { me, board } = this.desk;
        if (me === null) return;
        keyed(this.queues, me.queues, (queue) => queue.name, (queue) => this.makeQueue(queue), (element, queue) => this.showQueue(element, queue));
        setHidden(this.noQueues, me.queues.length > 0);
        setHidden(this.leaving, me.queues.length === 0);
        this.closing.show(me, board);
        this.duty.update();
        this.ending.update();
        const lines = this.lines(board.waiting).filter((line) => !this.desk.holds(line.chat));
        keyed(this.waiting, lines, lineKey, (line) => this.makeLine(line), (element, line) => this.showLine(element, line));
        setText(this.waitingCount, board.waiting.length > 0 ? String(board.waiting.length) : "");
        setHidden(this.waiting, lines.length === 0);
        setHidden(this.waitingEmpty, lines.length > 0);
        setText(this.waitingEmpty, this.emptySentence());
        // What was referred to be answered by a day comes first, the nearest day first.
        const kept = this.lines(board.kept, true).filter((line) => !this.desk.holds(line.chat)).sort((a, b) => (this.due(a) === this.due(b) ? 0 : this.due(a) - this.due(b)));
        keyed(this.kept, kept, lineKey, (line) => this.makeLine(line), (element, line) => this.showLine(element, line));
        const overdue = board.kept.filter((line) => line.mayClaim === true && this.due(line) <= 0).length;
        setText(this.keptCount, board.kept.length > 0 ? `${board.kept.length}${overdue > 0 ? `, ${overdue} overdue` : ""}` : "");
        setHidden(this.keptSection, kept.length === 0);
        this.referred.update();
        this.tick();
    }

    /** The lines of the list, and those that somebody else has just taken, where they stood. */
    lines(lines, kept = false) {
        const shown = inOrder(lines);
        const here = new Set(shown.map(lineKey));
        const wasKept = (line) => line.wasKept === true;
        for (const line of this.desk.taken) {
            if (line.untilMs > this.desk.now() && !here.has(lineKey(line)) && wasKept(line) === kept) shown.unshift(line);
        }
        return shown;
    }

    emptySentence() {
        const { me, board, boardSeen } = this.desk;
        if (!boardSeen) return "Looking at the line…";
        if (me.available.length === 0 && me.queues.length > 0) {
            return "Nobody waits. You are away from all your queues: switch one on above, and chats that arrive there will ring here.";
        }
        const on = board.staff.filter((person) => person.name !== me.operator && person.available?.length > 0).length;
        const others = on === 0 ? "You are the only one on." : `${on} ${on === 1 ? "colleague is" : "colleagues are"} on too.`;
        return `Nobody waits. New chats appear here with their question, and ring until somebody claims them. ${others}`;
    }

    makeQueue(queue) {
        const id = `queue-${queue.name}`;
        const control = h("button", {
            class: "switch", type: "button", role: "switch", "aria-labelledby": `${id}-name`, "aria-describedby": `${id}-state`,
            data: { queueSwitch: queue.name },
            on: { click: () => this.act.setAvailable(queue.name, control.getAttribute("aria-checked") !== "true") },
        }, h("span", { class: "switch-knob", "aria-hidden": "true" }));
        const back = h("button", {
            class: "primary small", type: "button", text: "I’m back", data: { queueBack: queue.name },
            on: { click: () => this.act.back(queue.name) },
        });
        const openNow = new OpenNow(queue, (minutes) => this.act.openNow(queue.name, minutes), () => this.libraryOf(queue.name), this.ask);
        const element = h("li", { class: "queue", data: { queue: queue.name } },
            h("span", { class: "queue-words" },
                h("span", { class: "queue-name", id: `${id}-name`, text: queue.title ?? queue.name }),
                h("span", { class: "queue-state", id: `${id}-state` })),
            control, back, openNow.root);
        element.parts = { control, back, openNow, state: element.querySelector(".queue-state") };
        return element;
    }

    showQueue(element, queue) {
        const on = this.desk.me.available.includes(queue.name);
        const status = this.desk.board.queues.find((candidate) => candidate.name === queue.name);
        setAttribute(element.parts.control, "aria-checked", String(on));
        const paused = status?.paused === true;
        element.dataset.state = paused ? "paused" : on ? "on" : "away";
        setHidden(element.parts.back, !paused);
        const outside = status?.outsideHours === true;
        element.parts.openNow.show(outside && on && !paused);
        const free = status?.free ?? 0;
        let text = on ? "On" : "Away";
        if (paused) text = "Paused: two offers in a row were not picked up";
        else if (outside && closedAtShortNotice(status)) text = `${on ? "Ready" : "Away"}: its library has closed at short notice`;
        else if (on && outside) text = "Ready: outside posted hours, the button opens on the hour";
        else if (outside) text = "Away, outside posted hours";
        else if (on && status) text = `On, ${status.staffed} there, ${free} free ${free === 1 ? "place" : "places"}`;
        else if (status && status.staffed > 0) text = `Away, ${status.staffed} ${status.staffed === 1 ? "other" : "others"} there`;
        else if (status?.reach === "referred") text = "Away, the general queue answers";
        else if (status) text = "Away, nobody there";
        setText(element.parts.state, text);
        setAttribute(element, "title", status ? reasonsText(status) : null);
    }

    libraryOf(name) {
        return this.desk.board.queues.find((candidate) => candidate.name === name)?.library?.name;
    }

    /** In how many seconds an answer is due; never, where nobody said when. */
    due(line) {
        return line.dueS === undefined ? Infinity : shrunk(line.dueS, this.desk.boardAtMs, this.desk.now());
    }

    toggleLeaving() {
        this.act.leaving(this.desk.leavingUntilMs === null ? leavingS : null);
    }

    makeLine(line) {
        const claim = h("button", {
            class: "primary small", type: "button", data: { claim: line.chat },
            on: { click: () => this.act.claim(element.line) },
        });
        const wait = h("span", { class: "slip-wait" });
        const library = h("span", { class: "slip-library" });
        const queue = h("span", { class: "slip-queue" });
        const question = h("p", { class: "slip-question" });
        const offer = h("p", { class: "slip-offer" });
        const note = h("p", { class: "slip-note" });
        const error = h("p", { class: "error", role: "alert" });
        const taken = h("p", { class: "slip-taken" });
        const first = h("p", { class: "slip-first" });
        const element = h("li", { class: "slip waiting-slip", data: { waitingChat: line.chat } },
            h("p", { class: "slip-head" }, library, wait), queue, offer, first, question, note, h("div", { class: "slip-foot" }, error, claim), taken);
        element.parts = { claim, wait, library, queue, question, offer, note, error, taken, first };
        return element;
    }

    showLine(element, line) {
        const { parts } = element;
        element.line = line;
        const gone = line.takenBy !== undefined;
        element.dataset.state = gone ? "taken" : line.offer !== undefined ? "offer" : "waiting";
        const library = line.library?.title ?? line.queue?.title ?? "Unknown library";
        setText(parts.library, library);
        setText(parts.queue, line.queue && line.queue.title !== library ? `in ${line.queue.title}` : "");
        setHidden(parts.queue, parts.queue.textContent === "");
        setText(parts.question, line.question === "" || line.question === undefined ? "Has not written yet" : line.question);
        setAttribute(parts.question, "data-empty", !line.question);
        if (line.dueS !== undefined) setText(parts.offer, `Referred by ${displayName(this.desk.board, line.by ?? "a colleague")}${line.listed ? ` to ${line.listed}` : ""}, ${dueText(this.due(line))}`);
        else setText(parts.offer, line.offer === undefined ? "" : `${displayName(this.desk.board, line.by ?? "A colleague")} offers you this chat`);
        setHidden(parts.offer, line.offer === undefined && line.dueS === undefined);
        element.dataset.overdue = String(this.due(line) <= 0);
        setText(parts.note, line.note ? `“${line.note}”` : "");
        setHidden(parts.note, !line.note);
        setText(parts.taken, gone ? `${line.takenBy.display ?? line.takenBy.name} took it` : "");
        setHidden(parts.taken, !gone);
        const error = this.errors.get(line.chat) ?? "";
        setText(parts.error, error);
        setHidden(parts.error, error === "");
        const busy = this.claiming.has(line.chat);
        setHidden(parts.claim, gone || line.mayClaim !== true);
        setText(parts.claim, busy ? "Claiming…" : line.offer !== undefined ? "Pick up" : "Claim");
        setAttribute(parts.claim, "aria-disabled", busy);
        setAttribute(parts.claim, "aria-label", `${line.offer !== undefined ? "Pick up" : "Claim"} the chat of ${library}`);
        setAttribute(element, "data-may-claim", String(line.mayClaim === true));
    }

    /** Every second: only the numbers. */
    tick() {
        const { desk } = this;
        for (const list of [this.waiting, this.kept]) {
            for (const element of list.children) {
                const { line, parts } = element;
                const seconds = grown(line.waitedS ?? 0, desk.boardAtMs, desk.now());
                const long = seconds >= 86400;
                setText(parts.wait, line.takenBy ? "" : long ? `${Math.floor(seconds / 86400)} d` : duration(seconds));
                setAttribute(parts.wait, "aria-label", line.takenBy ? null : `waiting for ${spokenDuration(Math.floor(seconds / 15) * 15)}`);
                setAttribute(parts.wait, "role", line.takenBy ? null : "img");
                parts.wait.dataset.urgency = list === this.kept ? "calm" : urgency(seconds);
                const left = line.takenBy ? 0 : firstS(line, desk.now());
                setText(parts.first, left > 0 ? `First for colleagues on duty; rings here in ${duration(left)}` : "");
                setHidden(parts.first, left === 0);
                element.dataset.first = String(left > 0);
            }
        }
        if (desk.leavingUntilMs === null) {
            setText(this.leaving, "Leaving in 10 minutes");
            setText(this.leavingNote, "");
        } else {
            const left = shrunk((desk.leavingUntilMs - desk.now()) / 1000, 0, 0);
            setText(this.leaving, "Stay after all");
            setText(this.leavingNote, `You leave in ${duration(left)}. Chats that you hold stay with you until you close or pass them on.`);
        }
        setHidden(this.leavingNote, desk.leavingUntilMs === null);
        this.leaving.dataset.state = desk.leavingUntilMs === null ? "off" : "on";
    }
}
