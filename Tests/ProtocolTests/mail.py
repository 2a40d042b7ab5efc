"""Answers are mailed to patrons who left an address, by a real mail server (aiosmtpd): with TLS and sign-in, refused for good, without TLS where TLS is asked for, and never a note of staff.

    mail.py CALLSLIP PORT    (five ports from PORT are used)
"""

import asyncio
import email
import email.policy
import itertools
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from check import birth, expect
from client import Client, Failure, fresh, http

ROSTER = """
general: {queue: general, title: Ask a Librarian}
libraries:
  - name: law
    title: Law Library (Bücherei)
    node: solo
    fallback: "off"
    queues: [{name: law, title: Law Library}]
    operators: [{name: lea, display: Lea, password: reading-room-3, queues: [law]}]
"""
REFUSED = "nobody@home.example"
CODES = (f"W{number}A" for number in itertools.count(10))


class Inbox:
    """What the mail server took."""

    def __init__(self):
        self.letters = []
        self.signed_in = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address == REFUSED:
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.letters.append((envelope.mail_from, envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default), session.ssl))
        return "250 OK"

    def authenticate(self, server, session, envelope, mechanism, data):
        self.signed_in.append((data.login, data.password))
        return AuthResult(success=(data.login, data.password) == (b"callslip", b"post-horn"))


class Node:
    def __init__(self, binary, port, folder, name, mail):
        self.binary, self.folder, self.web = binary, Path(folder) / name, f"http://127.0.0.1:{port}"
        self.folder.mkdir()
        (self.folder / "node.yaml").write_text(f"""
node: solo
cluster: {name}
data: {self.folder}/data
keyring: {self.folder}/keyring
roles: [library, coordinator]
web: ["127.0.0.1:{port}"]
urls: ["{self.web}"]
peer: "127.0.0.1:{port + 1}"
gossip: "127.0.0.1:{port + 2}"
coordinators: [{{name: solo, id: 1, peer: "127.0.0.1:{port + 1}"}}]
mail: {mail}
""")
        (self.folder / "roster.yaml").write_text(ROSTER)
        self.process = None

    def start(self):
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen([self.binary, "serve", "--config", self.folder / "node.yaml"], stdout=self.log, stderr=subprocess.STDOUT)

    def said(self):
        return (self.folder / "log").read_text()

    def fails(self, words):
        done = subprocess.run([self.binary, "serve", "--config", self.folder / "node.yaml"], capture_output=True, text=True, timeout=60)
        expect(done.returncode != 0 and words in done.stdout + done.stderr, f"expected {words!r}, came: {done.stdout}{done.stderr}")

    async def until(self, what, condition):
        for _ in range(600):
            if self.process.poll() is not None:
                raise Failure(f"the node ended with {self.process.returncode}")
            if condition():
                return
            await asyncio.sleep(0.1)
        raise Failure(f"waited a minute in vain for {what}")

    async def ready(self):
        def is_ready():
            try:
                with urllib.request.urlopen(self.web + "/readyz", timeout=5) as answer:
                    return answer.status == 200
            except OSError:
                return False

        await self.until("the node", is_ready)
        await asyncio.to_thread(subprocess.run, [self.binary, "import", "--data", f"{self.folder}/data", f"{self.folder}/roster.yaml"], check=True, capture_output=True)

        def is_known():
            with urllib.request.urlopen(self.web + "/api/status", timeout=5) as answer:
                return '"law"' in answer.read().decode()

        await self.until("the roster", is_known)

    async def answer(self, contact, words, note=None):
        """A question is left with a contact, and answered by Lea."""
        url = self.web.replace("http", "ws") + "/ws"
        patron = await Client(url).connect({"t": "hello", "v": 1, "role": "patron", "client": "check/1"})
        await patron.get("service", state="ok")
        born = birth("law")
        chat = born["chat"]
        await patron.ok("open", **born)
        await patron.say(chat, "When was the library built?")
        await patron.phase(chat, "unattended")
        await patron.ok("keep", chat=chat, code=f"K7QM-3XRT-{next(CODES)}", contact=contact)
        status, body, _ = await asyncio.to_thread(http, "POST", self.web + "/api/sign-in", {"operator": "lea", "password": "reading-room-3"})
        expect(status == 200, f"sign-in: {status} {body}")
        lea = await Client(url).connect({"t": "hello", "v": 1, "role": "operator", "client": "check/1", "session": body["session"]})
        await lea.board("the question", lambda b: next((w for w in b["kept"] if w["chat"] == chat), None))
        token = (await lea.ok("claim", chat=chat))["token"]
        await lea.say(chat, words, token=token)
        if note:
            await lea.say(chat, note, token=token, kind="note")
        await lea.ok("close", chat=chat, token=token)
        for client in (patron, lea):
            await client.leave()
        return chat

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(30)


def certificate(folder):
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
         "-keyout", f"{folder}/mail.key", "-out", f"{folder}/mail.pem"], check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(f"{folder}/mail.pem", f"{folder}/mail.key")
    return context


async def in_the_clear(binary, port, folder):
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=port + 4)
    server.start()
    node = Node(binary, port, folder, "clear", f'{{server: "127.0.0.1:{port + 4}", security: none, from: ask@law.example}}')
    try:
        node.start()
        await node.ready()
        await node.answer("pat@home.example", "In 1953.\n.\nSee “Über uns”.", note="Their third question this week.")
        await node.until("the letter", lambda: inbox.letters)
        sender, to, letter, _ = inbox.letters[0]
        text = letter.get_content()
        expect(sender == "ask@law.example" and to == ["pat@home.example"], f"{sender} {to}")
        expect(letter["From"].addresses[0].display_name == "Law Library (Bücherei)" and letter["Auto-Submitted"] == "auto-generated", str(letter))
        expect("When was the library built?" in text and "In 1953.\n.\nSee “Über uns”." in text.replace("\r\n", "\n") and "Lea:" in text, text)
        expect("third question" not in text, "a note of staff was mailed")
        await node.answer("555-0100", "It was 1953.")
        await node.until("the contact that is no address", lambda: "is no address" in node.said())
        await node.answer(REFUSED, "It was in 1953.")
        await node.until("the refusal", lambda: "will not be mailed" in node.said())
        expect(REFUSED not in node.said().replace("no such mailbox", ""), "an address is in the log")
        # A restart sends nothing twice.
        node.stop()
        node.start()
        await node.ready()
        await node.answer("second@home.example", "Still 1953.")
        await node.until("the second letter", lambda: len(inbox.letters) == 2)
        expect(inbox.letters[1][1] == ["second@home.example"], f"{inbox.letters}")
    finally:
        node.stop()
        server.stop()


async def with_tls_and_sign_in(binary, port, folder):
    inbox = Inbox()
    server = Controller(
        inbox, hostname="127.0.0.1", port=port + 4, tls_context=certificate(folder), require_starttls=True, auth_required=True,
        authenticator=inbox.authenticate)
    server.start()
    (Path(folder) / "password").write_text("post-horn\n")
    mail = f'{{server: "localhost:{port + 4}", from: ask@law.example, user: callslip, passwordFile: {folder}/password, authorities: {folder}/mail.pem}}'
    node = Node(binary, port, folder, "tls", mail)
    try:
        node.start()
        await node.ready()
        await node.answer("pat@home.example", "In 1953.")
        await node.until("the letter", lambda: inbox.letters)
        expect(inbox.letters[0][3] is not None and inbox.signed_in == [(b"callslip", b"post-horn")], "the letter came without TLS or sign-in")
    finally:
        node.stop()
        server.stop()


async def a_silent_server(binary, port, folder):
    """One that takes connections and says nothing does not keep the node from stopping, and the letter goes after the next start."""
    silent = socket.create_server(("127.0.0.1", port + 4))
    node = Node(binary, port, folder, "silent", f'{{server: "127.0.0.1:{port + 4}", security: none, from: ask@law.example}}')
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=port + 4)
    try:
        node.start()
        await node.ready()
        await node.answer("pat@home.example", "In 1953.")
        silent.settimeout(60)
        held, _ = await asyncio.to_thread(silent.accept)
        # Its own limits are 20 s and 2 minutes; `stop` waits for half a minute and fails.
        node.stop()
        held.close()
        silent.close()
        server.start()
        node.start()
        await node.until("the letter", lambda: inbox.letters)
        expect(inbox.letters[0][1] == ["pat@home.example"], f"{inbox.letters}")
    finally:
        silent.close()
        node.stop()
        if server.server:
            server.stop()


async def never_without_tls(binary, port, folder):
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=port + 4)
    server.start()
    node = Node(binary, port, folder, "stripped", f'{{server: "127.0.0.1:{port + 4}", from: ask@law.example}}')
    try:
        node.start()
        await node.ready()
        await node.answer("pat@home.example", "In 1953.")
        await node.until("the word that it was not sent", lambda: "not mailed yet" in node.said())
        expect(not inbox.letters, "a letter went in the clear")
    finally:
        node.stop()
        server.stop()


async def main(binary, port):
    with tempfile.TemporaryDirectory() as folder:
        for number, (mail, words) in enumerate((
            ('{server: "mail.example:587", from: nobody}', "is no address such as"), ('{server: mail.example, from: a@b.example}', "write it as"),
            ('{server: "mail.example:25", from: a@b.example, security: none}', "is for a server on this machine"),
            ('{server: "mail.example:25", from: a@b.example, user: x}', "go together"), ('{from: a@b.example}', "server"),
        )):
            Node(binary, port, folder, f"wrong-{number}", mail).fails(words)
        for part in (in_the_clear, with_tls_and_sign_in, never_without_tls, a_silent_server):
            try:
                await part(binary, port, folder)
            except BaseException:
                for log in Path(folder).glob("*/log"):
                    print(log.parent.name, log.read_text()[-3000:], file=sys.stderr)
                raise
    print("mail: answers went by a real server, in the clear to this machine, by TLS with a sign-in; refused and stripped ones did not")


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
