import ClientProtocol
import Consortium

/// The newest board, and what is looked up in it: titles, people, who holds what.
struct Directory: Sendable {
    private(set) var board: Board?
    /// When it came.
    private(set) var boardMs: UInt64 = 0
    /// Counts boards that differ in what they show.
    private(set) var version: UInt64 = 0
    private(set) var librariesVersion: UInt64 = 0
    private(set) var roomVersion: UInt64 = 0
    private(set) var status: [OperatorName: OperatorStatus] = [:]
    private(set) var holdings: [SessionID: [ChatID]] = [:]
    private var queues: [QueueName: QueueRef] = [:]
    private var libraries: [LibraryName: LibraryRef] = [:]
    private var people: [OperatorName: Operator] = [:]
    private(set) var general: QueueName?

    /// Takes a board in. False when it is older than the one known.
    mutating func take(_ new: Board, holdings: [SessionID: [ChatID]], nowMs: UInt64) -> Bool {
        if let board, board.at > new.at { return false }
        if board?.content != new.content { version += 1 }
        if board?.libraries != new.libraries { librariesVersion += 1 }
        if (board?.room ?? []) != new.room { roomVersion += 1 }
        board = new
        boardMs = nowMs
        self.holdings = holdings
        status = Dictionary(new.signedOn.map { ($0.name, $0) }) { first, _ in first }
        queues = Dictionary(new.queues.map { ($0.queue.name, QueueRef(name: $0.queue.name, title: $0.queue.title)) }) { first, _ in first }
        libraries = Dictionary(new.libraries.map { ($0.name, LibraryRef(name: $0.name, title: $0.title)) }) { first, _ in first }
        people = Dictionary(new.operators.map { ($0.name, $0) }) { first, _ in first }
        general = new.queues.first { $0.queue.library == nil }?.queue.name
        return true
    }

    /// Another sequencer's boards follow: their positions cannot be compared with those before.
    mutating func takeAny() { board?.at = .zero }

    /// With its title; before the first board the name stands for it.
    func queue(_ name: QueueName) -> QueueRef { queues[name] ?? QueueRef(name: name, title: name.text) }

    /// The queue that a page means: by its name, or by another name of it, then the first that reaches its own people, else the first that
    /// reaches anybody. An unknown name stays as it is, for the state to refuse.
    func queue(called name: QueueName) -> QueueName {
        guard let found = board?.queues(called: name), let first = found.first else { return name }
        let chosen = found.first { $0.decision.reach == .own } ?? found.first { $0.decision.reach != .nobody } ?? first
        return chosen.queue.name
    }

    func library(_ name: LibraryName) -> LibraryRef { libraries[name] ?? LibraryRef(name: name, title: name.text) }

    func person(_ name: OperatorName) -> Operator? { people[name] }

    /// A person as colleagues are shown them.
    func reference(_ name: OperatorName) -> PersonRef {
        PersonRef(name: name, display: people[name]?.displayName ?? name.text, library: people[name].map { library($0.library) })
    }

    /// The replicated clock now, as far as this node can tell.
    func clockMs(nowMs: UInt64) -> UInt64 {
        (board?.clockMs ?? 0) + (nowMs - boardMs)
    }

    private func seconds(untilMs: UInt64, nowMs: UInt64) -> UInt64 {
        let clockMs = clockMs(nowMs: nowMs)
        return untilMs > clockMs ? (untilMs - clockMs) / 1_000 : 0
    }

    /// `nil` until the board shows the session.
    func me(_ name: OperatorName, _ session: SessionID, nowMs: UInt64) -> (shown: ServerMessage.Me, leavingAtMs: UInt64?)? {
        guard let person = people[name], let status = status[name], status.session == session else { return nil }
        var me = ServerMessage.Me(
            name: name, display: person.displayName, library: library(person.library), session: session, queues: person.queues.map(queue),
            available: status.available, leavingSeconds: status.leavingAtMs.map { seconds(untilMs: $0, nowMs: nowMs) },
            untilMs: status.untilMs, duty: status.duty, duties: duties(of: person))
        if let board, board.featureLevel >= FeatureLevel.staffRoom { me.volunteers = status.volunteers }
        me.isTrainee = person.isTrainee
        me.mentor = status.mentor.map(reference)
        return (me, status.leavingAtMs)
    }

    /// The board as one operator sees it. No list is longer than `boardLinesMax`: the first in line are shown.
    func show(to name: OperatorName, withLibraries: Bool, nowMs: UInt64) -> ServerMessage.BoardState? {
        guard let board else { return nil }
        let person = people[name]
        var shown = ServerMessage.BoardState(
            queues: board.queues.map(show), waiting: lines(board.waiting, for: person, isKept: false, nowMs: nowMs),
            kept: lines(board.kept, for: person, isKept: true, nowMs: nowMs),
            claimed: board.claimed.suffix(GatewayLimits.boardLinesMax).map { claim in
                ServerMessage.BoardClaim(
                    chat: claim.chat, by: PersonRef(name: claim.by, display: people[claim.by]?.displayName ?? claim.by.text, library: nil))
            },
            staff: board.signedOn.prefix(2 * GatewayLimits.boardLinesMax).map { status in
                var shown = ServerMessage.BoardPerson(
                    person: PersonRef(name: status.name, display: status.displayName, library: library(status.library)),
                    available: status.available, chats: status.holdings.count,
                    leavingSeconds: status.leavingAtMs.map { seconds(untilMs: $0, nowMs: nowMs) },
                    untilMs: status.untilMs, duty: status.duty)
                shown.volunteers = status.volunteers
                shown.isTrainee = people[status.name]?.isTrainee ?? false
                shown.mentor = status.mentor
                return shown
            }, libraries: withLibraries ? board.libraries.map(show) : nil, asksEnding: board.keepsTally)
        shown.shifts = board.shiftChange
        shown.referred = board.referred.filter { $0.by == name }.reversed().map { show($0, nowMs: nowMs) }
        return shown
    }

    private func show(_ line: ReferredChat, nowMs: UInt64) -> ServerMessage.BoardReferral {
        let clockMs = clockMs(nowMs: nowMs)
        let standing: ServerMessage.BoardReferral.Standing =
            switch line.standing {
            case .waiting: .waiting
            case .claimed: .claimed
            case .answered: .answered
            case .lapsed: .lapsed
            case .over: .over
            }
        return ServerMessage.BoardReferral(
            chat: line.chat, queue: queue(line.target), home: queue(line.home),
            askedSeconds: clockMs > line.sinceMs ? (clockMs - line.sinceMs) / 1_000 : 0,
            dueSeconds: line.dueMs > clockMs ? (line.dueMs - clockMs) / 1_000 : 0, standing: standing,
            by: line.answeredBy.map(reference), endedMs: line.endedWallMs)
    }

    private func lines(_ chats: [WaitingChat], for person: Operator?, isKept: Bool, nowMs: UInt64) -> [ServerMessage.BoardChat] {
        let clockMs = clockMs(nowMs: nowMs)
        let duty = isKept ? nil : person.flatMap { status[$0.name]?.duty }
        return ordered(chats, for: duty).prefix(GatewayLimits.boardLinesMax).map { chat in
            let isOnDuty = duty.map { covers($0, chat.queue) }
            let firstMs = isOnDuty == false ? chat.dutyFirstUntilMs.flatMap { $0 > clockMs ? $0 - clockMs : nil } : nil
            return ServerMessage.BoardChat(
                chat: chat.chat, library: chat.library.map(library), queue: queue(chat.queue), question: chat.question,
                waitedSeconds: clockMs > chat.sinceMs ? (clockMs - chat.sinceMs) / 1_000 : 0, offer: chat.offer, by: chat.offeredBy,
                note: chat.note.isEmpty ? nil : chat.note, mayClaim: person.map { mayClaim(chat, $0, isKept: isKept) } ?? false,
                dueSeconds: chat.dueMs.map { $0 > clockMs ? ($0 - clockMs) / 1_000 : 0 }, isOnDuty: isOnDuty,
                firstSeconds: firstMs.map { $0 / 1_000 + 1 }, listed: chat.listed?.name)
        }
    }

    /// Those of the queues that the reader is on duty for come first, each part in its order.
    private func ordered(_ chats: [WaitingChat], for duty: Duty?) -> [WaitingChat] {
        guard let duty, duty != .both else { return chats }
        return chats.filter { covers(duty, $0.queue) } + chats.filter { !covers(duty, $0.queue) }
    }

    private func covers(_ duty: Duty, _ queue: QueueName) -> Bool { duty.covers(isGeneral: queue == general) }

    /// What there is to choose for a person; nothing where it would make no difference, or the coordinators do not know of it yet.
    private func duties(of person: Operator) -> [Duty] {
        guard let board, board.featureLevel >= FeatureLevel.duty, let general else { return [] }
        return person.queues.contains(general) && person.queues.count > 1 ? Duty.allCases : []
    }

    /// Whether the state would let this person have the chat now, as far as the board tells.
    private func mayClaim(_ chat: WaitingChat, _ person: Operator, isKept: Bool) -> Bool {
        if let status = status[person.name], let board, status.holdings.count >= Int(board.settings.chatsPerOperatorMax) { return false }
        if chat.offer != nil { return person.queues.contains(chat.queue) && chat.offeredBy != person.name }
        if person.queues.contains(chat.queue) || person.queues.contains(chat.home) { return true }
        guard isKept else { return false }
        let isReferred = board?.libraries.first { $0.name == chat.library }?.fallback != .off
        // Of a message that was referred, also those of the library that it was referred to.
        if person.library == chat.library || person.library == library(of: chat.queue) { return true }
        return isReferred && general.map(person.queues.contains) ?? false
    }

    /// The staff room, as all see it.
    var room: [ServerMessage.RoomEntry] {
        (board?.room ?? []).map { line in
            .init(
                at: line.at, by: PersonRef(name: line.by, display: line.displayName, library: library(line.library)), wallMs: line.wallMs,
                word: line.word)
        }
    }

    private func show(_ status: QueueStatus) -> ServerMessage.BoardQueue {
        let reach: ServerMessage.BoardReach =
            switch status.decision.reach {
            case .own: .own
            case .referred: .referred
            case .nobody: .nobody
            }
        return ServerMessage.BoardQueue(
            queue: QueueRef(name: status.queue.name, title: status.queue.title), library: status.queue.library.map(library), reach: reach,
            takesTransfers: status.decision.takesTransfers, reasons: status.decision.reasons.map(show), staffed: status.staffed,
            free: status.freePlaces, waiting: status.waiting, usualWaitSeconds: status.usualWaitMs.map { $0 / 1_000 },
            paused: status.paused, outsideHours: status.queue.library.map(isShut) ?? false)
    }

    /// What closes the library at short notice at a moment (Unix milliseconds).
    func closing(of library: LibraryName, atMs: UInt64) -> Closure? {
        board?.hours.first { $0.library == library }?.closures.filter { $0.fromMs <= atMs && atMs < $0.untilMs }
            .max { $0.untilMs < $1.untilMs }
    }

    private func isShut(_ library: LibraryName) -> Bool {
        board?.hours.contains { $0.library == library && !$0.gate.isWithinHours } ?? false
    }

    /// `nil` for the general queue, and for a name that is no queue's.
    func library(of queue: QueueName) -> LibraryName? { board?.queues.first { $0.queue.name == queue }?.queue.library }

    private func show(_ reason: Reason) -> ServerMessage.BoardReason {
        let code: ServerMessage.BoardReason.Code =
            switch reason {
            case .closed: .closed
            case .nobodySignedOn: .nobodySignedOn
            case .nobodyAvailableHere: .nobodyAvailableHere
            case .everybodyLeaving: .everybodyLeaving
            case .paused: .paused
            case .staffed: .staffed
            case .everybodyBusy: .everybodyBusy
            case .fallbackOff: .fallbackOff
            case .fallsBackTo: .fallsBackTo
            case .generalUnavailable: .generalUnavailable
            case .unknownQueue: .unknownQueue
            }
        return .init(code, reason.sentence { queue($0).title })
    }

    private func show(_ library: Library) -> ServerMessage.BoardLibrary {
        let fallback: ServerMessage.BoardFallback =
            switch library.fallback {
            case .immediately: .immediately
            case .ringFirst: .ringFirst
            case .off: .off
            }
        return .init(library: LibraryRef(name: library.name, title: library.title), fallback: fallback, card: library.card)
    }
}

extension Board {
    /// Without what changes with every command.
    fileprivate var content: Board {
        var board = self
        board.at = .zero
        board.clockMs = 0
        // The staff room is told by itself.
        board.room = []
        return board
    }
}

extension GatewayCore {
    /// A board, whole. `holdings`: for each session at this node, the chats that it holds. Older boards are ignored.
    public mutating func onBoard(_ board: Board, holdings: [SessionID: [ChatID]], now: UInt64) -> [GatewayDirective] {
        advance(now)
        let isOfBranch = BranchBase.isBranch(board.at)
        if !isOfBranch, sequencer != .coordinators {
            // Shown when the branch is merged.
            boardAfterMerge = (board, holdings)
            return take()
        }
        guard isOfBranch == isInBranch else { return take() }
        guard directory.take(board, holdings: holdings, nowMs: self.now) else { return take() }
        for session in desks.keys.sorted() { settleDesk(session) }
        sendBoards()
        return take()
    }

    /// The replicated clock, as the newest board has it and as far as the loop's clock went on since.
    public func replicatedClockMs(now: UInt64) -> UInt64 { directory.clockMs(nowMs: max(now, self.now)) }

    mutating func sendBoards() {
        for session in desks.keys.sorted() {
            for client in desks[session]?.clients ?? [] {
                sendMe(client, session)
                sendRoom(client, session)
                sendBoard(client, session)
            }
        }
    }

    /// The staff room, when it changed.
    mutating func sendRoom(_ client: ClientID, _ session: SessionID) {
        guard let connection = connections[client], connection.roomVersion != directory.roomVersion, desks[session]?.signedOnAt != nil
        else {
            return
        }
        connections[client]?.roomVersion = directory.roomVersion
        send(client, .room(directory.room))
    }

    /// When it changed, at most five times a second.
    mutating func sendBoard(_ client: ClientID, _ session: SessionID) {
        guard let connection = connections[client], connection.boardVersion != directory.version, let desk = desks[session],
            desk.signedOnAt != nil
        else { return }
        if let boardMs = connection.boardMs, now - boardMs < GatewayLimits.boardMs {
            return wantTick(atMs: boardMs + GatewayLimits.boardMs)
        }
        let withLibraries = connection.librariesVersion != directory.librariesVersion
        guard let board = directory.show(to: desk.name, withLibraries: withLibraries, nowMs: now) else { return }
        connections[client]?.boardVersion = directory.version
        connections[client]?.librariesVersion = directory.librariesVersion
        connections[client]?.boardMs = now
        send(client, .board(board))
    }
}
