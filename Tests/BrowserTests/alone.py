"""Every coordinator is gone, and a library's own people go on answering at its node: what they write is kept there, called so, and joins the rest.
"""

from playwright.sync_api import expect

from stage import COORDINATORS, SECOND


def run(stage):
    mia = stage.operator("mia.memorial").sign_in().on("memorial")
    patron = stage.patron("memorial")
    expect(patron.launcher).to_contain_text("here now")
    patron.ask("Before")
    column = mia.claim("Before")
    mia.say(column, "Good morning")
    patron.sees("Good morning")

    stage.control("kill", *COORDINATORS)
    expect(patron.notice).not_to_have_text("", timeout=30 * SECOND)
    expect(mia.page.locator("#line-state")).to_have_text("Answering alone", timeout=30 * SECOND)
    patron.say("While you are alone")
    mia.sees("While you are alone")
    expect(patron.ack("While you are alone")).to_have_text("Kept at your library; on its way to the others")
    mia.say(column, "I am here")
    mine = column.locator(".message", has_text="I am here")
    patron.sees("I am here")
    expect(mine).to_contain_text("Kept at this library; on its way to the others")
    stage.look(patron.page, "panel-alone")
    stage.look(mia.page, "desk-alone")
    # A page that is loaded anew has all of it; and a new patron is answered, too.
    patron.page.reload()
    patron.sees("I am here")
    expect(patron.said("While you are alone")).to_have_count(1)
    later = stage.patron("memorial").ask("Begun while alone")
    begun = mia.claim("Begun while alone")
    mia.say(begun, "You are answered")
    later.sees("You are answered")

    stage.control("start", *COORDINATORS)
    expect(mia.page.locator("#line-state")).to_have_text("Connected", timeout=40 * SECOND)
    expect(patron.ack("While you are alone")).to_have_text("sent", timeout=30 * SECOND)
    expect(mine).not_to_contain_text("Kept", timeout=30 * SECOND)
    expect(patron.notice).to_have_text("", timeout=20 * SECOND)
    for person, texts in [(patron, ["Before", "Good morning", "While you are alone", "I am here"]), (later, ["Begun while alone", "You are answered"])]:
        for text in texts:
            expect(person.said(text)).to_have_count(1)
            expect(mia.page.locator("[data-log]").get_by_text(text, exact=True)).to_have_count(1)
    stage.ready(*COORDINATORS)
    # It goes on as before.
    patron.say("And after")
    mia.sees("And after")
    expect(patron.ack("And after")).to_have_text("sent")
    for chat in (column, begun):
        mia.close(chat)
    mia.leave()
