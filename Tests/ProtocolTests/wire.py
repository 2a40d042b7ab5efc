"""Protocol buffers by hand: what nodes would never say is not to be had from a library that is right.

`lies` says something wrong in every field of a message that the project's own .proto files describe, those within it included; a field that is added is lied about as well.

Told to running nodes: of peer.proto, raft.proto and gossip.proto everything that nodes say to each other (attack_peer.py, attack_gossip.py); of consortium.proto every command (attack_commands.py)
and what a coordinator answers and shows (attack_node.py). What of consortium.proto lies on disks alone, snapshots and batches of a log, is for fuzzing (cluster/FUZZ.md).
"""
import pathlib
import random
import re
import struct

PROTOS = pathlib.Path(__file__).parents[2] / "Sources/Wire/Protos"
MAX64, MAX63, MAX32 = 2**64 - 1, 2**63 - 1, 2**32 - 1
# A name that nobody has: what is asked of it is done to nobody.
NOBODY = b"nobody-at-all"
# The least of 32 bits is written with 64, as all numbers below 0 are.
MAX31, MIN32 = 2**31 - 1, 2**64 - 2**31
NUMBERS = {"uint32": [0, 1, MAX32, MAX32 + 1, MAX64], "int32": [0, MAX31, MIN32, MAX64, MAX63], "uint64": [0, 1, MAX63, MAX64], "bool": [0, 1, 7, MAX64]}
FIXED = {"fixed64": ("<Q", 1, [0, 1, MAX63, MAX64]), "fixed32": ("<I", 5, [0, 1, MAX32])}
# What a field must say to be read at all, where another text or length would not do: by its name, or its message's and its own. None: left out, as it excludes another one.
KNOWN = {
    "ending": b"answered", "rating": b"helped", "duty": b"both", "step": b"button", "hash": bytes(32), "signature": bytes(64), "admitted": bytes(32), "AuditNoteCommand.by": b"admin",
    "AuditRecord.by": b"admin", "AdmitNodeCommand.key": bytes(32), "SignedSettingsEntry.key": bytes(32), "MergeBranchCommand.ended": b"byPatron", "RefusalMessage.code": b"invalid",
    "ChatEventMessage.kind": b"opened", "ChatEntry.event": None, "Keys.keys": bytes(32), "Find.code": bytes(32),
}
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


def read_varint(data, at):
    value = shift = 0
    while True:
        byte, at = data[at], at + 1
        value, shift = value | (byte & 127) << shift, shift + 7
        if byte < 128:
            return value, at


def fields(data):
    """Of a message that somebody wrote who is right: its fields' numbers and values."""
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == 0:
            value, at = read_varint(data, at)
        elif tag & 7 in (1, 5):
            value, at = int.from_bytes(data[at:at + (size := 8 if tag & 7 == 1 else 4)], "little"), at + size
        else:
            length, at = read_varint(data, at)
            value, at = data[at:at + length], at + length
        yield tag >> 3, value


def first(data, number):
    """The first value of that field; None where there is none."""
    return next((value for found, value in fields(data) if found == number), None)


def first_field(data):
    """The number of the field that a message begins with; 0 of an empty one."""
    return read_varint(data, 0)[0] >> 3 if data else 0


def fixed(number, kind, value):
    form, wire, _ = FIXED[kind]
    return varint(number << 3 | wire) + struct.pack(form, value)


def messages():
    """Of all files: each message's fields (name, type, number, the `oneof` that it is of), and the names of the enumerations."""
    found, enums = {}, set()
    for path in sorted(PROTOS.glob("*.proto")):
        text = re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(), flags=re.S)
        inside, choice, fields = [], None, 0
        for said in re.finditer(r"message (\w+) \{|enum (\w+) \{|oneof (\w+) \{|(?:repeated |optional )?(\w+) (\w+) = (\d+);|(\})", text):
            opened, enum, chosen, kind, name, number, _ = said.groups()
            if opened or enum:
                # Messages within messages go by their own names, as nothing here is called twice.
                if opened in found or enum in enums:
                    raise SystemExit(f"{path}: two messages or enumerations are called {opened or enum}; give one another name")
                inside.append(opened)
                if opened:
                    found[opened] = []
                else:
                    enums.add(enum)
            elif chosen:
                choice = chosen
            elif kind:
                found[inside[-1]].append((name, kind, int(number), choice))
                fields += 1
            elif choice:
                choice = None
            else:
                inside.pop()
        # Whatever is written otherwise than the above would be lied about by nobody.
        expected = len(re.findall(r"= \d+\s*(?:\[[^\]]*\])?;", re.sub(r"enum \w+ \{[^}]*\}", "", text)))
        if inside or choice or fields != expected:
            raise SystemExit(f"{path}: of {expected} fields {fields} are understood")
    unknown = {kind for fields in found.values() for _, kind, _, _ in fields} - set(found) - enums - set(NUMBERS) - set(FIXED) - {"string", "bytes"}
    if unknown:
        raise SystemExit(f"no lies are known for fields of type {sorted(unknown)}")
    return found, enums


MESSAGES, ENUMS = messages()


# Both halves of every identifier in what is honest.
own = 1


def honest(kind, number, depth=3):
    """A value of that type which says nothing."""
    if kind in NUMBERS or kind in ENUMS:
        return field(number, 1)
    if kind in FIXED:
        return fixed(number, kind, own)
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
        known = KNOWN.get(f"{name}.{field_name}", KNOWN.get(field_name, b""))
        if known is not None:
            out += field(number, known) if known else honest(kind, number, depth)
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
    """Of each field: its path, and the message in which that field alone is a lie: left out, beside another of its `oneof`, or of a value that it should not have."""
    for field_name, kind, number, choice in MESSAGES[name]:
        path, rest = f"{within}{field_name}", message(name, without=field_name)
        yield path, rest
        if beside := [(other, at) for other_name, other, at, of in MESSAGES[name] if choice and of == choice and other_name != field_name]:
            yield path, rest + honest(kind, number, depth - 1) + honest(*beside[0], depth - 1)
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


def mixed(name, chance, depth=4):
    """A message with several lies at once, and some fields left out or said twice."""
    out = b""
    for _, kind, number, _ in MESSAGES[name]:
        for _ in range(chance.choice([0, 1, 1, 1, 1, 2])):
            if kind in MESSAGES and depth and chance.random() < 0.8:
                out += field(number, mixed(kind, chance, depth - 1))
            elif chance.random() < 0.6:
                out += honest(kind, number)
            elif kind in MESSAGES:
                out += field(number, chance.choice(BYTES))
            else:
                out += chance.choice(list(values(kind, number)))
    return out
