import Consortium
import Seeded

/// Somebody who writes into the registers, the canned messages and the tickets, deletes there and says what becomes of tickets, now at one node, now at another. What was answered is kept, whatever happens
/// meanwhile; and what the coordinators have of all this, each node has in the end, though it is told only what changed.
final class Clerk: Staffer {
    private enum Thing: Hashable {
        case entry(EntryID)
        case canned(CannedID)
        case ticket(TicketID)
        case word(RequestID, in: TicketID)
    }
    private enum Act { case write, drop, dropUnseen }
    /// What was answered last, and where.
    private struct Kept {
        /// Nil: it was deleted.
        var words: String?
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
    private var tickets: [TicketID] = []
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
        guard let (thing, act, command) = change(words, at: part.machine), !unsure.contains(thing) else { return }
        unsure.insert(thing)
        let isWritten = act == .write
        let version = isWritten ? (kept[thing]?.version ?? 0) + 1 : 0
        func told(_ verdict: Verdict, _ position: LogPosition) {
            guard case .accepted = verdict else {
                // Nothing became of it, as was to be expected.
                if act == .dropUnseen { unsure.remove(thing) }
                return cluster.count(isWritten ? "clerk: refused" : "clerk: a deletion is refused")
            }
            cluster.count(isWritten ? "clerk: answered" : "clerk: something is deleted")
            if case .word = thing { cluster.count("clerk: something is added to a report") }
            unsure.remove(thing)
            kept[thing] = Kept(words: isWritten ? words : nil, version: version, at: position)
        }
        part.ask(command, told: told)
        // Once more, elsewhere: it is done once.
        if act == .write, random.chance(20) { cluster.anyPart(&random)?.ask(command) { _, _ in } }
    }

    /// One thing and what is to become of it. Whoever is unsure of a thing leaves it alone: its version is not known.
    private func change(_ words: String, at machine: Machine) -> (Thing, Act, Command)? {
        switch Int.random(in: 0..<6, using: &random) {
        case 0:
            let id = entries[Int.random(in: 0..<entries.count, using: &random)]
            var entry = RegisterEntry(
                id: id, register: .liaisons, version: kept[.entry(id)]?.version ?? 0,
                answers: [.init("subject", id.text), .init("library", library.text), .init("wording", words)])
            if random.chance(20) { entry.answers.append(.init("until", "2030-01-01")) }
            return (.entry(id), .write, .setEntry(entry, by: .admin))
        case 1:
            let id = canned[Int.random(in: 0..<canned.count, using: &random)]
            let message = CannedMessage(
                id: id, version: kept[.canned(id)]?.version ?? 0, owner: .consortium, title: id.text, keywords: "", text: words)
            return (.canned(id), .write, .setCanned(message, by: .admin))
        case 2:
            let id = entries[Int.random(in: 0..<entries.count, using: &random)]
            guard let (act, version) = seen(.entry(id)) else { return nil }
            return (.entry(id), act, .dropEntry(id, version: version, by: .admin))
        case 3:
            let id = canned[Int.random(in: 0..<canned.count, using: &random)]
            guard let (act, version) = seen(.canned(id)) else { return nil }
            return (.canned(id), act, .dropCanned(id, version: version, by: .admin))
        case 4:
            guard let id = tickets.randomElement(using: &random) else { return nil }
            let word = RequestID(using: &random)
            let isLTG = random.chance(70)
            let change = TicketChange(
                ticket: id, id: word, by: isLTG ? .ltg : .somebody, text: words,
                stage: isLTG ? TicketStage.allCases.randomElement(using: &random) : nil, owner: isLTG && random.chance(30) ? words : nil)
            return (.word(word, in: id), .write, .changeTicket(change))
        default:
            let id = TicketID(using: &random)
            tickets.append(id)
            let report = ProblemReport(by: .somebody, node: machine.name, library: nil, text: words, bundle: "")
            return (.ticket(id), .write, .reportProblem(id, report))
        }
    }

    /// A version to delete: the one that was answered, or now and then an earlier one. Nil where nothing is there, as far as is known.
    private func seen(_ thing: Thing) -> (Act, UInt64)? {
        guard let version = kept[thing]?.version, version > 0 else { return nil }
        return version > 1 && random.chance(30) ? (.dropUnseen, version - 1) : (.drop, version)
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
                case .word(let id, let ticket): state.tickets.values.first { $0.id == ticket }?.entries.first { $0.id == id }?.text
                }
            guard found == kept.words else {
                let told = kept.words.map { "`\($0)`" } ?? "a deletion"
                return cluster.fail("\(told) was answered at \(kept.at) and does not stand: \(found ?? "nothing") is there")
            }
        }
        let entries = Dictionary(state.entries.values.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let tickets = Dictionary(uniqueKeysWithValues: state.tickets.values.map { ($0.number, $0) })
        for machine in cluster.libraryMachines where !machine.isRetired {
            guard let part = machine.library else { continue }
            guard part.entries == entries else {
                return cluster.fail(
                    "\(machine.name) has another copy of the registers than the coordinators: \(part.entries.count) entries, of \(entries.count)"
                )
            }
            guard part.canned == state.cannedMessages else {
                return cluster.fail("\(machine.name) has other canned messages than the coordinators")
            }
            guard part.tickets == tickets else { return cluster.fail("\(machine.name) has other reports than the coordinators") }
        }
    }
}
