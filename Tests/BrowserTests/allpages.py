"""Every page of staff is found from the desk: by the link in it, by its search, and from the list of all pages; and each leads back.
"""

from playwright.sync_api import expect

from stage import DESKTOP, PHONE


def run(stage):
    mia = stage.operator("mia.memorial").sign_in()
    with mia.page.expect_popup() as opened:
        mia.page.get_by_role("link", name="All pages").click()
    page = opened.value
    expect(page.get_by_role("heading", name="All pages")).to_be_visible()
    for title in ("Shifts", "Registers", "Sign-ins", "Reports", "Audit log", "Reported problems"):
        expect(page.get_by_role("link", name=title, exact=True)).to_be_visible()
    page.close()
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            page = stage.page(stage.context(viewport, scheme), "Mia")
            page.goto(f"{mia.node}/pages")
            expect(page.get_by_role("link", name="Registers", exact=True)).to_be_visible()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
            stage.look(page, f"all-pages-{size}-{scheme}")

    # By keyboard alone: the desk's search opens it, and it leads back.
    mia.page.keyboard.press("Control+K")
    mia.page.keyboard.type("onboarding")
    expect(mia.page.locator("#palette-list [role=option]").first).to_contain_text("Registers")
    stage.look(mia.page, "desk-palette-pages")
    with mia.page.expect_popup() as opened:
        mia.page.keyboard.press("Enter")
    page = opened.value
    expect(page.get_by_role("heading", name="Registers", exact=True)).to_be_visible()
    page.get_by_role("link", name="All pages").click()
    page.get_by_role("link", name="Desk", exact=True).click()
    expect(page).to_have_url(f"{mia.node}/desk")
    mia.leave()
