"""Shifts are imported by a library's admin, gaps within the posted hours are told in words, and two colleagues give, take and exchange shifts in one step, and take it back in one.
"""

import datetime

from playwright.sync_api import expect

from stage import DESKTOP, HOMES, PASSWORDS, PHONE, WIDE

# A library that is nobody's in the other scenes.
TOWER = b"""general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: tower
    title: The Tower Library
    node: college
    fallback: "off"
    queues: [{name: tower, title: The Tower Library}]
    operators:
      - {name: una.tower, display: Una, password: many-stairs-1, queues: [tower], admin: true}
      - {name: vic.tower, display: Vic, password: many-stairs-2, queues: [tower]}
      - {name: wim.tower, display: Wim, password: many-stairs-3, queues: [tower]}
hours:
  tower: {zone: Etc/UTC, semester: {monday to friday: "9:00-17:00"}, intersession: {monday to friday: "9:00-17:00"}, break: {monday to friday: "9:00-17:00"}}
"""
for number, name in enumerate(("una.tower", "vic.tower", "wim.tower"), 1):
    PASSWORDS[name], HOMES[name] = f"many-stairs-{number}", "college"


def plan(monday):
    """Monday to Friday, with a gap on Monday from 12 to 13; as a calendar the rest."""
    tuesday = monday + datetime.timedelta(days=1)
    table = f"operator,from,until,duty\nVic,{monday} 09:00,12:00,library\nwim.tower,{monday} 13:00,17:00,\nwim.tower,{tuesday} 09:00,17:00,both\n"
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "BEGIN:VEVENT", f"DTSTART:{tuesday + datetime.timedelta(days=1):%Y%m%d}T090000", f"DTEND:{tuesday + datetime.timedelta(days=1):%Y%m%d}T170000", "RRULE:FREQ=DAILY;COUNT=3", "SUMMARY:Chat: Una", "END:VEVENT", "END:VCALENDAR", ""]
    return table, "\r\n".join(lines)


def page_of(stage, person, path, viewport=DESKTOP, scheme="light"):
    context = stage.context(viewport, scheme)
    context.add_cookies(person.context.cookies())
    page = stage.page(context, person.name)
    page.goto(person.node + path)
    return page


def choose_file(page, name, kind, text):
    page.get_by_label("File", exact=True).set_input_files({"name": name, "mimeType": kind, "buffer": text.encode()})
    page.get_by_role("button", name="Look at what would change").click()


def run(stage):
    assert stage.post("college", "/api/import", TOWER, "application/yaml")[0] == 200
    stage.until("the hours", lambda: "tower  " in stage.get(f"{stage.node('college')}/hours/hours.txt"))
    today = datetime.datetime.now(datetime.timezone.utc).date()
    monday = today + datetime.timedelta(days=7 - today.weekday())
    nobody = stage.page(stage.context(PHONE), "nobody")
    nobody.goto(f"{stage.node('college')}/shifts")
    expect(nobody.get_by_role("alert").first).to_contain_text("Sign in at the desk")
    una, vic, wim = (stage.operator(name).sign_in() for name in ("una.tower", "vic.tower", "wim.tower"))
    expect(vic.page.get_by_role("link", name="Shifts")).to_have_attribute("href", "/shifts")

    # Nothing is planned yet, which explains itself: to whoever may import, and to whoever may not.
    week = f"/shifts?week={monday}"
    plain = page_of(stage, vic, week, PHONE)
    expect(plain.get_by_text("Your library’s admin imports the plan")).to_be_visible()
    expect(plain.get_by_role("heading", name="Import shifts")).to_be_hidden()
    expect(plain.get_by_text("Nobody is planned for 40 h 00 min of the posted hours.")).to_be_visible()
    stage.look(plain, "shifts-empty-phone-light")
    admin = page_of(stage, una, week)
    expect(admin.get_by_text("Import a table or a calendar below")).to_be_visible()
    stage.look(admin, "shifts-empty-desktop-light")

    # A file with mistakes changes nothing, and says which lines they are in; a good one is looked at first.
    table, calendar = plan(monday)
    choose_file(admin, "plan.csv", "text/csv", table + f"nobody,{monday} 09:00,12:00,\nVic,{monday} 11:00,10:00,\n")
    expect(admin.locator("#preview-text")).to_contain_text("nothing of it was imported")
    expect(admin.locator("#preview-problems li")).to_have_count(1)
    expect(admin.locator("#preview-problems")).to_contain_text("Line 5: Nobody of tower is called `nobody`")
    expect(admin.get_by_role("button", name="Import", exact=True)).to_be_hidden()
    stage.look(admin, "shifts-import-wrong-light")
    for name, kind, text, words in (("plan.csv", "text/csv", table, "3 shifts: 3 would come new"), ("plan.ics", "text/calendar", calendar, "3 shifts: 3 would come new")):
        admin.goto(una.node + week)
        choose_file(admin, name, kind, text)
        expect(admin.locator("#preview-text")).to_contain_text(words)
        expect(admin.locator("#preview")).to_be_focused()
        stage.look(admin, f"shifts-import-{name[-3:]}-light")
        admin.keyboard.press("Tab")
        admin.keyboard.press("Enter")
        expect(admin.get_by_role("status")).to_contain_text("3 came new")
    expect(admin.get_by_text("Nobody is planned for 1 h 00 min of the posted hours.")).to_be_visible()
    gap = admin.locator(".gap")
    expect(gap).to_have_count(1)
    expect(gap).to_contain_text("12:00 to 13:00 Gap: nobody is planned (1 h 00 min)")

    # One step, by keyboard alone: Vic takes Wim's; Wim, who looked before, is told who has it now; and Vic takes it back in one step.
    vics, wims = page_of(stage, vic, week), page_of(stage, wim, week, PHONE, "dark")
    take = vics.get_by_role("button", name="I take it (Wim’s shift on Monday")
    give = wims.get_by_role("button", name="Give to … (your shift on Monday")
    expect(give).to_be_visible()
    stage.look(wims, "shifts-phone-dark")
    # Wim has begun to give it to Una, and is not interrupted: the list is shown anew when that is over.
    give.click()
    take.focus()
    take.press("Enter")
    expect(vics.get_by_role("status")).to_contain_text("13:00 to 17:00 now, and Wim is told here.")
    expect(vics.get_by_role("button", name="Undo")).to_be_focused()
    expect(vics.get_by_text("was Wim’s")).to_be_visible()
    stage.look(vics, "shifts-taken-desktop-light")
    expect(wims.get_by_role("status")).to_contain_text("Somebody changed the shifts.")
    wims.get_by_role("combobox", name="Give to").select_option("una.tower")
    stage.look(wims, "shifts-changed-meanwhile-phone-dark")
    wims.get_by_role("button", name="Give", exact=True).click()
    expect(wims.get_by_role("alert")).to_contain_text("Vic has this shift now; look at the list again.")
    expect(wims.get_by_role("listitem").filter(has_text="Vic took your shift on Monday")).to_be_visible()
    assert wims.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
    stage.look(wims, "shifts-told-phone-dark")
    # At the desk he is told at once, and once: not by the next board, and not when the page is loaded anew.
    notices = wim.page.locator(".notice", has_text="your shift")
    expect(notices).to_have_count(1)
    expect(notices).to_contain_text("Vic took your shift on Monday")
    expect(notices.get_by_role("link", name="See the shifts")).to_have_attribute("href", "/shifts")
    expect(wim.page.locator("#announce-now")).to_contain_text("Vic took your shift on Monday")
    expect(wim.page.get_by_role("link", name="Shifts: 1 changed by colleagues")).to_be_visible()
    stage.look(wim.page, "shifts-told-at-the-desk")
    wim.page.set_viewport_size(PHONE)
    wim.page.emulate_media(color_scheme="dark")
    stage.look(wim.page, "shifts-told-at-the-desk-phone-dark")
    assert wim.page.evaluate("document.querySelector('.notices').getBoundingClientRect().top >= document.getElementById('floor').getBoundingClientRect().bottom - 1"), "a notice covers what is below it"
    wim.page.emulate_media(color_scheme="light")
    wim.page.set_viewport_size(WIDE)
    expect(vic.page.locator(".notice", has_text="shift")).to_have_count(0)
    wim.page.reload()
    expect(wim.page.get_by_role("link", name="Shifts: 1 changed by colleagues")).to_be_visible()
    expect(notices).to_have_count(0)
    # Wim looks at another shift while Vic takes it back: the list follows, and the focus stays where it was.
    held = wims.get_by_role("button", name="Give to … (your shift on Tuesday")
    held.focus()
    vics.keyboard.press("Enter")
    expect(wims.get_by_role("status")).to_contain_text("The list has changed. Vic gave you the shift on Monday")
    expect(give).to_be_visible()
    expect(held).to_be_focused()
    expect(wim.page.locator(".notice", has_text="Vic gave you the shift on Monday")).to_have_count(1)
    stage.look(wims, "shifts-list-changed-phone-dark")
    expect(vics.get_by_role("status")).to_contain_text("It is as it was before.")
    expect(vics.get_by_role("button", name="Undo")).to_be_hidden()
    expect(take).to_be_visible()

    # Nobody is at two desks at once; two shifts are exchanged in one step.
    both = page_of(stage, vic, week, DESKTOP, "dark")
    exchange = both.get_by_role("button", name="Exchange with … (your shift on Monday")
    exchange.focus()
    exchange.press("Enter")
    expect(both.get_by_role("combobox", name="Exchange with")).to_be_focused()
    both.keyboard.press("Escape")
    expect(exchange).to_be_focused()
    exchange.press("Enter")
    both.get_by_role("combobox", name="Exchange with").select_option(label=next(text for text in both.get_by_role("combobox", name="Exchange with").locator("option").all_text_contents() if "Wim, Tuesday" in text))
    stage.look(both, "shifts-exchange-desktop-dark")
    both.get_by_role("button", name="Exchange", exact=True).click()
    expect(both.get_by_role("status")).to_contain_text("Vic and Wim exchanged their shifts.")
    tuesday = both.get_by_role("region", name="Tuesday")
    expect(tuesday).to_contain_text("Vic (you)")
    both.get_by_role("button", name="Undo").click()
    expect(tuesday).to_contain_text("09:00 to 17:00 Wim")

    # The node is gone for a while: the page says so, and shows the week that was asked for as soon as it can.
    both.route("**/api/shifts?*", lambda route: route.abort())
    both.get_by_role("link", name="The week after").click()
    expect(both.get_by_role("alert").first).to_contain_text("did not answer")
    both.unroute("**/api/shifts?*")
    expect(both.locator("#week-title")).to_contain_text(f"{(monday + datetime.timedelta(days=7)).strftime('%B')} {(monday + datetime.timedelta(days=7)).day}")
    expect(both.get_by_role("alert").first).to_have_text("")

    # A shift of another library is nobody's here; a colleague without a say moves nothing between two others.
    shift = vic.page.request.get(vic.node + f"/api/shifts?week={monday}").json()["days"][0]["shifts"][1]
    move = {"shift": shift["id"], "version": shift["version"], "from": "wim.tower", "to": "una.tower"}
    refused = vic.page.request.post(vic.node + "/api/shifts/swap", data={"moves": [move]})
    assert refused.status == 409 and "ask its admin" in refused.text(), refused.text()

    # The end of the shift that one has now is what sign-on proposes.
    now = datetime.datetime.now(datetime.timezone.utc)
    ends = now + datetime.timedelta(hours=3)
    stamp = lambda at: at.strftime("%Y-%m-%d %H:%M")
    path = stage.shots / "now.csv"
    path.write_text(f"operator,from,until,duty\nvic.tower,{stamp(now - datetime.timedelta(minutes=20))},{stamp(ends)},\n")
    assert "would come new" in stage.callslip("college", "shifts", "import", str(path), "--library", "tower", "--dry-run")
    assert "1 came new" in stage.callslip("college", "shifts", "import", str(path), "--library", "tower")
    assert "vic.tower" in stage.callslip("college", "shifts", "tower")
    vic.page.reload()
    vic.on("tower")
    expect(vic.page.get_by_label("Until when are you here?")).to_have_value(vic.page.evaluate(f"(() => {{ const at = new Date({int(ends.replace(second=0, microsecond=0).timestamp() * 1000)}); return `${{String(at.getHours()).padStart(2, '0')}}:${{String(at.getMinutes()).padStart(2, '0')}}` }})()"))
    for person in (una, vic, wim):
        person.leave()
