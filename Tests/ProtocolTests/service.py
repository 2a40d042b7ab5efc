"""One node with a small consortium, its patrons and operators; for check.py."""

import asyncio
import subprocess

from client import ZERO, Client, Failure, fresh, http

ROSTER = """
general: {queue: general, title: Ask a Librarian}
libraries:
  - name: memorial
    title: Memorial Library
    node: local
    fallback: immediately
    card: {hours: "9-17", wording: "Ask for the map room."}
    queues: [{name: memorial, title: Memorial Library}]
    operators:
      - {name: mia, display: Mia, password: reading-room-1, queues: [memorial, general]}
      - {name: max, display: Max, password: reading-room-2, queues: [memorial]}
  - name: law
    title: Law Library
    node: local
    fallback: "off"
    queues: [{name: law, title: Law Library}]
    operators:
      - {name: lea, display: Lea, password: reading-room-3, queues: [law]}
"""
PASSWORDS = {"mia": "reading-room-1", "max": "reading-room-2", "lea": "reading-room-3"}


class Service:
    def __init__(self, binary, port, folder):
        self.web = f"http://127.0.0.1:{port}"
        self.url = f"ws://127.0.0.1:{port}/ws"
        self.folder = folder
        self.log = open(f"{folder}/log", "w")
        self.process = subprocess.Popen(
            [binary, "serve", "--data", f"{folder}/data", "--port", str(port)], stdout=self.log, stderr=subprocess.STDOUT)
        self.clients = []

    async def ready(self, binary):
        for _ in range(600):
            if self.process.poll() is not None:
                raise Failure(f"the node ended with {self.process.returncode}")
            try:
                if (await asyncio.to_thread(http, "GET", self.web + "/api/status"))[0] == 200 and "serves the sample" in self.said():
                    break
            except OSError:
                pass
            await asyncio.sleep(0.1)
        else:
            raise Failure("the node did not get ready within a minute")
        with open(f"{self.folder}/roster.yaml", "w") as file:
            file.write(ROSTER)
        result = await asyncio.to_thread(
            subprocess.run, [binary, "import", "--data", f"{self.folder}/data", f"{self.folder}/roster.yaml"], capture_output=True, text=True)
        if result.returncode != 0:
            raise Failure(f"import: {result.stdout}{result.stderr}")

    def said(self):
        with open(f"{self.folder}/log") as file:
            return file.read()

    async def patron(self):
        client = await Client(self.url).connect({"t": "hello", "v": 1, "role": "patron", "client": "check/1"})
        self.clients.append(client)
        await client.get("welcome")
        await client.get("service", state="ok")
        return client

    async def operator(self, name):
        status, body, cookie = await asyncio.to_thread(
            http, "POST", self.web + "/api/sign-in", {"operator": name, "password": PASSWORDS[name]})
        if status != 200 or set(body) != {"session", "operator", "display"} or "HttpOnly" not in cookie or "SameSite=Strict" not in cookie:
            raise Failure(f"sign-in of {name}: {status} {body} {cookie}")
        return await self.desk(body["session"]), body["session"]

    async def desk(self, session):
        client = await Client(self.url).connect({"t": "hello", "v": 1, "role": "operator", "client": "check/1", "session": session})
        self.clients.append(client)
        await client.get("welcome")
        await client.get("me")
        await client.get("board")
        return client

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise Failure("the node did not stop") from None


def expect(condition, sentence):
    if not condition:
        raise Failure(sentence)


def birth(queue):
    return {"chat": fresh(), "secret": fresh(), "attach": fresh(), "queue": queue, "referralAgreed": True}


def resume(born, attach, after=ZERO):
    return {"chat": born["chat"], "secret": born["secret"], "attach": attach, "after": after, "queue": born["queue"]}
