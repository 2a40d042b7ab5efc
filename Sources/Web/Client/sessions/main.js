/** The page of sign-ins: a person's own, for a library's admin those of its people, for LTG all of this node; each can be ended. */

import { ask } from "/shared/ask.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { SecondStep } from "./secondstep.js";

const part = (id) => document.getElementById(id);
const time = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "numeric", minute: "2-digit" });

const sentence = (answer) => answer.body?.text ?? "The node does not answer. Try again in a moment.";

async function show() {
    const answer = await ask("GET", "/api/sessions");
    setText(part("problem"), answer.status === 200 ? "" : sentence(answer));
    setHidden(part("sessions"), answer.status !== 200);
    if (answer.status !== 200) return;
    const { node, sessions } = answer.body;
    setText(part("scope"), `These are the sign-ins at ${node}, where you are signed in; what was opened at another node is listed there. Each ends by itself twelve hours after it began.`);
    part("list").replaceChildren(h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "List of sign-ins" }, h("table", {},
        h("thead", {}, h("tr", {}, ...["Who", "Library", "Since", "End it"].map((text) => h("th", { scope: "col", text })))),
        h("tbody", {}, ...sessions.map(line)))));
}

function line(session) {
    const since = time.format(session.beganMs);
    const label = session.here ? "End this sign-in, here" : `End the sign-in of ${session.display} since ${since}`;
    const button = h("button", { type: "button", "aria-label": label, text: "End" });
    button.addEventListener("click", () => end(session, button));
    return h("tr", {},
        h("th", { scope: "row" }, session.display, session.here ? " (this one)" : ""), h("td", { text: session.library ?? "–" }), h("td", { text: since }), h("td", {}, button));
}

/** A second press while one runs is the same press. */
async function end(session, button) {
    if (button.getAttribute("aria-disabled") === "true") return;
    button.setAttribute("aria-disabled", "true");
    const answer = await ask("POST", "/api/sessions", { end: session.id });
    button.removeAttribute("aria-disabled");
    const done = answer.status === 200;
    setText(part("said"), done ? answer.body.text : "");
    if (done) await show();
    else setText(part("problem"), sentence(answer));
    part("list").querySelector("[tabindex]")?.focus();
}

show();
new SecondStep((text) => setText(part("said"), text), (text) => setText(part("problem"), text)).show();
