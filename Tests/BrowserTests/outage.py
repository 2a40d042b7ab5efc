"""The library's own node goes, and every coordinator: people are told plainly what works, and nothing acknowledged is lost or doubled.
"""

import time

from playwright.sync_api import expect

from stage import COORDINATORS, LIBRARIES, SECOND


def run(stage):
    stan, patron, column = stage.answered("Before everything")
    stan.say(column, "I am here")
    patron.sees("I am here")

    # The node that served the page is gone: the page resumes at another, by itself.
    stage.control("kill", "memorial")
    began = time.monotonic()
    patron.say("With my library's node gone")
    stan.sees("With my library's node gone", 30)
    stage.figure(f"the library's node killed: the next message came through another node in {time.monotonic() - began:.2f} s")
    stan.say(column, "Still here")
    patron.sees("Still here")
    expect(patron.notice).to_have_text("")
    stage.control("start", "memorial")
    stage.ready("memorial")

    # Every coordinator is gone.
    stage.control("kill", *COORDINATORS)
    expect(patron.notice).not_to_have_text("", timeout=30 * SECOND)
    expect(stan.page.locator("#banner")).to_be_visible(timeout=30 * SECOND)
    stage.look(patron.page, "panel-cut-off")
    stage.look(stan.page, "desk-cut-off")
    for node in LIBRARIES:
        assert stage.presence("memorial", node) in ("available", "unavailable"), f"presence must answer at {node}"
    patron.say("Said while all were gone")
    stan.say(column, "Answered while all were gone")
    # Nothing is called sent that a majority does not have. A page that is loaded anew meanwhile keeps what was typed.
    assert patron.ack("Said while all were gone").text_content() != "sent"
    patron.page.reload()
    expect(patron.said("Said while all were gone")).to_be_visible()
    assert patron.ack("Said while all were gone").text_content() != "sent"

    stage.control("start", *COORDINATORS)
    stan.sees("Said while all were gone", 40)
    patron.sees("Answered while all were gone", 40)
    expect(patron.notice).to_have_text("", timeout=20 * SECOND)
    expect(stan.page.locator("#banner")).to_be_hidden(timeout=20 * SECOND)
    expect(patron.ack("Said while all were gone")).to_have_text("sent", timeout=20 * SECOND)
    for text in ["Before everything", "I am here", "With my library's node gone", "Still here", "Said while all were gone", "Answered while all were gone"]:
        expect(patron.said(text)).to_have_count(1)
        expect(stan.page.locator("[data-log]").get_by_text(text, exact=True)).to_have_count(1)
    stage.ready(*COORDINATORS)
    stan.close(stan.column("Before everything"))
    expect(patron.card("closed")).to_be_visible()
    stan.leave()
