"""What pages carry that were made for the old vendor: services by number, several blocks, frames and direct links of every form.
"""

import re

from playwright.sync_api import expect


def run(stage):
    node = stage.node("memorial")
    context = stage.context()
    script = f'<script async src="{node}/js/libraryh3lp.js?%s"></script>'
    service = '<div class="needs-js" id="place">JavaScript disabled or chat unavailable.</div>' + script % "2571"
    stage.serve_page(context, "/pages/service", service)
    stage.serve_page(context, "/pages/follow-me", "<p>A page without a place for the button.</p>" + script % "2571" + script % "2571")
    blocks = "".join(
        f'<div class="libraryh3lp" {jid} style="display:none">{words}</div>'
        for jid, words in [
            ('jid="law@chat.old.example"', "Law chat"), ('data-lh3-jid="ask-memorial@chat.old.example"', "Memorial chat"), ("", "All closed"),
            ('jid="college@chat.old.example"', '<a href="#college">College chat</a>'), ("", "College closed"),
        ]
    )
    stage.serve_page(context, "/pages/blocks", '<div class="needs-js" id="words">Chat needs JavaScript.</div>' + blocks + script % "multi,poll")
    late = """<div id="later"></div><script>setTimeout(() => { document.getElementById("later").innerHTML =
      '<div class="libraryh3lp" jid="memorial@chat.old.example" style="display:none">Late chat</div><div class="libraryh3lp" style="display:none">Late closed</div>'; }, 1500);</script>"""
    stage.serve_page(context, "/pages/late", late + script % "multi,poll,popup")
    frame = f'<iframe title="Chat" width="240" height="200" src="{node}/chat/memorial@chat.old.example?skin=14593&amp;theme=gota&amp;title=Ask+NYU&amp;identity=NYU"></iframe>'
    stage.serve_page(context, "/pages/frame", f'<div class="libraryh3lp" jid="memorial@chat.old.example">{frame}</div>' + script % "multi")

    def page(path):
        made = stage.page(context, path)
        made.goto(stage.site + path)
        return made

    service, follow, blocks, late, frame = [page(f"/pages/{name}") for name in ["service", "follow-me", "blocks", "late", "frame"]]
    # Nobody anywhere: services offer a message, blocks say that they are closed, and so does what came late.
    button = service.locator("#place [data-callslip-launcher]")
    expect(button).to_contain_text("leave a message")
    expect(service.locator("#place")).not_to_contain_text("unavailable")
    expect(follow.locator("[data-callslip-launcher]")).to_have_count(1)
    expect(follow.locator("[data-callslip-launcher]")).to_contain_text("leave a message")
    for words in ["All closed", "College closed"]:
        expect(blocks.get_by_text(words)).to_be_visible()
    for words in ["Law chat", "Memorial chat", "College chat", "Chat needs JavaScript."]:
        expect(blocks.get_by_text(words)).to_be_hidden()
    expect(late.get_by_text("Late closed")).to_be_visible()
    expect(frame.locator("iframe")).to_be_hidden()
    stage.look(service, "old-service")
    stage.look(follow, "old-follow-me")

    # Somebody of the second level: the service and the former name lead there.
    mia = stage.operator("mia.memorial").sign_in().on("memorial")
    expect(button).to_contain_text("here now")
    expect(blocks.get_by_text("Memorial chat")).to_be_visible()
    expect(blocks.get_by_text("All closed")).to_be_hidden()
    expect(blocks.get_by_text("College closed")).to_be_visible()
    expect(late.get_by_text("Late chat")).to_be_visible()
    # Somebody of the first level comes before.
    lea = stage.operator("lea.law").sign_in().on("law")
    expect(blocks.get_by_text("Law chat")).to_be_visible()
    expect(blocks.get_by_text("Memorial chat")).to_be_hidden()
    expect(button).to_contain_text("here now")
    # A press on the number opens a chat at the queue that it leads to.
    button.click()
    expect(service.locator("#callslip-presence")).to_contain_text("Law Library is here")
    service.fill("#callslip-composer", "By number")
    service.press("#callslip-composer", "Enter")
    column = lea.claim("By number")
    expect(column).to_contain_text("Patron of Law Library")
    service.locator("#callslip-end").click()
    service.locator("#callslip-end-yes").click()
    expect(column).to_contain_text("The patron ended the chat.")

    # In the smallest frame one can still ask, and is answered.
    inside = frame.frame_locator("iframe")
    expect(inside.locator("#callslip-title")).to_have_text("Ask NYU")
    inside.locator("#callslip-composer").fill("From a small frame")
    inside.locator("#callslip-send").click()
    column = mia.claim("From a small frame")
    mia.say(column, "Hello, small frame")
    expect(inside.locator("#callslip-log").get_by_text("Hello, small frame", exact=True)).to_be_visible()
    stage.look(frame, "old-frame")
    mia.close(column)
    lea.leave()

    # Direct links of both forms; what changes looks alone is read over.
    for number, path in enumerate(["/chat/memorial@chat.old.example?skin=1&theme=gota&title=Live+Help&identity=Librarian&sounds=true&css=https%3A%2F%2Fold.example%2Fx.css", "/html/chat-box.html?queue=memorial&skin=33929&title=Live+Help"]):
        for size, viewport in [("small", {"width": 275, "height": 300}), ("large", {"width": 900, "height": 700})]:
            alone = stage.context(viewport)
            direct = stage.page(alone, path)
            asked = []
            direct.on("request", lambda request: asked.append(request.url))
            direct.goto(node + path)
            expect(direct.locator("#callslip-title")).to_have_text("Live Help")
            expect(direct.locator("#callslip-presence")).to_contain_text("Memorial Library is here")
            assert not any("old.example" in re.sub(r"^.*?//[^/]*", "", url) and "x.css" in url and "/chat/" not in url for url in asked), asked
            stage.look(direct, f"old-direct-{number}-{size}")
    mia.leave()
