"""Compares how our server and h11 read the same bytes: random requests, broken in the ways that matter for request smuggling.

    http_differential.py PORT [COUNT] [SEED]

`web-echo` listens at PORT. Each sequence of bytes goes to both; what is compared is how many requests each of them saw, and whether it then
refused the rest. Where ours is the stricter one, the reason must be in STRICTER; it must never be the more lenient one.
"""
import collections
import random
import socket
import sys

import h11

from ports import wait_for

REFUSALS = {400, 408, 413, 414, 417, 431, 501, 503, 505}
# Sentences that begin the answers by which we refuse what h11 takes, each a decision of ours.
STRICTER = [
    "A line ends with LF alone",  # h11 takes bare LF between lines, RFC 9112 section 2.2 lets us refuse it
    "A header line begins with white space",  # folded lines
    "A control character is in the head",
    "An empty line came where a request line",  # one is ignored, as asked for; h11 ignores any number
    "A CR without LF",
    "A chunk must begin with its size",  # white space or nothing before an extension
    "A line of the chunked body",
    "A chunk's size line is longer",
    "A trailer line begins with white space",
    "A field's name is empty",
    "Content-Length must come at most once",  # h11 takes equal lengths twice
    "The request's target is not a path",  # h11 does not look at targets
    "A request line is a method",
    "Only HTTP/1.1 and HTTP/1.0",
    "The only transfer coding understood",
    "HTTP/1.0 has no transfer codings",
    "This method is not known here",  # h11 takes any token
    "The request line does not begin with a method",
    "The only expectation understood",
    "The request can't be parsed",
    "The body is longer",
    "The chunked body can't be parsed",
    "Exactly one Host field",
]

METHODS = ["GET", "POST", "HEAD", "PUT", "get", "G=T", "DANCE", ""]
TARGETS = ["/", "/presence.txt", "/a?b=c", "http://h/x", "*", "/%2e%2e/", "/a b", "/\xe4", "a"]
VERSIONS = ["HTTP/1.1", "HTTP/1.1", "HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.2", "http/1.1", ""]
FIELDS = [
    "Host: a", "Host: a", "Host : a", "Connection: close", "Connection: keep-alive", "X: y", "X:", "X : y", " X: y", "X\x0b: y", "X: a\x00b",
    "X: a\x7fb", "X: \xe4", "X Y: z", ": v", "novalue", "Content-Length: 5", "Content-Length: 5", "Content-Length: 0", "Content-Length: +5",
    "Content-Length: 5, 5", "Content-Length: 05", "Content-Length: 99999999999999999999", "Content-Length:5 ", "Content-Length : 5",
    "Transfer-Encoding: chunked", "Transfer-Encoding: chunked", "Transfer-Encoding: Chunked ", "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: chunked, identity", "Transfer-Encoding:\tchunked", "Transfer-Encoding : chunked", "Expect: 100-continue", "Expect: tea",
    "Upgrade: websocket",
]
BODIES = [
    "", "", "hello", "hell", "hello!", "5\r\nhello\r\n0\r\n\r\n", "5;x=y\r\nhello\r\n0\r\n\r\n", "5 \r\nhello\r\n0\r\n\r\n",
    "05\r\nhello\r\n0\r\n\r\n", "0x5\r\nhello\r\n0\r\n\r\n", "5\nhello\n0\n\n", "4\r\nhello\r\n0\r\n\r\n", "6\r\nhello\r\n0\r\n\r\n",
    "5\r\nhello\r\n0\r\nT: u\r\n\r\n", "5\r\nhello\r\n0\r\nT : u\r\n\r\n", "5\r\nhello\r\n0\r\n T: u\r\n\r\n", "g\r\n\r\n", "-5\r\nhello\r\n",
    "fffffffffffffffff\r\nhello\r\n", "5\r\nhello0\r\n\r\n", "0\r\n\r\n", "\r\n",
]
ENDS = ["\r\n"] * 12 + ["\n", "\r", "\r\r\n", "\n\r\n"]


def make(chance):
    text = ""
    for _ in range(chance.choice([1, 1, 2, 3])):
        end = lambda: chance.choice(ENDS) if chance.random() < 0.08 else "\r\n"
        good = chance.random() < 0.5
        method = chance.choice(METHODS[:2] if good else METHODS)
        target = chance.choice(TARGETS[:3] if good else TARGETS)
        version = "HTTP/1.1" if good else chance.choice(VERSIONS)
        text += f"{method} {target} {version}".strip() + end()
        fields = (["Host: a"] if good or chance.random() < 0.7 else []) + [chance.choice(FIELDS) for _ in range(chance.randrange(4))]
        chance.shuffle(fields)
        for field in fields:
            text += field + end()
        text += end() + chance.choice(BODIES)
    data = bytearray(text.encode("latin-1"))
    if chance.random() < 0.3:
        at = chance.randrange(len(data))
        data[at] = chance.choice([0, 9, 10, 13, 32, 58, 0x80, chance.randrange(256)])
    return bytes(data)


def read_by_h11(data):
    """How many requests, and whether the rest was refused."""
    connection = h11.Connection(h11.SERVER, max_incomplete_event_size=16 * 1024)
    count = 0
    try:
        connection.receive_data(data)
        connection.receive_data(b"")
        while True:
            event = connection.next_event()
            if event in (h11.NEED_DATA, h11.PAUSED) or isinstance(event, h11.ConnectionClosed):
                return count, False
            if isinstance(event, h11.EndOfMessage):
                count += 1
                connection.send(h11.Response(status_code=200, headers=[("Content-Length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE or connection.their_state is not h11.DONE:
                    return count, False
                connection.start_next_cycle()
    except h11.RemoteProtocolError as error:
        if "no request line" in str(error):
            return None, True  # an empty line before a request: RFC 9112 section 2.2 asks that one be ignored, as ours does
        # The end of the bytes inside a message is no refusal.
        return count, "peer unexpectedly closed" not in str(error) and "without sending complete" not in str(error)


def read_by_us(port, data):
    """The same, and the sentence of the refusal."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    count, sentence = 0, None
    while answer:
        head, _, answer = answer.partition(b"\r\n\r\n")
        lines = head.split(b"\r\n")
        status = int(lines[0].split()[1])
        length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
        if status in REFUSALS:
            sentence = answer[:length].decode()
        elif status != 100:
            count += 1
        # HEAD's answer has a length and no body: the next thing is another answer.
        if not answer.startswith(b"HTTP/1.1 "):
            answer = answer[length:]
    return count, sentence


def main(port, total=3000, seed=1):
    wait_for(port)
    chance = random.Random(seed)
    reasons = collections.Counter()
    agreed = skipped = 0
    for number in range(total):
        data = make(chance)
        theirs, they_refused = read_by_h11(data)
        ours, sentence = read_by_us(port, data)
        if theirs is None:
            skipped += 1
            continue
        if ours == theirs and (sentence is not None) == they_refused:
            agreed += 1
            continue
        if sentence is not None and ours <= theirs:
            reason = next((reason for reason in STRICTER if sentence.startswith(reason)), None)
            if reason:
                reasons[reason] += 1
                continue
        sys.exit(f"{number}: h11 saw {theirs} requests{', then refused' if they_refused else ''}; we saw {ours}, {sentence!r}, of\n{data!r}")
    print(f"http: {total} sequences of bytes: h11 and we agree on {agreed}; {skipped} begin with an empty line; we are stricter on {sum(reasons.values())}:")
    for reason, count in reasons.most_common():
        print(f"  {count:5} {reason}")


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
