import Consortium
import Gateway

/// The coordinators as a gateway sees them: the real replicated state, with what is on its way to it and what it has to send.
struct Coordinator {
    private(set) var state = ConsortiumState()
    private(set) var index: UInt64 = 0
    private var clockMs: UInt64 = 0
    /// Proposals that were sent and not applied.
    var proposals: [(counter: UInt64, command: Command)] = []
    /// The chats that the node follows, with its cursor.
    private var cursors: [ChatID: Position] = [:]
    private var touched: Set<ChatID> = []
    private var boardTouched = true
    let node: NodeName

    init(node: NodeName) { self.node = node }

    /// The branch of a node that is cut off: the same state, beginning with what the node knew.
    init(branch base: BranchBase, nowMs: UInt64) {
        node = base.node
        state = ConsortiumState(branch: base)
        index = base.index
        clockMs = nowMs
    }

    /// Applies one command as one entry, at the gateway's time.
    @discardableResult
    mutating func apply(_ command: Command?, from name: NodeName, counter: UInt64, nowMs: UInt64) -> (verdict: Verdict?, at: LogPosition) {
        var elapsed = nowMs > clockMs ? nowMs - clockMs : 0
        // One entry moves the clock by ten seconds at most.
        while elapsed > Limits.elapsedPerEntryMsMax {
            enter(nil, name, 0, Limits.elapsedPerEntryMsMax, nowMs)
            elapsed -= Limits.elapsedPerEntryMsMax
        }
        clockMs = nowMs
        let verdict = enter(command, name, counter, elapsed, nowMs)
        return (verdict, LogPosition(index: index, ordinal: 0))
    }

    @discardableResult
    private mutating func enter(_ command: Command?, _ name: NodeName, _ counter: UInt64, _ elapsedMs: UInt64, _ nowMs: UInt64) -> Verdict?
    {
        index += 1
        let items = command.map { [Batch.Item(id: ProposalID(node: name, boot: 1, counter: counter), command: $0)] } ?? []
        let applied = state.apply(Batch(elapsedMs: elapsedMs, wallMs: 1_790_000_000_000 + nowMs, term: 1, items: items), index: index)
        touched.formUnion(applied.touched.chats)
        boardTouched = boardTouched || applied.touched.board
        return applied.verdicts.first
    }

    mutating func follow(_ chat: ChatID, after: Position) {
        cursors[chat] = after
        touched.insert(chat)
    }

    mutating func unfollow(_ chat: ChatID) { cursors[chat] = nil }

    /// The link ended: nothing is followed any more, and what was on its way is gone.
    mutating func linkEnded() {
        cursors = [:]
        proposals = []
        boardTouched = true
    }

    /// What the followed and touched chats come to now, in the order of the identifier.
    mutating func takeUpdates() -> [ChatUpdate] {
        var updates: [ChatUpdate] = []
        for chat in touched.sorted() {
            guard let after = cursors[chat], let update = state.update(of: chat, after: after) else { continue }
            cursors[chat] = update.meta.last
            updates.append(update)
        }
        touched = []
        return updates
    }

    mutating func takeBoard() -> Board? {
        guard boardTouched else { return nil }
        boardTouched = false
        return state.board()
    }

    func holdings(in board: Board) -> [SessionID: [ChatID]] {
        Dictionary(board.signedOn.filter { $0.node == node }.map { ($0.session, $0.holdings) }) { first, _ in first }
    }
}
