"""Whom a person is on duty for: asked at sign-on, said with one click or key; what they are on duty for comes first, and the rest a little later, or at once when nobody on duty is free.
"""

from playwright.sync_api import expect

from stage import PHONE, SECOND


def run(stage):
    mia = stage.operator("mia.memorial").sign_in()
    asked = mia.page.locator("#duty")
    expect(asked).to_contain_text("Whom are you on duty for?")
    stage.look(mia.page, "duty-asked-light")

    # With the keyboard alone; it makes her available, and no switch was touched.
    library = mia.page.locator("[data-duty=library]")
    expect(mia.switch("memorial")).to_have_attribute("aria-checked", "false")
    library.focus()
    library.press("Enter")
    expect(library).to_have_attribute("aria-pressed", "true")
    expect(mia.switch("memorial")).to_have_attribute("aria-checked", "true")
    expect(mia.switch("general")).to_have_attribute("aria-checked", "false")
    expect(mia.page.locator("#announce")).to_contain_text("You are on duty")
    mia.on("general")
    stage.look(mia.page, "duty-library-light")

    # Stan has the general queue, so what waits there is first for him: Mia sees it, and it does not ring yet.
    stan = stage.operator("stan.steenbock", scheme="dark").sign_in()
    stan.page.locator("[data-duty=general]").click()
    expect(stan.switch("general")).to_have_attribute("aria-checked", "true")
    patron = stage.patron("college")
    expect(patron.launcher).to_contain_text("answers now")
    patron.ask("Who rings first?")
    there, here = stan.waiting("Who rings first?"), mia.waiting("Who rings first?")
    expect(there).to_have_attribute("data-first", "false")
    expect(here).to_have_attribute("data-first", "true")
    expect(here).to_contain_text("First for colleagues on duty; rings here in")
    expect(mia.page).to_have_title("Desk")
    expect(stan.page).to_have_title("(1) Desk")
    stage.look(mia.page, "duty-first-for-others-light")
    stage.look(stan.page, "duty-first-for-me-dark")

    # Her own library's chat comes later, and stands before it.
    own = stage.patron("memorial")
    expect(own.launcher).to_contain_text("here now")
    own.ask("A question for Memorial")
    lines = mia.page.locator("#waiting-list > [data-waiting-chat]")
    expect(lines.first).to_contain_text("A question for Memorial")
    expect(lines.nth(1)).to_contain_text("Who rings first?")

    # Nobody waits for ever for somebody on duty: in a while it rings here too.
    expect(here).to_have_attribute("data-first", "false", timeout=40 * SECOND)
    expect(mia.page).to_have_title("(2) Desk")

    # Nothing is forbidden; and whoever is on duty may go, then it is everybody's at once.
    stan.set("general", False)
    second = stage.patron("college")
    second.ask("And who now?")
    expect(mia.waiting("And who now?")).to_have_attribute("data-first", "false")

    # Colleagues see it, and the search changes it.
    stan.page.locator("#open-team").click()
    expect(stan.page.locator("#team-staff")).to_contain_text("On duty for their library")
    stage.look(stan.page, "duty-team-dark")
    stan.page.keyboard.press("Escape")
    mia.page.keyboard.press("Control+k")
    mia.page.fill("#palette-search", "on duty for my library and")
    mia.page.keyboard.press("Enter")
    expect(mia.page.locator("[data-duty=both]")).to_have_attribute("aria-pressed", "true")
    mia.page.set_viewport_size(PHONE)
    expect(mia.page.locator("#duty")).to_be_visible()
    stage.look(mia.page, "duty-phone-light")
    mia.page.set_viewport_size({"width": 1440, "height": 900})

    for question in ("Who rings first?", "A question for Memorial", "And who now?"):
        column = mia.claim(question)
        mia.close(column)
    mia.leave()
    stan.leave()
