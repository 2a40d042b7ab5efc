"""Nobody is there: the question is left as a message, answered later, and collected by its code from another browser.
"""

import re

from playwright.sync_api import expect


def run(stage):
    patron = stage.patron("law")
    expect(patron.launcher).to_contain_text("leave a message")
    patron.open()
    patron.say("Is the 1849 statute book online?")
    kept = patron.card("kept")
    expect(kept).to_be_visible()
    expect(kept).to_contain_text("Your question is kept")
    code = patron.page.locator("#callslip-code")
    expect(code).to_have_text(re.compile(r"^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}$"))
    stage.look(patron.page, "panel-kept")
    number = code.text_content()
    patron.page.locator("#callslip-done").click()
    expect(patron.composer).to_be_visible()

    lea = stage.operator("lea.law").sign_in().on("law")
    line = lea.page.locator("#kept-list [data-waiting-chat]", has_text="1849 statute book")
    expect(line).to_be_visible()
    stage.look(lea.page, "desk-kept")
    line.locator("[data-claim]").click()
    column = lea.column("1849 statute book")
    expect(column).to_contain_text("Left as a message")
    lea.say(column, "Yes: it was digitised last year.")
    expect(column.locator(".message", has_text="digitised")).to_have_attribute("data-ack", "safe")
    lea.close(column)
    lea.leave()

    # A page whose queue is gone says so to a patron, in words for a patron.
    nowhere = stage.page(stage.context(), "no such queue")
    nowhere.goto(stage.node("memorial") + "/chat/no-such-queue@chat.example.org")
    nowhere.fill("#callslip-composer", "Anybody?")
    nowhere.press("#callslip-composer", "Enter")
    expect(nowhere.locator('[data-callslip-card="refused"]')).to_contain_text("Your library’s own pages say how to reach it.")
    stage.look(nowhere, "panel-nowhere")

    # Any browser, any button: the code alone.
    collector = stage.patron("memorial").open()
    collector.page.locator("#callslip-collect").click()
    field = collector.page.locator("#callslip-code-input")
    expect(field).to_be_focused()
    stage.look(collector.page, "panel-collect")
    field.fill("K7QM-3XRT-9WZB")
    field.press("Enter")
    expect(collector.page.locator("#callslip-code-problem")).to_have_text("Nothing is kept under this code. Please check each letter.")
    expect(field).to_be_focused()
    field.fill(number.lower().replace("-", " "))
    field.press("Enter")
    collector.sees("Yes: it was digitised last year.")
    expect(collector.said("Is the 1849 statute book online?")).to_have_count(1)
    expect(collector.card("closed")).to_contain_text("This is your answer")
    stage.look(collector.page, "panel-collected")
