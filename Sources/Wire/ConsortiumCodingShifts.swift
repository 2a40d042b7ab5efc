/// Shifts as bytes.

import Consortium

extension PBShiftEntry {
    init(_ shift: Shift) {
        self.init()
        id = PBId(shift.id)
        operatorName = shift.operatorName.text
        fromMs = shift.fromMs
        untilMs = shift.untilMs
        duty = shift.duty?.rawValue ?? ""
        version = shift.version
        guard let handing = shift.handed else { return }
        handed.from = handing.from.text
        handed.by = handing.by?.text ?? ""
        handed.wallMs = handing.wallMs
    }

    func decoded() throws(WireError) -> Shift {
        Shift(
            id: id.decoded(), operatorName: try Field.name(operatorName, "shift.operator"), fromMs: fromMs, untilMs: untilMs,
            duty: try Field.optionalChoice(duty, "shift.duty"), version: version, handed: hasHanded ? try handed.decoded() : nil)
    }
}

extension PBShiftHandingEntry {
    fileprivate func decoded() throws(WireError) -> ShiftHanding {
        ShiftHanding(
            from: try Field.name(from, "shift.handed.from"), by: try Field.optionalName(by, "shift.handed.by"), wallMs: wallMs)
    }
}

extension PBShiftBookEntry {
    init(_ book: ShiftBook) {
        self.init()
        library = book.library.text
        change = book.change
        shifts = book.shifts.map { PBShiftEntry($0) }
    }

    func decoded() throws(WireError) -> ShiftBook {
        ShiftBook(
            library: try Field.name(library, "shifts.library"), change: change,
            shifts: try Field.list(shifts, "shifts", max: Limits.shiftsPerLibraryMax) { e throws(WireError) in try e.decoded() })
    }
}

extension PBImportShiftsCommand {
    init(_ list: ShiftImport) {
        self.init()
        library = list.library.text
        fromMs = list.fromMs
        untilMs = list.untilMs
        change = list.change
        by = list.by.shiftText
        rows = list.rows.map { row in
            var entry = PBShiftRowEntry()
            entry.line = row.line
            entry.id = PBId(row.id)
            entry.operatorName = row.operatorName.text
            entry.fromMs = row.fromMs
            entry.untilMs = row.untilMs
            entry.duty = row.duty?.rawValue ?? ""
            return entry
        }
    }

    func decoded() throws(WireError) -> ShiftImport {
        ShiftImport(
            library: try Field.name(library, "importShifts.library"), fromMs: fromMs, untilMs: untilMs, change: change,
            rows: try Field.list(rows, "importShifts.rows", max: Limits.shiftsPerLibraryMax) { e throws(WireError) in
                ShiftRow(
                    line: e.line, id: e.id.decoded(), operatorName: try Field.name(e.operatorName, "importShifts.operator"),
                    fromMs: e.fromMs, untilMs: e.untilMs, duty: try Field.optionalChoice(e.duty, "importShifts.duty"))
            }, by: try Editor(shiftText: by))
    }
}

extension PBSwapShiftCommand {
    init(_ swap: ShiftSwap) {
        self.init()
        library = swap.library.text
        by = swap.by.shiftText
        moves = swap.moves.map { move in
            var entry = PBShiftMoveEntry()
            entry.shift = PBId(move.shift)
            entry.version = move.version
            entry.from = move.from.text
            entry.to = move.to.text
            return entry
        }
    }

    func decoded() throws(WireError) -> ShiftSwap {
        ShiftSwap(
            library: try Field.name(library, "swapShift.library"),
            moves: try Field.list(moves, "swapShift.moves", max: 2) { e throws(WireError) in
                ShiftMove(
                    shift: e.shift.decoded(), version: e.version, from: try Field.name(e.from, "swapShift.from"),
                    to: try Field.name(e.to, "swapShift.to"))
            }, by: try Editor(shiftText: by))
    }
}

extension Editor {
    /// Empty for the admin.
    fileprivate var shiftText: String { if case .person(let name) = self { name.text } else { "" } }

    fileprivate init(shiftText: String) throws(WireError) {
        let name: OperatorName? = try Field.optionalName(shiftText, "shifts.by")
        self = name.map { .person($0) } ?? .admin
    }
}

/// A library's shifts as they travel to a node.
public enum ShiftCoding {
    public static func bytes(_ book: ShiftBook) -> [UInt8] { PBShiftBookEntry(book).bytes }

    public static func book(wire bytes: [UInt8]) throws(WireError) -> ShiftBook {
        try PBShiftBookEntry.parsed(bytes, bytesMax: ConsortiumWireLimits.shiftsBytesMax).decoded()
    }
}
