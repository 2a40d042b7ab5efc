// Which chats are on the screen: a pure choice from the room there is.

/** Below this a column is no longer comfortable to read and write in. */
export const columnWidthMin = 272;
/** A page narrower than this shows one thing at a time. */
export const narrowBelow = 760;

/** How many columns fit beside each other. */
export function columnsThatFit(width) {
    return Math.max(1, Math.floor(width / columnWidthMin));
}

/**
 * The chats to show: as many as fit, those that were used last, in the order of their numbers, so that nothing jumps about.
 * @param {string[]} inSlots all chats in the order of their numbers
 * @param {string[]} recent chats by last use, latest first
 * @param {number} fit
 */
export function shownChats(inSlots, recent, fit) {
    if (inSlots.length <= fit) return inSlots;
    const used = recent.filter((id) => inSlots.includes(id));
    const order = [...used, ...inSlots.filter((id) => !used.includes(id))];
    const chosen = new Set(order.slice(0, fit));
    return inSlots.filter((id) => chosen.has(id));
}
