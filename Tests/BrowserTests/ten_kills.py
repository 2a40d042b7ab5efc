"""A patron and an operator talk in a real browser while the leader is killed ten times; then every coordinator is killed, and started again.

Fails (status 1) when a message is lost or doubled, when the two transcripts differ, or when either person was shown an error or a notice
while a majority of the coordinators was there. Times are reported, not judged.

Usage: ten_kills.py BASE_PORT PICTURES [KILLS]    (a `callslip demo` must be running on BASE_PORT)
"""

import statistics
import sys
import threading
import time

from playwright.sync_api import expect, sync_playwright

from stage import COORDINATORS, DESKTOP, LIBRARIES, PHONE, SECOND, WIDE, Stage

# How long the two wait between their messages, in milliseconds: some write faster than people do.
PACE_MS = 120
# What a person may see of a failure, at either side; and when each own message became safe, by the browser's clock.
WATCH = """
(side) => {
    const root = side === "patron" ? [...document.querySelectorAll("*")].find((e) => e.shadowRoot?.querySelector("#callslip-panel")).shadowRoot : document.getElementById("desk");
    const places = side === "patron" ? "#callslip-notice, [role=alert], .problem" : "#banner:not([hidden]), [role=alert], .error, .notices > *, .strip";
    const watched = window.watched = { shown: [], safe: {} };
    const note = (text) => { if (text !== "" && watched.shown.at(-1)?.text !== text) watched.shown.push({ text, ms: Date.now() }); };
    const look = () => {
        for (const place of root.querySelectorAll(places)) if (place.checkVisibility()) note(place.textContent.trim());
        if (side === "desk") {
            const line = document.getElementById("line-state");
            if (line.dataset.state !== "ready") note(line.textContent.trim());
            for (const own of root.querySelectorAll('.message[data-mine="true"]')) {
                const text = own.querySelector(".said").textContent;
                if (own.dataset.ack === "failed") note(`${text}: ${own.querySelector(".said-meta").textContent}`);
                if (own.dataset.ack === "safe" && !(text in watched.safe)) watched.safe[text] = Date.now();
            }
            return;
        }
        for (const mark of root.querySelectorAll("[data-callslip-ack]")) {
            const text = mark.parentElement.querySelector(".text").textContent;
            if (mark.textContent.startsWith("Not sent")) note(`${text}: ${mark.textContent}`);
            if (mark.textContent === "sent" && !(text in watched.safe)) watched.safe[text] = Date.now();
        }
    };
    new MutationObserver(look).observe(root, { subtree: true, childList: true, characterData: true, attributes: true });
    look();
}
"""
PATRONS_COPY = """
() => [...[...document.querySelectorAll("*")].find((e) => e.shadowRoot?.querySelector("#callslip-panel")).shadowRoot.querySelectorAll("[data-callslip-message]")]
    .map((line) => `${line.dataset.by}: ${line.querySelector(".text").textContent}`)
"""
DESKS_COPY = "(column) => [...column.querySelectorAll('.message')].map((line) => `${line.dataset.by}: ${line.querySelector('.said').textContent}`)"


class Pair:
    """A patron and the operator who answers: what they said, and what they were shown."""

    def __init__(self, stage, name, patron, operator, column):
        self.stage = stage
        self.name = name
        self.patron = patron
        self.operator = operator
        self.column = column
        self.said = {"patron": [], "staff": []}
        patron.page.evaluate(WATCH, "patron")
        operator.page.evaluate(WATCH, "desk")

    def say(self, by, text):
        if by == "patron":
            self.patron.say(text)
        else:
            self.operator.say(self.column, text)
        self.said[by].append(text)

    def watched(self, by):
        page = self.patron.page if by == "patron" else self.operator.page
        return page.evaluate("window.watched")

    def wait_safe(self, by, texts, seconds=60):
        page = self.patron.page if by == "patron" else self.operator.page
        page.wait_for_function("(texts) => texts.every((text) => text in window.watched.safe)", arg=texts, timeout=seconds * SECOND)

    def first_safe(self, by, texts):
        """When the first of these was known to be safe, in Unix seconds; None when none is."""
        safe = self.watched(by)["safe"]
        return min((safe[text] / 1000 for text in texts if text in safe), default=None)

    def compare(self):
        """Complaints: whatever is lost, doubled or out of order in either person's copy."""
        copies = {"patron": self.patron.page.evaluate(PATRONS_COPY), "desk": self.column.evaluate(DESKS_COPY)}
        complaints = []
        for side, copy in copies.items():
            for by, said in self.said.items():
                shown = [line for line in copy if line.startswith(f"{by}: ")]
                wanted = [f"{by}: {text}" for text in said]
                if shown != wanted:
                    lost, more = [line for line in wanted if line not in shown], [line for line in set(shown) if shown.count(line) != wanted.count(line)]
                    complaints.append(f"{self.name}: the {side}'s copy of what the {by} said: lost {lost}, doubled or unknown {more}, {'in' if sorted(shown) == sorted(wanted) else 'of'} another order")
        if copies["patron"] != copies["desk"]:
            at = next((n for n, pair in enumerate(zip(*copies.values())) if pair[0] != pair[1]), min(map(len, copies.values())))
            complaints.append(f"{self.name}: the copies differ from line {at + 1} on: {copies['patron'][at:at + 3]} and {copies['desk'][at:at + 3]}")
        return complaints


def meet(stage, name, operator, queue, patron_of, question):
    desk = stage.operator(operator).sign_in().on(queue)
    patron = stage.patron(patron_of)
    expect(patron.launcher).to_contain_text("now")
    patron.ask(question)
    pair = Pair(stage, name, patron, desk, desk.claim(question))
    pair.said["patron"].append(question)
    pair.wait_safe("patron", [question])
    return pair


def kill_leader_while_they_talk(stage, pair, number):
    """Kills the leader amid their talk; answers who was killed and how long each side waited for the next safe message, in seconds."""
    killed = {}

    def kill():
        killed["name"] = stage.kill_leader()
        killed["at"] = time.time()

    thread = threading.Thread(target=kill)
    after, count = {"patron": [], "staff": []}, 0
    waits = {}
    deadline = time.monotonic() + 60
    while len(waits) < 2:
        assert time.monotonic() < deadline, f"nothing was safe within 60 s after kill {number}"
        count += 1
        for by in ("patron", "staff"):
            is_after = "at" in killed
            text = f"{by} {number}.{count}"
            pair.say(by, text)
            if is_after:
                after[by].append(text)
        if count == 3:
            thread.start()
        pair.patron.page.wait_for_timeout(PACE_MS)
        for by, texts in after.items():
            safe = pair.first_safe(by, texts)
            if safe is not None:
                waits.setdefault(by, safe - killed["at"])
    thread.join()
    # A second kill before the first coordinator is back would leave no majority, which is the next story.
    stage.ready(killed["name"])
    stage.until("a leader", lambda: stage.leader() is not None)
    return killed["name"], waits


def ten_kills(stage, pair, kills):
    waits = []
    for number in range(1, kills + 1):
        name, waited = kill_leader_while_they_talk(stage, pair, number)
        waits += waited.values()
        print(f"   kill {number}: {name}; safe again after {waited['patron']:.2f} s (patron), {waited['staff']:.2f} s (operator)", flush=True)
    for by, said in pair.said.items():
        pair.wait_safe(by, said)
    settle(pair)
    complaints = pair.compare()
    for by in ("patron", "staff"):
        complaints += [f"the {by} was shown: {one['text']}" for one in pair.watched(by)["shown"]]
    count = sum(len(said) for said in pair.said.values())
    print(f"   {kills} kills, {count} messages; from the kill to the next safe message: median {statistics.median(waits):.2f} s, worst {max(waits):.2f} s", flush=True)
    return complaints


def settle(pair):
    """Both have seen the last word of the other."""
    if pair.said["staff"]:
        pair.patron.sees(pair.said["staff"][-1], 60)
    pair.operator.sees(pair.said["patron"][-1], 60)


def look(stage, page, name, size):
    """The state at a desk or in a panel, in both sizes, light and dark; judged by axe, too."""
    for viewport, kind in ((size, "desktop"), (PHONE, "phone")):
        for scheme in ("light", "dark"):
            page.set_viewport_size(viewport)
            page.emulate_media(color_scheme=scheme)
            stage.look(page, f"{name}-{kind}-{scheme}")
    page.set_viewport_size(size)
    page.emulate_media(color_scheme="light")


def all_coordinators_gone(stage, pairs):
    """Both people are told what works; what they say meanwhile is there once, in order, when the coordinators are back."""
    began = time.monotonic()
    stage.control("kill", *COORDINATORS)
    for pair in pairs:
        expect(pair.patron.notice).to_contain_text("People here go on answering", timeout=30 * SECOND)
        expect(pair.operator.page.locator("#banner")).to_contain_text("People here go on answering", timeout=30 * SECOND)
        expect(pair.operator.page.locator("#line-state")).to_have_text("Answering alone")
    print(f"   all coordinators killed: everybody was told within {time.monotonic() - began:.1f} s", flush=True)
    for node in LIBRARIES:
        for queue in ("memorial", "college", "general"):
            assert stage.presence(queue, node) in ("available", "unavailable"), f"presence must answer at {node}"
    for pair in pairs:
        for number in range(1, 4):
            for by in ("patron", "staff"):
                pair.say(by, f"{by}, alone {number}")
    # At one node they read each other; across nodes each waits for the other, and is told that it is kept.
    near = pairs[0]
    settle(near)
    for pair in pairs:
        expect(pair.patron.ack("patron, alone 3")).to_have_text("Kept at your library; on its way to the others", timeout=15 * SECOND)
        expect(pair.column.locator(".message", has_text="staff, alone 3")).to_contain_text("Kept at this library; on its way to the others")
    for pair in pairs:
        look(stage, pair.patron.page, f"alone-panel-{pair.name}", DESKTOP)
        look(stage, pair.operator.page, f"alone-desk-{pair.name}", WIDE)

    began = time.monotonic()
    stage.control("start", *COORDINATORS)
    for pair in pairs:
        expect(pair.operator.page.locator("#line-state")).to_have_text("Connected", timeout=60 * SECOND)
        expect(pair.operator.page.locator("#banner")).to_be_hidden(timeout=30 * SECOND)
        expect(pair.patron.notice).to_have_text("", timeout=30 * SECOND)
        for by, said in pair.said.items():
            pair.wait_safe(by, said)
        settle(pair)
    print(f"   coordinators started again: everything was safe and read by both within {time.monotonic() - began:.1f} s", flush=True)
    for pair in pairs:
        look(stage, pair.patron.page, f"merged-panel-{pair.name}", DESKTOP)
        look(stage, pair.operator.page, f"merged-desk-{pair.name}", WIDE)
    return [complaint for pair in pairs for complaint in pair.compare()]


def play(stage, kills):
    # Stan answers for another library from another node; Mia and her patron are at one.
    far = meet(stage, "two-nodes", "stan.steenbock", "general", "memorial", "Who answers from elsewhere?")
    complaints = ten_kills(stage, far, kills)
    if complaints:
        return complaints
    near = meet(stage, "one-node", "mia.memorial", "memorial", "memorial", "Who is here?")
    complaints = all_coordinators_gone(stage, [near, far])
    stage.ready(*COORDINATORS)
    for pair in (near, far):
        pair.operator.close(pair.column)
        pair.operator.leave()
    return complaints


def main():
    kills = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-features=LocalNetworkAccessChecks"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        stage = Stage(browser, int(sys.argv[1]), sys.argv[2])
        try:
            complaints = play(stage, kills)
        except BaseException:
            for number, page in enumerate(page for context in stage.contexts for page in context.pages):
                page.screenshot(path=str(stage.shots / f"failed-ten-kills-{number}.png"))
            raise
        complaints += stage.errors + [f"accessibility: {line}" for line in stage.violations]
        browser.close()
    for complaint in complaints:
        print("FAILED:", complaint)
    print("ten kills: " + ("failed" if complaints else "nothing lost, nothing doubled, nobody was shown an error"))
    sys.exit(1 if complaints else 0)


main()
