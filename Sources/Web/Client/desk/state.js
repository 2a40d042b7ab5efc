// What the desk knows: who I am, the board, and the chats that I hold. Frames of the protocol go in through `receive`; what somebody
// should hear, see or do about it comes out as effects. No page, no socket: the shell (main.js) acts on effects and draws what is here.
//
// Promises: a message is kept once, in the order of its position; a chat that ended stays readable until it is dismissed; what was typed
// or sent and is not yet safe is never dropped by anything that a node says.

import { boardChanges, takenLineMs, wholeBoard } from "./board.js";
import { keyOf } from "../shared/outbox.js";
import { Outbox } from "./outbox.js";
import { endedSince } from "./referred.js";

const typingShownMs = 6000;

/** `[epoch, n]` pairs; `n` goes on counting across epochs. */
function positionAfter(a, b) {
    return a[1] > b[1] || (a[1] === b[1] && a[0] > b[0]);
}

/** What ended my part in a chat, in a sentence. */
export function endSentence(phase) {
    switch (phase.p) {
        case "closed":
            return {
                byOperator: "This chat is closed.",
                blocked: "This chat is ended, and that browser begins no other for 24 hours.",
                byPatron: "The patron ended the chat.",
                patronGone: "The patron has left, and the chat was closed.",
                answeredMessage: "The answer is kept for the patron to collect.",
                notAnswered: "Nobody answered this message in time, and it is over.",
            }[phase.reason] ?? "This chat is closed.";
        case "held": {
            const where = phase.by?.library?.title;
            return `${phase.by?.display ?? "A colleague"}${where ? ` of ${where}` : ""} has this chat now.`;
        }
        case "waiting": return `This chat waits in the line of ${phase.queue?.title ?? "its queue"} again.`;
        case "kept": return "The patron left the question as a message: it is under kept messages.";
        default: return "This chat is no longer yours.";
    }
}

export class Desk {
    /** @param {{now: () => number, newId: () => string, savedOutbox: (chat: string) => Array, savedSlot?: (chat: string) => number|null}} options */
    constructor({ now, newId, savedOutbox, savedSlot = () => null }) {
        this.now = now;
        this.newId = newId;
        this.savedOutbox = savedOutbox;
        this.savedSlot = savedSlot;
        this.me = null;
        this.board = wholeBoard(null);
        this.boardAtMs = 0;
        /** What rings, by the keys of the lines. */
        this.rang = new Set();
        /** The staff room's lines, oldest first, and the places of those that are known: `null` before the first board came. */
        this.room = [];
        this.roomSeen = null;
        this.boardSeen = false;
        /** Chats are counted, so whoever closes one is asked how it ended. */
        this.asksEnding = false;
        this.shifts = 0;
        this.leavingUntilMs = null;
        this.clockOffsetMs = 0;
        this.service = { state: "ok", text: "", answering: false };
        this.textBytesMax = 4000;
        this.nodes = [];
        this.chats = new Map();
        this.taken = [];
        this.questions = new Map();
        this.focused = null;
    }

    /** The node's time. */
    get serverNowMs() {
        return this.now() + this.clockOffsetMs;
    }

    /** The chats in the order of their numbers. */
    get inSlots() {
        return [...this.chats.values()].sort((a, b) => a.slot - b.slot);
    }

    get unreadCount() {
        return [...this.chats.values()].filter((chat) => chat.unread > 0).length;
    }

    /** Takes a frame from the node. Returns effects: `{kind: "arrived"|"taken"|"ringing"|"started"|"ended"|"message"|"sendable"|"sendLater"|"refusedText", …}`. */
    receive(frame) {
        switch (frame.t) {
            case "welcome": return this.welcome(frame);
            case "service":
                this.service = { state: frame.state, text: frame.text ?? "", answering: frame.answering === true };
                return [];
            case "me": return this.becomeMe(frame);
            case "board": return this.readBoard(frame);
            case "room": return this.readRoom(frame);
            case "chat": return this.readChat(frame);
            case "msgs": return this.readMessages(frame);
            case "ack":
                this.chats.get(frame.chat)?.outbox[frame.level === "held" ? "hold" : "accept"](frame.sender, frame.seq);
                return frame.chat ? [{ kind: "sendable", chat: frame.chat }] : [];
            case "nack": return this.refuseText(frame);
            case "typing": {
                const chat = this.chats.get(frame.chat);
                if (chat && frame.who !== "staff") chat.typingUntilMs = this.now() + typingShownMs;
                return [];
            }
            default: return [];
        }
    }

    welcome(frame) {
        if (typeof frame.now === "number") this.clockOffsetMs = frame.now - this.now();
        if (typeof frame.limits?.textBytes === "number") this.textBytesMax = frame.limits.textBytes;
        this.nodes = Array.isArray(frame.nodes) ? frame.nodes : [];
        return [];
    }

    becomeMe(frame) {
        this.me = { ...frame, queues: frame.queues ?? [], available: frame.available ?? [], until: frame.until ?? null, duty: frame.duty ?? null, duties: frame.duties ?? [] };
        this.setLeaving(frame.leavingS ?? null);
        return this.boardSeen ? this.rings(this.board) : [];
    }

    setLeaving(seconds) {
        this.leavingUntilMs = seconds === null ? null : this.now() + seconds * 1000;
    }

    setAvailable(queue, on) {
        if (this.me === null) return [];
        const others = this.me.available.filter((name) => name !== queue);
        this.me = { ...this.me, available: on ? [...others, queue] : others };
        return this.rings(this.board);
    }

    rings(before) {
        const { ringing, rang } = boardChanges(before, this.board, this.me, { nowMs: this.now() });
        this.rang = rang;
        return [{ kind: "ringing", ...ringing }];
    }

    /** What was first for colleagues on duty, and is mine as well by now. */
    passed() {
        const { arrived, ringing, rang } = boardChanges(this.board, this.board, this.me, { nowMs: this.now(), rang: this.rang });
        if (arrived.length === 0) return [];
        this.rang = rang;
        return [...arrived.map((line) => ({ kind: "arrived", line })), { kind: "ringing", ...ringing }];
    }

    readBoard(frame) {
        const before = this.board;
        // The libraries' cards are sent when they changed; a board without them says that they are as they were.
        const next = wholeBoard({ libraries: before.libraries, ...frame });
        next.waiting = next.waiting.map((line) => line.firstS > 0 ? { ...line, ringsAtMs: this.now() + line.firstS * 1000 } : line);
        const changes = boardChanges(before, next, this.me, { nowMs: this.now(), rang: this.rang });
        const ended = this.boardSeen ? endedSince(before.referred, next.referred) : [];
        this.rememberQuestions(next);
        this.board = next;
        this.rang = changes.rang;
        this.asksEnding = frame.asksEnding === true;
        this.shifts = frame.shifts ?? 0;
        this.boardAtMs = this.now();
        if (!this.boardSeen) this.roomSeen ??= new Set();
        this.boardSeen = true;
        const mine = next.staff.find((person) => person.name === this.me?.operator);
        if (mine && this.me) {
            if (Array.isArray(mine.available)) this.me = { ...this.me, available: mine.available };
            this.me.duty = mine.duty ?? null;
            if (this.me.volunteers !== undefined) this.me.volunteers = mine.volunteers === true;
            if (mine.leavingS !== undefined) this.setLeaving(mine.leavingS);
        }
        const until = this.now() + takenLineMs;
        this.taken = [...this.taken.filter((line) => line.untilMs > this.now()), ...changes.taken.map((line) => ({ ...line, untilMs: until }))];
        return [
            ...changes.arrived.map((line) => ({ kind: "arrived", line })),
            ...changes.taken.map((line) => ({ kind: "taken", line })),
            ...ended.map((line) => ({ kind: "referralEnded", line })),
            { kind: "ringing", ...changes.ringing },
        ];
    }

    /** Of what I referred, the question as it stands among the kept messages: once somebody claims it, no board tells it any more. */
    rememberQuestions(board) {
        const known = new Map();
        for (const { chat } of board.referred) {
            const question = board.kept.find((line) => line.chat === chat)?.question ?? this.questions.get(chat);
            if (question) known.set(chat, question);
        }
        this.questions = known;
    }

    /** Empty where this page never saw it. */
    questionOf(chat) {
        return this.questions.get(chat) ?? "";
    }

    /** What others said since the last time is an effect each; what stood there before I came is none. */
    readRoom(frame) {
        const before = this.roomSeen;
        this.room = frame.lines ?? [];
        this.roomSeen = new Set(this.room.map((line) => line.at));
        if (before === null) return [];
        return this.room.filter((line) => !before.has(line.at) && line.by.name !== this.me?.operator).map((line) => ({ kind: "roomLine", line }));
    }

    /** The number that the chat had before a reload, else the lowest free one. */
    slotFor(id) {
        const used = new Set([...this.chats.values()].map((chat) => chat.slot));
        const before = this.savedSlot(id);
        if (before !== null && !used.has(before)) return before;
        let slot = 1;
        while (used.has(slot)) slot += 1;
        return slot;
    }

    readChat(frame) {
        const mine = frame.phase?.p === "held" && frame.phase.mine === true;
        const watching = !mine && frame.phase?.p === "held" && frame.phase.watching === true;
        let chat = this.chats.get(frame.chat);
        const effects = [];
        if (chat === undefined) {
            if (!mine && !watching) return [];
            chat = {
                id: frame.chat, slot: this.slotFor(frame.chat), messages: [], keys: new Set(), last: [0, 0], loaded: false, unread: 0, typingUntilMs: 0,
                outbox: new Outbox(this.newId(), this.savedOutbox(frame.chat)), ended: null, leaving: null, token: null, watching,
            };
            this.chats.set(frame.chat, chat);
            effects.push({ kind: "started", chat: chat.id });
        } else if (chat.ended !== null && (mine || watching)) {
            effects.push({ kind: "started", chat: chat.id });
        }
        const wasMine = chat.ended === null;
        const wasWatching = chat.watching;
        chat.watching = watching;
        chat.meta = frame;
        chat.metaAtMs = this.now();
        chat.token = frame.phase?.token ?? chat.token;
        chat.outbox.marks(frame.marks, frame.held === true);
        if (frame.held !== true) this.dropHeldEvents(chat);
        if (mine || watching) {
            if (chat.ended === null && wasWatching !== watching) effects.push({ kind: mine ? "tookOver" : "takenOver", chat: chat.id });
            chat.ended = null;
            effects.push({ kind: "sendable", chat: chat.id });
        } else {
            chat.ended = wasWatching && frame.phase?.p === "held" ? `You watch this chat no more: ${endSentence(frame.phase)}` : endSentence(frame.phase ?? {});
            if (wasMine) effects.push({ kind: "ended", chat: chat.id });
            if (chat.outbox.due(true) !== undefined) effects.push({ kind: "sendable", chat: chat.id });
        }
        return effects;
    }

    /** The node does not count this chat among mine any more. */
    endChat(id, sentence) {
        const chat = this.chats.get(id);
        if (chat === undefined || chat.ended !== null) return [];
        chat.ended = sentence;
        return [{ kind: "ended", chat: id }];
    }

    readMessages(frame) {
        const chat = this.chats.get(frame.chat);
        if (chat === undefined) return [];
        const effects = [];
        for (const message of frame.m ?? []) {
            const key = keyOf(message);
            const before = chat.messages.find((other) => other.held && keyOf(other) === key);
            if (chat.keys.has(key) && (before === undefined || message.held)) continue;
            chat.keys.add(key);
            const placeholder = message.sender === undefined ? null : chat.outbox.seen(message.sender, message.seq, message.held === true);
            const kept = { ...message, key: placeholder ?? before?.key ?? key };
            if (before !== undefined) chat.messages.splice(chat.messages.indexOf(before), 1);
            this.place(chat, kept);
            if (message.by === "patron" && before === undefined) {
                chat.typingUntilMs = 0;
                if (chat.loaded) {
                    chat.unread += 1;
                    effects.push({ kind: "message", chat: chat.id, message: kept });
                }
            }
        }
        if (frame.more !== true) chat.loaded = true;
        effects.push({ kind: "sendable", chat: chat.id });
        return effects;
    }

    /** In the order of positions; what one node alone has comes last, as it came, and does not count in how far this page is. */
    place(chat, message) {
        let place = chat.messages.length;
        if (!message.held) {
            while (place > 0 && (chat.messages[place - 1].held || positionAfter(chat.messages[place - 1].at, message.at))) place -= 1;
            if (positionAfter(message.at, chat.last)) chat.last = message.at;
        }
        chat.messages.splice(place, 0, message);
    }

    /** The branch is merged, or this is another node: its events come again, under other positions. */
    dropHeldEvents(chat) {
        for (const message of chat.messages) if (message.held && message.event) chat.keys.delete(keyOf(message));
        chat.messages = chat.messages.filter((message) => !(message.held && message.event));
    }

    refuseText(frame) {
        const chat = this.chats.get(frame.chat);
        const entry = chat?.outbox.refuse(frame.sender, frame.seq, frame.code, frame.text);
        if (!entry) return [];
        if (entry.state === "waiting") return [{ kind: "sendLater", chat: chat.id, afterMs: frame.retryMs ?? 1000 }];
        return [{ kind: "refusedText", chat: chat.id, text: frame.text }, { kind: "sendable", chat: chat.id }];
    }

    /** The connection is gone: what was on its way will be offered again. */
    disconnected() {
        for (const chat of this.chats.values()) chat.outbox.disconnected();
    }

    /** Whether the chat is mine now. */
    holds(id) {
        const chat = this.chats.get(id);
        return chat?.ended === null && !chat.watching;
    }

    /** How many chats are mine now. */
    get heldCount() {
        return this.inSlots.filter((chat) => this.holds(chat.id)).length;
    }

    remove(id) {
        this.chats.delete(id);
        if (this.focused === id) this.focused = null;
    }

    read(id) {
        const chat = this.chats.get(id);
        if (chat) chat.unread = 0;
    }

    /** Targets that had the whole time to pick this chat up, or did: each is tried once. What was taken back, declined or vanished tried nobody's patience. */
    tried(chat) {
        const tried = new Set();
        for (const { event } of chat.messages) {
            if (event?.e === "offered") tried.add(event.queue?.name);
            else if (event?.e === "returned" && event.reason !== "notPickedUp") tried.delete(event.queue?.name);
        }
        return [...tried];
    }

    /** The queue in whose name the chat is held: where it was asked, unless it was referred or passed on since. */
    currentQueue(chat) {
        let current = chat.meta.queue?.name ?? null;
        let offered = null;
        for (const { event } of chat.messages) {
            if (event === undefined) continue;
            if (event.e === "offered") offered = event.queue?.name ?? null;
            else if (event.e === "pickedUp") current = offered ?? current;
            else if (["opened", "referred", "requeued"].includes(event.e)) current = event.queue?.name ?? current;
        }
        return current;
    }

    /** Whether the patron had left the question as a message: then nobody is there to read at once. */
    isMessage(chat) {
        return chat.messages.some((m) => m.event?.e === "kept");
    }
}
