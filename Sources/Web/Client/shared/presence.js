/**
 * Who would answer at a queue right now, from the presence endpoint (`…/js`). The node adds one global to the old
 * vendor's: `var callslip={"reach":"own|referred|nobody","queue":…,"title":…,"answers":…,"usualWaitS":…,"opens":…};`
 * Without it (an older node, another vendor) `show` decides between "own" and "nobody".
 */

const ASK_MS_MAX = 4000;

export function presenceAddress(node, queue) {
    const { hostname } = new URL(node);
    return `${node.replace(/\/+$/, "")}/presence/jid/${encodeURIComponent(queue)}/chat.${hostname}/js`;
}

/** `{reach, queue?, title?, answers?, usualWaitS?, opens?}`; `queue` is the queue's own name, where another name of it was asked for. */
export function readPresence(text) {
    const found = /\bcallslip\s*=\s*(\{[^\n]*?\})\s*;/.exec(text);
    if (found) {
        try {
            const said = JSON.parse(found[1]);
            if (["own", "referred", "nobody"].includes(said.reach)) return said;
        } catch {
            // Fall through to what every node says.
        }
    }
    const show = /\bshow\s*:\s*'([a-z]*)'/.exec(text)?.[1];
    const status = /\bstatus\s*:\s*'([^']*)'/.exec(text)?.[1];
    if (show !== "available" && show !== "chat") return { reach: "nobody" };
    return { reach: status === "referred" ? "referred" : "own" };
}

/** Asks the nodes in turn; null when none answers. */
export async function askPresence(nodes, queue) {
    for (const node of nodes) {
        try {
            const abort = new AbortController();
            const timer = setTimeout(() => abort.abort(), ASK_MS_MAX);
            const answer = await fetch(presenceAddress(node, queue), { credentials: "omit", cache: "no-store", signal: abort.signal });
            clearTimeout(timer);
            if (answer.ok) return readPresence(await answer.text());
        } catch {
            // The next node.
        }
    }
    return null;
}
