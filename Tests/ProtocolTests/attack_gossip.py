"""At the gossip port of nodes: garbage, what was said before, altered and shortened, and what somebody seals with a key that was turned away from."""
import os
import random
import select
import socket
import struct
import time

import sodium
import wire
from attack_cluster import COORDINATORS, NODES, TARGET, key_of

DATAGRAMS = int(os.environ.get("CALLSLIP_DATAGRAMS", "100000"))
PING, GOSSIP = 1, 5
OLD = 2_000
caught = []


def garbage(cluster, until, report):
    chance = random.Random(1)
    pieces = [chance.randbytes(chance.choice([0, 1, 8, 40, 200, 1_400])) for _ in range(256)]
    targets = [("127.0.0.1", cluster.gossip[name]) for name in (TARGET, *COORDINATORS)]
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


def overhear(cluster, seconds):
    """Catches datagrams of the cluster's own gossip. False where raw sockets are not allowed."""
    try:
        ear = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
        ear.bind(("lo", 0))
    except OSError:
        return False
    ports, until = set(cluster.gossip.values()), time.monotonic() + seconds
    with ear:
        while (left := until - time.monotonic()) > 0 and len(caught) < 2_000:
            if not select.select([ear], [], [], left)[0]:
                break
            frame = ear.recv(65_536)
            start = 14 + (frame[14] & 15) * 4
            if frame[23] == 17 and struct.unpack("!H", frame[start + 2:start + 4])[0] in ports:
                caught.append(frame[start + 8:])
    return True


def forged(cluster, until, report):
    """What others said, again and to others; with a bit changed; cut short."""
    chance, count = random.Random(2), 0
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    while caught and time.monotonic() < until:
        for _ in range(200):
            data = chance.choice(caught)
            kind = chance.randrange(3)
            if kind == 1:
                data = bytearray(data)
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            elif kind == 2:
                data = data[:chance.randrange(len(data))]
            sender.sendto(bytes(data), ("127.0.0.1", chance.choice(list(cluster.gossip.values()))))
            count += 1
        time.sleep(0.02)
    report["replayed"] = (count, len(caught))


# MARK: Keys

def datagram(kind, sequence, target=b"", news=b""):
    return wire.field(1, kind) + wire.field(2, sequence) + wire.field(3, target) + news


def is_answered(cluster, name, key, tries=20):
    """Whether a ping that is sealed with that key has an answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
        asker.bind(("127.0.0.1", 0))
        asker.settimeout(0.1)
        for sequence in range(1, tries + 1):
            asker.sendto(sodium.seal(datagram(PING, sequence, name.encode()), key, sodium.DATAGRAM), ("127.0.0.1", cluster.gossip[name]))
            try:
                asker.recv(65_536)
                return True
            except TimeoutError:
                pass
    return False


def refused_at_c1(cluster):
    ran = cluster.run("keyring", "--data", str(cluster.folder / "c1"))
    return int(ran.stdout.split("Datagrams that were refused here: ")[1].split()[0])


def lies_in_datagrams(cluster, key):
    """A lie in each field, sealed as a member does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        told = list(wire.lies("GossipDatagram"))
        for number, (_, body) in enumerate(told):
            # What is longer than a datagram may be is nothing that could come.
            if len(body) < 60_000:
                sender.sendto(sodium.seal(body, key, sodium.DATAGRAM), ("127.0.0.1", cluster.gossip[NODES[number % len(NODES)]]))
            if number % 20 == 0:
                time.sleep(0.02)
    return len(told), len({path for path, _ in told})


def stolen_old_key(cluster, until, report):
    """Who has the key of today is heard, which shows that these datagrams are what they should be. Then it is turned, and the same is refused, counted and not answered."""
    old = key_of(cluster, "c1")
    heard = [name for name in NODES if is_answered(cluster, name, old)]
    lies, fields = lies_in_datagrams(cluster, old)
    turned = cluster.run("keyring", "rotate", "--data", str(cluster.folder / "c1"))
    report["the key is turned"] = (turned.returncode, "" if turned.returncode == 0 else turned.stdout + turned.stderr)
    new = key_of(cluster, "c1")
    before = refused_at_c1(cluster)
    # That somebody is dead or gone, in the name of each to each; a member and a queue that there are not.
    lies_of_old = [wire.field(4, wire.field(number, wire.field(1, name.encode()) + wire.field(2, 1_000) + wire.field(3, b"c2"))) for number in (2, 3, 4) for name in NODES]
    lies_of_old += [wire.field(4, wire.field(1, wire.message("GossipMember"))), wire.field(4, wire.field(5, wire.message("GossipAvailability")))]
    sent = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.bind(("127.0.0.1", 0))
        for turn in range(OLD // len(NODES)):
            for place, name in enumerate(NODES):
                # Each lie comes to each node, in a datagram of each kind.
                kind = PING if turn % 2 else GOSSIP
                body = datagram(kind, sent + 1, name.encode() if kind == PING else b"", lies_of_old[(turn // 2 + place) % len(lies_of_old)])
                sender.sendto(sodium.seal(body, old, sodium.DATAGRAM), ("127.0.0.1", cluster.gossip[name]))
                sent += 1
            time.sleep(0.002)
        sender.settimeout(1)
        try:
            answers = len(sender.recv(65_536))
        except TimeoutError:
            answers = 0
    still = [name for name in NODES if is_answered(cluster, name, old, 3)]
    refused = refused_at_c1(cluster) - before
    report["lies of a member"] = (lies, f"{fields} fields")
    report["of the old key"] = (sent, {
        "heard before": heard, "is another": new != old, "answers": answers, "heard still": still, "refused at c1": refused, "to c1": sent // len(NODES),
        "heard by the new one": [name for name in NODES if is_answered(cluster, name, new)],
    })
