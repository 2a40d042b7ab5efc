"""End and block for 24 hours: the patron's own browser keeps the pause and nothing else, says until when it is, and every other browser is as before.
"""

from playwright.sync_api import expect

from stage import DESKTOP, PHONE

DAY_MS = 24 * 3600 * 1000
KEPT = "Object.entries(localStorage).filter(([name]) => name.startsWith('callslip.'))"


def run(stage):
    stan = stage.operator("stan.steenbock").sign_in().on("general")
    for name, options in [("desktop-light", {"viewport": DESKTOP}), ("phone-dark", {"viewport": PHONE, "scheme": "dark"})]:
        context = stage.context(**options)
        patron = stage.patron("memorial", context)
        expect(patron.launcher).to_contain_text("answers now")
        question = f"Something rude ({name})"
        patron.ask(question)
        column = stan.claim(question)

        # Asked twice at the desk, with what it means.
        column.locator("[data-action=close]").click()
        column.locator("[data-ask-block]").click()
        expect(column).to_contain_text("no name and no address is kept")
        stage.look(stan.page, f"pause-desk-{name}")
        stan.page.keyboard.press("Escape")
        expect(column.locator("[data-confirm=block]")).to_have_count(0)
        column.locator("[data-action=close]").click()
        column.locator("[data-ask-block]").click()
        column.locator("[data-confirm=block]").click()
        expect(column).to_have_count(0)

        # The page says so, offers no other chat, and keeps a time alone.
        expect(patron.card("closed")).to_contain_text("asked for a pause")
        expect(patron.page.locator("#callslip-again")).to_have_count(0)
        stage.look(patron.page, f"pause-closed-{name}")
        kept = patron.page.evaluate(KEPT)
        assert [entry[0] for entry in kept] == ["callslip.pause"], kept
        now = patron.page.evaluate("Date.now()")
        assert now + DAY_MS - 300_000 < int(kept[0][1]) <= now + DAY_MS, kept
        patron.page.locator("#callslip-card-clear").click()
        patron.page.locator("#callslip-clear-yes").click()
        expect(patron.card("cleared")).to_contain_text("Only the pause stays")
        patron.page.locator("#callslip-cleared-ok").click()

        # Another page of the site, later: the same, and an answer can still be collected.
        patron.page.goto(stage.site + "/library/memorial")
        patron.launcher.click()
        expect(patron.card("paused")).to_contain_text("A pause until")
        expect(patron.composer).to_be_hidden()
        expect(patron.page.locator("#callslip-collect")).to_be_visible()
        stage.look(patron.page, f"pause-{name}")

        # Over: as if nothing had been.
        patron.page.evaluate("localStorage.setItem('callslip.pause', String(Date.now() - 1))")
        patron.page.reload()
        patron.launcher.click()
        expect(patron.composer).to_be_visible()
        assert patron.page.evaluate(KEPT) == []

    # Another browser, also at once.
    other = stage.patron("memorial")
    other.ask("A good question")
    column = stan.claim("A good question")
    stan.close(column)
    stan.leave()
