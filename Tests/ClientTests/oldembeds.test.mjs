import assert from "node:assert/strict";
import { test } from "node:test";
import { queueOf, servicesOf, setsOf, shownOf } from "../../Sources/Web/Client/patron/oldembeds.js";
import { readAddress } from "../../Sources/Web/Client/patron/page.js";

test("what stands behind the question mark are services, but for the old vendor's switches", () => {
    assert.deepEqual(servicesOf("?2571"), ["2571"]);
    assert.deepEqual(servicesOf("?multi"), []);
    assert.deepEqual(servicesOf("?multi,poll,popup"), []);
    assert.deepEqual(servicesOf("?Memorial&v=3"), ["memorial"]);
    assert.deepEqual(servicesOf("?_=1699999999"), []);
    assert.deepEqual(servicesOf(""), []);
    assert.deepEqual(servicesOf("?%"), ["%"]);
});

test("a jid names a queue, whatever its server", () => {
    assert.equal(queueOf("Memorial@chat.ca.libraryh3lp.com"), "memorial");
    assert.equal(queueOf(null), "");
});

const blocks = (...queues) => queues.map((queue, at) => ({ queue, at }));
const shapes = (sets) => sets.map((set) => set.map((block) => block.queue || "-").join(" "));

test("blocks that follow each other are one set, which ends after its offline block", () => {
    assert.deepEqual(shapes(setsOf(blocks("a", "b", ""))), ["a b -"]);
    assert.deepEqual(shapes(setsOf(blocks("a", "", "b", "", "c", ""))), ["a -", "b -", "c -"]);
    assert.deepEqual(shapes(setsOf(blocks("", "a", "", "b"))), ["- a", "- b"]);
    assert.deepEqual(shapes(setsOf(blocks("a", "b"))), ["a b"]);
    assert.deepEqual(shapes(setsOf([])), []);
});

test("of a set the first with its own people is shown, else the first that others answer for, else the offline block", () => {
    const set = blocks("a", "b", "");
    const shown = (reach) => shownOf(set, (queue) => reach[queue] ?? "nobody")?.at;
    assert.equal(shown({ a: "own", b: "own" }), 0);
    assert.equal(shown({ a: "referred", b: "own" }), 1);
    assert.equal(shown({ a: "nobody", b: "referred" }), 1);
    assert.equal(shown({}), 2);
    assert.equal(shownOf(blocks("a"), () => "nobody"), undefined);
});

test("direct links of both old forms lead to a queue", () => {
    const at = (pathname, search = "") => readAddress({ pathname, search });
    assert.deepEqual(at("/chat/Law@chat.example.org", "?skin=1&theme=gota&title=Live+Help&identity=Librarian&sounds=true&css=https%3A%2F%2Fx%2Fy.css"), { queue: "law", title: "Live Help", sounds: true });
    assert.deepEqual(at("/html/chat-box.html", "?queue=law&skin=33929&email=x"), { queue: "law", title: undefined, sounds: true });
    assert.equal(at("/chat/law@chat.example.org", "?sounds=false").sounds, false);
    assert.equal(at("/chat/%E0%A4%A@x").queue, "");
});
