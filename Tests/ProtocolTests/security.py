"""Every test that SECURITY.md's threat model names exists, and every row names one. Usage: security.py"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {path: path.read_text() for path in (ROOT / "Tests").rglob("*.swift")}


def is_there(name):
    """`Suite.function` among the Swift tests, or a path."""
    if "/" in name:
        return (ROOT / name).is_file()
    suite, _, function = name.partition(".")
    return any(re.search(rf"@Suite[^{{]*\b(?:struct|class|actor) {suite}\b", text) and re.search(rf"@Test[^{{]*?\bfunc {function}\b", text) for text in SOURCES.values())


def problems(document):
    rows = [line for line in document.splitlines() if line.startswith("| ") and not line.startswith(("| who | ", "| ---"))]
    if not rows:
        yield "there is no table"
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if len(cells) != 4:
            yield f"expected 4 cells, found {len(cells)}: {row[:80]}"
            continue
        names = re.findall(r"`([^`]+)`", cells[3])
        if not names:
            yield f"no test is named: {cells[0]}"
        yield from (f"there is no test {name}, which the row of \"{cells[0][:60]}\" names" for name in names if not is_there(name))


document = (ROOT / "SECURITY.md").read_text()
# A check that cannot fail shows nothing.
assert len(list(problems("| a | b | c | `KeyringTests.nobodyWroteThis` |\n| a | b | c | none |\n| a | b | c | `Tests/nowhere.py` |"))) == 3
found = list(problems(document))
sys.exit("\n".join(["SECURITY.md:", *found]) if found else None)
