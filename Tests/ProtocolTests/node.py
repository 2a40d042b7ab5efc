"""One node of its own file on loopback, for scripts that look at it from outside."""
import pathlib
import subprocess
import sys
import time
import urllib.error
import urllib.request

CONSORTIUM = """
general: {queue: general, title: Ask a Librarian}
libraries:
  - name: memorial
    title: Memorial Library
    node: solo
    card: {hours: "9-17"}
    queues: [{name: memorial, title: Memorial Library}]
    operators:
      - {name: mia, display: Mia, password: reading-room-1, queues: [memorial, general]}
"""
PASSWORD = "reading-room-1"
failures = []


def hold(condition, what):
    """Notes what does not hold, and goes on."""
    if not condition:
        failures.append(what)
        print(f"FAILED: {what}", flush=True)


def until(what, seconds, body):
    """Waits until `body` gives something true, and gives it back."""
    deadline = time.monotonic() + seconds
    while True:
        found = body()
        if found:
            return found
        if time.monotonic() > deadline:
            raise SystemExit(f"waited {seconds} s in vain for {what}")
        time.sleep(0.1)


class Node:
    """Ports: `port` for the web, and the two above it for peers and gossip."""

    def __init__(self, program, folder, port, extra="", url=None, web=None):
        self.program, self.port = program, port
        self.folder = pathlib.Path(folder)
        self.data = self.folder / "data"
        self.config = self.folder / "node.yaml"
        self.config.write_text(f"""node: solo
cluster: public
data: {self.data}
keyring: {self.folder}/keyring
roles: [library, coordinator]
web: {web or f'["127.0.0.1:{port}"]'}
urls: ["{url or f'http://127.0.0.1:{port}'}"]
peer: "127.0.0.1:{port + 1}"
gossip: "127.0.0.1:{port + 2}"
coordinators: [{{name: solo, id: 1, peer: "127.0.0.1:{port + 1}"}}]
{extra}
""")
        self.process = None

    def refused(self, words):
        """The node does not start with this file, and says why."""
        try:
            ran = subprocess.run([self.program, "serve", "--config", str(self.config)], capture_output=True, text=True, timeout=20)
        except subprocess.TimeoutExpired:
            return hold(False, f"a node with this file ends and says `{words}`; it went on")
        said = ran.stdout + ran.stderr
        hold(ran.returncode != 0 and words in said, f"a node with this file ends and says `{words}`; it ended with {ran.returncode} and said {said[-600:]}")

    def start(self, plain):
        """`plain`: an address at which it is reached without TLS."""
        self.log = open(self.folder / "log", "w")
        self.process = subprocess.Popen([self.program, "serve", "--config", str(self.config)], stdout=self.log, stderr=subprocess.STDOUT)

        def answers():
            if self.process.poll() is not None:
                raise SystemExit(f"the node ended with {self.process.returncode}: {self.said()[-2000:]}")
            try:
                return urllib.request.urlopen(plain + "/readyz", timeout=2).status == 200 and (self.data / "admin").exists()
            except OSError:
                return False

        until("the node", 60, answers)
        file = self.folder / "consortium.yaml"
        file.write_text(CONSORTIUM)
        ran = subprocess.run([self.program, "import", str(file), "--data", str(self.data)], capture_output=True, text=True, timeout=60)
        if ran.returncode != 0:
            raise SystemExit(f"import: {ran.stdout}{ran.stderr}")
        until("the queue", 30, lambda: b"memorial" in urllib.request.urlopen(plain + "/api/status", timeout=5).read())
        return self

    def said(self):
        return (self.folder / "log").read_text()

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        hold(self.process.wait(30) == 0, f"the node ends with status 0; it ended with {self.process.returncode}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.stop()
        finally:
            if self.process is not None and self.process.poll() is None:
                self.process.kill()


def finish(name):
    if failures:
        sys.exit(f"{name}: {len(failures)} of its checks failed")
    print(f"{name}: as written")
