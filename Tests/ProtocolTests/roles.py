"""Asks every cell of the table of routes and roles (Sources/Node/ROLES.md) of a running demonstration.

Usage: roles.py BASE_PORT    (a `callslip demo` must be running on BASE_PORT; CALLSLIP_DEMO names its folder)

Where a cell says –, a node must answer 401 or 403 with a sentence, and do nothing; else it must let the request through to what is there. Where it says *own*, what is
somebody else's is asked for as well.
"""

import json
import os
import re
import secrets
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
base = int(sys.argv[1])
folder = Path(os.environ["CALLSLIP_DEMO"]) / "college"
url = f"http://127.0.0.1:{base + 5}"
token = (folder / "admin").read_text().split("\n")[1]
ROLES = ["anybody", "operator", "trainee", "library admin", "ChatWog", "RMT", "LTG", "admin token"]
# One person for each role, of a library of their own.
PEOPLE = """general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: rolls
    title: Library of Rolls
    node: college
    fallback: immediately
    queues: [{name: rolls, title: Library of Rolls}]
    operators:
      - {name: olga.rolls, display: Olga, password: in-many-parts-1, queues: [rolls]}
      - {name: tess.rolls, display: Tess, password: in-many-parts-2, queues: [rolls], trainee: true}
      - {name: adam.rolls, display: Adam, password: in-many-parts-3, queues: [rolls], admin: true}
      - {name: carl.rolls, display: Carl, password: in-many-parts-4, queues: [rolls], committee: chatwog}
      - {name: rita.rolls, display: Rita, password: in-many-parts-5, queues: [rolls], committee: rmt}
      - {name: lars.rolls, display: Lars, password: in-many-parts-6, queues: [rolls], committee: ltg}
      - {name: dora.rolls, display: Dora, password: in-many-parts-7, queues: [rolls], director: true}
"""
NAMES = dict(zip(ROLES[1:7], ["olga.rolls", "tess.rolls", "adam.rolls", "carl.rolls", "rita.rolls", "lars.rolls"]))
# Where the address in the table is the beginning of many.
BENEATH = {
    "/chat/…": "/chat?queue=rolls", "/hours/…": "/hours/hours.json", "/presence/jid/…": "/presence/jid/rolls/chat.example.org/text",
    "/{version}/conversations/…": "/2011-12-03/conversations/2026/01/31", "/{version}/activity/…": "/2013-07-21/activity/2026/01/31",
    "/{version}/reports/…": "/2011-12-03/reports/chats-per-hour", "/{version}/queues/…": "/2016-02-10/queues", "/{version}/users/…": "/2013-07-21/users",
    "/{version}/auth/login": "/2013-07-21/auth/login", "/{version}/auth/logout": "/2013-07-21/auth/logout",
    "/js/v/…": None, "/…": "/desk/main.js", "/demo/enter": "/demo/enter?session=00",
}
QUERIES = {"/api/registers/entries": "?register=liaisons", "/api/directory": "?q=map", "/api/problems/one": "?id=" + secrets.token_hex(16)}
# A chat that nobody holds.
TRANSFER = f"/2011-12-03/queues/rolls/calls/{'0' * 32}@localhost/1/transfer"
# What does nothing but is let through; where a request without sense is refused as such (400, 409, 422), it is sent.
KIND = {"/api/import": ("application/yaml", b"nonsense: 1")}


class StayHere(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


opener = urllib.request.build_opener(StayHere)


def ask(method, path, *, cookie=None, bearer=None, body=b"{}", kind="application/json", origin=None):
    """Answers (status, text)."""
    headers = {}
    if cookie is not None:
        headers["Cookie"] = f"callslip_session={cookie}"
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    if origin is not None:
        headers["Origin"] = origin
    if method == "POST":
        headers["Content-Type"] = kind
    for _ in range(40):
        request = urllib.request.Request(url + path, method=method, headers=headers, data=body if method == "POST" else None)
        try:
            with opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode(errors="replace")
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            if error.code != 429:
                return error.code, text
            # One network asks a great deal here: it waits as it is told to.
            time.sleep(json.loads(text or "{}").get("retryMs", 1000) / 1000)
    raise AssertionError(f"{method} {path}: too many, again and again")


def until(condition, what):
    deadline = time.monotonic() + 30
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)
    return found


def sign_in(name, password):
    status, text = ask("POST", "/api/sign-in", body=json.dumps({"operator": name, "password": password}).encode())
    return json.loads(text)["session"] if status == 200 else None


def table():
    lines = [line for line in (ROOT / "Sources/Node/ROLES.md").read_text().splitlines() if line.startswith("|")]
    head = [cell.strip() for cell in lines[0].strip("|").split("|")]
    assert head == ["method", "address", *ROLES, "what"], head
    rows = []
    for line in lines[2:]:
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        assert len(cells) == len(head), line
        assert set(cells[2:-1]) <= {"–", "own", "all"}, line
        rows.append((cells[0], cells[1].strip("`"), dict(zip(ROLES, cells[2:-1]))))
    assert len(rows) > 50, len(rows)
    return rows


def check_sources(rows):
    """Every route in the sources has its row: one without is served to nobody."""
    found = set()
    for file in [*(ROOT / "Sources/Node/WebPlane").glob("*.swift"), ROOT / "Sources/Web/Health.swift"]:
        text = file.read_text()
        found |= {(method.upper(), path.replace("\\(version)", "{version}")) for method, path in re.findall(r'server\.(get|post)\("([^"]+)"', text)}
        found |= {("POST", path) for path in re.findall(r'takeCommands\(\s*"([^"]+)"', text)}
    assert len(found) > 30, found
    missing = found - {(method, address) for method, address, _ in rows}
    assert not missing, f"without a row in RouteMatrix.swift: {sorted(missing)}"


def check_document(rows):
    """What openapi.yaml says of who may ask is what the table says."""
    cells = {(method.lower(), address): cell for method, address, cell in rows}
    document = yaml.safe_load((ROOT / "Sources/Node/openapi.yaml").read_text())
    operations = [(method, path, said) for path, item in document["paths"].items() for method, said in item.items() if path.startswith("/api/")]
    assert {(method, path) for method, path, _ in operations} == {key for key in cells if key[1].startswith("/api/")}
    for method, path, said in operations:
        cell = cells[method, path]
        people = {"session"} if any(cell[role] != "–" for role in ROLES[1:7]) else set()
        expected = set() if cell["anybody"] != "–" else people | ({"admin"} if cell["admin token"] != "–" else set())
        written = {scheme for choice in said.get("security", []) for scheme in choice}
        assert written == expected, f"openapi.yaml, {method} {path}: {written} instead of {expected}"


def version():
    """An address beneath /js/v, as the loader names one."""
    text = ask("GET", "/js/callslip.js")[1]
    released = text.split('const RELEASED = "')[1].split('"')[0]
    return f"/js/v/{released}/js/callslip.js" if released else "/js/v/none/js/callslip.js"


def judge(method, address, role, cell, cookies):
    path = TRANSFER if (method, address) == ("POST", "/{version}/queues/…") else BENEATH.get(address, address)
    path = version() if path is None else path + QUERIES.get(address, "")
    kind, body = KIND.get(address, ("application/json", b"{}"))
    who = {"cookie": cookies[role]} if role in cookies else {"bearer": token} if role == "admin token" else {}
    status, text = ask(method, path, body=body, kind=kind, **who)
    where = f"{method} {address} as {role}: {cell}, and {status} {text[:200]}"
    if cell == "–":
        assert status in (401, 403), where
        said = json.loads(text)
        assert said["code"] == ("signIn" if status == 401 else "notAllowed") and said["text"], where
        # A person who is signed in is never asked to sign in.
        assert status == 403 or role == "anybody", where
    elif address == "/ws":
        # No WebSocket is asked for, which is said.
        assert status == 426 or status == 400, where
    elif address in ("/api/sign-in", "/{version}/auth/login"):
        assert status == 400, where
    elif address == "/api/backup" and status == 503:
        assert json.loads(text)["code"] == "notNow", where
    elif address in ("/api/problems/one", "/js/v/…", "/js/libraryh3lp.js") and status == 404:
        assert address != "/api/problems/one" or json.loads(text)["code"] == "unknown", where
    else:
        assert status < 500 and status not in (401, 403, 404, 405), where


def check_pretenders(method, address, cells):
    """A wrong token and a cookie that is nobody's open nothing."""
    if cells["anybody"] != "–":
        return
    path = TRANSFER if method == "POST" and address == "/{version}/queues/…" else BENEATH.get(address, address) + QUERIES.get(address, "")
    kind, body = KIND.get(address, ("application/json", b"{}"))
    for wrong in ("", token[:-1], token + "0", token.upper() + "x"):
        status, text = ask(method, path, bearer=wrong, body=body, kind=kind)
        assert status == 403, f"{method} {address} with a wrong token: {status} {text[:200]}"
    status, text = ask(method, path, cookie=secrets.token_hex(32), body=body, kind=kind)
    assert status in (401, 403), f"{method} {address} with nobody's cookie: {status} {text[:200]}"
    if method == "GET":
        assert ask("HEAD", path)[0] in (401, 403), f"HEAD {address} passes where GET does not"


def check_own(cookies):
    """What `own` means, address by address: somebody else's is not there."""
    checked = set()
    for path in ("/api/ledger", "/api/ledger.csv", "/api/reports", "/api/reports.csv"):
        status, text = ask("GET", path + "?library=memorial", cookie=cookies["library admin"])
        assert status == 400 and "your own library" in text, (path, status, text)
        status, text = ask("GET", path + "?library=memorial", cookie=cookies["RMT"])
        assert status == 200 or "posted no hours" in text, (path, status, text)
        checked.add(("GET", path))
    # Shifts: those of the own library are seen, and swapped by whose they are; the admin plans them.
    for role in ("operator", "trainee", "library admin"):
        status, text = ask("GET", "/api/shifts?library=memorial", cookie=cookies[role])
        assert status == 400 and "your own library" in text, (role, status, text)
    assert ask("GET", "/api/shifts?library=memorial", cookie=cookies["ChatWog"])[0] == 200
    moves = [{"shift": secrets.token_hex(16), "version": 1, "from": "mia.memorial", "to": "max.memorial"}]
    for role in ("operator", "trainee", "library admin", "ChatWog", "RMT"):
        status, text = ask("POST", "/api/shifts/swap", cookie=cookies[role], body=json.dumps({"library": "memorial", "moves": moves}).encode())
        assert status == 409 and json.loads(text)["code"] == "notAllowed", (role, status, text)
    status, text = ask("POST", "/api/shifts/swap", cookie=cookies["LTG"], body=json.dumps({"library": "memorial", "moves": moves}).encode())
    assert status == 409 and json.loads(text)["code"] == "outOfOrder", (status, text)
    listed = {"library": "memorial", "id": secrets.token_hex(16), "text": "operator,from,until\n"}
    status, text = ask("POST", "/api/shifts/import", cookie=cookies["library admin"], body=json.dumps(listed).encode())
    assert status == 400 and "your own library" in text, (status, text)
    checked |= {("GET", "/api/shifts"), ("POST", "/api/shifts/import"), ("POST", "/api/shifts/swap")}
    status, text = ask("GET", "/api/why?queue=memorial", cookie=cookies["library admin"])
    assert status == 400 and "your own library" in text, (status, text)
    assert ask("GET", "/api/why?queue=memorial", cookie=cookies["ChatWog"])[0] == 200
    checked.add(("GET", "/api/why"))
    # The old vendor's lists: of the own library's chats, and counts of them.
    path = "/2011-12-03/reports/chats-per-hour?queues=memorial"
    status, text = ask("GET", path, cookie=cookies["library admin"])
    assert status == 400 and "you may read" in text, (status, text)
    assert ask("GET", path, cookie=cookies["RMT"])[0] == 200
    # What a list holds of whom is asked with real chats by libraryh3lp.py; and nobody transfers what they do not hold.
    for role in NAMES:
        status, text = ask("POST", TRANSFER, cookie=cookies[role], body=json.dumps({"target": "general"}).encode())
        assert status == 409 and "do not hold" in text, (role, status, text)
    checked |= {("GET", f"/{{version}}/{list}/…") for list in ("reports", "conversations", "activity")} | {("POST", "/{version}/queues/…")}
    # Buttons: pages of other libraries' queues.
    seen = {"host": "memorial.example", "path": "/", "queue": "memorial", "kind": "own", "version": "", "error": ""}
    assert ask("POST", "/api/button/seen", body=json.dumps(seen).encode(), kind="text/plain", origin="https://memorial.example")[0] == 204
    until(lambda: "memorial.example" in ask("GET", "/api/buttons", bearer=token)[1], "the button's page")
    for path in ("/api/buttons", "/api/buttons.csv"):
        status, text = ask("GET", path, cookie=cookies["library admin"])
        assert status == 200 and "memorial.example" not in text, (path, text[:500])
        checked.add(("GET", path))
    status, text = ask("POST", "/api/buttons", cookie=cookies["library admin"], body=json.dumps({"release": "own", "after": 0}).encode())
    assert status == 400 and "LTG" in text, (status, text)
    status, text = ask("POST", "/api/buttons", cookie=cookies["library admin"], body=json.dumps({"reject": "memorial.example"}).encode())
    assert status == 409, (status, text)
    assert ask("POST", "/api/buttons", bearer=token, body=json.dumps({"reject": "memorial.example"}).encode())[0] == 200
    checked.add(("POST", "/api/buttons"))
    # Canned messages: one's own are nobody else's, and the library's are its admin's.
    one = {"id": secrets.token_hex(16), "version": 0, "owner": "own", "title": "Mine alone", "text": "Hello."}
    assert ask("POST", "/api/canned", cookie=cookies["operator"], body=json.dumps(one).encode())[0] == 200
    until(lambda: "Mine alone" in ask("GET", "/api/canned", cookie=cookies["operator"])[1], "the message")
    for role in ROLES[2:7]:
        assert "Mine alone" not in ask("GET", "/api/canned", cookie=cookies[role])[1], role
        status, text = ask("POST", "/api/canned", cookie=cookies[role], body=json.dumps({"id": one["id"], "version": 1, "drop": True}).encode())
        assert status == 409, (role, status, text)
    library = {**one, "id": secrets.token_hex(16), "owner": "library", "title": "Ours"}
    assert ask("POST", "/api/canned", cookie=cookies["operator"], body=json.dumps(library).encode())[0] == 409
    assert ask("POST", "/api/canned", cookie=cookies["library admin"], body=json.dumps(library).encode())[0] == 200
    for key, cookie in ((one["id"], "operator"), (library["id"], "library admin")):
        assert ask("POST", "/api/canned", cookie=cookies[cookie], body=json.dumps({"id": key, "version": 1, "drop": True}).encode())[0] == 200
    checked |= {("GET", "/api/canned"), ("POST", "/api/canned")}
    # Reports of problems: the reporter's, the library's admin's, nobody else's; a key opens one.
    key = secrets.token_hex(16)
    assert ask("POST", "/api/problems", cookie=cookies["operator"], body=json.dumps({"id": key, "text": "Of roles."}).encode())[0] == 200
    mine = lambda role: key in ask("GET", "/api/problems", cookie=cookies[role])[1]
    until(lambda: mine("operator"), "the report")
    assert mine("library admin") and not any(mine(role) for role in ("ChatWog", "RMT", "LTG"))
    assert ask("GET", f"/api/problems/one?id={key}")[0] == 200 and ask("GET", f"/api/problems/one?id={secrets.token_hex(16)}")[0] == 404
    comment = {"ticket": key, "id": secrets.token_hex(16), "text": "And this."}
    assert ask("POST", "/api/problems/comment", body=json.dumps(comment).encode())[0] == 401, "a signed report is its people's"
    assert ask("POST", "/api/problems/comment", cookie=cookies["RMT"], body=json.dumps(comment).encode())[0] == 409
    assert ask("POST", "/api/problems/comment", cookie=cookies["operator"], body=json.dumps(comment).encode())[0] == 200
    checked |= {("GET", "/api/problems"), ("GET", "/api/problems/one"), ("POST", "/api/problems/comment")}
    # Registers: a form says whose its entries are.
    answers = {"subject": "Rolls", "library": "rolls", "queue": "rolls", "email": "rolls@library.example"}
    entry = {"id": secrets.token_hex(16), "version": 0, "register": "liaisons", "answers": answers}
    for role in ("operator", "RMT"):
        status, text = ask("POST", "/api/registers", cookie=cookies[role], body=json.dumps(entry).encode())
        assert status == 409, (role, status, text)
    foreign = {**entry, "id": secrets.token_hex(16), "answers": {**answers, "library": "memorial", "queue": "memorial"}}
    status, text = ask("POST", "/api/registers", cookie=cookies["library admin"], body=json.dumps(foreign).encode())
    assert status == 409, (status, text)
    checked.add(("POST", "/api/registers"))
    # Sign-ins: one's own, the library's for its admin, all for LTG; what one does not see one does not end.
    foreign = sign_in("mia.memorial", "reading-room-1")
    listed = lambda **who: json.loads(ask("GET", "/api/sessions", **who)[1])["sessions"]
    theirs = next(one["id"] for one in listed(bearer=token) if one["operator"] == "mia.memorial")
    people = lambda role: {one["operator"] for one in listed(cookie=cookies[role])}
    for role in ("operator", "ChatWog", "RMT"):
        assert people(role) == {NAMES[role]}, (role, people(role))
    assert people("library admin") == set(NAMES.values()), people("library admin")
    assert people("LTG") >= {*NAMES.values(), "mia.memorial"}, people("LTG")
    for role in ("operator", "library admin", "ChatWog", "RMT"):
        status, text = ask("POST", "/api/sessions", cookie=cookies[role], body=json.dumps({"end": theirs}).encode())
        assert status == 404 and json.loads(text)["code"] == "unknown", (role, status, text)
    assert ask("GET", "/api/me", cookie=foreign)[0] == 200
    assert ask("POST", "/api/sessions", cookie=cookies["LTG"], body=json.dumps({"end": theirs}).encode())[0] == 200
    assert ask("GET", "/api/me", cookie=foreign)[0] == 401
    second = sign_in(NAMES["operator"], "in-many-parts-1")
    theirs = [one["id"] for one in listed(cookie=second) if one["here"]][0]
    assert ask("POST", "/api/sessions", cookie=cookies["library admin"], body=json.dumps({"end": theirs}).encode())[0] == 200
    assert ask("GET", "/api/me", cookie=second)[0] == 401
    checked |= {("GET", "/api/sessions"), ("POST", "/api/sessions")}
    # The second step: one's own; nobody is helped into an account that may more than their own, nor into their own; a colleague's for the library's admin, anybody's for LTG. Where somebody is not one's to look after, they are not there.
    for role in NAMES:
        said = json.loads(ask("GET", "/api/second-step", cookie=cookies[role])[1])
        assert said == {"on": False, "recoveryLeft": 0, "admin": role in ("library admin", "LTG")}, (role, said)
        status, text = ask("POST", "/api/second-step", cookie=cookies[role], body=json.dumps({"do": "begin", "password": "another's"}).encode())
        assert status == 400 and json.loads(text)["code"] == "wrongPassword", (role, status, text)
    above = [("library admin", name, 404) for name in ("dora.rolls", *(NAMES[role] for role in ("library admin", "ChatWog", "RMT", "LTG")))]
    for role, name, expected in (("library admin", "mia.memorial", 404), ("library admin", NAMES["operator"], 409), ("LTG", "mia.memorial", 409), ("LTG", NAMES["LTG"], 404), ("LTG", "dora.rolls", 409), *above):
        status, text = ask("POST", "/api/second-step/off-for", cookie=cookies[role], body=json.dumps({"operator": name}).encode())
        assert status == expected, (role, name, status, text)
    for role, name, expected in (("library admin", "mia.memorial", 404), ("library admin", NAMES["operator"], 200), ("LTG", "mia.memorial", 200), ("LTG", NAMES["LTG"], 404), ("LTG", "dora.rolls", 200), *above):
        status, text = ask("POST", "/api/accounts/first-code", cookie=cookies[role], body=json.dumps({"operator": name}).encode())
        assert status == expected, (role, name, status, text)
    checked |= {("GET", "/api/second-step"), ("POST", "/api/second-step"), ("POST", "/api/second-step/off-for"), ("POST", "/api/accounts/first-code")}
    # The audit log, holds and exports: the library's for its admin.
    reading = {"chat": secrets.token_hex(16), "library": "memorial", "id": secrets.token_hex(16)}
    assert ask("POST", "/api/audit", bearer=token, body=json.dumps(reading).encode())[0] == 200
    for path in ("/api/audit", "/api/audit.csv"):
        assert reading["chat"] in ask("GET", path, cookie=cookies["LTG"])[1], path
        status, text = ask("GET", path, cookie=cookies["library admin"])
        assert status == 200 and "rolls" in text and "memorial" not in text, (path, text[:500])
        checked.add(("GET", path))
    wish = {"ask": "hold", "chat": secrets.token_hex(16), "reason": "R", "days": 3, "id": secrets.token_hex(16)}
    status, text = ask("POST", "/api/transcripts", cookie=cookies["library admin"], body=json.dumps(wish).encode())
    assert status == 200, (status, text)
    status, text = ask("GET", "/api/transcripts", cookie=cookies["library admin"])
    assert status == 200 and {one["library"] for part in ("kept", "wishes") for one in json.loads(text)[part]} <= {"rolls"}, text[:500]
    taking = {"wish": wish["id"], "id": secrets.token_hex(16)}
    assert ask("POST", "/api/transcripts/export", cookie=cookies["library admin"], body=json.dumps(taking).encode())[0] == 404
    checked |= {("GET", "/api/transcripts"), ("POST", "/api/transcripts"), ("POST", "/api/transcripts/export")}
    # Who one is, and what one is told.
    for role in NAMES:
        said = json.loads(ask("GET", "/api/me", cookie=cookies[role])[1])
        assert said["operator"] == NAMES[role], said
    checked |= {("GET", "/api/me"), ("GET", "/api/notices")}
    return checked


status, text = ask("POST", "/api/import", bearer=token, body=PEOPLE.encode(), kind="application/yaml")
assert status == 200, (status, text)
cookies = {role: until(lambda: sign_in(name, f"in-many-parts-{number}"), name) for number, (role, name) in enumerate(NAMES.items(), 1)}
rows, cells = table(), 0
check_sources(rows)
check_document(rows)
ENDINGS = ("/api/sign-out", "/{version}/auth/logout")
spare = {**cookies}
for method, address, cell in rows:
    if address in ENDINGS:
        # It ends a sign-in, so each ends one of its own.
        spare = {role: sign_in(name, f"in-many-parts-{number}") for number, (role, name) in enumerate(NAMES.items(), 1)}
    for role in ROLES:
        judge(method, address, role, cell[role], spare if address in ENDINGS else cookies)
        cells += 1
    check_pretenders(method, address, cell)
checked = check_own(cookies)
own = {(method, address) for method, address, cell in rows if "own" in cell.values()}
assert own == checked, f"*own* is not asked at {own - checked}, or is not in the table: {checked - own}"
for role, cookie in spare.items():
    assert ask("GET", "/api/me", cookie=cookie)[0] == 401, f"the sign-in of {role} outlived its end"
# A person who is no admin any more may at once no longer what admins may.
assert ask("GET", "/api/reports", cookie=cookies["library admin"])[0] == 200
demoted = PEOPLE.replace(", admin: true", "")
assert ask("POST", "/api/import", bearer=token, body=demoted.encode(), kind="application/yaml")[0] == 200
until(lambda: ask("GET", "/api/reports", cookie=cookies["library admin"])[0] == 403, "the admin's end")
print(f"roles: {len(rows)} routes with {len(ROLES)} roles, {cells} cells as in the table")
