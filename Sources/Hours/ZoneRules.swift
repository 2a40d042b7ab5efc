/// What a time zone's clocks showed and will show, as the IANA data base tells it: read from the bytes of a compiled file
/// (TZif, RFC 8536), versions 2 and later. Reading the file is its caller's.

public struct ZoneError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    public init(description: String) { self.description = description }
}

public struct ZoneRules: Sendable {
    /// When each known change of the clocks came, in Unix seconds, ascending; and what the offset from UTC was from then on.
    private var changes: [Int64] = []
    private var offsets: [Int] = []
    /// Before the first change.
    private var earliest = 0
    /// After the last one.
    private var footer: PosixZone?

    /// The largest file that is read: the data base's largest has under 4 KiB.
    public static let bytesMax = 64 * 1024

    /// The zone without rules: UTC for ever.
    public static let utc = ZoneRules()
    private init() {}

    public init(tzif bytes: [UInt8]) throws(ZoneError) {
        guard bytes.count <= Self.bytesMax else { throw ZoneError(description: "a time zone's file has \(Self.bytesMax) bytes at most") }
        var reader = Reader(bytes: bytes)
        let old = try reader.header()
        guard old.version >= 0x32 else { throw ZoneError(description: "the time zone's file is of version 1, which ends in 2037") }
        try reader.skip(old.size(ofTime: 4))
        let head = try reader.header()
        guard head.types > 0 else { throw ZoneError(description: "the time zone's file names no local time") }
        for _ in 0..<head.times { changes.append(Int64(bitPattern: try reader.word(8))) }
        var kinds: [Int] = []
        for _ in 0..<head.times { kinds.append(Int(try reader.word(1))) }
        var types: [Int] = []
        for _ in 0..<head.types {
            types.append(Int(Int32(truncatingIfNeeded: try reader.word(4))))
            try reader.skip(2)
        }
        guard kinds.allSatisfy(types.indices.contains), zip(changes, changes.dropFirst()).allSatisfy({ $0 < $1 }),
            types.allSatisfy({ abs($0) < 26 * 3_600 })
        else { throw ZoneError(description: "the time zone's file contradicts itself") }
        offsets = kinds.map { types[$0] }
        earliest = types[0]
        try reader.skip(head.characters + head.leaps * 12 + head.standards + head.universals)
        footer = try reader.footer().map { text throws(ZoneError) in try PosixZone(text) }
    }

    /// How far local clocks are ahead of UTC, in seconds.
    ///
    /// - Parameter second: Unix time.
    public func offset(at second: Int64) -> Int {
        let place = changes.partition { $0 > second }
        if place == changes.count, let footer { return footer.offset(at: second) }
        return place == 0 ? earliest : offsets[place - 1]
    }

    /// The Unix time at which local clocks show this many seconds since 1970-01-01 00:00.
    ///
    /// A time that clocks show twice is the first of both; one that they skip is reckoned with the offset before the change (RFC 5545, 3.3.5).
    public func second(local: Int64) -> Int64 {
        let before = offset(at: local - 86_400)
        let after = offset(at: local + 86_400)
        for candidate in [before, after].map({ local - Int64($0) }).sorted() where candidate + Int64(offset(at: candidate)) == local {
            return candidate
        }
        return local - Int64(before)
    }

    private struct Header {
        var version: UInt8
        var universals, standards, leaps, times, types, characters: Int
        func size(ofTime bytes: Int) -> Int {
            times * (bytes + 1) + types * 6 + characters + leaps * (bytes + 4) + standards + universals
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        mutating func skip(_ count: Int) throws(ZoneError) {
            guard count <= bytes.count - place else { throw ZoneError(description: "the time zone's file ends too early") }
            place += count
        }

        mutating func word(_ size: Int) throws(ZoneError) -> UInt64 {
            let from = place
            try skip(size)
            return bytes[from..<place].reduce(0) { $0 << 8 | UInt64($1) }
        }

        mutating func header() throws(ZoneError) -> Header {
            guard bytes[place...].starts(with: "TZif".utf8) else { throw ZoneError(description: "this is no time zone's file") }
            try skip(4)
            let version = UInt8(truncatingIfNeeded: try word(1))
            try skip(15)
            var counts: [Int] = []
            for _ in 0..<6 {
                let count = try word(4)
                guard count <= UInt64(bytes.count) else { throw ZoneError(description: "the time zone's file ends too early") }
                counts.append(Int(count))
            }
            return Header(
                version: version, universals: counts[0], standards: counts[1], leaps: counts[2], times: counts[3], types: counts[4],
                characters: counts[5])
        }

        /// The rule for all later times; `nil` when there is none.
        func footer() throws(ZoneError) -> String? {
            guard bytes.count - place >= 2, bytes[place] == 0x0a, bytes.last == 0x0a else {
                throw ZoneError(description: "the time zone's file has no last line")
            }
            let text = String(decoding: bytes[(place + 1)..<(bytes.count - 1)], as: UTF8.self)
            return text.isEmpty ? nil : text
        }
    }
}

extension [Int64] {
    /// The first place where the predicate holds; it must hold from there on.
    fileprivate func partition(_ holds: (Int64) -> Bool) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
