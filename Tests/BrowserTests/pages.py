"""One chat across the pages and tabs of a browser, minimised with its place and its count, and never in two tabs at once.
"""

from playwright.sync_api import expect


def run(stage):
    stan, patron, column = stage.answered("First page")
    stan.say(column, "Good morning")
    patron.sees("Good morning")

    # Another page of the site: the chat is there again, whole and once.
    patron.page.goto(stage.site + "/library/college")
    patron.sees("Good morning")
    expect(patron.said("First page")).to_have_count(1)
    expect(patron.said("Good morning")).to_have_count(1)
    patron.say("Second page")
    stan.sees("Second page")

    # Minimised: the count of what came meanwhile; over a change of page it stays minimised; open again, the place in the conversation is kept.
    for number in range(12):
        stan.say(column, f"Line {number} of the answer")
    patron.sees("Line 11 of the answer")
    log = patron.page.locator("#callslip-log")
    log.evaluate("(log) => { log.scrollTop = 40; }")
    patron.page.wait_for_function("() => true")
    patron.page.locator("#callslip-minimise").click()
    expect(patron.page.locator("#callslip-tab")).to_be_focused()
    stan.say(column, "While you were away")
    stan.say(column, "And once more")
    badge = patron.page.locator("#callslip-badge")
    expect(badge).to_have_text("2")
    expect(patron.page.locator("#callslip-tab")).to_have_attribute("aria-label", "Your chat, 2 new")
    stage.look(patron.page, "panel-minimised")
    patron.page.locator("#callslip-tab").click()
    place = log.evaluate("(log) => log.scrollTop")
    assert abs(place - 40) < 5, f"the place in the conversation moved to {place}"
    expect(patron.page.locator("#callslip-jump")).to_be_visible()
    patron.page.locator("#callslip-jump").click()
    expect(badge).to_be_hidden()
    patron.page.locator("#callslip-minimise").click()
    patron.page.goto(stage.site + "/library/memorial")
    expect(patron.page.locator("#callslip-tab")).to_be_visible()
    expect(patron.page.locator("#callslip-panel")).to_be_hidden()
    patron.page.locator("#callslip-tab").click()
    patron.sees("And once more")

    # Another tab of the same browser goes on with it; the first says so and can take it back.
    second = stage.patron("memorial", context=patron.context)
    expect(second.launcher).to_contain_text("go on with your chat")
    second.launcher.click()
    second.sees("Good morning")
    expect(patron.card("fenced")).to_contain_text("goes on in another tab")
    stage.look(patron.page, "panel-other-tab")
    second.say("From the second tab")
    stan.sees("From the second tab")
    patron.page.locator("#callslip-continue").click()
    patron.sees("From the second tab")
    expect(second.card("fenced")).to_be_visible()

    # A duplicated tab carries the same storage: it is another sender, and doubles nothing.
    stored = patron.page.evaluate("JSON.stringify(Object.entries(sessionStorage))")
    copy = stage.page(patron.context, "duplicated tab")
    copy.add_init_script(f"if (!sessionStorage.length) for (const [key, value] of {stored}) sessionStorage.setItem(key, value);")
    copy.goto(stage.site + "/library/memorial")
    expect(copy.locator("#callslip-log").get_by_text("From the second tab", exact=True)).to_have_count(1)
    copy.fill("#callslip-composer", "From the copy")
    copy.press("#callslip-composer", "Enter")
    stan.sees("From the copy")
    for text in ["First page", "Second page", "From the second tab", "From the copy"]:
        expect(stan.page.locator("[data-log]").get_by_text(text, exact=True)).to_have_count(1)
    stan.close(column)
    stan.leave()
