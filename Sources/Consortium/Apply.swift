/// Applying one entry of the log: first time, then what has become due, then the commands in their order.

extension ConsortiumState {
    /// Applies one entry of the log.
    ///
    /// - Parameters:
    ///   - batch: its commands; those beyond `Limits.commandsPerBatchMax` are refused.
    ///   - index: its place in the log, above every index applied before. The i-th item's position is `(index, i)`, from 0.
    /// - Returns: a verdict for every item. On a halted state everything is refused and nothing changes.
    public mutating func apply(_ batch: Batch, index: UInt64) -> Applied {
        guard halted == nil, index > appliedThrough.index else {
            let reason = halted ?? "Entry \(index) is not above \(appliedThrough.index), the last one applied."
            let refusal = Verdict.refused(Refusal(.invalid, reason))
            return Applied(verdicts: batch.items.map { _ in refusal }, touched: Touched(), halted: halted)
        }
        touched = Touched()
        compareBefore(batch)
        wallMs = batch.wallMs
        beginTerm(batch.term)
        clockMs = clockMs.adding(ms: min(batch.elapsedMs, Limits.elapsedPerEntryMsMax))
        countMissedTime(batch)
        appliedThrough = LogPosition(index: index, ordinal: 0)
        doWhatIsDue()

        var verdicts: [Verdict] = []
        verdicts.reserveCapacity(batch.items.count)
        for (offset, item) in batch.items.enumerated() {
            if let halted {
                verdicts.append(.refused(Refusal(.invalid, halted)))
                continue
            }
            guard offset < Limits.commandsPerBatchMax else {
                verdicts.append(.refused(Refusal(.tooMany, "An entry carries \(Limits.commandsPerBatchMax) commands at most.")))
                continue
            }
            // What it had asked for reaches the log after its removal.
            guard !isRemoved(item.id.node) else {
                verdicts.append(.refused(.removedNode(item.id.node)))
                continue
            }
            let position = LogPosition(index: index, ordinal: UInt32(truncatingIfNeeded: offset))
            verdicts.append(apply(item.command, at: position, askedAt: item.id.node))
        }
        return Applied(verdicts: verdicts, touched: touched, halted: halted)
    }

    /// Applies one command. `apply(_:index:)` is the way in for log entries; this one neither moves the clock nor does what is due.
    /// - Parameter node: where it was asked for, if at a node.
    public mutating func apply(_ command: Command, at position: LogPosition, askedAt node: NodeName? = nil) -> Verdict {
        if let halted { return .refused(Refusal(.invalid, halted)) }
        appliedThrough = max(appliedThrough, position)
        let verdict: Verdict
        do throws(Refusal) {
            try check(featureLevelOf: command)
            let present = underPresentNames(command)
            let sketch = keepsAudit ? sketch(of: present) : nil
            verdict = .accepted(try perform(present, at: position))
            if let sketch { note(present, sketch, node: node) }
        } catch {
            verdict = .refused(error)
        }
        settleAvailability()
        postLateWords()
        return verdict
    }

    private mutating func perform(_ command: Command, at position: LogPosition) throws(Refusal) -> Acceptance {
        switch command {
        case .setLibrary(let library): try setLibrary(library)
        case .setQueue(let queue): try setQueue(queue)
        case .setOperator(let person): try setOperator(person)
        case .setSettings(let settings): try setSettings(settings)
        case .setSignedSettings(let signed): try setSignedSettings(signed)
        case .setNaming(let naming): try setNaming(naming)
        case .renameQueue(let old, let new): try renameQueue(old, to: new)
        case .renameOperator(let old, let new): try renameOperator(old, to: new)
        case .reportProblem(let id, let report): try reportProblem(id, report)
        case .changeTicket(let change): try changeTicket(change)
        case .releaseButton(let release): try releaseButton(release)
        case .sawInstalls(let seen): try sawInstalls(seen)
        case .decideButton(let decision): try decide(decision)
        case .setCanned(let message, let editor): try setCanned(message, by: editor)
        case .dropCanned(let id, let version, let editor): try dropCanned(id, version: version, by: editor)
        case .setEntry(let entry, let editor): try setEntry(entry, by: editor)
        case .dropEntry(let id, let version, let editor): try dropEntry(id, version: version, by: editor)
        case .setTerms(let terms): try setTerms(terms)
        case .setHours(let hours): try setHours(hours)
        case .bringPast(let past): try bringPast(past)
        case .closeLibrary(let library, let closure, _): try close(library, by: closure)
        case .reopenLibrary(let library, let closure, let atMs, _): try reopen(library, closure, atMs: atMs)
        case .openNow(let library, let session, let opening): try openNow(library, session, opening)
        case .setGate(let library, let gate): try setGate(library, gate)

        case .signOn(let signOn): return try self.signOn(signOn, at: position)
        case .signOff(let session), .lapse(let session): try end(session)
        case .setAvailability(let session, let queue, let available): try setAvailability(session, queue, available)
        case .leaving(let session, let inMs): try leaving(session, inMs: inMs)
        case .setEnd(let session, let untilMs): try setEnd(session, untilMs: untilMs)
        case .setDuty(let session, let duty): try setDuty(session, duty)
        case .setVolunteers(let session, let volunteers): try setVolunteers(session, volunteers)
        case .setMentor(let session, let trainee, let isMentor): try setMentor(session, of: trainee, isMentor)
        case .tellRoom(let session, let request, let word): try tellRoom(session, request, word, at: position)
        case .back(let session, let queue): try back(session, queue)

        case .open(let open): try self.open(open)
        case .attach(let attach): try self.attach(attach)
        case .say(let say): return try self.say(say)
        case .claim(let claim): return try self.claim(claim, at: position)
        case .offerTransfer(let offer): return try offerTransfer(offer, at: position)
        case .consent(let chat, let attach, let offer, let agreed): try consent(chat, attach, offer: offer, agreed: agreed)
        case .pickUp(let chat, let session, let offer): return try pickUp(chat, session, offer: offer, at: position)
        case .withdrawOffer(let chat, let token, let offer): try withdrawOffer(chat, token: token, offer: offer)
        case .setWatcher(let chat, let token, let name, let watches): try setWatcher(chat, token: token, name, watches)
        case .stopWatching(let chat, let session): try stopWatching(chat, session)
        case .whisper(let whisper): return try self.whisper(whisper)
        case .takeOver(let chat, let session, let request): return try takeOver(chat, session, request, at: position)
        case .release(let chat, let token): try release(chat, token: token)
        case .block(let chat, let token): try block(chat, token: token)
        case .close(let chat, let token, let ending): try close(chat, token: token, ending)
        case .leave(let chat, let attach): try leave(chat, attach)
        case .rate(let chat, let attach, let rating): try rate(chat, attach, rating)
        case .keepMessage(let message): try keepMessage(message)
        case .mergeBranch(let merge): try mergeBranch(merge)
        case .transcriptTaken(let taken): try transcriptTaken(taken)
        case .transcriptDeleted(let deleted): try transcriptDeleted(deleted)

        case .patronPresence(let chat, let attach, let present): try patronPresence(chat, attach, present: present)
        case .tick: break
        case .checkDigest(let upTo, let digest): checkDigest(upTo: upTo, expected: digest, at: position)
        case .setFeatureLevel(let level): try setFeatureLevel(level)
        case .audit(let note): try check(note)
        case .askWish(let wish): try ask(wish)
        case .decideWish(let decision): try decide(decision)
        case .importShifts(let list): try importShifts(list)
        case .swapShift(let swap): try swapShift(swap)
        case .retireVoter(let voter): retiredVoter = max(retiredVoter, voter)
        case .removeNode(let node): try removeNode(node)
        case .admitNode(let node, let key): try admitNode(node, key: key)
        case .turnKeys(let turn): try turnKeys(turn)
        case .keysHeld(let node, let step): try keysHeld(by: node, step: step)
        }
        return .done
    }

    // MARK: Digests travel through the log (rule 9)

    /// A digest of the very state that this batch starts from is compared before time moves.
    private mutating func compareBefore(_ batch: Batch) {
        for case .checkDigest(let upTo, let expected) in batch.items.lazy.map(\.command) where upTo == appliedThrough {
            return remember(DigestMark(at: upTo, digest: digest()), comparingTo: expected)
        }
    }

    /// Compares with the mark that `upTo` names, if it is remembered, and takes a new mark here for the next time. The leader reads
    /// its own mark from `lastDigestMark` and proposes it.
    private mutating func checkDigest(upTo: LogPosition, expected: UInt64, at position: LogPosition) {
        if let mark = digestMarks.first(where: { $0.at == upTo }) { compare(mark, to: expected) }
        guard halted == nil else { return }
        remember(DigestMark(at: position, digest: digest()), comparingTo: nil)
    }

    private mutating func remember(_ mark: DigestMark, comparingTo expected: UInt64?) {
        if let expected { compare(mark, to: expected) }
        if digestMarks.contains(where: { $0.at == mark.at }) { return }
        digestMarks.append(mark)
        if digestMarks.count > Limits.digestMarksMax { digestMarks.removeFirst() }
    }

    private mutating func compare(_ mark: DigestMark, to expected: UInt64) {
        guard mark.digest != expected, halted == nil else { return }
        let place = "\(mark.at.index).\(mark.at.ordinal)"
        halted = "This replica's state differs from the leader's at \(place): digest \(mark.digest), expected \(expected). Restore it."
    }

    /// The newest digest taken in the log: what the leader's next `checkDigest` should carry.
    public var lastDigestMark: DigestMark? { digestMarks.last }
}
