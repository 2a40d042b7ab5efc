/// The people of a chaos run: so many patrons at once, each followed by another, and the operators of each library.

import Chaos
import Consortium
import EventLoop
import History
import Seeded

@ClusterActor
final class Traffic {
    static let stepMs: UInt64 = 50

    let recorder = Recorder()
    private let cluster: ChaosCluster
    /// What is asked of the people.
    struct Habits {
        var patronsAtOnce = 14
        /// What each patron says; nil: 5 to 60 messages.
        var messages: Int?
        var everyMs = Visitor.sayEveryMs
    }
    private let habits: Habits
    private var chance: SeededGenerator
    private(set) var visitors: [Visitor] = []
    private var living: [ChatID: Visitor] = [:]
    private(set) var attendants: [Attendant] = []
    private var isOpening = true
    private let timer = Timer(on: ClusterActor.loop)

    init(_ cluster: ChaosCluster, _ habits: Habits, seed: UInt64) {
        self.cluster = cluster
        self.habits = habits
        chance = SeededGenerator(seed: seed)
    }

    func begin() throws {
        let general = try queue("general")
        for (number, library) in cluster.libraries.enumerated() {
            let urls = cluster.libraries.indices.map { cluster.url(cluster.libraries[(number + $0) % cluster.libraries.count]) }
            for account in cluster.accounts(of: library) {
                attendants.append(
                    Attendant(
                        account, home: try queue(library), general: general, urls: urls, recorder: recorder,
                        patronsEveryMs: habits.everyMs, seed: chance.next()))
            }
        }
        timer.start(afterMs: 0, repeatMs: Self.stepMs) { [self] in step() }
    }

    private func queue(_ name: String) throws -> QueueName {
        guard let queue = QueueName(name) else { throw LocalClusterError("\(name) is no queue's name") }
        return queue
    }

    private func step() {
        for visitor in living.values { visitor.act() }
        living = living.filter { $0.value.outcome == nil }
        for attendant in attendants { attendant.act { living[$0] } }
        // One a step: patrons do not come all at once.
        if isOpening, living.count < habits.patronsAtOnce { open() }
    }

    private func open() {
        let number = Int.random(in: cluster.libraries.indices, using: &chance)
        let library = cluster.libraries[number]
        guard let queue = QueueName(library) else { return }
        let nodes = [library, cluster.libraries[(number + 1) % cluster.libraries.count]].map { cluster.url($0) }
        let session = PatronSession("patron \(visitors.count + 1)", nodes: nodes, queue: queue, referralAgreed: true, recorder: recorder)
        let visitor = Visitor(
            session, messages: habits.messages ?? Int.random(in: 5...60, using: &chance), everyMs: habits.everyMs,
            isSeenOff: Bool.random(using: &chance))
        visitors.append(visitor)
        living[visitor.session.chat] = visitor
        visitor.begin()
    }

    /// No new chats from now on; those that are there come to their end.
    func stopOpening() {
        isOpening = false
        for visitor in living.values { visitor.hurry() }
    }

    /// Patrons who do not yet know how their question ended.
    var unresolved: [Visitor] { Array(living.values) }

    func end() {
        timer.close()
        for visitor in visitors { visitor.session.close() }
        for attendant in attendants { attendant.end() }
    }

    // MARK: The record

    /// What everybody saw.
    var transcripts: [History.Transcript] { visitors.map(\.transcript) + attendants.flatMap(\.transcripts) }

    /// Reads every chat once more, whole, from the service as it is now. What cannot be read is named.
    func witness(atOnce: Int = 20) async -> (transcripts: [History.Transcript], unread: [String]) {
        var transcripts: [History.Transcript] = []
        var unread: [String] = []
        for start in stride(from: 0, to: visitors.count, by: atOnce) {
            let group = visitors[start..<min(start + atOnce, visitors.count)].map { visitor in
                let node = cluster.url(cluster.libraries[start / atOnce % cluster.libraries.count])
                return (visitor, PatronSession("\(visitor.session.name) afterwards", takingOver: visitor.session, nodes: [node]))
            }
            for (_, session) in group { session.start() }
            for (visitor, session) in group {
                do {
                    try await Wait.until("the chat to be read", withinMs: 20_000) {
                        session.ended != nil
                            || session.copy.last >= max(visitor.session.copy.last, session.copy.state?.last ?? .zero)
                                && session.copy.state != nil
                    }
                } catch {
                    unread.append("\(visitor.session.name): \(error)")
                }
                if let why = session.ended { unread.append("\(visitor.session.name): \(why)") }
                transcripts.append(session.copy.transcript)
                session.close()
            }
        }
        return (transcripts, unread)
    }
}
