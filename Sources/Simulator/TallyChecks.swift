import Consortium

/// The tally counted anew: from what was noted in chats, from the commands that were accepted, and from the clocks of their entries.
struct TallyChecks {
    /// One life of a chat.
    private struct Life: Hashable {
        let chat: ChatID
        let openedMs: UInt64
    }
    /// How a chat came.
    private struct Birth {
        let isMerged: Bool
        let isCounted: Bool
    }
    private struct Follow {
        let home: LibraryName?
        /// In which it was asked; nil where nothing of it counts.
        var hour: TallyHour?
        /// Messages that were looked at.
        var seen = 0
        var isMessage = false
        var isReferred = false
        /// Counted as answered, by whom and after what wait.
        var answer: (by: LibraryName, wait: Int)?
        var counted: [TallyCounter] = []
        var rating: ChatRating?
    }
    private struct Cell: Hashable {
        let place: TallyPlace
        let hour: TallyHour
    }
    private struct Credit: Hashable {
        let cell: Cell
        let by: LibraryName
    }
    private var lives: [Life: Follow] = [:]
    private var counts: [Cell: [TallyCounter: UInt32]] = [:]
    private var credits: [Credit: UInt32] = [:]
    private var past: [Cell: TallyCell] = [:]
    /// Offers that count as transfers when they are picked up, with their targets.
    private var legs: [LogPosition: QueueName] = [:]
    private var level = FeatureLevel.first
    /// Of the present entry: chats whose patron's time is over, by which their question is kept as they went.
    private var gone: Set<ChatID> = []
    private var goneAtMs: [ChatID: UInt64] = [:]

    mutating func prepare(_ asked: Batch, _ state: ConsortiumState) {
        level = state.featureLevel
        goneAtMs = [:]
        for case .keepMessage(let message) in asked.items.map(\.command) {
            goneAtMs[message.chat] = state.chats[message.chat]?.goneAtMs
        }
    }

    /// What a restore noted in chats.
    mutating func beginAnew(_ state: ConsortiumState) {
        gone = []
        for chat in state.chats.keys { look(at: chat, nil, nil, keptByPatron: false, 0, state) }
    }

    mutating func judge(_ asked: Batch, _ verdicts: [Verdict], _ touched: Touched, _ state: ConsortiumState, index: UInt64) -> String? {
        let hour = TallyHour(clamping: asked.wallMs / 3_600_000)
        var births: [ChatID: Birth] = [:]
        var endings: [ChatID: ChatEnding] = [:]
        var closed: Set<ChatID> = []
        var kept: Set<ChatID> = []
        var ratings: [(ChatID, ChatRating)] = []
        var wrong: String?
        for (place, item) in asked.items.enumerated() {
            let at = LogPosition(index: index, ordinal: UInt32(place))
            if case .bringPast(let hours) = item.command, let sentence = judge(hours, verdicts[place]) { wrong = wrong ?? sentence }
            guard case .accepted(let acceptance) = verdicts[place] else { continue }
            switch item.command {
            case .setFeatureLevel(let raised): level = max(level, raised)
            case .open(let open) where births[open.chat] == nil:
                births[open.chat] = Birth(isMerged: false, isCounted: level >= FeatureLevel.reports)
            case .mergeBranch(let merge) where births[merge.chat] == nil:
                births[merge.chat] = Birth(isMerged: true, isCounted: level >= FeatureLevel.reports)
            case .keepMessage(let message): kept.insert(message.chat)
            case .close(let chat, _, let ending): if closed.insert(chat).inserted { endings[chat] = ending }
            case .rate(let chat, _, let rating): ratings.append((chat, rating))
            case .offerTransfer(let offer) where acceptance == .offered(at) && level >= FeatureLevel.reports: legs[at] = offer.target
            case .pickUp(let chat, _, let offer) where acceptance == .token(at): pickedUp(chat, offer, hour, state)
            default: break
            }
        }
        gone = kept.filter { chat in goneAtMs[chat].map { $0 <= state.clockMs } ?? false }
        for chat in touched.chats.sorted() { look(at: chat, births[chat], endings[chat], keptByPatron: kept.contains(chat), hour, state) }
        for (chat, rating) in ratings { rate(chat, rating, state) }
        return wrong
    }

    // MARK: What was noted in a chat

    private mutating func look(
        at id: ChatID, _ birth: Birth?, _ ending: ChatEnding?, keptByPatron: Bool, _ hour: TallyHour, _ state: ConsortiumState
    ) {
        guard let chat = state.chats[id], let messages = state.scripts[id]?.messages else { return }
        let life = Life(chat: id, openedMs: chat.openedMs)
        var follow = lives[life] ?? begin(chat, birth, hour)
        for message in messages.dropFirst(follow.seen) {
            follow.seen += 1
            guard case .event(let event) = message.body, let hour = follow.hour else { continue }
            switch event {
            case .referred(let queue), .requeued(let queue, _):
                guard !follow.isReferred, follow.home != nil, let desk = state.queues[queue], desk.queue.library == nil else { continue }
                follow.isReferred = true
                count(.referred, &follow, hour)
            case .claimed(_, _, let library):
                guard follow.answer == nil, !follow.isMessage else { continue }
                let wait = WaitClasses.place(ofMs: state.clockMs - min(state.clockMs, chat.openedMs))
                follow.answer = (library, wait)
                count(.answered, &follow, hour)
                count(.wait(wait), &follow, hour)
                credit(library, follow, hour, 1)
            case .kept:
                guard !follow.isMessage else { continue }
                follow.isMessage = true
                count(.messages, &follow, hour)
                if follow.answer == nil { count(keptByPatron && !gone.contains(id) ? .missed : .abandoned, &follow, hour) }
            case .closed(let reason): end(&follow, reason, ending, hour)
            default: break
            }
        }
        lives[life] = follow
    }

    private mutating func begin(_ chat: Chat, _ birth: Birth?, _ hour: TallyHour) -> Follow {
        var follow = Follow(home: chat.library)
        guard let birth, birth.isCounted else { return follow }
        if birth.isMerged {
            count(.cutOff, &follow, hour)
        } else {
            follow.hour = hour
            count(.asked, &follow, hour)
        }
        return follow
    }

    private mutating func end(_ follow: inout Follow, _ reason: CloseReason, _ ending: ChatEnding?, _ hour: TallyHour) {
        switch reason {
        case .byOperator, .answeredMessage:
            if ending == .practice { return takeOut(&follow, hour) }
            if reason == .answeredMessage { count(.messagesAnswered, &follow, hour) }
            if let ending {
                count(.ended(ending), &follow, hour)
            } else if reason == .byOperator {
                count(.endedUnsaid, &follow, hour)
            }
        case .byPatron, .patronGone: count(follow.answer == nil ? .abandoned : .endedByPatron, &follow, hour)
        case .blocked: count(.ended(.inappropriate), &follow, hour)
        case .notAnswered: count(.messagesUnanswered, &follow, hour)
        }
    }

    /// Practice is as if it had not been asked.
    private mutating func takeOut(_ follow: inout Follow, _ hour: TallyHour) {
        for counter in follow.counted { change(counter, Cell(place: TallyPlace(of: follow.home), hour: hour), by: -1) }
        if let answer = follow.answer { credit(answer.by, follow, hour, -1) }
        follow.counted = []
        count(.ended(.practice), &follow, hour)
        follow.hour = nil
    }

    private mutating func rate(_ id: ChatID, _ rating: ChatRating, _ state: ConsortiumState) {
        guard let chat = state.chats[id] else { return }
        let life = Life(chat: id, openedMs: chat.openedMs)
        guard let follow = lives[life], let hour = follow.hour else { return }
        let cell = Cell(place: TallyPlace(of: follow.home), hour: hour)
        if let former = follow.rating { change(.rated(former), cell, by: -1) }
        change(.rated(rating), cell, by: 1)
        lives[life]?.rating = rating
    }

    private mutating func pickedUp(_ chat: ChatID, _ offer: LogPosition, _ hour: TallyHour, _ state: ConsortiumState) {
        guard let target = legs.removeValue(forKey: offer), let home = state.chats[chat] else { return }
        change(.transferred, Cell(place: TallyPlace(of: home.library), hour: hour), by: 1)
        change(.offersPickedUp, Cell(place: .queue(target), hour: hour), by: 1)
        let queue = state.queues.values.first { $0.queue.name == target || $0.queue.formerNames.contains(target) }
        change(.transferredIn, Cell(place: TallyPlace(of: queue?.queue.library), hour: hour), by: 1)
    }

    // MARK: Numbers

    private mutating func count(_ counter: TallyCounter, _ follow: inout Follow, _ hour: TallyHour) {
        follow.counted.append(counter)
        change(counter, Cell(place: TallyPlace(of: follow.home), hour: hour), by: 1)
    }

    private mutating func credit(_ by: LibraryName, _ follow: Follow, _ hour: TallyHour, _ difference: Int) {
        let credit = Credit(cell: Cell(place: TallyPlace(of: follow.home), hour: hour), by: by)
        credits[credit] = UInt32(clamping: Int(credits[credit] ?? 0) + difference)
    }

    private mutating func change(_ counter: TallyCounter, _ cell: Cell, by difference: Int) {
        counts[cell, default: [:]][counter] = UInt32(clamping: Int(counts[cell]?[counter] ?? 0) + difference)
    }

    /// What stands is not written over, and what fits is taken.
    private mutating func judge(_ hours: PastHours, _ verdict: Verdict) -> String? {
        let place = TallyPlace(of: hours.home)
        let cells = hours.cells.map { (Cell(place: place, hour: $0.hour), $0.cell) }
        let other = cells.first { cell, brought in past[cell].map { $0 != brought } ?? (counts[cell] != nil) }
        switch verdict {
        case .accepted:
            if let other { return "the hour \(other.0.hour) of \(place) was brought in again, with other numbers than those that stand" }
            for (cell, brought) in cells { past[cell] = brought }
        case .refused(let refusal):
            if refusal.code == .notAllowed, other == nil { return "hours of \(place) are refused as others, and none stands" }
        }
        return nil
    }

    // MARK: The judgement

    /// Counters that follow from what was noted. What is offered to queues and not picked up, how long what is picked up waited, and where it came from are told
    /// apart by the state alone, as is who answered in the general queue's name: of these only the sums are held against what happened.
    private static let checked: Set<TallyCounter> = Set(
        [
            .asked, .answered, .missed, .abandoned, .referred, .messages, .messagesAnswered, .messagesUnanswered, .cutOff, .transferred,
            .endedUnsaid, .endedByPatron, .offersPickedUp, .transferredIn,
        ] + ChatEnding.allCases.map { .ended($0) } + ChatRating.allCases.map { .rated($0) } + (0..<WaitClasses.count).map { .wait($0) })

    func difference(to state: ConsortiumState) -> String? {
        var expected = self
        expected.renameQueues(in: state)
        var (arrived, left): ([TallyHour: UInt64], [TallyHour: UInt64]) = ([:], [:])
        var cells = Set(expected.counts.keys).union(expected.past.keys)
        for (place, book) in state.tally { for hour in book.cells.keys { cells.insert(Cell(place: place, hour: hour)) } }
        for cell in cells.sorted(by: { ($0.place, $0.hour) < ($1.place, $1.hour) }) {
            let page = state.tally(of: cell.place, in: cell.hour..<cell.hour + 1)
            let there = page.cells.first?.cell ?? TallyCell()
            if let brought = expected.past[cell] {
                guard there == brought else { return "the hour \(cell.hour) of \(cell.place) is not as it was brought in" }
                continue
            }
            guard !there.isFormer else { return "the hour \(cell.hour) of \(cell.place) was never brought in" }
            let numbers = expected.counts[cell] ?? [:]
            for counter in Self.checked.sorted() where there[counter] != numbers[counter] ?? 0 {
                return "counter \(counter.rawValue) of \(cell.place) in the hour \(cell.hour) is \(there[counter]), "
                    + "and what happened comes to \(numbers[counter] ?? 0)"
            }
            if let sentence = expected.difference(ofCreditsAt: cell, there, state) { return sentence }
            if case .queue = cell.place {
                guard there[.offered] == Self.outcomes.reduce(0, { $0 + there[$1] }) else {
                    return "the offers to \(cell.place) in the hour \(cell.hour) do not come to what became of them"
                }
                guard there[.offersPickedUp] == Self.legs.reduce(0, { $0 + there[$1] }) else {
                    return "the waits for \(cell.place) in the hour \(cell.hour) are not those of what was picked up there"
                }
            }
            arrived[cell.hour, default: 0] += UInt64(there[.transferredIn])
            left[cell.hour, default: 0] += UInt64(there[.transferredOut])
        }
        guard arrived == left else { return "as many chats as were transferred out of somewhere were not transferred in" }
        return nil
    }

    private static let legs: [TallyCounter] = (0..<WaitClasses.count).map { .leg($0) }
    private static let outcomes: [TallyCounter] = [
        .offersPickedUp, .offersExpired, .offersWithdrawn, .offersTargetGone, .offersChatOver,
    ]

    /// Who answered whose chats: as the home libraries have it, and as those have it who answered, which leaves out a library's own chats in its own queues.
    private func difference(ofCreditsAt cell: Cell, _ there: TallyCell, _ state: ConsortiumState) -> String? {
        var by: [LibraryName: UInt32] = [:]
        for share in there.answeredBy {
            guard let library = share.library else { return "nobody answered chats of \(cell.place) in the hour \(cell.hour)" }
            by[library, default: 0] += share.count
        }
        let own = credits.filter { $0.key.cell == cell && $0.value > 0 }
        let happened = Dictionary(uniqueKeysWithValues: own.map { ($0.key.by, $0.value) })
        if let library = Set(by.keys).union(happened.keys).sorted().first(where: { by[$0] != happened[$0] }) {
            return "\(library) answered \(by[library] ?? 0) chats of \(cell.place) in the hour \(cell.hour), not \(happened[library] ?? 0)"
        }
        func shares(_ place: TallyPlace) -> TallyCell {
            state.tally(of: place, in: cell.hour..<cell.hour + 1).cells.first?.cell ?? TallyCell()
        }
        let (home, answering): (LibraryName?, LibraryName?) =
            switch cell.place {
            case .general: (nil, nil)
            case .library(let name): (name, name)
            case .queue: (nil, nil)
            }
        for share in there.answeredBy {
            guard let library = share.library, share.viaGeneral || library != home else { continue }
            let other = TallyShare(library: home, viaGeneral: share.viaGeneral, count: share.count)
            guard !shares(.library(library)).answeredFor.contains(other) else { continue }
            return "\(library) has other numbers of chats that it answered for \(cell.place) in the hour \(cell.hour) than that has"
        }
        for share in there.answeredFor {
            let other = TallyShare(library: answering, viaGeneral: share.viaGeneral, count: share.count)
            guard !shares(TallyPlace(of: share.library)).answeredBy.contains(other) else { continue }
            return "\(cell.place) answered chats in the hour \(cell.hour) that were not answered where they came from"
        }
        return nil
    }

    /// What was counted for a queue goes along when it has another name.
    private mutating func renameQueues(in state: ConsortiumState) {
        for (cell, numbers) in counts {
            guard case .queue(let name) = cell.place, state.queues[name] == nil else { continue }
            guard let present = state.queues.values.first(where: { $0.queue.formerNames.contains(name) })?.queue.name else { continue }
            counts[cell] = nil
            counts[Cell(place: .queue(present), hour: cell.hour), default: [:]].merge(numbers, uniquingKeysWith: +)
        }
    }
}
