// The bar on top: who I am, how the line is, and the tools. The banner under it appears only when there is something to say.

import { askForNotices, noticeState } from "./alerts.js";
import { reportAddress } from "../shared/diagnostics.js";
import { h, icon, setAttribute, setHidden, setText } from "./dom.js";

/** A connection that comes back sooner than this is not worth a word. */
export const bannerAfterMs = 2000;
/** After this long, other ways to work are offered. */
const othersAfterMs = 20000;

export class Bar {
    constructor(desk, sounds, open) {
        this.desk = desk;
        this.sounds = sounds;
        this.open = open;
        this.lineState = document.getElementById("line-state");
        this.lineText = document.getElementById("line-state-text");
        this.banner = document.getElementById("banner");
        this.bannerKey = "";
        const tool = (id, name, words, keys, click) => h("button", { id, class: "quiet tool", type: "button", title: keys, on: { click } }, icon(name), h("span", { class: "tool-words", text: words }));
        this.mute = tool("sounds", "sound", "Sounds on", "New chats, offers and messages make sounds", () => {
            sounds.setOn(sounds.on ? sounds.justUnlocked : true);
            this.update();
        });
        this.notices = tool("notices", "bell", "Allow notices", "Show a notice when a chat arrives while this page is behind another", async () => {
            await askForNotices();
            this.update();
        });
        // The notes of this tab are in the address, so it is made when it is needed.
        const fresh = () => this.report.setAttribute("href", reportAddress(location.origin, "desk"));
        this.report = h("a", { id: "report-problem", class: "tool", href: "/problem?from=desk", target: "_blank", rel: "noopener", title: "Report a problem to LTG", on: { focus: fresh, pointerenter: fresh, click: fresh } }, icon("report"), h("span", { class: "tool-words", text: "Report a problem" }));
        document.getElementById("bar-tools").append(
            tool("open-palette", "search", "Search", "Search libraries, queues and actions (Ctrl+K)", open.palette),
            this.room = tool("open-room", "room", "Staff room", "Who is on, and messages among colleagues (Alt+S)", open.room),
            tool("open-team", "team", "Who is on", "Who is signed on, and why buttons are on or off", open.team),
            this.mute, this.notices,
            tool("open-help", "help", "Keys", "Keys and how the desk works (?)", open.help),
            this.report,
            h("button", { id: "sign-out", class: "quiet tool", type: "button", text: "Sign out", on: { click: open.signOut } }));
    }

    /** @param {number} said how many lines of the staff room are unread */
    update(said = 0) {
        const { me } = this.desk;
        setHidden(this.room, me?.volunteers === undefined);
        setText(this.room.lastChild, said > 0 ? `Staff room (${said})` : "Staff room");
        setAttribute(this.room, "aria-label", said > 0 ? `Staff room (${said}), new lines` : null);
        setText(document.getElementById("whoami-name"), me?.display ?? "");
        setText(document.getElementById("whoami-library"), me?.library?.title ?? "");
        setText(this.mute.lastChild, this.sounds.blocked ? "Click for sounds" : this.sounds.on ? "Sounds on" : "Sounds off");
        setAttribute(this.mute, "aria-label", this.mute.lastChild.textContent);
        if (this.mute.dataset.on !== String(this.sounds.on)) {
            this.mute.dataset.on = String(this.sounds.on);
            this.mute.firstChild.replaceWith(icon(this.sounds.on ? "sound" : "mute"));
        }
        setHidden(this.notices, noticeState() !== "default");
    }

    /**
     * Shows how the line is.
     * @param {{state: string, lostMs: number, ended: {text: string, action: string, run: () => void}|null, unsent: number}} line
     */
    showLine({ ready, lostMs, ended, unsent }) {
        const { service, nodes } = this.desk;
        const isolated = ready && service.state === "isolated";
        const lost = !ready && lostMs >= bannerAfterMs;
        const state = ended ? "ended" : isolated ? "isolated" : lost ? "lost" : "ready";
        this.lineState.dataset.state = this.desk.me === null && state === "ready" && !ready ? "connecting" : state;
        setText(this.lineText, { ended: "Not connected", isolated: service.answering ? "Answering alone" : "Cut off", lost: "Reconnecting…", ready: this.desk.me === null ? "Connecting…" : "Connected" }[state]);
        const late = lost && lostMs >= othersAfterMs;
        const key = `${state} ${late} ${unsent > 0} ${ended?.text ?? ""} ${isolated ? `${service.answering} ${service.text}` : ""}`;
        if (key === this.bannerKey) return;
        this.bannerKey = key;
        setHidden(this.banner, state === "ready");
        this.banner.dataset.state = state;
        this.banner.replaceChildren();
        if (state === "ended") {
            this.banner.append(h("p", { text: ended.text }), h("button", { class: "small", type: "button", id: "banner-action", text: ended.action, on: { click: ended.run } }));
        } else if (state === "isolated") {
            this.banner.append(h("p", { text: service.text || "This node cannot reach the rest of the consortium now. What you write is kept here and goes out when it can; until then nothing counts as sent." }));
        } else if (state === "lost") {
            const kept = unsent > 0 ? "What you sent waits in this tab and goes out by itself." : "Go on writing: nothing that you type is lost.";
            this.banner.append(h("p", {}, h("strong", { text: "The connection is lost; trying again. " }), kept));
            if (late) this.banner.append(...this.elsewhere(nodes));
        }
    }

    /** Other nodes where the person could sign in, when this one stays away. */
    elsewhere(nodes) {
        const links = nodes.flatMap((address) => {
            try {
                const url = new URL("/desk", address);
                return ["http:", "https:"].includes(url.protocol) && url.origin !== location.origin ? [h("a", { href: url.href, text: url.host })] : [];
            } catch {
                return [];
            }
        });
        if (links.length === 0) return [];
        return [h("p", {}, "It takes long. You can sign in at another node instead: ", ...links.flatMap((link, place) => place === 0 ? [link] : [", ", link]), ".")];
    }
}
