// What the board means to the person who reads it: pure functions of two boards and of who "I" am. No page, no sound; those act on what
// these functions return.

/** How long "Mia took it" stays where the chat was waiting. */
export const takenLineMs = 6000;

const empty = { queues: [], waiting: [], kept: [], claimed: [], staff: [], libraries: [], referred: [] };

/** A board in which every list exists, whatever the node left out. */
export function wholeBoard(board) {
    const whole = { ...empty };
    for (const name of Object.keys(empty)) {
        if (Array.isArray(board?.[name])) whole[name] = board[name];
    }
    return whole;
}

/** A line of the waiting list is one chat in one role: the same chat on offer again is another line. */
export const lineKey = (line) => `${line.chat}:${line.offer ?? ""}`;

/** Whether this line should ring for me: I may take it, I said that I am there for its queue, and it is not first for colleagues on duty any more. */
export function ringsForMe(line, me, nowMs = 0) {
    return line.mayClaim === true && (me?.available ?? []).includes(line.queue?.name) && (line.ringsAtMs ?? 0) <= nowMs;
}

/**
 * What changed for me between two boards.
 * - `arrived`: lines that ring for me now and were not there before (or were not mine to take): new chats, and offers.
 * - `taken`: lines that vanished because somebody else claimed them, with who it was.
 * - `ringing`: which sounds must go on repeating: `chat`, `offer`.
 * - `rang`: the keys of the lines that ring, to be handed in as what rang before.
 */
export function boardChanges(before, after, me, { nowMs = 0, rang = null } = {}) {
    const old = wholeBoard(before);
    const now = wholeBoard(after);
    const rangBefore = rang ?? new Set(old.waiting.filter((line) => ringsForMe(line, me, nowMs)).map(lineKey));
    const ringing = now.waiting.filter((line) => ringsForMe(line, me, nowMs));
    const arrived = ringing.filter((line) => !rangBefore.has(lineKey(line)));
    const present = new Set([...now.waiting, ...now.kept].map((line) => line.chat));
    const claimedBy = new Map(now.claimed.map((claim) => [claim.chat, claim.by]));
    const taken = [...old.waiting, ...old.kept]
        .filter((line) => !present.has(line.chat) && claimedBy.has(line.chat) && claimedBy.get(line.chat).name !== me?.operator)
        .map((line) => ({ ...line, takenBy: claimedBy.get(line.chat), wasKept: old.kept.includes(line) }));
    return {
        arrived,
        taken,
        rang: new Set(ringing.map(lineKey)),
        ringing: { chat: ringing.some((line) => line.offer === undefined), offer: ringing.some((line) => line.offer !== undefined) },
    };
}

/** Those that I am on duty for come first, and of these who has waited longest; the node's order decides between equals. Offers and new chats are one line of people. */
export function inOrder(lines) {
    return lines.map((line, place) => ({ line, place }))
        .sort((a, b) => Number(a.line.onDuty === false) - Number(b.line.onDuty === false) || (b.line.waitedS ?? 0) - (a.line.waitedS ?? 0) || a.place - b.place)
        .map(({ line }) => line);
}

/**
 * The line that Alt+N takes: the one that has waited longest among those that I may take; those of my open queues come first. `mine`: whether a
 * chat is mine already, or about to be, which the board tells later.
 */
export function oldestClaimable(board, me, mine = () => false, nowMs = 0) {
    const lines = inOrder(wholeBoard(board).waiting).filter((line) => line.mayClaim === true && !mine(line.chat));
    return lines.find((line) => ringsForMe(line, me, nowMs)) ?? lines[0] ?? null;
}

const people = (n) => `${n} ${n === 1 ? "person" : "people"}`;

/** One sentence on whether pressing the button of this queue reaches somebody. */
export function reachSentence(queue) {
    if (queue.reach === "own") return `Open: ${people(queue.staffed ?? 0)} on`;
    if (queue.reach === "referred") return "Answered by the general queue";
    return "Nobody can answer: patrons can leave a message";
}

/** The reasons of a queue as one text. */
export function reasonsText(queue) {
    return (queue.reasons ?? []).map((reason) => reason.text).filter((text) => typeof text === "string" && text !== "").join(" ");
}

/** Whether the queue's library has closed at short notice, and not because it is outside its posted hours. */
export const closedAtShortNotice = (queue) => (queue?.reasons ?? []).some((reason) => reason.code === "closed" && /at short notice/u.test(reason.text ?? ""));

/**
 * The targets of a transfer: every queue but the one that the chat is in, those that take it first, then by title. `why` is the
 * sentence for one that cannot be chosen, `null` for one that can. `listedAt`: where somebody is asked to answer later whom the directory names.
 */
export function transferTargets(board, { currentQueue = null, tried = [], listedAt = null } = {}) {
    return wholeBoard(board).queues.map((queue) => {
        let why = null;
        // Nobody need be there to answer a question later.
        let later = false;
        if (queue.name === listedAt) {
            why = "To be answered later, by whom the directory names.";
            later = true;
        } else if (queue.name === currentQueue) why = "This chat came from here. Use “Back to queue” to put it back.";
        else if (tried.includes(queue.name)) {
            why = "Already tried with this patron: each place is tried once in a chat.";
            later = true;
        } else if (queue.takesTransfers !== true) {
            why = reasonsText(queue) || "It takes no transfers now.";
            later = true;
        }
        return { queue, why, later };
    }).sort((a, b) => Number(a.why !== null) - Number(b.why !== null)
        || Number(b.queue.general === true) - Number(a.queue.general === true)
        || a.queue.title.localeCompare(b.queue.title));
}

/** A person's name to show: the directory of who is on knows it, else the name they sign in with. */
export function displayName(board, operator) {
    return wholeBoard(board).staff.find((person) => person.name === operator)?.display ?? operator;
}
