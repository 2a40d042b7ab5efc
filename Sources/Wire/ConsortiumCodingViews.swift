/// The views as bytes: what coordinators send to nodes.

import Consortium

extension PBBoardMessage {
    init(_ board: Board) {
        self.init()
        at = PBLogPos(board.at)
        clockMs = board.clockMs
        settings = PBSettingsEntry(board.settings)
        libraries = board.libraries.map { PBLibraryEntry($0) }
        queues = board.queues.map { PBQueueStatusMessage($0) }
        operators = board.operators.map { PBOperatorEntry($0) }
        signedOn = board.signedOn.map { PBOperatorStatusMessage($0) }
        waiting = board.waiting.map { PBWaitingChatMessage($0) }
        kept = board.kept.map { PBWaitingChatMessage($0) }
        claimed = board.claimed.map { claim in
            var message = PBClaimedChatMessage()
            message.chat = PBId(claim.chat)
            message.by = claim.by.text
            return message
        }
        if board.terms != TermCalendar() { terms = PBTermCalendarEntry(board.terms) }
        hours = board.hours.map { PBLibraryHoursEntry($0) }
        if board.naming != NamingConventions() { naming = PBNamingEntry(board.naming) }
        if let news = board.tickets { tickets = PBTicketNewsEntry(news) }
        if let news = board.buttons { buttons = PBButtonNewsEntry(news) }
        if let news = board.registers { registers = PBRegisterNewsEntry(news) }
        if let now = board.ledger { ledger = PBLedgerBoardEntry(now) }
        referred = board.referred.map { PBReferredChatMessage($0) }
        keepsTally = board.keepsTally
        featureLevel = board.featureLevel
        room = board.room.map { PBRoomLineEntry($0) }
        removedNodes = board.removedNodes.map { PBRemovedNodeEntry($0) }
        if board.keys != KeyPlan() { keyPlan = PBKeyPlanEntry(board.keys) }
        if let book = board.settingsBook { settingsBook = PBSettingsBookEntry(book) }
        keepsAudit = board.keepsAudit
        wishChange = board.wishChange
        shiftChange = board.shiftChange
        if let messages = board.canned { canned = PBCannedBookEntry(messages) }
    }

    func decoded() throws(WireError) -> Board {
        var board = Board(
            at: at.decoded(), clockMs: clockMs, settings: settings.decoded(),
            libraries: try Field.list(libraries, "board.libraries", max: Limits.librariesMax) { e throws(WireError) in try e.decoded() },
            queues: try Field.list(queues, "board.queues", max: Limits.queuesMax) { e throws(WireError) in try e.decoded() },
            operators: try Field.list(operators, "board.operators", max: Limits.operatorsMax) { e throws(WireError) in try e.decoded() },
            signedOn: try Field.list(signedOn, "board.signedOn", max: Limits.sessionsMax) { e throws(WireError) in try e.decoded() },
            waiting: try Field.list(waiting, "board.waiting", max: Limits.chatsLiveMax) { e throws(WireError) in try e.decoded() },
            kept: try Field.list(kept, "board.kept", max: Limits.chatsLiveMax) { e throws(WireError) in try e.decoded() },
            claimed: try Field.list(claimed, "board.claimed", max: Limits.recentClaimsMax) { e throws(WireError) in
                ClaimedChat(chat: e.chat.decoded(), by: try Field.name(e.by, "claimed.by"))
            }, terms: try terms.decoded(),
            hours: try Field.list(hours, "board.hours", max: Limits.librariesMax) { e throws(WireError) in try e.decoded() },
            naming: naming.decoded(), ledger: hasLedger ? try ledger.decoded() : nil)
        if hasTickets { board.tickets = try tickets.decoded() }
        board.referred = try Field.list(referred, "board.referred", max: Limits.referredLinesMax) { e throws(WireError) in try e.decoded() }
        board.keepsTally = keepsTally
        board.featureLevel = featureLevel
        board.room = try Field.list(room, "board.room", max: Limits.roomLinesMax) { e throws(WireError) in try e.decoded() }
        if hasKeyPlan { board.keys = try keyPlan.decoded() }
        board.removedNodes = try Field.list(removedNodes, "board.removedNodes", max: Limits.removedNodesMax) { e throws(WireError) in
            try e.decoded()
        }
        board.keepsAudit = keepsAudit
        board.wishChange = wishChange
        board.shiftChange = shiftChange
        if hasButtons { board.buttons = try buttons.decoded() }
        if hasRegisters { board.registers = try registers.decoded() }
        if hasSettingsBook { board.settingsBook = try settingsBook.decoded() }
        if hasCanned { board.canned = try canned.decoded() }
        return board
    }
}

extension PBReasonMessage {
    init(_ reason: Reason) {
        self.init()
        switch reason {
        case .closed(let words): closed = words
        case .nobodySignedOn: nobodySignedOn = PBNothing()
        case .nobodyAvailableHere: nobodyAvailableHere = PBNothing()
        case .everybodyLeaving: everybodyLeaving = PBNothing()
        case .paused: paused = PBNothing()
        case .staffed(let count): staffed = UInt32(clamping: count)
        case .everybodyBusy: everybodyBusy = PBNothing()
        case .fallbackOff: fallbackOff = PBNothing()
        case .fallsBackTo(let queue): fallsBackTo = queue.text
        case .generalUnavailable: generalUnavailable = PBNothing()
        case .unknownQueue: unknownQueue = PBNothing()
        }
    }

    func decoded() throws(WireError) -> Reason {
        switch kind {
        case .closed(let words): .closed(words)
        case .nobodySignedOn: .nobodySignedOn
        case .nobodyAvailableHere: .nobodyAvailableHere
        case .everybodyLeaving: .everybodyLeaving
        case .paused: .paused
        case .staffed(let count): .staffed(try Field.count(count, "reason.staffed"))
        case .everybodyBusy: .everybodyBusy
        case .fallbackOff: .fallbackOff
        case .fallsBackTo(let queue): .fallsBackTo(try Field.name(queue, "reason.fallsBackTo"))
        case .generalUnavailable: .generalUnavailable
        case .unknownQueue: .unknownQueue
        case nil: throw .unknownKind("reason")
        }
    }
}

extension PBQueueStatusMessage {
    init(_ status: QueueStatus) {
        self.init()
        queue = PBQueueEntry(status.queue)
        switch status.decision.reach {
        case .own: reach = 0
        case .referred(let general):
            reach = 1
            referredTo = general.text
        case .nobody: reach = 2
        }
        reasons = status.decision.reasons.map { PBReasonMessage($0) }
        staffed = UInt32(clamping: status.staffed)
        freePlaces = UInt32(clamping: status.freePlaces)
        waiting = UInt32(clamping: status.waiting)
        if let ms = status.usualWaitMs { usualWaitMs = ms }
        paused = status.paused
    }

    func decoded() throws(WireError) -> QueueStatus {
        let reached: Reach
        switch reach {
        case 0: reached = .own
        case 1: reached = .referred(to: try Field.name(referredTo, "queueStatus.referredTo"))
        case 2: reached = .nobody
        default: throw .unknownKind("queueStatus.reach \(reach)")
        }
        let reasons = try Field.list(reasons, "queueStatus.reasons", max: 16) { e throws(WireError) in try e.decoded() }
        return QueueStatus(
            queue: try queue.decoded(), decision: RoutingDecision(reach: reached, reasons: reasons),
            staffed: try Field.count(staffed, "queueStatus.staffed"), freePlaces: try Field.count(freePlaces, "queueStatus.freePlaces"),
            waiting: try Field.count(waiting, "queueStatus.waiting"), usualWaitMs: hasUsualWaitMs ? usualWaitMs : nil, paused: paused)
    }
}

extension PBOperatorStatusMessage {
    init(_ status: OperatorStatus) {
        self.init()
        name = status.name.text
        displayName = status.displayName
        library = status.library.text
        session = PBId(status.session)
        node = status.node.text
        available = status.available.map(\.text)
        holdings = status.holdings.map { PBId($0) }
        if let ms = status.leavingAtMs { leavingAtMs = ms }
        if let ms = status.untilMs { untilMs = ms }
        duty = status.duty?.rawValue ?? ""
        volunteers = status.volunteers
        mentor = status.mentor?.text ?? ""
        watching = status.watching.map { PBId($0) }
    }

    func decoded() throws(WireError) -> OperatorStatus {
        var status = OperatorStatus(
            name: try Field.name(name, "operatorStatus.name"), displayName: displayName,
            library: try Field.name(library, "operatorStatus.library"), session: session.decoded(),
            node: try Field.name(node, "operatorStatus.node"),
            available: try Field.names(available, "operatorStatus.available", max: Limits.queuesPerOperatorMax),
            holdings: try Field.list(holdings, "operatorStatus.holdings", max: Limits.chatsPerOperatorMax) { $0.decoded() },
            leavingAtMs: hasLeavingAtMs ? leavingAtMs : nil, untilMs: hasUntilMs ? untilMs : nil,
            duty: try Field.optionalChoice(duty, "operatorStatus.duty"))
        status.volunteers = volunteers
        status.mentor = try Field.optionalName(mentor, "operatorStatus.mentor")
        status.watching = try Field.list(watching, "operatorStatus.watching", max: Limits.chatsLiveMax) { $0.decoded() }
        return status
    }
}

extension PBWaitingChatMessage {
    init(_ line: WaitingChat) {
        self.init()
        chat = PBId(line.chat)
        library = line.library?.text ?? ""
        queue = line.queue.text
        home = line.home.text
        question = line.question
        sinceMs = line.sinceMs
        if let offer = line.offer { self.offer = PBLogPos(offer) }
        offeredBy = line.offeredBy?.text ?? ""
        note = line.note
        if let ms = line.dueMs { dueMs = ms }
        if let ms = line.dutyFirstUntilMs { dutyFirstUntilMs = ms }
        if let listed = line.listed { self.listed = PBListedEntry(listed) }
    }

    func decoded() throws(WireError) -> WaitingChat {
        WaitingChat(
            chat: chat.decoded(), library: try Field.optionalName(library, "waiting.library"),
            queue: try Field.name(queue, "waiting.queue"), home: try Field.name(home.isEmpty ? queue : home, "waiting.home"),
            question: question, sinceMs: sinceMs, offer: hasOffer ? offer.decoded() : nil,
            offeredBy: try Field.optionalName(offeredBy, "waiting.offeredBy"), note: note, dueMs: hasDueMs ? dueMs : nil,
            dutyFirstUntilMs: hasDutyFirstUntilMs ? dutyFirstUntilMs : nil, listed: hasListed ? listed.decoded() : nil)
    }
}

extension PBListedEntry {
    init(_ listed: Listed) {
        self.init()
        entry = PBId(listed.entry)
        name = listed.name
    }

    func decoded() -> Listed { Listed(entry: entry.decoded(), name: name) }
}

extension PBReferredChatMessage {
    init(_ line: ReferredChat) {
        self.init()
        chat = PBId(line.chat)
        by = line.by.text
        target = line.target.text
        home = line.home.text
        sinceMs = line.sinceMs
        dueMs = line.dueMs
        standing = UInt32(line.standing.rawValue)
        answeredBy = line.answeredBy?.text ?? ""
        if let ms = line.endedWallMs { endedWallMs = ms }
    }

    func decoded() throws(WireError) -> ReferredChat {
        guard let standing = UInt8(exactly: standing).flatMap(ReferredChat.Standing.init) else {
            throw .unknownKind("referred.standing \(standing)")
        }
        return ReferredChat(
            chat: chat.decoded(), by: try Field.name(by, "referred.by"), target: try Field.name(target, "referred.target"),
            home: try Field.name(home, "referred.home"), sinceMs: sinceMs, dueMs: dueMs, standing: standing,
            answeredBy: try Field.optionalName(answeredBy, "referred.answeredBy"), endedWallMs: hasEndedWallMs ? endedWallMs : nil)
    }
}

extension PBChatMetaMessage {
    init(_ meta: ChatMeta) {
        self.init()
        chat = PBId(meta.chat)
        at = PBLogPos(meta.at)
        clockMs = meta.clockMs
        library = meta.library?.text ?? ""
        queue = meta.queue.text
        epoch = meta.epoch
        last = PBPos(meta.last)
        switch meta.phase {
        case .waiting(let queue, let ahead):
            waiting.queue = queue.text
            waiting.ahead = UInt32(clamping: ahead)
        case .held(let holder, let offer):
            held.operatorName = holder.operatorName.text
            held.displayName = holder.displayName
            held.library = holder.library.text
            held.session = PBId(holder.session)
            held.token = PBLogPos(holder.token)
            if let offer { held.offer = PBOfferViewMessage(offer) }
        case .ask(let queue): ask = queue.text
        case .unattended: unattended = PBNothing()
        case .kept: kept = PBNothing()
        case .closed(let reason): closed = reason.rawValue
        }
        openedMs = meta.openedMs
        attach = PBId(meta.attach)
        patronPresent = meta.patronPresent
        if let ms = meta.usualWaitMs { usualWaitMs = ms }
        tried = meta.tried.map(\.text)
        senders = meta.senders.map { mark in
            var message = PBSenderMarkMessage()
            message.senderHigh = mark.sender.high
            message.senderLow = mark.sender.low
            message.sequence = mark.sequence
            return message
        }
        watchers = meta.watchers.map(\.text)
    }

    func decoded() throws(WireError) -> ChatMeta {
        var meta = ChatMeta(
            chat: chat.decoded(), at: at.decoded(), clockMs: clockMs, library: try Field.optionalName(library, "meta.library"),
            queue: try Field.name(queue, "meta.queue"), epoch: epoch, last: last.decoded(), phase: try decodedPhase(), openedMs: openedMs,
            attach: attach.decoded(), patronPresent: patronPresent, usualWaitMs: hasUsualWaitMs ? usualWaitMs : nil,
            tried: try Field.names(tried, "meta.tried", max: Limits.transfersPerChatMax + 1),
            senders: try Field.list(senders, "meta.senders", max: Limits.sendersPerChatMax) { e throws(WireError) in
                SenderMark(sender: SenderID(high: e.senderHigh, low: e.senderLow), sequence: e.sequence)
            })
        meta.watchers = try Field.names(watchers, "meta.watchers", max: Limits.watchersPerChatMax)
        return meta
    }

    private func decodedPhase() throws(WireError) -> ChatPhase {
        switch phase {
        case .waiting(let waiting):
            .waiting(
                queue: try Field.name(waiting.queue, "meta.waiting.queue"), ahead: try Field.count(waiting.ahead, "meta.waiting.ahead"))
        case .held(let held):
            .held(
                Holder(
                    operatorName: try Field.name(held.operatorName, "meta.held.operator"), displayName: held.displayName,
                    library: try Field.name(held.library, "meta.held.library"), session: held.session.decoded(), token: held.token.decoded()
                ),
                offer: held.hasOffer ? try held.offer.decoded() : nil)
        case .ask(let queue): .ask(try Field.name(queue, "meta.ask"))
        case .unattended: .unattended
        case .kept: .kept
        case .closed(let reason): .closed(try Field.choice(reason, "meta.closed"))
        case nil: throw .unknownKind("phase")
        }
    }
}

extension PBOfferViewMessage {
    init(_ view: OfferView) {
        self.init()
        offer = PBLogPos(view.offer)
        target = view.target.text
        targetTitle = view.targetTitle
        awaitingConsent = view.awaitingConsent
        deadlineMs = view.deadlineMs
        answerInMs = view.answerInMs ?? 0
    }

    func decoded() throws(WireError) -> OfferView {
        OfferView(
            offer: offer.decoded(), target: try Field.name(target, "offer.target"), targetTitle: targetTitle,
            awaitingConsent: awaitingConsent, deadlineMs: deadlineMs, answerInMs: answerInMs > 0 ? answerInMs : nil)
    }
}
