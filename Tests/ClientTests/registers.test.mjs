import assert from "node:assert/strict";
import test from "node:test";
import { meeting } from "../../Sources/Web/Client/registers/meeting.js";

const base = { subject: "Maps", phone: "555-0100", hours: "Monday" };

test("what the other one alone changed is theirs, also what was added or emptied", () => {
    const typed = { subject: "Maps and atlases", phone: "555-0100", hours: "Monday", email: "" };
    assert.deepEqual(meeting(base, typed, { subject: "Maps", phone: "555-0199", email: "maps@library.example" }), { theirs: ["phone", "hours", "email"], both: [] });
});

test("where both changed an answer differently, both are to be seen; where they agree, nothing is", () => {
    const typed = { subject: "Maps", phone: "555-0142", hours: "Tuesday" };
    assert.deepEqual(meeting(base, typed, { subject: "Maps", phone: "555-0199", hours: "Tuesday" }), { theirs: [], both: ["phone"] });
    assert.deepEqual(meeting(base, base, base), { theirs: [], both: [] });
});

test("a new entry that is there already takes over what was left empty, and no more", () => {
    assert.deepEqual(meeting({}, { subject: "Maps", phone: "", hours: "" }, { subject: "Atlases", phone: "555-0199" }), { theirs: ["phone"], both: ["subject"] });
});
