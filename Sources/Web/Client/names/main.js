/**
 * The page of names (agreement, 5): the conventions, the renaming list, renaming, and former names. What was typed stays until it was taken.
 * The admin token lives in this page's memory alone.
 */

import { ask } from "/shared/ask.js";
import { h, setHidden, setText } from "/shared/dom.js";

const KINDS = { queue: "queue", user: "user" };
const part = (id) => document.getElementById(id);
let token = "";

const sentence = (answer) => answer.body?.text ?? "The node does not answer. Nothing was changed; try again in a moment.";

/** Says below a form what is wrong, and marks the field. */
function fail(form, text, field) {
    const place = form.querySelector(".error");
    setText(place, "");
    setText(place, text);
    for (const input of form.querySelectorAll("input[aria-invalid]")) input.removeAttribute("aria-invalid");
    if (text === "") return;
    field.setAttribute("aria-invalid", "true");
    field.focus();
}

async function show() {
    const answer = await ask("GET", "/api/names", undefined, token);
    if (answer.status !== 200) return sentence(answer);
    const { conventions, misfits, former } = answer.body;
    part("conventions").replaceChildren(...drawConventions(conventions));
    const typed = typedNames();
    part("misfits").replaceChildren(drawMisfits(misfits, conventions));
    for (const field of part("misfits").querySelectorAll("input")) field.value = typed.get(field.dataset.of) ?? field.value;
    part("former").replaceChildren(drawFormer(former));
    setHidden(part("enter"), true);
    setHidden(part("names"), false);
    return null;
}

/** What somebody has typed in place of a suggestion, by what it is the new name of: renaming another one takes nothing of it away. */
function typedNames() {
    const fields = [...part("misfits").querySelectorAll("input")].filter((field) => field.value !== field.defaultValue);
    return new Map(fields.map((field) => [field.dataset.of, field.value]));
}

function drawConventions(conventions) {
    if (conventions.length === 0) return [h("p", { text: "There are none: any name will do. They are set with callslip import, under “naming”." })];
    return conventions.map((rule) => h("div", {},
        h("p", {}, h("strong", { text: rule.kind === "queue" ? "Queues: " : "Users: " }), h("code", { text: rule.pattern }), ", such as ", h("code", { text: rule.example })),
        h("p", { text: rule.sentence })));
}

function drawMisfits(misfits, conventions) {
    if (misfits.length === 0) return h("p", { text: conventions.length === 0 ? "Nothing." : "Nothing: every name follows its convention." });
    return h("ul", { class: "renaming" }, ...misfits.map((misfit, number) => {
        const id = `misfit-${number}`;
        const field = h("input", { id, autocapitalize: "none", autocomplete: "off", spellcheck: "false", maxlength: 40, value: misfit.suggestion ?? "", required: true, data: { of: `${misfit.kind} ${misfit.name}` } });
        const form = h("form", { novalidate: true },
            h("label", { for: id, text: `New name of the ${KINDS[misfit.kind]} ${misfit.name}` }),
            h("p", { class: "small", text: `Of the library ${misfit.library}.${misfit.suggestion ? "" : " No fitting name was at hand; make one."}` }),
            field,
            h("p", { class: "error", role: "alert" }),
            h("button", { type: "submit", "aria-label": `Rename ${misfit.name}`, text: "Rename" }));
        form.addEventListener("submit", (event) => {
            event.preventDefault();
            rename(form, { kind: misfit.kind, from: misfit.name, to: field.value }, field);
        });
        return h("li", {}, form);
    }));
}

function drawFormer(former) {
    if (former.length === 0) return h("p", { text: "There are none." });
    return h("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "List of former names" }, h("table", {},
        h("thead", {}, h("tr", {}, ...["Former name", "Called now", "What it is"].map((text) => h("th", { scope: "col", text })))),
        h("tbody", {}, ...former.map((name) => h("tr", {},
            h("th", { scope: "row" }, h("code", { text: name.former })), h("td", {}, h("code", { text: name.present })), h("td", { text: KINDS[name.kind] }))))));
}

/** One renaming at a time; a second press while one runs is the same press. */
async function rename(form, wish, field) {
    const button = form.querySelector("button");
    const trimmed = { kind: wish.kind, from: wish.from.trim().toLowerCase(), to: wish.to.trim().toLowerCase() };
    if (trimmed.to === "") return fail(form, "Type the new name.", field);
    if (button.getAttribute("aria-disabled") === "true") return undefined;
    button.setAttribute("aria-disabled", "true");
    const answer = await ask("POST", "/api/names", trimmed, token);
    button.removeAttribute("aria-disabled");
    if (answer.status !== 200) return fail(form, sentence(answer), field);
    fail(form, "", field);
    return settled(trimmed, form);
}

/** The node's list follows a moment after what the consortium decided. */
async function settled(wish, form) {
    for (let tries = 0; tries < 40; tries += 1) {
        const answer = await ask("GET", "/api/names", undefined, token);
        if (answer.status === 200 && answer.body.former.some((name) => name.kind === wish.kind && name.former === wish.from && name.present === wish.to)) break;
        await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await show();
    if (form.id === "other") form.reset();
    setText(part("done"), `${wish.from} is called ${wish.to} now. The former name goes on leading there.`);
    part("misfits-title").focus();
}

part("enter").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = part("enter");
    const field = part("token");
    if (field.value.trim() === "") return fail(form, "Type the token.", field);
    token = field.value.trim();
    const problem = await show();
    if (problem !== null) return fail(form, problem, field);
    field.value = "";
    return part("misfits-title").focus();
});

part("other").addEventListener("submit", (event) => {
    event.preventDefault();
    const form = part("other");
    const fields = form.elements;
    if (fields.from.value.trim() === "") return fail(form, "Type the present name.", fields.from);
    return rename(form, { kind: fields.kind.value, from: fields.from.value, to: fields.to.value }, fields.to);
});
