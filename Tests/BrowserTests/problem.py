"""Problems are reported on every page, signed in or not, and whoever reported one reads what becomes of it; while the coordinators are gone a report waits.
"""

import json
import re

from playwright.sync_api import expect

from stage import COORDINATORS, PHONE, SECOND


def report(page, text):
    page.get_by_label("What went wrong?").fill(text)
    page.get_by_role("button", name="Report it").click()


def ticket(page, number):
    return page.locator(f'#tickets > li[data-number="{number}"]')


def number_of(stage, text):
    """What `callslip tickets` calls the report."""
    found = None

    def listed():
        nonlocal found
        lines = [line for line in stage.callslip("c1", "tickets", "list", "--all").splitlines() if text in line]
        found = lines and int(lines[0].split()[0])
        return found

    stage.until(f"the report `{text}`", listed)
    return found


def run(stage):
    # A patron, from the panel: nobody is signed in. What goes along is shown before, and has nothing of the chat in it.
    patron = stage.patron("memorial").ask("My secret question")
    expect(patron.ack("My secret question")).to_have_text("sent")
    with patron.context.expect_page() as opened:
        patron.page.locator("#callslip-report").click()
    page = opened.value
    expect(page.get_by_role("heading", name="Report a problem")).to_be_visible()
    stage.look(page, "problem-empty")
    page.get_by_role("button", name="Report it").click()
    expect(page.locator("#report .error")).to_have_text("Say in a sentence what went wrong.")
    expect(page.get_by_label("What went wrong?")).to_be_focused()
    page.get_by_text("What that is").click()
    bundle = page.locator("#bundle")
    expect(bundle).to_contain_text("panel: ready")
    assert "secret" not in bundle.text_content() and not re.search(r"[0-9a-f]{16}", bundle.text_content()), bundle.text_content()
    report(page, "The send button does nothing.")
    expect(page.locator("#said")).to_contain_text("Thank you")
    number = number_of(stage, "The send button does nothing.")
    expect(ticket(page, number)).to_contain_text("Open")
    stage.look(page, "problem-reported")

    # LTG reads it with what went along, takes it, and solves it; the page shows each step by itself.
    whole = stage.callslip("c1", "tickets", "show", str(number))
    assert "The send button does nothing." in whole and "panel: ready" in whole and "node: memorial, served by" in whole, whole
    stage.callslip("c2", "tickets", "take", str(number), "Robin of LTG")
    expect(ticket(page, number)).to_contain_text("In work, looked after by Robin of LTG", timeout=40 * SECOND)
    stage.callslip("c3", "tickets", "solve", str(number), "The button was hidden behind a banner; it is not any more.")
    expect(ticket(page, number)).to_contain_text("hidden behind a banner", timeout=40 * SECOND)
    stage.until("what went along to be gone", lambda: "panel: ready" not in stage.callslip("c1", "tickets", "show", str(number)))

    # The link that a patron keeps leads there in another browser, where it is said that it happens again: it is open once more.
    link = page.get_by_role("link", name=f"Link to report {number}").get_attribute("href")
    other = stage.page(stage.context(PHONE, "dark"), "the patron at home")
    other.goto(stage.node("college") + link)
    expect(ticket(other, number)).to_contain_text("Solved")
    stage.look(other, "problem-phone-dark")
    field = ticket(other, number).get_by_label("It happens again, or was not that?")
    field.focus()
    other.keyboard.type("On my phone it still is.")
    other.keyboard.press("Tab")
    other.keyboard.press("Enter")
    expect(ticket(other, number)).to_contain_text("On my phone it still is.")
    expect(ticket(other, number)).to_contain_text(f"Report {number}: Open")
    # A key that nobody has leads nowhere.
    stranger = stage.page(stage.context(), "a stranger")
    stranger.goto(stage.node("college") + "/problem")
    expect(stranger.locator("#mine")).to_be_hidden()

    # At the desk, signed in: one's own reports, without a key; a colleague of another library sees none of it.
    mia = stage.operator("mia.memorial").sign_in()
    with mia.context.expect_page() as opened:
        mia.page.locator("#report-problem").click()
    page = opened.value
    report(page, "Two chats rang at once.")
    expect(page.locator("#said")).to_contain_text("Thank you")
    own = number_of(stage, "Two chats rang at once.")
    expect(ticket(page, own)).to_contain_text("mia.memorial")
    stage.look(page, "problem-desk")
    assert "memorial  mia.memorial: Two chats" in stage.callslip("c1", "tickets"), stage.callslip("c1", "tickets")
    lea = stage.operator("lea.law").sign_in()
    status = lea.page.evaluate("fetch('/api/problems').then((answer) => answer.json())")
    assert status == {"tickets": []}, status

    # Without coordinators a report waits in the tab, and goes out by itself when they are back.
    stage.control("kill", *COORDINATORS)
    report(page, "Everything is slow.")
    expect(page.locator("#said")).to_contain_text(re.compile("Sending|kept in this tab"))
    stage.control("start", *COORDINATORS)
    stage.ready(*COORDINATORS)
    expect(page.locator("#said")).to_contain_text("Thank you", timeout=60 * SECOND)
    waited = number_of(stage, "Everything is slow.")
    lines = [line for line in stage.callslip("c1", "tickets").splitlines() if "Everything is slow." in line]
    assert len(lines) == 1, lines
    for one, outcome in ((number, "It works on phones now."), (own, "They may."), (waited, "It was a test.")):
        assert stage.callslip("c1", "tickets", "solve", str(one), outcome) == "Done.\n"
    assert json.loads(stage.get(stage.node("memorial") + link.replace("/problem#", "/api/problems/one?id=")))["stage"] == "solved"
