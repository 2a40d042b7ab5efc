"""At the peer port of nodes: connections that say nothing, handshakes that are begun and left, and a node's own certificate in the hands of somebody who lies in every field."""
import random
import socket
import ssl
import struct
import threading
import time

import sodium
import wire
from attack_cluster import COORDINATORS, TARGET, key_of

AT = (*COORDINATORS, TARGET)
SERVICE, CALL, GOSSIP = 2, 3, 4
GOODBYE, PING, PONG, RAFT, LEADER_KNOWN, ASKED, REPLY, PUSH_PULL = 2, 3, 4, 5, 16, 17, 18, 19
DESKS_WANTED = 90
KEPT = 400
# Less than all handshakes that a node begins for machines where nodes are; the other nodes here are on this machine as well.
PAUSE_S = 0.03


# MARK: Strangers

def client_hello():
    """As any client begins; the rest is left out."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    given, said = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context.wrap_bio(given, said).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return said.read()


def begun(cluster, name):
    """Nothing, the length of a frame, the head of a record, half a ClientHello, a whole one that is answered and then left: from machines where no node is."""
    hello = client_hello()
    for begin in (b"", b"\0", b"\x16\x03\x01\x40\x00", hello[:100], hello):
        try:
            one = socket.create_connection(("127.0.0.1", cluster.peer[name]), timeout=5, source_address=(f"127.77.{random.randrange(250)}.1", 0))
            one.sendall(begin)
            yield one
        except OSError:
            pass


def silent_at_the_door(cluster, until, report):
    kept, count = [], 0
    while time.monotonic() < until:
        for name in AT:
            new = list(begun(cluster, name))
            kept += new
            count += len(new)
        for one in kept[:-KEPT]:
            one.close()
        kept = kept[-KEPT:]
        time.sleep(0.05)
    report["silent at the door"] = (count, 0)


# MARK: A node that lies

def framed(body, length=None):
    return struct.pack("!I", len(body) if length is None else length) + body


def hello(purpose=CALL, **lies):
    """Of `college`, but for what is a lie."""
    own = {"version": 1, "cluster": sodium.cluster_id("demo"), "node": b"college", "purpose": purpose, "feature_level": 19} | lies
    body = b""
    for name, kind, number, _ in wire.MESSAGES["Hello"]:
        value = own.get(name, random.getrandbits(63) if name == "boot" else 0)
        body += wire.fixed(number, kind, value) if kind in wire.FIXED else wire.field(number, value)
    return framed(wire.field(1, body))


class Link:
    """To a node, as `college`, with its certificate and key."""

    def __init__(self, cluster, node, said):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = False
        context.load_verify_locations(cluster.folder / "ca/ca.pem")
        context.load_cert_chain(cluster.folder / "ca/college.pem", cluster.folder / "ca/college.key")
        self.heard, self.nonce = b"", 0
        # The kinds of frames that came, and what else is to become of each.
        self.kinds, self.onFrame = set(), None
        # Why it was ended, as the other side said.
        self.why = ""
        # Handshakes have a budget: it is tried until there is one.
        for tries in range(100):
            try:
                self.socket = context.wrap_socket(socket.create_connection(("127.0.0.1", cluster.peer[node]), timeout=6))
                break
            except OSError:
                if tries == 99:
                    raise
                time.sleep(PAUSE_S)
        self.socket.sendall(said)

    def close(self):
        self.socket.close()

    def is_ended_by(self, said):
        """Whether it is ended by that; it answers a ping that comes behind, or it hangs."""
        self.nonce += 1
        pong = wire.field(PONG, self.nonce)
        try:
            self.socket.sendall(said + framed(wire.field(PING, self.nonce)))
            while True:
                while len(self.heard) >= 4 and len(self.heard) - 4 >= (length := struct.unpack("!I", self.heard[:4])[0]):
                    frame, self.heard = self.heard[4:4 + length], self.heard[4 + length:]
                    self.kinds.add(wire.first_field(frame))
                    if wire.first_field(frame) == GOODBYE:
                        self.why = repr(wire.first(frame, GOODBYE))
                    if self.onFrame:
                        self.onFrame(frame)
                    if frame == pong:
                        return False
                more = self.socket.recv(65_536)
                if not more:
                    return True
                self.heard += more
        except TimeoutError as error:
            raise RuntimeError("a link hangs: neither ended nor answered") from error
        except OSError:
            return True


def honest_links(cluster):
    """What is true, of each purpose: it is answered as nodes answer each other, so that what is said of the lies is said of lies alone."""
    key = key_of(cluster, "c1")
    call = framed(wire.field(ASKED, wire.field(1, 1) + wire.field(2, sodium.seal(wire.field(DESKS_WANTED, b""), key, sodium.CALL))))
    state = framed(wire.field(PUSH_PULL, sodium.seal(wire.field(1, b"college"), key, sodium.EXCHANGE)))
    for name, purpose, said, expected in (("service", SERVICE, b"", LEADER_KNOWN), ("call", CALL, call, REPLY), ("gossip", GOSSIP, state, PUSH_PULL)):
        link = Link(cluster, "c1", hello(purpose) + said)
        until = time.monotonic() + 5
        while (ended := link.is_ended_by(b"")) is False and expected not in link.kinds and time.monotonic() < until:
            time.sleep(0.05)
        link.close()
        yield name, expected in link.kinds, f"ended: {ended}, heard {sorted(link.kinds)}"


# Each must end the link.
HUGE = wire.MAX63
REFUSED = {
    "another node's name": hello(node=b"memorial"), "nobody's name": hello(node=b""), "a name that is none": hello(node=b"../../etc\0"),
    "a name that is no text": hello(node=b"\xff"), "another cluster": hello(cluster=b"x" * 16), "a short cluster": hello(cluster=b""),
    "another version": hello(version=99), "a vote": hello(purpose=1, raft_id=1, durable_term=HUGE, durable_index=HUGE),
    "a new raft id": hello(purpose=1, raft_id=99, durable_term=HUGE), "a voter that repairs": hello(purpose=1, raft_id=1, repairing_since=HUGE),
    "an unknown purpose": hello(purpose=77), "no purpose": hello(purpose=0), "no hello": framed(wire.field(PING + 1, 1) + wire.field(16, 1)), "nothing at all": framed(b""),
    "a hello that is none": framed(wire.field(1, b"\xff" * 40)), "two hellos": hello() + hello(),
    "a frame of 4 GiB": framed(b"x", 2**32 - 1), "a frame of 2 GiB": framed(b"x", 2**31 - 1),
}


def stories(key):
    """Every lie: the purpose of its link, the field in which it is one, and the frame."""
    for path, frame in wire.lies("PeerFrame"):
        # Hellos are the first thing on a link.
        yield (None if path.startswith("hello") else SERVICE), path, framed(frame)
    for path, body in wire.lies("RaftEnvelope"):
        yield SERVICE, f"raft.{path}", framed(wire.field(RAFT, body))
    for path, body in wire.lies("Call"):
        yield CALL, f"call.{path}", framed(wire.field(ASKED, wire.field(1, 1) + wire.field(2, sodium.seal(body, key, sodium.CALL))))
    for path, body in wire.lies("GossipState"):
        yield GOSSIP, f"push_pull.{path}", framed(wire.field(PUSH_PULL, sodium.seal(body, key, sodium.EXCHANGE)))


def tell(cluster, node, told, outcome):
    """Tells one node all of that, each lie on a link that still stands, or on a new one."""
    links = {}
    try:
        for purpose, path, frame in told:
            if purpose is None:
                time.sleep(PAUSE_S)
                link = Link(cluster, node, frame)
                outcome["ended"] += link.is_ended_by(b"")
                link.close()
            else:
                if purpose not in links:
                    time.sleep(PAUSE_S)
                    links[purpose] = Link(cluster, node, hello(purpose))
                if links[purpose].is_ended_by(frame):
                    outcome["ended"] += 1
                    links.pop(purpose).close()
            outcome["fields"].add(path)
            outcome["told"] += 1
    except (OSError, RuntimeError) as error:
        outcome["trouble"].append(f"{node}, {path}: {error}")
    for link in links.values():
        link.close()


def liar(cluster, until, report):
    """The truth; lies that must end the link; then one in each field of each frame, call and state, at whoever hears such frames."""
    honest = list(honest_links(cluster))
    report["truths"] = (sum(taken for _, taken, _ in honest), [f"{name}: {more}" for name, taken, more in honest if not taken])
    stand = []
    for name, said in REFUSED.items():
        link = Link(cluster, "c1", said)
        if not link.is_ended_by(b""):
            stand.append(name)
        link.close()
    report["lies that must end the link"] = (len(REFUSED), stand)
    every = list(stories(key_of(cluster, "c1")))
    outcomes = {node: {"told": 0, "ended": 0, "fields": set(), "trouble": []} for node in AT}
    # Nodes are served by coordinators alone; calls and states are everybody's.
    shares = {name: every[number::len(COORDINATORS)] for number, name in enumerate(COORDINATORS)}
    shares[TARGET] = [story for story in every if story[0] in (CALL, GOSSIP)][::2]
    threads = [threading.Thread(target=tell, args=(cluster, node, shares[node], outcomes[node])) for node in AT]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fields = {path for _, path, _ in every}
    missed = fields - set().union(*(outcome["fields"] for outcome in outcomes.values()))
    report["fields that were lied about"] = (len(fields) - len(missed), sorted(missed)[:4])
    report["lies in them"] = (sum(outcome["told"] for outcome in outcomes.values()), sum(outcome["ended"] for outcome in outcomes.values()))
    report["trouble of the liar"] = (sum(len(outcome["trouble"]) for outcome in outcomes.values()), [line for outcome in outcomes.values() for line in outcome["trouble"]][:4])
    meaningless(cluster, report)


def meaningless(cluster, report):
    """Frames of every kind that there is and of some that there are not, at random."""
    chance, count = random.Random(3), 0
    for _ in range(40):
        time.sleep(PAUSE_S)
        link = Link(cluster, chance.choice(AT), hello(chance.choice((SERVICE, CALL, GOSSIP))))
        try:
            for _ in range(200):
                value = chance.choice([chance.randbytes(chance.randrange(300)), chance.randrange(2**63), wire.field(1, chance.randbytes(30)) + wire.field(2, HUGE)])
                link.socket.sendall(framed(wire.field(chance.randrange(2, 300), value)))
                count += 1
        except OSError:
            pass
        link.close()
    report["meaningless frames"] = (count, 0)
