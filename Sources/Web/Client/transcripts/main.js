/** Holds and exports: asked for by an admin of the library, decided by its director, and taken as a file. No word of a chat is shown here. */

import { ask } from "/shared/ask.js";
import { newId } from "/shared/connection.js";
import { h, setHidden, setText } from "/shared/dom.js";
import { table } from "/shared/tables.js";

const part = (id) => document.getElementById(id);
const time = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const KINDS = { hold: "Hold", export: "Export" };
const STAGES = { waiting: "waits for the director", approved: "approved", declined: "declined", ended: "ended", over: "its time is over" };

const failure = (answer) => answer.body?.text ?? "The node does not answer. Nothing was changed; try again in a moment.";

async function show() {
    const answer = await ask("GET", "/api/transcripts");
    setText(part("problem"), answer.status === 200 ? "" : failure(answer));
    if (answer.status !== 200) return;
    const { here, home, kept, wishes, hasDirector, node } = answer.body;
    setHidden(part("transcripts"), false);
    setText(part("director"), hasDirector ? "" : "Your library has no director in the roster, so nothing can be approved yet. LTG names one in the consortium’s file (director: true).");
    setHidden(part("no-wishes"), wishes.length > 0);
    part("wishes").replaceChildren(...wishes.map(drawWish));
    setText(part("place"), here
        ? `The newest that ${node} keeps: when each came, and no word of what was said.`
        : `Transcripts are kept at ${home || "your library’s node"}: sign in there to see which there are and to take an export.`);
    part("kept").replaceChildren(...(kept.length > 0 ? [table("List of transcripts", ["Chat", "Came", "Queue", "Entries", "Held until", "Ask"], kept.map(drawKept))] : here ? [h("p", { text: "None is kept here now." })] : []));
}

function drawKept(line) {
    const choose = h("button", { type: "button", "aria-label": `Ask for chat ${line.chat}`, text: "Ask" });
    choose.addEventListener("click", () => {
        part("chat").value = line.chat;
        part("reason").focus();
    });
    return h("tr", {}, h("th", { scope: "row" }, h("code", { text: line.chat })), h("td", { text: time.format(line.receivedMs) }), h("td", { text: line.queue }),
        h("td", { text: line.messages }), h("td", { text: line.heldUntilMs ? time.format(line.heldUntilMs) : "–" }), h("td", {}, choose));
}

function drawWish(wish) {
    const title = `${KINDS[wish.kind] ?? wish.kind}, ${wish.days === 1 ? "1 day" : `${wish.days} days`}: ${STAGES[wish.stage] ?? wish.stage}`;
    const decided = wish.decidedBy ? `${wish.decidedBy}, ${time.format(wish.decidedMs)}${wish.note ? `: ${wish.note}` : ""}` : null;
    const note = wish.mayDecide || wish.mayEnd ? h("input", { id: `note-${wish.id}`, autocomplete: "off", maxlength: 500 }) : null;
    const decide = (what, words, done) => button(words, `${words} the ${wish.kind} for chat ${wish.chat}`, what === "approve", () => settle({ decide: what, wish: wish.id, note: note.value }, done));
    return h("li", { data: { stage: wish.stage, kind: wish.kind } },
        h("h3", { text: title }),
        h("p", {}, "Chat ", h("code", { text: wish.chat }), `, asked for by ${wish.by}, ${time.format(wish.askedMs)}`),
        h("p", { text: wish.reason }),
        decided ? h("p", { class: "small", text: decided }) : null,
        wish.untilMs > 0 && wish.stage !== "over" ? h("p", { class: "small", text: wish.stage === "waiting" ? `Not deleted while it waits, until ${time.format(wish.untilMs)}.` : `Until ${time.format(wish.untilMs)}.` }) : null,
        note ? h("label", { for: note.id, text: wish.mayDecide ? "Note (needed to decline)" : "Note" }) : null, note,
        h("div", { class: "acts" },
            wish.mayDecide ? decide("approve", "Approve", "It is approved.") : null,
            wish.mayDecide ? decide("decline", "Decline", "It is declined.") : null,
            wish.mayEnd ? decide("end", wish.stage === "waiting" ? "Withdraw" : "End", "It is ended.") : null,
            wish.mayTake ? button("Take the file", `Take the file of chat ${wish.chat}`, true, () => take(wish)) : null));
}

function button(words, name, isPrimary, act) {
    const made = h("button", { type: "button", class: isPrimary ? "primary" : null, "aria-label": name, text: words });
    made.addEventListener("click", async () => {
        if (made.getAttribute("aria-disabled") === "true") return;
        made.setAttribute("aria-disabled", "true");
        await act();
        made.removeAttribute("aria-disabled");
    });
    return made;
}

async function settle(body, done) {
    setText(part("said"), "");
    const answer = await ask("POST", "/api/transcripts", body);
    if (answer.status !== 200) {
        setText(part("problem"), failure(answer));
        return;
    }
    await show();
    setText(part("said"), done);
    part("wishes-title").focus();
}

/** The file goes to the disk of whoever asked; this page forgets it. */
async function take(wish) {
    setText(part("said"), "");
    setText(part("problem"), "");
    let answer;
    try {
        answer = await fetch("/api/transcripts/export", {
            method: "POST", credentials: "same-origin", cache: "no-store", headers: { "content-type": "application/json" }, body: JSON.stringify({ wish: wish.id, id: newId() }),
        });
    } catch {
        setText(part("problem"), "The node does not answer. Try again in a moment.");
        return;
    }
    if (!answer.ok) {
        setText(part("problem"), failure({ body: await answer.json().catch(() => null) }));
        return;
    }
    const link = h("a", { href: URL.createObjectURL(await answer.blob()), download: `transcript-${wish.chat}.txt` });
    link.click();
    URL.revokeObjectURL(link.href);
    setText(part("said"), "The file was taken; that is in the audit log.");
}

/** What is asked, and the request's identifier: asked again, word for word, after an answer that was lost it is the same. */
let asked = { words: "", id: "" };

part("ask-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    if (part("ask-form").getAttribute("aria-busy") === "true") return;
    const kind = document.querySelector("input[name=kind]:checked").value;
    const wish = { ask: kind, chat: part("chat").value.trim(), reason: part("reason").value, days: Number(part("days").value) || 0 };
    if (asked.words !== JSON.stringify(wish)) asked = { words: JSON.stringify(wish), id: newId() };
    part("ask-form").setAttribute("aria-busy", "true");
    const answer = await ask("POST", "/api/transcripts", { ...wish, id: asked.id });
    part("ask-form").removeAttribute("aria-busy");
    setText(part("ask-problem"), answer.status === 200 ? "" : failure(answer));
    if (answer.status !== 200) return;
    asked = { words: "", id: "" };
    part("ask-form").reset();
    await show();
    setText(part("said"), "The director is asked; the text is not deleted meanwhile.");
    part("wishes-title").focus();
});
for (const choice of document.querySelectorAll("input[name=kind]")) {
    choice.addEventListener("change", () => { part("days").value = choice.value === "hold" ? "30" : "7"; });
}
show();
