"""Notes among staff: written in a box that nothing else looks like, kept in the chat for the next holder, and never on any patron's page; and the crisis card, one key away.
"""

from playwright.sync_api import expect

from stage import PHONE, WIDE

SECRET = "Asked twice this week; Max knows the shelf."


def run(stage):
    sent = []
    context = stage.context(WIDE)
    mia = stage.operator("mia.memorial", context=context).sign_in().on("memorial")
    patrons = stage.context()

    def watch(page):
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: sent.append(frame)))

    patrons.on("page", watch)
    patron = stage.patron("memorial", patrons)
    expect(patron.launcher).to_contain_text("here now")
    patron.ask("Where are the maps of 1911?")
    column = mia.claim("maps of 1911")
    composer = column.locator("[data-composer]")
    field = column.locator("[data-note-field]")
    box = column.locator(".note-box")

    # By its own key; above the conversation, with a heading, in a colour of its own.
    expect(box).to_be_hidden()
    composer.press("Alt+m")
    expect(field).to_be_focused()
    expect(box).to_contain_text("Note for staff. The patron never sees it.")
    assert box.bounding_box()["y"] < column.locator("[data-log]").bounding_box()["y"] < composer.bounding_box()["y"]
    colour = "(part) => getComputedStyle(part).backgroundColor"
    assert box.evaluate(colour) != column.locator(".composer").evaluate(colour)
    stage.look(mia.page, "notes-box-light")

    # What is begun stays through Escape and a reload.
    field.fill(SECRET)
    field.press("Escape")
    expect(box).to_be_hidden()
    expect(composer).to_be_focused()
    mia.page.reload()
    column = mia.column("maps of 1911")
    expect(column.locator("[data-note-field]")).to_have_value(SECRET)
    column.locator("[data-note-field]").press("Enter")
    note = column.locator(".message.note")
    expect(note).to_contain_text("Note for staff by you")
    expect(note).to_contain_text(SECRET)
    expect(note).to_contain_text("kept, not sent to the patron")
    expect(column.locator("[data-composer]")).to_be_focused()
    expect(column.locator("[data-timer=owed]")).to_contain_text("Waits for you")

    mia.say(column, "On the third floor.")
    patron.sees("On the third floor.")
    mia.page.emulate_media(color_scheme="dark")
    stage.look(mia.page, "notes-kept-dark")
    mia.page.emulate_media(color_scheme="light")

    # The next holder reads it; on a phone too.
    column.locator("[data-action=release]").click()
    column.locator("[data-confirm=release]").click()
    max_ = stage.operator("max.memorial", viewport=PHONE).sign_in().on("memorial")
    column = max_.claim("maps of 1911")
    note = column.locator(".message.note")
    expect(note).to_contain_text("Note for staff by Mia, Memorial Library")
    column.locator("[data-action=note]").click()
    column.locator("[data-note-field]").fill("Max: on it.")
    column.locator('[data-tag="research"]').click()
    expect(column.locator("[data-note-field]")).to_have_value("Max: on it. #research ")
    expect(column.locator("[data-note-field]")).to_be_focused()
    stage.look(max_.page, "notes-phone-light")
    assert max_.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the desk is wider than the screen"
    max_.page.emulate_media(color_scheme="dark")
    stage.look(max_.page, "notes-phone-dark")
    column.locator("[data-keep-note]").click()
    expect(note).to_have_count(2)
    # Its tag stands in the chat's head, and is proposed no more.
    expect(column.locator(".tags")).to_have_text("#research")
    stage.look(max_.page, "notes-tagged-phone-dark")
    column.locator("[data-action=note]").click()
    expect(column.locator('[data-tag="research"]')).to_have_count(0)
    expect(column.locator('[data-tag="known-item"]')).to_be_visible()
    column.locator("[data-note-field]").press("Escape")

    # The crisis card: one key, at once, and its words go into the message without being sent.
    column.locator("[data-composer]").press("Alt+c")
    card = max_.page.locator("#crisis")
    expect(card).to_be_visible()
    expect(card).to_contain_text("988")
    stage.look(max_.page, "crisis-phone-dark")
    max_.page.emulate_media(color_scheme="light")
    stage.look(max_.page, "crisis-phone-light")
    card.locator("[data-crisis-insert]").click()
    expect(column.locator("[data-composer]")).to_be_focused()
    assert "Are you safe right now?" in column.locator("[data-composer]").input_value()
    column.locator("[data-composer]").fill("")
    mia.page.keyboard.press("Alt+c")
    expect(mia.page.locator("#crisis")).to_be_visible()
    stage.look(mia.page, "crisis-desktop-light")
    mia.page.keyboard.press("Escape")
    mia.page.locator("#waiting-title").focus()
    mia.page.keyboard.press("?")
    expect(mia.page.locator("#help")).to_contain_text("Crisis card")
    expect(mia.page.locator("#help")).to_contain_text("Write a note for staff")
    mia.page.keyboard.press("Escape")

    # The library's own card takes the place of the shipped one.
    text = "Call the dean on duty: 555-0100."
    stage.callslip("memorial", "canned", "put", "Our crisis card", text, "--library", "memorial", "--keywords", "crisis")
    mia.page.keyboard.press("Alt+c")
    expect(mia.page.locator("#crisis")).to_contain_text(text)
    expect(mia.page.locator("#crisis")).not_to_contain_text("988")
    mia.page.keyboard.press("Escape")
    listed = stage.callslip("memorial", "canned")
    line = next(line for line in listed.splitlines() if "Our crisis card" in line)
    stage.callslip("memorial", "canned", "drop", line.split()[0])

    # Whatever a patron's page does, no note has come to it: another tab, a reload, the end.
    tab = stage.patron("memorial", patrons)
    tab.launcher.click()
    tab.sees("On the third floor.")
    tab.page.reload()
    tab.sees("On the third floor.")
    max_.close(column)
    expect(tab.card("closed")).to_be_visible()
    assert sent and not any(SECRET in frame or "Max: on it" in frame for frame in sent if isinstance(frame, str)), "a patron's page was sent a note"
    for page in (patron.page, tab.page):
        assert SECRET not in page.content() and SECRET not in page.evaluate("JSON.stringify(Object.entries(sessionStorage))")
    for desk in (mia, max_):
        desk.leave()
