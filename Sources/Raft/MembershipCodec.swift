/// The encoding of a membership in an entry: libraft's own format, since libraft reads it (one format byte, then little-endian counts and ids,
/// zero-terminated names, padded to eight bytes). It is checked here before libraft sees it: libraft's decoder trusts its input.
public enum MembershipCodec {
    private static let format: UInt8 = 1

    /// Throws `badMembership` when a rule of `RaftMember` is broken.
    public static func encode(_ members: [RaftMember]) throws(RaftFault) -> [UInt8] {
        try validate(members)
        var out: [UInt8] = [format]
        append(UInt64(members.count), to: &out)
        for member in members {
            append(member.id, to: &out)
            out.append(contentsOf: member.name.utf8)
            out.append(0)
            out.append(member.duty.rawValue)
        }
        while out.count % 8 != 0 { out.append(0) }
        return out
    }

    public static func decode(_ bytes: [UInt8]) throws(RaftFault) -> [RaftMember] {
        guard bytes.count <= RaftLimits.membershipBytesMax else {
            throw .badMembership("expected at most \(RaftLimits.membershipBytesMax) bytes, found \(bytes.count)")
        }
        guard bytes.first == format else {
            throw .badMembership("expected format \(format), found \(bytes.first.map(String.init) ?? "nothing")")
        }
        var at = 1
        guard let count = readUInt64(bytes, &at), count <= UInt64(RaftLimits.membersMax) else {
            throw .badMembership("expected at most \(RaftLimits.membersMax) members")
        }
        var members: [RaftMember] = []
        for position in 0..<count {
            guard let id = readUInt64(bytes, &at), at < bytes.count, let end = bytes[at...].firstIndex(of: 0), end + 1 < bytes.count,
                let duty = MemberDuty(rawValue: bytes[end + 1])
            else { throw .badMembership("member \(position) is cut short or has an unknown duty") }
            guard let name = String(validating: bytes[at..<end], as: UTF8.self) else {
                throw .badMembership("member \(id) has a name that is not UTF-8")
            }
            members.append(RaftMember(id: id, name: name, duty: duty))
            at = end + 2
        }
        try validate(members)
        return members
    }

    static func validate(_ members: [RaftMember]) throws(RaftFault) {
        guard !members.isEmpty, members.count <= RaftLimits.membersMax else {
            throw .badMembership("expected 1 to \(RaftLimits.membersMax) members, found \(members.count)")
        }
        for (position, member) in members.enumerated() {
            guard member.id > 0 else { throw .badMembership("member \(position) has id 0; ids start at 1") }
            let length = member.name.utf8.count
            guard length > 0, length <= RaftLimits.memberNameBytesMax, !member.name.utf8.contains(0) else {
                throw .badMembership("member \(member.id) needs a name of 1 to \(RaftLimits.memberNameBytesMax) bytes without zero bytes")
            }
            for other in members[..<position] where other.id == member.id || other.name == member.name {
                throw .badMembership("members \(other.id) and \(member.id) share an id or the name \(member.name)")
            }
        }
        guard members.contains(where: { $0.duty == .voter }) else { throw .badMembership("expected at least one voter") }
    }

    private static func append(_ value: UInt64, to out: inout [UInt8]) {
        for shift in stride(from: 0, to: 64, by: 8) { out.append(UInt8(truncatingIfNeeded: value >> UInt64(shift))) }
    }

    private static func readUInt64(_ bytes: [UInt8], _ at: inout Int) -> UInt64? {
        guard at + 8 <= bytes.count else { return nil }
        var value: UInt64 = 0
        for offset in 0..<8 { value |= UInt64(bytes[at + offset]) << UInt64(8 * offset) }
        at += 8
        return value
    }
}
