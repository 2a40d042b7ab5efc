"""Naming conventions (agreement, 5): what does not fit stands on the renaming list, a name that does not fit is refused with a reason, and former names go on leading there.
"""

import json
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import expect

from stage import COORDINATORS, DESKTOP, LIBRARIES, PASSWORDS, PHONE, HOMES

NAMING = (Path(__file__).parents[2] / "cluster" / "sample-naming.yaml").read_bytes()
# A library that comes with names of its own, and is nobody's in the other scenes.
ANNEX = b"""general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: annex
    title: Annex
    node: college
    fallback: immediately
    queues: [{name: storage, title: The Annex}]
    operators: [{name: ada, display: Ada, password: low-shelves-1, queues: [storage]}]
"""


def rename(stage, kind, old, new):
    return stage.post("college", "/api/names", json.dumps({"kind": kind, "from": old, "to": new}).encode())


def run(stage):
    _, _, token = stage.admin("college")
    try:
        urllib.request.urlopen(stage.node("college") + "/api/names")
        raise AssertionError("names are shown to anybody")
    except urllib.error.HTTPError as error:
        assert error.code == 403, error

    # Imported before there are conventions: the names stay, and stand on the list. A person's password is kept under the name of that day.
    assert stage.post("college", "/api/import", b"naming: {}", "application/yaml")[0] == 200
    assert stage.post("college", "/api/import", ANNEX, "application/yaml")[0] == 200
    status, text = stage.post("college", "/api/import", NAMING.replace(b"mia.memorial", b"mia"), "application/yaml")
    assert status == 422 and "does not fit the pattern" in text, text
    assert stage.post("college", "/api/import", NAMING, "application/yaml")[0] == 200
    stage.until("the conventions", lambda: "convention  user" in stage.callslip("college", "names"))
    # And one that comes now is called as the convention says, at once.
    more = ANNEX.replace(b"name: storage", b"name: vault").replace(b"name: ada", b"name: abe").replace(b"[storage]", b"[vault]")
    status, text = stage.post("college", "/api/import", more, "application/yaml")
    assert status == 200 and "`annex-vault`" in text and "`abe.annex`" in text, text

    page = stage.page(stage.context(PHONE, "dark"), "LTG")
    page.goto(f"{stage.node('college')}/names")
    stage.look(page, "names-enter")
    page.get_by_label("Admin token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="admin token")).to_be_visible()
    stage.look(page, "names-wrong-token")
    page.get_by_label("Admin token").fill(token)
    page.keyboard.press("Enter")
    queue = page.get_by_label("New name of the queue storage")
    expect(queue).to_have_value("annex-storage")
    expect(page.get_by_label("Admin token")).to_be_hidden()
    expect(page.get_by_label("New name of the user ada")).to_have_value("ada.annex")
    expect(page.get_by_role("row").filter(has_text="vault")).to_contain_text("annex-vault")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
    stage.look(page, "names-list-phone-dark")

    # A name that does not fit is refused with pattern, example and what to change; what was typed stays.
    queue.fill("stores")
    queue.press("Enter")
    wrong = page.get_by_role("alert").filter(has_text="stores")
    expect(wrong).to_contain_text("{library}|{library}-*")
    expect(wrong).to_contain_text("memorial-maps")
    expect(wrong).to_contain_text("`annex-stores` would fit")
    expect(queue).to_have_value("stores")
    expect(queue).to_be_focused()
    stage.look(page, "names-refused")

    # A patron at a page of the former name, before and after; and the operator who is there keeps the queue.
    PASSWORDS["ada"], HOMES["ada"] = "low-shelves-1", "college"
    ada = stage.operator("ada").sign_in().on("storage")
    stage.until("the button", lambda: stage.presence("storage", "memorial") == "available")
    patron = stage.patron_of("storage")
    # What is typed for another one stays.
    page.get_by_label("New name of the user ada").fill("ada-l.annex")
    queue.fill("annex")
    queue.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("storage is called annex now")
    expect(page.get_by_label("New name of the user ada")).to_have_value("ada-l.annex")
    page.get_by_label("New name of the user ada").fill("ada.annex")
    for node in LIBRARIES + COORDINATORS:
        stage.until(f"{node} answers by the former name", lambda: stage.presence("storage", node) == "available")
        stage.until(f"{node} answers by the new name", lambda: stage.presence("annex", node) == "available")
        stage.until(f"{node} shows hours", lambda: "Annex" in stage.get(f"{stage.node(node)}/hours/storage"))
    patron.page.reload()
    expect(patron.launcher).to_contain_text("here now")
    patron.ask("Is it on the low shelf?")
    column = ada.claim("Is it on the low shelf?")
    ada.say(column, "It is.")
    patron.sees("It is.")
    ada.close(column)

    # A person is renamed when signed off, and signs in by both names with the same password.
    person = page.get_by_label("New name of the user ada")
    person.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="signed on")).to_be_visible()
    ada.leave()
    stage.until("she is renamed", lambda: rename(stage, "user", "ada", "ada.annex")[0] == 200)
    assert rename(stage, "user", "ada", "mia.memorial")[0] == 409
    for name in ("ada", "ada.annex"):
        PASSWORDS[name], HOMES[name] = "low-shelves-1", "college"
        stage.until(f"{name} is known", lambda: "ada.annex" in post_sign_in(stage, name))
    lists = stage.callslip("college", "names")
    assert "former      queue  storage is annex" in lists and "former      user  ada is ada.annex" in lists, lists

    # The same file again means the same things.
    assert stage.post("college", "/api/import", ANNEX, "application/yaml")[0] == 200
    assert "is annex" in stage.callslip("college", "names")
    page = stage.page(stage.context(DESKTOP), "LTG")
    page.goto(f"{stage.node('steenbock')}/names")
    page.get_by_label("Admin token").fill(stage.admin("steenbock")[2])
    page.keyboard.press("Enter")
    expect(page.get_by_role("row").filter(has_text="storage")).to_contain_text("annex")
    stage.look(page, "names-list-desktop-light")


def post_sign_in(stage, name):
    body = json.dumps({"operator": name, "password": "low-shelves-1"}).encode()
    request = urllib.request.Request(stage.node("college") + "/api/sign-in", method="POST", data=body, headers={"Content-Type": "application/json"})
    return urllib.request.urlopen(request, timeout=10).read().decode()
