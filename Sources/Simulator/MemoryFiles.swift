import Glibc
import Raft
import Synchronization

/// The file calls of the log store over memory, with what a kernel and a disk make of them: what was written and not synced is readable, and is
/// gone, there in part, or there out of order when the power fails; names are durable with their folder's sync, the earlier before the later.
/// Sectors are written whole or not at all.
final class MemoryFiles: FileOperations {
    enum Fault: Sendable {
        case none
        /// There is no more room: nothing new is reserved. What is reserved can be written.
        case full
        /// Nothing can be written.
        case readOnly
        /// Syncs fail, and the kernel forgets what it could not write: the next sync does not write it either.
        case syncsFail
        /// As before, and nobody is told: what a program makes of it that tries a failed sync again and believes the second.
        case syncsLie
    }

    private enum Change {
        case write(offset: Int, [UInt8])
        case resize(Int)
    }
    private struct File {
        /// As processes read it.
        var present: [UInt8] = []
        var durable: [UInt8] = []
        var unsynced: [Change] = []
    }
    private enum NameChange {
        case set(String, Int)
        case remove(String)
    }
    private struct State {
        var files: [Int: File] = [:]
        var names: [String: Int] = [:]
        var durableNames: [String: Int] = [:]
        var unsyncedNames: [NameChange] = []
        var descriptors: [Int32: Int] = [:]
        var last = 0
        var fault = Fault.none
        var changesLeft: Int?
    }
    private static let sectorBytes = 512
    private let state: Mutex<State>

    init() { state = Mutex(State()) }
    private init(_ copied: sending State) { state = Mutex(copied) }

    func set(_ fault: Fault) { state.withLock { $0.fault = fault } }

    /// After so many further changes every one fails: the process dies there. Nil: it does not.
    func die(after changes: Int?) { state.withLock { $0.changesLeft = changes } }

    /// What the disk holds now, as another disk: names and bytes as synced.
    func image() -> MemoryFiles {
        state.withLock { state in
            var copy = State()
            copy.names = state.durableNames
            copy.durableNames = state.durableNames
            for number in state.durableNames.values {
                let bytes = state.files[number]?.durable ?? []
                copy.files[number] = File(present: bytes, durable: bytes)
            }
            copy.last = state.last
            return MemoryFiles(copy)
        }
    }

    /// Every file's bytes, as processes read them.
    var contents: [(name: String, bytes: [UInt8])] {
        state.withLock { state in state.names.sorted { $0.key < $1.key }.map { ($0.key, state.files[$0.value]?.present ?? []) } }
    }

    /// The process is gone: its descriptors are closed, and all that it wrote is there.
    func closeAll() {
        state.withLock { state in
            state.descriptors = [:]
            state.changesLeft = nil
        }
    }

    /// The power fails. Of what was not synced, chance decides.
    func losePower(_ random: inout some RandomNumberGenerator) {
        state.withLock { state in
            for number in state.files.keys.sorted() {
                guard var file = state.files[number] else { continue }
                for change in file.unsynced { Self.survive(change, &file.durable, &random) }
                (file.present, file.unsynced) = (file.durable, [])
                state.files[number] = file
            }
            let kept = Int.random(in: 0...state.unsyncedNames.count, using: &random)
            for change in state.unsyncedNames.prefix(kept) { Self.apply(change, &state.durableNames) }
            (state.names, state.unsyncedNames) = (state.durableNames, [])
            Self.sweep(&state)
        }
    }

    /// Turns one bit over that is not a zero of a file's end. False when there is none.
    func flipBit(_ random: inout some RandomNumberGenerator) -> String? {
        state.withLock { state in
            let all = state.names.sorted { $0.key < $1.key }
            guard !all.isEmpty else { return nil }
            let (name, number) = all[Int.random(in: 0..<all.count, using: &random)]
            guard var file = state.files[number], let last = file.present.lastIndex(where: { $0 != 0 }) else { return nil }
            let place = Int.random(in: 0...last, using: &random)
            let bit = UInt8(1) << UInt8.random(in: 0..<8, using: &random)
            file.present[place] ^= bit
            if place < file.durable.count { file.durable[place] ^= bit }
            state.files[number] = file
            return name
        }
    }

    private static func survive(_ change: Change, _ bytes: inout [UInt8], _ random: inout some RandomNumberGenerator) {
        guard case .write(let offset, let content) = change else {
            if Bool.random(using: &random) { apply(change, &bytes) }
            return
        }
        let isTorn = Bool.random(using: &random)
        var from = 0
        while from < content.count {
            let end = min(content.count, (offset + from) / sectorBytes * sectorBytes + sectorBytes - offset)
            if Bool.random(using: &random) {
                apply(.write(offset: offset + from, Array(content[from..<end])), &bytes)
            } else if isTorn {
                return
            }
            from = end
        }
    }

    private static func apply(_ change: Change, _ bytes: inout [UInt8]) {
        switch change {
        case .resize(let size):
            if size < bytes.count {
                bytes.removeLast(bytes.count - size)
            } else {
                bytes.append(contentsOf: repeatElement(0, count: size - bytes.count))
            }
        case .write(let offset, let content):
            if offset + content.count > bytes.count { apply(.resize(offset + content.count), &bytes) }
            bytes.replaceSubrange(offset..<offset + content.count, with: content)
        }
    }

    private static func apply(_ change: NameChange, _ names: inout [String: Int]) {
        switch change {
        case .set(let name, let number): names[name] = number
        case .remove(let name): names[name] = nil
        }
    }

    /// What no name leads to is gone.
    private static func sweep(_ state: inout State) {
        let used = Set(state.names.values).union(state.durableNames.values).union(state.descriptors.values)
        for number in Array(state.files.keys) where !used.contains(number) { state.files[number] = nil }
    }

    // MARK: The calls

    private func change(_ call: String, _ file: String, _ body: (inout State) -> Int32?) throws(FileFault) {
        let code = state.withLock { state -> Int32? in
            if case .readOnly = state.fault { return EROFS }
            if let left = state.changesLeft {
                guard left > 0 else { return EIO }
                state.changesLeft = left - 1
            }
            return body(&state)
        }
        if let code { throw FileFault(call: call, file: file, errno: code) }
    }

    private func change(_ call: String, _ descriptor: Int32, _ change: Change) throws(FileFault) {
        try self.change(call, "\(descriptor)") { state in
            guard let number = state.descriptors[descriptor] else { return EBADF }
            if case .full = state.fault, Self.grows(change, state.files[number]?.present.count ?? 0) { return ENOSPC }
            Self.apply(change, &state.files[number, default: File()].present)
            state.files[number]?.unsynced.append(change)
            return nil
        }
    }

    private static func grows(_ change: Change, _ size: Int) -> Bool {
        switch change {
        case .resize(let to): to > size
        case .write(let offset, let bytes): offset + bytes.count > size
        }
    }

    private func rename(_ call: String, _ file: String, _ changes: @escaping (State) -> [NameChange]?) throws(FileFault) {
        try change(call, file) { state in
            guard let changes = changes(state) else { return ENOENT }
            for change in changes { Self.apply(change, &state.names) }
            state.unsyncedNames += changes
            return nil
        }
    }

    func open(_ path: String, flags: Int32) throws(FileFault) -> Int32 {
        if flags & O_DIRECTORY != 0 { return 0 }
        if flags & O_CREAT != 0 {
            let isThere = state.withLock { $0.names[path] != nil }
            if isThere, flags & O_EXCL != 0 { throw FileFault(call: "open", file: path, errno: EEXIST) }
            if !isThere {
                try change("open", path) { state in
                    if case .full = state.fault { return ENOSPC }
                    state.last += 1
                    state.files[state.last] = File()
                    state.names[path] = state.last
                    state.unsyncedNames.append(.set(path, state.last))
                    return nil
                }
            }
        }
        let descriptor = state.withLock { state -> Int32? in
            guard let number = state.names[path] else { return nil }
            state.last += 1
            state.descriptors[Int32(state.last)] = number
            return Int32(state.last)
        }
        guard let descriptor else { throw FileFault(call: "open", file: path, errno: ENOENT) }
        return descriptor
    }

    func close(_ descriptor: Int32) { state.withLock { $0.descriptors[descriptor] = nil } }

    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileFault) {
        try change("pwrite", descriptor, .write(offset: offset, Array(bytes)))
    }

    func read(_ descriptor: Int32, at offset: Int, count: Int) throws(FileFault) -> [UInt8] {
        state.withLock { state in
            guard let number = state.descriptors[descriptor], let bytes = state.files[number]?.present, offset < bytes.count else {
                return []
            }
            return Array(bytes[offset..<min(bytes.count, offset + count)])
        }
    }

    func size(_ descriptor: Int32) throws(FileFault) -> Int {
        state.withLock { state in state.descriptors[descriptor].flatMap { state.files[$0]?.present.count } ?? 0 }
    }

    func syncData(_ descriptor: Int32) throws(FileFault) {
        try change("fdatasync", "\(descriptor)") { state in
            guard let number = state.descriptors[descriptor], var file = state.files[number] else { return EBADF }
            let changes = file.unsynced
            file.unsynced = []
            switch state.fault {
            case .syncsFail, .syncsLie: break
            case .none, .full, .readOnly: for change in changes { Self.apply(change, &file.durable) }
            }
            state.files[number] = file
            if case .syncsFail = state.fault { return EIO }
            return nil
        }
    }

    func sync(_ descriptor: Int32) throws(FileFault) {
        guard descriptor == 0 else { return try syncData(descriptor) }
        try change("fsync", "folder") { state in
            switch state.fault {
            case .syncsFail: return EIO
            case .syncsLie: return nil
            case .none, .full, .readOnly: break
            }
            for change in state.unsyncedNames { Self.apply(change, &state.durableNames) }
            state.unsyncedNames = []
            Self.sweep(&state)
            return nil
        }
    }

    func truncate(_ descriptor: Int32, to size: Int) throws(FileFault) { try change("ftruncate", descriptor, .resize(size)) }

    func allocate(_ descriptor: Int32, upTo size: Int) throws(FileFault) {
        if try self.size(descriptor) < size { try change("fallocate", descriptor, .resize(size)) }
    }

    func rename(_ from: String, to: String) throws(FileFault) {
        try rename("rename", from) { state in state.names[from].map { [.set(to, $0), .remove(from)] } }
    }

    func remove(_ path: String) throws(FileFault) {
        guard state.withLock({ $0.names[path] != nil }) else { return }
        try rename("unlink", path) { _ in [.remove(path)] }
    }

    func list(_ directory: String) throws(FileFault) -> [String] {
        state.withLock { state in state.names.keys.map { String($0.dropFirst(directory.utf8.count + 1)) }.sorted() }
    }

    func makeDirectory(_ path: String) throws(FileFault) {}
}
