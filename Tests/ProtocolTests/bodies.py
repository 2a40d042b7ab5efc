"""Lies in every field of every body that the HTTP API takes, as openapi.yaml has them, at a running demonstration: each is answered, none by a server's error, and no node ends.

Usage: bodies.py CALLSLIP BASE_PORT [SEED]    (a `callslip demo` must be running on BASE_PORT; CALLSLIP_DEMO names its folder; it is of little use afterwards)

For each field: a value of another type, the ends of numbers' ranges and beyond, nothing, very much, very deep, text that is none. For each body: what is no JSON at all. Each is asked with a
node's admin token, and by people who between them are let in everywhere else. SEED (1): what is drawn at random, which is the order and the identifiers alone.
"""
import concurrent.futures
import copy
import http.client
import itertools
import json
import os
import pathlib
import random
import sys
import time

import yaml

from attack_cluster import NODES, Cluster
from node import finish, hold, until

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = yaml.safe_load((ROOT / "Sources/Node/openapi.yaml").read_text())
program, base = os.path.abspath(sys.argv[1]), int(sys.argv[2])
chance = random.Random(int(sys.argv[3]) if len(sys.argv) > 3 else 1)
cluster = Cluster(program, os.environ["CALLSLIP_DEMO"], base)
# Who may ask what a node's admin token may not: for each role some, as one person may not ask so much.
ROLES = {"lena": "admin: true, director: true, committee: ltg", "carl": "admin: true, committee: chatwog"}
EACH = 4
PEOPLE = """general: {queue: general, title: Ask a Librarian (all campus libraries)}
libraries:
  - name: lies
    title: Library of Lies
    node: steenbock
    fallback: immediately
    queues: [{name: lies, title: Library of Lies}]
    operators:
""" + "".join(f"      - {{name: {name}{number}.lies, display: {name.title()}, password: in-many-parts-1, queues: [lies], {role}}}\n" for name, role in ROLES.items() for number in range(EACH))
# What a field of this name is where it is right: of the demonstration, so that what is asked is not refused at the first look.
RIGHT = {"library": "steenbock", "queue": "steenbock", "operator": "stan.steenbock", "owner": "consortium", "register": "liaisons", "kind": "queue", "from": "steenbock",
         "to": "steenbock-2", "action": "close", "text": "What is said.", "title": "A title", "host": "library.example", "path": "/ask", "hours": 4,
         "url": "http://127.0.0.1:1", "version": 0, "html": "<p>", "peer": "127.0.0.1:1", "add": "nowhere", "remove": "nowhere", "admit": "nowhere",
         "answers": {"subject": "Maps", "library": "steenbock"}, "moves": None, "begin": False}
# Written as JSON by hand, as no library writes some of them.
LIES = {
    "of another type": ["null", "true", "{}", "[]", '""', "0", '[["x"]]', '{"a":{"a":1}}'],
    "a number at its end": ["-1", "255", "256", "65536", "4294967295", "4294967296", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
                            "-9223372036854775809", "1e308", "1e999", "-0", "0.5", "1" * 400],
    "a number as text": ['"-1"', '"18446744073709551616"', '"٣"', '"0x10"', '"1e3"'],
    # Beyond each limit of a body, within those of the longer ones, and within all.
    "very much": ['"' + "x" * 70_000 + '"', '"' + "x" * 9_000 + '"', '"' + "x" * 600 + '"', "[" + ",".join(["1"] * 9_000) + "]", "[" + ",".join(["1"] * 400) + "]",
                  '"' + "\\u00e9" * 120 + '"', "{" + ",".join(f'"k{number}":1' for number in range(90)) + "}"],
    "very deep": ["[" * 3_000 + "]" * 3_000, "[" * 450 + "]" * 450, '{"a":' * 100 + "1" + "}" * 100],
    "text that is none": ['"\\ud800"', '"\\u0000"', '"\\u202e\\u2066"', '"\\r\\nSet-Cookie: a=b"', '"\\u0001\\u001f\\u007f"', '"\\ud83d\\ude00\\u200d"'],
    "text that is more": ['"../../../etc/passwd"', '"<script>alert(1)</script>"', '"%00%2e%2e%2f"', '"\' OR 1=1 --"', '"a/b?c#d"', '"2026-13-45T99:99:99Z"', '"' + "f" * 32 + '"', '"' + "0" * 31 + '"'],
}
BODIES = [b"", b"null", b"[]", b"\"\"", b"{", b"}" * 400, b"{" * 4_000, b"[" * 60_000, b"\xff\xfe{\x00}\x00", b"\xef\xbb\xbf{}", b"\xed\xa0\x80", b'{"a":1,"a":2}', b"{} {}", b'{"__proto__":{}}', b"nul", b"-",
          b'{"a":"' + b"\\u0000" * 150 + b'"}', b"\0" * 100, b"<xml/>", b"a=b&c=%zz"]


def deref(schema):
    while "$ref" in schema:
        target = DOCUMENT
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        schema = target
    return schema


def right(schema, name=""):
    """A value of this shape, with all that it may have."""
    schema = deref(schema)
    if RIGHT.get(name) is not None and "enum" not in schema:
        return RIGHT[name]
    if "enum" in schema:
        return RIGHT[name] if RIGHT.get(name) in schema["enum"] else schema["enum"][0]
    for choice in ("oneOf", "anyOf", "allOf"):
        if choice in schema:
            return right(schema[choice][0], name)
    kind = schema.get("type")
    if kind == "object":
        return {key: right(part, key) for key, part in schema.get("properties", {}).items()}
    if kind == "array":
        return [right(schema["items"], name)]
    if kind in ("integer", "number"):
        return max(1, schema.get("minimum", 1))
    if kind == "boolean":
        return False
    return f"{chance.getrandbits(128):032x}" if "pattern" in schema else "x"


def places(value, path=()):
    """Every field within, as the way to it."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    for key, part in parts:
        yield (*path, key)
        yield from places(part, (*path, key))


def with_lie(value, path, lie):
    """As JSON; what stands at `path` is `lie`, already JSON; without it, the field is left out."""
    mark = "@@here@@"
    altered = copy.deepcopy(value)
    within = altered
    for key in path[:-1]:
        within = within[key]
    if lie is None:
        del within[path[-1]]
        return json.dumps(altered).encode()
    within[path[-1]] = mark
    return json.dumps(altered).replace(f'"{mark}"', lie).encode()


# Each field with each lie, and left out; one that nobody knows; and each body.
questions = []
operations = [(path, kind, content["schema"]) for path, item in DOCUMENT["paths"].items() if "post" in item
              for kind, content in item["post"].get("requestBody", {}).get("content", {}).items()]
fields = 0
for path, kind, schema in operations:
    for body in BODIES:
        questions.append((path, kind, body))
    if kind not in ("application/json", "text/plain"):
        continue
    whole = {"host": "library.example", "path": "/ask", "queue": "steenbock", "kind": "own", "version": "", "error": ""} if path == "/api/button/seen" else right(schema)
    if not isinstance(whole, dict):
        continue
    questions.append((path, kind, json.dumps(whole).encode()))
    questions.append((path, kind, json.dumps({**whole, "ofAnotherVersion": {"x": [1]}}).encode()))
    for place in places(whole):
        fields += 1
        for kinds in LIES.values():
            for lie in kinds:
                questions.append((path, kind, with_lie(whole, place, lie)))
        if isinstance(place[-1], str):
            questions.append((path, kind, with_lie(whole, place, None)))
chance.shuffle(questions)
processes = cluster.processes()
hold(set(processes) == set(NODES), f"the demonstration's nodes are found: {processes}")
tokens = {name: (cluster.folder / name / "admin").read_text().split("\n")[1] for name in ("c1", "steenbock")}
# Who asks, where and with what; the first kind that is let in does.
askers = [[(name, {"Authorization": f"Bearer {token}"})] for name, token in tokens.items()]


def post(number, name, path, kind, body, head):
    """Of many networks, as one may not ask so much. Answers (status, fields, text)."""
    network = f"127.9.{number // 250 % 250 + 1}.{number % 250 + 1}"
    link = http.client.HTTPConnection("127.0.0.1", cluster.web[name], timeout=30, source_address=(network, 0))
    try:
        link.request("POST", path, body, {"Content-Type": kind, **head})
        answer = link.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        link.close()


def sign_in(who, password):
    status, _, said = post(0, "steenbock", "/api/sign-in", "application/json", json.dumps({"operator": who, "password": password}).encode(), {})
    return json.loads(said)["session"] if status == 200 else None


status, _, said = post(0, "steenbock", "/api/import", "application/yaml", PEOPLE.encode(), askers[1][0][1])
hold(status == 200, f"people are imported: {status} {said[:300]}")
for name in ROLES:
    sessions = [until(f"the account of {name}{number}", 60, lambda: sign_in(f"{name}{number}.lies", "in-many-parts-1")) for number in range(EACH)]
    askers.append([("steenbock", {"Cookie": f"callslip_session={session}"}) for session in sessions])


def admitted(path):
    """Who may ask at this path: of a coordinator's or a library's node all, else people."""
    let_in = [group for group in askers if post(0, group[0][0], path_of(path), "application/json", b"{}", group[0][1])[0] not in (401, 403)]
    return let_in[:2] if let_in and let_in[0] in askers[:2] else let_in[:1] or askers[:1]


def path_of(path):
    return path.replace("{version}", "2011-12-03").replace("{queue}", "steenbock").replace("{guest}", "0" * 32 + "@localhost").replace("{chat}", "1")


def ask(number, question):
    """The status, and what is wrong with the answer."""
    path, kind, body = question
    groups = who[path]
    group = groups[number % len(groups)]
    name, head = group[number // len(groups) % len(group)]
    # Of a page, where one of another site may ask.
    head = {"Origin": "https://library.example"} if path == "/api/button/seen" else head
    try:
        for _ in range(200):
            status, _, text = post(number, name, path_of(path), kind, body, head)
            # It waits as it is told to. (Who tries to sign in again and again is told to wait for longer than is worth it.)
            if status == 429 and "/api/sign-in" != path and b"retryMs" in text:
                time.sleep(json.loads(text)["retryMs"] / 1000)
            elif status == 503 and b'"busy"' in text:
                time.sleep(0.1)
            else:
                break
    except (OSError, http.client.HTTPException) as error:
        return 0, f"no answer: {error!r}"
    written = DOCUMENT["paths"][path]["post"]["responses"]
    # What the document says of all at once: too much, of a kind that is not taken, too often.
    if str(status) not in written and status not in (413, 415, 429):
        return status, f"{status} is not written: {text[:200]}"
    # The coordinators serve all the time here.
    if status >= 500:
        return status, f"a server's error: {status} {text[:200]}"
    if status >= 400 and not text.strip():
        return status, f"{status} without a sentence"
    return status, None




def leading():
    said = cluster.status("c1")
    return said["leader"], said["raft"]["term"]


leader = leading()
who = {path: admitted(path) for path in {path for path, _, _ in questions}}
found = {}
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    for (path, _, body), (status, trouble) in zip(questions, pool.map(ask, range(len(questions)), questions)):
        found[status] = found.get(status, 0) + 1
        hold(trouble is None, f"{path} {body[:160]!r}: {trouble}")
print("  " + ", ".join(f"{status}: {count}" for status, count in sorted(found.items())), flush=True)
hold(len(operations) > 30 and fields > 80, f"every body is lied in: {fields} fields of {len(operations)} bodies")
# Were all refused at the first look, it would be of little worth.
hold(found.get(200, 0) + found.get(204, 0) > 50 and found.get(409, 0) > 50, f"some lies come as far as the state: {found}")
hold(cluster.processes() == processes, f"every process is the one that it was: {cluster.processes()}, not {processes}")
hold(leading() == leader, f"the leader is the one that it was: {leading()}, not {leader}")
for name, head in itertools.chain(*askers):
    status, _, said = post(0, name, "/api/registers", "application/json", b"{}", head)
    hold(status not in (401, 403), f"whoever asked may still ask: {status} {said[:200]}")
for name in NODES:
    hold(cluster.ask(name, "/readyz") is not None, f"{name} serves")
finish(f"{len(questions)} bodies with lies in {fields} fields")
