import assert from "node:assert/strict";
import test from "node:test";

import { ago, chosen, found, who } from "../../Sources/Web/Client/tickets/tickets.js";

const ticket = (number, stage, text, more = {}) => ({ number, stage, text, node: "college", entries: [], kind: "somebody", ...more });
const tickets = [
    ticket(3, "open", "The button is gone", { library: "law" }), ticket(2, "inWork", "Slow desk", { owner: "Robin", entries: [{ text: "It is the proxy." }] }), ticket(1, "solved", "A typo"),
];

test("without a choice there is what is not solved", () => {
    assert.deepEqual(chosen(tickets, "").map(({ number }) => number), [3, 2]);
    assert.deepEqual(chosen(tickets, "solved").map(({ number }) => number), [1]);
    assert.equal(chosen(tickets, "all").length, 3);
});

test("every word that is typed must stand somewhere", () => {
    const numbers = (typed) => found(tickets, typed).map(({ number }) => number);
    assert.deepEqual(numbers("law BUTTON"), [3]);
    assert.deepEqual(numbers("proxy robin"), [2]);
    assert.deepEqual(numbers("law proxy"), []);
    assert.deepEqual(numbers("  "), [3, 2, 1]);
});

test("ages and people are said in words", () => {
    const now = 10 * 86400000;
    assert.deepEqual([30000, 90000, 3 * 3600000, 3 * 86400000, -5000].map((age) => ago(now - age, now)), ["just now", "1 min ago", "3 h ago", "3 days ago", "just now"]);
    assert.deepEqual([{ kind: "person", name: "ann" }, { kind: "node", name: "c1" }, { kind: "ltg" }, { kind: "somebody" }].map(who), ["ann", "node c1", "LTG", "somebody who is not signed in"]);
});
