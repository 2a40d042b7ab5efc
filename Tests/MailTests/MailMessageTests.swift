import Foundation
import Testing

@testable import Mail

/// What a mail looks like on the wire (RFC 5322, 2047), and what is no address.
@Suite struct MailMessageTests {
    private static func message(subject: String = "The answer", sender: String = "Law", text: String = "Yes.", id: String = "a.1") throws
        -> MailMessage
    {
        MailMessage(
            from: try #require(MailAddress("ask@library.example")), sender: sender, to: try #require(MailAddress("pat@home.example")),
            subject: subject, text: text, id: id, sentS: 1_795_822_200)
    }

    private static func lines(_ message: MailMessage) -> [String] {
        String(decoding: message.bytes, as: UTF8.self).components(separatedBy: "\r\n")
    }

    @Test func aMailHasItsHeadAndItsText() throws {
        let lines = Self.lines(try Self.message())
        #expect(lines[0] == "From: =?utf-8?B?TGF3?= <ask@library.example>")
        #expect(lines[1] == "To: <pat@home.example>")
        #expect(lines[2] == "Subject: =?utf-8?B?VGhlIGFuc3dlcg==?=")
        #expect(lines[3] == "Date: Fri, 27 Nov 2026 23:30:00 +0000")
        #expect(lines[4] == "Message-ID: <a.1@library.example>")
        #expect(lines.contains("Auto-Submitted: auto-generated"))
        #expect(lines.suffix(3) == ["", "WWVzLg==", ""])
        // What several may send is called the same wherever it comes from.
        var shared = try Self.message()
        shared.idHost = "staff.example"
        #expect(Self.lines(shared)[4] == "Message-ID: <a.1@staff.example>")
    }

    /// Whatever a library is called or a patron wrote: no line is long, none ends early, and nothing of it is a head of its own.
    @Test(arguments: ["Bücherei\r\nBcc: all@home.example", String(repeating: "ä", count: 300), "\u{1F4DA}\u{200D}x", "", "a\u{0}b"])
    func nothingThatIsWrittenBreaksTheHead(words: String) throws {
        let message = try Self.message(subject: words, sender: words, text: words + "\n.\n" + words, id: words + "\r\nX: y")
        let lines = Self.lines(message)
        #expect(message.bytes.allSatisfy { $0 < 0x80 })
        #expect(lines.allSatisfy { $0.utf8.count <= 998 && !$0.hasPrefix(".") && !$0.contains("\n") && !$0.contains("\r") })
        let head = lines.prefix { !$0.isEmpty }
        let names = head.filter { !$0.hasPrefix(" ") }.map { $0.prefix { $0 != ":" } }
        #expect(
            names == [
                "From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
                "Auto-Submitted",
            ])
        // Nor for a reader that takes a head apart after it decoded its words.
        for word in head.joined().matches(of: /=\?utf-8\?B\?([^?]*)\?=/) {
            let decoded = try #require(Data(base64Encoded: String(word.output.1)))
            #expect(decoded.allSatisfy { $0 >= 0x20 && $0 != 0x7f })
        }
        let body = lines.drop { !$0.isEmpty }.dropFirst().joined()
        #expect(Data(base64Encoded: body).map { String(decoding: $0, as: UTF8.self) } == words + "\n.\n" + words)
    }

    @Test func aSubjectIsWhatItWas() throws {
        let subject = String(repeating: "Straße 日本 ", count: 20)
        let head = Self.lines(try Self.message(subject: subject)).drop { !$0.hasPrefix("Subject:") }
        let folded =
            [head.first.map { String($0.dropFirst("Subject: ".count)) } ?? ""]
            + head.dropFirst().prefix { $0.hasPrefix(" ") }.map { String($0.dropFirst()) }
        #expect(folded.count > 5 && folded.allSatisfy { $0.utf8.count <= 75 && $0.hasPrefix("=?utf-8?B?") && $0.hasSuffix("?=") })
        let decoded = folded.compactMap { Data(base64Encoded: String($0.dropFirst(10).dropLast(2))) }.reduce(Data(), +)
        #expect(String(decoding: decoded, as: UTF8.self) == subject)
    }

    @Test func addressesAreWhatPeopleType() {
        for good in ["a@b.c", "first.last+tag@sub.library.example", "o'hara@x.example"] { #expect(MailAddress(good) != nil, "\(good)") }
        for bad in [
            "", "a", "@b.c", "a@", "a@b", "a@b.c@d.e", "a b@c.d", "a@b..c", ".a@b.c", "a.@b.c", "a@b.c\r\nBcc: x@y.z", "<a@b.c>",
            "a@b.c,d@e.f",
            "ä@b.c", String(repeating: "a", count: 65) + "@b.c", "a@" + String(repeating: "b.", count: 130) + "c",
        ] { #expect(MailAddress(bad) == nil, "\(bad)") }
    }
}
