/** The audit log: who changed what, and who read which transcript. A library's admin sees what is the library's, LTG all of it. */

import { ask } from "/shared/ask.js";
import { setHidden, setText } from "/shared/dom.js";
import { row, table } from "/shared/tables.js";

const part = (id) => document.getElementById(id);
const time = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const HEADS = ["When", "Who", "What", "Of what", "Library", "Where"];

let shown = [];
/** What was searched for last: "older" is of that, whatever was typed since. */
let searched = "";
/** Counts the questions: an answer to an earlier one comes too late. */
let turns = 0;

const who = (by) => (by === "admin" ? "admin token" : by === "node" ? "a node" : by.replace(/^person /u, ""));

const line = (entry) => row(time.format(entry.atMs), who(entry.by), entry.act, entry.subject || "–", entry.library || "–", entry.node || "–");

/** @param {boolean} older whether what is shown stays, and older entries come below it. */
async function show(older = false) {
    const words = older ? searched : part("words").value.trim();
    turns += 1;
    const turn = turns;
    const query = new URLSearchParams({ ...(words ? { q: words } : {}), ...(older ? { before: String(shown.at(-1).number) } : {}) });
    const answer = await ask("GET", `/api/audit?${query}`);
    if (turn !== turns) return;
    const found = answer.status === 200;
    setText(part("problem"), found ? "" : answer.body?.text ?? "The node does not answer. Try again in a moment.");
    if (!found) return;
    searched = words;
    setHidden(part("audit"), false);
    const { all, entries, more } = answer.body;
    setText(part("scope"), all
        ? "Everything that was changed in the consortium, and who read a transcript. Each entry’s hash covers the one before it: callslip audit --verify reckons them anew."
        : "What was changed of your library, and who read or took its transcripts. LTG sees the whole log.");
    shown = older ? [...shown, ...entries] : entries;
    const count = shown.length === 1 ? "1 entry" : `${shown.length.toLocaleString()} entries`;
    setText(part("count"), shown.length > 0 ? `${count}, the newest first${more ? "; there are older ones" : ""}.` : words
        ? "Nothing was found. Try fewer words, or clear the field to see all."
        : "Nothing was written down yet. Changes of the roster, settings, hours and registers, and who reads a transcript, will stand here.");
    part("entries").replaceChildren(...(shown.length > 0 ? [table("Entries of the audit log", HEADS, shown.map(line))] : []));
    setHidden(part("older"), !more);
    setHidden(part("csv").parentElement, shown.length === 0);
    part("csv").href = `/api/audit.csv${words ? `?${new URLSearchParams({ q: words })}` : ""}`;
}

part("find").addEventListener("submit", (event) => {
    event.preventDefault();
    show();
});
part("older").addEventListener("click", () => show(true));
show();
