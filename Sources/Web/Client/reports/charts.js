/** Column charts: a stretched drawing with its labels beneath, and the same as a table on a toggle. */

import { h } from "../shared/dom.js";
import { drawing, row, table } from "../shared/tables.js";

/** What became of chats, from the bottom up: told apart by width as well as by colour. */
export const KINDS = [["answered", "Answered", 10], ["missed", "Left a message", 6], ["abandoned", "Patron went", 3], ["open", "Not over yet", 1], ["unknown", "Not known", 4]];

/** A chat is one of these; what is none of the first three is not over yet, or was the former service's. */
function parts(entry) {
    const unknown = entry.formerUnanswered ?? 0;
    return { ...entry, unknown, open: Math.max(0, entry.asked - entry.answered - entry.missed - entry.abandoned - unknown) };
}

/** The rectangles of one chart, in a field of 12 a column and 100 high, growing upwards. */
export function columns(entries) {
    const most = Math.max(1, ...entries.map((entry) => entry.asked));
    return entries.flatMap((entry, place) => {
        let below = 0;
        return KINDS.flatMap(([kind, , width]) => {
            const count = parts(entry)[kind];
            if (count === 0) return [];
            const height = (count / most) * 100;
            below += height;
            return [{ x: place * 12 + (12 - width) / 2, y: 100 - below, width, height, class: kind }];
        });
    });
}

const seconds = (value) => (value === undefined || value === null ? "–" : `${value} s`);

/**
 * @param {string} title
 * @param {Array<{asked: number, answered: number, missed: number, abandoned: number, waits: object}>} entries
 * @param {(entry: object, place: number) => string} name of a row of the table
 * @param {(entry: object, place: number) => string} tick beneath a column; empty for most where there are many
 * @param {string} head of the rows
 */
export function chart(title, entries, name, tick, head) {
    const most = Math.max(0, ...entries.map((entry) => entry.asked));
    return h("div", { class: "chart" },
        h("h4", { text: title }),
        h("div", { class: "columns", "aria-hidden": "true" }, h("span", { class: "most", text: most }), drawing(entries.length * 12, 100, columns(entries)),
            h("div", { class: "ticks" }, ...entries.map((entry, place) => h("span", { text: tick(entry, place) })))),
        h("details", { class: "screen" }, h("summary", { text: `${title} as a table` }), table(title, [head, "Asked", "Answered", "Left a message", "Patron went", "Median wait, about"],
            entries.map((entry, place) => row(name(entry, place), entry.asked, entry.answered, entry.missed, entry.abandoned, seconds(entry.waits.medianS))))));
}

/** How many waited how long. */
export function waitChart(classes) {
    const most = Math.max(1, ...classes.map((entry) => entry.count));
    const rects = classes.map((entry, place) => ({ x: place * 12 + 1, y: 100 - (entry.count / most) * 100, width: 10, height: (entry.count / most) * 100, class: "answered" }));
    const label = (entry, place) => (entry.upToS === undefined ? `more than ${time(classes[place - 1].upToS)}` : `up to ${time(entry.upToS)}`);
    const ticks = new Set([30, 60, 90, 300]);
    return h("div", { class: "chart" },
        h("h4", { text: "How many waited how long" }),
        h("div", { class: "columns", "aria-hidden": "true" }, h("span", { class: "most", text: Math.max(...classes.map((entry) => entry.count)) }), drawing(classes.length * 12, 100, rects),
            h("div", { class: "ticks" }, ...classes.map((entry) => h("span", { text: ticks.has(entry.upToS) ? time(entry.upToS) : "" })))),
        h("details", { class: "screen" }, h("summary", { text: "Waits as a table" }), table("Waits by length", ["Waited", "Chats"], classes.map((entry, place) => row(label(entry, place), entry.count)))));
}

/** `30 s`, `2 min`, `1 min 15 s`. */
export function time(seconds) {
    const minutes = Math.floor(seconds / 60);
    if (minutes === 0 || seconds === 90) return `${seconds} s`;
    return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
}
