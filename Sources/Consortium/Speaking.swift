/// What is said and what happens, in one sequence, so that both sides see it at the same place.
///
/// Only a sender's last + 1 is accepted, across epochs (rule 2). A repeat is acknowledged with the place of the first. A gap is
/// refused: what is missing comes first. Late *messages* are appended and marked; nothing that somebody wrote is lost (rule 3).

extension ConsortiumState {
    /// A note by somebody who watches the chat.
    mutating func whisper(_ whisper: Whisper) throws(Refusal) -> Acceptance {
        guard let chat = chats[whisper.chat] else { throw .unknownChat }
        guard let person = sessions[whisper.session].flatMap({ operators[$0.operatorName] }) else { throw .unknownSession }
        let said = Say(
            chat: whisper.chat, speaker: .staff(token: chat.holding?.token ?? .zero), sender: whisper.sender, sequence: whisper.sequence,
            text: whisper.text, isNote: true)
        if let repeated = place(of: said, in: chat) { return .placed(repeated) }
        guard chat.holding?.watchers.contains(person.name) == true else {
            throw chat.isClosed ? .closed : Refusal(.notHolder, "You do not watch this chat any more; the note was not kept.")
        }
        return try say(said, whisperedBy: person)
    }

    mutating func say(_ say: Say, whisperedBy watcher: Operator? = nil) throws(Refusal) -> Acceptance {
        guard var chat = chats[say.chat] else { throw .unknownChat }
        if let repeated = place(of: say, in: chat) { return .placed(repeated) }
        let owner: Sender.Owner = if let watcher { .staff(watcher.name) } else { try owner(of: say.speaker, in: chat) }
        try expectNext(say, owner, in: chat)
        try refuseAfterDeletion(in: chat)

        let bytes = say.text.utf8.count
        guard bytes > 0 else { throw Refusal(.invalid, "The message is empty; write something.") }
        guard bytes <= Limits.messageBytesMax else {
            throw Refusal(.tooLong, "A message has \(Limits.messageBytesMax) bytes at most, this one \(bytes); send it in parts.")
        }
        let (author, late) =
            if let watcher {
                (ChatMessage.Author.staff(watcher.name, displayName: watcher.displayName, library: watcher.library), false)
            } else { try speaker(say.speaker, in: chat) }
        if say.isNote, author == .patron { throw Refusal(.notAllowed, "Only operators write notes, in a chat that they hold.") }
        guard let size = scripts.read(chat.id, { (messages: $0.messages.count, textBytes: $0.textBytes) }),
            size.messages < Limits.messagesPerChatMax - Limits.eventsReservePerChat, size.textBytes + bytes <= Limits.textPerChatBytesMax
        else { throw Refusal(.tooMany, "The chat is as long as a chat may be; close it and go on in a new one.") }
        guard makeRoom(forBytes: bytes), chats.contains(chat.id) else {
            throw Refusal(.full, "There is no room for more text just now; send it again in a minute.")
        }
        guard chat.mark(Sender(id: say.sender, owner: owner, sequence: say.sequence)) else {
            throw Refusal(.tooMany, "\(Limits.sendersPerChatMax) pages wrote in this chat already; go on in one of them.")
        }
        if author == .patron, chat.question.isEmpty { chat.question = say.text.excerpt(bytesMax: Limits.questionExcerptBytesMax) }
        if !late, !say.isNote, case .staff = author, case .held(var holding) = chat.stage, !holding.answered {
            holding.answered = true
            chat.stage = .held(holding)
            findAnswer(in: chat, from: holding.queue)
        }
        // Whoever answers somebody who is away gives them time to come back and read it.
        if !late, !say.isNote, author != .patron, chat.leftAtMs != nil {
            chat.leftAtMs = clockMs.adding(ms: max(Limits.patronLeftMs, settings.patronGoneMs))
        }
        let supplied = chat.patronSupplied && author == .patron
        let position = append(say.body, by: author, to: chat, late: late, patronSupplied: supplied)
        store(chat)
        return .placed(position)
    }

    /// Whose sender this would be, before asking whether they may speak now.
    private func owner(of speaker: Speaker, in chat: Chat) throws(Refusal) -> Sender.Owner {
        guard case .staff(let token) = speaker else { return .patron }
        if let holding = chat.holding, holding.token == token { return .staff(holding.operatorName) }
        if let past = chat.pastHoldings.last(where: { $0.token == token }) { return .staff(past.operatorName) }
        throw Refusal(.notHolder, "This token never held the chat; claim it first.")
    }

    /// The place of a message that was accepted before. Whoever repeats it word by word is told, also by a token that is void since: what was
    /// said in a branch came into the chat by the merge, and its token never holds here.
    private func place(of say: Say, in chat: Chat) -> Position? {
        guard let sender = chat.senders.first(where: { $0.id == say.sender }), say.sequence <= sender.sequence else { return nil }
        return scripts[chat.id]?.messages.last { $0.body == say.body }?.position
    }

    private func expectNext(_ say: Say, _ owner: Sender.Owner, in chat: Chat) throws(Refusal) {
        let sender = chat.senders.first { $0.id == say.sender }
        guard sender.map({ $0.owner == owner }) ?? true else {
            throw Refusal(.notAllowed, "This sender belongs to somebody else in the chat; use one of your own.")
        }
        let last = sender?.sequence ?? 0
        guard say.sequence > 0 else { throw Refusal(.outOfOrder, "A sender's messages are numbered from 1, this one is 0.") }
        guard say.sequence == last &+ 1 else {
            throw Refusal(
                .outOfOrder,
                say.sequence > last
                    ? "Message \(last &+ 1) of this sender comes next, not \(say.sequence); send what is missing first."
                    : "Message \(say.sequence) of this sender has other words already; message \(last &+ 1) comes next.")
        }
    }

    private func speaker(_ speaker: Speaker, in chat: Chat) throws(Refusal) -> (author: ChatMessage.Author, late: Bool) {
        switch speaker {
        case .patron(let attach):
            guard attach == chat.attach else { throw .fenced }
            return (.patron, chat.isClosed)
        case .staff(let token):
            if let now = chat.holding, now.token == token {
                return (.staff(now.operatorName, displayName: now.displayName, library: now.library), false)
            }
            guard let past = chat.pastHoldings.last(where: { $0.token == token }) else { throw .notHolder(chat) }
            return (.staff(past.operatorName, displayName: past.displayName, library: past.library), true)
        }
    }

    /// Notes what happened. A chat that is full of messages goes on without its notes.
    mutating func note(_ event: ChatEvent, in chat: Chat) {
        guard let count = scripts.read(chat.id, { $0.messages.count }), count < Limits.messagesPerChatMax else { return }
        append(.event(event), by: .service, to: chat, late: false, patronSupplied: false)
    }

    /// - Parameter mergedFromMs: for what a node sequenced while it was cut off, the wall time there.
    @discardableResult
    mutating func append(
        _ body: ChatMessage.Body, by author: ChatMessage.Author, to chat: Chat, late: Bool, patronSupplied: Bool,
        mergedFromMs: UInt64? = nil
    ) -> Position {
        let epoch = chat.epoch
        let wallMs = mergedFromMs ?? wallMs
        let branch = isBranch || mergedFromMs != nil
        let bytes = body.words?.text.utf8.count ?? 0
        index.textBytes += bytes
        touched.chats.insert(chat.id)
        if chat.isClosed, !isBranch { lateWords[chat.id] = () }
        let position = scripts.change(chat.id) { script in
            let position = Position(epoch: epoch, n: UInt32(truncatingIfNeeded: script.messages.count + 1))
            script.append(
                ChatMessage(
                    position: position, author: author, body: body, wallMs: wallMs, late: late, patronSupplied: patronSupplied,
                    branch: branch))
            return position
        }
        return position ?? .zero
    }
}

extension Say {
    fileprivate var body: ChatMessage.Body {
        isNote ? .note(text, sender: sender, sequence: sequence) : .text(text, sender: sender, sequence: sequence)
    }
}

extension Script {
    package mutating func append(_ message: ChatMessage) {
        textBytes += message.body.words?.text.utf8.count ?? 0
        var digest = Digest(seed: chain)
        digest.add(message)
        chain = digest.value
        messages.append(message)
    }
}

extension Chat {
    /// Remembers the sender's last message. False when there are too many senders: they are capped, never evicted.
    mutating func mark(_ sender: Sender) -> Bool {
        if let place = senders.firstIndex(where: { $0.id == sender.id }) {
            senders[place] = sender
            return true
        }
        guard senders.count < Limits.sendersPerChatMax else { return false }
        senders.append(sender)
        return true
    }
}

extension String {
    /// The beginning, cut between Unicode scalars (the cut must not depend on a library's idea of a character).
    package func excerpt(bytesMax: Int) -> String {
        guard utf8.count > bytesMax else { return self }
        var kept = ""
        var bytes = 0
        for scalar in unicodeScalars {
            bytes += UTF8.width(scalar)
            if bytes > bytesMax { break }
            kept.unicodeScalars.append(scalar)
        }
        return kept
    }
}
