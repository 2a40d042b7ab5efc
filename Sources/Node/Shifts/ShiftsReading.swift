/// A file of shifts becomes a list for a library: whom it names is looked up in the roster, and everything that is wrong is told with its line.

import Consortium
import Hours

struct ShiftsReading: Sendable {
    /// What is to be imported; the rows are of no use where something is wrong.
    var list: ShiftImport
    /// In the order of the lines.
    var problems: [ShiftsFile.Problem]
    /// How many shifts of the file begin outside the time.
    var outside: Int
    /// How many shifts come new, stay as they are, and go.
    var added = 0
    var kept = 0
    var removed = 0

    /// What is wanted beside the file.
    struct Wish: Sendable {
        var library: LibraryName
        /// From which the shifts' identifiers follow, so that importing twice imports once.
        var id: RequestID
        /// Of the library's own calendar; where one is missing, the days of the first and the last shift.
        var first: CalendarDay?
        var last: CalendarDay?
        var by: Editor
    }

    /// - Parameters:
    ///   - zones: the rules of a zone by its name.
    ///   - now: Unix seconds.
    init(
        _ text: String, _ wish: Wish, book: ShiftBook, operators: [Operator], _ schedule: Schedule, now: Int64,
        zones: (String) -> ZoneRules?
    ) {
        let clock = LocalClock(schedule)
        let kept = now - Int64(Limits.shiftKeptMs / 1_000)
        let latest = now + Int64(Limits.shiftAheadMsMax / 1_000)
        let from = wish.first.map { clock.seconds($0...$0).lowerBound } ?? kept
        let until = wish.last.map { clock.seconds($0...$0).upperBound } ?? latest
        let times = max(from, kept)..<max(max(from, kept), min(until, latest))
        let file = ShiftsFile(text, zone: schedule.zone, times: times, zones: zones)
        outside = file.outside
        problems = file.problems
        let people = ShiftPeople(operators, of: wish.library)
        var rows: [ShiftRow] = []
        for entry in file.entries.sorted(by: { ($0.line, $0.from) < ($1.line, $1.from) }) {
            do throws(ShiftsFile.Problem) {
                rows.append(
                    ShiftRow(
                        line: UInt32(clamping: entry.line), id: ShiftID(high: wish.id.high, low: wish.id.low &+ UInt64(rows.count)),
                        operatorName: try people.find(entry), fromMs: UInt64(max(0, entry.from)) * 1_000,
                        untilMs: UInt64(max(0, entry.until)) * 1_000, duty: entry.duty))
            } catch { problems.append(error) }
        }
        let days = rows.map { clock.day(at: Int64(clamping: $0.fromMs / 1_000)) }
        let first = wish.first ?? days.min()
        let last = wish.last ?? days.max()
        var range = times
        if let first, let last { range = clock.seconds(min(first, last)...max(first, last)).clamped(to: times) }
        list = ShiftImport(
            library: wish.library, fromMs: UInt64(max(0, range.lowerBound)) * 1_000, untilMs: UInt64(max(0, range.upperBound)) * 1_000,
            change: book.change, rows: rows, by: wish.by)
        if problems.isEmpty { compare(book, operators, now) }
        problems.sort { $0.line < $1.line }
        problems = Array(problems.prefix(ShiftsFile.problemsMax))
    }

    private mutating func compare(_ book: ShiftBook, _ operators: [Operator], _ now: Int64) {
        let byName = Dictionary(operators.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        problems += list.flaws(in: book, atWallMs: UInt64(max(0, now)) * 1_000) { byName[$0] }
            .map { ShiftsFile.Problem(line: Int($0.line), sentence: $0.sentence) }
        let former = book.shifts.filter(list.replaces)
        let planned = list.shifts(in: book)
        if planned.count > Limits.shiftsPerLibraryMax {
            problems.append(
                .init(
                    line: 1,
                    sentence:
                        "A library plans \(Limits.shiftsPerLibraryMax) shifts at most, and these would be more; import fewer weeks at a time."
                ))
        }
        let stays = Set(planned.map(\.id)).intersection(former.map(\.id)).filter { id in
            former.first { $0.id == id } == planned.first { $0.id == id }
        }
        kept = stays.count
        added = list.rows.count - kept
        removed = former.count - kept
    }
}

/// Whom a file may mean.
struct ShiftPeople: Sendable {
    private let library: LibraryName
    /// By what they may be called, in lower case: those of the library, and everybody.
    private var own: [String: Set<OperatorName>] = [:]
    private var all: [String: Set<OperatorName>] = [:]

    init(_ operators: [Operator], of library: LibraryName) {
        self.library = library
        for person in operators {
            let names = [person.displayName.trimmed.lowercased()] + person.formerNames.map(\.text)
            for name in names where !name.isEmpty {
                all[name, default: []].insert(person.name)
                if person.library == library { own[name, default: []].insert(person.name) }
            }
        }
        // A name to sign in with is that person's, whoever else is called so.
        for person in operators {
            all[person.name.text] = [person.name]
            if person.library == library { own[person.name.text] = [person.name] }
        }
    }

    func find(_ entry: ShiftsFile.Entry) throws(ShiftsFile.Problem) -> OperatorName {
        for known in [own, all] {
            for words in entry.people {
                let found = words.reduce(into: Set<OperatorName>()) { $0.formUnion(known[$1.lowercased()] ?? []) }
                if found.count > 1 {
                    let names = found.map(\.text).sorted().joined(separator: ", ")
                    throw .init(
                        line: entry.line,
                        sentence: "This may be several people (\(names)); write the name that one of them signs in with.")
                }
                if let person = found.first { return person }
            }
        }
        let named = entry.people.first?.first ?? ""
        throw .init(
            line: entry.line,
            sentence:
                "Nobody of \(library) is called `\(named.excerpt(bytesMax: 80))`; write the name that they sign in with, or their full name as the desk shows it."
        )
    }
}
