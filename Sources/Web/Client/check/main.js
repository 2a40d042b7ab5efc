/**
 * The page checker (agreement, 4): somebody pastes a library page's HTML and reads what is wrong with its chat button, with lines to copy. The node judges and keeps
 * nothing (`/api/check-page`); what was pasted is shown as text alone.
 */

import { ask } from "/shared/ask.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { utf8Bytes } from "/shared/wording.js";

const HTML_BYTES_MAX = 1024 * 1024;
const VERDICTS = { works: "The button works", mend: "The button works; something should be mended", fails: "The button does not work" };
const SEVERITIES = { error: "Must be mended", warning: "Should be mended", note: "Could be better" };

const part = (id) => document.getElementById(id);

function fail(text, field) {
    const place = part("page").querySelector(".error");
    setText(place, "");
    setText(place, text);
    for (const other of part("page").querySelectorAll("[aria-invalid]")) other.removeAttribute("aria-invalid");
    if (text === "") return;
    field.setAttribute("aria-invalid", "true");
    field.focus();
}

/** Copies, and says so; where the browser does not let it, the lines are selected for the person to copy. */
async function copy(lines, button, number) {
    try {
        await navigator.clipboard.writeText(lines.textContent);
        setText(part("said"), "");
        setText(part("said"), `The lines of point ${number} are copied.`);
        setText(button, "Copied");
    } catch {
        getSelection().selectAllChildren(lines);
        setText(part("said"), `The lines of point ${number} are selected: copy them with Ctrl+C.`);
    }
}

function drawFinding(finding, index) {
    const number = index + 1;
    const lines = finding.fix ? h("pre", { tabindex: 0, role: "region", "aria-label": `Lines to paste for point ${number}` }, h("code", { text: finding.fix })) : null;
    const button = lines ? h("button", { type: "button", "aria-label": `Copy the lines of point ${number}`, text: "Copy" }) : null;
    button?.addEventListener("click", () => copy(lines, button, number));
    const where = finding.line === undefined ? "" : ` in line ${finding.line}`;
    return h("li", { data: { severity: finding.severity, code: finding.code } },
        h("h3", { text: `${number}. ${SEVERITIES[finding.severity] ?? finding.severity}${where}` }),
        h("p", { text: finding.what }), h("p", { text: finding.advice }), lines, button);
}

function show(report) {
    setText(part("verdict"), VERDICTS[report.verdict] ?? report.verdict);
    part("verdict").dataset.verdict = report.verdict;
    part("tags").replaceChildren(...report.tags.map((tag) => h("li", { text: `Line ${tag.line}: a button${tag.queue ? ` for ${tag.queue}` : ""}, from ${tag.host}` })));
    part("findings").replaceChildren(...report.findings.map(drawFinding));
    setHidden(part("cut"), !report.isCut);
    setHidden(part("result"), false);
    setText(part("said"), report.findings.length === 0 ? "Nothing is wrong." : "");
    part("verdict").focus({ preventScroll: true });
    part("result").scrollIntoView({ block: "start" });
}

part("page").addEventListener("submit", async (event) => {
    event.preventDefault();
    const html = part("html");
    if (html.value.trim() === "") return fail("Paste the page’s HTML, or choose a file.", html);
    if (utf8Bytes(html.value) > HTML_BYTES_MAX) return fail("That is more than 1 MiB: paste the part around the button alone.", html);
    const button = part("page").querySelector("button[type=submit]");
    if (button.getAttribute("aria-disabled") === "true") return undefined;
    button.setAttribute("aria-disabled", "true");
    const optional = (id, key, make = (text) => text) => (part(id).value.trim() === "" ? {} : { [key]: make(part(id).value.trim()) });
    const answer = await ask("POST", "/api/check-page", {
        html: html.value, ...optional("address", "address"), ...optional("queue", "queue"), ...optional("policy", "policies", (text) => [text]),
    });
    button.removeAttribute("aria-disabled");
    if (answer.status !== 200) return fail(answer.body?.text ?? "The node does not answer. What you pasted is still here; try again in a moment.", html);
    fail("", html);
    return show(answer.body);
});

part("file").addEventListener("change", async () => {
    const file = part("file").files[0];
    if (!file) return undefined;
    if (file.size > HTML_BYTES_MAX) return fail("That file has more than 1 MiB: paste the part around the button alone.", part("file"));
    try {
        part("html").value = await file.text();
    } catch {
        return fail("The browser could not read that file; paste its text instead.", part("file"));
    }
    return fail("", part("html"));
});
