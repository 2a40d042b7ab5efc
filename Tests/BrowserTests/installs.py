"""Buttons on pages (agreement, 4): one loader, versioned code behind it, preview, release and undo; pages tell where they are and nothing of a patron; a plain link stays when the code fails.
"""

import hashlib
import json
from pathlib import Path

from playwright.sync_api import expect

from stage import DESKTOP, LIBRARIES, PHONE

CLIENT = Path(__file__).parents[2] / "Sources" / "Web" / "Client"


def other_version():
    """The button's code with other words on it, as an earlier build of the program would have left it: `(version, file)`."""
    files = {}
    for folder in ("patron", "shared", "texts"):
        for file in (CLIENT / folder).iterdir():
            files[f"{folder}/{file.name}"] = file.read_bytes()
    files["texts/button.js"] = files["texts/button.js"].replace(b'"Ask a librarian"', b'"Ask as before"')
    parts = {path: content for path, content in sorted(files.items())}
    digest = hashlib.sha256(b"".join(f"{path} {len(content)}\n".encode() + content for path, content in parts.items())).hexdigest()[:16]
    return digest, b"callslip-button 1\n" + b"".join(f"{len(content)} {path}\n".encode() + content for path, content in parts.items())


def status(stage, node):
    return json.loads(stage.get(stage.node(node) + "/api/status"))["button"]


def buttons(stage, *arguments):
    return stage.callslip("college", "button", *arguments)


def tag(stage, node="memorial", queue="memorial"):
    return f'<div data-callslip="{queue}" style="min-height: 3.75rem"></div><script async src="{stage.node(node)}/js/callslip.js" data-queue="{queue}"></script>'


def visit(stage, path, body, context=None, wait=True):
    """A page of the library's, looked at by somebody new; what it told of its button."""
    context = context or stage.context()
    context.add_cookies([{"name": "patron", "value": "secret", "url": stage.node("memorial")}])
    told = []
    context.on("request", lambda request: told.append((request.headers, request.post_data)) if request.url.endswith("/api/button/seen") else None)
    stage.serve_page(context, path.split("?")[0], body)
    context.route(stage.site + path, lambda route: route.fallback())
    if "?" in path:
        html = f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A library</title></head><body><main><h1>A library</h1>{body}</main></body></html>'
        context.route(stage.site + path, lambda route: route.fulfill(content_type="text/html; charset=utf-8", body=html))
    page = stage.page(context, f"patron of {path}")
    page.goto(stage.site + path)
    if wait:
        expect(page.locator("[data-callslip-launcher]").first).to_be_visible()
    return page, told


def run(stage):
    own = status(stage, "college")["own"]
    host = stage.site.split("//")[1]

    # What a page tells: its address without query, no cookie, no referrer; once for each page of a tab. Its host is not known yet.
    page, told = visit(stage, "/pages/ask/u12345678?name=jo", tag(stage))
    stage.until("the page to tell", lambda: page.evaluate("1") and len(told) == 1)
    headers, body = told[0]
    assert "cookie" not in headers and "referer" not in headers, headers
    assert json.loads(body) == {"host": host, "path": "/pages/ask/u12345678", "queue": "memorial", "kind": "own", "version": own, "error": ""}, body
    page.reload()
    expect(page.locator("[data-callslip-launcher]").first).to_be_visible()
    assert len(told) == 1, told
    stage.until("the unknown host", lambda: f"unknown host  {host}" in buttons(stage))

    # LTG confirms it on the page, by keyboard, on a phone.
    ltg = stage.page(stage.context(PHONE, "dark"), "LTG")
    ltg.goto(stage.node("college") + "/buttons")
    expect(ltg.get_by_label("Admin token")).to_be_visible()
    stage.look(ltg, "buttons-enter-phone-dark")
    ltg.get_by_label("Admin token").fill("wrong")
    ltg.keyboard.press("Enter")
    expect(ltg.get_by_role("alert").filter(has_text="admin token")).to_be_visible()
    ltg.get_by_label("Admin token").fill(stage.admin("college")[2])
    ltg.keyboard.press("Enter")
    confirm = ltg.get_by_role("button", name=f"Confirm {host}")
    expect(confirm).to_be_visible()
    stage.look(ltg, "buttons-strangers-phone-dark")
    confirm.focus()
    ltg.keyboard.press("Enter")
    expect(ltg.get_by_role("status")).to_have_text(f"{host} is confirmed.")
    expect(ltg.get_by_role("heading", name="Hosts that nobody knows")).to_be_focused()

    # From then on its pages are in the inventory: a good one, the old vendor's snippet, a queue that does not exist, and one where no code comes.
    visit(stage, "/pages/ask/u12345678", tag(stage))
    old = f'<div class="needs-js">Chat needs JavaScript.</div><script async src="{stage.node("college")}/js/libraryh3lp.js?memorial"></script>'
    visit(stage, "/pages/old", old)
    visit(stage, "/pages/typo", tag(stage, queue="memorail"))
    context = stage.context()
    context.route("**/patron/launcher.js", lambda route: route.abort())
    broken, _ = visit(stage, "/pages/broken", tag(stage), context, wait=False)
    link = broken.get_by_role("link", name="Ask a librarian")
    expect(link).to_have_attribute("href", f"{stage.node('memorial')}/chat/memorial")
    stage.look(broken, "button-plain-link")
    corner_context = stage.context(DESKTOP, "dark")
    corner_context.route("**/patron/launcher.js", lambda route: route.abort())
    corner, _ = visit(stage, "/pages/corner", tag(stage).split("</div>")[1], corner_context, wait=False)
    expect(corner.get_by_role("link", name="Ask a librarian")).to_be_visible()
    stage.look(corner, "button-plain-link-corner")
    stage.until("the inventory", lambda: buttons(stage, "--all").count(f"{host}/pages/") == 5)
    lines = buttons(stage, "--all")
    assert "u12345678" not in lines and f"good  {host}/pages/ask/…" in lines, lines
    for state, path in [("old", "/pages/old"), ("broken", "/pages/typo"), ("broken", "/pages/broken"), ("broken", "/pages/corner")]:
        assert f"{state}  {host}{path}" in lines, lines

    # Code that comes late takes the place of the link that stood there meanwhile.
    slow = stage.context()
    held = []
    slow.route("**/patron/launcher.js", lambda route: held.append(route))
    stage.serve_page(slow, "/pages/slow", tag(stage))
    late = stage.page(slow, "patron of a slow node")
    late.clock.install()
    late.goto(stage.site + "/pages/slow")
    stage.until("the code to be asked for", lambda: late.evaluate("1") and held)
    late.clock.fast_forward(9000)
    expect(late.get_by_role("link", name="Ask a librarian")).to_be_visible()
    for route in held:
        route.continue_()
    expect(late.locator("[data-callslip-launcher]").first).to_be_visible()
    expect(late.get_by_role("link", name="Ask a librarian")).to_have_count(0)

    # The page of the inventory: what needs somebody comes first, with lines to copy; a library's admin sees the library's own.
    for viewport, scheme, name in [(DESKTOP, "light", "desktop-light"), (PHONE, "dark", "phone-dark"), ({"width": 320, "height": 640}, "light", "narrow-light")]:
        seen = stage.page(stage.context(viewport, scheme), "LTG")
        seen.goto(stage.node("college") + "/buttons")
        seen.get_by_label("Admin token").fill(stage.admin("college")[2])
        seen.keyboard.press("Enter")
        row = seen.locator("#installs li[data-state=broken]", has_text="/pages/typo")
        expect(row).to_contain_text("There is no queue memorail")
        seen.locator("#installs li[data-state=old]", has_text="/pages/old").get_by_text("Lines to paste there").click()
        expect(seen.get_by_role("region", name=f"Lines to paste on {host}/pages/old")).to_contain_text("data-callslip=\"memorial\"")
        assert seen.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
        seen.locator("#installs").scroll_into_view_if_needed()
        stage.look(seen, f"buttons-{name}")
    csv = buttons(stage, "--csv")
    assert csv.startswith("host,path,queue,library,state,why") and f"{host},/pages/old,memorial,memorial,old," in csv, csv
    mia = stage.operator("mia.memorial").sign_in()
    answer = mia.page.request.get(stage.node("memorial") + "/api/buttons")
    assert answer.status == 403, answer.text()

    # Another version, as an earlier build left it at two of the nodes. It is looked at first, which nobody is told of.
    other, bundle = other_version()
    assert other != own
    for node in ("memorial", "college"):
        folder = stage.admin(node)[0] / "button"
        (folder / other).write_bytes(bundle)
        stage.control("kill", node)
        stage.control("start", node)
    stage.ready("memorial", "college")
    stage.until("the version there", lambda: other in status(stage, "memorial")["versions"] and other in status(stage, "college")["versions"])
    preview, silent = visit(stage, f"/pages/look?callslip-preview={other}", tag(stage))
    expect(preview.locator("[data-callslip-launcher]").first).to_contain_text("Ask as before")
    assert preview.evaluate("performance.getEntriesByType('resource').some(({ name }) => name.includes('/js/v/'))")
    assert silent == [], silent
    usual, _ = visit(stage, "/pages/usual", tag(stage))
    expect(usual.locator("[data-callslip-launcher]").first).to_contain_text("Ask a librarian")

    # Released: every node that has it serves it; the one that has not goes on with its own, and says so. Then undone.
    try:
        buttons(stage, "release", other)
        raise AssertionError("a node that lacks the version must be named first")
    except Exception as error:  # The program ends with a status.
        assert "returned non-zero" in str(error), error
    assert "is released" in buttons(stage, "release", other, "--note", "Words as before", "--force")
    for node in ("memorial", "college"):
        stage.until(f"{node} serves it", lambda: f'"{other}"' in stage.get(stage.node(node) + "/js/callslip.js") and f'"{other}"' in stage.get(stage.node(node) + "/js/libraryh3lp.js"))
    stage.until("steenbock says that it lacks it", lambda: status(stage, "steenbock") | {"versions": 0} == {"released": other, "serves": own, "own": own, "versions": 0})
    after, told = visit(stage, "/pages/usual", tag(stage))
    expect(after.locator("[data-callslip-launcher]").first).to_contain_text("Ask as before")
    stage.until("it tells its version", lambda: after.evaluate("1") and told and json.loads(told[0][1])["version"] == other)
    expect(visit(stage, "/pages/elsewhere", tag(stage, "steenbock"))[0].locator("[data-callslip-launcher]").first).to_contain_text("Ask a librarian")
    after.locator("[data-callslip-launcher]").first.click()
    expect(after.locator("#callslip-composer")).to_be_visible()
    assert "does not have" in buttons(stage, "versions"), buttons(stage, "versions")
    assert "is released" in buttons(stage, "release", own)
    for node in LIBRARIES:
        stage.until(f"{node} serves its own again", lambda: f'"{own}"' in stage.get(stage.node(node) + "/js/callslip.js"))
    releases = stage.page(stage.context(DESKTOP, "dark"), "LTG")
    releases.goto(stage.node("college") + "/buttons")
    releases.get_by_label("Admin token").fill(stage.admin("college")[2])
    releases.keyboard.press("Enter")
    releases.get_by_role("button", name=f"Go back to {other}").click()
    expect(releases.get_by_role("status")).to_have_text(f"{other} is released again.")
    stage.look(releases, "buttons-releases-desktop-dark")
    assert f"{own} is released" in buttons(stage, "undo")
    stage.until("it is undone", lambda: f'"{own}"' in stage.get(stage.node("memorial") + "/js/callslip.js"))
