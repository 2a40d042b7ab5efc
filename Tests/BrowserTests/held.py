"""What one node alone holds, while it is cut off and answers by itself, is called so on both sides, and comes to stay once.

The node's part is played here between the page and a real node: it marks what passes as held, and then tells it again as merged.
"""

import json

from playwright.sync_api import expect

TEXT = "This library answers by itself just now. What you write is kept here, and goes to the others as soon as it can."


class Apart:
    """Stands between a page and its node. While `apart`, everything that the node says of chats is marked as held by it alone."""

    def __init__(self, context):
        self.apart = False
        self.routes = []
        self.kept = []
        context.route_web_socket(lambda url: url.endswith("/ws"), self.opened)

    def opened(self, route):
        server = route.connect_to_server()
        self.routes.append(route)
        server.on_message(lambda text: route.send(self.mark(text)))

    def mark(self, text):
        frame = json.loads(text)
        if not self.apart or frame["t"] not in ("ack", "chat", "msgs"):
            return text
        self.kept.append(text)
        if frame["t"] == "ack":
            frame["level"] = "held"
        elif frame["t"] == "chat":
            frame["held"] = True
        else:
            for message in frame["m"]:
                message["held"] = True
                message["at"] = [message["at"][0] + 1000, message["at"][1]]
        return json.dumps(frame)

    def tell(self, frame):
        self.routes[-1].send(json.dumps(frame))

    def cut_off(self):
        self.apart = True
        self.tell({"t": "service", "state": "isolated", "answering": True, "text": TEXT})

    def merge(self):
        self.apart = False
        self.tell({"t": "service", "state": "ok"})
        for text in self.kept:
            frame = json.loads(text)
            for message in frame.get("m", []):
                message["branch"] = True
            self.tell(frame)


def run(stage):
    contexts = [stage.context(), stage.context({"width": 1440, "height": 900})]
    apart = [Apart(context) for context in contexts]
    mia = stage.operator("mia.memorial", context=contexts[1]).sign_in().on("memorial")
    patron = stage.patron("memorial", context=contexts[0])
    expect(patron.launcher).to_contain_text("here now")
    patron.ask("Before")
    column = mia.claim("Before")
    mia.say(column, "Good morning")
    patron.sees("Good morning")
    for one in apart:
        one.cut_off()
    expect(patron.notice).to_have_text(TEXT)
    expect(mia.page.locator("#line-state")).to_have_text("Answering alone")
    expect(mia.page.locator("#banner")).to_contain_text(TEXT)
    patron.say("While you are alone")
    expect(patron.ack("While you are alone")).to_have_text("Kept at your library; on its way to the others")
    mia.sees("While you are alone")
    mia.say(column, "I am here")
    mine = column.locator(".message", has_text="I am here")
    expect(mine).to_contain_text("Kept at this library; on its way to the others")
    patron.sees("I am here")
    stage.look(patron.page, "panel-held")
    stage.look(mia.page, "desk-held")

    for one in apart:
        one.merge()
    expect(patron.ack("While you are alone")).to_have_text("sent")
    expect(mine).to_contain_text("sent")
    expect(mine).not_to_contain_text("Kept")
    expect(patron.notice).to_have_text("")
    expect(mia.page.locator("#banner")).to_be_hidden()
    order = ["Before", "Good morning", "While you are alone", "I am here"]
    for log in (patron.page.locator("#callslip-log"), column.locator("[data-log]")):
        assert [text for text in log.locator(".text, .said").all_text_contents()] == order
        expect(log.locator("[data-held], [data-ack=held]")).to_have_count(0)
    mia.close(column)
    mia.leave()
