/**
 * What the panel says about where things stand: pure functions of the session's view, of presence and of the connection.
 */

import { phaseForPatron, usualWait } from "../shared/wording.js";

/** A connection that comes back sooner than this is not worth a word. */
export const RECONNECTING_SHOWN_AFTER_MS = 2000;
export const TEXT_BYTES_MAX = 4000;
const COUNT_SHOWN_FROM_BYTES = 3400;

export const PRIVACY = "No name needed. The librarian who answers reads this; your library keeps it until your question is settled, then deletes it.";

const MARKS = { own: "Here now", referred: "Answered", nobody: "Away" };

/** Who would answer, before anything is asked: `{reach, mark, head, text}`. `presence` is null while no node has told. */
export function introduction(presence, title) {
    if (!presence) return { reach: "unknown", mark: "", head: "Ask a librarian", text: "Write your question below." };
    const library = presence.title || title || "Your library";
    const wait = usualWait(presence.usualWaitS);
    const said = {
        own: [`${library} is here`, `A librarian answers${wait ? `, ${wait}` : ""}. Write your question below.`],
        referred: [
            `${library} is away now`,
            `${presence.answers || "The campus general service"} answers instead${wait ? `, ${wait}` : ""}: librarians of other libraries, who can pass on to your own what needs it.`,
        ],
        nobody: ["Nobody is here right now", `${presence.opens ? `${presence.opens} ` : ""}Leave your question: you get a code to collect the answer with.`],
    };
    const [head, text] = said[presence.reach];
    return { reach: presence.reach, mark: MARKS[presence.reach], head, text };
}

/** One short line in the head: where the patron stands. */
export function standing(view) {
    if (view.stage === "start") return "";
    if (view.stage === "opening" && !view.chat) return "Sending your question…";
    return phaseForPatron(view.chat);
}

/**
 * The line under the head when something is not as it should be; "" when all is well. `againMs`: when to ask again.
 * @param {{view: object, line: {state: string, lostMs: number|null}, failure: string}} now `lostMs`: for how long the connection is gone
 */
export function trouble({ view, line, failure }) {
    if (view.stage !== "opening" && view.stage !== "open") return { text: failure, againMs: null };
    if (line.lostMs !== null && !["ready", "ended", "idle"].includes(line.state)) {
        if (line.lostMs < RECONNECTING_SHOWN_AFTER_MS) return { text: failure, againMs: RECONNECTING_SHOWN_AFTER_MS - line.lostMs };
        return { text: "Reconnecting… What you write is kept and goes out by itself.", againMs: null };
    }
    if (view.problem) return { text: view.problem.text, againMs: null };
    if (view.service) return { text: view.service.text || "The service is cut off for the moment. What you write is kept and goes out by itself.", againMs: null };
    return { text: failure, againMs: null };
}

/** The quiet mark at a message of the patron's own; "" while it is too soon to say anything. */
export function delivery(entry, late) {
    switch (entry.state) {
        case "sending": return late ? "sending…" : "";
        case "held": return "Kept at your library; on its way to the others";
        case "safe": return "sent";
        default: return `Not sent. ${entry.why ?? ""}`.trim();
    }
}

/** What is left of the room for a message: `{text, over}`. */
export function room(bytes) {
    const left = TEXT_BYTES_MAX - bytes;
    if (left < 0) return { text: `${-left} characters too long`, over: true };
    return { text: bytes < COUNT_SHOWN_FROM_BYTES ? "" : `${left} characters left`, over: false };
}

/** Which parts of the panel are there. `local`: what the panel asked itself ("end", "collect"); `nobody`: nobody would answer. */
export function parts(view, { local, nobody, empty }) {
    const phase = view.chat?.phase?.p;
    const start = view.stage === "start";
    const over = phase === "closed" || phase === "kept";
    return {
        intro: start && local !== "collect",
        log: !(start && empty),
        composer: !["fenced", "refused"].includes(view.stage) && phase !== "closed" && local !== "collect" && !(phase === "kept" && view.stage === "open"),
        privacy: start,
        contact: start && nobody,
        collect: start && local !== "collect",
        end: (view.stage === "open" || view.stage === "opening") && !over && local !== "end",
        save: !empty && phase !== "closed" && phase !== "kept",
        mute: !start,
    };
}
