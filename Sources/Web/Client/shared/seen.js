/**
 * Tells a node on which page the button's code runs, in which version, and what failed (agreement, 4): host and path of the page alone. Nothing of the patron: no cookie, no
 * query, no referrer. Once for each page in a tab.
 */

import { stored } from "./embed.js";

const TOLD_MAX = 30;
const ERROR_LENGTH_MAX = 120;

/** Of this code: `/js/v/VERSION/shared/seen.js`; "" where a node serves it as it was built. */
export const VERSION = /\/js\/v\/([0-9a-f]{16})\//.exec(import.meta.url)?.[1] ?? "";

let silent = false;

/** A preview is nobody's page. */
export function beSilent() {
    silent = true;
}

/**
 * @param {string[]} nodes
 * @param {{queue?: string, kind: "own"|"old"}} button
 * @param {unknown} [error] what failed
 */
export async function tellSeen(nodes, { queue, kind }, error) {
    if (silent || !location.protocol.startsWith("http")) return;
    const said = error === undefined ? "" : String(error).slice(0, ERROR_LENGTH_MAX);
    const body = JSON.stringify({ host: location.host, path: location.pathname, queue: queue ?? "", kind, version: VERSION, error: said });
    const told = stored("seen", []);
    if (told.includes(body)) return;
    try {
        sessionStorage.setItem("callslip.seen", JSON.stringify([...told, body].slice(-TOLD_MAX)));
    } catch {
        // Without storage it is told once more on the next page.
    }
    for (const node of nodes) {
        try {
            // Text, and no fields of our own: a browser asks no leave for that.
            await fetch(`${node}/api/button/seen`, { method: "POST", credentials: "omit", referrerPolicy: "no-referrer", keepalive: true, body });
            return;
        } catch {
            // The next node.
        }
    }
}
