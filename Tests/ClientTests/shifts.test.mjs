import assert from "node:assert/strict";
import test from "node:test";
import { back, moves, news, shiftTime, spokenDay } from "../../Sources/Web/Client/shifts/plan.js";

const shift = (id, person, handed) => ({ id, version: 3, person, name: person.toUpperCase(), day: "2026-11-30", from: "09:00", until: "12:00", handed });

test("a step names what was seen, and the step back undoes it", () => {
    assert.deepEqual(moves(shift("a", "ann"), "max"), [{ shift: "a", version: 3, from: "ann", to: "max" }]);
    const both = moves(shift("a", "ann"), "max", shift("b", "max"));
    assert.deepEqual(both, [{ shift: "a", version: 3, from: "ann", to: "max" }, { shift: "b", version: 3, from: "max", to: "ann" }]);
    assert.deepEqual(back(both), [{ shift: "a", version: 4, from: "max", to: "ann" }, { shift: "b", version: 4, from: "ann", to: "max" }]);
});

test("who had a shift is told who has it now", () => {
    assert.equal(spokenDay("2026-11-30"), "Monday, November 30");
    assert.equal(shiftTime(shift("a", "ann")), "Monday, November 30, 09:00 to 12:00");
    const told = (person, from, by) => news(shift("a", person, { from, fromName: from.toUpperCase(), by, byName: by?.toUpperCase() }), "ann");
    assert.match(told("max", "ann", "max"), /^MAX took your shift/);
    assert.match(told("max", "ann", "zoe"), /^ZOE gave your shift .* to MAX/);
    assert.match(told("ann", "max", "max"), /^MAX gave you the shift/);
    assert.match(told("ann", "max", undefined), /^LTG gave you MAX’s shift/);
});
