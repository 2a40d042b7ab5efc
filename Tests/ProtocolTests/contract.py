"""The document of the HTTP addresses (Sources/Node/openapi.yaml), and a node that is asked and held against it."""

import json
import os
import re
import time
import urllib.error
import urllib.request
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

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
