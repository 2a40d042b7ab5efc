/**
 * The button on a library's page: one element with a shadow root, which neither shifts nor styles anything of the page. The panel itself is
 * fetched on the first press.
 */

import { askOtherTabs, keepAsking, knownNodes, openPanel, stored } from "../shared/embed.js";
import { choose, wishes } from "../shared/languages.js";
import { askPresence } from "../shared/presence.js";
import { BUTTON } from "../texts/button.js";
import { beSilent, tellSeen } from "../shared/seen.js";

const ASK_EVERY_MS = 5000;

const part = (tag, name) => Object.assign(document.createElement(tag), { className: name });

/**
 * Makes one button.
 * @param {object} options
 * @param {string} options.queue
 * @param {string} [options.label] its words
 * @param {string} [options.lang] the language that its tag asks for
 * @param {string} [options.accent] the library's colour
 * @param {boolean} [options.fixed] in the corner of the window
 * @param {() => void} options.pressed
 * @returns {{host: HTMLElement, draw: (said: object|null, goesOn: boolean) => void, hide: (on: boolean) => void, busy: (on: boolean) => void, focus: (how: object) => void}}
 */
export function makeLauncher({ queue, label, lang, accent, fixed = false, pressed }) {
    const spoken = choose(wishes(lang, document.documentElement.lang));
    const texts = BUTTON[spoken.code];
    const host = document.createElement("span");
    host.setAttribute("data-callslip-button", queue);
    host.lang = spoken.tag;
    host.dir = texts.direction;
    const root = host.attachShadow({ mode: "open", delegatesFocus: true });
    const button = part("button", fixed ? "launcher fixed" : "launcher");
    button.type = "button";
    button.setAttribute("data-callslip-launcher", queue);
    const dot = part("span", "dot");
    dot.setAttribute("aria-hidden", "true");
    const words = part("span", "words");
    words.textContent = label || texts.label;
    const state = part("span", "state");
    button.append(dot, words, state);
    button.addEventListener("click", pressed);
    // Without its styles it would be of another size at first: until then it is not there.
    let away = false;
    let unstyled = accent ? 3 : 2;
    const show = () => {
        button.hidden = away || unstyled > 0;
    };
    show();
    const styled = () => {
        unstyled -= 1;
        show();
    };
    // The few libraries with a colour of their own fetch what makes it readable.
    if (accent) import("../shared/accent.js").then(({ wear }) => wear(host, accent)).catch(() => {}).finally(styled);
    for (const path of ["../shared/tokens.css", "./launcher.css"]) {
        const link = Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL(path, import.meta.url).href });
        link.onload = link.onerror = styled;
        root.append(link);
    }
    root.append(button);
    return {
        host,
        draw(said, goesOn) {
            const text = goesOn ? texts.goOn : texts[said?.reach] || "";
            if (state.textContent !== text) state.textContent = text;
            button.dataset.state = said?.reach || "unknown";
        },
        hide(on) {
            away = on && fixed;
            show();
        },
        busy: (on) => (on ? button.setAttribute("aria-busy", "true") : button.removeAttribute("aria-busy")),
        focus: (how) => button.focus(how),
    };
}

/** Puts the buttons on the page: in each `data-callslip` place, or one in the corner for `queue`. The promise is kept when they are there. */
export function placeButtons({ nodes: named, queue, title, label, lang, profile, accent, preview }) {
    const nodes = knownNodes(named);
    if (preview) beSilent();
    const tell = (button, error) => tellSeen(nodes, { queue: button.queue, kind: "own" }, error);
    const buttons = [];
    let handed = null;

    async function open(button, extra = {}) {
        button.launcher.busy(true);
        const occupied = (on) => buttons.forEach((other) => other.launcher.hide(on));
        const taken = handed;
        handed = null;
        await openPanel(nodes, { lang, profile, accent, queue: button.queue, title: button.title, opener: button.launcher, occupied, handed: taken, failed: (error) => tell(button, error), ...extra });
        button.launcher.busy(false);
    }

    function make(place, its) {
        const button = { ...its, said: null };
        button.launcher = makeLauncher({ ...its, pressed: () => open(button) });
        buttons.push(button);
        // The plain link that stood there until now.
        const links = its.fixed ? ":scope > [data-callslip-plain]" : ':scope > [data-callslip-plain], :scope > a[href*="/chat/"]';
        for (const link of place.querySelectorAll(links)) link.remove();
        place.append(button.launcher.host);
    }

    const draw = () => buttons.forEach((button) => button.launcher.draw(button.said, Boolean(handed || stored("chat"))));

    async function ask() {
        for (const name of new Set(buttons.map((button) => button.queue))) {
            const said = await askPresence(nodes, name);
            for (const button of buttons) if (button.queue === name) button.said = said;
        }
        draw();
    }

    function begin() {
        const places = document.querySelectorAll("[data-callslip]");
        for (const place of places) {
            if (place.querySelector("[data-callslip-button]")) continue;
            make(place, { queue: place.dataset.callslip, title: place.dataset.title || title, label: place.dataset.label || label, lang, accent });
        }
        if (queue && places.length === 0) make(document.body, { queue, title, label, lang, accent, fixed: true });
        if (buttons.length === 0) return;
        if (stored("chat")) open(buttons[0], { resume: true, minimised: stored("minimised", false) });
        else {
            askOtherTabs((chat) => {
                handed = chat;
                draw();
            });
        }
        keepAsking(ask, ASK_EVERY_MS);
        for (const button of buttons) tell(button);
    }

    return new Promise((resolve, reject) => {
        const now = () => {
            try {
                resolve(begin());
            } catch (error) {
                reject(error);
            }
        };
        if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", now);
        else now();
    });
}
