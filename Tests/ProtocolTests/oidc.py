"""Signing in by the campus: with a real OpenID Connect provider (Django OAuth Toolkit, which asks for PKCE), and with one that lies in each way it can.

    oidc.py CALLSLIP PORT    (six ports from PORT are used)
"""
import base64
import hashlib
import http.cookiejar
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hmac import HMAC

import node as nodes
from node import Node, finish, hold, until
from onetime import code_of

nodes.CONSORTIUM = """
general: {queue: general, title: Ask a Librarian}
libraries:
  - name: memorial
    title: Memorial Library
    node: solo
    queues: [{name: memorial, title: Memorial Library}]
    operators:
      - {name: mia, display: Mia, password: reading-room-1, campus: mm123, queues: [memorial]}
      - {name: vera, display: Vera, password: reading-room-2, campus: vv77, queues: [memorial]}
"""
program, port = sys.argv[1], int(sys.argv[2])
url, campus, liar = (f"http://127.0.0.1:{port + place}" for place in (0, 3, 4))
CALLBACK = url + "/api/campus/callback"
PEOPLE = {"mm123": "campus-password-1", "stranger9": "campus-password-2", "vv77": "campus-password-3"}


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Browser:
    """A browser as far as cookies and redirects go."""

    def __init__(self):
        self.jar = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar), Stay())

    def ask(self, address, form=None, data=None, headers=None):
        """(status, headers, text); follows nothing."""
        body = urllib.parse.urlencode(form).encode() if form is not None else json.dumps(data).encode() if data is not None else None
        kind = {} if data is None else {"Content-Type": "application/json"}
        request = urllib.request.Request(address, data=body, headers={**kind, **(headers or {})})
        while True:
            try:
                with self.opener.open(request, timeout=30) as answer:
                    return answer.status, answer.headers, answer.read().decode(errors="replace")
            except urllib.error.HTTPError as error:
                text = error.read().decode(errors="replace")
                if error.code != 429:
                    return error.code, error.headers, text
                # One network asks a great deal here: it waits as it is told to.
                time.sleep(json.loads(text).get("retryMs", 1000) / 1000)

    def begin(self):
        status, headers, text = self.ask(url + "/api/campus/begin")
        hold(status == 303, f"the browser is led to the campus; found {status} {text[:300]}")
        return headers["Location"], {name: values[0] for name, values in urllib.parse.parse_qs(urllib.parse.urlsplit(headers["Location"]).query).items()}

    def to_callback(self, name, password=None):
        """Signs in at the campus, as somebody there; answers the address at which the campus sends the browser back."""
        address, _ = self.begin()
        for _ in range(6):
            if address.startswith(CALLBACK):
                return address
            status, headers, text = self.ask(address)
            if status == 200 and "name=password" in text:
                hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="(\w+)"', text))
                status, headers, text = self.ask(address, form={"username": name, "password": password or PEOPLE[name], **hidden})
            if "Location" not in headers:
                return None
            address = urllib.parse.urljoin(address, headers["Location"])
        return None

    def me(self):
        status, _, text = self.ask(url + "/api/me")
        return json.loads(text)["operator"] if status == 200 else None


def refused(answer, status, code, words):
    text = answer[2]
    hold(answer[0] == status and f'data-code="{code}"' in text and words in text, f"{status} {code} `{words}`; found {answer[0]} {text[-500:]}")
    hold("callslip_session" not in str(answer[1].get_all("Set-Cookie")), "and nobody is signed in")


def callback(**fields):
    return CALLBACK + "?" + urllib.parse.urlencode(fields)


def text64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Liar:
    """A provider that says what `lie` wants, in everything else as it should."""

    def __init__(self):
        self.lie, self.nonce, self.asked = None, "", []
        self.rsa, self.other = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        self.ec, self.id = ec.generate_private_key(ec.SECP256R1()), "first"
        numbers = self.rsa.public_key().public_numbers()
        self.modulus = numbers.n.to_bytes(256, "big")

    def keys(self):
        point = self.ec.public_key().public_numbers()
        modulus = self.rsa.public_key().public_numbers().n.to_bytes(256, "big")
        return {"keys": [
            {"kty": "RSA", "kid": self.id, "use": "sig", "n": text64(modulus), "e": "AQAB"},
            {"kty": "EC", "crv": "P-256", "kid": "curve", "x": text64(point.x.to_bytes(32, "big")), "y": text64(point.y.to_bytes(32, "big"))},
            {"kty": "OKP", "crv": "Ed25519", "kid": "unknown-kind", "x": "AA"}, {"kty": 7},
        ]}

    def document(self):
        return {
            "issuer": liar + "/other" if self.lie == "issuer of the document" else liar, "authorization_endpoint": liar + "/authorize",
            "token_endpoint": "http://192.0.2.1/token" if self.lie == "address in the clear" else liar + "/token", "jwks_uri": liar + "/keys",
            "code_challenge_methods_supported": ["plain"] if self.lie == "no S256" else ["S256"],
        }

    def token(self):
        now = int(time.time())
        head = {"alg": "RS256", "kid": self.id, "typ": "JWT"}
        claims = {"iss": liar, "aud": "callslip-solo", "sub": "17", "preferred_username": "mm123", "nonce": self.nonce, "iat": now, "exp": now + 300}
        change = {
            "nonce": {"nonce": "another"}, "no nonce": {"nonce": None}, "aud": {"aud": "another-service"}, "aud list": {"aud": ["another-service"]},
            "azp": {"aud": ["callslip-solo", "another"], "azp": "another"}, "two without azp": {"aud": ["callslip-solo", "another"]},
            "iss": {"iss": liar + "/other"}, "expired": {"iat": now - 500, "exp": now - 130}, "old": {"iat": now - 3_600}, "of tomorrow": {"iat": now + 86_400, "exp": now + 90_000},
            "no end": {"exp": None}, "not yet": {"nbf": now + 3_000}, "no name": {"preferred_username": None}, "a number": {"preferred_username": 123},
            "nobody": {"sub": ""}, "list good": {"aud": ["callslip-solo"]}, "azp good": {"aud": ["callslip-solo", "another"], "azp": "callslip-solo"},
        }
        claims.update(change.get(self.lie, {}))
        claims = {name: value for name, value in claims.items() if value is not None}
        if self.lie == "alg none":
            head["alg"] = "none"
        elif self.lie == "HS256":
            head["alg"] = "HS256"
        elif self.lie == "crit":
            head["crit"] = ["exp"]
        elif self.lie == "unknown key":
            head["kid"] = "nobody-knows"
        elif self.lie == "ES256 good":
            head.update(alg="ES256", kid="curve")
        elif self.lie == "key of another kind":
            head["kid"] = "curve"
        signed = f"{text64(json.dumps(head).encode())}.{text64(json.dumps(claims).encode())}"
        if self.lie in ("alg none", "no signature"):
            return signed + "."
        if self.lie == "HS256":
            mac = HMAC(self.modulus, hashes.SHA256())
            mac.update(signed.encode())
            return f"{signed}.{text64(mac.finalize())}"
        if self.lie == "ES256 good":
            r, s = decode_dss_signature(self.ec.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
            return f"{signed}.{text64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
        key = self.other if self.lie == "wrong key" else self.rsa
        signature = text64(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))
        if self.lie == "changed afterwards":
            head, body, _ = signed.split(".") + [""]
            signed = f"{head}.{text64(json.dumps({**claims, 'preferred_username': 'vv77'}).encode())}"
        return f"{signed}.{signature}" + (".more" if self.lie == "four parts" else "")

    def answer(self, path, body):
        """(status, headers, bytes)."""
        if path.endswith("/.well-known/openid-configuration"):
            return 200, {}, json.dumps(self.document()).encode()
        if path == "/keys":
            return (200, {}, b"[]") if self.lie == "no keys" else (200, {}, json.dumps(self.keys()).encode())
        self.asked.append(urllib.parse.parse_qs(body))
        if self.lie == "an error":
            return 400, {}, b'{"error":"invalid_grant"}'
        if self.lie == "led elsewhere":
            return 302, {"Location": liar + "/keys"}, b""
        if self.lie == "much too long":
            return 200, {}, b'{"id_token":"' + b"A" * 200_000 + b'"}'
        if self.lie == "no JSON":
            return 200, {}, b"<html>busy</html>"
        if self.lie == "no token":
            return 200, {}, b'{"access_token":"x"}'
        return 200, {}, json.dumps({"id_token": self.token(), "access_token": "x", "token_type": "Bearer"}).encode()

    def serve(self):
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                length = int(self.headers.get("Content-Length") or 0)
                status, headers, data = outer.answer(urllib.parse.urlsplit(self.path).path, self.rfile.read(length).decode())
                self.send_response(status)
                for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(data))}.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    self.wfile.write(data)
                except OSError:
                    pass  # The node has heard enough.

            do_POST = do_GET

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", port + 4), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


def real_provider(node):
    browser = Browser()
    status, _, text = browser.ask(url + "/api/campus")
    hold((status, json.loads(text)) == (200, {"title": "Sign in with your NetID"}), f"the desk is told of the button: {status} {text}")
    status, headers, _ = browser.ask(url + "/api/campus/begin")
    cookie = headers["Set-Cookie"]
    hold(all(word in cookie for word in ("HttpOnly", "SameSite=Lax", "Path=/api/campus", "Max-Age=600")), f"the cookie is kept to itself: {cookie}")
    address, asked = browser.begin()
    expected = {"response_type": "code", "client_id": "callslip-solo", "redirect_uri": CALLBACK, "scope": "openid profile", "code_challenge_method": "S256"}
    hold(address.startswith(campus + "/o/authorize/?") and {name: asked.get(name) for name in expected} == expected, f"what is asked of the campus: {address}")
    hold(len(asked["code_challenge"]) == 43 and len({asked["state"], asked["nonce"], asked["code_challenge"]}) == 3, f"random, and each another: {asked}")
    hold(asked["state"] not in cookie and asked["nonce"] not in cookie, "the cookie is sealed")

    # Mia, from the button to the desk.
    back = browser.to_callback("mm123")
    status, headers, _ = browser.ask(back)
    cookies = headers.get_all("Set-Cookie") or []
    hold(status == 303 and headers["Location"] == "/desk", f"on to the desk: {status} {headers}")
    hold(any(one.startswith("callslip_session=") and "HttpOnly" in one and "SameSite=Strict" in one for one in cookies), f"signed in as by a password: {cookies}")
    hold(any(one.startswith("callslip_campus=;") and "Max-Age=0" in one for one in cookies), "what was begun is over")
    hold(browser.me() == "mia", f"as Mia: {browser.me()}")
    refused(browser.ask(back), 403, "otherBrowser", "not begun in this browser")

    # The same code again, with the cookie that was kept: the provider gives nothing for it.
    kept = Browser()
    back = kept.to_callback("mm123")
    sealed = next(one.value for one in kept.jar if one.name == "callslip_campus")
    hold(kept.ask(back)[0] == 303, "the first time")
    refused(Browser().ask(back, headers={"Cookie": f"callslip_campus={sealed}"}), 502, "provider", "sign in with your password")

    # Whoever is sent somebody else's address, or brings their own cookie to it, is signed in as nobody.
    mine, other = Browser(), Browser()
    back = mine.to_callback("mm123")
    refused(other.ask(back), 403, "otherBrowser", "not begun in this browser")
    other.begin()
    refused(other.ask(back), 403, "otherBrowser", "not begun in this browser")
    hold(mine.ask(back)[0] == 303, "where it was begun, it is good")
    for wrong in ("", "AAAA", sealed[:-2] + ("AA" if sealed[-2:] != "AA" else "BB"), "x" * 2_000):
        refused(Browser().ask(back, headers={"Cookie": f"callslip_campus={wrong}"}), 403, "otherBrowser", "not begun in this browser")

    # PKCE: the code and the client's secret are not enough at the provider.
    thief = Browser()
    code = urllib.parse.parse_qs(urllib.parse.urlsplit(thief.to_callback("mm123")).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK, "client_id": "callslip-solo", "client_secret": "a secret: of 100 %"}
    status, _, text = Browser().ask(campus + "/o/token/", form=form)
    hold(status == 400, f"the provider asks for the verifier: {status} {text}")

    # No account, no sign-in; the campus's no is a no.
    stranger = Browser()
    refused(stranger.ask(stranger.to_callback("stranger9")), 403, "noAccount", "Your campus knows you as `stranger9`, which has no account here")
    hold(stranger.me() is None and Browser().to_callback("mm123", "wrong") is None, "no sign-in at the campus, none here")
    denied = Browser()
    _, asked = denied.begin()
    refused(denied.ask(callback(state=asked["state"], error="access_denied")), 403, "denied", "did not sign you in")
    denied.begin()
    refused(denied.ask(callback(error="<script>", error_description="<b>")), 403, "otherBrowser", "not begun")
    _, asked = denied.begin()
    refused(denied.ask(callback(state=asked["state"], code="x", iss="https://other.example")), 403, "badToken", "another service answered")

    # Her second step is not gone around.
    browser = Browser()
    status, _, text = browser.ask(url + "/api/sign-in", data={"operator": "vera", "password": "reading-room-2"})
    secret = json.loads(browser.ask(url + "/api/second-step", data={"do": "begin", "password": "reading-room-2"})[2])["secret"]
    hold(browser.ask(url + "/api/second-step", data={"do": "confirm", "code": code_of(secret)})[0] == 200, "Vera's second step is on")
    vera = Browser()
    refused(vera.ask(vera.to_callback("vv77")), 403, "secondStep", "sign in with your password and a code")

    # Who has left is not let in by the campus either.
    file = node.folder / "next.yaml"
    file.write_text(re.sub(r"      - {name: mia.*\n", "", nodes.CONSORTIUM))
    ran = subprocess.run([program, "import", str(file), "--data", str(node.data), "--close"], capture_output=True, text=True, timeout=60)
    hold(ran.returncode == 0 and "closed: mia" in ran.stdout, f"Mia has left: {ran.stdout}{ran.stderr}")
    gone = Browser()
    refused(gone.ask(gone.to_callback("mm123")), 403, "noAccount", "which has no account here")
    ran = subprocess.run([program, "import", str(node.folder / "consortium.yaml"), "--data", str(node.data)], capture_output=True, text=True, timeout=60)
    hold(ran.returncode == 0, f"Mia is back: {ran.stdout}{ran.stderr}")
    back = Browser()
    hold(back.ask(back.to_callback("mm123"))[0] == 303, "and comes in")
    said = node.said()
    hold("a sign-in by the campus was refused" in said and "stranger9" not in said and secret not in said, "the log says that, and no name")


def lying_provider(node, provider):
    def come_back(lie):
        provider.lie = lie
        browser = Browser()
        address, asked = browser.begin()
        provider.nonce = asked["nonce"]
        return browser.ask(callback(state=asked["state"], code="a-code", iss=liar)), browser, asked

    for good in (None, "ES256 good", "list good", "azp good"):
        answer, browser, asked = come_back(good)
        hold(answer[0] == 303 and browser.me() == "mia", f"what is right is taken ({good}): {answer[0]} {answer[2][-300:]}")
        verifier = provider.asked[-1]["code_verifier"][0]
        hold(text64(hashlib.sha256(verifier.encode()).digest()) == asked["code_challenge"] and "client_secret" not in provider.asked[-1], "the verifier is the challenge's")
    for lie, words in {
        "nonce": "answers another sign-in", "no nonce": "answers another sign-in", "aud": "meant for another service", "aud list": "meant for another service",
        "azp": "given to another service", "two without azp": "given to another service", "iss": "another service issued it", "expired": "it has ended",
        "old": "this node’s clock right", "of tomorrow": "this node’s clock right", "no end": "until when it is good", "not yet": "not good yet",
        "no name": "does not say `preferred_username`", "a number": "does not say `preferred_username`", "nobody": "names nobody",
        "alg none": "not signed by RS256 or ES256", "HS256": "not signed by RS256 or ES256", "crit": "an extension", "unknown key": "a key that the service does not show",
        "key of another kind": "a key that the service does not show", "wrong key": "its signature is wrong", "no signature": "its signature is wrong",
        "changed afterwards": "its signature is wrong", "four parts": "no signed token",
    }.items():
        answer, browser, _ = come_back(lie)
        refused(answer, 403, "badToken", words)
        hold(browser.me() is None, f"signed in by a lie: {lie}")
    for lie in ("an error", "led elsewhere", "much too long", "no JSON", "no token"):
        answer, browser, _ = come_back(lie)
        refused(answer, 502, "provider", "did not answer as it should")
        hold(browser.me() is None, f"signed in by a lie: {lie}")

    # The service has another key: it is fetched, though not more often than every few seconds.
    provider.rsa, provider.id = provider.other, "second"
    until("the new key", 30, lambda: come_back(None)[0][0] == 303)


def lying_document(node, provider):
    """A node that has just started reads the service's own documents."""
    for lie in ("issuer of the document", "address in the clear", "no S256", None):
        provider.lie = lie
        answer = Browser().ask(url + "/api/campus/begin")
        if lie is None:
            hold(answer[0] == 303, f"it is asked again: {answer[0]}")
        else:
            refused(answer, 502, "provider", "did not answer as it should")
    hold("it calls itself" in node.said() and "which is not https" in node.said(), "the log says what is wrong")


def configuration(issuer, more=""):
    return f'oidc: {{issuer: "{issuer}", client: callslip-solo, claim: preferred_username{more}}}'


with tempfile.TemporaryDirectory() as folder:
    folder = Path(folder)
    (folder / "secret").write_text("a secret: of 100 %\n")
    service = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("campus_provider.py")), str(port + 3), str(folder), CALLBACK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        hold(service.stdout.readline() == "ready\n", "the campus's service starts")
        (folder / "a").mkdir()
        more = f', secretFile: {folder}/secret, title: "Sign in with your NetID"'
        with Node(program, folder / "a", port, extra=configuration(campus + "/o", more)).start(url) as node:
            real_provider(node)
            service.stdin.close()
            service.wait(20)
            # It does not answer at all: a sentence, and passwords as ever.
            gone = Browser()
            address, asked = gone.begin()
            refused(gone.ask(callback(state=asked["state"], code="x")), 502, "provider", "sign in with your password")
            hold(gone.ask(url + "/api/sign-in", data={"operator": "mia", "password": "reading-room-1"})[0] == 200, "passwords go on")
    finally:
        service.kill()
    provider = Liar()
    server = provider.serve()
    (folder / "b").mkdir()
    with Node(program, folder / "b", port, extra=configuration(liar)).start(url) as node:
        lying_document(node, provider)
        lying_provider(node, provider)
        node.stop()
        for wrong, words in {
            configuration("http://login.campus.example"): "is no https address", configuration(liar, ", secretFile: /nowhere"): "cannot be read",
            "oidc: {client: x}": "issuer", configuration(liar, ", nonsense: 1"): "nonsense",
        }.items():
            node.config.write_text(node.config.read_text().replace(configuration(liar), wrong))
            node.refused(words)
            node.config.write_text(node.config.read_text().replace(wrong, configuration(liar)))
    server.shutdown()

finish("sign-in by the campus")
