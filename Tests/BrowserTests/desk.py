"""The desk at work: chats that waited before sign-on, four side by side, timers, drafts, sounds, notices, keys.
"""

import re

from playwright.sync_api import expect

from stage import PHONE

# Stands in for the browser's notices, and keeps what they would have shown.
NOTICES = """
window.noticed = [];
window.Notification = class { static permission = "granted"; static requestPermission = async () => "granted";
  constructor(title, options) { window.noticed.push(`${title}: ${options.body}`); } close() {} };
Object.defineProperty(document, "hasFocus", { value: () => !window.behind });
"""


QUESTIONS = [
    ("memorial", "Where is the map room, and may I scan there?"),
    ("college", "Can I renew a laptop online?"),
    ("memorial", "Do you have the 1911 survey of Dane County?"),
    ("college", "Who helps me to cite an interview?"),
]
TITLES = {"memorial": "Memorial Library", "college": "College Library"}


def run(stage):
    cora = stage.operator("cora.college").sign_in().on("general")
    patrons = []
    for queue, question in QUESTIONS:
        patron = stage.patron(queue)
        expect(patron.launcher).to_contain_text("answers now")
        patron.ask(question)
        expect(patron.ack(question)).to_have_text("sent")
        patrons.append(patron)

    # They came before his sign-on, and he sees all of them, oldest first.
    context = stage.context({"width": 1440, "height": 900})
    context.add_init_script(NOTICES)
    stan = stage.operator("stan.steenbock", context=context).sign_in()
    stan.on("general")
    cora.leave()
    page = stan.page
    lines = page.locator("#waiting-list [data-waiting-chat]")
    expect(lines).to_have_count(4)
    for number, (queue, question) in enumerate(QUESTIONS):
        expect(lines.nth(number)).to_contain_text(question)
        expect(lines.nth(number)).to_contain_text(TITLES[queue])
        expect(lines.nth(number).locator(".slip-wait")).to_have_text(re.compile(r"^\d+:\d\d$"))
    expect(page).to_have_title("(4) Desk")
    sounds = page.locator("html")
    expect(sounds).to_have_attribute("data-sounds-played", re.compile(r"chat:[1-9]"))
    stage.look(page, "desk-waiting-four")

    # Alt+N claims the oldest, each time.
    for queue, question in QUESTIONS:
        page.keyboard.press("Alt+n")
        column = stan.column(question)
        expect(column.locator("[data-composer]")).to_be_focused()
    columns = page.locator("[data-chat-column]:visible")
    expect(columns).to_have_count(4)
    tops = {round(columns.nth(number).bounding_box()["y"]) for number in range(4)}
    assert len(tops) == 1, "four chats stand side by side"
    expect(columns.first.locator("[data-library-card]")).to_contain_text("About Memorial Library")
    expect(columns.first.locator("[data-timer=owed]")).to_have_text(re.compile(r"Waits for you \d+:\d\d"))
    page.emulate_media(color_scheme="dark")
    stage.look(page, "desk-four-dark")
    page.emulate_media(color_scheme="light")

    # role=log, done right: one polite log for each chat, named, reachable by keyboard, and no line in it is made twice.
    logs = page.locator('[data-chat-column] [role="log"]')
    expect(logs).to_have_count(4)
    names = {logs.nth(number).get_attribute("aria-label") for number in range(4)}
    assert len(names) == 4, names
    assert logs.first.get_attribute("tabindex") == "0"
    logs.first.evaluate("(log) => log.querySelectorAll('.message, .event').forEach((line) => { line.seenBefore = true; })")
    stan.say(columns.first, "On the fourth floor.")
    patrons[0].sees("On the fourth floor.")
    expect(columns.first.locator(".message", has_text="On the fourth floor.")).to_have_attribute("data-ack", "safe")
    assert logs.first.evaluate("(log) => [...log.querySelectorAll('.message, .event')].filter((line) => !line.seenBefore).length") == 1
    expect(columns.first.locator("[data-timer=silent]")).to_have_text(re.compile(r"Patron silent \d+:\d\d"))
    stage.look(page, "desk-four")

    # Drafts stay with their chat: over a switch, and over a reload.
    page.keyboard.press("Alt+2")
    expect(columns.nth(1).locator("[data-composer]")).to_be_focused()
    page.keyboard.type("Half a thought")
    page.keyboard.press("Alt+3")
    expect(columns.nth(2).locator("[data-composer]")).to_be_focused()
    page.keyboard.press("Alt+2")
    expect(columns.nth(1).locator("[data-composer]")).to_have_value("Half a thought")
    page.reload()
    expect(page.locator("[data-chat-column]:visible")).to_have_count(4)
    expect(stan.column(QUESTIONS[1][1]).locator("[data-composer]")).to_have_value("Half a thought")
    expect(page.locator("[data-log]").get_by_text("On the fourth floor.", exact=True)).to_have_count(1)
    page.locator("body").click(position={"x": 5, "y": 5})

    # A message while the page is behind another: a tick of its own, a notice without a word of the patron's, the count in the title.
    page.evaluate("window.behind = true")
    patrons[2].say("My secret is 4711")
    expect(page.locator("[data-log]").get_by_text("My secret is 4711", exact=True)).to_be_visible()
    page.wait_for_function("window.noticed.length > 0")
    assert all("4711" not in notice and "survey" not in notice for notice in page.evaluate("window.noticed")), page.evaluate("window.noticed")
    expect(page).to_have_title("(1) Desk")
    expect(sounds).to_have_attribute("data-sounds-played", re.compile(r"message:[1-9]"))
    page.evaluate("window.behind = false")
    page.keyboard.press("Alt+3")
    expect(page).to_have_title("Desk")

    # Ctrl+K finds a library's card.
    page.keyboard.press("Control+k")
    expect(page.locator("#palette-search")).to_be_focused()
    page.keyboard.type("law lib")
    expect(page.locator("#palette-list [role=option]").first).to_contain_text("Law Library")
    stage.look(page, "desk-palette")
    page.keyboard.press("Enter")
    expect(page.locator("dialog[open]")).to_contain_text("608-262-3394")
    stage.look(page, "desk-library")
    page.keyboard.press("Escape")
    page.locator("#open-team").click()
    expect(page.locator("dialog[open]")).to_contain_text("Law Library")
    stage.look(page, "desk-team")
    page.keyboard.press("Escape")
    page.locator("#open-help").click()
    stage.look(page, "desk-keys")
    page.keyboard.press("Escape")

    page.locator("#leaving").click()
    expect(page.locator("#leaving-note")).to_contain_text(re.compile(r"You leave in (10:00|9:5\d)"))
    expect(page.locator("#leaving")).to_have_text("Stay after all")
    page.locator("#leaving").click()
    expect(page.locator("#leaving")).to_have_text("Leaving in 10 minutes")

    page.set_viewport_size(PHONE)
    expect(page.locator("[data-chat-column]:visible")).to_have_count(1)
    stage.look(page, "desk-phone")
    page.set_viewport_size({"width": 1440, "height": 900})
    for _, question in QUESTIONS:
        stan.close(stan.column(question))
    # Each queue has its own switch: going away from one leaves the others.
    stan.on("steenbock").set("general", False)
    expect(stan.switch("steenbock")).to_have_attribute("aria-checked", "true")
    stage.until("the general queue to be off alone", lambda: [stage.presence(queue, "college") for queue in ("general", "steenbock")] == ["unavailable", "available"], 5)
    stan.leave()
