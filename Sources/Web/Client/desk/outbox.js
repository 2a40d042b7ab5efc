// What a person has sent in one chat and the service has not yet called safe. Nothing leaves this list but by an acceptance (it is safe
// with a majority) or by the person's own hand; what one node alone holds (`held`) stays, and is offered again after a reconnect. One message is on its way at a time: a refused number is not used up, and with one on
// its way no later message can be carrying a number that must be given to another.
//
// Pure: the caller passes identifiers, sends the frames that `next` returns, and stores `saved()` where it outlives a reload.

export class Outbox {
    /**
     * @param {string} sender this page's identifier for this chat
     * @param {Array} saved what an earlier page of this tab had not yet got safe; those that were sent keep their sender and number
     */
    constructor(sender, saved = []) {
        this.sender = sender;
        this.acceptedBySender = new Map();
        this.entries = saved.map((entry) => ({ ...entry, shown: false, state: ["failed", "held"].includes(entry.state) ? entry.state : "waiting" }));
        this.resting = new Set();
        this.count = 0;
    }

    /** Takes a text, for the patron or as a note for colleagues; it is sent when everything before it is safe. */
    add(text, note = false) {
        this.count += 1;
        const entry = { id: `${this.sender}/${this.count}`, sender: null, seq: null, text, note, state: "waiting", why: null, shown: false };
        this.entries.push(entry);
        return entry;
    }

    /**
     * The next `say` or `note` to send, as a frame without chat and token; `null` when one is on its way or nothing waits.
     * @param {boolean} old only what was sent before: the chat is not here any more, and what became of it is still to be learned
     */
    next(old = false) {
        const entry = this.due(old);
        if (entry === undefined || this.entries.some((other) => other.state === "sent")) return null;
        if (entry.seq === null) {
            entry.sender = this.sender;
            entry.seq = this.accepted(this.sender) + 1;
        }
        entry.state = "sent";
        // A kind of its own, so that no node takes it for something to be said.
        return { t: entry.note === true ? "note" : "say", sender: entry.sender, seq: entry.seq, text: entry.text };
    }

    due(old) {
        return this.entries.find(
            (entry) => (entry.state === "waiting" || (entry.state === "held" && !this.resting.has(entry.id))) && (!old || entry.seq !== null),
        );
    }

    accepted(sender) {
        return this.acceptedBySender.get(sender) ?? 0;
    }

    /** The connection ended: what was on its way is offered again, with the same sender and number. */
    disconnected() {
        this.resting.clear();
        for (const entry of this.entries) if (entry.state === "sent") entry.state = "waiting";
    }

    /** One node has it on its disk while it is cut off. The number is used up, the promise is not yet given. */
    hold(sender, seq) {
        this.acceptedBySender.set(sender, Math.max(this.accepted(sender), seq));
        const entry = this.entries.find((candidate) => candidate.sender === sender && candidate.seq === seq && candidate.state === "sent");
        if (entry === undefined) return;
        entry.state = "held";
        this.resting.add(entry.id);
    }

    /** An acceptance. The entry stays, as `safe`, until the message itself is seen: it holds the place in the log. */
    accept(sender, seq) {
        this.acceptedBySender.set(sender, Math.max(this.accepted(sender), seq));
        for (const entry of this.entries) {
            if (entry.sender === sender && entry.seq !== null && entry.seq <= seq && entry.state !== "failed") entry.state = "safe";
        }
    }

    /**
     * What the chat's state says is accepted, by sender; `held` where one node alone goes on with the chat. What was held and is above the mark of
     * a chat that is held no more did not get into it: it is due again, and is taken or refused with the reason.
     */
    marks(marks, held = false) {
        if (!held) {
            for (const entry of this.entries.filter((one) => this.resting.has(one.id) && one.seq > (marks?.[one.sender] ?? 0))) {
                this.resting.delete(entry.id);
                this.acceptedBySender.set(entry.sender, marks?.[entry.sender] ?? 0);
            }
        }
        for (const [sender, seq] of Object.entries(marks ?? {})) {
            if (!held) this.accept(sender, seq);
            else for (const entry of this.entries.filter((one) => one.sender === sender && one.seq <= seq)) this.hold(sender, entry.seq);
        }
    }

    /**
     * The message arrived in the log. Returns the id of the entry that held its place. One that a node alone has (`held`) stands in the log from
     * now on (`shown`), and stays here as well, to be offered again.
     */
    seen(sender, seq, held = false) {
        if (held) {
            this.hold(sender, seq);
            const entry = this.entries.find((candidate) => candidate.sender === sender && candidate.seq === seq && candidate.state === "held");
            if (entry === undefined) return null;
            entry.shown = true;
            return entry.id;
        }
        this.accept(sender, seq);
        const place = this.entries.findIndex((entry) => entry.sender === sender && entry.seq === seq && entry.state === "safe");
        if (place < 0) return null;
        return this.entries.splice(place, 1)[0].id;
    }

    /** A refusal. `busy` asks for patience: the entry waits again. Everything else needs the person: the text stays, with the reason. */
    refuse(sender, seq, code, text) {
        const entry = this.entries.find((candidate) => candidate.sender === sender && candidate.seq === seq && candidate.state === "sent");
        if (entry === undefined) return null;
        if (code === "busy") {
            entry.state = "waiting";
        } else {
            entry.state = "failed";
            entry.why = text;
            entry.sender = null;
            entry.seq = null;
        }
        return entry;
    }

    /** The person takes a failed text back (into the draft, or away). */
    take(id) {
        const place = this.entries.findIndex((entry) => entry.id === id && entry.state === "failed");
        return place < 0 ? null : this.entries.splice(place, 1)[0];
    }

    /** What must outlive a reload. */
    saved() {
        return this.entries.filter((entry) => entry.state !== "safe")
            .map(({ id, sender, seq, text, note, state, why }) => ({ id, sender, seq, text, note, state, why }));
    }
}
