"""A node with its own certificate that says it is a coordinator which came since, and leads: in the time in which nobody does, when a coordinator that was away must hear those whom its log does not tell of."""
import os
import signal
import socket
import ssl
import struct
import tempfile
import time

import wire
from attack_cluster import COORDINATORS
from attack_peer import PING, PONG, RAFT, framed, hello
from node import hold, until

RAFT_LINKS = 1
TERM = 2**30
GOODBYE = 2
# As its leader would: `append_entries` of a term above every other.
LEADS = framed(wire.field(RAFT, wire.field(3, wire.field(1, TERM))))


def said(cluster, coordinator, node, certificate):
    """What a coordinator answers to `node` with that certificate, which says that it leads: the words of its goodbye, or that it hears it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version, context.check_hostname = ssl.TLSVersion.TLSv1_3, False
    context.load_verify_locations(cluster.folder / "ca/ca.pem")
    context.load_cert_chain(f"{certificate}.pem", f"{certificate}.key")
    with context.wrap_socket(socket.create_connection(("127.0.0.1", cluster.peer[coordinator]), timeout=6)) as link:
        link.sendall(hello(RAFT_LINKS, node=node.encode(), raft_id=99) + (LEADS if node == "college" else b"") + framed(wire.field(PING, 7)))
        heard = b""
        while True:
            more = link.recv(65_536)
            if not more:
                return "it is ended without a word"
            heard += more
            rest = heard
            while len(rest) >= 4 and len(rest) - 4 >= (length := struct.unpack("!I", rest[:4])[0]):
                frame, rest = rest[4:4 + length], rest[4 + length:]
                if frame == wire.field(PONG, 7):
                    return "it is heard"
                if frame[:1] == wire.field(GOODBYE, b"")[:1]:
                    return frame.decode(errors="replace")


def usurper(cluster):
    processes = cluster.processes()
    alone = COORDINATORS[0]
    stopped = [processes[name] for name in COORDINATORS[1:]]
    newcomer = tempfile.mkdtemp() + "/c9"
    made = cluster.run("ca", "issue", "c9", "--coordinator", "--ca", str(cluster.folder / "ca"), "--out", os.path.dirname(newcomer))
    hold(made.returncode == 0, f"a coordinator's certificate is made: {made.stderr}")
    before = cluster.status(alone)["raft"]["term"]
    refused, heard = "", ""
    try:
        for process in stopped:
            os.kill(process, signal.SIGSTOP)
        # The liar is there from the first moment on.
        deadline = time.monotonic() + 20
        while heard != "it is heard" and time.monotonic() < deadline:
            refused = said(cluster, alone, "college", cluster.folder / "ca/college")
            heard = said(cluster, alone, "c9", newcomer)
            time.sleep(0.2)
        # The same time in which one that came since is heard.
        refused = said(cluster, alone, "college", cluster.folder / "ca/college")
        term = cluster.status(alone)["raft"]["term"]
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
    hold(heard == "it is heard", f"where nobody leads, a coordinator is heard that came since: {heard}")
    hold("notCertified" in refused and "`college` says that it is a coordinator" in refused, f"a node that says so is refused, and told why: {refused}")
    hold(before <= term < TERM, f"nothing that it said as a leader was heard: term {before} became {term}")
    until("a leader once more", 20, lambda: cluster.status(alone).get("leader"))
    hold(cluster.status(alone)["raft"]["term"] < TERM, "the term that it told is nowhere")
    hold(cluster.processes() == processes, "every process is the one that it was")
    print(f"with nobody to lead: whoever says that it does is refused ({refused[-60:]!r})", flush=True)
