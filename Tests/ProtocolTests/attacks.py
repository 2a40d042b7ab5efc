"""Attacks a running demonstration from loopback, bounded in time and number, while real chats go on; and holds it to this: no leader changes, every node stays alive to the others,
chats and presence are served, memory is bounded.

    attacks.py CALLSLIP BASE_PORT [SECONDS]      a `callslip demo` runs at BASE_PORT, CALLSLIP_DEMO names its folder; SECONDS (12): how long each wave lasts

Three waves: at the public port (slow writers and readers, requests that are begun and left, 5,000 idle connections as far as the limits of open files allow), at the
gossip port (100,000 datagrams of garbage a second; replayed, altered and shortened ones, where raw sockets are allowed), at the peer port (connections that say nothing; a node's own
certificate in the hands of somebody who lies in every field). CALLSLIP_DATAGRAMS: another rate.
"""
import hashlib
import json
import multiprocessing
import os
import pathlib
import random
import re
import resource
import select
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.request

from node import finish, hold

program, base = os.path.abspath(sys.argv[1]), int(sys.argv[2])
SECONDS = float(sys.argv[3]) if len(sys.argv) > 3 else 12
DATAGRAMS = int(os.environ.get("CALLSLIP_DATAGRAMS", "100000"))
FOLDER = pathlib.Path(os.environ["CALLSLIP_DEMO"])
NODES = ["c1", "c2", "c3", "memorial", "college", "steenbock"]
WEB = {name: base + 1 + number for number, name in enumerate(NODES)}
PEER = {name: port + 10 for name, port in WEB.items()}
GOSSIP = {name: port + 20 for name, port in WEB.items()}
TARGET = "steenbock"
MEMORY_KIB_MAX = 256 * 1024
# What a person does not take for a fault; in peace it is some ten milliseconds.
PAUSE_MS_MAX = 3_000
SLOW, READERS, LEFT, IDLE = 300, 100, 200, 5_000


# MARK: What is measured while it lasts

def status(name):
    with urllib.request.urlopen(f"http://127.0.0.1:{WEB[name]}/api/status", timeout=10) as answer:
        return json.loads(answer.read())


def processes():
    """Of the demonstration's nodes: name, process."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = entry.joinpath("cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue
            if "serve" in words:
                found |= {name: int(entry.name) for name in NODES if any(pathlib.Path(word).parent == FOLDER and pathlib.Path(word).stem == name for word in words)
                          or f"{FOLDER}/{name}/node.yaml" in words}
    return found


def memory(process):
    lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


class Watch:
    """Leaders, terms, members, memory, presence and chats, until it is told to stop."""

    def __init__(self):
        self.stopping = threading.Event()
        self.processes = processes()
        hold(set(self.processes) == set(NODES), f"the demonstration's nodes are found: {self.processes}")
        self.before = {name: memory(process) for name, process in self.processes.items()}
        self.most = dict(self.before)
        self.leaders, self.unheard, self.suspected, self.presence, self.chats, self.pauses, self.lost = set(), 0, 0, [], [], [], []

    def begin(self):
        self.threads = [threading.Thread(target=body) for body in (self.watch_nodes, self.watch_presence, self.watch_chats)]
        for thread in self.threads:
            thread.start()

    def watch_nodes(self):
        while not self.stopping.wait(0.5):
            for name, process in self.processes.items():
                self.most[name] = max(self.most[name], memory(process))
            for name in ("c1", "c2", "c3"):
                try:
                    said = status(name)
                except OSError as error:
                    self.lost.append(f"{name} does not answer: {error}")
                    continue
                self.leaders.add((said.get("leader"), said["raft"]["term"]))
                for member in said["members"]:
                    self.unheard = max(self.unheard, member["heardAgoMs"])
                    # A suspicion is a question, to which whoever lives answers within seconds.
                    if member["state"] == "suspect":
                        self.suspected += 1
                    elif member["state"] != "alive":
                        self.lost.append(f"{name} takes {member['name']} for {member['state']}")

    def watch_presence(self):
        while not self.stopping.wait(0.05):
            began = time.monotonic()
            try:
                url = f"http://127.0.0.1:{WEB[TARGET]}/presence/jid/steenbock/chat.local/text"
                urllib.request.urlopen(url, timeout=10).read()
                self.presence.append(time.monotonic() - began)
            except OSError as error:
                self.lost.append(f"presence: {error}")

    def watch_chats(self):
        while not self.stopping.is_set():
            began = time.monotonic()
            web = f"http://127.0.0.1:{WEB[TARGET]}"
            ran = subprocess.run(
                [program, "try", "--patron-node", web, "--desk-node", web, "--queue", "steenbock", "--operator", "stan.steenbock", "--messages", "5"],
                env={**os.environ, "CALLSLIP_PASSWORD": "green-fields-1"}, capture_output=True, text=True, timeout=120)
            self.chats.append(time.monotonic() - began)
            self.pauses += [int(found) for found in re.findall(r"longest pause (\d+) ms", ran.stdout)]
            if ran.returncode != 0:
                self.lost.append(f"a chat: {(ran.stdout + ran.stderr)[-400:]}")

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def judge(self, what):
        self.stop()
        times = sorted(self.presence) or [0]
        grown = {name: self.most[name] - self.before[name] for name in self.before}
        print(f"{what}: {len(self.chats)} chats, the longest {max(self.chats, default=0):.1f} s, the longest pause in one {max(self.pauses, default=0)} ms; presence median {times[len(times) // 2] * 1000:.0f} ms, "
              f"99 % {times[len(times) * 99 // 100] * 1000:.0f} ms; unheard at most {self.unheard} ms, {self.suspected} suspicions seen; memory grew by {max(grown.values())} KiB at most", flush=True)
        hold(len(self.leaders) == 1, f"{what}: one leader, one term: {self.leaders}")
        hold(self.chats and not self.lost, f"{what}: nothing is lost: {self.lost[:4]} ({len(self.lost)} in all)")
        hold(max(self.pauses, default=PAUSE_MS_MAX) < PAUSE_MS_MAX, f"{what}: chats flow: {self.pauses}")
        hold(max(grown.values()) < MEMORY_KIB_MAX, f"{what}: memory is bounded: {grown}")


# MARK: At the public port

def connections(count, network, perNetwork=100):
    """Open connections from many networks of loopback, as far as there are any to be had."""
    opened = []
    for number in range(count):
        try:
            opened.append(socket.create_connection(("127.0.0.1", WEB[TARGET]), timeout=5, source_address=(f"127.{network}.{number // perNetwork}.1", 0)))
        except OSError:
            break
    return opened


def ended(opened):
    """Of connections that may have something to be read: those that the other side closed."""
    closed = 0
    for one in opened:
        one.setblocking(False)
        try:
            while data := one.recv(65_536):
                pass
            closed += 1
        except BlockingIOError:
            pass
        except OSError:
            closed += 1
    return closed


def slow_writers(until, report):
    opened = connections(SLOW, 30)
    for one in opened:
        one.sendall(b"GET /desk HTTP/1.1\r\nHost: a\r\nX-Slow: ")
    while time.monotonic() < until:
        for one in opened:
            try:
                one.send(b"x", socket.MSG_DONTWAIT)
            except OSError:
                pass
        time.sleep(1)
    report["slow writers"] = (len(opened), ended(opened))


def slow_readers(until, report):
    opened = connections(READERS, 31)
    for one in opened:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        one.sendall(b"GET /desk HTTP/1.1\r\nHost: a\r\n\r\n" * 60)
    time.sleep(max(0, until - time.monotonic()))
    report["slow readers"] = (len(opened), 0)


def left_half_open(until, report):
    """Begun and left: nothing, a part of a request, a part of a handshake; new ones all the time."""
    begins = [b"", b"GE", b"POST /api/sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n{", b"\x16\x03\x01\x02\x00\x01\x00"]
    kept, count = [], 0
    while time.monotonic() < until:
        for one in connections(20, 32 + count // 1_000 % 8, 10):
            count += 1
            one.sendall(random.choice(begins))
            kept.append(one)
        for one in kept[:-LEFT]:
            one.close()
        kept = kept[-LEFT:]
        time.sleep(0.1)
    report["left half open"] = (count, 0)


def idle(until, report):
    """As many as the node and this process may have; each asked once, so that it counts as a client's."""
    process = processes()[TARGET]
    files = next(int(line.split()[3]) for line in pathlib.Path(f"/proc/{process}/limits").read_text().splitlines() if line.startswith("Max open files"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(IDLE, files - 1_500, hard - 200)
    opened = connections(count, 50, 250)
    for one in opened:
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    time.sleep(max(0, until - time.monotonic()))
    report["idle"] = (len(opened), ended(opened))


# MARK: At the gossip port

def garbage(until, report):
    chance = random.Random(1)
    pieces = [chance.randbytes(chance.choice([0, 1, 8, 40, 200, 1_400])) for _ in range(256)]
    targets = [("127.0.0.1", GOSSIP[name]) for name in (TARGET, "c1", "c2", "c3")]
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    began, count = time.monotonic(), 0
    while (now := time.monotonic()) < until:
        if count > (now - began) * DATAGRAMS:
            time.sleep(0.001)
            continue
        for number in range(500):
            try:
                sender.sendto(pieces[(count + number) % 256], targets[number % 4])
            except OSError:
                pass
        count += 500
    report["garbage"] = (count, int(count / (time.monotonic() - began)))


def heard(seconds):
    """Datagrams of the cluster's own gossip; none where raw sockets are not allowed."""
    try:
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        ear.bind(("lo", 0))
    except OSError:
        return []
    ports, found, until = set(GOSSIP.values()), [], time.monotonic() + seconds
    with ear:
        while (left := until - time.monotonic()) > 0 and len(found) < 2_000:
            if not select.select([ear], [], [], left)[0]:
                break
            frame = ear.recv(65_536)
            start = 14 + (frame[14] & 15) * 4
            if frame[23] == 17 and struct.unpack("!H", frame[start + 2:start + 4])[0] in ports:
                found.append(frame[start + 8:])
    return found


def forged(until, report):
    """What others said, again and to others; with a bit changed; cut short."""
    if not CAUGHT:
        report["replayed"] = (0, 0)
        return
    chance, count = random.Random(2), 0
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while time.monotonic() < until:
        for _ in range(200):
            data = chance.choice(CAUGHT)
            kind = chance.randrange(3)
            if kind == 1:
                data = bytearray(data)
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            elif kind == 2:
                data = data[:chance.randrange(len(data))]
            sender.sendto(bytes(data), ("127.0.0.1", chance.choice(list(GOSSIP.values()))))
            count += 1
        time.sleep(0.02)
    report["replayed"] = (count, len(CAUGHT))


# MARK: At the peer port

def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def framed(body, length=None):
    return struct.pack("!I", len(body) if length is None else length) + body


def hello(node="college", cluster=hashlib.blake2b(b"demo", digest_size=32).digest()[:16], version=1, purpose=3, raft_id=0, level=19, term=0, index=0):
    body = field(1, version) + field(2, cluster) + field(3, node.encode()) + varint(4 << 3 | 1) + random.randbytes(8)
    body += field(5, purpose) + field(6, raft_id) + field(7, level) + field(8, term) + field(9, index)
    return framed(field(1, body))


def knock(port):
    """As `college`, with its certificate and key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False
    context.load_verify_locations(FOLDER / "ca/ca.pem")
    context.load_cert_chain(FOLDER / "ca/college.pem", FOLDER / "ca/college.key")
    # Handshakes have a budget, which the silent ones use up as well: it is tried until there is one.
    for _ in range(100):
        try:
            return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=5))
        except OSError:
            time.sleep(0.05)
    return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=5))


def answer(link, said):
    """What comes back until the other side ends; nothing within 6 s: it did not end."""
    link.settimeout(6)
    heard_of = b""
    try:
        link.sendall(said)
        while more := link.recv(65_536):
            heard_of += more
        return heard_of, True
    except TimeoutError:
        return heard_of, False
    except OSError:
        return heard_of, True


def liar(until, report):
    """Lies that must end the link; then, on honest links, frames of every kind that mean nothing."""
    huge = 2**63 - 1
    lies = {
        "another node's name": hello(node="memorial"), "nobody's name": hello(node=""), "a name that is none": hello(node="../../etc\0"),
        "another cluster": hello(cluster=b"x" * 16), "a short cluster": hello(cluster=b""), "another version": hello(version=99),
        "a vote": hello(purpose=1, raft_id=1, term=huge, index=huge), "a new raft id": hello(purpose=1, raft_id=99, term=huge), "an unknown purpose": hello(purpose=77),
        "no hello": framed(field(3, 1)), "nothing at all": framed(b""), "a hello that is none": framed(field(1, b"\xff" * 40)),
        "a frame of 4 GiB": framed(b"x", 2**32 - 1), "a frame of 2 GiB": framed(b"x", 2**31 - 1),
    }
    ended_links, kept = 0, []
    for name, said in lies.items():
        with knock(PEER["c1"]) as link:
            if answer(link, said)[1]:
                ended_links += 1
            else:
                kept.append(name)
    chance, count = random.Random(3), 0
    while time.monotonic() < until:
        for purpose in (3, 4):
            with knock(PEER[chance.choice(("c1", "c2", "c3", TARGET))]) as link:
                try:
                    link.sendall(hello(purpose=purpose))
                    for _ in range(200):
                        number = chance.randrange(2, 40)
                        value = chance.choice([chance.randbytes(chance.randrange(300)), chance.randrange(2**63), field(1, chance.randbytes(30)) + field(2, huge)])
                        link.sendall(framed(field(number, value)))
                        count += 1
                except OSError:
                    pass
    report["lies that ended the link"] = (len(lies), ended_links)
    report["lies that did not"] = (len(kept), kept)
    report["meaningless frames"] = (count, 0)


def silent_at_the_door(until, report):
    kept, count = [], 0
    while time.monotonic() < until:
        for name in ("c1", "c2", "c3", TARGET):
            for begin in (b"", b"\0", b"\x16\x03\x01\x40\x00"):
                try:
                    one = socket.create_connection(("127.0.0.1", PEER[name]), timeout=5)
                    one.sendall(begin)
                    kept.append(one)
                    count += 1
                except OSError:
                    pass
        for one in kept[:-400]:
            one.close()
        kept = kept[-400:]
        time.sleep(0.05)
    report["silent at the door"] = (count, 0)


# MARK: Waves

def wave(what, *attacks):
    with multiprocessing.Manager() as manager:
        report = manager.dict()
        watch = Watch()
        until = time.monotonic() + SECONDS
        running = [multiprocessing.Process(target=attack, args=(until, report)) for attack in attacks]
        for one in running:
            one.start()
        # Only now: a process that is forked holds the ends of the pipes that are open.
        watch.begin()
        for one in running:
            one.join(SECONDS + 60)
            if one.is_alive():
                one.kill()
        watch.judge(what)
        hold(all(one.exitcode == 0 for one in running), f"{what}: the attackers ended as they should")
        print("  " + "; ".join(f"{name}: {count} ({more})" for name, (count, more) in sorted(report.items())), flush=True)
        return dict(report)


resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
before = Watch()
before.begin()
CAUGHT = heard(min(4, SECONDS))
before.judge("in peace")
found = wave("at the public port", slow_writers, slow_readers, left_half_open, idle)
hold(found["slow writers"][1] == found["slow writers"][0] > 0, f"who writes a byte a second is sent away: {found['slow writers']}")
hold(found["idle"][0] > 500, f"idle connections are held: {found['idle']}")
found = wave("at the gossip port", garbage, forged)
hold(found["garbage"][0] > 0, "garbage was sent")
if found["replayed"][0] == 0:
    print("  replayed: left out, as raw sockets are not allowed here")
found = wave("at the peer port", liar, silent_at_the_door)
hold(not found["lies that did not"][1], f"each lie ends its link: {found['lies that did not']}")
finish("under attack")
