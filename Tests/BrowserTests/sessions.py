"""One desk a person: a second tab shows the same desk; signing in elsewhere moves the chats there and says so here.
"""

from playwright.sync_api import expect


def run(stage):
    stan, patron, column = stage.answered("Which desk?")
    second = stage.operator("stan.steenbock", context=stan.context)
    second.page.goto(second.node + "/desk")
    same = second.column("Which desk?")
    second.say(same, "From the second tab")
    patron.sees("From the second tab")
    expect(column.locator("[data-log]").get_by_text("From the second tab", exact=True)).to_have_count(1)
    stan.say(column, "From the first tab")
    expect(same.locator("[data-log]").get_by_text("From the first tab", exact=True)).to_have_count(1)
    second.page.close()

    elsewhere = stage.operator("stan.steenbock", at="college").sign_in()
    expect(stan.page.locator("dialog[open]")).to_contain_text("elsewhere")
    stage.look(stan.page, "desk-elsewhere")
    moved = elsewhere.column("Which desk?")
    elsewhere.say(moved, "From another node")
    patron.sees("From another node")
    for text in ["From the second tab", "From the first tab", "From another node"]:
        expect(patron.said(text)).to_have_count(1)
        expect(moved.locator("[data-log]").get_by_text(text, exact=True)).to_have_count(1)
    elsewhere.close(moved)
    elsewhere.leave()
