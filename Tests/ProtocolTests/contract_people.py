"""What is asked of openapi.yaml in somebody's name: sign-in and its second step, what the old vendor's scripts ask, problems and their pictures."""

import secrets

from contract import ROOT, is_there, until
from onetime import code_of


def people(node):
    node.ask("get", "/api/me", 401)
    node.ask("get", "/api/canned", 401)
    node.ask("get", "/api/problems", 401)
    node.ask("post", "/api/sign-in", 400, {"operator": "mia.memorial"})
    node.ask("post", "/api/sign-in", 401, {"operator": "nobody", "password": "wrong"})
    cookie = node.ask("post", "/api/sign-in", 200, {"operator": "bea.business", "password": "balance-sheet-1"})["session"]
    node.ask("get", "/api/me", 200, cookie=cookie)
    node.ask("get", "/api/campus", 200)
    node.ask("get", "/api/campus/begin", 409)
    node.ask("get", "/api/campus/callback", 409)
    node.ask("get", "/api/sessions", 401)
    sessions = node.ask("get", "/api/sessions", 200, cookie=cookie)["sessions"]
    assert [one["operator"] for one in sessions if one["here"]] == ["bea.business"], sessions
    other = node.ask("post", "/api/sign-in", 200, {"operator": "bea.business", "password": "balance-sheet-1"})["session"]
    left = lambda: [one for one in node.ask("get", "/api/sessions", 200, cookie=cookie)["sessions"] if not one["here"]]
    node.ask("post", "/api/sessions", 401, {"end": left()[-1]["id"]})
    node.ask("post", "/api/sessions", 400, {"stop": 1}, cookie=cookie)
    node.ask("post", "/api/sessions", 404, {"end": "0"}, cookie=cookie)
    node.ask("post", "/api/sessions", 200, {"end": left()[-1]["id"]}, cookie=cookie)
    node.ask("get", "/api/me", 401, cookie=other)
    second_step(node, cookie)
    one = {"id": secrets.token_hex(16), "version": 0, "owner": "own", "title": "From a script", "text": "Hello."}
    node.ask("post", "/api/canned", 401, one)
    node.ask("post", "/api/canned", 400, {"id": "x", "version": 0}, cookie=cookie)
    node.ask("post", "/api/canned", 200, one, cookie=cookie)
    node.ask("post", "/api/canned", 409, {**one, "version": 7, "text": "Hello again."}, cookie=cookie)
    node.ask("get", "/api/canned", 200, cookie=cookie)
    node.ask("post", "/api/canned", 200, {"id": one["id"], "version": 1, "drop": True}, cookie=cookie)
    return cookie


def second_step(node, cookie):
    step, password = "/api/second-step", "balance-sheet-1"
    node.ask("get", step, 401)
    node.ask("get", step, 200, cookie=cookie)
    node.ask("post", step, 401, {"do": "begin", "password": password})
    node.ask("post", step, 400, {"do": "begin"}, cookie=cookie)
    node.ask("post", step, 409, {"do": "confirm", "code": "000000"}, cookie=cookie)
    secret = node.ask("post", step, 200, {"do": "begin", "password": password}, cookie=cookie)["secret"]
    node.ask("post", step, 400, {"do": "confirm", "code": "wrong"}, cookie=cookie)
    recovery = node.ask("post", step, 200, {"do": "confirm", "code": code_of(secret)}, cookie=cookie)["recovery"]
    said = node.ask("post", "/api/sign-in", 401, {"operator": "bea.business", "password": password})
    assert said["code"] == "codeNeeded", said
    signed = node.ask("post", "/api/sign-in", 200, {"operator": "bea.business", "password": password, "code": recovery[0]})
    assert "9 are left" in signed["told"], signed
    node.ask("post", step, 200, {"do": "off", "password": password, "code": recovery[1]}, cookie=cookie)
    off = step + "/off-for"
    node.ask("post", off, 401, {"operator": "bea.business"})
    node.ask("post", off, 400, {}, admin=True)
    node.ask("post", off, 404, {"operator": "nobody"}, admin=True)
    node.ask("post", off, 409, {"operator": "bea.business"}, admin=True)
    first = "/api/accounts/first-code"
    node.ask("post", first, 401, {"operator": "bea.business"})
    node.ask("post", first, 403, {"operator": "bea.business"}, cookie=cookie)
    node.ask("post", first, 400, {}, admin=True)
    node.ask("post", first, 404, {"operator": "nobody"}, admin=True)
    code = node.ask("post", first, 200, {"operator": "bea.business"}, admin=True)["code"]
    said = node.ask("post", "/api/sign-in", 401, {"operator": "bea.business", "password": code})
    assert said["code"] == "choosePassword", said
    node.ask("post", "/api/sign-in", 400, {"operator": "bea.business", "password": code, "newPassword": "short"})
    node.ask("post", "/api/sign-in", 200, {"operator": "bea.business", "password": code, "newPassword": password})
    node.ask("post", "/api/sign-in", 401, {"operator": "bea.business", "password": code, "newPassword": password})


def scripts(node, cookie):
    """The old vendor's calls; `libraryh3lp.py` plays them with the vendor's own library."""
    ask, form = node.ask, "application/x-www-form-urlencoded"
    login = b"username=bea.business&password=balance-sheet-1"
    for version in ("2011-12-03", "2013-07-21", "2016-02-10"):
        at = lambda path: path.replace("{version}", version)
        said = ask("post", "/{version}/auth/login", 200, login, at=at("/{version}/auth/login"), kind=form)
        assert said["success"] and said["account_id"] is None, said
        path = "/{version}/queues"
        queue = next(one for one in ask("get", path, 200, at=at(path), cookie=cookie) if one["name"] == "memorial")
        ask("get", path, 401, at=at(path))
    at = lambda path, **more: path.format(version="2013-07-21", **more)
    ask("post", "/{version}/auth/login", 400, b"username=bea.business", at=at("/{version}/auth/login"), kind=form)
    wrong = ask("post", "/{version}/auth/login", 200, b"username=nobody&password=not-at-all", at=at("/{version}/auth/login"), kind=form)
    assert not wrong["success"], wrong
    ask("post", "/{version}/auth/logout", 200, b"", at=at("/{version}/auth/logout"), kind=form)
    for list in ("conversations", "activity"):
        path = f"/{{version}}/{list}/{{year}}/{{month}}/{{day}}"
        day = dict(year=2026, month=1, day=31)
        ask("get", path, 200, at=at(path, **day), query="?format=json&to=2026-02-01", admin=True)
        ask("get", path, 400, at=at(path, **day), query="?to=soon", admin=True)
        ask("get", path, 400, at=at(path, **{**day, "month": 13}), admin=True)
        ask("get", path, 401, at=at(path, **day))
        ask("get", path, 403, at=at(path, **day), cookie=cookie)
    path = "/{version}/reports/{report}"
    for report in ("hour", "month", "operator", "profile", "protocol", "queue"):
        ask("get", path, 200, at=at(path, report=f"chats-per-{report}"), query="?start=2026-01-01&end=2026-03-31&timezone=America/Chicago", admin=True)
    ask("get", path, 400, at=at(path, report="chats-per-moon"), admin=True)
    ask("get", path, 400, at=at(path, report="chats-per-hour"), query="?queues=nowhere", admin=True)
    ask("get", path, 401, at=at(path, report="chats-per-hour"))
    ask("get", path, 403, at=at(path, report="chats-per-hour"), cookie=cookie)
    for path, name in (("/{version}/queues/{queue}", "memorial"), ("/{version}/queues/{queue}/operators", queue["id"])):
        ask("get", path, 200, at=at(path, queue=name), cookie=cookie)
        ask("get", path, 404, at=at(path, queue="nowhere"), cookie=cookie)
    ask("get", "/{version}/users", 200, at=at("/{version}/users"), admin=True)
    for path in ("/{version}/users/{user}", "/{version}/users/{user}/assignments"):
        ask("get", path, 200, at=at(path, user="mia.memorial"), cookie=cookie)
        ask("get", path, 404, at=at(path, user="nobody"), cookie=cookie)
    path = "/{version}/queues/{queue}/calls/{guest}/{chat}/transfer"
    there = at(path, queue="memorial", guest="0" * 32 + "@localhost", chat=1)
    ask("get", path, 403, at=there, admin=True)
    ask("get", path, 409, at=there, cookie=cookie)
    ask("get", path, 404, at=at(path, queue="memorial", guest="0", chat="x"), cookie=cookie)
    ask("post", path, 409, {"target": "memorial"}, at=there, cookie=cookie)
    ask("post", path, 401, {"target": "memorial"}, at=there)


def pictures(node, reported):
    """What is refused of hostile ones: pictures.py."""
    path, picture = "/api/problems/picture", (ROOT / "Tests/Fuzz/Corpus/picture/chromium-webp").read_bytes()
    key = secrets.token_hex(16)
    send = lambda status, key, body=picture: node.ask("post", path, status, body, kind="image/webp", query=f"?id={key}")
    send(200, key)
    send(400, "1")
    send(400, secrets.token_hex(16), b"GIF89a")
    send(409, reported)
    send(413, secrets.token_hex(16), bytes(700 * 1024))
    node.ask("post", "/api/problems", 200, {"id": key, "text": "With a picture."})
    until(lambda: is_there(node, f"/api/problems/one?id={key}"), "the report")
    node.ask("get", path, 401, query=f"?id={key}")
    node.ask("get", path, 400, admin=True)
    node.ask("get", path, 404, admin=True, query=f"?id={reported}")
    node.ask("get", path, 200, admin=True, query=f"?id={key}")
    assert node.ask("get", "/api/problems/one", 200, query=f"?id={key}")["picture"] == "WebP, 40 × 24, 1 KiB"
    ask = {"ticket": key, "id": secrets.token_hex(16), "stage": "solved", "text": "It was a test."}
    node.ask("post", "/api/problems/all", 200, ask, admin=True)


def problems(node, cookie):
    node.ask("post", "/api/problems", 400, {"id": "1", "text": "x"})
    node.ask("post", "/api/problems", 400, b"not json")
    key = secrets.token_hex(16)
    for _ in range(2):
        node.ask("post", "/api/problems", 200, {"id": key, "text": "From a script.", "bundle": "b"})
    until(lambda: is_there(node, f"/api/problems/one?id={key}"), "the report")
    ticket = node.ask("get", "/api/problems/one", 200, query=f"?id={key}")
    assert ticket["kind"] == "somebody" and ticket["text"] == "From a script."
    node.ask("get", "/api/problems/one", 404, query=f"?id={secrets.token_hex(16)}")
    node.ask("get", "/api/problems/one", 400, query="?id=1")
    signed = secrets.token_hex(16)
    node.ask("post", "/api/problems", 200, {"id": signed, "text": "Signed."}, cookie=cookie)
    until(lambda: is_there(node, f"/api/problems/one?id={signed}"), "the report")
    mine = node.ask("get", "/api/problems", 200, cookie=cookie)["tickets"]
    assert [one["text"] for one in mine if one["id"] in (key, signed)] == ["Signed."], mine
    pictures(node, key)
    comment = {"ticket": key, "id": secrets.token_hex(16), "text": "And this."}
    node.ask("post", "/api/problems/comment", 200, comment)
    node.ask("post", "/api/problems/comment", 400, {**comment, "stage": "solved"})
    node.ask("post", "/api/problems/comment", 401, {**comment, "ticket": signed})
    node.ask("get", "/api/problems/all", 401)
    assert any(one["id"] == key for one in node.ask("get", "/api/problems/all", 200, admin=True)["tickets"])
    for ticket in (key, signed):
        ask = {"ticket": ticket, "id": secrets.token_hex(16), "stage": "solved", "owner": "a script"}
        node.ask("post", "/api/problems/all", 409, ask, admin=True)
        node.ask("post", "/api/problems/all", 200, {**ask, "text": "It was a test."}, admin=True)
    node.ask("post", "/api/problems/all", 401, ask)
    node.ask("post", "/api/problems/all", 400, {"ticket": key}, admin=True)
