/// A mail as it goes over the wire: plain text in UTF-8, its head in ASCII (RFC 5322; RFC 2047 for what is not ASCII; RFC 3834 for what no person wrote).

import FoundationEssentials
import Glibc

public struct MailMessage: Sendable {
    public var from: MailAddress
    /// Whose name stands beside `from`.
    public var sender: String
    public var to: MailAddress
    public var subject: String
    public var text: String
    /// The left part of its identifier. The same mail sent again has the same, so that whoever receives it may drop the second.
    public var id: String
    /// The right part: the host of `from` where it is nil. Named where several nodes may send the mail, each from an address of its own.
    public var idHost: String?
    /// Seconds since 1970.
    public var sentS: Int64

    public init(
        from: MailAddress, sender: String, to: MailAddress, subject: String, text: String, id: String, idHost: String? = nil, sentS: Int64
    ) {
        self.from = from
        self.sender = sender
        self.to = to
        self.subject = subject
        self.text = text
        self.id = id
        self.idHost = idHost
        self.sentS = sentS
    }

    /// Lines end with CR and LF, and none is longer than 78 bytes or begins with a dot.
    public var bytes: [UInt8] {
        let plainID = String(decoding: id.utf8.filter { $0.isPlainID }, as: UTF8.self)
        var head = "From: \(Self.encoded(sender)) <\(from.text)>\r\nTo: <\(to.text)>\r\nSubject: \(Self.encoded(subject))\r\n"
        head += "Date: \(Self.date(sentS))\r\nMessage-ID: <\(plainID)@\(idHost ?? from.host)>\r\n"
        head +=
            "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\nAuto-Submitted: auto-generated\r\n\r\n"
        return Array(head.utf8) + Self.lines(of: Data(text.utf8).base64EncodedString().utf8)
    }

    /// Words of a head: an encoded word for so many bytes each, folded.
    static func encoded(_ text: String) -> String {
        var words: [String] = []
        var part: [UInt8] = []
        func close() {
            if !part.isEmpty { words.append("=?utf-8?B?" + Data(part).base64EncodedString() + "?=") }
            part = []
        }
        for scalar in text.unicodeScalars {
            // A character is never divided. Of a line's end there is nothing in a head.
            let bytes = Array(String(scalar.value < 0x20 || scalar.value == 0x7f ? " " : scalar).utf8)
            if part.count + bytes.count > 42 { close() }
            part += bytes
        }
        close()
        return words.joined(separator: "\r\n ")
    }

    /// `Fri, 27 Nov 2026 23:30:00 +0000`, in the names of C's own locale, which this program never leaves.
    static func date(_ seconds: Int64) -> String {
        var (moment, fields) = (time_t(seconds), tm())
        guard gmtime_r(&moment, &fields) != nil else { return "Thu, 01 Jan 1970 00:00:00 +0000" }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            let count = strftime(buffer.baseAddress, buffer.count, "%a, %d %b %Y %H:%M:%S +0000", &fields)
            return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        }
    }

    private static func lines(of text: String.UTF8View) -> [UInt8] {
        let bytes = Array(text)
        var lines: [UInt8] = []
        lines.reserveCapacity(bytes.count + bytes.count / 38 + 4)
        for start in stride(from: 0, to: bytes.count, by: 76) {
            lines += bytes[start..<min(start + 76, bytes.count)]
            lines += [0x0d, 0x0a]
        }
        return lines
    }
}

extension UInt8 {
    fileprivate var isPlainID: Bool {
        switch self {
        case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e: true
        default: false
        }
    }
}
