import Seeded
import Testing

@testable import Web

/// RFC 6455 as a table: frames in, and what comes of them, however they are cut.
@Suite struct WebSocketTests {
    struct Frame {
        var opcode: UInt8
        var payload: [UInt8] = []
        var isFinal = true
        var reserved: UInt8 = 0
        var isMasked = true
        /// The payload's length takes so many bytes behind the second; nil: as few as it needs.
        var lengthBytes: Int?
        /// Claims this length, whatever the payload.
        var claimed: UInt64?

        var bytes: [UInt8] {
            let length = claimed ?? UInt64(payload.count)
            let form = lengthBytes ?? (length < 126 ? 0 : length <= 0xFFFF ? 2 : 8)
            var bytes = [(isFinal ? 0x80 : 0) | reserved << 4 | opcode]
            bytes.append((isMasked ? 0x80 : 0) | (form == 0 ? UInt8(length) : form == 2 ? 126 : 127))
            for shift in stride(from: form * 8 - 8, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: length >> UInt64(shift))) }
            guard isMasked else { return bytes + payload }
            let key: [UInt8] = [0x37, 0xFA, 0x21, 0x3D]
            return bytes + key + payload.enumerated().map { $0.element ^ key[$0.offset & 3] }
        }
    }

    static func text(_ text: String, _ opcode: UInt8 = 1, final: Bool = true) -> Frame {
        Frame(opcode: opcode, payload: Array(text.utf8), isFinal: final)
    }
    static func raw(_ opcode: UInt8, _ payload: [UInt8], final: Bool = true) -> Frame {
        Frame(opcode: opcode, payload: payload, isFinal: final)
    }
    static func close(_ code: UInt16, _ reason: String = "") -> Frame {
        Frame(opcode: 8, payload: [UInt8(code >> 8), UInt8(code & 0xFF)] + Array(reason.utf8))
    }

    /// What comes of bytes, in words: "text …", "binary N", "pong …", "closed CODE", and what was sent: "sent ping|pong|close …".
    static func play(_ pieces: [[UInt8]], limits: WebSocketLimits, role: WebSocketConnection.Role = .server) -> [String] {
        var connection = WebSocketConnection(role: role, limits: limits)
        var lines: [String] = []
        for piece in pieces {
            piece.withUnsafeBytes { connection.receive($0, nowMs: 0) }
            while let event = connection.next() {
                switch event {
                case .message(let message) where message.isText:
                    lines.append("text \(message.bytes.count < 40 ? message.text : "of \(message.bytes.count)")")
                case .message(let message): lines.append("binary \(message.bytes.count)")
                case .pong(let payload): lines.append("pong \(payload.count)")
                case .closed(let code, let reason):
                    lines.append("closed \(code)\(reason.isEmpty ? "" : " ")\(role == .server ? reason.prefix(20) : "")")
                }
            }
            connection.checkInvariants()
            let output = connection.takeOutput()
            if !output.isEmpty { lines.append("sent \(describe(output))") }
        }
        return lines
    }

    private static func describe(_ output: [UInt8]) -> String {
        var words: [String] = []
        var at = 0
        while at + 2 <= output.count {
            let length = Int(output[at + 1])
            let payload = output[(at + 2)..<min(output.count, at + 2 + length)]
            let kind = output[at] == 0x8A ? "pong \(length)" : output[at] == 0x88 ? "close" : "opcode \(output[at] & 15)"
            let code = output[at] == 0x88 && length >= 2 ? " \(UInt16(payload[at + 2]) << 8 | UInt16(payload[at + 3]))" : ""
            words.append(kind + code)
            at += 2 + length
        }
        return words.joined(separator: ", ")
    }

    static let limits: WebSocketLimits = {
        var limits = WebSocketLimits()
        limits.messageBytesMax = 70_000
        limits.fragmentsMax = 10
        return limits
    }()

    private static let failed = ["closed 1002", "sent close 1002"]
    private static let badText = ["closed 1007", "sent close 1007"]

    static let cases: [(name: String, frames: [Frame], lines: [String])] = {
        var cases: [(String, [Frame], [String])] = [
            ("text", [text("Hello")], ["text Hello"]),
            ("empty text", [text("")], ["text "]),
            ("empty binary", [raw(2, [])], ["binary 0"]),
            ("fragments", [text("Hel", final: false), text("l", 0, final: false), text("o", 0)], ["text Hello"]),
            ("empty fragments", [text("", final: false), text("", 0, final: false), text("", 0)], ["text "]),
            ("a character across fragments", [raw(1, [0xE2, 0x82], final: false), raw(0, [0xAC])], ["text €"]),
            ("ping", [raw(9, Array("abc".utf8))], ["sent pong 3"]),
            ("ping of 125", [raw(9, Array(repeating: 7, count: 125))], ["sent pong 125"]),
            ("pong unasked", [raw(10, [1, 2])], ["pong 2"]),
            ("ping inside a message", [text("Hel", final: false), raw(9, [1]), text("lo", 0)], ["text Hello", "sent pong 1"]),
            ("ping of 126", [raw(9, Array(repeating: 7, count: 126))], failed),
            ("fragmented ping", [raw(9, [1], final: false), raw(0, [2])], failed),
            ("fragmented close", [raw(8, [3, 232], final: false)], failed),
            ("unmasked", [Frame(opcode: 1, payload: [65], isMasked: false)], failed),
            ("continuation of nothing", [text("x", 0)], failed),
            ("continuation after the end", [text("x"), text("y", 0)], ["text x"] + failed),
            ("a message inside a message", [text("x", final: false), text("y")], failed),
            ("too long", [Frame(opcode: 2, payload: [1], claimed: 70_001)], ["closed 1009", "sent close 1009"]),
            (
                "too long in all", [raw(2, Array(repeating: 0, count: 60_000), final: false), raw(0, Array(repeating: 0, count: 10_001))],
                ["closed 1009", "sent close 1009"]
            ),
            (
                "too many fragments", [text("", final: false)] + (0..<10).map { _ in text("", 0, final: false) },
                ["closed 1008", "sent close 1008"]
            ),
            ("the top bit of a length", [Frame(opcode: 2, payload: [1], claimed: 1 << 63)], failed),
            ("a length in too many bytes", [Frame(opcode: 2, payload: [1], lengthBytes: 2)], failed),
            ("a length in far too many bytes", [Frame(opcode: 2, payload: Array(repeating: 1, count: 200), lengthBytes: 8)], failed),
            ("close without a code", [raw(8, [])], ["closed 1005", "sent close"]),
            ("close with half a code", [raw(8, [3])], failed),
            ("close with a reason", [close(1000, "done")], ["closed 1000 done", "sent close 1000"]),
            (
                "close with the longest reason", [close(1000, String(repeating: "r", count: 123))],
                ["closed 1000 " + String(repeating: "r", count: 20), "sent close 1000"]
            ),
            ("close with a reason that is too long", [close(1000, String(repeating: "r", count: 124))], failed),
            ("close with a reason that is no text", [raw(8, [3, 232, 0xFF])], badText),
            ("close inside a message", [text("x", final: false), close(1000)], ["closed 1000", "sent close 1000"]),
            ("after close", [close(1000), text("never"), raw(9, [])], ["closed 1000", "sent close 1000"]),
        ]
        for size in [125, 126, 127, 65_535, 65_536, 70_000] {
            cases.append(("binary of \(size)", [raw(2, Array(repeating: 9, count: size))], ["binary \(size)"]))
        }
        for bit: UInt8 in [1, 2, 4] { cases.append(("reserved bit \(bit)", [Frame(opcode: 1, payload: [65], reserved: bit)], failed)) }
        for opcode: UInt8 in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
            cases.append(("opcode \(opcode)", [raw(opcode, [])], failed))
            cases.append(("opcode \(opcode) with a payload", [text("x", final: false), raw(opcode, [1])], failed))
        }
        for code: UInt16 in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999] {
            cases.append(("close \(code)", [close(code)], ["closed \(code)", "sent close \(code)"]))
        }
        for code: UInt16 in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
            cases.append(("close \(code)", [close(code)], failed))
        }
        // Overlong forms, surrogates, beyond U+10FFFF, stray and missing continuation bytes.
        let broken: [[UInt8]] = [
            [0x80], [0xC0, 0x80], [0xC1, 0xBF], [0xE0, 0x9F, 0xBF], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x8F, 0xBF, 0xBF],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xFE], [0xFF], [0xE2, 0x28, 0xA1], [0xC3, 0x28], [0x41, 0xE2, 0x82],
            [0xF0, 0x9F, 0x98],
        ]
        for bytes in broken {
            cases.append(("no UTF-8: \(bytes)", [raw(1, bytes)], badText))
            cases.append(
                (
                    "no UTF-8 in fragments: \(bytes)", bytes.map { raw($0 == bytes.first ? 1 : 0, [$0], final: false) } + [raw(0, [])],
                    badText
                ))
        }
        for (name, bytes) in [("é", [0xC3, 0xA9]), ("largest", [0xF4, 0x8F, 0xBF, 0xBF]), ("BOM", [0xEF, 0xBB, 0xBF])]
            as [(String, [UInt8])]
        {
            cases.append(("UTF-8: \(name)", [raw(1, bytes)], ["text " + String(decoding: bytes, as: UTF8.self)]))
        }
        return cases
    }()

    /// The same of everything that an event says, whatever was sent at which moment.
    private static func sorted(_ lines: [String]) -> [String] {
        lines.filter { !$0.hasPrefix("sent") } + lines.filter { $0.hasPrefix("sent") }
    }

    @Test(arguments: cases.indices) func isAsTheStandardSays(_ index: Int) {
        let (name, frames, expected) = Self.cases[index]
        let bytes = frames.flatMap(\.bytes)
        func check(_ pieces: [[UInt8]], _ how: String) {
            var lines = Self.sorted(Self.play(pieces, limits: Self.limits))
            // A failure is told in a sentence of our own.
            lines = lines.map { line in line.hasPrefix("closed 100") && !line.hasPrefix("closed 1000") ? String(line.prefix(11)) : line }
            #expect(lines == Self.sorted(expected), "\(name), \(how)")
        }
        check([bytes], "whole")
        if bytes.count < 2_000 { check(bytes.map { [$0] }, "byte by byte") }
        var generator = SeededGenerator(seed: UInt64(index))
        for _ in 0..<5 { check(generator.pieces(bytes, lengthMax: bytes.count > 2_000 ? 9_000 : 12), "in pieces") }
    }

    /// Text that can't be UTF-8 any more fails at once, not at the end of its frame.
    @Test func badTextFailsAtItsFirstBadByte() {
        let bytes = Frame(opcode: 1, payload: [0x41, 0xFF] + Array(repeating: 0x41, count: 60_000)).bytes
        #expect(Self.play([Array(bytes[..<20])], limits: Self.limits).first?.hasPrefix("closed 1007") == true)
    }

    @Test func aServerMustNotMask() {
        let masked = Self.play([Self.text("x").bytes], limits: Self.limits, role: .client)
        #expect(masked.first?.hasPrefix("closed 1002") == true)
        let plain = Self.play([Frame(opcode: 1, payload: [0x78], isMasked: false).bytes], limits: Self.limits, role: .client)
        #expect(plain == ["text x"])
    }

    /// What one role writes the other reads, for every length form.
    @Test(arguments: [0, 1, 125, 126, 65_535, 65_536, 70_000]) func theRolesUnderstandEachOther(size: Int) {
        let payload = Array(repeating: UInt8(0x61), count: size)
        var limits = Self.limits
        limits.queueBytesMax = 100_000
        for role in [WebSocketConnection.Role.client, .server] {
            var masks: UInt32 = 0x1122_3344
            var sender = WebSocketConnection(
                role: role, limits: limits,
                makeMask: {
                    masks &+= 0x0101_0101
                    return masks
                })
            let isSent = sender.send(payload, isText: true)
            #expect(isSent)
            sender.ping([1, 2, 3])
            let lines = Self.play([sender.takeOutput()], limits: limits, role: role == .client ? .server : .client)
            #expect(lines.first == "text \(size < 40 ? String(repeating: "a", count: size) : "of \(size)")")
            #expect(lines.count == 2)
        }
    }

    @Test func theQueueIsBounded() {
        var limits = WebSocketLimits()
        limits.queueBytesMax = 1_000
        var connection = WebSocketConnection(role: .server, limits: limits)
        var isSent = [connection.send(Array(repeating: 1, count: 500), isText: false)]
        let queued = connection.takeOutput().count
        connection.outputQueued(queued)
        isSent.append(connection.send(Array(repeating: 1, count: 500), isText: false))
        // Nothing more, even if it would fit: the client has missed something.
        isSent.append(connection.send([1], isText: false))
        let hasOverflowed = connection.hasOverflowed
        #expect(isSent == [true, false, false] && hasOverflowed)
        connection.sendLast(Array("why".utf8))
        connection.close(code: 1013, reason: String(repeating: "é", count: 100), nowMs: 5)
        let output = connection.takeOutput()
        #expect(output.count == 5 + 4 + 122)
        let isOpen = connection.isOpen
        let isOverdue = [connection.isCloseOverdue(nowMs: 5_004), connection.isCloseOverdue(nowMs: 5_005)]
        #expect(!isOpen && isOverdue == [false, true])
    }

    /// A peer that pings and reads nothing gets no more pongs.
    @Test func pongsDoNotFillTheQueue() {
        var limits = WebSocketLimits()
        limits.queueBytesMax = 1_000
        var connection = WebSocketConnection(role: .server, limits: limits)
        let ping = Self.raw(9, Array(repeating: 1, count: 125)).bytes
        for _ in 0..<100 { ping.withUnsafeBytes { connection.receive($0, nowMs: 0) } }
        let queued = connection.queuedBytes
        #expect(queued <= 1_000 + 127)
    }

    /// As strict as the standard library, however the bytes are cut.
    @Test(arguments: 0..<100) func utf8IsJudgedAsByTheStandardLibrary(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        for _ in 0..<50 {
            var bytes: [UInt8] = []
            for _ in 0..<(1 + generator.next() % 6) {
                switch generator.next() % 4 {
                case 0: bytes.append(UInt8(truncatingIfNeeded: generator.next()))
                case 1: bytes += Array(repeating: 0x61, count: Int(generator.next() % 20))
                default:
                    let scalar = Unicode.Scalar(UInt32(generator.next() % 0x11_0000)) ?? "x"
                    bytes += Array(String(Character(scalar)).utf8)
                }
            }
            if generator.next() % 3 == 0, !bytes.isEmpty { bytes.removeLast() }
            var validator = UTF8Validator()
            var isValid = true
            for piece in generator.pieces(bytes, lengthMax: 9) where isValid {
                isValid = piece.withUnsafeBufferPointer { validator.accepts($0) }
            }
            #expect((isValid && validator.isComplete) == (String(validating: bytes, as: UTF8.self) != nil), "\(bytes)")
        }
    }

    /// Any bytes at all: no trap, no more held than the limits say.
    @Test(arguments: 0..<200) func anyBytesAreHarmless(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var bytes: [UInt8] = []
        for _ in 0..<4 {
            let frames = Self.cases[Int(generator.next() % UInt64(Self.cases.count))].frames.filter { $0.payload.count < 300 }
            bytes += frames.flatMap(\.bytes)
        }
        for _ in 0..<3 where !bytes.isEmpty {
            bytes[Int(generator.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: generator.next())
        }
        let whole = Self.play([bytes], limits: Self.limits).filter { !$0.hasPrefix("sent") }
        #expect(Self.play(bytes.map { [$0] }, limits: Self.limits).filter { !$0.hasPrefix("sent") } == whole)
    }
}
