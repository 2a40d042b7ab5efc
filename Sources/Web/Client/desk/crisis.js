// The crisis card: what to do and to say when somebody may be in danger, one key away. Its text is the consortium's and the library's own: canned messages
// with the keyword `crisis`. Where nobody wrote one, this one is shown. It is on the page before it is needed, so that it opens at once, also while the
// line is down.

import { linkParts } from "../shared/wording.js";
import { h, icon, openDialog } from "./dom.js";

const KEYWORD = "crisis";

export const SHIPPED = {
    title: "If somebody may be in danger",
    steps: [
        "Stay in the chat, and answer soon. You need not solve it; you help by being there.",
        "Danger now, to them or to others: call 911, or your campus police, and say what you know. Ask a colleague to call while you go on writing.",
        "Ask plainly where they are and whether they are safe. Asking about suicide does not bring it about.",
        "Give them the 988 Suicide & Crisis Lifeline: call or text 988, or https://988lifeline.org, at any hour.",
        "Promise no secrecy. Afterwards tell your supervisor, and write down for staff what was done.",
    ],
    wording: "I am glad that you wrote, and I am worried about you. Are you safe right now? You can call or text 988 at any hour and speak with somebody who can help. I stay here with you.",
};

/** The canned messages that are crisis cards: the library's before the consortium's; never a person's own. */
export function crisisCards(messages) {
    const isCard = ({ owner, keywords }) => owner !== "own" && keywords.toLowerCase().split(/[\s,]+/u).includes(KEYWORD);
    return messages.filter(isCard).sort((a, b) => (a.owner === b.owner ? 0 : a.owner === "library" ? -1 : 1));
}

const written = (text) => linkParts(text).map((part) => (part.href ? h("a", { href: part.href, target: "_blank", rel: "noopener noreferrer", text: part.text }) : part.text));

export class CrisisCard {
    /** @param book the canned messages @param {() => object|null} column the chat into whose message wording goes */
    constructor(root, book, column, fallback) {
        Object.assign(this, { book, column, fallback });
        this.body = h("div", { class: "help-body crisis-body", tabindex: "0", role: "group", "aria-labelledby": "crisis-title" });
        const close = h("button", { class: "quiet icon-button", type: "button", "aria-label": "Close", title: "Close (Esc)", on: { click: () => this.dialog.close() } }, icon("close"));
        this.dialog = h("dialog", { class: "dialog crisis", id: "crisis", "aria-labelledby": "crisis-title" },
            h("div", { class: "dialog-head" }, h("h2", { id: "crisis-title", text: "Crisis card" }), close), this.body);
        root.append(this.dialog);
    }

    open() {
        this.into = this.column();
        this.draw();
        openDialog(this.dialog, this.fallback);
        this.body.focus({ preventScroll: true });
        this.book.read().then(() => { if (this.dialog.open) this.draw(); });
    }

    draw() {
        const cards = crisisCards(this.book.messages);
        const key = JSON.stringify([cards, this.into?.chat.id]);
        if (key === this.key) return;
        this.key = key;
        const parts = cards.length > 0 ? cards.flatMap((card) => this.own(card)) : this.shipped();
        this.body.replaceChildren(...parts.filter((part) => part !== null));
    }

    own({ title, text }) {
        return [h("h3", { text: title }), h("p", { class: "card-text" }, ...written(text)), this.insert(text)];
    }

    shipped() {
        return [
            h("h3", { text: SHIPPED.title }),
            h("ol", {}, ...SHIPPED.steps.map((step) => h("li", {}, ...written(step)))),
            h("h3", { text: "You might write" }),
            h("blockquote", { text: SHIPPED.wording }),
            this.insert(SHIPPED.wording),
            h("p", { class: "hint", text: `A canned message of the consortium or of your library with the keyword “${KEYWORD}” takes the place of this card.` }),
        ];
    }

    /** Puts it into the message, and sends nothing. */
    insert(text) {
        const { into } = this;
        if (into === null) return null;
        const put = () => {
            this.dialog.close();
            into.insert(text);
        };
        return h("button", { class: "small", type: "button", data: { crisisInsert: "" }, text: "Put it into my message", on: { click: put } });
    }
}
