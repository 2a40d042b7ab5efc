"""The button on a library's page: small, fetches the panel on the first press only, and moves nothing.

Before anything is asked there is no form, one privacy sentence before Send, and a plain word on who would answer.
"""

import gzip
import urllib.request

from playwright.sync_api import expect

from stage import DESKTOP, PHONE

# The loader with its plain link, and the word of where the button stands, are part of it.
BYTES_MAX = 12 * 1024


def compressed(url):
    """What the node sends for it, as it travels."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        body = answer.read()
        assert answer.headers["Content-Encoding"] == "gzip" or len(gzip.compress(body)) >= len(body), url
        return len(body)


def run(stage):
    for viewport, name in [(DESKTOP, "desktop"), (PHONE, "phone")]:
        context = stage.context(viewport)
        fetched = []
        context.on("request", lambda request: fetched.append(request.url))
        patron = stage.patron(context=context)
        expect(patron.launcher).to_be_visible()
        expect(patron.launcher).to_contain_text("leave a message")
        ours = [url for url in fetched if not url.startswith(stage.site) and "/presence/" not in url and not url.endswith("/api/button/seen")]
        assert not any("panel.js" in url for url in ours), ours
        if name == "desktop":
            size = sum(compressed(url) for url in set(ours))
            stage.figure(f"before the first press: {len(set(ours))} files, {size} bytes compressed")
            assert size < BYTES_MAX, size
        stage.look(patron.page, f"button-{name}")
        patron.open()
        assert any("panel.js" in url for url in fetched)
        expect(patron.page.locator("#callslip-presence")).to_contain_text("Nobody is here right now")
        shift = patron.page.evaluate("window.shiftSum")
        assert shift == 0, f"the page moved by {shift}"
        # No form first: one field to write in, and it has the focus.
        expect(patron.page.locator("#callslip-panel input:visible")).to_have_count(0)
        expect(patron.composer).to_be_focused()
        before = "(privacy) => Boolean(privacy.compareDocumentPosition(privacy.getRootNode().getElementById('callslip-send')) & Node.DOCUMENT_POSITION_FOLLOWING)"
        privacy = patron.page.locator("#callslip-privacy")
        expect(privacy).to_be_visible()
        assert privacy.evaluate(before), "the privacy sentence must stand before Send"
        stage.look(patron.page, f"panel-nobody-{name}")
    # The node that the page names first is gone: the button comes from the next, styled and at work.
    context = stage.context()
    stage.serve_page(context, "/pages/first-node-gone", f"""<script async src="{stage.node('memorial')}/js/callslip.js" data-queue="memorial"
      data-nodes="{stage.node('college')}"></script>""", foot='<a id="own-link" href="/chat/memorial">Chat with us</a>')
    context.route(lambda url: url.startswith(stage.node("memorial")) and not url.endswith("/js/callslip.js"), lambda route: route.abort())
    orphan = stage.patron(context=context, path=stage.site + "/pages/first-node-gone")
    expect(orphan.launcher).to_contain_text("leave a message")
    assert orphan.launcher.evaluate("(button) => getComputedStyle(button).position") == "fixed"
    # What the page itself links to stays.
    expect(orphan.page.locator("body > #own-link")).to_be_visible()
    orphan.open()

    # Escape leads back to the button, and nothing of a chat was begun.
    patron.page.keyboard.press("Escape")
    expect(patron.page.locator("#callslip-panel")).to_be_hidden()
    assert patron.launcher.evaluate("(button) => button.getRootNode().activeElement === button")
    assert patron.page.evaluate("sessionStorage.getItem('callslip.chat')") is None
