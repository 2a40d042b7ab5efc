/** The service's events and states in plain words for patrons, in the language that is spoken. Pure functions: values in, sentences out. */

import { has, t } from "../shared/language.js";

const named = (thing, otherwise) => thing?.title || thing?.display || thing?.name || otherwise;

/** "Mia, Memorial Library". */
export function person(by) {
    const name = by?.display || by?.name || t("panel.someone");
    const library = by?.library?.title || by?.library?.name;
    return library ? t("panel.person", { name, library }) : name;
}

/** "usually about a minute". Empty when nobody knows. */
export function usualWait(seconds) {
    // A wait of no second is known too; an unknown one is null.
    if (!Number.isFinite(seconds) || seconds < 0) return "";
    if (seconds < 40) return t("wait.underMinute");
    if (seconds < 90) return t("wait.minute");
    const count = Math.round(seconds / 60);
    return count < 60 ? t("wait.minutes", { count }) : t("wait.hour");
}

/** Where a waiting patron stands: "2 before you; usually about a minute". */
export function place(ahead, seconds) {
    const where = !(ahead > 0) ? t("wait.next") : t("wait.before", { count: ahead });
    const wait = usualWait(seconds);
    return wait ? t("wait.both", { where, wait }) : where;
}

/** Events that say no more than their kind and the queue. */
const PLAIN = ["opened", "referred", "transferAsked", "transferDeclined", "offered", "nobodyThere", "kept"];

/** A ChatEvent (`{e: …}`) as one sentence for the patron. Empty for what a patron need not read. */
export function eventForPatron(event) {
    const queue = named(event.queue, t("panel.otherLibrary"));
    const { e, reason } = event;
    const said = (key, otherwise) => t(has(`event.${key}`) ? `event.${key}` : `event.${otherwise}`, { queue });
    if (PLAIN.includes(e)) return t(`event.${e}`, { queue });
    if (e === "claimed" || e === "pickedUp") return t("event.claimed", { person: person(event) });
    if (e === "returned") return said(reason, "withdrawn");
    if (e === "requeued") return reason === "operatorGone" ? t("event.operatorGone") : t("event.requeued");
    if (e === "closed") return said(reason, "byOperator");
    return "";
}

/** Where the patron stands, from the `chat` frame: one short line for the panel's head. */
export function phaseForPatron(chat) {
    const phase = chat?.phase ?? {};
    switch (phase.p) {
        case "waiting":
            return place(phase.ahead, chat.usualWaitS);
        case "held":
            if (!phase.offer || phase.offer.asked) return t("stand.answering", { person: person(phase.by) });
            return t("stand.asking", { name: phase.by?.display ?? t("panel.librarian"), queue: named(phase.offer.target, t("panel.otherLibrary")) });
        case "ask":
            return t("stand.away", { library: named(chat.library ?? chat.queue, t("panel.yourLibrary")) });
        case "unattended":
            return t("stand.nobody");
        case "kept":
            return t("stand.kept");
        case "closed":
            return { answeredMessage: t("stand.answered"), notAnswered: t("stand.notAnswered") }[phase.reason] ?? t("stand.ended");
        default:
            return "";
    }
}
