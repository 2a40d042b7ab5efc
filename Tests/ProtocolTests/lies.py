"""Lies among nodes of a consortium, each of which has a valid certificate, at a demonstration of its own, as they leave something behind.

    lies.py CALLSLIP BASE_PORT [commands|coordinator]      75 ports from BASE_PORT are used

A node proposes commands, with a lie in every field of each, while real chats go on. No process ends, no leader changes, and the coordinators hold the same afterwards: one that reads its log
anew as well, and a backup of it can be read. Then somebody who plays a coordinator lies to the nodes that dial it, in every field of what coordinators say; the nodes live and answer
browsers, and serve people when the honest one is there.
"""
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

import attack_commands
import attack_node
import wire
from attack_cluster import COORDINATORS, demonstration, wave
from node import finish, hold, until

# What whoever leads says of itself, and what is asked at a coordinator alone; said by a node these are refused whatever is in them.
LEADERS = ["lapse", "tick", "check_digest", "set_feature_level", "retire_voter", "set_gate"]
COORDINATORS_ALONE = ["remove_node", "admit_node", "turn_keys"]


def judge(cluster, level, what):
    """They come equally far within half a minute; the log grows by a tick now and then."""
    digests = [None]

    def same():
        said = {name: cluster.status(name)["raft"] for name in COORDINATORS}
        digests[0] = said
        halted = [one.get("halted") for one in said.values() if one.get("halted")]
        return halted or len({(one["appliedIndex"], one["digest"]) for one in said.values()}) == 1

    until(f"the coordinators to hold the same {what}", 30, same)
    for name, said in digests[0].items():
        hold(not said.get("halted") and said["featureLevel"] == level, f"{what}: {name} applies what is agreed, at the level that was in force: {said}")


def sign_settings(cluster):
    """As LTG does before a service opens: before that, any node could change them."""
    data, document, key = str(cluster.folder / "c1"), cluster.folder / "settings", cluster.folder / "settings.key"
    made = cluster.run("settings", "key", str(key))
    document.write_text(cluster.run("settings", "show", "--data", data).stdout)
    ran = [made, cluster.run("settings", "sign", str(document), "--key", str(key)), cluster.run("settings", "apply", str(document), "--data", data)]
    hold(all(one.returncode == 0 for one in ran), f"the settings are signed: {[one.stdout + one.stderr for one in ran]}")


def commands(cluster):
    sign_settings(cluster)
    level = cluster.status("c1")["raft"]["featureLevel"]
    found = wave(cluster, 0, "lies in commands", attack_commands.proposer, longest=400)
    hold(found["trouble of the proposer"][0] == 0, f"every command has a verdict or ends its link: {found['trouble of the proposer']}")
    fields = len(set(wire.paths("CommandMessage")))
    hold(found["fields of commands"][0] == fields > 600, f"there is a lie in every field: {found['fields of commands'][0]} of {fields}")
    honest = found["honest commands"][1]
    unread = [(kind, verdict) for kind, verdict in honest.items() if " " in verdict]
    hold(honest and not unread, f"what no field of is a lie can be read, so that of a lie nothing else is wrong: {unread}")
    hold(found["what there is to lie about"][0] == len(attack_commands.first()), f"there is a library with a queue, a person who is signed on, and a chat that is held: {found['what there is to lie about']}")
    ours = LEADERS + COORDINATORS_ALONE
    hold([honest[kind] for kind in ours] == ["notAllowed"] * len(ours), f"no node says what leaders or coordinators alone do: {[(kind, honest[kind]) for kind in ours]}")
    hold(found["for another"][1] == ["notAllowed"] * len(COORDINATORS), f"nobody asks in another's name: {found['for another']}")
    verdicts = found["commands"][1]
    hold(all(verdicts.get(word, 0) > 50 for word in ("None", "accepted", "invalid", "notAllowed")), f"lies came through the reader, to where commands are judged: {verdicts}")
    judge(cluster, level, "after lies in commands")


def anew(cluster):
    """Who reads its log anew comes to the same, and what a coordinator holds can be written down and read."""
    name = next(name for name in COORDINATORS if cluster.status(name)["raft"]["role"] != "leader")
    level = cluster.status(name)["raft"]["featureLevel"]
    os.kill(cluster.processes()[name], signal.SIGKILL)
    with open(cluster.folder / f"{name}.again.log", "w") as log:
        again = subprocess.Popen([cluster.program, "serve", "--config", str(cluster.folder / f"{name}.yaml")], stdout=log, stderr=subprocess.STDOUT)
    try:
        def serves():
            try:
                return cluster.status(name)["raft"]["appliedIndex"] > 0
            except OSError:
                return False

        until(f"{name} to be back", 60, serves)
        judge(cluster, level, "when one has read its log anew")
        backup = cluster.folder / "backup"
        made = cluster.run("backup", str(backup), "--data", str(cluster.folder / name))
        hold(made.returncode == 0, f"a backup is made: {made.stdout}{made.stderr}")
        with tempfile.TemporaryDirectory() as folder:
            text = (cluster.folder / f"{name}.yaml").read_text().replace(f"data: {cluster.folder}/{name}", f"data: {folder}/data").replace("cluster: demo", "cluster: restored")
            pathlib.Path(folder, "node.yaml").write_text(text)
            read = cluster.run("restore", str(backup), "--config", f"{folder}/node.yaml")
            hold(read.returncode == 0, f"the backup is read: {read.stdout}{read.stderr}")
    finally:
        again.send_signal(signal.SIGINT)
        again.wait(30)


program, base = os.path.abspath(sys.argv[1]), int(sys.argv[2])
only = sys.argv[3:]
if not only or "commands" in only:
    with demonstration(program, base) as cluster:
        commands(cluster)
        anew(cluster)
if not only or "coordinator" in only:
    attack_node.false_coordinator(program, base + 40)
finish("lies among nodes")
