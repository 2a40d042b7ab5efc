/**
 * A text as a code of squares (QR, ISO/IEC 18004), for a phone's camera: bytes, error correction of level L, versions 1 to 6, which is 134 bytes at most. Pure: a square of booleans, and a path for an SVG.
 */

/** By version: bytes of data, bytes of correction of each block, blocks. */
const VERSIONS = [null, [19, 7, 1], [34, 10, 1], [55, 15, 1], [80, 20, 1], [108, 26, 1], [136, 18, 2]];
const MASKS = [
    (x, y) => (x + y) % 2 === 0, (x, y) => y % 2 === 0, (x) => x % 3 === 0, (x, y) => (x + y) % 3 === 0, (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
    (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0, (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0, (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** The product in the field of 256 elements that these codes reckon in. */
function times(a, b) {
    let product = 0;
    for (let bit = 7; bit >= 0; bit -= 1) {
        product = (product << 1) ^ ((product >> 7) * 0x11d);
        if ((b >> bit) & 1) product ^= a;
    }
    return product;
}

/** The bytes by which a block can be corrected (Reed and Solomon). */
function correction(data, count) {
    let generator = [1];
    for (let root = 1, power = 0; power < count; power += 1, root = times(root, 2)) {
        const next = [...generator, 0];
        generator.forEach((factor, place) => (next[place + 1] ^= times(factor, root)));
        generator = next;
    }
    const rest = new Array(count).fill(0);
    for (const byte of data) {
        const lead = byte ^ rest.shift();
        rest.push(0);
        for (let place = 0; place < count; place += 1) rest[place] ^= times(generator[place + 1], lead);
    }
    return rest;
}

/** All bytes of the code in the order in which they are drawn. */
function codewords(bytes, [room, corrections, blocks]) {
    const bits = [0, 1, 0, 0];
    for (const byte of [bytes.length, ...bytes]) for (let bit = 7; bit >= 0; bit -= 1) bits.push((byte >> bit) & 1);
    while (bits.length < room * 8 && (bits.length % 8 !== 0 || bits.length < bytes.length * 8 + 16)) bits.push(0);
    const data = [];
    for (let at = 0; at < bits.length; at += 8) data.push(parseInt(bits.slice(at, at + 8).join(""), 2));
    for (let pad = 0xec; data.length < room; pad ^= 0xec ^ 0x11) data.push(pad);
    const size = room / blocks;
    const parts = Array.from({ length: blocks }, (_, block) => data.slice(block * size, (block + 1) * size));
    const woven = (lists) => lists[0].flatMap((_, place) => lists.map((list) => list[place]));
    return [...woven(parts), ...woven(parts.map((part) => correction(part, corrections)))];
}

/** How hard a square is to read: long runs, blocks of one colour, what looks like a corner, too much of one colour. */
function penalty(square) {
    const size = square.length;
    let sum = 0;
    for (const lines of [square, square[0].map((_, x) => square.map((row) => row[x]))]) {
        for (const line of lines) {
            const text = line.map((dark) => (dark ? "1" : "0")).join("");
            for (const run of text.match(/0{5,}|1{5,}/g) ?? []) sum += run.length - 2;
            for (let at = 0; at + 11 <= size; at += 1) if (["10111010000", "00001011101"].includes(text.slice(at, at + 11))) sum += 40;
        }
    }
    for (let y = 1; y < size; y += 1) {
        for (let x = 1; x < size; x += 1) if (square[y][x] === square[y - 1][x] && square[y][x] === square[y][x - 1] && square[y][x] === square[y - 1][x - 1]) sum += 3;
    }
    const dark = square.flat().filter(Boolean).length / (size * size);
    return sum + Math.floor(Math.abs(dark - 0.5) * 20) * 10;
}

/**
 * @param {string} text
 * @returns {boolean[][] | null} rows, true where it is dark; null where the text is too long.
 */
export function qrSquare(text) {
    const bytes = new TextEncoder().encode(text);
    const version = VERSIONS.findIndex((entry) => entry !== null && bytes.length <= entry[0] - 2);
    if (version < 0) return null;
    const size = 17 + 4 * version;
    const fixed = new Map();
    const set = (x, y, dark) => x >= 0 && y >= 0 && x < size && y < size && fixed.set(y * size + x, dark);
    for (let place = 0; place < size; place += 1) {
        set(place, 6, place % 2 === 0);
        set(6, place, place % 2 === 0);
    }
    const ringed = (cx, cy, reach, light) => {
        for (let y = -reach; y <= reach; y += 1) for (let x = -reach; x <= reach; x += 1) set(cx + x, cy + y, !light.includes(Math.max(Math.abs(x), Math.abs(y))));
    };
    for (const [x, y] of [[3, 3], [size - 4, 3], [3, size - 4]]) ringed(x, y, 4, [2, 4]);
    if (version > 1) ringed(size - 7, size - 7, 2, [1]);
    const format = (mask) => {
        let rest = 8 | mask;
        for (let bit = 0; bit < 10; bit += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
        const bits = (((8 | mask) << 10) | rest) ^ 0x5412;
        for (let bit = 0; bit < 15; bit += 1) {
            const dark = ((bits >> bit) & 1) === 1;
            if (bit < 8) {
                set(8, bit + (bit > 5 ? 1 : 0), dark);
                set(size - 1 - bit, 8, dark);
            } else {
                set(bit === 8 ? 7 : 14 - bit, 8, dark);
                set(8, size - 15 + bit, dark);
            }
        }
        set(8, size - 8, true);
    };
    format(0);
    const words = codewords(bytes, VERSIONS[version]);
    const drawn = Array.from({ length: size }, () => new Array(size).fill(false));
    const free = [];
    for (let right = size - 1, upwards = true; right > 0; right -= right === 8 ? 3 : 2, upwards = !upwards) {
        const column = right;
        for (let step = 0; step < size; step += 1) {
            const y = upwards ? size - 1 - step : step;
            for (const x of [column, column - 1]) if (!fixed.has(y * size + x)) free.push([x, y]);
        }
    }
    free.forEach(([x, y], place) => (drawn[y][x] = ((words[place >> 3] ?? 0) >> (7 - (place & 7)) & 1) === 1));
    let best = null;
    for (let mask = 0; mask < MASKS.length; mask += 1) {
        format(mask);
        const square = drawn.map((row, y) => row.map((dark, x) => fixed.get(y * size + x) ?? dark !== MASKS[mask](x, y)));
        const cost = penalty(square);
        if (best === null || cost < best.cost) best = { square, cost };
    }
    return best.square;
}

/** The dark squares as a path, one unit each, with the margin of four that readers need. */
export const qrPath = (square) => square.map((row, y) => row.map((dark, x) => (dark ? `M${x + 4} ${y + 4}h1v1h-1z` : "")).join("")).join("");
