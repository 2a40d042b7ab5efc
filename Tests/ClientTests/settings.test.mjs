import assert from "node:assert/strict";
import { test } from "node:test";
import { differences, linesOf, shortKeys } from "../../Sources/Web/Client/settings/document.js";

const text = (version, pickUp, keys, note = "") => `callslip settings 1\nversion: ${version}\nkeys: ${keys}\nnote: ${note}\npickUpSeconds: ${pickUp}\nconsentSeconds: 45\n`;

test("two documents are held against each other line by line, without their numbers and notes", () => {
    assert.deepEqual(differences(text(1, 60, "ab", "Why: exams"), text(2, 90, "ab cd")), [{ name: "keys", from: "ab", to: "ab cd" }, { name: "pickUpSeconds", from: "60", to: "90" }]);
    assert.deepEqual(differences(text(1, 60, "ab"), text(2, 60, "ab", "another note")), []);
    assert.equal(linesOf(text(1, 60, "ab", "Why: exams")).get("note"), "Why: exams");
});

test("a setting that one of them does not have stands there as none", () => {
    assert.deepEqual(differences(text(1, 60, "ab"), `${text(2, 60, "ab")}ringTones: 3\n`), [{ name: "ringTones", from: "", to: "3" }]);
});

test("of a key its beginning is shown", () => assert.equal(shortKeys(`${"ab".repeat(32)} ${"cd".repeat(32)}`), "abababab…, cdcdcdcd…"));
