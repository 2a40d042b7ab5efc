"""On a phone the panel covers the page, and what one writes in stays above the on-screen keyboard; in the dark as in the light.
"""

from playwright.sync_api import expect

from stage import PHONE

KEYBOARD = {"width": 390, "height": 844 - 336}
# What a reader sees who enlarges a page four times (WCAG 1.4.10): nothing may be cut off or scroll sideways.
NARROW = {"width": 320, "height": 568}
LONG = "https://www.library.example.edu/a/very/long/path/that/goes/on/and/on/for/ever.html and averyveryverylongwordthatdoesnotwanttobreakanywhereatall"


def run(stage):
    mia = stage.operator("mia.memorial").sign_in().on("memorial")
    for scheme in ["light", "dark"]:
        patron = stage.patron("memorial", viewport=PHONE, scheme=scheme, has_touch=True, is_mobile=True)
        expect(patron.launcher).to_contain_text("here now")
        patron.launcher.tap()
        expect(patron.composer).to_be_focused()
        panel = patron.page.locator("#callslip-panel")
        expect(panel).to_have_attribute("aria-modal", "true")
        box = panel.bounding_box()
        assert (round(box["x"]), round(box["width"])) == (0, 390), box
        stage.look(patron.page, f"phone-own-{scheme}")
        patron.composer.fill(f"From a phone, {scheme}")
        # A finger's Enter is a new line; Send sends.
        patron.composer.press("Enter")
        expect(patron.composer).to_have_value(f"From a phone, {scheme}\n")
        patron.page.locator("#callslip-send").tap()
        column = mia.claim(f"From a phone, {scheme}")
        for number in range(8):
            mia.say(column, f"Line {number} for a phone")
        patron.sees("Line 7 for a phone")
        # The keyboard comes up: composer and newest line stay in sight.
        patron.composer.tap()
        patron.page.set_viewport_size(KEYBOARD)
        patron.page.wait_for_function("(height) => window.visualViewport.height <= height + 1", arg=KEYBOARD["height"])
        for what in [patron.composer, patron.page.locator("#callslip-send"), patron.said("Line 7 for a phone")]:
            expect(what).to_be_in_viewport()
            box = what.bounding_box()
            assert box["y"] + box["height"] <= KEYBOARD["height"] + 1, box
        stage.look(patron.page, f"phone-keyboard-{scheme}")
        patron.page.set_viewport_size(PHONE)
        targets = patron.page.locator("#callslip-panel button:visible")
        for number in range(targets.count()):
            box = targets.nth(number).bounding_box()
            assert min(box["width"], box["height"]) >= 24, (targets.nth(number).get_attribute("id"), box)
        stage.look(patron.page, f"phone-chat-{scheme}")
        patron.end()
        stage.look(patron.page, f"phone-closed-{scheme}")
        mia.page.locator("[data-action=dismiss]:visible").click()
    patron = stage.patron("memorial", viewport=NARROW)
    expect(patron.launcher).to_contain_text("here now")
    patron.ask(LONG)
    mia.page.set_viewport_size(NARROW)
    column = mia.claim("averyvery")
    mia.say(column, LONG)
    expect(patron.page.locator("#callslip-log [data-by=staff]")).to_be_visible()
    for page in (patron.page, mia.page):
        assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
    logs = [patron.page.locator("#callslip-log"), column.locator("[data-log]")]
    for log in logs:
        assert log.evaluate("(log) => log.scrollWidth <= log.clientWidth")
    stage.look(patron.page, "narrow-panel")
    stage.look(mia.page, "narrow-desk")
    mia.close(column)
    dark = stage.page(stage.context(PHONE, "dark"), "chat page")
    dark.goto(stage.node("memorial") + "/chat/memorial@chat.example.org")
    expect(dark.locator("#callslip-presence")).to_contain_text("is here")
    stage.look(dark, "page-dark")
    mia.leave()
