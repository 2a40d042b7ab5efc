"""TCP connections that are never finished: a demonstration of its own is flooded with first packets from addresses at which nobody is, while real chats go on.

    half_open.py CALLSLIP BASE_PORT [SECONDS]

It needs a network of its own, which it makes (by `unshare`, as root): nothing of this reaches any other one, and it goes with the process. Where that is not allowed it fails and says so.
What bears the flood is the kernel, by SYN cookies (tcp_syncookies); that our nodes are held by it to what they are held to without a flood is what is shown here.
"""
import os
import pathlib
import random
import socket
import struct
import subprocess
import sys
import time

from attack_cluster import COORDINATORS, TARGET, demonstration, wave
from node import finish, hold

# Nobody is there: what is answered to them is lost.
STRANGERS = "10.99.0.0/16"
A_SECOND = 10_000
OWN = "CALLSLIP_HALF_OPEN"


def checksum(data):
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    total = (total >> 16) + (total & 0xFFFF)
    return ~(total + (total >> 16)) & 0xFFFF


def first_packet(number, port):
    """A SYN (RFC 9293, 3.1) from one of the strangers to loopback."""
    source, target = struct.pack("!I", 10 << 24 | 99 << 16 | number & 0xFFFF), socket.inet_aton("127.0.0.1")
    tcp = struct.pack("!HHIIBBHHH", 1_024 + number % 60_000, port, random.getrandbits(32), 0, 5 << 4, 2, 65_535, 0, 0)
    tcp = tcp[:16] + struct.pack("!H", checksum(source + target + struct.pack("!BBH", 0, socket.IPPROTO_TCP, len(tcp)) + tcp)) + tcp[18:]
    return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 40, 0, 0, 64, socket.IPPROTO_TCP, 0, source, target) + tcp


def counted(name):
    """Of the kernel, in this network."""
    lines = pathlib.Path("/proc/net/netstat").read_text().splitlines()
    return next(int(values.split()[names.split().index(name)]) for names, values in zip(lines[::2], lines[1::2]) if name in names.split())


def half_open():
    return sum(line.split()[3] == "03" for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:])


def flood(cluster, until, report):
    """At the ports for browsers and for peers."""
    ports = [cluster.web[TARGET], cluster.peer[TARGET], *(cluster.peer[name] for name in COORDINATORS)]
    packets = [first_packet(number, ports[number % len(ports)]) for number in range(20_000)]
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    began, count, most = time.monotonic(), 0, 0
    while (now := time.monotonic()) < until:
        if count > (now - began) * A_SECOND:
            time.sleep(0.002)
            continue
        for _ in range(100):
            raw.sendto(packets[count % len(packets)], ("127.0.0.1", 0))
            count += 1
        if count % 5_000 == 0:
            most = max(most, half_open())
    report["first packets"] = (count, f"{int(count / (time.monotonic() - began))} a second")
    report["half open at once"] = (most, "")


def inside(program, base, seconds):
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "route", "add", STRANGERS, "dev", "lo"], check=True)
    with demonstration(program, base) as cluster:
        cookies = counted("SyncookiesSent")
        found = wave(cluster, seconds, "connections that are never finished", flood)
        sent = found["first packets"][0]
        hold(sent > seconds * A_SECOND / 4, f"it is a flood: {sent} in {seconds} s")
        hold(found["half open at once"][0] > 100 and counted("SyncookiesSent") - cookies > sent // 4, f"connections are half open, and the queues are full: {found}")
    finish("half open")


def main():
    program, base = os.path.abspath(sys.argv[1]), int(sys.argv[2])
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 5
    if os.environ.get(OWN):
        return inside(program, base, seconds)
    apart = ["unshare", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    trial = subprocess.run([*apart, "true"], capture_output=True, text=True)
    if trial.returncode != 0:
        sys.exit(f"half open: this needs a network of its own, and the machine gives none: {trial.stderr.strip()}; run it as root, outside of containers that forbid it")
    # The network goes with the last process that is in it. What runs there has processes of its own, so all of them have a first one to go with, and that goes with this one.
    os.execvpe("unshare", [*apart, sys.executable, os.path.abspath(__file__), *sys.argv[1:]], {**os.environ, OWN: "1"})


main()
