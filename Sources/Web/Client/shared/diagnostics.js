/**
 * What may help LTG to find out what went wrong: how the connection went, and the last errors of the pages of this tab. It stays in the tab's own storage,
 * and goes along with a report of a problem where the person agrees, who sees it before.
 *
 * Never: nothing that anybody wrote, no name, no identifier; addresses without what follows the path.
 */

const KEY = "callslip.diagnostics";
export const LINES_MAX = 40;
const LINE_CHARACTERS_MAX = 200;

/** Without identifiers, and addresses cut after their path. */
export function redacted(text) {
    return String(text)
        .replace(/\b(https?:\/\/[^\s?#"')]+)[?#][^\s"')]*/g, "$1")
        .replace(/[0-9a-f]{16,}/gi, "…")
        .replace(/\s+/g, " ")
        .slice(0, LINE_CHARACTERS_MAX);
}

function stored() {
    try {
        const lines = JSON.parse(sessionStorage.getItem(KEY) ?? "[]");
        return Array.isArray(lines) ? lines.filter((line) => typeof line === "string") : [];
    } catch {
        return [];
    }
}

/** Notes something that happened, with the time. */
export function note(what, now = new Date()) {
    const lines = [...stored(), `${now.toISOString().slice(0, 19)}Z ${redacted(what)}`].slice(-LINES_MAX);
    try {
        sessionStorage.setItem(KEY, JSON.stringify(lines));
    } catch {
        // Without storage nothing goes along.
    }
}

export const notes = () => stored();

/** Notes how the connection goes, and errors of these scripts that nobody caught: on a library's page there are others. `page` is what this page is called. */
export function watch(page, connection, target = window) {
    const own = new URL(import.meta.url).origin;
    note(`${page}: loaded`);
    connection.on("state", ({ state, bye }) => note(`${page}: ${state}${bye ? `, ${bye.code}` : ""}`));
    target.addEventListener("error", ({ message, filename, lineno }) => {
        if (filename?.startsWith(`${own}/`)) note(`${page}: error: ${message} at ${filename}:${lineno}`);
    });
}

/** Where a problem is reported, with this tab's notes: behind the `#`, so that they are sent to nobody before the person sends them. */
export function reportAddress(node, from, library, lang) {
    const query = new URLSearchParams({ from, ...(library ? { library } : {}), ...(lang ? { lang } : {}) });
    return `${new URL(node).origin}/problem?${query}#notes=${encodeURIComponent(JSON.stringify(stored()))}`;
}

/** The notes in such an address; `null` where it has none. */
export function notesIn(hash) {
    if (!hash.startsWith("#notes=")) return null;
    try {
        const lines = JSON.parse(decodeURIComponent(hash.slice("#notes=".length)));
        return Array.isArray(lines) ? lines.filter((line) => typeof line === "string").slice(-LINES_MAX).map(redacted) : null;
    } catch {
        return null;
    }
}
