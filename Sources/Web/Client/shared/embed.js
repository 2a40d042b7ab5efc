/**
 * What every button on a library's page shares, before the panel is there: which nodes there are, how to open the panel at one that answers,
 * how often to ask for presence, and a chat that goes on from the page before or from another tab.
 */

const POLL_IDLE_MS = 60000;
const IDLE_AFTER_MS = 300000;
const HANDED_WITHIN_MS = 250;
/** Where this version of the code is, at every node that has it; and where each node has its own. */
const FOLDERS = [...new Set([new URL("..", import.meta.url).pathname, "/"])];

/** What this tab remembers under `callslip.NAME`. */
export function stored(name, otherwise = null) {
    try {
        return JSON.parse(sessionStorage.getItem(`callslip.${name}`)) ?? otherwise;
    } catch {
        return otherwise;
    }
}

/** The nodes that the page names, then those that an earlier page of this tab was told of. */
export function knownNodes(named) {
    return [...new Set([...named, ...stored("nodes", [])])];
}

/**
 * Opens the panel with the code of the first node that gives it. When none does, the plain chat page is the last way, and says what is wrong;
 * not so where nobody pressed anything (`options.resume`).
 */
export async function openPanel(nodes, options) {
    for (const folder of FOLDERS) {
        for (const node of nodes) {
            try {
                const { openPanel: open } = await import(`${node}${folder}patron/panel.js`);
                return await open({ nodes, ...options });
            } catch (error) {
                console.warn(`Callslip: ${node}${folder} gave no panel.`, error);
                options.failed?.(error);
            }
        }
    }
    const wanted = new URLSearchParams(["lang", "profile", "accent"].filter((name) => options[name]).map((name) => [name, options[name]]));
    if (!options.resume) window.open(`${nodes[0]}/chat/${encodeURIComponent(options.queue)}@chat.${new URL(nodes[0]).hostname}?${wanted}`, "_blank", "noopener");
    return null;
}

/**
 * Calls `work` again and again while the page is seen, and seldom while nobody uses it.
 * @param {() => Promise<void>} work
 * @param {number} everyMs about this often
 * @returns {() => void} asks at once
 */
export function keepAsking(work, everyMs) {
    let active = Date.now();
    let timer = null;
    const ask = async () => {
        clearTimeout(timer);
        if (document.hidden) return;
        const round = (timer = setTimeout(ask, IDLE_AFTER_MS));
        await work();
        if (round !== timer) return;
        clearTimeout(timer);
        const every = Date.now() - active > IDLE_AFTER_MS ? Math.max(everyMs, POLL_IDLE_MS) : everyMs;
        timer = setTimeout(ask, every * (0.8 + Math.random() * 0.4));
    };
    const used = () => {
        const slept = Date.now() - active > IDLE_AFTER_MS;
        active = Date.now();
        if (slept) ask();
    };
    for (const name of ["pointerdown", "keydown", "scroll", "pointermove"]) addEventListener(name, used, { passive: true, capture: true });
    document.addEventListener("visibilitychange", () => {
        active = Date.now();
        ask();
    });
    ask();
    return ask;
}

/** Whether a living tab of this browser has a chat that this page can go on with: `told(chat)`, and `told(null)` when that chat ends. */
export function askOtherTabs(told) {
    if (!window.BroadcastChannel) return;
    const channel = new BroadcastChannel("callslip");
    let heard = false;
    channel.onmessage = ({ data }) => {
        if (data?.t === "here" && !stored("chat")) {
            heard = true;
            told(data.chat);
        } else if (data?.t === "ended" || data?.t === "cleared") told(null);
    };
    channel.postMessage({ t: "ask" });
    setTimeout(() => heard || channel.close(), HANDED_WITHIN_MS);
}
