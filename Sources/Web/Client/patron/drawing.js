/** Draws parts of the slip from values alone. Each touches the page only where something changed. */

import { setAttribute, setText } from "../shared/dom.js";
import { t } from "../shared/language.js";
import { utf8Bytes } from "../shared/wording.js";
import { el, icon } from "./dom.js";
import { introduction, room } from "./sayings.js";
import { dots } from "./slip.js";

/** Where it is too long for its place, the keyboard can scroll it. */
export function letScroll(intro) {
    setAttribute(intro, "tabindex", intro.scrollHeight > intro.clientHeight ? "0" : null);
}

/** Who would answer, before anything is asked. */
export function drawIntro({ intro }, presence, title) {
    const { reach, mark, head, text } = introduction(presence, title);
    if (intro.dataset.reach === reach && intro.dataset.text === head + text) return;
    intro.dataset.reach = reach;
    intro.dataset.text = head + text;
    intro.replaceChildren(
        mark ? el("p.mark", { "aria-hidden": "true" }, mark) : "",
        el("div#callslip-presence", { role: "status" }, el("p.who-answers", {}, head), el("p", {}, text)),
    );
    letScroll(intro);
}

export function drawTyping({ typing }, view) {
    typing.hidden = !view.typing;
    if (view.typing) typing.replaceChildren(t("panel.typing", { name: view.chat?.phase?.by?.display ?? t("panel.librarian") }), dots());
}

/** @param {object} there which parts are there, as `parts` of sayings.js says */
export function drawComposer(slip, there, stage) {
    slip.form.hidden = !there.composer;
    slip.privacy.hidden = !there.privacy;
    slip.byMail.hidden = !there.contact;
    // Read aloud with the field while it is shown, and not at every message after.
    slip.composer.setAttribute("aria-describedby", there.privacy ? "callslip-privacy callslip-count" : "callslip-count");
    slip.composer.placeholder = t(stage === "start" ? "write.questionHint" : "write.messageHint");
    slip.composer.setAttribute("aria-label", t(stage === "start" ? "write.question" : "write.message"));
    slip.send.setAttribute("aria-label", t(there.leaves ? "write.leave" : "write.send"));
    const { text, over } = room(utf8Bytes(slip.composer.value));
    setText(slip.count, text);
    slip.count.classList.toggle("over", over);
    slip.send.setAttribute("aria-disabled", String(over || slip.composer.value.trim() === ""));
    slip.composer.setAttribute("aria-invalid", String(over));
}

export function drawMute({ mute }, muted) {
    if (mute.dataset.muted === String(muted)) return;
    mute.dataset.muted = String(muted);
    mute.setAttribute("aria-pressed", String(!muted));
    mute.title = t(muted ? "panel.soundOff" : "panel.soundOn");
    mute.replaceChildren(icon(muted ? "soundOff" : "soundOn"));
}

/** The tab that is left of a minimised panel, with the count of what came meanwhile. */
export function drawTab({ badge, tab }, unread) {
    badge.hidden = unread === 0;
    setText(badge, unread > 99 ? "99+" : String(unread));
    tab.setAttribute("aria-label", unread > 0 ? t("panel.chatNew", { count: unread }) : t("panel.chatAgain"));
}
