import assert from "node:assert/strict";
import { test } from "node:test";
import { busySentence, callShownMs, lineToTake, lineWords, openCalls } from "../../Sources/Web/Client/desk/staffroom.js";
import { Desk } from "../../Sources/Web/Client/desk/state.js";

const ana = { name: "ana", display: "Ana", library: { name: "law", title: "Law" } };
const call = { at: "4.0", by: ana, ms: 1000, swamped: true, text: "" };
const me = { operator: "mia", available: ["general"], volunteers: true };

test("a call for help stands at the desks of those who volunteered until they answer it, put it away, or it is old", () => {
    assert.deepEqual(openCalls([call], me, 2000), [call]);
    assert.deepEqual(openCalls([call], { ...me, volunteers: false }, 2000), []);
    assert.deepEqual(openCalls([call], { ...me, operator: "ana" }, 2000), []);
    assert.deepEqual(openCalls([call, { at: "5.0", by: { ...ana, name: "mia" }, ms: 1500, takes: "4.0" }], me, 2000), []);
    assert.deepEqual(openCalls([call, { at: "5.0", by: { ...ana, name: "max" }, ms: 1500, takes: "4.0" }], me, 2000), [call], "one helper may not be enough");
    assert.deepEqual(openCalls([call], me, 2000, new Set(["4.0"])), []);
    assert.deepEqual(openCalls([call], me, 1000 + callShownMs), []);
});

test("what is taken off a colleague waits in a queue that they are there for", () => {
    const line = (chat, queue, waitedS, over = {}) => ({ chat, queue: { name: queue }, waitedS, mayClaim: true, ...over });
    const board = { staff: [{ name: "ana", available: ["general"] }], waiting: [line("a", "law", 90), line("b", "general", 5), line("c", "general", 50), line("d", "general", 99, { offer: "3.0" })] };
    assert.equal(lineToTake(board, me, "ana", () => false).chat, "c");
    assert.equal(lineToTake(board, me, "ana", (chat) => chat === "c").chat, "b");
    assert.equal(lineToTake(board, me, "nobody", () => false), null);
});

test("lines say what happened, and people how busy they are", () => {
    assert.equal(lineWords(call, [call]), "is swamped. Who takes one?");
    assert.equal(lineWords({ takes: "4.0" }, [call]), "takes a chat off Ana");
    assert.equal(lineWords({ takes: "9.0" }, [call]), "takes a chat off a colleague");
    assert.equal(busySentence({ library: ana.library, available: ["general"], chats: 1 }, [{ name: "general", title: "General" }]), "Law. There for General, 1 chat");
    assert.equal(busySentence({ library: ana.library, available: [], chats: 0, duty: "both", volunteers: true }, []), "Law. On duty for their library and the general queue, no chat. Helps whoever is swamped");
});

test("what others say is told once, and what stood there before I came is not", () => {
    const desk = new Desk({ now: () => 0, newId: () => "id", savedOutbox: () => [] });
    desk.receive({ t: "me", operator: "mia", available: [], queues: [], volunteers: false });
    assert.deepEqual(desk.receive({ t: "room", lines: [call] }), []);
    desk.receive({ t: "board", waiting: [] });
    const said = { at: "5.0", by: ana, ms: 2000, text: "Hello" };
    const own = { at: "6.0", by: { ...ana, name: "mia" }, ms: 2000, text: "Hello" };
    assert.deepEqual(desk.receive({ t: "room", lines: [call, said, own] }).map((effect) => effect.line), [said]);
    assert.deepEqual(desk.receive({ t: "room", lines: [call, said, own] }), []);
    const empty = new Desk({ now: () => 0, newId: () => "id", savedOutbox: () => [] });
    empty.receive({ t: "board", waiting: [] });
    assert.equal(empty.receive({ t: "room", lines: [said] }).length, 1, "the first line of the day");
});
