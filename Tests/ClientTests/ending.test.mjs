import assert from "node:assert/strict";
import test from "node:test";
import { clockText, nextTime } from "../../Sources/Web/Client/desk/ending.js";

test("a time is the next one that the clock here shows", () => {
    const now = new Date(2026, 10, 27, 9, 30, 10).getTime();
    assert.equal(nextTime("17:00", now), new Date(2026, 10, 27, 17, 0).getTime());
    assert.equal(nextTime("9:30", now), new Date(2026, 10, 28, 9, 30).getTime());
    assert.equal(nextTime("00:15", now), new Date(2026, 10, 28, 0, 15).getTime());
    for (const text of ["", "24:00", "9:60", "nine", "9", "-1:00"]) assert.equal(nextTime(text, now), null, text);
    assert.equal(clockText(nextTime("07:05", now)), "07:05");
});
