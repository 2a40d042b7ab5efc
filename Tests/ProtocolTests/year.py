"""A consortium of 40 libraries with a whole year goes into a running demonstration by one command, and every page of it answers. How long both take is told, and judged by people.

Usage: year.py BASE_PORT CALLSLIP    (a `callslip demo` must be running on BASE_PORT; CALLSLIP_DEMO names its folder)
"""

import json
import os
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
base, program = int(sys.argv[1]), sys.argv[2]
folder = Path(os.environ["CALLSLIP_DEMO"]) / "college"
url = f"http://127.0.0.1:{base + 5}"
token = (folder / "admin").read_text().split("\n")[1]
took = {}


def get(path, kind=None):
    request = urllib.request.Request(url + path, headers={"Authorization": f"Bearer {token}"} if path.startswith("/api/") else {})
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=30) as answer:
        body = answer.read().decode()
    took.setdefault(kind or path, []).append((time.monotonic() - began) * 1000)
    return body


def until(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


def bring_in(file):
    began = time.monotonic()
    done = subprocess.run([program, "import", str(file), "--data", str(folder)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return time.monotonic() - began


file = folder.parent / "year.yaml"
file.write_text(subprocess.run([ROOT / "cluster/sample-year"], capture_output=True, text=True, check=True).stdout)
first = bring_in(file)
again = bring_in(file)
libraries = [f"library-{number:02}" for number in range(1, 41)]
liaisons = lambda: [one for one in json.loads(get("/api/registers/entries?register=liaisons"))["entries"] if one["answers"]["library"].startswith("library-")]
until(lambda: len(liaisons()) == 200, "the liaisons")
until(lambda: get("/hours/hours.txt").count("library-") == 40, "the hours")
assert len([one for one in json.loads(get("/hours/hours.json")) if one["name"].startswith("Library of ")]) == 40

for _ in range(3):
    for name in libraries:
        for page in ("", "/hours.json", "/now.json", "/hours.ics", "/hours.js"):
            assert get(f"/hours/{name}{page}", f"/hours/LIBRARY{page}"), page
        assert get(f"/presence/jid/{name}/x/text", "/presence/jid/QUEUE/…/text") in ("available", "unavailable")
        assert json.loads(get(f"/api/ledger?library={name}&from=2026-09-02&to=2026-12-18", "/api/ledger of a term"))
        assert json.loads(get(f"/api/reports?library={name}&from=2026-09-02&to=2026-12-18", "/api/reports of a term"))
        assert json.loads(get(f"/api/why?queue={name}", "/api/why of a queue"))["answer"]
    for path in ("/hours", "/hours/hours.json", "/hours/hours.txt", "/desk", "/ledger", "/reports", "/registers", "/names", "/buttons", "/problem", "/check", "/why", "/tickets", "/practice", "/pages", "/api/reports", "/api/why",
                 "/api/names", "/api/status", "/api/registers", "/api/buttons", "/api/canned/all", "/api/problems/all"):
        assert get(path), path
    for register in ("liaisons", "agreements", "training"):
        assert json.loads(get(f"/api/registers/entries?register={register}"))["entries"], register
for number in range(1, 201):
    found = json.loads(get("/api/directory?q=" + urllib.parse.quote(f"subject {number:03}"), "/api/directory?q=…"))["found"]
    assert len(found) == 1 and found[0]["answers"]["email"].startswith(f"liaison{number}@"), found

print(f"year: 40 libraries, 120 people, 200 subjects in {first:.1f} s, once more in {again:.1f} s; {sum(map(len, took.values()))} answers of {len(took)} pages; slowest in the median:")
for name, times in sorted(took.items(), key=lambda one: -statistics.median(one[1]))[:6]:
    print(f"    {statistics.median(times):6.1f} ms (at worst {max(times):.1f})  {name}")
