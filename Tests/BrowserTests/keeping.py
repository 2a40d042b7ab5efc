"""What a patron takes along and leaves behind: a copy to save or print, a cleared computer, and a school that asks nobody for an address.
"""

from playwright.sync_api import expect

from stage import DESKTOP, PHONE

# What would come out of the printer, noted on the page itself.
PRINTER = "window.print = () => { window.top.printed = [...(window.top.printed ?? []), { title: document.title, text: document.body.innerText }]; };"
LEFT = "Object.keys(sessionStorage).concat(Object.keys(localStorage)).filter((name) => name.startsWith('callslip.') && name !== 'callslip.minimised')"


def run(stage):
    stan = stage.operator("stan.steenbock").sign_in().on("general")
    for name, options in [("desktop-light", {"viewport": DESKTOP}), ("phone-dark", {"viewport": PHONE, "scheme": "dark"})]:
        context = stage.context(accept_downloads=True, **options)
        context.add_init_script(PRINTER)
        patron = stage.patron("memorial", context)
        expect(patron.launcher).to_contain_text("answers now")
        question = f"Which maps are in colour? {name}"
        patron.ask(question)
        column = stan.claim(question)
        stan.say(column, "Those of 1911.")
        patron.sees("Those of 1911.")

        # Saved as text, and printed alone, whatever page stands around it.
        with patron.page.expect_download() as saved:
            patron.page.locator("#callslip-save").click()
        text = saved.value.path().read_text(encoding="utf-8")
        assert question in text and "Stan, Steenbock Memorial Library: Those of 1911." in text, text
        patron.page.locator("#callslip-print").click()
        patron.page.wait_for_function("window.printed?.length === 1")
        printed = patron.page.evaluate("window.printed[0]")
        assert question in printed["text"] and "Those of 1911." in printed["text"] and "New books" not in printed["text"], printed

        # Cleared, in both tabs of this browser; at the library the chat goes on.
        other = stage.patron("memorial", context)
        expect(other.launcher).to_contain_text("go on with your chat")
        other.launcher.click()
        other.sees("Those of 1911.")
        expect(patron.card("fenced")).to_be_visible()
        other.page.locator("#callslip-clear").click()
        expect(other.card("clear")).to_contain_text("Nothing ends at the library")
        expect(other.page.locator("#callslip-clear-yes")).to_be_focused()
        stage.look(other.page, f"keeping-clear-{name}")
        other.page.locator("#callslip-clear-yes").click()
        for page in (other, patron):
            expect(page.card("cleared")).to_contain_text("Nothing of the chat is left in this browser")
            expect(page.said(question)).to_have_count(0)
            assert page.page.evaluate(LEFT) == [], page.page.evaluate(LEFT)
        stage.look(other.page, f"keeping-cleared-{name}")
        stan.say(column, "And some of 1922.")
        expect(column.get_by_text("And some of 1922.", exact=True)).to_be_visible()
        expect(column).not_to_contain_text("ended the chat")
        other.page.locator("#callslip-cleared-ok").click()
        expect(other.composer).to_be_focused()
        other.page.reload()
        expect(other.launcher).to_contain_text("answers now")
        stan.close(column)
    stan.leave()

    # A school: nobody is asked for an address, neither before the question nor after, and the answer is collected by the code alone.
    node = stage.node("memorial")
    context = stage.context(PHONE)
    stage.serve_page(context, "/pages/school", f'<script async src="{node}/js/callslip.js" data-queue="memorial" data-profile="school"></script>')
    pupil = stage.patron("memorial", context, stage.site + "/pages/school")
    expect(pupil.launcher).to_contain_text("leave a message")
    pupil.open()
    expect(pupil.page.locator("#callslip-presence")).to_contain_text("Nobody is here right now")
    expect(pupil.page.locator("input[type=email]:visible, summary:visible")).to_have_count(0)
    stage.look(pupil.page, "keeping-school")
    pupil.say("What do owls eat?")
    expect(pupil.card("kept")).to_be_visible(timeout=30_000)
    expect(pupil.page.locator("input:visible")).to_have_count(0)
    code = pupil.page.locator("#callslip-code").inner_text()
    stage.look(pupil.page, "keeping-school-kept")
    pupil.page.locator("#callslip-clear").click()
    expect(pupil.card("clear")).to_contain_text(code)
    pupil.page.locator("#callslip-clear-yes").click()
    expect(pupil.card("cleared")).to_be_visible()
    assert pupil.page.evaluate(LEFT) == []
