/// What the state can compute from its chats and sessions, kept at hand: lists in rank order, deadlines, who staffs what.
///
/// Only `store` and `forget` change chats and sessions, and they keep these in step; `checkInvariants` computes them anew.
struct Indices: Sendable {
    var due = Ordered<Due, Void>()
    var waiting = Ordered<QueueName, [Rank]>()
    /// By the queue whose button was pressed.
    var unattended = Ordered<QueueName, [Rank]>()
    /// Chats on offer (the patron has agreed), by target.
    var offered = Ordered<QueueName, [Rank]>()
    var kept = Ordered<Rank, Void>()
    /// Tracked referrals that are remembered, over or not, by who made them.
    var referred = Ordered<OperatorName, [Rank]>()
    var held = Ordered<SessionID, [ChatID]>()
    /// Closed chats that are still remembered, the next to be forgotten first.
    var tombstones = Ordered<Rank, Void>()
    var textBytes = 0
    /// What each library has in the outbox, and the text of all of them.
    var outbox = Ordered<LibraryName, OutboxShare>()
    var outboxBytes = 0
    /// The number of each chat's transcript that is in the outbox.
    var newestTranscript = Ordered<ChatID, UInt64>()
    /// The numbers of deletions by chat; of what passed to an heir by chat; and of both by the library whose node is told to have no copy any more.
    var deleted = Ordered<ChatID, [UInt64]>()
    var inherited = Ordered<ChatID, [UInt64]>()
    var goneFrom = Ordered<LibraryName, [UInt64]>()
    var rosterBytes = 0
    var cannedBytes = 0
    var ticketBytes = 0
    /// Of all places together.
    var tallyCells = 0
    var installOf = Ordered<InstallPlace, UInt64>()
    var registerBytes = 0
    /// By what no two entries have in common.
    var entryOf = Ordered<String, EntryID>()
    /// What was called so is called otherwise now.
    var formerQueues = Ordered<QueueName, QueueName>()
    var formerOperators = Ordered<OperatorName, OperatorName>()
    /// The queue that has no library.
    var general: QueueName?

    var sessionOf = Ordered<OperatorName, SessionID>()
    /// Sessions of those who may staff a queue, available or not.
    var mayStaff = Ordered<QueueName, [SessionID]>()
    /// Sessions of those who are available for it.
    var staff = Ordered<QueueName, [SessionID]>()
}

/// The lists in which a chat stands.
struct Listing: Equatable {
    enum List: Equatable {
        case waiting(QueueName)
        case unattended(QueueName)
        case kept, tombstone
    }
    var list: List?
    var rank: Rank
    var dueMs: UInt64?
    var holder: SessionID?
    var offeredTo: QueueName?
    var referredBy: OperatorName?
    var askedRank: Rank

    init(_ chat: Chat) {
        rank = Rank(sinceMs: chat.rankMs, chat: chat.id)
        askedRank = rank
        referredBy = chat.followUp?.by
        dueMs = chat.dueMs
        holder = chat.holding?.session
        if let offer = chat.offer, !offer.awaitingConsent { offeredTo = offer.target }
        switch chat.stage {
        case .waiting(let waiting): list = .waiting(waiting.queue)
        case .unattended: list = .unattended(chat.queue)
        case .kept: list = .kept
        case .closed(_, let forgetAtMs):
            list = .tombstone
            rank = Rank(sinceMs: forgetAtMs, chat: chat.id)
        case .offered, .held: list = nil
        }
    }
}

extension Indices {
    mutating func add(_ listing: Listing) {
        let rank = listing.rank
        switch listing.list {
        case .waiting(let queue): waiting.enlist(rank, under: queue)
        case .unattended(let queue): unattended.enlist(rank, under: queue)
        case .kept: kept[rank] = ()
        case .tombstone: tombstones[rank] = ()
        case nil: break
        }
        if let ms = listing.dueMs { due[.chat(rank.chat, ms)] = () }
        if let holder = listing.holder { held.enlist(rank.chat, under: holder) }
        if let queue = listing.offeredTo { offered.enlist(rank, under: queue) }
        if let name = listing.referredBy { referred.enlist(listing.askedRank, under: name) }
    }

    mutating func remove(_ listing: Listing) {
        let rank = listing.rank
        switch listing.list {
        case .waiting(let queue): waiting.strike(rank, under: queue)
        case .unattended(let queue): unattended.strike(rank, under: queue)
        case .kept: kept.remove(rank)
        case .tombstone: tombstones.remove(rank)
        case nil: break
        }
        if let ms = listing.dueMs { due.remove(.chat(rank.chat, ms)) }
        if let holder = listing.holder { held.strike(rank.chat, under: holder) }
        if let queue = listing.offeredTo { offered.strike(rank, under: queue) }
        if let name = listing.referredBy { referred.strike(listing.askedRank, under: name) }
    }

    mutating func add(_ session: Session, of person: Operator?) {
        sessionOf[session.operatorName] = session.id
        for queue in person?.queues ?? [] { mayStaff.enlist(session.id, under: queue) }
        for queue in session.available { staff.enlist(session.id, under: queue) }
        if let ms = session.leavingAtMs { due[.session(session.id, ms)] = () }
    }

    mutating func remove(_ session: Session, of person: Operator?) {
        sessionOf.remove(session.operatorName)
        for queue in person?.queues ?? [] { mayStaff.strike(session.id, under: queue) }
        for queue in session.available { staff.strike(session.id, under: queue) }
        if let ms = session.leavingAtMs { due.remove(.session(session.id, ms)) }
    }
}

extension ConsortiumState {
    var countedRosterBytes: Int {
        libraries.values.reduce(0) { $0 + $1.rosterBytes } + queues.values.reduce(0) { $0 + $1.queue.rosterBytes }
            + operators.values.reduce(0) { $0 + $1.rosterBytes } + hours.values.reduce(0) { $0 + $1.rosterBytes } + terms.rosterBytes
            + naming.rosterBytes
    }

    /// Puts a changed or new chat into the state.
    mutating func store(_ chat: Chat) {
        let new = Listing(chat)
        touched.chats.insert(chat.id)
        if let (old, question) = chats.read(chat.id, { (Listing($0), $0.question) }) {
            if old != new {
                index.remove(old)
                index.add(new)
                touched.board = true
                wakeThose(behind: old)
                wakeThose(behind: new)
            } else if question != chat.question {
                touched.board = true
            }
        } else {
            index.add(new)
            scripts[chat.id] = Script()
            touched.board = true
            wakeThose(behind: new)
        }
        chats[chat.id] = chat
    }

    /// Patrons who wait are told how many are before them, which changes when a chat before them comes or goes.
    private mutating func wakeThose(behind listing: Listing) {
        guard case .waiting(let queue)? = listing.list, let ranks = index.waiting[queue] else { return }
        for rank in ranks[ranks.partitionPoint { !(listing.rank < $0) }...] { touched.chats.insert(rank.chat) }
    }

    /// Forgets a closed chat with all its text.
    mutating func forget(_ chat: Chat) {
        index.remove(Listing(chat))
        index.textBytes -= scripts[chat.id]?.textBytes ?? 0
        chats.remove(chat.id)
        scripts.remove(chat.id)
        touched.chats.insert(chat.id)
        // Who referred it is shown it no more.
        if chat.followUp != nil { touched.board = true }
    }

    /// Puts a changed or new session into the state.
    mutating func store(_ session: Session) {
        let person = operators[session.operatorName]
        if let before = sessions[session.id] { index.remove(before, of: person) }
        index.add(session, of: person)
        sessions[session.id] = session
        touched.board = true
        availabilityChanged = true
    }

    mutating func drop(_ session: Session) {
        index.remove(session, of: operators[session.operatorName])
        sessions.remove(session.id)
        touched.board = true
        availabilityChanged = true
    }
}
