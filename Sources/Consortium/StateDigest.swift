/// The digest of the whole state, in the order of its keys.

extension ConsortiumState {
    /// Over everything that decides what later commands do. Left out are the log position (whoever compares names it) and what is
    /// derived; a chat's messages enter through their running digest.
    public func digest() -> UInt64 {
        var digest = Digest()
        digest.add(clockMs)
        digest.add(term)
        digest.add(featureLevel)
        digest.add(settings)
        if featureLevel >= FeatureLevel.textDeadlines {
            digest.add(settings.keptMessageMs)
            digest.add(wallSeenMs)
            digest.add(chats.values.map(\.keptUntilMs)) { digest, ms in digest.add(ms) { $0.add($1) } }
        }
        digest.add(libraries.values) { $0.add($1) }
        digest.add(queues.values) { $0.add($1) }
        digest.add(operators.values) { digest, person in
            digest.add(person.name)
            digest.add(person.displayName)
            digest.add(person.library)
            digest.add(person.queues) { $0.add($1) }
        }
        if featureLevel >= FeatureLevel.naming {
            digest.add(naming)
            digest.add(queues.values) { digest, desk in digest.add(desk.queue.formerNames) { $0.add($1) } }
            digest.add(operators.values) { digest, person in digest.add(person.formerNames) { $0.add($1) } }
        }
        if featureLevel >= FeatureLevel.signedSettings {
            digest.add(settings.passwordMemoryMiB)
            digest.add(settings.passwordPasses)
            digest.add(settingsBook) { digest, edition in
                digest.add(edition.signed.text)
                digest.add(bytes: edition.signed.key)
                digest.add(bytes: edition.signed.signature)
                digest.add(edition.wallMs)
            }
        }
        if featureLevel >= FeatureLevel.canned {
            digest.add(canned.values) { $0.add($1) }
            digest.add(operators.values) { $0.add($1.isAdmin) }
        }
        if featureLevel >= FeatureLevel.tickets {
            digest.add(ticketNumber)
            digest.add(ticketVersion)
            digest.add(tickets.values) { $0.add($1) }
        }
        if featureLevel >= FeatureLevel.buttons {
            digest.add(buttons)
            digest.add(installs.values) { $0.add($1) }
        }
        if featureLevel >= FeatureLevel.postedHours {
            digest.add(terms)
            digest.add(hours.values) { $0.add($1) }
        }
        if featureLevel >= FeatureLevel.registers {
            digest.add(entryChange)
            digest.add(entries.values) { $0.add($1) }
        }
        if featureLevel >= FeatureLevel.followUps {
            digest.add(chats.values.map(\.followUp)) { digest, followUp in
                digest.add(followUp) { digest, followUp in
                    digest.add(followUp.target)
                    digest.add(followUp.by)
                    digest.add(followUp.dueMs)
                }
            }
            digest.add(chats.values.map(\.offer?.answerInMs)) { digest, ms in digest.add(ms) { $0.add($1) } }
        }
        if featureLevel >= FeatureLevel.retiredVoters { digest.add(retiredVoter) }
        if featureLevel >= FeatureLevel.nodes {
            digest.add(removed.values) { $0.add($1) }
            digest.add(keyPlan)
        }
        if featureLevel >= FeatureLevel.steeringHours {
            digest.add(hours.values) { digest, posted in
                digest.add(posted.openNow) { digest, opening in
                    digest.add(opening.fromMs)
                    digest.add(opening.untilMs)
                }
                digest.add(UInt64(posted.gate.rawValue))
            }
        }
        if featureLevel >= FeatureLevel.ledger {
            digest.add(ledger.values) { digest, book in
                digest.add(book.library)
                digest.add(book.runs.count)
                digest.add(book.chain)
            }
            digest.add(operators.values) { $0.add(UInt64($1.committee?.rawValue ?? 0)) }
            digest.add(sessions.values) { digest, session in digest.add(session.untilMs) { $0.add($1) } }
        }
        if featureLevel >= FeatureLevel.causes {
            digest.add(causeBooks.values) { digest, book in
                digest.add(book.queue)
                digest.add(book.runs.count)
                digest.add(book.chain)
            }
        }
        if featureLevel >= FeatureLevel.reports {
            digest.add(tally.values) { digest, book in
                digest.add(book.place)
                digest.add(book.cells.count)
                digest.add(book.chain)
            }
            digest.add(chats.values) { digest, chat in
                digest.add(chat.tally) { $0.add($1) }
                digest.add(chat.offer?.leg) { digest, leg in
                    digest.add(leg.from)
                    digest.add(leg.sinceMs)
                }
            }
        }
        if featureLevel >= FeatureLevel.staffRoom {
            digest.add(sessions.values) { digest, session in
                digest.add(session.volunteers)
                digest.add(session.mentor) { $0.add($1) }
            }
            digest.add(operators.values) { $0.add($1.isTrainee) }
            digest.add(chats.values.map { $0.holding?.watchers ?? [] }) { digest, names in digest.add(names) { $0.add($1) } }
            digest.add(room) { digest, line in
                digest.add(line.at)
                digest.add(line.by)
                digest.add(line.clockMs)
                digest.add(line.word)
            }
        }
        if featureLevel >= FeatureLevel.duty {
            digest.add(sessions.values.map(\.duty)) { digest, duty in digest.add(duty) { $0.add($1.rawValue) } }
        }
        if featureLevel >= FeatureLevel.notes {
            digest.add(chats.values.map(\.leftAtMs)) { digest, ms in digest.add(ms) { $0.add($1) } }
        }
        if featureLevel >= FeatureLevel.audit {
            digest.add(auditAnchor.number)
            digest.add(audit.count)
            digest.add(bytes: lastAuditHash)
            digest.add(operators.values) { $0.add($1.isDirector) }
            digest.add(wishChange)
            digest.add(wishes.values) { digest, wish in
                digest.add(wish.id)
                digest.add(UInt64(wish.kind.rawValue))
                digest.add(wish.chat)
                digest.add(wish.library)
                digest.add(wish.by)
                digest.add(wish.reason)
                digest.add(UInt64(wish.days))
                digest.add(wish.askedWallMs)
                digest.add(UInt64(wish.stage.rawValue))
                digest.add(wish.decidedBy) { $0.add($1) }
                digest.add(wish.note)
                digest.add(wish.decidedWallMs)
            }
        }
        digest.add(sessions.values) { $0.add($1) }
        digest.add(endedSessions) { $0.add($1) }
        digest.add(claims) { digest, claim in
            digest.add(claim.atMs)
            digest.add(claim.chat)
            digest.add(claim.by)
        }
        digest.add(chats.count)
        for (_, chat) in chats { digest.add(chat) }
        for (_, script) in scripts {
            digest.add(script.messages.count)
            digest.add(script.chain)
        }
        digest.add(outboxNumber)
        digest.add(outbox.values) { $0.add($1) }
        digest.add(receipts.values) { $0.add($1) }
        return digest.value
    }
}

extension Digest {
    fileprivate mutating func add(_ settings: Settings) {
        for ms in [
            settings.pickUpMs, settings.patronDeadlineMs, settings.consentMs, settings.operatorLeaseMs, settings.patronGoneMs,
            settings.tombstoneMs, settings.answeredMessageMs, settings.transcriptDeadlineMs, settings.transcriptKeptMs,
        ] { add(ms) }
        add(settings.chatsPerOperatorMax)
    }

    fileprivate mutating func add(_ library: Library) {
        add(library.name)
        add(library.title)
        add(library.homeNode)
        add(library.standbyNode) { $0.add($1) }
        switch library.fallback {
        case .immediately: add("immediately")
        case .ringFirst(let ms):
            add("ringFirst")
            add(ms)
        case .off: add("off")
        }
        let card = library.card
        for text in [card.hours, card.website, card.phone, card.email, card.policies, card.lastChecked, card.wording] { add(text) }
        add(library.heir) { $0.add($1) }
    }

    fileprivate mutating func add(_ naming: NamingConventions) {
        add(naming.version)
        for rule in [naming.queues, naming.users] {
            add(rule) { digest, rule in
                digest.add(rule.pattern)
                digest.add(rule.example)
                digest.add(rule.sentence)
            }
        }
    }

    fileprivate mutating func add(_ message: CannedMessage) {
        add(message.id)
        add(message.version)
        switch message.owner {
        case .consortium: add("consortium")
        case .library(let library):
            add("library")
            add(library)
        case .person(let name):
            add("person")
            add(name)
        }
        add(message.title)
        add(message.keywords)
        add(message.text)
    }

    fileprivate mutating func add(_ entry: RegisterEntry) {
        add(entry.id)
        add(UInt64(entry.register.rawValue))
        add(entry.version)
        add(entry.answers) { digest, answer in
            digest.add(answer.key)
            digest.add(answer.text)
        }
        add(entry.change)
        add(entry.changedWallMs)
        add(entry.changedBy) { $0.add($1) }
    }

    fileprivate mutating func add(_ ticket: Ticket) {
        add(ticket.id)
        add(ticket.number)
        add(ticket.version)
        add(ticket.report.by)
        add(ticket.report.node)
        add(ticket.report.library) { $0.add($1) }
        for text in [ticket.report.topic, ticket.report.text, ticket.report.bundle, ticket.owner] { add(text) }
        for ms in [ticket.openedWallMs, ticket.changedWallMs, ticket.changedMs, UInt64(ticket.stage.rawValue), UInt64(ticket.count)] {
            add(ms)
        }
        add(ticket.lastReport)
        add(ticket.entries) { digest, entry in
            digest.add(entry.id)
            digest.add(entry.by)
            digest.add(entry.wallMs)
            digest.add(entry.text)
            digest.add(entry.stage) { $0.add(UInt64($1.rawValue)) }
        }
    }

    private mutating func add(_ author: TicketAuthor) {
        switch author {
        case .ltg: add("ltg")
        case .somebody: add("somebody")
        case .person(let name):
            add("person")
            add(name)
        case .node(let name):
            add("node")
            add(name)
        }
    }

    fileprivate mutating func add(_ place: TallyPlace) {
        switch place {
        case .general: add("general")
        case .library(let name):
            add("library")
            add(name)
        case .queue(let name):
            add("queue")
            add(name)
        }
    }

    fileprivate mutating func add(_ tally: ChatTally) {
        add(tally.hour)
        add(tally.isReferred)
        add(tally.isAbandoned)
        add(tally.answer) { digest, answer in
            digest.add(answer.by)
            digest.add(answer.viaGeneral)
            digest.add(UInt64(answer.wait))
        }
        add(tally.rating?.rawValue ?? "")
    }

    fileprivate mutating func add(_ lists: ButtonLists) {
        add(lists.releases) { digest, release in
            digest.add(release.number)
            digest.add(release.version)
            digest.add(release.note)
            digest.add(release.wallMs)
        }
        add(lists.hosts) { $0.add($1) }
        add(lists.strangers) { digest, stranger in
            for text in [stranger.host, stranger.path, stranger.queue] { digest.add(text) }
            digest.add(UInt64(stranger.firstDay))
            digest.add(UInt64(stranger.lastDay))
        }
        for count in [lists.installNumber, lists.change, lists.listsChange, lists.goneChange] { add(count) }
    }

    fileprivate mutating func add(_ install: Install) {
        add(install.number)
        add(install.change)
        for text in [install.place.host, install.place.path, install.place.queue, install.version, install.error] { add(text) }
        for day in [install.errorDay, install.firstDay, install.lastDay] { add(UInt64(day)) }
        add(UInt64(install.kind.rawValue))
    }

    fileprivate mutating func add(_ calendar: TermCalendar) {
        add(calendar.version)
        add(calendar.terms) { digest, term in
            digest.add(term.title)
            digest.add(UInt64(term.kind.rawValue))
            digest.add(UInt64(term.first.number))
            digest.add(UInt64(term.last.number))
        }
    }

    fileprivate mutating func add(_ posted: LibraryHours) {
        add(posted.library)
        add(posted.version)
        add(posted.zone)
        add(posted.weeks) { digest, week in digest.add(week.days) { $0.add(spans: $1) } }
        add(posted.exceptions) { digest, exception in
            digest.add(UInt64(exception.day.number))
            digest.add(spans: exception.spans)
            digest.add(exception.note)
        }
        add(posted.closures) { digest, closure in
            digest.add(closure.id)
            digest.add(closure.fromMs)
            digest.add(closure.untilMs)
            digest.add(closure.note)
        }
    }

    private mutating func add(spans: [OpenSpan]) {
        add(spans) { digest, span in
            digest.add(UInt64(span.opens))
            digest.add(UInt64(span.closes))
        }
    }

    fileprivate mutating func add(_ item: OutboxItem) {
        let transcript = item.transcript
        add(transcript.number)
        add(transcript.chat)
        add(transcript.openedMs)
        add(transcript.queue)
        add(transcript.home)
        add(transcript.library)
        add(transcript.contact)
        add(transcript.messageCount)
        add(item.chain)
        add(item.takenBy) { $0.add($1) }
        add(item.heirAtMs) { $0.add($1) }
        add(item.dropAtMs)
    }

    fileprivate mutating func add(_ receipt: TranscriptReceipt) {
        add(receipt.number)
        add(receipt.chat)
        add(receipt.openedMs)
        add(receipt.home) { $0.add($1) }
        switch receipt.outcome {
        case .kept: add("kept")
        case .inherited(let heir):
            add("inherited")
            add(heir)
        case .expired: add("expired")
        case .overQuota: add("overQuota")
        case .noHome: add("noHome")
        case .deleted: add("deleted")
        }
        add(receipt.keeper) { $0.add($1) }
        add(receipt.messages)
        add(receipt.atMs)
    }

    fileprivate mutating func add(_ desk: QueueDesk) {
        add(desk.queue.name)
        add(desk.queue.title)
        add(desk.queue.library) { $0.add($1) }
        switch desk.queue.opening {
        case .open: add("open")
        case .closed(let reason):
            add("closed")
            add(reason)
        }
        add(desk.queue.aliases) { digest, alias in
            digest.add(alias.name)
            digest.add(UInt64(alias.level))
        }
        add(desk.expiredInARow)
        add(desk.paused)
        add(desk.waitsMs) { $0.add($1) }
    }

    fileprivate mutating func add(_ session: Session) {
        add(session.id)
        add(session.operatorName)
        add(session.node)
        add(session.boot)
        add(session.token)
        add(session.available) { $0.add($1) }
        add(session.leavingAtMs) { $0.add($1) }
    }

    fileprivate mutating func add(_ chat: Chat) {
        add(chat.id)
        add(chat.secret)
        add(chat.queue)
        add(chat.library) { $0.add($1) }
        add(chat.epoch)
        add(chat.heldInEpoch)
        add(chat.openedMs)
        add(chat.rankMs)
        add(chat.stage)
        add(chat.attach)
        add(chat.node)
        add(chat.fenced) { $0.add($1) }
        add(chat.patronPresent)
        add(chat.goneAtMs) { $0.add($1) }
        add(chat.messageAtMs)
        add(UInt64(chat.referral.rawValue))
        add(chat.patronSupplied)
        add(chat.hasRung)
        add(chat.tried) { $0.add($1) }
        add(chat.pastOffers) { digest, past in
            digest.add(past.id)
            digest.add(past.request)
            digest.add(past.byToken)
            digest.add(past.consented)
            digest.add(UInt64(past.outcome.rawValue))
        }
        add(chat.pastHoldings) { digest, past in
            digest.add(past.session)
            digest.add(past.operatorName)
            digest.add(past.displayName)
            digest.add(past.library)
            digest.add(past.token)
            digest.add(past.request) { $0.add($1) }
            digest.add(UInt64(past.end.rawValue))
        }
        add(chat.senders) { digest, sender in
            digest.add(sender.id)
            switch sender.owner {
            case .patron: digest.add("patron")
            case .staff(let name): digest.add(name)
            }
            digest.add(sender.sequence)
        }
        add(chat.safeMessages)
        add(chat.code) { $0.add($1) }
        add(chat.contact)
        add(chat.question)
    }

    private mutating func add(_ stage: Stage) {
        switch stage {
        case .waiting(let waiting):
            add("waiting")
            add(waiting.queue)
            add(waiting.sinceMs)
            add(waiting.ringsUntilMs) { $0.add($1) }
        case .offered(let offer):
            add("offered")
            add(offer)
        case .held(let holding):
            add("held")
            add(holding.session)
            add(holding.operatorName)
            add(holding.displayName)
            add(holding.library)
            add(holding.token)
            add(holding.request) { $0.add($1) }
            add(holding.pickedUp) { $0.add($1) }
            add(holding.queue)
            add(holding.wasKept)
            add(holding.answered)
            add(holding.offer) { $0.add($1) }
        case .unattended(let why):
            add("unattended")
            add(UInt64(why.rawValue))
        case .kept: add("kept")
        case .closed(let reason, let forgetAtMs):
            add("closed")
            add(reason.rawValue)
            add(forgetAtMs)
        }
    }

    private mutating func add(_ offer: Offer) {
        add(offer.id)
        add(offer.request)
        add(offer.target)
        add(offer.note)
        add(offer.by)
        add(offer.byToken)
        add(offer.awaitingConsent)
        add(offer.deadlineMs)
    }
}

extension Digest {
    fileprivate mutating func add(_ word: RoomWord) {
        switch word {
        case .said(let text):
            add(UInt64(0))
            add(text)
        case .swamped(let text):
            add(UInt64(1))
            add(text)
        case .takesOne(let call):
            add(UInt64(2))
            add(call)
        }
    }
}
