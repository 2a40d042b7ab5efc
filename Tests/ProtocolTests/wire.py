"""Protocol buffers by hand: what nodes would never say is not to be had from a library that is right.

`lies` says something wrong in every field of a message that the project's own .proto files describe, those within it included; a field that is added is lied about as well.
"""
import pathlib
import random
import re
import struct

PROTOS = pathlib.Path(__file__).parents[2] / "Sources/Wire/Protos"
MAX64, MAX63, MAX32 = 2**64 - 1, 2**63 - 1, 2**32 - 1
# A name that nobody has: what is asked of it is done to nobody.
NOBODY = b"nobody-at-all"
NUMBERS = {"uint32": [0, 1, MAX32, MAX32 + 1, MAX64], "uint64": [0, 1, MAX63, MAX64], "bool": [0, 1, 7, MAX64]}
FIXED = {"fixed64": ("<Q", 1, [0, 1, MAX63, MAX64]), "fixed32": ("<I", 5, [0, 1, MAX32])}
TEXTS = [b"", NOBODY, b"\xff\xfe\x80", b"a\0b", b"../../etc/passwd", b"\"><img src=x onerror=alert(1)>", b"n" * 70_000]
BYTES = [b"", b"\0", bytes(16), bytes(32), b"\xff" * 31, b"\x0a\xff\xff\xff\xff\x0f", b"\x08" * 5_000]


def varint(value):
    out = b""
    while value > 127:
        out, value = out + bytes([value & 127 | 128]), value >> 7
    return out + bytes([value])


def field(number, value):
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    return varint(number << 3 | 2) + varint(len(value)) + value


def fixed(number, kind, value):
    form, wire, _ = FIXED[kind]
    return varint(number << 3 | wire) + struct.pack(form, value)


def messages():
    """Of all files: each message's fields (name, type, number, the `oneof` that it is of), and the names of the enumerations."""
    found, enums, inside, choice = {}, set(), [], None
    for path in sorted(PROTOS.glob("*.proto")):
        for line in path.read_text().splitlines():
            line = line.split("//")[0].strip()
            if opened := re.match(r"message (\w+) \{(.*)", line):
                inside.append(opened[1])
                found[opened[1]] = []
                line = opened[2].strip()
            elif opened := re.match(r"enum (\w+) \{", line):
                inside.append(None)
                enums.add(opened[1])
            elif opened := re.match(r"oneof (\w+) \{", line):
                choice = opened[1]
            if inside and inside[-1] is not None and (one := re.match(r"(?:repeated |optional )?(\w+) (\w+) = (\d+);", line)):
                found[inside[-1]].append((one[2], one[1], int(one[3]), choice))
            if line.endswith("}"):
                if choice:
                    choice = None
                else:
                    inside.pop()
    return found, enums


MESSAGES, ENUMS = messages()


def honest(kind, number, depth=3):
    """A value of that type which says nothing."""
    if kind in NUMBERS or kind in ENUMS:
        return field(number, 1)
    if kind in FIXED:
        return fixed(number, kind, 1)
    if kind == "string":
        return field(number, NOBODY)
    if kind == "bytes":
        return field(number, bytes(16))
    return field(number, message(kind, depth - 1) if depth else b"")


def message(name, depth=3, without=None):
    """All fields of a message but one; of those of a `oneof`, which exclude each other, none where one of them is left out, else the first."""
    left = next((choice for field_name, _, _, choice in MESSAGES[name] if field_name == without), None)
    out, chosen = b"", {left} - {None}
    for field_name, kind, number, choice in MESSAGES[name]:
        if field_name == without or choice in chosen:
            continue
        if choice:
            chosen.add(choice)
        out += honest(kind, number, depth)
    return out


def values(kind, number):
    """What may be wrong with a field of that type, as it is on the wire; the last ones are of another type than it has."""
    if kind in NUMBERS or kind in ENUMS:
        yield from (field(number, value) for value in NUMBERS.get(kind, NUMBERS["uint32"]))
        yield varint(number << 3) + b"\xff" * 11
        yield field(number, b"text")
    elif kind in FIXED:
        yield from (fixed(number, kind, value) for value in FIXED[kind][2])
        yield field(number, 1)
        yield varint(number << 3 | FIXED[kind][1]) + b"\0"
    else:
        yield from (field(number, value) for value in (TEXTS if kind == "string" else BYTES))
        yield field(number, MAX64)
        yield varint(number << 3 | 2) + varint(MAX32) + b"x"


def lies(name, within="", depth=4):
    """Of each field: its path, and the message in which that field alone is a lie."""
    for field_name, kind, number, _ in MESSAGES[name]:
        path, rest = f"{within}{field_name}", message(name, without=field_name)
        if kind not in MESSAGES:
            yield from ((path, rest + value) for value in values(kind, number))
            continue
        yield from ((path, rest + field(number, value)) for value in BYTES)
        # Of a kind that holds itself, one round says all.
        if depth:
            yield from ((inner, rest + field(number, lie)) for inner, lie in lies(kind, f"{path}.", depth - 1))


def paths(name, within="", depth=4):
    """Of every field that there is to lie in."""
    for field_name, kind, _, _ in MESSAGES[name]:
        yield f"{within}{field_name}"
        if kind in MESSAGES and depth:
            yield from paths(kind, f"{within}{field_name}.", depth - 1)
