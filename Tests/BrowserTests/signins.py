"""Sign-ins are listed and ended: a person's own by the person, those of a library's people by its admin; the desk there is signed out at once.
It turns on a second step, too, which the desk then asks for.
"""

import io
import sys
from pathlib import Path

import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from stage import DESKTOP, HOMES, PASSWORDS, PHONE

sys.path.append(str(Path(__file__).resolve().parents[1] / "ProtocolTests"))
from onetime import code_of

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

    second_step(stage, vera, otto)
    for person in (cora, otto):
        person.leave()


def second_step(stage, vera, otto):
    """Turned on with the keyboard alone, asked for at the desk, and turned off by the admin when the phone is lost; Vera is told."""
    vera.sign_in()
    page = page_of(stage, vera, DESKTOP, "light")
    password = page.get_by_label("Your password")
    password.focus()
    page.keyboard.type("not hers")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not your password")
    expect(password).to_be_focused()
    password.fill(PASSWORDS["vera.vaults"])
    page.keyboard.press("Enter")
    expect(page.get_by_label("The code that the app shows now")).to_be_focused()
    secret = page.locator("#secret").inner_text()
    assert page.locator("#otpauth").get_attribute("href").startswith("otpauth://totp/Callslip:vera.vaults?secret=" + secret.replace(" ", ""))
    stage.look(page, "second-step-secret-desktop-light")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        seen = zxingcpp.read_barcodes(Image.open(io.BytesIO(page.locator("#squares").screenshot())))
        assert [one.text for one in seen] == [page.locator("#otpauth").get_attribute("href")], f"a camera reads {seen}"
    page.emulate_media(color_scheme="light")
    page.keyboard.type("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Is the phone’s clock right?")
    page.keyboard.type(code_of(secret))
    page.keyboard.press("Enter")
    expect(page.get_by_role("list", name="Recovery codes").get_by_role("listitem")).to_have_count(10)
    recovery = page.get_by_role("list", name="Recovery codes").get_by_role("listitem").all_inner_texts()
    stage.look(page, "second-step-recovery-desktop-light")
    page.get_by_role("button", name="I have them").press("Enter")
    expect(page.locator("#second-state")).to_contain_text("10 of your recovery codes are left")
    assert recovery[0] not in page.content(), "the codes are still in the page"

    # At the desk, on a phone: first the password, then the code.
    phone = stage.page(stage.context(PHONE, "dark"), "vera's phone")
    phone.goto(vera.node + "/desk")
    phone.get_by_label("Operator name").fill("vera.vaults")
    phone.get_by_label("Password", exact=True).fill(PASSWORDS["vera.vaults"])
    expect(phone.locator("#signin-code")).to_be_hidden()
    phone.keyboard.press("Enter")
    expect(phone.get_by_label("Code of your second step")).to_be_focused()
    stage.look(phone, "second-step-desk-phone-dark")
    phone.keyboard.type("000 000")
    phone.keyboard.press("Enter")
    expect(phone.locator("#signin-error")).to_contain_text("not right, or was used already")
    expect(phone.get_by_label("Code of your second step")).to_be_focused()
    stage.look(phone, "second-step-wrong-phone-dark")
    phone.keyboard.type(recovery[0].lower())
    phone.keyboard.press("Enter")
    expect(phone.locator("body[data-view=desk]")).to_be_visible()
    expect(phone.get_by_role("region", name="Notices")).to_contain_text("9 are left")

    # The phone is lost, and so are the codes.
    admin = page_of(stage, otto, PHONE, "dark")
    expect(admin.get_by_role("heading", name="A colleague lost their phone")).to_be_visible()
    stage.look(admin, "second-step-admin-phone-dark")
    admin.get_by_label("Their operator name").fill("cora.college")
    admin.keyboard.press("Enter")
    expect(admin.get_by_role("alert")).to_contain_text("You look after nobody with that operator name.")
    admin.get_by_label("Their operator name").fill("vera.vaults")
    admin.keyboard.press("Enter")
    expect(admin.get_by_role("status")).to_contain_text("The second step of Vera is off")
    page.reload()
    expect(page.get_by_role("heading", name="A colleague lost their phone")).to_be_hidden()
    vera.leave()
    vera.sign_in()
    expect(vera.page.get_by_role("region", name="Notices")).to_contain_text("Otto (otto.vaults) turned your second step off")
    vera.leave()

    # Her password is forgotten: the admin gives her a code, with which she chooses another.
    admin.get_by_label("The operator name of that colleague").fill("vera.vaults")
    admin.keyboard.press("Enter")
    expect(admin.locator("#forgot-code")).to_be_focused()
    code = admin.locator("#forgot-code").inner_text()
    stage.look(admin, "first-code-admin-phone-dark")
    desk = stage.page(stage.context(PHONE, "light"), "vera, who forgot")
    desk.goto(vera.node + "/desk")
    desk.get_by_label("Operator name").fill("vera.vaults")
    desk.get_by_label("Password", exact=True).fill(code.lower())
    desk.keyboard.press("Enter")
    expect(desk.get_by_label("A password of your own")).to_be_focused()
    desk.keyboard.type("short")
    desk.keyboard.press("Enter")
    expect(desk.locator("#signin-error")).to_contain_text("8 to 256")
    stage.look(desk, "first-code-desk-phone-light")
    desk.get_by_label("A password of your own").fill("behind-another-door-1")
    desk.keyboard.press("Enter")
    expect(desk.locator("body[data-view=desk]")).to_be_visible()
    PASSWORDS["vera.vaults"] = "behind-another-door-1"
    vera.sign_in()
    vera.leave()
