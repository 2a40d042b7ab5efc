/**
 * Two changed the same entry: which answers the other one alone changed, and which both did, differently.
 * @param {object} base the answers as they were read, by key; what is empty may be left out, here as in the others
 * @param {object} typed as they stand in the form
 * @param {object} now as they are in force
 * @returns {{theirs: string[], both: string[]}} keys
 */
export function meeting(base, typed, now) {
    const of = (answers, key) => answers[key] ?? "";
    // A new entry that turns out to be there already was empty before.
    const changed = Object.keys(typed).filter((key) => of(now, key) !== of(base, key) && of(now, key) !== of(typed, key));
    const isMine = (key) => of(typed, key) !== of(base, key);
    return { theirs: changed.filter((key) => !isMine(key)), both: changed.filter(isMine) };
}
