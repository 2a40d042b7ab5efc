"""Everything by the keyboard alone, on both sides.
"""

from playwright.sync_api import expect

from stage import PASSWORDS


def tab_to(page, locator, limit=40):
    """Presses Tab until the element has the focus."""
    for _ in range(limit):
        page.keyboard.press("Tab")
        if locator.evaluate("(element) => element.getRootNode().activeElement === element"):
            return
    raise AssertionError(f"{locator} is not reached by {limit} tabs")


def run(stage):
    mia = stage.operator("mia.memorial")
    page = mia.page
    page.goto(mia.node + "/desk")
    expect(page.locator("#signin-operator")).to_be_focused()
    page.keyboard.type("mia.memorial")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORDS["mia.memorial"])
    page.keyboard.press("Enter")
    expect(mia.switch("memorial")).to_be_visible()
    if mia.switch("memorial").get_attribute("aria-checked") != "true":
        tab_to(page, mia.switch("memorial"))
        page.keyboard.press("Space")
    expect(mia.switch("memorial")).to_have_attribute("aria-checked", "true")
    bea = stage.operator("bea.business").sign_in().on("business")

    patron = stage.patron("memorial")
    expect(patron.launcher).to_contain_text("here now")
    tab_to(patron.page, patron.launcher)
    patron.page.keyboard.press("Enter")
    expect(patron.composer).to_be_focused()
    expect(patron.page.locator("#callslip-presence")).to_contain_text("Memorial Library is here")
    stage.look(patron.page, "panel-own")
    patron.page.keyboard.type("By keyboard")
    patron.page.keyboard.press("Shift+Enter")
    patron.page.keyboard.type("on two lines")
    patron.page.keyboard.press("Enter")
    expect(mia.waiting("By keyboard")).to_be_visible()
    page.keyboard.press("Alt+n")
    column = mia.column("By keyboard")
    expect(column.locator("[data-composer]")).to_be_focused()
    page.keyboard.type("By keyboard, too")
    page.keyboard.press("Enter")
    patron.sees("By keyboard, too")

    # The transfer, by its list: arrows and Enter.
    page.keyboard.press("Alt+t")
    expect(page.locator("#transfer-search")).to_be_focused()
    page.keyboard.type("busi")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#transfer-choice")).to_have_text("Chosen: Business Library")
    page.keyboard.press("Enter")
    expect(patron.card("transfer")).to_be_visible()
    tab_to(patron.page, patron.page.locator("#callslip-no"))
    patron.page.keyboard.press("Enter")
    expect(patron.card("transfer")).to_have_count(0)
    expect(patron.composer).to_be_focused()

    # Escape minimises, and what is left brings it back.
    patron.page.keyboard.press("Escape")
    expect(patron.page.locator("#callslip-tab")).to_be_focused()
    patron.page.keyboard.press("Enter")
    expect(patron.composer).to_be_focused()
    tab_to(patron.page, patron.page.locator("#callslip-end"))
    patron.page.keyboard.press("Enter")
    expect(patron.page.locator("#callslip-end-yes")).to_be_focused()
    patron.page.keyboard.press("Escape")
    expect(patron.composer).to_be_focused()

    tab_to(page, column.locator("[data-action=close]"))
    page.keyboard.press("Enter")
    expect(column.locator("[data-confirm=close]")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-chat-column]")).to_have_count(0)
    for operator in (mia, bea):
        operator.leave()
