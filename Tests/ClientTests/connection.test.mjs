import assert from "node:assert/strict";
import { test } from "node:test";
import { Connection, LIMITS, newId, socketAddress } from "../../Sources/Web/Client/shared/connection.js";
import { settle, world } from "./harness.mjs";

test("identifiers are 128 bits in lower-case hexadecimal and differ", () => {
    assert.match(newId(), /^[0-9a-f]{32}$/);
    assert.notEqual(newId(), newId());
});

test("an address of a node becomes the address of its socket; anything else is none", () => {
    assert.equal(socketAddress("https://chat.example.org"), "wss://chat.example.org/ws");
    assert.equal(socketAddress("http://b:7102/x"), "ws://b:7102/ws");
    assert.equal(socketAddress("javascript:alert(1)"), null);
    assert.equal(socketAddress("nonsense"), null);
});

test("hello is the first frame, with version and role, under the protocol's name", async () => {
    const w = world();
    new Connection(w.options).start();
    assert.equal(w.last().url, "ws://a:1/ws");
    assert.equal(w.last().protocol, "callslip.v1");
    w.last().open();
    assert.deepEqual(w.last().sent, [{ t: "hello", v: 1, role: "patron", client: "test/1" }]);
});

test("a request made before the welcome waits for it, and its answer fulfils it", async () => {
    const w = world();
    const connection = new Connection(w.options);
    connection.start();
    const answer = connection.request("leave", { chat: "c" });
    assert.equal(w.last().kind("leave").length, 0);
    await w.last().welcome();
    const [leave] = w.last().kind("leave");
    w.last().say({ t: "ok", re: leave.re });
    assert.equal((await answer).t, "ok");
});

test("an unanswered request is repeated with the same identifier after a reconnect; an answered one is not", async () => {
    const w = world();
    const connection = new Connection(w.options);
    connection.start();
    await w.last().welcome();
    const first = connection.request("available", { queue: "q", on: true });
    const second = connection.request("leaving", { inS: 600 });
    w.last().say({ t: "ok", re: w.last().kind("available")[0].re });
    await first;
    const sent = w.last().kind("leaving")[0];
    w.last().fail();
    await w.clock.advance(1000);
    assert.equal(w.sockets.length, 2);
    await w.last().welcome();
    assert.equal(w.last().kind("available").length, 0);
    assert.deepEqual(w.last().kind("leaving"), [sent]);
    w.last().say({ t: "ok", re: sent.re });
    await second;
});

test("a refusal rejects with its code and its sentence", async () => {
    const w = world();
    const connection = new Connection(w.options);
    connection.start();
    await w.last().welcome();
    const answer = connection.request("claim", { chat: "c" });
    w.last().say({ t: "refused", re: w.last().kind("claim")[0].re, code: "alreadyClaimed", text: "Mia has it." });
    await assert.rejects(answer, { code: "alreadyClaimed", message: "Mia has it." });
});

test("busy is tried again later with the same identifier, and not for ever", async () => {
    const w = world();
    const connection = new Connection(w.options);
    connection.start();
    await w.last().welcome();
    const answer = connection.request("open", {});
    const refused = assert.rejects(answer, { code: "busy" });
    for (let i = 0; i <= LIMITS.busyTriesMax; i += 1) {
        const sent = w.last().kind("open");
        assert.equal(sent.length, i + 1);
        assert.equal(sent[i].re, sent[0].re);
        w.last().say({ t: "refused", re: sent[0].re, code: "busy", retryMs: 100 });
        await w.clock.advance(200);
    }
    await refused;
});

test("greeters run to their end before anything else goes out, at every welcome", async () => {
    const w = world();
    const connection = new Connection(w.options);
    connection.onWelcome(async () => {
        await connection.request("resume", { chat: "c" }, { once: true });
    });
    connection.start();
    const leave = connection.request("leave", {});
    await w.last().welcome();
    assert.deepEqual(w.last().sent.map((f) => f.t), ["hello", "resume"]);
    assert.equal(connection.send({ t: "typing" }), false);
    w.last().say({ t: "ok", re: w.last().kind("resume")[0].re });
    await settle();
    assert.deepEqual(w.last().sent.map((f) => f.t), ["hello", "resume", "leave"]);
    w.last().say({ t: "ok", re: w.last().kind("leave")[0].re });
    await leave;
});

test("a greeter whose connection ends gives up, and the next welcome runs it anew", async () => {
    const w = world();
    const connection = new Connection(w.options);
    const problems = [];
    connection.on("problem", (error) => problems.push(error));
    connection.onWelcome(() => connection.request("resume", {}, { once: true }));
    connection.start();
    await w.last().welcome();
    w.last().fail();
    await w.clock.advance(1000);
    await w.last().welcome();
    assert.equal(w.last().kind("resume").length, 1);
    assert.notEqual(w.last().kind("resume")[0].re, w.sockets[0].kind("resume")[0].re);
    assert.deepEqual(problems, []);
});

test("after a loss the same node is tried first, then the others in turn, those of welcome too", async () => {
    const w = world({ nodes: ["http://a:1", "http://b:2"] });
    const connection = new Connection(w.options);
    connection.start();
    await w.last().welcome({ nodes: ["http://a:1", "http://c:3"] });
    for (let i = 0; i < 4; i += 1) {
        w.last().fail();
        await w.clock.advance(LIMITS.backoffMaxMs);
    }
    assert.deepEqual(w.sockets.slice(1).map((s) => s.url), ["ws://a:1/ws", "ws://c:3/ws", "ws://b:2/ws", "ws://a:1/ws"]);
});

test("the wait between attempts is random, doubles, and stays within its limit; a welcome resets it", async () => {
    const w = world({ random: () => 0.999 });
    const connection = new Connection(w.options);
    const waits = [];
    connection.on("state", ({ state }) => {
        if (state === "waiting") waits.push(w.clock.now);
    });
    connection.start();
    for (let i = 0; i < 8; i += 1) {
        const before = w.clock.now;
        const count = w.sockets.length;
        w.last().fail();
        while (w.sockets.length === count) await w.clock.advance(10);
        const waited = w.clock.now - before;
        assert.ok(waited <= Math.min(LIMITS.backoffMaxMs, 250 * 2 ** i) + 10, `${waited} at ${i}`);
        assert.ok(waited > Math.min(LIMITS.backoffMaxMs, 250 * 2 ** i) * 0.9 - 10, `${waited} at ${i}`);
    }
    await w.last().welcome();
    w.last().fail();
    const count = w.sockets.length;
    await w.clock.advance(250);
    assert.equal(w.sockets.length, count + 1);
    assert.equal(waits.length, 9);
});

test("a socket that never says welcome is given up", async () => {
    const w = world();
    new Connection(w.options).start();
    w.last().open();
    await w.clock.advance(LIMITS.welcomeMsMax + LIMITS.backoffMaxMs);
    assert.ok(w.sockets.length >= 2);
    assert.equal(w.sockets[0].closed, true);
});

test("a socket that cannot be made counts as a loss", async () => {
    const w = world({ nodes: ["http://a:1", "http://b:2"] });
    const make = w.options.socket;
    let first = true;
    const connection = new Connection({
        ...w.options,
        socket: (url, protocol) => {
            if (first) {
                first = false;
                throw new Error("mixed content");
            }
            return make(url, protocol);
        },
    });
    connection.start();
    assert.equal(connection.state, "waiting");
    await w.clock.advance(250);
    assert.equal(w.last().url, "ws://b:2/ws");
});

test("waking reconnects at once, and probes a socket that has been quiet", async () => {
    const w = world();
    const connection = new Connection(w.options);
    connection.start();
    await w.last().welcome();
    w.last().fail();
    connection.wake();
    assert.equal(w.sockets.length, 2);
    await w.last().welcome();
    await w.clock.advance(LIMITS.wakeQuietMs + 1);
    connection.wake();
    assert.equal(w.last().kind("probe").length, 1);
    await w.clock.advance(LIMITS.probeAnswerMsMax + 1);
    assert.equal(w.sockets[1].closed, true);
});

test("silence after a frame that is owed an answer is probed; any frame is a sign of life", async () => {
    const w = world();
    const connection = new Connection(w.options);
    connection.start();
    await w.last().welcome();
    assert.equal(connection.sendOwed({ t: "say" }), true);
    await w.clock.advance(LIMITS.probeAfterMs);
    const [probe] = w.last().kind("probe");
    assert.match(probe.re, /^[0-9a-f]{32}$/);
    w.last().say({ t: "refused", re: probe.re, code: "unknownKind" });
    await w.clock.advance(LIMITS.probeAnswerMsMax + 1);
    assert.equal(w.sockets.length, 1);
    assert.equal(connection.state, "ready");
});

test("bye without a retry ends it for good and rejects what waits; with one it waits at least that long", async () => {
    const w = world({ random: () => 0 });
    const connection = new Connection(w.options);
    let told = null;
    connection.on("state", ({ bye }) => {
        told = bye ?? told;
    });
    connection.start();
    await w.last().welcome();
    w.last().say({ t: "bye", code: "slow", text: "…", retryMs: 1000 });
    await w.clock.advance(999);
    assert.equal(w.sockets.length, 1);
    await w.clock.advance(1);
    assert.equal(w.sockets.length, 2);
    await w.last().welcome();
    const answer = assert.rejects(connection.request("leave", {}), { code: "disconnected" });
    w.last().say({ t: "bye", code: "elsewhere", text: "…", retryMs: null });
    await answer;
    assert.equal(connection.state, "ended");
    assert.equal(told.code, "elsewhere");
    await w.clock.advance(60000);
    assert.equal(w.sockets.length, 2);
});

test("frames of an abandoned socket are not heard", async () => {
    const w = world();
    const connection = new Connection(w.options);
    const heard = [];
    connection.on("chat", (frame) => heard.push(frame));
    connection.start();
    await w.last().welcome();
    const old = w.last();
    const late = old.onmessage;
    old.fail();
    late({ data: '{"t":"chat"}' });
    assert.deepEqual(heard, []);
    await w.clock.advance(1000);
    await w.last().welcome();
    w.last().say({ t: "chat", chat: "c" });
    assert.equal(heard.length, 1);
});

test("broken frames and failing handlers do not end anything", async () => {
    const w = world();
    const connection = new Connection(w.options);
    const problems = [];
    connection.on("problem", (error) => problems.push(error.message));
    connection.on("chat", () => {
        throw new Error("in a handler");
    });
    connection.start();
    await w.last().welcome();
    w.last().onmessage({ data: "{" });
    w.last().onmessage({ data: "null" });
    w.last().say({ t: "chat" });
    assert.deepEqual(problems, ["in a handler"]);
    assert.equal(connection.state, "ready");
});

test("a node that cannot go on with the chat is left for the next one", async () => {
    const w = world({ nodes: ["http://a:1", "http://b:2"] });
    new Connection(w.options).start();
    for (const code of ["apart", "full"]) {
        const before = w.last().url;
        await w.last().welcome({ nodes: ["http://a:1", "http://b:2"] });
        w.last().say({ t: "bye", code, text: "…", retryMs: 500 });
        await w.clock.advance(5000);
        assert.notEqual(w.last().url, before);
    }
});
