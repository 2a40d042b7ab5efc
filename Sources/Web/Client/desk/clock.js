// Time as the desk shows it: pure functions of the moments that they are given. Moments are milliseconds of the node's clock unless a name
// says otherwise; the page's own clock may be wrong, so `welcome.now` gives the difference.

/** "0:07", "12:40", "1:02:09". Negative durations are shown as nothing left. */
export function duration(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const s = String(whole % 60).padStart(2, "0");
    const minutes = Math.floor(whole / 60);
    if (minutes < 60) return `${minutes}:${s}`;
    return `${Math.floor(minutes / 60)}:${String(minutes % 60).padStart(2, "0")}:${s}`;
}

/** The same for a screen reader: "1 minute 5 seconds". */
export function spokenDuration(seconds) {
    const whole = Math.max(0, Math.floor(seconds));
    const parts = [];
    const hours = Math.floor(whole / 3600);
    const minutes = Math.floor((whole % 3600) / 60);
    if (hours > 0) parts.push(`${hours} ${hours === 1 ? "hour" : "hours"}`);
    if (minutes > 0) parts.push(`${minutes} ${minutes === 1 ? "minute" : "minutes"}`);
    if (hours === 0 && (whole % 60 > 0 || minutes === 0)) parts.push(`${whole % 60} ${whole % 60 === 1 ? "second" : "seconds"}`);
    return parts.join(" ");
}

/** A count of seconds that was true at `atMs` on some clock, as it is at `nowMs` on the same clock. */
export const grown = (seconds, atMs, nowMs) => seconds + Math.max(0, (nowMs - atMs) / 1000);
export const shrunk = (seconds, atMs, nowMs) => Math.max(0, seconds - Math.max(0, (nowMs - atMs) / 1000));

/**
 * The two timers of a chat.
 * - `owedS`: how long the patron has waited for a person's answer: since the first thing they wrote after the last answer; `null` when
 *   nothing is owed.
 * - `silentS`: how long the patron has been silent after the last answer; `null` while an answer is owed or nobody has answered.
 * What the service wrote answers nothing, and so counts for neither.
 */
export function chatTimers(messages, nowMs) {
    let owedSinceMs = null;
    let answeredMs = null;
    for (const message of messages) {
        if (message.text === undefined) continue;
        if (message.by === "patron") {
            owedSinceMs ??= message.ms;
        } else if (message.by === "staff") {
            owedSinceMs = null;
            answeredMs = message.ms;
        }
    }
    return {
        owedS: owedSinceMs === null ? null : Math.max(0, (nowMs - owedSinceMs) / 1000),
        silentS: owedSinceMs !== null || answeredMs === null ? null : Math.max(0, (nowMs - answeredMs) / 1000),
    };
}

/** How pressing a wait is: patrons begin to leave after about a minute and a half without a word. */
export function urgency(seconds) {
    if (seconds === null || seconds < 45) return "calm";
    return seconds < 90 ? "soon" : "now";
}
