/** When the page of problems looks again at what became of them. */

const SOON_MS = 1000;
const LOOK_MS = 15000;
/** What a node has just taken it shows within moments; what it has not shown by then is not there, and nobody is asked for it every second for good. */
const SOON_MAX = 30;

/** @param {boolean} isAwaited a report of this page is not shown yet @param {number} looks how often it was looked for */
export const nextLookMs = (isAwaited, looks) => (isAwaited && looks < SOON_MAX ? SOON_MS : LOOK_MS);
