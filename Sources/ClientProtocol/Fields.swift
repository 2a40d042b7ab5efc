import Consortium

/// Reads the fields of one JSON object and says, when one does not fit, which and what was expected.
struct Fields {
    private let members: [JSON.Member]
    let kind: String
    /// The request that errors name.
    private let re: RequestID?

    /// The outermost object of a message.
    init(message bytes: some Sequence<UInt8>) throws(ProtocolError) {
        guard case .object(let members) = try JSON(parsing: bytes) else { throw .badJson(offset: 0, expected: "an object") }
        self.members = members
        var re: RequestID?
        var kind: String?
        for member in members {
            guard case .string(let text) = member.value else { continue }
            if member.key == "re" { re = RequestID(text) }
            if member.key == "t" { kind = text }
        }
        self.re = re
        self.kind = kind ?? ""
        if kind == nil { throw .badField(kind: "message", field: "t", expected: "the kind, a string", code: .invalid, re: re) }
    }

    private init(members: [JSON.Member], of parent: Fields) {
        self.members = members
        kind = parent.kind
        re = parent.re
    }

    func fault(_ field: String, _ expected: String, _ code: RefusalCode = .invalid) -> ProtocolError {
        .badField(kind: kind, field: field, expected: expected, code: code, re: re)
    }

    var unknownKind: ProtocolError { .unknownKind(kind, re: re) }

    /// The value, `nil` when absent or null. Of repeated names the last one counts, as in browsers.
    private func value(_ key: String) -> JSON? {
        guard let member = members.last(where: { $0.key == key }), member.value != .null else { return nil }
        return member.value
    }

    func has(_ key: String) -> Bool { value(key) != nil }

    func string(_ key: String, bytesMax: Int = .max) throws(ProtocolError) -> String {
        guard case .string(let text)? = value(key) else { throw fault(key, "a string") }
        guard text.utf8.count <= bytesMax else { throw fault(key, "at most \(bytesMax) bytes", .tooLong) }
        return text
    }

    func stringIfPresent(_ key: String, bytesMax: Int = .max) throws(ProtocolError) -> String? {
        has(key) ? try string(key, bytesMax: bytesMax) : nil
    }

    func bool(_ key: String) throws(ProtocolError) -> Bool {
        guard case .bool(let flag)? = value(key) else { throw fault(key, "true or false") }
        return flag
    }

    func bool(_ key: String, default: Bool) throws(ProtocolError) -> Bool {
        has(key) ? try bool(key) : `default`
    }

    func integer<T: FixedWidthInteger>(_ key: String, as type: T.Type = T.self) throws(ProtocolError) -> T {
        guard case .integer(let number)? = value(key), let exact = T(exactly: number) else {
            throw fault(key, "a whole number from \(T.min) to \(T.max)")
        }
        return exact
    }

    func integerIfPresent<T: FixedWidthInteger>(_ key: String, as type: T.Type = T.self) throws(ProtocolError) -> T? {
        has(key) ? try integer(key) : nil
    }

    func identifier<Tag>(_ key: String) throws(ProtocolError) -> Identifier<Tag> {
        guard case .string(let text)? = value(key), let identifier = Identifier<Tag>(text) else {
            throw fault(key, "32 lower-case hexadecimal digits")
        }
        return identifier
    }

    func identifierIfPresent<Tag>(_ key: String) throws(ProtocolError) -> Identifier<Tag>? {
        has(key) ? try identifier(key) : nil
    }

    func name<Tag>(_ key: String) throws(ProtocolError) -> Name<Tag> {
        guard case .string(let text)? = value(key), let name = Name<Tag>(text) else { throw fault(key, Name<Tag>.rule) }
        return name
    }

    func nameIfPresent<Tag>(_ key: String) throws(ProtocolError) -> Name<Tag>? {
        has(key) ? try name(key) : nil
    }

    func token(_ key: String) throws(ProtocolError) -> LogPosition {
        guard case .string(let text)? = value(key), let position = LogPosition(opaqueText: text) else {
            throw fault(key, "what the node gave, such as \"12.0\"")
        }
        return position
    }

    func tokenIfPresent(_ key: String) throws(ProtocolError) -> LogPosition? {
        has(key) ? try token(key) : nil
    }

    func position(_ key: String) throws(ProtocolError) -> Position {
        guard case .array(let parts)? = value(key), parts.count == 2,
            case .integer(let first) = parts[0], case .integer(let second) = parts[1],
            let epoch = UInt32(exactly: first), let n = UInt32(exactly: second)
        else { throw fault(key, "a position, [epoch, n]") }
        return Position(epoch: epoch, n: n)
    }

    func choice<T: RawRepresentable & CaseIterable>(_ key: String, as type: T.Type = T.self) throws(ProtocolError) -> T
    where T.RawValue == String {
        guard case .string(let text)? = value(key), let choice = T(rawValue: text) else {
            throw fault(key, "one of " + T.allCases.map(\.rawValue).joined(separator: " "))
        }
        return choice
    }

    func object(_ key: String) throws(ProtocolError) -> Fields {
        guard case .object(let members)? = value(key) else { throw fault(key, "an object") }
        return Fields(members: members, of: self)
    }

    func objectIfPresent(_ key: String) throws(ProtocolError) -> Fields? {
        has(key) ? try object(key) : nil
    }

    /// A list of objects, each read by `read`.
    func list<T>(_ key: String, _ read: (Fields) throws(ProtocolError) -> T) throws(ProtocolError) -> [T] {
        guard case .array(let values)? = value(key) else { throw fault(key, "a list") }
        guard values.count <= ProtocolLimits.listMax else { throw fault(key, "at most \(ProtocolLimits.listMax) elements", .tooMany) }
        var result: [T] = []
        result.reserveCapacity(values.count)
        for value in values {
            guard case .object(let members) = value else { throw fault(key, "a list of objects") }
            result.append(try read(Fields(members: members, of: self)))
        }
        return result
    }

    func strings(_ key: String) throws(ProtocolError) -> [String] {
        guard case .array(let values)? = value(key), values.count <= ProtocolLimits.listMax else { throw fault(key, "a list of strings") }
        var result: [String] = []
        for value in values {
            guard case .string(let text) = value else { throw fault(key, "a list of strings") }
            result.append(text)
        }
        return result
    }

    func names<Tag>(_ key: String) throws(ProtocolError) -> [Name<Tag>] {
        var result: [Name<Tag>] = []
        for text in try strings(key) {
            guard let name = Name<Tag>(text) else { throw fault(key, "a list of names") }
            result.append(name)
        }
        return result
    }

    /// Every member of an object whose values are whole numbers.
    func counts(_ key: String) throws(ProtocolError) -> [(key: String, value: UInt64)] {
        guard case .object(let members)? = value(key), members.count <= ProtocolLimits.listMax else { throw fault(key, "an object") }
        var result: [(key: String, value: UInt64)] = []
        for member in members {
            guard case .integer(let number) = member.value, let count = UInt64(exactly: number) else {
                throw fault(key, "whole numbers")
            }
            result.append((member.key, count))
        }
        return result
    }
}
