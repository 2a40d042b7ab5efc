import assert from "node:assert/strict";
import { test } from "node:test";
import { cardFor } from "../../Sources/Web/Client/patron/cards.js";
import { PAUSE_MS, beginPause, readPause } from "../../Sources/Web/Client/patron/store.js";
import english from "../../Sources/Web/Client/texts/en.js";
import { delivery, introduction, parts, room, standing, trouble } from "../../Sources/Web/Client/patron/sayings.js";

test("before anything is asked, the panel says who answers and the usual wait", () => {
    assert.equal(introduction({ reach: "own", title: "Law Library", usualWaitS: 60 }).text, "A librarian answers, usually about a minute. Write your question below.");
    const referred = introduction({ reach: "referred", title: "Law Library", answers: "Ask a Librarian", usualWaitS: 20 });
    assert.equal(referred.head, "Law Library is away now");
    assert.match(referred.text, /^Ask a Librarian answers instead, usually under a minute:/);
    assert.match(introduction({ reach: "nobody", opens: "Open again tomorrow at 9." }).text, /^Open again tomorrow at 9\. Leave your question/);
    assert.equal(introduction(null).reach, "unknown");
    assert.equal(english["write.privacy"].split(". ").length, 2, "one short assurance and one sentence");
});

test("a short loss of the line is no trouble, a longer one is told plainly", () => {
    const view = { stage: "open", problem: null, service: null };
    const line = (state, lostMs) => trouble({ view, line: { state, lostMs }, failure: "" });
    assert.deepEqual(line("ready", null), { text: "", againMs: null });
    assert.deepEqual(line("waiting", 500), { text: "", againMs: 1500 });
    assert.match(line("waiting", 2500).text, /^Reconnecting… What you write is kept/);
    assert.equal(line("idle", 2500).text, "");
});

test("a node that is cut off says so in its own words, and a failed request is said when nothing else is wrong", () => {
    const line = { state: "ready", lostMs: null };
    const service = { t: "service", state: "isolated", text: "Only this library answers now." };
    assert.equal(trouble({ view: { stage: "open", problem: null, service }, line, failure: "x" }).text, "Only this library answers now.");
    assert.match(trouble({ view: { stage: "open", problem: null, service: { state: "isolated" } }, line, failure: "" }).text, /cut off/);
    assert.equal(trouble({ view: { stage: "open", problem: null, service: null }, line, failure: "No." }).text, "No.");
    assert.equal(trouble({ view: { stage: "start" }, line, failure: "" }).text, "");
});

test("a message says whether it is on its way, kept at one library, or safe", () => {
    assert.equal(delivery({ state: "sending" }, false), "");
    assert.equal(delivery({ state: "sending" }, true), "sending…");
    assert.equal(delivery({ state: "held" }, false), "Kept at your library; on its way to the others");
    assert.equal(delivery({ state: "safe" }, false), "sent");
    assert.equal(delivery({ state: "failed", why: "The chat has ended." }, false), "Not sent. The chat has ended.");
});

test("the room for a message is told near its end", () => {
    assert.deepEqual(room(3399), { text: "", over: false });
    assert.deepEqual(room(3990), { text: "10 characters left", over: false });
    assert.deepEqual(room(4001), { text: "1 character too long", over: true });
});

test("no form stands before the first message; e-mail is offered only where nobody answers", () => {
    const at = (view, local = null, nobody = false, empty = true) => parts(view, { local, nobody, empty });
    const start = at({ stage: "start", chat: null });
    assert.deepEqual([start.composer, start.privacy, start.contact, start.end, start.log, start.clear], [true, true, false, false, false, false]);
    assert.equal(at({ stage: "start", chat: null }, null, true).contact, true);
    const open = at({ stage: "open", chat: { phase: { p: "held" } } }, null, false, false);
    assert.deepEqual([open.composer, open.privacy, open.end, open.save, open.print, open.clear], [true, false, true, true, true, true]);
    const closed = at({ stage: "open", chat: { phase: { p: "closed" } } }, null, false, false);
    assert.deepEqual([closed.composer, closed.end], [false, false]);
    const fenced = at({ stage: "fenced", chat: null }, null, false, false);
    assert.deepEqual([fenced.composer, fenced.clear], [false, true]);
    const school = parts({ stage: "start", chat: null }, { local: null, nobody: true, empty: true, contact: false });
    assert.deepEqual([school.contact, school.leaves], [false, true], "a school asks nobody for an address, and keeps the question all the same");
    assert.equal(standing({ stage: "opening", chat: null }), "Sending your question…");
});

test("whether one was helped is asked once the chat is over, of whom somebody answered, and of nobody who was sent away", () => {
    const view = (more) => ({ stage: "open", chat: { phase: { p: "closed", reason: "byOperator" } }, answered: true, rated: null, ...more });
    const asked = (more, pausedUntil = null) => cardFor(view(more), null, { pausedUntil }).survey;
    assert.equal(asked({}), "ask");
    assert.equal(asked({ rated: "partly" }), "partly");
    assert.notEqual(cardFor(view({}), null).key, cardFor(view({ rated: "partly" }), null).key, "the card is drawn anew when it was said");
    assert.equal(asked({ answered: false }), null);
    assert.equal(asked({}, 5), null);
    assert.equal(cardFor(view({ chat: { phase: { p: "held" } } }), null), null);
});

test("during a pause nothing can be asked, an answer can be collected, and what is no pause of ours counts for nothing", () => {
    const paused = parts({ stage: "start", chat: null }, { local: null, nobody: false, empty: true, paused: true });
    assert.deepEqual([paused.composer, paused.intro, paused.privacy, paused.collect], [false, false, false, true]);
    assert.equal(cardFor({ stage: "start", chat: null }, null, { pausedUntil: 5 }).kind, "paused");
    assert.equal(cardFor({ stage: "start", chat: null }, "collect", { pausedUntil: 5 }).kind, "collect");
    const kept = new Map();
    globalThis.localStorage = { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value), removeItem: (name) => kept.delete(name) };
    assert.equal(readPause(0), null);
    beginPause(1000);
    assert.equal(readPause(2000), 1000 + PAUSE_MS);
    assert.equal(readPause(1000 + PAUSE_MS), null, "it is over by itself");
    assert.equal(kept.size, 0);
    for (const wrong of ["Infinity", "x", String(5000 + PAUSE_MS)]) {
        kept.set("callslip.pause", wrong);
        assert.equal(readPause(0), null, "nobody is kept out for longer than a day");
    }
    delete globalThis.localStorage;
});
