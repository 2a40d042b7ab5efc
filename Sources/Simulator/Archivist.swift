import Consortium
import Seeded

/// People of one library who bring in the hours of a former service, and who want transcripts to be kept or taken away, which a director decides: twice for the same thing, and two decisions at once. What was
/// answered stands.
final class Archivist: Staffer {
    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    private let admin: Operator
    private let director: Operator
    private let everyMs: UInt64
    private var count = 0
    /// Hours that were answered, of the library and of the general queue, with where.
    private var brought: [Hour: (cell: TallyCell, at: LogPosition)] = [:]
    private var asked: [PastHours] = []
    /// Wishes that were answered, and what became of each.
    private var wishes: [WishID: LogPosition] = [:]
    private var decisions: [WishID: (what: WishDecision.What, at: LogPosition)] = [:]

    private struct Hour: Hashable {
        let place: TallyPlace
        let hour: TallyHour
    }
    private static let changesMax = 60
    private static let wishesMax = 12
    /// Two days before a run begins, which is beyond every jump of a clock, and a day more.
    private static let lastHour = TallyHour(1_790_000_000_000 / 3_600_000 as UInt64) - 48
    private static let hoursBack: TallyHour = 40

    init?(_ cluster: Cluster, _ roster: Roster) {
        var random = SeededGenerator(seed: cluster.scenario.seed ^ 0xA2C4_1715)
        guard random.chance(40) else { return nil }
        self.cluster = cluster
        admin = Operator(
            name: Roster.name("keeper"), displayName: "Keeper", library: roster.firstLibrary, queues: [], isAdmin: true)
        director = Operator(
            name: Roster.name("director"), displayName: "Director", library: roster.firstLibrary, queues: [], isDirector: true)
        everyMs = UInt64.random(in: 500...8_000, using: &random)
        self.random = random
    }

    func arrive() {
        cluster.after(UInt64.random(in: 1...everyMs, using: &random), .person, 904) { [self] in
            guard !cluster.isSettling, count < Self.changesMax else { return }
            count += 1
            switch Int.random(in: 0..<10, using: &random) {
            case 0..<5: bring()
            case 5 where !asked.isEmpty: if let again = asked.randomElement(using: &random) { ask(again) }
            case 6..<8: wish()
            default: decide()
            }
            arrive()
        }
    }

    // MARK: The past

    /// Some hours in a row: new ones mostly, or such as stand already, with their numbers or with others.
    private func bring() {
        let first = Self.lastHour - TallyHour.random(in: 1...Self.hoursBack, using: &random)
        let cells = (first..<first + TallyHour.random(in: 1...4, using: &random)).compactMap { hour -> TallyHourCell? in
            let waits = (0..<WaitClasses.count).map { $0 < 6 ? UInt32(Int.random(in: 0...2, using: &random)) : 0 }
            return TallyCell(former: 20, waits: waits).map { TallyHourCell(hour: hour, cell: $0) }
        }
        let past = PastHours(home: random.chance(70) ? admin.library : nil, cells: cells)
        asked.append(past)
        ask(past)
        if random.chance(20) { ask(past) }
    }

    private func ask(_ past: PastHours) {
        cluster.anyPart(&random)?.ask(.bringPast(past)) { [self] verdict, position in
            guard case .accepted = verdict else { return cluster.count("past: hours are refused") }
            cluster.count("past: hours are brought in")
            guard !cluster.checker.isLost(position) else { return }
            for entry in past.cells {
                let hour = Hour(place: TallyPlace(of: past.home), hour: entry.hour)
                if let known = brought[hour], known.cell != entry.cell {
                    cluster.fail("two different lists of the hour \(entry.hour) were both answered as brought in")
                }
                brought[hour] = (entry.cell, position)
            }
        }
    }

    // MARK: Holds and exports

    /// Whoever may not ask yet is put into the roster first.
    private func wish() {
        guard wishes.count < Self.wishesMax else { return }
        let wish = TranscriptWish(
            id: WishID(using: &random), kind: random.chance(50) ? .hold : .export, chat: ChatID(using: &random), library: admin.library,
            by: admin.name, reason: "Number \(count)", days: 7)
        for _ in 0..<(random.chance(25) ? 2 : 1) {
            cluster.anyPart(&random)?.ask(.askWish(wish)) { [self] verdict, position in
                guard case .accepted = verdict else {
                    cluster.count("wishes: one is refused")
                    return introduce()
                }
                cluster.count("wishes: one is asked for")
                if !cluster.checker.isLost(position) { wishes[wish.id] = position }
            }
        }
    }

    private func introduce() {
        guard let part = cluster.anyPart(&random) else { return }
        for person in [admin, director] { part.ask(.setOperator(person)) { _, _ in } }
    }

    /// The director, mostly twice at once and not of one mind: at most one of the two is told that it was done.
    private func decide() {
        guard let wish = wishes.keys.sorted().filter({ decisions[$0] == nil }).randomElement(using: &random) else { return }
        for what in random.chance(60) ? [WishDecision.What.approve, .decline] : [.approve] {
            let decision = WishDecision(wish: wish, what: what, by: director.name, note: "Number \(count)")
            for _ in 0..<(random.chance(25) ? 2 : 1) {
                cluster.anyPart(&random)?.ask(.decideWish(decision)) { [self] verdict, position in
                    guard case .accepted = verdict else { return cluster.count("wishes: a decision is refused") }
                    cluster.count("wishes: one is decided")
                    guard !cluster.checker.isLost(position) else { return }
                    if let other = decisions[wish]?.what, other != what {
                        cluster.fail("the director was told that a wish is both \(other) and \(what)")
                    }
                    decisions[wish] = (what, position)
                }
            }
        }
    }

    // MARK: What is kept

    /// What was answered is not in the backup that the cluster was restored from.
    func beginAnew(lost: ClosedRange<UInt64>) {
        brought = brought.filter { !lost.contains($0.value.at.index) }
        wishes = wishes.filter { !lost.contains($0.value.index) }
        decisions = decisions.filter { !lost.contains($0.value.at.index) }
    }

    func judge() {
        for machine in cluster.coordinatorMachines where !machine.isRetired {
            guard let state = machine.coordinator?.core.state else { continue }
            for (hour, told) in brought.sorted(by: { ($0.value.at, $0.key.hour) < ($1.value.at, $1.key.hour) }) {
                let there = state.tally(of: hour.place, in: hour.hour..<hour.hour + 1).cells.first?.cell
                guard there == told.cell else {
                    return cluster.fail("the hour \(hour.hour) was brought in at \(told.at), and \(machine.name) has other numbers")
                }
            }
            let there = Dictionary(state.wishes(of: admin.library).map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
            for (wish, at) in wishes.sorted(by: { $0.value < $1.value }) where there[wish] == nil {
                return cluster.fail("a wish was answered at \(at), and \(machine.name) does not have it")
            }
            for (wish, told) in decisions.sorted(by: { $0.value.at < $1.value.at }) {
                guard there[wish]?.stage == (told.what == .approve ? .approved : .declined) else {
                    return cluster.fail("a wish was decided at \(told.at) as \(told.what), and \(machine.name) does not say so")
                }
            }
        }
    }
}
