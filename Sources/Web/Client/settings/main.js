/** The page of the service's settings (agreement, 6): what is in force, the versions before it and how any two of them differ, and which node uses which. For whoever is signed in, or has the node's admin token, which lives in this page's memory alone. */

import { ask } from "/shared/ask.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { row, table } from "/shared/tables.js";
import { differences, linesOf, shortKeys } from "./document.js";

const part = (id) => document.getElementById(id);
const STATES = { follows: "those in force", differs: "others", away: "not heard of", silent: "not known" };
let token;
let history = [];

const sentence = (answer) => answer.body?.text ?? "The node does not answer; try again in a moment.";
const shown = (name, value) => (value === "" ? "–" : name === "keys" ? shortKeys(value) : value);

function changes(label, list) {
    if (list.length === 0) return h("p", { text: "They say the same." });
    return table(label, ["Setting", "Before", "After"], list.map((one) => row(h("code", { text: one.name }), shown(one.name, one.from), shown(one.name, one.to))));
}

function drawPresent(next) {
    const lines = [...linesOf(next)].filter(([name]) => !["version", "note", "keys"].includes(name));
    return table("Settings in force", ["Setting", "Value"], lines.map(([name, value]) => row(h("code", { text: name }), value)));
}

function drawNodes(nodes) {
    const lines = nodes.map((node) => row(h("code", { text: node.node }), STATES[node.state] ?? node.state, node.version === undefined ? "–" : String(node.version), node.why ?? ""));
    const apart = nodes.filter((node) => node.differences.length > 0).map((node) => h("section", {}, h("h3", { text: `How ${node.node} differs` }),
        table(`How ${node.node} differs`, ["Setting", "There", "In force"], node.differences.map((one) => row(h("code", { text: one.name }), shown(one.name, one.from), shown(one.name, one.to))))));
    return [table("Settings of each node", ["Node", "Its settings", "Version", "Why"], lines), ...apart];
}

function drawEdition(edition) {
    const time = new Date(edition.ms).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
    return h("section", {}, h("h3", { text: `Version ${edition.version}` }),
        edition.note === "" ? null : h("p", { text: edition.note }),
        h("p", { class: "small", text: `In force from ${time}, signed by ${shortKeys(edition.key)}` }),
        h("details", {}, h("summary", { text: `What version ${edition.version} changed` }), changes(`Changes of version ${edition.version}`, edition.differences)));
}

function compare() {
    const [from, to] = ["compare-from", "compare-to"].map((id) => history.find((edition) => String(edition.version) === part(id).value));
    if (from && to) part("compared").replaceChildren(changes(`From version ${from.version} to version ${to.version}`, differences(from.text, to.text)));
}

async function show() {
    const answer = await ask("GET", "/api/settings", undefined, token);
    setHidden(part("enter"), answer.status === 200 || (answer.status !== 401 && token === undefined));
    if (answer.status !== 200) return answer;
    const { version, keys, next } = answer.body;
    history = answer.body.history;
    setText(part("sum"), version === 0 ? "Nothing was signed yet: settings come in with callslip import."
        : `Version ${version} is in force. The next one may be signed by ${shortKeys(keys.join(" "))}.`);
    part("present").replaceChildren(drawPresent(next));
    const { nodes, strays } = answer.body;
    setText(part("strays"), strays === 0 ? "Every node that is there uses the settings in force." : `${strays} ${strays === 1 ? "node uses" : "nodes use"} other settings.`);
    part("nodes").replaceChildren(...drawNodes(nodes));
    part("history").replaceChildren(...(history.length === 0 ? [h("p", { text: "There are none." })] : history.map(drawEdition)));
    setHidden(part("compare"), history.length < 2);
    for (const [id, chosen] of [["compare-from", 1], ["compare-to", 0]]) {
        const kept = part(id).value;
        part(id).replaceChildren(...history.map((edition) => h("option", { value: edition.version, text: `${edition.version}` })));
        part(id).value = String((history.find((edition) => String(edition.version) === kept) ?? history[chosen])?.version ?? "");
    }
    compare();
    setHidden(part("settings"), false);
    return answer;
}

part("again").addEventListener("click", async () => {
    const answer = await show();
    setText(part("problem"), answer.status === 200 ? "" : sentence(answer));
});
part("compare").addEventListener("change", compare);
part("compare").addEventListener("submit", (event) => event.preventDefault());
part("token-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = part("token");
    token = field.value.trim();
    field.removeAttribute("aria-invalid");
    const answer = token === "" ? { status: 0, body: { text: "Type the token." } } : await show();
    setText(part("token-form").querySelector(".error"), answer.status === 200 ? "" : sentence(answer));
    if (answer.status !== 200) {
        token = undefined;
        field.setAttribute("aria-invalid", "true");
        return field.focus();
    }
    field.value = "";
    setText(part("problem"), "");
    return part("sum").focus();
});

const first = await show();
if (first.status !== 200 && first.status !== 401) setText(part("problem"), sentence(first));
