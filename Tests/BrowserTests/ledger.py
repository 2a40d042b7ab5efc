"""Posted hours must be staffed (agreement, 3): sign-on asks until when somebody is there and warns before it, and the ledger shows minute by minute who was there, to those who may read it.
"""

import datetime
import json
import re

from playwright.sync_api import expect

from stage import DESKTOP, HOMES, PASSWORDS, PHONE, WIDE

# A library that is nobody's in the other scenes: an admin, a colleague, and somebody of ChatWog.
DEPOT = b"""general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: depot
    title: The Depot
    node: college
    fallback: "off"
    queues: [{name: depot, title: The Depot}]
    operators:
      - {name: dora.depot, display: Dora, password: rolling-stacks-1, queues: [depot], admin: true}
      - {name: ned.depot, display: Ned, password: rolling-stacks-2, queues: [depot]}
      - {name: wanda.depot, display: Wanda, password: rolling-stacks-3, queues: [depot], committee: chatwog}
"""
# And another one, as the other scenes leave it.
HOURS = """hours:
  depot: {zone: Etc/UTC, semester: {monday to sunday: "SPAN"}, intersession: closed, break: closed}
  law: {zone: Etc/UTC, semester: {monday to sunday: "0:00-24:00"}, intersession: closed, break: closed}
"""
for number, name in enumerate(("dora.depot", "ned.depot", "wanda.depot"), 1):
    PASSWORDS[name], HOMES[name] = f"rolling-stacks-{number}", "college"


def run(stage):
    now = datetime.datetime.now(datetime.timezone.utc)
    opens, closes = now - datetime.timedelta(hours=3), now + datetime.timedelta(hours=5)
    span = f"{opens.hour}:{opens.minute:02}-{closes.hour}:{closes.minute:02}"
    status, text = stage.post("college", "/api/import", DEPOT.replace(b"chatwog", b"cats"), "application/yaml")
    assert status == 422 and "`committee` is `chatwog`, `rmt` or `ltg`" in text, text
    assert stage.post("college", "/api/import", DEPOT, "application/yaml")[0] == 200
    assert stage.post("college", "/api/import", HOURS.replace("SPAN", span).encode(), "application/yaml")[0] == 200
    stage.until("the hours", lambda: "depot  Open until" in stage.get(f"{stage.node('college')}/hours/hours.txt"))

    # Sign-on asks, with the posted close at hand; a time that is none is told; what was said is shown, and warned of.
    dora = stage.operator("dora.depot").sign_in().on("depot")
    time = dora.page.get_by_label("Until when are you here?")
    expect(time).not_to_have_value("")
    stage.look(dora.page, "desk-asks-until")
    time.fill("")
    dora.page.click("#ending-say")
    expect(dora.page.get_by_role("alert").filter(has_text="Type a time")).to_be_visible()
    soon = dora.page.evaluate("(() => { const at = new Date(Date.now() + 480000); return `${String(at.getHours()).padStart(2, '0')}:${String(at.getMinutes()).padStart(2, '0')}` })()")
    time.fill(soon)
    time.press("Enter")
    expect(dora.page.locator("#ending-line")).to_contain_text("You are here until")
    expect(dora.page.locator("#ending-change")).to_be_focused()
    expect(dora.page.get_by_text("You said that you are here until").first).to_be_visible()
    stage.look(dora.page, "desk-until-soon")
    dora.page.reload()
    expect(dora.page.locator("#ending-line")).to_contain_text("You are here until")

    # A colleague sees it; and says nothing, at a phone in the dark.
    ned = stage.operator("ned.depot", viewport=PHONE, scheme="dark").sign_in()
    expect(ned.page.get_by_label("Until when are you here?")).to_be_visible()
    assert ned.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the desk is wider than the screen"
    stage.look(ned.page, "desk-asks-until-phone-dark")
    ned.page.click("#ending-skip")
    expect(ned.page.locator("#ending-line")).to_contain_text("You have not said")
    wanda = stage.operator("wanda.depot", viewport=WIDE).sign_in()
    wanda.page.click("#open-team")
    expect(wanda.page.locator("#team-staff .person", has_text="Dora")).to_contain_text("here until")
    wanda.page.keyboard.press("Escape")

    # The ledger: for an admin, with the days; the sums are those of the minutes that have passed.
    refused = ned.page.request.get(ned.node + "/api/ledger")
    assert refused.status == 403 and "ChatWog, RMT and LTG" in refused.text(), refused.text()
    assert stage.context(WIDE).request.get(ned.node + "/api/ledger").status == 401
    other = dora.page.request.get(dora.node + "/api/ledger?library=memorial")
    assert other.status == 400 and "your own library" in other.text(), other.text()
    read = lambda: dora.page.request.get(dora.node + "/api/ledger").json()["libraries"][0]
    stage.until("a minute that is staffed", lambda: read()["sums"]["staffed"] > 0, seconds=150)
    sheet = read()
    assert sheet["sums"]["posted"] == sum(sheet["sums"][kind] for kind in ("staffed", "covered", "unstaffed")), sheet
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            context = stage.context(viewport, scheme)
            context.add_cookies(dora.context.cookies())
            page = stage.page(context, "Dora")
            page.goto(f"{dora.node}/ledger")
            expect(page.get_by_role("row").filter(has_text="Staffed by the library")).to_contain_text("min")
            expect(page.get_by_label("Library")).to_be_hidden()
            page.get_by_text("The days as a table").click()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
            stage.look(page, f"ledger-{size}-{scheme}")

    # A closing that is said afterwards counts: the minutes are no gap and not staffed, and come back when it is taken back.
    close = {"library": "depot", "action": "close", "id": "0" * 31 + "7", "from": (now - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M"), "until": (now + datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M")}
    assert stage.post("college", "/api/hours", json.dumps(close).encode())[0] == 200
    stage.until("closed minutes", lambda: read()["sums"]["closed"] > 0 and read()["sums"]["posted"] == 0)
    assert stage.post("college", "/api/hours", b'{"library":"depot","action":"reopen"}')[0] == 200
    stage.until("it opens", lambda: "depot  Open" in stage.get(f"{stage.node('college')}/hours/hours.txt"))

    # ChatWog sees every library, and one by itself; what is wrong is told.
    page = stage.page(wanda.context, "Wanda")
    page.goto(f"{wanda.node}/ledger")
    page.get_by_role("link", name="The Depot").click()
    expect(page.get_by_label("Library")).to_have_value("depot")
    page.get_by_label("First day").fill("2026-12-31")
    page.get_by_label("Last day").fill("2026-01-01")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("`from` is not after `to`")
    stage.look(page, "ledger-wrong-days")
    page.get_by_label("Library").select_option("")
    page.get_by_label("First day").fill("")
    page.get_by_label("Last day").fill("")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("link", name="The Depot")).to_be_visible()
    stage.look(page, "ledger-all")

    # For programs.
    csv = wanda.page.request.get(wanda.node + "/api/ledger.csv?library=depot")
    assert csv.headers["content-type"].startswith("text/csv") and re.search(r"(?m)^depot,\d{4}-\d\d-\d\d,\d+,\d+,\d+,\d+,\d+$", csv.text()), csv.text()
    assert "library,from,until,minutes,covered,unstaffed" in wanda.page.request.get(wanda.node + "/api/ledger.csv?rows=gaps").text()
    assert "depot" in stage.callslip("college", "hours", "ledger")
    assert "depot" in stage.callslip("steenbock", "hours", "ledger", "depot", "--csv")
    for person in (dora, ned, wanda):
        person.leave()
