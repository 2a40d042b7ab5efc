"""The service's settings (agreement, 6): a document that LTG signs replaces them, whoever has a node's admin token alone changes nothing; versions are read and compared at `/settings`.
Nodes publish which settings they use: one that was away is shown with the difference, and takes what is in force by itself, even where no coordinator can tell it.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from stage import COORDINATORS, DESKTOP, PHONE

NODE = "steenbock"


def run(stage):
    program = os.environ.get("CALLSLIP", ".build/release/callslip")
    folder = Path(tempfile.mkdtemp())
    document, key = folder / "settings.txt", stage.admin(NODE)[0].parent / "ltg.key"

    def refused(*words):
        told = subprocess.run([program, "settings", *words, "--data", str(stage.admin(NODE)[0])], capture_output=True, text=True)
        assert told.returncode != 0, told.stdout
        return told.stderr

    page = stage.page(stage.context(PHONE, "light"), "LTG")
    page.goto(stage.node(NODE) + "/settings")
    stage.look(page, "settings-enter")
    page.get_by_label("Admin token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="admin token")).to_be_visible()
    page.get_by_label("Admin token").fill(stage.admin(NODE)[2])
    page.keyboard.press("Enter")
    # The demonstration's key: whatever else signs settings there uses the same.
    if key.exists():
        expect(page.locator("#sum")).to_contain_text("is in force")
    else:
        expect(page.locator("#sum")).to_contain_text("Nothing was signed yet")
        subprocess.run([program, "settings", "key", str(key)], check=True, capture_output=True)
    stage.look(page, "settings-at-first")
    former = int(stage.callslip(NODE, "settings", "show").split("version: ")[1].split("\n")[0]) - 1
    first, second, third = former + 1, former + 2, former + 3

    for version, seconds in zip([first, second, third], [60, 75, 90]):
        text = stage.callslip(NODE, "settings", "show")
        assert f"version: {version}\n" in text, text
        before = [line for line in text.split("\n") if line.startswith("pickUpSeconds")][0]
        document.write_text(text.replace(before, f"pickUpSeconds: {seconds}").replace("note: ", f"note: Pick-up of {seconds} seconds"))
        assert "is not signed" in refused("apply", str(document))
        subprocess.run([program, "settings", "sign", str(document), "--key", str(key)], check=True, capture_output=True)
        stage.callslip(NODE, "settings", "apply", str(document))
        stage.until(f"version {version}", lambda version=version: f"version {version}  " in stage.callslip(NODE, "settings", "history"))
    document.write_text(document.read_text().replace("pickUpSeconds: 90", "pickUpSeconds: 91"))
    assert "somebody changed the settings meanwhile" in refused("apply", str(document))

    page = stage.page(stage.context(PHONE, "dark"), "LTG")
    page.goto(stage.node("memorial") + "/settings")
    page.get_by_label("Admin token").fill(stage.admin("memorial")[2])
    page.keyboard.press("Enter")
    expect(page.locator("#sum")).to_contain_text(f"Version {third} is in force")
    expect(page.get_by_role("region", name="Settings in force")).to_contain_text("90")
    expect(page.get_by_role("region", name=f"From version {second} to version {third}")).to_contain_text("pickUpSeconds7590")
    page.get_by_label("Compare version").select_option(str(first))
    expect(page.get_by_role("region", name=f"From version {first} to version {third}")).to_contain_text("pickUpSeconds6090")
    page.get_by_text(f"What version {second} changed", exact=True).click()
    expect(page.get_by_role("region", name=f"Changes of version {second}")).to_contain_text("pickUpSeconds6075")
    stage.look(page, "settings-phone-dark")
    page.set_viewport_size({"width": 320, "height": 700})
    assert page.evaluate("document.documentElement.scrollWidth") <= 320, "the page is wider than a small phone"
    page.set_viewport_size(DESKTOP)
    stage.look(page, "settings-desktop-dark")

    drift(stage, page, document, key, third + 1)

    # Back to what it was, for the scenes that follow.
    stage.callslip(NODE, "settings", "rollback", str(first), "--key", str(key))
    stage.until("the roll back", lambda: "pickUpSeconds: 60" in stage.callslip(NODE, "settings", "show"))


def drift(stage, page, document, key, version):
    """A node is away while something is signed, and comes back when there is no coordinator: it takes the document from another node."""
    program = os.environ.get("CALLSLIP", ".build/release/callslip")

    def known(node):
        # Its status is 1 while somebody differs.
        told = subprocess.run([program, "settings", "nodes", "--json", "--data", str(stage.admin(node)[0])], capture_output=True, text=True)
        assert told.returncode in (0, 1), told.stderr
        return {one["node"]: one for one in json.loads(told.stdout)}

    stage.until("every node to say that it uses it", lambda: {one["state"] for one in known("memorial").values()} <= {"follows", "away"})
    # Whoever is signed in reads it without a token.
    stan = stage.operator("stan.steenbock").sign_in()
    stan.page.goto(stage.node(NODE) + "/settings")
    expect(stan.page.locator("#sum")).to_contain_text("is in force")
    expect(stan.page.get_by_label("Admin token")).to_be_hidden()
    page.get_by_role("button", name="Look again").click()
    expect(page.locator("#strays")).to_have_text("Every node that is there uses the settings in force.")
    stage.control("kill", "college")
    text = stage.callslip(NODE, "settings", "show")
    document.write_text(text.replace("pickUpSeconds: 90", "pickUpSeconds: 45").replace("note: ", "note: While college is away"))
    subprocess.run([program, "settings", "sign", str(document), "--key", str(key)], check=True, capture_output=True)
    stage.callslip(NODE, "settings", "apply", str(document))
    stage.until("memorial to use it", lambda: known("memorial")["memorial"].get("version") == version)
    stage.until("memorial to miss college", lambda: known("memorial")["college"]["state"] == "away")
    stage.until("the others to use it", lambda: [name for name, one in known("memorial").items() if one["state"] != "follows"] == ["college"])
    page.get_by_role("button", name="Look again").click()
    there = page.get_by_role("region", name="How college differs")
    expect(there).to_contain_text("pickUpSeconds9045")
    expect(page.get_by_role("region", name="Settings of each node")).to_contain_text("not heard of")
    stage.look(page, "settings-drift-desktop-dark")
    page.set_viewport_size(PHONE)
    there.scroll_into_view_if_needed()
    stage.look(page, "settings-drift-phone-dark")
    # A table that is wider than a phone scrolls by itself.
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], "the page is wider than a phone"
    # Nobody is left who could tell college by the log.
    stage.control("kill", *COORDINATORS)
    stage.control("start", "college")
    stage.ready("college")
    stage.until("college to take it from another node", lambda: known("college")["college"].get("version") == version, 60)
    assert "pickUpSeconds: 45" in stage.callslip("college", "settings", "show")
    stage.control("start", *COORDINATORS)
    stage.ready(*COORDINATORS)
    stage.until("a leader", lambda: stage.leader() is not None, 60)
    stage.until("college to be seen again", lambda: known("memorial")["college"]["state"] == "follows", 60)
    stage.until("all to use it", lambda: {one["state"] for one in known("memorial").values()} <= {"follows", "away"}, 60)
    page.get_by_role("button", name="Look again").click()
    expect(page.locator("#strays")).to_have_text("Every node that is there uses the settings in force.")
    expect(there).to_have_count(0)
