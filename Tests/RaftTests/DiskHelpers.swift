import Glibc
import Locking

@testable import Raft

/// A folder of its own for one test, removed at its end.
final class TestFolder: Sendable {
    let path: String
    init() throws {
        var template = Array("/tmp/callslip-raft-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw FileFault(call: "mkdtemp", file: "/tmp", errno: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
    deinit {
        let files = SystemFiles()
        for name in (try? files.list(path)) ?? [] { try? files.remove("\(path)/\(name)") }
        rmdir(path)
    }

    var names: [String] { (try? SystemFiles().list(path)) ?? [] }
    func files(_ prefix: String) -> [String] { names.filter { $0.hasPrefix(prefix) }.map { "\(path)/\($0)" } }

    func content(_ file: String) throws -> [UInt8] {
        let files = SystemFiles()
        let descriptor = try files.open(file, flags: O_RDONLY)
        defer { files.close(descriptor) }
        return try files.read(descriptor, at: 0, count: try files.size(descriptor))
    }

    func flipBit(_ file: String, at offset: Int) throws {
        let files = SystemFiles()
        let descriptor = try files.open(file, flags: O_RDWR)
        defer { files.close(descriptor) }
        let byte = try files.read(descriptor, at: offset, count: 1)
        try files.write(descriptor, [byte[0] ^ 0x10], at: offset)
    }

    func overwrite(_ file: String, at offset: Int, _ bytes: [UInt8]) throws {
        let files = SystemFiles()
        let descriptor = try files.open(file, flags: O_RDWR)
        defer { files.close(descriptor) }
        try files.write(descriptor, bytes, at: offset)
    }

    func shorten(_ file: String, to size: Int) throws {
        let files = SystemFiles()
        let descriptor = try files.open(file, flags: O_RDWR)
        defer { files.close(descriptor) }
        try files.truncate(descriptor, to: size)
    }
}

/// The real calls, of which some can be made to fail or to wait.
final class FaultyFiles: FileOperations {
    struct Plan {
        var failing: [String: Int32] = [:]
        var calls: [String: Int] = [:]
        /// After this many further changing calls everything fails, as if the process had been killed there.
        var callsLeft: Int?
    }
    private let plan = Locked(Plan())
    private let real = SystemFiles()

    func fail(_ call: String, _ code: Int32) { plan.withLock { $0.failing[call] = code } }
    func mend(_ call: String) { plan.withLock { $0.failing[call] = nil } }
    func die(after calls: Int) { plan.withLock { $0.callsLeft = calls } }
    func count(_ call: String) -> Int { plan.withLock { $0.calls[call] ?? 0 } }

    private func pass(_ call: String, changes: Bool = true) throws(FileFault) {
        let code = plan.withLock { plan -> Int32? in
            plan.calls[call, default: 0] += 1
            if let code = plan.failing[call] { return code }
            guard changes, let left = plan.callsLeft else { return nil }
            plan.callsLeft = max(0, left - 1)
            return left == 0 ? EIO : nil
        }
        if let code { throw FileFault(call: call, file: "planned", errno: code) }
    }

    func open(_ path: String, flags: Int32) throws(FileFault) -> Int32 {
        try pass("open", changes: flags & O_CREAT != 0)
        return try real.open(path, flags: flags)
    }
    func close(_ descriptor: Int32) { real.close(descriptor) }
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileFault) {
        try pass("write")
        try real.write(descriptor, bytes, at: offset)
    }
    func read(_ descriptor: Int32, at offset: Int, count: Int) throws(FileFault) -> [UInt8] {
        try real.read(descriptor, at: offset, count: count)
    }
    func size(_ descriptor: Int32) throws(FileFault) -> Int { try real.size(descriptor) }
    func syncData(_ descriptor: Int32) throws(FileFault) {
        try pass("syncData")
        try real.syncData(descriptor)
    }
    func sync(_ descriptor: Int32) throws(FileFault) {
        try pass("sync")
        try real.sync(descriptor)
    }
    func truncate(_ descriptor: Int32, to size: Int) throws(FileFault) {
        try pass("truncate")
        try real.truncate(descriptor, to: size)
    }
    func allocate(_ descriptor: Int32, upTo size: Int) throws(FileFault) {
        try pass("allocate")
        try real.allocate(descriptor, upTo: size)
    }
    func rename(_ from: String, to: String) throws(FileFault) {
        try pass("rename")
        try real.rename(from, to: to)
    }
    func remove(_ path: String) throws(FileFault) {
        try pass("remove")
        try real.remove(path)
    }
    func list(_ directory: String) throws(FileFault) -> [String] { try real.list(directory) }
    func makeDirectory(_ path: String) throws(FileFault) { try real.makeDirectory(path) }
}

let testIdentity = LogIdentity(cluster: [UInt8](repeating: 0xC5, count: 16), member: 1)
let testMembers = (1...3).map { RaftMember(id: UInt64($0), name: "c\($0)") }

/// Small segments, so that a few records fill several.
func openStore(
    _ folder: TestFolder, files: any FileOperations = SystemFiles(), identity: LogIdentity = testIdentity, segmentBytes: Int = 1024
) throws -> (store: LogStore, log: RecoveredLog, report: RecoveryReport) {
    try LogStore.open(
        DiskLayout(folder: folder.path), identity, files: files, segmentBytes: segmentBytes, trailingEntries: 5)
}

func commands(_ range: ClosedRange<UInt64>, term: UInt64 = 1, bytes: Int = 60) -> [RaftEntry] {
    range.map { RaftEntry(index: $0, term: term, kind: .command, payload: [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: bytes)) }
}

/// A bootstrapped store with entries up to `last`, each synced alone, closed in good order unless `killed`.
func filledFolder(upTo last: UInt64, killed: Bool = false) throws -> TestFolder {
    let folder = try TestFolder()
    let store = try openStore(folder).store
    _ = try store.bootstrap(testMembers)
    for entry in commands(2...last) {
        try store.append([entry])
        try store.sync()
    }
    if !killed { try store.close() }
    return folder
}
