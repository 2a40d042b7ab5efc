"""What strangers, liars and pages of other sites can not do at a node's public side: a tiny reverse proxy that is believed, and somebody who says the same and is not;
limits by network; a patron who begins 1,000 chats; requests and WebSockets forged by other sites; frames; cookies.

    public_guards.py CALLSLIP PORT        four ports from PORT are used
"""
import asyncio
import http.client
import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import urllib.request

import yaml
from client import fresh
from node import PASSWORD, Node, finish, hold, until
from websockets.asyncio.client import connect

program, port = os.path.abspath(sys.argv[1]), int(sys.argv[2])
PROXY = port + 3
EVIL = "https://evil.example"
OWN = f"http://127.0.0.1:{port}"
JSON = {"Content-Type": "application/json"}


class Proxy:
    """Adds whom it was asked by to the first request of each connection, and passes the rest on."""

    address = "127.0.0.2"

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", PROXY), backlog=512)
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, address = self.listener.accept()
            threading.Thread(target=self.serve, args=(client, address[0]), daemon=True).start()

    def serve(self, client, address):
        with client, socket.create_connection(("127.0.0.1", port), source_address=(self.address, 0)) as node:
            head = b""
            while b"\r\n\r\n" not in head:
                more = client.recv(65536)
                if not more:
                    return
                head += more
            head, rest = head.split(b"\r\n\r\n", 1)
            # As nginx's $proxy_add_x_forwarded_for: what the client claimed stays in front.
            node.sendall(head + f"\r\nX-Forwarded-For: {address}\r\nX-Forwarded-Proto: https\r\n\r\n".encode() + rest)
            back = threading.Thread(target=self.pour, args=(node, client), daemon=True)
            back.start()
            self.pour(client, node)
            back.join()

    @staticmethod
    def pour(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def ask(method, path, body=None, headers=None, at=port, source="127.0.0.1", keep=None):
    connection = keep or http.client.HTTPConnection("127.0.0.1", at, timeout=20, source_address=(source, 0))
    try:
        connection.request(method, path, body if body is None or isinstance(body, (str, bytes)) else json.dumps(body), headers or {})
        answer = connection.getresponse()
        # Of fields that come twice, the first: the sign-in stands before the mark of the browser.
        return answer.status, dict((name.lower(), value) for name, value in reversed(answer.getheaders())), answer.read()
    finally:
        if keep is None:
            connection.close()


def sign_in(**how):
    headers = {**JSON, **how.pop("headers", {})}
    status, headers, _ = ask("POST", "/api/sign-in", {"operator": "mia", "password": PASSWORD}, headers, **how)
    cookie = headers.get("set-cookie", "")
    return status, cookie.split(";")[0], {part.strip() for part in cookie.split(";")[1:]}


def proxied():
    status, _, parts = sign_in()
    hold(status == 200 and {"HttpOnly", "SameSite=Strict", "Path=/"} <= parts and "Secure" not in parts, f"a cookie in the clear: {parts}")
    _, _, parts = sign_in(at=PROXY)
    hold({"HttpOnly", "SameSite=Strict", "Path=/", "Secure"} <= parts, f"a cookie by a proxy that has TLS: {parts}")
    _, _, parts = sign_in(headers={"X-Forwarded-Proto": "https", "X-Forwarded-For": "127.9.9.9", "Forwarded": "for=127.9.9.9;proto=https"})
    hold("Secure" not in parts, "a liar is not believed to come by HTTPS")


def spent(headers, **how):
    """Asks what costs 20 units until it is refused: after how many times, and the refusal."""
    connection = http.client.HTTPConnection("127.0.0.1", how.get("at", port), timeout=20, source_address=(how.get("source", "127.0.0.1"), 0))
    for count in range(1_000):
        keep = None if "at" in how else connection
        status, answered, body = ask("POST", "/api/sign-in", {}, {**JSON, **headers(count)}, keep=keep, **how)
        if status == 429:
            return count, answered, json.loads(body)
    return None, {}, {}


def limits():
    count, headers, said = spent(lambda _: {}, at=PROXY, source="127.1.1.1")
    hold(count and 140 < count < 700, f"a network behind the proxy is refused after a while: {count}")
    hold(said.get("code") == "tooMany" and said.get("retryMs", 0) > 0 and "wait a moment" in said.get("text", ""), f"with a sentence: {said}")
    hold(int(headers.get("retry-after", 0)) >= 1, f"with Retry-After: {headers}")
    # What comes back in the meantime is little: 100 units a second, of which each costs 20.
    count, _, _ = spent(lambda _: {}, at=PROXY, source="127.1.1.77")
    hold(count is not None and count < 100, f"its neighbour address is of the same network: refused after {count}")
    hold(ask("GET", "/presence/jid/memorial/chat.local/text", at=PROXY, source="127.1.1.1")[0] == 200, "presence is answered all the same")
    hold(ask("GET", "/api/status", at=PROXY, source="127.1.2.1")[0] == 200, "another network behind the same proxy is served")
    count, _, _ = spent(lambda number: {"X-Forwarded-For": f"127.7.{number % 250}.1"}, at=PROXY, source="127.1.1.1")
    hold(count is not None and count < 100, f"what a client claims in front changes nothing: refused after {count}")
    count, _, _ = spent(lambda number: {"X-Forwarded-For": f"127.8.{number % 250}.1"}, source="127.1.4.1")
    hold(count and count < 700, f"a liar does not get away by naming others: {count}")
    count, _, _ = spent(lambda number: {"Cookie": f"callslip_session={number:064x}"}, source="127.1.5.1")
    hold(count and count < 700, f"nor by making up sign-ins: {count}")


def memory(node):
    for line in pathlib.Path(f"/proc/{node.process.pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])


async def said_to(patron, message):
    await patron.send(json.dumps(message))
    while True:
        answer = json.loads(await asyncio.wait_for(patron.recv(), 20))
        if answer.get("re") == message["re"]:
            return answer


def opening():
    return {"t": "open", "re": fresh(), "chat": fresh(), "secret": fresh(), "attach": fresh(), "queue": "memorial", "referralAgreed": False}


async def greeted(source):
    patron = await connect(f"ws://127.0.0.1:{port}/ws", subprotocols=["callslip.v1"], local_addr=(source, 0), open_timeout=20)
    await patron.send(json.dumps({"t": "hello", "v": 1, "role": "patron", "client": "guards/1"}))
    return patron


async def thousand_chats(node):
    before = memory(node)

    async def page():
        patron = await greeted("127.3.1.1")
        answers = [await said_to(patron, opening()) for _ in range(4)]
        await patron.close()
        return answers

    answers = [answer for group in range(10) for page_answers in await asyncio.gather(*(page() for _ in range(25))) for answer in page_answers]
    begun = sum(answer["t"] == "ok" for answer in answers)
    refused = [answer for answer in answers if answer["t"] == "refused"]
    hold(len(answers) == 1_000 and 100 <= begun <= 160, f"of 1,000 chats of one network {begun} begin")
    hold(all(answer["code"] == "busy" and answer["retryMs"] > 0 and "Many chats" in answer["text"] for answer in refused), f"the others are told when to try: {refused[:1]}")
    other = await greeted("127.3.2.1")
    hold((await said_to(other, opening()))["t"] == "ok", "somebody of another network begins at once")
    # One that waits for its answer asks again; that is no other chat.
    again = opening()
    hold((await said_to(other, again))["t"] == "ok", "a chat begins")
    for _ in range(200):
        await other.send(json.dumps({**again, "re": fresh()}))
        await asyncio.sleep(0.03)
    hold((await said_to(other, opening()))["t"] == "ok", "what is said again is one chat")
    await other.close()
    hold(memory(node) - before < 64 * 1024, f"it costs {memory(node) - before} KiB of memory")


def forged():
    _, cookie, _ = sign_in()
    spec = yaml.safe_load(pathlib.Path(__file__).parents[2].joinpath("Sources/Node/openapi.yaml").read_text())
    changing = [(method.upper(), path) for path, methods in spec["paths"].items() for method in methods if method in ("post", "put", "patch", "delete")]
    hold(len(changing) > 8, f"the API has operations that change something: {len(changing)}")
    foreign = ({"Origin": EVIL}, {"Origin": "null"}, {"Origin": f"http://127.0.0.1:{port + 1}"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"})
    for method, path in changing:
        for headers in foreign:
            status, _, body = ask(method, path, "{}", {**JSON, "Cookie": cookie, **headers})
            hold(status == 403 and json.loads(body)["code"] == "otherSite", f"{method} {path} with a cookie is refused to a page with {headers}: {status}")
        status, _, body = ask(method, path, "{", {**JSON, "Cookie": cookie, "Origin": OWN, "Sec-Fetch-Site": "same-origin"}) if path != "/api/sign-out" else (200, {}, b"")
        hold(b"otherSite" not in body, f"{method} {path} is heard from a page of this node: {status}")
    status, _, _ = ask("GET", "/api/me", headers={"Cookie": cookie})
    hold(status == 200, f"after all that somebody is signed in still: {status}")
    status, cookie_of_other, _ = sign_in(headers={"Origin": EVIL})
    hold(status == 403 and not cookie_of_other, "a page of another site signs nobody in, either")
    for path in ("/api/me", "/api/status", "/api/canned", "/api/problems", "/desk"):
        _, headers, _ = ask("GET", path, headers={"Cookie": cookie, "Origin": EVIL})
        hold("access-control-allow-origin" not in headers, f"{path} is not to be read by pages of other sites")
    for path in ("/presence/jid/memorial/chat.local/text", "/hours/hours.json"):
        _, headers, _ = ask("GET", path, headers={"Origin": EVIL})
        hold(headers.get("access-control-allow-origin") == "*", f"{path} is to be read by pages of any site")
    return cookie


async def socket_of(cookie, origin):
    headers = {"Cookie": cookie, **({"Origin": origin} if origin else {})}
    async with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=["callslip.v1"], additional_headers=headers) as desk:
        await desk.send(json.dumps({"t": "hello", "v": 1, "role": "operator", "client": "guards/1"}))
        answer = json.loads(await asyncio.wait_for(desk.recv(), 20))
        return answer["t"], answer.get("code")


def listed_pages(node):
    """The library's admin lists where its chat may stand."""
    def ancestors(path):
        # Two fields of one name: both hold (CSP 3, 8.1).
        with urllib.request.urlopen(OWN + path, timeout=20) as answer:
            fields = answer.headers.get_all("Content-Security-Policy")
        return [part.strip() for policy in fields for part in policy.split(";") if part.strip().startswith("frame-ancestors")]

    hold(ancestors("/chat/memorial") == [], "a library that lists no pages has its chat in anybody's frame")
    file = node.folder / "pages.yaml"
    file.write_text('registers:\n  pages:\n    - {library: memorial, hosts: "www.memorial.example, *.branch.example"}\n')
    until("the list of pages", 30, lambda: subprocess.run(
        [program, "import", str(file), "--data", str(node.data)], capture_output=True, timeout=60).returncode == 0)
    wanted = ["frame-ancestors 'self' www.memorial.example:* *.branch.example:*"]
    until("the list at the web plane", 10, lambda: ancestors("/chat/memorial") == wanted)
    for path in ("/chat/memorial@chat.local", "/chat/MEMORIAL", "/chat/%20memorial", "/chat/%EF%BB%BFmemorial", "/html/chat-box.html?queue=memorial", "/chat.html?queue=memorial", "/chat/?queue=memorial", "/chat?queue=Memorial@x"):
        hold(ancestors(path) == wanted, f"{path} is shown in frames of the library's pages alone: {ancestors(path)}")
    hold(ancestors("/chat/general") == [], "the general queue is nobody's own")
    for path in ("/desk", "/registers"):
        hold(ancestors(path) == ["frame-ancestors 'self'"], f"{path} as before")


async def opened_from(origin):
    headers = {"Origin": origin} if origin else {}
    async with connect(f"ws://127.0.0.1:{port}/ws", subprotocols=["callslip.v1"], additional_headers=headers) as patron:
        await patron.send(json.dumps({"t": "hello", "v": 1, "role": "patron", "client": "guards/1"}))
        answer = await said_to(patron, opening())
        return answer["t"], answer.get("code"), answer.get("text", "")


async def begun_from_anywhere():
    hold((await opened_from(EVIL))[0] == "ok", "a library that lists no pages is asked from anywhere")


async def begun_from_pages():
    for origin in (None, OWN, "https://www.memorial.example", "https://www.memorial.example:8443", "http://a.b.branch.example"):
        hold((await opened_from(origin))[0] == "ok", f"a chat begins from {origin}")
    for origin in (EVIL, "null", "https://memorial.example", "https://www.memorial.example.evil.example", "https://evilbranch.example"):
        found = await opened_from(origin)
        hold(found[:2] == ("refused", "notAllowed") and "its own website leads there" in found[2], f"no chat of the library begins from {origin}: {found}")


async def forged_sockets(cookie):
    hold((await socket_of(cookie, OWN))[0] == "welcome", "a page of this node has the desk's connection")
    for origin in (EVIL, "null", f"http://127.0.0.1:{port + 1}"):
        found = await socket_of(cookie, origin)
        hold(found == ("bye", "signIn"), f"a page of {origin} has nobody's desk, cookie or not: {found}")


def frames():
    for path in ("/desk", "/names", "/ledger", "/problem", "/check", "/reports", "/buttons", "/registers", "/pages", "/desk.html"):
        status, headers, _ = ask("GET", path)
        ancestors = [part.strip() for part in headers.get("content-security-policy", "").split(";") if part.strip().startswith("frame-ancestors")]
        hold(status == 200 and ancestors == ["frame-ancestors 'self'"], f"{path} refuses frames of others: {status} {ancestors}")
        hold("'unsafe" not in headers.get("content-security-policy", ""), f"{path} has no inline code")


with tempfile.TemporaryDirectory() as name:
    with Node(program, name, port, extra=f'proxy: {{addresses: ["{Proxy.address}"], fields: x-forwarded}}') as node:
        node.start(OWN)
        Proxy()
        proxied()
        frames()
        cookie = forged()
        asyncio.run(forged_sockets(cookie))
        asyncio.run(begun_from_anywhere())
        listed_pages(node)
        asyncio.run(begun_from_pages())
        limits()
        asyncio.run(thousand_chats(node))
        addresses = [address for address in ("127.1.1.1", "127.1.1.", "127.3.1.", "127.1.4.") if address in node.said()]
        addresses += [str(path) for path in node.data.rglob("*") if path.is_file() and any(word in path.read_bytes() for word in (b"127.1.1.1", b"127.3.1.1"))]
        hold(not addresses, f"no client's address is in the log or on the disk: {addresses}")
finish("public side")
