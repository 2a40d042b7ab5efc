import assert from "node:assert/strict";
import test from "node:test";
import { nextLookMs } from "../../Sources/Web/Client/problem/looks.js";

test("a report that is on its way is looked for every second, and one that is not there seldom", () => {
    assert.equal(nextLookMs(true, 0), 1000);
    assert.equal(nextLookMs(true, 29), 1000);
    assert.equal(nextLookMs(true, 30), 15000);
    assert.equal(nextLookMs(false, 0), 15000);
});
