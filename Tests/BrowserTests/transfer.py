"""A transfer is explained and asked before it happens: declined, agreed, picked up; the list of targets says who can take it and why others cannot.
"""

from playwright.sync_api import expect


def offer(operator, column, target, note=""):
    column.locator("[data-action=transfer]").click()
    operator.page.locator(f'[data-transfer-target="{target}"]').click()
    if note:
        operator.page.fill("#transfer-note", note)
    operator.page.locator("#transfer-submit").click()
    expect(operator.page.locator("#transfer")).to_be_hidden()


def run(stage):
    stan, patron, column = stage.answered("Where do I find company data?", "college")
    mia = stage.operator("mia.memorial").sign_in().on("memorial")
    bea = stage.operator("bea.business").sign_in().on("business")

    # The list: who is there, and why the others are not to be had.
    column.locator("[data-action=transfer]").click()
    target = lambda name: stan.page.locator(f'[data-transfer-target="{name}"]')
    expect(target("business")).to_contain_text("1 there")
    expect(target("law")).to_contain_text("Later")
    expect(target("law")).to_contain_text("Nobody who staffs it is signed on")
    expect(target("general")).to_contain_text("This chat came from here")
    stage.look(stan.page, "desk-transfer")
    stan.page.keyboard.press("Escape")

    offer(stan, column, "memorial")
    card = patron.card("transfer")
    expect(card).to_contain_text("Go on with Memorial Library?")
    expect(card).to_contain_text("Stan thinks that Memorial Library can help you better. They will read this chat, and you stay right here.")
    expect(column.locator("[data-strip]")).to_contain_text("The patron is being asked")
    stage.look(patron.page, "panel-transfer-asked")
    stage.look(stan.page, "desk-transfer-asked")
    patron.page.locator("#callslip-no").click()
    expect(card).to_have_count(0)
    expect(patron.composer).to_be_focused()
    expect(column.locator("[data-log]")).to_contain_text("The patron would rather not be passed on to Memorial Library.")
    expect(mia.waiting("company data")).to_have_count(0)
    expect(patron.status).to_have_text("Stan, Steenbock Memorial Library is answering")

    offer(stan, column, "business", "Knows nothing yet")
    patron.page.locator("#callslip-yes").click()
    line = bea.waiting("company data")
    expect(line).to_contain_text("Stan offers you this chat")
    expect(line).to_contain_text("Knows nothing yet")
    expect(patron.status).to_have_text("Stan is asking Business Library")
    expect(column.locator("[data-strip]")).to_contain_text("Offered to Business Library.")
    stage.look(bea.page, "desk-offered")
    # Typing meanwhile pulls nothing back.
    patron.say("I am still here")
    stan.sees("I am still here")
    expect(line).to_be_visible()
    taken = bea.claim("company data")
    expect(patron.status).to_have_text("Bea, Business Library is answering")
    expect(column).to_contain_text("Bea of Business Library has this chat now.")
    for text in ["Where do I find company data?", "I am still here"]:
        expect(taken.locator("[data-log]").get_by_text(text, exact=True)).to_have_count(1)
    stage.look(patron.page, "panel-transferred")
    stage.look(stan.page, "desk-passed-on")
    bea.say(taken, "On the second floor.")
    patron.sees("On the second floor.")
    # The patron ends it; the operator is told why it ended.
    patron.page.locator("#callslip-end").click()
    stage.look(patron.page, "panel-end")
    patron.page.locator("#callslip-end-yes").click()
    expect(patron.card("closed")).to_be_visible()
    expect(taken).to_contain_text("The patron ended the chat.")
    for operator in (stan, mia, bea):
        operator.leave()
