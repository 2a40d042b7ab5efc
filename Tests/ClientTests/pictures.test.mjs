import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { between, fitted, fresh, measured, painted, stepped, within } from "../../Sources/Web/Client/problem/pictures.js";

const sample = (name) => new Uint8Array(readFileSync(new URL(`../Fuzz/Corpus/picture/${name}`, import.meta.url)));
const picture = { width: 1000, height: 500 };

test("a picture is known by its own bytes, not by its name", () => {
    for (const kind of ["png", "jpeg", "webp"]) assert.deepEqual(measured(sample(`chromium-${kind}`)), { width: 40, height: 24 }, kind);
    assert.deepEqual(measured(sample("webp-lossless")), { width: 2, height: 3 });
    assert.deepEqual(measured(sample("png-huge")), { width: 60000, height: 60000 });
    for (const bytes of [sample("svg"), new TextEncoder().encode("<!doctype html><title>x</title>"), new Uint8Array(0)]) assert.equal(measured(bytes), "kind");
});

test("what is cut off is seen before it is decoded", () => {
    for (const name of ["png-cut", "jpeg-cut"]) assert.equal(measured(sample(name)), "cut", name);
    for (const kind of ["png", "jpeg", "webp"]) {
        const bytes = sample(`chromium-${kind}`);
        for (let count = 16; count < bytes.length; count += 1) assert.equal(typeof measured(bytes.slice(0, count)), "string", `${count} bytes of ${kind}`);
    }
});

test("a picture becomes smaller in proportion, never larger, never nothing", () => {
    assert.deepEqual(fitted(3200, 1600), { width: 1600, height: 800 });
    assert.deepEqual(fitted(40, 24), { width: 40, height: 24 });
    assert.deepEqual(fitted(60000, 2), { width: 1600, height: 1 });
});

test("a cover stays within the picture however it is moved and sized", () => {
    let cover = fresh(picture, 0);
    assert.deepEqual(within(cover, picture), cover);
    for (const step of ["left", "up", "wider", "taller", "right", "down", "narrower", "lower"]) {
        for (let times = 0; times < 80; times += 1) cover = stepped(cover, step, picture);
        assert.ok(cover.x >= 0 && cover.y >= 0 && cover.width >= 8 && cover.height >= 8 && cover.x + cover.width <= 1000 && cover.y + cover.height <= 500, `${step}: ${JSON.stringify(cover)}`);
    }
    assert.deepEqual(between({ x: 50, y: 90 }, { x: -20, y: 10 }, picture), { x: 0, y: 10, width: 70, height: 80 });
});

test("everything but the covers is every pixel that no cover has", () => {
    const small = { width: 12, height: 9 };
    const covers = [{ x: 2, y: 1, width: 5, height: 4 }, { x: 5, y: 3, width: 4, height: 6 }];
    const has = (list, x, y) => list.some((one) => x >= one.x && y >= one.y && x < one.x + one.width && y < one.y + one.height);
    const black = painted(covers, small, true);
    for (let x = 0; x < 12; x += 1) for (let y = 0; y < 9; y += 1) assert.notEqual(has(black, x, y), has(covers, x, y), `${x}, ${y}`);
    assert.equal(painted(covers, small, false), covers);
    assert.deepEqual(painted([], small, true), [{ x: 0, y: 0, width: 12, height: 9 }]);
});
