// The search of the palette and of the transfer list: small, forgiving, and the same in both. Every word typed must be found in an entry;
// a beginning of a title counts more than a beginning of a word, and that more than a middle. Accents and case do not matter.

/** Text as it is compared: without accents, in lower case. */
export function folded(text) {
    return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}

function wordScore(word, title, extra) {
    if (title.startsWith(word)) return 8;
    if (new RegExp(`(^|[^\\p{L}\\p{N}])${word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")}`, "u").test(title)) return 5;
    if (title.includes(word)) return 3;
    if (initials(title).startsWith(word)) return 2;
    return extra.includes(word) ? 1 : 0;
}

function initials(title) {
    return title.split(/[^\p{L}\p{N}]+/u).map((part) => part[0] ?? "").join("");
}

/** How well an entry answers what was typed; 0 when it does not. */
export function score(query, entry) {
    const words = folded(query).split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) return 1;
    const title = folded(entry.title);
    const extra = folded(entry.words ?? "");
    let sum = 0;
    for (const word of words) {
        const found = wordScore(word, title, extra);
        if (found === 0) return 0;
        sum += found;
    }
    return sum;
}

/** The entries that answer, best first; equals stay in the order in which they came. */
export function find(query, entries, countMax = 50) {
    return entries.map((entry, place) => ({ entry, place, points: score(query, entry) }))
        .filter((found) => found.points > 0)
        .sort((a, b) => b.points - a.points || a.place - b.place)
        .slice(0, countMax)
        .map((found) => found.entry);
}
