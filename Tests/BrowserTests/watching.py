"""A colleague is asked to look at a chat: they read it and whisper, and the patron sees nothing of it. A trainee claims with a mentor who watches so, and who takes the chat over.
"""

from playwright.sync_api import expect

from stage import HOMES, PASSWORDS, PHONE

PEOPLE = b"""general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: learning
    title: Learning Commons
    node: memorial
    fallback: immediately
    queues: [{name: learning, title: Learning Commons}]
    operators:
      - {name: uma.learning, display: Uma, password: look-and-learn-1, queues: [learning]}
      - {name: tess.learning, display: Tess, password: look-and-learn-2, queues: [learning], trainee: true}
"""


def whisper(operator, column, text):
    column.locator("[data-note-field]").fill(text)
    column.locator("[data-note-field]").press("Enter")


def run(stage):
    status, text = stage.post("memorial", "/api/import", PEOPLE, "application/yaml")
    assert status == 200, (status, text)
    for name, password in [("uma.learning", "look-and-learn-1"), ("tess.learning", "look-and-learn-2")]:
        PASSWORDS[name], HOMES[name] = password, "memorial"
    uma = stage.operator("uma.learning").sign_in().on("learning")
    mia = stage.operator("mia.memorial", scheme="dark").sign_in()

    # Uma asks Mia to look; Mia reads, and cannot write to the patron.
    patron = stage.patron_of("learning")
    patron.ask("Which group rooms have a screen?")
    column = uma.claim("Which group rooms have a screen?")
    expect(mia.page.locator("[data-chat-column]")).to_have_count(0)
    column.locator("[data-action=ask]").click()
    uma.page.fill("#ask-search", "nobody of that name")
    expect(uma.page.locator("#ask-none")).to_be_visible()
    uma.page.fill("#ask-search", "mia")
    stage.look(uma.page, "watching-ask-light")
    uma.page.locator('[data-ask="mia.memorial"]').click()
    expect(uma.page.locator("#ask")).to_be_hidden()
    expect(column.locator("[data-watcher]")).to_contain_text("Mia")
    watched = mia.column("Which group rooms have a screen?")
    expect(watched).to_contain_text("You watch: Uma has this chat")
    expect(watched.locator("[data-composer]")).to_be_hidden()
    expect(watched.locator("[data-action=close]")).to_be_hidden()
    whisper(mia, watched, "All on the second floor.")
    expect(column.locator("[data-log]")).to_contain_text("All on the second floor.")
    uma.say(column, "Those on the second floor.")
    patron.sees("Those on the second floor.")
    expect(patron.page.locator("#callslip-log")).not_to_contain_text("All on the second floor.")
    uma.sees("Those on the second floor.")
    mia.sees("Those on the second floor.")
    stage.look(mia.page, "watching-colleague-dark")
    stage.look(uma.page, "watching-holder-light")

    # Mia holds nothing, so she may sign out; here she looks away.
    watched.locator("[data-action=unwatch]").click()
    expect(mia.page.locator("[data-chat-column]")).to_have_count(0)
    expect(column.locator("[data-watcher]")).to_have_count(0)
    uma.close(column)
    mia.leave()

    # A trainee without a mentor is available for nothing, and is told what to do.
    tess = stage.operator("tess.learning", scheme="dark").sign_in()
    expect(tess.page.locator("#trainee")).to_contain_text("ask a colleague to be your mentor")
    tess.switch("learning").click()
    expect(tess.page.get_by_text("has no mentor at hand").first).to_be_visible()
    expect(tess.switch("learning")).to_have_attribute("aria-checked", "false")
    stage.look(tess.page, "watching-trainee-alone-dark")

    # With one she claims, and the mentor sees it.
    uma.page.keyboard.press("Alt+s")
    uma.page.locator('[data-mentor="tess.learning"]').click()
    expect(uma.page.locator('[data-mentor="tess.learning"]')).to_have_attribute("aria-pressed", "true")
    stage.look(uma.page, "watching-mentor-light")
    uma.page.keyboard.press("Escape")
    expect(tess.page.locator("#trainee")).to_contain_text("Your mentor is Uma")
    tess.on("learning")
    learner = stage.patron_of("learning")
    learner.ask("May I book a room for a week?")
    hers = tess.claim("May I book a room for a week?")
    mentors = uma.column("May I book a room for a week?")
    expect(mentors).to_contain_text("Tess, whose mentor you are, has this chat")
    whisper(uma, mentors, "Four hours at most.")
    expect(hers.locator("[data-log]")).to_contain_text("Four hours at most.")
    tess.say(hers, "For four hours at a time.")
    learner.sees("For four hours at a time.")
    uma.page.set_viewport_size(PHONE)
    uma.page.locator("[data-tab]").last.click()
    expect(mentors).to_be_visible()
    stage.look(uma.page, "watching-mentor-phone")
    uma.page.set_viewport_size({"width": 1440, "height": 900})

    # The mentor takes over; the trainee watches on.
    mentors.locator("[data-action=takeOver]").click()
    expect(mentors.locator("[data-composer]")).to_be_visible()
    expect(hers).to_contain_text("You watch: Uma has this chat")
    uma.say(mentors, "I can extend it for you.")
    learner.sees("I can extend it for you.")
    tess.sees("I can extend it for you.")
    uma.close(mentors)
    hers.locator("[data-action=dismiss]").click()
    expect(tess.page.locator("[data-chat-column]")).to_have_count(0)

    # The mentor goes: the trainee is away, and told so.
    uma.leave()
    expect(tess.page.locator("#trainee")).to_contain_text("ask a colleague to be your mentor")
    expect(tess.switch("learning")).to_have_attribute("aria-checked", "false")
    tess.leave()
