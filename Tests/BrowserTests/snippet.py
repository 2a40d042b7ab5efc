"""A page with the old vendor's snippet, host changed, follows a sign-on and a sign-off, whatever node it names; how soon (2 s are promised) is told.
"""

import time

from playwright.sync_api import TimeoutError, expect

from stage import COORDINATORS, LIBRARIES

# Notes when the state changed; a page has no other witness of the moment.
WITNESS = """
window.changes = [];
new MutationObserver(() => {
  const shown = [...document.querySelectorAll(".libraryh3lp")].find((block) => block.style.display !== "none")?.id;
  if (shown && shown !== window.changes.at(-1)?.shown) window.changes.push({ shown, at: Date.now() });
}).observe(document, { subtree: true, attributes: true, childList: true });
"""


def changed(page, to, since):
    """Waits until the page shows `to`, and says how long after `since` it did."""
    try:
        page.wait_for_function("(to) => window.changes.at(-1)?.shown === to", arg=to)
    except TimeoutError as error:
        raise AssertionError(f"{page.url} does not turn {to}: {page.evaluate('window.changes')}") from error
    return page.evaluate("window.changes.at(-1).at") / 1000 - since


def run(stage):
    pages = {}
    for node in COORDINATORS + LIBRARIES:
        context = stage.context()
        context.add_init_script(WITNESS)
        body = f"""<div id="on" class="libraryh3lp" jid="college@chat.old.example" style="display:none"><a href="#">Chat with us</a></div>
          <div id="off" class="libraryh3lp" style="display:none">Chat is closed now</div><script async src="{stage.node(node)}/js/libraryh3lp.js?multi,poll"></script>"""
        stage.serve_page(context, f"/pages/snippet-{node}", body)
        page = stage.page(context, node)
        page.goto(f"{stage.site}/pages/snippet-{node}")
        expect(page.get_by_text("Chat is closed now")).to_be_visible()
        pages[node] = page
    cora = stage.operator("cora.college").sign_in()
    slowest = {}
    for queue, what in [("college", "own"), ("general", "referred")]:
        for on in (True, False):
            if (cora.switch(queue).get_attribute("aria-checked") == "true") == on:
                cora.set(queue, not on)
                for page in pages.values():
                    changed(page, "off" if on else "on", 0)
            began = time.time()
            cora.set(queue, on)
            for node, page in pages.items():
                took = changed(page, "on" if on else "off", began)
                slowest[node] = max(slowest.get(node, 0), took)
    # Signing out, without a word to the queues before, is a sign-off, too.
    cora.on("college")
    for page in pages.values():
        changed(page, "on", 0)
    began = time.time()
    cora.leave()
    for node, page in pages.items():
        slowest[node] = max(slowest[node], changed(page, "off", began))
    stage.figure("the old snippet follows a sign-on and a sign-off, at most after: " + ", ".join(f"{node} {took:.2f} s" for node, took in slowest.items()))
