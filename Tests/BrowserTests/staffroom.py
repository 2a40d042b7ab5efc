"""The staff room: colleagues of all libraries say short things to each other, and who is swamped asks those who volunteered; one of them takes a chat.
"""

from playwright.sync_api import expect

from stage import PHONE


def run(stage):
    mia = stage.operator("mia.memorial").sign_in().on("general")
    stan = stage.operator("stan.steenbock", scheme="dark").sign_in().on("general")

    # Empty, and opened by a key; the focus is where one writes, and goes back.
    mia.page.locator("#waiting-title").focus()
    mia.page.keyboard.press("Alt+s")
    expect(mia.page.locator("#room-text")).to_be_focused()
    stage.look(mia.page, "staffroom-first-light")
    mia.page.keyboard.press("Enter")
    expect(mia.page.locator("#room-error")).to_contain_text("Write something first")
    mia.page.keyboard.type("Is the <b>map room</b> open today?")
    mia.page.keyboard.press("Enter")
    expect(mia.page.locator("#room-log")).to_contain_text("Is the <b>map room</b> open today?")
    expect(mia.page.locator("#room-text")).to_have_value("")
    mia.page.fill("#room-text", "x" * 301)
    expect(mia.page.locator("#room-error")).to_contain_text("Too long by 1")
    mia.page.fill("#room-text", "")

    # A colleague elsewhere is told without being disturbed, and answers.
    expect(stan.page.locator("#open-room")).to_contain_text("Staff room (1)")
    stan.page.locator("#open-room").click()
    expect(stan.page.locator("#room-log .room-line")).to_have_count(1)
    stan.page.keyboard.type("Until five.")
    stan.page.keyboard.press("Enter")
    expect(mia.page.locator("#room-log")).to_contain_text("Until five.")
    expect(mia.page.locator("#room-people")).to_contain_text("Stan")
    stage.look(stan.page, "staffroom-dark")
    stan.page.keyboard.press("Escape")
    mia.page.keyboard.press("Escape")
    expect(mia.page.locator("#waiting-title")).to_be_focused()
    expect(stan.page.locator("#open-room")).to_have_text("Staff room")
    # What was read stays read over a reload; what comes then is counted.
    stan.page.reload()
    expect(stan.page.locator("[data-queue-switch]").first).to_be_visible()
    mia.page.locator("#open-room").click()
    mia.page.keyboard.type("Thank you.")
    mia.page.keyboard.press("Enter")
    mia.page.keyboard.press("Escape")
    expect(stan.page.locator("#open-room")).to_have_text("Staff room (1)")
    stan.page.locator("#open-room").click()
    stan.page.keyboard.press("Escape")

    # Stan volunteers; Mia is swamped; he takes one, and she sees it.
    stan.page.locator("#volunteer").focus()
    stan.page.keyboard.press("Space")
    expect(stan.page.locator("#announce")).to_contain_text("You are asked when a colleague is swamped")
    patron = stage.patron("college")
    expect(patron.launcher).to_contain_text("answers now")
    patron.ask("Is anybody there?")
    expect(stan.waiting("Is anybody there?")).to_be_visible()
    mia.page.locator("#swamped").click()
    expect(mia.page.locator(".notices")).to_contain_text("One colleague is asked")
    expect(mia.page.locator("[data-call]")).to_have_count(0)
    expect(stan.page.locator("[data-call]")).to_contain_text("Mia")
    stage.look(stan.page, "staffroom-call-dark")
    stan.page.locator("[data-take-one]").click()
    column = stan.column("Is anybody there?")
    expect(stan.page.locator("[data-call]")).to_have_count(0)
    mia.page.locator("#open-room").click()
    expect(mia.page.locator("#room-log")).to_contain_text("takes a chat off Mia")
    expect(mia.page.locator("#room-people")).to_contain_text("Helps whoever is swamped")
    mia.page.set_viewport_size(PHONE)
    stage.look(mia.page, "staffroom-phone-light")
    mia.page.keyboard.press("Escape")
    mia.page.set_viewport_size({"width": 1440, "height": 900})

    # Asked again too soon: said why.
    mia.page.locator("#swamped").click()
    expect(mia.page.locator(".notices")).to_contain_text("You asked for help just now")

    # Nothing of it is in the chat.
    expect(column.locator("[data-log]")).not_to_contain_text("map room")
    stan.close(column)
    mia.leave()
    stan.leave()
