/**
 * What the panel says about where things stand: pure functions of the session's view, of presence and of the connection.
 */

import { opensAgain, t, told } from "../shared/language.js";
import { phaseForPatron, usualWait } from "./sentences.js";

/** A connection that comes back sooner than this is not worth a word. */
export const RECONNECTING_SHOWN_AFTER_MS = 2000;
export const TEXT_BYTES_MAX = 4000;
const COUNT_SHOWN_FROM_BYTES = 3400;

/** Who would answer, before anything is asked: `{reach, mark, head, text}`. `presence` is null while no node has told. */
export function introduction(presence, title) {
    if (!presence) return { reach: "unknown", mark: "", head: t("intro.head"), text: t("intro.text") };
    const { reach } = presence;
    const wait = usualWait(presence.usualWaitS);
    const values = { library: presence.title || title || t("panel.yourLibrary"), answers: presence.answers || t("panel.general"), wait };
    const opens = reach === "nobody" ? opensAgain(presence) : "";
    const text = t(`intro.${reach}Text${wait && reach !== "nobody" ? "Wait" : ""}`, values);
    return { reach, mark: t(`intro.${reach}Mark`), head: t(`intro.${reach}`, values), text: opens ? `${opens} ${text}` : text };
}

/** One short line in the head: where the patron stands. */
export function standing(view) {
    if (view.stage === "start") return "";
    if (view.stage === "opening" && !view.chat) return t("stand.sending");
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
        return { text: t("trouble.reconnecting"), againMs: null };
    }
    if (view.problem) return { text: told(view.problem.code, view.problem.text), againMs: null };
    if (view.service) return { text: told(view.service.answering ? "answering" : "isolated", view.service.text, "service"), againMs: null };
    return { text: failure, againMs: null };
}

/** The quiet mark at a message of the patron's own; "" while it is too soon to say anything. */
export function delivery(entry, late) {
    switch (entry.state) {
        case "sending": return late ? t("mark.sending") : "";
        case "held": return t("mark.held");
        case "safe": return t("mark.safe");
        default: return t("mark.failed", { why: entry.why || entry.code ? told(entry.code, entry.why) : "" }).trim();
    }
}

/** What is left of the room for a message: `{text, over}`. */
export function room(bytes) {
    const left = TEXT_BYTES_MAX - bytes;
    if (left < 0) return { text: t("write.over", { count: -left }), over: true };
    return { text: bytes < COUNT_SHOWN_FROM_BYTES ? "" : t("write.left", { count: left }), over: false };
}

/**
 * Which parts of the panel are there. `local`: what the panel asked itself ("end", "clear", "cleared", "collect"); `nobody`: nobody would answer;
 * `paused`: a librarian asked for a pause.
 */
export function parts(view, { local, nobody, empty, contact = true, paused = false }) {
    const phase = view.chat?.phase?.p;
    const start = view.stage === "start";
    const over = phase === "closed" || phase === "kept";
    return {
        intro: start && !paused && local !== "collect" && local !== "cleared",
        log: !(start && empty),
        composer: !(start && paused) && !["fenced", "refused"].includes(view.stage) && phase !== "closed" && local !== "collect" && !(phase === "kept" && view.stage === "open"),
        privacy: start && !paused,
        contact: start && nobody && contact,
        leaves: start && nobody,
        collect: start && local !== "collect",
        end: (view.stage === "open" || view.stage === "opening") && !over && local !== "end",
        save: !empty && phase !== "closed" && local !== "clear",
        print: !empty && phase !== "closed" && local !== "clear",
        clear: !start && phase !== "closed" && local !== "clear" && local !== "end",
        mute: !start,
    };
}
