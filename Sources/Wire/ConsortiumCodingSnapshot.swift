/// The whole state as bytes. What is derived is not in it; the domain computes it anew and checks its invariants.

import Consortium

extension PBStateSnapshot {
    /// All but the ledger, the books of causes and of duty, the tally, the chats and the outbox, which are written one by one.
    init(headOf memento: Memento) {
        self.init()
        clockMs = memento.clockMs
        appliedThrough = PBLogPos(memento.appliedThrough)
        featureLevel = memento.featureLevel
        isBranch = memento.isBranch
        term = memento.term
        wallMs = memento.wallMs
        wallSeenMs = memento.wallSeenMs
        retiredVoter = memento.retiredVoter
        removedNodes = memento.removedNodes.map { PBRemovedNodeEntry($0) }
        if memento.keyPlan != KeyPlan() { keyPlan = PBKeyPlanEntry(memento.keyPlan) }
        digestMarks = memento.digestMarks.map { mark in
            var entry = PBDigestMarkEntry()
            entry.at = PBLogPos(mark.at)
            entry.digest = mark.digest
            return entry
        }
        settings = PBSettingsEntry(memento.settings)
        libraries = memento.libraries.map { PBLibraryEntry($0) }
        queues = memento.queues.map { desk in
            var entry = PBQueueDeskEntry()
            entry.queue = PBQueueEntry(desk.queue)
            entry.expiredInARow = desk.expiredInARow
            entry.paused = desk.paused
            entry.waitsMs = desk.waitsMs
            return entry
        }
        operators = memento.operators.map { PBOperatorEntry($0) }
        if memento.terms != TermCalendar() { terms = PBTermCalendarEntry(memento.terms) }
        if memento.naming != NamingConventions() { naming = PBNamingEntry(memento.naming) }
        signedSettings = memento.settingsBook.map { PBSignedSettingsEntry($0) }
        canned = memento.canned.map { PBCannedEntry($0) }
        tickets = memento.tickets.map { PBTicketRecord($0) }
        entries = memento.entries.map { PBRegisterRecord($0) }
        entryChange = memento.entryChange
        ticketNumber = memento.ticketNumber
        ticketVersion = memento.ticketVersion
        if memento.buttons != ButtonLists() { buttons = PBButtonListsEntry(memento.buttons) }
        installs = memento.installs.map { PBInstallRecord($0) }
        audit = memento.audit.map { PBAuditRecord($0) }
        wishes = memento.wishes.map { PBWishEntry($0) }
        wishChange = memento.wishChange
        shifts = memento.shiftBooks.map { PBShiftBookEntry($0) }
        shiftChange = memento.shiftChange
        if memento.auditAnchor != AuditAnchor() { auditAnchor = PBAuditAnchorEntry(memento.auditAnchor) }
        hours = memento.hours.map { PBLibraryHoursEntry($0) }
        sessions = memento.sessions.map { PBSessionEntry($0) }
        endedSessions = memento.endedSessions.map { PBId($0) }
        room = memento.room.map { PBRoomLineEntry($0) }
        claims = memento.claims.map { claim in
            var entry = PBRecentClaimEntry()
            entry.atMs = claim.atMs
            entry.chat = PBId(claim.chat)
            entry.by = claim.by.text
            return entry
        }
        outboxNumber = memento.outboxNumber
        receipts = memento.receipts.map { PBTranscriptReceiptEntry($0) }
    }

    func decoded() throws(WireError) -> Memento {
        var memento = Memento()
        memento.clockMs = clockMs
        memento.appliedThrough = appliedThrough.decoded()
        memento.featureLevel = featureLevel
        memento.isBranch = isBranch
        memento.term = term
        memento.wallMs = wallMs
        memento.wallSeenMs = wallSeenMs
        memento.retiredVoter = retiredVoter
        if hasKeyPlan { memento.keyPlan = try keyPlan.decoded() }
        memento.removedNodes = try Field.list(removedNodes, "snapshot.removedNodes", max: Limits.removedNodesMax) { e throws(WireError) in
            try e.decoded()
        }
        memento.digestMarks = try Field.list(digestMarks, "snapshot.digestMarks", max: Limits.digestMarksMax) { e throws(WireError) in
            DigestMark(at: e.at.decoded(), digest: e.digest)
        }
        memento.settings = settings.decoded()
        memento.libraries = try Field.list(libraries, "snapshot.libraries", max: Limits.librariesMax) { e throws(WireError) in
            try e.decoded()
        }
        memento.queues = try Field.list(queues, "snapshot.queues", max: Limits.queuesMax) { e throws(WireError) in
            var desk = QueueDesk(queue: try e.queue.decoded())
            desk.expiredInARow = e.expiredInARow
            desk.paused = e.paused
            desk.waitsMs = e.waitsMs
            return desk
        }
        memento.operators = try Field.list(operators, "snapshot.operators", max: Limits.operatorsMax) { e throws(WireError) in
            try e.decoded()
        }
        memento.terms = try terms.decoded()
        memento.naming = naming.decoded()
        memento.settingsBook = try Field.list(signedSettings, "snapshot.signedSettings", max: Limits.settingsEditionsMax) {
            e throws(WireError) in
            try e.decoded()
        }
        memento.canned = try Field.list(canned, "snapshot.canned", max: Limits.cannedMax) { e throws(WireError) in try e.decoded() }
        memento.tickets = try Field.list(tickets, "snapshot.tickets", max: Limits.ticketsMax) { e throws(WireError) in try e.decoded() }
        memento.entries = try Field.list(entries, "snapshot.entries", max: Limits.registerEntriesMax) { e throws(WireError) in
            try e.decoded()
        }
        memento.entryChange = entryChange
        memento.ticketNumber = ticketNumber
        memento.ticketVersion = ticketVersion
        memento.buttons = try buttons.decoded()
        memento.installs = try Field.list(installs, "snapshot.installs", max: Limits.installsMax) { e throws(WireError) in try e.decoded() }
        memento.hours = try Field.list(hours, "snapshot.hours", max: Limits.librariesMax) { e throws(WireError) in try e.decoded() }
        memento.ledger = try Field.list(ledger, "snapshot.ledger", max: Limits.librariesMax) { e throws(WireError) in try e.decoded() }
        memento.causeBooks = try Field.list(causes, "snapshot.causes", max: Limits.queuesMax) { e throws(WireError) in try e.decoded() }
        memento.dutyBooks = try Field.list(duty, "snapshot.duty", max: Limits.librariesMax) { e throws(WireError) in try e.decoded() }
        memento.tally = try TallyCoding.books(tally)
        memento.audit = try Field.list(audit, "snapshot.audit", max: Limits.auditEntriesMax) { e throws(WireError) in try e.decoded() }
        memento.wishes = try Field.list(wishes, "snapshot.wishes", max: Limits.wishesMax) { e throws(WireError) in try e.decoded() }
        memento.wishChange = wishChange
        memento.shiftBooks = try Field.list(shifts, "snapshot.shifts", max: Limits.librariesMax) { e throws(WireError) in try e.decoded() }
        memento.shiftChange = shiftChange
        if hasAuditAnchor { memento.auditAnchor = try auditAnchor.decoded() }
        memento.sessions = try Field.list(sessions, "snapshot.sessions", max: Limits.sessionsMax) { e throws(WireError) in try e.decoded() }
        memento.endedSessions = try Field.list(endedSessions, "snapshot.endedSessions", max: Limits.endedSessionsMax) {
            e throws(WireError) in e.decoded()
        }
        memento.claims = try Field.list(claims, "snapshot.claims", max: Limits.recentClaimsMax) { e throws(WireError) in
            RecentClaim(atMs: e.atMs, chat: e.chat.decoded(), by: try Field.name(e.by, "claim.by"))
        }
        memento.chats = try Field.list(chats, "snapshot.chats", max: Limits.chatsLiveMax + Limits.tombstonesMax) { e throws(WireError) in
            try e.decoded()
        }
        memento.room = try Field.list(room, "snapshot.room", max: Limits.roomLinesMax) { e throws(WireError) in try e.decoded() }
        memento.outboxNumber = outboxNumber
        let scripts = Dictionary(
            memento.chats.map { (ScriptKey(chat: $0.chat.id, openedMs: $0.chat.openedMs), $0.messages) },
            uniquingKeysWith: { first, _ in first })
        memento.outbox = try Field.list(
            outbox, "snapshot.outbox", max: Limits.transcriptsPerLibraryMax * Limits.librariesMax
        ) { e throws(WireError) in try e.decoded(scripts) }
        memento.receipts = try Field.list(receipts, "snapshot.receipts", max: Limits.receiptsMax) { e throws(WireError) in
            try e.decoded()
        }
        return memento
    }
}

extension PBSessionEntry {
    init(_ session: Session) {
        self.init()
        id = PBId(session.id)
        operatorName = session.operatorName.text
        node = session.node.text
        boot = session.boot
        token = PBLogPos(session.token)
        available = session.available.map(\.text)
        if let ms = session.leavingAtMs { leavingAtMs = ms }
        if let ms = session.untilMs { untilMs = ms }
        duty = session.duty?.rawValue ?? ""
        volunteers = session.volunteers
        mentor = session.mentor?.text ?? ""
    }

    func decoded() throws(WireError) -> Session {
        var session = Session(
            id: id.decoded(), operatorName: try Field.name(operatorName, "session.operator"), node: try Field.name(node, "session.node"),
            boot: boot, token: token.decoded(),
            available: try Field.names(available, "session.available", max: Limits.queuesPerOperatorMax),
            leavingAtMs: hasLeavingAtMs ? leavingAtMs : nil, untilMs: hasUntilMs ? untilMs : nil,
            duty: try Field.optionalChoice(duty, "session.duty"))
        session.volunteers = volunteers
        session.mentor = try Field.optionalName(mentor, "session.mentor")
        return session
    }
}

extension PBOfferEntry {
    init(_ offer: Offer) {
        self.init()
        id = PBLogPos(offer.id)
        request = PBId(offer.request)
        target = offer.target.text
        note = offer.note
        by = offer.by.text
        byToken = PBLogPos(offer.byToken)
        awaitingConsent = offer.awaitingConsent
        deadlineMs = offer.deadlineMs
        if let leg = offer.leg { (legFrom, legSinceMs) = (leg.from.text, leg.sinceMs) }
        answerInMs = offer.answerInMs ?? 0
        if let listing = offer.listing { self.listing = PBId(listing) }
    }

    func decoded() throws(WireError) -> Offer {
        Offer(
            id: id.decoded(), request: request.decoded(), target: try Field.name(target, "offer.target"), note: note,
            by: try Field.name(by, "offer.by"), byToken: byToken.decoded(), awaitingConsent: awaitingConsent, deadlineMs: deadlineMs,
            leg: try Field.optionalName(legFrom, "offer.legFrom").map { OfferLeg(from: $0, sinceMs: legSinceMs) },
            answerInMs: answerInMs > 0 ? answerInMs : nil, listing: hasListing ? listing.decoded() : nil)
    }
}

extension PBHoldingEntry {
    init(_ holding: Holding) {
        self.init()
        session = PBId(holding.session)
        operatorName = holding.operatorName.text
        displayName = holding.displayName
        library = holding.library.text
        token = PBLogPos(holding.token)
        if let request = holding.request { self.request = PBId(request) }
        if let pickedUp = holding.pickedUp { self.pickedUp = PBLogPos(pickedUp) }
        queue = holding.queue.text
        wasKept = holding.wasKept
        answered = holding.answered
        watchers = holding.watchers.map(\.text)
        if let offer = holding.offer { self.offer = PBOfferEntry(offer) }
    }

    init(_ past: PastHolding) {
        self.init()
        session = PBId(past.session)
        operatorName = past.operatorName.text
        displayName = past.displayName
        library = past.library.text
        token = PBLogPos(past.token)
        if let request = past.request { self.request = PBId(request) }
        end = UInt32(past.end.rawValue)
    }

    func decoded() throws(WireError) -> Holding {
        var holding = Holding(
            session: session.decoded(), operatorName: try Field.name(operatorName, "holding.operator"), displayName: displayName,
            library: try Field.name(library, "holding.library"), token: token.decoded(), request: hasRequest ? request.decoded() : nil,
            pickedUp: hasPickedUp ? pickedUp.decoded() : nil, queue: try Field.name(queue, "holding.queue"), wasKept: wasKept)
        holding.answered = answered
        holding.watchers = try Field.names(watchers, "holding.watchers", max: Limits.watchersPerChatMax)
        if hasOffer { holding.offer = try offer.decoded() }
        return holding
    }

    func decodedPast() throws(WireError) -> PastHolding {
        PastHolding(
            session: session.decoded(), operatorName: try Field.name(operatorName, "holding.operator"), displayName: displayName,
            library: try Field.name(library, "holding.library"), token: token.decoded(), request: hasRequest ? request.decoded() : nil,
            end: try Field.small(end, "holding.end"))
    }
}

extension PBChatSnapshot {
    /// All but the messages, which are written one by one.
    init(headOf chat: Chat) {
        self.init()
        id = PBId(chat.id)
        secret = PBHash(chat.secret)
        queue = chat.queue.text
        library = chat.library?.text ?? ""
        epoch = chat.epoch
        heldInEpoch = chat.heldInEpoch
        openedMs = chat.openedMs
        rankMs = chat.rankMs
        encode(chat.stage)
        attach = PBId(chat.attach)
        node = chat.node.text
        fenced = chat.fenced.map { PBId($0) }
        patronPresent = chat.patronPresent
        if let ms = chat.goneAtMs { goneAtMs = ms }
        messageAtMs = chat.messageAtMs
        referral = UInt32(chat.referral.rawValue)
        patronSupplied = chat.patronSupplied
        hasRung_p = chat.hasRung
        tried = chat.tried.map(\.text)
        pastOffers = chat.pastOffers.map { PBPastOfferEntry($0) }
        pastHoldings = chat.pastHoldings.map { PBHoldingEntry($0) }
        senders = chat.senders.map { PBSenderEntry($0) }
        if let code = chat.code { self.code = PBHash(code) }
        safeMessages = chat.safeMessages
        contact = chat.contact
        if let ms = chat.keptUntilMs { keptUntilMs = ms }
        if let ms = chat.leftAtMs { leftAtMs = ms }
        if let followUp = chat.followUp {
            (self.followUp.target, self.followUp.by, self.followUp.dueMs) = (followUp.target.text, followUp.by.text, followUp.dueMs)
            if let listed = followUp.listed { self.followUp.listed = PBListedEntry(listed) }
        }
        question = chat.question
        if let tally = chat.tally { self.tally = PBChatTallyEntry(tally) }
    }

    private mutating func encode(_ stage: Stage) {
        switch stage {
        case .waiting(let waiting):
            self.waiting.queue = waiting.queue.text
            self.waiting.sinceMs = waiting.sinceMs
            if let ms = waiting.ringsUntilMs { self.waiting.ringsUntilMs = ms }
        case .offered(let offer): offered = PBOfferEntry(offer)
        case .held(let holding): held = PBHoldingEntry(holding)
        case .unattended(let why): unattended = UInt32(why.rawValue)
        case .kept: kept = PBNothing()
        case .closed(let reason, let forgetAtMs):
            closed.reason = reason.rawValue
            closed.forgetAtMs = forgetAtMs
        }
    }

    private func decodedStage() throws(WireError) -> Stage {
        switch stage {
        case .waiting(let waiting):
            .waiting(
                Waiting(
                    queue: try Field.name(waiting.queue, "stage.queue"), sinceMs: waiting.sinceMs,
                    ringsUntilMs: waiting.hasRingsUntilMs ? waiting.ringsUntilMs : nil))
        case .offered(let offer): .offered(try offer.decoded())
        case .held(let holding): .held(try holding.decoded())
        case .unattended(let why): .unattended(try Field.small(why, "stage.unattended"))
        case .kept: .kept
        case .closed(let closed): .closed(try Field.choice(closed.reason, "stage.closed"), forgetAtMs: closed.forgetAtMs)
        case nil: throw .unknownKind("stage")
        }
    }

    func decoded() throws(WireError) -> (chat: Chat, messages: [ChatMessage]) {
        var chat = Chat(
            id: id.decoded(), secret: try secret.decoded(), queue: try Field.name(queue, "chat.queue"),
            library: try Field.optionalName(library, "chat.library"), openedMs: openedMs, stage: try decodedStage(),
            attach: attach.decoded(), node: try Field.name(node, "chat.node"), messageAtMs: messageAtMs,
            referral: try Field.small(referral, "chat.referral"), patronSupplied: patronSupplied)
        chat.epoch = epoch
        chat.heldInEpoch = heldInEpoch
        chat.rankMs = rankMs
        chat.fenced = try Field.list(fenced, "chat.fenced", max: Limits.attachesPerChatMax) { e throws(WireError) in e.decoded() }
        chat.patronPresent = patronPresent
        chat.goneAtMs = hasGoneAtMs ? goneAtMs : nil
        chat.hasRung = hasRung_p
        chat.tried = try Field.names(tried, "chat.tried", max: Limits.transfersPerChatMax + 1)
        chat.pastOffers = try Field.list(pastOffers, "chat.pastOffers", max: Limits.transfersPerChatMax) { e throws(WireError) in
            try e.decoded()
        }
        chat.pastHoldings = try Field.list(pastHoldings, "chat.pastHoldings", max: Limits.pastHoldingsPerChatMax) { e throws(WireError) in
            try e.decodedPast()
        }
        chat.senders = try Field.list(senders, "chat.senders", max: Limits.sendersPerChatMax) { e throws(WireError) in try e.decoded() }
        chat.code = hasCode ? try code.decoded() : nil
        chat.safeMessages = safeMessages
        chat.contact = contact
        chat.keptUntilMs = hasKeptUntilMs ? keptUntilMs : nil
        chat.leftAtMs = hasLeftAtMs ? leftAtMs : nil
        if hasFollowUp {
            chat.followUp = FollowUp(
                target: try Field.name(followUp.target, "followUp.target"), by: try Field.name(followUp.by, "followUp.by"),
                dueMs: followUp.dueMs, listed: followUp.hasListed ? followUp.listed.decoded() : nil)
        }
        chat.question = question
        chat.tally = hasTally ? try tally.decoded() : nil
        let messages = try Field.list(messages, "chat.messages", max: Limits.messagesPerChatMax) { e throws(WireError) in try e.decoded() }
        return (chat, messages)
    }
}

extension PBPastOfferEntry {
    init(_ past: PastOffer) {
        self.init()
        id = PBLogPos(past.id)
        request = PBId(past.request)
        byToken = PBLogPos(past.byToken)
        consented = past.consented
        outcome = UInt32(past.outcome.rawValue)
    }

    func decoded() throws(WireError) -> PastOffer {
        PastOffer(
            id: id.decoded(), request: request.decoded(), byToken: byToken.decoded(), consented: consented,
            outcome: try Field.small(outcome, "pastOffer.outcome"))
    }
}

extension PBSenderEntry {
    init(_ sender: Sender) {
        self.init()
        id = PBId(sender.id)
        if case .staff(let name) = sender.owner {
            staff = true
            operatorName = name.text
        }
        sequence = sender.sequence
    }

    func decoded() throws(WireError) -> Sender {
        Sender(
            id: id.decoded(), owner: staff ? .staff(try Field.name(operatorName, "sender.operator")) : .patron, sequence: sequence)
    }
}
