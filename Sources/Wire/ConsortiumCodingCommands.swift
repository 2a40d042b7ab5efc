/// Commands and verdicts as bytes. What every acknowledgement passes through is in `ProposalBulkCoding`.

import Consortium
import FoundationEssentials

extension PBCommandMessage {
    init(_ command: Command) {
        self.init()
        switch command {
        case .setLibrary(let library): setLibrary = PBLibraryEntry(library)
        case .setQueue(let queue): setQueue = PBQueueEntry(queue)
        case .setOperator(let person): setOperator = PBOperatorEntry(person)
        case .setSettings(let settings): setSettings = PBSettingsEntry(settings)
        case .setNaming(let naming): setNaming = PBNamingEntry(naming)
        case .renameQueue(let old, let new): renameQueue = PBRenameCommand(old, new)
        case .renameOperator(let old, let new): renameOperator = PBRenameCommand(old, new)
        case .reportProblem(let id, let report): reportProblem = PBReportProblemCommand(id, report)
        case .changeTicket(let change): changeTicket = PBChangeTicketCommand(change)
        case .releaseButton(let release): releaseButton = PBButtonReleaseEntry(release)
        case .sawInstalls(let seen): sawInstalls.seen = seen.map { PBInstallSightingEntry($0) }
        case .setSignedSettings(let signed): setSignedSettings = PBSignedSettingsEntry(signed)
        case .decideButton(let decision): decideButton = PBDecideButtonCommand(decision)
        case .setEntry(let entry, let editor): setEntry = PBSetEntryCommand(entry, editor)
        case .dropEntry(let id, let version, let editor): dropEntry = PBDropEntryCommand(id, version, editor)
        case .setCanned(let message, let editor): setCanned = PBSetCannedCommand(message, editor)
        case .dropCanned(let id, let version, let editor): dropCanned = PBDropCannedCommand(id, version, editor)
        case .setTerms(let terms): setTerms = PBTermCalendarEntry(terms)
        case .setHours(let hours): setHours = PBLibraryHoursEntry(hours)
        case .bringPast(let past): bringPast = PBTallyEntry(past)
        case .closeLibrary(let library, let closure, let by):
            closeLibrary.library = library.text
            closeLibrary.closure = PBClosureEntry(closure)
            closeLibrary.by = by?.text ?? ""
        case .reopenLibrary(let library, let closure, let atMs, let by):
            reopenLibrary.library = library.text
            reopenLibrary.closure = PBId(closure)
            reopenLibrary.atMs = atMs
            reopenLibrary.by = by?.text ?? ""
        case .openNow(let library, let session, let opening):
            openNow.library = library.text
            openNow.session = PBId(session)
            openNow.fromMs = opening.fromMs
            openNow.untilMs = opening.untilMs
        case .setGate(let library, let gate):
            setGate.library = library.text
            setGate.gate = UInt32(gate.rawValue)
        case .signOn(let command): signOn = PBSignOnCommand(command)
        case .signOff(let session): signOff = PBId(session)
        case .setAvailability(let session, let queue, let available):
            setAvailability = PBSessionQueueCommand(session, queue, available)
        case .setEnd(let session, let untilMs):
            setEnd.session = PBId(session)
            if let untilMs { setEnd.untilMs = untilMs }
        case .setVolunteers(let session, let volunteers):
            setVolunteers.session = PBId(session)
            setVolunteers.volunteers = volunteers
        case .setMentor(let session, let trainee, let isMentor):
            setMentor.session = PBId(session)
            setMentor.trainee = trainee.text
            setMentor.isMentor = isMentor
        case .setWatcher(let chat, let token, let name, let watches):
            setWatcher.chat = PBId(chat)
            setWatcher.token = PBLogPos(token)
            setWatcher.operatorName = name.text
            setWatcher.watches = watches
        case .stopWatching(let chat, let session):
            stopWatching.chat = PBId(chat)
            stopWatching.session = PBId(session)
        case .whisper(let command): whisper = PBWhisperCommand(command)
        case .takeOver(let chat, let session, let request):
            takeOver.chat = PBId(chat)
            takeOver.session = PBId(session)
            takeOver.request = PBId(request)
        case .tellRoom(let session, let request, let word):
            tellRoom.session = PBId(session)
            tellRoom.request = PBId(request)
            tellRoom.word = PBRoomWordEntry(word)
        case .setDuty(let session, let duty):
            setDuty.session = PBId(session)
            setDuty.duty = duty?.rawValue ?? ""
        case .leaving(let session, let inMs):
            leaving.session = PBId(session)
            if let inMs { leaving.inMs = inMs }
        case .back(let session, let queue): back = PBSessionQueueCommand(session, queue, false)
        case .open(let command): open = PBOpenCommand(command)
        case .attach(let command): attach = PBAttachCommand(command)
        case .say(let command) where command.isNote: note = PBSayCommand(command)
        case .say(let command): say = PBSayCommand(command)
        case .claim(let command):
            claim.chat = PBId(command.chat)
            claim.session = PBId(command.session)
            claim.request = PBId(command.request)
        case .offerTransfer(let command): offerTransfer = PBOfferTransferCommand(command)
        case .consent(let chat, let attach, let offer, let agreed):
            consent.chat = PBId(chat)
            consent.attach = PBId(attach)
            consent.offer = PBLogPos(offer)
            consent.agreed = agreed
        case .pickUp(let chat, let session, let offer):
            pickUp.chat = PBId(chat)
            pickUp.session = PBId(session)
            pickUp.offer = PBLogPos(offer)
        case .withdrawOffer(let chat, let token, let offer):
            withdrawOffer.chat = PBId(chat)
            withdrawOffer.token = PBLogPos(token)
            withdrawOffer.offer = PBLogPos(offer)
        case .release(let chat, let token): release = PBChatTokenCommand(chat, token)
        case .block(let chat, let token): block = PBChatTokenCommand(chat, token)
        case .close(let chat, let token, let ending):
            close = PBChatTokenCommand(chat, token)
            close.ending = ending?.rawValue ?? ""
        case .rate(let chat, let attach, let rating):
            rate.chat = PBId(chat)
            rate.attach = PBId(attach)
            rate.rating = rating.rawValue
        case .leave(let chat, let attach): leave = PBChatAttachCommand(chat, attach, false)
        case .keepMessage(let command):
            keepMessage.chat = PBId(command.chat)
            keepMessage.attach = PBId(command.attach)
            keepMessage.code = PBHash(command.code)
            keepMessage.contact = command.contact
        case .mergeBranch(let command): mergeBranch = PBMergeBranchCommand(command)
        case .transcriptTaken(let command):
            transcriptTaken.number = command.number
            transcriptTaken.library = command.library.text
            transcriptTaken.node = command.node.text
            transcriptTaken.sealed = Data(command.sealed)
        case .transcriptDeleted(let command):
            transcriptDeleted.chat = PBId(command.chat)
            transcriptDeleted.openedMs = command.openedMs
            transcriptDeleted.library = command.library.text
            transcriptDeleted.node = command.node.text
        case .lapse(let session): lapse = PBId(session)
        case .patronPresence(let chat, let attach, let present): patronPresence = PBChatAttachCommand(chat, attach, present)
        case .tick: tick = PBNothing()
        case .checkDigest(let upTo, let digest):
            checkDigest.upTo = PBLogPos(upTo)
            checkDigest.digest = digest
        case .setFeatureLevel(let level): setFeatureLevel = level
        case .retireVoter(let voter): retireVoter = voter
        case .removeNode(let node): removeNode = node.text
        case .admitNode(let node, let key):
            admitNode.node = node.text
            admitNode.key = Data(key?.bytes ?? [])
        case .turnKeys(let turn): turnKeys = PBTurnKeysCommand(turn)
        case .keysHeld(let node, let step):
            keysHeld.node = node.text
            keysHeld.step = step
        case .audit(let note): audit = PBAuditNoteCommand(note)
        case .askWish(let wish): askWish = PBWishEntry(wish)
        case .decideWish(let decision): decideWish = PBDecideWishCommand(decision)
        case .importShifts(let list): importShifts = PBImportShiftsCommand(list)
        case .swapShift(let swap): swapShift = PBSwapShiftCommand(swap)
        }
    }

    func decoded() throws(WireError) -> Command {
        switch kind {
        case .setLibrary(let message): .setLibrary(try message.decoded())
        case .setQueue(let message): .setQueue(try message.decoded())
        case .setOperator(let message): .setOperator(try message.decoded())
        case .setSettings(let message): .setSettings(message.decoded())
        case .setNaming(let message): .setNaming(message.decoded())
        case .renameQueue(let message):
            .renameQueue(try Field.name(message.old, "renameQueue.old"), to: try Field.name(message.new, "renameQueue.new"))
        case .renameOperator(let message):
            .renameOperator(try Field.name(message.old, "renameOperator.old"), to: try Field.name(message.new, "renameOperator.new"))
        case .reportProblem(let message): try message.decoded()
        case .changeTicket(let message): try message.decoded()
        case .releaseButton(let message): .releaseButton(message.decoded())
        case .sawInstalls(let message):
            .sawInstalls(
                try Field.list(message.seen, "sawInstalls.seen", max: Limits.sightingsPerCommandMax) { e throws(WireError) in
                    try e.decoded()
                })
        case .setSignedSettings(let message): .setSignedSettings(try message.signed())
        case .decideButton(let message): .decideButton(try message.decoded())
        case .setEntry(let message): try message.decoded()
        case .dropEntry(let message): try message.decoded()
        case .setCanned(let message): try message.decoded()
        case .dropCanned(let message): try message.decoded()
        case .setTerms(let message): .setTerms(try message.decoded())
        case .setHours(let message): .setHours(try message.decoded())
        case .bringPast(let message): .bringPast(try message.past())
        case .closeLibrary(let message):
            .closeLibrary(
                try Field.name(message.library, "closeLibrary.library"), message.closure.decoded(),
                by: try Field.optionalName(message.by, "closeLibrary.by"))
        case .openNow(let message):
            .openNow(
                try Field.name(message.library, "openNow.library"), message.session.decoded(),
                OpenNow(fromMs: message.fromMs, untilMs: message.untilMs))
        case .setGate(let message):
            .setGate(try Field.name(message.library, "setGate.library"), try Field.small(message.gate, "setGate.gate"))
        case .reopenLibrary(let message):
            .reopenLibrary(
                try Field.name(message.library, "reopenLibrary.library"), message.closure.decoded(), atMs: message.atMs,
                by: try Field.optionalName(message.by, "reopenLibrary.by"))
        case .signOn(let message): .signOn(try message.decoded())
        case .signOff(let message): .signOff(message.decoded())
        case .setAvailability(let message):
            .setAvailability(message.session.decoded(), try Field.name(message.queue, "setAvailability.queue"), message.available)
        case .setEnd(let message): .setEnd(message.session.decoded(), untilMs: message.hasUntilMs ? message.untilMs : nil)
        case .setVolunteers(let message): .setVolunteers(message.session.decoded(), message.volunteers)
        case .setMentor(let message):
            .setMentor(message.session.decoded(), of: try Field.name(message.trainee, "setMentor.trainee"), message.isMentor)
        case .setWatcher(let message):
            .setWatcher(
                message.chat.decoded(), token: message.token.decoded(), try Field.name(message.operatorName, "setWatcher.operator"),
                message.watches)
        case .stopWatching(let message): .stopWatching(message.chat.decoded(), message.session.decoded())
        case .whisper(let message): .whisper(message.decoded())
        case .takeOver(let message): .takeOver(message.chat.decoded(), message.session.decoded(), message.request.decoded())
        case .tellRoom(let message): .tellRoom(message.session.decoded(), message.request.decoded(), message.word.decoded())
        case .setDuty(let message): .setDuty(message.session.decoded(), try Field.optionalChoice(message.duty, "setDuty.duty"))
        case .leaving(let message): .leaving(message.session.decoded(), inMs: message.hasInMs ? message.inMs : nil)
        case .back(let message): .back(message.session.decoded(), try Field.name(message.queue, "back.queue"))
        case .open(let message): .open(try message.decoded())
        case .attach(let message): .attach(try message.decoded())
        case .say(let message): .say(message.decoded())
        case .note(let message): .say(message.decoded(isNote: true))
        case .claim(let message):
            .claim(Claim(chat: message.chat.decoded(), session: message.session.decoded(), request: message.request.decoded()))
        case .offerTransfer(let message): .offerTransfer(try message.decoded())
        case .consent(let message):
            .consent(message.chat.decoded(), message.attach.decoded(), offer: message.offer.decoded(), agreed: message.agreed)
        case .pickUp(let message): .pickUp(message.chat.decoded(), message.session.decoded(), offer: message.offer.decoded())
        case .withdrawOffer(let message):
            .withdrawOffer(message.chat.decoded(), token: message.token.decoded(), offer: message.offer.decoded())
        case .release(let message): .release(message.chat.decoded(), token: message.token.decoded())
        case .block(let message): .block(message.chat.decoded(), token: message.token.decoded())
        case .close(let message):
            .close(
                message.chat.decoded(), token: message.token.decoded(),
                try Field.optionalChoice(message.ending, "close.ending"))
        case .rate(let message): .rate(message.chat.decoded(), message.attach.decoded(), try Field.choice(message.rating, "rate.rating"))
        case .leave(let message): .leave(message.chat.decoded(), message.attach.decoded())
        case .keepMessage(let message):
            .keepMessage(
                KeepMessage(
                    chat: message.chat.decoded(), attach: message.attach.decoded(),
                    code: try message.code.decoded(), contact: message.contact))
        case .mergeBranch(let message): .mergeBranch(try message.decoded())
        case .transcriptTaken(let message):
            .transcriptTaken(
                TranscriptTaken(
                    number: message.number, library: try Field.name(message.library, "transcriptTaken.library"),
                    node: try Field.name(message.node, "transcriptTaken.node"), sealed: [UInt8](message.sealed)))
        case .transcriptDeleted(let message):
            .transcriptDeleted(
                TranscriptDeleted(
                    chat: message.chat.decoded(), openedMs: message.openedMs,
                    library: try Field.name(message.library, "transcriptDeleted.library"),
                    node: try Field.name(message.node, "transcriptDeleted.node")))
        case .lapse(let message): .lapse(message.decoded())
        case .patronPresence(let message):
            .patronPresence(message.chat.decoded(), message.attach.decoded(), present: message.present)
        case .tick: .tick
        case .checkDigest(let message): .checkDigest(upTo: message.upTo.decoded(), digest: message.digest)
        case .setFeatureLevel(let level): .setFeatureLevel(level)
        case .retireVoter(let voter): .retireVoter(voter)
        case .removeNode(let node): .removeNode(try Field.name(node, "removeNode"))
        case .admitNode(let message):
            .admitNode(try Field.name(message.node, "admitNode.node"), key: try Field.keyDigest(message.key, "admitNode.key"))
        case .turnKeys(let message): .turnKeys(try message.decoded())
        case .keysHeld(let message): .keysHeld(by: try Field.name(message.node, "keysHeld.node"), step: message.step)
        case .audit(let message): try message.decoded()
        case .askWish(let message): .askWish(try message.decoded())
        case .decideWish(let message): .decideWish(try message.decoded())
        case .importShifts(let message): .importShifts(try message.decoded())
        case .swapShift(let message): .swapShift(try message.decoded())
        case nil: throw .unknownKind("command")
        }
    }
}

extension PBSignOnCommand {
    init(_ command: SignOn) {
        self.init()
        session = PBId(command.session)
        operatorName = command.operatorName.text
        node = command.node.text
        boot = command.boot
        available = command.available.map(\.text)
        if let before = command.continues { continues = PBId(before) }
    }

    func decoded() throws(WireError) -> SignOn {
        SignOn(
            session: session.decoded(), operatorName: try Field.name(operatorName, "signOn.operator"),
            node: try Field.name(node, "signOn.node"), boot: boot,
            available: try Field.names(available, "signOn.available", max: Limits.queuesPerOperatorMax),
            continues: hasContinues ? continues.decoded() : nil)
    }
}

extension PBMergeBranchCommand {
    init(_ command: MergeBranch) {
        self.init()
        chat = PBId(command.chat)
        secret = PBHash(command.secret)
        queue = command.queue.text
        attach = PBId(command.attach)
        node = command.node.text
        ended = command.ended?.rawValue ?? ""
        lines = command.lines.map { line in
            PBChatEntry(
                ChatMessage(
                    position: .zero, author: line.author, body: line.body, wallMs: line.wallMs))
        }
    }

    func decoded() throws(WireError) -> MergeBranch {
        MergeBranch(
            chat: chat.decoded(), secret: try secret.decoded(), queue: try Field.name(queue, "merge.queue"), attach: attach.decoded(),
            node: try Field.name(node, "merge.node"), ended: ended.isEmpty ? nil : try Field.choice(ended, "merge.ended"),
            lines: try Field.list(lines, "merge.lines", max: Limits.mergeLinesMax) { entry throws(WireError) in
                let message = try entry.decoded()
                guard let (text, sender, sequence) = message.body.words else {
                    throw .invalidField("merge.lines", expected: "text, not an event")
                }
                return MergeBranch.Line(
                    author: message.author, sender: sender, sequence: sequence, text: text, wallMs: message.wallMs,
                    isNote: message.body.isNote)
            })
    }
}

extension PBSessionQueueCommand {
    init(_ session: SessionID, _ queue: QueueName, _ available: Bool) {
        self.init()
        self.session = PBId(session)
        self.queue = queue.text
        self.available = available
    }
}

extension PBOpenCommand {
    init(_ command: Open) {
        self.init()
        chat = PBId(command.chat)
        secret = PBHash(command.secret)
        queue = command.queue.text
        attach = PBId(command.attach)
        node = command.node.text
        referralAgreed = command.referralAgreed
        patronSupplied = command.patronSupplied
        awayMs = command.awayMs
    }

    func decoded() throws(WireError) -> Open {
        Open(
            chat: chat.decoded(), secret: try secret.decoded(), queue: try Field.name(queue, "open.queue"),
            attach: attach.decoded(), node: try Field.name(node, "open.node"), referralAgreed: referralAgreed,
            patronSupplied: patronSupplied, awayMs: awayMs)
    }
}

extension PBAttachCommand {
    init(_ command: Attach) {
        self.init()
        chat = PBId(command.chat)
        secret = PBHash(command.secret)
        attach = PBId(command.attach)
        node = command.node.text
    }

    func decoded() throws(WireError) -> Attach {
        Attach(
            chat: chat.decoded(), secret: try secret.decoded(), attach: attach.decoded(),
            node: try Field.name(node, "attach.node"))
    }
}

extension PBSayCommand {
    init(_ command: Say) {
        self.init()
        chatHigh = command.chat.high
        chatLow = command.chat.low
        switch command.speaker {
        case .patron(let attach):
            attachHigh = attach.high
            attachLow = attach.low
        case .staff(let token):
            staff = true
            tokenIndex = token.index
            tokenOrdinal = token.ordinal
        }
        senderHigh = command.sender.high
        senderLow = command.sender.low
        sequence = command.sequence
        text = command.text
    }

    func decoded(isNote: Bool = false) -> Say {
        let speaker: Speaker =
            staff
            ? .staff(token: LogPosition(index: tokenIndex, ordinal: tokenOrdinal))
            : .patron(AttachID(high: attachHigh, low: attachLow))
        return Say(
            chat: ChatID(high: chatHigh, low: chatLow), speaker: speaker, sender: SenderID(high: senderHigh, low: senderLow),
            sequence: sequence, text: text, isNote: isNote)
    }
}

extension PBOfferTransferCommand {
    init(_ command: OfferTransfer) {
        self.init()
        chat = PBId(command.chat)
        token = PBLogPos(command.token)
        target = command.target.text
        request = PBId(command.request)
        consentGiven = command.consentGiven
        note = command.note
        answerInMs = command.answerInMs ?? 0
        if let listing = command.listing { self.listing = PBId(listing) }
    }

    func decoded() throws(WireError) -> OfferTransfer {
        OfferTransfer(
            chat: chat.decoded(), token: token.decoded(), target: try Field.name(target, "offerTransfer.target"),
            request: request.decoded(), consentGiven: consentGiven, note: note, answerInMs: answerInMs > 0 ? answerInMs : nil,
            listing: hasListing ? listing.decoded() : nil)
    }
}

extension PBChatTokenCommand {
    init(_ chat: ChatID, _ token: LogPosition) {
        self.init()
        self.chat = PBId(chat)
        self.token = PBLogPos(token)
    }
}

extension PBChatAttachCommand {
    init(_ chat: ChatID, _ attach: AttachID, _ present: Bool) {
        self.init()
        self.chat = PBId(chat)
        self.attach = PBId(attach)
        self.present = present
    }
}

extension PBVerdictMessage {
    init(_ verdict: Verdict) {
        self.init()
        switch verdict {
        case .accepted(.done): done = PBNothing()
        case .accepted(.token(let position)): token = PBLogPos(position)
        case .accepted(.offered(let position)): offered = PBLogPos(position)
        case .accepted(.placed(let position)): placed = PBPos(position)
        case .refused(let refusal):
            refused.code = refusal.code.rawValue
            refused.sentence = refusal.sentence
        }
    }

    func decoded() throws(WireError) -> Verdict {
        switch kind {
        case .done: .accepted(.done)
        case .token(let position): .accepted(.token(position.decoded()))
        case .offered(let position): .accepted(.offered(position.decoded()))
        case .placed(let position): .accepted(.placed(position.decoded()))
        case .refused(let refusal): .refused(Refusal(try Field.choice(refusal.code, "refusal.code"), refusal.sentence))
        case nil: throw .unknownKind("verdict")
        }
    }
}
