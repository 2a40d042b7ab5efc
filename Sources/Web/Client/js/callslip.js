/**
 * Callslip's button, for any page of a library:
 *
 *     <script async src="//HOST/js/callslip.js" data-queue="memorial"></script>
 *
 * The button stands in the page's corner, or in every `<div data-callslip="memorial"></div>`. Optional on the script:
 * `data-title` (what the panel is called), `data-label` (the button's words), `data-nodes` ("https://a,https://b").
 * It adds one element per button, with a shadow root; the panel itself is fetched on the first click.
 */
(() => {
    "use strict";

    const script = document.currentScript;
    const home = new URL(script.src, location.href).origin;
    const listed = (script.dataset.nodes || "").split(",").map((node) => node.trim().replace(/\/+$/, "")).filter(Boolean);
    const stored = (name, otherwise) => {
        try {
            return JSON.parse(sessionStorage.getItem(`callslip.${name}`)) ?? otherwise;
        } catch {
            return otherwise;
        }
    };
    const nodes = [...new Set([home, ...listed, ...stored("nodes", [])])];
    const POLL_MS = 5000;
    const POLL_IDLE_MS = 60000;
    const IDLE_AFTER_MS = 300000;
    const ASK_MS = 250;
    const launchers = [];
    let handed = null;
    let active = Date.now();

    /** One button: `data-state` is own, referred, nobody or unknown. */
    function makeLauncher(place, queue, options) {
        const host = document.createElement("span");
        host.setAttribute("data-callslip-button", queue);
        const root = host.attachShadow({ mode: "open", delegatesFocus: true });
        const button = document.createElement("button");
        button.type = "button";
        button.setAttribute("data-callslip-launcher", queue);
        button.className = options.fixed ? "launcher fixed" : "launcher";
        const dot = document.createElement("span");
        dot.className = "dot";
        dot.setAttribute("aria-hidden", "true");
        const words = document.createElement("span");
        words.className = "words";
        const state = document.createElement("span");
        state.className = "state";
        button.append(dot, words, state);
        words.textContent = options.label || "Ask a librarian";
        button.hidden = true;
        let styled = 0;
        for (const path of ["/shared/tokens.css", "/patron/launcher.css"]) {
            const link = document.createElement("link");
            link.rel = "stylesheet";
            link.href = home + path;
            link.onload = link.onerror = () => {
                styled += 1;
                if (styled === 2) button.hidden = launcher.away;
            };
            root.append(link);
        }
        root.append(button);
        const launcher = { queue, options, button, host, away: false, draw, hide };
        function draw(said) {
            const here = { own: "here now", referred: "answers now", nobody: "leave a message" }[said?.reach] || "";
            const text = handed || stored("chat", null) ? "go on with your chat" : here;
            if (state.textContent !== text) state.textContent = text;
            button.dataset.state = said?.reach || "unknown";
        }
        function hide(on) {
            launcher.away = on && options.fixed;
            button.hidden = launcher.away;
        }
        button.addEventListener("click", () => open(launcher, {}));
        place(host);
        launchers.push(launcher);
    }

    /** The panel's code comes from HOST, or from another node when HOST is gone. */
    async function panelCode() {
        let problem;
        for (const node of nodes) {
            try {
                return await import(`${node}/patron/panel.js`);
            } catch (error) {
                problem = error;
            }
        }
        throw problem;
    }

    async function open(launcher, extra) {
        const { button, queue, options } = launcher;
        button.setAttribute("aria-busy", "true");
        try {
            const { openPanel } = await panelCode();
            const opener = { focus: (how) => button.focus(how) };
            const occupied = (on) => launchers.forEach((other) => other.hide(on));
            await openPanel({ nodes, queue, title: options.title, opener, occupied, handed, ...extra });
            handed = null;
        } catch {
            // No node gives the panel: the plain chat page is the last way, and says what is wrong.
            if (!extra.resume) window.open(`${home}/chat/${encodeURIComponent(queue)}@chat.${location.hostname || "local"}`, "_blank", "noopener");
        }
        button.removeAttribute("aria-busy");
    }

    function read(text) {
        const found = /\bcallslip\s*=\s*(\{[^\n]*?\})\s*;/.exec(text);
        try {
            if (found) return JSON.parse(found[1]);
        } catch {
            // An older node: `show` says enough.
        }
        return { reach: /\bshow\s*:\s*'(available|chat)'/.test(text) ? "own" : "nobody" };
    }

    async function ask(queue) {
        for (const node of nodes) {
            try {
                const name = new URL(node).hostname;
                const answer = await fetch(`${node}/presence/jid/${encodeURIComponent(queue)}/chat.${name}/js`, { credentials: "omit", cache: "no-store" });
                if (answer.ok) return read(await answer.text());
            } catch {
                // The next node.
            }
        }
        return null;
    }

    async function poll() {
        if (!document.hidden) {
            for (const queue of new Set(launchers.map((launcher) => launcher.queue))) {
                const said = await ask(queue);
                for (const launcher of launchers) if (launcher.queue === queue) launcher.draw(said);
            }
        }
        const every = Date.now() - active > IDLE_AFTER_MS ? POLL_IDLE_MS : POLL_MS;
        clearTimeout(poll.timer);
        if (!document.hidden) poll.timer = setTimeout(poll, every * (0.75 + Math.random() * 0.5));
    }

    /** A living tab of this browser may have a chat that this page can go on with. */
    function askOthers() {
        if (!window.BroadcastChannel) return;
        const channel = new BroadcastChannel("callslip");
        channel.onmessage = ({ data }) => {
            if (data?.t === "here" && !stored("chat", null)) {
                handed = data.chat;
                launchers.forEach((launcher) => launcher.draw(null));
            } else if (data?.t === "ended") handed = null;
        };
        channel.postMessage({ t: "ask" });
        setTimeout(() => handed === null && channel.close(), ASK_MS);
    }

    function begin() {
        const places = document.querySelectorAll("[data-callslip]");
        const shared = { title: script.dataset.title, label: script.dataset.label };
        for (const div of places) {
            if (div.shadowRoot || div.querySelector("[data-callslip-button]")) continue;
            makeLauncher((host) => div.append(host), div.dataset.callslip, { title: div.dataset.title || shared.title, label: div.dataset.label || shared.label });
        }
        if (script.dataset.queue && places.length === 0) makeLauncher((host) => document.body.append(host), script.dataset.queue, { ...shared, fixed: true });
        if (launchers.length === 0) return;
        const chat = stored("chat", null);
        if (chat) open(launchers[0], { resume: true, minimised: stored("minimised", false) });
        else askOthers();
        for (const name of ["pointerdown", "keydown", "scroll"]) addEventListener(name, () => (active = Date.now()), { passive: true, capture: true });
        document.addEventListener("visibilitychange", () => {
            active = Date.now();
            poll();
        });
        poll();
    }

    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
    else begin();
})();
