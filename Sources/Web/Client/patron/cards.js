/**
 * What the patron is asked, or must know, above the composer: one card at a time, chosen from the session's view by
 * `cardFor` (pure), drawn by `drawCard`. A card with the same key is not drawn again, so that focus and typing stay.
 */

import { el } from "./dom.js";

const title = (thing, otherwise) => thing?.title || thing?.name || otherwise;

/** What the node says of these is meant for the help desk. */
const REFUSED = {
    unknownQueue: "This button leads to a chat that is no longer there. Your library’s own pages say how to reach it.",
    full: "So many people are asking that there is no room just now. Please try again in a few minutes.",
    closed: "This chat is over, and is not kept here any more. You can begin another.",
    wrongSecret: "This chat cannot be opened from here. You can begin another.",
};

/** `{key, kind, …}` or null. `local`: what this panel asked itself ("end", "collect"). */
export function cardFor(view, local) {
    if (view.stage === "fenced") return { key: "fenced", kind: "fenced" };
    if (view.stage === "refused") return { key: `refused:${view.problem?.code}`, kind: "refused", text: REFUSED[view.problem?.code] ?? view.problem?.text };
    if (local === "end") return { key: "end", kind: "end" };
    if (local === "collect") return { key: "collect", kind: "collect" };
    const { chat } = view;
    const phase = chat?.phase;
    if (!phase || view.stage !== "open") return null;
    if (phase.p === "held" && phase.offer?.asked) {
        return { key: `transfer:${phase.offer.offer}`, kind: "transfer", offer: phase.offer, by: phase.by };
    }
    if (phase.p === "ask") return { key: "referral", kind: "referral", library: chat.library ?? chat.queue, referral: phase.referral };
    if (phase.p === "unattended") return { key: "unattended", kind: "unattended" };
    if (phase.p === "kept") return { key: `kept:${view.code}`, kind: "kept", code: view.code };
    if (phase.p === "closed") return { key: "closed", kind: "closed", reason: phase.reason };
    return null;
}

/** @param {object} act what the buttons do: consent, keep, leave, takeOver, reset, collect, cancel, save, copy */
export function drawCard(card, act) {
    const body = DRAW[card.kind](card, act);
    return el(`section.card.${card.kind}`, { "data-callslip-card": card.kind, "aria-labelledby": "callslip-card-title" }, ...body);
}

const heading = (text) => el("h2#callslip-card-title", {}, text);
const note = (...text) => el("p", {}, ...text);
const button = (id, text, onclick, kind = "quiet") => el(`button.${kind}#${id}`, { type: "button", onclick }, text);
const choices = (...buttons) => el("div.choices", {}, ...buttons);

const DRAW = {
    transfer({ offer, by }, act) {
        const target = title(offer.target, "another library");
        const who = by?.display || "the librarian";
        return [
            heading(`Go on with ${target}?`),
            note(`${by?.display || "The librarian"} thinks that ${target} can help you better. They will read this chat, and you stay right here.`),
            choices(
                button("callslip-yes", "Yes, go on", () => act.consent(offer.offer, true), "primary"),
                button("callslip-no", `No, stay with ${who}`, () => act.consent(offer.offer, false)),
            ),
        ];
    },

    referral({ library, referral }, act) {
        return [
            heading(`${title(library, "Your library")} is away now`),
            note(`${title(referral, "The campus general service")} can answer instead. They will read your question.`),
            choices(
                button("callslip-yes", "Yes, ask them", () => act.consent("0.0", true), "primary"),
                button("callslip-no", "No, thank you", () => act.consent("0.0", false)),
            ),
        ];
    },

    unattended(_, act) {
        const contact = contactField("callslip-card-contact");
        return [
            heading("Leave your question?"),
            note("Nobody can answer right now. We can keep your question; you get a code to collect the answer with."),
            contact.element,
            choices(
                button("callslip-keep", "Leave it as a message", () => act.keep(contact.value()), "primary"),
                button("callslip-no", "End the chat", () => act.leave()),
            ),
        ];
    },

    kept({ code }, act) {
        const copied = el("span.copied", { role: "status" });
        return [
            heading("Your question is kept"),
            note("Collect the answer with this code, at any chat button of your library, on any device:"),
            el("p.code#callslip-code", {}, code ?? "…"),
            choices(
                button("callslip-copy", "Copy the code", async () => {
                    copied.textContent = (await act.copy(code)) ? "Copied" : "Please write it down";
                }),
                button("callslip-done", "Done", () => act.reset()),
                copied,
            ),
            note("Write it down: whoever has the code can read the answer, and nobody can find it for you."),
        ];
    },

    closed({ reason }, act) {
        return [
            heading({ answeredMessage: "This is your answer", notAnswered: "Nobody answered in time" }[reason] ?? "The chat has ended"),
            ...(reason === "notAnswered" ? [note("Your question was kept for as long as questions are. We are sorry; please ask again.")] : []),
            choices(
                button("callslip-again", "Ask something new", () => act.reset(), "primary"),
                button("callslip-card-save", "Save a copy", () => act.save()),
            ),
        ];
    },

    fenced(_, act) {
        return [
            heading("This chat goes on in another tab"),
            note("You opened it there last. You can bring it back here; nothing is lost."),
            choices(button("callslip-continue", "Continue here", () => act.takeOver(), "primary")),
        ];
    },

    refused({ text }, act) {
        return [
            heading("This did not work"),
            note(text || "The service could not open the chat."),
            choices(button("callslip-again", "Start again", () => act.reset(), "primary")),
        ];
    },

    end(_, act) {
        return [
            heading("End this chat?"),
            note("The librarian will be told. Save a copy first if you want to keep it: it is gone from this page afterwards."),
            choices(
                button("callslip-end-yes", "End the chat", () => act.leave(), "stamp"),
                button("callslip-end-no", "Go on chatting", () => act.cancel()),
            ),
        ];
    },

    collect(_, act) {
        const input = el("input#callslip-code-input", {
            type: "text",
            autocomplete: "off",
            autocapitalize: "characters",
            spellcheck: "false",
            maxlength: "20",
            placeholder: "K7QM-3XRT-9WZB",
            "aria-describedby": "callslip-code-problem",
        });
        const problem = el("p.problem#callslip-code-problem", { role: "alert" });
        const submit = async (event) => {
            event.preventDefault();
            problem.textContent = "";
            const why = await act.collect(input.value);
            if (why) {
                problem.textContent = why;
                input.focus();
            }
        };
        return [
            heading("Collect an answer"),
            el(
                "form",
                { onsubmit: submit },
                el("label", { for: "callslip-code-input" }, "The code that you were given"),
                input,
                problem,
                choices(
                    el("button.primary#callslip-collect-go", { type: "submit" }, "Show the answer"),
                    button("callslip-collect-cancel", "Back", () => act.cancel()),
                ),
            ),
        ];
    },
};

/** An optional e-mail address; nobody has to give one. */
export function contactField(id = "callslip-contact") {
    const input = el(`input#${id}`, { type: "email", autocomplete: "email", maxlength: "200", "aria-describedby": `${id}-note` });
    const element = el(
        "div.contact",
        {},
        el("label", { for: id }, "E-mail, only if you want the answer sent there"),
        input,
        el(`p.small#${id}-note`, {}, "You can leave this empty."),
    );
    return { element, value: () => input.value.trim() };
}
