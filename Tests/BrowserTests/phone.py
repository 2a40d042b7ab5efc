"""On a phone the panel covers the page, and what one writes in stays above the on-screen keyboard; in the dark as in the light.
"""

from playwright.sync_api import expect

from stage import PHONE

KEYBOARD = {"width": 390, "height": 844 - 336}


def run(stage):
    mia = stage.operator("mia.memorial").sign_in().on("memorial")
    for scheme in ["light", "dark"]:
        patron = stage.patron("memorial", viewport=PHONE, scheme=scheme, has_touch=True, is_mobile=True)
        expect(patron.launcher).to_contain_text("here now")
        patron.launcher.tap()
        expect(patron.composer).to_be_focused()
        box = patron.page.locator("#callslip-panel").bounding_box()
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
    dark = stage.page(stage.context(PHONE, "dark"), "chat page")
    dark.goto(stage.node("memorial") + "/chat/memorial@chat.example.org")
    expect(dark.locator("#callslip-presence")).to_contain_text("is here")
    stage.look(dark, "page-dark")
    mia.leave()
