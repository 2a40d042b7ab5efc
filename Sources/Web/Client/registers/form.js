/** A register's form, made of its questions. What was typed stays until it was taken; a conflict shows what is in force beside it. */

import { newId } from "/shared/connection.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { utf8Bytes } from "/shared/wording.js";
import { meeting } from "./meeting.js";

const INPUTS = { day: "date", email: "email", link: "url" };

/** A day as people of this page's language write it. */
export const dayText = (day) => new Intl.DateTimeFormat([], { dateStyle: "medium", timeZone: "UTC" }).format(new Date(day));

/** What is shown of an answer. */
export function shown(question, value, choices) {
    if (question.kind === "day") return dayText(value);
    const list = question.kind === "choice" ? question.choices : choices(question);
    return list?.find((choice) => choice.value === value)?.title ?? value;
}

function control(question, id, value, choices) {
    const described = question.help ? `${id}-help` : null;
    const common = { id, name: question.key, "aria-describedby": described, "aria-required": question.required ? "true" : null };
    if (question.kind === "paragraph") {
        const area = h("textarea", { ...common, rows: 4 });
        area.value = value;
        return area;
    }
    const list = question.kind === "choice" ? question.choices : choices(question);
    if (list) {
        // What is written stays choosable, also where it is not among what is there now.
        const known = value === "" || list.some((choice) => choice.value === value);
        const select = h("select", common, h("option", { value: "", text: question.required ? "Choose" : "None" }),
            ...(known ? [] : [h("option", { value, text: value })]), ...list.map((choice) => h("option", { value: choice.value, text: choice.title })));
        select.value = value;
        return select;
    }
    const input = h("input", { ...common, type: INPUTS[question.kind] ?? "text", autocomplete: "off" });
    input.value = value;
    return input;
}

/** What stands in a choice stays choosable, also where it is not among what could be chosen when the form was made. */
function put(field, value) {
    if (field.tagName === "SELECT" && ![...field.options].some((option) => option.value === value)) field.append(h("option", { value, text: value }));
    field.value = value;
}

/**
 * @param {object} form the register's
 * @param {object|null} entry what is changed; null for a new one
 * @param {object} fixed answers that are not asked for
 * @param {(question) => Array|undefined} choices what a question lets choose from
 * @param {(wish) => Promise<{status, body}>} save
 * @param {() => void} leave
 */
export function entryForm({ form, entry, fixed = {}, choices, save, leave, inForce }) {
    const id = entry?.id ?? newId();
    const key = `entry-${id.slice(0, 8)}`;
    const error = h("p", { class: "error", role: "alert" });
    const conflict = h("div", { class: "conflict", role: "status" });
    const fields = form.questions.filter((question) => fixed[question.key] === undefined).map((question) => {
        const fieldId = `${key}-${question.key}`;
        const field = control(question, fieldId, entry?.answers[question.key] ?? "", choices);
        return { question, field, part: h("div", { class: "field" },
            h("label", { for: fieldId, text: question.required ? question.title : `${question.title} (optional)` }),
            question.help ? h("p", { id: `${fieldId}-help`, class: "small", text: question.help }) : null, field) };
    });
    let version = entry?.version ?? 0;
    /** What was read, and what this form changes. */
    let base = entry?.answers ?? {};
    const submit = h("button", { type: "submit", class: "primary", text: "Save" });
    const element = h("form", { class: "entry-form", novalidate: true, data: { form: id }, "aria-label": entry ? `Change this ${form.one}` : `New ${form.one}` },
        ...fields.map(({ part }) => part), error, conflict,
        h("div", { class: "buttons" }, submit, h("button", { type: "button", text: "Cancel", on: { click: leave } })));

    function fail(text, field) {
        setText(error, "");
        setText(error, text);
        for (const { field: other } of fields) other.removeAttribute("aria-invalid");
        if (text === "") return;
        field?.setAttribute("aria-invalid", "true");
        (field ?? submit).focus();
    }

    /** The field that a sentence of the node begins with. */
    const named = (text) => fields.find(({ question }) => text.startsWith(`${question.title}:`) || text.startsWith(`${question.title} is`) || text.startsWith(`${question.title} has`))?.field;

    element.addEventListener("submit", async (event) => {
        event.preventDefault();
        if (submit.getAttribute("aria-disabled") === "true") return;
        for (const { question, field } of fields) {
            const value = field.value.trim();
            // A date half typed has no value.
            if (field.validity?.badInput) return fail(`${question.title}: finish the day, or empty it.`, field);
            if (question.required && value === "") return fail(`${question.title} is missing.`, field);
            if (utf8Bytes(value) > question.bytesMax) return fail(`${question.title} is too long by ${utf8Bytes(value) - question.bytesMax}.`, field);
        }
        const answers = { ...fixed };
        for (const { question, field } of fields) if (field.value.trim() !== "") answers[question.key] = field.value.trim();
        submit.setAttribute("aria-disabled", "true");
        const answer = await save({ id, version, register: form.name, answers });
        submit.removeAttribute("aria-disabled");
        if (answer.status === 200) return;
        const text = answer.body?.text ?? "The node does not answer. Nothing was saved, and what you typed is still here; try again in a moment.";
        fail(text, named(text));
        if (answer.body?.code === "outOfOrder") showConflict(await inForce(id));
    });

    /** What only the other one changed is taken over at once; where both did, both are there to compare, and saving again keeps what is typed here. */
    function showConflict(now) {
        if (!now) {
            version = 0;
            return;
        }
        const typed = Object.fromEntries(fields.map(({ question, field }) => [question.key, field.value.trim()]));
        const { theirs, both } = meeting(base, typed, now.answers);
        [version, base] = [now.version, now.answers];
        const list = (keys) => h("dl", {}, ...fields.filter(({ question }) => keys.includes(question.key)).flatMap(({ question }) => [h("dt", { text: question.title }),
            h("dd", { text: now.answers[question.key] ? shown(question, now.answers[question.key], choices) : "empty" })]));
        for (const { question, field } of fields) if (theirs.includes(question.key)) put(field, now.answers[question.key] ?? "");
        conflict.replaceChildren(
            ...(theirs.length > 0 ? [h("p", { class: "small", text: `Changed by ${now.changedBy} meanwhile, and taken over into this form:` }), list(theirs)] : []),
            ...(both.length > 0 ? [h("p", { class: "small", text: `In force, by ${now.changedBy}, where you typed something else; saving again replaces it by yours:` }), list(both)] : []),
            h("p", { class: "small", text: "Nothing is saved yet: look at it, and save again." }));
        setHidden(conflict, false);
    }
    element.focusFirst = () => fields[0]?.field.focus();
    /** Whether anything was typed that is not in the entry. */
    element.isChanged = () => fields.some(({ question, field }) => field.value.trim() !== (base[question.key] ?? ""));
    return element;
}
