/**
 * The old vendor's embeds, unchanged but for the host name:
 *
 *     <div class="needs-js">…</div>  <script async src="//HOST/js/libraryh3lp.js?QUEUE"></script>
 *     <div class="libraryh3lp" jid="memorial@chat.HOST" style="display:none">online</div>
 *     <div class="libraryh3lp" style="display:none">offline</div>   <script async src="//HOST/js/libraryh3lp.js?multi,poll"></script>
 *
 * Of the blocks that follow each other, the first is shown whose own people are there; else the first that others answer
 * for; else the one without a jid. A block's own links and handlers stay; a block without any opens the panel.
 */
(() => {
    "use strict";

    const script = document.currentScript;
    const address = new URL(script.src, location.href);
    const home = address.origin;
    const words = decodeURIComponent(address.search.slice(1)).split("&")[0].split(",").filter(Boolean);
    const services = words.filter((word) => word !== "multi" && word !== "poll");
    const POLL_MS = 1200;
    const POLL_IDLE_MS = 20000;
    const IDLE_AFTER_MS = 300000;
    const state = new Map();
    let active = Date.now();
    let nodes = [home];
    try {
        nodes = [...new Set([home, ...(JSON.parse(sessionStorage.getItem("callslip.nodes")) ?? [])])];
    } catch {
        // Storage may be forbidden: HOST alone, then.
    }

    const jidOf = (block) => block.getAttribute("jid") || block.dataset.lh3Jid || block.dataset.jid || "";
    const queueOf = (jid) => jid.split("@")[0].trim().toLowerCase();

    function read(text) {
        const said = /\bcallslip\s*=\s*\{[^\n]*?"reach"\s*:\s*"(own|referred|nobody)"/.exec(text)?.[1];
        if (said) return said;
        if (!/\bshow\s*:\s*'(available|chat)'/.test(text)) return "nobody";
        return /\bstatus\s*:\s*'referred'/.test(text) ? "referred" : "own";
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
        return state.get(queue) ?? "nobody";
    }

    async function open(queue, opener) {
        for (const node of nodes) {
            try {
                const { openPanel } = await import(`${node}/patron/panel.js`);
                await openPanel({ nodes, queue, opener });
                return;
            } catch {
                // The next node.
            }
        }
        window.open(`${home}/chat/${encodeURIComponent(queue)}@chat.${address.hostname}`, "_blank", "noopener");
    }

    /** A block with words or a picture alone becomes the button; its own links, forms and handlers are left to work. */
    function makeButton(block, queue) {
        if (block.dataset.callslipReady !== undefined) return;
        block.dataset.callslipReady = "";
        if (block.onclick || block.querySelector("a, button, iframe, input, object, [onclick]")) return;
        block.setAttribute("role", "button");
        block.tabIndex = 0;
        block.style.cursor = "pointer";
        block.addEventListener("click", () => open(queue, block));
        block.addEventListener("keydown", (event) => {
            if (event.key !== "Enter" && event.key !== " ") return;
            event.preventDefault();
            open(queue, block);
        });
    }

    /** Blocks of one parent belong together. */
    function groups() {
        const found = new Map();
        for (const block of document.querySelectorAll(".libraryh3lp")) {
            found.set(block.parentElement, [...(found.get(block.parentElement) ?? []), block]);
        }
        return [...found.values()];
    }

    function show(blocks) {
        const reachOf = (block) => state.get(queueOf(jidOf(block)));
        const online = blocks.filter((block) => jidOf(block) !== "");
        const shown =
            online.find((block) => reachOf(block) === "own") ??
            online.find((block) => reachOf(block) === "referred") ??
            blocks.find((block) => jidOf(block) === "");
        for (const block of blocks) {
            const wanted = block === shown ? "" : "none";
            if (block.style.display !== wanted) block.style.display = wanted;
            block.dataset.callslipShown = String(block === shown);
        }
        if (shown && jidOf(shown)) makeButton(shown, queueOf(jidOf(shown)));
    }

    /** `needs-js` with a service: one button of ours in place of the words for browsers without JavaScript. */
    function fill(place) {
        if (place.dataset.callslipReady !== undefined) return;
        place.dataset.callslipReady = "";
        const button = document.createElement("button");
        button.type = "button";
        button.setAttribute("data-callslip-launcher", services[0]);
        button.append("Ask a librarian ", document.createElement("span"));
        button.addEventListener("click", () => open(chosen(), button));
        place.replaceChildren(button);
    }

    const chosen = () => services.find((q) => state.get(q) === "own") ?? services.find((q) => state.get(q) === "referred") ?? services[0];

    function draw() {
        for (const blocks of groups()) show(blocks);
        if (services.length === 0) return;
        for (const place of document.querySelectorAll(".needs-js")) {
            fill(place);
            const button = place.firstElementChild;
            const reach = state.get(chosen()) ?? "nobody";
            button.dataset.state = reach;
            const text = { own: "(here now)", referred: "(answers now)", nobody: "(leave a message)" }[reach];
            if (button.lastElementChild.textContent !== text) button.lastElementChild.textContent = text;
        }
    }

    async function poll() {
        clearTimeout(poll.timer);
        if (document.hidden) return;
        const round = (poll.round = (poll.round ?? 0) + 1);
        const queues = [...document.querySelectorAll(".libraryh3lp")].map((block) => queueOf(jidOf(block)));
        const wanted = [...new Set([...queues, ...services])].filter(Boolean);
        const said = await Promise.all(wanted.map(ask));
        if (round !== poll.round) return;
        wanted.forEach((queue, i) => state.set(queue, said[i]));
        draw();
        const every = Date.now() - active > IDLE_AFTER_MS ? POLL_IDLE_MS : POLL_MS;
        poll.timer = setTimeout(poll, every * (0.8 + Math.random() * 0.4));
    }

    function begin() {
        for (const name of ["pointerdown", "keydown", "scroll", "pointermove"]) {
            addEventListener(
                name,
                () => {
                    const slept = Date.now() - active > IDLE_AFTER_MS;
                    active = Date.now();
                    if (slept) poll();
                },
                { passive: true, capture: true },
            );
        }
        document.addEventListener("visibilitychange", () => {
            active = Date.now();
            poll();
        });
        poll();
        try {
            const chat = JSON.parse(sessionStorage.getItem("callslip.chat"));
            if (chat) open(chat.queue ?? services[0] ?? "", null);
        } catch {
            // No chat to go on with.
        }
    }

    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
    else begin();
})();
