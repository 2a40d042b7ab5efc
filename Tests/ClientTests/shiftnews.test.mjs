import assert from "node:assert/strict";
import test from "node:test";
import { ShiftNews } from "../../Sources/Web/Client/desk/shiftnews.js";

const taken = (id, version, day = "2026-11-30") => ({ id, version, person: "zoe", name: "Zoe", day, from: "14:00", until: "16:00", handed: { from: "ann", fromName: "Ann", by: "zoe", byName: "Zoe" } });

function stage() {
    const it = { said: [], counts: [], asked: 0, nowMs: 0, plan: { me: "ann", today: "2026-11-30", told: [] } };
    it.desk = { shifts: 0, boardSeen: false, now: () => it.nowMs };
    it.news = new ShiftNews(it.desk, (text) => it.said.push(text), (count) => it.counts.push(count), async () => {
        it.asked += 1;
        if (it.plan === null) throw new Error("no node");
        return it.plan;
    });
    it.board = async (shifts) => {
        it.desk.boardSeen = true;
        it.desk.shifts = shifts;
        await it.news.update();
    };
    return it;
}

test("whose shift was taken is told at once, and once", async () => {
    const it = stage();
    it.plan.told = [taken("a", 2)];
    await it.news.update();
    await it.board(0);
    assert.equal(it.asked, 0);
    await it.board(4);
    assert.deepEqual(it.said, [], "what was so before the page came is no news");
    it.plan.told = [taken("a", 2), taken("b", 2), taken("c", 2, "2026-12-01")];
    await it.board(4);
    assert.equal(it.asked, 1, "nothing changed");
    await it.board(5);
    assert.deepEqual(it.said, ["Zoe took your shift of 14:00 to 16:00 today. Zoe took your shift on Tuesday, December 1, 14:00 to 16:00."]);
    assert.equal(it.counts.at(-1), 3);
    // The line was lost, another library changed its shifts: nothing is told twice.
    await it.board(0);
    await it.board(6);
    assert.equal(it.said.length, 1);
    // It was given back, and taken anew.
    it.plan.told = [taken("b", 4)];
    await it.board(7);
    assert.deepEqual(it.said.slice(1), ["Zoe took your shift of 14:00 to 16:00 today."]);
});

test("many are told in few words, and a look in vain is made again later", async () => {
    const it = stage();
    await it.board(1);
    it.plan = null;
    await it.board(2);
    await it.board(2);
    assert.equal(it.asked, 2, "not before ten seconds are over");
    it.plan = { text: "Shifts cannot be read here now." };
    it.nowMs = 10_000;
    await it.board(2);
    it.plan = { me: "ann", today: "2026-11-30", told: ["a", "b", "c", "d", "e"].map((id) => taken(id, 2)) };
    it.nowMs = 20_000;
    await it.board(2);
    assert.equal(it.asked, 4);
    assert.match(it.said[0], / And 2 more\.$/);
});
