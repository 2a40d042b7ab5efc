/**
 * The page on which anybody reports a problem (agreement, 8), signed in or not, and reads what becomes of it. A report that could not be passed on waits in
 * this tab, and is tried again until it is. Keys of reports live in the tab as well, so that nothing stays behind at a shared computer; whoever is not signed in
 * is given a link to keep.
 */

import { ask } from "/shared/ask.js";
import { newId } from "/shared/connection.js";
import { note, notes, notesIn, redacted } from "/shared/diagnostics.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { has, speakPage, spoken, t, told } from "/shared/language.js";
import { choose, wishes } from "/shared/languages.js";
import { utf8Bytes } from "/shared/wording.js";
import { nextLookMs } from "/problem/looks.js";
import * as picture from "/problem/picture.js";

const TEXT_BYTES_MAX = 2000;
const COMMENT_BYTES_MAX = 1000;
const KEYS_MAX = 20;
const AGAIN_MS = 5000;
const KEYS = "callslip.problems";
const WAITING = "callslip.problems.waiting";

const part = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
await speakPage(choose(wishes(query.get("lang"))), "problem");
const stageText = (stage) => t(`problem.${stage}`);
/** What the page that led here noted, and the key of a report that somebody kept. */
const handed = notesIn(location.hash);
const key = /^#([0-9a-f]{32})$/.exec(location.hash)?.[1];
let person = false;
let shown = "";

function kept(key) {
    try {
        const list = JSON.parse(sessionStorage.getItem(key) ?? "[]");
        return Array.isArray(list) ? list : [];
    } catch {
        return [];
    }
}

function keep(key, list) {
    try {
        sessionStorage.setItem(key, JSON.stringify(list.slice(-KEYS_MAX)));
    } catch {
        // Without storage it is known to this page as long as it is open.
    }
}

/** What would go along: the browser, this page's way here, and the tab's notes. */
function bundle() {
    return [
        `browser: ${redacted(navigator.userAgent)}`,
        `window: ${innerWidth} × ${innerHeight}, language ${navigator.language}, ${navigator.onLine ? "online" : "offline"}`,
        `from: ${redacted(query.get("from") ?? "this page")}`,
        ...(handed ?? notes()),
    ].join("\n");
}

function fail(form, text, field) {
    const place = form.querySelector(".error");
    setText(place, "");
    setText(place, text);
    if (text === "") field.removeAttribute("aria-invalid");
    else {
        field.setAttribute("aria-invalid", "true");
        field.focus();
    }
}

function count() {
    const left = TEXT_BYTES_MAX - utf8Bytes(part("text").value);
    setText(part("text-count"), left < 0 ? t("problem.over", { count: -left }) : left < 300 ? t("problem.left", { count: left }) : "");
}

// Reporting

const waiting = [...kept(WAITING)];
/** Pictures of reports that wait, by identifier. They live in this page alone: a report that outlives it goes without, and that is told. */
const pictures = new Map();
let sending = false;
/** The next try, of which there is one, however many reports wait. */
let retry = null;

/** A picture goes before its report: to one that is made, none is added. */
async function sendPicture(report) {
    const taken = pictures.get(report.id);
    if (!taken) return { status: 200, isLost: report.hasPicture === true };
    if (taken.isSent) return { status: 200 };
    const answer = await ask("POST", `/api/problems/picture?id=${report.id}`, taken.blob);
    if (answer.status === 200) {
        // The node has it, also when this page is loaded anew.
        taken.isSent = true;
        delete report.hasPicture;
        keep(WAITING, waiting);
    }
    return answer;
}

/** Gives back what was not taken, to be mended. */
function giveBack(report, field, text) {
    part("text").value ||= report.text;
    count();
    if (!picture.isThere()) pictures.get(report.id)?.put();
    pictures.delete(report.id);
    if (field) fail(part("report"), text, field);
    else {
        setText(part("said"), "");
        picture.fail(text);
        part("picture-file").focus();
    }
}

/** Passes on what waits, one after the other; what was not taken for a passing reason is tried again. */
async function passOn() {
    if (sending) return;
    sending = true;
    clearTimeout(retry);
    while (waiting.length > 0) {
        const report = waiting[0];
        const sent = await sendPicture(report);
        const { hasPicture, ...said } = report;
        const isSent = sent.status === 200;
        const answer = isSent ? await ask("POST", "/api/problems", said) : sent;
        if (answer.status === 0 || answer.status >= 500) {
            setText(part("said"), t("problem.waits", { why: answer.body?.text ? told(answer.body.code, answer.body.text) : t("problem.unreached") }));
            retry = setTimeout(passOn, AGAIN_MS);
            break;
        }
        waiting.shift();
        keep(WAITING, waiting);
        if (answer.status === 200) {
            keep(KEYS, [...kept(KEYS).filter((id) => id !== report.id), report.id]);
            pictures.delete(report.id);
            looks = 0;
            setText(part("said"), sent.isLost ? `${t("problem.thanks")} ${t("problem.pictureUnread")}` : t("problem.thanks"));
        } else if (isSent) {
            giveBack(report, part("text"), answer.body?.text ? told(answer.body.code, answer.body.text) : t("problem.notTaken"));
        } else {
            const { code, text } = answer.body ?? {};
            giveBack(report, null, text ? told(code, text, has(`refused.${code}`) ? "refused" : "error") : t("problem.pictureLarge"));
        }
    }
    sending = false;
    await look();
}

part("report").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = part("text");
    const text = field.value.trim();
    if (text === "") return fail(part("report"), t("problem.empty"), field);
    if (utf8Bytes(text) > TEXT_BYTES_MAX) return fail(part("report"), t("problem.long"), field);
    fail(part("report"), "", field);
    const id = newId();
    const isThere = picture.isThere();
    field.value = "";
    const along = isThere ? await picture.taken() : null;
    if (isThere && !along) {
        field.value = text;
        return undefined;
    }
    if (along) pictures.set(id, along);
    const library = query.get("library");
    waiting.push({ id, text, bundle: part("along").checked ? bundle() : "", ...(library ? { library } : {}), ...(along ? { hasPicture: true } : {}) });
    keep(WAITING, waiting);
    count();
    setText(part("said"), t("problem.sending"));
    return passOn();
});

part("text").addEventListener("input", count);
part("along").addEventListener("change", () => part("bundle").classList.toggle("struck", !part("along").checked));

// What became of them

const time = (ms) => new Date(ms).toLocaleString(spoken().tag === "en" ? undefined : spoken().tag, { dateStyle: "medium", timeStyle: "short" });
const who = ({ kind, name }) => ({ ltg: "LTG", node: t("problem.node", { name }), person: name }[kind] ?? t("problem.somebody"));

function drawEntry(entry) {
    const text = entry.text || "—";
    const became = entry.stage ? t("problem.became", { stage: stageText(entry.stage), text }) : text;
    return h("li", {}, h("p", { text: became }), h("p", { class: "small", text: t("problem.by", { who: who(entry), when: time(entry.ms) }) }));
}

function drawTicket(ticket) {
    const id = `comment-${ticket.number}`;
    const number = String(ticket.number);
    const field = h("textarea", { id, rows: 2 });
    const form = h("form", { novalidate: true },
        h("label", { for: id, text: t(ticket.stage === "solved" ? "problem.again" : "problem.add") }),
        field, h("p", { class: "error", role: "alert" }),
        h("button", { type: "submit", "aria-label": t("problem.addTo", { number }), text: t("problem.addDo") }));
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        comment(form, field, ticket);
    });
    const stage = stageText(ticket.stage);
    const state = ticket.owner ? t("problem.owner", { stage, owner: ticket.owner }) : stage;
    const made = { who: who(ticket), when: time(ticket.openedMs), count: ticket.count - 1 };
    return h("li", { data: { number: ticket.number, stage: ticket.stage } },
        h("h3", { text: t("problem.report", { number, state }) }),
        h("p", { class: "small", text: t(ticket.count > 1 ? "problem.since" : "problem.by", made) }),
        h("p", { text: ticket.text }),
        ticket.kind === "somebody" ? h("p", {}, h("a", { href: `/problem#${ticket.id}`, text: t("problem.link", { number }) })) : null,
        ticket.entries.length > 0 ? h("ol", {}, ...ticket.entries.map(drawEntry)) : null,
        form);
}

async function comment(form, field, ticket) {
    const text = field.value.trim();
    if (text === "") return fail(form, t("problem.addEmpty"), field);
    if (utf8Bytes(text) > COMMENT_BYTES_MAX) return fail(form, t("problem.addLong", { count: utf8Bytes(text) - COMMENT_BYTES_MAX }), field);
    const button = form.querySelector("button");
    if (button.getAttribute("aria-disabled") === "true") return undefined;
    button.setAttribute("aria-disabled", "true");
    // The same when it is tried again, so that it is added once.
    field.dataset.id ??= newId();
    const answer = await ask("POST", "/api/problems/comment", { ticket: ticket.id, id: field.dataset.id, text });
    button.removeAttribute("aria-disabled");
    if (answer.status !== 200) return fail(form, answer.body?.text ? told(answer.body.code, answer.body.text) : t("problem.addUnreached"), field);
    fail(form, "", field);
    field.value = "";
    delete field.dataset.id;
    setText(part("said"), t("problem.added", { number: String(ticket.number) }));
    part("mine-title").focus();
    return look();
}

/** The person's own, those of the library for its admins, and those whose keys this browser has. */
async function tickets() {
    const found = new Map();
    const answer = await ask("GET", "/api/problems");
    person = answer.status === 200;
    if (person) for (const ticket of answer.body.tickets) found.set(ticket.id, ticket);
    for (const id of kept(KEYS).filter((other) => !found.has(other))) {
        const one = await ask("GET", `/api/problems/one?id=${id}`);
        if (one.status === 200) found.set(id, one.body);
    }
    const rank = (ticket) => (ticket.stage === "solved" ? 1 : 0);
    return [...found.values()].sort((a, b) => rank(a) - rank(b) || b.number - a.number);
}

let looking = null;
/** How often a report was looked for that is not shown yet. */
let looks = 0;
/** Counts the looks: an answer to an earlier one comes too late. */
let turns = 0;

/** Draws them anew when something changed, and nobody writes there just now. */
async function look() {
    clearTimeout(looking);
    turns += 1;
    const turn = turns;
    const list = await tickets();
    if (turn !== turns) return;
    const drawn = JSON.stringify(list);
    const isWriting = [...part("tickets").querySelectorAll("textarea")].some((field) => field.value !== "" || field === document.activeElement);
    if (drawn !== shown && !isWriting) {
        shown = drawn;
        part("tickets").replaceChildren(...list.map(drawTicket));
    }
    setHidden(part("mine"), list.length === 0);
    setText(part("mine-hint"), t(person ? "problem.hintPerson" : "problem.hintTab"));
    const expected = kept(KEYS).some((id) => !list.some((ticket) => ticket.id === id));
    looks = expected ? looks + 1 : 0;
    looking = setTimeout(look, nextLookMs(expected && list.length < KEYS_MAX, looks));
}

for (const element of document.querySelectorAll("[data-text]")) setText(element, t(element.dataset.text));
for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", t(element.dataset.label));
document.title = t("problem.title");
Object.assign(document.documentElement, { lang: spoken().tag, dir: spoken().direction });
if (key) keep(KEYS, [...kept(KEYS).filter((other) => other !== key), key]);
note("report: opened");
part("bundle").textContent = bundle();
picture.begin();
count();
if (waiting.length > 0) passOn();
else look();
