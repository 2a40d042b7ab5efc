"""Canned messages: `/` finds by title, words and keywords, Enter inserts at the cursor and sends nothing; own ones are written at the desk, a library's by its admin, and no edit is lost.
"""

import json

from playwright.sync_api import expect

from stage import HOMES, PASSWORDS, PHONE, WIDE

# A library that is nobody's in the other scenes, with an admin and a colleague.
STACKS = b"""general: {queue: general, title: Ask a Librarian (all campus libraries)}
canned:
  - {title: Opening hours, keywords: when open time, text: "We are open from nine to five."}
  - {title: Group rooms, library: stacks, keywords: space study, text: "Rooms are booked on the website."}
libraries:
  - name: stacks
    title: The Stacks
    node: college
    fallback: "off"
    queues: [{name: stacks, title: The Stacks}]
    operators:
      - {name: sam.stacks, display: Sam, password: long-ladders-1, queues: [stacks], admin: true}
      - {name: sue.stacks, display: Sue, password: long-ladders-2, queues: [stacks]}
"""
for name, password in (("sam.stacks", "long-ladders-1"), ("sue.stacks", "long-ladders-2")):
    PASSWORDS[name], HOMES[name] = password, "college"


def run(stage):
    status, text = stage.post("college", "/api/import", STACKS.replace(b"keywords: space", b"words: space"), "application/yaml")
    assert status == 422 and "line 4" in text, text
    for _ in range(2):
        status, text = stage.post("college", "/api/import", STACKS, "application/yaml")
        assert status == 200, text
    stage.until("the messages", lambda: "Group rooms" in stage.callslip("college", "canned"))

    sam = stage.operator("sam.stacks").sign_in().on("stacks")
    stage.until("the button", lambda: stage.presence("stacks", "memorial") == "available")
    patron = stage.patron_of("stacks").ask("When are you open?")
    column = sam.claim("When are you open?")
    composer = column.locator("[data-composer]")
    dialog = sam.page.locator("#canned")

    # By the keyboard alone: found by a keyword, put where the cursor stands, and not sent.
    composer.press_sequentially("Hello.  Bye.")
    for _ in range(5):
        composer.press("ArrowLeft")
    composer.press("/")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("option")).to_have_count(2)
    stage.look(sam.page, "canned-search")
    sam.page.keyboard.type("website")
    expect(dialog.get_by_role("option")).to_have_count(1)
    sam.page.keyboard.press("Control+A")
    sam.page.keyboard.type("time")
    expect(dialog.get_by_role("option")).to_contain_text("Opening hours")
    sam.page.keyboard.press("Enter")
    expect(dialog).to_be_hidden()
    expect(composer).to_be_focused()
    expect(composer).to_have_value("Hello. We are open from nine to five. Bye.")
    expect(column.locator("[data-log]").get_by_text("nine to five")).to_have_count(0)
    composer.press("Enter")
    patron.sees("Hello. We are open from nine to five. Bye.")
    # A slash within a word is a slash; two at its beginning are one.
    sam.page.keyboard.type("and/or ")
    expect(dialog).to_be_hidden()
    sam.page.keyboard.press("/")
    expect(dialog).to_be_visible()
    sam.page.keyboard.press("/")
    expect(composer).to_have_value("and/or /")
    sam.page.keyboard.type(" ")
    sam.page.keyboard.press("/")
    sam.page.keyboard.press("Escape")
    expect(composer).to_have_value("and/or / ")

    # One's own is written at the desk, and found at once.
    sam.page.keyboard.press("/")
    sam.page.keyboard.press("Tab")
    while sam.page.evaluate("document.activeElement.id") != "canned-edit":
        sam.page.keyboard.press("Tab")
    sam.page.keyboard.press("Enter")
    editor = sam.page.locator("#canned-editor")
    expect(editor.get_by_role("button", name="Group rooms")).to_be_visible()
    expect(editor.get_by_role("button", name="Opening hours")).to_have_count(0)
    title = editor.get_by_label("Title")
    expect(title).to_be_focused()
    sam.page.keyboard.press("Enter")
    expect(editor.get_by_role("alert")).to_contain_text("title")
    sam.page.keyboard.type("My farewell")
    editor.get_by_label("Text").fill("Come again!")
    editor.get_by_role("button", name="Save").press("Enter")
    expect(editor.get_by_role("status")).to_contain_text("My farewell")
    expect(editor.get_by_role("button", name="My farewell")).to_be_visible()
    stage.look(sam.page, "canned-editor")

    # Another's change meanwhile is shown beside what was written, which stays; a second save puts it there.
    editor.get_by_role("button", name="Group rooms").press("Enter")
    editor.get_by_label("Text").fill("Rooms are booked at the desk.")
    # What is not saved is there again: after a look at another one, and after Escape by mistake.
    editor.get_by_role("button", name="A new one").click()
    expect(editor.get_by_label("Text")).to_have_value("")
    editor.get_by_role("button", name="Group rooms").click()
    expect(editor.get_by_label("Text")).to_have_value("Rooms are booked at the desk.")
    sam.page.keyboard.press("Escape")
    sam.page.keyboard.press("Control+K")
    sam.page.keyboard.type("Write and change")
    sam.page.keyboard.press("Enter")
    expect(editor.get_by_label("Text")).to_have_value("Rooms are booked at the desk.")
    stage.callslip("college", "canned", "put", "Group rooms", "Rooms are booked by phone.", "--library", "stacks")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("alert")).to_contain_text("changed meanwhile")
    expect(editor.locator("blockquote")).to_have_text("Rooms are booked by phone.")
    expect(editor.get_by_label("Text")).to_have_value("Rooms are booked at the desk.")
    stage.look(sam.page, "canned-conflict")
    editor.get_by_role("button", name="Save").click()
    expect(editor.get_by_role("status")).to_contain_text("Group rooms")
    stage.until("it is saved", lambda: "Rooms are booked at the desk." in stage.callslip("college", "canned"))
    sam.page.keyboard.press("Escape")
    sam.close(column)
    sam.leave()

    # A colleague finds the library's, not Sam's own, and may change neither; at a phone, in the dark.
    sue = stage.operator("sue.stacks", viewport=PHONE, scheme="dark").sign_in()
    mine = json.loads(sue.page.request.get(sue.node + "/api/canned").text())
    assert sorted(message["title"] for message in mine["messages"]) == ["Group rooms", "Opening hours"] and not mine["admin"], mine
    rooms = next(message for message in mine["messages"] if message["title"] == "Group rooms")
    refused = sue.page.request.post(sue.node + "/api/canned", data=rooms | {"text": "Mine."})
    assert refused.status == 409 and "its admin" in refused.json()["text"], refused.text()
    assert sue.page.request.post(sue.node + "/api/canned", data=rooms | {"owner": "own"}).status == 409
    assert stage.context(WIDE).request.get(sue.node + "/api/canned").status == 401
    sue.page.keyboard.press("Control+K")
    sue.page.keyboard.type("Write and change")
    sue.page.keyboard.press("Enter")
    editor = sue.page.locator("#canned-editor")
    expect(editor.get_by_text("You have written none yet.")).to_be_visible()
    expect(editor.get_by_label("Whose message is it?")).to_be_hidden()
    assert sue.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
    stage.look(sue.page, "canned-editor-phone-dark")
    sue.leave()
    opening = next(line.split()[0] for line in stage.callslip("college", "canned").splitlines() if "Opening hours" in line)
    stage.callslip("college", "canned", "drop", opening)
    stage.until("it is deleted", lambda: "Opening hours" not in stage.callslip("college", "canned"))
