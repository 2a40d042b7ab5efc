"""ChatWog's checklist finds out by itself that the button is on a page of the library, and that a test chat was answered; until then it says what it waits for.
"""

from playwright.sync_api import expect

from installs import tag, visit
from registers import at, put, written
from stage import DESKTOP, HOMES, PASSWORDS, PHONE

# Nobody's in the other scenes.
PRINTS = b"""general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: prints
    title: Print Room
    node: college
    fallback: "off"
    queues: [{name: prints, title: Print Room}]
    operators:
      - {name: pia.prints, display: Pia, password: mezzotints-1, queues: [prints], admin: true}
      - {name: wog.prints, display: Wog, password: mezzotints-2, queues: [prints], committee: chatwog}
"""
for number, name in enumerate(("pia.prints", "wog.prints"), 1):
    PASSWORDS[name], HOMES[name] = f"mezzotints-{number}", "college"


def steps(page):
    return page.locator(".notice", has_text="Print Room").locator(".steps")


def run(stage):
    status, text = stage.post("college", "/api/import", PRINTS, "application/yaml")
    assert status == 200, text
    wog = stage.operator("wog.prints").sign_in()
    pia = stage.operator("pia.prints").sign_in()
    for person in (wog, pia):
        if person.page.locator("#ending-skip").is_visible():
            person.page.click("#ending-skip")
    mine = lambda: next(entry for entry in written(stage, wog, "onboarding") if entry["answers"]["library"] == "prints")
    found = lambda step: [one for one in mine().get("found", []) if one["step"] == step]
    put(wog, "onboarding", {"library": "prints", "live": "no"})
    stage.until("the checklist", lambda: any(entry["answers"]["library"] == "prints" for entry in written(stage, wog, "onboarding")))

    # What is waited for is said: no page of the library is known, and no chats are taken.
    page = at(stage, pia, "onboarding")
    expect(steps(page)).to_contain_text("No page of the library is known")
    expect(steps(page)).to_contain_text("The queues take no chats yet")
    host = stage.site.split("//")[1]
    put(pia, "pages", {"library": "prints", "hosts": host.split(":")[0]})
    stage.until("the library's pages", lambda: any(entry["answers"]["library"] == "prints" for entry in written(stage, pia, "pages")))
    assert not found("button"), mine()
    page.reload()
    expect(steps(page)).to_contain_text(f"put the code on a page of {host.split(':')[0]}, with the name of your own queue, and open it")
    stage.look(page, "checklist-awaits")

    # Its own page, opened: the step is ticked with where and when.
    visit(stage, "/pages/prints/ask", tag(stage, "college", "prints"), wait=False)
    stage.until("the button to be found", lambda: found("button"))
    page.reload()
    expect(steps(page).locator(".done-step", has_text="Seen on")).to_contain_text(f"Seen on {host}/pages/prints/ask")

    # While it is open for a trial, a chat is answered.
    put(wog, "onboarding", {"library": "prints", "live": "trial"}, 200, mine())
    pia.on("prints")
    stage.until("the trial", lambda: stage.presence("prints", "college") == "available")
    page.reload()
    expect(steps(page)).to_contain_text("Nobody has answered a chat yet")
    patron = stage.patron_of("prints").ask("Is this thing on?")
    column = pia.claim("Is this thing on?")
    assert not found("test"), mine()
    pia.say(column, "It is.")
    stage.until("the test to be found", lambda: found("test"))
    patron.end()
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE), ("narrow", {"width": 320, "height": 640})):
        for scheme in ("light", "dark"):
            seen = at(stage, wog, "onboarding", viewport, scheme)
            expect(steps(seen).locator(".done-step", has_text="A chat was answered in prints")).to_be_visible()
            assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
            steps(seen).scroll_into_view_if_needed()
            stage.look(seen, f"checklist-found-{size}-{scheme}")

    # Through, with what was found; it stays to be read in the entry.
    put(wog, "onboarding", {"library": "prints", "live": "yes", "waived": "meeting, training, hours, agreement", "note": "A small one."}, 200, mine())
    stage.until("it is live", lambda: mine()["answers"]["live"] == "yes")
    page = at(stage, wog, "onboarding")
    page.get_by_text("Print Room").first.click()
    expect(page.locator("dl")).to_contain_text(f"Seen on {host}/pages/prints/ask")
    stage.look(page, "checklist-live")
    pia.set("prints", False)
    for register in ("onboarding", "pages"):
        for entry in written(stage, wog, register):
            if entry["answers"]["library"] == "prints":
                wog.page.request.post(f"{wog.node}/api/registers", data={"id": entry["id"], "version": entry["version"], "drop": True})
