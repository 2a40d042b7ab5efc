/// Counting: what the rest of the state calls when something happens to a chat. See `Tally.swift` for what counts when.

/// What the tally remembers of a chat while it is there, so that it counts each thing once and can take practice out again.
package struct ChatTally: Hashable, Sendable {
    /// The first answer.
    package struct Answer: Hashable, Sendable {
        package var by: LibraryName
        package var viaGeneral: Bool
        /// Its class of waits.
        package var wait: UInt8
        package init(by: LibraryName, viaGeneral: Bool, wait: UInt8) {
            self.by = by
            self.viaGeneral = viaGeneral
            self.wait = wait
        }
    }
    /// In which it was asked.
    package var hour: TallyHour
    package var isReferred = false
    /// Nobody had answered when its patron went.
    package var isAbandoned = false
    package var answer: Answer?
    package var rating: ChatRating?
    package init(hour: TallyHour) { self.hour = hour }
}

/// Where an offer came from, and since when it runs.
package struct OfferLeg: Hashable, Sendable {
    package var from: QueueName
    /// On the replicated clock, since the patron agreed; before, since it was made.
    package var sinceMs: UInt64
    package init(from: QueueName, sinceMs: UInt64) {
        self.from = from
        self.sinceMs = sinceMs
    }
}

extension ConsortiumState {
    /// Whether this state counts.
    public var keepsTally: Bool { featureLevel >= FeatureLevel.reports && !isBranch }

    var tallyHour: TallyHour { TallyHour(clamping: wallMs / 3_600_000) }

    // MARK: What happens to chats

    /// A new chat, before it is stored. One that began at a node that was cut off is counted as that alone.
    mutating func tallyAsked(_ chat: inout Chat, isMerged: Bool) {
        guard keepsTally else { return }
        if isMerged { return count(.cutOff, of: chat, in: tallyHour) }
        chat.tally = ChatTally(hour: tallyHour)
        count(.asked, of: chat, in: tallyHour)
    }

    /// It goes on to the general queue: the first time counts.
    mutating func tallyReferral(_ chat: inout Chat, to queue: QueueName) {
        guard let tally = chat.tally, !tally.isReferred, queue == index.general, queue != chat.queue else { return }
        chat.tally?.isReferred = true
        count(.referred, of: chat, in: tally.hour)
    }

    /// Somebody takes it whose patron waits: the first time is the answer.
    ///
    /// Who takes it in the general queue staffs that; but a library's own people who are on duty for their library alone do not, and answer as the library.
    mutating func tallyAnswer(_ chat: inout Chat, by person: Operator, on duty: Duty?, from queue: QueueName) {
        guard let tally = chat.tally, tally.answer == nil, chat.stage != .kept else { return }
        let isOfLibrary = duty == .library && person.library == chat.library
        let isOwn = isOfLibrary || queue != index.general && (person.library == chat.library || person.queues.contains(chat.queue))
        let wait = WaitClasses.place(ofMs: clockMs - min(clockMs, chat.openedMs))
        let answer = ChatTally.Answer(by: person.library, viaGeneral: !isOwn, wait: UInt8(clamping: wait))
        chat.tally?.answer = answer
        count(answer, of: chat, in: tally.hour, adding: true)
    }

    /// The question is kept as a message: once in a chat's life.
    mutating func tallyMessage(_ chat: inout Chat, patronIsGone: Bool) {
        guard let tally = chat.tally else { return }
        count(.messages, of: chat, in: tally.hour)
        guard tally.answer == nil else { return }
        chat.tally?.isAbandoned = patronIsGone
        count(patronIsGone ? .abandoned : .missed, of: chat, in: tally.hour)
    }

    /// Its end, before it is stored.
    mutating func tallyEnd(_ chat: inout Chat, _ reason: CloseReason, _ ending: ChatEnding?) {
        guard let tally = chat.tally else { return }
        if ending == .practice { return takeOut(&chat) }
        switch reason {
        case .byPatron, .patronGone:
            let counter: TallyCounter = tally.answer == nil ? .abandoned : .endedByPatron
            count(counter, of: chat, in: tally.hour)
        case .byOperator: count(ending.map { .ended($0) } ?? .endedUnsaid, of: chat, in: tally.hour)
        case .blocked: count(.ended(.inappropriate), of: chat, in: tally.hour)
        case .answeredMessage:
            count(.messagesAnswered, of: chat, in: tally.hour)
            if let ending { count(.ended(ending), of: chat, in: tally.hour) }
        case .notAnswered: count(.messagesUnanswered, of: chat, in: tally.hour)
        }
    }

    /// Practice: as if it had not been asked. What was offered to queues was offered.
    private mutating func takeOut(_ chat: inout Chat) {
        guard let tally = chat.tally else { return }
        chat.tally = nil
        count(.ended(.practice), of: chat, in: tally.hour)
        count(.asked, of: chat, in: tally.hour, adding: false)
        if tally.isReferred { count(.referred, of: chat, in: tally.hour, adding: false) }
        if let answer = tally.answer { count(answer, of: chat, in: tally.hour, adding: false) }
        guard scripts[chat.id]?.messages.contains(where: { $0.body == .event(.kept) }) ?? false else { return }
        count(.messages, of: chat, in: tally.hour, adding: false)
        guard tally.answer == nil else { return }
        count(tally.isAbandoned ? .abandoned : .missed, of: chat, in: tally.hour, adding: false)
    }

    /// An offer is over. One that its patron never agreed to reached nobody.
    mutating func tallyOffer(_ offer: Offer, _ outcome: OfferOutcome, of chat: Chat) {
        guard !offer.awaitingConsent, let leg = offer.leg, let counter = TallyCounter.offer(outcome) else { return }
        count(.offered, at: .queue(offer.target), in: tallyHour)
        count(counter, at: .queue(offer.target), in: tallyHour)
        guard outcome == .pickedUp else { return }
        count(.leg(WaitClasses.place(ofMs: clockMs - min(clockMs, leg.sinceMs))), at: .queue(offer.target), in: tallyHour)
        count(.transferred, of: chat, in: tallyHour)
        count(.transferredOut, at: place(of: leg.from), in: tallyHour)
        count(.transferredIn, at: place(of: offer.target), in: tallyHour)
    }

    /// The patron says, after the end, whether they were helped: the last word counts.
    mutating func rate(_ id: ChatID, _ attach: AttachID, _ rating: ChatRating) throws(Refusal) {
        guard var chat = chats[id] else { throw .unknownChat }
        guard chat.attach == attach else { throw .fenced }
        guard chat.isClosed, let tally = chat.tally, tally.answer != nil else {
            throw Refusal(.notAllowed, "A chat can be rated once it was answered and is over; nothing was counted.")
        }
        guard tally.rating != rating else { return }
        if let former = tally.rating { count(.rated(former), of: chat, in: tally.hour, adding: false) }
        chat.tally?.rating = rating
        count(.rated(rating), of: chat, in: tally.hour)
        store(chat)
    }

    // MARK: Numbers

    private func place(of queue: QueueName) -> TallyPlace { TallyPlace(of: queues[queue]?.queue.library) }

    private mutating func count(_ counter: TallyCounter, of chat: Chat, in hour: TallyHour, adding: Bool = true) {
        count(counter, at: TallyPlace(of: chat.library), in: hour, adding: adding)
    }

    private mutating func count(_ counter: TallyCounter, at place: TallyPlace, in hour: TallyHour, adding: Bool = true) {
        change(place, hour, [UInt64(counter.rawValue), adding ? 1 : 0]) { $0.change(counter, adding: adding) }
    }

    /// Both ends are credited: the home library and whoever answered.
    private mutating func count(_ answer: ChatTally.Answer, of chat: Chat, in hour: TallyHour, adding: Bool) {
        count(.answered, of: chat, in: hour, adding: adding)
        count(.wait(Int(answer.wait)), of: chat, in: hour, adding: adding)
        var word = Digest()
        word.add(answer.by)
        word.add(chat.library) { $0.add($1) }
        let words = [word.value, answer.viaGeneral ? 1 : 0, adding ? 1 : 0]
        change(TallyPlace(of: chat.library), hour, words) {
            $0.creditBy(TallyShare(library: answer.by, viaGeneral: answer.viaGeneral, count: 1), adding: adding)
        }
        guard answer.viaGeneral || answer.by != chat.library else { return }
        change(.library(answer.by), hour, words) {
            $0.creditFor(TallyShare(library: chat.library, viaGeneral: answer.viaGeneral, count: 1), adding: adding)
        }
    }

    /// Of an hour that has given way, nothing is counted.
    private mutating func change(_ place: TallyPlace, _ hour: TallyHour, _ words: [UInt64], _ body: (inout TallyCell) -> Void) {
        if !tally.contains(place) { tally[place] = TallyBook(place: place) }
        tally.change(place) { book in
            index.tallyCells -= book.cells.count
            if book.change(hour, body) {
                var digest = Digest(seed: book.chain)
                digest.add(hour)
                for word in words { digest.add(word) }
                book.chain = digest.value
            }
            index.tallyCells += book.cells.count
        }
        while index.tallyCells > Limits.tallyCellsMax { forgetOldestHour() }
    }

    private mutating func forgetOldestHour() {
        var oldest: (hour: TallyHour, place: TallyPlace)?
        for (place, book) in tally {
            guard let hour = book.cells.first?.key, hour < oldest?.hour ?? .max else { continue }
            oldest = (hour, place)
        }
        guard let oldest else { return }
        tally.change(oldest.place) { _ = $0.cells.remove(oldest.hour) }
        index.tallyCells -= 1
    }

    /// A queue has another name: what was counted for it stays its own.
    mutating func renameTally(_ old: QueueName, to new: QueueName) {
        guard var book = tally.remove(.queue(old)) else { return }
        book.place = .queue(new)
        tally[.queue(new)] = book
    }

    /// What was counted of a place in some hours: as much of it as fits into one message, `Limits.tallyPageCellsMax` hours and `Limits.tallyPageNumbersMax`
    /// numbers, but one hour at least.
    public func tally(of place: TallyPlace, in hours: Range<TallyHour>) -> TallyPage {
        var page = TallyPage(cells: [], next: nil)
        var numbers = 0
        tally[place]?.cells.walk(from: hours.lowerBound) { hour, cell in
            guard hour < hours.upperBound else { return false }
            numbers += cell.numbers
            guard page.cells.isEmpty || page.cells.count < Limits.tallyPageCellsMax && numbers <= Limits.tallyPageNumbersMax else {
                page.next = hour
                return false
            }
            page.cells.append(TallyHourCell(hour: hour, cell: cell))
            return true
        }
        return page
    }

    func checkTally() throws(InvariantViolation) {
        var cells = 0
        for (place, book) in tally {
            let isKnown =
                switch place {
                case .general: true
                case .library(let name): libraries.contains(name)
                case .queue(let name): queues.contains(name)
                }
            try hold(isKnown && book.place == place, "There is a tally of nothing that is in the roster.")
            cells += book.cells.count
            if let first = book.cells.first?.key, let last = book.cells.last?.key {
                try hold(last - first < Limits.tallyHoursMax, "A tally goes too far back.")
            }
            for (_, cell) in book.cells { try hold(cell.isInOrder, "A tally is out of order.") }
        }
        try hold(cells == index.tallyCells && cells <= Limits.tallyCellsMax, "The hours of the tally are miscounted, or too many.")
        guard featureLevel >= FeatureLevel.past || tally.values.allSatisfy({ $0.cells.values.allSatisfy { !$0.isFormer } }) else {
            return try hold(false, "There are hours of a former service below their feature level.")
        }
        guard !keepsTally else { return }
        try hold(tally.isEmpty, "There is a tally below its feature level, or in a branch.")
        try hold(chats.values.allSatisfy { $0.tally == nil && $0.offer?.leg == nil }, "A chat is tallied below the feature level.")
    }
}
