/// Why a queue was available or not, minute by minute: the help desk's "why is this button off?" for times that are past.
///
/// A library's queue and the general queue have a book each, so that the chain of reasons is put together when somebody asks
/// (`Routing.past`). As in the ledger, a minute counts as what was so in its middle, and it is timed by the wall clock of the entry that brought the change.

/// What speaks against a queue; where nothing does, somebody takes its chats.
public struct Causes: OptionSet, Hashable, Sendable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// By the roster.
    public static let closed = Causes(rawValue: 1 << 0)
    public static let settingUp = Causes(rawValue: 1 << 1)
    public static let outsideHours = Causes(rawValue: 1 << 2)
    public static let shortNotice = Causes(rawValue: 1 << 3)
    public static let paused = Causes(rawValue: 1 << 4)
    public static let nobodySignedOn = Causes(rawValue: 1 << 5)
    public static let nobodyAvailable = Causes(rawValue: 1 << 6)
    public static let everybodyLeaving = Causes(rawValue: 1 << 7)
    /// The library refers nothing to the general queue: speaks against nothing by itself.
    public static let fallbackOff = Causes(rawValue: 1 << 8)
    public static let known: Causes = [
        .closed, .settingUp, .outsideHours, .shortNotice, .paused, .nobodySignedOn, .nobodyAvailable, .everybodyLeaving, .fallbackOff,
    ]
}

/// What was so of a queue from a minute on, until the next run begins.
public struct CauseRun: MinuteRun, Hashable, Sendable {
    public var from: LedgerMinute
    public var causes: Causes
    /// How many took its chats; up to 255.
    public var takers: UInt8
    public init(from: LedgerMinute, causes: Causes, takers: UInt8) {
        self.from = from
        self.causes = causes
        self.takers = takers
    }

    func saysAs(_ other: CauseRun) -> Bool { causes == other.causes && takers == other.takers }

    /// The same words as of the present.
    var reasons: [Reason] { causes.reasons(closedWhy: "its library, or LTG, had closed it") + (takers > 0 ? [.staffed(Int(takers))] : []) }
}

package struct CauseBook: Hashable, Sendable {
    package var queue: QueueName
    package private(set) var runs: [CauseRun] = []
    /// Over all that was ever noted: replicas compare it (rule 9).
    package private(set) var chain: UInt64 = 0

    package init(queue: QueueName) { self.queue = queue }

    package init(queue: QueueName, runs: [CauseRun], chain: UInt64) {
        self.queue = queue
        self.runs = runs
        self.chain = chain
    }

    mutating func note(_ causes: Causes, takers: Int, atMs wallMs: UInt64) {
        let from = max(LibraryLedger.minute(at: wallMs), runs.last?.from ?? 0)
        let run = CauseRun(from: from, causes: causes, takers: UInt8(clamping: takers))
        guard runs.begin(run) else { return }
        runs.giveWay(minutesMax: Limits.causeMinutesMax, runsMax: Limits.causeRunsPerQueueMax)
        var digest = Digest(seed: chain)
        digest.add(UInt64(run.from))
        digest.add(UInt64(run.causes.rawValue))
        digest.add(UInt64(run.takers))
        chain = digest.value
    }
}

extension Causes {
    /// - Parameter closedWhy: what the roster says of a closed queue.
    func reasons(closedWhy: String) -> [Reason] {
        var reasons: [Reason] = []
        if contains(.closed) { reasons.append(.closed(closedWhy)) }
        if contains(.settingUp) { reasons.append(.closed("its library is being set up; its checklist says what is still to do")) }
        if contains(.outsideHours) { reasons.append(.closed("it is outside the posted hours")) }
        if contains(.shortNotice) { reasons.append(.closed("its library has closed at short notice")) }
        if contains(.paused) { reasons.append(.paused) }
        if contains(.nobodySignedOn) { reasons.append(.nobodySignedOn) }
        if contains(.nobodyAvailable) { reasons.append(.nobodyAvailableHere) }
        if contains(.everybodyLeaving) { reasons.append(.everybodyLeaving) }
        return reasons
    }
}

extension ConsortiumState {
    var keepsCauses: Bool { featureLevel >= FeatureLevel.causes && !isBranch }

    /// What speaks for and against a queue now.
    func causes(of desk: QueueDesk) -> (causes: Causes, takers: Int) {
        let name = desk.queue.name
        var causes: Causes = []
        if desk.queue.opening != .open { causes.insert(.closed) }
        if isSettingUp(desk) { causes.insert(.settingUp) }
        if !isWithinHours(name) {
            causes.insert(desk.queue.library.flatMap { hours[$0]?.gate } == .closed ? .shortNotice : .outsideHours)
        }
        if desk.paused { causes.insert(.paused) }
        if desk.queue.library.flatMap({ libraries[$0]?.fallback }) == .off { causes.insert(.fallbackOff) }
        let takers = takers(of: name)
        if index.mayStaff[name] == nil {
            causes.insert(.nobodySignedOn)
        } else if staff(of: name).isEmpty {
            causes.insert(.nobodyAvailable)
        } else if takers == 0 {
            causes.insert(.everybodyLeaving)
        }
        return (causes, takers)
    }

    /// After a change of gates, of who is available, or of the roster.
    mutating func noteCauses() {
        guard keepsCauses else { return }
        for desk in queues.values {
            let ((causes, takers), name, wallMs) = (causes(of: desk), desk.queue.name, wallMs)
            if !causeBooks.contains(name) { causeBooks[name] = CauseBook(queue: name) }
            causeBooks.change(name) { $0.note(causes, takers: takers, atMs: wallMs) }
        }
    }

    mutating func renameCauses(_ old: QueueName, to new: QueueName) {
        guard var book = causeBooks.remove(old) else { return }
        book.queue = new
        causeBooks[new] = book
    }

    /// The runs of a queue that reach into a range of minutes, the first cut to its beginning.
    public func causes(of queue: QueueName, in minutes: Range<LedgerMinute>) -> [CauseRun] {
        causeBooks[queue]?.runs.reaching(into: minutes) ?? []
    }

    func checkCauses() throws(InvariantViolation) {
        for (name, book) in causeBooks {
            try hold(name == book.queue && queues.contains(name), "The book of causes of \(name) is another queue's.")
            try hold(book.runs.count <= Limits.causeRunsPerQueueMax, "The book of causes of \(name) is too long.")
            try hold(book.runs.isInOrder, "The book of causes of \(name) is out of order.")
        }
        if keepsCauses {
            // What is noted last is what is so.
            for desk in queues.values {
                let (causes, takers) = causes(of: desk)
                let last = causeBooks[desk.queue.name]?.runs.last
                try hold(
                    last?.causes == causes && last?.takers == UInt8(clamping: takers),
                    "The book of causes of \(desk.queue.name) does not say what is so now.")
            }
        } else {
            try hold(causeBooks.isEmpty, "There are books of causes below their feature level, or in a branch.")
        }
    }
}
