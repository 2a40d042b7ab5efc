"""Pictures that go along with problems, at a running demonstration: what is taken, what is refused, who sees them, from which node, and what happens when a file or a node fails.

Usage: pictures.py BASE_PORT    (a `callslip demo` must be running on BASE_PORT; CALLSLIP_DEMO names its folder)
"""

import json
import os
import secrets
import struct
import sys
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path

base = int(sys.argv[1])
DEMO = Path(os.environ["CALLSLIP_DEMO"])
CORPUS = Path(__file__).resolve().parents[1] / "Fuzz/Corpus/picture"
NODES = ["c1", "c2", "c3", "memorial", "college", "steenbock"]


def url(node):
    return f"http://127.0.0.1:{base + 1 + NODES.index(node)}"


def token(node):
    return (DEMO / node / "admin").read_text().split("\n")[1]


def ask(node, method, path, body=None, kind="application/json", *, cookie=None, admin=False, origin=None):
    """Answers (status, fields, body)."""
    headers = {"Content-Type": kind} if method == "POST" else {}
    if cookie:
        headers["Cookie"] = f"callslip_session={cookie}"
    if admin:
        headers["Authorization"] = f"Bearer {token(node)}"
    if origin:
        headers["Origin"] = origin
    while True:
        request = urllib.request.Request(url(node) + path, method=method, data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            said = error.read()
            again = json.loads(said).get("retryMs") if error.code == 429 else None
            if again is None:
                return error.code, error.headers, said
            # One network asks a great deal here: it waits as it is told to.
            time.sleep(again / 1000)


def until(condition, what, seconds=60):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.1)
    return found


def key():
    return secrets.token_hex(16)


def send(node, id, picture, kind="image/png", **who):
    status, fields, body = ask(node, "POST", f"/api/problems/picture?id={id}", picture, kind, **who)
    return status, json.loads(body) if fields["Content-Type"].startswith("application/json") else body.decode()


def report(node, id, text, **more):
    status, _, body = ask(node, "POST", "/api/problems", json.dumps({"id": id, "text": text, **more}).encode())
    assert status == 200, (status, body)


def ticket(node, id):
    listed = json.loads(ask(node, "GET", "/api/problems/all", admin=True)[2])["tickets"]
    return next((one for one in listed if one["id"] == id), None)


def see(node, id, **who):
    return ask(node, "GET", f"/api/problems/picture?id={id}", **(who or {"admin": True}))


def control(words):
    site = f"http://127.0.0.1:{base}"
    request = urllib.request.Request(site + "/processes", method="POST", data=words.encode(), headers={"Origin": site})
    urllib.request.urlopen(request, timeout=30).read()


def is_ready(node):
    try:
        return ask(node, "GET", "/readyz")[0] == 200
    except OSError:
        return False


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(width, height, extra=b""):
    """Noise, so that it keeps its length."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    rows = b"".join(b"\0" + secrets.token_bytes(3 * width) for _ in range(height))
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


# Sent before its report, under the same identifier; what it carries beside its pixels does not arrive.
plain = png(60, 40)
head, rest = plain[:33], plain[33:]
carrying = head + chunk(b"tEXt", b"Author\0Mia of Memorial") + chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0") + rest
one = key()
assert send("college", one, carrying) == (200, {"code": "done", "text": "The picture waits for its report."})
assert send("college", one, carrying)[0] == 200, "the same again is kept once"
status, said = send("college", one, png(5, 5))
assert (status, said["code"]) == (409, "taken"), said
assert see("college", one)[0] == 404, "a picture without its report is nobody's to see"
report("college", one, "The button lies over the search box.", bundle="panel: ready\npicture: WebP, 1 × 1, 1 KiB")
made = until(lambda: ticket("memorial", one), "the report")
assert made["picture"] == "PNG, 60 × 40, 8 KiB" and made["node"] == "college", made
assert [line for line in made["bundle"].splitlines() if line.startswith("picture: ")] == ["picture: PNG, 60 × 40, 8 KiB"], made["bundle"]

assert send("college", one, carrying)[0] == 200, "whose answer was lost asks again, also after the report"

# LTG sees it at any node, as a picture that can do nothing.
for node in ("college", "memorial", "c1"):
    status, fields, body = see(node, one)
    assert status == 200 and body == plain, (node, status, len(body))
    assert fields["Content-Type"] == "image/png" and fields["X-Content-Type-Options"] == "nosniff" and fields["Cache-Control"] == "no-store", fields
    assert fields.get_all("Content-Security-Policy") == ["default-src 'none'; sandbox; frame-ancestors 'none'"], fields
    assert fields["Content-Disposition"] == f'inline; filename="report-{made["number"]}.png"', fields
status, fields, body = ask("memorial", "HEAD", f"/api/problems/picture?id={one}", admin=True)
assert status == 200 and fields["Content-Type"] == "image/png" and body == b"", (status, fields)

# Nobody else does: not by the report's key, not as an operator.
status, _, body = ask("memorial", "POST", "/api/sign-in", b'{"operator": "mia.memorial", "password": "reading-room-1"}')
mia = json.loads(body)["session"]
for who, expected in (({"cookie": key()}, 401), ({"cookie": mia}, 403)):
    status, fields, body = see("memorial", one, **who)
    assert status == expected and fields["Content-Type"] == "application/json", (who, status)

# Nobody adds a picture to a report that is made, and no other site's page does so in somebody's name.
two = key()
report("college", two, "It is slow.", bundle="picture: WebP, 1 × 1, 1 KiB")
made = until(lambda: ticket("college", two), "the report")
assert "picture" not in made and "WebP" not in made["bundle"], made
status, said = send("college", two, plain)
assert (status, said["code"]) == (409, "taken") and "already" in said["text"], said
status, fields, body = see("memorial", two)
assert status == 404 and json.loads(body)["code"] == "none", body
status, said = send("memorial", key(), plain, cookie=mia, origin="https://elsewhere.example")
assert (status, said["code"]) == (403, "otherSite"), said

# What is no such picture is refused with a sentence, and nothing of it is kept.
before = sorted((DEMO / "memorial/pictures").glob("*")) if (DEMO / "memorial/pictures").exists() else []
svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
HOSTILE = [
    ("an SVG called PNG", svg, "image/png", "no JPEG, PNG or WebP"), ("HTML called PNG", b"<!doctype html><script>alert(1)</script>", "image/png", "no JPEG, PNG or WebP"),
    ("60,000 by 60,000", (CORPUS / "png-huge").read_bytes(), "image/png", "not 60000 × 60000"), ("cut off", plain[:-20], "image/png", "cut off"),
    ("HTML behind its end", plain + b"<script>alert(1)</script>", "image/png", "behind the end"), ("a PNG called JPEG", plain, "image/jpeg", "was sent as JPEG"),
    ("a JPEG cut off", (CORPUS / "jpeg-cut").read_bytes(), "image/jpeg", "cut off"), ("too many bytes", png(330, 330), "image/png", "300 KiB at most"),
    ("too wide", png(1601, 1), "image/png", "not 1601 × 1"), ("nothing", b"", "image/png", "no JPEG, PNG or WebP"),
]
for what, picture, kind, words in HOSTILE:
    status, said = send("memorial", key(), picture, kind, cookie=mia)
    assert status == 400 and said["code"] == "badPicture" and words in said["text"], (what, status, said)
for what, id, kind in (("SVG as what it is", key(), "image/svg+xml"), ("HTML", key(), "text/html"), ("no type", key(), ""), ("no identifier", "7", "image/png")):
    status, said = send("memorial", id, plain, kind, cookie=mia)
    assert status == 400 and said["code"] == "invalid", (what, status, said)
status, said = send("memorial", key(), secrets.token_bytes(700 * 1024), cookie=mia)
assert status == 413, (status, said)
assert before == (sorted((DEMO / "memorial/pictures").glob("*")) if (DEMO / "memorial/pictures").exists() else []), "something was kept"

# So many of strangers of one network within an hour; who is signed in sends theirs.
statuses = [send("steenbock", key(), plain)[0] for _ in range(12)]
assert statuses == 10 * [200] + 2 * [429], statuses
status, _, body = ask("steenbock", "POST", "/api/sign-in", b'{"operator": "mia.memorial", "password": "reading-room-1"}')
assert send("steenbock", key(), plain, cookie=json.loads(body)["session"])[0] == 200
# The disk knows whose they are: first those of strangers would go.
marks = [file.read_bytes()[:19] for file in (DEMO / "steenbock/pictures").glob("*.picture")]
assert sorted(marks) == [b"callslip picture 1\n"] + 10 * [b"callslip picture 2\n"], marks

# A file that is damaged is told, and not shown; mended, it is shown again.
file = DEMO / f"college/pictures/{one}.picture"
right = file.read_bytes()
file.write_bytes(right[:-9] + bytes([right[-9] ^ 1]) + right[-8:])
for node in ("college", "memorial"):
    status, fields, body = see(node, one)
    assert status == 404 and json.loads(body)["code"] == "damaged" and b"cannot be shown" in body, (node, status, body[:200])
file.write_bytes(right)
assert see("memorial", one)[0] == 200

# While its node is gone, that is told; afterwards the picture is there.
control("kill college")
status, _, body = until(lambda: (found := see("memorial", one))[0] != 200 and found, "the node's end")
assert status == 503 and "`college`, which does not answer" in json.loads(body)["text"], (status, body)
control("start college")
until(lambda: is_ready("college"), "college")
until(lambda: see("memorial", one)[0] == 200, "the picture, at its node again")
print(f"pictures: {len(HOSTILE)} that are none, and all others, as they should be")
