/** What of shifts needs no page: words for them, and the moves of a step and of the step back. */

const dayText = new Intl.DateTimeFormat("en", { weekday: "long", day: "numeric", month: "long", timeZone: "UTC" });

/** `Monday, November 30`. @param {string} day `2026-11-30` */
export const spokenDay = (day) => dayText.format(new Date(`${day}T00:00:00Z`));

export const shiftTime = (shift) => `${spokenDay(shift.day)}, ${shift.from} to ${shift.until}`;

/** A shift goes to somebody; in exchange, where another one is named, that one goes the other way. */
export function moves(shift, to, other = null) {
    const one = { shift: shift.id, version: shift.version, from: shift.person, to };
    return other === null ? [one] : [one, { shift: other.id, version: other.version, from: other.person, to: shift.person }];
}

/** The same step back: each move has made one version more. */
export const back = (step) => step.map(({ shift, version, from, to }) => ({ shift, version: version + 1, from: to, to: from }));

/** @param {string} [today] of the library */
const spokenTime = (shift, today) => (shift.day === today ? `of ${shift.from} to ${shift.until} today` : `on ${shiftTime(shift)}`);

/** What whoever looks is told of a shift that a colleague took or gave. */
export function news(shift, me, today = undefined) {
    const when = spokenTime(shift, today);
    const who = shift.handed.byName ?? "LTG";
    if (shift.person === me) return shift.handed.by === shift.handed.from ? `${who} gave you the shift ${when}.` : `${who} gave you ${shift.handed.fromName}’s shift ${when}.`;
    return shift.handed.by === shift.person ? `${who} took your shift ${when}.` : `${who} gave your shift ${when} to ${shift.name}.`;
}
