/** What the page of problems reckons of pictures, without a page: what a file is, how large a picture becomes, where covers lie. */

/** The node takes no more. */
export const SIDE_MAX = 1600;
export const BYTES_MAX = 300 * 1024;
/** Of what people choose; it is made smaller before it is sent. */
export const FILE_BYTES_MAX = 30 * 1024 * 1024;
export const PIXELS_MAX = 64 * 1000 * 1000;
export const COVERS_MAX = 12;
/** The smallest cover, in the picture's pixels. */
const COVER_MIN = 8;

const be = (bytes, at, count) => bytes.slice(at, at + count).reduce((sum, byte) => sum * 256 + byte, 0);
const le = (bytes, at, count) => bytes.slice(at, at + count).reduceRight((sum, byte) => sum * 256 + byte, 0);
const text = (bytes, at, count) => String.fromCharCode(...bytes.slice(at, at + count));

/**
 * Looks at a file's own bytes, whatever it is called, before anything decodes it.
 * @param {Uint8Array} bytes
 * @returns {{width: number, height: number} | "kind" | "cut"} its size; or that it is no picture of a known kind, or not all of one.
 */
export function measured(bytes) {
    if (text(bytes, 0, 8) === "\x89PNG\r\n\x1a\n") {
        const isWhole = bytes.length > 40 && text(bytes, 12, 4) === "IHDR" && text(bytes, bytes.length - 8, 4) === "IEND";
        return isWhole ? { width: be(bytes, 16, 4), height: be(bytes, 20, 4) } : "cut";
    }
    if (be(bytes, 0, 3) === 0xffd8ff) return jpeg(bytes);
    if (text(bytes, 0, 4) === "RIFF" && text(bytes, 8, 4) === "WEBP") {
        if (bytes.length < 30 || le(bytes, 4, 4) + 8 > bytes.length) return "cut";
        const kind = text(bytes, 12, 4);
        if (kind === "VP8X") return { width: le(bytes, 24, 3) + 1, height: le(bytes, 27, 3) + 1 };
        if (kind === "VP8 ") return { width: le(bytes, 26, 2) % 16384, height: le(bytes, 28, 2) % 16384 };
        if (kind === "VP8L") return { width: le(bytes, 21, 2) % 16384 + 1, height: Math.floor(le(bytes, 21, 4) / 16384) % 16384 + 1 };
    }
    return "kind";
}

function jpeg(bytes) {
    let at = 2;
    while (at + 9 < bytes.length && bytes[at] === 0xff) {
        const marker = bytes[at + 1];
        const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
        // The end of the picture lies somewhere behind, where nothing was cut off.
        if (isFrame) return bytes.lastIndexOf(0xd9) > at && endsWhole(bytes) ? { width: be(bytes, at + 7, 2), height: be(bytes, at + 5, 2) } : "cut";
        at += 2 + be(bytes, at + 2, 2);
    }
    return "cut";
}

function endsWhole(bytes) {
    for (let at = bytes.length - 2; at > 0; at -= 1) if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
    return false;
}

/** How large a picture is shown and sent: as it is, or smaller in proportion. */
export function fitted(width, height, most = SIDE_MAX) {
    const scale = Math.min(1, most / width, most / height);
    return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** A cover that lies within the picture, in whole pixels. */
export function within(cover, picture) {
    const width = Math.round(Math.min(Math.max(cover.width, COVER_MIN), picture.width));
    const height = Math.round(Math.min(Math.max(cover.height, COVER_MIN), picture.height));
    return {
        x: Math.round(Math.min(Math.max(cover.x, 0), picture.width - width)),
        y: Math.round(Math.min(Math.max(cover.y, 0), picture.height - height)), width, height,
    };
}

/** The first cover lies in the middle, the next ones a little aside. */
export function fresh(picture, count) {
    const [width, height] = [picture.width / 3, picture.height / 5];
    const shift = count * Math.min(picture.width, picture.height) * 0.06;
    return within({ x: (picture.width - width) / 2 + shift, y: (picture.height - height) / 2 + shift, width, height }, picture);
}

const STEPS = { left: ["x", -1], right: ["x", 1], up: ["y", -1], down: ["y", 1], wider: ["width", 1], narrower: ["width", -1], taller: ["height", 1], lower: ["height", -1] };

/** A cover moved or sized by a step: the fiftieth part of the longer side. */
export function stepped(cover, step, picture) {
    const [side, sign] = STEPS[step];
    const by = Math.max(2, Math.round(Math.max(picture.width, picture.height) / 50));
    return within({ ...cover, [side]: cover[side] + sign * by }, picture);
}

/** The cover between two corners. */
export function between(a, b, picture) {
    return within({ x: Math.min(a.x, b.x), y: Math.min(a.y, b.y), width: Math.abs(a.x - b.x), height: Math.abs(a.y - b.y) }, picture);
}

/** What is painted black: the covers; or all but them, as bands between their edges. */
export function painted(covers, picture, isInverted) {
    if (!isInverted) return covers;
    const edges = (from, size, end) => [...new Set([0, end, ...covers.flatMap((cover) => [cover[from], cover[from] + cover[size]])])].sort((a, b) => a - b);
    const [xs, ys] = [edges("x", "width", picture.width), edges("y", "height", picture.height)];
    const black = [];
    for (let row = 0; row + 1 < ys.length; row += 1) {
        for (let column = 0; column + 1 < xs.length; column += 1) {
            const cell = { x: xs[column], y: ys[row], width: xs[column + 1] - xs[column], height: ys[row + 1] - ys[row] };
            const isShown = covers.some((cover) => cell.x >= cover.x && cell.y >= cover.y && cell.x + cell.width <= cover.x + cover.width && cell.y + cell.height <= cover.y + cover.height);
            if (!isShown) black.push(cell);
        }
    }
    return black;
}
