/** The help desk's page: why a queue's button is on or off, now or at a minute that is past, and what became of it that day. */

import { ask } from "/shared/ask.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { chosenIn, row, table } from "/shared/tables.js";

const part = (id) => document.getElementById(id);
const BUTTONS = { on: "on", referred: "on, and refers", off: "off", unknown: "not known" };

const query = () => chosenIn(location.search, ["queue", "at"]);

/** Beneath an address of this page: a queue, and maybe a time. */
const address = (queue, at) => `/why?${new URLSearchParams({ queue, ...(at ? { at } : {}) })}`;

/** Counts the questions: an answer to an earlier one comes too late. */
let turns = 0;

async function show(move = false) {
    const chosen = query();
    turns += 1;
    const turn = turns;
    const { status, body } = await ask("GET", `/api/why?${chosen}`);
    if (turn !== turns) return;
    setText(part("problem"), status === 200 ? "" : body?.text ?? "The node does not answer; try again in a moment.");
    setHidden(part("sign-in"), status !== 401);
    if (status !== 200) return;
    fillQueues(body.queues, chosen.get("queue"));
    const [day, time] = (chosen.get("at") ?? "").split("T");
    part("day").value = day ?? "";
    part("time").value = time ?? "";
    setHidden(part("choose"), false);
    setHidden(part("answer"), !body.answer);
    setHidden(part("all"), false);
    part("queues").replaceChildren(drawQueues(body.queues));
    if (!body.answer) return;
    draw(body.answer, chosen.has("at"));
    if (move) part("answer-title").focus();
}

function fillQueues(queues, queue) {
    part("queue").replaceChildren(...queues.map((line) => h("option", { value: line.queue, text: line.title })));
    if (queue) part("queue").value = queue;
}

function draw(answer, isPast) {
    document.title = `${answer.title}: why is this button off?`;
    setText(part("answer-title"), `${answer.title}: the button ${isPast ? "was" : "is"} ${BUTTONS[answer.button]}`);
    setText(part("zone"), `${answer.at}, local to ${answer.zone}`);
    part("reasons").replaceChildren(...answer.why.map((text) => h("li", { text })));
    setText(part("day-title"), `The day of ${answer.at.slice(0, 10)}`);
    part("day-part").replaceChildren(drawDay(answer));
}

function drawDay({ queue, at, day }) {
    if (!day) return h("p", { text: "The rest of the day cannot be told: the coordinators cannot be asked just now. Try again in a moment." });
    if (day.length === 0) return h("p", { text: "Nothing is known of this day." });
    return table("That day", ["From", "Until", "Button", "Why"], day.map((piece) => {
        const isAsked = piece.from <= at && (!piece.until || at < piece.until);
        const from = h("a", { href: address(queue, piece.from.replace(" ", "T")), text: piece.from.slice(11) });
        if (isAsked) from.setAttribute("aria-current", "true");
        const until = piece.until ? (piece.until.slice(0, 10) === piece.from.slice(0, 10) ? piece.until.slice(11) : "midnight") : "goes on";
        return row(from, until, BUTTONS[piece.button], piece.why.join(" "));
    }));
}

function drawQueues(queues) {
    if (queues.length === 0) return h("p", { text: "There are no queues yet: LTG brings the consortium in with `callslip import`." });
    return table("All buttons", ["Queue", "Button", "Why"], queues.map((line) =>
        row(h("a", { href: address(line.queue), text: line.title }), BUTTONS[line.button], line.why.join(" "))));
}

part("choose").addEventListener("submit", (event) => {
    event.preventDefault();
    const [day, time] = [part("day").value, part("time").value];
    if ((day === "") !== (time === "")) {
        setText(part("problem"), "Say both, the day and the time; or neither, for now.");
        part(day === "" ? "day" : "time").focus();
        return;
    }
    history.pushState(null, "", address(part("queue").value, day && `${day}T${time}`));
    show(true);
});
window.addEventListener("popstate", () => show());
show();
