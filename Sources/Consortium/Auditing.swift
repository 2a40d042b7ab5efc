/// Writing the audit log: from each command that was accepted, and changed something.

/// What is to be written of a command, known before it is applied.
struct AuditSketch {
    var act: AuditAct
    var by: AuditActor
    var subject: String
    var library: LibraryName?
    /// What the command is about, as it was: an entry is written only where it is another afterwards.
    var before: AnyHashable?
}

extension ConsortiumState {
    /// Whether this state keeps the log. A branch does not: nothing that the log tells of is done in one.
    public var keepsAudit: Bool { featureLevel >= FeatureLevel.audit && !isBranch }

    /// The entries after `number`, at most `Limits.auditPageMax`.
    public func audit(after number: UInt64) -> AuditPage {
        let skipped = number > auditAnchor.number ? Int(clamping: number - auditAnchor.number) : 0
        let entries = audit.dropFirst(min(skipped, audit.count)).prefix(Limits.auditPageMax)
        return AuditPage(anchor: auditAnchor, entries: Array(entries), last: auditAnchor.number &+ UInt64(audit.count))
    }

    /// - Parameter node: where it was asked for.
    mutating func note(_ command: Command, _ sketch: AuditSketch, node: NodeName?) {
        switch sketch.act {
        case .readTranscript, .takeExport: guard isFirst(sketch) else { return }
        default: guard audited(by: command) != sketch.before else { return }
        }
        write(sketch, node: node)
    }

    private mutating func write(_ sketch: AuditSketch, node: NodeName?) {
        var entry = AuditEntry(
            number: auditAnchor.number &+ UInt64(audit.count) &+ 1, wallMs: wallMs, by: sketch.by, node: node?.text ?? "", act: sketch.act,
            subject: sketch.subject.excerpt(bytesMax: Limits.auditSubjectBytesMax), library: sketch.library?.text ?? "", hash: [])
        entry.hash = entry.hash(after: lastAuditHash)
        audit.append(entry)
        guard audit.count > Limits.auditEntriesMax else { return }
        // Some at once, as each time the rest moves.
        let leaving = Limits.auditEntriesMax / 16
        auditAnchor = AuditAnchor(number: audit[leaving - 1].number, hash: audit[leaving - 1].hash)
        audit.removeFirst(leaving)
    }

    /// What came after the backup is not in this log; whoever kept a later hash finds out why the chain does not lead through it.
    mutating func noteRestore() {
        guard keepsAudit else { return }
        write(AuditSketch(act: .restore, by: .node, subject: "\(appliedThrough.index)"), node: nil)
    }

    /// Where nothing would be written down, nothing is read.
    func check(_ note: AuditNote) throws(Refusal) {
        guard keepsAudit else {
            throw Refusal(.notAvailable, "What is read is written down at the coordinators first; try again when they can be reached.")
        }
        if let export = note.export { try check(export, isTakenBy: note) }
    }

    var lastAuditHash: [UInt8] { audit.last?.hash ?? auditAnchor.hash }

    /// A question that comes again notes nothing again; its request is the subject's end.
    private func isFirst(_ sketch: AuditSketch) -> Bool {
        !audit.suffix(Limits.auditRepeatsSeen).contains { $0.act == sketch.act && $0.subject == sketch.subject }
    }

    /// What of the state a command is about.
    private func audited(by command: Command) -> AnyHashable? {
        switch command {
        case .setSettings: settings
        case .setSignedSettings: settingsBook.last
        case .setLibrary(let library): libraries[library.name]
        case .setQueue(let queue): queues[queue.name]?.queue
        case .setOperator(let person): operators[person.name]
        case .setNaming: naming
        case .renameQueue(let old, _): queues[old]?.queue
        case .renameOperator(let old, _): operators[old]
        case .setCanned(let message, _): canned[message.id]
        case .dropCanned(let id, _, _): canned[id]
        case .setEntry(let entry, _): entries[entry.id]
        case .dropEntry(let id, _, _): entries[id]
        case .setTerms: terms
        case .setHours(let posted): hours[posted.library]
        case .bringPast(let past): tally[TallyPlace(of: past.home)]?.chain
        case .closeLibrary(let library, _, _), .reopenLibrary(let library, _, _, _): hours[library]?.closures
        case .openNow(let library, _, _): hours[library]?.openNow
        case .changeTicket(let change): ticket(change.ticket)
        case .releaseButton: buttons.releases
        case .decideButton: [AnyHashable(buttons.hosts), AnyHashable(buttons.strangers), AnyHashable(buttons.goneChange)]
        case .transcriptDeleted(let deleted): isDeleted(deleted.chat, deleted.openedMs)
        case .retireVoter: retiredVoter
        case .removeNode, .admitNode: removedNodes
        case .turnKeys: keyPlan
        case .askWish(let wish): wishes[wish.id]
        case .decideWish(let decision): wishes[decision.wish]
        case .importShifts(let list): shiftBooks[list.library]?.change
        case .swapShift(let swap): shiftBooks[swap.library]?.change
        default: nil
        }
    }

    private func ticket(_ id: TicketID) -> Ticket? { tickets.values.first { $0.id == id } }

    /// What is written of a command, should it be accepted and change something; `nil` where nothing is: of chats, people's comings and goings, what belongs to a person
    /// alone, and what strangers say, who could otherwise push out what there is.
    func sketch(of command: Command) -> AuditSketch? {
        guard var sketch = draft(of: command) else { return nil }
        sketch.before = audited(by: command)
        return sketch
    }

    private func draft(of command: Command) -> AuditSketch? {
        func draft(_ act: AuditAct, _ by: AuditActor, _ subject: String, _ library: LibraryName?) -> AuditSketch {
            AuditSketch(act: act, by: by, subject: subject, library: library)
        }
        return switch command {
        case .setSettings: draft(.setSettings, .admin, "", nil)
        case .setSignedSettings: draft(.setSettings, .admin, "signed", nil)
        case .setLibrary(let library): draft(.setLibrary, .admin, library.name.text, library.name)
        case .setQueue(let queue): draft(.setQueue, .admin, queue.name.text, queue.library)
        case .setOperator(let person): draft(.setOperator, .admin, person.name.text, person.library)
        case .setNaming: draft(.setNaming, .admin, "", nil)
        case .renameQueue(let old, let new): draft(.renameQueue, .admin, "\(old) to \(new)", queues[old]?.queue.library)
        case .renameOperator(let old, let new): draft(.renameOperator, .admin, "\(old) to \(new)", operators[old]?.library)
        case .setCanned(let message, let editor):
            message.owner.isPerson ? nil : draft(.setCanned, AuditActor(editor), message.id.text, message.owner.library)
        case .dropCanned(let id, _, let editor):
            canned[id].flatMap { $0.owner.isPerson ? nil : draft(.dropCanned, AuditActor(editor), id.text, $0.owner.library) }
        case .setEntry(let entry, let editor):
            draft(.setEntry, AuditActor(editor), "\(entry.register.form.name) \(entry.id)", entry.library)
        case .dropEntry(let id, _, let editor):
            entries[id].map { draft(.dropEntry, AuditActor(editor), "\($0.register.form.name) \(id)", $0.library) }
        case .setTerms: draft(.setTerms, .admin, "", nil)
        case .setHours(let posted): draft(.setHours, .admin, posted.library.text, posted.library)
        case .bringPast(let past): draft(.bringPast, .admin, past.home?.text ?? "general", past.home)
        case .closeLibrary(let library, _, let by): draft(.closeLibrary, by.map { .person($0) } ?? .node, library.text, library)
        case .reopenLibrary(let library, _, _, let by): draft(.reopenLibrary, by.map { .person($0) } ?? .node, library.text, library)
        case .openNow(let library, let session, _):
            draft(.openNow, sessions[session].map { .person($0.operatorName) } ?? .node, library.text, library)
        case .changeTicket(let change):
            switch change.by {
            case .ltg: draft(.changeTicket, .admin, change.ticket.text, ticket(change.ticket)?.report.library)
            case .person(let name): draft(.changeTicket, .person(name), change.ticket.text, ticket(change.ticket)?.report.library)
            case .somebody, .node: nil
            }
        case .releaseButton(let release): draft(.releaseButton, .admin, release.version, nil)
        case .decideButton(let decision): draft(.decideButton, AuditActor(decision.by), decision.subject, nil)
        case .transcriptDeleted(let deleted): draft(.deleteTranscript, .node, deleted.chat.text, deleted.library)
        case .audit(let note):
            draft(
                note.export == nil ? .readTranscript : .takeExport, note.by,
                [note.chat.text, note.export?.text, note.request.text].compactMap(\.self).joined(separator: " "), note.library)
        case .askWish(let wish):
            draft(wish.kind == .hold ? .askHold : .askExport, .person(wish.by), "\(wish.chat) \(wish.id)", wish.library)
        case .decideWish(let decision):
            draft(
                decision.what.act, .person(decision.by), wishes[decision.wish].map { "\($0.chat) \($0.id)" } ?? "",
                wishes[decision.wish]?.library)
        case .importShifts(let list): draft(.importShifts, AuditActor(list.by), "\(list.rows.count) of \(list.library)", list.library)
        case .swapShift(let swap):
            draft(
                .swapShift, AuditActor(swap.by), swap.moves.map { "\($0.shift) \($0.from) to \($0.to)" }.joined(separator: ", "),
                swap.library)
        case .retireVoter(let voter): draft(.retireVoter, .node, "\(voter)", nil)
        case .removeNode(let node): draft(.removeNode, .admin, node.text, nil)
        case .admitNode(let node, _): draft(.admitNode, .admin, node.text, nil)
        case .turnKeys: draft(.turnKeys, .admin, "", nil)
        default: nil
        }
    }

    func checkAudit() throws(InvariantViolation) {
        try hold(audit.count <= Limits.auditEntriesMax, "The audit log has more entries than may be.")
        try hold(auditAnchor.hash.count == 32, "The audit log's anchor has no hash.")
        try hold(
            featureLevel >= FeatureLevel.audit || audit.isEmpty && auditAnchor == AuditAnchor(),
            "There is an audit log below its feature level.")
        var before = auditAnchor
        // The whole chain is checked by those who read it; here its newest part, as this is asked after every step.
        if audit.count > 4 { before = AuditAnchor(number: audit[audit.count - 5].number, hash: audit[audit.count - 5].hash) }
        let last: AuditAnchor
        do throws(AuditFlaw) {
            last = try before.following(audit.suffix(4))
        } catch {
            throw InvariantViolation(sentence: "The audit log does not hold: \(error).")
        }
        try hold(last.number == auditAnchor.number &+ UInt64(audit.count), "The audit log's numbers have a gap.")
    }
}

extension AuditActor {
    init(_ editor: Editor) {
        switch editor {
        case .admin: self = .admin
        case .person(let name): self = .person(name)
        }
    }

    init(_ author: TicketAuthor) {
        switch author {
        case .ltg: self = .admin
        case .person(let name): self = .person(name)
        case .somebody, .node: self = .node
        }
    }
}

extension ButtonDecision {
    fileprivate var subject: String {
        switch what {
        case .confirm(let host): "confirm \(host)"
        case .reject(let host): "reject \(host)"
        case .forget(let install): "forget \(install)"
        }
    }
}
