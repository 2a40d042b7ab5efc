/// Hours of the time before Callslip, as a library's former service counted its chats: brought into the tally, so that reports of those days can be compared.
///
/// They are numbers as every hour of the tally has, and marked (`TallyCell.isFormer`): when chats were asked, how many were answered, and after what wait; of the others nobody
/// knows what became. An hour in which Callslip itself counted something is never touched, and what was brought in stands: the same again changes nothing, other numbers
/// are refused. They give way by the tally's own bounds, and never push out what was counted here.

public struct PastHours: Hashable, Sendable {
    /// Whose chats they were: a library's, or the general queue's.
    public var home: LibraryName?
    /// In the order of their hours, each marked; `Limits.pastHoursPerCommandMax` at most.
    public var cells: [TallyHourCell]
    public init(home: LibraryName?, cells: [TallyHourCell]) {
        self.home = home
        self.cells = cells
    }
}

extension TallyCell {
    /// An hour of a former service.
    ///
    /// - Parameter waits: one for each class of `WaitClasses`, the last ones left out where they are 0; each of an answered chat.
    /// - Returns: `nil` where there are more waits than chats, or more classes than there are.
    public init?(former asked: UInt32, waits: [UInt32]) {
        let answered = waits.reduce(0) { $0 + UInt64($1) }
        guard asked > 0, answered <= UInt64(asked), waits.count <= WaitClasses.count else { return nil }
        var entries = [Entry(.asked, asked)]
        if answered > 0 { entries.append(Entry(.answered, UInt32(answered))) }
        for (place, count) in waits.enumerated() where count > 0 { entries.append(Entry(.wait(place), count)) }
        self.init(entries: entries, answeredBy: [], answeredFor: [], isFormer: true)
    }

    /// Whether a former service could have counted it.
    fileprivate var isPlainlyFormer: Bool {
        let waits = (0..<WaitClasses.count).map { self[.wait($0)] }
        return isFormer && TallyCell(former: self[.asked], waits: waits) == self
    }
}

extension ConsortiumState {
    mutating func bringPast(_ past: PastHours) throws(Refusal) {
        guard keepsTally else { throw Refusal(.notAvailable, "Chats are not counted here; bring the past in at the cluster.") }
        if let library = past.home, !libraries.contains(library) { throw .unknownLibrary(library) }
        let (place, name) = (TallyPlace(of: past.home), past.home?.text ?? "general")
        guard !past.cells.isEmpty, past.cells.count <= Limits.pastHoursPerCommandMax else {
            throw Refusal(.invalid, "From 1 to \(Limits.pastHoursPerCommandMax) hours come in at once, not \(past.cells.count).")
        }
        guard zip(past.cells, past.cells.dropFirst()).allSatisfy({ $0.hour < $1.hour }), past.cells.allSatisfy(\.cell.isPlainlyFormer)
        else {
            throw Refusal(
                .invalid, "The hours of \(name) must be in their order, with chats that were asked, and of those answered one wait each.")
        }
        let known = tally[place]?.cells
        let now = tallyHour
        let newest = max(now, known?.last?.key ?? 0)
        // A leader's clock that goes back does not come to them.
        guard let first = past.cells.first?.hour, let last = past.cells.last?.hour, last < now, now - last >= 24,
            newest - first < Limits.tallyHoursMax
        else {
            throw Refusal(.invalid, "The hours of \(name) must be over for a day at least, and no older than 400 days.")
        }
        var new: [TallyHourCell] = []
        for entry in past.cells {
            guard let own = known?[entry.hour] else {
                new.append(entry)
                continue
            }
            guard own.isFormer else {
                let text =
                    "In the hour from \(Self.stamp(entry.hour)) on chats of \(name) were counted here; leave out that hour, and those after it."
                throw Refusal(.notAllowed, text)
            }
            guard own == entry.cell else {
                throw Refusal(
                    .notAllowed, "The hour from \(Self.stamp(entry.hour)) on of \(name) was brought in with other numbers; those stand.")
            }
        }
        guard index.tallyCells + new.count <= Limits.tallyCellsMax else {
            throw Refusal(.full, "The tally has room for \(Limits.tallyCellsMax) hours of all libraries; bring in fewer days.")
        }
        guard !new.isEmpty else { return }
        if !tally.contains(place) { tally[place] = TallyBook(place: place) }
        tally.change(place) { book in
            index.tallyCells -= book.cells.count
            book.bring(new)
            index.tallyCells += book.cells.count
        }
    }
}

extension ConsortiumState {
    /// `2026-11-28 15:00 UTC`.
    private static func stamp(_ hour: TallyHour) -> String {
        "\(CalendarDay(number: Int32(clamping: hour / 24))?.text ?? "") \(hour % 24):00 UTC"
    }
}

extension TallyBook {
    /// Hours of which there is none yet. What is too old beside them gives way, as when an hour is counted.
    fileprivate mutating func bring(_ new: [TallyHourCell]) {
        var digest = Digest(seed: chain)
        for entry in new {
            cells[entry.hour] = entry.cell
            digest.add(entry.hour)
            for count in entry.cell.entries {
                digest.add(UInt64(count.counter.rawValue))
                digest.add(UInt64(count.count))
            }
        }
        chain = digest.value
        while let oldest = cells.first?.key, let newest = cells.last?.key, newest - oldest >= Limits.tallyHoursMax { cells.remove(oldest) }
    }
}
