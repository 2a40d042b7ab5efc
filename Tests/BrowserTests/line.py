"""The line breaks, on either side: after a message went out and before its acknowledgement came, and for a while. Nothing is lost or doubled.
"""

from playwright.sync_api import expect

from stage import SECOND


class Line:
    """Stands between a page and its node, and can swallow what the node says, break, and stay broken."""

    def __init__(self, context):
        self.deaf = False
        self.down = False
        self.ends = None
        context.route_web_socket(lambda url: url.endswith("/ws"), self.opened)

    def opened(self, route):
        if self.down:
            route.close()
            return
        server = route.connect_to_server()
        server.on_message(lambda text: None if self.deaf else route.send(text))
        self.ends = (route, server)

    def snap(self):
        for end in self.ends:
            end.close()
        self.deaf = False


def run(stage):
    contexts = [stage.context(), stage.context({"width": 1440, "height": 900})]
    patrons_line, desks_line = [Line(context) for context in contexts]
    mia = stage.operator("mia.memorial", context=contexts[1]).sign_in().on("memorial")
    patron = stage.patron("memorial", context=contexts[0])
    expect(patron.launcher).to_contain_text("here now")
    patron.ask("Can you hear me?")
    column = mia.claim("Can you hear me?")
    mia.say(column, "Yes")
    patron.sees("Yes")
    on_desk = lambda text: column.locator("[data-log]").get_by_text(text, exact=True)

    # The message arrived, its acknowledgement did not: it is offered again, and counts once.
    patrons_line.deaf = True
    patron.say("From the patron, unacknowledged")
    mia.sees("From the patron, unacknowledged")
    patrons_line.snap()
    expect(patron.ack("From the patron, unacknowledged")).to_have_text("sent")
    desks_line.deaf = True
    mia.say(column, "From the desk, unacknowledged")
    patron.sees("From the desk, unacknowledged")
    desks_line.snap()
    expect(column.locator(".message", has_text="From the desk, unacknowledged")).to_contain_text("sent")
    expect(patron.notice).to_have_text("")

    # For a while there is no line at all: both are told, go on writing, and what they wrote arrives once and in order.
    for line in (patrons_line, desks_line):
        line.down = True
        line.snap()
    expect(patron.notice).to_have_text("Reconnecting… What you write is kept and goes out by itself.")
    expect(mia.page.locator("#banner")).to_contain_text("The connection is lost; trying again.")
    stage.look(patron.page, "panel-reconnecting")
    stage.look(mia.page, "desk-reconnecting")
    for number in range(3):
        patron.say(f"Patron, broken line {number}")
        mia.say(column, f"Desk, broken line {number}")
    expect(patron.ack("Patron, broken line 2")).to_have_text("sending…")
    for line in (patrons_line, desks_line):
        line.down = False
    expect(patron.ack("Patron, broken line 2")).to_have_text("sent", timeout=20 * SECOND)
    patron.sees("Desk, broken line 2", 20)
    expect(on_desk("Patron, broken line 2")).to_be_visible(timeout=20 * SECOND)
    expect(patron.notice).to_have_text("")
    expect(mia.page.locator("#banner")).to_be_hidden()
    written = ["Can you hear me?", "Yes", "From the patron, unacknowledged", "From the desk, unacknowledged"]
    written += [f"{who}, broken line {number}" for number in range(3) for who in ("Patron", "Desk")]
    for text in written:
        expect(patron.said(text)).to_have_count(1)
        expect(on_desk(text)).to_have_count(1)
    for log in (patron.page.locator("#callslip-log .text"), column.locator("[data-log] .said")):
        texts = log.all_text_contents()
        for who in ("Patron", "Desk"):
            assert [text for text in texts if text.startswith(f"{who}, broken")] == [f"{who}, broken line {number}" for number in range(3)], texts
    mia.close(column)
    mia.leave()
