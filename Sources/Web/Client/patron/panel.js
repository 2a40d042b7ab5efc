/**
 * The patron's panel: a slip of paper in a shadow root of its own, floating over a library's page or filling the chat page.
 * Loaded on the first click only. It draws what session.js says, and owns focus, keys, sound and the way back to the page.
 *
 * Promises: it changes nothing of the page it stands on (layout, title, styles, history); Escape always leads back.
 */

import { wear } from "../shared/accent.js";
import { Connection } from "../shared/connection.js";
import { reportAddress, watch } from "../shared/diagnostics.js";
import { setText } from "../shared/dom.js";
import { speakLanguage, spoken, t, told } from "../shared/language.js";
import { choose, wishes } from "../shared/languages.js";
import { askPresence } from "../shared/presence.js";
import { readCode, utf8Bytes } from "../shared/wording.js";
import { cardFor, drawCard } from "./cards.js";
import { el } from "./dom.js";
import { drawComposer, drawIntro, drawMute, drawTab, drawTyping, letScroll } from "./drawing.js";
import { copy, print, saveAsFile } from "./keeping.js";
import { Log } from "./log.js";
import { covers, followKeyboard, keepFocusInside, relativeUnit } from "./place.js";
import { TEXT_BYTES_MAX, parts, standing, trouble } from "./sayings.js";
import { PatronSession } from "./session.js";
import { makeSlip } from "./slip.js";
import { allowSound, chime } from "./sound.js";
import { beginPause, forgetAll, handOver, readChat, readPause, recall, remember, writeChat } from "./store.js";

const PRESENCE_EVERY_MS = 15000;
const HISTORY_QUIET_MS = 600;
const SHEETS = ["shared/tokens.css", ...["slip", "controls", "log", "cards", "composer", "small"].map((name) => `patron/${name}.css`)];

let only = null;
let speaking = null;

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
 * @param {string} [options.lang] the language that the tag asks for; else the page's, else the browser's
 * @param {string} [options.profile] "school": no address is asked for, of anybody
 * @param {string} [options.accent] the library's colour, `#rrggbb`
 * @param {HTMLElement} [options.opener] gets the focus back
 * @param {(shown: boolean) => void} [options.occupied] whether the panel or its tab is on the page (the launcher hides then)
 */
export async function openPanel(options) {
    const page = options.mode === "page" ? null : document.documentElement.lang;
    await (speaking ??= speakLanguage(choose(wishes(options.lang, page))));
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
    #slip;
    #local = null;
    #cardKey = null;
    #presence = null;
    #unread = 0;
    #minimised = false;
    #muted;
    #noticeTimer = null;
    #others;
    #failure = "";

    constructor(options) {
        this.#options = { mode: "float", sounds: true, occupied: () => {}, ...options };
        this.#muted = recall("muted", this.#options.sounds === false);
        const nodes = [...new Set([...options.nodes, ...recall("nodes", [])])];
        this.#connection = new Connection({ nodes, hello: () => ({ role: "patron", client: "callslip-web/1" }) });
        this.#connection.wakeOn(window, document);
        watch("panel", this.#connection);
        this.#session = new PatronSession({ connection: this.#connection, store: { read: readChat, write: writeChat } });
        this.#slip = makeSlip(this.#options.mode, this.#log.element);
        this.#listen();
    }

    async begin(options) {
        const base = new URL("..", import.meta.url);
        this.host = el("div", { "data-callslip-panel": this.#options.mode });
        const { tag, direction } = spoken();
        this.host.lang = tag;
        this.host.dir = direction;
        if (this.#options.accent) wear(this.host, this.#options.accent);
        if (relativeUnit()) this.host.style.setProperty("--cs-u", "1em");
        const root = this.host.attachShadow({ mode: "open" });
        const sheets = SHEETS.map((path) => el("link", { rel: "stylesheet", href: new URL(path, base).href }));
        const styled = sheets.map((sheet) => new Promise((done) => ["load", "error"].forEach((name) => sheet.addEventListener(name, done, { once: true }))));
        this.#slip.element.hidden = true;
        this.#slip.tab.hidden = true;
        root.append(...sheets, this.#slip.element, this.#slip.tab);
        (this.#options.mode === "page" ? (document.querySelector("[data-callslip-page]") ?? document.body) : document.body).append(this.host);
        const asked = this.#askPresence({ first: true });
        await Promise.all(styled);
        followKeyboard(this.host);
        const restored = options.handed ? this.#session.restore({ ...options.handed, entries: [] }) : options.resume !== false && this.#session.restore();
        if (restored) this.#fillQuietly();
        this.#minimised = Boolean(restored && options.minimised);
        this.#show({ focus: !this.#minimised });
        this.#draw();
        setInterval(() => this.#askPresence(), PRESENCE_EVERY_MS * (0.8 + Math.random() * 0.4));
        await asked;
    }

    /** A button was used again, perhaps another queue's. */
    open(options) {
        if (options.opener) this.#options.opener = options.opener;
        const fresh = this.#session.view.stage === "start";
        if (fresh && options.queue && options.queue !== this.#options.queue) {
            this.#options = { ...this.#options, queue: options.queue, title: options.title };
            this.#presence = null;
        }
        if (options.handed && fresh && this.#session.restore({ ...options.handed, entries: [] })) this.#fillQuietly();
        this.#minimised = false;
        this.#show({ focus: true });
        this.#askPresence();
        this.#draw();
    }

    #listen() {
        const slip = this.#slip;
        this.#session.on("change", () => this.#draw());
        this.#session.on("mine", (entry) => this.#log.mine(entry));
        this.#session.on("message", (message) => this.#told(message));
        this.#session.on("settled", (message) => this.#log.settle(message));
        this.#session.on("merged", () => this.#log.dropHeldEvents());
        this.#connection.on("state", ({ state }) => {
            if (state === "ready") remember("nodes", this.#connection.nodes);
            this.#drawNotice();
        });
        slip.form.addEventListener("submit", (event) => {
            event.preventDefault();
            this.#submit();
        });
        slip.composer.addEventListener("input", () => {
            this.#session.typing();
            this.#drawComposer();
        });
        slip.composer.addEventListener("keydown", (event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing || matchMedia("(pointer: coarse) and (hover: none)").matches) return;
            event.preventDefault();
            this.#submit();
        });
        slip.element.addEventListener("keydown", (event) => this.#key(event));
        slip.mute.addEventListener("click", () => {
            this.#muted = !this.#muted;
            remember("muted", this.#muted);
            if (!this.#muted) allowSound();
            drawMute(slip, this.#muted);
        });
        slip.minimise.addEventListener("click", () => this.#toMinimised());
        slip.tab.addEventListener("click", () => this.open({}));
        slip.end.addEventListener("click", () => this.#ask("end"));
        // The notes of this tab are in the address, so it is made when it is needed.
        const fresh = () => slip.report.setAttribute("href", reportAddress(this.#connection.node ?? this.#options.nodes[0], "panel", this.#session.view.chat?.library?.name, spoken().tag));
        for (const event of ["focus", "pointerenter", "click"]) slip.report.addEventListener(event, fresh);
        fresh();
        slip.collect.addEventListener("click", () => this.#ask("collect"));
        new ResizeObserver(() => letScroll(slip.intro)).observe(slip.intro);
        slip.save.addEventListener("click", () => this.#saveCopy());
        slip.print.addEventListener("click", () => this.#print());
        slip.clear.addEventListener("click", () => this.#ask("clear"));
        document.addEventListener("visibilitychange", () => {
            if (!document.hidden && !this.#minimised) this.#read();
        });
        this.#others = handOver(
            () => this.#session.identity,
            (chat) => {
                if (this.#session.identity?.chat === chat && this.#session.view.stage === "fenced") this.#reset();
            },
            (chat) => {
                if (this.#session.chat === chat) this.#forget();
            },
        );
    }

    // What happens

    #submit() {
        const text = this.#slip.composer.value.trim();
        if (text === "" || utf8Bytes(text) > TEXT_BYTES_MAX) return;
        allowSound();
        const nobody = this.#presence?.reach === "nobody";
        this.#session.say(text, {
            queue: this.#presence?.queue || this.#options.queue,
            referralAgreed: this.#presence?.reach === "referred",
            keep: nobody,
            contact: nobody && this.#contact ? this.#slip.contact.value() : "",
        });
        this.#slip.composer.value = "";
        this.#draw();
        this.#slip.composer.focus();
    }

    #told(message) {
        if (message.event?.e === "closed" && message.event.reason === "blocked") {
            beginPause(message.ms);
            this.#draw();
        }
        const news = this.#log.message(message);
        if (!news || this.#session.isHistory(message)) return;
        if (this.#minimised || document.hidden) {
            this.#unread += 1;
            this.#drawTab();
        }
        if (!this.#muted && (this.#minimised || document.hidden || !document.hasFocus())) chime();
    }

    #act = {
        consent: (offer, agreed) => this.#try(() => this.#session.consent(offer, agreed)),
        keep: (contact) => this.#try(() => this.#session.keep(contact)),
        leave: () => {
            this.#local = null;
            this.#others.tellEnded(this.#session.identity?.chat);
            return this.#try(() => this.#session.leave());
        },
        takeOver: () => {
            this.#session.takeOver();
            this.#slip.composer.focus();
        },
        reset: () => this.#reset(),
        rate: (rating) => this.#try(() => this.#session.rate(rating)),
        cancel: () => this.#ask(null),
        save: () => this.#saveCopy(),
        print: () => this.#print(),
        askClear: () => this.#ask("clear"),
        clear: () => {
            this.#others.tellCleared(this.#session.chat);
            this.#forget();
        },
        copy: (code) => copy(code, this.#slip.card.querySelector("#callslip-code")),
        collect: async (typed) => {
            const code = readCode(typed);
            if (code === null) return t("code.format");
            try {
                this.#fillQuietly();
                await this.#session.collect(code);
                this.#ask(null);
                return "";
            } catch (error) {
                if (error.code === "unknownChat") return t("code.unknown");
                if (error.code === "tooMany") return t("code.tooMany");
                return told(error.code, error.message);
            }
        },
    };

    /** One request of a card at a time. Its buttons stay where the focus is; the node that answers twice is harmless. */
    async #try(request) {
        const { card } = this.#slip;
        if (card.getAttribute("aria-busy") === "true") return;
        card.setAttribute("aria-busy", "true");
        this.#failure = "";
        try {
            await request();
        } catch (error) {
            this.#failure = told(error.code, error.message);
        }
        card.removeAttribute("aria-busy");
        this.#draw();
    }

    #ask(what) {
        this.#local = what;
        this.#draw();
        const first = this.#slip.card.querySelector("input, button");
        if (what && first) first.focus();
        else this.#focusSlip();
    }

    #reset() {
        this.#session.reset();
        this.#log.clear();
        this.#local = null;
        this.#failure = "";
        this.#askPresence();
        this.#draw();
        if (!this.#minimised) this.#slip.composer.focus();
    }

    /** Nothing is told to the library: the chat is forgotten here alone, in all tabs of this browser. */
    #forget() {
        this.#reset();
        forgetAll();
        this.#ask("cleared");
        if (this.#minimised) this.#show({ focus: false });
    }

    /** Whether an address may be asked for. */
    get #contact() {
        return this.#options.profile !== "school";
    }

    #print() {
        print(this.#log.transcript(this.#slip.title.textContent), this.host.shadowRoot);
    }

    #saveCopy() {
        saveAsFile(this.#log.transcript(this.#slip.title.textContent), this.#slip.element);
    }

    #key(event) {
        const float = this.#options.mode === "float";
        if (event.key === "Escape" && this.#local) {
            event.stopPropagation();
            this.#ask(null);
        } else if (event.key === "Escape" && float) {
            event.stopPropagation();
            this.#toMinimised();
        } else if (event.key === "Tab" && float && covers()) keepFocusInside(event, this.#slip.element, this.host.shadowRoot.activeElement);
    }

    #toMinimised() {
        this.#minimised = true;
        this.#show({ focus: true });
    }

    /** Before a chat has begun, minimised means gone: the page's own button is the way back. */
    #show({ focus }) {
        const begun = this.#session.view.stage !== "start";
        this.#slip.element.hidden = this.#minimised;
        this.#slip.tab.hidden = !(this.#minimised && begun);
        this.#options.occupied(!this.#minimised || begun);
        remember("minimised", this.#minimised);
        if (!this.#minimised) {
            // Where it covers the page, nothing behind it is to be read.
            if (this.#options.mode === "float") this.#slip.element.setAttribute("aria-modal", String(covers()));
            this.#read();
            this.#log.comeBack();
        }
        this.#drawTab();
        if (!focus) return;
        if (!this.#minimised) this.#focusSlip();
        else if (begun) this.#slip.tab.focus({ preventScroll: true });
        else this.#options.opener?.focus({ preventScroll: true });
    }

    #focusSlip() {
        const { form, card, element, composer } = this.#slip;
        const target = form.hidden ? (card.querySelector("input, button") ?? element.querySelector("button:not([hidden])")) : composer;
        target?.focus({ preventScroll: true });
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

    async #askPresence({ first = false } = {}) {
        if (this.#session.view.stage !== "start" || document.hidden || (!first && this.#slip.element.hidden)) return;
        const { queue } = this.#options;
        const said = await askPresence(this.#connection.nodes, queue);
        if (queue !== this.#options.queue) return;
        this.#presence = said;
        this.#draw();
    }

    // Drawing

    #draw() {
        const { view } = this.#session;
        const { chat } = view;
        const slip = this.#slip;
        const there = this.#parts();
        const writing = slip.form.contains(this.host?.shadowRoot?.activeElement ?? null);
        setText(slip.title, this.#options.title || chat?.library?.title || chat?.queue?.title || this.#presence?.title || t("panel.title"));
        slip.element.dataset.stage = view.stage;
        slip.element.dataset.phase = chat?.phase?.p ?? "";
        slip.element.classList.toggle("collecting", this.#local === "collect");
        setText(slip.status, standing(view));
        slip.intro.hidden = !there.intro;
        this.#log.element.hidden = !there.log;
        if (there.intro) drawIntro(slip, this.#presence, this.#options.title);
        for (const name of ["collect", "end", "save", "print", "clear", "mute"]) slip[name].hidden = !there[name];
        this.#drawCard(view);
        this.#drawNotice();
        drawTyping(slip, view);
        this.#drawComposer();
        // What one was writing in is gone: the focus goes to the conversation, not to a button that the next Enter would press.
        if (writing && slip.form.hidden && there.log) this.#log.list.focus({ preventScroll: true });
        drawMute(slip, this.#muted);
        this.#drawTab();
    }

    #parts() {
        return parts(this.#session.view, { local: this.#local, nobody: this.#presence?.reach === "nobody", empty: this.#log.empty, contact: this.#contact, paused: readPause() !== null });
    }

    #drawCard(view) {
        const card = cardFor(view, this.#local, { contact: this.#contact, unsent: this.#session.unsent, pausedUntil: readPause() });
        if ((card?.key ?? null) === this.#cardKey) return;
        this.#cardKey = card?.key ?? null;
        const held = this.#slip.card.contains(this.host?.shadowRoot?.activeElement);
        this.#slip.card.replaceChildren(...(card ? [drawCard(card, this.#act)] : []));
        if (held && !this.#minimised) {
            this.#drawComposer();
            this.#focusSlip();
        }
        this.#log.toEnd();
    }

    #drawNotice() {
        const { lostAt, state } = this.#connection;
        const lostMs = lostAt === null ? null : Date.now() - lostAt;
        const { text, againMs } = trouble({ view: this.#session.view, line: { state, lostMs }, failure: this.#failure });
        clearTimeout(this.#noticeTimer);
        if (againMs !== null) this.#noticeTimer = setTimeout(() => this.#drawNotice(), againMs + 10);
        setText(this.#slip.notice, text);
    }

    #drawComposer() {
        drawComposer(this.#slip, this.#parts(), this.#session.view.stage);
    }

    #drawTab() {
        drawTab(this.#slip, this.#unread);
        if (this.#options.mode === "page") document.title = `${this.#unread > 0 ? `(${this.#unread}) ` : ""}${this.#slip.title.textContent}`;
    }
}
