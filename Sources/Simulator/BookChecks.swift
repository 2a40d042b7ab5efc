import Consortium

/// What follows from the committed facts for what nobody else looks at while chats go on: shifts, the tally, minutes of duty, who looks after whom; registers, canned messages, reports, buttons, names, "Open now"
/// turns of keys and removed nodes. Reckoned beside the state, from commands, their answers and what was noted in
/// chats, and minutes of duty from who was signed on after each entry; so that whoever reads a report, at whatever coordinator and after whatever snapshot, reads what happened.
/// (What the tally tells apart by more than that is held to its sums alone: see `TallyChecks`.)
struct BookChecks {
    private(set) var shifts = ShiftChecks()
    private var tally = TallyChecks()
    private var duty = DutyChecks()
    private var trainees = TraineeChecks()
    private var others: [any Book] = [
        PaperChecks(), TicketChecks(), ButtonChecks(), NameChecks(), OpeningChecks(), KeyChecks(), NodeChecks(),
    ]

    /// Before an entry is applied.
    mutating func prepare(_ asked: Batch, _ state: ConsortiumState) { tally.prepare(asked, state) }

    /// What is wrong after it; nil where nothing is.
    /// - Parameter asked: as it was committed.
    mutating func judge(_ asked: Batch, _ verdicts: [Verdict], _ touched: Touched, _ state: ConsortiumState, index: UInt64) -> String? {
        var wrong: String?
        for (place, (item, verdict)) in zip(asked.items, verdicts).enumerated() {
            let at = LogPosition(index: index, ordinal: UInt32(place))
            if let sentence = shifts.judge(item.command, verdict) { wrong = wrong ?? sentence }
            if let sentence = trainees.judge(item.command, verdict, at: at) { wrong = wrong ?? sentence }
        }
        for place in others.indices where wrong == nil { wrong = Self.judge(&others[place], asked, verdicts, state) }
        if wrong == nil, asked.items.contains(where: \.command.isOfShifts) { wrong = shifts.difference(to: state) }
        if let sentence = tally.judge(asked, verdicts, touched, state, index: index) { wrong = wrong ?? sentence }
        duty.note(state, wallMs: asked.wallMs)
        return wrong
    }

    private static func judge(_ book: inout any Book, _ asked: Batch, _ verdicts: [Verdict], _ state: ConsortiumState) -> String? {
        var isConcerned = false
        for (item, verdict) in zip(asked.items, verdicts) where book.concerns(item.command) {
            isConcerned = true
            if let sentence = book.judge(item.command, verdict, from: item.id.node) { return sentence }
        }
        return isConcerned ? book.difference(to: state) : nil
    }

    /// Everybody's sign-on ended when another cluster was begun from a backup.
    mutating func beginAnew(_ state: ConsortiumState) {
        tally.beginAnew(state)
        trainees.beginAnew()
        duty.note(state, wallMs: state.wallMs)
    }

    /// What a state has otherwise, in words.
    func difference(to state: ConsortiumState) -> String? {
        shifts.difference(to: state) ?? tally.difference(to: state) ?? duty.difference(to: state) ?? trainees.difference(to: state)
            ?? others.lazy.compactMap { $0.difference(to: state) }.first
    }
}

extension Command {
    fileprivate var isOfShifts: Bool {
        switch self {
        case .importShifts, .swapShift: true
        default: false
        }
    }
}
