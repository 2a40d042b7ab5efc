"""The patron's side in Spanish, chosen by the tag, the page or the reader; and in a made-up language that is written from right to left.
"""

import datetime
import json
import re
import urllib.request

from playwright.sync_api import expect

from stage import DESKTOP, PHONE

HOURS = 'hours: {law: {zone: America/Chicago, semester: {monday to sunday: "SPAN"}, intersession: {monday to sunday: "SPAN"}, break: {monday to sunday: "SPAN"}}}'
NARROW = {"width": 320, "height": 640}
LETTERS = "אבגדהוזחטיכלמנסעפצקרשת"

# What is seen of the panel stands beside each other, inside of it, and nothing is to be scrolled sideways.
CROWDED = """
(panel) => {
    const found = [];
    const within = panel.getBoundingClientRect();
    const seen = [...panel.querySelectorAll("button, a, h1, h2, p, textarea, input, summary, .ack, time")].filter((part) => part.checkVisibility() && part.getClientRects().length > 0);
    const boxes = seen.map((part) => [part, part.getBoundingClientRect()]).filter(([part, box]) => box.width > 1 && box.height > 1);
    for (const [part, box] of boxes) {
        if (box.left < within.left - 1 || box.right > within.right + 1) found.push(`${part.id || part.className} leaves the panel`);
    }
    const apart = (a, b) => a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 1 || b.bottom <= a.top + 1;
    const scrolled = (part) => part.closest("#callslip-log, .intro, .cards");
    boxes.forEach(([one, box], number) => boxes.slice(number + 1).forEach(([other, its]) => {
        if (one.contains(other) || other.contains(one) || apart(box, its)) return;
        // Send stands in the field, in room that the text leaves; what scrolls lies beneath what does not.
        if ([one, other].some((part) => part.id === "callslip-send") || scrolled(one) !== scrolled(other)) return;
        found.push(`${one.id || one.className || one.textContent} over ${other.id || other.className || other.textContent}`);
    }));
    for (const part of [panel, ...panel.querySelectorAll(".foot, .compose, .cards, #callslip-log")]) if (part.scrollWidth > part.clientWidth + 1) found.push(`${part.id || part.className} scrolls sideways`);
    return found;
}
"""


def check(page):
    crowded = page.locator("#callslip-panel").evaluate(CROWDED)
    assert crowded == [], crowded
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"


def made_up(text):
    """Words of the same lengths in Hebrew letters, with the placeholders and marks left where they are."""
    turn = lambda words: re.sub(r"[A-Za-z]", lambda letter: LETTERS[ord(letter[0].lower()) % len(LETTERS)], words)
    return "".join(part if part.startswith("{") else turn(part) for part in re.split(r"(\{\w+\})", text))


def mirrored(stage, context):
    """Puts the made-up language in the place of Spanish."""
    node = stage.node("memorial")
    source = urllib.request.urlopen(f"{node}/texts/en.js", timeout=5).read().decode()
    strings = re.compile(r'(: |\{ \w+: |, \w+: )"((?:[^"\\]|\\.)*)"')
    source = strings.sub(lambda found: found[1] + json.dumps(made_up(found[2]), ensure_ascii=False), source)
    source = source.replace('direction = "ltr"', 'direction = "rtl"')
    words = {"direction": "rtl", "label": made_up("Ask a librarian"), "own": made_up("here now"), "referred": made_up("answers now"), "nobody": made_up("leave a message"), "goOn": made_up("go on")}
    context.route("**/texts/es.js", lambda route: route.fulfill(content_type="text/javascript", body=source, headers={"Access-Control-Allow-Origin": "*"}))
    button = f"export const BUTTON = {{ en: {json.dumps(words)}, es: {json.dumps(words)} }};"
    context.route("**/texts/button.js", lambda route: route.fulfill(content_type="text/javascript", body=button, headers={"Access-Control-Allow-Origin": "*"}))


def run(stage):
    node = stage.node("memorial")
    stan = stage.operator("stan.steenbock").sign_in().on("general")

    def patron(extra, **options):
        context = stage.context(**options)
        stage.serve_page(context, "/pages/languages", f'<script async src="{node}/js/callslip.js" data-queue="memorial" {extra}></script>')
        return stage.patron("memorial", context, stage.site + "/pages/languages")

    # The tag's language goes before the page's, which is English.
    for name, options in [("desktop-light", {"viewport": DESKTOP}), ("phone-dark", {"viewport": PHONE, "scheme": "dark"}), ("narrow-light", {"viewport": NARROW})]:
        ana = patron('data-lang="es"', **options)
        expect(ana.launcher).to_contain_text("Pregunte a la biblioteca")
        expect(ana.launcher).to_contain_text("responde ahora")
        stage.look(ana.page, f"spanish-button-{name}")
        ana.open()
        expect(ana.page.locator("#callslip-presence")).to_contain_text("no está disponible ahora")
        assert ana.page.locator("[data-callslip-panel]").get_attribute("lang") == "es"
        check(ana.page)
        stage.look(ana.page, f"spanish-start-{name}")
        question = f"¿Dónde está la sala de mapas? ({name})"
        ana.say(question)
        expect(ana.status).to_contain_text("Le toca a usted")
        column = stan.claim(question)
        stan.say(column, "On the third floor, beside the lift.")
        expect(ana.status).to_contain_text("Le atiende Stan")
        expect(ana.ack(question)).to_have_text("enviado")
        check(ana.page)
        stage.look(ana.page, f"spanish-chat-{name}")
        ana.page.locator("#callslip-end").click()
        expect(ana.card("end")).to_contain_text("¿Terminar este chat?")
        check(ana.page)
        ana.page.locator("#callslip-end-yes").click()
        expect(ana.card("closed")).to_contain_text("El chat ha terminado")
        check(ana.page)
        stage.look(ana.page, f"spanish-closed-{name}")
        stan.page.locator("[data-action=dismiss]:visible").click()

    # The reader's language counts on the chat's own page, which speaks all of them; what the address asks for goes before.
    reader = stage.page(stage.context(PHONE, locale="es-MX"), "reader of Spanish")
    reader.goto(node + "/chat/memorial@chat.example.org")
    expect(reader.locator("#callslip-presence")).to_contain_text("no está disponible ahora")
    assert reader.evaluate("document.documentElement.lang") == "es-MX"
    stage.look(reader, "spanish-page")
    reader.goto(node + "/chat/memorial@chat.example.org?lang=en")
    expect(reader.locator("#callslip-presence")).to_contain_text("is away now")

    # When it opens again is told in the reader's language, in the library's own time. A minute a day is open, so that it is closed now.
    hour = (datetime.datetime.now(datetime.timezone.utc).hour + 12) % 24
    span = f"{hour}:00-{hour}:01"
    assert stage.post("memorial", "/api/import", HOURS.replace("SPAN", span).encode(), "application/yaml")[0] == 200
    stage.until("the hours", lambda: "law  Closed. Opens" in stage.get(f"{node}/hours/hours.txt"))
    context = stage.context(PHONE)
    stage.serve_page(context, "/pages/closed", f'<script async src="{node}/js/callslip.js" data-queue="law" data-lang="es"></script>')
    rosa = stage.patron("law", context, stage.site + "/pages/closed")
    expect(rosa.launcher).to_contain_text("deje un mensaje")
    rosa.open()
    expect(rosa.page.locator("#callslip-presence")).to_contain_text(re.compile(r"Cerrado\. Abre (hoy|el [^ ,]+, \d+ de [a-z]+), \d+:00 h\. Deje su pregunta"))
    check(rosa.page)
    stage.look(rosa.page, "spanish-closed-library")
    assert stage.post("memorial", "/api/import", HOURS.replace("SPAN", "0:00-24:00").encode(), "application/yaml")[0] == 200
    stage.until("the hours", lambda: "law  Open" in stage.get(f"{node}/hours/hours.txt"))

    # What leads on from a Spanish panel speaks Spanish too.
    ana = patron('data-lang="es"', viewport=PHONE, scheme="dark")
    ana.open()
    with ana.context.expect_page() as opened:
        ana.page.locator("#callslip-report").click()
    problem = opened.value
    expect(problem.get_by_role("heading", name="Avisar de un problema")).to_be_visible()
    assert problem.evaluate("document.documentElement.lang") == "es"
    problem.get_by_role("button", name="Enviar el aviso").click()
    expect(problem.locator("#report .error")).to_have_text("Diga en una frase qué falló.")
    problem.get_by_label("¿Qué falló?").fill("El botón no responde.")
    problem.get_by_role("button", name="Enviar el aviso").click()
    expect(problem.locator("#said")).to_contain_text("Gracias: LTG ya tiene su aviso.")
    expect(problem.locator("#tickets h3")).to_contain_text("Abierto")
    assert problem.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page scrolls sideways"
    stage.look(problem, "spanish-problem")

    # From right to left: nothing overlaps or has to be scrolled sideways, at any width.
    for name, viewport, scheme in [("desktop-light", DESKTOP, "light"), ("phone-dark", PHONE, "dark"), ("narrow-light", NARROW, "light")]:
        context = stage.context(viewport, scheme)
        mirrored(stage, context)
        stage.serve_page(context, "/pages/mirrored", f'<script async src="{node}/js/callslip.js" data-queue="memorial" data-lang="es"></script>')
        noa = stage.patron("memorial", context, stage.site + "/pages/mirrored")
        expect(noa.launcher).to_contain_text(made_up("answers now"))
        noa.open()
        assert noa.page.locator("#callslip-panel").evaluate("(panel) => getComputedStyle(panel).direction") == "rtl"
        check(noa.page)
        stage.look(noa.page, f"mirrored-start-{name}")
        question = f"A map of Dane County (1911), please? {name}"
        noa.say(question)
        column = stan.claim(question)
        stan.say(column, "שלום: see https://example.org/maps (third floor).")
        expect(noa.page.locator("#callslip-log [data-by=staff]")).to_be_visible()
        expect(noa.ack(question)).to_have_text(made_up("sent"))
        check(noa.page)
        # Send is at the end of the line, which is the left, and no text runs beneath it.
        field = noa.composer.bounding_box()
        send = noa.page.locator("#callslip-send").bounding_box()
        assert send["x"] < field["x"] + field["width"] / 2, (send, field)
        stage.look(noa.page, f"mirrored-chat-{name}")
        noa.page.locator("#callslip-clear").click()
        check(noa.page)
        stage.look(noa.page, f"mirrored-clear-{name}")
        noa.page.locator("#callslip-clear-no").click()
        noa.page.locator("#callslip-end").click()
        noa.page.locator("#callslip-end-yes").click()
        expect(noa.card("closed")).to_be_visible()
        check(noa.page)
        stan.page.locator("[data-action=dismiss]:visible").click()
    stan.leave()
