/**
 * The picture that goes along with a report: chosen, pasted, dropped or taken of the screen; covered where it shows what is nobody's business; made smaller and drawn anew, so that
 * nothing goes along that is not seen. What is shown is what is sent.
 */

import { h, setHidden, setText } from "/shared/dom.js";
import { t } from "/shared/language.js";
import { between, BYTES_MAX, COVERS_MAX, FILE_BYTES_MAX, fitted, fresh, measured, painted, PIXELS_MAX, stepped, within } from "/problem/pictures.js";

const part = (id) => document.getElementById(`picture-${id}`);
const KEYS = {
    ArrowLeft: ["left", "narrower"], ArrowRight: ["right", "wider"], ArrowUp: ["up", "lower"], ArrowDown: ["down", "taller"],
};
/** A press that moves less than this covers nothing, in the picture's pixels. */
const DRAG_MIN = 6;

/** The picture without covers, on a canvas that nobody sees. */
let source = null;
let covers = [];
let chosen = 0;
/** Which picture was asked for last: one that takes longer to read does not come in the place of a later one. */
let asked = 0;

const say = (text) => setText(part("said"), text);

function fail(text) {
    setText(part("wrong"), "");
    setText(part("wrong"), text);
}

/** Takes a file, if it is a picture. */
async function take(file) {
    const mine = (asked += 1);
    fail("");
    if (file.size > FILE_BYTES_MAX) return fail(t("problem.pictureLarge"));
    const size = measured(new Uint8Array(await file.arrayBuffer()));
    if (mine !== asked) return undefined;
    if (size === "kind") return fail(t("problem.pictureKind"));
    if (size === "cut") return fail(t("problem.pictureCut"));
    if (size.width < 1 || size.height < 1 || size.width * size.height > PIXELS_MAX) return fail(t("problem.pictureLarge"));
    try {
        const image = await createImageBitmap(file);
        if (mine === asked) show(image, image.width, image.height);
        image.close();
    } catch {
        if (mine === asked) fail(t("problem.pictureCut"));
    }
    return undefined;
}

/** Takes one still of a screen, a window or a tab, as people choose in the browser's own dialog; nothing is recorded. */
async function takeScreen() {
    asked += 1;
    fail("");
    let stream;
    try {
        stream = await navigator.mediaDevices.getDisplayMedia({ video: true, audio: false });
        const video = h("video", { muted: true, playsinline: true });
        video.srcObject = stream;
        await video.play();
        show(video, video.videoWidth, video.videoHeight);
    } catch {
        fail(t("problem.pictureNoScreen"));
    }
    for (const track of stream?.getTracks() ?? []) track.stop();
}

function show(image, width, height) {
    const size = fitted(width, height);
    source = Object.assign(document.createElement("canvas"), size);
    source.getContext("2d").drawImage(image, 0, 0, size.width, size.height);
    [covers, chosen] = [[], 0];
    part("invert").checked = false;
    setHidden(part("edit"), false);
    draw();
    say(t("problem.pictureThere", size));
    part("title").focus();
}

/** Draws what is sent, and the frames of covers above it, each of which is a control. */
function draw() {
    const canvas = part("canvas");
    Object.assign(canvas, { width: source.width, height: source.height });
    const pen = canvas.getContext("2d");
    // What is transparent would be black elsewhere.
    pen.fillStyle = "white";
    pen.fillRect(0, 0, source.width, source.height);
    pen.drawImage(source, 0, 0);
    pen.fillStyle = "black";
    for (const { x, y, width, height } of painted(covers, source, part("invert").checked)) pen.fillRect(x, y, width, height);
    const list = part("covers");
    while (list.children.length > covers.length) list.lastElementChild.remove();
    while (list.children.length < covers.length) list.append(frame(list.children.length));
    covers.forEach((cover, number) => {
        const element = list.children[number];
        element.setAttribute("aria-label", t("problem.cover", { number: String(number + 1) }));
        element.setAttribute("aria-pressed", String(number === chosen));
        for (const [side, value, whole] of [["left", cover.x, source.width], ["top", cover.y, source.height], ["width", cover.width, source.width], ["height", cover.height, source.height]]) {
            element.style[side] = `${(100 * value) / whole}%`;
        }
    });
    setHidden(part("tools"), covers.length === 0);
    part("cover").setAttribute("aria-disabled", String(covers.length >= COVERS_MAX));
    setText(part("which"), covers.length === 0 ? "" : t("problem.coverTools", { number: String(chosen + 1) }));
}

/** The frame of a cover: chosen and moved by pointer and by keys. */
function frame(number) {
    const element = h("button", { type: "button", class: "cover", "aria-describedby": "picture-keys" });
    element.addEventListener("focus", () => choose(number));
    element.addEventListener("keydown", (event) => {
        if (event.key === "Delete" || event.key === "Backspace") {
            event.preventDefault();
            return uncover();
        }
        const step = KEYS[event.key]?.[event.shiftKey ? 1 : 0];
        if (!step || event.ctrlKey || event.altKey || event.metaKey) return undefined;
        event.preventDefault();
        return move(step);
    });
    element.addEventListener("pointerdown", (event) => {
        event.preventDefault();
        element.focus();
        const [from, began] = [place(event), covers[number]];
        drag(element, event, (at) => set(number, within({ ...began, x: began.x + at.x - from.x, y: began.y + at.y - from.y }, source)));
    });
    return element;
}

function choose(number) {
    if (chosen === number) return;
    chosen = number;
    draw();
}

function set(number, cover) {
    covers[number] = cover;
    draw();
}

function move(step) {
    set(chosen, stepped(covers[chosen], step, source));
    const { x, y, width, height } = covers[chosen];
    say(t("problem.coverAt", { number: String(chosen + 1), x, y, width, height }));
}

function cover(made) {
    if (covers.length >= COVERS_MAX) return say(t("problem.coversMost", { count: COVERS_MAX }));
    covers.push(made);
    chosen = covers.length - 1;
    draw();
    say(t("problem.covered", { number: String(covers.length) }));
    part("covers").lastElementChild.focus();
    return undefined;
}

function uncover() {
    const gone = chosen;
    covers.splice(gone, 1);
    chosen = Math.max(0, Math.min(gone, covers.length - 1));
    if (covers.length === 0) part("invert").checked = false;
    draw();
    say(t("problem.uncovered", { number: String(gone + 1) }));
    (part("covers").children[chosen] ?? part("cover")).focus();
}

/** Where a pointer is, in the picture's pixels. */
function place(event) {
    const box = part("canvas").getBoundingClientRect();
    return { x: ((event.clientX - box.left) * source.width) / box.width, y: ((event.clientY - box.top) * source.height) / box.height };
}

function drag(element, event, body) {
    element.setPointerCapture(event.pointerId);
    const on = (moved) => body(place(moved));
    const off = () => {
        element.removeEventListener("pointermove", on);
        element.removeEventListener("pointerup", off);
        element.removeEventListener("pointercancel", off);
    };
    element.addEventListener("pointermove", on);
    element.addEventListener("pointerup", off);
    element.addEventListener("pointercancel", off);
}

/** A cover is drawn with the pointer from corner to corner. */
function drawCover(event) {
    if (event.button !== 0 || covers.length >= COVERS_MAX) return;
    event.preventDefault();
    const from = place(event);
    let number = null;
    drag(part("canvas"), event, (at) => {
        if (number === null && Math.hypot(at.x - from.x, at.y - from.y) < DRAG_MIN) return;
        if (number === null) {
            cover(between(from, at, source));
            number = covers.length - 1;
        } else {
            set(number, between(from, at, source));
        }
    });
}

const encoded = (canvas, type, quality) => new Promise((resolve) => {
    canvas.toBlob(resolve, type, quality);
});

/** The bytes of what is shown, within the node's limit; where it is large, smaller and coarser step by step. */
async function bytes() {
    for (const scale of [1, 0.75, 0.5, 0.35]) {
        const shown = part("canvas");
        const canvas = Object.assign(document.createElement("canvas"), fitted(shown.width, shown.height, Math.max(shown.width, shown.height) * scale));
        canvas.getContext("2d").drawImage(shown, 0, 0, canvas.width, canvas.height);
        for (const quality of [0.85, 0.65]) {
            for (const type of ["image/webp", "image/jpeg"]) {
                const blob = await encoded(canvas, type, quality);
                // A browser that cannot write a type writes PNG.
                if (blob?.type === type && blob.size <= BYTES_MAX) return blob;
            }
        }
    }
    return null;
}

/**
 * What is to go along, and takes it off the page; `put` shows it again.
 * @returns {Promise<{blob: Blob, put: () => void} | null>} `null` where there is none, or where it cannot be written, which is told.
 */
export async function taken() {
    if (!source) return null;
    const blob = await bytes();
    if (!blob) {
        fail(t("problem.pictureLarge"));
        return null;
    }
    const kept = { source, covers, chosen, isInverted: part("invert").checked };
    remove();
    return {
        blob,
        put() {
            ({ source, covers, chosen } = kept);
            part("invert").checked = kept.isInverted;
            setHidden(part("edit"), false);
            draw();
        },
    };
}

export const isThere = () => source !== null;
export { fail };

function remove() {
    [source, covers, chosen] = [null, [], 0];
    part("file").value = "";
    setHidden(part("edit"), true);
    part("covers").replaceChildren();
    say("");
    fail("");
}

/** Makes the controls work; the page is in the reader's language by then. */
export function begin() {
    const imageOf = (list) => [...(list ?? [])].find((file) => file.type.startsWith("image/"));
    const takeChosen = () => {
        const [file] = part("file").files;
        if (file) take(file);
    };
    part("file").addEventListener("change", takeChosen);
    // Chosen while this page was being loaded.
    takeChosen();
    setHidden(part("take"), !navigator.mediaDevices?.getDisplayMedia);
    part("take").addEventListener("click", takeScreen);
    document.addEventListener("paste", (event) => {
        const file = imageOf(event.clipboardData?.files);
        // Programs that copy a text or a table often put a picture of it beside.
        if (!file || event.clipboardData.types.includes("text/plain")) return;
        event.preventDefault();
        take(file);
    });
    document.addEventListener("dragover", (event) => {
        if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
    });
    document.addEventListener("drop", (event) => {
        const [file] = event.dataTransfer?.files ?? [];
        if (!file) return;
        event.preventDefault();
        take(file);
    });
    part("canvas").addEventListener("pointerdown", drawCover);
    part("cover").addEventListener("click", () => cover(fresh(source, covers.length)));
    part("uncover").addEventListener("click", uncover);
    part("invert").addEventListener("change", () => {
        if (part("invert").checked && covers.length === 0) cover(fresh(source, 0));
        draw();
    });
    for (const button of part("steps").querySelectorAll("button")) button.addEventListener("click", () => move(button.dataset.step));
    part("remove").addEventListener("click", () => {
        remove();
        say(t("problem.pictureRemoved"));
        part("file").focus();
    });
}
