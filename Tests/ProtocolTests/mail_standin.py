"""Staff of a library whose node has no mail server, or is off, are mailed by another node that has one; by their own again as soon as it mails; and what both send has one identifier.

    mail_standin.py CALLSLIP PORT    (eight ports from PORT are used)
"""

import asyncio
import json
import secrets
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path

from aiosmtpd.controller import Controller

from client import http
from mail import HOURS, ROSTER, Inbox, Node
from service import expect

LAW, WOG, DIRECTOR = "desk@law.example", "chatwog@consortium.example", "director@law.example"


class Post(Inbox):
    """What the mail servers of both nodes took, each letter with the address that it came from."""

    def to(self, address):
        return [(sender, letter) for sender, recipients, letter, _ in self.letters if recipients == [address]]


def roles(seen_by, name):
    """What one node is known to do at another; nothing where it is not there."""
    with urllib.request.urlopen(seen_by.web + "/api/status", timeout=5) as answer:
        members = json.loads(answer.read())["members"]
    return [role for member in members if member["name"] == name and member["state"] == "alive" for role in member["roles"]]


async def wish(node):
    """An admin asks for what the director is to decide."""
    lea, cookie = await node.lea()
    body = {"ask": "hold", "chat": secrets.token_hex(16), "reason": "Pat was rude", "days": 30, "id": secrets.token_hex(16)}
    status, said, _ = await asyncio.to_thread(
        http, "POST", node.web + "/api/transcripts", body, {"Content-Type": "application/json", "Cookie": cookie, "Origin": node.web})
    expect(status == 200, f"ask: {status} {said}")
    await lea.leave()


async def gap(ltg, law):
    """The hours are posted, and the ledger has a minute that nobody staffed. Answers by how many seconds the clocks are ahead."""
    for posted in range(0, 400, 90):
        # The first one makes the keyring.
        for node in (ltg, law):
            node.start(ahead=posted)
            await node.serves()
        # It keeps the passwords of its people.
        await ltg.until("the library's node", lambda: roles(ltg, "law"))
        await ltg.ready("hours")
        token = (ltg.folder / "data/admin").read_text().split()[1]
        status, body, _ = await asyncio.to_thread(http, "GET", f"{ltg.web}/api/ledger?library=law", None, {"Authorization": f"Bearer {token}"})
        expect(status == 200, f"the ledger: {status} {body}")
        if body["libraries"][0]["gapCount"] == 1:
            return posted
        law.stop()
        ltg.stop()
    raise AssertionError(f"no gap was noted: {body}")


async def another_speaks(binary, port, folder):
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", f"{folder}/clock.so", Path(__file__).parent / "clock.c"], check=True)
    inbox = Post()
    server = Controller(inbox, hostname="127.0.0.1", port=port + 7)
    server.start()

    def mail(name):
        return f'{{server: "127.0.0.1:{port + 7}", security: none, from: ask@{name}.example}}'

    ltg = Node(binary, port, folder, "ltg", mail("ltg"))
    law = Node(binary, port + 3, folder, "law", coordinator=ltg)
    (ltg.folder / "roster.yaml").write_text(ROSTER.replace("node: solo", "node: law"))
    (ltg.folder / "hours.yaml").write_text(HOURS)
    try:
        posted = await gap(ltg, law)
        for node in (law, ltg):
            node.stop()

        # Its own node has no mail server: the library is mailed by the other one, and told of the desk of its own.
        for node in (ltg, law):
            node.start(ahead=posted + 400)
            await node.serves()
        await ltg.until("the library's letter", lambda: inbox.to(LAW), seconds=120)
        sender, letter = inbox.to(LAW)[0]
        expect(sender == "ask@ltg.example" and f"{law.web}/desk" in letter.get_content(), f"{sender} {letter}")
        expect(not inbox.to(WOG), "ChatWog was told before its time")
        # So is the director, of what an admin asks at their own node.
        await wish(law)
        await ltg.until("the director's letter", lambda: inbox.to(DIRECTOR), seconds=120)
        sender, letter = inbox.to(DIRECTOR)[0]
        expect(sender == "ask@ltg.example" and f"{law.web}/transcripts" in letter.get_content(), f"{sender} {letter}")
        for word in ("Pat", "rude", "lea", "Lea"):
            expect(word not in letter.get_content(), f"{word} was mailed: {letter}")
        for node in (law, ltg):
            node.stop()

        # It is off: ChatWog is mailed, and the library not again.
        ltg.start(ahead=posted + 1_020)
        await ltg.until("ChatWog's letter", lambda: inbox.to(WOG), seconds=120)
        sender, letter = inbox.to(WOG)[0]
        expect(sender == "ask@ltg.example" and f"{ltg.web}/desk" in letter.get_content(), f"{sender} {letter}")
        expect(len(inbox.to(LAW)) == 1, f"{inbox.letters}")

        # It comes back and has one now: what it does not know to be sent it sends once more, and whoever gets it may know it by its identifier.
        law.configure(mail("law"), ltg)
        law.start(ahead=posted + 1_020)
        await law.until("the letters again", lambda: len(inbox.to(WOG)) == 2 and len(inbox.to(LAW)) == 2 and len(inbox.to(DIRECTOR)) == 2, seconds=120)
        for address in (LAW, WOG, DIRECTOR):
            (first, one), (second, other) = inbox.to(address)
            expect((first, second) == ("ask@ltg.example", "ask@law.example") and one["Message-ID"] == other["Message-ID"], f"{first} {one} {second} {other}")
        # From here on it speaks for its library alone.
        await ltg.until("the word that the library's node mails", lambda: "mail" in roles(ltg, "law"))
        for count in (3, 4):
            await wish(law)
            await law.until("the director's next letter", lambda: len(inbox.to(DIRECTOR)) >= count)
        expect([sender for sender, _ in inbox.to(DIRECTOR)] == ["ask@ltg.example"] + 3 * ["ask@law.example"], f"{inbox.letters}")
        expect((len(inbox.to(LAW)), len(inbox.to(WOG))) == (2, 2), f"{inbox.letters}")
    finally:
        law.stop()
        ltg.stop()
        server.stop()


async def main(binary, port):
    with tempfile.TemporaryDirectory() as folder:
        try:
            await another_speaks(binary, port, folder)
        except BaseException:
            for log in Path(folder).glob("*/log"):
                print(log.parent.name, log.read_text()[-4000:], file=sys.stderr)
            raise
    print("mail: another node mailed the staff of a library whose node has no mail server, or was off; its own did again as soon as it could")


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
