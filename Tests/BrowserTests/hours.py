"""Posted hours (agreement, 3): every node shows them, other sites may read them, a library's own page follows, and a snow day is everywhere at once.
"""

import datetime
import json
import os

from playwright.sync_api import expect

from stage import COORDINATORS, DESKTOP, LIBRARIES, PHONE


# Open at any time of any day, so that the scene may be played whenever; the days are about today.
FILE = """
terms: [{{title: Long break, kind: break, first: {first}, last: {last}}}]
hours:
  memorial:
    zone: Etc/UTC
    semester: {{monday to sunday: "0:00-24:00"}}
    intersession: {{monday to friday: "9:00-12:00, 13:00-17:00"}}
    break: closed
    exceptions: [{{day: {inventory}, hours: closed, note: Inventory}}]
  college: {{zone: America/Chicago, semester: {{monday to sunday: "0:00-24:00"}}, intersession: closed, break: closed}}
"""


def ask(stage, **body):
    return stage.post("memorial", "/api/hours", json.dumps(body).encode())[0]


def run(stage):
    today = datetime.datetime.now(datetime.timezone.utc).date()
    days = {"first": today + datetime.timedelta(30), "last": today + datetime.timedelta(60), "inventory": today + datetime.timedelta(3)}
    file = FILE.format(**days).encode()
    assert stage.post("memorial", "/api/import", file.replace(b"break: closed", b"brake: closed"), "application/yaml")[0] == 422
    assert stage.post("memorial", "/api/import", file, "application/yaml")[0] == 200
    for node in COORDINATORS + LIBRARIES:
        url = f"{stage.node(node)}/hours/hours.txt"
        stage.until(f"{node} shows hours", lambda: "memorial  Open until " in stage.get(url))

    # The pages, as people and axe see them.
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            page = stage.page(stage.context(viewport, scheme), "reader")
            page.goto(f"{stage.node('college')}/hours")
            expect(page.get_by_role("row")).to_have_count(6)
            stage.look(page, f"hours-all-{size}-{scheme}")
            page.get_by_role("link", name="Memorial Library", exact=True).click()
            expect(page.get_by_role("heading", level=1)).to_have_text("Memorial Library: chat hours")
            expect(page.locator("tr[aria-current=date] th")).to_contain_text("Today")
            expect(page.get_by_text("Long break: break, ")).to_be_visible()
            expect(page.get_by_text("Closed (Inventory)")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
            stage.look(page, f"hours-memorial-{size}-{scheme}")
            page.goto(f"{stage.node('college')}/hours/law")
            expect(page.get_by_text("No hours are posted")).to_be_visible()
            stage.look(page, f"hours-law-{size}-{scheme}")

    # In Spanish: as the browser asks, and back in English by the link.
    page = stage.page(stage.context(PHONE, locale="es-MX"), "lector")
    page.goto(f"{stage.node('college')}/hours/memorial")
    expect(page.get_by_role("heading", level=1)).to_have_text("Memorial Library: horario del chat")
    expect(page.locator("tr[aria-current=date] th")).to_contain_text("Hoy")
    stage.look(page, "hours-memorial-spanish")
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Memorial Library: chat hours")

    # Programs of other sites may read hours, and nothing of the API beside them.
    reader = stage.page(stage.context(), "another site")
    stage.serve_page(reader.context, "/pages/hours", "")
    reader.goto(f"{stage.site}/pages/hours")
    fetched = "async (url) => { try { return await (await fetch(url)).text(); } catch { return 'refused'; } }"
    data = json.loads(reader.evaluate(fetched, f"{stage.node('steenbock')}/hours/memorial/hours.json"))
    assert data["@type"] == "Library" and all(part["@type"] == "OpeningHoursSpecification" for part in data["openingHoursSpecification"]), data
    assert len(json.loads(reader.evaluate(fetched, f"{stage.node('steenbock')}/hours/hours.json"))) == 2
    calendar = reader.evaluate(fetched, f"{stage.node('steenbock')}/hours/memorial/hours.ics")
    assert calendar.startswith("BEGIN:VCALENDAR\r\n") and calendar.endswith("END:VCALENDAR\r\n"), calendar[:200]
    assert reader.evaluate(fetched, f"{stage.node('steenbock')}/api/status") == "refused"

    # The lines for a library's own page, as the page of hours shows them, stand there as text.
    reader.goto(f"{stage.node('memorial')}/hours/memorial")
    lines = reader.locator("pre").inner_text()
    own = stage.page(stage.context(), "the library's own page")
    stage.serve_page(own.context, "/pages/own", f"<p>{lines}</p>")
    own.goto(f"{stage.site}/pages/own")
    expect(own.get_by_role("link")).to_contain_text("Chat hours: ")

    # A snow day: asked twice it closes once, every node shows it, and "reopen" ends it; what is past is in no page.
    def closing(**more):
        return {"library": "memorial", "action": "close", "id": os.urandom(16).hex(), "until": "23:59", "note": "Snow & ice"} | more

    assert ask(stage, **closing(until="never")) == 400
    assert ask(stage, **closing(until="2026-01-02", note="Past", **{"from": "2026-01-01"})) == 200
    snow = closing()
    assert ask(stage, **snow) == 200 and ask(stage, **snow) == 200
    for node in COORDINATORS + LIBRARIES:
        url = f"{stage.node(node)}/hours/memorial"
        stage.until(f"{node} shows the snow day", lambda: stage.get(url).count("(Snow &amp; ice)") == 1)
        assert "(Past)" not in stage.get(url)
    page = stage.page(stage.context(PHONE, "dark"), "reader")
    page.goto(f"{stage.node('steenbock')}/hours/memorial")
    expect(page.get_by_role("heading", name="Closed at short notice")).to_be_visible()
    expect(page.locator(".state")).to_contain_text("Closed: Snow & ice")
    expect(page.locator("tr[aria-current=date]")).to_contain_text("posted: Open all day")
    stage.look(page, "hours-snow-day")
    assert ask(stage, library="memorial", action="reopen") == 200
    for node in COORDINATORS + LIBRARIES:
        stage.until(f"{node} shows the posted hours again", lambda: "Snow" not in stage.get(f"{stage.node(node)}/hours/memorial"))
    assert ask(stage, library="memorial", action="reopen") == 400
