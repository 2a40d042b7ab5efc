"""A second client of the client protocol, written from Sources/ClientProtocol/PROTOCOL.md alone.

Every object that a node sends is held to the fields that the document lists: a missing or an undocumented one is a failure.
"""
import asyncio
import json
import secrets
import urllib.error
import urllib.request

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

WAIT_S = 30
ZERO = [0, 0]


class Failure(Exception):
    """The node did something other than the document says."""


def fresh():
    """An identifier: 128 random bits as 32 lower-case hexadecimal digits."""
    return secrets.token_hex(16)


def hex32(value):
    return isinstance(value, str) and len(value) == 32 and all(c in "0123456789abcdef" for c in value)


def text(value):
    return isinstance(value, str)


def whole(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def boolean(value):
    return isinstance(value, bool)


def position(value):
    return isinstance(value, list) and len(value) == 2 and all(whole(n) for n in value)


def named(*words):
    return lambda value: value in words


def null_or(check):
    return lambda value: value is None or check(value)


def each(check):
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def fields(required, optional=None):
    """An object with exactly these fields. An optional one that is null counts as absent."""
    optional = optional or {}

    def check(value):
        if not isinstance(value, dict):
            return False
        for name, rule in required.items():
            if name not in value or not rule(value[name]):
                raise Failure(f"field {name} of {json.dumps(value)[:300]} is not as documented")
        for name, item in value.items():
            if name in required:
                continue
            if name not in optional:
                raise Failure(f"field {name} of {json.dumps(value)[:300]} is not documented")
            if item is not None and not optional[name](item):
                raise Failure(f"field {name} of {json.dumps(value)[:300]} is not as documented")
        return True

    return check


REF = fields({"name": text, "title": text})
PERSON = fields({"name": text, "display": text, "library": REF})
CODES = named(
    *"unknownChat unknownQueue unknownOperator unknownSession wrongSecret fenced notHolder alreadyClaimed notWaiting closed outOfOrder "
    "tooLong tooMany full notStaffed notAllowed triedBefore offerOver notAvailable invalid unknownKind busy".split())
BYES = named(*"version signIn badFrame badJson tooFast slow idle elsewhere signedOut shutdown full".split())
REASONS = named(
    *"closed nobodySignedOn nobodyAvailableHere everybodyLeaving paused staffed everybodyBusy fallbackOff fallsBackTo "
    "generalUnavailable unknownQueue".split())
CLOSES = named("byOperator", "byPatron", "patronGone", "answeredMessage", "notAnswered", "blocked")


def by_kind(key, kinds):
    return lambda value: isinstance(value, dict) and value.get(key) in kinds and kinds[value[key]](value)


OFFER = fields({"offer": text, "target": REF, "asked": boolean, "untilS": whole}, {"answerInS": whole})
PHASE = by_kind("p", {
    "waiting": fields({"p": text, "queue": REF, "ahead": whole}),
    "held": fields({"p": text, "by": PERSON}, {"token": text, "mine": boolean, "offer": OFFER, "watchers": each(PERSON), "watching": boolean}),
    "ask": fields({"p": text, "referral": REF}),
    "unattended": fields({"p": text}),
    "kept": fields({"p": text}),
    "closed": fields({"p": text, "reason": CLOSES}),
})
QUEUE_EVENT = fields({"e": text, "queue": REF})
PERSON_EVENT = fields({"e": text, "name": text, "display": text, "library": REF})
EVENT = by_kind("e", {
    "opened": QUEUE_EVENT, "referred": QUEUE_EVENT, "transferAsked": QUEUE_EVENT, "transferDeclined": QUEUE_EVENT, "offered": QUEUE_EVENT,
    "claimed": PERSON_EVENT, "pickedUp": PERSON_EVENT,
    "returned": fields({"e": text, "queue": REF, "reason": named("notPickedUp", "targetGone", "withdrawn")}),
    "requeued": fields({"e": text, "queue": REF, "reason": named("released", "operatorGone", "transferFailed")}),
    "nobodyThere": fields({"e": text}), "kept": fields({"e": text}), "closed": fields({"e": text, "reason": CLOSES}),
})


def entry(value):
    if "event" in value:
        return fields({"at": position, "by": named("service"), "ms": whole, "event": EVENT}, {"own": boolean})(value)
    if "note" in value:
        return fields(
            {"at": position, "by": named("staff"), "ms": whole, "note": text, "sender": hex32, "seq": whole},
            {"name": text, "library": REF, "late": boolean, "held": boolean, "branch": boolean})(value)
    return fields(
        {"at": position, "by": named("patron", "staff", "service"), "ms": whole, "text": text, "sender": hex32, "seq": whole},
        {"name": text, "library": REF, "late": boolean, "own": boolean, "held": boolean, "branch": boolean})(value)


def room_line(value):
    who = {"at": text, "by": fields({"name": text, "display": text, "library": REF}), "ms": whole}
    if isinstance(value, dict) and "takes" in value:
        return fields({**who, "takes": text})(value)
    return fields({**who, "text": text}, {"swamped": boolean})(value)


LINE = fields(
    {"chat": hex32, "library": null_or(REF), "queue": REF, "question": text, "waitedS": whole, "mayClaim": boolean},
    {"offer": text, "by": text, "note": text, "dueS": whole, "onDuty": boolean, "firstS": whole, "listed": text})
REFERRED = fields(
    {"chat": hex32, "queue": REF, "home": REF, "askedS": whole, "dueS": whole, "standing": named("waiting", "claimed", "answered", "lapsed", "over")},
    {"by": PERSON, "endedMs": whole})
DUTY = named("library", "general", "both")
CARD = fields({name: text for name in "hours website phone email policies lastChecked wording".split()})
MESSAGES = {
    "welcome": fields({
        "t": text, "v": named(1), "node": text, "boot": text, "nodes": each(text), "pingS": whole, "now": whole,
        "limits": fields({"textBytes": whole, "frameBytes": whole})}, {"desk": text}),
    "service": fields({"t": text, "state": named("ok", "isolated")}, {"text": text}),
    "ok": fields({"t": text, "re": hex32}, {"token": text, "offer": text, "chat": hex32}),
    "refused": fields({"t": text, "code": CODES, "text": text}, {"re": hex32, "retryMs": whole}),
    "ack": fields({"t": text, "chat": hex32, "sender": hex32, "seq": whole, "level": named("safe", "held"), "at": position}),
    "nack": fields({"t": text, "chat": hex32, "sender": hex32, "seq": whole, "code": CODES, "text": text}, {"retryMs": whole}),
    "notice": fields({"t": text, "text": text}),
    "typing": fields({"t": text, "chat": hex32, "who": named("staff", "patron")}),
    "fenced": fields({"t": text, "chat": hex32}),
    "chat": fields(
        {"t": text, "chat": hex32, "epoch": whole, "last": position, "queue": REF, "phase": PHASE, "patronPresent": boolean,
         "opened": whole, "marks": lambda value: isinstance(value, dict) and all(hex32(k) and whole(v) for k, v in value.items())},
        {"attach": hex32, "library": REF, "usualWaitS": whole, "held": boolean}),
    "msgs": fields({"t": text, "chat": hex32, "m": each(entry), "more": boolean}),
    "me": fields({
        "t": text, "operator": text, "display": text, "library": REF, "session": hex32, "queues": each(REF), "available": each(text),
        "leavingS": null_or(whole), "until": null_or(whole), "duty": null_or(DUTY), "duties": each(DUTY)},
        {"volunteers": boolean, "trainee": boolean, "mentor": PERSON}),
    "room": fields({"t": text, "lines": each(room_line)}),
    "board": fields({
        "t": text,
        "queues": each(fields(
            {"name": text, "title": text, "library": null_or(REF), "general": boolean, "reach": named("own", "referred", "nobody"),
             "takesTransfers": boolean, "reasons": each(fields({"code": REASONS, "text": text})), "staffed": whole, "free": whole,
             "waiting": whole, "paused": boolean, "outsideHours": boolean}, {"usualWaitS": null_or(whole)})),
        "waiting": each(LINE), "kept": each(LINE),
        "claimed": each(fields({"chat": hex32, "by": fields({"name": text, "display": text})})),
        "staff": each(fields({
            "name": text, "display": text, "library": REF, "available": each(text), "chats": whole, "leavingS": null_or(whole), "until": null_or(whole)},
            {"duty": DUTY, "volunteers": boolean, "trainee": boolean, "mentor": text}))},
        {"libraries": each(fields({
            "name": text, "title": text, "fallback": named("immediately", "ringFirst", "off"), "card": CARD})), "asksEnding": boolean, "referred": each(REFERRED), "shifts": whole}),
    "bye": fields({"t": text, "code": BYES, "text": text, "retryMs": null_or(whole)}, {"want": each(whole)}),
}


class Client:
    """One connection, with everything that came, in order."""

    def __init__(self, url):
        self.url = url
        self.seen = []
        self.sender = fresh()
        self.seq = {}
        self.change = asyncio.Event()
        self.closed = None

    async def connect(self, hello=None, subprotocol="callslip.v1"):
        self.socket = await connect(self.url, subprotocols=[subprotocol] if subprotocol else None, max_size=65536)
        self.reader = asyncio.create_task(self.read())
        if hello:
            await self.send(hello)
        return self

    async def read(self):
        try:
            async for frame in self.socket:
                if not isinstance(frame, str):
                    raise Failure("the node sent a binary frame")
                message = json.loads(frame)
                kind = message.get("t")
                if kind not in MESSAGES:
                    raise Failure(f"kind {kind} is not documented")
                MESSAGES[kind](message)
                self.seen.append(message)
                self.wake()
        except ConnectionClosed:
            pass
        except Failure as failure:
            self.seen.append({"t": "failure", "text": str(failure)})
        self.closed = self.socket.close_code
        self.wake()

    def wake(self):
        self.change.set()
        self.change = asyncio.Event()

    async def send(self, message):
        await self.socket.send(message if isinstance(message, (str, bytes)) else json.dumps(message))

    async def until(self, what, find):
        """Waits for a condition, never for a time."""
        async def wait():
            while True:
                for message in self.seen:
                    if message["t"] == "failure":
                        raise Failure(message["text"])
                found = find()
                if found:
                    return found
                if self.closed is not None:
                    raise Failure(f"the connection closed with {self.closed} before {what}; came: {self.seen[-3:]}")
                await self.change.wait()
        try:
            return await asyncio.wait_for(wait(), WAIT_S)
        except asyncio.TimeoutError:
            raise Failure(f"{what} did not come within {WAIT_S} s; came: {self.seen[-3:]}") from None

    async def get(self, kind, **wanted):
        def find():
            return next((m for m in self.seen if m["t"] == kind and all(m.get(k) == v for k, v in wanted.items())), None)
        return await self.until(f"{kind} {wanted}", find)

    async def ask(self, kind, /, re=None, **more):
        """A request, and its one answer."""
        re = re or fresh()
        before = len(self.seen)
        await self.send({"t": kind, "re": re, **more})

        def find():
            return next((m for m in self.seen[before:] if m["t"] in ("ok", "refused") and m.get("re") == re), None)
        return await self.until(f"the answer to {kind}", find)

    async def ok(self, kind, /, **more):
        answer = await self.ask(kind, **more)
        if answer["t"] != "ok":
            raise Failure(f"{kind} was refused: {answer}")
        return answer

    async def refused(self, code, kind, /, **more):
        answer = await self.ask(kind, **more)
        if answer["t"] != "refused" or answer["code"] != code:
            raise Failure(f"{kind} should be refused with {code}; came: {answer}")
        return answer

    async def say(self, chat, words, **more):
        """Says (or, with kind="note", notes) and waits for `ack` or `nack`; a nacked number is not used up."""
        kind = more.pop("kind", "say")
        seq = more.pop("seq", self.seq.get(chat, 0) + 1)
        sender = more.pop("sender", self.sender)
        before = len(self.seen)
        await self.send({"t": kind, "chat": chat, "sender": sender, "seq": seq, "text": words, **more})

        def find():
            return next((m for m in self.seen[before:] if m["t"] in ("ack", "nack") and m["sender"] == sender and m["seq"] == seq), None)
        answer = await self.until(f"the answer to say {seq}", find)
        if answer["t"] == "ack":
            self.seq[chat] = max(seq, self.seq.get(chat, 0))
        return answer

    def messages(self, chat):
        """All entries of a chat as they came on this connection."""
        return [entry for m in self.seen if m["t"] == "msgs" and m["chat"] == chat for entry in m["m"]]

    def state(self, chat):
        states = [m for m in self.seen if m["t"] == "chat" and m["chat"] == chat]
        return states[-1] if states else None

    async def phase(self, chat, name, **more):
        def find():
            state = self.state(chat)
            if not state or state["phase"]["p"] != name:
                return None
            return state["phase"] if all(state["phase"].get(k) == v for k, v in more.items()) else None
        return await self.until(f"phase {name} of {chat}", find)

    async def text(self, chat, words):
        return await self.until(f"the text {words!r}", lambda: next((m for m in self.messages(chat) if m.get("text") == words), None))

    async def note(self, chat, words):
        return await self.until(f"the note {words!r}", lambda: next((m for m in self.messages(chat) if m.get("note") == words), None))

    async def event(self, chat, name):
        def find():
            return next((m["event"] for m in self.messages(chat) if m.get("event", {}).get("e") == name), None)
        return await self.until(f"event {name}", find)

    async def board(self, what, find):
        def last():
            boards = [m for m in self.seen if m["t"] == "board"]
            return find(boards[-1]) if boards else None
        return await self.until(f"a board with {what}", last)

    async def room(self, what, find):
        """The newest line of the staff room for which `find` holds."""
        def last():
            rooms = [m for m in self.seen if m["t"] == "room"]
            return next((line for line in reversed(rooms[-1]["lines"]) if find(line)), None) if rooms else None
        return await self.until(f"a line of the staff room with {what}", last)

    async def bye(self, code, close_code):
        """The node says why, then closes."""
        bye = await self.get("bye", code=code)
        await asyncio.wait_for(self.reader, WAIT_S)
        if self.closed != close_code:
            raise Failure(f"bye {code} should close with {close_code}, not {self.closed}")
        return bye

    async def leave(self):
        await self.socket.close()
        await self.reader


def http(method, url, body=None, headers=None):
    """Status, JSON and the cookie of a small request."""
    data = None if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
    request = urllib.request.Request(url, data=data, method=method, headers=headers or {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=WAIT_S) as response:
            return response.status, json.loads(response.read() or b"{}"), response.headers.get("Set-Cookie", "")
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read() or b"{}"), ""
