import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";

import { LINES_MAX, note, notes, notesIn, redacted, reportAddress } from "../../Sources/Web/Client/shared/diagnostics.js";

beforeEach(() => {
    const items = new Map();
    globalThis.sessionStorage = { getItem: (key) => items.get(key) ?? null, setItem: (key, value) => items.set(key, value) };
});

test("what goes along has no identifiers, and addresses end with their path", () => {
    assert.equal(redacted("refused 0123456789abcdef0123456789abcdef twice"), "refused … twice");
    assert.equal(redacted("error at https://a.example/desk/main.js?secret=1#x:7"), "error at https://a.example/desk/main.js");
    assert.equal(redacted("one\n  two"), "one two");
    assert.equal(redacted("x".repeat(5000)).length, 200);
});

test("the newest notes are kept, each with its time", () => {
    for (let number = 1; number <= LINES_MAX + 5; number += 1) note(`event ${number}`, new Date(Date.UTC(2026, 0, 1, 9, 0, 0)));
    assert.equal(notes().length, LINES_MAX);
    assert.equal(notes()[0], "2026-01-01T09:00:00Z event 6");
});

test("notes travel behind the #, and come back as lines; anything else there is none", () => {
    note("panel: waiting, apart");
    const address = new URL(reportAddress("https://node.example:7101/x", "panel", "memorial"));
    assert.equal(`${address.origin}${address.pathname}${address.search}`, "https://node.example:7101/problem?from=panel&library=memorial");
    assert.deepEqual(notesIn(address.hash), notes());
    for (const hash of ["", "#0123456789abcdef0123456789abcdef", "#notes=%", "#notes={}", "#notes=1"]) assert.equal(notesIn(hash), null);
    assert.deepEqual(notesIn(`#notes=${encodeURIComponent(JSON.stringify([1, "ok", "0123456789abcdef0123"]))}`), ["ok", "…"]);
});

test("without storage nothing is noted, and nothing fails", () => {
    globalThis.sessionStorage = { getItem: () => { throw new Error("no storage"); }, setItem: () => { throw new Error("no storage"); } };
    note("x");
    assert.deepEqual(notes(), []);
});
