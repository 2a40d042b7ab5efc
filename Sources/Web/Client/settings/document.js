/** A settings document as its lines, and what two of them say otherwise. No page. */

const NOT_SETTINGS = new Set(["version", "note"]);

/** The lines of a document by their names; the line of its form is left out. */
export function linesOf(text) {
    const lines = new Map();
    for (const line of text.split("\n").slice(1)) {
        const colon = line.indexOf(":");
        if (colon > 0) lines.set(line.slice(0, colon), line.slice(colon + 1).trim());
    }
    return lines;
}

/** What `to` says otherwise than `from`: names with both values, without numbers and notes. */
export function differences(from, to) {
    const [before, after] = [linesOf(from), linesOf(to)];
    const names = [...new Set([...before.keys(), ...after.keys()])].filter((name) => !NOT_SETTINGS.has(name));
    return names.filter((name) => before.get(name) !== after.get(name)).map((name) => ({ name, from: before.get(name) ?? "", to: after.get(name) ?? "" }));
}

/** A key is long: its beginning tells it from the others. */
export const shortKeys = (text) => text.split(" ").filter((key) => key !== "").map((key) => (key.length > 16 ? `${key.slice(0, 8)}…` : key)).join(", ");
