import assert from "node:assert/strict";
import { test } from "node:test";
import { chatTimers } from "../../Sources/Web/Client/desk/clock.js";
import { SHIPPED, crisisCards } from "../../Sources/Web/Client/desk/crisis.js";
import { Outbox } from "../../Sources/Web/Client/desk/outbox.js";
import { Desk } from "../../Sources/Web/Client/desk/state.js";
import { deliverySentence, eventSentence, signInSentence } from "../../Sources/Web/Client/desk/words.js";

const held = (over = {}) => ({ p: "held", by: { name: "mia", display: "Mia" }, token: "7.0", mine: true, ...over });
const chatFrame = (phase, over = {}) => ({
    t: "chat", chat: "c", epoch: 1, last: [1, 1], library: { name: "law", title: "Law" }, queue: { name: "law", title: "Law" }, phase, patronPresent: true, marks: {}, ...over,
});
const said = (n, by, text, seq = n) => ({ at: [1, n], by, ms: n * 1000, text, sender: by, seq });

function makeDesk(saved = []) {
    const clock = { ms: 0 };
    let count = 0;
    const desk = new Desk({ now: () => clock.ms, newId: () => `id${(count += 1)}`, savedOutbox: () => saved });
    desk.receive({ t: "me", operator: "mia", display: "Mia", queues: [{ name: "law", title: "Law" }], available: ["law"], leavingS: null });
    return { desk, clock };
}
const kinds = (effects) => effects.map((effect) => effect.kind);

test("one message is on its way at a time, in order", () => {
    const out = new Outbox("s");
    out.add("one");
    out.add("two");
    assert.deepEqual(out.next(), { t: "say", sender: "s", seq: 1, text: "one" });
    assert.equal(out.next(), null);
    out.accept("s", 1);
    assert.deepEqual(out.next(), { t: "say", sender: "s", seq: 2, text: "two" });
});

test("after a lost connection the same message goes again under the same number", () => {
    const out = new Outbox("s");
    out.add("one");
    const first = out.next();
    out.disconnected();
    assert.deepEqual(out.next(), first);
});

test("a lost acknowledgement is made good by the marks of the chat: nothing is sent twice", () => {
    const out = new Outbox("s");
    out.add("one");
    out.next();
    out.disconnected();
    out.marks({ s: 1 });
    assert.equal(out.next(), null);
    assert.equal(out.entries[0].state, "safe");
});

test("a refused number is used again by the next message, and the refused text stays with its reason", () => {
    const out = new Outbox("s");
    out.add("bad");
    out.add("good");
    out.next();
    assert.equal(out.refuse("s", 1, "tooLong", "Too long.").why, "Too long.");
    assert.deepEqual(out.next(), { t: "say", sender: "s", seq: 1, text: "good" });
    out.accept("s", 1);
    assert.deepEqual(out.entries.map((entry) => entry.state), ["failed", "safe"]);
    assert.equal(out.take(out.entries[0].id).text, "bad");
});

test("busy asks for patience: the message waits and keeps its number", () => {
    const out = new Outbox("s");
    out.add("one");
    out.next();
    assert.equal(out.refuse("s", 1, "busy", "").state, "waiting");
    assert.equal(out.next().seq, 1);
});

test("a reload keeps what was on its way under its old sender, and gives the rest the new one", () => {
    const out = new Outbox("old");
    out.add("sent");
    out.add("not sent");
    out.next();
    const again = new Outbox("new", JSON.parse(JSON.stringify(out.saved())));
    assert.deepEqual(again.next(), { t: "say", sender: "old", seq: 1, text: "sent" });
    again.accept("old", 1);
    assert.deepEqual(again.next(), { t: "say", sender: "new", seq: 1, text: "not sent" });
});

test("a chat becomes mine, takes the lowest free number, and gives it back", () => {
    const { desk } = makeDesk();
    assert.deepEqual(kinds(desk.receive(chatFrame(held()))), ["started", "sendable"]);
    desk.receive({ ...chatFrame(held()), chat: "d" });
    assert.deepEqual(desk.inSlots.map((chat) => chat.slot), [1, 2]);
    desk.remove("c");
    desk.receive({ ...chatFrame(held()), chat: "e" });
    assert.deepEqual(desk.inSlots.map((chat) => [chat.id, chat.slot]), [["e", 1], ["d", 2]]);
});

test("after a reload every chat has its number again, whatever the order in which they come", () => {
    const numbers = { c: 3, d: 1 };
    const desk = new Desk({ now: () => 0, newId: () => "id", savedOutbox: () => [], savedSlot: (chat) => numbers[chat] ?? null });
    for (const chat of ["c", "e", "d"]) desk.receive({ ...chatFrame(held()), chat });
    assert.deepEqual(desk.inSlots.map((chat) => [chat.id, chat.slot]), [["e", 1], ["d", 2], ["c", 3]]);
});

test("a chat of somebody else makes no column", () => {
    const { desk } = makeDesk();
    assert.deepEqual(desk.receive(chatFrame({ p: "waiting", queue: { name: "law", title: "Law" }, ahead: 0 })), []);
    assert.equal(desk.chats.size, 0);
});

test("messages are kept once and in order of position, and history makes no sound", () => {
    const { desk } = makeDesk();
    desk.receive(chatFrame(held()));
    assert.deepEqual(kinds(desk.receive({ t: "msgs", chat: "c", m: [said(2, "patron", "b"), said(1, "patron", "a")], more: false })), ["sendable"]);
    const effects = desk.receive({ t: "msgs", chat: "c", m: [said(2, "patron", "b"), said(3, "patron", "c")], more: false });
    assert.deepEqual(kinds(effects), ["message", "sendable"]);
    assert.deepEqual(desk.chats.get("c").messages.map((m) => m.text), ["a", "b", "c"]);
    assert.deepEqual(desk.chats.get("c").last, [1, 3]);
    assert.equal(desk.chats.get("c").unread, 1);
});

test("my own message takes the place that it held while it was on its way", () => {
    const { desk } = makeDesk();
    desk.receive(chatFrame(held()));
    const { outbox } = desk.chats.get("c");
    const entry = outbox.add("hello");
    const frame = outbox.next();
    desk.receive({ t: "msgs", chat: "c", m: [{ ...said(2, "staff", "hello"), sender: frame.sender, seq: frame.seq }], more: false });
    assert.equal(desk.chats.get("c").messages[0].key, entry.id);
    assert.equal(outbox.entries.length, 0);
    desk.receive({ t: "ack", chat: "c", sender: frame.sender, seq: frame.seq, level: "safe", at: [1, 2] });
    assert.equal(outbox.accepted(frame.sender), 1);
});

test("a chat that ends stays to be read, with the reason, and can become mine again", () => {
    const { desk } = makeDesk();
    desk.receive(chatFrame(held()));
    assert.deepEqual(kinds(desk.receive(chatFrame({ p: "closed", reason: "byPatron" }))), ["ended"]);
    assert.equal(desk.chats.get("c").ended, "The patron ended the chat.");
    assert.deepEqual(desk.receive(chatFrame({ p: "closed", reason: "byPatron" })), []);
    assert.deepEqual(kinds(desk.receive(chatFrame(held({ token: "9.0" })))), ["started", "sendable"]);
    assert.equal(desk.chats.get("c").ended, null);
});

test("a chat that the node refuses to follow is somebody else’s", () => {
    const { desk } = makeDesk();
    desk.receive(chatFrame(held()));
    assert.deepEqual(kinds(desk.endChat("c", "gone")), ["ended"]);
    assert.deepEqual(desk.endChat("c", "gone"), []);
});

test("what was offered before is tried, and the current queue follows referral and pick-up", () => {
    const { desk } = makeDesk();
    desk.receive(chatFrame(held()));
    const event = (n, e, name) => ({ at: [1, n], by: "service", ms: n, event: { e, queue: { name, title: name } } });
    const chat = desk.chats.get("c");
    desk.receive({ t: "msgs", chat: "c", m: [event(1, "opened", "law"), event(2, "referred", "general")], more: false });
    assert.equal(desk.currentQueue(chat), "general");
    desk.receive({ t: "msgs", chat: "c", m: [event(3, "offered", "art"), { at: [1, 4], by: "service", ms: 4, event: { e: "pickedUp", name: "mia" } }], more: false });
    assert.equal(desk.currentQueue(chat), "art");
    assert.deepEqual(desk.tried(chat), ["art"]);
});

test("typing is shown for six seconds and ends with the message", () => {
    const { desk, clock } = makeDesk();
    desk.receive(chatFrame(held()));
    clock.ms = 1000;
    desk.receive({ t: "typing", chat: "c", who: "patron" });
    assert.equal(desk.chats.get("c").typingUntilMs, 7000);
    desk.receive({ t: "msgs", chat: "c", m: [said(1, "patron", "a")], more: false });
    assert.equal(desk.chats.get("c").typingUntilMs, 0);
});

test("going away from one queue stops its ringing at once and leaves the others", () => {
    const { desk } = makeDesk();
    desk.receive({ t: "me", operator: "mia", queues: [], available: ["law", "art"], leavingS: null });
    const waiting = [{ chat: "x", queue: { name: "law", title: "Law" }, waitedS: 0, mayClaim: true, question: "" }];
    desk.receive({ t: "board", waiting });
    assert.deepEqual(desk.setAvailable("law", false), [{ kind: "ringing", chat: false, offer: false }]);
    assert.deepEqual(desk.me.available, ["art"]);
});

test("a board without libraries leaves their cards as they were", () => {
    const { desk } = makeDesk();
    const libraries = [{ name: "law", title: "Law", card: { hours: "8-17" } }];
    desk.receive({ t: "board", libraries });
    desk.receive({ t: "board", waiting: [] });
    assert.deepEqual(desk.board.libraries, libraries);
    desk.receive({ t: "board", libraries: [] });
    assert.deepEqual(desk.board.libraries, []);
});

test("the time to leave is told by me and by the board, and null takes it back", () => {
    const { desk, clock } = makeDesk();
    clock.ms = 5000;
    desk.receive({ t: "board", staff: [{ name: "mia", display: "Mia", available: ["law"], chats: 0, leavingS: 600 }] });
    assert.equal(desk.leavingUntilMs, 605000);
    desk.receive({ t: "me", operator: "mia", queues: [], available: [], leavingS: null });
    assert.equal(desk.leavingUntilMs, null);
});

test("every event of the protocol has a sentence, and an unknown one is left out", () => {
    const names = ["opened", "referred", "claimed", "transferAsked", "transferDeclined", "offered", "pickedUp", "returned", "requeued", "nobodyThere", "kept", "closed"];
    for (const e of names) assert.ok(eventSentence({ e, queue: { name: "law", title: "Law" }, display: "Mia" })?.length > 3, e);
    assert.equal(eventSentence({ e: "somethingNew" }), null);
});

test("signing in fails in plain words, and the node’s own words win", () => {
    assert.equal(signInSentence(401, { text: "Own words." }), "Own words.");
    for (const status of [0, 401, 429, 503, 500]) assert.ok(signInSentence(status, null).length > 20);
});

test("what one node alone holds says so, rests while the connection lasts, and is offered again at the next until it is safe", () => {
    const { desk } = makeDesk();
    desk.receive(chatFrame(held()));
    const { outbox } = desk.chats.get("c");
    outbox.add("one");
    outbox.add("two");
    const one = outbox.next();
    desk.receive({ t: "ack", chat: "c", sender: one.sender, seq: 1, level: "held", at: [2, 1] });
    assert.equal(outbox.entries[0].state, "held");
    assert.match(deliverySentence("held"), /Kept at this library/);
    const two = outbox.next();
    assert.deepEqual([two.seq, two.text], [2, "two"]);
    assert.equal(outbox.next(), null);
    desk.disconnected();
    assert.deepEqual(outbox.next(), one);
    desk.receive({ t: "ack", chat: "c", sender: one.sender, seq: 1, level: "safe", at: [1, 5] });
    assert.deepEqual(outbox.next(), two);
    const again = new Outbox("new", JSON.parse(JSON.stringify(outbox.saved())));
    assert.deepEqual(again.next(), two);
});

test("what one node alone has stands last in the log, once, and takes its lasting place when it comes to stay", () => {
    const { desk } = makeDesk();
    desk.receive(chatFrame(held()));
    const chat = desk.chats.get("c");
    desk.receive({ t: "msgs", chat: "c", m: [said(2, "patron", "a")], more: false });
    const mine = chat.outbox.add("my answer");
    const frame = chat.outbox.next();
    desk.receive(chatFrame(held(), { held: true, marks: { [frame.sender]: 1 } }));
    const heldMine = { at: [7, 3], by: "staff", ms: 3, text: "my answer", sender: frame.sender, seq: 1, held: true };
    const heldEvent = { at: [7, 4], by: "service", ms: 4, event: { e: "offered", queue: { name: "art" } }, held: true };
    const heldTheirs = { ...said(5, "patron", "b"), at: [7, 5], held: true };
    const effects = desk.receive({ t: "msgs", chat: "c", m: [heldMine, heldEvent, heldTheirs], more: false });
    assert.deepEqual(kinds(effects), ["message", "sendable"]);
    assert.deepEqual(chat.last, [1, 2]);
    assert.deepEqual(chat.messages.map((m) => m.text ?? m.event.e), ["a", "my answer", "offered", "b"]);
    assert.equal(chat.messages[1].key, mine.id, "it keeps the element that showed it while it was on its way");
    assert.deepEqual(chat.outbox.entries.map((entry) => [entry.state, entry.shown]), [["held", true]]);

    desk.receive(chatFrame(held(), { marks: {} }));
    assert.deepEqual(chat.messages.map((m) => m.text ?? m.event.e), ["a", "my answer", "b"]);
    const between = { ...said(3, "patron", "from elsewhere", 9) };
    const lasting = [between, { ...heldMine, at: [2, 4], held: undefined, branch: true }, { ...heldTheirs, at: [2, 5], held: undefined, branch: true }];
    assert.deepEqual(kinds(desk.receive({ t: "msgs", chat: "c", m: lasting, more: false })), ["message", "sendable"], "only what is new makes a sound");
    assert.deepEqual(chat.messages.map((m) => m.text), ["a", "from elsewhere", "my answer", "b"]);
    assert.equal(chat.messages[2].key, mine.id);
    assert.deepEqual([chat.last, chat.outbox.entries.length], [[2, 5], 0]);
});

test("what was held and did not get into the chat is offered again, also when the chat is somebody else's by then", () => {
    const { desk } = makeDesk();
    desk.receive(chatFrame(held()));
    const chat = desk.chats.get("c");
    chat.outbox.add("too late");
    const said = chat.outbox.next();
    desk.receive({ t: "ack", chat: "c", sender: said.sender, seq: 1, level: "held", at: [7, 1] });
    chat.outbox.add("never sent");
    chat.outbox.next();
    desk.disconnected();
    const again = chat.outbox.next();
    desk.receive({ t: "ack", chat: "c", sender: again.sender, seq: 1, level: "held", at: [7, 1] });
    assert.equal(chat.outbox.next()?.text, "never sent");
    desk.receive({ t: "ack", chat: "c", sender: again.sender, seq: 2, level: "held", at: [7, 2] });

    const effects = desk.receive(chatFrame({ p: "closed", reason: "byOperator" }, { marks: {} }));
    assert.deepEqual(kinds(effects), ["ended", "sendable"]);
    assert.equal(chat.token, "7.0", "it is asked by the token that it was held by");
    assert.deepEqual(chat.outbox.next(true), said);
    desk.receive({ t: "nack", chat: "c", sender: said.sender, seq: 1, code: "closed", text: "The chat is over." });
    assert.deepEqual(chat.outbox.entries.map((entry) => [entry.state, entry.why]).slice(0, 1), [["failed", "The chat is over."]]);
    assert.equal(chat.outbox.next(true).seq, 2);
});

test("of a chat that is not here any more, nothing is sent that was not sent before", () => {
    const { desk } = makeDesk();
    desk.receive(chatFrame(held()));
    const chat = desk.chats.get("c");
    chat.outbox.add("still a thought");
    assert.equal(chat.outbox.next(true), null);
    assert.equal(chat.outbox.next()?.text, "still a thought");
});

test("a note goes as a kind of its own, takes its turn among the messages, and is no answer to the patron", () => {
    const { desk } = makeDesk();
    desk.receive(chatFrame(held()));
    desk.receive({ t: "msgs", chat: "c", m: [said(2, "patron", "Where are maps?")], more: false });
    const { outbox } = desk.chats.get("c");
    outbox.add("asked twice this week", true);
    outbox.add("On the third floor.");
    const note = outbox.next();
    assert.deepEqual([note.t, note.seq, note.text], ["note", 1, "asked twice this week"]);
    assert.equal(JSON.parse(JSON.stringify(outbox.saved()))[0].note, true, "a reload must not turn it into a message");
    const { text, ...shown } = { ...said(3, "staff", note.text), sender: note.sender, seq: 1, note: note.text };
    assert.equal(text, note.text);
    desk.receive({ t: "msgs", chat: "c", m: [shown], more: false });
    assert.equal(desk.chats.get("c").messages.at(-1).note, note.text);
    assert.notEqual(chatTimers(desk.chats.get("c").messages, 9000).owedS, null, "the patron still waits");
    assert.equal(outbox.next().t, "say");
});

test("a note that was on its way is a note again after a reload and a refusal", () => {
    const out = new Outbox("s");
    out.add("among us", true);
    out.next();
    const again = new Outbox("t", JSON.parse(JSON.stringify(out.saved())));
    assert.deepEqual(again.next(), { t: "note", sender: "s", seq: 1, text: "among us" });
    assert.equal(again.refuse("s", 1, "notAvailable", "Not yet.").note, true);
});

test("crisis cards are the library’s and the consortium’s canned messages with that keyword, else the shipped one", () => {
    const messages = [
        { owner: "consortium", keywords: "danger, Crisis", title: "Everybody", text: "a" },
        { owner: "own", keywords: "crisis", title: "Mine", text: "b" },
        { owner: "library", keywords: "crisis", title: "Ours", text: "c" },
        { owner: "library", keywords: "crises", title: "No", text: "d" },
    ];
    assert.deepEqual(crisisCards(messages).map(({ title }) => title), ["Ours", "Everybody"]);
    assert.deepEqual(crisisCards([]), []);
    assert.ok(SHIPPED.steps.length > 3 && SHIPPED.wording !== "");
});

test("what is first for colleagues on duty arrives when their time is over, once", () => {
    let now = 1000;
    const desk = new Desk({ now: () => now, newId: () => "id", savedOutbox: () => [] });
    desk.receive({ t: "me", operator: "mia", available: ["general"], queues: [], duty: "library", duties: ["library", "general", "both"] });
    const line = { chat: "c", queue: { name: "general", title: "General" }, question: "?", waitedS: 6, mayClaim: true, onDuty: false, firstS: 14 };
    const first = desk.receive({ t: "board", waiting: [line] });
    assert.deepEqual(first.filter((effect) => effect.kind === "arrived"), []);
    assert.deepEqual(desk.passed(), []);
    now += 14000;
    assert.deepEqual(desk.passed().map((effect) => effect.kind), ["arrived", "ringing"]);
    assert.deepEqual(desk.passed(), []);
    assert.deepEqual(desk.receive({ t: "board", waiting: [{ ...line, firstS: undefined, waitedS: 21 }] }).filter((effect) => effect.kind === "arrived"), [], "it has rung");
});
