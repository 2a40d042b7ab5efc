/// The lines of an iCalendar file (RFC 5545, section 3.1): folded ones put together again, each taken apart into name, parameters and value.

struct CalendarLine {
    /// Where it begins, from 1.
    var line: Int
    /// In capitals, as the parameters' names.
    var name: String
    var parameters: [String: String]
    var value: String
}

struct CalendarLines {
    private let bytes: [UInt8]
    private var at = 0
    /// The line that is read next.
    private(set) var line = 1

    init(_ text: String) {
        bytes = Array(text.utf8)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { at = 3 }
    }

    /// `nil` at the end; a `read` of `nil` where this is no such line. Empty lines are passed over.
    mutating func next() -> (line: Int, read: CalendarLine?)? {
        while at < bytes.count {
            let begun = line
            var content = physical()
            while at < bytes.count, bytes[at] == 0x20 || bytes[at] == 0x09 {
                at += 1
                content += physical()
            }
            if content.isEmpty { continue }
            return (begun, Self.read(Array(content), line: begun))
        }
        return nil
    }

    /// Up to the end of a line, which is passed over.
    private mutating func physical() -> ArraySlice<UInt8> {
        let start = at
        while at < bytes.count, bytes[at] != 0x0A { at += 1 }
        var end = at
        if end > start, bytes[end - 1] == 0x0D { end -= 1 }
        if at < bytes.count {
            at += 1
            line += 1
        }
        return bytes[start..<end]
    }

    private static func read(_ bytes: [UInt8], line: Int) -> CalendarLine? {
        var at = 0
        func word(_ ends: [UInt8]) -> String {
            let start = at
            while at < bytes.count, !ends.contains(bytes[at]) { at += 1 }
            return String(decoding: bytes[start..<at], as: UTF8.self)
        }
        let name = word([0x3A, 0x3B]).uppercased()
        guard !name.isEmpty, name.utf8.allSatisfy({ (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == 0x2D }) else {
            return nil
        }
        var parameters: [String: String] = [:]
        while at < bytes.count, bytes[at] == 0x3B {
            at += 1
            let key = word([0x3D, 0x3A, 0x3B]).uppercased()
            guard at < bytes.count, bytes[at] == 0x3D else { return nil }
            at += 1
            let value: String
            if at < bytes.count, bytes[at] == 0x22 {
                at += 1
                value = word([0x22])
                guard at < bytes.count else { return nil }
                at += 1
                // Further values of the parameter, which none of those that are read here has.
                _ = word([0x3A, 0x3B])
            } else {
                value = word([0x3A, 0x3B])
            }
            if parameters[key] == nil { parameters[key] = value }
        }
        guard at < bytes.count, bytes[at] == 0x3A else { return nil }
        return CalendarLine(line: line, name: name, parameters: parameters, value: String(decoding: bytes[(at + 1)...], as: UTF8.self))
    }
}
