import Consortium
import Seeded

/// Somebody of LTG who renames people of one library, who have canned messages of their own and report problems meanwhile, by whatever name they know; now at one node, now at another. What was answered is
/// theirs, whatever they are called.
final class Registrar: Staffer {
    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    private let library: LibraryName
    private let everyMs: UInt64
    private var count = 0
    /// The names that each was to have, the first one first.
    private var names: [[OperatorName]]
    private var isRenaming: Set<Int> = []
    private var facts: [(fact: Fact, at: LogPosition)] = []
    private var own: [CannedID] = []

    private enum Fact {
        case named(Int, OperatorName)
        case canned(CannedID, Int)
        case reported(TicketID, Int)
    }
    private static let changesMax = 60
    /// Fewer than names lead to anybody.
    private static let namesMax = 10

    init?(_ cluster: Cluster, _ roster: Roster) {
        var random = SeededGenerator(seed: cluster.scenario.seed ^ 0x4E61_57A4)
        guard random.chance(40) else { return nil }
        self.cluster = cluster
        library = roster.firstLibrary
        names = (0..<3).map { [Roster.name("person\($0)")] }
        everyMs = UInt64.random(in: 500...8_000, using: &random)
        self.random = random
    }

    func arrive() {
        cluster.after(UInt64.random(in: 1...everyMs, using: &random), .person, 906) { [self] in
            guard !cluster.isSettling, count < Self.changesMax else { return }
            act()
            arrive()
        }
    }

    private func act() {
        guard let part = cluster.anyPart(&random) else { return }
        count += 1
        let person = Int.random(in: names.indices, using: &random)
        // The one that whoever asks knows may be a former one.
        let name = names[person][Int.random(in: names[person].indices, using: &random)]
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<2:
            part.ask(.setOperator(Operator(name: name, displayName: "Person \(person)", library: library, queues: []))) { _, _ in }
        case 2..<6: rename(person, from: name, part)
        case 6:
            let message = CannedMessage(id: CannedID(using: &random), owner: .person(name), title: "Number \(count)", text: "Words")
            ask(.setCanned(message, by: .person(name)), part, is: .canned(message.id, person))
        case 7:
            guard let id = own.randomElement(using: &random) else { return }
            // By whoever it may belong to: of others it is refused.
            facts.removeAll { if case .canned(id, _) = $0.fact { true } else { false } }
            part.ask(.dropCanned(id, version: 1, by: .person(name))) { [self] verdict, _ in
                if !verdict.isAccepted { cluster.count("names: refused") }
            }
        default:
            let id = TicketID(using: &random)
            let report = ProblemReport(by: .person(name), node: part.machine.name, library: library, text: "Number \(count)", bundle: "")
            ask(.reportProblem(id, report), part, is: .reported(id, person))
        }
    }

    /// To a new name mostly, to one that they had, or to another person's, which is refused.
    private func rename(_ person: Int, from name: OperatorName, _ part: LibraryPart) {
        guard names[person].count < Self.namesMax, isRenaming.insert(person).inserted else { return }
        var new: OperatorName = Roster.name("person\(person)-\(count)")
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<20: new = names[person][Int.random(in: names[person].indices, using: &random)]
        case 20..<40:
            isRenaming.remove(person)
            // Whoever it is by the log, they are not called as somebody else is, or was.
            let theirs = facts.compactMap { if case .named(let other, let name) = $0.fact, other != person { name } else { nil } }
            guard let taken = theirs.randomElement(using: &random) else { return }
            return part.ask(.renameOperator(name, to: taken)) { [self] verdict, _ in
                guard case .accepted = verdict else { return cluster.count("names: another's name is refused") }
                cluster.fail("\(name) was told to be called \(taken), which is another person's name")
            }
        default: break
        }
        if !names[person].contains(new) { names[person].append(new) }
        ask(.renameOperator(name, to: new), part, is: .named(person, new))
        // Once more, elsewhere.
        if random.chance(20) { cluster.anyPart(&random)?.ask(.renameOperator(name, to: new)) { _, _ in } }
    }

    private func ask(_ command: Command, _ part: LibraryPart, is fact: Fact) {
        part.ask(command) { [self] verdict, position in
            if case .named(let person, _) = fact { isRenaming.remove(person) }
            guard case .accepted = verdict else { return cluster.count("names: refused") }
            switch fact {
            case .named: cluster.count("names: somebody is renamed")
            case .canned(let id, _):
                cluster.count("names: somebody has a canned message")
                own.append(id)
            case .reported: cluster.count("names: somebody reports")
            }
            if !cluster.checker.isLost(position) { facts.append((fact, position)) }
        }
    }

    /// What was answered is not in the backup that the cluster was restored from.
    func beginAnew(lost: ClosedRange<UInt64>) { facts.removeAll { lost.contains($0.at.index) } }

    func judge() {
        let state = cluster.checker.state
        func isOf(_ person: Int, _ name: OperatorName?) -> Bool {
            name.map { names[person].contains($0) && state.operators[$0] != nil } ?? false
        }
        for (fact, at) in facts {
            let isThere =
                switch fact {
                case .named(let person, let name):
                    state.operators.values.contains { isOf(person, $0.name) && ($0.name == name || $0.formerNames.contains(name)) }
                case .canned(let id, let person):
                    if case .person(let name)? = state.canned[id]?.owner { isOf(person, name) } else { false }
                case .reported(let id, let person):
                    if case .person(let name)? = state.tickets.values.first(where: { $0.id == id })?.report.by {
                        isOf(person, name)
                    } else {
                        false
                    }
                }
            guard isThere else { return cluster.fail("\(fact) was answered at \(at), and is not theirs any more") }
        }
    }
}
