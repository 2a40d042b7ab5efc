// What a person can do at the desk, as requests to the node. Each answers a refusal where the person looks: on the line, in the column, in
// the dialog. The transport repeats a request that got no answer, so nothing here retries.

import { Disconnected, Refusal } from "../shared/connection.js";
import { dutyHint } from "./duty.js";
import { lineToTake } from "./staffroom.js";

const gone = "The connection ended before the service answered. Try again.";

function sentence(error) {
    if (error instanceof Refusal) return error.message;
    if (error instanceof Disconnected) return gone;
    throw error;
}

export class Actions {
    /** @param shell the parts of the page: `connection`, `desk`, `rail`, `floor`, `draw()`, `notice(text)`, `announce(text)`, `apply(effects)`, `putAway(chat)`, `saveOutbox(chat)`, `flush(chat)` */
    constructor(shell) {
        this.shell = shell;
        this.wanted = null;
    }

    request(t, body) {
        return this.shell.connection.request(t, body);
    }

    openCanned(column) {
        this.shell.canned.open(column);
    }

    token(chat) {
        return chat.meta.phase.token;
    }

    async claim(line) {
        const { rail, desk } = this.shell;
        if (!line || rail.claiming.has(line.chat)) return;
        rail.claiming.add(line.chat);
        rail.errors.delete(line.chat);
        this.wanted = line.chat;
        this.shell.draw();
        try {
            if (line.offer === undefined) await this.request("claim", { chat: line.chat });
            else await this.request("pickup", { chat: line.chat, offer: line.offer });
            if (desk.chats.has(line.chat)) this.focusChat(line.chat);
        } catch (error) {
            const text = sentence(error);
            if (this.wanted === line.chat) this.wanted = null;
            rail.errors.set(line.chat, text);
            const shown = [...desk.board.waiting, ...desk.board.kept].some((other) => other.chat === line.chat);
            if (!shown) this.shell.notice(text);
        } finally {
            rail.claiming.delete(line.chat);
            this.shell.draw();
        }
    }

    /** Claims what has waited longest. */
    claimOldest(line) {
        if (line === null) this.shell.notice("Nobody waits whom you may claim.");
        else this.claim(line);
    }

    say(id, text) {
        const chat = this.shell.desk.chats.get(id);
        if (chat === undefined || chat.ended !== null) return;
        chat.outbox.add(text);
        this.outboxChanged(id);
        this.shell.flush(chat);
        this.shell.draw();
    }

    /** The canned messages as they were last read. */
    canned() {
        return this.shell.canned.book.messages;
    }

    /** For colleagues: whoever holds the chat next, and the library. */
    note(id, text) {
        const chat = this.shell.desk.chats.get(id);
        if (chat === undefined || chat.ended !== null) return;
        chat.outbox.add(text, true);
        this.outboxChanged(id);
        this.shell.flush(chat);
        this.shell.draw();
    }

    outboxChanged(id) {
        const chat = this.shell.desk.chats.get(id);
        if (chat) this.shell.saveOutbox(chat);
        this.shell.draw();
    }

    typing(chat) {
        this.shell.connection.send({ t: "typing", chat });
    }

    entered(id) {
        const { desk, floor } = this.shell;
        const chat = desk.chats.get(id);
        if (chat === undefined || (desk.focused === id && chat.unread === 0 && floor.recent[0] === id)) return;
        floor.use(id);
        this.shell.draw();
    }

    focusChat(id) {
        this.shell.floor.focusChat(id);
        this.shell.draw();
    }

    /** Runs a request about a chat that I hold; a refusal is shown in its column. Returns the sentence of the problem, or null. */
    async about(id, t, body) {
        const chat = this.shell.desk.chats.get(id);
        if (chat === undefined) return "This chat is not yours any more.";
        try {
            await this.request(t, { chat: id, token: this.token(chat), ...body });
            return null;
        } catch (error) {
            return sentence(error);
        } finally {
            this.shell.draw();
        }
    }

    async end(id, t, body = {}) {
        const chat = this.shell.desk.chats.get(id);
        if (chat === undefined) return;
        const column = this.shell.floor.column(id);
        if (chat.outbox.entries.some((entry) => entry.state === "waiting" || entry.state === "sent")) {
            column?.showProblem("A message of yours is still on its way. Wait until it says “sent”, then try again.");
            return;
        }
        chat.leaving = t;
        const problem = await this.about(id, t, body);
        if (problem === null) {
            this.shell.putAway(id);
        } else {
            chat.leaving = null;
            column?.showProblem(problem);
        }
    }

    /** @param {string|null} ending what is said of it */
    close(id, ending = null) {
        return this.end(id, "close", ending === null ? {} : { ending });
    }

    release(id) {
        return this.end(id, "release");
    }

    block(id) {
        return this.end(id, "block");
    }

    dismiss(id) {
        this.shell.putAway(id);
    }

    transfer(id, target, consentGiven, note) {
        return this.about(id, "transfer", { target, consentGiven, note });
    }

    /** To be answered within so many seconds; the patron is asked. `listing`: the directory's entry that it was found by. */
    referLater(id, target, answerInS, listing) {
        return this.about(id, "transfer", { target, consentGiven: false, note: "", answerInS, ...(listing ? { listing } : {}) });
    }

    async withdraw(id, offer) {
        const problem = await this.about(id, "withdraw", { offer });
        if (problem !== null) this.shell.floor.column(id)?.showProblem(problem);
        else this.shell.floor.column(id)?.focus();
    }

    /** `listing`: whom the directory names, `{id, name}`: they are asked to answer later. */
    openTransfer(id, target = null, listing = null) {
        const { desk, floor } = this.shell;
        const chat = desk.chats.get(id);
        if (!desk.holds(id)) return;
        if (chat.meta.phase.offer) {
            floor.column(id)?.showProblem("This chat is on offer already. Withdraw that offer first.");
            return;
        }
        if (desk.isMessage(chat)) return;
        this.shell.transfer.open(chat, target, () => floor.column(id)?.composer, listing);
    }

    /** Shown at once, and taken back if the node refuses. */
    async setAvailable(queue, on) {
        const { desk } = this.shell;
        this.shell.apply(desk.setAvailable(queue, on));
        const title = desk.me.queues.find((candidate) => candidate.name === queue)?.title ?? queue;
        try {
            await this.request("available", { queue, on });
            this.shell.announce(on ? `You are there for ${title}` : `You are away from ${title}`);
        } catch (error) {
            this.shell.apply(desk.setAvailable(queue, !on));
            this.shell.notice(`${title}: ${sentence(error)}`);
        }
    }

    /** @returns {Promise<string|null>} what is wrong, or null */
    async sayInRoom(text) {
        try {
            await this.request("room", { text });
            return null;
        } catch (error) {
            return sentence(error);
        }
    }

    openAsk(id) {
        const { desk, floor } = this.shell;
        if (desk.holds(id)) this.shell.askColleague.open(desk.chats.get(id), () => floor.column(id)?.composer);
    }

    /** @returns {Promise<string|null>} what is wrong, or null */
    async askToWatch(id, person) {
        const problem = await this.about(id, "watch", { who: person.name, on: true });
        if (problem === null) this.shell.announce(`${person.display} watches this chat`);
        return problem;
    }

    async letGo(id, person) {
        const problem = await this.about(id, "watch", { who: person.name, on: false });
        if (problem !== null) this.shell.floor.column(id)?.showProblem(problem);
        else this.shell.floor.column(id)?.focus();
    }

    /** Looks away from a chat that I watch. */
    async unwatch(id) {
        try {
            await this.request("unwatch", { chat: id });
            this.shell.putAway(id);
        } catch (error) {
            this.shell.floor.column(id)?.showProblem(sentence(error));
        }
    }

    /** A mentor takes the trainee's chat. */
    async takeOver(id) {
        try {
            await this.request("takeOver", { chat: id });
        } catch (error) {
            this.shell.floor.column(id)?.showProblem(sentence(error));
        }
    }

    async mentor(person, on) {
        try {
            await this.request("mentor", { who: person.name, on });
            this.shell.announce(on ? `You are ${person.display}’s mentor: their chats are shown to you` : `You are not ${person.display}’s mentor any more`);
        } catch (error) {
            this.shell.notice(sentence(error));
        }
    }

    async swamped() {
        try {
            await this.request("swamped", { text: "" });
            const { me, board } = this.shell.desk;
            const asked = board.staff.filter((person) => person.volunteers === true && person.name !== me.operator).length;
            this.shell.notice(asked === 0 ? "Nobody who is on has volunteered. Your call stands in the staff room." : `${asked === 1 ? "One colleague is" : `${asked} colleagues are`} asked. Who takes one is told in the staff room.`);
        } catch (error) {
            this.shell.notice(sentence(error));
        }
    }

    async volunteer(on) {
        try {
            await this.request("volunteer", { on });
            this.shell.announce(on ? "You are asked when a colleague is swamped" : "You are not asked when a colleague is swamped");
        } catch (error) {
            this.shell.notice(sentence(error));
        } finally {
            this.shell.draw();
        }
    }

    /** Claims the oldest chat of a colleague who is swamped, and says so. @returns {Promise<string|null>} why not */
    async takeOne(call) {
        const { desk, rail } = this.shell;
        const line = lineToTake(desk.board, desk.me, call.by.name, (chat) => rail.claiming.has(chat) || desk.holds(chat));
        if (line === null) return `Nobody waits just now whom you may take off ${call.by.display}. What arrives next rings as always.`;
        await this.claim(line);
        const refused = rail.errors.get(line.chat);
        if (refused !== undefined) return refused;
        try {
            await this.request("takeOne", { of: call.at });
            return null;
        } catch (error) {
            return sentence(error);
        }
    }

    /** Whom I am on duty for from now on. */
    async duty(duty) {
        try {
            await this.request("duty", { for: duty });
            this.shell.announce(`You are on duty. ${dutyHint(duty)}`);
        } catch (error) {
            this.shell.notice(sentence(error));
        }
    }

    async back(queue) {
        try {
            await this.request("back", { queue });
        } catch (error) {
            this.shell.notice(sentence(error));
        }
    }

    async openNow(queue, minutes) {
        try {
            await this.request("openNow", { queue, minutes });
            this.shell.announce(minutes === 60 ? "Open for an hour" : `Open for ${minutes} minutes`);
        } catch (error) {
            this.shell.notice(sentence(error));
        }
    }

    /** @returns {Promise<boolean>} whether it is done */
    async closeLibrary(minutes, note) {
        try {
            await this.request("closeLibrary", { minutes, note });
            const title = this.shell.desk.me?.library?.title ?? "Your library";
            this.shell.notice(`${title} is closed for ${minutes === 60 ? "an hour" : `${minutes / 60} hours`}: its button is off, and the page of hours says so. “Take a closing back” opens it again.`);
            return true;
        } catch (error) {
            this.shell.notice(sentence(error));
            return false;
        }
    }

    async reopenLibrary() {
        try {
            await this.request("reopenLibrary", {});
            this.shell.notice("The closing is taken back: the posted hours stand again.");
        } catch (error) {
            this.shell.notice(sentence(error));
        }
    }

    /** @returns {Promise<string|null>} what is wrong, or null */
    async until(inS) {
        try {
            await this.request("until", { inS });
            this.shell.announce(inS === null ? "You do not say until when you are here" : "Your colleagues see until when you are here");
            return null;
        } catch (error) {
            return sentence(error);
        }
    }

    async leaving(inS) {
        const { desk } = this.shell;
        const before = desk.leavingUntilMs;
        desk.setLeaving(inS);
        this.shell.draw();
        try {
            await this.request("leaving", { inS });
            this.shell.announce(inS === null ? "You stay" : "You leave in 10 minutes");
        } catch (error) {
            desk.leavingUntilMs = before;
            this.shell.notice(sentence(error));
        }
    }
}
