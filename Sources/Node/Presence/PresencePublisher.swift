/// Availability as gossip carries it: what this node says of the queues that it speaks for, and what it shows of all.

import Consortium
import EventLoop
import Gossip
import Web

@ClusterActor
final class PresencePublisher {
    private let node: NodeName
    private let bootCounter: UInt64
    private let gossip: GossipHost
    private var board: Board?
    private var said: [QueueName: Availability] = [:]
    private var saidTerm: UInt64 = 0
    /// This node's raft term while it leads; `nil` otherwise. The leader speaks for the general queue.
    var leadingTerm: () -> UInt64? = { nil }
    /// Hands the snapshot to the web plane.
    var deliver: ((PresenceSnapshot) -> Void)?
    private var scheduled = false

    init(node: NodeName, bootCounter: UInt64, gossip: GossipHost) {
        self.node = node
        self.bootCounter = bootCounter
        self.gossip = gossip
    }

    func take(_ board: Board) {
        self.board = board
        publish(board)
        schedule()
    }

    /// Gossip changed, or time did something to a record's standing.
    func schedule() {
        guard !scheduled else { return }
        scheduled = true
        ClusterActor.loop.deferToIterationEnd { [self] in
            scheduled = false
            render()
        }
    }

    private func publish(_ board: Board) {
        let term = leadingTerm()
        if term != saidTerm {
            // A new term begins its records anew, above those of the leader before.
            saidTerm = term ?? 0
            for status in board.queues where status.queue.library == nil { said[status.queue.name] = nil }
        }
        let libraries = Dictionary(board.libraries.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        let shut = Set(board.hours.filter { !$0.gate.isWithinHours }.map(\.library))
        for status in board.queues {
            let library = status.queue.library.flatMap { libraries[$0] }
            let session: UInt64
            if let library {
                guard library.homeNode == node else { continue }
                session = bootCounter
            } else {
                guard let term else { continue }
                session = term
            }
            let open = status.queue.opening == .open && !(status.queue.library.map(shut.contains) ?? false)
            let word = Availability(
                staffed: status.decision.reach == .own ? UInt16(clamping: status.staffed) : 0,
                freePlaces: UInt16(clamping: status.freePlaces), waiting: UInt16(clamping: status.waiting), postedOpen: open,
                fallbackEnabled: library.map { $0.fallback != .off } ?? false,
                usualWaitS: status.usualWaitS)
            guard said[status.queue.name] != word else { continue }
            said[status.queue.name] = word
            gossip.publish(status.queue.name.text, session: session, word)
        }
    }

    /// What the presence API shows: `available` when pressing the button reaches a person.
    private func render() {
        guard let board else { return }
        let general = board.queues.first { $0.queue.library == nil }?.queue
        let titles = Dictionary(board.libraries.map { ($0.name, $0.title) }, uniquingKeysWith: { first, _ in first })
        var queues: [String: PresenceEntry] = [:]
        for status in board.queues {
            let name = status.queue.name.text
            let title = status.queue.library.flatMap { titles[$0] } ?? status.queue.title
            let own = staffedWait(status.queue, board)
            let referred = status.queue.library != nil && fallsBack(status.queue, board) ? general.flatMap { staffedWait($0, board) } : nil
            if let own {
                queues[name] = PresenceEntry(show: .available, queue: name, title: title, answers: title, usualWaitS: own)
            } else if let referred {
                queues[name] = PresenceEntry(
                    show: .available, status: "referred", isReferred: true, queue: name, title: title, answers: general?.title ?? "",
                    usualWaitS: referred)
            } else {
                queues[name] = PresenceEntry(
                    show: .unavailable, queue: name, title: title, library: status.queue.library?.text ?? "")
            }
        }
        addAliases(to: &queues, board)
        var users: [String: PresenceEntry] = [:]
        for person in board.operators { users[person.name.text] = PresenceEntry(show: .unavailable) }
        for person in board.signedOn { users[person.name.text] = PresenceEntry(show: person.available.isEmpty ? .away : .available) }
        for person in board.operators {
            for name in person.formerNames where users[name.text] == nil { users[name.text] = users[person.name.text] }
        }
        deliver?(PresenceSnapshot(queues: queues, users: users, clientId: node.text))
    }

    /// Other names of queues answer as the queue that they lead to now: the first with its own people, else the first that reaches anybody.
    private func addAliases(to queues: inout [String: PresenceEntry], _ board: Board) {
        for alias in Set(board.queues.flatMap { $0.queue.otherNames.map(\.name) }) where queues[alias.text] == nil {
            let entries = board.queues(called: alias).compactMap { queues[$0.queue.name.text] }
            queues[alias.text] = entries.first { $0.reach == "own" } ?? entries.first { $0.reach != "nobody" } ?? entries.first
        }
    }

    /// The usual wait at a queue that has its own people; `nil` where it has none. Gossip tells, except to a node that is cut off: that one knows
    /// best whom a press reaches here.
    private func staffedWait(_ queue: Queue, _ board: Board) -> UInt32? {
        if BranchBase.isBranch(board.at) {
            guard let status = board.queues.first(where: { $0.queue.name == queue.name }), status.decision.reach == .own else { return nil }
            return status.usualWaitS
        }
        guard let view = gossip.freshest(queue.name.text), view.isStaffed else { return nil }
        return view.record.availability.usualWaitS
    }

    private func fallsBack(_ queue: Queue, _ board: Board) -> Bool {
        board.libraries.first { $0.name == queue.library }.map { $0.fallback != .off } ?? false
    }
}

extension QueueStatus {
    /// As presence tells it: 0 where none is known yet, so a wait that is known counts a second at least.
    fileprivate var usualWaitS: UInt32 {
        usualWaitMs.map { UInt32(clamping: min(max(1, $0 / 1_000), 86_400)) } ?? 0
    }
}
