import assert from "node:assert/strict";
import { test } from "node:test";
import { OUTBOX_LIMITS, Outbox, Seen } from "../../Sources/Web/Client/shared/outbox.js";
import { Clock } from "./harness.mjs";

function desk(extra = {}) {
    const d = { sent: [], open: true, stored: [], changes: [], held: [], clock: new Clock() };
    d.box = new Outbox({
        send: (frame) => d.sent.push(frame) > 0,
        gate: () => d.open,
        fields: () => ({ chat: "c" }),
        save: (entries) => {
            d.stored = structuredClone(entries);
        },
        changed: (entry) => d.changes.push(`${entry.text}:${entry.state}`),
        held: (code) => d.held.push(code),
        timers: d.clock.timers,
        now: () => d.clock.now,
        ...extra,
    });
    return d;
}

const numbers = (frames) => frames.map((f) => `${f.seq}:${f.text}`);

test("messages of one page share a sender and count from 1", () => {
    const d = desk();
    d.box.say("a");
    d.box.say("b");
    assert.deepEqual(numbers(d.sent), ["1:a", "2:b"]);
    assert.equal(d.sent[0].sender, d.sent[1].sender);
    assert.equal(d.sent[0].chat, "c");
});

test("while the gate is closed messages only collect; they go out in order when it opens", () => {
    const d = desk();
    d.open = false;
    d.box.say("a");
    d.box.say("b");
    assert.equal(d.sent.length, 0);
    d.open = true;
    d.box.resend();
    assert.deepEqual(numbers(d.sent), ["1:a", "2:b"]);
});

test("after a reconnect only what is not safe goes out again, under the same number", () => {
    const d = desk();
    d.box.say("a");
    d.box.say("b");
    d.box.acked({ sender: d.sent[0].sender, seq: 1 });
    d.sent.length = 0;
    d.box.resend();
    assert.deepEqual(numbers(d.sent), ["2:b"]);
    assert.deepEqual(d.changes, ["a:safe"]);
});

test("a later page of the tab offers what an earlier one stored, and speaks under its own name", () => {
    const d = desk();
    d.box.say("a");
    const e = desk({ entries: d.stored });
    e.box.say("b");
    assert.deepEqual(numbers(e.sent), ["1:a", "1:b"]);
    assert.equal(e.sent[0].sender, d.sent[0].sender);
    assert.notEqual(e.sent[1].sender, e.sent[0].sender);
});

test("marks of a chat make messages safe without an ack", () => {
    const d = desk();
    d.box.say("a");
    d.box.say("b");
    d.box.marked({ [d.sent[0].sender]: 1 });
    assert.deepEqual(d.box.waiting.map((e) => e.text), ["b"]);
});

test("a refused number is used by the next message, only once nothing is on its way", () => {
    const d = desk();
    d.box.say("a");
    d.box.say("too long");
    d.box.say("c");
    const { sender } = d.sent[0];
    d.box.acked({ sender, seq: 1 });
    d.sent.length = 0;
    d.box.nacked({ sender, seq: 2, code: "tooLong", text: "Too long." });
    assert.deepEqual(d.sent, []);
    d.box.nacked({ sender, seq: 3, code: "outOfOrder" });
    assert.deepEqual(numbers(d.sent), ["2:c"]);
    assert.equal(d.sent[0].sender, sender);
    assert.deepEqual(d.box.entries.map((e) => e.state), ["safe", "failed", "sending"]);
    d.box.acked({ sender, seq: 2 });
    d.box.say("d");
    assert.deepEqual(numbers(d.sent), ["2:c", "3:d"]);
});

test("when the connection ends after a refusal, the rest goes on under a new name, so that no stray copy can take its number", () => {
    const d = desk();
    d.box.say("bad");
    d.box.say("b");
    const { sender } = d.sent[0];
    d.box.nacked({ sender, seq: 1, code: "invalid", text: "…" });
    d.sent.length = 0;
    d.box.resend();
    assert.deepEqual(numbers(d.sent), ["1:b"]);
    assert.notEqual(d.sent[0].sender, sender);
});

test("busy waits and sends again under the same number", async () => {
    const d = desk();
    d.box.say("a");
    const { sender } = d.sent[0];
    d.box.nacked({ sender, seq: 1, code: "busy", retryMs: 300 });
    assert.equal(d.sent.length, 1);
    await d.clock.advance(300);
    assert.deepEqual(numbers(d.sent), ["1:a", "1:a"]);
    assert.equal(d.sent[1].sender, sender);
});

test("a fenced message stays, and is told to its owner", () => {
    const d = desk();
    d.box.say("a");
    d.box.nacked({ sender: d.sent[0].sender, seq: 1, code: "fenced" });
    assert.deepEqual(d.held, ["fenced"]);
    assert.equal(d.box.waiting.length, 1);
    d.box.resend();
    assert.deepEqual(numbers(d.sent), ["1:a", "1:a"]);
});

test("a node that has forgotten a sender's earlier numbers is spoken to under a new name", () => {
    const d = desk();
    d.box.say("a");
    d.box.acked({ sender: d.sent[0].sender, seq: 1 });
    d.box.say("b");
    for (let i = 0; i < OUTBOX_LIMITS.outOfOrderMax; i += 1) d.box.nacked({ sender: d.sent[0].sender, seq: 2, code: "outOfOrder" });
    const last = d.sent.at(-1);
    assert.notEqual(last.sender, d.sent[0].sender);
    assert.deepEqual([last.seq, last.text], [1, "b"]);
});

test("a chat that no node knows is told everything again, under the old numbers where they are whole", () => {
    const d = desk();
    d.box.say("a");
    d.box.say("b");
    d.box.acked({ sender: d.sent[0].sender, seq: 1 });
    d.sent.length = 0;
    d.box.restart();
    d.box.resend();
    assert.deepEqual(numbers(d.sent), ["1:a", "2:b"]);
});

test("the store is bounded; numbers go on after old entries went", () => {
    const d = desk();
    for (let i = 1; i <= OUTBOX_LIMITS.keptMax + 20; i += 1) {
        const entry = d.box.say(`m${i}`);
        assert.equal(entry.seq, i);
        d.box.acked({ sender: entry.sender, seq: entry.seq });
    }
    assert.ok(d.stored.length <= OUTBOX_LIMITS.keptMax);
    d.box.restart();
    d.sent.length = 0;
    d.box.resend();
    assert.equal(d.sent[0].seq, 1);
    assert.equal(d.sent.length, OUTBOX_LIMITS.inFlightMax);
});

test("repeats are told by sender and number, events by position; what one node alone had settles once", () => {
    const seen = new Seen();
    const text = { at: [1, 1], sender: "s", seq: 1, text: "a" };
    const event = { at: [1, 2], event: { e: "claimed" } };
    assert.deepEqual([text, event, { ...text, at: [2, 9] }, event].map((message) => seen.take(message)), ["new", "new", "again", "again"]);
    const heldText = { at: [2, 3], sender: "s", seq: 2, text: "b", held: true };
    const heldEvent = { at: [2, 4], event: { e: "claimed" }, held: true };
    assert.deepEqual([heldText, heldEvent, heldText, heldEvent].map((message) => seen.take(message)), ["new", "new", "again", "again"]);
    assert.deepEqual(seen.kept(), [heldText]);
    seen.dropHeldEvents();
    const lasting = { ...heldText, at: [3, 3], held: undefined };
    assert.deepEqual([lasting, lasting, { ...heldEvent, held: undefined }].map((message) => seen.take(message)), ["settled", "again", "new"]);
    assert.deepEqual(seen.kept(), []);
});

test("what one node alone holds rests while the connection lasts, and is offered again at the next until it is safe", () => {
    const d = desk();
    d.box.say("a");
    d.box.say("b");
    const { sender } = d.sent[0];
    d.box.acked({ sender, seq: 1, level: "held" });
    d.box.acked({ sender, seq: 1, level: "held" });
    assert.deepEqual(d.changes, ["a:held"]);
    d.box.flush();
    assert.equal(d.sent.length, 2);
    assert.deepEqual(d.box.waiting.map((entry) => `${entry.text}:${entry.state}`), ["a:held", "b:sending"]);
    assert.equal(d.stored[0].state, "held");
    d.box.resend();
    assert.deepEqual(numbers(d.sent.slice(2)), ["1:a", "2:b"]);
    d.box.acked({ sender, seq: 1, level: "safe" });
    d.box.acked({ sender, seq: 2 });
    assert.deepEqual(d.changes, ["a:held", "a:safe", "b:safe"]);
    d.box.resend();
    assert.equal(d.sent.length, 4);
});

test("in a chat that one node alone goes on with, marks say what is held", () => {
    const d = desk();
    d.box.say("a");
    const { sender } = d.sent[0];
    d.box.marked({ [sender]: 1 }, { held: true });
    d.box.marked({ [sender]: 1 }, { held: true });
    assert.deepEqual(d.changes, ["a:held"]);
    d.box.marked({ [sender]: 1 });
    assert.deepEqual(d.changes, ["a:held", "a:safe"]);
});

test("what was held and did not get into the chat is offered again, and its refusal is shown", () => {
    const d = desk();
    d.box.say("a");
    d.box.say("b");
    const { sender } = d.sent[0];
    for (const seq of [1, 2]) d.box.acked({ sender, seq, level: "held" });
    assert.equal(d.sent.length, 2);
    d.box.marked({ [sender]: 1 });
    assert.deepEqual(numbers(d.sent.slice(2)), ["2:b"]);
    d.box.nacked({ sender, seq: 2, code: "tooMany", text: "The chat is full." });
    assert.deepEqual(d.box.entries.map((entry) => [entry.text, entry.state, entry.why]), [["a", "safe", undefined], ["b", "failed", "The chat is full."]]);
});

test("what is on its way is not sent twice because the chat's state comes meanwhile", () => {
    const d = desk();
    d.box.say("a");
    d.box.marked({});
    assert.equal(d.sent.length, 1);
});
