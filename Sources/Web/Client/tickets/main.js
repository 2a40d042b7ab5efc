/**
 * LTG's page of reported problems (agreement, 8, and the LTG help desk): what is open, for how long, and with whom; and what was said of each. LTG's people who are signed in
 * read and answer, or whoever has a node's admin token, which lives in this page's memory alone.
 */

import { keyed } from "/desk/dom.js";
import { ask } from "/shared/ask.js";
import { newId } from "/shared/connection.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { utf8Bytes } from "/shared/wording.js";
import { drawPicture } from "./picture.js";
import { ago, chosen, found, STAGES, who } from "./tickets.js";

const TEXT_BYTES_MAX = 1000;
const LOOK_MS = 15000;
const SETTLE_TRIES = 40;
const SETTLE_MS = 150;
/** Who looks after things here, so that it is typed once a visit. */
let owner = "";
let token;
let tickets = [];
/** How many times the list was asked for, and which of these answers is shown: an older one does not come in the place of a newer. */
let reads = 0;
let shownRead = 0;

const part = (id) => document.getElementById(id);
const sentence = (answer) => answer.body?.text ?? "The node does not answer. Nothing was changed; try again in a moment.";

async function read() {
    const mine = (reads += 1);
    const answer = await ask("GET", "/api/problems/all", undefined, token);
    if (answer.status === 200 && mine > shownRead) {
        shownRead = mine;
        tickets = answer.body.tickets;
        setText(part("problem"), "");
    }
    return answer;
}

async function show() {
    const answer = await read();
    const asks = answer.status === 401 || answer.status === 403;
    setHidden(part("enter"), !asks);
    setHidden(part("list"), answer.status !== 200 && tickets.length === 0);
    if (answer.status !== 200 && !asks) setText(part("problem"), sentence(answer));
    if (answer.status === 200) draw();
    return answer;
}

/** Drawn anew but for those that somebody writes in; what stays is not moved, so that nobody loses the place they type at. */
function draw() {
    const shown = found(chosen(tickets, part("stage").value), part("filter").value);
    const open = tickets.filter((ticket) => ticket.stage !== "solved").length;
    document.title = open === 0 ? "Reported problems" : `(${open}) Reported problems`;
    setText(part("count"), shown.length === 1 ? "1 problem" : `${shown.length} problems`);
    const list = part("entries");
    const before = new Map([...list.children].map((item) => [item.dataset.number, item]));
    const empty = tickets.length === 0 ? "Nobody reported a problem. Whatever people and nodes report comes here." : "Nothing fits. Show all, or look for other words.";
    const items = shown.length === 0 ? [h("li", { text: empty })] : shown.map((ticket) => {
        const item = before.get(String(ticket.number));
        if (item && (item.dataset.changed === stamp(ticket) || isBusy(item))) {
            setText(item.querySelector(".age"), ago(ticket.openedMs, Date.now()));
            return item;
        }
        const drawn = drawTicket(ticket, item?.querySelector("details").open ?? false);
        // A picture that was fetched stays.
        const seen = item?.querySelector(".along");
        if (seen?.querySelector("canvas")) drawn.querySelector(".along")?.replaceWith(seen);
        return drawn;
    });
    keyed(list, items, (item) => item, (item) => item);
}

const stamp = (ticket) => `${ticket.changedMs} ${ticket.stage} ${ticket.count} ${ticket.entries.length} ${ticket.owner ?? ""}`;

/** Whether somebody is in the middle of a word there. */
const isBusy = (item) => item.querySelector(".along canvas") === document.activeElement
    || [...item.querySelectorAll("textarea, input")].some((field) => field.value !== field.defaultValue || field === document.activeElement);

function drawTicket(ticket, isOpen) {
    const stage = ticket.stage === "inWork" && ticket.owner ? `${STAGES.inWork}: ${ticket.owner}` : STAGES[ticket.stage];
    const facts = [
        ["Reported by", who(ticket)], ["At node", ticket.node], ["Library", ticket.library], ["When", new Date(ticket.openedMs).toLocaleString()],
        ["Said by the node", ticket.count > 1 ? `${ticket.count} times` : null], ["Looked after by", ticket.owner],
    ].filter(([, value]) => value);
    return h("li", { data: { number: ticket.number, changed: stamp(ticket) } }, h("details", { open: isOpen },
        h("summary", {}, `${ticket.number}. ${ticket.text.split("\n")[0].slice(0, 120)} `,
            h("span", { class: ticket.stage === "open" ? "stage stage-open" : "stage", text: `${stage} · ` }), h("span", { class: "stage age", text: ago(ticket.openedMs, Date.now()) })),
        h("div", { class: "body" },
            h("p", { class: "what", text: ticket.text }),
            h("dl", {}, ...facts.flatMap(([term, value]) => [h("dt", { text: term }), h("dd", { text: value })])),
            ticket.bundle ? h("details", {}, h("summary", { text: "What went along" }), h("pre", { tabindex: 0, role: "region", "aria-label": `What went along with ${ticket.number}`, text: ticket.bundle })) : null,
            drawPicture(ticket, token),
            h("ul", { class: "entries-said" }, ...ticket.entries.map(drawEntry)),
            drawAnswer(ticket))));
}

function drawEntry(entry) {
    const stage = entry.stage ? ` ${STAGES[entry.stage]}.` : "";
    return h("li", {}, h("span", { class: "small", text: `${who(entry)}, ${ago(entry.ms, Date.now())}:${stage} ` }), entry.text);
}

function drawAnswer(ticket) {
    const box = h("textarea", { id: `text-${ticket.number}`, rows: 3, "aria-describedby": `wrong-${ticket.number}` });
    const wrong = h("p", { id: `wrong-${ticket.number}`, class: "error", role: "alert" });
    const name = h("input", { id: `owner-${ticket.number}`, autocomplete: "name", value: ticket.owner ?? owner });
    /** What is asked again, word for word, after an answer that was lost is the same request. */
    let id = newId();
    let asked = "";
    const send = async (change, needs, done) => {
        const text = box.value.trim();
        const mistake = needs && text === "" ? needs : utf8Bytes(text) > TEXT_BYTES_MAX ? `That is too long by ${utf8Bytes(text) - TEXT_BYTES_MAX} bytes.` : "";
        setText(wrong, mistake);
        if (mistake !== "") return box.focus();
        const wish = { ticket: ticket.id, ...(text === "" ? {} : { text }), ...change };
        if (JSON.stringify(wish) !== asked) id = newId();
        asked = JSON.stringify(wish);
        const answer = await ask("POST", "/api/problems/all", { ...wish, id }, token);
        if (answer.status !== 200) return setText(wrong, sentence(answer));
        asked = "";
        box.value = "";
        name.defaultValue = name.value;
        await settled(ticket);
        setText(part("said"), done);
        document.querySelector(`#entries > li[data-number="${ticket.number}"] summary`)?.focus();
        return undefined;
    };
    const button = (text, handler, isPrimary) => h("button", { type: "button", class: isPrimary ? "primary" : null, text, on: { click: handler } });
    const isSolved = ticket.stage === "solved";
    return h("div", { class: "answer" },
        h("label", { for: box.id, text: "Answer, or what became of it" }), box, wrong,
        isSolved ? null : h("div", {}, h("label", { for: name.id, text: "Who looks after it" }), h("br"), name),
        h("div", { class: "row" },
            button("Add", () => send({}, "Write what to add.", `Added to ${ticket.number}.`), true),
            isSolved ? null : button("Take it", () => {
                owner = name.value.trim();
                if (owner === "") {
                    setText(wrong, "Say who looks after it, as people are to read it.");
                    return name.focus();
                }
                return send({ stage: "inWork", owner }, "", `${ticket.number} is with ${owner}.`);
            }),
            isSolved ? button("Open again", () => send({ stage: "open" }, "Write why it is open again.", `${ticket.number} is open again.`))
                : button("Solved", () => send({ stage: "solved" }, "Write what became of it: whoever reported it reads that.", `${ticket.number} is solved.`))));
}

/** The node's list follows a moment after what the consortium decided. */
async function settled(ticket) {
    for (let tries = 0; tries < SETTLE_TRIES; tries += 1) {
        await read();
        const now = tickets.find((one) => one.id === ticket.id);
        if (now && stamp(now) !== stamp(ticket)) break;
        await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    }
    draw();
}

part("token-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    const field = part("token");
    token = field.value.trim() || undefined;
    field.removeAttribute("aria-invalid");
    const answer = token === undefined ? null : await show();
    const wrong = answer === null ? "Type the token." : answer.status === 200 ? "" : sentence(answer);
    setText(part("token-form").querySelector(".error"), wrong);
    if (wrong !== "") {
        token = undefined;
        field.setAttribute("aria-invalid", "true");
        field.focus();
    } else {
        part("count").focus();
    }
});
part("tools").addEventListener("submit", (event) => event.preventDefault());
part("filter").addEventListener("input", draw);
part("stage").addEventListener("change", draw);
setInterval(() => {
    if (document.visibilityState === "visible" && !part("list").hidden) show();
}, LOOK_MS);
show();
