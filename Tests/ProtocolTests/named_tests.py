"""Every test that SECURITY.md's threat model and AGREEMENT.md name exists, and every row names one. Usage: named_tests.py"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = {path: path.read_text() for path in (ROOT / "Tests").rglob("*.swift")}
# How many cells a row has; the last of them names tests.
DOCUMENTS = {"SECURITY.md": 4, "AGREEMENT.md": 3}


def is_there(name):
    """`Suite`, or `Suite.function`, among the Swift tests, or a path."""
    if "/" in name:
        return (ROOT / name).is_file()
    suite, _, function = name.partition(".")
    suites = [text for text in SOURCES.values() if re.search(rf"@Suite[^{{]*\b(?:struct|class|actor|enum) {suite}\b", text)]
    return any(re.search(rf"@Test[^{{]*?\bfunc {function}\b" if function else "@Test", text) for text in suites)


def problems(document, width):
    rows = [line for line in document.splitlines() if line.startswith("| ") and not line.startswith(("| who | ", "| the agreement says | ", "| ---"))]
    if not rows:
        yield "there is no table"
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if len(cells) != width:
            yield f"expected {width} cells, found {len(cells)}: {row[:80]}"
            continue
        names = re.findall(r"`([^`]+)`", cells[-1])
        if not names:
            yield f"no test is named: {cells[0]}"
        yield from (f"there is no test {name}, which the row of \"{cells[0][:60]}\" names" for name in names if not is_there(name))


# A check that cannot fail shows nothing.
assert len(list(problems("| a | b | c | `KeyringTests.nobodyWroteThis` |\n| a | b | c | none |\n| a | b | c | `Tests/nowhere.py` |\n| a | b | c | `NoSuchTests` |", 4))) == 4
found = [f"{name}: {problem}" for name, width in DOCUMENTS.items() for problem in problems((ROOT / name).read_text(), width)]
sys.exit("\n".join(found) if found else None)
