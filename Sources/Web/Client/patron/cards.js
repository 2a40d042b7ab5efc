/**
 * What the patron is asked, or must know, above the composer: one card at a time, chosen from the session's view by
 * `cardFor` (pure), drawn by `drawCard`. A card with the same key is not drawn again, so that focus and typing stay.
 */

import { has, soon, t, told } from "../shared/language.js";
import { el } from "./dom.js";

const title = (thing, otherwise) => thing?.title || thing?.name || otherwise;

/** What the node says of some refusals is meant for the help desk. */
function refusal(problem) {
    if (!problem) return t("card.refusedText");
    return has(`refused.${problem.code}`) ? t(`refused.${problem.code}`) : told(problem.code, problem.text);
}

/**
 * `{key, kind, …}` or null. `local`: what this panel asked itself ("end", "clear", "cleared", "collect"); `contact`: whether an address may be asked for;
 * `unsent`: how much waits to be sent; `pausedUntil`: when a pause is over that a librarian asked for.
 */
export function cardFor(view, local, { contact = true, unsent = 0, pausedUntil = null } = {}) {
    if (view.stage === "fenced") return { key: "fenced", kind: "fenced" };
    if (view.stage === "refused") return { key: `refused:${view.problem?.code}`, kind: "refused", text: refusal(view.problem) };
    if (local === "end") return { key: "end", kind: "end" };
    if (local === "clear") return { key: "clear", kind: "clear", unsent, code: view.chat?.phase?.p === "kept" ? view.code : null };
    if (local === "cleared") return { key: "cleared", kind: "cleared", pausedUntil };
    if (local === "collect") return { key: "collect", kind: "collect" };
    if (view.stage === "start" && pausedUntil) return { key: `paused:${pausedUntil}`, kind: "paused", pausedUntil };
    const { chat } = view;
    const phase = chat?.phase;
    if (!phase || view.stage !== "open") return null;
    if (phase.p === "held" && phase.offer?.asked) {
        const { offer, by } = phase;
        if (offer.answerInS !== undefined) return { key: `later:${offer.offer}`, kind: "later", offer, by, contact };
        return { key: `transfer:${offer.offer}`, kind: "transfer", offer, by };
    }
    if (phase.p === "ask") return { key: "referral", kind: "referral", library: chat.library ?? chat.queue, referral: phase.referral };
    if (phase.p === "unattended") return { key: "unattended", kind: "unattended", contact };
    if (phase.p === "kept") return { key: `kept:${view.code}`, kind: "kept", code: view.code };
    if (phase.p === "closed") {
        // Asked of whom somebody answered, and never of whom a librarian asked for a pause.
        const survey = view.answered && !pausedUntil ? (view.rated ?? "ask") : null;
        return { key: `closed:${phase.reason}:${pausedUntil}:${survey}`, kind: "closed", reason: phase.reason, pausedUntil, survey };
    }
    return null;
}

/** @param {object} act what the buttons do: consent, keep, leave, takeOver, reset, rate, collect, cancel, save, print, askClear, clear, copy */
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
        const target = title(offer.target, t("panel.otherLibrary"));
        return [
            heading(t("card.transfer", { target })),
            note(t("card.transferText", { target, name: by?.display || t("panel.librarian") })),
            choices(
                button("callslip-yes", t("card.transferYes"), () => act.consent(offer.offer, true), "primary"),
                button("callslip-no", t("card.transferNo", { name: by?.display || t("panel.theLibrarian") }), () => act.consent(offer.offer, false)),
            ),
        ];
    },

    later({ offer, by, contact: asked }, act) {
        const target = title(offer.target, t("panel.otherLibrary"));
        const contact = asked ? contactField("callslip-card-contact") : null;
        return [
            heading(t("card.later", { target })),
            note(t("card.laterText", { target, count: Math.max(1, Math.round(offer.answerInS / 86400)) })),
            ...(contact ? [contact.element] : []),
            choices(
                button("callslip-keep", t("card.laterYes"), () => act.keep(contact?.value() ?? ""), "primary"),
                button("callslip-no", t("card.transferNo", { name: by?.display || t("panel.theLibrarian") }), () => act.consent(offer.offer, false)),
            ),
        ];
    },

    referral({ library, referral }, act) {
        return [
            heading(t("card.referral", { library: title(library, t("panel.yourLibrary")) })),
            note(t("card.referralText", { referral: title(referral, t("panel.general")) })),
            choices(
                button("callslip-yes", t("card.referralYes"), () => act.consent("0.0", true), "primary"),
                button("callslip-no", t("card.referralNo"), () => act.consent("0.0", false)),
            ),
        ];
    },

    unattended({ contact: asked }, act) {
        const contact = asked ? contactField("callslip-card-contact") : null;
        return [
            heading(t("card.leave")),
            note(t("card.leaveText")),
            ...(contact ? [contact.element] : []),
            choices(
                button("callslip-keep", t("card.leaveYes"), () => act.keep(contact?.value() ?? ""), "primary"),
                button("callslip-no", t("card.leaveNo"), () => act.leave()),
            ),
        ];
    },

    kept({ code }, act) {
        const copied = el("span.copied", { role: "status" });
        return [
            heading(t("card.kept")),
            note(t("card.keptText")),
            el("p.code#callslip-code", { dir: "ltr" }, code ?? "…"),
            choices(
                button("callslip-copy", t("card.copy"), async () => {
                    copied.textContent = (await act.copy(code)) ? t("card.copied") : t("card.copyByHand");
                }),
                button("callslip-done", t("card.done"), () => act.reset()),
                copied,
            ),
            note(t("card.keptNote")),
        ];
    },

    closed({ reason, pausedUntil, survey }, act) {
        return [
            heading(t({ answeredMessage: "card.answer", notAnswered: "card.notAnswered" }[reason] ?? "card.ended")),
            ...(reason === "notAnswered" ? [note(t("card.notAnsweredText"))] : []),
            ...(pausedUntil ? [note(t("card.blockedText", { when: soon(pausedUntil) }))] : []),
            ...surveyOf(survey, act),
            choices(
                ...(pausedUntil ? [] : [button("callslip-again", t("card.again"), () => act.reset(), "primary")]),
                button("callslip-card-save", t("panel.save"), () => act.save()),
                button("callslip-card-print", t("panel.print"), () => act.print()),
                button("callslip-card-clear", t("panel.clear"), () => act.askClear()),
            ),
        ];
    },

    fenced(_, act) {
        return [
            heading(t("card.fenced")),
            note(t("card.fencedText")),
            choices(button("callslip-continue", t("card.fencedYes"), () => act.takeOver(), "primary")),
        ];
    },

    refused({ text }, act) {
        return [
            heading(t("card.refused")),
            note(text),
            choices(button("callslip-again", t("card.refusedAgain"), () => act.reset(), "primary")),
        ];
    },

    end(_, act) {
        return [
            heading(t("card.end")),
            note(t("card.endText")),
            choices(
                button("callslip-end-yes", t("card.endYes"), () => act.leave(), "stamp"),
                button("callslip-end-no", t("card.endNo"), () => act.cancel()),
            ),
        ];
    },

    clear({ code, unsent }, act) {
        return [
            heading(t("card.clear")),
            note(t("card.clearText")),
            ...(unsent > 0 ? [note(t("card.clearUnsent", { count: unsent }))] : []),
            ...(code ? [note(t("card.clearCode", { code }))] : []),
            choices(
                button("callslip-clear-yes", t("card.clearYes"), () => act.clear(), "stamp"),
                button("callslip-clear-no", t("card.clearNo"), () => act.cancel()),
            ),
        ];
    },

    paused({ pausedUntil }) {
        return [heading(t("card.paused", { when: soon(pausedUntil) })), note(t("card.pausedText"))];
    },

    cleared({ pausedUntil }, act) {
        return [
            heading(t("card.cleared")),
            note(t("card.clearedText")),
            ...(pausedUntil ? [note(t("card.pauseStays"))] : []),
            choices(button("callslip-cleared-ok", t("card.clearedOk"), () => act.cancel(), "primary")),
        ];
    },

    collect(_, act) {
        const input = el("input#callslip-code-input", {
            type: "text",
            autocomplete: "off",
            autocapitalize: "characters",
            spellcheck: "false",
            maxlength: "20",
            dir: "ltr",
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
            heading(t("card.collect")),
            el(
                "form",
                { onsubmit: submit },
                el("label", { for: "callslip-code-input" }, t("card.collectLabel")),
                input,
                problem,
                choices(
                    el("button.primary#callslip-collect-go", { type: "submit" }, t("card.collectYes")),
                    button("callslip-collect-cancel", t("card.collectNo"), () => act.cancel()),
                ),
            ),
        ];
    },
};

/** One question that nobody has to answer. */
function surveyOf(survey, act) {
    if (survey === null) return [];
    if (survey !== "ask") return [el("p.thanks", { role: "status" }, t("card.surveyThanks"))];
    const answer = (rating, text) => button(`callslip-rate-${rating}`, text, () => act.rate(rating));
    return [
        el(
            "div.survey",
            { role: "group", "aria-labelledby": "callslip-survey" },
            el("p#callslip-survey", {}, t("card.survey")),
            choices(answer("helped", t("card.surveyYes")), answer("partly", t("card.surveyPartly")), answer("notHelped", t("card.surveyNo"))),
            el("p.small", {}, t("card.surveyNote")),
        ),
    ];
}

/** An optional e-mail address; nobody has to give one. */
export function contactField(id = "callslip-contact") {
    const input = el(`input#${id}`, { type: "email", dir: "ltr", autocomplete: "email", maxlength: "200", "aria-describedby": `${id}-note` });
    const element = el(
        "div.contact",
        {},
        el("label", { for: id }, t("write.mail")),
        input,
        el(`p.small#${id}-note`, {}, t("write.mailNote")),
    );
    return { element, value: () => input.value.trim() };
}
