/** Shifts: a week of the library's plan with its gaps, and the one step by which shifts change hands. What was done is undone by the same step back. */

import { ask } from "/shared/ask.js";
import { newId } from "/shared/connection.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { chosenIn, span } from "/shared/tables.js";
import { back, moves, news, shiftTime, spokenDay } from "./plan.js";

const part = (id) => document.getElementById(id);
const DUTY = { library: "on duty for the library", general: "on duty for the general queue", both: "on duty for the library and the general queue" };

/** The week as the node told it last. */
let week = null;
/** What takes back what was done here last. */
let undo = null;
/** What a file would change, and with what it was asked. */
let previewed = null;
/** Somebody else changed the list while a choice was open in it. */
let waits = false;
/** The last look found no node, or one that could not answer: what is shown is not what was asked for. */
let isOwed = false;
/** How often is looked whether somebody else changed the list, while the page is to be seen. */
const LOOK_MS = 5000;

const query = () => chosenIn(location.search, ["library", "week"]);

const failure = (answer) => answer.body?.text ?? "The node did not answer in time. Look at the list again before you repeat it.";

/** Which of the questions for a week was asked last: a late answer to another one is not drawn. */
let shows = 0;

async function show(move = false) {
    const mine = (shows += 1);
    const answer = await ask("GET", `/api/shifts?${query()}`);
    if (mine !== shows) return;
    isOwed = answer.status === 0 || answer.status >= 500;
    setText(part("problem"), answer.status === 200 ? "" : failure(answer));
    if (answer.status !== 200) return;
    week = answer.body;
    waits = false;
    draw();
    if (move) part("week-title").focus();
}

function draw() {
    setHidden(part("shifts"), false);
    setText(part("week-title"), `${week.title}: week of ${spokenDay(week.week)}`);
    for (const [id, day] of [["before", week.before], ["after", week.after], ["this-week", null]]) {
        const to = query();
        if (day === null) to.delete("week");
        else to.set("week", day);
        part(id).href = `/shifts?${to}`;
    }
    const isPlanned = week.days.some((day) => day.shifts.length > 0);
    const isPosted = week.days.some((day) => day.posted.length > 0);
    setText(part("sum"), !isPosted ? "" : week.gapMinutes === 0 ? "Every posted hour of this week is planned for." : `Nobody is planned for ${span(week.gapMinutes)} of the posted hours.`);
    setHidden(part("empty"), isPlanned);
    setText(part("empty"), week.mayImport ? "Nothing is planned for this week yet. Import a table or a calendar below, and every gap in the posted hours shows here." : "Nothing is planned for this week yet. Your library’s admin imports the plan; then shifts are taken, given and exchanged here.");
    part("days").replaceChildren(...week.days.filter((day) => isPlanned || day.posted.length > 0).map(drawDay));
    setHidden(part("told"), week.told.length === 0);
    part("told-list").replaceChildren(...week.told.map((shift) => h("li", { text: news(shift, week.me) })));
    setHidden(part("import"), !week.mayImport);
    setText(part("sample"), `operator,from,until,duty\n${week.me ?? week.people[0]?.name ?? "ann"},${week.after} 09:00,12:00,library\n`);
}

// MARK: What others change meanwhile

/** Looks whether somebody else changed the list, and shows it: what has the focus keeps it, and an open choice is not taken away. */
async function look() {
    if (isBusy || document.visibilityState === "hidden") return;
    if (isOwed) return void (await show());
    if (week === null) return;
    const asked = query().toString();
    const answer = await ask("GET", `/api/shifts?${asked}`);
    // What was done or looked up here meanwhile is newer.
    if (answer.status !== 200 || isBusy || asked !== query().toString() || answer.body.change <= week.change) return;
    if (part("days").querySelector("form") !== null) {
        waits = true;
        setText(part("said"), "Somebody changed the shifts. The list is shown anew when you have chosen, or cancelled.");
        return;
    }
    take(answer.body);
}

function take(next) {
    const known = new Set(week.told.map(({ id, version }) => `${id} ${version}`));
    const fresh = next.told.filter(({ id, version }) => !known.has(`${id} ${version}`));
    week = next;
    waits = false;
    const keep = focused();
    draw();
    keep();
    setText(part("said"), ["The list has changed.", ...fresh.map((shift) => news(shift, week.me))].join(" "));
}

/** Where the focus is in the list, to be put there again: on the same button of the same shift, or on the shift whose button is gone. */
function focused() {
    const element = document.activeElement;
    const shift = element?.closest("#days [data-shift]")?.dataset.shift;
    if (shift === undefined) return () => {};
    const words = element.textContent;
    return () => {
        const item = [...part("days").querySelectorAll("[data-shift]")].find((one) => one.dataset.shift === shift);
        if (item === undefined) return part("week-title").focus();
        const same = [...item.querySelectorAll("button")].find((button) => button.textContent === words);
        if (same === undefined) item.tabIndex = -1;
        return (same ?? item).focus();
    };
}

function drawDay(day) {
    const items = [
        ...day.shifts.map((shift) => ({ from: shift.day < day.day ? "" : shift.from, item: drawShift(shift) })),
        ...day.gaps.map((gap) => ({ from: gap.from, item: drawGap(gap) })),
    ].sort((one, other) => (one.from < other.from ? -1 : one.from > other.from ? 1 : 0));
    const posted = day.posted.map(({ from, until }) => `${from} to ${until}`).join(", ");
    return h("section", { class: day.day === week.today ? "day today" : "day", "aria-label": spokenDay(day.day) },
        h("h3", { text: day.day === week.today ? `${spokenDay(day.day)} (today)` : spokenDay(day.day) }),
        h("p", { class: "small", text: posted === "" ? (week.zone ? "Nothing posted" : "") : `Posted ${posted}` }),
        items.length === 0 ? null : h("ul", {}, ...items.map(({ item }) => item)));
}

const drawGap = (gap) => h("li", { class: "gap" }, h("p", {}, h("span", { class: "time", text: `${gap.from} to ${gap.until}` }), ` Gap: nobody is planned (${span(gap.minutes)})`));

function drawShift(shift) {
    const isMine = shift.person === week.me;
    const notes = [
        shift.duty ? DUTY[shift.duty] : null, shift.trainee ? "a trainee, who fills no gap alone" : null,
        shift.handed ? `was ${shift.handed.from === week.me ? "yours" : `${shift.handed.fromName}’s`}` : null, shift.isOver ? "over" : null,
    ].filter((note) => note !== null);
    const place = h("div");
    const named = `(${isMine ? "your" : `${shift.name}’s`} shift on ${shiftTime(shift)})`;
    const act = (words, run) => h("button", { type: "button", "aria-label": `${words} ${named}`, text: words, on: { click: run } });
    const others = week.days.flatMap((day) => day.shifts).filter((other) => !other.isOver && other.person !== shift.person);
    const mine = others.filter((other) => other.person === week.me);
    const mayGive = isMine || week.mayImport;
    const partners = isMine || week.mayImport ? others : mine;
    const people = week.people.filter((person) => person.name !== shift.person);
    const acts = shift.isOver ? [] : [
        !isMine && week.people.some((person) => person.name === week.me) ? act("I take it", () => settle(moves(shift, week.me), `You have the shift on ${shiftTime(shift)} now, and ${shift.name} is told here.`)) : null,
        mayGive && people.length > 0 ? act("Give to …", () => choose(place, "Give to", people.map(({ name, display }) => [name, display]), "Give", (name, display) => settle(moves(shift, name), `${display} has the shift on ${shiftTime(shift)} now, and is told here.`))) : null,
        partners.length > 0 ? act("Exchange with …", () => choose(place, "Exchange with", partners.map((other) => [other.id, `${other.name}, ${shiftTime(other)}`]), "Exchange", (id) => {
            const other = partners.find((one) => one.id === id);
            return settle(moves(shift, other.person, other), `${shift.name} and ${other.name} exchanged their shifts.`);
        })) : null,
    ];
    return h("li", { class: shift.isOver ? "over" : null, data: { shift: shift.id } },
        h("p", {}, h("span", { class: "time", text: `${shift.day === shiftDay(shift) ? "" : `${spokenDay(shift.day)} `}${shift.from} to ${shift.until}` }), ` ${shift.name}${isMine ? " (you)" : ""}`),
        notes.length > 0 ? h("p", { class: "small", text: notes.join("; ") }) : null,
        h("div", { class: "acts" }, ...acts), place);
}

/** The day under which a shift stands: it names its own where it began on the one before. */
const shiftDay = (shift) => (week.days.some((day) => day.day === shift.day) ? shift.day : null);

/** A choice in place, which takes the focus and gives it back. */
function choose(place, label, options, words, run) {
    const from = document.activeElement;
    const id = `choice-${newId()}`;
    const select = h("select", { id }, ...options.map(([value, text]) => h("option", { value, text })));
    const form = h("form", { class: "choose" }, h("label", { for: id, text: label }), select,
        h("div", { class: "acts" }, h("button", { class: "primary", type: "submit", text: words }), h("button", { type: "button", text: "Cancel", on: { click: () => close() } })));
    const close = () => {
        place.replaceChildren();
        from?.focus();
        if (waits) look();
    };
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        run(select.value, select.selectedOptions[0].text);
    });
    form.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
    place.replaceChildren(form);
    select.focus();
}

let isBusy = false;

async function settle(step, words, isUndo = false) {
    if (isBusy) return;
    isBusy = true;
    setText(part("said"), "");
    const answer = await ask("POST", "/api/shifts/swap", { library: week.library, moves: step });
    isBusy = false;
    undo = answer.status === 200 && !isUndo ? back(step) : null;
    await show();
    setHidden(part("undo-part"), undo === null);
    if (answer.status !== 200) {
        setText(part("problem"), failure(answer));
        part("week-title").focus();
        return;
    }
    setText(part("said"), words);
    if (undo === null) part("week-title").focus();
    else part("undo").focus();
}

part("undo").addEventListener("click", () => { if (undo !== null) settle(undo, "It is as it was before.", true); });

for (const id of ["before", "after", "this-week"]) {
    part(id).addEventListener("click", (event) => {
        event.preventDefault();
        history.pushState(null, "", part(id).href);
        show(true);
    });
}
window.addEventListener("popstate", () => show());

// MARK: Import

/** Which file was looked at last: what a former one would change is not shown any more. */
let looks = 0;

function forget() {
    looks += 1;
    previewed = null;
    setHidden(part("preview"), true);
}

part("file").addEventListener("change", forget);
part("import-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const file = part("file").files[0];
    forget();
    const mine = looks;
    if (!file) {
        setText(part("problem"), "Choose a file first: a table (.csv) or a calendar (.ics).");
        return;
    }
    const body = { library: week.library, id: newId(), text: await file.text() };
    const answer = await ask("POST", "/api/shifts/import?preview=1", body);
    if (mine !== looks) return;
    drawPreview(answer, answer.status === 200 ? { ...body, change: answer.body.change, from: answer.body.from, to: answer.body.to } : null);
});

function drawPreview(answer, body) {
    previewed = body;
    const days = body === null ? "" : ` From ${spokenDay(body.from)} to ${spokenDay(body.to)}.`;
    setText(part("problem"), "");
    setText(part("preview-text"), `${failure(answer)}${days}`);
    part("preview-problems").replaceChildren(...(answer.body?.problems ?? []).map(({ line, text }) => h("li", { text: `Line ${line}: ${text}` })));
    setHidden(part("preview-problems"), (answer.body?.problems ?? []).length === 0);
    setHidden(part("import-now"), body === null);
    setHidden(part("preview"), false);
    part("preview").focus();
}

part("import-now").addEventListener("click", async () => {
    if (previewed === null || isBusy) return;
    isBusy = true;
    const answer = await ask("POST", "/api/shifts/import", previewed);
    isBusy = false;
    if (answer.status !== 200) return drawPreview(answer, null);
    const first = previewed.from;
    forget();
    part("import-form").reset();
    const to = query();
    to.set("week", first);
    history.pushState(null, "", `/shifts?${to}`);
    await show(true);
    setHidden(part("undo-part"), true);
    setText(part("said"), answer.body.text);
    return undefined;
});
show();
setInterval(look, LOOK_MS);
document.addEventListener("visibilitychange", look);
