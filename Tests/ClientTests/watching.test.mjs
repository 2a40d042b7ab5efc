import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "../../Sources/Web/Client/desk/state.js";
import { askable, isMentorOf, traineeSentence, watchSentence } from "../../Sources/Web/Client/desk/watching.js";

const held = (over) => ({ t: "chat", chat: "c", epoch: 1, last: [1, 1], queue: { name: "law", title: "Law" }, patronPresent: true, marks: {}, phase: { p: "held", by: { name: "ana", display: "Ana" }, ...over } });
const makeDesk = () => {
    const desk = new Desk({ now: () => 0, newId: () => "id", savedOutbox: () => [] });
    desk.receive({ t: "me", operator: "mia", available: [], queues: [] });
    return desk;
};

test("a chat that I watch is shown, is not mine, and counts for no place", () => {
    const desk = makeDesk();
    assert.deepEqual(desk.receive(held({ watchers: [{ name: "mia" }], watching: true, mine: false })).map((effect) => effect.kind), ["started", "sendable"]);
    const chat = desk.chats.get("c");
    assert.equal(chat.watching, true);
    assert.equal(chat.token, null);
    assert.equal(desk.holds("c"), false);
    assert.equal(desk.heldCount, 0);
});

test("it ends with where the chat is, and becomes mine when I take it over", () => {
    const desk = makeDesk();
    desk.receive(held({ watching: true, mine: false }));
    const taken = desk.receive(held({ by: { name: "mia", display: "Mia" }, mine: true, token: "9.0" }));
    assert.ok(taken.some((effect) => effect.kind === "tookOver"));
    assert.equal(desk.holds("c"), true);
    assert.equal(desk.chats.get("c").token, "9.0");

    const other = makeDesk();
    other.receive(held({ watching: true, mine: false }));
    assert.deepEqual(other.receive(held({ mine: false })).map((effect) => effect.kind), ["ended"]);
    assert.match(other.chats.get("c").ended, /You watch this chat no more: Ana has this chat now/u);
});

test("a mentor takes my chat over: I am told, and watch it", () => {
    const desk = makeDesk();
    desk.receive(held({ by: { name: "mia", display: "Mia" }, mine: true, token: "9.0" }));
    const effects = desk.receive(held({ watching: true, mine: false }));
    assert.ok(effects.some((effect) => effect.kind === "takenOver" && effect.chat === "c"));
    assert.equal(desk.chats.get("c").watching, true);
    assert.equal(desk.chats.get("c").ended, null);
    assert.equal(desk.holds("c"), false);
});

test("whom one can ask, and who is whose mentor", () => {
    const board = { staff: [{ name: "mia" }, { name: "ana", mentor: "mia" }, { name: "max" }] };
    assert.deepEqual(askable(board, { operator: "mia" }, { watchers: [{ name: "max" }] }).map((person) => person.name), ["ana"]);
    assert.equal(isMentorOf(board, { operator: "mia" }, { by: { name: "ana" } }), true);
    assert.equal(isMentorOf(board, { operator: "max" }, { by: { name: "ana" } }), false);
    assert.equal(isMentorOf(board, { operator: undefined }, { by: { name: "max" } }), false);
    assert.match(watchSentence({ by: { display: "Ana" } }, true), /whose mentor you are/u);
    assert.match(traineeSentence({ trainee: true }), /ask a colleague to be your mentor/u);
    assert.match(traineeSentence({ trainee: true, mentor: { display: "Uma" } }), /Your mentor is Uma/u);
    assert.equal(traineeSentence({}), "");
});
