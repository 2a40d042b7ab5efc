"""A picture goes along with a problem: chosen, pasted, dropped, or taken of the screen; parts are covered, by keys alone as well; what is shown is what is sent, and LTG sees it from another
node. What is no picture is refused with a sentence.
"""

import base64
import struct
import zlib
from pathlib import Path

from playwright.sync_api import expect

from stage import DESKTOP, PHONE, SECOND

CORPUS = Path(__file__).resolve().parents[1] / "Fuzz/Corpus/picture"
MARK = b"TAKEN-AT-THE-DESK"


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height):
    """Red on the left, green on the right, with words beside the pixels."""
    row = b"\0" + b"\xc0\x20\x20" * (width // 2) + b"\x20\xa0\x20" * (width - width // 2)
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"tEXt", b"Comment\0" + MARK) + chunk(b"IDAT", zlib.compress(row * height)) + chunk(b"IEND", b"")


def choose(page, content, name="screen.png"):
    page.locator("#picture-file").set_input_files({"name": name, "mimeType": "image/png", "buffer": content})


def colour(page, x, y, canvas="#picture-canvas"):
    """`black`, `red`, `green`, `white` or what it is, at a place of the picture (parts of its size)."""
    red, green, blue = page.locator(canvas).evaluate("(canvas, [x, y]) => [...canvas.getContext('2d').getImageData(Math.floor(canvas.width * x), Math.floor(canvas.height * y), 1, 1).data].slice(0, 3)", [x, y])
    if max(red, green, blue) < 24:
        return "black"
    if min(red, green, blue) > 230:
        return "white"
    return "red" if red > 150 and green < 90 else "green" if green > 120 and red < 90 else (red, green, blue)


HAND_OVER = """([how, base64]) => {
    const bytes = Uint8Array.from(atob(base64), (one) => one.charCodeAt(0));
    const data = new DataTransfer();
    data.items.add(new File([bytes], "given.png", { type: "image/png" }));
    const place = document.querySelector("#text");
    place.dispatchEvent(how === "paste" ? new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }) : new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""

# The browser's own dialog cannot be answered by a test; what it gives is a stream of pictures.
SCREEN = """
navigator.mediaDevices.getDisplayMedia = async (wish) => {
    if (window.refuseScreen) throw new DOMException("no", "NotAllowedError");
    if (wish.audio) throw new Error("sound is not wanted");
    const canvas = Object.assign(document.createElement("canvas"), { width: 640, height: 400 });
    const pen = canvas.getContext("2d");
    const draw = () => { pen.fillStyle = "rgb(32 160 32)"; pen.fillRect(0, 0, 640, 400); };
    draw();
    setInterval(draw, 50);
    window.screenStream = canvas.captureStream(20);
    return window.screenStream;
};
"""


def refused(page, content, words, name="screen.png"):
    choose(page, content, name)
    expect(page.locator("#picture-wrong")).to_contain_text(words)
    expect(page.locator("#picture-edit")).to_be_hidden()


def run(stage):
    context = stage.context(DESKTOP)
    context.add_init_script(SCREEN)
    page = stage.page(context, "a stranger")
    page.goto(stage.node("memorial") + "/problem")
    expect(page.locator("#picture-hint")).to_contain_text("LTG sees it")
    expect(page.locator("#picture-hint")).to_contain_text("60 days")

    # What is no picture, whatever it is called.
    refused(page, b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "no JPEG, PNG or WebP picture")
    refused(page, b"<!doctype html><title>x</title><script>alert(1)</script>", "no JPEG, PNG or WebP picture")
    refused(page, (CORPUS / "png-huge").read_bytes(), "too large")
    refused(page, png(40, 40)[:-30], "cut off")
    refused(page, (CORPUS / "jpeg-cut").read_bytes(), "cut off", "screen.jpg")
    refused(page, png(4, 4) + bytes(31 * 1024 * 1024), "too large")
    stage.look(page, "picture-refused")

    # Pasted, dropped, taken of the screen; each takes the place of the one before, and all can be taken away.
    for how in ("paste", "drop"):
        page.evaluate(HAND_OVER, [how, base64.b64encode(png(300, 200)).decode()])
        expect(page.locator("#picture-said")).to_contain_text("300 by 200")
        assert (colour(page, 0.2, 0.5), colour(page, 0.8, 0.5)) == ("red", "green")
        page.get_by_role("button", name="Remove the picture").press("Enter")
        expect(page.locator("#picture-edit")).to_be_hidden()
        expect(page.locator("#picture-file")).to_be_focused()
    page.get_by_role("button", name="Take a picture of a screen").press("Enter")
    expect(page.locator("#picture-said")).to_contain_text("640 by 400")
    assert colour(page, 0.5, 0.5) == "green"
    assert page.evaluate("window.screenStream.getTracks().every((track) => track.readyState === 'ended')"), "the screen is still taken"
    page.evaluate("window.refuseScreen = true")
    page.get_by_role("button", name="Take a picture of a screen").press("Enter")
    expect(page.locator("#picture-wrong")).to_have_text("No picture of the screen was taken.")

    # A large one becomes smaller. Covered by keys alone: two parts, moved and sized, one taken away; then everything but a part.
    choose(page, png(2400, 1200))
    expect(page.locator("#picture-said")).to_contain_text("1,600 by 800")
    expect(page.locator("#picture-title")).to_be_focused()
    page.get_by_role("button", name="Cover a part").press("Enter")
    part = page.get_by_role("button", name="Part 1")
    expect(part).to_be_focused()
    assert colour(page, 0.5, 0.5) == "black" and colour(page, 0.05, 0.5) == "red"
    for _ in range(60):
        page.keyboard.press("ArrowLeft")
    for _ in range(60):
        page.keyboard.press("Shift+ArrowDown")
    expect(page.locator("#picture-said")).to_contain_text("Part 1: 0 from the left")
    assert (colour(page, 0.05, 0.95), colour(page, 0.25, 0.5), colour(page, 0.6, 0.5)) == ("black", "black", "green")
    page.get_by_role("button", name="Cover a part").press("Enter")
    expect(page.get_by_role("button", name="Part 2")).to_be_focused()
    assert colour(page, 0.6, 0.5) == "black"
    page.keyboard.press("Delete")
    expect(page.locator("#picture-covers > button")).to_have_count(1)
    assert colour(page, 0.6, 0.5) == "green"
    page.get_by_label("Cover everything but these parts").press("Space")
    assert (colour(page, 0.05, 0.9), colour(page, 0.6, 0.5)) == ("red", "black")
    page.get_by_label("Cover everything but these parts").press("Space")
    stage.look(page, "picture-desktop-light")

    # With a pointer, without dragging: buttons move and size the part that is chosen; and drawn from corner to corner.
    page.get_by_role("button", name="Right", exact=True).click()
    assert colour(page, 0.005, 0.5) == "red"
    page.get_by_role("button", name="Left", exact=True).click()
    page.locator("#picture-canvas").scroll_into_view_if_needed()
    box = page.locator("#picture-canvas").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] * 0.1)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.9, box["y"] + box["height"] * 0.3, steps=4)
    page.mouse.up()
    expect(page.locator("#picture-covers > button")).to_have_count(2)
    assert (colour(page, 0.85, 0.2), colour(page, 0.7, 0.2)) == ("black", "green")

    # A node that does not take it says so, and all of it is there still.
    refuses = lambda route: route.fulfill(status=400, content_type="application/json", body='{"code":"badPicture","text":"This PNG picture moves; send one that stands still."}')
    context.route("**/api/problems/picture*", refuses)
    words = "The box lies over the search field."
    page.get_by_label("What went wrong?").fill(words)
    page.get_by_role("button", name="Report it").press("Enter")
    expect(page.locator("#picture-wrong")).to_contain_text("stands still")
    expect(page.get_by_label("What went wrong?")).to_have_value(words)
    expect(page.locator("#picture-covers > button")).to_have_count(2)
    context.unroute("**/api/problems/picture*")

    # What is sent is what is shown: no more bytes than may be, and no word of what lay beside the pixels.
    with page.expect_request("**/api/problems/picture*") as sending:
        page.get_by_role("button", name="Report it").press("Enter")
    sent = sending.value
    assert sent.headers["content-type"] in ("image/webp", "image/jpeg"), sent.headers
    expect(page.locator("#said")).to_contain_text("Thank you")
    expect(page.locator("#picture-edit")).to_be_hidden()
    files = [file.read_bytes() for file in (stage.admin("memorial")[0] / "pictures").glob("*.picture")]
    assert files and all(len(file) < 301 * 1024 and MARK not in file and b"EXIF" not in file for file in files), [len(file) for file in files]

    # LTG sees it at another node, by token; its words are those of the report.
    ltg = stage.page(stage.context(DESKTOP), "LTG")
    ltg.goto(stage.node("college") + "/tickets")
    ltg.get_by_label("Admin token of this node").fill(stage.admin("college")[2])
    ltg.keyboard.press("Enter")
    item = ltg.locator("#entries > li", has_text=words)
    expect(item).to_be_visible(timeout=40 * SECOND)
    item.locator("summary").first.press("Enter")
    item.get_by_role("button", name="Show the picture (").press("Enter")
    shown = item.get_by_role("img", name=words)
    expect(shown).to_be_focused()
    assert [colour(ltg, x, y, ".picture canvas") for x, y in ((0.25, 0.5), (0.85, 0.2), (0.6, 0.5))] == ["black", "black", "green"]
    stage.look(ltg, "picture-ltg-light")
    ltg.emulate_media(color_scheme="dark")
    ltg.set_viewport_size(PHONE)
    assert ltg.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
    stage.look(ltg, "picture-ltg-phone-dark")

    # Phones, the dark, and Spanish.
    for name, viewport, scheme, language in (("phone-light", PHONE, "light", "en"), ("phone-dark", PHONE, "dark", "en"), ("desktop-dark", DESKTOP, "dark", "en"), ("phone-spanish", PHONE, "light", "es")):
        other = stage.page(stage.context(viewport, scheme), name)
        other.goto(f"{stage.node('memorial')}/problem?lang={language}")
        choose(other, png(1200, 700))
        expect(other.locator("#picture-edit")).to_be_visible()
        other.locator("#picture-cover").click()
        other.locator("#picture-steps button[data-step=wider]").click()
        assert colour(other, 0.5, 0.5) == "black"
        assert other.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name}: the page is wider than the screen"
        stage.look(other, f"picture-{name}")
    number = stage.callslip("c1", "tickets", "list", "--all")
    line = next(line for line in number.splitlines() if words in line)
    assert "picture: " in stage.callslip("c1", "tickets", "show", line.split()[0])
    assert stage.callslip("c1", "tickets", "solve", line.split()[0], "It lies beside it now.") == "Done.\n"
