"""The help desk: "why is this button off?" is answered with the chain of reasons, for any queue, now and at a minute that is past; for a library's admin as well.
"""

from playwright.sync_api import expect

from stage import DESKTOP, HOMES, PASSWORDS, PHONE, WIDE

# Libraries that are nobody's in the other scenes.
STUDIO = b"""general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: studio
    title: The Studio
    node: college
    fallback: "off"
    queues: [{name: studio, title: The Studio}]
    operators:
      - {name: sal.studio, display: Sal, password: quiet-easels-1, queues: [studio], admin: true}
      - {name: wes.studio, display: Wes, password: quiet-easels-2, queues: [studio], committee: ltg}
"""
for number, name in enumerate(("sal.studio", "wes.studio"), 1):
    PASSWORDS[name], HOMES[name] = f"quiet-easels-{number}", "college"


def run(stage):
    assert stage.post("college", "/api/import", STUDIO, "application/yaml")[0] == 200
    sal = stage.operator("sal.studio").sign_in().on("studio")
    ask = lambda query="": sal.page.request.get(f"{sal.node}/api/why{query}")
    own = lambda: ask("?queue=studio").json()["answer"]
    stage.until("the button is on", lambda: own()["button"] == "on" and own()["why"] == ["One person staffs it."])
    # What is asked of the past counts by the middle of its minute: one must have gone by.
    was = lambda answer, button: [piece for piece in answer["day"] or [] if piece["button"] == button and piece["from"] < answer["at"]]
    stage.until("a minute in which it was on", lambda: was(own(), "on"), seconds=150)
    on = was(own(), "on")[0]
    sal.set("studio", False)
    stage.until("the button is off", lambda: own()["button"] == "off")
    assert "The library does not refer its chats to the general queue." in own()["why"], own()
    stage.until("a minute in which it was off", lambda: was(own(), "off") and own()["day"][-1]["button"] == "off", seconds=150)
    past = ask(f"?queue=studio&at={on['from'].replace(' ', 'T')}").json()["answer"]
    assert past["button"] == "on" and past["why"] == ["One person staffs it."], past

    # An admin asks about their own queues and the general one, and whoever asks is told what is wrong.
    assert {line["queue"] for line in ask().json()["queues"]} == {"studio", "general"}, ask().text()
    for query, words in (
        ("?queue=memorial", "your own library"), ("?queue=studio&at=noon", "2026-11-28T09:30"), ("?queue=studio&at=2099-01-01T00:00", "still to come"),
    ):
        wrong = ask(query)
        assert wrong.status == 400 and words in wrong.text(), wrong.text()
    before = ask("?queue=studio&at=2020-01-01T00:00").json()["answer"]
    assert before["button"] == "unknown" and before["day"] == [], before

    for size, viewport in (("desktop", DESKTOP), ("phone", PHONE)):
        for scheme in ("light", "dark"):
            context = stage.context(viewport, scheme)
            context.add_cookies(sal.context.cookies())
            page = stage.page(context, "Sal")
            page.goto(f"{sal.node}/why?queue=studio")
            expect(page.get_by_role("heading", name="The Studio: the button is off")).to_be_visible()
            expect(page.get_by_role("region", name="That day").get_by_role("row").filter(has_text="One person staffs it.")).not_to_have_count(0)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "the page is wider than the screen"
            if viewport is DESKTOP:
                assert page.get_by_role("region", name="That day").evaluate("(part) => part.scrollWidth <= part.clientWidth"), "the reasons go beyond the page"
            stage.look(page, f"why-{size}-{scheme}")

    # LTG sees all; with the keyboard alone, and what is half said is told.
    wes = stage.operator("wes.studio", viewport=WIDE).sign_in()
    page = stage.page(wes.context, "Wes")
    page.goto(f"{wes.node}/why")
    expect(page.get_by_role("region", name="All buttons").get_by_role("link", name="Memorial Library", exact=True)).to_be_visible()
    page.get_by_label("Queue").select_option("studio")
    day, time = on["from"].split(" ")
    page.get_by_label("Day").fill(day)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Say both")
    page.get_by_label("Time").fill(time)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="The Studio: the button was on")).to_be_focused()
    stage.look(page, "why-past")
    page.go_back()
    expect(page.get_by_role("heading", name="All buttons, now")).to_be_visible()

    # For scripts.
    assert "studio" in stage.callslip("college", "why")
    told = stage.callslip("steenbock", "why", "studio", "--at", on["from"].replace(" ", "T"))
    assert "One person staffs it." in told and "That day:" in told, told
    for person in (sal, wes):
        person.leave()
