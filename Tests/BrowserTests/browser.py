"""Plays patrons and operators in a real browser against a running demonstration. Each scene is a file of its own; all of them are judged
by axe (WCAG 2.2 AA) in every state that they pass, and leave pictures.

Usage: browser.py BASE_PORT PICTURES [SCENE …]    (a `callslip demo` must be running on BASE_PORT; CALLSLIP_DEMO names its folder)
"""

import importlib
import sys
import time

from playwright.sync_api import sync_playwright

from stage import Stage

SCENES = ["button", "story", "desk", "race", "keyboard", "pages", "referral", "duty", "staffroom", "transfer", "message", "embeds", "snippet", "hours", "opening", "sessions", "allpages", "signins", "audit", "phone", "line", "alone", "outage", "names", "canned", "problem", "picture", "tickets", "ledger", "shifts", "why", "practice", "checkpage", "installs", "registers", "checklist", "followups", "reports", "language", "keeping", "notes", "colour", "pause", "newer", "watching", "hostile", "settings"]


def play(stage, names):
    for name in names:
        scene = importlib.import_module(name)
        print(f"-- {name}: {scene.__doc__.splitlines()[0]}", flush=True)
        began = time.monotonic()
        try:
            scene.run(stage)
            stage.end_scene()
        except BaseException:
            pages = [page for context in stage.contexts for page in context.pages]
            for number, page in enumerate(pages):
                page.screenshot(path=str(stage.shots / f"failed-{name}-{number}.png"))
            raise
        print(f"   {time.monotonic() - began:.1f} s", flush=True)


with sync_playwright() as playwright:
    # Pages that a test makes up come from no address, so the browser would not let them load from loopback.
    arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-features=LocalNetworkAccessChecks"]
    browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
    stage = Stage(browser, int(sys.argv[1]), sys.argv[2])
    play(stage, sys.argv[3:] or SCENES)
    browser.close()
for line in stage.violations:
    print("accessibility:", line)
print(f"browser: {len(sys.argv[3:] or SCENES)} scenes, {stage.looks} states looked at, {len(stage.violations)} accessibility violations")
sys.exit(1 if stage.violations else 0)
