"""At the public port of a node: slow writers and readers, requests that are begun and left, idle connections."""
import pathlib
import random
import resource
import socket
import time

from attack_cluster import TARGET

SLOW, READERS, LEFT, IDLE = 300, 100, 200, 5_000


def connections(cluster, count, network, perNetwork=100):
    """Open connections from many networks of loopback, as far as there are any to be had."""
    opened = []
    for number in range(count):
        try:
            opened.append(socket.create_connection(("127.0.0.1", cluster.web[TARGET]), timeout=5, source_address=(f"127.{network}.{number // perNetwork}.1", 0)))
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


def slow_writers(cluster, until, report):
    """A byte a second, of a head and of a body."""
    opened = connections(cluster, SLOW, 30)
    for number, one in enumerate(opened):
        one.sendall((b"GET /desk HTTP/1.1\r\nHost: a\r\nX-Slow: ", b"POST /api/sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n")[number % 2])
    while time.monotonic() < until:
        for one in opened:
            try:
                one.send(b"x", socket.MSG_DONTWAIT)
            except OSError:
                pass
        time.sleep(1)
    heads, bodies = opened[::2], opened[1::2]
    report["slow writers"] = (len(heads), ended(heads))
    report["slow writers of a body"] = (len(bodies), ended(bodies))


def slow_readers(cluster, until, report):
    opened = connections(cluster, READERS, 31)
    for one in opened:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        one.sendall(b"GET /desk HTTP/1.1\r\nHost: a\r\n\r\n" * 60)
    time.sleep(max(0, until - time.monotonic()))
    report["slow readers"] = (len(opened), 0)


def left_half_open(cluster, until, report):
    """Begun and left: nothing, a part of a head, of a WebSocket's beginning, of a body, TLS where there is none; new ones all the time."""
    heads = [b"", b"GE", b"GET /desk HTTP/1.1\r\nHost: a\r\nAccept: text/", b"GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n",
             b"\x16\x03\x01\x02\x00\x01\x00"]
    body = b"POST /api/sign-in HTTP/1.1\r\nHost: a\r\nContent-Length: 4000\r\n\r\n{"
    # This side never closes the first ones.
    first = connections(cluster, LEFT, 29, 10)
    for number, one in enumerate(first):
        one.sendall(heads[number % len(heads)])
    kept, count = [], len(first)
    while time.monotonic() < until:
        for one in connections(cluster, 20, 32 + count // 1_000 % 8, 10):
            count += 1
            one.sendall(random.choice(heads + [body]))
            kept.append(one)
        for one in kept[:-LEFT]:
            one.close()
        kept = kept[-LEFT:]
        time.sleep(0.1)
    report["left half open"] = (count, "new ones all the time")
    report["heads that were begun and left"] = (len(first), ended(first))


def idle(cluster, until, report):
    """As many as the node and this process may have; each asked once, so that it counts as a client's."""
    process = cluster.processes()[TARGET]
    files = next(int(line.split()[3]) for line in pathlib.Path(f"/proc/{process}/limits").read_text().splitlines() if line.startswith("Max open files"))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(IDLE, files - 1_500, hard - 200)
    opened = connections(cluster, count, 50, 250)
    for one in opened:
        one.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    time.sleep(max(0, until - time.monotonic()))
    report["idle"] = (len(opened), ended(opened))
