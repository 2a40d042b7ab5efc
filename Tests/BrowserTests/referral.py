"""A referral is explained and asked before it happens: when a library's people leave while a patron waits, the patron says whether others may answer.
"""

from playwright.sync_api import expect


def run(stage):
    stan = stage.operator("stan.steenbock").sign_in().on("general")
    mia = stage.operator("mia.memorial").sign_in().on("memorial")
    agrees = stage.patron("memorial")
    declines = stage.patron("memorial")
    for patron, question in [(agrees, "May others answer?"), (declines, "Only my own library")]:
        expect(patron.launcher).to_contain_text("here now")
        patron.open()
        expect(patron.page.locator("#callslip-presence")).to_contain_text("Memorial Library is here")
        patron.say(question)
        expect(mia.waiting(question)).to_be_visible()
    expect(declines.status).to_contain_text("1 before you")
    mia.leave()
    for patron in (agrees, declines):
        card = patron.card("referral")
        expect(card).to_contain_text("Memorial Library is away now")
        expect(card).to_contain_text("Ask a Librarian (all campus libraries) can answer instead. They will read your question.")
    # The others cannot take it before the patron agreed.
    expect(stan.page.locator("#waiting-list [data-claim]:visible")).to_have_count(0)
    stage.look(agrees.page, "panel-referral-asked")
    agrees.page.locator("#callslip-yes").click()
    column = stan.claim("May others answer?")
    expect(agrees.status).to_have_text("Stan, Steenbock Memorial Library is answering")
    declines.page.locator("#callslip-no").click()
    expect(declines.card("unattended")).to_contain_text("Leave your question?")
    stage.look(declines.page, "panel-unattended")
    declines.page.locator("#callslip-keep").click()
    expect(declines.card("kept")).to_be_visible()
    expect(stan.page.locator("#waiting-list [data-waiting-chat]", has_text="Only my own library")).to_have_count(0)
    stan.close(column)
    stan.leave()
