import Consortium
import Seeded

/// Somebody who writes into the registers, the canned messages and the tickets, now at one node, now at another. What was answered is kept, whatever happens meanwhile; and what the coordinators have of
/// the registers, each node has in the end, though it is told only what changed.
final class Clerk: Staffer {
    private enum Thing: Hashable {
        case entry(EntryID)
        case canned(CannedID)
        case ticket(TicketID)
    }
    /// What was answered last, and where.
    private struct Kept {
        var words: String
        var version: UInt64
        var at: LogPosition
    }

    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    private let library: LibraryName
    private let everyMs: UInt64
    private var count = 0
    private var kept: [Thing: Kept] = [:]
    /// Asked and not answered, or refused: what became of them is not known here.
    private var unsure: Set<Thing> = []
    private let entries: [EntryID]
    private let canned: [CannedID]
    private static let changesMax = 60

    init?(_ cluster: Cluster, library: LibraryName) {
        var random = SeededGenerator(seed: cluster.scenario.seed ^ 0xC1E4_4D3A)
        guard random.chance(40) else { return nil }
        self.cluster = cluster
        self.library = library
        everyMs = UInt64.random(in: 1_000...15_000, using: &random)
        entries = (0..<6).map { _ in EntryID(using: &random) }
        canned = (0..<4).map { _ in CannedID(using: &random) }
        self.random = random
    }

    func arrive() {
        cluster.after(UInt64.random(in: 1...everyMs, using: &random), .person, 901) { [self] in
            guard !cluster.isSettling, count < Self.changesMax else { return }
            write()
            arrive()
        }
    }

    private func write() {
        guard let part = cluster.anyPart(&random) else { return }
        count += 1
        let words = "words number \(count)"
        let (thing, command) = change(words, at: part.machine)
        guard !unsure.contains(thing) else { return }
        unsure.insert(thing)
        let version = (kept[thing]?.version ?? 0) + 1
        part.ask(command) { [self] verdict, position in
            guard case .accepted = verdict else { return cluster.count("clerk: refused") }
            cluster.count("clerk: answered")
            unsure.remove(thing)
            kept[thing] = Kept(words: words, version: version, at: position)
        }
    }

    /// One thing and what is to become of it. Whoever is unsure of a thing leaves it alone: its version is not known.
    private func change(_ words: String, at machine: Machine) -> (Thing, Command) {
        switch Int.random(in: 0..<3, using: &random) {
        case 0:
            let id = entries[Int.random(in: 0..<entries.count, using: &random)]
            var entry = RegisterEntry(
                id: id, register: .liaisons, version: kept[.entry(id)]?.version ?? 0,
                answers: [.init("subject", id.text), .init("library", library.text), .init("wording", words)])
            if random.chance(20) { entry.answers.append(.init("until", "2030-01-01")) }
            return (.entry(id), .setEntry(entry, by: .admin))
        case 1:
            let id = canned[Int.random(in: 0..<canned.count, using: &random)]
            let message = CannedMessage(
                id: id, version: kept[.canned(id)]?.version ?? 0, owner: .consortium, title: id.text, keywords: "", text: words)
            return (.canned(id), .setCanned(message, by: .admin))
        default:
            let id = TicketID(using: &random)
            return (
                .ticket(id), .reportProblem(id, ProblemReport(by: .somebody, node: machine.name, library: nil, text: words, bundle: ""))
            )
        }
    }

    /// What was answered is not in the backup that the cluster was restored from.
    func beginAnew(lost: ClosedRange<UInt64>) {
        for (thing, kept) in kept where lost.contains(kept.at.index) { unsure.insert(thing) }
    }

    func judge() {
        let state = cluster.checker.state
        for (thing, kept) in kept where !unsure.contains(thing) {
            let found: String? =
                switch thing {
                case .entry(let id): state.entries[id]?["wording"]
                case .canned(let id): state.canned[id]?.text
                case .ticket(let id): state.tickets.values.first { $0.id == id }?.report.text
                }
            guard found == kept.words else {
                return cluster.fail("`\(kept.words)` was answered at \(kept.at) and is not kept: \(found ?? "nothing") is there")
            }
        }
        let there = Dictionary(state.entries.values.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        for machine in cluster.libraryMachines where !machine.isRetired {
            guard let copy = machine.library?.entries, copy != there else { continue }
            cluster.fail(
                "\(machine.name) has another copy of the registers than the coordinators: \(copy.count) entries, of \(there.count)")
        }
    }
}
