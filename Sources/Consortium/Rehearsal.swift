/// What the state would say to the commands of an import, found out beside it: so that a file of which something would be refused changes nothing at all.
///
/// It begins with what a node was sent of the consortium, as a branch does, and applies to a copy. What it finds holds for that moment: what somebody else changes between rehearsal and import is
/// refused then as ever.

public struct Rehearsal: Sendable {
    private var state: ConsortiumState
    private var ordinal: UInt32 = 0

    /// - Parameters:
    ///   - board: as the coordinators sent it.
    ///   - canned: all canned messages.
    ///   - entries: those of all registers.
    ///   - editions: of the signed settings, which no import changes; none where LTG has signed none yet.
    ///   - tally: all that was counted, as past hours want their room beside it; none where the import brings no past hours.
    ///   - wallMs: the wall clock, in Unix milliseconds.
    public init(
        _ board: Board, canned: [CannedMessage], entries: [RegisterEntry], editions: [SettingsEdition] = [],
        tally: [(place: TallyPlace, cells: [TallyHourCell])] = [], node: NodeName, wallMs: UInt64
    ) {
        state = ConsortiumState(
            branch: BranchBase(
                node: node, boot: 0, board: board, clockMs: board.clockMs, parts: [], index: BranchBase.logIndex(random: 0)))
        state.rehearse(canned, entries, wallMs: wallMs)
        state.settingsBook = editions
        for (place, cells) in tally {
            state.tally[place] = TallyBook(place: place, cells: cells, chain: 0)
            state.index.tallyCells += cells.count
        }
    }

    /// Why the next command would be refused; `nil` where it would not.
    public mutating func refusal(of command: Command) -> Refusal? {
        if ordinal < .max { ordinal += 1 }
        let position = LogPosition(index: BranchBase.logIndex(random: 0) + 1, ordinal: ordinal)
        if case .refused(let refusal) = state.apply(command, at: position) { return refusal }
        return nil
    }
}

extension ConsortiumState {
    /// With what a branch need not know.
    fileprivate mutating func rehearse(_ messages: [CannedMessage], _ known: [RegisterEntry], wallMs: UInt64) {
        isBranch = false
        self.wallMs = wallMs
        for message in messages { canned[message.id] = message }
        index.cannedBytes = countedCannedBytes
        for entry in known {
            entries[entry.id] = entry
            if let key = entry.uniqueKey { index.entryOf[key] = entry.id }
        }
        index.registerBytes = countedRegisterBytes
    }
}
