/** The page of the ledger (agreement, 3): sums, days as bars and as a table, gaps, and CSV. Whoever is signed in at the desk reads what is theirs to read. */

import { ask } from "/shared/ask.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { chosenIn, drawing, fillLibraries, row, share, span, table } from "/shared/tables.js";

const part = (id) => document.getElementById(id);
const KINDS = [["staffed", "Staffed by the library"], ["covered", "Covered by the general queue"], ["unstaffed", "Nobody there"], ["closed", "Closed at short notice"]];
const dayNames = new Intl.DateTimeFormat([], { weekday: "short", timeZone: "UTC" });

const query = () => chosenIn(location.search, ["library", "from", "to"]);

const read = (chosen) => ask("GET", `/api/ledger?${chosen}`);

/** All that this person may read, for the choice; learned once, from the overview. */
let libraries = null;
/** Counts the questions: an answer to an earlier one comes too late. */
let turns = 0;

async function show(move = false) {
    const chosen = query();
    turns += 1;
    const turn = turns;
    const answer = await read(chosen);
    if (turn !== turns) return undefined;
    setText(part("problem"), answer.status === 200 ? "" : answer.body?.text ?? "The node does not answer; try again in a moment.");
    setHidden(part("sign-in"), answer.status !== 401);
    if (answer.status !== 200) return setHidden(part("choose"), libraries === null);
    if (libraries === null) {
        const all = chosen.has("library") ? (await read(new URLSearchParams())).body?.libraries ?? [] : answer.body.libraries;
        if (turn !== turns) return undefined;
        libraries = all.map(({ library, title }) => ({ library, title }));
        fillChoice(chosen.get("library"));
    }
    const sheets = answer.body.libraries;
    setHidden(part("choose"), false);
    setHidden(part("ledger"), false);
    part("from").value = chosen.get("from") ?? sheets[0]?.from ?? "";
    part("to").value = chosen.get("to") ?? sheets[0]?.to ?? "";
    const one = sheets.length === 1 && sheets[0].days ? sheets[0] : null;
    setText(part("said"), sheets.length === 0 ? "No library posted hours." : `${sheets[0].from} to ${sheets[0].to}${one ? `, local to ${one.zone}` : ""}`);
    part("sums").replaceChildren(one ? drawSums(one.sums) : drawLibraries(sheets));
    setHidden(part("chart-part"), one === null);
    setHidden(part("gaps-part"), one === null);
    if (one) {
        drawDays(one.days);
        part("gaps").replaceChildren(drawGaps(one));
    }
    for (const rows of ["days", "gaps"]) {
        const link = new URLSearchParams(chosen);
        link.set("rows", rows);
        part(`csv-${rows}`).href = `/api/ledger.csv?${link}`;
    }
    if (move) part("sums-title").focus();
    return undefined;
}

function fillChoice(library) {
    fillLibraries(part("library"), libraries, library);
    setHidden(part("library-field"), libraries.length < 2);
}

function drawSums(sums) {
    return table("Sums", ["What it was", "Time", "Of what was posted"], [
        row("Posted", span(sums.posted), ""),
        ...KINDS.slice(0, 3).map(([kind, title]) => row(title, span(sums[kind]), share(sums[kind], sums.posted))),
        row("Closed at short notice", span(sums.closed), "counted apart"),
    ]);
}

function drawLibraries(sheets) {
    if (sheets.length === 0) return h("p", { text: "There is nothing to show." });
    return table("Libraries", ["Library", "Posted", "Staffed", "Covered", "Nobody there", "Closed"], sheets.map((sheet) => {
        const link = new URLSearchParams(query());
        link.set("library", sheet.library);
        const { posted, staffed, covered, unstaffed, closed } = sheet.sums;
        return row(h("a", { href: `/ledger?${link}`, text: sheet.title }), span(posted), share(staffed, posted), span(covered), span(unstaffed), span(closed));
    }));
}

/** Told apart by height as well as by colour. */
const HEIGHTS = { staffed: [0, 12], covered: [6, 6], unstaffed: [0, 12], closed: [10, 2] };

const bar = (day) => drawing(day.length, 12, day.parts.map((piece) => {
    const [y, height] = HEIGHTS[piece.kind];
    return { x: piece.at, y, width: piece.minutes, height, class: piece.kind };
}));

function drawDays(days) {
    const posted = days.filter((day) => day.sums.posted + day.sums.closed > 0);
    part("legend").replaceChildren(...KINDS.map(([kind, title]) => h("li", {}, h("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), title)));
    const hours = h("div", { class: "hours" }, h("span", { text: "" }), h("div", { class: "clock" }, ...["0", "6", "12", "18", "24"].map((text) => h("span", { text }))));
    part("chart").replaceChildren(...(posted.length === 0 ? [] : [hours, ...posted.map((day) => h("div", { class: "day" }, h("span", { text: `${dayNames.format(new Date(day.day))} ${day.day.slice(5)}` }), bar(day)))]));
    part("days").replaceChildren(posted.length === 0 ? h("p", { text: "On none of these days was anything posted." })
        : h("details", {}, h("summary", { text: "The days as a table" }), table("Days", ["Day", "Posted", "Staffed", "Covered", "Nobody there", "Closed"], posted.map((day) => {
            const { posted: all, staffed, covered, unstaffed, closed } = day.sums;
            return row(`${dayNames.format(new Date(day.day))} ${day.day}`, span(all), span(staffed), span(covered), span(unstaffed), span(closed));
        }))));
}

function drawGaps({ gaps, gapCount }) {
    if (gaps.length === 0) return h("p", { text: "There was none." });
    const newestFirst = gaps.toReversed();
    const rest = gapCount - gaps.length;
    return h("div", {}, table("Gaps", ["From", "Until", "How long", "Of it covered"], newestFirst.map((gap) => row(gap.from, gap.until ?? "goes on", span(gap.minutes), span(gap.covered)))),
        rest > 0 ? h("p", { class: "small", text: `And ${rest} older ones: the CSV has them all.` }) : null);
}

part("choose").addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = new URLSearchParams();
    for (const id of ["library", "from", "to"]) if (part(id).value !== "") chosen.set(id, part(id).value);
    history.pushState(null, "", `/ledger?${chosen}`);
    show(true);
});
window.addEventListener("popstate", () => {
    if (libraries !== null) part("library").value = query().get("library") ?? part("library").options[0]?.value ?? "";
    show();
});
show();
