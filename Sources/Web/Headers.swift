/// Header fields as they came, in order. Names are compared without regard to case; bytes outside ASCII are kept.
public struct Headers: Sendable {
    struct Field: Sendable {
        var nameStart: UInt16
        var nameEnd: UInt16
        var valueStart: UInt16
        var valueEnd: UInt16
    }

    /// The whole head; fields are ranges in it. Heads are shorter than 64 KiB (`WebLimits.headBytesMax`).
    let bytes: [UInt8]
    let fields: [Field]

    public var count: Int { fields.count }

    /// The first field of that name, without surrounding white space; nil where there is none or its bytes are not UTF-8.
    public subscript(name: StaticString) -> String? {
        guard let field = first(name) else { return nil }
        return String(validating: bytes[Int(field.valueStart)..<Int(field.valueEnd)], as: UTF8.self)
    }

    /// All fields of that name, in order.
    public func all(_ name: StaticString) -> [String] {
        fields.filter { matches($0, name) }.map { String(decoding: bytes[Int($0.valueStart)..<Int($0.valueEnd)], as: UTF8.self) }
    }

    /// How many fields have that name.
    func count(_ name: StaticString) -> Int {
        var count = 0
        for field in fields where matches(field, name) { count += 1 }
        return count
    }

    /// Whether a comma-separated field (`Connection`, `Upgrade`, `Accept-Encoding` …) lists the token, in any case, in any of its lines.
    /// A weight of `;q=0` means that it does not; other parameters are ignored.
    public func lists(_ name: StaticString, _ token: String) -> Bool {
        for line in all(name) {
            for item in line.split(separator: ",") {
                let parts = item.split(separator: ";").map { trimmed($0) }
                guard let first = parts.first, first.lowercased() == token else { continue }
                let refused = parts.dropFirst().contains { part in
                    let weight = part.lowercased().filter { $0 != " " }
                    return weight == "q=0" || weight == "q=0.0" || weight == "q=0.00" || weight == "q=0.000"
                }
                if !refused { return true }
            }
        }
        return false
    }

    private func first(_ name: StaticString) -> Field? {
        for field in fields where matches(field, name) { return field }
        return nil
    }

    private func matches(_ field: Field, _ name: StaticString) -> Bool {
        let length = Int(field.nameEnd) - Int(field.nameStart)
        guard length == name.utf8CodeUnitCount else { return false }
        return name.withUTF8Buffer { wanted in
            bytes.withUnsafeBufferPointer { have in
                for i in 0..<length where lowerCased(have[Int(field.nameStart) + i]) != lowerCased(wanted[i]) { return false }
                return true
            }
        }
    }
}

@inline(__always) func lowerCased(_ byte: UInt8) -> UInt8 { byte >= 0x41 && byte <= 0x5A ? byte | 0x20 : byte }

/// Whether the bytes are a name: one or more of RFC 9110's `tchar` (section 5.6.2).
func isToken(_ bytes: some Collection<UInt8>) -> Bool {
    !bytes.isEmpty
        && bytes.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            case 0x21, 0x23...0x27, 0x2A, 0x2B, 0x2D, 0x2E, 0x5E...0x60, 0x7C, 0x7E: true
            default: false
            }
        }
}

func trimmed(_ text: Substring) -> Substring {
    var text = text
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return text
}
