"""What every browser test needs: the demonstration's addresses, people at desks and at libraries' pages, pictures, axe, and the demonstration's
processes to kill and start again. A test asks for people, lets them act, and waits for what must be seen; nothing here waits for a fixed time.
"""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

DESKTOP = {"width": 1280, "height": 800}
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
COORDINATORS = ["c1", "c2", "c3"]
LIBRARIES = ["memorial", "college", "steenbock"]
PASSWORDS = {
    "mia.memorial": "reading-room-1",
    "max.memorial": "reading-room-2",
    "cora.college": "open-all-night-1",
    "stan.steenbock": "green-fields-1",
    "bea.business": "balance-sheet-1",
    "lea.law": "case-closed-1",
}
HOMES = {"mia.memorial": "memorial", "max.memorial": "memorial", "cora.college": "college", "stan.steenbock": "steenbock", "bea.business": "college", "lea.law": "steenbock"}
RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}}
SECOND = 1000
# A page that came a moment before what it shows asks again after up to 6 s; and a busy machine takes its time.
expect.set_options(timeout=20 * SECOND)

# Shifts are summed as the layout-instability specification says, without those within half a second of the person's own input.
SHIFTS = """
window.shiftSum = 0;
new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.shiftSum += entry.value; })
  .observe({ type: "layout-shift", buffered: true });
"""


class Stage:
    """The running demonstration, seen from outside."""

    def __init__(self, browser, base_port, shots):
        self.browser = browser
        self.base = base_port
        self.shots = Path(shots)
        self.shots.mkdir(parents=True, exist_ok=True)
        self.site = self.url(0)
        self.violations = []
        self.looks = 0
        self.figures = []
        self.errors = []
        self.contexts = []

    def url(self, offset):
        return f"http://127.0.0.1:{self.base + offset}"

    def node(self, name):
        return self.url(1 + (COORDINATORS + LIBRARIES).index(name))

    # People

    def context(self, viewport=DESKTOP, scheme="light", **options):
        made = self.browser.new_context(viewport=viewport, color_scheme=scheme, **options)
        made.add_init_script(SHIFTS)
        made.set_default_timeout(15 * SECOND)
        self.contexts.append(made)
        return made

    def page(self, context, who):
        made = context.new_page()
        made.on("pageerror", lambda error: self.errors.append(f"{who}: {error}"))
        return made

    def patron(self, queue="memorial", context=None, path=None, **options):
        return Patron(self, context or self.context(**options), queue, path or f"{self.site}/library/{queue}")

    def patron_of(self, queue):
        """A patron of a queue that has no page of its own in the demonstration."""
        context = self.context()
        self.serve_page(context, f"/pages/{queue}", f'<script async src="{self.node("memorial")}/js/callslip.js" data-queue="{queue}"></script>')
        return self.patron(queue, context, f"{self.site}/pages/{queue}")

    def operator(self, name, at=None, context=None, viewport=WIDE, **options):
        return Operator(self, context or self.context(viewport, **options), name, self.node(at or HOMES[name]))

    def answered(self, question, queue="memorial"):
        """A patron of a library where nobody is, and Stan of the general queue, who has claimed the question: `(stan, patron, column)`."""
        stan = self.operator("stan.steenbock").sign_in().on("general")
        patron = self.patron(queue)
        expect(patron.launcher).to_contain_text("answers now")
        patron.ask(question)
        return stan, patron, stan.claim(question)

    def serve_page(self, context, path, body, foot=""):
        """A page of a library's site that exists for one test alone. `foot` stands below its main part."""
        html = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A library</title></head><body><main><h1>A library</h1>{body}</main>{foot}</body></html>'
        context.route(self.site + path, lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=html))

    def end_scene(self):
        for context in self.contexts:
            context.close()
        self.contexts = []
        assert not self.errors, self.errors

    # Looking

    def look(self, page, name):
        """Takes a picture and lets axe look at the page as it is."""
        self.looks += 1
        page.screenshot(path=str(self.shots / f"{name}.png"), animations="disabled")
        result = Axe().run(page, options=RULES)
        for violation in result.response["violations"]:
            where = "; ".join(node["html"][:160] for node in violation["nodes"][:3])
            self.violations.append(f"{name}: {violation['id']}: {violation['help']}: {where}")

    # What `callslip` asks of a node, with the admin token of that

    def admin(self, node):
        """The node's data folder, address and admin token."""
        folder = Path(os.environ["CALLSLIP_DEMO"]) / node
        return folder, *(folder / "admin").read_text().split("\n")[:2]

    def post(self, node, path, data, kind="application/json"):
        """The status and text of the answer."""
        _, url, token = self.admin(node)
        request = urllib.request.Request(url + path, method="POST", data=data, headers={"Authorization": f"Bearer {token}", "Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def callslip(self, node, *arguments):
        """What the program prints when it asks a node."""
        program = os.environ.get("CALLSLIP", ".build/release/callslip")
        return subprocess.run([program, *arguments, "--data", str(self.admin(node)[0])], capture_output=True, text=True, check=True).stdout

    def figure(self, text):
        self.figures.append(text)
        print("   ", text, flush=True)

    # The processes

    def control(self, what, *names):
        body = " ".join([what, *names]).encode()
        request = urllib.request.Request(self.site + "/processes", method="POST", data=body, headers={"Origin": self.site})
        return urllib.request.urlopen(request, timeout=30).read().decode()

    def kill_leader(self):
        request = urllib.request.Request(self.site + "/kill-leader", method="POST", data=b"", headers={"Origin": self.site})
        told = urllib.request.urlopen(request, timeout=20).read().decode()
        assert "was killed" in told, told
        return told.split()[0]

    def get(self, url, timeout=4):
        return urllib.request.urlopen(url, timeout=timeout).read().decode()

    def presence(self, queue, node):
        return self.get(f"{self.node(node)}/presence/jid/{queue}/chat.example.org/text")

    def until(self, what, condition, seconds=30, every=0.05):
        """Waits for a condition of the cluster, which no page shows."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if condition():
                    return
            except (urllib.error.URLError, OSError, KeyError, json.JSONDecodeError):
                pass
            assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
            time.sleep(every)

    def ready(self, *names):
        for name in names:
            self.until(f"{name} to be ready", lambda name=name: self.get(self.node(name) + "/readyz", 2) is not None, 60)

    def leader(self):
        for name in COORDINATORS:
            try:
                if json.loads(self.get(self.node(name) + "/api/status", 2))["raft"]["role"] == "leader":
                    return name
            except (OSError, KeyError, json.JSONDecodeError):
                continue
        return None


class Patron:
    """A page with a chat button, and the panel once it is open."""

    def __init__(self, stage, context, queue, url):
        self.stage = stage
        self.context = context
        self.queue = queue
        self.page = stage.page(context, f"patron of {queue}")
        self.page.goto(url)

    @property
    def launcher(self):
        return self.page.locator("[data-callslip-launcher]").first

    @property
    def composer(self):
        return self.page.locator("#callslip-composer")

    @property
    def status(self):
        return self.page.locator("#callslip-status")

    @property
    def notice(self):
        return self.page.locator("#callslip-notice")

    def card(self, kind):
        return self.page.locator(f'[data-callslip-card="{kind}"]')

    def open(self):
        self.launcher.click()
        expect(self.composer).to_be_visible()
        return self

    def say(self, text):
        self.composer.fill(text)
        self.composer.press("Enter")
        return self

    def ask(self, text):
        return self.open().say(text)

    def said(self, text):
        return self.page.locator("#callslip-log").get_by_text(text, exact=True)

    def sees(self, text, seconds=15):
        expect(self.said(text)).to_be_visible(timeout=seconds * SECOND)

    def ack(self, text):
        """The quiet mark under a message of the patron's own."""
        return self.page.locator("#callslip-log [data-callslip-message]", has_text=text).locator("[data-callslip-ack]")

    def end(self):
        self.page.locator("#callslip-end").click()
        self.page.locator("#callslip-end-yes").click()
        expect(self.card("closed")).to_be_visible()


class Operator:
    """Somebody at a desk."""

    def __init__(self, stage, context, name, node):
        self.stage = stage
        self.context = context
        self.name = name
        self.node = node
        self.page = stage.page(context, name)

    def sign_in(self):
        self.page.goto(self.node + "/desk")
        self.page.fill("#signin-operator", self.name)
        self.page.fill("#signin-password", PASSWORDS[self.name])
        self.page.press("#signin-password", "Enter")
        expect(self.page.locator("body[data-view=desk]")).to_be_visible()
        expect(self.page.locator("[data-queue-switch]").first).to_be_visible()
        return self

    def switch(self, queue):
        return self.page.locator(f'[data-queue-switch="{queue}"]')

    def set(self, queue, on):
        if self.switch(queue).get_attribute("aria-checked") != str(on).lower():
            self.switch(queue).click()
        expect(self.page.locator(f'[data-queue-switch="{queue}"][aria-checked={str(on).lower()}]')).to_be_visible()
        return self

    def on(self, *queues):
        for queue in queues:
            self.set(queue, True)
        return self

    def waiting(self, question):
        return self.page.locator("[data-waiting-chat]", has_text=question)

    def claim(self, question):
        """Claims by the question that was asked; returns the column."""
        self.waiting(question).locator("[data-claim]").click()
        return self.column(question)

    def column(self, text):
        found = self.page.locator("[data-chat-column]", has_text=text)
        expect(found).to_be_visible()
        return found

    def say(self, column, text):
        column.locator("[data-composer]").fill(text)
        column.locator("[data-composer]").press("Enter")

    def sees(self, text, seconds=15):
        expect(self.page.locator("[data-log]").get_by_text(text, exact=True).first).to_be_visible(timeout=seconds * SECOND)

    def close(self, column):
        column.locator("[data-action=close]").click()
        column.locator("[data-confirm=close]").click()
        expect(column).to_have_count(0)

    def leave(self):
        """Signs out, so that nobody counts on this person any more."""
        answer = self.page.request.post(self.node + "/api/sign-out", headers={"Content-Type": "application/json"}, data="{}")
        assert answer.ok, answer.status
