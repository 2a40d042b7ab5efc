import assert from "node:assert/strict";
import { test } from "node:test";
import { Desk } from "../../Sources/Web/Client/desk/state.js";
import { agoText, endedSince, newsText, standingText } from "../../Sources/Web/Client/desk/referred.js";

const line = (over = {}) => ({
    chat: "c", queue: { name: "law", title: "Law Library" }, home: { name: "memorial", title: "Memorial Library" }, askedS: 90, dueS: 7200, standing: "waiting", ...over,
});
const answered = line({ standing: "answered", by: { name: "lea", display: "Lea", library: { name: "law", title: "Law Library" } }, endedMs: 1790000000000 });

test("what came of a referral is said in one sentence, with who answered", () => {
    assert.equal(standingText(line(), 7200), "Not answered yet, due in 2 hours");
    assert.equal(standingText(line(), 0), "Overdue: nobody has answered yet");
    assert.match(standingText(answered, 0), /^Answered by Lea, Law Library, ./);
    assert.match(newsText(answered), /^The question that you referred to Law Library: Answered by Lea/);
    assert.equal(agoText(3700), "1 h ago");
});

test("only what ends while the page looks on is news, and once", () => {
    assert.deepEqual(endedSince([line()], [answered]), [answered]);
    assert.deepEqual(endedSince([line({ standing: "claimed" })], [line({ standing: "lapsed" })]).length, 1);
    assert.deepEqual(endedSince([answered], [answered]), []);
    assert.deepEqual(endedSince([], [answered]), []);
    assert.deepEqual(endedSince([line()], []), []);
});

test("the desk tells of it, and remembers the question from when it stood among the kept messages", () => {
    const desk = new Desk({ now: () => 0, newId: () => "id", savedOutbox: () => [] });
    desk.receive({ t: "me", operator: "mia", display: "Mia", queues: [], available: [], leavingS: null });
    const board = (referred, kept = []) => desk.receive({ t: "board", queues: [], waiting: [], kept, claimed: [], staff: [], referred });
    board([line()], [{ chat: "c", queue: { name: "law", title: "Law" }, question: "Which statute?", waitedS: 9 }, { chat: "d", question: "Another's?", waitedS: 9 }]);
    assert.equal(desk.questionOf("c"), "Which statute?");
    assert.equal(desk.questionOf("d"), "");
    assert.deepEqual(board([answered]).filter((effect) => effect.kind === "referralEnded").map((effect) => effect.line.chat), ["c"]);
    assert.equal(desk.questionOf("c"), "Which statute?");
    assert.deepEqual(board([answered]).filter((effect) => effect.kind === "referralEnded"), []);
    board([]);
    assert.equal(desk.questionOf("c"), "");
});
