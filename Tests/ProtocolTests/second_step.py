"""The second step of a sign-in, by a client with a clock of its own: turned on with a secret and a first code, each code good once, recovery codes, a colleague's turned off and
told, wrong codes that get slower and do not lock out, and everything still so after a restart.

    second_step.py CALLSLIP PORT    (three ports from PORT are used)
"""
import base64
import json
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

import node as nodes
from node import Node, finish, hold
from onetime import code_of

nodes.CONSORTIUM = """
general: {queue: general, title: Ask a Librarian}
libraries:
  - name: memorial
    title: Memorial Library
    node: solo
    queues: [{name: memorial, title: Memorial Library}]
    operators:
      - {name: mia, display: Mia, password: reading-room-1, queues: [memorial]}
      - {name: otto, display: Otto, password: reading-room-2, queues: [memorial], admin: true}
  - name: law
    title: Law Library
    node: solo
    queues: [{name: law, title: Law Library}]
    operators:
      - {name: lea, display: Lea, password: reading-room-3, queues: [law], admin: true}
"""
PASSWORDS = {"mia": "reading-room-1", "otto": "reading-room-2", "lea": "reading-room-3"}
program, port = sys.argv[1], int(sys.argv[2])
url = f"http://127.0.0.1:{port}"
opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(method, path, body=None, cookie=None, token=None, wait=True):
    """(status, the JSON of the answer); waits where it is told to wait, unless that is the question."""
    while True:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        if cookie:
            headers["Cookie"] = f"callslip_session={cookie}"
        if token:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(url + path, method=method, headers=headers, data=None if body is None else json.dumps(body).encode())
        try:
            with opener.open(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as error:
            said = json.loads(error.read())
            if error.code != 429 or not wait:
                return error.code, said
            time.sleep(said["retryMs"] / 1000)


def sign_in(name, code=None, **how):
    return ask("POST", "/api/sign-in", {"operator": name, "password": PASSWORDS[name], **({} if code is None else {"code": code})}, **how)


def refused(answer, status, code):
    hold(answer[0] == status and answer[1].get("code") == code and answer[1].get("text"), f"{status} {code} with a sentence; found {answer}")


with tempfile.TemporaryDirectory() as folder:
    with Node(program, folder, port).start(url) as node:
        admin = (node.data / "admin").read_text().split()[-1]
        mia = sign_in("mia")[1]["session"]
        hold(ask("GET", "/api/second-step", cookie=mia) == (200, {"on": False, "recoveryLeft": 0, "admin": False}), "it is off at first")

        # Nobody turns it on at a desk that was left open, or without having seen the app's first code.
        refused(ask("POST", "/api/second-step", {"do": "begin", "password": "not-hers"}, cookie=mia), 400, "wrongPassword")
        refused(ask("POST", "/api/second-step", {"do": "confirm", "code": "123456"}, cookie=mia), 409, "begin")
        refused(ask("POST", "/api/second-step", {"do": "dance", "password": "x"}, cookie=mia), 400, "invalid")
        status, begun = ask("POST", "/api/second-step", {"do": "begin", "password": PASSWORDS["mia"]}, cookie=mia)
        hold(status == 200, f"a secret is shown; found {status} {begun}")
        secret = begun["secret"]
        link = urllib.parse.urlsplit(begun["link"])
        told = urllib.parse.parse_qs(link.query)
        hold((link.scheme, link.netloc, link.path) == ("otpauth", "totp", "/Callslip:mia"), f"the link names who it is for: {begun['link']}")
        hold(told == {"secret": [secret.replace(" ", "")], "issuer": ["Callslip"]}, f"the link has the same secret: {told}")
        hold(all(len(group) == 4 for group in secret.split(" ")) and len(secret.replace(" ", "")) == 32, f"160 bits in groups of four: {secret}")
        refused(ask("POST", "/api/second-step", {"do": "confirm", "code": code_of(secret, 5)}, cookie=mia), 400, "wrongCode")
        hold(sign_in("mia")[0] == 200, "it is not on before a first code")
        first = code_of(secret)
        status, on = ask("POST", "/api/second-step", {"do": "confirm", "code": first}, cookie=mia)
        hold(status == 200 and len(set(on["recovery"])) == 10, f"ten recovery codes; found {status} {on}")
        recovery = on["recovery"]

        # The password alone opens nothing, a code once, and of the codes the present one and its neighbours alone.
        refused(sign_in("mia"), 401, "codeNeeded")
        refused(sign_in("mia", ""), 401, "codeNeeded")
        refused(ask("POST", "/api/sign-in", {"operator": "mia", "password": "wrong", "code": code_of(secret, 1)}), 401, "wrongPassword")
        refused(sign_in("mia", first), 401, "wrongCode")
        refused(sign_in("mia", code_of(secret, 7)), 401, "wrongCode")
        code = code_of(secret, 1)
        status, said = sign_in("mia", f"{code[:3]} {code[3:]}")
        hold(status == 200 and "told" not in said, f"the next code, as people type it; found {status} {said}")
        refused(sign_in("mia", code), 401, "wrongCode")
        hold(ask("GET", "/api/second-step", cookie=mia) == (200, {"on": True, "recoveryLeft": 10, "admin": False}), "it is on")

        # Recovery codes: each once, also in small letters without dashes; another's are nobody's.
        status, said = sign_in("mia", recovery[0].lower().replace("-", ""))
        hold(status == 200 and "9 are left" in said.get("told", ""), f"a recovery code, and what is left; found {status} {said}")
        refused(sign_in("mia", recovery[0]), 401, "wrongCode")
        refused(sign_in("mia", "AAAA-BBBB-CCCC-DDDD"), 401, "wrongCode")

        # A restart forgets nothing.
        node.stop()
        node.start(url)
        admin = (node.data / "admin").read_text().split()[-1]
        refused(sign_in("mia"), 401, "codeNeeded")
        refused(sign_in("mia", code), 401, "wrongCode")
        refused(sign_in("mia", recovery[0]), 401, "wrongCode")
        hold((node.data / "second-steps").stat().st_mode & 0o077 == 0, "the file is its owner's alone")
        stored = (node.data / "second-steps").read_bytes()
        raw = base64.b32decode(secret.replace(" ", ""))
        hold(raw not in stored and raw.hex().encode() not in stored and secret.replace(" ", "").encode() not in stored, "the secret is not in the file as it is")

        # Another phone, by password and code; the former one's secret and recovery codes are worth nothing then.
        mia = sign_in("mia", recovery[1])[1]["session"]
        refused(ask("POST", "/api/second-step", {"do": "begin", "password": PASSWORDS["mia"]}, cookie=mia), 400, "codeNeeded")
        status, begun = ask("POST", "/api/second-step", {"do": "begin", "password": PASSWORDS["mia"], "code": recovery[2]}, cookie=mia)
        hold(status == 200 and begun["secret"] != secret, f"a new secret; found {status} {begun}")
        status, on = ask("POST", "/api/second-step", {"do": "confirm", "code": code_of(begun["secret"])}, cookie=mia)
        hold(status == 200, f"on with the new phone; found {status} {on}")
        refused(sign_in("mia", recovery[3]), 401, "wrongCode")

        # The phone is lost: the library's admin helps, another's does not, nor does a colleague.
        otto, lea = sign_in("otto")[1]["session"], sign_in("lea")[1]["session"]
        refused(ask("POST", "/api/second-step/off-for", {"operator": "otto"}, cookie=mia), 403, "notAllowed")
        refused(ask("POST", "/api/second-step/off-for", {"operator": "mia"}, cookie=lea), 404, "unknown")
        refused(ask("POST", "/api/second-step/off-for", {"operator": "nobody"}, cookie=otto), 404, "unknown")
        refused(ask("POST", "/api/second-step/off-for", {"operator": "otto"}, cookie=otto), 404, "unknown")
        refused(sign_in("mia"), 401, "codeNeeded")
        hold(ask("GET", "/api/second-step", cookie=otto)[1].get("admin") is True, "an admin may")
        status, said = ask("POST", "/api/second-step/off-for", {"operator": "mia"}, cookie=otto)
        hold(status == 200 and "Mia" in said["text"], f"off for Mia; found {status} {said}")
        hold("a second step was turned off" in node.said() and "Otto (otto)" in node.said(), "it is in the node's log")
        status, said = sign_in("mia")
        hold(status == 200 and "Otto (otto) turned your second step off" in said.get("told", ""), f"Mia is told; found {status} {said}")
        hold("told" not in sign_in("mia")[1], "once")
        hold(ask("GET", "/api/second-step", cookie=said["session"])[1].get("turnedOffBy") == "Otto (otto)", "and can read it later")

        # One's own is turned off by password and code; the admin token helps anybody.
        for _ in range(2):
            status, begun = ask("POST", "/api/second-step", {"do": "begin", "password": PASSWORDS["lea"]}, cookie=lea)
            status, on = ask("POST", "/api/second-step", {"do": "confirm", "code": code_of(begun["secret"])}, cookie=lea)
            hold(status == 200, f"on for Lea; found {status} {on}")
            if _ == 0:
                refused(ask("POST", "/api/second-step", {"do": "off", "password": PASSWORDS["lea"]}, cookie=lea), 400, "codeNeeded")
                refused(ask("POST", "/api/second-step", {"do": "off", "password": PASSWORDS["lea"], "code": "000000"}, cookie=lea), 400, "wrongCode")
                status, said = ask("POST", "/api/second-step", {"do": "off", "password": PASSWORDS["lea"], "code": on["recovery"][9]}, cookie=lea)
                hold(status == 200 and sign_in("lea")[0] == 200, f"off by herself; found {status} {said}")
        # Whoever has the password and tries codes gets slower like any other, and a right recovery code ends that.
        answers = [sign_in("lea", f"{number:06}", wait=False) for number in range(7)]
        hold([answer[0] for answer in answers[:5]] == [401] * 5 and answers[5][0] == 429, f"the sixth wrong code waits: {answers}")
        hold(sign_in("lea", on["recovery"][0])[0] == 200, "a recovery code signs in all the same")
        hold(ask("POST", "/api/second-step/off-for", {"operator": "lea"}, token=admin)[0] == 200 and sign_in("lea")[0] == 200, "the admin token helps")

        # A file of keys that is lost opens nothing: the node says so, instead of asking for no code.
        status, begun = ask("POST", "/api/second-step", {"do": "begin", "password": PASSWORDS["lea"]}, cookie=lea)
        ask("POST", "/api/second-step", {"do": "confirm", "code": code_of(begun["secret"])}, cookie=lea)
        node.stop()
        (node.data / "account-keys").unlink()
        node.refused("sealed by another key")

finish("second step")
