/// How each value of the state enters its digest (`StateDigest.swift`).

extension Digest {
    mutating func add(_ settings: Settings) {
        for ms in [
            settings.pickUpMs, settings.patronDeadlineMs, settings.consentMs, settings.operatorLeaseMs, settings.patronGoneMs,
            settings.tombstoneMs, settings.answeredMessageMs, settings.transcriptDeadlineMs, settings.transcriptKeptMs,
        ] { add(ms) }
        add(settings.chatsPerOperatorMax)
    }

    mutating func add(_ library: Library) {
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

    mutating func add(_ naming: NamingConventions) {
        add(naming.version)
        for rule in [naming.queues, naming.users] {
            add(rule) { digest, rule in
                digest.add(rule.pattern)
                digest.add(rule.example)
                digest.add(rule.sentence)
            }
        }
    }

    mutating func add(_ message: CannedMessage) {
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

    mutating func add(_ entry: RegisterEntry) {
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
        // Nothing, below its feature level.
        for finding in entry.found {
            add(finding.step.rawValue)
            add(finding.place)
            add(finding.wallMs)
        }
    }

    mutating func add(_ ticket: Ticket) {
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

    mutating func add(_ place: TallyPlace) {
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

    mutating func add(_ tally: ChatTally) {
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

    mutating func add(_ lists: ButtonLists) {
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

    mutating func add(_ install: Install) {
        add(install.number)
        add(install.change)
        for text in [install.place.host, install.place.path, install.place.queue, install.version, install.error] { add(text) }
        for day in [install.errorDay, install.firstDay, install.lastDay] { add(UInt64(day)) }
        add(UInt64(install.kind.rawValue))
    }

    mutating func add(_ calendar: TermCalendar) {
        add(calendar.version)
        add(calendar.terms) { digest, term in
            digest.add(term.title)
            digest.add(UInt64(term.kind.rawValue))
            digest.add(UInt64(term.first.number))
            digest.add(UInt64(term.last.number))
        }
    }

    mutating func add(_ posted: LibraryHours) {
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

    mutating func add(_ item: OutboxItem) {
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

    mutating func add(_ receipt: TranscriptReceipt) {
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

    mutating func add(_ desk: QueueDesk) {
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

    mutating func add(_ session: Session) {
        add(session.id)
        add(session.operatorName)
        add(session.node)
        add(session.boot)
        add(session.token)
        add(session.available) { $0.add($1) }
        add(session.leavingAtMs) { $0.add($1) }
    }

    mutating func add(_ chat: Chat) {
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
    mutating func add(_ word: RoomWord) {
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
