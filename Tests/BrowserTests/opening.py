"""Posted hours steer the button (agreement, 3): who signs on early is ready, "Open now" opens everywhere, and a closing takes the button off while chats go on.
"""

import datetime

from playwright.sync_api import expect

from stage import COORDINATORS, LIBRARIES, PHONE, WIDE

ALWAYS = 'hours: {law: {zone: Etc/UTC, semester: {monday to sunday: "0:00-24:00"}, intersession: closed, break: closed}}'
NEVER = "hours: {law: {zone: Etc/UTC, semester: closed, intersession: closed, break: closed}}"
SOON = 'hours: {business: {zone: Etc/UTC, semester: {monday to sunday: "HALF"}, intersession: closed, break: closed}}'


def run(stage):
    def everywhere(show, line):
        for node in COORDINATORS + LIBRARIES:
            stage.until(f"{node} says {show}", lambda: stage.presence("law", node).strip() == show)
            stage.until(f"{node} says `{line}`", lambda: f"law  {line}" in stage.get(f"{stage.node(node)}/hours/hours.txt"))

    assert stage.post("memorial", "/api/import", NEVER.encode(), "application/yaml")[0] == 200
    everywhere("unavailable", "Closed.")

    # Signing on early means ready: the button stays off, and patrons read that it is closed.
    desks = {}
    for size, viewport in (("desktop", WIDE), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            desk = stage.operator("lea.law", viewport=viewport, scheme=scheme).sign_in().on("law")
            row = desk.page.locator('[data-queue="law"]')
            expect(row).to_contain_text("Ready: outside posted hours")
            expect(row.locator("[data-queue-open-now]")).to_be_visible()
            assert desk.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the desk is wider than the screen"
            stage.look(desk.page, f"desk-ready-{size}-{scheme}")
            desks[size, scheme] = desk
    everywhere("unavailable", "Closed.")
    patron = stage.patron("law")
    expect(patron.launcher).to_contain_text("leave a message")
    patron.open()
    expect(patron.page.locator("#callslip-presence")).to_contain_text("Closed. Leave your question")
    stage.look(patron.page, "panel-outside-hours")
    patron.page.close()

    # "Open now", by the one who sits there.
    lea = desks["phone", "dark"]
    row = lea.page.locator('[data-queue="law"]')
    expect(row.locator("[data-queue-open-for]")).to_have_value("60")
    row.locator("[data-queue-open-for]").select_option("120")
    row.locator("[data-queue-open-now]").focus()
    lea.page.keyboard.press("Enter")
    expect(row).to_contain_text("On, 1 there")
    expect(row.locator("[data-queue-open-now]")).to_be_hidden()
    everywhere("available", "Open until ")
    stage.look(lea.page, "desk-opened-now")

    # Ten minutes before a library closes, its people are told.
    soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=8)
    half_a_day = f"{(soon.hour + 12) % 24}:{soon.minute:02}-{soon.hour}:{soon.minute:02}"
    assert stage.post("memorial", "/api/import", SOON.replace("HALF", half_a_day).encode(), "application/yaml")[0] == 200
    bea = stage.operator("bea.business").sign_in().on("business")
    expect(bea.page.get_by_text("Business Library closes in ").first).to_be_visible(timeout=60_000)
    stage.look(bea.page, "desk-closes-soon")
    bea.leave()
    assert stage.post("memorial", "/api/import", ALWAYS.replace("law:", "business:").encode(), "application/yaml")[0] == 200

    # A snow day takes the button off at once; the chat goes on.
    patron = stage.patron("law")
    expect(patron.launcher).to_contain_text("here now")
    patron.ask("May I quote a statute?")
    column = lea.claim("May I quote a statute?")
    lea.page.locator("#tabs [data-tab=rail]").click()
    lea.page.locator("#closing summary").click()
    lea.page.select_option("#closing-minutes", "120")
    lea.page.fill("#closing-note", "Snow")
    stage.look(lea.page, "desk-closing")
    lea.page.press("#closing-note", "Enter")
    expect(lea.page.locator("#closing-close")).to_be_hidden()
    # Whoever sees the desk is told as well as whoever hears it.
    expect(lea.page.locator(".notice", has_text="Law Library is closed for 2 hours")).to_be_visible()
    expect(row).to_contain_text("Ready: its library has closed at short notice")
    stage.look(lea.page, "desk-closed-at-short-notice")
    everywhere("unavailable", "Closed: Snow.")
    expect(stage.patron("law").launcher).to_contain_text("leave a message")
    patron.say("And a bill?")
    lea.page.locator("#tabs [data-tab]:not([data-tab=rail])").click()
    lea.sees("And a bill?")
    lea.say(column, "Both, with their numbers.")
    patron.sees("Both, with their numbers.")
    patron.end()

    # Open again, and open always: the other scenes find the library as it was.
    if lea.page.locator("#tabs [data-tab=rail]").is_visible():
        lea.page.locator("#tabs [data-tab=rail]").click()
    lea.page.locator("#closing summary").click()
    lea.page.click("#closing-reopen")
    expect(lea.page.locator(".notice", has_text="the posted hours stand again")).to_be_visible()
    everywhere("unavailable", "Closed.")
    assert stage.post("memorial", "/api/import", ALWAYS.encode(), "application/yaml")[0] == 200
    everywhere("available", "Open")
    lea.leave()
