import Glibc
import Raft
import Synchronization

/// A member's folder in memory, out of a fuzzer's bytes: up to eight times a kind (1 byte), its numbers (of segments and snapshots: 2 bytes), a length (2 bytes, little-endian)
/// and so many bytes of content.
final class LogFolder: FileOperations {
    static let path = "/log"
    static let identity = LogIdentity(cluster: Array(repeating: 0x2A, count: 16), member: 1)
    static let segmentBytes = 2 * 1024
    private static let filesMax = 8

    private struct State {
        var files: [String: [UInt8]] = [:]
        var open: [Int32: String] = [:]
        var last: Int32 = 2
    }
    private let state = Mutex(State())

    init() {}

    /// - Parameter mendsChecksums: heads and checksums are put where they belong, so that what lies under them is looked at.
    convenience init(_ given: some Collection<UInt8>, mendsChecksums: Bool) {
        self.init()
        var rest = Array(given)[...]
        var files: [String: [UInt8]] = [:]
        while files.count < Self.filesMax, let kind = rest.popFirst().map({ $0 % 6 }) {
            var name = ["vote", "mark", "repair", "log", "snapshot", "snapshot.partial"][Int(kind)]
            if kind == 3 || kind == 4 {
                guard let first = rest.popFirst(), let second = rest.popFirst() else { break }
                name += "-\(Self.digits(first))-\(Self.digits(second))"
            }
            guard let low = rest.popFirst(), let high = rest.popFirst() else { break }
            var content = Array(rest.prefix(Int(low) | Int(high) << 8))
            rest = rest.dropFirst(content.count)
            if mendsChecksums {
                switch kind {
                case 0: Self.mendSlots(&content, kind: "VT")
                case 1: Self.mendSlots(&content, kind: "MK")
                case 2: Self.mendSlots(&content, kind: "RP")
                case 3: Self.mendSegment(&content)
                case 4: Self.mendSnapshot(&content)
                default: break
                }
            }
            files["\(Self.path)/\(name)"] = content
        }
        state.withLock { $0.files = files }
    }

    /// The folder as `init` reads it, without the zeros at the ends of its files: how seeds are made.
    var written: [UInt8] {
        let files = state.withLock { $0.files }
        return files.sorted { $0.key < $1.key }.prefix(Self.filesMax).flatMap { path, content -> [UInt8] in
            let name = path.dropFirst(Self.path.utf8.count + 1)
            let parts = name.split(separator: "-")
            guard let kind = ["vote", "mark", "repair", "log", "snapshot", "snapshot.partial"].firstIndex(of: String(parts[0])) else {
                return []
            }
            let numbers = parts.dropFirst().map { UInt8(clamping: UInt64($0) ?? 0) }
            let end = content.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
            return [UInt8(kind)] + numbers + [UInt8(truncatingIfNeeded: end), UInt8(truncatingIfNeeded: end >> 8)] + content[..<end]
        }
    }

    /// The last two numbers are the highest that there are.
    private static func digits(_ short: UInt8) -> String {
        let number = short < 254 ? UInt64(short) : .max - UInt64(255 - short)
        let text = String(number)
        return String(repeating: "0", count: 20 - text.utf8.count) + text
    }

    // MARK: Checksums

    private static func put<T: FixedWidthInteger>(_ value: T, _ bytes: inout [UInt8], at offset: Int) {
        for place in 0..<T.bitWidth / 8 { bytes[offset + place] = UInt8(truncatingIfNeeded: value >> T(8 * place)) }
    }

    private static func get(_ bytes: [UInt8], at offset: Int, count: Int) -> UInt64 {
        (0..<count).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
    }

    /// The 40 bytes that everything begins with (`FileHead`).
    private static func putHead(_ bytes: inout [UInt8], at offset: Int, kind: String, length: Int) {
        bytes.replaceSubrange(offset..<offset + 8, with: Array(("CSraft" + kind).utf8))
        put(UInt32(1), &bytes, at: offset + 8)
        put(UInt32(length), &bytes, at: offset + 12)
        bytes.replaceSubrange(offset + 16..<offset + 32, with: identity.cluster)
        put(identity.member, &bytes, at: offset + 32)
    }

    private static func mendSlots(_ bytes: inout [UInt8], kind: String) {
        for offset in [0, 4_096] where bytes.count >= offset + 84 {
            putHead(&bytes, at: offset, kind: kind, length: 84)
            put(CRC32C.checksum(Array(bytes[offset..<offset + 80])), &bytes, at: offset + 80)
        }
    }

    private static func mendSegment(_ bytes: inout [UInt8]) {
        guard bytes.count >= 64 else { return }
        putHead(&bytes, at: 0, kind: "LG", length: 64)
        put(CRC32C.checksum(Array(bytes[..<60])), &bytes, at: 60)
        var chain = UInt32(truncatingIfNeeded: get(bytes, at: 56, count: 4))
        var at = 64
        while at + 40 <= bytes.count {
            let length = Int(get(bytes, at: at, count: 4))
            guard length <= bytes.count - at - 40, bytes[at + 4] > 0 else { return }
            put(chain, &bytes, at: at + 32)
            chain = CRC32C.checksum(Array(bytes[at + 40..<at + 40 + length]), continuing: CRC32C.checksum(Array(bytes[at..<at + 36])))
            put(chain, &bytes, at: at + 36)
            at += 40 + length
        }
    }

    private static func mendSnapshot(_ bytes: inout [UInt8]) {
        let fixed = 84
        guard bytes.count >= fixed else { return }
        let members = min(Int(get(bytes, at: 64, count: 4)), bytes.count - fixed)
        putHead(&bytes, at: 0, kind: "SN", length: fixed + members)
        put(UInt32(members), &bytes, at: 64)
        put(UInt64(bytes.count - fixed - members), &bytes, at: 68)
        put(CRC32C.checksum(Array(bytes[(fixed + members)...])), &bytes, at: 76)
        let head = CRC32C.checksum(Array(bytes[..<80]))
        put(CRC32C.checksum(Array(bytes[fixed..<fixed + members]), continuing: head), &bytes, at: 80)
    }

    // MARK: Calls

    private func change<T: Sendable>(_ call: String, _ path: String, _ body: (inout sending State) -> sending T?) throws(FileFault) -> T {
        guard let done = state.withLock(body) else { throw FileFault(call: call, file: path, errno: ENOENT) }
        return done
    }

    private func edit(_ call: String, _ descriptor: Int32, _ body: (inout [UInt8]) -> Void) throws(FileFault) {
        try change(call, "descriptor \(descriptor)") { state -> Void? in
            guard let path = state.open[descriptor], var content = state.files[path] else { return nil }
            body(&content)
            state.files[path] = content
            return ()
        }
    }

    func open(_ path: String, flags: Int32) throws(FileFault) -> Int32 {
        try change("open", path) { state -> Int32? in
            // The folder itself is opened to be synced.
            if state.files[path] == nil, path != Self.path {
                guard flags & O_CREAT != 0 else { return nil }
                state.files[path] = []
            }
            state.last += 1
            state.open[state.last] = path
            return state.last
        }
    }

    func close(_ descriptor: Int32) { state.withLock { $0.open[descriptor] = nil } }

    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileFault) {
        let given = Array(bytes)
        try edit("pwrite", descriptor) { content in
            let end = offset + given.count
            if content.count < end { content += [UInt8](repeating: 0, count: end - content.count) }
            content.replaceSubrange(offset..<end, with: given)
        }
    }

    func read(_ descriptor: Int32, at offset: Int, count: Int) throws(FileFault) -> [UInt8] {
        try change("pread", "descriptor \(descriptor)") { state -> [UInt8]? in
            state.open[descriptor].flatMap { state.files[$0] }.map { Array($0.dropFirst(offset).prefix(count)) }
        }
    }

    func size(_ descriptor: Int32) throws(FileFault) -> Int {
        try change("fstat", "descriptor \(descriptor)") { state -> Int? in state.open[descriptor].flatMap { state.files[$0]?.count } }
    }

    func syncData(_ descriptor: Int32) throws(FileFault) {}
    func sync(_ descriptor: Int32) throws(FileFault) {}

    func truncate(_ descriptor: Int32, to size: Int) throws(FileFault) {
        try edit("ftruncate", descriptor) { content in
            content = content.count > size ? Array(content[..<size]) : content + [UInt8](repeating: 0, count: size - content.count)
        }
    }

    func allocate(_ descriptor: Int32, upTo size: Int) throws(FileFault) {
        try edit("fallocate", descriptor) { content in
            if content.count < size { content += [UInt8](repeating: 0, count: size - content.count) }
        }
    }

    func rename(_ from: String, to: String) throws(FileFault) {
        try change("rename", from) { state -> Void? in
            guard let content = state.files.removeValue(forKey: from) else { return nil }
            state.files[to] = content
            return ()
        }
    }

    func remove(_ path: String) throws(FileFault) { state.withLock { $0.files[path] = nil } }

    func list(_ directory: String) throws(FileFault) -> [String] {
        state.withLock { $0.files.keys.map { String($0.dropFirst(directory.utf8.count + 1)) }.sorted() }
    }

    func makeDirectory(_ path: String) throws(FileFault) {}
}
