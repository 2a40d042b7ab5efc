import Sodium
import Testing

@Suite struct HexTests {
    @Test func everyByteIsWrittenAndReadAgain() {
        let all = Array(UInt8.min...UInt8.max)
        let text = Hex.text(of: all)
        #expect(text.hasPrefix("000102") && text.hasSuffix("fdfeff") && text.utf8.count == 512)
        #expect(Hex.bytes(of: text) == all && Hex.bytes(of: text, strict: true) == all)
        #expect(Hex.text(of: [UInt8]()).isEmpty && Hex.bytes(of: "") == [])
    }

    @Test func capitalsCountWhereNobodyAsksForOneText() {
        #expect(Hex.bytes(of: "DEADbeef") == [0xde, 0xad, 0xbe, 0xef])
        #expect(Hex.bytes(of: "DEADbeef", strict: true) == nil)
    }

    @Test(arguments: ["a", "abc", "0g", "+1", "-1", " 1", "1 ", "0x", "１２", "é"]) func whatIsNoPairOfDigitsIsNone(text: String) {
        #expect(Hex.bytes(of: text) == nil && Hex.bytes(of: text, strict: true) == nil)
    }
}
