import { nextStep, restMs } from "../../Sources/Web/Client/desk/newer.js";
import assert from "node:assert/strict";
import { test } from "node:test";
import {
    boardChanges, closedAtShortNotice, inOrder, oldestClaimable, reachSentence, reasonsText, ringsForMe, transferTargets, wholeBoard,
} from "../../Sources/Web/Client/desk/board.js";
import { SHIPPED as SHIPPED_TAGS, proposed, tagsOf } from "../../Sources/Web/Client/desk/tags.js";
import { chatTimers, duration, grown, shrunk, spokenDuration, urgency } from "../../Sources/Web/Client/desk/clock.js";
import { find, score } from "../../Sources/Web/Client/desk/find.js";
import { meaning } from "../../Sources/Web/Client/desk/keys.js";
import { columnsThatFit, shownChats } from "../../Sources/Web/Client/desk/layout.js";

const me = { operator: "mia", available: ["memorial"] };
const queue = (name) => ({ name, title: name[0].toUpperCase() + name.slice(1) });
const line = (chat, over = {}) => ({ chat, queue: queue("memorial"), question: "?", waitedS: 10, mayClaim: true, ...over });

test("durations read like a clock, and aloud like words", () => {
    assert.deepEqual([0, 7, 65, 3729, -4].map(duration), ["0:00", "0:07", "1:05", "1:02:09", "0:00"]);
    assert.equal(spokenDuration(65), "1 minute 5 seconds");
    assert.equal(spokenDuration(0), "0 seconds");
    assert.equal(spokenDuration(7260), "2 hours 1 minute");
});

test("a count of seconds goes on from the moment it was told", () => {
    assert.equal(grown(31, 1000, 4000), 34);
    assert.equal(grown(31, 4000, 1000), 31);
    assert.equal(shrunk(38, 0, 8000), 30);
    assert.equal(shrunk(3, 0, 8000), 0);
});

test("an answer is owed since the first unanswered words, not the last", () => {
    const messages = [
        { by: "patron", ms: 1000, text: "a" }, { by: "staff", ms: 2000, text: "b" },
        { by: "patron", ms: 3000, text: "c" }, { by: "service", ms: 3500, text: "thanks for waiting" }, { by: "patron", ms: 9000, text: "d" },
    ];
    assert.deepEqual(chatTimers(messages, 13000), { owedS: 10, silentS: null });
});

test("the patron is silent since my last answer, and events count for nothing", () => {
    const messages = [{ by: "patron", ms: 0, text: "a" }, { by: "staff", ms: 2000, text: "b" }, { by: "service", ms: 8000, event: { e: "offered" } }];
    assert.deepEqual(chatTimers(messages, 12000), { owedS: null, silentS: 10 });
    assert.deepEqual(chatTimers([], 5), { owedS: null, silentS: null });
});

test("a wait becomes pressing after three quarters of a minute and urgent after one and a half", () => {
    assert.deepEqual([null, 44, 45, 89, 90].map(urgency), ["calm", "calm", "soon", "soon", "now"]);
});

test("a chat that waited before I signed on rings on the first board", () => {
    const changes = boardChanges(null, { waiting: [line("a")] }, me);
    assert.deepEqual(changes.arrived.map((one) => one.chat), ["a"]);
    assert.deepEqual(changes.ringing, { chat: true, offer: false });
});

test("a line rings once as new, goes on ringing, and never for queues that I am away from", () => {
    const board = { waiting: [line("a"), line("b", { queue: queue("art") }), line("c", { mayClaim: false })] };
    assert.deepEqual(boardChanges(board, board, me).arrived, []);
    assert.equal(boardChanges(board, board, me).ringing.chat, true);
    assert.equal(ringsForMe(board.waiting[1], me), false);
    assert.equal(ringsForMe(board.waiting[2], me), false);
    assert.equal(boardChanges(board, board, { ...me, available: [] }).ringing.chat, false);
});

test("the same chat on offer is another line, with a sound of its own", () => {
    const changes = boardChanges({ waiting: [line("a")] }, { waiting: [line("a", { offer: "4.0" })] }, me);
    assert.equal(changes.arrived[0].offer, "4.0");
    assert.deepEqual(changes.ringing, { chat: false, offer: true });
});

test("others see who claimed, and I am not told about myself", () => {
    const before = { waiting: [line("a"), line("b")], kept: [line("k")] };
    const ana = { name: "ana", display: "Ana" };
    const after = { claimed: [{ chat: "a", by: ana }, { chat: "b", by: { name: "mia", display: "Mia" } }, { chat: "k", by: ana }] };
    const { taken } = boardChanges(before, after, me);
    assert.deepEqual(taken.map((one) => [one.chat, one.takenBy.display, one.wasKept]), [["a", "Ana", false], ["k", "Ana", true]]);
});

test("what is first for colleagues on duty rings here when their time is over, and is put behind what I am on duty for", () => {
    const board = { waiting: [line("theirs", { waitedS: 90, onDuty: false, ringsAtMs: 5000 }), line("mine", { waitedS: 3, onDuty: true })] };
    assert.deepEqual(inOrder(board.waiting).map((one) => one.chat), ["mine", "theirs"]);
    const early = boardChanges(null, board, me, { nowMs: 4999 });
    assert.deepEqual(early.arrived.map((one) => one.chat), ["mine"]);
    const late = boardChanges(board, board, me, { nowMs: 5000, rang: early.rang });
    assert.deepEqual(late.arrived.map((one) => one.chat), ["theirs"]);
    const alone = { waiting: [line("theirs", { onDuty: false, ringsAtMs: 5000 })] };
    assert.equal(boardChanges(null, alone, me, { nowMs: 4999 }).ringing.chat, false);
    assert.equal(oldestClaimable(alone, me, () => false, 4999).chat, "theirs", "nothing is forbidden");
});

test("the oldest that I may claim comes first, those of my open queues before all others", () => {
    const board = { waiting: [line("new", { waitedS: 3 }), line("old", { waitedS: 90 }), line("other", { waitedS: 200, queue: queue("art") })] };
    assert.deepEqual(inOrder(board.waiting).map((one) => one.chat), ["other", "old", "new"]);
    assert.equal(oldestClaimable(board, me).chat, "old");
    assert.equal(oldestClaimable(board, { ...me, available: [] }).chat, "other");
    assert.notEqual(oldestClaimable(board, me, (chat) => chat === "old").chat, "old", "what I have just claimed is not claimed again, though the board still shows it");
    assert.equal(oldestClaimable(wholeBoard(null), me), null);
});

test("the transfer list shows everybody, those who take it first, and says why not", () => {
    const board = {
        queues: [
            { name: "law", title: "Law", takesTransfers: false, reasons: [{ code: "closed", text: "Closed until Monday." }] },
            { name: "business", title: "Business", takesTransfers: true }, { name: "art", title: "Art", takesTransfers: true },
            { name: "general", title: "Ask", general: true, takesTransfers: true },
        ],
    };
    const targets = transferTargets(board, { currentQueue: "art", tried: ["business"] });
    assert.deepEqual(targets.map((one) => [one.queue.name, one.why === null]), [["general", true], ["art", false], ["business", false], ["law", false]]);
    assert.equal(targets[3].why, "Closed until Monday.");
    assert.match(targets[2].why, /tried/);
});

test("a closing at short notice is told from the hours that are not posted", () => {
    const closed = (why) => ({ reasons: [{ code: "closed", text: `Closed: ${why}.` }] });
    assert.equal(closedAtShortNotice(closed("its library has closed at short notice")), true);
    assert.equal(closedAtShortNotice(closed("it is outside the posted hours")), false);
    assert.equal(closedAtShortNotice(undefined), false);
});

test("a queue says in one sentence whom its button reaches, and all its reasons", () => {
    assert.equal(reachSentence({ reach: "own", staffed: 1 }), "Open: 1 person on");
    assert.match(reachSentence({ reach: "nobody" }), /leave a message/);
    assert.equal(reasonsText({ reasons: [{ text: "One." }, { text: "" }, { code: "x" }, { text: "Two." }] }), "One. Two.");
});

test("the search forgives accents, case and order, and prefers beginnings", () => {
    const entries = ["Memorial Library", "Business Library", "Kohler Art Library", "Bibliothèque d’art"].map((title) => ({ title }));
    assert.deepEqual(find("art", entries).map((one) => one.title), ["Kohler Art Library", "Bibliothèque d’art"]);
    assert.deepEqual(find("biblioTHEQUE", entries).map((one) => one.title), ["Bibliothèque d’art"]);
    assert.equal(find("lib mem", entries)[0].title, "Memorial Library");
    assert.equal(find("kal", entries)[0].title, "Kohler Art Library");
    assert.deepEqual(find("zoo", entries), []);
    assert.equal(find("", entries).length, 4);
});

test("the search takes signs of patterns as signs, and finds further words of an entry last", () => {
    assert.equal(score("c++ (", { title: "Law" }), 0);
    assert.deepEqual(find("hours", [{ title: "Law", words: "hours" }, { title: "Hours of all" }]).map((one) => one.title), ["Hours of all", "Law"]);
});

test("as many columns are shown as fit: those used last, in the order of their numbers", () => {
    assert.deepEqual([100, 272, 1000, 1152].map(columnsThatFit), [1, 1, 3, 4]);
    assert.deepEqual(shownChats(["a", "b", "c", "d"], ["d", "b"], 2), ["b", "d"]);
    assert.deepEqual(shownChats(["a", "b", "c"], [], 2), ["a", "b"]);
    assert.deepEqual(shownChats(["a"], ["gone"], 3), ["a"]);
});

test("keys mean what the sheet says, AltGr writes, and ? can be turned off", () => {
    const key = (over) => ({ altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, key: "", code: "", getModifierState: () => false, ...over });
    const free = { isWriting: false, helpKey: true };
    assert.deepEqual(meaning(key({ altKey: true, code: "Digit3", key: "£" }), free), { act: "chat", slot: 3 });
    assert.equal(meaning(key({ altKey: true, code: "KeyN" }), free).act, "claim");
    assert.equal(meaning(key({ altKey: true, code: "KeyN", getModifierState: () => true }), free), null);
    assert.equal(meaning(key({ altKey: true, ctrlKey: true, code: "Digit3" }), free), null);
    assert.equal(meaning(key({ ctrlKey: true, key: "k" }), free).act, "palette");
    assert.equal(meaning(key({ key: "?" }), free).act, "help");
    assert.equal(meaning(key({ key: "?" }), { isWriting: true, helpKey: true }), null);
    assert.equal(meaning(key({ key: "?" }), { isWriting: false, helpKey: false }), null);
});

test("tags are the words with # in notes, each once; nothing that a patron or a colleague said to them counts", () => {
    const messages = [
        { by: "staff", note: "#Research, asked twice (#known-item) #follow-up" }, { by: "patron", text: "#hashtag" }, { by: "staff", text: "see #3" },
        { by: "staff", note: "#research and issue#4, C# and ##" }, { by: "staff", note: `#${"x".repeat(41)}` },
    ];
    assert.deepEqual(tagsOf(messages), ["research", "follow-up"]);
    assert.deepEqual(tagsOf([{ note: "#Bücher #2026" }]), ["bücher", "2026"]);
});

test("tags are proposed from canned messages with that keyword, the library’s first, else a few that are shipped", () => {
    assert.deepEqual(proposed([]), SHIPPED_TAGS);
    const canned = [
        { owner: "consortium", keywords: "tags", text: "research, fines" }, { owner: "own", keywords: "tags", text: "mine" },
        { owner: "library", keywords: "Tags", text: "#maps #fines" },
    ];
    assert.deepEqual(proposed(canned), ["maps", "fines", "research"]);
});

test("a newer desk is loaded when nobody is disturbed by it, and once for each version (agreement, 7)", () => {
    const at = { own: "a1", served: "b2", tried: "", ready: true, chats: 0, typed: false, rings: false, restedMs: restMs };
    assert.equal(nextStep(at), "reload");
    for (const [change, step] of [
        [{ served: "a1" }, "current"], [{ served: "" }, "current"], [{ own: "" }, "current"],
        [{ chats: 1 }, "chats"], [{ typed: true }, "typed"], [{ rings: true }, "rings"], [{ chats: 1, typed: true }, "chats"],
        [{ restedMs: restMs - 1 }, "soon"], [{ ready: false }, "soon"],
        [{ tried: "b2" }, "stuck"], [{ tried: "b2", served: "c3" }, "reload"], [{ tried: "b2", served: "a1" }, "current"],
    ]) assert.equal(nextStep({ ...at, ...change }), step, JSON.stringify(change));
});
