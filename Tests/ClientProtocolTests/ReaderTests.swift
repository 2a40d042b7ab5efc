import Consortium
import Testing

@testable import ClientProtocol

@Suite struct ReaderTests {
    @Test(arguments: [
        "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{\"a\"}", "{a:1}", "01", "1.", ".5", "-", "+1", "1e", "nul", "truex", "\"", "\"\\x\"",
        "\"\\u12\"",
        "\"\n\"", "[1 2]", "{} {}", "NaN", "'a'", "[", "{\"a\":", "\u{FEFF}{}",
    ])
    func whatIsNotJSONIsRefused(text: String) {
        #expect(throws: ProtocolError.self) { try JSON(parsing: text.utf8) }
    }

    @Test func everyFormOfValueIsRead() throws {
        let text = " {\"a\" : [1, -2.5e3, 0, true, false, null, \"\"], \"b\":{}, \"c\":[ ] , \"n\":9223372036854775808}\r\n\t"
        guard case .object(let members) = try JSON(parsing: text.utf8) else {
            Issue.record("an object was expected")
            return
        }
        #expect(members.map(\.key) == ["a", "b", "c", "n"])
        #expect(members[0].value == .array([.integer(1), .real(-2500), .integer(0), .bool(true), .bool(false), .null, .string("")]))
        #expect(members[3].value == .real(9_223_372_036_854_775_808))
    }

    @Test func escapesAreUndone() throws {
        #expect(try JSON(parsing: #""\"\\\/\b\f\n\r\t\u00e9\ud83d\udc4b""#.utf8) == .string("\"\\/\u{8}\u{c}\n\r\té👋"))
    }

    @Test func aHalfPairBecomesTheReplacementCharacter() throws {
        #expect(try JSON(parsing: #""a\ud83d""#.utf8) == .string("a\u{FFFD}"))
        #expect(try JSON(parsing: #""\udc4bz""#.utf8) == .string("\u{FFFD}z"))
        #expect(try JSON(parsing: #""\ud83d\u0041""#.utf8) == .string("\u{FFFD}A"))
    }

    @Test func invalidUTF8IsRefused() {
        #expect(throws: ProtocolError.self) { try JSON(parsing: [0x22, 0xff, 0x22]) }
        #expect(throws: ProtocolError.self) { try JSON(parsing: [0x22, 0x5c, 0x6e, 0xc0, 0x80, 0x22]) }
    }

    @Test func depthIsBounded() {
        let deep = Array(repeating: UInt8(ascii: "["), count: 16_000)
        #expect(throws: ProtocolError.self) { try JSON(parsing: deep) }
    }

    @Test func damagedMessagesGiveErrorsAndNeverTrap() throws {
        var generator = SystemRandomNumberGenerator()
        for message in try RoundTripTests.clientMessages() {
            let bytes = message.json()
            for cut in bytes.indices { #expect(throws: ProtocolError.self) { try ClientMessage(json: bytes[..<cut]) } }
            for _ in 0..<200 {
                var damaged = bytes
                damaged[Int.random(in: damaged.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
                // Either reading is right; it must only come back.
                if let read = try? ClientMessage(json: damaged) { #expect(try ClientMessage(json: read.json()) == read) }
            }
        }
    }

    @Test func anUnknownKindKeepsItsRequest() {
        let re = RoundTripTests.re
        #expect(throws: ProtocolError.unknownKind("dance", re: re)) {
            try ClientMessage(json: #"{"t":"dance","re":"\#(re.text)"}"#.utf8)
        }
    }

    @Test func aBadFieldSaysWhichAndKeepsItsRequest() throws {
        let re = RoundTripTests.re
        let error = try #require(throws: ProtocolError.self) {
            try ClientMessage(json: #"{"t":"claim","re":"\#(re.text)","chat":"ABC"}"#.utf8)
        }
        #expect(error.re == re)
        #expect(error.sentence == "Field chat of claim: expected 32 lower-case hexadecimal digits.")
    }

    @Test func tooLongANoteIsTold() throws {
        let long = ClientMessage.keep(
            RoundTripTests.re, RoundTripTests.chat, code: "K7QM-3XRT-9WZB", contact: String(repeating: "x", count: 201))
        let error = try #require(throws: ProtocolError.self) { try ClientMessage(json: long.json()) }
        guard case .badField(_, let field, _, let code, _) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(field == "contact")
        #expect(code == .tooLong)
    }

    @Test func aTypedPickUpCodeIsFolded() {
        #expect(PickUpCode.canonical("k7qm 3xrt 9wzb") == "K7QM-3XRT-9WZB")
        #expect(PickUpCode.canonical("OIL0-0000-0000") == "0110-0000-0000")
        #expect(PickUpCode.canonical("K7QM-3XRT-9WZ") == nil)
        #expect(PickUpCode.canonical("K7QM-3XRT-9WZU") == nil)
        var generator = SystemRandomNumberGenerator()
        let made = PickUpCode.make(using: &generator)
        #expect(PickUpCode.canonical(made) == made)
    }

    @Test func theEstimateOfAMessagesBytesIsNeverTooSmall() throws {
        for text in ["plain", "\u{1}\u{2}\u{3}", "<<<<", "\"\\\"\\", "é👋", String(repeating: "\u{7f}<", count: 500)] {
            let message = ServerMessage.Message(
                at: Position(epoch: .max, n: .max), by: .patron, wallMs: .max >> 1,
                body: .text(text, sender: RoundTripTests.sender, sequence: .max >> 1), late: true, own: true)
            let frame = ServerMessage.messages(RoundTripTests.chat, [message], more: false).json()
            #expect(frame.count <= message.jsonBytesMax + 80)
        }
    }
}
