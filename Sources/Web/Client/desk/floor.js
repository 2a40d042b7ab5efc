// The floor of the desk: columns side by side where there is room, tabs where there is not. It also keeps the focus: a chat that is
// shown, claimed or put away always leaves the person somewhere sensible.

import { chatTimers, duration, urgency } from "./clock.js";
import { Column } from "./column.js";
import { h, keyed, setAttribute, setHidden, setText } from "./dom.js";
import { columnsThatFit, narrowBelow, shownChats } from "./layout.js";
import { choice } from "./memory.js";
import { chatName } from "./words.js";

export class Floor {
    constructor({ page, chats, tabs, rail }, desk, act) {
        this.page = page;
        this.chats = chats;
        this.tabs = tabs;
        this.rail = rail;
        this.desk = desk;
        this.act = act;
        this.recent = [];
        this.showingRail = true;
        this.columns = h("div", { class: "columns" });
        this.empty = this.makeEmpty();
        this.chats.append(this.empty, this.columns);
        new ResizeObserver(() => this.update()).observe(document.documentElement);
    }

    get narrow() {
        return document.documentElement.clientWidth < narrowBelow;
    }

    makeEmpty() {
        const got = h("button", { class: "small", type: "button", text: "Got it", id: "hint-done", on: { click: () => this.hideHint() } });
        this.hint = h("div", { class: "slip first-use", id: "first-use", hidden: choice.read("hintSeen", false) },
            h("h2", { text: "New at this desk?" }),
            h("ol", {},
                h("li", { text: "Switch on the queues that you are there for. Each has its own switch." }),
                h("li", { text: "A waiting chat rings until somebody claims it. Claim with the button, or Alt+N for the oldest." }),
                h("li", { text: "Up to four chats stand side by side here; Alt+1 to Alt+4 go from one to the next." }),
                h("li", { text: "Ctrl+K finds libraries, actions and all other pages; ? lists all keys." })), got);
        return h("div", { class: "chats-empty", id: "chats-empty" },
            h("p", { class: "chats-empty-title", text: "No chat in your hands" }),
            h("p", { text: "Chats that you claim appear here, up to four side by side." }), this.hint);
    }

    hideHint() {
        choice.write("hintSeen", true);
        setHidden(this.hint, true);
        this.focusWaiting();
    }

    column(id) {
        return [...this.columns.children].find((element) => element.column.chat.id === id)?.column ?? null;
    }

    use(id) {
        this.recent = [id, ...this.recent.filter((other) => other !== id)].slice(0, 32);
        this.showingRail = false;
        this.desk.focused = id;
        this.desk.read(id);
    }

    update() {
        const { desk } = this;
        const chats = desk.inSlots;
        if (desk.focused === null && chats.length > 0 && !this.narrow) desk.focused = chats[0].id;
        keyed(this.columns, chats, (chat) => chat.id, (chat) => new Column(chat, desk, this.act).element, null);
        const narrow = this.narrow;
        const onRail = narrow && (this.showingRail || chats.length === 0);
        this.page.dataset.mode = narrow ? "narrow" : "wide";
        this.page.dataset.showing = onRail ? "rail" : "chats";
        setHidden(this.rail, narrow && !onRail);
        setHidden(this.chats, narrow && onRail);
        const fit = narrow ? 1 : columnsThatFit(this.chats.clientWidth);
        const shown = shownChats(chats.map((chat) => chat.id), this.recent, fit);
        for (const element of this.columns.children) {
            const hide = !shown.includes(element.column.chat.id);
            const appears = !hide && element.hidden;
            setHidden(element, hide);
            element.column.update();
            if (appears) element.column.log.toEnd();
        }
        this.columns.dataset.count = String(shown.length);
        setHidden(this.empty, chats.length > 0);
        setHidden(this.columns, chats.length === 0);
        this.showTabs(chats, shown, narrow, onRail);
    }

    showTabs(chats, shown, narrow, onRail) {
        const needed = narrow || chats.length > shown.length;
        setHidden(this.tabs, !needed);
        const waiting = this.desk.board.waiting.length;
        const items = [...(narrow ? [{ id: "rail" }] : []), ...chats];
        keyed(this.tabs, needed ? items : [], (item) => item.id, (item) => {
            const element = h("button", { class: "tab", type: "button", data: { tab: item.id }, on: { click: () => item.id === "rail" ? this.focusWaiting() : this.act.focusChat(item.id) } },
                h("span", { class: "tab-slot" }), h("span", { class: "tab-name" }), h("span", { class: "tab-count" }));
            return element;
        }, (element, item) => {
            const [slot, name, count] = element.children;
            if (item.id === "rail") {
                setHidden(slot, true);
                setText(name, "Waiting");
                setText(count, waiting > 0 ? String(waiting) : "");
                setAttribute(element, "aria-current", onRail ? "true" : null);
                return;
            }
            setText(slot, String(item.slot));
            setText(name, chatName(item));
            const live = item.ended === null && !this.desk.isMessage(item);
            const { owedS } = live ? chatTimers(item.messages, this.desk.serverNowMs) : { owedS: null };
            setText(count, item.ended !== null ? "ended" : item.unread > 0 ? `${item.unread} new` : owedS !== null ? duration(owedS) : "");
            element.dataset.urgency = urgency(owedS);
            element.dataset.unread = String(item.unread > 0);
            element.dataset.shown = String(shown.includes(item.id));
            const current = !onRail && this.desk.focused === item.id;
            const becomes = current && !element.hasAttribute("aria-current");
            setAttribute(element, "aria-current", current ? "true" : null);
            if (becomes) element.scrollIntoView({ block: "nearest", inline: "nearest" });
        });
    }

    tick() {
        for (const element of this.columns.children) element.column.tick();
        if (!this.tabs.hidden) this.update();
    }

    focusChat(id) {
        if (!this.desk.chats.has(id)) return;
        this.use(id);
        this.update();
        this.column(id)?.focus();
    }

    focusWaiting() {
        this.showingRail = true;
        this.update();
        const claim = this.rail.querySelector("[data-claim]:not([hidden])");
        (claim ?? document.getElementById("waiting-title"))?.focus();
    }

    /** A chat was put away: the one used before it comes next, else the waiting list. */
    afterRemoval(hadFocus) {
        const next = this.recent.find((id) => this.desk.chats.has(id)) ?? this.desk.inSlots[0]?.id;
        if (!hadFocus) this.update();
        else if (next !== undefined) this.focusChat(next);
        else this.focusWaiting();
    }
}
