"""Answers are mailed to patrons who left an address, by a real mail server (aiosmtpd): with TLS and sign-in, refused for good, without TLS where TLS is asked for, and never a note of staff.
Staff are mailed what waits for them: posted hours that nobody staffs (agreement, 3), and what the director is to decide; each once, over restarts as well.

    mail.py CALLSLIP PORT    (five ports from PORT are used)
"""

import asyncio
import email
import email.policy
import itertools
import os
import secrets
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from client import Client, Failure, fresh, http
from service import birth, expect

ROSTER = """
general: {queue: general, title: Ask a Librarian}
libraries:
  - name: law
    title: Law Library (Bücherei)
    node: solo
    fallback: "off"
    card: {email: desk@law.example}
    queues: [{name: law, title: Law Library}, {name: maps, title: The Map Room}]
    operators:
      - {name: lea, display: Lea, password: reading-room-3, queues: [law], admin: true}
      - {name: dora, display: Dora, password: reading-room-4, queues: [law], director: true}
"""
HOURS = """
hours:
  law: {zone: Etc/UTC, semester: &always {monday to sunday: "0:00-24:00"}, intersession: *always, break: *always}
registers:
  alerts:
    - {about: gaps, email: chatwog@consortium.example}
    - {about: gaps, email: nobody@home.example}
    - {about: decisions, library: law, email: director@law.example}
  liaisons:
    - {subject: Cartography, library: law, person: Mel Ost, email: mel@law.example}
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
    def __init__(self, binary, port, folder, name, mail=None, coordinator=None):
        """A library's node and the one coordinator in one; with `coordinator`, another `Node`, a library's node of its cluster that is called `name`."""
        self.binary, self.folder, self.port, self.web = binary, Path(folder) / name, port, f"http://127.0.0.1:{port}"
        self.name, voter = ("solo", self) if coordinator is None else (name, coordinator)
        self.folder.mkdir()
        self.configure(mail, voter)
        (self.folder / "roster.yaml").write_text(ROSTER)
        self.process = None

    def configure(self, mail, voter):
        (self.folder / "node.yaml").write_text(f"""
node: {self.name}
cluster: {voter.folder.name}
data: {self.folder}/data
keyring: {voter.folder}/keyring
roles: [library{", coordinator" if voter is self else ""}]
web: ["127.0.0.1:{self.port}"]
urls: ["{self.web}"]
peer: "127.0.0.1:{self.port + 1}"
gossip: "127.0.0.1:{self.port + 2}"
seeds: ["127.0.0.1:{voter.port + 1}"]
coordinators: [{{name: solo, id: 1, peer: "127.0.0.1:{voter.port + 1}"}}]
{f"mail: {mail}" if mail else ""}
""")

    def start(self, ahead=0):
        """`ahead`: by so many seconds the node's wall clock is before this machine's."""
        clock = {"LD_PRELOAD": f"{self.folder.parent}/clock.so", "CALLSLIP_CLOCK_OFF": str(ahead)} if ahead else {}
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(
            [self.binary, "serve", "--config", self.folder / "node.yaml"], stdout=self.log, stderr=subprocess.STDOUT, env={**os.environ, **clock})

    def said(self):
        return (self.folder / "log").read_text()

    def fails(self, words):
        done = subprocess.run([self.binary, "serve", "--config", self.folder / "node.yaml"], capture_output=True, text=True, timeout=60)
        expect(done.returncode != 0 and words in done.stdout + done.stderr, f"expected {words!r}, came: {done.stdout}{done.stderr}")

    async def until(self, what, condition, seconds=60):
        for _ in range(10 * seconds):
            if self.process.poll() is not None:
                raise Failure(f"the node ended with {self.process.returncode}")
            if condition():
                return
            await asyncio.sleep(0.1)
        raise Failure(f"waited {seconds} s in vain for {what}")

    async def serves(self):
        def is_ready():
            try:
                with urllib.request.urlopen(self.web + "/readyz", timeout=5) as answer:
                    return answer.status == 200
            except OSError:
                return False

        await self.until("the node", is_ready)

    async def ready(self, *files):
        await self.serves()
        for file in ("roster", *files):
            await asyncio.to_thread(
                subprocess.run, [self.binary, "import", "--data", f"{self.folder}/data", f"{self.folder}/{file}.yaml"], check=True, capture_output=True)

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
        lea, _ = await self.lea()
        await lea.board("the question", lambda b: next((w for w in b["kept"] if w["chat"] == chat), None))
        token = (await lea.ok("claim", chat=chat))["token"]
        await lea.say(chat, words, token=token)
        if note:
            await lea.say(chat, note, token=token, kind="note")
        await lea.ok("close", chat=chat, token=token)
        for client in (patron, lea):
            await client.leave()
        return chat

    async def lea(self):
        """At her desk, with her cookie."""
        status, body, cookie = await asyncio.to_thread(http, "POST", self.web + "/api/sign-in", {"operator": "lea", "password": "reading-room-3"})
        expect(status == 200, f"sign-in: {status} {body}")
        hello = {"t": "hello", "v": 1, "role": "operator", "client": "check/1", "session": body["session"]}
        return await Client(self.web.replace("http", "ws") + "/ws").connect(hello), cookie.split(";")[0]

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


def to(inbox, address):
    return [letter for _, recipients, letter, _ in inbox.letters if recipients == [address]]


async def staffed(lea, count):
    await lea.board(f"{count} at the queue", lambda board: any(queue["name"] == "law" and queue["staffed"] == count for queue in board["queues"]))


async def what_waits_for_staff(binary, port, folder):
    """Six minutes later the library is mailed, seventeen minutes later ChatWog, each once: the node's clock is before, and it is started again in between."""
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", f"{folder}/clock.so", Path(__file__).parent / "clock.c"], check=True)
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=port + 4)
    node = Node(binary, port, folder, "staff", f'{{server: "127.0.0.1:{port + 4}", security: none, from: ask@law.example}}')
    (node.folder / "hours.yaml").write_text(HOURS)
    law, wog, director = "desk@law.example", "chatwog@consortium.example", "director@law.example"
    try:
        # The hours are posted, and the ledger has a minute that nobody staffed.
        for posted in range(0, 400, 90):
            node.start(ahead=posted)
            await node.ready("hours")
            token = (node.folder / "data/admin").read_text().split()[1]
            status, body, _ = await asyncio.to_thread(
                http, "GET", f"{node.web}/api/ledger?library=law", None, {"Authorization": f"Bearer {token}"})
            expect(status == 200, f"the ledger: {status} {body}")
            if body["libraries"][0]["gapCount"] == 1:
                break
            node.stop()
        expect(body["libraries"][0]["gapCount"] == 1 and "mailed" not in node.said(), f"{body} {node.said()}")
        node.stop()

        # The mail server is away: it is tried again.
        node.start(ahead=posted + 400)
        await node.until("the try in vain", lambda: "staff are not mailed yet" in node.said())
        node.stop()
        server.start()
        node.start(ahead=posted + 400)
        await node.until("the library's letter", lambda: to(inbox, law))
        letter = to(inbox, law)[0]
        text = letter.get_content()
        expect("Law Library (Bücherei) is posted as open, and for " in text and "Nobody answers its patrons." in text and f"{node.web}/desk" in text, text)
        expect(letter["Auto-Submitted"] == "auto-generated" and "Bücherei" in letter["Subject"], str(letter))
        expect(not to(inbox, wog), "ChatWog was told before its time")
        await node.until("the note of it", lambda: "staff were mailed" in node.said())
        node.stop()

        # Started again it does not send it again: what a director is to decide comes after it in a look, and came.
        node.start(ahead=posted + 400)
        await node.ready()
        lea, cookie = await node.lea()
        wish = {"ask": "hold", "chat": secrets.token_hex(16), "reason": "Pat was rude", "days": 30, "id": secrets.token_hex(16)}
        status, body, _ = await asyncio.to_thread(
            http, "POST", node.web + "/api/transcripts", wish, {"Content-Type": "application/json", "Cookie": cookie, "Origin": node.web})
        expect(status == 200, f"ask: {status} {body}")
        await node.until("the director's letter", lambda: to(inbox, director))
        text = to(inbox, director)[0].get_content()
        expect("asks for a transcript to be kept" in text and f"{node.web}/transcripts" in text, text)
        for word in ("Pat", "rude", "lea", "Lea", wish["chat"], wish["id"]):
            expect(word not in text, f"{word} was mailed: {text}")
        await lea.leave()
        node.stop()

        node.start(ahead=posted + 1_020)
        await node.until("ChatWog's letter", lambda: to(inbox, wog))
        await node.until("the refusal", lambda: "staff will not be mailed of this" in node.said())
        expect(not any(address in node.said() for address in (law, wog, director, REFUSED)), "an address is in the log")
        expect([len(to(inbox, who)) for who in (law, wog, director)] == [1, 1, 1], f"{inbox.letters}")

        # Somebody comes, and three minutes later is there no more: another gap, and another letter in its time.
        await node.ready()
        lea, _ = await node.lea()
        await lea.ok("available", queue="law", on=True)
        await staffed(lea, 1)
        await lea.leave()
        node.stop()
        node.start(ahead=posted + 1_200)
        await node.ready()
        lea, _ = await node.lea()
        await staffed(lea, 0)
        await lea.leave()
        node.stop()
        node.start(ahead=posted + 1_600)
        await node.until("the second gap's letter", lambda: len(to(inbox, law)) == 2)
        expect([len(to(inbox, who)) for who in (wog, director)] == [1, 1], f"{inbox.letters}")

        # A question is referred to be answered later: the library is mailed, and no word of it.
        await node.ready()
        lea, cookie = await node.lea()
        await lea.ok("available", queue="law", on=True)
        patron = await Client(node.web.replace("http", "ws") + "/ws").connect({"t": "hello", "v": 1, "role": "patron", "client": "check/1"})
        born = birth("law")
        chat = born["chat"]
        await patron.ok("open", **born)
        await patron.say(chat, "My name is Pat. Where is the map of 1848?")
        await lea.board("the question", lambda board: any(line["chat"] == chat for line in board["waiting"]))
        token = (await lea.ok("claim", chat=chat))["token"]
        # By the directory's entry of a liaison who has no queue: the question stands in one of their library's.
        status, body, _ = await asyncio.to_thread(http, "GET", f"{node.web}/api/directory?q=cartography", None, {"Cookie": cookie})
        expect(status == 200 and body["found"][0]["name"] == "Mel Ost, Cartography" and "place" in body["found"][0], f"{status} {body}")
        await lea.ok("transfer", chat=chat, token=token, target="maps", consentGiven=False, note="", answerInS=86_400, listing=body["found"][0]["id"])
        await patron.ok("keep", chat=chat, code=f"K7QM-3XRT-{next(CODES)}", contact="pat@home.example")
        await lea.board("what was referred", lambda board: any(
            line["chat"] == chat and line["standing"] == "waiting" and line["queue"]["name"] == "maps" for line in board.get("referred", [])))
        await node.until("the letter of the referral", lambda: len(to(inbox, law)) == 3)
        text = to(inbox, law)[2].get_content()
        expect("referred a question to The Map Room, to be answered within 24 hours." in text, text)
        for word in ("Pat", "1848", "pat@home.example", "Lea", chat):
            expect(word not in text, f"{word} was mailed: {text}")
        # So is the liaison.
        await node.until("the liaison's letter", lambda: to(inbox, "mel@law.example"))
        text = to(inbox, "mel@law.example")[0].get_content()
        expect("referred a question to you, to be answered within 24 hours." in text and "the kept messages of The Map Room" in text, text)
        for word in ("Pat", "1848", "pat@home.example", "Lea", chat):
            expect(word not in text, f"{word} was mailed: {text}")
        expect(not to(inbox, "pat@home.example"), "the patron was mailed, and nobody has answered")
        for client in (patron, lea):
            await client.leave()
    finally:
        node.stop()
        if server.server:
            server.stop()


async def main(binary, port):
    with tempfile.TemporaryDirectory() as folder:
        for number, (mail, words) in enumerate((
            ('{server: "mail.example:587", from: nobody}', "is no address such as"), ('{server: mail.example, from: a@b.example}', "write it as"),
            ('{server: "mail.example:25", from: a@b.example, security: none}', "is for a server on this machine"),
            ('{server: "mail.example:25", from: a@b.example, user: x}', "go together"), ('{from: a@b.example}', "server"),
        )):
            Node(binary, port, folder, f"wrong-{number}", mail).fails(words)
        for part in (in_the_clear, with_tls_and_sign_in, never_without_tls, a_silent_server, what_waits_for_staff):
            try:
                await part(binary, port, folder)
            except BaseException:
                for log in Path(folder).glob("*/log"):
                    print(log.parent.name, log.read_text()[-3000:], file=sys.stderr)
                raise
    print("mail: answers went by a real server, in the clear to this machine, by TLS with a sign-in; refused and stripped ones did not; staff were mailed what waits for them, once")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
