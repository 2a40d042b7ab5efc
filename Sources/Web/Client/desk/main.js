// The operator client of Callslip, at /desk. This file puts the parts together: the transport (shared/connection.js), what is known
// (state.js), what can be done (actions.js), what is told of what happens (events.js), and what is drawn (rail.js, floor.js, bar.js, sheets.js, transfer.js).
//
// It promises: nothing typed is lost by a reload, a lost connection or a refusal; a message counts as sent only when the node calls it safe;
// nothing a patron wrote leaves the page's log (no notice, no title, no local storage). It never runs text as markup.

import { Connection, Disconnected, Refusal, newId } from "../shared/connection.js";
import { Actions } from "./actions.js";
import { Sounds, badgeTitle } from "./alerts.js";
import { Bar } from "./bar.js";
import { CannedSearch } from "./canned.js";
import { watch } from "../shared/diagnostics.js";
import { CloseWarning } from "./closewarning.js";
import { CrisisCard } from "./crisis.js";
import { DirectorySearch } from "./directory.js";
import { Ending } from "./ending.js";
import { oldestClaimable, ringsForMe } from "./board.js";
import { h } from "./dom.js";
import { Events } from "./events.js";
import { findable } from "./findable.js";
import { Floor } from "./floor.js";
import { listen } from "./keys.js";
import { askedEnds, forgetChat, forgetTexts, slots, unsent } from "./memory.js";
import { Newer } from "./newer.js";
import { News } from "./news.js";
import { Rail } from "./rail.js";
import { Elsewhere, Help, LibrarySheet, Palette, Team } from "./sheets.js";
import { SignIn, keepTextsOf, signOut, whoAmI } from "./signin.js";
import { StaffRoom } from "./staffroom.js";
import { Desk } from "./state.js";
import { ShiftNews } from "./shiftnews.js";
import { TransferDialog } from "./transfer.js";
import { AskColleague } from "./watching.js";

/** At `/practice` the same desk has a node of its own in this page, and reaches nobody. */
const practice = location.pathname === "/practice" ? await import("../practice/practice.js") : null;
const activeEveryMs = 15000;
const askMsMax = 20000;
const noticeShownMs = 9000;
const chatsHeldMax = 4;
const followAgainMs = 500;
const followTriesMax = 60;
const kinds = ["welcome", "service", "me", "board", "room", "chat", "msgs", "ack", "nack", "typing"];
const byId = (id) => document.getElementById(id);

class Shell {
    constructor() {
        this.isPractice = practice !== null;
        this.desk = new Desk({ now: () => Date.now(), newId, savedOutbox: unsent.read, savedSlot: slots.read });
        this.sounds = new Sounds();
        this.ringing = { chat: false, offer: false };
        this.ended = null;
        this.activeMs = 0;
        this.drawing = false;
        this.act = new Actions(this);
        this.events = new Events(this);
        // A node that never answers is not waited for for good.
        const ask = async (path) => (await fetch(path, { cache: "no-store", signal: AbortSignal.timeout(askMsMax) })).json();
        this.ending = new Ending(this.desk, this.act, (text) => this.notice(text, { stays: true }), ask, askedEnds);
        // At the practice desk nobody is real, and nobody has a shift.
        this.shiftNews = practice ? null : new ShiftNews(this.desk, (text) => this.notice(text, { stays: true, link: ["/shifts", "See the shifts"] }), (count) => this.ending.showCount(count), ask);
        this.rail = new Rail(byId("rail"), this.desk, this.act, this.ending, ask);
        this.news = new News();
        const atRest = () => this.floor.column(this.desk.focused)?.composer ?? byId("waiting-title");
        this.room = new StaffRoom(byId("dialogs"), this.desk, this.act, atRest);
        this.rail.takeIn(this.room);
        this.askColleague = new AskColleague(byId("dialogs"), this.desk, this.act);
        byId("rail").append(this.news.root);
        this.floor = new Floor({ page: byId("desk"), chats: byId("chats"), tabs: byId("tabs"), rail: byId("rail") }, this.desk, this.act);
        const resting = () => this.floor.column(this.desk.focused)?.composer ?? byId("waiting-title");
        const dialogs = byId("dialogs");
        this.transfer = new TransferDialog(dialogs, this.desk, this.act, (typed) => this.directory.open(typed));
        this.palette = new Palette(dialogs, () => findable(this), resting);
        this.team = new Team(dialogs, this.desk, resting);
        this.canned = new CannedSearch(dialogs, resting);
        // What is changed there is everybody's.
        if (practice !== null) this.canned.edit.hidden = true;
        this.crisis = new CrisisCard(dialogs, this.canned.book, () => this.openColumn(), resting);
        this.directory = new DirectorySearch(dialogs, this.desk, () => this.openColumn(), (chat, queue, listing) => this.act.openTransfer(chat, queue, listing), resting);
        this.help = new Help(dialogs, resting);
        this.library = new LibrarySheet(dialogs, resting);
        this.elsewhere = new Elsewhere(dialogs, () => this.connection.start());
        this.bar = new Bar(this.desk, this.sounds, {
            palette: () => this.palette.open(), room: () => this.room.open(), team: () => this.team.open(), help: () => this.help.open(), signOut: () => this.leave(),
        });
        this.notices = h("div", { class: "notices", role: "region", "aria-label": "Notices" });
        byId("desk").append(this.notices);
        this.closeWarning = new CloseWarning(this.desk, (text) => this.notice(text, { stays: true }), ask);
        this.closeWarning.start();
        this.signIn = new SignIn((person) => this.enter(person));
        this.newer = new Newer(() => this.restState());
        this.connection = this.connect();
        watch("desk", this.connection);
        this.listen();
    }

    // The connection

    /** A session lives at the node where the person signed in, so the desk goes back to that node alone. */
    connect() {
        const home = location.origin;
        const own = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws`;
        const socket = practice?.socket ?? ((_, protocol) => new WebSocket(own, protocol));
        const connection = new Connection({ nodes: [home], hello: () => ({ role: "operator", client: this.newer.client }), socket });
        connection.on("notice", (frame) => this.notice(frame.text, { stays: true }));
        for (const kind of kinds) connection.on(kind, (frame) => this.apply(this.desk.receive(frame)));
        connection.on("state", (change) => this.lineChanged(change));
        connection.on("problem", (error) => console.error(error));
        connection.onWelcome((welcome) => {
            this.newer.told(welcome.desk);
            return this.follow();
        });
        connection.wakeOn(window, document);
        return connection;
    }

    /** After a reconnect: tells the node where this page is with every chat. A chat that it refuses is somebody else's by now. */
    async follow() {
        const chats = this.desk.inSlots.filter((chat) => chat.ended === null);
        await Promise.all(chats.map(async (chat) => {
            try {
                await this.followOne(chat);
            } catch (error) {
                if (!(error instanceof Refusal)) throw error;
                this.apply(this.desk.endChat(chat.id, `This chat is no longer yours. ${error.message}`));
            }
        }));
    }

    /** A node that was just started learns in a while what its desks hold; until then it is asked again, and nothing is given up. */
    async followOne(chat) {
        for (let tries = 0; ; tries += 1) {
            try {
                return await this.connection.request("follow", { chat: chat.id, after: chat.last }, { once: true });
            } catch (error) {
                if (!(error instanceof Refusal) || error.code !== "busy" || tries >= followTriesMax) throw error;
                await new Promise((resolve) => setTimeout(resolve, followAgainMs));
            }
        }
    }

    lineChanged({ state, bye }) {
        if (state === "ready") {
            this.ended = null;
            for (const chat of this.desk.chats.values()) this.flush(chat);
        } else if (state === "waiting" || state === "ended") {
            this.desk.disconnected();
            this.sounds.silence();
        }
        if (state === "ended" && bye) this.dismissed(bye);
        this.draw();
    }

    dismissed(bye) {
        if (bye.code === "signIn" || bye.code === "signedOut") {
            this.showSignIn(bye.code === "signIn" ? "Sign in again to go on. What you had written is still here." : "You are signed out.");
        } else if (bye.code === "elsewhere") {
            this.elsewhere.open(bye.text);
        } else if (bye.code === "version") {
            this.ended = { text: "The service is newer than this page. Load the page again; your drafts stay.", action: "Load again", run: () => location.reload() };
        } else {
            this.ended = { text: bye.text || "The service ended the connection.", action: "Connect again", run: () => { this.ended = null; this.connection.start(); } };
        }
    }

    /** Sends what waits in a chat, if it can go now. Of a chat that is not here any more, what was sent before is offered: the answer tells what became of it. */
    flush(chat) {
        if (this.connection.state === "ready" && (chat.token !== null || chat.watching || chat.ended !== null)) {
            const next = chat.outbox.next(chat.ended !== null);
            // Whoever watches, or did, has no token, and writes notes alone.
            const proof = chat.watching || chat.token === null ? {} : { token: chat.token };
            if (next !== null && !this.connection.sendOwed({ ...next, chat: chat.id, ...proof })) chat.outbox.disconnected();
        }
        this.saveOutbox(chat);
    }

    saveOutbox(chat) {
        unsent.write(chat.id, chat.outbox.saved());
    }

    // What happened

    apply(effects) {
        for (const effect of effects) this.events.take(effect);
        this.draw();
    }

    putAway(id) {
        const hadFocus = this.floor.column(id)?.element.contains(document.activeElement) === true || document.activeElement === document.body;
        this.desk.remove(id);
        forgetChat(id);
        this.floor.afterRemoval(hadFocus);
        this.draw();
    }

    /** What decides whether a newer desk may be loaded now. */
    restState() {
        const { desk } = this;
        const unsentCount = desk.inSlots.reduce((sum, chat) => sum + chat.outbox.entries.length, 0);
        return {
            ready: this.connection.state === "ready" && desk.service.state === "ok" && desk.me !== null,
            chats: desk.inSlots.length + unsentCount,
            rings: this.ringing.chat || this.ringing.offer || this.rail.claiming.size > 0 || this.act.wanted !== null,
        };
    }

    // Drawing

    /** Draws once for all that happened in one turn. Not by animation frames: these stop while the page is behind another. */
    draw() {
        if (this.drawing) return;
        this.drawing = true;
        queueMicrotask(() => {
            this.drawing = false;
            this.rail.update();
            this.room.update();
            this.askColleague.update();
            this.floor.update();
            this.team.update();
            this.transfer.update();
            this.directory.update();
            this.tick();
        });
    }

    tick() {
        if (document.body.dataset.view !== "desk") return;
        const { desk, connection } = this;
        const passed = desk.passed();
        if (passed.length > 0) return this.apply(passed);
        const ready = connection.state === "ready";
        this.rail.tick();
        if (desk.me !== null) this.ending.warn(desk.me.until);
        if (ready) this.shiftNews?.update();
        this.floor.tick();
        this.bar.update(this.room.unread);
        this.room.drawCalls();
        const unsentCount = desk.inSlots.reduce((sum, chat) => sum + chat.outbox.entries.filter((entry) => entry.state === "waiting").length, 0);
        this.bar.showLine({ ready, lostMs: ready || connection.lostAt === null ? 0 : Date.now() - connection.lostAt, ended: this.ended, unsent: unsentCount });
        const held = desk.heldCount;
        this.sounds.ring("chat", ready && this.ringing.chat && held < chatsHeldMax);
        this.sounds.ring("offer", ready && this.ringing.offer && held < chatsHeldMax);
        const forMe = desk.board.waiting.filter((line) => ringsForMe(line, desk.me, desk.now())).length;
        badgeTitle(forMe + desk.unreadCount);
        this.newer.tick();
    }

    announce(text) {
        byId("announce").textContent = "";
        byId("announce").textContent = text;
    }

    /** Something that belongs to no other place on the page. `stays`: until it is put away. `link`: where there is more, and its words. */
    notice(text, { stays = false, link = null } = {}) {
        byId("announce-now").textContent = "";
        byId("announce-now").textContent = text;
        const more = link === null ? null : h("a", { href: link[0], target: "_blank", rel: "noopener", text: link[1] });
        const element = h("div", { class: "notice slip" }, h("p", {}, text, more === null ? null : " ", more), h("button", { class: "small quiet", type: "button", text: "OK", on: { click: () => element.remove() } }));
        this.notices.append(element);
        while (this.notices.children.length > 3) this.notices.firstChild.remove();
        if (!stays) setTimeout(() => {
            if (!element.matches(":hover, :focus-within")) element.remove();
        }, noticeShownMs);
    }

    // Coming and going

    async begin() {
        if (practice !== null) {
            practice.showGuide(() => this.desk.focused);
            this.enter(practice.person);
            return;
        }
        const { status, body } = await whoAmI();
        if (status === 200) this.enter(body);
        else this.showSignIn(status === 0 ? "The service cannot be reached at the moment." : "");
    }

    enter(person) {
        // Whoever practises keeps what they have begun to write at their own desk in this tab.
        if (practice === null) keepTextsOf(person.operator);
        if (this.desk.me !== null && this.desk.me.operator !== person.operator) {
            location.reload();
            return;
        }
        document.body.dataset.view = "desk";
        byId("desk").hidden = false;
        this.connection.start();
        // The crisis card opens at once, whatever the line does then.
        this.canned.book.read();
        if (practice === null) this.news.start();
        this.draw();
        this.floor.update();
        byId("waiting-title").focus();
        if (person.told) this.notice(person.told, { stays: true });
    }

    showSignIn(reason) {
        for (const dialog of document.querySelectorAll("dialog[open]")) dialog.close();
        this.sounds.silence();
        document.body.dataset.view = "signin";
        byId("desk").hidden = true;
        this.signIn.show(reason);
    }

    async leave() {
        const held = this.desk.heldCount;
        if (held > 0) {
            this.notice(held === 1 ? "You still hold a chat. Close it, transfer it or put it back into its queue, then sign out." : `You still hold ${held} chats. Close them, transfer them or put them back into their queues, then sign out.`);
            return;
        }
        if (practice !== null) {
            location.assign("/desk");
            return;
        }
        const { status } = await signOut();
        if (status === 0 || status >= 500) {
            this.notice("The service could not be reached, so you are still signed in. Try again.");
            return;
        }
        this.connection.stop();
        forgetTexts();
        location.reload();
    }

    // Hands on the page

    listen() {
        const active = () => {
            this.sounds.unlock();
            if (Date.now() - this.activeMs < activeEveryMs) return;
            if (this.connection.send({ t: "active" })) this.activeMs = Date.now();
        };
        for (const kind of ["keydown", "pointerdown", "touchstart", "wheel"]) document.addEventListener(kind, active, { capture: true, passive: true });
        listen({
            chat: (slot) => {
                const chat = this.desk.inSlots.find((candidate) => candidate.slot === slot);
                if (chat) this.act.focusChat(chat.id);
            },
            claim: () => this.act.claimOldest(this.oldest()),
            transfer: () => this.act.openTransfer(this.desk.focused),
            waiting: () => this.floor.focusWaiting(),
            palette: () => this.palette.open(),
            note: () => this.readColumn()?.note.open(),
            crisis: () => this.crisis.open(),
            directory: () => this.directory.open(),
            room: () => this.room.open(),
            help: () => this.help.open(),
            escape: () => {
                const column = this.floor.column(this.desk.focused);
                if (!column || column.asking === null) return false;
                column.answer(column.asking);
                return true;
            },
        });
        window.addEventListener("focus", () => {
            if (this.desk.focused !== null) this.desk.read(this.desk.focused);
            this.draw();
        });
        setInterval(() => this.tick(), 1000);
    }

    /** The column of the chat that the person is in, while it is theirs. */
    openColumn() {
        return this.desk.holds(this.desk.focused) ? this.floor.column(this.desk.focused) : null;
    }

    /** The same, or one that I watch. */
    readColumn() {
        return this.desk.chats.get(this.desk.focused)?.ended === null ? this.floor.column(this.desk.focused) : null;
    }

    /** The line that has waited longest, without what I have just claimed. */
    oldest() {
        const { desk, rail } = this;
        return oldestClaimable(desk.board, desk.me, (chat) => rail.claiming.has(chat) || desk.holds(chat), desk.now());
    }
}

const shell = new Shell();
shell.begin().catch((error) => {
    if (!(error instanceof Disconnected)) throw error;
});
