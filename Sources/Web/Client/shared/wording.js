/**
 * The service's events and states in plain words for patrons, and what both clients do with texts. Pure functions: values in, sentences out.
 */

const named = (thing, otherwise) => thing?.title || thing?.display || thing?.name || otherwise;

/** "Mia, Memorial Library". */
export function person(by) {
    const name = by?.display || by?.name || "Someone";
    const library = by?.library?.title || by?.library?.name;
    return library ? `${name}, ${library}` : name;
}

/** "usually about a minute". Empty when nobody knows. */
export function usualWait(seconds) {
    // A wait of no second is known too; an unknown one is null.
    if (!Number.isFinite(seconds) || seconds < 0) return "";
    if (seconds < 40) return "usually under a minute";
    if (seconds < 90) return "usually about a minute";
    const minutes = Math.round(seconds / 60);
    return minutes < 60 ? `usually about ${minutes} minutes` : "usually more than an hour";
}

/** Where a waiting patron stands: "2 before you; usually about a minute". */
export function place(ahead, seconds) {
    const where = !(ahead > 0) ? "You are next" : `${ahead} before you`;
    const wait = usualWait(seconds);
    return wait ? `${where}; ${wait}` : where;
}

const CLOSED = {
    byOperator: "The chat has ended. Thank you for asking.",
    byPatron: "You ended the chat.",
    patronGone: "The chat ended because this page was away for long.",
    answeredMessage: "Your message has been answered.",
    notAnswered: "Your question was kept for as long as questions are, and nobody answered it. Please ask again.",
};

const RETURNED = {
    notPickedUp: (queue) => `${queue} could not pick up in time. You are back where you were.`,
    targetGone: (queue) => `${queue} is no longer there. You are back where you were.`,
    withdrawn: (queue) => `The transfer to ${queue} was taken back.`,
};

/** A ChatEvent (`{e: …}`) as one sentence for the patron. Empty for what a patron need not read. */
export function eventForPatron(event) {
    const queue = named(event.queue, "another library");
    switch (event.e) {
        case "opened":
            return `Your question went to ${queue}.`;
        case "referred":
            return `${queue} answers for your library now.`;
        case "claimed":
        case "pickedUp":
            return `${person(event)} is answering.`;
        case "transferAsked":
            return `The librarian suggests ${queue}.`;
        case "transferDeclined":
            return `You stay here, not with ${queue}.`;
        case "offered":
            return `Asking ${queue} to take over. The librarian stays with you until they do.`;
        case "returned":
            return (RETURNED[event.reason] ?? RETURNED.withdrawn)(queue);
        case "requeued":
            return event.reason === "operatorGone"
                ? "The librarian lost the connection. You keep your place, and someone else will answer."
                : "You are waiting for the next librarian. You keep your place.";
        case "nobodyThere":
            return "Nobody can answer right now.";
        case "kept":
            return "Your question is kept as a message.";
        case "closed":
            return CLOSED[event.reason] ?? CLOSED.byOperator;
        default:
            return "";
    }
}

/** Where the patron stands, from the `chat` frame: one short line for the panel's head. */
export function phaseForPatron(chat) {
    const phase = chat?.phase ?? {};
    switch (phase.p) {
        case "waiting":
            return place(phase.ahead, chat.usualWaitS);
        case "held":
            if (phase.offer && !phase.offer.asked) return `${phase.by?.display ?? "The librarian"} is asking ${named(phase.offer.target, "another library")}`;
            return `${person(phase.by)} is answering`;
        case "ask":
            return `${named(chat.library ?? chat.queue, "Your library")} is away now`;
        case "unattended":
            return "Nobody can answer right now";
        case "kept":
            return "Your question is kept as a message";
        case "closed":
            return { answeredMessage: "Your message has been answered", notAnswered: "Your question was not answered" }[phase.reason] ?? "The chat has ended";
        default:
            return "";
    }
}

/** 14:05, in the reader's own way of writing times. */
export function clockTime(ms) {
    return new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" }).format(new Date(ms));
}

/** Cuts a text into plain parts and links (http and https only). A full stop or bracket at the end is not the link's. */
export function linkParts(text) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(/https?:\/\/[^\s<>"'`]+/giu)) {
        let found = match[0].replace(/[.,;:!?…]+$/u, "");
        while (/[)\]]$/.test(found) && (found.match(/[([]/g) ?? []).length < (found.match(/[)\]]/g) ?? []).length) found = found.slice(0, -1);
        found = found.replace(/[.,;:!?…]+$/u, "");
        if (!URL.canParse?.(found) && URL.canParse) continue;
        if (match.index > end) parts.push({ text: text.slice(end, match.index) });
        parts.push({ text: found, href: found });
        end = match.index + found.length;
    }
    if (end < text.length) parts.push({ text: text.slice(end) });
    return parts;
}

/** Bytes of UTF-8. */
export function utf8Bytes(text) {
    return new TextEncoder().encode(text).length;
}

const CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** A fresh pick-up code: 12 characters of Crockford's base 32 (60 random bits) in three groups. */
export function newCode() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return Array.from(bytes, (byte) => CROCKFORD[byte & 31]).join("").replace(/(.{4})(?=.)/g, "$1-");
}

/** What a person typed as a code, in the form that nodes know; null when it cannot be one. Reads O as 0, I and L as 1. */
export function readCode(typed) {
    const plain = typed.toUpperCase().replace(/[\s-]+/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
    return /^[0-9A-HJKMNP-TV-Z]{12}$/.test(plain) ? plain.replace(/(.{4})(?=.)/g, "$1-") : null;
}
