"""What people write is only ever text: markup in every field that somebody fills in is shown as it was typed, on every page that shows it; and a stranger's page has the desk in no frame.
"""

import json
import urllib.request

from playwright.sync_api import expect

from stage import HOMES, PASSWORDS, WIDE

MARKUP = '"><img src=x onerror=hacked=1><svg onload=hacked=2>\'--><script>hacked=3</script>'
EVIL = "http://evil.example"
# What the markup would make if any page took it for more than text.
MADE = 'img[src="x"], svg[onload], script:not([src]):not([type]), [onerror], a[href^="javascript:" i]'


def text(word):
    return f"Scripted {word} {MARKUP}"


CARD = {field: text(field) for field in ("hours", "phone", "email", "policies", "wording")} | {"website": "javascript:hacked=4"}
LIBRARY = {
    "general": {"queue": "general", "title": "Ask a Librarian (all campus libraries)"},
    "canned": [{"title": "greeting <img src=x onerror=hacked=1>", "keywords": text("keywords"), "text": text("canned"), "library": "scripts"}],
    "libraries": [{
        "name": "scripts", "title": text("title"), "node": "college", "fallback": "off", "card": CARD,
        "queues": [{"name": "scripts", "title": text("queue")}],
        "operators": [{"name": "sid.scripts", "display": text("Sid"), "password": "only-ever-text-1", "queues": ["scripts"], "admin": True}],
    }],
    "registers": {"liaisons": [{"subject": text("subject"), "synonyms": text("synonyms"), "library": "scripts", "queue": "scripts", "person": text("person"),
                                "email": "a@library.example", "hours": text("hours"), "wording": text("wording"), "checked": "2026-09-01"}]},
}
PASSWORDS["sid.scripts"], HOMES["sid.scripts"] = "only-ever-text-1", "college"


def clean(page):
    """Nothing on the page came of the markup."""
    for frame in page.frames:
        if not frame.url.startswith("http"):
            continue
        made = frame.locator(MADE)
        assert made.count() == 0, f"{page.url}: {made.first.evaluate('(part) => part.outerHTML')}"
        assert frame.evaluate("typeof window.hacked") == "undefined", page.url


def shown(page, word):
    expect(page.get_by_text(text(word)).first).to_be_visible()
    clean(page)


def run(stage):
    # A look that could see nothing would prove nothing.
    trial = stage.page(stage.context(), "trial")
    trial.set_content("<p></p>")
    trial.goto(stage.node("college") + "/check")
    clean(trial)
    trial.evaluate("(markup) => { document.querySelector('main').innerHTML = markup; }", MARKUP)
    try:
        clean(trial)
    except AssertionError:
        pass
    else:
        raise AssertionError("markup that was taken for more than text is not seen")

    status, said = stage.post("college", "/api/import", json.dumps(LIBRARY).encode(), "application/yaml")
    assert status == 200, said

    sid = stage.operator("sid.scripts", context=stage.context(WIDE)).sign_in().on("scripts")
    stage.until("the button", lambda: stage.presence("scripts", "memorial") == "available")
    patron = stage.patron_of("scripts")
    clean(patron.page)
    patron.ask(text("question"))
    column = sid.claim("Scripted question")
    sid.say(column, text("answer"))
    patron.sees(text("answer"))
    column.locator("[data-composer]").press("Alt+m")
    column.locator("[data-note-field]").fill(text("note") + " #<img/src=x>")
    column.locator("[data-note-field]").press("Enter")
    expect(column.locator(".message.note")).to_contain_text(text("note"))
    column.locator("[data-composer]").press("/")
    dialog = sid.page.locator("#canned")
    expect(dialog.get_by_role("option").first).to_contain_text("<img src=x onerror=hacked=1>")
    clean(sid.page)
    sid.page.keyboard.press("Enter")
    expect(column.locator("[data-composer]")).to_have_value(text("canned"))
    column.locator("[data-composer]").press("Enter")
    patron.sees(text("canned"))
    shown(patron.page, "question")
    shown(sid.page, "question")
    stage.look(sid.page, "hostile-desk")
    stage.look(patron.page, "hostile-panel")

    # Among colleagues.
    sid.page.keyboard.press("Alt+s")
    sid.page.fill("#room-text", text("room"))
    sid.page.keyboard.press("Enter")
    expect(sid.page.locator("#room-log")).to_contain_text(text("room"))
    expect(sid.page.locator("#room-people")).to_contain_text(text("Sid"))
    clean(sid.page)
    sid.page.keyboard.press("Escape")

    # A report, and what LTG answers.
    page = stage.page(sid.context, "report")
    page.goto(sid.node + "/problem")
    page.get_by_label("What went wrong?").fill(text("problem"))
    page.get_by_role("button", name="Report it").click()
    shown(page, "problem")
    line = []

    def listed():
        line[:] = [found for found in stage.callslip("c1", "tickets", "list", "--all").splitlines() if "Scripted problem" in found and "<img" in found]
        return line

    stage.until("the ticket", listed)
    number = line[0].split()[0]
    stage.callslip("c1", "tickets", "take", number, text("owner"))
    stage.callslip("c1", "tickets", "comment", number, text("comment"))
    shown(page, "comment")
    stage.look(page, "hostile-problem")

    # Every other page that shows what was written.
    for path in ("/hours", "/hours/scripts", "/ledger", "/reports", "/registers", "/buttons", "/names", f"/chat/scripts?title={MARKUP}", "/desk"):
        page.goto(sid.node + path)
        page.wait_for_load_state("networkidle")
        clean(page)
    page.goto(sid.node + "/hours/scripts")
    expect(page.get_by_text(text("title")).first).to_be_visible()
    sid.close(column)
    sid.leave()

    # A stranger's page has no page of the staff in a frame, and may have the chat.
    context = stage.context()
    frames = {path: f'<iframe title="{path}" src="{sid.node}{path}"></iframe>' for path in ("/desk", "/names", "/registers", "/reports", "/ledger", "/problem", "/buttons", "/chat/scripts")}
    body = "<!doctype html><title>Evil</title>" + "".join(frames.values())
    context.route(EVIL + "/**", lambda route: route.fulfill(content_type="text/html", body=body))
    hostile = context.new_page()
    hostile.goto(EVIL + "/")
    hostile.wait_for_load_state("networkidle")
    for path in frames:
        frame = hostile.locator(f'iframe[title="{path}"]').element_handle().content_frame()
        if path == "/chat/scripts":
            expect(frame.locator("#callslip-composer")).to_be_visible()
        else:
            assert frame.url.startswith("chrome-error:"), f"{path} shows itself in a stranger's frame: {frame.url}"

    # Once the library lists its websites, the chat is in frames of theirs alone.
    pages = {"registers": {"pages": [{"library": "scripts", "hosts": "www.scripts.example"}]}}
    status, said = stage.post("college", "/api/import", json.dumps(pages).encode(), "application/yaml")
    assert status == 200, said
    chat = f"{sid.node}/chat/scripts"
    stage.until("the list", lambda: "www.scripts.example" in str(urllib.request.urlopen(chat, timeout=4).headers.get_all("Content-Security-Policy")))
    for origin, isListed in ((EVIL, False), ("http://www.scripts.example", True)):
        context = stage.context()
        context.route(origin + "/**", lambda route: route.fulfill(content_type="text/html", body=f'<!doctype html><title>Page</title><iframe src="{chat}"></iframe>'))
        page = context.new_page()
        page.goto(origin + "/")
        page.wait_for_load_state("networkidle")
        frame = page.locator("iframe").element_handle().content_frame()
        if isListed:
            expect(frame.locator("#callslip-composer")).to_be_visible()
        else:
            assert frame.url.startswith("chrome-error:"), f"the chat shows itself at {origin}: {frame.url}"
