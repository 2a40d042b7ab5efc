/** What stands above a register for whom it concerns: a checklist with what is still to do, and a text of the agreement that waits to be accepted. */

import { newId } from "/shared/connection.js";
import { h, setText } from "/shared/dom.js";
import { dayText } from "./form.js";

const LIVE = { no: "not open yet", trial: "open for a trial", yes: "live" };
/** Where each step is done. */
const LINKS = { agreement: "/registers?register=acceptances", training: "/registers?register=training", hours: "/hours", button: "/check" };

/** What the service found out, with where and when. */
export function foundText(found) {
    const when = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" }).format(new Date(found.ms));
    return found.step === "button" ? `Seen on ${found.place}, ${when}` : `A chat was answered in ${found.place}, ${when}`;
}

export function checklists(list) {
    if (list.length === 0) return null;
    return h("div", {}, ...list.map((checklist) => {
        const open = checklist.steps.filter((step) => !step.done).length;
        return h("section", { class: "notice" },
            h("h3", { text: `${checklist.title}: ${LIVE[checklist.live] ?? checklist.live}, ${open === 0 ? "everything is done" : `${open} to do`}` }),
            h("ul", { class: "steps" }, ...checklist.steps.map((step) => {
                const state = step.waived ? "Waived" : step.done ? "Done" : "To do";
                const text = step.text[0].toLocaleUpperCase() + step.text.slice(1);
                const more = step.found ? foundText(step.found) : step.awaits;
                return h("li", { class: step.done ? "done-step" : "open-step" }, h("strong", { text: `${state}: ` }),
                    !step.done && LINKS[step.step] ? h("a", { href: LINKS[step.step], text }) : text,
                    more ? h("p", { class: "small", text: more }) : null);
            })));
    }));
}

export function acceptance(accept, report, save) {
    if (!accept) return null;
    const id = newId();
    const error = h("p", { class: "error", role: "alert" });
    const name = h("input", { id: "accept-name", autocomplete: "name" });
    const form = h("form", { novalidate: true },
        h("label", { for: "accept-name", text: "Your name and office" }), name, error,
        h("button", { type: "submit", class: "primary", text: "Accept for our library" }));
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (name.value.trim() === "") {
            setText(error, "Write who accepts it.");
            name.setAttribute("aria-invalid", "true");
            return name.focus();
        }
        const today = new Date();
        const day = `${today.getFullYear()}-${String(today.getMonth() + 1).padStart(2, "0")}-${String(today.getDate()).padStart(2, "0")}`;
        const answer = await save({ id, version: 0, register: "acceptances", answers: { library: report.library, text: accept.text, day, name: name.value.trim() } });
        if (answer.status !== 200) setText(error, answer.body?.text ?? "The node does not answer; try again in a moment.");
        return undefined;
    });
    return h("section", { class: "notice" },
        h("h3", { text: `The agreement, ${accept.name}, waits for your library to accept it` }),
        h("p", { text: `In force from ${dayText(accept.day)}.` }), accept.changes ? h("p", { class: "lines", text: accept.changes }) : null,
        h("p", {}, h("a", { href: "/registers?register=texts", text: "Read the text" })), form);
}
