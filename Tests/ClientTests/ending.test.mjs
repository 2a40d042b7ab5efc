import assert from "node:assert/strict";
import test from "node:test";
import { clockText, nextTime, shiftEnd } from "../../Sources/Web/Client/desk/ending.js";

test("a time is the next one that the clock here shows", () => {
    const now = new Date(2026, 10, 27, 9, 30, 10).getTime();
    assert.equal(nextTime("17:00", now), new Date(2026, 10, 27, 17, 0).getTime());
    assert.equal(nextTime("9:30", now), new Date(2026, 10, 28, 9, 30).getTime());
    assert.equal(nextTime("00:15", now), new Date(2026, 10, 28, 0, 15).getTime());
    for (const text of ["", "24:00", "9:60", "nine", "9", "-1:00"]) assert.equal(nextTime(text, now), null, text);
    assert.equal(clockText(nextTime("07:05", now)), "07:05");
});

test("the end of one's shift is proposed, from an hour before it begins until it is over", () => {
    const shift = (person, fromMs, untilMs) => ({ person, fromMs, untilMs });
    const hour = 3600000;
    const plan = { me: "ann", days: [{ shifts: [shift("max", 0, 40 * hour), shift("ann", 10 * hour, 12 * hour)] }, { shifts: [shift("ann", 12 * hour, 14 * hour)] }] };
    assert.equal(shiftEnd(plan, 8 * hour), null);
    assert.equal(shiftEnd(plan, 9 * hour), 12 * hour);
    assert.equal(shiftEnd(plan, 11 * hour), 12 * hour);
    assert.equal(shiftEnd(plan, 12 * hour), 14 * hour);
    assert.equal(shiftEnd(plan, 14 * hour), null);
    assert.equal(shiftEnd({ days: [] }, 0), null);
});
