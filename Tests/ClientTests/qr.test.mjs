// The code of squares for a phone's camera. That phones read it, the scene `signins` shows with a reader that is another's work; here is what is drawn where.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { qrPath, qrSquare } from "../../Sources/Web/Client/shared/qr.js";

const digest = (square) => createHash("sha256").update(square.map((row) => row.map(Number).join("")).join("\n")).digest("hex").slice(0, 16);

test("each version begins where the one before is full, and beyond the last there is none", () => {
    for (const [bytes, size] of [[0, 21], [17, 21], [18, 25], [32, 25], [33, 29], [53, 29], [54, 33], [78, 33], [79, 37], [106, 37], [107, 41], [134, 41]]) {
        const square = qrSquare("x".repeat(bytes));
        assert.equal(square.length, size, `${bytes} bytes`);
        assert.ok(square.every((row) => row.length === size));
    }
    assert.equal(qrSquare("x".repeat(135)), null);
    assert.equal(qrSquare("ä".repeat(68)), null, "bytes count, not letters");
});

test("corners, timing and the dark square are where readers look for them", () => {
    const square = qrSquare("otpauth://totp/Callslip:mia?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Callslip");
    const size = square.length;
    for (const [left, top] of [[0, 0], [size - 7, 0], [0, size - 7]]) {
        for (let y = 0; y < 7; y += 1) {
            for (let x = 0; x < 7; x += 1) assert.equal(square[top + y][left + x], [0, 1, 3].includes(Math.max(Math.abs(x - 3), Math.abs(y - 3))), `${left + x} ${top + y}`);
        }
    }
    for (let place = 8; place < size - 8; place += 1) {
        assert.equal(square[6][place], place % 2 === 0);
        assert.equal(square[place][6], place % 2 === 0);
    }
    assert.equal(square[size - 8][8], true);
});

test("what readers read once is drawn the same for ever", () => {
    assert.equal(digest(qrSquare("HELLO")), "eea957f1f3550546");
    assert.equal(digest(qrSquare("otpauth://totp/Callslip:mia?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Callslip")), "ce56d0fdb16f8085");
    assert.equal(qrPath([[true, false], [false, true]]), "M4 4h1v1h-1zM5 5h1v1h-1z");
});
