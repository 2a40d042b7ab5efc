"""The figures of a former service of many libraries are more than one import takes: they come in in parts, each all or nothing, and the same again does no harm.

    past_parts.py CALLSLIP PORT    (three ports from PORT are used)
"""

import asyncio
import datetime
import subprocess
import sys
import tempfile

from mail import Node
from service import expect

NAMES = ["law", "maps", "music"]
ROSTER = "general: {queue: general, title: Ask}\nlibraries:\n"


def roster(names):
    return ROSTER + "".join(f"  - {{name: {name}, title: {name}, node: solo, queues: [{{name: {name}, title: {name}}}]}}\n" for name in names)


def past(names, chats=2):
    """Three days of each, with so many remarks that two libraries fit into one import and three do not."""
    today = datetime.datetime.now(datetime.timezone.utc).date()
    remark = "    # " + 90 * "counted by hand " + "\n"
    lines = ["past:\n"]
    for name in names:
        lines.append(f"  {name}:\n")
        for day in (9, 8, 7):
            lines.append(f'    {today - datetime.timedelta(days=day)}: "15 {chats} 0 1; 16 1"\n')
            lines.append(380 * remark)
    return "".join(lines)


def run(node, text, *options):
    file = node.folder / "all.yaml"
    file.write_text(text)
    done = subprocess.run(
        [node.binary, "import", "--data", f"{node.folder}/data", file, *options], capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout.splitlines(), done.stderr.replace(str(file), "FILE").splitlines()


async def in_parts(binary, port, folder):
    node = Node(binary, port, folder, "past")
    whole = roster(NAMES) + past(NAMES)
    expect(4 * 1024 * 1024 < len(whole) < 8 * 1024 * 1024, f"{len(whole)} bytes")
    try:
        node.start()
        await node.serves()
        code, said, wrong = run(node, whole, "--check")
        expect(code == 0 and said[-1].endswith("comes in in 3 parts"), f"{code} {said} {wrong}")
        expected = [
            "part 1 of 3: all but the past", "imported 3 libraries and 4 queues",
            "part 2 of 3: the past of law, maps", "18 chats of the past, in 12 hours, are in the reports",
            "part 3 of 3: the past of music", "9 chats of the past, in 6 hours, are in the reports",
        ]
        # Twice the same is once.
        for _ in range(2):
            code, said, wrong = run(node, whole)
            expect((code, said, wrong) == (0, expected, []), f"{code} {said} {wrong}")

        # What a dry run says of the past knows of libraries that are new in the file.
        more = roster([*NAMES, "zoo"]) + past([*NAMES[1:], "zoo"])
        code, said, wrong = run(node, more, "--dry-run")
        expect(code == 0 and said[-1] == "9 chats of the past, in 6 hours, would go in the reports", f"{code} {said} {wrong}")

        # Other numbers are refused, in their line; those before them stay, and those of the same part stay out.
        others = roster([*NAMES, "zoo"]) + past(["law", "maps", "zoo"]) + past(["music"], chats=3).split("\n", 1)[1]
        line = others.split("\n").index("  music:") + 1
        code, said, wrong = run(node, others)
        expect(code == 65 and said[-1] == "part 3 of 3: the past of zoo, music", f"{code} {said} {wrong}")
        expect(len(wrong) == 2 and wrong[0].startswith(f"FILE: line {line}: ") and "was brought in with other numbers" in wrong[0], f"{line} {wrong}")
        expect(wrong[1].startswith("nothing of part 3 was brought in") and "those before it are in" in wrong[1], f"{wrong}")

        # A mistake in the last line keeps all of it out.
        code, said, wrong = run(node, whole + "    2026-13-01: \"1 1\"\n")
        expect(code == 65 and said == [] and len(wrong) == 1 and wrong[0].startswith(f"FILE:{whole.count(chr(10)) + 1}: "), f"{code} {said} {wrong}")
    finally:
        node.stop()


async def main(binary, port):
    with tempfile.TemporaryDirectory() as folder:
        await in_parts(binary, port, folder)
    print("past: three libraries' figures, longer than one import, came in in parts, once")


asyncio.run(main(sys.argv[1], int(sys.argv[2])))
