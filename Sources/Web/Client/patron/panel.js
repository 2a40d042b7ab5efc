/**
 * The patron's panel: a slip of paper in a shadow root of its own, floating over a library's page or filling the chat page.
 * Loaded on the first click only. It draws what session.js says, and owns focus, keys, sound and the way back to the page.
 *
 * Promises: it changes nothing of the page it stands on (layout, title, styles, history); Escape always leads back.
 */

import { Connection } from "../shared/connection.js";
import { phaseForPatron, readCode, usualWait, utf8Bytes } from "../shared/wording.js";
import { cardFor, contactField, drawCard } from "./cards.js";
import { el, icon } from "./dom.js";
import { Log } from "./log.js";
import { askPresence } from "./presence.js";
import { PatronSession } from "./session.js";
import { allowSound, chime } from "./sound.js";
import { handOver, readChat, recall, remember, writeChat } from "./store.js";

const TEXT_BYTES_MAX = 4000;
const COUNT_SHOWN_FROM_BYTES = 3400;
const RECONNECTING_SHOWN_AFTER_MS = 2000;
const PRESENCE_EVERY_MS = 15000;
const HISTORY_QUIET_MS = 600;
const PRIVACY = "No name needed. The librarian who answers reads this; your library keeps it until your question is settled, then deletes it.";

let only = null;

/**
 * Opens the panel of this page, or shows it again.
 * @param {object} options
 * @param {string[]} options.nodes addresses of nodes, the loader's first
 * @param {string} options.queue name of the button's queue
 * @param {string} [options.title] what the panel is called
 * @param {"float"|"page"} [options.mode]
 * @param {boolean} [options.sounds]
 * @param {object} [options.handed] a chat that another tab handed over
 * @param {boolean} [options.resume] go on with this tab's own chat
 * @param {boolean} [options.minimised] begin minimised (after a page change)
 * @param {HTMLElement} [options.opener] gets the focus back
 * @param {(shown: boolean) => void} [options.occupied] whether the panel or its tab is on the page (the launcher hides then)
 */
export async function openPanel(options) {
    if (only) only.open(options);
    else {
        only = new Panel(options);
        await only.begin(options);
    }
    return only;
}

class Panel {
    #options;
    #session;
    #connection;
    #log = new Log();
    #local = null;
    #cardKey = null;
    #presence = null;
    #unread = 0;
    #minimised = false;
    #muted;
    #noticeTimer = null;
    #others;
    #contact = contactField();
    #failure = "";

    constructor(options) {
        this.#options = { mode: "float", sounds: true, occupied: () => {}, ...options };
        this.#muted = recall("muted", this.#options.sounds === false);
        const nodes = [...new Set([...options.nodes, ...recall("nodes", [])])];
        this.#connection = new Connection({ nodes, hello: () => ({ role: "patron", client: "callslip-web/1" }) });
        this.#connection.wakeOn(window, document);
        this.#session = new PatronSession({ connection: this.#connection, store: { read: readChat, write: writeChat } });
        this.#build();
        this.#listen();
    }

    async begin(options) {
        const base = new URL("..", import.meta.url);
        this.host = el("div", { "data-callslip-panel": this.#options.mode });
        if (this.#relativeUnit()) this.host.style.setProperty("--cs-u", "1em");
        const root = this.host.attachShadow({ mode: "open" });
        const sheets = ["shared/tokens.css", "patron/panel.css"].map((path) => el("link", { rel: "stylesheet", href: new URL(path, base).href }));
        const styled = sheets.map((sheet) => new Promise((done) => ["load", "error"].forEach((name) => sheet.addEventListener(name, done, { once: true }))));
        this.#slip.hidden = true;
        this.#tab.hidden = true;
        root.append(...sheets, this.#slip, this.#tab);
        (this.#options.mode === "page" ? (document.querySelector("[data-callslip-page]") ?? document.body) : document.body).append(this.host);
        await Promise.all(styled);
        this.#followKeyboard();
        const restored = options.handed ? this.#session.restore({ ...options.handed, entries: [] }) : options.resume !== false && this.#session.restore();
        if (restored) this.#fillQuietly();
        this.#minimised = Boolean(restored && options.minimised);
        this.#show({ focus: !this.#minimised });
        this.#draw();
        this.#askPresence();
        setInterval(() => this.#askPresence(), PRESENCE_EVERY_MS * (0.8 + Math.random() * 0.4));
    }

    /** A button was used again, perhaps another queue's. */
    open(options) {
        if (options.opener) this.#options.opener = options.opener;
        if (this.#session.view.stage === "start" && options.queue && options.queue !== this.#options.queue) {
            this.#options = { ...this.#options, queue: options.queue, title: options.title };
            this.#presence = null;
            this.#askPresence();
        }
        if (options.handed && this.#session.view.stage === "start" && this.#session.restore({ ...options.handed, entries: [] })) this.#fillQuietly();
        this.#minimised = false;
        this.#show({ focus: true });
        this.#draw();
    }

    // Building

    #build() {
        const float = this.#options.mode === "float";
        this.#title = el(float ? "h2#callslip-title" : "h1#callslip-title");
        this.#status = el("p#callslip-status", { role: "status" });
        this.#notice = el("p#callslip-notice", { role: "status" });
        this.#intro = el("div.intro#callslip-intro");
        this.#card = el("div.cards#callslip-card", { "aria-live": "polite" });
        this.#typing = el("p.typing#callslip-typing", { hidden: true });
        this.#composer = el("textarea#callslip-composer", { rows: "2", "aria-label": "Your question", "aria-describedby": "callslip-privacy callslip-count", enterkeyhint: "enter" });
        this.#send = el("button.send#callslip-send", { type: "submit", "aria-label": "Send" }, icon("send"));
        this.#count = el("p.count#callslip-count", { role: "status" });
        this.#privacy = el("p.privacy#callslip-privacy", {}, PRIVACY);
        this.#form = el("form.compose", { novalidate: true }, this.#contact.element, el("div.field", {}, this.#composer, this.#send), this.#count, this.#privacy);
        this.#mute = el("button.tool#callslip-mute", { type: "button" });
        this.#end = el("button.plain#callslip-end", { type: "button" }, "End chat");
        this.#save = el("button.plain#callslip-save", { type: "button" }, "Save a copy");
        this.#collect = el("button.plain#callslip-collect", { type: "button" }, "Collect an answer by code");
        this.#minimise = el("button.tool#callslip-minimise", { type: "button", "aria-label": "Minimise the chat", title: "Minimise (Esc)" }, icon("minimise"));
        this.#slip = el(
            "section.slip#callslip-panel",
            { role: float ? "dialog" : "region", "aria-labelledby": "callslip-title" },
            el("div.head", {}, el("div.names", {}, this.#title, this.#status), this.#mute, float ? this.#minimise : null),
            this.#notice,
            el("div.middle", {}, this.#intro, this.#log.element, this.#typing),
            this.#card,
            this.#form,
            el("div.foot", {}, this.#collect, this.#save, this.#end),
        );
        this.#slip.classList.add(this.#options.mode);
        this.#badge = el("span.badge#callslip-badge", { "data-callslip-badge": "" });
        this.#tabText = el("span.tabtext");
        this.#tab = el("button.tab#callslip-tab", { type: "button", "data-callslip-tab": "" }, icon("slip"), this.#tabText, this.#badge);
    }

    #listen() {
        this.#session.on("change", () => this.#draw());
        this.#session.on("mine", (entry) => this.#log.mine(entry));
        this.#session.on("message", (message) => this.#told(message));
        this.#connection.on("state", ({ state }) => {
            if (state === "ready") remember("nodes", this.#connection.nodes);
            this.#drawNotice();
        });
        this.#form.addEventListener("submit", (event) => {
            event.preventDefault();
            this.#submit();
        });
        this.#composer.addEventListener("input", () => {
            this.#session.typing();
            this.#drawComposer();
        });
        this.#composer.addEventListener("keydown", (event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse) and (hover: none)").matches) return;
            event.preventDefault();
            this.#submit();
        });
        this.#slip.addEventListener("keydown", (event) => this.#key(event));
        this.#mute.addEventListener("click", () => {
            this.#muted = !this.#muted;
            remember("muted", this.#muted);
            if (!this.#muted) allowSound();
            this.#drawTools();
        });
        this.#minimise.addEventListener("click", () => this.#toMinimised());
        this.#tab.addEventListener("click", () => this.open({}));
        this.#end.addEventListener("click", () => this.#ask("end"));
        this.#collect.addEventListener("click", () => this.#ask("collect"));
        this.#save.addEventListener("click", () => this.#saveCopy());
        document.addEventListener("visibilitychange", () => {
            if (!document.hidden && !this.#minimised) this.#read();
        });
        this.#others = handOver(
            () => this.#session.identity,
            (chat) => {
                if (this.#session.identity?.chat === chat && this.#session.view.stage === "fenced") this.#reset();
            },
        );
    }

    // What happens

    #submit() {
        const text = this.#composer.value.trim();
        if (text === "" || utf8Bytes(text) > TEXT_BYTES_MAX) return;
        allowSound();
        const nobody = this.#presence?.reach === "nobody";
        this.#session.say(text, {
            queue: this.#options.queue,
            referralAgreed: this.#presence?.reach === "referred",
            keep: nobody,
            contact: nobody ? this.#contact.value() : "",
        });
        this.#composer.value = "";
        this.#draw();
        this.#composer.focus();
    }

    #told(message) {
        const news = this.#log.message(message);
        if (!news || this.#log.list.getAttribute("aria-live") === "off") return;
        if (this.#minimised || document.hidden) {
            this.#unread += 1;
            this.#drawTab();
        }
        if (!this.#muted && (this.#minimised || document.hidden || !document.hasFocus())) chime();
    }

    #act = {
        consent: (offer, agreed) => this.#try(this.#session.consent(offer, agreed)),
        keep: (contact) => this.#try(this.#session.keep(contact)),
        leave: () => {
            this.#local = null;
            this.#others.tellEnded(this.#session.identity?.chat);
            return this.#try(this.#session.leave());
        },
        takeOver: () => {
            this.#session.takeOver();
            this.#composer.focus();
        },
        reset: () => this.#reset(),
        cancel: () => this.#ask(null),
        save: () => this.#saveCopy(),
        copy: async (code) => {
            try {
                await navigator.clipboard.writeText(code);
                return true;
            } catch {
                getSelection()?.selectAllChildren(this.#card.querySelector("#callslip-code"));
                return document.execCommand("copy");
            }
        },
        collect: async (typed) => {
            const code = readCode(typed);
            if (code === null) return "A code has 12 letters and digits, like K7QM-3XRT-9WZB.";
            try {
                this.#fillQuietly();
                await this.#session.collect(code);
                this.#ask(null);
                return "";
            } catch (error) {
                if (error.code === "unknownChat") return "Nothing is kept under this code. Please check each letter.";
                if (error.code === "tooMany") return "Too many tries. Please wait a minute.";
                return error.message;
            }
        },
    };

    async #try(request) {
        this.#failure = "";
        this.#cardBusy(true);
        try {
            await request;
        } catch (error) {
            this.#failure = error.message;
        }
        this.#cardBusy(false);
        this.#draw();
    }

    #cardBusy(on) {
        for (const button of this.#card.querySelectorAll("button")) button.disabled = on;
    }

    #ask(what) {
        this.#local = what;
        this.#draw();
        const first = this.#card.querySelector("input, button");
        if (what && first) first.focus();
        else (this.#form.hidden ? this.#slip.querySelector("button:not([hidden])") : this.#composer)?.focus();
    }

    #reset() {
        this.#session.reset();
        this.#log.clear();
        this.#local = null;
        this.#failure = "";
        this.#askPresence();
        this.#draw();
        if (!this.#minimised) this.#composer.focus();
    }

    #saveCopy() {
        const text = this.#log.transcript(this.#title.textContent);
        const address = URL.createObjectURL(new Blob([text], { type: "text/plain;charset=utf-8" }));
        const link = el("a", { href: address, download: `chat-${new Date().toISOString().slice(0, 10)}.txt` });
        this.#slip.append(link);
        link.click();
        link.remove();
        setTimeout(() => URL.revokeObjectURL(address), 10000);
    }

    #key(event) {
        if (event.key === "Escape" && this.#local) {
            event.stopPropagation();
            this.#ask(null);
        } else if (event.key === "Escape" && this.#options.mode === "float") {
            event.stopPropagation();
            this.#toMinimised();
        } else if (event.key === "Tab" && this.#covering()) this.#loop(event);
    }

    /** On a phone the sheet covers the page: the keyboard stays in it. */
    #loop(event) {
        const stops = [...this.#slip.querySelectorAll("button, textarea, input, a[href], [tabindex='0']")].filter((n) => !n.disabled && n.offsetParent !== null);
        const at = stops.indexOf(this.host.shadowRoot.activeElement);
        const next = event.shiftKey ? at - 1 : at + 1;
        if (next >= 0 && next < stops.length) return;
        event.preventDefault();
        stops.at(event.shiftKey ? -1 : 0)?.focus();
    }

    #toMinimised() {
        this.#minimised = true;
        this.#show({ focus: true });
    }

    /** Before a chat has begun, minimised means gone: the page's own button is the way back. */
    #show({ focus }) {
        const begun = this.#session.view.stage !== "start";
        this.#slip.hidden = this.#minimised;
        this.#tab.hidden = !(this.#minimised && begun);
        this.#options.occupied(!this.#minimised || begun);
        remember("minimised", this.#minimised);
        if (!this.#minimised) {
            this.#read();
            this.#log.toEnd();
        }
        this.#drawTab();
        if (!focus) return;
        if (!this.#minimised) (this.#form.hidden ? this.#minimise : this.#composer).focus({ preventScroll: true });
        else if (begun) this.#tab.focus({ preventScroll: true });
        else this.#options.opener?.focus({ preventScroll: true });
    }

    #read() {
        this.#unread = 0;
        this.#drawTab();
    }

    #fillQuietly() {
        this.#log.quiet = true;
        const loud = () => setTimeout(() => {
            this.#log.quiet = false;
        }, HISTORY_QUIET_MS);
        if (this.#connection.state === "ready") loud();
        else {
            const off = this.#connection.on("state", ({ state }) => {
                if (state !== "ready") return;
                off();
                loud();
            });
        }
    }

    async #askPresence() {
        if (this.#session.view.stage !== "start" || document.hidden || this.#slip.hidden) return;
        this.#presence = await askPresence(this.#connection.nodes, this.#options.queue);
        this.#draw();
    }

    // Drawing

    #draw() {
        const { view } = this.#session;
        const { chat } = view;
        const name = chat?.library?.title || chat?.queue?.title || this.#presence?.title;
        this.#title.textContent = this.#options.title || name || "Ask a librarian";
        this.#slip.dataset.stage = view.stage;
        this.#slip.dataset.phase = chat?.phase?.p ?? "";
        this.#slip.classList.toggle("collecting", this.#local === "collect");
        const status = this.#statusText(view);
        if (this.#status.textContent !== status) this.#status.textContent = status;
        this.#drawIntro(view);
        this.#drawCard(view);
        this.#drawNotice();
        this.#drawTyping(view);
        this.#drawComposer();
        this.#drawTools();
        this.#drawTab();
    }

    #statusText(view) {
        if (view.stage === "start") return "";
        if (view.stage === "opening") return view.chat ? phaseForPatron(view.chat) : "Sending your question…";
        return phaseForPatron(view.chat);
    }

    #drawIntro(view) {
        this.#intro.hidden = view.stage !== "start" || this.#local === "collect";
        this.#log.element.hidden = view.stage === "start" && this.#log.empty;
        if (this.#intro.hidden) return;
        const [reach, head, text] = this.#introText();
        if (this.#intro.dataset.reach === reach && this.#intro.dataset.text === head + text) return;
        this.#intro.dataset.reach = reach;
        this.#intro.dataset.text = head + text;
        const mark = { own: "Here now", referred: "Answered", nobody: "Away" }[reach];
        this.#intro.replaceChildren(
            mark ? el("p.mark", { "aria-hidden": "true" }, mark) : "",
            el("p.who-answers#callslip-presence", { role: "status" }, head),
            el("p", {}, text),
        );
    }

    #introText() {
        const p = this.#presence;
        const library = p?.title || this.#options.title || "Your library";
        if (!p) return ["unknown", "Ask a librarian", "Write your question below."];
        const wait = usualWait(p.usualWaitS);
        if (p.reach === "own") return ["own", `${library} is here`, `A librarian answers${wait ? `, ${wait}` : ""}. Write your question below.`];
        if (p.reach === "referred") return ["referred", `${library} is away now — ${p.answers || "the campus general service"} answers`, "Librarians of other libraries help you right away, and your own library can follow up."];
        return ["nobody", "Nobody is here right now", `${p.opens ? `${p.opens} ` : ""}Leave your question: you get a code to collect the answer with.`];
    }

    #drawCard(view) {
        const card = cardFor(view, this.#local);
        if ((card?.key ?? null) === this.#cardKey) return;
        this.#cardKey = card?.key ?? null;
        const held = this.#card.contains(this.host?.shadowRoot?.activeElement);
        this.#card.replaceChildren(...(card ? [drawCard(card, this.#act)] : []));
        if (held && !this.#minimised) (this.#form.hidden ? this.#card.querySelector("button") : this.#composer)?.focus();
        this.#log.toEnd();
    }

    #drawNotice() {
        const { view } = this.#session;
        const { lostAt, state } = this.#connection;
        clearTimeout(this.#noticeTimer);
        let text = this.#failure;
        if (view.stage === "opening" || view.stage === "open") {
            const gone = lostAt === null || state === "idle" ? 0 : Date.now() - lostAt;
            if (state !== "ready" && state !== "ended" && lostAt !== null) {
                if (gone >= RECONNECTING_SHOWN_AFTER_MS) text = "Reconnecting… What you write is kept and goes out by itself.";
                else this.#noticeTimer = setTimeout(() => this.#drawNotice(), RECONNECTING_SHOWN_AFTER_MS - gone + 10);
            } else if (view.problem) text = view.problem.text;
            else if (view.service) text = view.service.text || "The service is cut off for the moment. What you write is kept and goes out by itself.";
        }
        if (this.#notice.textContent !== text) this.#notice.textContent = text;
    }

    #drawTyping(view) {
        this.#typing.hidden = !view.typing;
        if (view.typing) this.#typing.replaceChildren(`${view.chat?.phase?.by?.display ?? "The librarian"} is writing`, el("span.dots", { "aria-hidden": "true" }, el("i"), el("i"), el("i")));
    }

    #drawComposer() {
        const { view } = this.#session;
        const phase = view.chat?.phase?.p;
        const start = view.stage === "start";
        const nobody = start && this.#presence?.reach === "nobody";
        this.#form.hidden = view.stage === "fenced" || view.stage === "refused" || phase === "closed" || this.#local === "collect" || (phase === "kept" && view.stage === "open");
        this.#privacy.hidden = !start;
        this.#contact.element.hidden = !nobody;
        this.#form.classList.toggle("leaving", nobody);
        this.#composer.placeholder = start ? "What would you like to know?" : "Write a message";
        this.#composer.setAttribute("aria-label", start ? "Your question" : "Your message");
        this.#send.setAttribute("aria-label", nobody ? "Leave your question as a message" : "Send");
        const bytes = utf8Bytes(this.#composer.value);
        const left = TEXT_BYTES_MAX - bytes;
        this.#send.setAttribute("aria-disabled", String(this.#composer.value.trim() === "" || left < 0));
        this.#count.textContent = bytes < COUNT_SHOWN_FROM_BYTES ? "" : left >= 0 ? `${left} characters left` : `${-left} characters too long`;
        this.#count.classList.toggle("over", left < 0);
        this.#composer.setAttribute("aria-invalid", String(left < 0));
    }

    #drawTools() {
        const { view } = this.#session;
        const running = view.stage === "open" || view.stage === "opening";
        const closed = view.chat?.phase?.p === "closed" || view.chat?.phase?.p === "kept";
        this.#collect.hidden = view.stage !== "start" || this.#local === "collect";
        this.#end.hidden = !running || closed || this.#local === "end";
        this.#save.hidden = this.#log.empty || closed;
        this.#mute.hidden = view.stage === "start";
        this.#mute.setAttribute("aria-pressed", String(!this.#muted));
        this.#mute.setAttribute("aria-label", "Sound for new messages");
        this.#mute.title = this.#muted ? "Sound is off" : "Sound is on";
        this.#mute.replaceChildren(icon(this.#muted ? "soundOff" : "soundOn"));
    }

    #drawTab() {
        this.#tabText.textContent = "Your chat";
        this.#badge.hidden = this.#unread === 0;
        this.#badge.textContent = this.#unread > 99 ? "99+" : String(this.#unread);
        this.#tab.setAttribute("aria-label", this.#unread > 0 ? `Your chat, ${this.#unread} new` : "Your chat, open again");
        if (this.#options.mode === "page") document.title = `${this.#unread > 0 ? `(${this.#unread}) ` : ""}${this.#title.textContent}`;
    }

    // The place on the screen

    #covering() {
        return this.#options.mode === "float" && matchMedia("(max-width: 35rem)").matches;
    }

    /** Sizes follow the reader's own font size, not a page's `html { font-size: 10px }`. */
    #relativeUnit() {
        try {
            CSS.registerProperty({ name: "--cs-u", syntax: "<length>", inherits: true, initialValue: "16px" });
            return true;
        } catch (error) {
            return error?.name === "InvalidModificationError";
        }
    }

    /** Keeps the composer above the on-screen keyboard, where the browser does not resize the page itself. */
    #followKeyboard() {
        const seen = window.visualViewport;
        if (!seen) return;
        const follow = () => {
            this.host.style.setProperty("--cs-seen-height", `${seen.height}px`);
            this.host.style.setProperty("--cs-seen-top", `${seen.offsetTop}px`);
        };
        seen.addEventListener("resize", follow);
        seen.addEventListener("scroll", follow);
        follow();
    }

    #title;
    #status;
    #notice;
    #intro;
    #card;
    #typing;
    #composer;
    #send;
    #count;
    #privacy;
    #form;
    #mute;
    #end;
    #save;
    #collect;
    #minimise;
    #slip;
    #badge;
    #tabText;
    #tab;
}
