/** The elements of the panel, each made once. What they show is drawn by panel.js. */

import { t } from "../shared/language.js";
import { contactField } from "./cards.js";
import { el, icon } from "./dom.js";

const tool = (id, props, name) => el(`button.tool#${id}`, { type: "button", ...props }, name ? icon(name) : null);
const plain = (id, words) => el(`button.plain#${id}`, { type: "button" }, words);

/** @param {"float"|"page"} mode @param {HTMLElement} log the conversation's element */
export function makeSlip(mode, log) {
    const float = mode === "float";
    const slip = {
        title: el(float ? "h2#callslip-title" : "h1#callslip-title"),
        status: el("p#callslip-status", { role: "status" }),
        notice: el("p#callslip-notice", { role: "status" }),
        intro: el("div.intro#callslip-intro"),
        card: el("div.cards#callslip-card", { "aria-live": "polite" }),
        typing: el("p.typing#callslip-typing", { hidden: true }),
        composer: el("textarea#callslip-composer", { rows: "2", "aria-label": t("write.question"), enterkeyhint: "enter" }),
        send: el("button.send#callslip-send", { type: "submit", "aria-label": t("write.send") }, icon("send")),
        count: el("p.count#callslip-count", { role: "status" }),
        privacy: el("p.privacy#callslip-privacy", {}, t("write.privacy")),
        contact: contactField(),
        mute: tool("callslip-mute", { "aria-label": t("panel.sound") }),
        minimise: tool("callslip-minimise", { "aria-label": t("panel.minimise"), title: t("panel.minimiseHint") }, "minimise"),
        end: plain("callslip-end", t("panel.end")),
        save: plain("callslip-save", t("panel.save")),
        print: plain("callslip-print", t("panel.print")),
        clear: plain("callslip-clear", t("panel.clear")),
        report: el("a.plain#callslip-report", { target: "_blank", rel: "noopener" }, t("panel.report")),
        collect: plain("callslip-collect", t("panel.collect")),
        badge: el("span.badge#callslip-badge", { "data-callslip-badge": "" }),
        tabText: el("span.tabtext", {}, t("panel.chat")),
    };
    slip.byMail = el("details.by-mail", {}, el("summary", {}, t("write.byMail")), slip.contact.element);
    slip.form = el("form.compose", { novalidate: true }, slip.privacy, slip.byMail, el("div.field", {}, slip.composer, slip.send), slip.count);
    slip.foot = el("div.foot", {}, slip.collect, slip.save, slip.print, slip.clear, slip.report, slip.end);
    slip.element = el(
        "section.slip#callslip-panel",
        { role: float ? "dialog" : "region", "aria-labelledby": "callslip-title" },
        el("div.head", {}, el("div.names", {}, slip.title, slip.status), slip.mute, float ? slip.minimise : null),
        slip.notice,
        el("div.middle", {}, slip.intro, log, slip.typing),
        slip.card,
        slip.form,
        slip.foot,
    );
    slip.element.classList.add(mode);
    slip.tab = el("button.tab#callslip-tab", { type: "button", "data-callslip-tab": "" }, icon("slip"), slip.tabText, slip.badge);
    return slip;
}

/** The dots of "… is writing". */
export const dots = () => el("span.dots", { "aria-hidden": "true" }, el("i"), el("i"), el("i"));
