/**
 * The inventory of buttons (agreement, 4): which pages have one, what is old, broken or gone, with lines to copy; hosts that nobody knows; and releases. A library's admin
 * who is signed in sees the library's own, LTG by a node's admin token everything. The token lives in this page's memory alone.
 */

import { ask } from "/shared/ask.js";
import { h, setHidden, setText } from "/shared/dom.js";

const STATES = { broken: "Broken", old: "Old", gone: "Gone", good: "As it should be" };
const SETTLE_TRIES = 40;
const SETTLE_MS = 150;

const part = (id) => document.getElementById(id);
let token;
let shown = null;

const sentence = (answer) => answer.body?.text ?? "The node does not answer. Nothing was changed; try again in a moment.";

async function show() {
    const answer = await ask("GET", "/api/buttons", undefined, token);
    setHidden(part("enter"), answer.status === 200 || (answer.status !== 401 && token === undefined && answer.status !== 403));
    if (answer.status !== 200) return answer;
    shown = answer.body;
    setHidden(part("buttons"), false);
    // A link carries no token.
    setHidden(part("csv").parentElement, shown.isLTG);
    drawInstalls(shown.installs);
    drawStrangers(shown.strangers);
    drawReleases(shown);
    return answer;
}

function act(words, name, body, done, place) {
    const button = h("button", { type: "button", "aria-label": name, text: words });
    button.addEventListener("click", async () => {
        if (button.getAttribute("aria-disabled") === "true") return;
        button.setAttribute("aria-disabled", "true");
        setText(part("problem"), "");
        const before = JSON.stringify(shown);
        const answer = await ask("POST", "/api/buttons", body, token);
        button.removeAttribute("aria-disabled");
        if (answer.status !== 200) {
            setText(part("problem"), sentence(answer));
            return;
        }
        // The node's list follows a moment after what the consortium decided.
        for (let tries = 0; tries < SETTLE_TRIES; tries += 1) {
            await show();
            if (JSON.stringify(shown) !== before) break;
            await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
        }
        setText(part("said"), done);
        part(place).focus();
    });
    return button;
}

async function copy(lines, button) {
    try {
        await navigator.clipboard.writeText(lines.textContent);
        setText(button, "Copied");
        setText(part("said"), "The lines are copied.");
    } catch {
        getSelection().selectAllChildren(lines);
        setText(part("said"), "The lines are selected: copy them with Ctrl+C.");
    }
}

function drawInstall(row) {
    const page = `${row.host}${row.path}`;
    const lines = row.fix ? h("pre", { tabindex: 0, role: "region", "aria-label": `Lines to paste on ${page}` }, h("code", { text: row.fix })) : null;
    const button = lines ? h("button", { type: "button", "aria-label": `Copy the lines for ${page}`, text: "Copy" }) : null;
    button?.addEventListener("click", () => copy(lines, button));
    const facts = `${row.queue || "no queue"}${row.library ? ` of ${row.library}` : ""}; ${row.kind === "old" ? "the old vendor’s snippet" : "our own tag"}${row.version ? `; version ${row.version}` : ""}; seen ${row.firstDay} to ${row.lastDay}`;
    return h("li", { data: { state: row.state, number: row.number } },
        h("h3", { text: `${STATES[row.state] ?? row.state}: ${page}` }),
        row.why ? h("p", { text: row.why }) : null,
        h("p", { class: "small", text: facts }),
        lines ? h("details", {}, h("summary", { text: "Lines to paste there" }), lines, button) : null,
        row.state === "gone" ? act("Forget it", `Forget ${page}`, { forget: row.number }, `${page} is forgotten.`, "installs-title") : null);
}

function drawInstalls(rows) {
    const bad = rows.filter((row) => row.state !== "good");
    const good = rows.filter((row) => row.state === "good");
    setText(part("sum"), rows.length === 0 ? "No page has told of a button yet." : `${good.length} of ${rows.length} buttons are as they should be.`);
    part("installs").replaceChildren(
        ...(bad.length > 0 ? [h("ul", {}, ...bad.map(drawInstall))] : []),
        ...(good.length > 0 ? [h("details", {}, h("summary", { text: `Those that are as they should be (${good.length})` }), h("ul", {}, ...good.map(drawInstall)))] : []));
}

function drawStrangers(strangers) {
    if (strangers.length === 0) return part("strangers").replaceChildren(h("p", { text: "There are none." }));
    return part("strangers").replaceChildren(h("ul", {}, ...strangers.map((one) => h("li", {},
        h("p", {}, h("strong", { text: one.host }), ` with ${one.path}, for ${one.queue || "no queue"}${one.library ? ` of ${one.library}` : ""}; seen ${one.firstDay} to ${one.lastDay}`),
        h("div", { class: "choices" },
            act("Confirm", `Confirm ${one.host}`, { confirm: one.host }, `${one.host} is confirmed.`, "strangers-title"),
            act("Reject", `Reject ${one.host}`, { reject: one.host }, `${one.host} is rejected.`, "strangers-title"))))));
}

function drawReleases({ released, serves, own, releases, isLTG }) {
    setText(part("serves"), serves === "" ? "This node reads its files from a directory." : released && released !== serves
        ? `Released is ${released}, which this node does not have: it serves ${serves}. Update it.`
        : `This node serves ${serves}${released ? ", which is released" : "; nothing was released yet"}.`);
    const time = (ms) => new Date(ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    const after = releases[0]?.number ?? 0;
    const former = releases.find((release) => release.version !== released);
    part("releases").replaceChildren(
        releases.length === 0 ? h("p", { text: "Nothing was released yet." }) : h("ol", {}, ...releases.map((release) => h("li", {},
            h("p", {}, h("code", { text: release.version }), ` from ${time(release.ms)}${release.note ? `: ${release.note}` : ""}`)))));
    if (!isLTG) return;
    const choices = [
        own && own !== released && own !== former?.version ? act(`Release ${own}`, `Release ${own}, which this node was built with`, { release: own, after, note: "" }, `${own} is released.`, "releases-title") : null,
        former ? act(`Back to ${former.version}`, `Go back to ${former.version}`, { release: former.version, after, note: "Undone." }, `${former.version} is released again.`, "releases-title") : null,
    ].filter(Boolean);
    if (choices.length > 0) part("releases").append(h("div", { class: "choices" }, ...choices));
}

part("token-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = part("token");
    const place = part("token-form").querySelector(".error");
    field.removeAttribute("aria-invalid");
    token = field.value.trim();
    const answer = token === "" ? { status: 0, body: { text: "Type the token." } } : await show();
    setText(place, answer.status === 200 ? "" : sentence(answer));
    if (answer.status !== 200) {
        token = undefined;
        field.setAttribute("aria-invalid", "true");
        field.focus();
        return;
    }
    field.value = "";
    setText(part("problem"), "");
    part("installs-title").focus();
});

const first = await show();
if (first.status !== 200 && first.status !== 401) setText(part("problem"), sentence(first));
