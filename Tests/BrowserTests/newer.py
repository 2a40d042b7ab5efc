"""A newer desk (agreement, 7): an open desk of the former version goes on with its chat at a node that serves a newer one, says so in plain words, and loads it by itself
when the chat is put away and nothing is half written; who was signed in and there for a queue stays so. Versions in use are listed.
"""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

from playwright.sync_api import expect

from stage import DESKTOP, PHONE, SECOND

CLIENT = Path(__file__).parents[2] / "Sources" / "Web" / "Client"
NODE = "college"


def pid_of(config):
    """The process that serves by this file."""
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if b"serve" in words and str(config).encode() in words:
            return int(entry.name)
    raise AssertionError(f"no process serves {config}")


def stop(stage, config):
    """In order, as an update of the program does it: everybody is told, and who is signed in is handed on."""
    pid = pid_of(config)
    os.kill(pid, signal.SIGTERM)
    stage.until(f"{pid} to end", lambda: not Path(f"/proc/{pid}").exists() or "State:\tZ" in Path(f"/proc/{pid}/status").read_text())


def version(page):
    return page.locator('meta[name="callslip-version"]').get_attribute("content")


def run(stage):
    folder, _, token = stage.admin(NODE)
    config = folder.parent / f"{NODE}.yaml"
    cora = stage.operator("cora.college").sign_in().on("college")
    newer = cora.page.locator("#newer")
    expect(newer).to_be_hidden()
    former = version(cora.page)
    assert len(former) == 16, former
    patron = stage.patron("college")
    patron.ask("Asked of the former desk")
    column = cora.claim("Asked of the former desk")
    cora.say(column, "Answered by the former desk")
    patron.sees("Answered by the former desk")

    # The node is updated: the same files but for one line.
    files = folder.parent / "newer-client"
    shutil.rmtree(files, ignore_errors=True)
    shutil.copytree(CLIENT, files)
    page = files / "desk.html"
    page.write_text(page.read_text().replace("<title>Desk</title>", "<title>Newer desk</title>"))
    stop(stage, config)
    program = os.environ.get("CALLSLIP", ".build/release/callslip")
    with open(folder.parent / "newer.log", "w") as log:
        updated = subprocess.Popen([program, "serve", "--config", str(config), "--assets", str(files)], stdout=log, stderr=log)
    try:
        stage.ready(NODE)
        expect(newer).to_contain_text("A newer desk is ready. Go on with your chats", timeout=40 * SECOND)
        stage.look(cora.page, "newer-desk-with-a-chat")
        # The former page goes on, both ways, and nobody was signed out.
        patron.say("Still there?")
        cora.sees("Still there?", 40)
        cora.say(column, "Still here, at the former desk")
        patron.sees("Still here, at the former desk", 40)
        assert version(cora.page) == former
        token = stage.admin(NODE)[2]
        listed = stage.callslip(NODE, "desks")
        assert f"{former}  1 open, loaded anew when their chats are over" in listed, listed
        ltg = stage.page(stage.context(PHONE, "dark"), "LTG")
        ltg.goto(stage.node(NODE) + "/desks")
        stage.look(ltg, "desks-enter")
        ltg.get_by_label("Admin token").fill("wrong")
        ltg.keyboard.press("Enter")
        expect(ltg.get_by_role("alert").filter(has_text="admin token")).to_be_visible()
        ltg.get_by_label("Admin token").fill(token)
        ltg.keyboard.press("Enter")
        expect(ltg.locator("#sum")).to_contain_text("of a former version. Not all nodes serve the same version")
        expect(ltg.get_by_role("region", name=f"Desks at {NODE}")).to_contain_text("former: loads anew when its chats are over")
        stage.look(ltg, "desks-phone-dark")
        ltg.set_viewport_size({"width": 320, "height": 700})
        assert ltg.evaluate("document.documentElement.scrollWidth") <= 320, "the page is wider than a small phone"
        ltg.set_viewport_size(DESKTOP)
        stage.look(ltg, "desks-desktop-dark")

        # What is half written is not disturbed, though the chat is over and put away.
        cora.close(column)
        cora.page.keyboard.press("Control+k")
        expect(newer).to_contain_text("when nothing is half written and no window is open")
        cora.page.evaluate("window.isFormer = true")
        before = time.monotonic()
        cora.page.wait_for_function("seconds => performance.now() / 1000 > seconds", arg=cora.page.evaluate("performance.now() / 1000") + 8, timeout=20 * SECOND)
        assert version(cora.page) == former and cora.page.evaluate("window.isFormer"), f"loaded anew after {time.monotonic() - before:.1f} s, with a window open"
        cora.page.keyboard.press("Escape")

        # Nothing is open any more: it loads the newer one by itself, and its person is there as before.
        expect(newer).to_contain_text("in a moment")
        stage.look(cora.page, "newer-desk-in-a-moment")
        expect(cora.page.locator('meta[name="callslip-version"]')).not_to_have_attribute("content", former, timeout=30 * SECOND)
        assert cora.page.evaluate("window.isFormer === undefined"), "the page itself is another"
        expect(cora.page.locator('[data-queue-switch="college"][aria-checked=true]')).to_be_visible()
        expect(newer).to_be_hidden()
        served = version(cora.page)
        assert served != former, "another version"
        cora.page.locator("#rail input[type=time]").fill("23:58")
        stage.until("the list", lambda: f"{served}  1 open\n" in stage.callslip(NODE, "desks"))
    finally:
        stop(stage, config)
        updated.wait(20)
        stage.control("kill", NODE)
        stage.control("start", NODE)
        stage.ready(NODE)

    # Back to the former version while something is half written; this time the person does not wait.
    expect(newer).to_contain_text("when nothing is half written", timeout=40 * SECOND)
    cora.page.get_by_role("button", name="Reload now").click()
    expect(newer).to_be_hidden()
    expect(cora.page.locator('[data-queue-switch="college"][aria-checked=true]')).to_be_visible()
    assert version(cora.page) == former
    cora.leave()
