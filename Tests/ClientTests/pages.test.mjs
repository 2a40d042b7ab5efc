import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { groups } from "../../Sources/Web/Client/shared/pages.js";

const listed = groups.flatMap(({ pages }) => pages.map(({ path }) => path));
const source = readFileSync(new URL("../../Sources/Node/WebPlane/WebHost.swift", import.meta.url), "utf8");
const served = [...source.matchAll(/"(\/[a-z]+)": "[a-z]+\.html"/g)].map(([, path]) => path);

test("every page that a node serves stands in the list of all pages, once", () => {
    assert.ok(served.length > 10, "the served pages were not found");
    assert.deepEqual([...listed, "/pages"].sort(), [...served, "/hours"].sort());
    assert.equal(new Set(listed).size, listed.length);
});

test("each page leads back to the desk and to the list", () => {
    for (const path of listed.filter((one) => !["/desk", "/practice", "/hours", "/problem"].includes(one))) {
        const html = readFileSync(new URL(`../../Sources/Web/Client${path}.html`, import.meta.url), "utf8");
        assert.match(html, /<a href="\/desk">To the desk<\/a> · <a href="\/pages">All pages<\/a>/, path);
    }
});
