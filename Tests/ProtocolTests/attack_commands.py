"""What is proposed to coordinators by a node with a valid certificate, with a lie in every field of every command: at last they must be what they were, and agree."""
import random
import threading
import time

import wire
from attack_cluster import COORDINATORS
from attack_peer import HUGE, PAUSE_S, SERVICE, Link, framed, hello

PROPOSE, BUSY, OUTCOME = 6, 8, 9
KINDS = {"done": 1, "token": 2, "offered": 3, "placed": 4, "refused": 5}
NODE = b"college"
# How many more of each kind say several lies at once.
MIXED = 12


class Proposer(Link):
    def __init__(self, cluster, node):
        super().__init__(cluster, node, hello(SERVICE))
        self.counter, self.answers = 0, {}
        self.onFrame = self.take

    def take(self, frame):
        said = wire.first(frame, OUTCOME)
        if said is not None:
            self.answers[wire.first(said, 1)] = wire.first(said, 2)
        elif (busy := wire.first(frame, BUSY)) is not None:
            self.answers[wire.first(busy, 1)] = BUSY

    def ask(self, command, node=NODE):
        """A word for the verdict; None where the link ended instead."""
        self.counter += 1
        body = wire.field(1, node) + wire.fixed(2, "fixed64", 1) + wire.fixed(3, "fixed64", self.counter) + wire.field(4, command)
        said = framed(wire.field(PROPOSE, wire.field(1, body)))
        until = time.monotonic() + 20
        while time.monotonic() < until:
            if self.is_ended_by(said):
                return None
            said = b""
            answer = self.answers.pop(self.counter, None)
            if answer == BUSY:
                return "busy"
            if answer is not None:
                refused = wire.first(answer, KINDS["refused"])
                return "accepted" if refused is None else (wire.first(refused, 1) or b"").decode()
            time.sleep(0.002)
        raise RuntimeError("no verdict came within 20 s")


making = threading.Lock()
NUMBERS = {name: number for name, _, number, _ in wire.MESSAGES["CommandMessage"]}


def first():
    """What other commands speak of, so that there is something to lie about: a library with a queue, somebody who is signed on, a chat that they hold."""
    nobody, one = wire.NOBODY, wire.message("Id")
    return {
        "set_library": wire.field(1, nobody) + wire.field(2, nobody) + wire.field(3, NODE), "set_queue": wire.field(1, nobody) + wire.field(2, nobody) + wire.field(3, nobody),
        "set_operator": wire.field(1, nobody) + wire.field(2, nobody) + wire.field(3, nobody) + wire.field(4, nobody) + wire.field(6, 1),
        "sign_on": wire.field(1, one) + wire.field(2, nobody) + wire.field(3, NODE) + wire.fixed(4, "fixed64", 1) + wire.field(5, nobody),
        "open": wire.field(1, one) + wire.field(2, wire.message("Hash")) + wire.field(3, nobody) + wire.field(4, one) + wire.field(5, NODE) + wire.field(6, 1),
        "claim": wire.field(1, one) + wire.field(2, one) + wire.field(3, one),
    }


def told_of(kind):
    """One command: what comes before it; what is honest; and every lie."""
    of, number = next((of, number) for name, of, number, _ in wire.MESSAGES["CommandMessage"] if name == kind)
    with making:
        # Sign-ons that ended do not come back: each kind has its own.
        wire.own = 1_000 + number
        before = [(name, wire.field(NUMBERS[name], body)) for name, body in first().items()]
        lies = [(path, lie) for path, lie in wire.lies("CommandMessage") if path.split(".")[0] == kind]
        chance = random.Random(kind)
        for _ in range(MIXED):
            lies.append((kind, wire.field(number, wire.mixed(of, chance)) if of in wire.MESSAGES else wire.field(number, chance.randrange(HUGE))))
        return before, wire.honest(of, number, 4), lies


def tell(cluster, node, kinds, outcome):
    link = None

    def ask(path, command):
        nonlocal link
        if link is None:
            time.sleep(PAUSE_S)
            link = Proposer(cluster, node)
        verdict = link.ask(command)
        why = link.why
        if verdict is None:
            link.close()
            link = None
        return verdict, why

    path = "nothing"
    try:
        for kind in kinds:
            before, honest, lies = told_of(kind)
            for name, command in before:
                if ask(name, command)[0] == "accepted":
                    outcome["first"].add(name)
            verdict, why = ask(kind, honest)
            outcome["honest"][kind] = verdict or why
            for path, command in lies:
                verdict, _ = ask(path, command)
                outcome["fields"].add(path)
                outcome["verdicts"][verdict] = outcome["verdicts"].get(verdict, 0) + 1
                if verdict == "accepted":
                    outcome["taken"][kind] = outcome["taken"].get(kind, 0) + 1
        # In the name of another node.
        outcome["another's"] = (link or Proposer(cluster, node)).ask(told_of("set_library")[0][0][1], b"memorial")
    except Exception as error:
        outcome["trouble"].append(f"{node}, {path}: {error!r}")
    if link:
        link.close()


def proposer(cluster, until, report):
    """However long it takes."""
    kinds = [name for name, _, _, _ in wire.MESSAGES["CommandMessage"]]
    outcomes = [{"honest": {}, "fields": set(), "verdicts": {}, "taken": {}, "first": set(), "trouble": [], "another's": None} for _ in COORDINATORS]
    threads = [threading.Thread(target=tell, args=(cluster, node, kinds[number::len(COORDINATORS)], outcomes[number])) for number, node in enumerate(COORDINATORS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdicts = {}
    for outcome in outcomes:
        for verdict, count in outcome["verdicts"].items():
            verdicts[str(verdict)] = verdicts.get(str(verdict), 0) + count
    report["commands"] = (sum(verdicts.values()), verdicts)
    report["fields of commands"] = (len(set().union(*(outcome["fields"] for outcome in outcomes))), "")
    honest = {kind: verdict for outcome in outcomes for kind, verdict in outcome["honest"].items()}
    report["commands that were done"] = (sum(sum(outcome["taken"].values()) for outcome in outcomes), {kind: count for outcome in outcomes for kind, count in outcome["taken"].items()})
    known = set().union(*(outcome["first"] for outcome in outcomes))
    report["what there is to lie about"] = (len(known), sorted(known))
    report["honest commands"] = (len(honest), honest)
    report["for another"] = (0, [outcome["another's"] for outcome in outcomes])
    report["trouble of the proposer"] = (sum(len(outcome["trouble"]) for outcome in outcomes), [line for outcome in outcomes for line in outcome["trouble"]])
