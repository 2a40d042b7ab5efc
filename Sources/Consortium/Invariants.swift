/// What holds between any two commands. Tests and the simulator ask after every step.

public struct InvariantViolation: Error, Hashable, Sendable, CustomStringConvertible {
    public var sentence: String
    public var description: String { sentence }
}

extension ConsortiumState {
    public func checkInvariants() throws(InvariantViolation) {
        try checkRoster()
        try checkNames()
        try checkCanned()
        try checkSettingsBook()
        try checkTickets()
        try checkButtons()
        try checkRegisters()
        try checkSessions()
        try checkRoom()
        try checkWatching()
        try checkRemovedNodes()
        try checkKeyPlan()
        for (id, chat) in chats {
            try check(chat)
            guard let script = scripts[id] else { throw InvariantViolation(sentence: "Chat \(id) has no script.") }
            try check(script, of: chat)
        }
        try hold(scripts.count == chats.count, "There are scripts without chats.")
        try checkWhereChatsWait()
        try checkIndices()
        try checkCounts()
        try checkOutbox()
        try checkHours()
        try checkLedger()
        try checkCauses()
        try checkDutyBooks()
        try checkTally()
        try checkAudit()
        try checkWishes()
        try checkShifts()
    }

    func hold(_ condition: Bool, _ sentence: @autoclosure () -> String) throws(InvariantViolation) {
        guard condition else { throw InvariantViolation(sentence: sentence()) }
    }

    private func checkRoster() throws(InvariantViolation) {
        let general = queues.values.filter { $0.queue.library == nil }.map(\.queue.name)
        try hold(general.count <= 1 && general.first == index.general, "There is one general queue at most, and the index knows it.")
        for (name, desk) in queues {
            try hold(desk.queue.library.map(libraries.contains) ?? true, "Queue \(name) belongs to no library of the roster.")
            try hold(desk.waitsMs.count <= Limits.waitsRememberedMax, "Queue \(name) remembers too many waits.")
        }
        for (name, person) in operators {
            try hold(libraries.contains(person.library), "Operator \(name) is of no library of the roster.")
            try hold(person.queues == person.queues.sortedOnce(), "Operator \(name)'s queues are not in order.")
            try hold(person.queues.allSatisfy(queues.contains), "Operator \(name) staffs an unknown queue.")
        }
    }

    private func checkSessions() throws(InvariantViolation) {
        var seen = Ordered<OperatorName, Void>()
        for (id, session) in sessions {
            try hold(!seen.contains(session.operatorName), "\(session.operatorName) has two sessions (rule 19).")
            seen[session.operatorName] = ()
            guard let person = operators[session.operatorName] else {
                throw InvariantViolation(sentence: "Session \(id) is of an unknown operator.")
            }
            try hold(session.available == session.available.sortedOnce(), "Session \(id)'s queues are not in order.")
            try hold(session.available.allSatisfy(person.queues.contains), "Session \(id) is available where it may not be.")
            try hold(session.duty == duty(session.duty, of: person), "Session \(id) is on duty for what its person does not staff.")
            try hold(session.duty == nil || featureLevel >= FeatureLevel.duty, "Session \(id) is on duty below the feature level of that.")
            try hold(!endedSessions.contains(id), "Session \(id) is over and in force.")
            try hold(chats(heldBy: id).count <= Limits.chatsPerOperatorMax, "Session \(id) holds too many chats.")
        }
    }

    private func check(_ chat: Chat) throws(InvariantViolation) {
        try hold(queues.contains(chat.queue), "Chat \(chat.id) is of an unknown queue.")
        try hold(!chat.fenced.contains(chat.attach), "Chat \(chat.id)'s newest attach is fenced (rule 3).")
        try hold(chat.fenced.count <= Limits.attachesPerChatMax, "Chat \(chat.id) has too many attaches.")
        try hold(chat.senders.count <= Limits.sendersPerChatMax, "Chat \(chat.id) has too many senders.")
        try hold(chat.pastOffers.count <= Limits.transfersPerChatMax, "Chat \(chat.id) was offered too often.")
        try hold(chat.pastHoldings.count <= Limits.pastHoldingsPerChatMax, "Chat \(chat.id) remembers too many holdings.")
        try hold(chat.tried == chat.tried.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }, "A target was tried twice (rule 20).")
        try hold(chat.leftAtMs == nil || !chat.patronPresent, "Chat \(chat.id)'s patron is present and has left.")
        try hold(chat.goneAtMs == nil || !chat.patronPresent, "Chat \(chat.id)'s patron is present and going.")
        switch chat.stage {
        case .held(let holding):
            try hold(sessions[holding.session]?.operatorName == holding.operatorName, "Chat \(chat.id) is held by nobody who is there.")
            try hold(chat.heldInEpoch, "Chat \(chat.id) is held, and its epoch says it is not.")
            let tokens = chat.pastHoldings.map(\.token)
            try hold(!tokens.contains(holding.token), "Chat \(chat.id)'s token is both in force and over (rule 3).")
            if let offer = holding.offer { try check(offer, of: chat) }
        case .offered(let offer):
            try hold(!offer.awaitingConsent && offer.answerInMs == nil, "Chat \(chat.id) is on offer without a holder and without consent.")
            try check(offer, of: chat)
        case .kept: try hold(chat.hasWritten, "Chat \(chat.id) is kept, and nothing was written.")
        case .waiting, .unattended, .closed: break
        }
        guard let followUp = chat.followUp, !isBranch else { return }
        try hold(featureLevel >= FeatureLevel.followUps, "Chat \(chat.id) is referred below the feature level of that.")
        try hold(
            queues.contains(followUp.target) && chat.code != nil,
            "Chat \(chat.id) is referred to nobody, or its answer cannot be collected.")
        try hold(
            followUp.listed == nil || featureLevel >= FeatureLevel.listings,
            "Chat \(chat.id) names somebody below the feature level of that.")
    }

    private func check(_ offer: Offer, of chat: Chat) throws(InvariantViolation) {
        try hold(
            offer.answerInMs != nil || !chat.tried.contains(offer.target),
            "Chat \(chat.id) is on offer where it was tried before (rule 20).")
        try hold(
            offer.listing == nil || offer.answerInMs != nil && featureLevel >= FeatureLevel.listings,
            "Chat \(chat.id) is on offer to somebody who has no queue.")
        try hold(!chat.pastOffers.contains { $0.id == offer.id }, "Chat \(chat.id)'s offer runs and is over.")
    }

    /// Positions go up by one, epochs never go down, a sender's numbers have no gap (rules 1 and 2).
    private func check(_ script: Script, of chat: Chat) throws(InvariantViolation) {
        try hold(script.messages.count <= Limits.messagesPerChatMax, "Chat \(chat.id) has too many messages.")
        try hold(script.textBytes <= Limits.textPerChatBytesMax, "Chat \(chat.id) has too much text.")
        var next = Ordered<SenderID, UInt64>()
        var bytes = 0
        var epoch: UInt32 = 0
        for (offset, message) in script.messages.enumerated() {
            try hold(Int(message.position.n) == offset + 1, "Chat \(chat.id) skips or repeats a place.")
            try hold(message.position.epoch >= epoch && message.position.epoch <= chat.epoch, "Chat \(chat.id)'s epochs are out of order.")
            epoch = message.position.epoch
            guard let (text, sender, sequence) = message.body.words else { continue }
            try hold(!message.body.isNote || message.author != .patron, "Chat \(chat.id) has a note of its patron.")
            bytes += text.utf8.count
            // What a branch's node said before it was restored from a backup may be missing; nothing may come twice or late.
            let expected = (next[sender] ?? 0) + 1
            let follows = message.branch ? sequence >= expected : sequence == expected
            try hold(follows, "Chat \(chat.id): a sender's messages are out of order (rule 2).")
            next[sender] = sequence
        }
        switch chat.stage {
        case .waiting, .unattended:
            let isMessage = script.messages.contains { $0.body == .event(.kept) }
            try hold(!isMessage, "Chat \(chat.id) was left as a message, and waits as if its patron sat there.")
        case .offered, .held, .kept, .closed: break
        }
        try hold(bytes == script.textBytes, "Chat \(chat.id) miscounts its text.")
        try hold(next.count == chat.senders.count, "Chat \(chat.id) miscounts its senders.")
        for sender in chat.senders { try hold(next[sender.id] == sender.sequence, "Chat \(chat.id) misremembers a sender.") }
    }

    /// Nobody waits where nobody is; what is on offer can be picked up by somebody; no one is told "nobody" while somebody is there.
    private func checkWhereChatsWait() throws(InvariantViolation) {
        for (queue, ranks) in index.waiting {
            for rank in ranks {
                guard let chat = chats[rank.chat], case .waiting(let waiting) = chat.stage else { continue }
                // To another library's queue it came by a transfer that its patron agreed to.
                try hold(
                    queue == chat.queue || queue != index.general || chat.referral != .declined,
                    "Chat \(rank.chat) waits in \(queue), which its patron declined.")
                if isAttended(queue) { continue }
                try hold(
                    waiting.ringsUntilMs != nil && index.mayStaff[queue] != nil, "Chat \(rank.chat) waits in \(queue), where nobody is.")
            }
        }
        for (queue, ranks) in index.offered {
            for rank in ranks {
                let by = chats[rank.chat]?.offer?.by
                let others = staff(of: queue).contains { sessions[$0]?.operatorName != by }
                try hold(others, "Chat \(rank.chat) is on offer to \(queue), where nobody can pick it up.")
            }
        }
        for (queue, ranks) in index.unattended where isAvailable(queue) && (index.waiting[queue]?.count ?? 0) < Limits.waitingPerQueueMax {
            for rank in ranks {
                guard let chat = chats[rank.chat] else { continue }
                let isAsked = chat.stage == .unattended(.asked) && chat.hasRung
                try hold(isAsked || chat.stage == .unattended(.deadline), "Chat \(rank.chat) is told that nobody is at \(queue).")
            }
        }
    }

    /// The lists at hand are those that the chats and sessions give.
    private func checkIndices() throws(InvariantViolation) {
        var fresh = Indices()
        for (_, chat) in chats { fresh.add(Listing(chat)) }
        for (_, session) in sessions { fresh.add(session, of: operators[session.operatorName]) }
        for (_, item) in outbox { fresh.add(item) }
        for (_, receipt) in receipts { fresh.add(receipt) }
        try hold(fresh.due.keys == index.due.keys, "The index of deadlines is stale.")
        try hold(fresh.waiting.keys == index.waiting.keys && fresh.waiting.values == index.waiting.values, "The waiting lists are stale.")
        try hold(
            fresh.unattended.keys == index.unattended.keys && fresh.unattended.values == index.unattended.values,
            "The lists of the unattended are stale.")
        try hold(fresh.offered.keys == index.offered.keys && fresh.offered.values == index.offered.values, "The offers' index is stale.")
        try hold(fresh.held.keys == index.held.keys && fresh.held.values == index.held.values, "The holders' index is stale.")
        try hold(fresh.kept.keys == index.kept.keys, "The list of kept messages is stale.")
        try hold(
            fresh.referred.keys == index.referred.keys && fresh.referred.values == index.referred.values,
            "The list of what was referred is stale.")
        try hold(fresh.tombstones.keys == index.tombstones.keys, "The index of closed chats is stale.")
        try hold(fresh.outbox.keys == index.outbox.keys && fresh.outbox.values == index.outbox.values, "The index of transcripts is stale.")
        try hold(
            fresh.goneFrom.values == index.goneFrom.values && fresh.deleted.values == index.deleted.values
                && fresh.inherited.values == index.inherited.values,
            "The index of receipts is stale.")
        for (_, item) in outbox where item.transcript.sealed != nil {
            try hold(item.takenBy != nil, "Transcript \(item.transcript.number) is sealed, and nobody has it.")
            try hold(
                item.transcript.messages.isEmpty && item.transcript.contact.isEmpty,
                "Transcript \(item.transcript.number) is sealed, and can be read.")
        }
        try hold(fresh.outboxBytes == index.outboxBytes, "The text of the transcripts is miscounted.")
        try hold(fresh.staff.keys == index.staff.keys && fresh.staff.values == index.staff.values, "The index of staff is stale.")
        try hold(
            fresh.mayStaff.keys == index.mayStaff.keys && fresh.mayStaff.values == index.mayStaff.values,
            "The index of who may staff what is stale.")
        try hold(
            fresh.sessionOf.keys == index.sessionOf.keys && fresh.sessionOf.values == index.sessionOf.values,
            "The index of sessions is stale.")
    }

    private func checkCounts() throws(InvariantViolation) {
        try hold(libraries.count <= Limits.librariesMax, "There are too many libraries.")
        try hold(queues.count <= Limits.queuesMax, "There are too many queues.")
        try hold(operators.count <= Limits.operatorsMax, "There are too many operators.")
        try hold(sessions.count <= Limits.sessionsMax, "There are too many sessions.")
        try hold(endedSessions.count <= Limits.endedSessionsMax, "Too many ended sessions are remembered.")
        try hold(chats.count - index.tombstones.count <= Limits.chatsLiveMax, "There are too many chats.")
        try hold(index.tombstones.count <= Limits.tombstonesMax, "There are too many closed chats.")
        try hold(index.waiting.values.allSatisfy { $0.count <= Limits.waitingPerQueueMax }, "A waiting list is too long.")
        try hold(index.rosterBytes == countedRosterBytes, "The roster is miscounted.")
        try hold(index.textBytes == scripts.values.reduce(0) { $0 + $1.textBytes }, "The text is miscounted.")
        try hold(!availabilityChanged, "A change of availability was not followed up.")
    }
}
