/// The whole state as plain lists, in the order of the keys: what a snapshot carries. Everything derived is left out and
/// computed anew.

package struct Memento: Sendable {
    package var clockMs: UInt64 = 0
    package var appliedThrough: LogPosition = .zero
    package var featureLevel: UInt32 = FeatureLevel.first
    package var isBranch = false
    package var term: UInt64 = 0
    package var wallMs: UInt64 = 0
    package var wallSeenMs: UInt64 = 0
    package var retiredVoter: UInt64 = 0
    package var removedNodes: [RemovedNode] = []
    package var keyPlan = KeyPlan()
    package var digestMarks: [DigestMark] = []
    package var settings = Settings()
    package var settingsBook: [SettingsEdition] = []
    package var libraries: [Library] = []
    package var queues: [QueueDesk] = []
    package var operators: [Operator] = []
    package var naming = NamingConventions()
    package var canned: [CannedMessage] = []
    package var tickets: [Ticket] = []
    package var ticketNumber: UInt64 = 0
    package var ticketVersion: UInt64 = 0
    package var buttons = ButtonLists()
    package var installs: [Install] = []
    package var entries: [RegisterEntry] = []
    package var entryChange: UInt64 = 0
    package var terms = TermCalendar()
    package var hours: [LibraryHours] = []
    package var ledger: [LibraryLedger] = []
    package var causeBooks: [CauseBook] = []
    package var dutyBooks: [DutyBook] = []
    package var tally: [TallyBook] = []
    package var audit: [AuditEntry] = []
    package var auditAnchor = AuditAnchor()
    package var wishes: [TranscriptWish] = []
    package var wishChange: UInt64 = 0
    package var shiftBooks: [ShiftBook] = []
    package var shiftChange: UInt64 = 0
    package var sessions: [Session] = []
    package var endedSessions: [SessionID] = []
    package var claims: [RecentClaim] = []
    package var room: [RoomLine] = []
    package var chats: [(chat: Chat, messages: [ChatMessage])] = []
    package var outbox: [OutboxItem] = []
    package var outboxNumber: UInt64 = 0
    package var receipts: [TranscriptReceipt] = []
    package init() {}
}

extension ConsortiumState {
    package var memento: Memento {
        var memento = Memento()
        memento.clockMs = clockMs
        memento.appliedThrough = appliedThrough
        memento.featureLevel = featureLevel
        memento.isBranch = isBranch
        memento.term = term
        memento.wallMs = wallMs
        memento.wallSeenMs = wallSeenMs
        memento.retiredVoter = retiredVoter
        memento.removedNodes = removed.values
        memento.keyPlan = keyPlan
        memento.digestMarks = digestMarks
        memento.settings = settings
        memento.libraries = libraries.values
        memento.queues = queues.values
        memento.operators = operators.values
        memento.naming = naming
        memento.settingsBook = settingsBook
        memento.canned = canned.values
        memento.tickets = tickets.values
        memento.ticketNumber = ticketNumber
        memento.ticketVersion = ticketVersion
        memento.buttons = buttons
        memento.installs = installs.values
        memento.entries = entries.values
        memento.entryChange = entryChange
        memento.terms = terms
        memento.hours = hours.values
        memento.ledger = ledger.values
        memento.causeBooks = causeBooks.values
        memento.dutyBooks = dutyBooks.values
        memento.tally = tally.values
        memento.audit = audit
        memento.auditAnchor = auditAnchor
        memento.wishes = wishes.values
        memento.wishChange = wishChange
        memento.shiftBooks = shiftBooks.values
        memento.shiftChange = shiftChange
        memento.sessions = sessions.values
        memento.endedSessions = endedSessions
        memento.claims = claims
        memento.room = room
        memento.chats = chats.map { ($0.value, scripts[$0.key]?.messages ?? []) }
        memento.outbox = outbox.values
        memento.outboxNumber = outboxNumber
        memento.receipts = receipts.values
        return memento
    }

    /// Rebuilds a state. A memento that no state could have given is refused.
    package init(memento: Memento) throws(InvariantViolation) {
        self.init()
        clockMs = memento.clockMs
        appliedThrough = memento.appliedThrough
        featureLevel = memento.featureLevel
        isBranch = memento.isBranch
        term = memento.term
        wallMs = memento.wallMs
        wallSeenMs = memento.wallSeenMs
        retiredVoter = memento.retiredVoter
        keyPlan = memento.keyPlan
        for node in memento.removedNodes { removed[node.node] = node }
        digestMarks = memento.digestMarks
        settings = memento.settings
        for library in memento.libraries { libraries[library.name] = library }
        for desk in memento.queues {
            queues[desk.queue.name] = desk
            if desk.queue.library == nil { index.general = desk.queue.name }
            index.learn(desk.queue)
        }
        for person in memento.operators {
            operators[person.name] = person
            index.learn(person)
        }
        naming = memento.naming
        settingsBook = memento.settingsBook
        for message in memento.canned { canned[message.id] = message }
        index.cannedBytes = countedCannedBytes
        for ticket in memento.tickets { tickets[ticket.number] = ticket }
        ticketNumber = memento.ticketNumber
        ticketVersion = memento.ticketVersion
        index.ticketBytes = countedTicketBytes
        buttons = memento.buttons
        for install in memento.installs {
            installs[install.number] = install
            index.installOf[install.place] = install.number
        }
        entryChange = memento.entryChange
        for entry in memento.entries {
            entries[entry.id] = entry
            if let key = entry.uniqueKey { index.entryOf[key] = entry.id }
        }
        index.registerBytes = countedRegisterBytes
        for (name, isSettingUp) in settingUp { libraries.change(name) { $0.isSettingUp = isSettingUp } }
        terms = memento.terms
        for posted in memento.hours { hours[posted.library] = posted }
        for book in memento.ledger { ledger[book.library] = book }
        for book in memento.causeBooks { causeBooks[book.queue] = book }
        for book in memento.dutyBooks { dutyBooks[book.library] = book }
        for book in memento.tally {
            tally[book.place] = book
            index.tallyCells += book.cells.count
        }
        audit = memento.audit
        auditAnchor = memento.auditAnchor
        for wish in memento.wishes { wishes[wish.id] = wish }
        wishChange = memento.wishChange
        for book in memento.shiftBooks { shiftBooks[book.library] = book }
        shiftChange = memento.shiftChange
        for session in memento.sessions {
            sessions[session.id] = session
            index.add(session, of: operators[session.operatorName])
        }
        index.rosterBytes = countedRosterBytes
        endedSessions = memento.endedSessions
        claims = memento.claims
        room = memento.room
        for (chat, messages) in memento.chats {
            chats[chat.id] = chat
            index.add(Listing(chat))
            var script = Script()
            for message in messages { script.append(message) }
            scripts[chat.id] = script
            index.textBytes += script.textBytes
        }
        for item in memento.outbox {
            outbox[item.transcript.number] = item
            index.add(item)
        }
        outboxNumber = memento.outboxNumber
        for receipt in memento.receipts {
            receipts[receipt.number] = receipt
            index.add(receipt)
        }
        guard featureLevel <= FeatureLevel.supported else {
            throw InvariantViolation(sentence: "The snapshot is of feature level \(featureLevel); update this node.")
        }
        try checkInvariants()
    }
}
