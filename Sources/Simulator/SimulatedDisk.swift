import Raft

/// The disk under one voter's log: it keeps what was synced, and when its machine loses power, a beginning of the rest at most.
package final class SimulatedDisk {
    private enum Write {
        case termVote(PersistTicket, UInt64, UInt64)
        case truncate(UInt64)
        case append(PersistTicket, [RaftEntry])
        case snapshot(PersistTicket, SnapshotMeta, [UInt8], keptFrom: UInt64?)
        case purge
        case endRepair
    }
    /// What a start finds.
    package private(set) var durable: RecoveredLog
    private var waiting: [Write] = []
    private var promised: Set<PersistTicket> = []

    package init(_ durable: RecoveredLog) { self.durable = durable }

    /// Puts an older image of the disk back.
    func restore(_ image: RecoveredLog) {
        durable = image
        waiting = []
        promised = []
    }

    /// A planted bug: takes a failed sync for a good one.
    func pretend() -> [PersistTicket] {
        let tickets = promise()
        waiting = []
        promised = []
        return tickets
    }

    package var waitingWrites: Int { waiting.count }

    package func submit(_ request: LogRequest) {
        switch request {
        case .termVote(let ticket, let term, let vote): waiting.append(.termVote(ticket, term, vote))
        case .truncate(let from): waiting.append(.truncate(from))
        case .append(let ticket, let entries): waiting.append(.append(ticket, entries))
        case .snapshot(let ticket, let meta, let data, let keptFrom): waiting.append(.snapshot(ticket, meta, data, keptFrom: keptFrom))
        case .purge: waiting.append(.purge)
        case .endRepair: waiting.append(.endRepair)
        }
    }

    /// Makes the first `count` waiting writes durable; gives back their tickets.
    package func sync(_ count: Int) -> [PersistTicket] {
        var tickets: [PersistTicket] = []
        for write in waiting.prefix(count) {
            switch write {
            case .termVote(let ticket, let term, let vote):
                durable.term = term
                durable.vote = vote
                tickets.append(ticket)
            case .truncate(let from): durable.entries.removeAll { $0.index >= from }
            case .append(let ticket, let entries):
                durable.entries.append(contentsOf: entries)
                tickets.append(ticket)
            case .snapshot(let ticket, let meta, let data, let keptFrom):
                durable.snapshot = (meta, data)
                if let keptFrom { durable.entries.removeAll { $0.index < keptFrom } } else { durable.entries = [] }
                tickets.append(ticket)
            case .endRepair: durable.repairingSince = nil
            case .purge: if let index = durable.snapshot?.meta.index { durable.entries.removeAll { $0.index <= index } }
            }
        }
        waiting.removeFirst(min(count, waiting.count))
        return tickets.filter { promised.remove($0) == nil }
    }

    /// The machine stops; of what waits, the first `survivors` writes had reached the disk all the same.
    package func crash(survivors: Int) {
        _ = sync(survivors)
        waiting = []
        promised = []
    }

    /// Reports everything that waits as durable, as a disk does that lies.
    func promise() -> [PersistTicket] {
        let tickets = waiting.compactMap { write -> PersistTicket? in
            switch write {
            case .termVote(let ticket, _, _), .append(let ticket, _), .snapshot(let ticket, _, _, _): ticket
            case .truncate, .purge, .endRepair: nil
            }
        }
        return tickets.filter { promised.insert($0).inserted }
    }
}
