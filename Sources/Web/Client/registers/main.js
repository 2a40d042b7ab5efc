/** The registers: what the consortium's people write down for one another. One list and one form serve all of them; the node says which questions there are. */

import { keyed } from "/desk/dom.js";
import { ask } from "/shared/ask.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { checklists, acceptance, foundText } from "./notices.js";
import { entryForm, shown } from "./form.js";

const part = (id) => document.getElementById(id);
const NO_ANSWER = "The node does not answer; try again in a moment.";
/** Drawn at once; the rest is found by typing. */
const SHOWN_MAX = 200;
const SETTLE_TRIES = 40;
const SETTLE_MS = 100;

let report = null;
let form = null;
let entries = [];
/** Of other registers, for questions that name one of their entries. */
const named = new Map();
let openId = null;
/** Which register was asked for last: a late answer for another one is not drawn. */
let loads = 0;
/** What somebody writes in registers that are not shown now: the form of a new entry, and those that change one. */
const parked = new Map();

const head = (entry) => form.heads.map((key) => form.questions.find((question) => question.key === key))
    .filter((question) => entry.answers[question.key]).map((question) => shown(question, entry.answers[question.key], choices)).join(", ");

function choices(question) {
    if (question.kind === "library") return form.mayWrite === "own" ? report.libraries.filter((library) => library.value === report.library) : report.libraries;
    if (question.kind === "queue") return report.queues;
    if (question.kind === "person") return report.people;
    if (question.kind === "entry") return named.get(question.register) ?? [];
    return undefined;
}

async function begin() {
    const answer = await ask("GET", "/api/registers");
    setText(part("problem"), answer.status === 200 ? "" : answer.body?.text ?? NO_ANSWER);
    setHidden(part("sign-in"), answer.status !== 401);
    if (answer.status !== 200) return undefined;
    report = answer.body;
    part("forms").replaceChildren(h("ul", {}, ...report.forms.map((one) => h("li", {}, h("a", { href: `/registers?register=${one.name}`, data: { register: one.name }, text: one.title })))));
    return choose();
}

async function choose(move = false) {
    park();
    const name = new URLSearchParams(location.search).get("register") ?? report.forms[0].name;
    form = report.forms.find((one) => one.name === name) ?? report.forms[0];
    openId = null;
    for (const link of part("forms").querySelectorAll("a")) {
        if (link.dataset.register === form.name) link.setAttribute("aria-current", "page");
        else link.removeAttribute("aria-current");
    }
    document.title = form.title;
    setText(part("register-title"), form.title);
    setText(part("sentence"), form.sentence);
    setText(part("add"), `New ${form.one}`);
    setHidden(part("add"), form.mayWrite === "none");
    unpark();
    part("filter").value = "";
    setText(part("said"), "");
    setText(part("count"), "");
    if (!(await load())) return;
    setHidden(part("register"), false);
    if (move) part("register-title").focus();
}

/** Sets aside what is being written, for when somebody comes back to this register. */
function park() {
    if (form === null) return;
    const items = [...part("entries").children].filter((item) => isWritten(item));
    const fresh = isWritten(part("new")) ? [...part("new").childNodes] : [];
    if (items.length + fresh.length > 0) parked.set(form.name, { fresh, items });
    keyed(part("entries"), [], (item) => item, (item) => item);
    part("new").replaceChildren();
}

function unpark() {
    const { fresh, items } = parked.get(form.name) ?? { fresh: [], items: [] };
    parked.delete(form.name);
    part("new").replaceChildren(...fresh);
    keyed(part("entries"), items, (item) => item, (item) => item);
}

/** Whether something stands there that nobody has saved. */
const isWritten = (element) => [...element.querySelectorAll(".entry-form")].some((one) => one.isChanged());

async function read(name) {
    const answer = await ask("GET", `/api/registers/entries?register=${name}`);
    setText(part("problem"), answer.status === 200 ? "" : answer.body?.text ?? NO_ANSWER);
    return answer.status === 200 ? answer.body.entries : null;
}

async function load() {
    const mine = (loads += 1);
    const register = form;
    for (const question of register.questions.filter((one) => one.kind === "entry")) {
        const others = await read(question.register);
        const heads = report.forms.find((one) => one.name === question.register).heads;
        named.set(question.register, (others ?? []).map((entry) => ({ value: entry.id, title: heads.map((key) => entry.answers[key]).filter(Boolean).join(", ") })));
    }
    const found = await read(register.name);
    if (found === null) return false;
    const notices = await ask("GET", "/api/notices");
    if (mine !== loads) return false;
    entries = found;
    part("above").replaceChildren(...(notices.status === 200 ? [
        form.name === "onboarding" ? checklists(notices.body.checklists) : null,
        form.name === "acceptances" || form.name === "texts" ? acceptance(notices.body.accept, report, save) : null,
    ].filter(Boolean) : []));
    draw();
    return true;
}

function matches(entry, words) {
    const text = [head(entry), ...Object.values(entry.answers)].join(" ").toLocaleLowerCase();
    return words.every((word) => text.includes(word));
}

function draw() {
    const words = part("filter").value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    const found = entries.filter((entry) => matches(entry, words));
    const shownNow = found.slice(0, SHOWN_MAX);
    const empty = entries.length === 0
        ? `There is nothing here yet.${form.mayWrite === "none" ? "" : ` “New ${form.one}” begins it; many at once come with callslip import.`}`
        : "Nothing here has these words.";
    const more = found.length > SHOWN_MAX ? `, of which ${SHOWN_MAX} are shown; type more of it` : "";
    setText(part("count"), found.length === 0 ? empty : `${found.length === 1 ? "1 entry" : `${found.length} entries`}${more}`);
    const before = new Map([...part("entries").children].map((item) => [item.dataset.item, item]));
    const items = shownNow.map((entry) => {
        const item = before.get(entry.id);
        before.delete(entry.id);
        return item && (item.stamp === JSON.stringify(entry) || isWritten(item)) ? item : drawEntry(entry);
    });
    // What somebody writes in stays, whatever is looked for, and also where the entry is gone: saving it tells.
    keyed(part("entries"), [...[...before.values()].filter(isWritten), ...items], (item) => item, (item) => item);
}

function drawEntry(entry) {
    const details = h("details", { data: { entry: entry.id }, open: entry.id === openId },
        h("summary", { text: head(entry) || "(without a title)" }), h("div", { class: "body" }));
    const body = details.querySelector(".body");
    details.addEventListener("toggle", () => {
        if (details.open && body.childElementCount === 0) body.append(...drawAnswers(entry, body));
    });
    if (details.open) body.append(...drawAnswers(entry, body));
    const item = h("li", { data: { item: entry.id } }, details);
    item.stamp = JSON.stringify(entry);
    return item;
}

function drawAnswers(entry, body) {
    const answers = h("dl", {}, ...form.questions.filter((question) => entry.answers[question.key]).flatMap((question) => {
        const value = entry.answers[question.key];
        const text = shown(question, value, choices);
        const child = question.kind === "email" ? h("a", { href: `mailto:${encodeURIComponent(value)}`, text })
            : question.kind === "link" ? h("a", { href: value, rel: "noreferrer", text }) : text;
        return [h("dt", { text: question.title }), h("dd", { class: question.kind === "paragraph" ? "lines" : null }, child)];
    }));
    const when = new Intl.DateTimeFormat([], { dateStyle: "medium", timeStyle: "short" }).format(new Date(entry.changedMs));
    const last = h("p", { class: "small", text: `Changed by ${entry.changedBy}, ${when}` });
    answers.append(...(entry.found ?? []).flatMap((found) => [h("dt", { text: "Found out" }), h("dd", { text: foundText(found) })]));
    if (!entry.mayWrite) return [answers, last];
    const error = h("p", { class: "error", role: "alert" });
    return [answers, last, error, h("div", { class: "buttons" },
        h("button", { type: "button", "aria-label": `Change ${head(entry)}`, text: "Change", on: { click: () => edit(entry, body) } }),
        h("button", { type: "button", "aria-label": `Delete ${head(entry)}`, text: "Delete", on: { click: (event) => drop(entry, event.currentTarget, error) } }))];
}

function edit(entry, body) {
    const back = () => {
        body.replaceChildren(...drawAnswers(entry, body));
        body.querySelector("button")?.focus();
    };
    const element = entryForm({ form, entry, choices, leave: back, save, inForce });
    body.replaceChildren(element);
    element.focusFirst();
}

/** The first press asks, the second deletes. */
async function drop(entry, button, error) {
    if (button.dataset.sure !== "true") {
        button.dataset.sure = "true";
        setText(button, "Delete for good");
        button.setAttribute("aria-label", `Delete ${head(entry)} for good`);
        // Whoever turns to something else has not said yes.
        button.addEventListener("blur", () => {
            delete button.dataset.sure;
            setText(button, "Delete");
            button.setAttribute("aria-label", `Delete ${head(entry)}`);
        }, { once: true });
        return;
    }
    const answer = await ask("POST", "/api/registers", { id: entry.id, version: entry.version, drop: true });
    if (answer.status !== 200) return setText(error, answer.body?.text ?? NO_ANSWER);
    await settle((list) => !list.some((one) => one.id === entry.id));
    setText(part("said"), `Deleted: ${head(entry)}`);
    part("register-title").focus();
}

const inForce = async (id) => (await read(form.name))?.find((entry) => entry.id === id) ?? null;

/** Saves, and shows the list when the node has heard of it. */
async function save(wish) {
    const at = form;
    const answer = await ask("POST", "/api/registers", wish);
    if (answer.status !== 200) return answer;
    openId = wish.id;
    await settle((list) => wish.register !== form.name || list.some((entry) => entry.id === wish.id && (entry.version > wish.version || same(entry, wish))), () => closeForm(wish));
    setText(part("said"), "Saved.");
    // Whoever turned to another register meanwhile is not called back.
    if (form !== at) return answer;
    const saved = part("entries").querySelector(`[data-entry="${wish.id}"] summary`);
    (saved ?? part("register-title")).focus();
    return answer;
}

/** What was saved is not being written any more, also where another register is shown by now. Other forms stay as they are. */
function closeForm({ id, register }) {
    for (const [name, { fresh, items }] of parked) {
        if (name !== register) continue;
        const others = items.filter((item) => item.dataset.item !== id);
        const isFresh = fresh.some((node) => node.dataset?.form === id);
        parked.set(name, { fresh: isFresh ? [] : fresh, items: others });
    }
    if (part("new").querySelector(".entry-form")?.dataset.form === id) part("new").replaceChildren();
    const item = [...part("entries").children].find((one) => one.dataset.item === id);
    item?.querySelector(".entry-form")?.remove();
    if (item) item.stamp = "";
}

const same = (entry, wish) => entry.version === wish.version && Object.keys({ ...entry.answers, ...wish.answers }).every((key) => entry.answers[key] === wish.answers[key]);

/** The node's list follows a moment after what the consortium decided. */
async function settle(isThere, before = () => {}) {
    for (let tries = 0; tries < SETTLE_TRIES; tries += 1) {
        const list = await read(form.name);
        if (list !== null && isThere(list)) break;
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    }
    before();
    await load();
}

part("add").addEventListener("click", () => {
    if (part("new").firstChild) return part("new").querySelector("form").focusFirst();
    const leave = () => {
        part("new").replaceChildren();
        part("add").focus();
    };
    const element = entryForm({ form, entry: null, choices, leave, save, inForce });
    part("new").replaceChildren(h("h3", { text: `New ${form.one}` }), element);
    return element.focusFirst();
});
part("filter").addEventListener("input", draw);
part("forms").addEventListener("click", (event) => {
    const link = event.target.closest("a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    history.pushState(null, "", link.href);
    choose(true);
});
window.addEventListener("popstate", () => report && choose(true));
window.addEventListener("beforeunload", (event) => {
    const isParked = [...parked.values()].some(({ fresh, items }) => fresh.length + items.length > 0);
    if (isParked || isWritten(document.body)) event.preventDefault();
});
begin();
