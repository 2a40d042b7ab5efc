/** The practice desk (ChatWog's training): the real desk with a node of its own, people who are written down, and a guide above it. It is a page apart, and nothing of it reaches anybody. */

import { newId } from "../shared/connection.js";
import { h, setText } from "../shared/dom.js";
import { PracticeNode } from "./node.js";

export const person = { operator: "practice", display: "You" };

const node = new PracticeNode({ now: () => Date.now(), newId, timers: { set: (f, ms) => setTimeout(f, ms), clear: (id) => clearTimeout(id) }, person });

export const socket = () => node.connect();

/** @param {() => string|null} focused the chat that is in front */
export function showGuide(focused) {
    const tip = h("p", { id: "practice-tip" });
    const done = h("p", { class: "hint", id: "practice-done" });
    const more = h("button", { class: "small", type: "button", id: "practice-more", text: "Another patron", on: { click: () => node.arrive() } });
    const again = h("button", { class: "small", type: "button", id: "practice-again", text: "Start again", on: { click: () => location.reload() } });
    const guide = h("section", { class: "banner practice", id: "practice", "aria-label": "Practice" },
        h("div", {}, h("p", {}, h("strong", { text: "Practice. " }), "Nobody here is real, and nothing that you do reaches a queue, a report or a person."), tip, done),
        h("div", { class: "practice-tools" }, more, again, h("a", { href: "/desk", id: "practice-leave", text: "To the real desk" })));
    document.getElementById("desk").querySelector("header").after(guide);
    document.title = "Practice desk";
    const update = () => {
        const id = focused();
        setText(tip, (id === null ? null : node.tip(id)) ?? begin());
        setText(done, summary(node.done));
    };
    const begin = () => (node.available.length === 0 ? "Begin with the switch of a queue: be there, and the first patron comes." : "Take who waits: Alt+N claims the chat that has waited longest.");
    node.onChange(() => queueMicrotask(update));
    document.addEventListener("focusin", update);
    update();
}

/** What was done so far, in a sentence. */
export function summary({ claimed, answered, transferred, noted }) {
    const part = (count, one, many) => (count === 0 ? null : `${count} ${count === 1 ? one : many}`);
    const parts = [part(claimed, "chat taken", "chats taken"), part(answered, "message written", "messages written"), part(transferred, "chat passed on", "chats passed on"), part(noted, "note for staff", "notes for staff")].filter(Boolean);
    return parts.length === 0 ? "" : `So far: ${parts.join(", ")}.`;
}
