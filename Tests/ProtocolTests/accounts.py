"""Accounts are made and closed by import: first codes choose a password once, a dry run changes nothing, and who has left signs in no more, holds no sign-in and is told of nothing, while
their name stays where it stood.

    accounts.py CALLSLIP PORT    (three ports from PORT are used)
"""
import json
import re
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import node as nodes
from node import Node, finish, hold, until

FILE = """
general: {{queue: general, title: Ask a Librarian}}
libraries:
  - name: memorial
    title: Memorial Library
    node: solo
    queues: [{{name: memorial, title: Memorial Library}}]
    operators:
      - {{name: otto, display: Otto, password: reading-room-2, queues: [memorial], admin: true}}
{people}
  - name: law
    title: Law Library
    node: solo
    queues: [{{name: law, title: Law Library}}]
    operators:
      - {{name: lea, display: Lea, password: reading-room-3, queues: [law]}}
"""
MIA = "      - {name: mia, display: Mia, queues: [memorial, general]}\n"
MAX = "      - {name: max, display: Max, password: reading-room-4, queues: [memorial]}\n"
nodes.CONSORTIUM = FILE.format(people=MAX)
program, port = sys.argv[1], int(sys.argv[2])
url = f"http://127.0.0.1:{port}"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(method, path, body=None, cookie=None):
    while True:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if cookie:
            headers["Cookie"] = f"callslip_session={cookie}"
        request = urllib.request.Request(url + path, method=method, headers=headers, data=None if body is None else json.dumps(body).encode())
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            said = json.loads(error.read())
            if error.code != 429:
                return error.code, said
            time.sleep(said["retryMs"] / 1000)


def sign_in(name, password, **more):
    return ask("POST", "/api/sign-in", {"operator": name, "password": password, **more})


def refused(answer, status, code):
    hold(answer[0] == status and answer[1].get("code") == code and answer[1].get("text"), f"{status} {code} with a sentence; found {answer}")


with tempfile.TemporaryDirectory() as folder:
    with Node(program, folder, port).start(url) as node:

        def bring(people, *options):
            """Imports the file with these people of Memorial, and answers what was said."""
            file = node.folder / "next.yaml"
            file.write_text(FILE.format(people=people))
            ran = subprocess.run([program, "import", str(file), "--data", str(node.data), *options], capture_output=True, text=True, timeout=60)
            hold(ran.returncode == 0, f"import {options}: {ran.returncode} {ran.stdout}{ran.stderr}")
            return ran.stdout

        # Made: Mia has no password yet, and gets a code; importing again gives her no other.
        said = bring(MAX + MIA, "--dry-run")
        hold("1 account would be made: mia" in said and "First codes" not in said, f"a dry run says who comes: {said}")
        refused(sign_in("mia", "whatever-it-is"), 401, "wrongPassword")
        said = bring(MAX + MIA)
        hold("1 account made: mia" in said and "First codes" not in said, f"made, and nobody is given a code unasked: {said}")
        said = bring(MAX + MIA, "--first-codes")
        found = re.search(r"mia  ([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})  Mia", said)
        hold(found, f"the import gives Mia a first code: {said}")
        code = found.group(1)
        hold("First codes" not in bring(MAX + MIA, "--first-codes"), "a code that was not used yet stays the code")
        hold("no account would be made or closed" in bring(MAX + MIA, "--dry-run"), "nothing to do")

        # Chosen once, with a password that is one; then the code is nobody's.
        refused(sign_in("otto", code), 401, "wrongPassword")
        refused(sign_in("mia", code), 401, "choosePassword")
        refused(sign_in("mia", code, newPassword="short"), 400, "badPassword")
        refused(sign_in("mia", code, newPassword=code), 400, "badPassword")
        status, mia = sign_in("mia", code.lower().replace("-", " "), newPassword="reading-room-1")
        hold(status == 200 and mia.get("operator") == "mia", f"a password is chosen: {status} {mia}")
        refused(sign_in("mia", code), 401, "wrongPassword")
        refused(sign_in("mia", code, newPassword="reading-room-9"), 401, "wrongPassword")
        hold(sign_in("mia", "reading-room-1")[0] == 200, "it stands")
        hold("First codes" not in bring(MAX + MIA, "--first-codes"), "who has a password gets no code")

        # Forgotten: the admin of the library, or the admin's token, makes another code; the old password is good until a new one is chosen.
        otto = sign_in("otto", "reading-room-2")[1]["session"]
        status, made = ask("POST", "/api/accounts/first-code", {"operator": "mia"}, cookie=otto)
        hold(status == 200 and "Mia" in made["text"], f"a code for Mia: {status} {made}")
        refused(ask("POST", "/api/accounts/first-code", {"operator": "lea"}, cookie=otto), 404, "unknown")
        hold(sign_in("mia", "reading-room-1")[0] == 200, "the old password is good until then")
        ran = subprocess.run([program, "accounts", "first-code", "mia", "--data", str(node.data)], capture_output=True, text=True, timeout=60)
        later = ran.stdout.split("\n")[0]
        hold(ran.returncode == 0 and later != made["code"], f"another code: {ran.stdout}{ran.stderr}")
        refused(sign_in("mia", made["code"]), 401, "wrongPassword")
        hold(sign_in("mia", later, newPassword="reading-room-5")[0] == 200, "the newest code is the one")
        refused(sign_in("mia", "reading-room-1"), 401, "wrongPassword")

        # Who has left: a plain import leaves them, and says so; --close closes, and nobody else.
        mia = sign_in("mia", "reading-room-5")[1]["session"]
        hold(ask("GET", "/api/me", cookie=mia)[0] == 200, "Mia is signed in")
        lea = sign_in("lea", "reading-room-3")[1]["session"]
        said = bring(MAX)
        hold("not in the file stay open (--close closes them): mia" in said, f"she is not in the file, and stays: {said}")
        said = bring(MAX, "--close", "--dry-run")
        hold("1 account would be closed: mia" in said, f"a dry run says whom it would close: {said}")
        hold(ask("GET", "/api/me", cookie=mia)[0] == 200 and sign_in("max", "reading-room-4")[0] == 200, "and closes nobody")
        mia = sign_in("mia", "reading-room-5")[1]["session"]
        said = bring(MAX, "--close")
        hold("1 account closed: mia" in said and "made" not in said, f"closed: {said}")
        refused(sign_in("mia", "reading-room-5"), 401, "wrongPassword")
        refused(sign_in("mia", later, newPassword="reading-room-6"), 401, "wrongPassword")
        hold(ask("GET", "/api/me", cookie=mia)[0] == 401, "her sign-ins have ended")
        hold(ask("GET", "/api/me", cookie=lea)[0] == 200, "nobody else's has")
        refused(ask("POST", "/api/accounts/first-code", {"operator": "mia"}, cookie=otto), 409, "closed")
        said = bring(MAX, "--close")
        hold("closed" not in said, f"once: {said}")

        # A restart opens nothing. Who is in the file again comes back, with a new code, and is who they were.
        node.stop()
        node.start(url)
        refused(sign_in("mia", "reading-room-5"), 401, "wrongPassword")
        said = bring(MAX + MIA, "--first-codes")
        found = re.search(r"mia  ([A-Z2-7-]{19})  Mia", said)
        hold("made: mia" in said and found, f"she comes back: {said}")
        hold(sign_in("mia", found.group(1), newPassword="reading-room-7")[0] == 200, "and chooses a password anew")
        # A library that the file says nothing of is left alone.
        file = node.folder / "law.yaml"
        file.write_text(re.sub(r"  - name: memorial\n(?:    .*\n|      .*\n|\n)+", "", FILE.format(people="")))
        ran = subprocess.run([program, "import", str(file), "--data", str(node.data), "--close", "--dry-run"], capture_output=True, text=True, timeout=60)
        hold(ran.returncode == 0 and "no account would be made or closed" in ran.stdout, f"other libraries' people stay: {ran.stdout}{ran.stderr}")

finish("accounts")
