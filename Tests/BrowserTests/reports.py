"""Reports: what whoever closes a chat says of it with one key is counted, and read as figures, charts with their tables, CSV and one printed page by those who may.
"""

import datetime
import re

from playwright.sync_api import expect

from printing import print_consortium
from stage import DESKTOP, HOMES, PASSWORDS, PHONE, WIDE

# A library that is nobody's in the other scenes: an admin, a colleague, and somebody of RMT.
ARCHIVES = b"""general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: archives
    title: The Archives
    node: college
    fallback: "off"
    queues: [{name: archives, title: The Archives}]
    operators:
      - {name: ada.archives, display: Ada, password: acid-free-1, queues: [archives], admin: true}
      - {name: ned.archives, display: Ned, password: acid-free-2, queues: [archives]}
      - {name: rob.archives, display: Rob, password: acid-free-3, queues: [archives], committee: rmt}
"""
HOURS = b"""hours:
  archives: {zone: Etc/UTC, semester: {monday to sunday: "0:00-24:00"}, intersession: {monday to sunday: "0:00-24:00"}, break: {monday to sunday: "0:00-24:00"}}
"""
# Where no scene before set any: over by now, so that it changes nobody's hours.
TERMS = b"terms: [{title: Regular semester with a long name, kind: semester, first: 2025-01-21, last: 2025-05-09}]"
for number, name in enumerate(("ada.archives", "ned.archives", "rob.archives"), 1):
    PASSWORDS[name], HOMES[name] = f"acid-free-{number}", "college"


def ask(stage, ada, question):
    patron = stage.patron_of("archives")
    patron.ask(question)
    column = ada.claim(question)
    ada.say(column, "Here is what we have.")
    patron.sees("Here is what we have.")
    return patron, column


def run(stage):
    assert stage.post("college", "/api/import", ARCHIVES, "application/yaml")[0] == 200
    assert stage.post("college", "/api/import", HOURS, "application/yaml")[0] == 200
    ada = stage.operator("ada.archives").sign_in()
    if ada.page.locator("#ending-skip").is_visible():
        ada.page.click("#ending-skip")
    read = lambda query="": ada.page.request.get(f"{ada.node}/api/reports{query}").json()
    stage.until("the tally", lambda: "numbers" in read())
    if not read()["terms"]:
        assert stage.post("college", "/api/import", TERMS, "application/yaml")[0] == 200
        stage.until("the terms", lambda: read()["terms"])

    # Chats of the former service, hour by hour: in once, however often they are brought, and never in place of others.
    old = (datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=3)).strftime("%Y-%m-%d")
    past = lambda hours: stage.post("college", "/api/import", f'past: {{archives: {{{old}: "{hours}"}}}}'.encode(), "application/yaml")
    known = read()["numbers"]["former"]
    for _ in range(2):
        assert past("15 4 0 2 1; 16 2")[0] == 200
        stage.until("the past", lambda: read()["numbers"]["former"] == 6)
    assert known in (0, 6) and read()["numbers"]["formerUnanswered"] == 3 and read()["numbers"]["open"] == 0, read()["numbers"]
    assert "was brought in with other numbers" in str(past("14 1; 15 9")), past("14 1; 15 9")
    assert read()["numbers"]["former"] == 6

    # Before anybody asked, the page says why it is empty.
    page = stage.page(ada.context, "Ada")
    page.goto(f"{ada.node}/reports?from=2026-01-01&to=2026-01-31")
    expect(page.get_by_text("No chat was counted in these days.")).to_be_visible()
    stage.look(page, "reports-empty")
    before = read()["numbers"]

    # How it ended, asked once: Enter, a key, and at a phone in the dark.
    ada.on("archives")
    patron, column = ask(stage, ada, "Do you have the letters of 1848?")
    column.locator("[data-action=close]").click()
    expect(column.locator("[data-confirm=close]")).to_be_focused()
    expect(column.get_by_text("How did it end?")).to_be_visible()
    stage.look(ada.page, "desk-how-it-ended")
    ada.page.keyboard.press("Enter")
    expect(column).to_have_count(0)
    # The patron is asked whether they were helped, and need not say.
    survey = patron.card("closed").get_by_role("group", name="Were you helped?")
    expect(survey.get_by_role("button", name="Partly")).to_be_visible()
    stage.look(patron.page, "survey")
    survey.get_by_role("button", name="Yes").click()
    expect(patron.card("closed").get_by_role("status").filter(has_text="Thank you")).to_be_visible()
    stage.look(patron.page, "survey-thanks")
    patron, column = ask(stage, ada, "May I see the maps?")
    column.locator("[data-action=close]").click()
    ada.page.keyboard.press("Escape")
    expect(column.get_by_text("How did it end?")).to_have_count(0)
    column.locator("[data-action=close]").click()
    ada.page.keyboard.press("2")
    expect(column).to_have_count(0)
    patron, column = ask(stage, ada, "This is only practice.")
    ada.page.set_viewport_size(PHONE)
    ada.page.emulate_media(color_scheme="dark")
    column.locator("[data-action=close]").click()
    expect(column.get_by_role("button", name="Practice")).to_be_visible()
    assert ada.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the desk is wider than the screen"
    stage.look(ada.page, "desk-how-it-ended-phone-dark")
    column.get_by_role("button", name="Practice").click()
    expect(column).to_have_count(0)
    ada.page.set_viewport_size(WIDE)
    patron, column = ask(stage, ada, "Where is the reading room?")
    patron.end()
    # Nobody answers: one goes, one leaves a message.
    patron = stage.patron_of("archives")
    patron.ask("Are you there?")
    expect(ada.waiting("Are you there?")).to_be_visible()
    patron.end()
    ada.set("archives", False)
    patron = stage.patron_of("archives")
    expect(patron.launcher).to_contain_text("leave a message")
    patron.open().say("When do you open?")
    expect(patron.card("kept")).to_be_visible()
    stage.until("the message is counted", lambda: read()["numbers"]["missed"] > before["missed"])

    # Counted: five asked, three answered, and the practice in no number but its own.
    numbers = read()["numbers"]
    grown = {name: numbers[name] - before[name] for name in ("asked", "answered", "own", "missed", "abandoned", "open", "practice", "messages")}
    assert grown == {"asked": 5, "answered": 3, "own": 3, "missed": 1, "abandoned": 1, "open": 0, "practice": 1, "messages": 1}, grown
    endings = {name: numbers["endings"][name] - before["endings"][name] for name in numbers["endings"]}
    assert endings == {"answered": 1, "followUp": 1, "patronLeft": 0, "inappropriate": 0, "unsaid": 0, "byPatron": 1}, endings
    assert numbers["ratings"]["helped"] == before["ratings"]["helped"] + 1, numbers["ratings"]
    assert numbers["waits"]["count"] == numbers["answered"] and numbers["waits"]["within90"] >= numbers["waits"]["within30"]
    report = read()
    assert [share["library"] for share in report["answeredBy"]] == ["archives"] and report["ledger"]["posted"] >= 0
    for rows, count in (("hours", 24), ("weekdays", 7)):
        assert len(report[rows]) == count and sum(row["asked"] for row in report[rows]) == numbers["asked"], rows

    # For how long somebody was on duty for the general queue: this library's people staff none of it.
    assert report["duty"]["libraries"] == [{"library": "archives", "title": "The Archives", "minutes": 0, "peopleMinutes": 0, "answered": 0}], report["duty"]

    # The page, everywhere; each chart has its table.
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            context = stage.context(viewport, scheme)
            context.add_cookies(ada.context.cookies())
            page = stage.page(context, "Ada")
            page.goto(f"{ada.node}/reports")
            expect(page.get_by_role("row").filter(has_text="Somebody took the chat")).to_contain_text("%")
            expect(page.get_by_role("row").filter(has_text="… from the former service")).to_contain_text("6")
            expect(page.get_by_label("Library", exact=True)).to_be_hidden()
            expect(page.get_by_label("Term", exact=True)).to_be_visible()
            page.get_by_text("By hour of the day as a table").click()
            expect(page.get_by_role("region", name="By hour of the day")).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
            stage.look(page, f"reports-{size}-{scheme}")
            page.screenshot(path=str(stage.shots / f"reports-{size}-{scheme}-whole.png"), full_page=True)
    small = stage.context({"width": 320, "height": 640})
    small.add_cookies(ada.context.cookies())
    page = stage.page(small, "Ada")
    page.goto(f"{ada.node}/reports")
    expect(page.get_by_role("heading", name="The Archives")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than a small screen"

    # One printed page.
    page = stage.page(ada.context, "Ada")
    page.goto(f"{ada.node}/reports")
    expect(page.get_by_role("heading", name="Posted hours", exact=True)).to_be_visible()
    pdf = page.pdf(format="A4", path=str(stage.shots / "reports-printed.pdf"), prefer_css_page_size=False)
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1, "the term does not fit on one page"
    page.emulate_media(media="print")
    page.screenshot(path=str(stage.shots / "reports-printed.png"), full_page=True)

    # Who may read what.
    ned = stage.operator("ned.archives").sign_in()
    refused = ned.page.request.get(ned.node + "/api/reports")
    assert refused.status == 403 and "ChatWog, RMT and LTG" in refused.text(), refused.text()
    assert stage.context(WIDE).request.get(ned.node + "/api/reports").status == 401
    other = ada.page.request.get(ada.node + "/api/reports?library=memorial")
    assert other.status == 400 and "your own library" in other.text(), other.text()

    # RMT sees all, one by itself, and what is wrong is told.
    rob = stage.operator("rob.archives").sign_in()
    page = stage.page(rob.context, "Rob")
    page.goto(f"{rob.node}/reports")
    expect(page.get_by_role("heading", name="All libraries")).to_be_visible()
    stage.look(page, "reports-all")
    expect(page.get_by_role("row").filter(has_text="Any of them")).to_be_visible()
    page.get_by_role("heading", name="On duty for the general queue").scroll_into_view_if_needed()
    stage.look(page, "reports-duty")
    print_consortium(stage, stage.page(rob.context, "Rob"), f"{rob.node}/reports")
    page.get_by_role("link", name="The Archives").click()
    expect(page.get_by_label("Library", exact=True)).to_have_value("archives")
    page.get_by_label("First day").fill("2026-12-31")
    page.get_by_label("Last day").fill("2026-01-01")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("`from` is not after `to`")
    stage.look(page, "reports-wrong-days")
    today = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
    page.get_by_label("First day").fill(today)
    page.get_by_label("Last day").fill(today)
    page.get_by_label("Library", exact=True).select_option("general")
    page.get_by_role("button", name="Show").click()
    expect(page.get_by_role("heading", name="The general queue’s own button")).to_be_focused()

    # Two questions one after the other: the first one's answer comes last, and is not drawn as the second's.
    for name, title, held in (("reports", "#said", []), ("ledger", "#said", [])):
        page = stage.page(rob.context, "Rob")
        page.goto(f"{rob.node}/{name}?library=archives")
        expect(page.locator(title)).not_to_have_text("")
        one = page.locator(title).text_content()
        page.route(re.compile(f"/api/{name}[?](?!library=archives)"), lambda route, _, held=held: held.append(route))
        page.get_by_label("Library", exact=True).select_option("")
        page.get_by_label("First day").fill(today)
        page.get_by_role("button", name="Show").click()
        stage.until("the first question", lambda: page.wait_for_timeout(20) or held)
        with page.expect_response(re.compile(f"/api/{name}[?]library=archives")):
            page.go_back()
        with page.expect_response(re.compile(f"/api/{name}[?](?!library=archives)")):
            held[0].continue_()
        page.evaluate("fetch('/api/notices').then((answer) => answer.text())")
        assert page.locator(title).text_content() == one, page.locator(title).text_content()
        page.close()

    # For programs.
    csv = rob.page.request.get(rob.node + "/api/reports.csv?library=archives")
    assert csv.headers["content-type"].startswith("text/csv") and re.search(r"(?m)^archives,\d{4}-\d\d-\d\d,\d+,\d+,\d+,", csv.text()), csv.text()
    assert "archives,archives,own," in rob.page.request.get(rob.node + "/api/reports.csv?rows=answers").text()
    assert "The Archives" in stage.callslip("college", "reports", "archives") and "asked" in stage.callslip("steenbock", "reports")
    assert "library,hour,asked" in stage.callslip("steenbock", "reports", "archives", "--csv", "--rows", "hours")
    for person in (ada, ned, rob):
        person.leave()
