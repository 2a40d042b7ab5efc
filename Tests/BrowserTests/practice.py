"""The practice desk (ChatWog's training): the real desk with patrons who are written down; with the keyboard alone, and without a word to any node.
"""

import json

from playwright.sync_api import expect

from stage import DESKTOP, PHONE, SECOND


def run(stage):
    home = stage.node("memorial")
    status = lambda: {queue["name"]: (queue["staffed"], queue["waiting"]) for queue in json.loads(stage.get(f"{home}/api/status"))["queues"]}
    before = status()
    context = stage.context(DESKTOP)
    page = stage.page(context, "somebody new")
    sockets, asked = [], []
    page.on("websocket", lambda socket: sockets.append(socket.url))
    page.on("request", lambda request: asked.append((request.method, request.url)))
    # From the sign-in, by the link there.
    page.goto(f"{home}/desk")
    page.get_by_role("link", name="Practise at a desk").click()
    expect(page.get_by_role("region", name="Practice")).to_contain_text("Nobody here is real")
    expect(page.locator("#practice-tip")).to_contain_text("Begin with the switch")
    stage.look(page, "practice-begin")

    # By the keyboard alone: there for a queue, the first patron comes, is claimed, answered, and answers.
    page.locator('[data-queue-switch="practice"]').focus()
    page.keyboard.press("Space")
    expect(page.locator("[data-waiting-chat]")).to_have_count(1)
    expect(page.locator("#practice-tip")).to_contain_text("Alt+N")
    page.keyboard.press("Alt+n")
    column = page.locator("[data-chat-column]").first
    expect(column.locator("[data-composer]")).to_be_focused()
    expect(page.locator("#practice-tip")).to_contain_text("A known item.")
    page.keyboard.type("Hello! Let me look.")
    page.keyboard.press("Enter")
    expect(page.locator("[data-log]").get_by_text("It is by Richard Powers.", exact=True)).to_be_visible()
    page.keyboard.press("Alt+m")
    page.keyboard.type("A note for whoever comes next")
    page.keyboard.press("Enter")
    expect(page.locator("[data-log]").get_by_text("A note for whoever comes next")).to_be_visible()
    page.keyboard.press("Escape")
    stage.look(page, "practice-chat")

    # A transfer, as at the real desk.
    page.keyboard.press("Alt+t")
    page.keyboard.type("chem")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(column).to_contain_text("Noor of Chemistry Library has this chat now", timeout=20 * SECOND)
    expect(page.locator("#practice-done")).to_have_text("So far: 1 chat taken, 1 message written, 1 chat passed on, 1 note for staff.")
    stage.look(page, "practice-passed")

    # The palette is there; what would change a library's messages is not, and what leads away opens beside this page.
    expect(page.get_by_role("button", name="Write and change canned messages")).to_have_count(0)
    page.keyboard.press("Control+k")
    page.fill("#palette-search", "canned")
    expect(page.locator("#palette-list [role=option]", has_text="Write and change canned messages")).to_have_count(0)
    page.keyboard.press("Escape")

    # The crisis card is one key away, with somebody who may need it.
    for _ in range(6):
        page.locator("#practice-more").click()
    page.locator("[data-waiting-chat]", has_text="everything is too much").locator("[data-claim]").click()
    expect(page.locator("#practice-tip")).to_contain_text("Alt+C")
    page.keyboard.press("Alt+c")
    expect(page.get_by_role("dialog").filter(has_text="988")).to_be_visible()
    page.keyboard.press("Escape")

    # Nothing of it went anywhere: no socket at any node, nothing but reading, and no queue that saw anybody.
    assert sockets == [], sockets
    assert {method for method, _ in asked} == {"GET"}, asked
    assert status() == before, (before, status())

    for scheme in ("light", "dark"):
        small = stage.page(stage.context(PHONE, scheme), "somebody new")
        small.goto(f"{home}/practice")
        small.locator("#practice-more").click()
        expect(small.locator("[data-waiting-chat]")).to_have_count(1)
        assert small.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the desk is wider than the screen"
        stage.look(small, f"practice-phone-{scheme}")
    page.get_by_role("link", name="To the real desk").click()
    expect(page.locator("#signin-operator")).to_be_visible()
