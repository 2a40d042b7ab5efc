import assert from "node:assert/strict";
import test from "node:test";

import { endingOfKey, endings } from "../../Sources/Web/Client/desk/outcome.js";
import { columns, time } from "../../Sources/Web/Client/reports/charts.js";
import { chosenIn, share, span } from "../../Sources/Web/Client/shared/tables.js";

test("each ending has a key of its own, and nought says nothing", () => {
    assert.deepEqual(endings.map((_, place) => endingOfKey(String(place + 1))), ["answered", "followUp", "patronLeft", "inappropriate", "practice"]);
    assert.equal(endingOfKey("0"), null);
    for (const key of ["6", "9", "a", "Enter", " ", "10"]) assert.equal(endingOfKey(key), undefined);
});

const waits = { count: 0 };

test("columns grow upwards, and what is nothing else is not over yet", () => {
    const rects = columns([{ asked: 4, answered: 2, missed: 1, abandoned: 0, waits }, { asked: 0, answered: 0, missed: 0, abandoned: 0, waits }, { asked: 2, answered: 0, missed: 0, abandoned: 2, waits }]);
    assert.deepEqual(rects.map(({ x, y, height, class: kind }) => [kind, Math.floor(x / 12), y, height]), [["answered", 0, 50, 50], ["missed", 0, 25, 25], ["open", 0, 0, 25], ["abandoned", 2, 50, 50]]);
    assert.deepEqual(columns([]), []);
});

test("shares are never rounded to all or nothing, and times are said in words", () => {
    assert.deepEqual([share(0, 0), share(0, 9), share(9, 9), share(1, 100000), share(99999, 100000), share(1, 3)], ["–", "0 %", "100 %", "0.1 %", "99.9 %", "33.3 %"]);
    assert.deepEqual([30, 75, 90, 120, 600].map(time), ["30 s", "1 min 15 s", "90 s", "2 min", "10 min"]);
    assert.equal(span(65), "1 h 05 min");
});

test("the address says what was chosen, and nothing else", () => {
    assert.equal(String(chosenIn("?library=law&from=&x=1&to=2026-01-02", ["library", "from", "to"])), "library=law&to=2026-01-02");
});
