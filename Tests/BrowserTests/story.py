"""A patron of one library is answered by an operator of another, and goes on being answered while leaders are killed.
"""

import re
import time

from playwright.sync_api import expect



def run(stage):
    stan = stage.operator("stan.steenbock")
    stan.page.goto(stan.node + "/desk")
    expect(stan.page.locator("#signin-operator")).to_be_visible()
    stage.look(stan.page, "desk-sign-in")
    stan.sign_in().on("general")
    stage.look(stan.page, "desk-empty")

    patron = stage.patron("memorial")
    expect(patron.launcher).to_contain_text("answers now")
    patron.open()
    presence = patron.page.locator("#callslip-presence")
    expect(presence).to_contain_text("Memorial Library is away now")
    expect(presence).to_contain_text("Ask a Librarian (all campus libraries) answers instead")
    stage.look(patron.page, "panel-referred")
    patron.say("Do you have the 1911 survey of Dane County?")
    expect(stan.waiting("1911 survey")).to_be_visible()
    expect(patron.status).to_contain_text("You are next")
    stage.look(patron.page, "panel-waiting")
    stage.look(stan.page, "desk-waiting")

    column = stan.claim("1911 survey")
    expect(patron.status).to_have_text("Stan, Steenbock Memorial Library is answering")
    column.locator("[data-composer]").press_sequentially("Yes,")
    expect(patron.page.locator("#callslip-typing")).to_contain_text("Stan is writing")
    stan.say(column, "Yes, on the third floor. Shall I reserve it?")
    patron.sees("Yes, on the third floor. Shall I reserve it?")
    expect(patron.page.locator("#callslip-typing")).to_be_hidden()
    patron.composer.press_sequentially("Pl")
    expect(column.locator("[data-typing]")).to_contain_text("The patron is writing")
    stage.look(patron.page, "panel-answered")
    stage.look(stan.page, "desk-chat")

    for number in range(2):
        killed = stage.kill_leader()
        patron.say(f"Please do, number {number}")
        began = time.monotonic()
        stan.sees(f"Please do, number {number}")
        stage.figure(f"{killed}, the leader, killed: the next message came in {time.monotonic() - began:.2f} s")
        expect(patron.notice).to_have_text("")
        stan.say(column, f"Done, number {number}")
        patron.sees(f"Done, number {number}")
        # A second kill before the first coordinator is back would leave no majority, which is another story.
        stage.ready(killed)
    for text in ["Please do, number 0", "Done, number 0", "Please do, number 1", "Done, number 1"]:
        expect(patron.said(text)).to_have_count(1)
        expect(stan.page.locator("[data-log]").get_by_text(text, exact=True)).to_have_count(1)
    expect(patron.ack("Please do, number 1")).to_have_text("sent")
    expect(stan.page.locator("#banner")).to_be_hidden()

    # A patron who asks now is told the usual wait, which the claim before has taught.
    other = stage.patron("memorial")
    other.open()
    expect(other.page.locator("#callslip-presence")).to_contain_text("answers instead, usually ")
    other.say("And the one of 1890?")
    expect(other.status).to_have_text(re.compile("^You are next; usually "))
    other.end()
    stan.close(column)
    expect(patron.card("closed")).to_contain_text("The chat has ended")
    expect(patron.page.locator("#callslip-log")).to_be_focused()
    stage.look(patron.page, "panel-closed")
    stan.leave()
