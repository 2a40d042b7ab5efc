"""A library's own colour on the button and the panel: whatever it chooses, all of it can be read, in the light and in the dark.
"""

from playwright.sync_api import expect

from stage import DESKTOP, PHONE

CHOSEN = {"yellow": "#ffcc00", "maroon": "#7a0019", "black": "#000000"}


def run(stage):
    node = stage.node("memorial")
    stan = stage.operator("stan.steenbock").sign_in().on("general")
    for name, colour in CHOSEN.items():
        for scheme, viewport in (("light", DESKTOP), ("dark", PHONE)):
            context = stage.context(viewport, scheme)
            stage.serve_page(context, "/pages/colour", f'<script async src="{node}/js/callslip.js" data-queue="memorial" data-accent="{colour}"></script>')
            patron = stage.patron("memorial", context, stage.site + "/pages/colour")
            expect(patron.launcher).to_contain_text("answers now")
            own = patron.launcher.evaluate("(button) => getComputedStyle(button).borderTopColor")
            assert own != stage_colour(scheme), own
            stage.look(patron.page, f"colour-{name}-button-{scheme}")
            question = f"Do you have this in {name}, {scheme}?"
            patron.ask(question)
            column = stan.claim(question)
            stan.say(column, "We do.")
            patron.sees("We do.")
            stage.look(patron.page, f"colour-{name}-chat-{scheme}")
            patron.end()
            stage.look(patron.page, f"colour-{name}-closed-{scheme}")
            stan.page.locator("[data-action=dismiss]:visible").click()
    # What is no colour is read over.
    context = stage.context()
    stage.serve_page(context, "/pages/colour", f'<script async src="{node}/js/callslip.js" data-queue="memorial" data-accent="red; inline-size: 1px"></script>')
    patron = stage.patron("memorial", context, stage.site + "/pages/colour")
    expect(patron.launcher).to_be_visible()
    assert patron.launcher.evaluate("(button) => getComputedStyle(button).borderTopColor") == stage_colour("light")
    stan.leave()


def stage_colour(scheme):
    """The clients' own green."""
    return {"light": "rgb(29, 90, 74)", "dark": "rgb(140, 202, 176)"}[scheme]
