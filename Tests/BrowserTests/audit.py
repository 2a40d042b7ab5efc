"""Holds and exports are asked for, decided by the library's director, and taken; who did it, who read a transcript and who changed what is in the audit log.
"""

import json
import os
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from playwright.sync_api import expect

from stage import DESKTOP, HOMES, PASSWORDS, PHONE

ATTIC = """general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: attic
    title: Library of the Attic
    node: college
    fallback: immediately
    queues: [{name: attic, title: Library of the Attic}]
    operators:
      - {name: olga.attic, display: Olga, password: under-the-roof-1, queues: [attic]}
      - {name: ada.attic, display: Ada, password: under-the-roof-2, queues: [attic], admin: true}
      - {name: dee.attic, display: Dee, password: under-the-roof-3, queues: [attic]%s}
      - {name: lars.attic, display: Lars, password: under-the-roof-4, queues: [attic], committee: ltg}
"""
PEOPLE = ["olga.attic", "ada.attic", "dee.attic", "lars.attic"]
QUESTION = "Who may see the letters of 1911?"


def page_of(stage, person, path, viewport=DESKTOP, scheme="light"):
    context = stage.context(viewport, scheme, accept_downloads=True)
    context.add_cookies(person.context.cookies())
    page = stage.page(context, person.name)
    page.goto(person.node + path)
    return page


def narrow(page):
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"


def get(stage, path):
    """What the node of the library answers to its admin token."""
    _, url, token = stage.admin("college")
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"})
    return urllib.request.urlopen(request, timeout=20).read().decode()


def fails(stage, node, *arguments):
    """What the program says when it does not do what it was asked."""
    program = os.environ.get("CALLSLIP", ".build/release/callslip")
    found = subprocess.run([program, *arguments, "--data", str(stage.admin(node)[0])], capture_output=True, text=True, check=False)
    assert found.returncode != 0, found.stdout
    return found.stderr


def ask_for(page, chat, kind, reason):
    page.get_by_label("Chat", exact=True).fill(chat)
    page.get_by_label(kind).check()
    page.get_by_label("Why").fill(reason)
    page.get_by_label("Why").press("Tab")
    page.keyboard.press("Enter")


def run(stage):
    assert stage.post("college", "/api/import", (ATTIC % "").encode(), "application/yaml")[0] == 200
    for number, name in enumerate(PEOPLE, 1):
        PASSWORDS[name], HOMES[name] = f"under-the-roof-{number}", "college"
    stage.until("the people", lambda: "Attic" in stage.get(stage.node("college") + "/hours"))
    for path in ("audit", "transcripts"):
        nobody = stage.page(stage.context(PHONE), "nobody")
        nobody.goto(f"{stage.node('college')}/{path}")
        expect(nobody.get_by_role("alert").first).to_contain_text("Sign in at the desk")
        stage.look(nobody, f"{path}-nobody")
    olga, ada, dee, lars = (stage.operator(name).sign_in() for name in PEOPLE)

    # A chat that is over; its text is at its library's node, and no word of it is on the page.
    olga.on("attic")
    patron = stage.patron_of("attic")
    patron.ask(QUESTION)
    olga.close(olga.claim(QUESTION))
    listed = lambda: json.loads(get(stage, "/api/transcripts"))["kept"]
    stage.until("the transcript", lambda: [one for one in listed() if one["library"] == "attic"])
    chat = next(one["chat"] for one in listed() if one["library"] == "attic")

    # An operator sees neither; an admin may ask, once there is somebody who decides.
    plain = page_of(stage, olga, "/transcripts")
    expect(plain.get_by_role("alert").first).to_contain_text("library admin")
    asking = page_of(stage, ada, "/transcripts")
    expect(asking.get_by_text("no director in the roster")).to_be_visible()
    expect(asking.get_by_text("Nothing was asked for yet.")).to_be_visible()
    expect(asking.get_by_role("row").filter(has_text=chat)).to_have_count(1)
    expect(asking.get_by_text(QUESTION)).to_have_count(0)
    stage.look(asking, "transcripts-empty-desktop-light")
    asking.get_by_role("button", name=f"Ask for chat {chat}").click()
    expect(asking.get_by_label("Chat", exact=True)).to_have_value(chat)
    ask_for(asking, chat, "Keep it longer", "A complaint is looked into.")
    expect(asking.locator("#ask-problem")).to_contain_text("no director")
    expect(asking.get_by_label("Why")).to_have_value("A complaint is looked into.")
    assert stage.post("college", "/api/import", (ATTIC % ", director: true").encode(), "application/yaml")[0] == 200
    ask_for(asking, chat, "Keep it longer", "")
    expect(asking.locator("#ask-problem")).to_contain_text("reason is missing")
    stage.look(asking, "transcripts-refused")
    ask_for(asking, chat, "Keep it longer", "A complaint is looked into.")
    expect(asking.get_by_role("status")).to_contain_text("The director is asked")
    ask_for(asking, chat, "Take it away", "The patron asks for a copy.")
    wishes = asking.locator("#wishes > li")
    expect(wishes).to_have_count(2)
    expect(wishes.first).to_contain_text("waits for the director")
    expect(asking.get_by_role("button", name="Approve")).to_have_count(0)
    # Not deleted while it waits, by nobody.
    stage.until("the hold at the node", lambda: next(one for one in listed() if one["chat"] == chat).get("heldUntilMs"))
    assert "is held" in fails(stage, "college", "transcripts", "delete", chat)

    # The director is told at the desk.
    dee.page.reload()
    expect(dee.page.locator("#news")).to_contain_text("2 requests wait for your decision")
    # The director decides, on a phone, by keyboard: to decline needs a note.
    deciding = page_of(stage, dee, "/transcripts", PHONE, "dark")
    expect(deciding.locator("#wishes > li")).to_have_count(2)
    narrow(deciding)
    stage.look(deciding, "transcripts-director-phone-dark")
    export, hold = (deciding.locator(f"#wishes > li[data-kind={kind}]") for kind in ("export", "hold"))
    export.get_by_role("button", name="Decline").click()
    expect(deciding.get_by_role("alert").first).to_contain_text("note is missing")
    hold.get_by_label("Note").fill("Until it is answered.")
    hold.get_by_role("button", name="Approve").focus()
    deciding.keyboard.press("Enter")
    expect(hold).to_contain_text("approved")
    expect(deciding.get_by_role("status")).to_contain_text("It is approved.")
    export.get_by_role("button", name="Approve").click()
    expect(export).to_contain_text("approved")

    # Taken as a file, by an admin of the library, where it is kept; elsewhere it is said where.
    elsewhere = stage.operator("ada.attic", at="memorial").sign_in()
    other = page_of(stage, elsewhere, "/transcripts")
    other.get_by_role("button", name="Take the file").click()
    expect(other.get_by_role("alert").first).to_contain_text("kept at college")
    ada.sign_in()
    asking = page_of(stage, ada, "/transcripts")
    with asking.expect_download() as download:
        asking.get_by_role("button", name="Take the file").click()
    text = Path(download.value.path()).read_text()
    assert QUESTION in text and download.value.suggested_filename == f"transcript-{chat}.txt", text
    expect(asking.get_by_role("status")).to_contain_text("in the audit log")
    stage.look(asking, "transcripts-taken-desktop-light")
    # At the node's console it is read, and that is written down as well.
    assert QUESTION in stage.callslip("college", "transcripts", "show", chat)
    assert "held until" in stage.callslip("college", "transcripts", "list")

    # The director ends the hold; then the library may delete.
    hold.get_by_label("Note").fill("It is answered.")
    hold.get_by_role("button", name="End").click()
    expect(hold).to_contain_text("ended")
    export.get_by_role("button", name="End").click()
    expect(export).to_contain_text("ended")
    stage.until("the end of the hold", lambda: not [one for one in listed() if one.get("heldUntilMs")])
    assert "deleted" in stage.callslip("college", "transcripts", "delete", chat)

    # The log: for the library's admin what is the library's, searched, on a phone and by keyboard.
    own = page_of(stage, ada, "/audit", PHONE, "dark")
    for act in ("hold asked for", "export asked for", "approved", "export taken", "transcript read", "ended", "person"):
        expect(own.get_by_role("row").filter(has_text=act).first).to_be_visible()
    taken = own.get_by_role("row").filter(has_text="export taken")
    expect(taken).to_have_count(1)
    expect(taken).to_contain_text("ada.attic")
    assert not [row for row in own.get_by_role("row").all_inner_texts()[1:] if "attic" not in row], "somebody else's entries are shown"
    narrow(own)
    stage.look(own, "audit-own-phone-dark")
    own.get_by_label("Find").fill(f"read {chat}")
    own.keyboard.press("Enter")
    expect(own.get_by_role("row")).to_have_count(2)
    expect(own.get_by_role("row").nth(1)).to_contain_text("admin token")
    expect(own.get_by_role("row").nth(1)).to_contain_text("college")
    own.get_by_label("Find").fill("no such thing")
    own.keyboard.press("Enter")
    expect(own.get_by_role("status")).to_contain_text("Nothing was found")
    expect(own.get_by_role("row")).to_have_count(0)
    stage.look(own, "audit-nothing-found")
    table = ada.page.request.get(ada.node + "/api/audit.csv?q=taken").text().splitlines()
    assert len(table) == 2 and table[1].split(",")[2] == "person ada.attic", table

    # LTG sees all of it, and that it is whole; what was rewritten is found out.
    whole = page_of(stage, lars, "/audit")
    expect(whole.get_by_text("--verify")).to_be_visible()
    stage.look(whole, "audit-all-desktop-light")
    said = stage.callslip("college", "audit", "--verify")
    assert "entries, whole, up to" in said, said
    written = stage.callslip("college", "audit", "--json")
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "audit.json"
        kept.write_text(written)
        report = json.loads(written)
        stage.callslip("college", "audit", "--verify", "--file", str(kept))
        assert "whole" in stage.callslip("college", "audit", "--verify", "--through", report["entries"][-1]["hash"])
        assert "does not lead through" in fails(stage, "college", "audit", "--verify", "--through", "ff" * 32)
        report["entries"][-3]["by"] = "person max.memorial"
        kept.write_text(json.dumps(report))
        assert "not whole" in fails(stage, "college", "audit", "--verify", "--file", str(kept))
    # Every node is told the same chain, whichever coordinator it asks.
    for node in ("memorial", "steenbock", "c1", "c2", "c3"):
        assert "whole" in stage.callslip(node, "audit", "--verify", "--through", json.loads(written)["entries"][-1]["hash"])
    for person in (olga, ada, dee, lars):
        person.leave()
