import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { CONTRAST_MIN, SCHEMES, contrast, readColour, tokensFor } from "../../Sources/Web/Client/shared/accent.js";

const tokens = readFileSync(new URL("../../Sources/Web/Client/shared/tokens.css", import.meta.url), "utf8");
const between = (one, other) => contrast(readColour(one), readColour(other));

test("black on white is 21, and a colour on itself is 1", () => {
    assert.equal(Math.round(between("#000", "#ffffff")), 21);
    assert.equal(between("#1d5a4a", "#1d5a4a"), 1);
});

test("the papers are those of the tokens", () => {
    const [light, dark] = tokens.split("@media (prefers-color-scheme: dark)");
    for (const [scheme, text] of [["light", light], ["dark", dark]]) {
        for (const paper of SCHEMES[scheme].papers) assert.match(text, new RegExp(`--cs-paper[a-z-]*: ${paper};`), `${scheme}: ${paper}`);
    }
});

test("whatever a library chooses, every text in its colour and on it can be read, in the light and in the dark", () => {
    const levels = [0, 51, 102, 153, 204, 255];
    for (const r of levels) for (const g of levels) for (const b of levels) {
        const chosen = `#${[r, g, b].map((part) => part.toString(16).padStart(2, "0")).join("")}`;
        for (const scheme of ["light", "dark"]) {
            const made = tokensFor(chosen, scheme);
            for (const paper of SCHEMES[scheme].papers) for (const name of ["--cs-accent", "--cs-accent-hover"]) {
                assert.ok(between(made[name], paper) >= CONTRAST_MIN, `${chosen} ${scheme}: ${name} ${made[name]} on ${paper}`);
            }
            for (const name of ["--cs-accent", "--cs-accent-hover"]) assert.ok(between(made["--cs-on-accent"], made[name]) >= CONTRAST_MIN, `${chosen} ${scheme}: on ${name}`);
            assert.ok(between(made["--cs-on-accent-soft"], made["--cs-accent-soft"]) >= CONTRAST_MIN, `${chosen} ${scheme}: soft`);
        }
    }
});

test("a colour that can be read as it is stays as it is; what is no colour changes nothing", () => {
    assert.equal(tokensFor("#7a0019", "light")["--cs-accent"], "#7a0019");
    assert.notEqual(tokensFor("#ffcc00", "light")["--cs-accent"], "#ffcc00");
    assert.equal(tokensFor("#ffcc00", "dark")["--cs-accent"], "#ffcc00");
    for (const text of ["red", "#12", "url(x)", "", undefined]) assert.equal(tokensFor(text, "light"), null);
});
