"""Two operators reach for one chat: one gets it, and the other sees who did.
"""

from playwright.sync_api import expect


def run(stage):
    stan = stage.operator("stan.steenbock").sign_in().on("general")
    cora = stage.operator("cora.college").sign_in().on("general")
    patron = stage.patron("memorial").ask("Who is first?")
    for operator in (stan, cora):
        expect(operator.waiting("Who is first?")).to_be_visible()
    # Both press before either can have heard of the other.
    for operator in (stan, cora):
        operator.page.evaluate("document.querySelector('#waiting-list [data-claim]').click()")
    column = "[data-chat-column]:visible"
    stage.until("one of them to hold it", lambda: stan.page.locator(column).count() + cora.page.locator(column).count() == 1)
    winner, other = (stan, cora) if stan.page.locator(column).count() == 1 else (cora, stan)
    shown = {"stan.steenbock": "Stan", "cora.college": "Cora"}[winner.name]
    expect(other.page.locator("#rail, .notices, #announce").filter(has_text=shown).first).to_be_attached()
    expect(other.page.locator("#waiting-list")).to_contain_text(f"{shown} took it")
    stage.look(other.page, "desk-taken")
    expect(patron.status).to_contain_text(f"{shown}, ")
    expect(other.page.locator(column)).to_have_count(0)
    winner.close(winner.column("Who is first?"))
    for operator in (stan, cora):
        operator.leave()
