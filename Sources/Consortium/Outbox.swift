/// The outbox: what was said in chats that ended, on its way to the libraries that keep it (rule 16).
///
/// **What it is.** When a chat ends, its text is put here under the next number, for the library whose chat it was. That library's node asks for
/// what lies after the highest number that it has, keeps it, and says so (`transcriptTaken`). Late words put the whole text here once more, under a
/// new number, so that a number stands for the same content for ever.
///
/// **What it promises.** One library keeps a transcript: its home, or the home's heir once the home has let half of the deadline pass.
/// Taken text stays for `Settings.transcriptKeptMs` more, so that a library restored from an older backup can ask for it again: sealed, by a key that
/// the node which took it has and nobody else (`SealedTranscript`). At `Settings.transcriptDeadlineMs` after the chat's end it goes, whatever became of it. What goes leaves a receipt without text.
///
/// **What it never does.** A library that takes nothing cannot fill the coordinators: beyond its quota its own oldest text gives way.

// MARK: In

extension ConsortiumState {
    /// Puts the text of a chat that is over into the outbox, in the place of what there is of it already.
    mutating func post(_ chat: Chat) {
        guard !isBranch, chat.isClosed, let script = scripts[chat.id], script.textBytes > 0, !isDeleted(chat.id, chat.openedMs) else {
            return
        }
        let former = index.newestTranscript[chat.id].flatMap { outbox[$0] }.flatMap {
            $0.transcript.openedMs == chat.openedMs ? $0 : nil
        }
        if let former, former.transcript.messageCount == script.messages.count { return }
        outboxNumber += 1
        touched.outbox = true
        guard let home = former?.transcript.home ?? chat.library ?? chat.pastHoldings.last?.library else {
            return leave(
                TranscriptReceipt(
                    number: outboxNumber, chat: chat.id, openedMs: chat.openedMs, home: nil, outcome: .noHome,
                    messages: UInt32(clamping: script.messages.count), atMs: clockMs))
        }
        let transcript = Transcript(
            number: outboxNumber, chat: chat.id, openedMs: chat.openedMs, queue: chat.queue, home: home,
            library: former?.transcript.library ?? heir(of: chat.id, chat.openedMs) ?? home, contact: chat.contact,
            messages: script.messages)
        var item = OutboxItem(
            transcript, takenBy: nil, heirAtMs: nil, dropAtMs: clockMs.adding(ms: settings.transcriptDeadlineMs),
            textBytes: script.textBytes, chain: script.chain)
        if let former, former.takenBy == nil {
            (item.heirAtMs, item.dropAtMs) = (former.heirAtMs, former.dropAtMs)
        } else if transcript.library == home {
            item.heirAtMs = clockMs.adding(ms: max(1, settings.transcriptDeadlineMs / 2))
        }
        if let former { remove(former) }
        add(item)
        makeRoom(in: transcript.library)
    }

    /// Late words that the present command brought into chats that were over already.
    mutating func postLateWords() {
        guard !lateWords.isEmpty else { return }
        for id in lateWords.keys { if let chat = chats[id] { post(chat) } }
        lateWords = Ordered()
    }

    // MARK: Out

    /// The library's node has it, durably.
    mutating func transcriptTaken(_ taken: TranscriptTaken) throws(Refusal) {
        guard let library = libraries[taken.library] else { throw .unknownLibrary(taken.library) }
        guard library.homeNode == taken.node else {
            throw Refusal(.notAllowed, "The transcripts of \(library.name) go to the node \(library.homeNode), not to \(taken.node).")
        }
        guard taken.sealed.count <= Limits.sealedBytesMax else {
            throw Refusal(.tooLong, "A sealed transcript has \(Limits.sealedBytesMax) bytes at most; say without it that it was taken.")
        }
        guard taken.number <= outboxNumber else {
            throw Refusal(.invalid, "There is no transcript \(taken.number) yet; the last is \(outboxNumber).")
        }
        if var item = outbox[taken.number] {
            guard item.transcript.library == taken.library else {
                throw Refusal(.notAllowed, "Transcript \(taken.number) is for \(item.transcript.library), not for \(taken.library).")
            }
            guard item.takenBy == nil else { return }
            remove(item)
            item.takenBy = taken.node
            item.heirAtMs = nil
            item.dropAtMs = min(item.dropAtMs, clockMs.adding(ms: settings.transcriptKeptMs))
            add(sealed(item, as: taken.sealed))
            return
        }
        guard var receipt = receipts[taken.number] else { return }
        switch receipt.outcome {
        case .kept, .noHome, .deleted: break
        case .inherited(let heir):
            throw Refusal(.notHolder, "This transcript has passed to \(heir), which keeps it; delete the copy here.")
        case .expired, .overQuota:
            receipt.outcome = .kept
            receipts[taken.number] = receipt
        }
    }

    /// Where the sealed words are too many for what is left of the library's room, they stay as they are.
    private func sealed(_ item: OutboxItem, as bytes: [UInt8]) -> OutboxItem {
        guard featureLevel >= FeatureLevel.sealedOutbox, !bytes.isEmpty else { return item }
        let sealed = item.sealed(as: bytes)
        let fits = hasRoom(for: sealed, in: item.transcript.library) && index.outboxBytes + bytes.count <= Limits.transcriptBytesMax
        return fits ? sealed : item
    }

    /// The library deleted it: what is still here of it goes too, and late words are for nobody.
    mutating func transcriptDeleted(_ deleted: TranscriptDeleted) throws(Refusal) {
        guard let library = libraries[deleted.library] else { throw .unknownLibrary(deleted.library) }
        guard library.homeNode == deleted.node else {
            throw Refusal(.notAllowed, "The transcripts of \(library.name) lie at the node \(library.homeNode), not at \(deleted.node).")
        }
        guard !isDeleted(deleted.chat, deleted.openedMs) else { return }
        // The heir's copy goes too: whoever asked for the deletion did not ask where it lies.
        let heir = heir(of: deleted.chat, deleted.openedMs)
        for keeper in heir == library.name ? [library.name] : [library.name] + (heir.map { [$0] } ?? []) { delete(deleted, from: keeper) }
        touched.outbox = true
    }

    private mutating func delete(_ deleted: TranscriptDeleted, from keeper: LibraryName) {
        var home = deleted.library
        var messages = 0
        for number in index.outbox[keeper]?.numbers ?? [] {
            guard let item = outbox[number], item.transcript.chat == deleted.chat, item.transcript.openedMs == deleted.openedMs else {
                continue
            }
            (home, messages) = (item.transcript.home, item.transcript.messageCount)
            drop(item, .kept)
        }
        outboxNumber += 1
        leave(
            TranscriptReceipt(
                number: outboxNumber, chat: deleted.chat, openedMs: deleted.openedMs, home: home, keeper: keeper, outcome: .deleted,
                messages: UInt32(clamping: messages), atMs: clockMs))
    }

    /// To whom this life of the chat has passed.
    private func heir(of chat: ChatID, _ openedMs: UInt64) -> LibraryName? {
        guard featureLevel >= FeatureLevel.closedByDeletion else { return nil }
        for number in (index.inherited[chat] ?? []).reversed() {
            if let receipt = receipts[number], receipt.openedMs == openedMs, case .inherited(let heir) = receipt.outcome { return heir }
        }
        return nil
    }

    /// After a deletion late words are for nobody, and nobody is told that they are kept (rule 16).
    func refuseAfterDeletion(in chat: Chat) throws(Refusal) {
        guard featureLevel >= FeatureLevel.closedByDeletion, isDeleted(chat.id, chat.openedMs) else { return }
        throw Refusal(.closed, "The library has deleted what was said in this chat; begin a new one.")
    }

    func isDeleted(_ chat: ChatID, _ openedMs: UInt64) -> Bool {
        (index.deleted[chat] ?? []).contains { receipts[$0]?.openedMs == openedMs }
    }

    /// The half of the deadline, the deadline, or the end of the time for restored libraries has come.
    mutating func transcriptIsDue(_ number: UInt64) {
        guard let item = outbox[number] else { return }
        if item.dropAtMs <= clockMs { return drop(item, .expired) }
        pass(item, orElse: nil)
    }

    /// A library has an heir, or another one: what waited in vain for one is given to it.
    mutating func heirChanged(of library: LibraryName) {
        for number in index.outbox[library]?.numbers ?? [] {
            if let item = outbox[number], item.takenBy == nil, item.heirAtMs == nil { pass(item, orElse: nil) }
        }
    }

    /// To the heir, if there is one that has room; it may come to nobody twice.
    private mutating func pass(_ item: OutboxItem, orElse outcome: TranscriptReceipt.Outcome?) {
        let former = item.transcript
        if item.takenBy == nil, former.library == former.home, let heir = libraries[former.home]?.heir, libraries.contains(heir),
            heir != former.home, hasRoom(for: item, in: heir)
        {
            remove(item)
            leave(receipt(for: former, .inherited(by: heir)))
            outboxNumber += 1
            var passed = item
            passed.transcript.number = outboxNumber
            passed.transcript.library = heir
            passed.heirAtMs = nil
            return add(passed)
        }
        if let outcome { return drop(item, outcome) }
        var waiting = item
        remove(item)
        waiting.heirAtMs = nil
        add(waiting)
    }

    private func hasRoom(for item: OutboxItem, in library: LibraryName) -> Bool {
        let share = index.outbox[library] ?? OutboxShare()
        return share.numbers.count < Limits.transcriptsPerLibraryMax
            && share.textBytes + item.textBytes <= Limits.transcriptBytesPerLibraryMax
    }

    /// At a library's quota its own oldest gives way; at the limit of all, the oldest of whoever has most.
    private mutating func makeRoom(in library: LibraryName) {
        while let share = index.outbox[library], let oldest = share.numbers.first.flatMap({ outbox[$0] }),
            share.numbers.count > Limits.transcriptsPerLibraryMax || share.textBytes > Limits.transcriptBytesPerLibraryMax
        {
            pass(oldest, orElse: .overQuota)
        }
        while index.outboxBytes > Limits.transcriptBytesMax, let largest = largestShare, let oldest = outbox[largest] {
            drop(oldest, .overQuota)
        }
    }

    /// The oldest transcript of the library that has most text here.
    private var largestShare: UInt64? {
        var largest: OutboxShare?
        for (_, share) in index.outbox where share.textBytes > largest?.textBytes ?? 0 { largest = share }
        return largest?.numbers.first
    }

    private mutating func drop(_ item: OutboxItem, _ outcome: TranscriptReceipt.Outcome) {
        remove(item)
        leave(receipt(for: item.transcript, item.takenBy == nil ? outcome : .kept))
    }

    private func receipt(for transcript: Transcript, _ outcome: TranscriptReceipt.Outcome) -> TranscriptReceipt {
        TranscriptReceipt(
            number: transcript.number, chat: transcript.chat, openedMs: transcript.openedMs, home: transcript.home, outcome: outcome,
            messages: UInt32(clamping: transcript.messageCount), atMs: clockMs)
    }

    private mutating func leave(_ receipt: TranscriptReceipt) {
        receipts[receipt.number] = receipt
        index.add(receipt)
        switch receipt.outcome {
        case .expired, .overQuota, .noHome: touched.dropped.append(receipt)
        case .kept, .inherited, .deleted: break
        }
        while receipts.count > Limits.receiptsMax, let oldest = receipts.first {
            receipts.remove(oldest.key)
            index.remove(oldest.value)
        }
    }

    // MARK: Reading

    /// The next transcript for a library's node that has everything up to a number; `nil` when there is none, or the node is not
    /// the library's. Asking with a lower number than before, as a node does that was restored from a backup, gives what is still here again.
    public func transcript(for library: LibraryName, at node: NodeName, after number: UInt64) -> Transcript? {
        guard libraries[library]?.homeNode == node else { return nil }
        let kept = keptTranscript(for: library, at: node, after: number)
        let gone = index.goneFrom[library] ?? []
        let place = gone.partitionPoint { $0 <= number }
        guard place < gone.count, gone[place] < kept?.number ?? .max, let receipt = receipts[gone[place]],
            let anyQueue = queues.first?.key
        else { return kept }
        return Transcript(
            number: receipt.number, chat: receipt.chat, openedMs: receipt.openedMs, queue: anyQueue, home: receipt.home ?? library,
            library: library, contact: "", messages: [])
    }

    private func keptTranscript(for library: LibraryName, at node: NodeName, after number: UInt64) -> Transcript? {
        let numbers = index.outbox[library]?.numbers ?? []
        for next in numbers[numbers.partitionPoint { $0 <= number }...] {
            guard let item = outbox[next], item.takenBy == nil || item.takenBy == node else { continue }
            return item.transcript
        }
        return nil
    }

    /// What became of transcripts whose text is no longer here, oldest first.
    public var transcriptReceipts: [TranscriptReceipt] { receipts.values }

    /// The libraries for which transcripts wait to be taken, and how many.
    public var transcriptsWaiting: [(library: LibraryName, count: Int)] {
        index.outbox.keys.map { ($0, transcriptsWaiting(for: $0)) }.filter { $0.1 > 0 }
    }

    /// How many transcripts of a library wait to be taken.
    public func transcriptsWaiting(for library: LibraryName) -> Int {
        (index.outbox[library]?.numbers ?? []).count { outbox[$0]?.takenBy == nil }
    }

    // MARK: In step with the index

    mutating func replace(_ former: OutboxItem, by item: OutboxItem) {
        remove(former)
        add(item)
    }

    private mutating func add(_ item: OutboxItem) {
        outbox[item.transcript.number] = item
        index.add(item)
        touched.outbox = true
    }

    private mutating func remove(_ item: OutboxItem) {
        outbox.remove(item.transcript.number)
        index.remove(item)
    }
}

extension Indices {
    mutating func add(_ item: OutboxItem) {
        let transcript = item.transcript
        due[item.due] = ()
        var share = outbox[transcript.library] ?? OutboxShare()
        let place = share.numbers.partitionPoint { $0 < transcript.number }
        share.numbers.insert(transcript.number, at: place)
        share.textBytes += item.textBytes
        outbox[transcript.library] = share
        outboxBytes += item.textBytes
        newestTranscript[transcript.chat] = max(transcript.number, newestTranscript[transcript.chat] ?? 0)
    }

    mutating func remove(_ item: OutboxItem) {
        let transcript = item.transcript
        due.remove(item.due)
        if newestTranscript[transcript.chat] == transcript.number { newestTranscript.remove(transcript.chat) }
        outboxBytes -= item.textBytes
        guard var share = outbox[transcript.library] else { return }
        share.numbers.removeAll { $0 == transcript.number }
        share.textBytes -= item.textBytes
        outbox[transcript.library] = share.numbers.isEmpty ? nil : share
    }
}

extension Indices {
    mutating func add(_ receipt: TranscriptReceipt) {
        switch receipt.outcome {
        case .deleted:
            deleted.enlist(receipt.number, under: receipt.chat)
            if let keeper = receipt.keeper { goneFrom.enlist(receipt.number, under: keeper) }
        case .inherited:
            inherited.enlist(receipt.number, under: receipt.chat)
            if let home = receipt.home { goneFrom.enlist(receipt.number, under: home) }
        case .kept, .expired, .overQuota, .noHome: break
        }
    }

    mutating func remove(_ receipt: TranscriptReceipt) {
        switch receipt.outcome {
        case .deleted:
            deleted.strike(receipt.number, under: receipt.chat)
            if let keeper = receipt.keeper { goneFrom.strike(receipt.number, under: keeper) }
        case .inherited:
            inherited.strike(receipt.number, under: receipt.chat)
            if let home = receipt.home { goneFrom.strike(receipt.number, under: home) }
        case .kept, .expired, .overQuota, .noHome: break
        }
    }
}

// MARK: Invariants

extension ConsortiumState {
    func checkOutbox() throws(InvariantViolation) {
        var hasReceipt = Ordered<ChatID, Void>()
        for receipt in receipts.values { hasReceipt[receipt.chat] = () }
        func hold(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(InvariantViolation) {
            guard condition else { throw InvariantViolation(sentence: sentence()) }
        }
        try hold(!isBranch || outbox.isEmpty, "A branch has an outbox.")
        try hold(lateWords.isEmpty, "Late words were not put into the outbox.")
        try hold(receipts.count <= Limits.receiptsMax, "There are too many receipts.")
        try hold(index.outboxBytes <= Limits.transcriptBytesMax, "There is too much text in the outbox.")
        var ofChat = Ordered<ChatID, [UInt64]>()
        for (number, item) in outbox {
            let transcript = item.transcript
            try hold(number == transcript.number && number <= outboxNumber, "Transcript \(number) lies in another's place.")
            try hold(receipts[number] == nil, "Transcript \(number) is here and has a receipt.")
            try hold(item.textBytes > 0, "Transcript \(number) says nothing.")
            try hold(item.dropAtMs > clockMs || clockMs == .max, "Transcript \(number) is here past its deadline.")
            try hold(libraries.contains(transcript.library), "Transcript \(number) is for a library that is not in the roster.")
            try hold(item.takenBy == nil || item.heirAtMs == nil, "Transcript \(number) was taken and waits for an heir.")
            for (offset, message) in transcript.messages.enumerated() {
                try hold(Int(message.position.n) == offset + 1, "Transcript \(number) skips or repeats a place.")
            }
            for other in ofChat[transcript.chat] ?? [] {
                try hold(
                    outbox[other]?.transcript.openedMs != transcript.openedMs, "Chat \(transcript.chat) is in the outbox twice.")
            }
            ofChat.enlist(number, under: transcript.chat)
            // As long as the chat is remembered, its transcript says the same; late words that an earlier level took after a deletion are for nobody.
            if !isDeleted(transcript.chat, transcript.openedMs), let chat = chats[transcript.chat], chat.openedMs == transcript.openedMs,
                let script = scripts[transcript.chat]
            {
                let isSame = transcript.sealed.map { Int($0.messages) == script.messages.count } ?? (script.messages == transcript.messages)
                try hold(isSame, "Transcript \(number) is not what was said in \(transcript.chat).")
            }
        }
        for (id, chat) in chats where chat.isClosed && !isBranch && receipts.count < Limits.receiptsMax {
            let isThere = ofChat.contains(id) || hasReceipt.contains(id) || scripts.read(id) { $0.textBytes } == 0
            try hold(isThere, "What was said in \(id), which is over, is on its way to nobody.")
        }
        for (library, share) in index.outbox {
            try hold(share.numbers.count <= Limits.transcriptsPerLibraryMax, "\(library) has too many transcripts in the outbox.")
            try hold(share.textBytes <= Limits.transcriptBytesPerLibraryMax, "\(library) has too much text in the outbox.")
        }
    }
}
