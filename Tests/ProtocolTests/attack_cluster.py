"""A running demonstration under attack: where it is, what is measured of it meanwhile, and to what it is held."""
import contextlib
import json
import multiprocessing
import os
import pathlib
import re
import signal
import subprocess
import tempfile
import threading
import time
import traceback
import urllib.request

from node import hold, until

NODES = ["c1", "c2", "c3", "memorial", "college", "steenbock"]
COORDINATORS = NODES[:3]
# Whose patrons and desk are attacked, and whose chats go on.
TARGET = "steenbock"
MEMORY_KIB_MAX = 256 * 1024
# What a person does not take for a fault; in peace it is some ten milliseconds.
PAUSE_MS_MAX = 3_000
# Presence is asked again 50 ms after each answer: fewer than this, and it was not watched.
PRESENCE_A_SECOND_MIN = 1
# The longest thing that a watcher waits for is a chat.
CHAT_S_MAX = 120
# Members hear of each other each second or two; so long without a word is a heartbeat that was held up. (For the leader's, a term that goes on is the proof.)
UNHEARD_MS_MAX = 8_000


class Cluster:
    """A `callslip demo` of this program, folder and first port."""

    def __init__(self, program, folder, base):
        self.program, self.folder, self.base = program, pathlib.Path(folder), base
        self.web = {name: base + 1 + number for number, name in enumerate(NODES)}
        self.peer = {name: port + 10 for name, port in self.web.items()}
        self.gossip = {name: port + 20 for name, port in self.web.items()}

    def ask(self, name, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.web[name]}{path}", timeout=10) as answer:
            return answer.read()

    def status(self, name):
        return json.loads(self.ask(name, "/api/status"))

    def run(self, *words):
        return subprocess.run([self.program, *words], capture_output=True, text=True, timeout=120)

    def processes(self):
        """Of the nodes: name, process."""
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    words = entry.joinpath("cmdline").read_bytes().decode().split("\0")
                except OSError:
                    continue
                if "serve" in words:
                    found |= {name: int(entry.name) for name in NODES if any(pathlib.Path(word).parent == self.folder and pathlib.Path(word).stem == name for word in words)
                              or f"{self.folder}/{name}/node.yaml" in words}
        return found


def key_of(cluster, name):
    """The key with which a node seals."""
    return bytes.fromhex((cluster.folder / f"{name}.keyring").read_text().split()[0])


def memory(process):
    lines = pathlib.Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS"))


class Watch:
    """Leaders, terms, members, memory, presence and chats, until it is told to stop."""

    def __init__(self, cluster):
        self.cluster = cluster
        self.stopping = threading.Event()
        self.processes = cluster.processes()
        hold(set(self.processes) == set(NODES), f"the demonstration's nodes are found: {self.processes}")
        self.before = {name: memory(process) for name, process in self.processes.items()}
        self.most = dict(self.before)
        self.leaders, self.unheard, self.suspected, self.presence, self.chats, self.pauses, self.lost = set(), 0, 0, [], [], [], []

    def begin(self):
        self.began = time.monotonic()
        self.threads = [threading.Thread(target=self.noting, args=(body,), daemon=True) for body in (self.watch_nodes, self.watch_presence, self.watch_chats)]
        for thread in self.threads:
            thread.start()

    def noting(self, body):
        """A watcher that fell over saw nothing from then on, which is no peace."""
        try:
            body()
        except Exception:
            self.lost.append(f"{body.__name__} ended: {traceback.format_exc(limit=-2)}")

    def watch_nodes(self):
        while not self.stopping.wait(0.5):
            for name, process in self.processes.items():
                self.most[name] = max(self.most[name], memory(process))
            for name in COORDINATORS:
                try:
                    said = self.cluster.status(name)
                except OSError as error:
                    self.lost.append(f"{name} does not answer: {error}")
                    continue
                self.leaders.add((said.get("leader"), said["raft"]["term"]))
                for member in said["members"]:
                    # Whoever lies in gossip may tell of members that there are not.
                    if member["name"] not in NODES:
                        continue
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
                self.cluster.ask(TARGET, f"/presence/jid/{TARGET}/chat.local/text")
                self.presence.append(time.monotonic() - began)
            except OSError as error:
                self.lost.append(f"presence: {error}")

    def watch_chats(self):
        while not self.stopping.is_set():
            began = time.monotonic()
            web = f"http://127.0.0.1:{self.cluster.web[TARGET]}"
            ran = subprocess.run(
                [self.cluster.program, "try", "--patron-node", web, "--desk-node", web, "--queue", TARGET, "--operator", "stan.steenbock", "--messages", "5"],
                env={**os.environ, "CALLSLIP_PASSWORD": "green-fields-1"}, capture_output=True, text=True, timeout=CHAT_S_MAX)
            self.chats.append(time.monotonic() - began)
            self.pauses += [int(found) for found in re.findall(r"longest pause (\d+) ms", ran.stdout)]
            if ran.returncode != 0:
                self.lost.append(f"a chat: {(ran.stdout + ran.stderr)[-400:]}")

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(CHAT_S_MAX + 10)
            if thread.is_alive():
                self.lost.append(f"{thread.name} does not end")
        self.lasted = time.monotonic() - self.began

    def judge(self, what):
        self.stop()
        times = sorted(self.presence) or [0]
        grown = {name: self.most[name] - self.before[name] for name in self.before}
        print(f"{what}: {len(self.chats)} chats, the longest {max(self.chats, default=0):.1f} s, the longest pause in one {max(self.pauses, default=0)} ms; presence median {times[len(times) // 2] * 1000:.0f} ms, "
              f"99 % {times[len(times) * 99 // 100] * 1000:.0f} ms; unheard at most {self.unheard} ms, {self.suspected} suspicions seen; memory grew by {max(grown.values())} KiB at most", flush=True)
        hold(self.cluster.processes() == self.processes, f"{what}: every process is the one that it was: {self.cluster.processes()}, not {self.processes}")
        hold(len(self.leaders) == 1, f"{what}: one leader, one term: {self.leaders}")
        hold(0 < self.unheard < UNHEARD_MS_MAX, f"{what}: heartbeats are not held up: unheard for {self.unheard} ms")
        hold(len(self.presence) > self.lasted * PRESENCE_A_SECOND_MIN, f"{what}: presence is served all the time: {len(self.presence)} answers in {self.lasted:.0f} s")
        hold(self.chats and not self.lost, f"{what}: nothing is lost: {self.lost[:4]} ({len(self.lost)} in all)")
        hold(max(self.pauses, default=PAUSE_MS_MAX) < PAUSE_MS_MAX, f"{what}: chats flow: {self.pauses}")
        hold(max(grown.values()) < MEMORY_KIB_MAX, f"{what}: memory is bounded: {grown}")


@contextlib.contextmanager
def demonstration(program, base):
    """One of its own, for attacks that leave something behind."""
    with tempfile.TemporaryDirectory() as folder:
        said = pathlib.Path(folder, "demo.log")
        with open(said, "w") as log:
            demo = subprocess.Popen([program, "demo", "--directory", f"{folder}/demo", "--port", str(base)], stdout=log, stderr=subprocess.STDOUT)
        try:
            until("the demonstration", 90, lambda: "Ctrl-C stops" in said.read_text() or demo.poll() is not None)
            if demo.poll() is not None:
                raise SystemExit(f"the demonstration did not start: {said.read_text()[-2000:]}")
            yield Cluster(program, f"{folder}/demo", base)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(60)


def wave(cluster, seconds, what, *attacks, longest=60):
    """Attacks at once, each by a process of its own, which is given the cluster, until when, and where it reports a number and more. One that goes on `longest` seconds beyond is ended."""
    with multiprocessing.Manager() as manager:
        report = manager.dict()
        watch = Watch(cluster)
        end = time.monotonic() + seconds
        running = [multiprocessing.Process(target=attack, args=(cluster, end, report)) for attack in attacks]
        for one in running:
            one.start()
        # Only now: a process that is forked holds the ends of the pipes that are open.
        watch.begin()
        for one in running:
            one.join(seconds + longest)
            if one.is_alive():
                one.kill()
        watch.judge(what)
        hold(all(one.exitcode == 0 for one in running), f"{what}: the attackers ended as they should")
        print("  " + "; ".join(f"{name}: {count} ({more})" for name, (count, more) in sorted(report.items())), flush=True)
        return dict(report)
