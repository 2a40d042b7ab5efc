"""Plays patron and operator in two real pages of a running demonstration, kills the leader between two messages, and checks
that nothing is lost or doubled, that the old vendor's snippet follows a sign-on and a sign-off, and that no page has an
accessibility violation (axe, WCAG 2.2 AA).

Usage: browser.py BASE_PORT SCREENSHOT_FOLDER    (a `callslip demo` must be running on BASE_PORT)
"""

import sys
import time
import urllib.request
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

base = int(sys.argv[1])
shots = Path(sys.argv[2])
shots.mkdir(parents=True, exist_ok=True)
site = f"http://127.0.0.1:{base}"
desk_url = f"http://127.0.0.1:{base + 6}/desk"
rules = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
violations = []
checks = 0


def check(page, name):
    """Takes a picture and lets axe look at the page as it is."""
    global checks
    checks += 1
    page.screenshot(path=str(shots / f"{name}.png"))
    result = Axe().run(page, options=rules)
    for violation in result.response["violations"]:
        where = "; ".join(node["html"][:120] for node in violation["nodes"][:3])
        violations.append(f"{name}: {violation['id']}: {violation['help']}: {where}")


def kill_leader():
    request = urllib.request.Request(site + "/kill-leader", method="POST", data=b"", headers={"Origin": site})
    told = urllib.request.urlopen(request, timeout=20).read().decode()
    assert "was killed" in told, told
    print(told)
    return told.split()[0]


def wait_ready(coordinator):
    """A second kill before the first coordinator is back would leave no majority, which is another story."""
    port = base + int(coordinator[1:])
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=2).read()
            return
        except OSError:
            assert time.monotonic() < deadline, f"{coordinator} did not start again within 60 s"
            time.sleep(0.1)


def said(page, text):
    return page.locator("#callslip-log").get_by_text(text, exact=True)


def run(browser):
    patron_context = browser.new_context(viewport={"width": 1280, "height": 800})
    desk_context = browser.new_context(viewport={"width": 1440, "height": 900}, color_scheme="light")
    legacy = patron_context.new_page()
    legacy.goto(site + "/legacy/memorial")
    expect(legacy.get_by_text("Chat is closed now")).to_be_visible(timeout=15000)

    desk = desk_context.new_page()
    errors = []
    desk.on("pageerror", lambda error: errors.append(f"desk: {error}"))
    desk.goto(desk_url)
    expect(desk.locator("#signin-operator")).to_be_visible(timeout=10000)
    check(desk, "desk-sign-in")
    desk.fill("#signin-operator", "stan.steenbock")
    desk.fill("#signin-password", "green-fields-1")
    desk.click("#signin-submit")
    expect(desk.locator("body[data-view=desk]")).to_be_visible(timeout=15000)
    switch = desk.locator('[data-queue-switch="general"]')
    expect(switch).to_be_visible(timeout=10000)
    if switch.get_attribute("aria-checked") != "true":
        switch.click()
    on = time.monotonic()
    expect(desk.locator('[data-queue-switch="general"][aria-checked=true]')).to_be_visible(timeout=10000)
    expect(legacy.get_by_text("Chat with Memorial Library")).to_be_visible(timeout=10000)
    print(f"the old snippet's button came on {time.monotonic() - on:.2f} s after the sign-on")
    check(desk, "desk-empty")

    patron = patron_context.new_page()
    patron.on("pageerror", lambda error: errors.append(f"patron: {error}"))
    patron.goto(site + "/library/memorial")
    launcher = patron.locator("[data-callslip-launcher]").first
    expect(launcher).to_be_visible(timeout=10000)
    launcher.click()
    expect(patron.locator("#callslip-composer")).to_be_visible(timeout=10000)
    check(patron, "patron-open")
    patron.fill("#callslip-composer", "Do you have the 1911 survey of Dane County?")
    patron.click("#callslip-send")
    expect(desk.locator("[data-waiting-chat]").first).to_be_visible(timeout=10000)
    check(patron, "patron-waiting")
    check(desk, "desk-waiting")
    desk.locator("[data-claim]").first.click()
    composer = desk.locator("[data-composer]").first
    expect(composer).to_be_visible(timeout=10000)
    composer.fill("Yes, on the third floor. Shall I reserve it?")
    composer.press("Enter")
    expect(said(patron, "Yes, on the third floor. Shall I reserve it?")).to_be_visible(timeout=10000)
    check(patron, "patron-answered")
    check(desk, "desk-chat")

    for number in range(2):
        killed = kill_leader()
        patron.fill("#callslip-composer", f"Please do, number {number}")
        patron.click("#callslip-send")
        started = time.monotonic()
        expect(desk.get_by_text(f"Please do, number {number}", exact=True).first).to_be_visible(timeout=15000)
        print(f"the next message after the kill came in {time.monotonic() - started:.2f} s")
        composer.fill(f"Done, number {number}")
        composer.press("Enter")
        expect(said(patron, f"Done, number {number}")).to_be_visible(timeout=15000)
        wait_ready(killed)
    for text in ["Please do, number 0", "Done, number 0", "Please do, number 1", "Done, number 1"]:
        assert said(patron, text).count() == 1, f"{text}: {said(patron, text).count()} times at the patron"
        assert desk.locator("[data-log]").get_by_text(text, exact=True).count() == 1, f"{text}: not once at the desk"

    patron.set_viewport_size({"width": 390, "height": 844})
    check(patron, "patron-phone")
    dark = browser.new_context(viewport={"width": 390, "height": 844}, color_scheme="dark").new_page()
    dark.goto(f"http://127.0.0.1:{base + 4}/chat/memorial@chat.example.org")
    expect(dark.locator("#callslip-composer")).to_be_visible(timeout=10000)
    check(dark, "patron-page-dark")

    desk.locator('[data-queue-switch="general"]').click()
    off = time.monotonic()
    expect(legacy.get_by_text("Chat is closed now")).to_be_visible(timeout=10000)
    print(f"the old snippet's button went off {time.monotonic() - off:.2f} s after the sign-off")
    assert not errors, errors


with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
        executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"]
    )
    try:
        run(browser)
    except BaseException:
        for number, page in enumerate(page for context in browser.contexts for page in context.pages):
            page.screenshot(path=str(shots / f"failed-{number}.png"))
        raise
    finally:
        browser.close()
for line in violations:
    print("accessibility:", line)
print(f"browser: {checks} states looked at, {len(violations)} accessibility violations")
sys.exit(1 if violations else 0)
