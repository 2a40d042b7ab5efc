"""Holds Sources/Node/openapi.yaml against the routes in the sources, and against what a running demonstration answers.

Usage: openapi.py BASE_PORT    (a `callslip demo` must be running on BASE_PORT; CALLSLIP_DEMO names its folder)
"""

import json
import os
import re
import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator
from openapi_spec_validator import validate

from onetime import code_of

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = yaml.safe_load((ROOT / "Sources/Node/openapi.yaml").read_text())
NODES = ["c1", "c2", "c3", "memorial", "college", "steenbock"]
# Of the demonstration alone, and of the pages.
UNDOCUMENTED = {("get", "/demo/enter"), ("get", "/")}
asked = set()


def routes():
    """What the sources install, as (method, path)."""
    found = set()
    for file in [*(ROOT / "Sources/Node/WebPlane").glob("*.swift"), ROOT / "Sources/Web/Health.swift"]:
        text = file.read_text()
        found |= {(method, path) for method, path in re.findall(r'server\.(get|post)\("([^"]+)"', text)}
        found |= {("post", path) for path in re.findall(r'takeCommands\(\s*"([^"]+)"', text)}
    # Under each of the old vendor's dates; most of those are beginnings of many addresses, and are asked one by one below.
    found = {(method, path) for method, path in found if not path.startswith("/\\(version)/")}
    return found - UNDOCUMENTED


def check_routes():
    written = {(method, path) for path, item in DOCUMENT["paths"].items() for method in item}
    exact = {(method, path) for method, path in written if not path.startswith(("/presence/", "/hours/", "/{version}/"))}
    missing, gone = routes() - exact, exact - routes()
    assert not missing, f"not in openapi.yaml: {sorted(missing)}"
    assert not gone, f"in openapi.yaml, and in no source: {sorted(gone)}"
    assert len(exact) >= 20, exact


def deref(value):
    while isinstance(value, dict) and "$ref" in value:
        target = DOCUMENT
        for part in value["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        value = target
    return value


class Node:
    def __init__(self, base, name):
        self.url = f"http://127.0.0.1:{base + 1 + NODES.index(name)}"
        self.token = (Path(os.environ["CALLSLIP_DEMO"]) / name / "admin").read_text().split("\n")[1]

    def ask(self, method, path, status, body=None, *, at=None, admin=False, cookie=None, kind="application/json", query="", origin=None):
        """Asks, and holds the answer against the document: the status must be the one expected, and written; the body must have the written shape."""
        headers = {}
        if admin:
            headers["Authorization"] = f"Bearer {self.token}"
        if cookie:
            headers["Cookie"] = f"callslip_session={cookie}"
        if origin:
            headers["Origin"] = origin
        data = None
        if method == "post":
            headers["Content-Type"] = kind
            data = body if isinstance(body, bytes) else json.dumps(body if body is not None else {}).encode()
        request = urllib.request.Request(self.url + (at or path) + query, method=method.upper(), data=data, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                found, text, sent = answer.status, answer.read().decode(errors="replace"), answer.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            found, text, sent = error.code, error.read().decode(), error.headers["Content-Type"]
        where = f"{method} {path}"
        assert found == status, f"{where}: {found} instead of {status}: {text[:300]}"
        asked.add((method, path))
        written = DOCUMENT["paths"][path][method]["responses"]
        assert str(status) in written, f"{where}: {status} is not written"
        if status == 204:
            assert text == "", where
            return None
        content = deref(written[str(status)])["content"]
        media = sent.split(";")[0].strip()
        assert media in content, f"{where}: {media} is not written"
        value = json.loads(text) if media.endswith("json") else text
        schema = {**content[media]["schema"], "components": DOCUMENT["components"]}
        for error in Draft202012Validator(schema).iter_errors(value):
            raise AssertionError(f"{where}: {error.json_path}: {error.message[:300]}")
        return value


def public(node):
    for form in ("text", "xml", "js", "image"):
        node.ask("get", f"/presence/jid/{{name}}/{{server}}/{form}", 200, at=f"/presence/jid/memorial/chat.example.org/{form}")
    node.ask("get", "/presence/jid/{name}/{server}/js", 400, at="/presence/jid/memorial/chat.example.org/js", query="?cb=alert(1)")
    for path in ("/hours/hours.json", "/hours/hours.txt", "/healthz", "/readyz", "/api/status"):
        node.ask("get", path, 200)
    for form in ("hours.json", "now.json", "hours.ics", "hours.js"):
        node.ask("get", f"/hours/{{library}}/{form}", 200, at=f"/hours/memorial/{form}")
        node.ask("get", f"/hours/{{library}}/{form}", 404, at=f"/hours/no-such/{form}")


def pages(node):
    node.ask("post", "/api/check-page", 400, {"html": " "})
    node.ask("post", "/api/check-page", 400, b"not json")
    right = f'<script async src="{node.url}/js/callslip.js" data-queue="memorial"></script>'
    assert node.ask("post", "/api/check-page", 200, {"html": right})["verdict"] == "works"
    wrong = node.ask("post", "/api/check-page", 200, {"html": right, "policies": ["default-src 'self'"], "address": "https://www.example.edu/"})
    assert [one["code"] for one in wrong["findings"] if one["severity"] == "error"] == ["policy"], wrong


def desks(node):
    node.ask("get", "/api/desks", 403)
    told = node.ask("get", "/api/desks", 200, admin=True)
    assert told["isOne"] and all(one.get("serves") for one in told["nodes"]), told


def settings(node):
    """Agreement, 6: read, edited, signed, applied; and what is not signed, not the next version, or not known is refused with the reason."""
    program = os.environ.get("CALLSLIP", ".build/release/callslip")
    text = "text/plain"
    folder = Path(tempfile.mkdtemp())

    def sign(document, key):
        (folder / "document").write_text(document)
        subprocess.run([program, "settings", "sign", str(folder / "document"), "--key", str(key)], check=True, capture_output=True)
        return (folder / "document").read_bytes()

    # The demonstration's key: whatever else signs settings there uses the same.
    keys = [Path(os.environ["CALLSLIP_DEMO"]) / "ltg.key", folder / "stranger"]
    for key in keys:
        if not key.exists():
            subprocess.run([program, "settings", "key", str(key)], check=True, capture_output=True)
    node.ask("get", "/api/settings", 401)
    node.ask("post", "/api/settings", 401, b"x", kind=text)
    first = node.ask("get", "/api/settings", 200, admin=True)
    number = first["version"]
    assert number > 0 or first["history"] == [], first
    assert "is not signed" in node.ask("post", "/api/settings", 400, first["next"].encode(), kind=text, admin=True)["text"]
    node.ask("post", "/api/settings", 200, sign(first["next"], keys[0]), kind=text, admin=True)
    until(lambda: node.ask("get", "/api/settings", 200, admin=True)["version"] == number + 1, "the first document")
    following = node.ask("get", "/api/settings", 200, admin=True)["next"].replace("note: ", "note: Longer pick-up.").replace("pickUpSeconds: 60", "pickUpSeconds: 75")
    assert "may not sign" in node.ask("post", "/api/settings", 409, sign(following, keys[1]), kind=text, admin=True)["text"]
    signed = sign(following, keys[0])
    assert "does not fit" in node.ask("post", "/api/settings", 409, signed.replace(b": 75", b": 76"), kind=text, admin=True)["text"]
    unknown = signed.replace(b"pickUpSeconds: 75", b"pickUpSeconds: 75\nringTones: 3")
    assert "does not know the setting `ringTones`" in node.ask("post", "/api/settings", 400, unknown, kind=text, admin=True)["text"]
    node.ask("post", "/api/settings", 200, signed, kind=text, admin=True)
    until(lambda: node.ask("get", "/api/settings", 200, admin=True)["version"] == number + 2, "the second document")
    late = following.replace(": 75", ": 90")
    assert "somebody changed the settings meanwhile" in node.ask("post", "/api/settings", 409, sign(late, keys[0]), kind=text, admin=True)["text"]
    told = node.ask("get", "/api/settings", 200, admin=True)["history"][0]
    assert told["note"] == "Longer pick-up." and told["differences"] == [{"name": "pickUpSeconds", "from": "60", "to": "75"}], told
    # Each node soon says that it uses it.
    following = lambda: {one["node"] for one in node.ask("get", "/api/settings", 200, admin=True)["nodes"] if one["state"] == "follows" and one["version"] == number + 2}
    until(lambda: {"c1", "c2", "c3", "memorial", "college", "steenbock"} <= following(), "every node to use the second document")
    # What a password costs follows: a verifier is made anew at the next right sign-in.
    verifier = lambda: next(line for line in (Path(os.environ["CALLSLIP_DEMO"]) / "college" / "accounts").read_text().split("\n") if line.startswith("cora.college "))
    costly = node.ask("get", "/api/settings", 200, admin=True)["next"].replace("passwordPasses: 2", "passwordPasses: 3")
    node.ask("post", "/api/settings", 200, sign(costly, keys[0]), kind=text, admin=True)
    until(lambda: node.ask("get", "/api/settings", 200, admin=True)["version"] == number + 3, "the third document")
    until(lambda: node.ask("post", "/api/sign-in", 200, {"operator": "cora.college", "password": "open-all-night-1"}) and "t=3," in verifier(), "another verifier")
    # The program does the same; a new version says what a former one did.
    data = Path(os.environ["CALLSLIP_DEMO"]) / "college"

    def callslip(*words):
        return subprocess.run([program, "settings", *words, "--data", str(data)], check=True, capture_output=True, text=True).stdout

    assert "pickUpSeconds: 75 -> 60" in callslip("diff", str(number + 1))
    callslip("rollback", str(number + 1), "--key", str(keys[0]))
    until(lambda: node.ask("get", "/api/settings", 200, admin=True)["version"] == number + 4, "the roll back")
    assert f"Back to version {number + 1}." in callslip("history") and "pickUpSeconds: 60" in callslip("show")
    # No import changes them any more.
    answer = node.ask("post", "/api/import", 422, b"settings: {pickUpSeconds: 33}\ncanned: []", kind="application/yaml", admin=True)
    assert any("signed by LTG" in problem for problem in answer["problems"]), answer


def buttons(node, cookie):
    seen = {"host": "library.example", "path": "/ask", "queue": "memorial", "kind": "own", "version": "", "error": ""}
    node.ask("post", "/api/button/seen", 400, seen, kind="text/plain")
    node.ask("post", "/api/button/seen", 400, seen, kind="text/plain", origin="https://other.example")
    node.ask("post", "/api/button/seen", 204, seen, kind="text/plain", origin="https://library.example")
    until(lambda: any(one["host"] == "library.example" for one in node.ask("get", "/api/buttons", 200, admin=True)["strangers"]), "the host")
    for path in ("/api/buttons", "/api/buttons.csv"):
        node.ask("get", path, 401)
        node.ask("get", path, 403, cookie=cookie)
    node.ask("post", "/api/buttons", 401, {"confirm": "library.example"})
    node.ask("post", "/api/buttons", 403, {"confirm": "library.example"}, cookie=cookie)
    node.ask("post", "/api/buttons", 400, {"confirm": "a", "reject": "b"}, admin=True)
    node.ask("post", "/api/buttons", 409, {"release": "no-version"}, admin=True)
    node.ask("post", "/api/buttons", 200, {"confirm": "library.example"}, admin=True)
    seen["path"] = "/other"
    node.ask("post", "/api/button/seen", 204, seen, kind="text/plain", origin="https://library.example")
    until(lambda: "library.example,/other,memorial,memorial,good" in node.ask("get", "/api/buttons.csv", 200, admin=True), "the page")
    node.ask("post", "/api/buttons", 200, {"reject": "library.example"}, admin=True)


def registers(node, cookie):
    node.ask("get", "/api/registers", 401)
    node.ask("get", "/api/registers", 200, cookie=cookie)
    node.ask("get", "/api/registers", 200, admin=True)
    node.ask("get", "/api/registers/entries", 401, query="?register=liaisons")
    node.ask("get", "/api/registers/entries", 400, admin=True, query="?register=nothing")
    answers = {"subject": "Cartography", "synonyms": "maps, atlases", "library": "memorial", "queue": "memorial", "email": "maps@library.example"}
    one = {"id": secrets.token_hex(16), "version": 0, "register": "liaisons", "answers": answers}
    node.ask("post", "/api/registers", 401, one)
    node.ask("post", "/api/registers", 409, one, cookie=cookie)
    node.ask("post", "/api/registers", 400, {**one, "answers": {**answers, "email": "nowhere"}}, admin=True)
    node.ask("post", "/api/registers", 400, {**one, "answers": {**answers, "colour": "red"}}, admin=True)
    node.ask("post", "/api/registers", 200, one, admin=True)
    node.ask("post", "/api/registers", 409, {**one, "version": 7, "answers": {**answers, "hours": "9-5"}}, admin=True)
    found = lambda: node.ask("get", "/api/directory", 200, cookie=cookie, query="?q=atlas%20mem")["found"]
    until(lambda: any(entry["id"] == one["id"] for entry in found()), "the liaison")
    assert found()[0]["place"] == "memorial" and found()[0]["name"] == "Cartography", found()
    node.ask("get", "/api/directory", 401, query="?q=atlas")
    assert node.ask("get", "/api/directory", 200, cookie=cookie)["found"] == [], "nothing typed finds nothing"
    entries = node.ask("get", "/api/registers/entries", 200, cookie=cookie, query="?register=liaisons")["entries"]
    mine = next(entry for entry in entries if entry["id"] == one["id"])
    assert mine["answers"] == answers and not mine["mayWrite"], mine
    node.ask("post", "/api/registers", 200, {"id": one["id"], "version": mine["version"], "drop": True}, admin=True)
    until(lambda: found() == [], "the liaison's end")
    findings(node)
    node.ask("get", "/api/notices", 401)
    node.ask("get", "/api/notices", 403, admin=True)
    node.ask("get", "/api/notices", 200, cookie=cookie)


def findings(node):
    """The button is found out on a page that the library listed; by hand a step is ticked with a note."""
    checklist, pages = ({"id": secrets.token_hex(16), "version": 0, "register": name} for name in ("onboarding", "pages"))
    answers = {"library": "memorial", "live": "trial"}
    unsaid = {**checklist, "answers": {**answers, "test": "2026-11-21"}}
    assert "by hand" in node.ask("post", "/api/registers", 409, unsaid, admin=True)["text"]
    node.ask("post", "/api/registers", 200, {**checklist, "answers": answers}, admin=True)
    node.ask("post", "/api/registers", 200, {**pages, "answers": {"library": "memorial", "hosts": "*.listed.example"}}, admin=True)
    released = node.ask("get", "/api/buttons", 200, admin=True).get("released", "0123456789abcdef")
    seen = {"host": "www.listed.example", "path": "/ask", "queue": "memorial", "kind": "own", "version": released, "error": ""}
    mine = lambda: next((one for one in node.ask("get", "/api/registers/entries", 200, admin=True, query="?register=onboarding")["entries"] if one["id"] == checklist["id"]), {})

    def found():
        # A page that is opened again, until the node has heard of the checklist and passed it on.
        node.ask("post", "/api/button/seen", 204, seen, kind="text/plain", origin="https://www.listed.example")
        return mine().get("found")

    until(found, "the button to be found")
    assert [(one["step"], one["place"]) for one in mine()["found"]] == [("button", "www.listed.example/ask")], mine()
    assert mine()["version"] == 1, "nobody's edit meets a conflict"
    for one in (checklist, pages):
        node.ask("post", "/api/registers", 200, {"id": one["id"], "version": 1, "drop": True}, admin=True)


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


def until(condition, what):
    """What was accepted reaches a node's copy a moment later."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def is_there(node, address):
    try:
        urllib.request.urlopen(node.url + address, timeout=10).read()
        return True
    except urllib.error.HTTPError:
        return False


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


def admin(node):
    for path in ("/api/names", "/api/canned/all"):
        node.ask("get", path, 403)
        node.ask("get", path, 200, admin=True)
    for path in ("/api/names", "/api/canned/all", "/api/hours", "/api/coordinators", "/api/invitations", "/api/nodes", "/api/keyring"):
        node.ask("post", path, 403)
        node.ask("post", path, 400, {"no": "sense"}, admin=True)
    node.ask("get", "/api/keyring", 403)
    node.ask("get", "/api/keyring", 200, admin=True)
    node.ask("post", "/api/keyring", 202, {"begin": True}, admin=True)

    def turned():
        try:
            return node.ask("post", "/api/keyring", 200, {"begin": False}, admin=True)
        except AssertionError:
            return None

    until(turned, "another gossip key at every node")
    node.ask("get", "/api/nodes", 403)
    node.ask("get", "/api/nodes", 200, admin=True)
    node.ask("post", "/api/nodes", 409, {"remove": "no-such-node"}, admin=True)
    # Whoever was never removed is admitted already.
    node.ask("post", "/api/nodes", 200, {"admit": "no-such-node"}, admin=True)
    node.ask("post", "/api/nodes", 400, {"admit": "memorial", "key": "abc"}, admin=True)
    # Joining.sh plays these to their end: here is no issuer.
    node.ask("post", "/api/invitations", 409, {"library": "memorial", "hours": 1, "url": node.url}, admin=True)
    node.ask("post", "/api/join", 400, {"no": "sense"})
    node.ask("post", "/api/join", 409, {"invitation": "AAAA", "nonce": "AAAA", "sealed": "AAAA"})
    node.ask("post", "/api/names", 409, {"kind": "queue", "from": "no-such", "to": "other"}, admin=True)
    one = {"id": secrets.token_hex(16), "version": 0, "owner": "consortium", "title": "From a script", "text": "Hello."}
    node.ask("post", "/api/canned/all", 200, one, admin=True)
    node.ask("post", "/api/canned/all", 200, {"id": one["id"], "version": 1, "drop": True}, admin=True)
    hours = (ROOT / "cluster/sample-hours.yaml").read_bytes()
    node.ask("post", "/api/import", 200, hours, kind="application/yaml", admin=True)
    # The node's own copy follows a moment later.
    until(lambda: "opens" in json.dumps(node.ask("get", "/hours/{library}/hours.json", 200, at="/hours/memorial/hours.json")), "hours")
    closing = {"library": "memorial", "action": "close", "id": secrets.token_hex(16), "until": "23:59", "note": "a script"}
    node.ask("post", "/api/hours", 200, closing, admin=True)
    until(lambda: "a script" in node.ask("get", "/hours/{library}/now.json", 200, at="/hours/memorial/now.json")["text"], "the closing")
    node.ask("post", "/api/hours", 200, {"library": "memorial", "action": "reopen"}, admin=True)
    for path in ("/api/ledger", "/api/ledger.csv"):
        node.ask("get", path, 401)
        node.ask("get", path, 400, admin=True, query="?library=memorial&from=yesterday")
        node.ask("get", path, 200, admin=True, query="?library=memorial")
        node.ask("get", path, 200, admin=True)
    node.ask("get", "/api/ledger.csv", 400, admin=True, query="?rows=columns")
    shifts(node)
    node.ask("get", "/api/why", 401)
    for query in ("?queue=nowhere", "?queue=memorial&at=yesterday", "?queue=memorial&at=2099-01-01T00:00"):
        node.ask("get", "/api/why", 400, admin=True, query=query)
    for query in ("", "?queue=memorial", "?queue=general", "?queue=memorial&at=2020-01-01T00:00"):
        node.ask("get", "/api/why", 200, admin=True, query=query)
    for path in ("/api/reports", "/api/reports.csv"):
        node.ask("get", path, 401)
        node.ask("get", path, 400, admin=True, query="?library=memorial&from=yesterday")
        node.ask("get", path, 400, admin=True, query="?library=nowhere")
        for query in ("", "?library=memorial", "?library=general", "?from=2026-01-01&to=2026-01-31"):
            node.ask("get", path, 200, admin=True, query=query)
    node.ask("get", "/api/reports.csv", 400, admin=True, query="?rows=columns")
    node.ask("get", "/api/reports.csv", 200, admin=True, query="?rows=answers")
    node.ask("get", "/api/audit", 401)
    node.ask("get", "/api/audit", 400, admin=True, query="?after=x")
    before = node.ask("get", "/api/audit", 200, admin=True, query="?after=0")["last"]
    reading = {"chat": secrets.token_hex(16), "library": "memorial", "id": secrets.token_hex(16)}
    node.ask("post", "/api/audit", 403, reading)
    node.ask("post", "/api/audit", 400, {"chat": "x"}, admin=True)
    for _ in range(2):
        node.ask("post", "/api/audit", 200, reading, admin=True)
    new = node.ask("get", "/api/audit", 200, admin=True, query=f"?after={before}")["entries"]
    read = [one for one in new if one["act"] == "transcript read"]
    assert len(read) == 1 and read[0]["subject"].startswith(reading["chat"]) and read[0]["node"] == "c1", new
    found = node.ask("get", "/api/audit", 200, admin=True, query=f"?q=Memorial%20{reading['chat']}")
    assert [one["number"] for one in found["entries"]] == [read[0]["number"]] and found["all"] and not found["more"], found
    assert node.ask("get", "/api/audit", 200, admin=True, query="?q=no-such-word")["entries"] == []
    assert all(one["number"] < before for one in node.ask("get", "/api/audit", 200, admin=True, query=f"?before={before}")["entries"])
    node.ask("get", "/api/audit.csv", 401)
    node.ask("get", "/api/audit.csv", 400, admin=True, query="?after=x")
    assert reading["chat"] in node.ask("get", "/api/audit.csv", 200, admin=True, query="?q=read")
    node.ask("get", "/api/transcripts", 401)
    node.ask("get", "/api/transcripts", 200, admin=True)
    for path in ("/api/transcripts", "/api/transcripts/export"):
        node.ask("post", path, 401, {})
        node.ask("post", path, 403, {}, admin=True)
    node.ask("post", "/api/import", 403, b"x: 1", kind="application/yaml")
    node.ask("post", "/api/import", 422, b"nonsense: 1", kind="application/yaml", admin=True)
    # All or nothing: of a file of which the state would refuse one line nothing comes in.
    half = b"general: {queue: general}\nlibraries:\n  - name: halfway\n    node: college\n    queues:\n      - {name: halfway}\n      - {name: memorial}\n"
    refused = node.ask("post", "/api/import", 422, half, kind="application/yaml", admin=True)
    assert [one for one in refused["problems"] if one.startswith("line 7:") and "another library" in one], refused
    assert "halfway" not in json.dumps(node.ask("get", "/api/status", 200)), "half a file came in"
    node.ask("post", "/api/backup", 403)
    node.ask("post", "/api/backup", 200, admin=True)
    node.ask("post", "/api/sign-out", 200)


def shifts(node):
    """A list is looked at, imported, and refused line by line; a shift goes from one to another, and the second who asks is told."""
    for method, path in (("get", "/api/shifts"), ("post", "/api/shifts/import"), ("post", "/api/shifts/swap")):
        node.ask(method, path, 401)
    node.ask("get", "/api/shifts", 400, admin=True)
    node.ask("get", "/api/shifts", 400, admin=True, query="?library=memorial&week=soon")
    monday = node.ask("get", "/api/shifts", 200, admin=True, query="?library=memorial")["after"]
    read = lambda: node.ask("get", "/api/shifts", 200, admin=True, query=f"?library=memorial&week={monday}")
    file = f"operator,from,until,duty\nmia.memorial,{monday} 09:00,12:00,library\n"
    ask = {"library": "memorial", "id": secrets.token_hex(16), "text": file}
    node.ask("post", "/api/shifts/import", 400, {"library": "memorial"}, admin=True)
    node.ask("post", "/api/shifts/import", 400, {**ask, "from": "soon"}, admin=True)
    wrong = node.ask("post", "/api/shifts/import", 400, {**ask, "text": file + f"nobody,{monday} 09:00,12:00,\n"}, admin=True)
    assert [one["line"] for one in wrong["problems"]] == [3], wrong
    seen = node.ask("post", "/api/shifts/import", 200, ask, admin=True, query="?preview=1")
    assert seen["code"] == "preview" and seen["added"] == 1 and not read()["days"][0]["shifts"], seen
    for kept in (0, 1):
        assert node.ask("post", "/api/shifts/import", 200, ask, admin=True)["kept"] == kept
    node.ask("post", "/api/shifts/import", 409, {**ask, "text": file.replace("12:00", "13:00"), "change": seen["change"]}, admin=True)
    week = read()
    shift = week["days"][0]["shifts"][0]
    other = next(one["name"] for one in week["people"] if one["name"] != "mia.memorial")
    move = {"shift": shift["id"], "version": shift["version"], "from": "mia.memorial", "to": other}
    node.ask("post", "/api/shifts/swap", 400, {"library": "memorial"}, admin=True)
    for _ in range(2):
        node.ask("post", "/api/shifts/swap", 200, {"library": "memorial", "moves": [move]}, admin=True)
    node.ask("post", "/api/shifts/swap", 409, {"library": "memorial", "moves": [{**move, "from": other, "to": "mia.memorial"}]}, admin=True)
    assert read()["days"][0]["shifts"][0]["handed"]["from"] == "mia.memorial"


def holds(node):
    """An admin asks, the director decides; what was said in such a chat is not here."""
    people = [
        {"name": f"{name}.cellar", "display": name, "password": f"down-the-stairs-{name}", "queues": ["cellar"], "admin": name == "ada", "director": name == "dee"}
        for name in ("ada", "dee")
    ]
    library = {"name": "cellar", "title": "Cellar", "node": "college", "queues": [{"name": "cellar"}], "operators": people}
    roster = {"general": {"queue": "general", "title": "Ask a Librarian (all campus libraries)"}, "libraries": [library]}
    node.ask("post", "/api/import", 200, yaml.safe_dump(roster).encode(), kind="application/yaml", admin=True)
    sign_in = lambda name: node.ask("post", "/api/sign-in", 200, {"operator": f"{name}.cellar", "password": f"down-the-stairs-{name}"})["session"]
    until(lambda: b"Cellar" in urllib.request.urlopen(node.url + "/hours", timeout=10).read(), "the library")
    ada, dee = sign_in("ada"), sign_in("dee")
    wish = {"ask": "export", "chat": secrets.token_hex(16), "reason": "A copy.", "days": 7, "id": secrets.token_hex(16)}
    node.ask("post", "/api/transcripts", 400, {**wish, "days": "many"}, cookie=ada)
    node.ask("post", "/api/transcripts", 409, {**wish, "days": 31}, cookie=ada)
    for _ in range(2):
        node.ask("post", "/api/transcripts", 200, wish, cookie=ada)
    node.ask("post", "/api/transcripts", 409, {"decide": "approve", "wish": wish["id"]}, cookie=ada)
    node.ask("post", "/api/transcripts", 200, {"decide": "approve", "wish": wish["id"], "note": "Yes."}, cookie=dee)
    found = [one for one in node.ask("get", "/api/transcripts", 200, cookie=ada)["wishes"] if one["id"] == wish["id"]]
    assert found[0]["stage"] == "approved" and found[0]["decidedBy"] == "dee.cellar" and found[0]["mayTake"], found
    node.ask("post", "/api/transcripts/export", 400, {"wish": "x"}, cookie=ada)
    node.ask("post", "/api/transcripts/export", 404, {"wish": wish["id"], "id": secrets.token_hex(16)}, cookie=ada)
    node.ask("post", "/api/transcripts/export", 404, {"wish": secrets.token_hex(16), "id": secrets.token_hex(16)}, cookie=ada)


validate(DOCUMENT)
check_routes()
base = int(sys.argv[1])
coordinator, library = Node(base, "c1"), Node(base, "college")
admin(coordinator)
public(library)
pages(library)
signed_in = people(library)
problems(library, signed_in)
buttons(library, signed_in)
desks(library)
settings(library)
holds(library)
registers(library, signed_in)
scripts(library, signed_in)
coordinator.ask("get", "/metrics", 200)
left = {(method, path) for path, item in DOCUMENT["paths"].items() for method in item} - asked
assert not left, f"written and never asked: {sorted(left)}"
print(f"openapi: {len(asked)} operations as written")
