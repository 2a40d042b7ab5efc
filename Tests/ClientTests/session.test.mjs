import assert from "node:assert/strict";
import { test } from "node:test";
import { PatronSession } from "../../Sources/Web/Client/patron/session.js";
import { readPresence } from "../../Sources/Web/Client/shared/presence.js";
import { Connection } from "../../Sources/Web/Client/shared/connection.js";
import { settle, world } from "./harness.mjs";

function desk(stored = null, later = 0) {
    const w = world();
    w.clock.now += later;
    const d = { w, stored, told: [], last: w.last };
    d.session = new PatronSession({
        connection: new Connection(w.options),
        store: {
            read: () => structuredClone(d.stored),
            write: (chat) => {
                d.stored = structuredClone(chat);
            },
        },
        now: () => w.clock.now,
    });
    d.session.on("message", (message) => d.told.push(message.text ?? message.event.e));
    return d;
}

const kinds = (socket) => socket.sent.map((frame) => frame.t);

async function accept(socket, t) {
    socket.say({ t: "ok", re: socket.kind(t).at(-1).re });
    await settle();
}

test("nothing goes out before the first message; then the chat is opened before it is said", async () => {
    const d = desk();
    assert.equal(d.w.sockets.length, 0);
    d.session.say("Hello", { queue: "memorial", referralAgreed: true });
    await d.last().welcome();
    assert.deepEqual(kinds(d.last()), ["hello", "open"]);
    assert.equal(d.last().kind("open")[0].referralAgreed, true);
    await accept(d.last(), "open");
    assert.deepEqual(kinds(d.last()), ["hello", "open", "say"]);
});

test("an answer of staff makes it a question whether one was helped; what is said is sent once and shown when it was taken", async () => {
    const d = desk();
    d.session.say("Hello", { queue: "memorial" });
    await d.last().welcome();
    await accept(d.last(), "open");
    const { chat } = d.last().kind("open")[0];
    d.last().say({ t: "msgs", chat, m: [{ at: [1, 1], by: "system", event: { e: "waiting" } }] });
    assert.equal(d.session.view.answered, false);
    d.last().say({ t: "msgs", chat, m: [{ at: [1, 4], by: "staff", text: "Hi", sender: "s", seq: 1 }] });
    assert.equal(d.session.view.answered, true);
    const rated = d.session.rate("partly");
    await settle();
    assert.deepEqual(d.last().kind("rate").map(({ rating }) => rating), ["partly"]);
    assert.equal(d.session.view.rated, null);
    await accept(d.last(), "rate");
    await rated;
    assert.equal(d.session.view.rated, "partly");
    d.session.reset();
    assert.deepEqual([d.session.view.answered, d.session.view.rated], [false, null]);
});

test("a reconnect resumes with the same attach after the last position, and repeats are told once", async () => {
    const d = desk();
    d.session.say("Hello", { queue: "memorial" });
    await d.last().welcome();
    await accept(d.last(), "open");
    const { chat, attach } = d.last().kind("open")[0];
    const m = [{ at: [1, 4], by: "staff", text: "Hi", sender: "s", seq: 1 }];
    d.last().say({ t: "msgs", chat, m });
    d.last().fail();
    await d.w.clock.advance(1000);
    await d.last().welcome();
    const [resume] = d.last().kind("resume");
    assert.deepEqual([resume.attach, resume.after], [attach, [1, 4]]);
    await accept(d.last(), "resume");
    assert.equal(d.last().kind("say").length, 1);
    d.last().say({ t: "msgs", chat, m });
    assert.deepEqual(d.told, ["Hi"]);
    d.session.stop();
});

test("a chat that no node knows is opened again from this page's copy, with everything said", async () => {
    const d = desk();
    d.session.say("Hello", { queue: "memorial" });
    await d.last().welcome();
    await accept(d.last(), "open");
    const { sender, chat } = d.last().kind("say")[0];
    d.last().say({ t: "ack", chat, sender, seq: 1, level: "safe", at: [1, 2] });
    d.last().fail();
    await d.w.clock.advance(1000);
    await d.last().welcome();
    d.last().say({ t: "refused", re: d.last().kind("resume")[0].re, code: "unknownChat" });
    await settle();
    assert.equal(d.last().kind("open")[0].patronSupplied, true);
    await accept(d.last(), "open");
    assert.deepEqual(d.last().kind("say").map((f) => [f.sender, f.seq, f.text]), [[sender, 1, "Hello"]]);
    d.session.stop();
});

test("a later page of the tab resumes with a fresh attach and offers what was not safe", async () => {
    const d = desk();
    d.session.say("Hello", { queue: "memorial" });
    await d.last().welcome();
    await accept(d.last(), "open");
    const before = d.last();
    d.session.stop();
    const e = desk(d.stored);
    assert.equal(e.session.restore(), true);
    await e.last().welcome();
    const [resume] = e.last().kind("resume");
    assert.notEqual(resume.attach, before.kind("open")[0].attach);
    assert.deepEqual(resume.after, [0, 0]);
    await accept(e.last(), "resume");
    assert.deepEqual(e.last().kind("say"), before.kind("say"));
});

test("a page that was away says for how long, and one whose chat ended does not ask for it anew", async () => {
    const d = desk();
    d.session.say("Hello", { queue: "memorial" });
    await d.last().welcome();
    await accept(d.last(), "open");
    d.session.stop();
    const e = desk(d.stored, 7_200_000);
    e.session.restore();
    await e.last().welcome();
    e.last().say({ t: "refused", re: e.last().kind("resume")[0].re, code: "unknownChat" });
    await settle();
    const [open] = e.last().kind("open");
    assert.ok(open.awayMs >= 7_200_000 && open.awayMs < 7_260_000, `${open.awayMs}`);
    e.last().say({ t: "refused", re: open.re, code: "closed", text: "over" });
    await settle();
    assert.equal(e.session.view.stage, "refused");
    e.session.stop();

    const f = desk();
    f.session.say("Hello", { queue: "memorial" });
    await f.last().welcome();
    await accept(f.last(), "open");
    const { chat } = f.last().kind("open")[0];
    f.last().say({ t: "chat", chat, last: [1, 3], phase: { p: "closed", reason: "byStaff" } });
    f.last().fail();
    await f.w.clock.advance(1000);
    await f.last().welcome();
    f.last().say({ t: "refused", re: f.last().kind("resume")[0].re, code: "unknownChat" });
    await settle();
    assert.equal(f.last().kind("open").length, 0);
    assert.equal(f.session.view.problem.code, "closed");
    f.session.stop();
});

test("what was said before a page came is history, and what comes a moment later is news", async () => {
    const d = desk();
    d.session.say("Hello", { queue: "memorial" });
    await d.last().welcome();
    await accept(d.last(), "open");
    d.session.stop();
    const e = desk(d.stored);
    const news = [];
    e.session.on("message", (message) => e.session.isHistory(message) || news.push(message.text));
    e.session.restore();
    await e.last().welcome();
    const [{ chat }] = e.last().kind("resume");
    const line = (n, text) => ({ at: [1, n], by: "staff", text, sender: "s", seq: n });
    e.last().say({ t: "chat", chat, last: [1, 3], phase: { p: "held" } });
    e.last().say({ t: "msgs", chat, m: [line(2, "before"), line(3, "just before")] });
    e.last().say({ t: "msgs", chat, m: [line(4, "meanwhile")] });
    // A later state of the chat makes nothing old.
    e.last().say({ t: "chat", chat, last: [2, 6], phase: { p: "held" } });
    e.last().say({ t: "msgs", chat, m: [{ ...line(5, "held"), held: true }, line(6, "after")] });
    assert.deepEqual(news, ["meanwhile", "held", "after"]);
    e.session.stop();
});

test("a fenced page stops, keeps its words, and takes the chat back under a new attach", async () => {
    const d = desk();
    d.session.say("Hello", { queue: "memorial" });
    await d.last().welcome();
    await accept(d.last(), "open");
    const { chat, attach } = d.last().kind("open")[0];
    d.last().say({ t: "fenced", chat });
    assert.equal(d.session.view.stage, "fenced");
    assert.equal(d.last().closed, true);
    d.session.takeOver();
    await d.last().welcome();
    assert.notEqual(d.last().kind("resume")[0].attach, attach);
    await accept(d.last(), "resume");
    assert.equal(d.last().kind("say").length, 1);
    assert.equal(d.session.view.stage, "open");
});

test("a question meant as a message is kept only when safe and nobody is there, under a code stored before it is sent", async () => {
    const d = desk();
    d.session.say("Hello", { queue: "memorial", keep: true, contact: "" });
    await d.last().welcome();
    await accept(d.last(), "open");
    const { sender, chat } = d.last().kind("say")[0];
    d.last().say({ t: "chat", chat, phase: { p: "unattended" }, marks: {} });
    assert.equal(d.last().kind("keep").length, 0);
    d.last().say({ t: "ack", chat, sender, seq: 1, level: "safe", at: [1, 2] });
    const [keep] = d.last().kind("keep");
    assert.equal(keep.code, d.stored.code);
    await accept(d.last(), "keep");
    assert.equal(d.session.view.code, keep.code);
});

test("presence tells own, referred and nobody; without the node's own line, show decides", () => {
    assert.equal(readPresence(`var callslip={"reach":"referred","title":"M"};\n`).reach, "referred");
    assert.equal(readPresence("var jabber_resources=[{name:'x',priority:5,show:'available',status:''}];").reach, "own");
    assert.equal(readPresence("var jabber_resources=[{name:'x',priority:5,show:'available',status:'referred'}];").reach, "referred");
    assert.equal(readPresence("var jabber_resources=[{name:'x',show:'unavailable',status:''}];").reach, "nobody");
});

test("what one node alone has is shown, kept over a reload, not counted in where the page is, and settles when it comes to stay", async () => {
    const d = desk();
    const settled = [];
    d.session.on("settled", (message) => settled.push([message.text, message.at]));
    d.session.say("Hello", { queue: "memorial" });
    await d.last().welcome();
    await accept(d.last(), "open");
    const { chat, sender } = d.last().kind("say")[0];
    d.last().say({ t: "msgs", chat, m: [{ at: [1, 2], by: "patron", sender, seq: 1, text: "Hello" }] });
    d.last().say({ t: "service", state: "isolated", answering: true, text: "Only this library answers now." });
    d.last().say({ t: "chat", chat, held: true, phase: { p: "held" }, marks: { [sender]: 1 } });
    const held = { at: [7, 3], by: "staff", sender: "s", seq: 1, text: "Hi", held: true };
    d.last().say({ t: "msgs", chat, m: [held, { at: [7, 4], by: "service", event: { e: "offered" }, held: true }] });
    assert.deepEqual(d.told, ["Hello", "Hi", "offered"]);
    assert.deepEqual(d.stored.received.map((message) => message.text), ["Hi"]);
    assert.equal(d.session.view.service.text, "Only this library answers now.");
    d.session.stop();

    const e = desk(d.stored);
    const again = [];
    e.session.on("settled", (message) => again.push([message.text, message.at]));
    e.session.restore();
    assert.deepEqual(e.told, ["Hi"], "a page that is loaded anew shows what it had");
    await e.last().welcome();
    await accept(e.last(), "resume");
    e.last().say({ t: "chat", chat, phase: { p: "held" }, marks: { [sender]: 1 } });
    const lasting = [{ at: [1, 2], by: "patron", sender, seq: 1, text: "Hello" }, { at: [2, 3], by: "staff", sender: "s", seq: 1, text: "Hi", branch: true }, { at: [2, 4], by: "service", event: { e: "offered" } }];
    e.last().say({ t: "msgs", chat, m: lasting });
    assert.deepEqual(again, [["Hi", [2, 3]]]);
    assert.deepEqual(e.told, ["Hi", "Hello", "offered"]);
    assert.deepEqual(e.stored.received, []);
    e.last().fail();
    await e.w.clock.advance(1000);
    await e.last().welcome();
    assert.deepEqual(e.last().kind("resume")[0].after, [2, 4]);
    e.session.stop();
});
