import assert from "node:assert/strict";
import test from "node:test";

import { Connection, Refusal, newId } from "../../Sources/Web/Client/shared/connection.js";
import { Desk } from "../../Sources/Web/Client/desk/state.js";
import { PracticeNode, TIMES } from "../../Sources/Web/Client/practice/node.js";
import { PATRONS } from "../../Sources/Web/Client/practice/patrons.js";
import { Clock, settle } from "./harness.mjs";

/** The real desk's transport and memory, at a practice node. */
async function begin() {
    const clock = new Clock();
    const node = new PracticeNode({ now: () => clock.now, newId, timers: clock.timers, person: { operator: "practice", display: "You" } });
    const desk = new Desk({ now: () => clock.now, newId, savedOutbox: () => [] });
    const connection = new Connection({ nodes: ["http://a.example"], hello: () => ({ role: "operator", client: "test" }), socket: () => node.connect(), now: () => clock.now, timers: clock.timers });
    const problems = [];
    connection.on("problem", (error) => problems.push(error));
    for (const kind of ["welcome", "service", "me", "board", "chat", "msgs", "ack", "nack", "typing"]) {
        connection.on(kind, (frame) => {
            for (const effect of desk.receive(frame)) {
                const chat = desk.chats.get(effect.chat);
                if (effect.kind !== "sendable" || !chat || chat.token === null) continue;
                const next = chat.outbox.next(chat.ended !== null);
                if (next !== null) connection.sendOwed({ ...next, chat: chat.id, token: chat.token });
            }
        });
    }
    connection.start();
    await clock.advance(10);
    /** What a request is answered, after some time has passed. */
    const ask = async (t, body, ms = 10) => {
        const answer = connection.request(t, body).then((frame) => ({ ok: frame }), (error) => ({ refused: error }));
        await settle();
        await clock.advance(ms);
        return answer;
    };
    const say = async (chat, text, ms = 10) => {
        const kept = desk.chats.get(chat);
        kept.outbox.add(text);
        connection.sendOwed({ ...kept.outbox.next(false), chat, token: kept.token });
        await clock.advance(ms);
    };
    return { clock, node, desk, connection, ask, say, problems };
}

test("who is there for a queue gets patrons, one after the other, and as many as may wait", async () => {
    const { clock, desk, ask, problems } = await begin();
    assert.equal(desk.me.operator, "practice");
    assert.equal(desk.board.waiting.length, 0);
    await clock.advance(60000);
    assert.equal(desk.board.waiting.length, 0, "nobody comes while nobody is there");
    await ask("available", { queue: "practice", on: true }, TIMES.firstMs + 50);
    assert.deepEqual(desk.board.waiting.map((line) => line.question), [PATRONS[0].question]);
    await clock.advance(10 * TIMES.nextMs);
    assert.equal(desk.board.waiting.length, 3);
    await ask("available", { queue: "practice", on: false });
    await clock.advance(10 * TIMES.nextMs);
    assert.equal(desk.board.waiting.length, 3);
    assert.deepEqual(problems, []);
});

test("a chat is claimed, answered and closed as at the real desk", async () => {
    const { clock, desk, node, ask, say } = await begin();
    await ask("duty", { for: "library" }, TIMES.firstMs + 50);
    const { chat } = desk.board.waiting[0];
    const claimed = await ask("claim", { chat });
    assert.ok(claimed.ok.token);
    assert.equal(desk.heldCount, 1);
    assert.equal(desk.chats.get(chat).token, claimed.ok.token);
    for (const [place, text] of PATRONS[0].says.entries()) {
        await say(chat, `Answer ${place}`, TIMES.wordMs + 50);
        assert.equal(desk.chats.get(chat).messages.filter(({ by }) => by === "patron").at(-1).text, text);
    }
    assert.equal(desk.chats.get(chat).outbox.entries.length, 0, "all is safe");
    assert.equal(node.tip(chat), PATRONS[0].tip);
    assert.deepEqual((await ask("close", { chat, token: claimed.ok.token, ending: "answered" })).ok.t, "ok");
    assert.equal(desk.chats.get(chat).ended, "This chat is closed.");
    assert.ok((await ask("close", { chat, token: claimed.ok.token })).refused instanceof Refusal);
    assert.deepEqual(node.done, { claimed: 1, answered: 3, transferred: 0, noted: 0 });
    await clock.advance(1);
});

test("a transfer is asked, taken by the colleague, and taken back while it is on offer", async () => {
    const { clock, desk, ask, node } = await begin();
    await ask("available", { queue: "practice", on: true }, TIMES.firstMs + 50);
    const { chat } = desk.board.waiting[0];
    const token = (await ask("claim", { chat })).ok.token;
    assert.match((await ask("transfer", { chat, token, target: "maps", consentGiven: false, note: "" })).refused.message, /Nobody is there/);
    const first = await ask("transfer", { chat, token, target: "chemistry", consentGiven: false, note: "" });
    assert.equal(desk.chats.get(chat).meta.phase.offer.asked, true);
    await ask("withdraw", { chat, token, offer: first.ok.offer });
    await clock.advance(60000);
    assert.equal(desk.heldCount, 1, "what was taken back stays");
    await ask("transfer", { chat, token, target: "chemistry", consentGiven: false, note: "" }, TIMES.consentMs + 50);
    assert.equal(desk.chats.get(chat).meta.phase.offer.asked, false);
    await clock.advance(TIMES.pickUpMs + 50);
    assert.match(desk.chats.get(chat).ended, /Noor of Chemistry Library has this chat now/);
    assert.equal(node.done.transferred, 1);
});

test("four chats are held at most, one that is put back waits again, and what belongs to a library is not touched", async () => {
    const { desk, node, ask } = await begin();
    const chats = [];
    for (let count = 0; count < 5; count += 1) chats.push(node.arrive());
    for (const chat of chats.slice(0, 4)) assert.ok((await ask("claim", { chat })).ok);
    assert.match((await ask("claim", { chat: chats[4] })).refused.message, /You hold 4 chats/);
    await ask("release", { chat: chats[0], token: desk.chats.get(chats[0]).token });
    assert.equal(desk.heldCount, 3);
    assert.ok(desk.board.waiting.some((line) => line.chat === chats[0]));
    for (const [t, body] of [["closeLibrary", { minutes: 60, note: "" }], ["openNow", { queue: "practice", minutes: 60 }], ["room", { text: "Hello" }]]) {
        assert.match((await ask(t, body)).refused.message, /practice desk/, t);
    }
});
