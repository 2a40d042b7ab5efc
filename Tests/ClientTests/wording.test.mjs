import "./harness.mjs";
import assert from "node:assert/strict";
import { test } from "node:test";
import { eventForPatron, phaseForPatron, place, usualWait } from "../../Sources/Web/Client/patron/sentences.js";
import { linkParts, newCode, readCode, utf8Bytes } from "../../Sources/Web/Client/shared/wording.js";

test("waits are told in round words", () => {
    assert.equal(usualWait(0), "usually under a minute");
    assert.equal(usualWait(null), "");
    assert.equal(usualWait(20), "usually under a minute");
    assert.equal(usualWait(60), "usually about a minute");
    assert.equal(usualWait(300), "usually about 5 minutes");
    assert.equal(usualWait(undefined), "");
    assert.equal(place(2, 60), "2 before you; usually about a minute");
    assert.equal(place(0), "You are next");
});

test("every event has a sentence for patrons", () => {
    const queue = { name: "business", title: "Business Library" };
    const events = ["opened", "referred", "claimed", "transferAsked", "transferDeclined", "offered", "pickedUp", "returned", "requeued", "nobodyThere", "kept", "closed"];
    for (const e of events) {
        const event = { e, queue, display: "Mia", library: { title: "Memorial" }, reason: "notPickedUp" };
        assert.match(eventForPatron(event), /\.$/, e);
    }
    assert.equal(eventForPatron({ e: "somethingNewer" }), "");
});

test("the head says who answers, and from which library", () => {
    const by = { display: "Mia", library: { title: "Memorial Library" } };
    assert.equal(phaseForPatron({ phase: { p: "held", by } }), "Mia, Memorial Library is answering");
    assert.equal(phaseForPatron({ phase: { p: "waiting", ahead: 1 }, usualWaitS: 60 }), "1 before you; usually about a minute");
});

test("only http and https become links, without the sentence's own punctuation", () => {
    assert.deepEqual(linkParts("See https://lib.org/a_(b), or (http://x.org)."), [
        { text: "See " },
        { text: "https://lib.org/a_(b)", href: "https://lib.org/a_(b)" },
        { text: ", or (" },
        { text: "http://x.org", href: "http://x.org" },
        { text: ")." },
    ]);
    assert.deepEqual(linkParts("javascript:alert(1)"), [{ text: "javascript:alert(1)" }]);
});

test("codes have 12 characters in three groups, and are read as people write them", () => {
    assert.match(newCode(), /^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$/);
    assert.equal(readCode(" k7qm 3xrt-9wzb "), "K7QM-3XRT-9WZB");
    assert.equal(readCode("oil0 1111 2222"), "0110-1111-2222");
    assert.equal(readCode("short"), null);
    assert.equal(utf8Bytes("aé€"), 6);
});
