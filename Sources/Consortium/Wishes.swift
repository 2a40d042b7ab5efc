/// Holds and exports: an admin of a library wants what was said in a chat to be kept beyond its time, or to take it away as a file; the library's director decides.
///
/// What is wanted stands in the replicated state, the text does not: the node that keeps it asks what is wanted of its libraries before it deletes anything, and gives an
/// export only when its taking is written into the audit log. Nothing falls due here: until when a wish counts follows from what it says and the wall clock.

public enum WishTag {}
/// Drawn by whoever asks, so that asking twice asks once.
public typealias WishID = Identifier<WishTag>

public struct TranscriptWish: Hashable, Sendable {
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        case hold = 1
        case export = 2
        /// As people and the HTTP API call it.
        public var text: String { self == .hold ? "hold" : "export" }
    }

    public enum Stage: UInt8, Hashable, Sendable, CaseIterable {
        case waiting = 1
        case approved = 2
        case declined = 3
        /// Withdrawn before it was decided, or a hold that the director ended.
        case ended = 4
    }

    public var id: WishID
    public var kind: Kind
    public var chat: ChatID
    /// Which keeps the text.
    public var library: LibraryName
    public var by: OperatorName
    /// Why, for the director; at most `Limits.wishTextBytesMax` bytes.
    public var reason: String
    /// For how long after the approval: a hold keeps the text, an export may be taken.
    public var days: UInt32
    /// Unix milliseconds, by the leader's clock; given by apply.
    public var askedWallMs: UInt64
    public var stage: Stage
    /// Who decided, or ended it, with which words, and when.
    public var decidedBy: OperatorName?
    public var note: String
    public var decidedWallMs: UInt64

    public init(
        id: WishID, kind: Kind, chat: ChatID, library: LibraryName, by: OperatorName, reason: String, days: UInt32,
        askedWallMs: UInt64 = 0, stage: Stage = .waiting, decidedBy: OperatorName? = nil, note: String = "", decidedWallMs: UInt64 = 0
    ) {
        self.id = id
        self.kind = kind
        self.chat = chat
        self.library = library
        self.by = by
        self.reason = reason
        self.days = days
        self.askedWallMs = askedWallMs
        self.stage = stage
        self.decidedBy = decidedBy
        self.note = note
        self.decidedWallMs = decidedWallMs
    }

    /// Until when it counts as it is, in Unix milliseconds; 0 where it does not.
    public var untilWallMs: UInt64 {
        switch stage {
        case .waiting: askedWallMs.adding(ms: UInt64(Limits.wishWaitsDays) * Self.dayMs)
        case .approved: decidedWallMs.adding(ms: UInt64(days) * Self.dayMs)
        case .declined, .ended: 0
        }
    }

    /// Whether it counts: then the text is not deleted for its age, also while it waits to be decided.
    public func isOpen(atWallMs wallMs: UInt64) -> Bool { wallMs < untilWallMs }

    /// Whether both ask for the same.
    func asks(_ other: TranscriptWish) -> Bool {
        id == other.id && kind == other.kind && chat == other.chat && library == other.library && by == other.by && reason == other.reason
            && days == other.days
    }

    private static var dayMs: UInt64 { 86_400_000 }
}

/// What becomes of a wish.
public struct WishDecision: Hashable, Sendable {
    public enum What: UInt8, Hashable, Sendable, CaseIterable {
        case approve = 1
        case decline = 2
        case end = 3

        var stage: TranscriptWish.Stage {
            switch self {
            case .approve: .approved
            case .decline: .declined
            case .end: .ended
            }
        }

        var act: AuditAct {
            switch self {
            case .approve: .approve
            case .decline: .decline
            case .end: .endHold
            }
        }
    }

    public var wish: WishID
    public var what: What
    public var by: OperatorName
    public var note: String
    public init(wish: WishID, what: What, by: OperatorName, note: String) {
        self.wish = wish
        self.what = what
        self.by = by
        self.note = note
    }
}

extension ConsortiumState {
    /// What was wanted of a library's transcripts, the newest first.
    public func wishes(of library: LibraryName) -> [TranscriptWish] {
        wishes.values.filter { $0.library == library }.sorted { ($0.askedWallMs, $0.id) > ($1.askedWallMs, $1.id) }
    }

    mutating func ask(_ given: TranscriptWish) throws(Refusal) {
        guard let person = operators[given.by] else { throw .unknownOperator(given.by) }
        guard libraries.contains(given.library) else { throw .unknownLibrary(given.library) }
        guard person.isAdmin, person.library == given.library else {
            throw Refusal(
                .notAllowed, "Holds and exports are asked for by an admin of \(given.library), whose transcripts they are; ask one of them."
            )
        }
        if let known = wishes[given.id] {
            guard known.asks(given) else {
                throw Refusal(.invalid, "Something else was asked for under this identifier; draw another one.")
            }
            return
        }
        guard operators.values.contains(where: { $0.isDirector && $0.library == given.library }) else {
            throw Refusal(
                .notAvailable,
                "\(given.library) has no director in the roster who could decide; LTG names one in the consortium's file (`director: true`)."
            )
        }
        try check(wishText: given.reason, "The reason", mayBeEmpty: false)
        let range = given.kind == .hold ? Limits.holdDaysRange : Limits.exportDaysRange
        guard range.contains(given.days) else {
            throw Refusal(
                .invalid,
                "\(given.kind == .hold ? "A hold lasts" : "An export may be taken for") \(range.lowerBound) to \(range.upperBound) days, not \(given.days)."
            )
        }
        try makeRoomForWish(of: given.library)
        var wish = given
        (wish.askedWallMs, wish.stage, wish.decidedBy, wish.note, wish.decidedWallMs) = (wallMs, .waiting, nil, "", 0)
        put(wish)
    }

    mutating func decide(_ decision: WishDecision) throws(Refusal) {
        guard var wish = wishes[decision.wish] else {
            throw Refusal(.invalid, "There is no such request, or it is forgotten; look at the list again.")
        }
        guard let person = operators[decision.by] else { throw .unknownOperator(decision.by) }
        if wish.stage == decision.what.stage, wish.decidedBy == decision.by, wish.note == decision.note { return }
        let isDirector = person.isDirector && person.library == wish.library
        let withdraws = decision.what == .end && wish.stage == .waiting && wish.by == person.name
        guard isDirector || withdraws else {
            throw Refusal(.notAllowed, "The director of \(wish.library) decides about holds and exports; ask them.")
        }
        try check(wishText: decision.note, "The note", mayBeEmpty: decision.what != .decline)
        guard wish.isOpen(atWallMs: wallMs), wish.stage == .waiting || decision.what == .end else {
            throw Refusal(.outOfOrder, "This request was decided meanwhile, or its time is over; look at the list again.")
        }
        (wish.stage, wish.decidedBy, wish.note, wish.decidedWallMs) = (decision.what.stage, decision.by, decision.note, wallMs)
        put(wish)
    }

    /// Whether an approved export may be taken now, by whoever is about to.
    func check(_ export: WishID, isTakenBy note: AuditNote) throws(Refusal) {
        guard let wish = wishes[export], wish.kind == .export, wish.chat == note.chat, wish.library == note.library else {
            throw Refusal(.invalid, "There is no such export; look at the list again.")
        }
        guard case .person(let name) = note.by, let person = operators[name], person.isAdmin, person.library == wish.library else {
            throw Refusal(.notAllowed, "An export is taken by an admin of \(wish.library) who is signed in.")
        }
        guard wish.stage == .approved, wish.isOpen(atWallMs: wallMs) else {
            throw Refusal(.notAllowed, "This export is not approved, or its time is over; ask for it again.")
        }
    }

    private mutating func put(_ wish: TranscriptWish) {
        wishes[wish.id] = wish
        wishChange += 1
        touched.board = true
    }

    /// Those that count no more give way, the oldest first.
    private mutating func makeRoomForWish(of library: LibraryName) throws(Refusal) {
        let own = wishes(of: library)
        guard own.count >= Limits.wishesPerLibraryMax || wishes.count >= Limits.wishesMax else { return }
        let among =
            own.count >= Limits.wishesPerLibraryMax
            ? own : wishes.values.sorted { ($0.askedWallMs, $0.id) > ($1.askedWallMs, $1.id) }
        guard let oldest = among.last(where: { !$0.isOpen(atWallMs: wallMs) }) else {
            throw Refusal(.tooMany, "So many holds and exports are under way that no more have room; let the director end some first.")
        }
        wishes.remove(oldest.id)
    }

    private func check(wishText text: String, _ what: String, mayBeEmpty: Bool) throws(Refusal) {
        guard text.utf8.count <= Limits.wishTextBytesMax else {
            throw Refusal(.tooLong, "\(what) has \(Limits.wishTextBytesMax) bytes at most, not \(text.utf8.count).")
        }
        // By bytes: what counts as white space differs between versions of Unicode, and replicas must not.
        guard mayBeEmpty || text.utf8.contains(where: { $0 > 0x20 }) else {
            throw Refusal(.invalid, "\(what) is missing; say it in a sentence.")
        }
    }

    /// A person is called otherwise now.
    mutating func renameInWishes(_ old: OperatorName, to new: OperatorName) {
        for var wish in wishes.values where wish.by == old || wish.decidedBy == old {
            if wish.by == old { wish.by = new }
            if wish.decidedBy == old { wish.decidedBy = new }
            put(wish)
        }
    }

    func checkWishes() throws(InvariantViolation) {
        try hold(wishes.count <= Limits.wishesMax, "There are too many holds and exports.")
        for (id, wish) in wishes {
            try hold(id == wish.id && (wish.stage == .waiting) == (wish.decidedBy == nil), "The request \(id) is misfiled.")
        }
        guard featureLevel < FeatureLevel.audit else { return }
        try hold(
            wishes.isEmpty && wishChange == 0 && !operators.values.contains(where: \.isDirector),
            "There are holds, exports or directors below their feature level.")
    }
}
