"""Sign-ins are listed and ended: a person's own by the person, those of a library's people by its admin; the desk there is signed out at once.
"""

from playwright.sync_api import expect

from stage import DESKTOP, HOMES, PASSWORDS, PHONE

VAULTS = b"""general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: vaults
    title: Library of Vaults
    node: college
    fallback: immediately
    queues: [{name: vaults, title: Library of Vaults}]
    operators:
      - {name: vera.vaults, display: Vera, password: behind-the-door-1, queues: [vaults]}
      - {name: otto.vaults, display: Otto, password: behind-the-door-2, queues: [vaults], admin: true}
"""


def page_of(stage, person, viewport, scheme):
    context = stage.context(viewport, scheme)
    context.add_cookies(person.context.cookies())
    page = stage.page(context, person.name)
    page.goto(person.node + "/sessions")
    return page


def run(stage):
    assert stage.post("college", "/api/import", VAULTS, "application/yaml")[0] == 200
    for number, name in enumerate(("vera.vaults", "otto.vaults"), 1):
        PASSWORDS[name], HOMES[name] = f"behind-the-door-{number}", "college"
    stage.until("the people", lambda: "Vaults" in stage.get(stage.node("college") + "/hours"))

    nobody = stage.page(stage.context(PHONE), "nobody")
    nobody.goto(stage.node("college") + "/sessions")
    expect(nobody.get_by_role("alert")).to_contain_text("Sign in at the desk")
    stage.look(nobody, "sessions-nobody")

    cora = stage.operator("cora.college").sign_in()
    vera = stage.operator("vera.vaults").sign_in()
    otto = stage.operator("otto.vaults").sign_in()

    # An operator sees their own, and nobody else's.
    own = page_of(stage, vera, PHONE, "dark")
    rows = own.get_by_role("row")
    expect(rows).to_have_count(2)
    expect(rows.nth(1)).to_contain_text("Vera (this one)")
    own.set_viewport_size({"width": 320, "height": 640})
    assert own.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
    stage.look(own, "sessions-own-phone-dark")

    # The admin sees the library's, and ends one: that desk asks for the password again.
    admin = page_of(stage, otto, DESKTOP, "light")
    expect(admin.get_by_role("row").filter(has_text="Vera")).to_have_count(1)
    expect(admin.get_by_role("row").filter(has_text="Cora")).to_have_count(0)
    stage.look(admin, "sessions-admin-desktop-light")
    ending = admin.get_by_role("button", name="End the sign-in of Vera")
    ending.focus()
    admin.keyboard.press("Enter")
    expect(admin.get_by_role("status")).to_contain_text("Vera is signed out there.")
    expect(admin.get_by_role("row").filter(has_text="Vera")).to_have_count(0)
    stage.look(admin, "sessions-ended")
    expect(vera.page.locator("#signin-password")).to_be_visible()
    own.reload()
    expect(own.get_by_role("alert")).to_contain_text("Sign in at the desk")
    expect(cora.page.locator("body[data-view=desk]")).to_be_visible()

    # With the same password she is back, and from another browser she ends the one that she forgot.
    vera.sign_in()
    forgotten = stage.callslip("college", "sessions")
    assert forgotten.count("vera.vaults") == 1 and "otto.vaults  vaults" in forgotten, forgotten
    line = next(line for line in forgotten.splitlines() if "vera.vaults" in line)
    assert "Vera is signed out there." in stage.callslip("college", "sessions", "end", line.split()[0])
    expect(vera.page.locator("#signin-password")).to_be_visible()
    for person in (cora, otto):
        person.leave()
