/** The page of reports: figures with what they mean, charts with their tables, CSV, and a term on one printed page. Whoever is signed in at the desk reads what is theirs to read. */

import { ask } from "../shared/ask.js";
import { h, setHidden, setText } from "../shared/dom.js";
import { chosenIn, fillLibraries } from "../shared/tables.js";
import { chart, KINDS, waitChart } from "./charts.js";
import { drawDuty, drawEnded, drawFigures, drawHours, drawLibraries, drawOffers, drawWaits, drawWho } from "./figures.js";

const part = (id) => document.getElementById(id);
const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const CSV = [["days", "Days"], ["weeks", "Weeks"], ["weekdays", "Weekdays"], ["hours", "Hours of the day"], ["answers", "Who answered for whom"], ["queues", "Transfers offered"]];
const FIELDS = ["library", "from", "to"];
const query = () => chosenIn(location.search, FIELDS);

let isFilled = false;
/** Counts the questions: an answer to an earlier one comes too late. */
let turns = 0;

async function show(move = false) {
    const chosen = query();
    turns += 1;
    const turn = turns;
    const answer = await ask("GET", `/api/reports?${chosen}`);
    if (turn !== turns) return undefined;
    setText(part("problem"), answer.status === 200 ? "" : answer.body?.text ?? "The node does not answer; try again in a moment.");
    setHidden(part("sign-in"), answer.status !== 401);
    if (answer.status !== 200) return setHidden(part("choose"), !isFilled);
    const report = answer.body;
    fill(report);
    draw(report);
    for (const place of part("csv").querySelectorAll("a")) {
        const link = new URLSearchParams(chosen);
        link.set("rows", place.dataset.rows);
        place.href = `/api/reports.csv?${link}`;
    }
    if (move) part("said").focus();
    return undefined;
}

function fill(report) {
    if (!isFilled) {
        fillLibraries(part("library"), report.choices, query().get("library"));
        setHidden(part("library-field"), report.choices.length < 2);
        part("term").replaceChildren(h("option", { value: "", text: "Days as below" }), ...report.terms.map((term, place) => h("option", { value: place, text: `${term.title}, ${term.first} to ${term.last}` })));
        setHidden(part("term-field"), report.terms.length === 0);
        part("term").addEventListener("change", () => {
            const term = report.terms[Number(part("term").value)];
            if (part("term").value !== "" && term) [part("from").value, part("to").value] = [term.first, term.last];
        });
        isFilled = true;
    }
    setHidden(part("choose"), false);
    setHidden(part("report"), false);
    [part("from").value, part("to").value] = [report.from, report.to];
    const term = report.terms.findIndex((entry) => entry.first === report.from && entry.last === report.to);
    part("term").value = term < 0 ? "" : String(term);
}

function draw(report) {
    const { numbers } = report;
    const term = report.terms.find((entry) => entry.first === report.from && entry.last === report.to);
    setText(part("said"), `${report.title ?? "All libraries"}${term ? `, ${term.title}` : ""}`);
    setText(part("zone"), `${report.from} to ${report.to}, as clocks show it in ${report.zone}`);
    const isEmpty = numbers.asked + numbers.answered + numbers.cutOff + numbers.practice + numbers.messages === 0 && report.answeredFor.length === 0;
    setHidden(part("empty"), !isEmpty);
    setHidden(part("counted"), isEmpty);
    if (isEmpty) {
        part("empty").replaceChildren(
            h("p", { text: "No chat was counted in these days." }),
            h("p", { class: "small", text: "Chats are counted from the moment on at which every coordinator had the version that counts; what was asked before is in no report, nor what is older than 400 days. Choose other days, or another library; or look again once somebody has asked." }));
    } else {
        part("figures").replaceChildren(drawFigures(numbers));
        part("waits").replaceChildren(drawWaits(numbers.waits));
        part("waits-chart").replaceChildren(...(numbers.waits.count === 0 ? [] : [waitChart(report.waitClasses)]));
        drawWhen(report);
        setHidden(part("libraries-part"), !report.libraries);
        part("libraries").replaceChildren(...(report.libraries ? [drawLibraries(report.libraries, address)] : []));
        part("who").replaceChildren(drawWho(report));
        part("ended").replaceChildren(drawEnded(numbers));
        part("offers").replaceChildren(drawOffers(report.queues));
    }
    part("duty").replaceChildren(drawDuty(report));
    part("hours").replaceChildren(drawHours(report.ledger, `/ledger?${query()}`));
    spread();
}

/** With a line for each library or queue: from so many lines on they go over the whole width of printed pages, and from one to the next. */
const LONG = 12;

function spread() {
    for (const id of ["libraries", "who", "offers", "duty"]) {
        const lines = [...part(id).querySelectorAll("tbody")].map((body) => body.rows.length);
        part(id).closest("section").classList.toggle("long", Math.max(0, ...lines) > LONG);
    }
}

/** Of one library, for the same days. */
function address(library) {
    const link = query();
    link.set("library", library);
    return `/reports?${link}`;
}

function drawWhen(report) {
    part("legend").replaceChildren(...KINDS.filter(([kind]) => kind !== "unknown" || report.numbers.formerUnanswered > 0).map(([kind, title]) => h("li", {}, h("span", { class: `swatch ${kind}`, "aria-hidden": "true" }), title)));
    const every = Math.max(1, Math.ceil(report.weeks.length / 6));
    part("charts").replaceChildren(
        chart("By hour of the day", report.hours, (entry) => `${entry.at}:00`, (entry, place) => (place % 3 === 0 ? entry.at : ""), "Hour"),
        chart("By weekday", report.weekdays, (_, place) => WEEKDAYS[place], (_, place) => WEEKDAYS[place].slice(0, 3), "Weekday"),
        chart("By week", report.weeks, (entry) => `From ${entry.at}`, (entry, place) => (place % every === 0 ? entry.at.slice(5) : ""), "Week"));
}

part("csv").replaceChildren(...CSV.map(([rows, title]) => h("li", {}, h("a", { data: { rows }, download: true, text: title }), " (CSV)")));
part("print").addEventListener("click", () => window.print());
part("choose").addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = new URLSearchParams();
    for (const id of FIELDS) if (part(id).value !== "") chosen.set(id, part(id).value);
    history.pushState(null, "", `/reports?${chosen}`);
    show(true);
});
window.addEventListener("popstate", () => {
    if (isFilled) part("library").value = query().get("library") ?? part("library").options[0]?.value ?? "";
    show();
});
show();
