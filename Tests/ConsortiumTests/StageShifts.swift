import Consortium

/// Shifts on the stage. Times are hours of the leader's wall clock.
///
///     plan LIBRARY BY|ltg FROM-UNTIL PERSON/FROM-UNTIL[/DUTY]… [change=N]     a list for a time; without `change` the one in force
///     swap LIBRARY BY|ltg SHIFT/VERSION/FROM/TO…                              a shift is called as it was planned: ann-10
///     show shifts LIBRARY
extension Stage {
    private static let hourMs: UInt64 = 3_600_000

    func shiftCommand(_ verb: String, _ arguments: [String], _ options: [String: String]) throws -> Command {
        guard arguments.count > 1 else { throw Mistake(description: "whose shifts, and who asks?") }
        let library: LibraryName = try Self.name(arguments[0])
        let by: Editor = arguments[1] == "ltg" ? .admin : .person(try Self.name(arguments[1]))
        let words = arguments.dropFirst(2)
        if verb == "swap" {
            return .swapShift(
                ShiftSwap(
                    library: library,
                    moves: try words.map { word in
                        let parts = word.split(separator: "/").map(String.init)
                        guard parts.count == 4 else { throw Mistake(description: "\(word) is no move") }
                        return ShiftMove(
                            shift: Self.id(parts[0]), version: UInt64(parts[1]) ?? 0, from: try Self.name(parts[2]),
                            to: try Self.name(parts[3]))
                    }, by: by))
        }
        guard let time = words.first else { throw Mistake(description: "for which time?") }
        let (from, until) = try hours(time)
        let rows = try words.dropFirst().enumerated().map { place, word in
            let parts = word.split(separator: "/").map(String.init)
            guard parts.count > 1 else { throw Mistake(description: "\(word) is no shift") }
            let (from, until) = try hours(parts[1])
            return ShiftRow(
                line: UInt32(place + 1), id: Self.id("\(parts[0])-\(from / Self.hourMs)"), operatorName: try Self.name(parts[0]),
                fromMs: from,
                untilMs: until, duty: parts.count > 2 ? Duty(rawValue: parts[2]) : nil)
        }
        return .importShifts(
            ShiftImport(
                library: library, fromMs: from, untilMs: until,
                change: options["change"].flatMap(UInt64.init) ?? state.shifts(of: library).change, rows: rows, by: by))
    }

    private func hours(_ text: String) throws -> (UInt64, UInt64) {
        let numbers = text.split(separator: "-").compactMap { UInt64($0) }
        guard numbers.count == 2 else { throw Mistake(description: "\(text) is no time") }
        return (numbers[0] * Self.hourMs, numbers[1] * Self.hourMs)
    }

    func showShifts(_ arguments: [String]) throws -> [String] {
        guard arguments.count > 1 else { throw Mistake(description: "whose shifts?") }
        let book = state.shifts(of: try Self.name(arguments[1]))
        return ["change \(book.change)"]
            + book.shifts.map { shift in
                let duty = shift.duty.map { ", on duty: \($0.rawValue)" } ?? ""
                let handed = shift.handed.map { ", from \($0.from) by \($0.by?.text ?? "LTG")" } ?? ""
                let time = "\(shift.fromMs / Self.hourMs)-\(shift.untilMs / Self.hourMs)"
                return "\(time) \(shift.operatorName), version \(shift.version)\(duty)\(handed)"
            }
    }
}
