"""The LTG help desk: its people read, find, take, answer and solve reported problems at a page; whoever reported one reads what became of it.
"""

from playwright.sync_api import expect

from stage import DESKTOP, HOMES, PASSWORDS, PHONE, WIDE

# A library that is nobody's in the other scenes.
WORKSHOP = b"""general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: workshop
    title: The Workshop
    node: college
    fallback: "off"
    queues: [{name: workshop, title: The Workshop}]
    operators:
      - {name: robin.workshop, display: Robin, password: oiled-hinges-1, queues: [workshop], committee: ltg}
      - {name: tess.workshop, display: Tess, password: oiled-hinges-2, queues: [workshop]}
"""
for number, name in enumerate(("robin.workshop", "tess.workshop"), 1):
    PASSWORDS[name], HOMES[name] = f"oiled-hinges-{number}", "college"


def run(stage):
    assert stage.post("college", "/api/import", WORKSHOP, "application/yaml")[0] == 200
    tess = stage.operator("tess.workshop").sign_in()
    reported = stage.page(tess.context, "Tess")
    reported.goto(f"{tess.node}/problem?from=desk")
    reported.get_by_label("What went wrong?").fill("The lamp at the desk flickers.")
    reported.get_by_role("button", name="Report it").click()
    expect(reported.locator("#said")).to_contain_text("Thank you")

    # Not for operators; by token, or as one of LTG's people.
    page = stage.page(tess.context, "Tess")
    page.goto(f"{tess.node}/tickets")
    expect(page.get_by_label("Admin token of this node")).to_be_visible()
    page.get_by_role("button", name="Show the problems").click()
    expect(page.get_by_role("alert").filter(has_text="Type the token.")).to_be_visible()
    page.get_by_label("Admin token of this node").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Admin token of this node")).to_have_attribute("aria-invalid", "true")
    stage.look(page, "tickets-token")
    page.get_by_label("Admin token of this node").fill(stage.admin("college")[2])
    page.keyboard.press("Enter")
    expect(page.locator("#count")).to_be_focused()
    page.close()

    robin = stage.operator("robin.workshop", viewport=WIDE).sign_in()
    page = stage.page(robin.context, "Robin")
    page.goto(f"{robin.node}/tickets")
    item = page.locator("#entries > li", has_text="The lamp at the desk flickers.")
    # With the keyboard alone: found, opened, taken.
    page.get_by_label("Find").fill("lamp workshop")
    expect(page.locator("#entries > li")).to_have_count(1)
    item.locator("summary").first.press("Enter")
    expect(item.get_by_text("tess.workshop")).to_be_visible()
    item.get_by_role("button", name="Take it").press("Enter")
    expect(item.get_by_role("alert")).to_have_text("Say who looks after it, as people are to read it.")
    item.get_by_label("Who looks after it").fill("Robin of LTG")
    item.get_by_label("Answer, or what became of it").fill("I am coming with a new bulb.")
    item.get_by_role("button", name="Take it").press("Enter")
    expect(page.locator("#said")).to_contain_text("is with Robin of LTG")
    expect(item).to_contain_text("In work: Robin of LTG")
    expect(item.locator("summary").first).to_be_focused()
    expect(item.locator(".entries-said")).to_contain_text("I am coming with a new bulb.")
    stage.look(page, "tickets-taken")

    # What is half written stays when something new comes, and so does the place of whoever writes it.
    answer = item.get_by_label("Answer, or what became of it")
    answer.press_sequentially("It was the")
    reported.reload()
    mine = reported.locator("#tickets > li", has_text="The lamp at the desk flickers.")
    mine.get_by_role("textbox").fill("It flickers still.")
    mine.get_by_role("button").last.click()
    expect(mine).to_contain_text("It flickers still.")
    # The first of these may have been asked before, the second comes after what the first one told was drawn.
    for _ in range(2):
        with page.expect_response("**/api/problems/all", timeout=60_000):
            pass
    expect(answer).to_be_focused()
    expect(answer).to_have_value("It was the")
    expect(mine).to_contain_text("I am coming with a new bulb.")
    expect(mine).to_contain_text("Robin of LTG")
    item.get_by_role("button", name="Solved").press("Enter")
    expect(page.locator("#said")).to_contain_text("is solved")
    expect(page.locator("#entries")).to_contain_text("Nothing fits.")
    page.get_by_label("Show").select_option("solved")
    expect(item).to_contain_text("Solved")
    if not item.locator("details").first.evaluate("details => details.open"):
        item.locator("summary").first.press("Enter")
    item.get_by_role("button", name="Open again").press("Enter")
    expect(item.get_by_role("alert")).to_have_text("Write why it is open again.")
    expect(item.get_by_role("button", name="Solved")).to_have_count(0)
    expect(mine).to_contain_text("It was the", timeout=30_000)

    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            context = stage.context(viewport, scheme)
            context.add_cookies(robin.context.cookies())
            other = stage.page(context, "Robin")
            other.goto(f"{robin.node}/tickets")
            other.get_by_label("Show").select_option("all")
            entry = other.locator("#entries > li", has_text="The lamp at the desk flickers.")
            entry.locator("summary").first.click()
            expect(entry.locator(".entries-said")).to_contain_text("It was the")
            assert other.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
            stage.look(other, f"tickets-{size}-{scheme}")
    for person in (tess, robin):
        person.leave()
