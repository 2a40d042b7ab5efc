// What the desk says about things that happened: one place, so that the same thing is always called the same.

const title = (thing, fallback = "the queue") => thing?.title ?? thing?.name ?? fallback;

/** One line of the log for an event of the service, as the operator reads it. */
export function eventSentence(event) {
    const queue = title(event.queue);
    switch (event.e) {
        case "opened": return `The patron asked at ${queue}.`;
        case "referred": return `Referred to ${queue}: the library could not answer.`;
        case "claimed": return `${event.display ?? event.name} of ${title(event.library, "the consortium")} took the chat.`;
        case "transferAsked": return `The patron is asked whether ${queue} may take over.`;
        case "transferDeclined": return `The patron would rather not be passed on to ${queue}.`;
        case "offered": return `Offered to ${queue}.`;
        case "pickedUp": return `${event.display ?? event.name} of ${title(event.library, "the consortium")} picked the chat up.`;
        case "returned": return {
            notPickedUp: `Nobody at ${queue} picked it up: the chat stays here.`,
            targetGone: `Nobody is at ${queue} any more: the chat stays here.`,
            withdrawn: `The offer to ${queue} was withdrawn.`,
        }[event.reason] ?? `The chat came back from ${queue}.`;
        case "requeued": return {
            released: `Put back into the line of ${queue}.`,
            operatorGone: `The operator lost the connection: the chat went back into the line of ${queue}.`,
            transferFailed: `The transfer failed: the chat went into the line of ${queue}.`,
        }[event.reason] ?? `Back in the line of ${queue}.`;
        case "nobodyThere": return "Nobody could answer.";
        case "kept": return "The patron left the question as a message.";
        case "closed": return {
            byOperator: "Closed.",
            blocked: "Ended, with a pause of 24 hours for that browser.",
            byPatron: "The patron ended the chat.",
            patronGone: "The patron was gone: the chat was closed.",
            answeredMessage: "Answered: the patron collects it with the code.",
            notAnswered: "Nobody answered in time.",
        }[event.reason] ?? "Closed.";
        default: return null;
    }
}

/** What became of a message that I sent. */
export function deliverySentence(state) {
    return { waiting: "Waiting to be sent", sent: "Sending…", held: "Kept at this library; on its way to the others", safe: "Sent", failed: "Not sent" }[state] ?? "";
}

/** Why signing in failed, in plain words; the node's own sentence wins where it has one. */
export function signInSentence(status, body) {
    if (typeof body?.text === "string" && body.text !== "") return body.text;
    if (status === 401) return "The name and the password do not belong together. Check both, and try again.";
    if (status === 429) return "There were too many tries. Wait a minute, and try again.";
    if (status === 503) return "Your library’s node cannot be reached now, so your password cannot be checked. Try again in a moment, or ask your help desk.";
    if (status === 0) return "The service cannot be reached. Check the network, and try again.";
    return `The service could not sign you in (answer ${status}). Try again; if it stays so, tell your help desk.`;
}

/** The name of a chat that is the same everywhere: header, tab, notice. */
export function chatName(chat) {
    return title(chat.meta?.library, null) ?? title(chat.meta?.queue, "Unknown library");
}

export const shortcuts = [
    ["Alt + 1 … 9", "Go to chat 1 … 9"],
    ["Alt + N", "Claim the chat that has waited longest"],
    ["Alt + T", "Transfer the chat you are in"],
    ["Alt + R", "Liaisons and agreements: who knows about a subject, to refer a question"],
    ["Alt + S", "Staff room: who is on, and messages among colleagues"],
    ["Alt + W", "Go to the waiting list"],
    ["Alt + M", "Write a note for staff in the chat you are in (the patron never sees it)"],
    ["Alt + C", "Crisis card: what to do when somebody may be in danger"],
    ["Ctrl + K", "Search libraries, queues and actions"],
    ["/", "Search canned messages (at the beginning of a word)"],
    ["Enter", "Send the message"],
    ["Shift + Enter", "New line in the message"],
    ["Esc", "Close a dialog or a question"],
    ["?", "This sheet (when you are not writing)"],
];
