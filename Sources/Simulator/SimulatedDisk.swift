import Raft
import Seeded

/// The disk under one voter's log: the service's own `LogStore` over files in memory, and what `LogWriter` does with it, in virtual time.
package final class SimulatedDisk {
    private static let folder = "voter"
    /// So small that a few minutes fill several.
    private static let segmentBytes = 32 << 10

    private(set) var files: MemoryFiles
    private let identity: LogIdentity
    private var store: LogStore?
    private var waiting: [LogRequest] = []
    private var promised: Set<PersistTicket> = []
    /// What was reported as durable; nil while it is not known, as somebody put an old image back or damaged the disk.
    private var reported: (term: UInt64, index: UInt64)? = (0, 0)
    /// What the last start had to do, in words.
    private(set) var notes: [String] = []
    /// What a start found otherwise than it should be, in words.
    private(set) var loss: String?

    /// A voter of a new cluster, before its first start.
    init(voter: UInt64, members: [RaftMember]) throws {
        files = MemoryFiles()
        identity = LogIdentity(cluster: [UInt8](repeating: 0xC5, count: 16), member: voter)
        let store = try LogStore.open(DiskLayout(unlocked: Self.folder), identity, files: files, segmentBytes: Self.segmentBytes).store
        _ = try store.bootstrap(members)
        try store.close()
    }

    /// A voter of a cluster that is begun from a backup, as `Restore` lays it out.
    init(voter: UInt64, begunAt meta: SnapshotMeta, _ state: [UInt8]) throws(LogError) {
        files = MemoryFiles()
        identity = LogIdentity(cluster: [UInt8](repeating: 0xC6, count: 16), member: voter)
        let store = try LogStore.open(DiskLayout(unlocked: Self.folder), identity, files: files, segmentBytes: Self.segmentBytes).store
        let log = try store.begin(at: meta, state)
        reported = (log.term, meta.index)
        try store.close()
    }

    /// An empty one, of a voter that is to be added.
    init(joining voter: UInt64) {
        files = MemoryFiles()
        identity = LogIdentity(cluster: [UInt8](repeating: 0xC5, count: 16), member: voter)
    }

    /// What a start of the process finds. What was reported as durable must be there.
    func open(trailingEntries: UInt64, mayRepair: Bool) throws(LogError) -> RecoveredLog {
        waiting = []
        promised = []
        let layout = DiskLayout(unlocked: Self.folder)
        let opened =
            mayRepair
            ? try LogStore.openOrBeginRepair(layout, identity, files: files, segmentBytes: Self.segmentBytes)
            : try LogStore.open(layout, identity, files: files, segmentBytes: Self.segmentBytes, trailingEntries: trailingEntries)
        store = opened.store
        notes = opened.report.notes.map(\.kind)
        if opened.report.damage != nil || opened.log.repairingSince != nil { reported = nil }
        let index = opened.store.lastIndex
        if let reported, index < reported.index || opened.log.term < reported.term {
            loss =
                "entry \(reported.index) and term \(reported.term) were reported as durable, and a start finds \(index) and \(opened.log.term)"
        }
        reported = (opened.log.term, index)
        return opened.log
    }

    /// The disk's image as of now, to be put back later.
    func image() -> MemoryFiles { files.image() }

    /// Puts an older image of the disk back.
    func restore(_ image: MemoryFiles) {
        files = image
        store = nil
        reported = nil
    }

    /// Turns a bit over, of a process that does not run; gives the file's name.
    func flipBit(_ random: inout SeededGenerator) -> String? {
        reported = nil
        return files.flipBit(&random)
    }

    var waitingWrites: Int { waiting.count }

    func submit(_ request: LogRequest) { waiting.append(request) }

    /// Carries the first `count` waiting writes out, as one group; gives back the tickets of those that are durable. What finds no room waits on.
    func sync(_ count: Int) throws(LogError) -> (tickets: [PersistTicket], isFull: Bool) {
        guard let store else { throw .failed }
        var done: [PersistTicket] = []
        var isFull = false
        for _ in 0..<min(count, waiting.count) {
            do throws(LogError) {
                try carryOut(waiting[0], store, &done)
                waiting.removeFirst()
            } catch .noSpace {
                if case .append(let ticket, let entries) = waiting[0] {
                    // Some may have found room.
                    waiting[0] = .append(ticket, entries.filter { $0.index > store.lastIndex })
                }
                isFull = true
                break
            }
        }
        try store.sync()
        if waiting.isEmpty { try store.syncMark() }
        if reported != nil { reported?.index = store.syncedIndex }
        return (done.filter { promised.remove($0) == nil }, isFull)
    }

    private func carryOut(_ request: LogRequest, _ store: LogStore, _ done: inout [PersistTicket]) throws(LogError) {
        switch request {
        case .append(let ticket, let entries):
            try store.append(entries)
            done.append(ticket)
        case .truncate(let from):
            shorten(to: from - 1)
            try store.truncate(from: from)
        case .termVote(let ticket, let term, let vote):
            try store.sync()
            try store.setTermVote(term: term, vote: vote)
            reported?.term = term
            done.append(ticket)
        case .snapshot(let ticket, let meta, let data, let keptFrom):
            try store.sync()
            if keptFrom == nil { shorten(to: meta.index) }
            try store.saveSnapshot(meta, data, keptFrom: keptFrom)
            done.append(ticket)
        case .purge: try store.purge()
        case .endRepair:
            try store.sync()
            try store.endRepair()
        }
    }

    /// What is reported ends there now, at the latest.
    private func shorten(to index: UInt64) {
        if let known = reported { reported = (known.term, min(known.index, index)) }
    }

    /// The process ends, at any of its changes to the disk, or between them; without power what was not synced goes, or some of it.
    /// - Returns: amid which write it ended, in words; nil when between two.
    func crash(losesPower: Bool, _ random: inout SeededGenerator) -> String? {
        var amid: String?
        if store != nil, !waiting.isEmpty, Bool.random(using: &random) {
            files.die(after: Int.random(in: 0...12, using: &random))
            do throws(LogError) { _ = try sync(Int.random(in: 1...waiting.count, using: &random)) } catch { amid = waiting.first?.kind }
        }
        store = nil
        files.closeAll()
        if losesPower { files.losePower(&random) }
        waiting = []
        promised = []
        return amid
    }

    /// Reports everything that waits as durable, as a disk does that lies.
    func promise() -> [PersistTicket] {
        let tickets = waiting.compactMap { request -> PersistTicket? in
            switch request {
            case .termVote(let ticket, _, _), .append(let ticket, _), .snapshot(let ticket, _, _, _): ticket
            case .truncate, .purge, .endRepair: nil
            }
        }
        return tickets.filter { promised.insert($0).inserted }
    }
}

extension LogRequest {
    fileprivate var kind: String {
        switch self {
        case .termVote: "a vote"
        case .truncate: "a truncation"
        case .append: "an append"
        case .snapshot(_, _, _, let keptFrom): keptFrom == nil ? "the install of a snapshot" : "a snapshot"
        case .purge: "a purge"
        case .endRepair: "the end of a repair"
        }
    }
}

extension RecoveryReport.Note {
    fileprivate var kind: String {
        switch self {
        case .tornTail: "cuts a torn tail off"
        case .leftover: "removes a leftover"
        case .tornSlot: "finds a torn slot"
        case .olderSnapshot: "goes by an older snapshot"
        case .installFinished: "finishes an install"
        }
    }
}
