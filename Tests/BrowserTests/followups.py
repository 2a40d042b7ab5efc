"""A tracked referral (agreement, 2): who knows is not there, so the question goes there with its patron's consent, to be answered by a day; it is answered, and collected with a code.
"""

from playwright.sync_api import expect

from registers import written
from stage import PHONE, WIDE

# Somebody who has no queue, of a library that is there, and of the one that has the chat.
LIAISONS = b"""registers:
  liaisons:
    - {subject: Heraldry, synonyms: "coats of arms", library: law, person: Lis Ott, email: lis@law.example, wording: Our herald will look it up.}
    - {subject: Sigillography, synonyms: seals, library: memorial, person: Max Ney}
"""


def run(stage):
    mia = stage.operator("mia.memorial").sign_in()
    lea = stage.operator("lea.law").sign_in()
    for person in (mia, lea):
        if person.page.locator("#ending-skip").is_visible():
            person.page.click("#ending-skip")
    lea.set("law", False)
    mia.on("memorial")
    question = "Which statute was in force in 1901?"
    patron = stage.patron_of("memorial").ask(question)
    column = mia.claim(question)

    # By the keyboard: the law library is not there, and can answer later.
    column.locator("[data-composer]").focus()
    mia.page.keyboard.press("Alt+t")
    mia.page.keyboard.type("law lib")
    mia.page.keyboard.press("Enter")
    dialog = mia.page.locator("#transfer")
    expect(dialog.locator("#transfer-choice")).to_have_text("Chosen: Law Library, to answer later. Nobody is there now.")
    expect(dialog.locator("#consent-ask")).to_be_hidden()
    dialog.get_by_label("To be answered").select_option("5")
    stage.look(mia.page, "refer-later")
    mia.page.set_viewport_size({"width": 320, "height": 640})
    mia.page.emulate_media(color_scheme="dark")
    mia.page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    stage.look(mia.page, "refer-later-phone-dark")
    mia.page.emulate_media(color_scheme="light")
    mia.page.set_viewport_size(WIDE)
    dialog.get_by_role("button", name="Ask the patron").click()
    expect(dialog).to_be_hidden()
    expect(column).to_contain_text("being asked whether to leave the question for Law Library")

    # The patron says no, then yes.
    card = patron.card("later")
    expect(card).to_contain_text("Leave your question for Law Library?")
    expect(card).to_contain_text("within 5 days")
    stage.look(patron.page, "later-asked")
    card.get_by_role("button", name="No, stay with Mia").click()
    expect(card).to_have_count(0)
    expect(column).not_to_contain_text("being asked whether")
    mia.page.keyboard.press("Alt+t")
    dialog.get_by_text("Law Library").first.click()
    dialog.get_by_role("button", name="Ask the patron").click()
    expect(card).to_be_visible()
    patron.page.set_viewport_size(PHONE)
    patron.page.emulate_media(color_scheme="dark")
    stage.look(patron.page, "later-asked-phone-dark")
    card.get_by_role("button", name="Yes, leave it there").click()
    expect(patron.card("kept")).to_be_visible()
    code = patron.page.locator("#callslip-code").inner_text()
    expect(column).to_contain_text("left the question as a message")

    # Whoever referred it sees it among what they referred, with its day.
    mine = mia.page.locator("#referred-list > li", has_text=question)
    expect(mine).to_contain_text("Law Library")
    expect(mine).to_contain_text("Not answered yet, due in")
    mine.scroll_into_view_if_needed()
    stage.look(mia.page, "referred-waiting")

    # It stands at the law library with its day, and is answered there.
    slip = lea.page.locator("#kept-list [data-waiting-chat]", has_text=question)
    expect(slip).to_contain_text("Referred by Mia, due in")
    stage.look(lea.page, "kept-referred")
    slip.locator("[data-claim]").click()
    answered = lea.column(question)
    lea.say(answered, "Chapter 12, and I can send you a copy.")
    answered.locator("[data-action=close]").click()
    expect(answered.locator("[data-confirm=close]")).to_be_focused()
    lea.page.keyboard.press("Enter")
    expect(answered).to_have_count(0)

    # Whoever referred it is told, without a sound, and finds it in the list.
    notice = mia.page.locator(".notice", has_text="The question that you referred to Law Library: Answered by Lea")
    expect(notice).to_be_visible()
    expect(mine).to_contain_text("Answered by Lea, Law Library")
    expect(lea.page.locator("#referred-list > li")).to_have_count(0)
    stage.look(mia.page, "referred-answered")
    mia.page.set_viewport_size(PHONE)
    mia.page.emulate_media(color_scheme="dark")
    stage.look(mia.page, "referred-answered-phone-dark")
    mia.page.emulate_media(color_scheme="light")
    mia.page.set_viewport_size(WIDE)
    notice.get_by_role("button", name="OK").click()
    mine.scroll_into_view_if_needed()
    stage.look(mia.page, "referred-list")
    # Loaded anew, it is no news any more; it stands there, without the words.
    mia.page.reload()
    told = mia.page.locator("#referred-list > li", has_text="Answered by Lea, Law Library")
    expect(told).to_be_visible()
    expect(told).not_to_contain_text(question)
    expect(mia.page.locator(".notice", has_text="that you referred")).to_have_count(0)

    # Collected with the code, on another device.
    elsewhere = stage.patron_of("memorial").open()
    elsewhere.page.locator("#callslip-collect").click()
    elsewhere.page.locator("#callslip-code-input").fill(code)
    elsewhere.page.locator("#callslip-collect-go").click()
    elsewhere.sees("Chapter 12, and I can send you a copy.")
    without_a_queue(stage, mia, lea)
    mia.set("memorial", False)


def without_a_queue(stage, mia, lea):
    """One action at the desk's directory: the question stands at the liaison's library with their name on it, also where colleagues are there now, and at the own library."""
    status, text = stage.post("college", "/api/import", LIAISONS, "application/yaml")
    assert status == 200, text
    stage.until("the liaisons", lambda: len([one for one in written(stage, mia, "liaisons") if one["answers"]["subject"] in ("Heraldry", "Sigillography")]) == 2)
    lea.on("law")
    stage.until("the law library is there", lambda: stage.presence("law", "memorial") == "available")
    for typed, name, place, question, look in (
        ("arms", "Lis Ott", "Law Library", "Whose coat of arms has three owls?", "refer-liaison"),
        ("seals", "Max Ney", "Memorial Library", "Whose seal has three owls?", "refer-liaison-own"),
    ):
        patron = stage.patron_of("memorial").ask(question)
        column = mia.claim(question)
        column.locator("[data-composer]").focus()
        mia.page.keyboard.press("Alt+r")
        mia.page.keyboard.type(typed)
        directory = mia.page.locator("#directory")
        later = directory.get_by_role("button", name=f"Refer to {name} at ")
        expect(later).to_be_visible()
        stage.look(mia.page, f"{look}-directory")
        later.focus()
        mia.page.keyboard.press("Enter")
        dialog = mia.page.locator("#transfer")
        expect(dialog.locator("#transfer-choice")).to_contain_text(f"Chosen: {name}, ")
        expect(dialog.locator("#transfer-choice")).to_contain_text("to answer later")
        stage.look(mia.page, look)
        dialog.get_by_role("button", name="Ask the patron").click()
        expect(dialog).to_be_hidden()
        patron.card("later").get_by_role("button", name="Yes, leave it there").click()
        expect(patron.card("kept")).to_be_visible()
        reader = lea if place == "Law Library" else mia
        slip = reader.page.locator("#kept-list [data-waiting-chat]", has_text=question)
        expect(slip).to_contain_text(f"Referred by Mia to {name}, ")
        slip.scroll_into_view_if_needed()
        stage.look(reader.page, f"{look}-kept")
        slip.locator("[data-claim]").click()
        answered = reader.column(question)
        reader.say(answered, "The owls are of the founder.")
        answered.locator("[data-action=close]").click()
        expect(answered.locator("[data-confirm=close]")).to_be_focused()
        reader.page.keyboard.press("Enter")
        expect(answered).to_have_count(0)
    lea.set("law", False)
