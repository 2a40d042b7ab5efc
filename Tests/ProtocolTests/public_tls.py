"""HTTPS as browsers and scanners meet it: what is spoken and what is not (by OpenSSL's own program), the redirect from HTTP, HSTS, wrong files, and a certificate
that is replaced as certbot does it, by links and not both files at once, while connections are held.

    public_tls.py CALLSLIP PORT        five ports from PORT are used
"""
import http.client
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile

from attack_peer import client_hello
from attack_public import ended
from node import PASSWORD, Node, finish, hold, until
from playwright.sync_api import expect, sync_playwright
from websockets.sync.client import connect

program, port = os.path.abspath(sys.argv[1]), int(sys.argv[2])
REDIRECT, LOCAL = port + 3, port + 4
LEFT = 300
STRONG = {
    "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305",
}


def openssl(*arguments, given=""):
    return subprocess.run(["openssl", *map(str, arguments)], input=given, capture_output=True, text=True, timeout=30)


class Authority:
    """Issues as a public one would: a chain of two, a key anew each time, in numbered files behind links."""

    def __init__(self, folder):
        self.folder = folder
        self.count = 0
        self.root = folder / "root.pem"
        made = openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "root.key", "-out", self.root, "-days", 2, "-subj", "/CN=Root",
                       "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign")
        assert made.returncode == 0, made.stderr
        (folder / "live").mkdir()

    def issue(self, kind, name="localhost", address="127.0.0.1"):
        """New files in the archive; their number."""
        self.count += 1
        key, request, leaf = (self.folder / f"{part}{self.count}.pem" for part in ("privkey", "request", "cert"))
        made = openssl("req", "-newkey", *kind, "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        assert made.returncode == 0, made.stderr
        extensions = self.folder / "extensions"
        extensions.write_text(f"subjectAltName=DNS:{name},IP:{address}\nextendedKeyUsage=serverAuth\n")
        made = openssl("x509", "-req", "-in", request, "-CA", self.root, "-CAkey", self.folder / "root.key", "-out", leaf, "-days", 1, "-extfile", extensions)
        assert made.returncode == 0, made.stderr
        (self.folder / f"fullchain{self.count}.pem").write_text(leaf.read_text() + self.root.read_text())
        return self.count

    def link(self, part, number):
        """As certbot: the link is replaced, whole."""
        new = self.folder / "live" / (part + ".new")
        new.symlink_to(f"../{part}{number}.pem")
        new.replace(self.folder / "live" / f"{part}.pem")

    def serial(self, number):
        return openssl("x509", "-in", self.folder / f"cert{number}.pem", "-noout", "-serial").stdout.strip()


def offer(*arguments):
    """What s_client says of one handshake."""
    ran = openssl("s_client", "-connect", f"127.0.0.1:{port}", *arguments)
    return ran.returncode == 0 and "Cipher is (NONE)" not in ran.stdout, ran.stdout + ran.stderr


def spoken(authority):
    for version in ("-tls1_2", "-tls1_3"):
        done, said = offer(version, "-CAfile", authority.root, "-verify_return_error")
        hold(done and "Verify return code: 0" in said, f"{version} is spoken, and the chain is whole: {said[-400:]}")
    for version in ("-tls1", "-tls1_1"):
        done, said = offer(version, "-cipher", "ALL:@SECLEVEL=0")
        hold(not done and ("alert protocol version" in said or "unsupported protocol" in said), f"{version} is refused: {said[-400:]}")
    names = openssl("ciphers", "ALL:COMPLEMENTOFALL:@SECLEVEL=0").stdout.strip().split(":")
    names = [name for name in names if not name.startswith("TLS_")]
    hold(len(names) > 50, f"OpenSSL has weak suites to offer: {len(names)}")
    taken = {name for name in names if offer("-tls1_2", "-cipher", name + ":@SECLEVEL=0")[0]}
    hold(taken and taken <= STRONG, f"of the suites of TLS 1.2 only strong ones are taken; also {taken - STRONG}")
    done, said = offer("-tls1_2", "-reconnect")
    hold("Reused, TLS" not in said, "no session is resumed")
    done, said = offer("-alpn", "h2,http/1.1")
    hold(done and "ALPN protocol: http/1.1" in said, "HTTP/1.1 is chosen where the client names protocols")
    hold(not offer("-alpn", "h2")[0] and not offer("-alpn", "imap")[0], "a client that names other protocols alone is refused")
    with socket.create_connection(("127.0.0.1", port), timeout=5) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        hold(b"HTTP/" not in plain.recv(1000), "HTTP without TLS gets no page at this port")


def ask(connection, method, path, body=None, headers=None):
    connection.request(method, path, body, headers or {})
    answer = connection.getresponse()
    # Of fields that come twice, the first: the sign-in stands before the mark of the browser.
    return answer.status, dict((name.lower(), value) for name, value in reversed(answer.getheaders())), answer.read()


def pages(trust):
    https = http.client.HTTPSConnection("localhost", port, context=trust, timeout=10)
    for path in ("/desk", "/chat/memorial", "/presence/jid/memorial/chat.local/text", "/api/status", "/nowhere"):
        status, headers, _ = ask(https, "GET", path)
        hold(headers.get("strict-transport-security") == "max-age=31536000", f"{path} ({status}) tells HSTS for a year: {headers}")
    status, headers, _ = ask(https, "POST", "/api/sign-in", json.dumps({"operator": "mia", "password": PASSWORD}), {"Content-Type": "application/json"})
    parts = {part.strip() for part in headers.get("set-cookie", "").split(";")}
    hold(status == 200 and {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= parts, f"the cookie is for HTTPS alone: {status} {parts}")
    large = b"x" * 300_000
    status, _, _ = ask(https, "POST", "/api/check-page", large, {"Content-Type": "application/json"})
    hold(status in (400, 413), f"a body of many records arrives whole: {status}")
    return https


def redirects(folder):
    plain = http.client.HTTPConnection("127.0.0.1", REDIRECT, timeout=10)
    for host, path in (("localhost", "/chat/memorial?x=1&y=%20"), ("evil.example", "/desk"), ("localhost:80", "//evil.example/")):
        status, headers, _ = ask(plain, "GET", path, headers={"Host": host})
        hold((status, headers.get("location")) == (308, f"https://localhost:{port}{path}"), f"{host}{path} leads to HTTPS of this node: {status} {headers}")
        hold("strict-transport-security" not in headers, "HSTS is not told without TLS (RFC 6797, 7.2)")
    hold(ask(plain, "POST", "/api/sign-in", headers={"Host": "localhost"})[0] == 405, "a form is not sent on")
    hold(ask(plain, "GET", "/.well-known/acme-challenge/abc_-1")[2] == b"abc.key", "the authority finds its challenge")
    (folder / "secret").write_text("secret")
    for token in ("..%2Fsecret", "../secret", "absent", "a/b", "%2e%2e"):
        status, _, body = ask(plain, "GET", "/.well-known/acme-challenge/" + token)
        hold(status != 200 and b"secret" not in body, f"nothing else of the disk is served: {token} {status}")
    local = http.client.HTTPConnection("127.0.0.1", LOCAL, timeout=10)
    status, headers, _ = ask(local, "GET", "/healthz")
    hold(status == 200 and "strict-transport-security" not in headers, "this machine's own monitoring comes without TLS")


def left_handshakes():
    """Begun and left: nothing, half a hello, a whole one that is answered."""
    whole = client_hello()
    opened = [socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(f"127.88.{number // 10}.1", 0)) for number in range(LEFT)]
    for number, one in enumerate(opened):
        one.sendall((b"", whole[:100], whole)[number % 3])
    return opened


def hello(socket):
    socket.send(json.dumps({"t": "hello", "v": 1, "role": "patron", "client": "tls/1"}))
    return json.loads(socket.recv(timeout=10))["t"]


def people():
    """A patron and an operator in a real browser: pages, presence and both WebSockets by TLS, in what a browser takes for a secure context."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-dev-shm-usage"])
        sockets, errors = [], []

        def page(path):
            made = browser.new_context(ignore_https_errors=True).new_page()
            made.on("websocket", lambda socket: sockets.append(socket.url))
            made.on("pageerror", lambda error: errors.append(f"{path}: {error}"))
            made.goto(f"https://localhost:{port}{path}")
            return made

        desk = page("/desk")
        desk.fill("#signin-operator", "mia")
        desk.fill("#signin-password", PASSWORD)
        desk.press("#signin-password", "Enter")
        desk.locator('[data-queue-switch="memorial"]').click()
        expect(desk.locator('[data-queue-switch="memorial"][aria-checked=true]')).to_be_visible(timeout=20_000)
        patron = page("/chat/memorial")
        patron.fill("#callslip-composer", "Is this private?")
        patron.press("#callslip-composer", "Enter")
        desk.locator("[data-waiting-chat]", has_text="Is this private?").locator("[data-claim]").click(timeout=20_000)
        column = desk.locator("[data-chat-column]", has_text="Is this private?")
        column.locator("[data-composer]").fill("It is.")
        column.locator("[data-composer]").press("Enter")
        expect(patron.locator("#callslip-log").get_by_text("It is.", exact=True)).to_be_visible(timeout=20_000)
        hold(sockets and all(url.startswith(f"wss://localhost:{port}/") for url in sockets), f"each WebSocket is by TLS: {sockets}")
        hold(desk.evaluate("isSecureContext") and not errors, f"the pages work: {errors}")
        hold(any(cookie["secure"] and cookie["httpOnly"] for cookie in desk.context.cookies()), "the browser keeps the cookie for HTTPS alone")
        browser.close()


def renewal(node, authority, trust, held):
    """The chain comes first; what does not fit is not used. Then its key."""
    old, new = authority.serial(1), authority.issue(["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])

    def shown():
        return openssl("x509", "-noout", "-serial", given=offer()[1]).stdout.strip()

    hold(shown() == old, f"the certificate of the file is shown: {shown()}, not {old}")
    with connect(f"wss://localhost:{port}/ws", ssl=trust, subprotocols=["callslip.v1"]) as patron:
        hold(hello(patron) == "welcome", "a WebSocket by TLS is welcome")
        authority.link("fullchain", new)
        until("the node to complain", 20, lambda: "the key does not belong to the certificate" in node.said())
        hold(shown() == old, "a chain without its key is not used")
        authority.link("privkey", new)
        until("the new certificate", 20, lambda: shown() == authority.serial(new))
        hold(ask(held, "GET", "/healthz")[0] == 200, "a connection of before goes on")
        patron.ping().wait(10)
        patron.send(json.dumps({"t": "typing", "chat": "0" * 32}))
        hold(patron.ping().wait(10), "a WebSocket of before goes on")
    hold("renewed" in node.said(), "the log tells that the certificate was renewed")
    spoken(authority)


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    authority = Authority(folder)
    authority.issue(["rsa:2048"])
    authority.link("fullchain", 1)
    authority.link("privkey", 1)
    (folder / "acme").mkdir()
    (folder / "acme" / "abc_-1").write_text("abc.key")
    live = folder / "live"

    def node(certificate=live / "fullchain.pem", key=live / "privkey.pem", url=f"https://localhost:{port}"):
        return Node(program, folder, port, url=url, extra=f"""webTLS:
  certificate: {certificate}
  key: {key}
  redirect: ["127.0.0.1:{REDIRECT}"]
  local: ["127.0.0.1:{LOCAL}"]
  challenges: {folder}/acme
""")

    node(certificate=folder / "none.pem").refused("there is no file")
    node(certificate=live / "privkey.pem").refused("the certificate cannot be read")
    node(key=folder / "root.key").refused("the key does not belong to the certificate")
    node(url=f"http://localhost:{port}").refused("each of `urls` begins with https://")
    weak = authority.issue(["rsa:1024"])
    node(certificate=folder / f"fullchain{weak}.pem", key=folder / f"privkey{weak}.pem").refused("key too small")
    trust = ssl.create_default_context(cafile=authority.root)
    with node().start(f"http://127.0.0.1:{LOCAL}") as running:
        left = left_handshakes()
        spoken(authority)
        held = pages(trust)
        redirects(folder)
        ran = subprocess.run([program, "health", "--ready", "--node", f"https://localhost:{port}"], capture_output=True, text=True,
                             env={**os.environ, "SSL_CERT_FILE": str(authority.root)}, timeout=20)
        hold(ran.returncode == 0, f"our own commands speak TLS: {ran.stderr}")
        ran = subprocess.run([program, "health", "--node", f"https://localhost:{port}"], capture_output=True, text=True, timeout=20)
        hold(ran.returncode != 0, "our own commands do not believe an authority that this machine does not know")
        people()
        # They have 10 s; everybody was served meanwhile.
        until("the end of handshakes that were begun and left", 20, lambda: ended(left) == LEFT)
        renewal(running, authority, trust, held)
finish("HTTPS")
