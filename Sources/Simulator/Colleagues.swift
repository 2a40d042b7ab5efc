import Consortium
import History
import Seeded

/// People of one library who plan their shifts, take them from each other, give them, exchange them and take them back; now at one node, now at another, two at once for the same shift, and twice for the
/// same thing. What each saw may be old. Whoever was told yes has the shift, and nobody else was told so.
final class Colleagues: Staffer {
    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    private let library: LibraryName
    private let people: [Operator]
    private let stranger: OperatorName
    private let everyMs: UInt64
    private var count = 0
    private var known = 0
    /// What was asked about each shift, as far as it says something.
    private var operations: [ShiftID: [Place]] = [:]
    /// The swaps that were asked for, to be asked again.
    private var asked: [ShiftSwap] = []
    /// Which move of each version of a shift somebody was told that it is done.
    private var granted: [Seen: (move: ShiftMove, at: LogPosition)] = [:]

    private struct Seen: Hashable {
        let shift: ShiftID
        let version: UInt64
    }
    private struct Place {
        var operation: Operation<ShiftModel.Act>
        var at: LogPosition?
        /// It was refused for a reason that says nothing about the shift.
        var isVoid = false
    }
    private static let changesMax = 60
    private static let shiftsMax = 6
    /// More than these, and the search for an order takes long.
    private static let operationsPerShiftMax = 24
    /// Beyond every jump of a clock.
    private static let firstDayMs: UInt64 = 1_790_000_000_000 + 2 * 86_400_000
    private static let daysCount = 2

    init?(_ cluster: Cluster, _ roster: Roster) {
        var random = SeededGenerator(seed: cluster.scenario.seed ^ 0x5417_F75A)
        guard random.chance(40), let stranger = roster.operators.first(where: { $0.library != roster.lastLibrary })?.name else {
            return nil
        }
        self.cluster = cluster
        self.stranger = stranger
        library = roster.lastLibrary
        people = (0..<4).map { number in
            Operator(name: Roster.name("planned\(number)"), displayName: "Planned \(number)", library: roster.lastLibrary, queues: [])
        }
        everyMs = UInt64.random(in: 500...8_000, using: &random)
        self.random = random
    }

    func arrive() {
        cluster.after(UInt64.random(in: 1...everyMs, using: &random), .person, 903) { [self] in
            guard !cluster.isSettling, count < Self.changesMax else { return }
            act()
            arrive()
        }
    }

    private func act() {
        count += 1
        // In whatever order they come to be known, shifts of the others are refused until then.
        guard known == people.count else { return introduce(people[known]) }
        guard let book = look() else { return }
        if book.shifts.count < 2 || random.chance(20) { return plan(book) }
        if random.chance(15), let former = asked.randomElement(using: &random) { return ask(former) }
        swap(book)
    }

    /// What somebody sees at one node: as of a coordinator, which may be behind.
    private func look() -> ShiftBook? {
        cluster.anyCoordinator(&random)?.core.state.shifts(of: library)
    }

    private func introduce(_ person: Operator) {
        cluster.anyPart(&random)?.ask(.setOperator(person)) { [self] _, _ in
            if known < people.count, people[known].name == person.name { known += 1 }
        }
    }

    // MARK: Plans

    /// One day anew: some of its shifts as they were seen, some left out, and new ones.
    private func plan(_ book: ShiftBook) {
        let fromMs = Self.firstDayMs + 86_400_000 * UInt64.random(in: 0..<UInt64(Self.daysCount), using: &random)
        let untilMs = fromMs + 86_400_000
        var rows: [ShiftRow] = []
        var acts: [(ShiftID, ShiftModel.Act)] = []
        for shift in book.shifts where fromMs <= shift.fromMs && shift.fromMs < untilMs {
            if random.chance(25) {
                acts.append((shift.id, .drop(shift.operatorName, version: shift.version)))
            } else {
                rows.append(row(shift.id, shift.operatorName, shift.fromMs))
                acts.append((shift.id, .keep(shift.operatorName)))
            }
        }
        while rows.count < Self.shiftsMax / Self.daysCount || random.chance(20), rows.count < Self.shiftsMax {
            // Each at a time of its own, so that no two are the same but for their identifier; some overlap, so that not everybody can take them.
            let beginsMs = fromMs + UInt64(count % 60) * 60_000 + UInt64.random(in: 0..<20, using: &random) * 3_600_000
            let person = people[Int.random(in: 0..<people.count, using: &random)].name
            let row = row(ShiftID(using: &random), person, beginsMs)
            if rows.contains(where: { $0.operatorName == person && $0.fromMs < row.untilMs && row.fromMs < $0.untilMs }) { continue }
            rows.append(row)
            acts.append((row.id, .plan(person)))
        }
        let list = ShiftImport(library: library, fromMs: fromMs, untilMs: untilMs, change: book.change, rows: rows, by: .admin)
        let numbers = begin(acts)
        for _ in 0..<(random.chance(20) ? 2 : 1) {
            cluster.anyPart(&random)?.ask(.importShifts(list)) { [self] verdict, position in
                guard case .accepted = verdict else { return refused(verdict, "a list") }
                cluster.count("shifts: a list is imported")
                for (id, number) in numbers { end(id, number, position) }
            }
        }
    }

    private func row(_ id: ShiftID, _ person: OperatorName, _ fromMs: UInt64) -> ShiftRow {
        ShiftRow(line: 1, id: id, operatorName: person, fromMs: fromMs, untilMs: fromMs + 2 * 3_600_000, duty: nil)
    }

    // MARK: Swaps

    private func swap(_ book: ShiftBook) {
        guard let shift = book.shifts.randomElement(using: &random) else { return }
        if random.chance(5) { return tryAsStranger(shift) }
        if random.chance(30), let other = book.shifts.filter({ $0.operatorName != shift.operatorName }).randomElement(using: &random) {
            return ask(
                ShiftSwap(library: library, moves: [shift.move(to: other.operatorName), other.move(to: shift.operatorName)], by: .admin))
        }
        let others = people.map(\.name).filter { $0 != shift.operatorName }.shuffled(using: &random)
        // Mostly whoever gave it takes it back, so that hands go to and fro.
        let to = random.chance(30) ? shift.handed?.from ?? others[0] : others[0]
        guard to != shift.operatorName else { return }
        ask(take(shift, to))
        // Somebody else takes the same at the same time, at whatever node.
        if random.chance(50), let rival = others.first(where: { $0 != to }) { ask(take(shift, rival)) }
    }

    private func take(_ shift: Shift, _ to: OperatorName) -> ShiftSwap {
        let by = random.chance(50) ? shift.operatorName : to
        return ShiftSwap(library: library, moves: [shift.move(to: to)], by: .person(by))
    }

    private func tryAsStranger(_ shift: Shift) {
        let swap = ShiftSwap(library: library, moves: [shift.move(to: people[0].name)], by: .person(stranger))
        guard shift.operatorName != people[0].name else { return }
        cluster.anyPart(&random)?.ask(.swapShift(swap)) { [self] verdict, _ in
            if case .accepted = verdict {
                cluster.fail("\(stranger), who is of another library, gave \(shift.id) to \(people[0].name)")
            }
        }
    }

    private func ask(_ swap: ShiftSwap) {
        if asked.count < Self.changesMax { asked.append(swap) }
        let isOne = swap.moves.count == 1
        for _ in 0..<(random.chance(25) ? 2 : 1) {
            let numbers = begin(swap.moves.map { ($0.shift, .hand(from: $0.from, to: $0.to, version: $0.version)) })
            cluster.anyPart(&random)?.ask(.swapShift(swap)) { [self] verdict, position in
                guard case .refused(let refusal) = verdict else {
                    cluster.count(isOne ? "shifts: one changes hands" : "shifts: two are exchanged")
                    for (id, number) in numbers { end(id, number, position) }
                    for move in swap.moves { grant(move, at: position) }
                    return
                }
                self.refused(verdict, "a swap")
                for (id, number) in numbers {
                    // Of two that are exchanged, either may be what was otherwise.
                    guard refusal.code == .outOfOrder, isOne, let move = swap.moves.first else {
                        operations[id]?[number].isVoid = true
                        continue
                    }
                    operations[id]?[number].operation.act = .handRefused(from: move.from, to: move.to, version: move.version)
                    end(id, number, position)
                }
            }
        }
    }

    private func refused(_ verdict: Verdict, _ what: String) {
        if case .refused(let refusal) = verdict { cluster.count("shifts: \(what) is refused as \(refusal.code)") }
    }

    // MARK: What was told

    private func begin(_ acts: [(ShiftID, ShiftModel.Act)]) -> [(ShiftID, Int)] {
        acts.map { id, act in
            operations[id, default: []].append(Place(operation: Operation(act, invokedMs: cluster.nowMs, completedMs: nil)))
            return (id, operations[id, default: []].count - 1)
        }
    }

    private func end(_ id: ShiftID, _ number: Int, _ position: LogPosition) {
        guard !cluster.checker.isLost(position) else { return }
        let before = operations[id]?[number].operation.completedMs
        operations[id]?[number].operation.completedMs = before ?? cluster.nowMs
        operations[id]?[number].at = position
    }

    private func grant(_ move: ShiftMove, at position: LogPosition) {
        guard !cluster.checker.isLost(position) else { return }
        guard cluster.checker.books.shifts.hasHanded(move) else {
            return cluster.fail(
                "\(move.to) was told to have the shift \(move.shift) from version \(move.version) on, and the log does not say so")
        }
        let seen = Seen(shift: move.shift, version: move.version)
        if let other = granted[seen]?.move, other != move {
            cluster.fail("\(move.to) and \(other.to) were both told to have the shift \(move.shift) from version \(move.version) on")
        }
        granted[seen] = (move, position)
    }

    /// What was answered is not in the backup that the cluster was restored from, or was so already before: it may have happened, or not.
    func beginAnew(lost: ClosedRange<UInt64>) {
        // They may not be in the roster any more.
        known = 0
        granted = granted.filter { !lost.contains($0.value.at.index) }
        for id in operations.keys {
            for number in operations[id, default: []].indices {
                guard let at = operations[id]?[number].at, lost.contains(at.index) else { continue }
                operations[id]?[number].operation.completedMs = nil
            }
        }
    }

    /// What each coordinator says at the end.
    func judge() {
        let told = granted.values.sorted { $0.at < $1.at }
        for told in told where !cluster.checker.books.shifts.hasHanded(told.move) {
            return cluster.fail("a swap of \(told.move.shift) was answered at \(told.at), and the log does not say so")
        }
        let states = cluster.coordinatorMachines.filter { !$0.isRetired }.compactMap { $0.coordinator?.core.state }
        for (id, places) in operations.sorted(by: { $0.key < $1.key }) {
            var all = places.filter { !$0.isVoid }.map(\.operation)
            guard all.count <= Self.operationsPerShiftMax else {
                cluster.count("shifts: one is not judged, as too much was asked about it")
                continue
            }
            for state in states {
                let shift = state.shifts(of: library).shifts.first { $0.id == id }
                let planned = shift.map { ShiftModel.Planned(holder: $0.operatorName, version: $0.version) }
                all.append(Operation(.read(planned), invokedMs: cluster.nowMs, completedMs: cluster.nowMs))
            }
            switch LinearizabilitySearch.judge(all, by: ShiftModel()) {
            case .holds: cluster.count("shifts: one is judged")
            case .undecided: cluster.count("shifts: one is not judged, as the search took too long")
            case .broken(let stuck):
                let acts = stuck.map { "\(all[$0].act)" }.joined(separator: "; ")
                return cluster.fail("no order of what was asked about the shift \(id) gives what was told: \(acts)")
            }
        }
    }
}

extension Shift {
    fileprivate func move(to other: OperatorName) -> ShiftMove {
        ShiftMove(shift: id, version: version, from: operatorName, to: other)
    }
}
