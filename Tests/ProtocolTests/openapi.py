"""Holds Sources/Node/openapi.yaml against the routes in the sources, and against what a running demonstration answers.

Usage: openapi.py BASE_PORT    (a `callslip demo` must be running on BASE_PORT; CALLSLIP_DEMO names its folder)
"""

import json
import os
import secrets
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

import yaml
from openapi_spec_validator import validate

from contract import DOCUMENT, ROOT, Node, asked, check_routes, until
from contract_people import people, problems, scripts


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
