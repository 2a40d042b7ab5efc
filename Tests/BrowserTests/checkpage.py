"""The page checker (agreement, 4): what is wrong with a page's button is told with the lines to paste; pasted there, they make a button that works.
"""

import os
import subprocess

from playwright.sync_api import expect

from stage import DESKTOP, PHONE

VENDORS = """<h1>Memorial</h1>
<div class="needs-js">chat loading...</div>
<script type="text/javascript">
  (function() { var x = document.createElement("script"); x.async = true;
    x.src = "https://us.libraryh3lp.com/js/libraryh3lp.js?123"; document.body.appendChild(x); })();
</script>"""


def check(page, html):
    page.get_by_label("The page’s HTML").fill(html)
    page.get_by_role("button", name="Check the page").click()


def finding(page, code):
    return page.locator(f'#findings > li[data-code="{code}"]')


def run(stage):
    node = stage.node("memorial")
    for viewport, scheme, name in [(DESKTOP, "light", "desktop-light"), (PHONE, "dark", "phone-dark"), ({"width": 320, "height": 640}, "light", "narrow-light"), (DESKTOP, "dark", "desktop-dark")]:
        context = stage.context(viewport, scheme, permissions=["clipboard-read", "clipboard-write"])
        page = stage.page(context, "IT")
        page.goto(f"{node}/check")
        stage.look(page, f"check-empty-{name}")
        page.get_by_role("button", name="Check the page").click()
        expect(page.get_by_role("alert")).to_contain_text("Paste the page’s HTML")
        expect(page.get_by_label("The page’s HTML")).to_be_focused()
        page.get_by_label("Your queue’s name").fill("memorial")
        check(page, VENDORS)
        expect(page.get_by_role("heading", name="The button does not work")).to_be_focused()
        vendors = finding(page, "vendorHost")
        expect(vendors).to_contain_text("line 3")
        expect(vendors.locator("pre")).to_contain_text(f"{node}/js/callslip.js")
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
        stage.look(page, f"check-vendor-{name}")

    # The lines are copied by keyboard, and make a button that works: the plain link gives way to it.
    button = vendors.get_by_role("button", name="Copy")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("copied")
    lines = page.evaluate("navigator.clipboard.readText()").split("\n\n")[1]
    assert lines.startswith('<div data-callslip="memorial"'), lines
    check(page, lines)
    expect(page.get_by_role("heading", name="The button works", exact=True)).to_be_focused()
    expect(page.get_by_role("status")).to_have_text("Nothing is wrong.")
    stage.look(page, "check-works")
    stage.serve_page(context, "/pages/pasted", lines)
    patron = stage.patron(context=context, path=stage.site + "/pages/pasted")
    expect(patron.launcher).to_contain_text("leave a message")
    expect(patron.page.get_by_role("link", name="Ask a librarian")).to_have_count(0)
    # Without code there is the link, and it leads to the chat.
    plain = stage.context(java_script_enabled=False)
    stage.serve_page(plain, "/pages/pasted", lines)
    bare = stage.page(plain, "without JavaScript")
    bare.goto(stage.site + "/pages/pasted")
    link = bare.get_by_role("link", name="Ask a librarian")
    expect(link).to_be_visible()
    chat = stage.page(stage.context(), "patron at the chat page")
    chat.goto(link.get_attribute("href"))
    expect(chat.locator("#callslip-composer")).to_be_visible()

    # A file, an unknown queue with the nearest name, a policy; nothing of the page is run or drawn.
    evil = lines.replace('data-queue="memorial"', 'data-queue="memorail"').replace("<div", "<img src=x onerror=document.title='ran'><div", 1)
    page.set_input_files("#file", files=[{"name": "page.html", "mimeType": "text/html", "buffer": evil.encode()}])
    expect(page.get_by_label("The page’s HTML")).to_have_value(evil)
    page.get_by_label("Content-Security-Policy header").fill("default-src 'self'")
    page.get_by_role("button", name="Check the page").click()
    expect(finding(page, "unknownQueue")).to_contain_text("Did you mean `memorial`")
    expect(finding(page, "policy").locator("pre")).to_contain_text("default-src …")
    assert page.title() == "Check the chat button of a page"
    stage.look(page, "check-queue-and-policy")

    # From the command line: a file, and a page that is fetched with its header.
    def told(*arguments):
        program = os.environ.get("CALLSLIP", ".build/release/callslip")
        return subprocess.run([program, "check-page", *arguments, "--node", node], capture_output=True, text=True)

    here = told(f"{stage.site}/library/memorial")
    assert here.returncode == 0 and "a button for memorial, from 127.0.0.1" in here.stdout, here
    old = told(f"{stage.site}/legacy/memorial")
    assert old.returncode == 0 and "oldSnippet" in old.stdout, old
    none = told(f"{node}/check")
    assert none.returncode == 1 and "There is no chat button" in none.stdout, none
