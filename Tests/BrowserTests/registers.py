"""Registers (agreement, 2; ChatWog's support; the living document): liaisons and agreements found at the desk, a transfer in one step; forms that keep what was typed; two who edit see the conflict; a library is set up before it is open; the agreement is accepted again.
"""

import datetime
import secrets

from playwright.sync_api import expect

from stage import DESKTOP, HOMES, PASSWORDS, PHONE, WIDE

# Libraries that are nobody's in the other scenes: an admin and a colleague, ChatWog, and one that is being set up.
MAPS = b"""general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: maps
    title: Map Library
    node: college
    fallback: "off"
    queues: [{name: maps, title: Map Library}]
    operators:
      - {name: mae.maps, display: Mae, password: contour-lines-1, queues: [maps], admin: true}
      - {name: mel.maps, display: Mel, password: contour-lines-2, queues: [maps]}
      - {name: cho.maps, display: Cho, password: contour-lines-3, queues: [maps], committee: chatwog}
  - name: music
    title: Music Library
    node: college
    fallback: "off"
    queues: [{name: music, title: Music Library}]
    operators:
      - {name: mo.music, display: Mo, password: quarter-notes-1, queues: [music]}
"""
ENTRIES = b"""registers:
  liaisons:
    - {subject: Cartography, synonyms: "atlases, aerial photographs", library: maps, queue: maps, person: Mel Ost, email: maps@library.example, hours: Monday to Friday, wording: Our map librarian can help you further., checked: 2026-09-01}
    - {subject: Musicology, synonyms: "scores, recordings", library: music, queue: music, person: Mo Ler, email: music@library.example, phone: 555-0100, wording: The Music Library can find the score for you.}
  agreements:
    - {title: Sheet music from the archive, library: music, partner: State Archive, subjects: "scores, manuscripts", email: archive@partner.example, terms: Passed on by e-mail and answered in three working days., until: 2025-01-31}
"""
for number, name in enumerate(("mae.maps", "mel.maps", "cho.maps"), 1):
    PASSWORDS[name], HOMES[name] = f"contour-lines-{number}", "college"
PASSWORDS["mo.music"], HOMES["mo.music"] = "quarter-notes-1", "college"


def day(offset):
    return (datetime.date.today() + datetime.timedelta(days=offset)).isoformat()


def written(stage, person, register):
    answer = person.page.request.get(f"{person.node}/api/registers/entries?register={register}")
    assert answer.status == 200, answer.text()
    return answer.json()["entries"]


def put(person, register, answers, status=200, entry=None):
    body = {"id": entry["id"] if entry else secrets.token_hex(16), "version": entry["version"] if entry else 0, "register": register, "answers": answers}
    answer = person.page.request.post(f"{person.node}/api/registers", data=body)
    assert answer.status == status, answer.text()
    return answer.json()["text"]


def at(stage, person, register, viewport=DESKTOP, scheme="light"):
    context = stage.context(viewport, scheme)
    context.add_cookies(person.context.cookies())
    page = stage.page(context, person.name)
    page.goto(f"{person.node}/registers?register={register}")
    expect(page.get_by_role("heading", level=2)).to_be_visible()
    return page


def run(stage):
    for file in (MAPS, ENTRIES, ENTRIES):
        status, text = stage.post("college", "/api/import", file, "application/yaml")
        assert status == 200, text
    status, text = stage.post("college", "/api/import", ENTRIES.replace(b"partner: State", b"patron: State"), "application/yaml")
    assert status == 422 and "line 6" in text and "patron" in text, text
    mae = stage.operator("mae.maps").sign_in()
    cho = stage.operator("cho.maps").sign_in()
    mo = stage.operator("mo.music").sign_in()
    for person in (mae, cho, mo):
        if person.page.locator("#ending-skip").is_visible():
            person.page.click("#ending-skip")
    stage.until("the liaisons", lambda: len(written(stage, mae, "liaisons")) >= 2)
    assert "Cartography" in stage.callslip("college", "registers", "search", "atlas")

    search_at_the_desk(stage, mae, mo)
    forms(stage, mae, cho)
    what_is_written_stays(stage, mae, cho)
    late_answers(stage, mae)
    setting_up(stage, cho, mo)
    the_living_document(stage, mae, cho)
    announcements(stage, mo, cho)


def search_at_the_desk(stage, mae, mo):
    """One action: the chat goes there now if the queue is available, else there is what can be told to the patron."""
    mae.on("maps")
    stage.until("the button", lambda: stage.presence("maps", "college") == "available")
    patron = stage.patron_of("maps").ask("Where do I find the score of the opera?")
    column = mae.claim("Where do I find the score of the opera?")
    column.locator("[data-composer]").focus()
    mae.page.keyboard.press("Alt+r")
    dialog = mae.page.locator("#directory")
    expect(dialog.get_by_label("Who knows about")).to_be_focused()
    stage.look(mae.page, "directory-empty")
    # Whoever types fast and presses Enter means what is about to be found.
    mae.page.keyboard.type("scor")
    mae.page.keyboard.press("Enter")
    expect(dialog.locator(".directory-entry").first.locator(":is(a, button):focus")).to_have_count(1)
    music = dialog.locator(".directory-entry", has_text="Musicology")
    expect(music).to_contain_text("Not now")
    expect(music.get_by_role("link", name="music@library.example")).to_be_visible()
    archive = dialog.locator(".directory-entry", has_text="State Archive")
    expect(archive).to_contain_text("no longer valid")
    expect(archive).to_contain_text("State Archive is outside the consortium, has no desk here and is not mailed: write to them yourself, or refer the question to those who do.")
    expect(music.locator("[data-directory-transfer]")).to_have_count(0)
    stage.look(mae.page, "directory-not-now")
    mae.page.set_viewport_size({"width": 320, "height": 640})
    mae.page.emulate_media(color_scheme="dark")
    mae.page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    stage.look(mae.page, "directory-phone-dark")
    mae.page.emulate_media(color_scheme="light")
    mae.page.set_viewport_size(WIDE)
    music.locator("[data-use-wording]").click()
    expect(column.locator("[data-composer]")).to_have_value("The Music Library can find the score for you.")
    expect(column.locator("[data-composer]")).to_be_focused()
    # Referred to a partner, it stands with whoever looks after the agreement, and the dialog says who writes to them.
    mae.page.keyboard.press("Alt+r")
    dialog.get_by_label("Who knows about").fill("scor")
    archive.locator("[data-directory-later=music]").click()
    expect(mae.page.locator("#transfer-choice")).to_contain_text("to answer later. They are outside the consortium: people of Music Library write to them.")
    mae.page.keyboard.press("Escape")
    column.locator("[data-composer]").focus()

    # From the transfer dialog; while it is read, somebody comes.
    mae.page.keyboard.press("Alt+t")
    mae.page.locator("#transfer-search").fill("opera")
    mae.page.locator("#transfer-note").fill("The 1902 edition")
    mae.page.locator("#transfer-directory").click()
    expect(dialog.get_by_label("Who knows about")).to_have_value("opera")
    expect(dialog.get_by_role("status")).to_contain_text("Nobody is listed")
    dialog.get_by_label("Who knows about").fill("music")
    expect(music).to_contain_text("Not now")
    mail = music.get_by_role("link", name="music@library.example")
    mail.focus()
    mo.on("music")
    transfer = music.locator("[data-directory-transfer=music]")
    expect(transfer).to_be_visible()
    expect(mail).to_be_focused()
    stage.look(mae.page, "directory-there-now")
    transfer.focus()
    mae.page.keyboard.press("Enter")
    expect(mae.page.locator("#transfer-choice")).to_have_text("Chosen: Music Library")
    expect(mae.page.locator("#transfer-note")).to_have_value("The 1902 edition")
    mae.page.locator("#consent-given").check()
    mae.page.locator("#transfer-submit").click()
    expect(mo.page.get_by_text("Mae offers").first).to_be_attached()
    mae.page.keyboard.press("Escape")
    patron.end()
    mae.set("maps", False)
    mo.set("music", False)


def forms(stage, mae, cho):
    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            page = at(stage, mae, "liaisons", viewport, scheme)
            page.get_by_text("Cartography").first.click()
            expect(page.get_by_role("button", name="Change Cartography, Mel Ost")).to_be_visible()
            stage.look(page, f"registers-{size}-{scheme}")
            page.get_by_role("button", name="New liaison").click()
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
            stage.look(page, f"registers-form-{size}-{scheme}")
    small = at(stage, mae, "liaisons", {"width": 320, "height": 640})
    small.get_by_role("button", name="New liaison").click()
    assert small.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than a small screen"

    # What is wrong is said at its field, and what was typed stays.
    page = at(stage, mae, "liaisons")
    page.get_by_text("Musicology").first.click()
    expect(page.get_by_role("button", name="Change Musicology, Mo Ler")).to_have_count(0)
    page.get_by_role("button", name="New liaison").click()
    form = page.get_by_role("form", name="New liaison")
    form.get_by_role("button", name="Save").click()
    expect(form.get_by_role("alert")).to_have_text("Subject is missing.")
    form.get_by_label("Subject").fill("Geography")
    form.get_by_label("Library", exact=True).select_option("maps")
    form.get_by_label("E-mail (optional)").fill("maps at library")
    page.keyboard.press("Enter")
    expect(form.get_by_role("alert")).to_contain_text("E-mail: expected an e-mail address")
    expect(form.get_by_label("E-mail (optional)")).to_be_focused()
    expect(form.get_by_label("Subject")).to_have_value("Geography")
    stage.look(page, "registers-mistake")
    form.get_by_label("E-mail (optional)").fill("geo@library.example")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Saved.")
    expect(page.get_by_text("Geography").first).to_be_visible()

    # Two edit the same entry: the second sees what is in force, and nothing is lost.
    other = at(stage, cho, "liaisons")
    for one in (page, other):
        entry = one.locator("details", has_text="Geography")
        if entry.get_attribute("open") is None:
            entry.locator("summary").click()
        entry.get_by_role("button", name="Change Geography").click()
    other.get_by_label("Telephone (optional)").fill("555-0199")
    other.get_by_role("button", name="Save").click()
    expect(other.locator("#said")).to_have_text("Saved.")
    page.get_by_label("Telephone (optional)").fill("555-0142")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("alert").filter(has_text="changed meanwhile")).to_be_visible()
    expect(page.locator(".conflict")).to_contain_text("555-0199")
    expect(page.get_by_label("Telephone (optional)")).to_have_value("555-0142")
    stage.look(page, "registers-conflict")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#said")).to_have_text("Saved.")
    stage.until("the second word", lambda: any(entry["answers"].get("phone") == "555-0142" for entry in written(stage, mae, "liaisons")))
    page.get_by_role("button", name="Delete Geography").click()
    page.get_by_role("button", name="Delete Geography for good").click()
    expect(page.locator("#said")).to_have_text("Deleted: Geography")
    # Another library's admin may not.
    assert "this is for" in put(mae, "liaisons", {"subject": "Opera", "library": "music"}, 409)


def what_is_written_stays(stage, mae, cho):
    """Over a search, over another register, and over a save beside it; and of two who change one entry both edits are kept."""
    put(mae, "liaisons", {"subject": "Globes", "library": "maps", "phone": "555-0101"})
    put(mae, "liaisons", {"subject": "Charts of the sea", "library": "maps"})
    stage.until("the entries", lambda: {"Globes", "Charts of the sea"} <= {entry["answers"]["subject"] for entry in written(stage, mae, "liaisons")})
    page = at(stage, mae, "liaisons")
    page.get_by_role("button", name="New liaison").click()
    page.get_by_role("form", name="New liaison").get_by_label("Subject").fill("Half an idea")
    globes = page.locator("#entries > li", has_text="Globes")
    globes.locator("summary").click()
    page.get_by_role("button", name="Change Globes").click()
    globes.get_by_label("When they can be reached").fill("Mondays")
    page.get_by_label("Find").fill("sea")
    expect(page.locator("#entries > li", has_text="Charts of the sea")).to_be_visible()
    expect(globes.get_by_label("When they can be reached")).to_have_value("Mondays")
    for register in ("Announcements", "Library liaisons"):
        page.get_by_role("navigation", name="Registers").get_by_role("link", name=register, exact=True).click()
        expect(page.get_by_role("heading", level=2)).to_have_text(register)
    expect(page.get_by_role("form", name="New liaison").get_by_label("Subject")).to_have_value("Half an idea")
    expect(globes.get_by_label("When they can be reached")).to_have_value("Mondays")
    sea = page.locator("#entries > li", has_text="Charts of the sea")
    sea.locator("summary").click()
    page.get_by_role("button", name="Change Charts of the sea").click()
    sea.get_by_label("Telephone").fill("555-0102")
    sea.get_by_role("button", name="Save").click()
    expect(page.locator("#said")).to_have_text("Saved.")
    expect(page.get_by_role("form", name="New liaison").get_by_label("Subject")).to_have_value("Half an idea")
    expect(globes.get_by_label("When they can be reached")).to_have_value("Mondays")

    # ChatWog gives another number meanwhile: Mae's hours are saved beside it.
    entry = next(one for one in written(stage, cho, "liaisons") if one["answers"]["subject"] == "Globes")
    put(cho, "liaisons", {**entry["answers"], "phone": "555-0199"}, 200, entry)
    globes.get_by_role("button", name="Save").click()
    expect(globes.locator(".conflict")).to_contain_text("taken over into this form")
    expect(globes.get_by_label("Telephone")).to_have_value("555-0199")
    stage.look(page, "registers-both-edits")
    globes.get_by_role("button", name="Save").click()
    stage.until("both edits", lambda: any(one["answers"].get("phone") == "555-0199" and one["answers"].get("hours") == "Mondays" for one in written(stage, mae, "liaisons")))

    # "Delete for good" is not said by whoever turns away meanwhile.
    expect(globes.get_by_role("button", name="Delete Globes")).to_be_visible()
    globes.get_by_role("button", name="Delete Globes").click()
    expect(globes.get_by_role("button", name="Delete Globes for good")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(globes.get_by_role("button", name="Delete Globes for good")).to_have_count(0)
    for one in written(stage, mae, "liaisons"):
        if one["answers"]["subject"] in ("Globes", "Charts of the sea"):
            assert mae.page.request.post(f"{mae.node}/api/registers", data={"id": one["id"], "version": one["version"], "drop": True}).ok


def late_answers(stage, mae):
    """Two registers one after the other: the first one's answer comes last, and is not drawn as the second's."""
    page = at(stage, mae, "announcements")
    held = []
    page.route("**/api/registers/entries?register=liaisons", lambda route: held.append(route))
    links = page.get_by_role("navigation", name="Registers")
    links.get_by_role("link", name="Library liaisons", exact=True).click()
    stage.until("the question", lambda: page.wait_for_timeout(20) or held)
    links.get_by_role("link", name="Announcements", exact=True).click()
    expect(page.get_by_role("heading", level=2)).to_be_focused()
    expect(page.locator("#count")).not_to_have_text("")
    with page.expect_response("**/api/registers/entries?register=liaisons"):
        held[0].continue_()
    # Whatever follows the answer has been done when another look is over.
    page.evaluate("fetch('/api/notices').then((answer) => answer.text())")
    expect(page.locator("#entries")).not_to_contain_text("Cartography")
    expect(page.get_by_role("heading", level=2)).to_have_text("Announcements")


def setting_up(stage, cho, mo):
    """ChatWog's checklist gates going live; a step may be waived, with a note."""
    put(cho, "onboarding", {"library": "music", "live": "no"})
    mo.on("music")
    stage.until("the reason", lambda: "being set up" in stage.get(mo.node + "/api/status"))
    assert stage.presence("music", "college") == "unavailable"
    entry = written(stage, cho, "onboarding")[0]
    refused = put(cho, "onboarding", {"library": "music", "live": "yes"}, 409, entry)
    for step in ("meets the library", "is trained", "posts its hours", "the button is seen", "a test chat"):
        assert step in refused, refused
    page = at(stage, cho, "onboarding")
    expect(page.locator(".notice")).to_contain_text("Music Library: not open yet")
    stage.look(page, "registers-onboarding")
    steps = "agreement, meeting, training, hours, button, test"
    assert "Say in the note" in put(cho, "onboarding", {"library": "music", "live": "yes", "waived": steps}, 409, entry)
    put(cho, "onboarding", {"library": "music", "live": "yes", "waived": steps, "note": "It was open before there were checklists."}, 200, entry)
    stage.until("it is open", lambda: stage.presence("music", "college") == "available")
    mo.set("music", False)


def the_living_document(stage, mae, cho):
    put(cho, "texts", {"name": "2026 autumn", "day": day(-1), "changes": "Chats are answered on Sundays too.", "text": "The agreement as it is now."})
    news = mae.page.locator("#news")
    stage.until("the text waits to be accepted", lambda: "accept" in mae.page.request.get(f"{mae.node}/api/notices").json())
    mae.page.reload()
    expect(news).to_contain_text("The agreement, 2026 autumn, waits for your library to accept it")
    stage.look(mae.page, "desk-news")
    page = at(stage, mae, "acceptances")
    form = page.locator(".notice")
    form.get_by_role("button", name="Accept for our library").click()
    expect(form.get_by_role("alert")).to_have_text("Write who accepts it.")
    form.get_by_label("Your name and office").fill("Mae Ost, director")
    stage.look(page, "registers-accept")
    page.keyboard.press("Enter")
    expect(page.locator("#said")).to_have_text("Saved.")
    expect(page.locator(".notice")).to_have_count(0)
    mine = [entry for entry in written(stage, mae, "acceptances") if entry["answers"]["library"] == "maps"]
    assert len(mine) == 1 and mine[0]["answers"]["name"] == "Mae Ost, director", mine


def announcements(stage, mo, cho):
    put(cho, "announcements", {"title": "Forum for operators", "text": "Everybody is welcome.", "session": day(7), "time": "10:00, room 126", "until": day(7)})
    put(cho, "announcements", {"title": "Of last year", "text": "Over.", "until": day(-300)})
    stage.until("it is told", lambda: mo.page.request.get(f"{mo.node}/api/notices").json()["announcements"])
    mo.page.reload()
    news = mo.page.locator("#news")
    expect(news).to_contain_text("Forum for operators")
    expect(news).not_to_contain_text("Of last year")
    mo.page.set_viewport_size({"width": 320, "height": 640})
    mo.page.emulate_media(color_scheme="dark")
    news.scroll_into_view_if_needed()
    stage.look(mo.page, "desk-news-phone-dark")
    news.get_by_role("button", name="Put away: Forum for operators").click()
    expect(news).to_be_hidden()
    mo.page.set_viewport_size(WIDE)
    mo.page.reload()
    expect(mo.page.locator("#waiting-title")).to_be_visible()
    expect(news).to_be_hidden()
    # What the scene announced is nobody's in the scenes that follow.
    for register in ("announcements", "texts"):
        for entry in written(stage, cho, register):
            body = {"id": entry["id"], "version": entry["version"], "drop": True}
            cho.page.request.post(f"{cho.node}/api/registers", data=body)
