/// The tally: what becomes of chats, counted hour by hour for the reports of libraries, ChatWog and RMT.
///
/// **What it is.** Numbers alone, without text and without people, so that they outlive transcripts: for each library (that whose button was pressed, and
/// those that answered), for the general queue, and for each queue that was offered transfers. An hour is one of the UTC clock, by the wall clock of the entry.
///
/// **What counts when.** Everything about a chat counts for the hour in which it was asked, whenever it happens. So asked = answered + missed + abandoned + still
/// waiting, in every hour. Offers and transfers count for the hour in which they ended.
///
/// **What it never does.** It decides nothing, and counts no person. Practice is taken out again, as if it had not been asked. A chat that was asked before the
/// feature level came, or at a node that was cut off, is not followed.

/// Hours since 1970-01-01T00:00Z.
public typealias TallyHour = UInt32

/// For what is counted.
public enum TallyPlace: Hashable, Comparable, Sendable {
    /// Chats of the general queue's own button.
    case general
    case library(LibraryName)
    /// What was offered there.
    case queue(QueueName)

    /// `nil` for the general queue's own chats.
    public init(of library: LibraryName?) { self = library.map { .library($0) } ?? .general }
}

/// What whoever ends a chat says of it; asked once, and answered with one key.
public enum ChatEnding: String, Hashable, Sendable, CaseIterable {
    case answered, followUp, patronLeft, inappropriate
    /// Nothing of it counts.
    case practice
}

/// The patron's answer to the one question after the end.
public enum ChatRating: String, Hashable, Sendable, CaseIterable {
    case helped, partly, notHelped
}

/// How long somebody waited: the edges of the classes, with 30, 60 and 90 seconds among them, so that those shares are exact.
public enum WaitClasses {
    /// A wait belongs to the first class whose edge it does not pass; beyond the last edge there is one class more.
    public static let edgesMs: [UInt64] = [5, 10, 15, 20, 25, 30, 40, 50, 60, 75, 90, 120, 150, 180, 240, 300, 600].map { $0 * 1_000 }
    public static var count: Int { edgesMs.count + 1 }

    /// The class of a wait, from 0 on.
    public static func place(ofMs ms: UInt64) -> Int { edgesMs.partitionPoint { $0 < ms } }
}

/// One of the numbers of an hour.
public struct TallyCounter: Hashable, Comparable, Sendable {
    public let rawValue: UInt8

    private init(_ rawValue: UInt8) { self.rawValue = rawValue }

    /// `nil` for a number that means nothing.
    public init?(rawValue: UInt8) {
        let isWait = [Self.firstWait, Self.firstLeg].contains { (Int($0)..<Int($0) + WaitClasses.count).contains(Int(rawValue)) }
        guard isWait || Self.named.contains(where: { $0.rawValue == rawValue }) else { return nil }
        self.rawValue = rawValue
    }

    public static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    // Of the home library: each chat is asked, and then one of the next three.
    public static let asked = TallyCounter(1)
    public static let answered = TallyCounter(2)
    /// Left as a message before anybody answered.
    public static let missed = TallyCounter(3)
    /// The patron went before anybody answered.
    public static let abandoned = TallyCounter(4)
    /// Went on to the general queue by the library's fallback policy.
    public static let referred = TallyCounter(5)
    /// Questions kept as messages, those of patrons that went among them; and what became of them.
    public static let messages = TallyCounter(6)
    public static let messagesAnswered = TallyCounter(7)
    public static let messagesUnanswered = TallyCounter(8)
    /// Begun at a node that was cut off, and not followed.
    public static let cutOff = TallyCounter(9)
    /// Transfers that were picked up: of this library's chats, from its queues, to its queues.
    public static let transferred = TallyCounter(10)
    public static let transferredOut = TallyCounter(11)
    public static let transferredIn = TallyCounter(12)

    // How chats ended that somebody had answered.
    public static let endedUnsaid = TallyCounter(20)
    public static let endedByPatron = TallyCounter(21)

    public static func ended(_ ending: ChatEnding) -> TallyCounter {
        switch ending {
        case .answered: TallyCounter(22)
        case .followUp: TallyCounter(23)
        case .patronLeft: TallyCounter(24)
        case .inappropriate: TallyCounter(25)
        case .practice: TallyCounter(26)
        }
    }

    public static func rated(_ rating: ChatRating) -> TallyCounter {
        switch rating {
        case .helped: TallyCounter(31)
        case .partly: TallyCounter(32)
        case .notHelped: TallyCounter(33)
        }
    }

    // Of a queue: each offer that patrons agreed to, and how it ended.
    public static let offered = TallyCounter(40)

    static func offer(_ outcome: OfferOutcome) -> TallyCounter? {
        switch outcome {
        case .pickedUp: .offersPickedUp
        case .expired: .offersExpired
        case .withdrawn: .offersWithdrawn
        case .targetGone: .offersTargetGone
        case .chatOver: .offersChatOver
        case .declined: nil
        }
    }
    public static let offersPickedUp = TallyCounter(41)
    public static let offersExpired = TallyCounter(42)
    public static let offersWithdrawn = TallyCounter(43)
    public static let offersTargetGone = TallyCounter(44)
    public static let offersChatOver = TallyCounter(45)

    /// From asking to the first answer, by class.
    public static func wait(_ place: Int) -> TallyCounter { TallyCounter(firstWait + UInt8(clamping: min(place, WaitClasses.count - 1))) }
    /// From an offer to its pick-up, by class.
    public static func leg(_ place: Int) -> TallyCounter { TallyCounter(firstLeg + UInt8(clamping: min(place, WaitClasses.count - 1))) }

    private static let firstWait: UInt8 = 64
    private static let firstLeg: UInt8 = 96

    private static let named: [TallyCounter] =
        [
            asked, answered, missed, abandoned, referred, messages, messagesAnswered, messagesUnanswered, cutOff, transferred,
            transferredOut,
            transferredIn, endedUnsaid, endedByPatron, offered, offersPickedUp, offersExpired, offersWithdrawn, offersTargetGone,
            offersChatOver,
        ] + ChatEnding.allCases.map { ended($0) } + ChatRating.allCases.map { rated($0) }
}

/// Chats that one library answered for another.
public struct TallyShare: Hashable, Sendable {
    /// The other library; `nil` for the general queue's own chats.
    public var library: LibraryName?
    /// Answered by whoever staffs the general queue.
    public var viaGeneral: Bool
    public var count: UInt32
    public init(library: LibraryName?, viaGeneral: Bool, count: UInt32) {
        self.library = library
        self.viaGeneral = viaGeneral
        self.count = count
    }

    func comesBefore(_ other: TallyShare) -> Bool {
        guard library == other.library else {
            guard let library else { return true }
            return other.library.map { library < $0 } ?? false
        }
        return !viaGeneral && other.viaGeneral
    }
}

/// The numbers of one hour.
public struct TallyCell: Hashable, Sendable {
    public struct Entry: Hashable, Sendable {
        public var counter: TallyCounter
        public var count: UInt32
        public init(_ counter: TallyCounter, _ count: UInt32) {
            self.counter = counter
            self.count = count
        }
    }
    /// In the order of the counters, none of them 0.
    public private(set) var entries: [Entry] = []
    /// Of a home library: who answered its chats.
    public private(set) var answeredBy: [TallyShare] = []
    /// Of an answering library: for whom, the own queues' own chats left out.
    public private(set) var answeredFor: [TallyShare] = []
    /// Counted by a former service (`Past.swift`).
    public private(set) var isFormer = false

    public init() {}

    /// `nil` where something stands twice, out of order, or at 0.
    public init?(entries: [Entry], answeredBy: [TallyShare], answeredFor: [TallyShare], isFormer: Bool = false) {
        self.entries = entries
        self.answeredBy = answeredBy
        self.answeredFor = answeredFor
        self.isFormer = isFormer
        guard isInOrder else { return nil }
    }

    public subscript(_ counter: TallyCounter) -> UInt32 {
        let place = entries.partitionPoint { $0.counter < counter }
        return place < entries.count && entries[place].counter == counter ? entries[place].count : 0
    }

    var isInOrder: Bool {
        zip(entries, entries.dropFirst()).allSatisfy { $0.counter < $1.counter } && entries.allSatisfy { $0.count > 0 }
            && [answeredBy, answeredFor].allSatisfy { shares in
                zip(shares, shares.dropFirst()).allSatisfy { $0.comesBefore($1) } && shares.allSatisfy { $0.count > 0 }
            }
    }

    /// How many numbers it holds, those with a library's name among them.
    var numbers: Int { entries.count + answeredBy.count + answeredFor.count }

    /// Adds one, or takes one away.
    mutating func change(_ counter: TallyCounter, adding: Bool) {
        let place = entries.partitionPoint { $0.counter < counter }
        let isThere = place < entries.count && entries[place].counter == counter
        if !isThere {
            if adding { entries.insert(Entry(counter, 1), at: place) }
        } else if let count = entries[place].count.changed(adding: adding) {
            entries[place].count = count
        } else {
            entries.remove(at: place)
        }
    }

    /// Credits the answering library at the home library, or the other way round.
    mutating func creditBy(_ share: TallyShare, adding: Bool) { Self.change(&answeredBy, share, adding: adding) }
    mutating func creditFor(_ share: TallyShare, adding: Bool) { Self.change(&answeredFor, share, adding: adding) }

    private static func change(_ shares: inout [TallyShare], _ share: TallyShare, adding: Bool) {
        let place = shares.partitionPoint { $0.comesBefore(share) }
        let isThere = place < shares.count && !share.comesBefore(shares[place])
        if !isThere {
            if adding { shares.insert(share, at: place) }
        } else if let count = shares[place].count.changed(adding: adding) {
            shares[place].count = count
        } else {
            shares.remove(at: place)
        }
    }
}

extension UInt32 {
    /// `nil` where nothing is left.
    fileprivate func changed(adding: Bool) -> UInt32? {
        if adding { return self < .max ? self + 1 : self }
        return self > 1 ? self - 1 : nil
    }
}

/// The hours of one place in which something happened.
package struct TallyBook: Sendable {
    package var place: TallyPlace
    package internal(set) var cells = Ordered<TallyHour, TallyCell>()
    /// Over all that was ever counted, what has given way as well: replicas compare it (rule 9).
    package internal(set) var chain: UInt64 = 0

    package init(place: TallyPlace) { self.place = place }

    package init(place: TallyPlace, cells: [TallyHourCell], chain: UInt64) {
        self.place = place
        self.chain = chain
        for entry in cells { self.cells[entry.hour] = entry.cell }
    }

    /// - Returns: whether the hour is, or was, within the time that is kept.
    mutating func change(_ hour: TallyHour, _ body: (inout TallyCell) -> Void) -> Bool {
        if !cells.contains(hour) {
            let newest = max(hour, cells.last?.key ?? hour)
            let keptFrom = newest - min(newest, Limits.tallyHoursMax - 1)
            guard hour >= keptFrom else { return false }
            cells[hour] = TallyCell()
            while let oldest = cells.first?.key, oldest < keptFrom { cells.remove(oldest) }
        }
        cells.change(hour, body)
        return true
    }
}

/// One hour of a place.
public struct TallyHourCell: Hashable, Sendable {
    public var hour: TallyHour
    public var cell: TallyCell
    public init(hour: TallyHour, cell: TallyCell) {
        self.hour = hour
        self.cell = cell
    }
}

/// Hours of a place as they are read.
public struct TallyPage: Hashable, Sendable {
    public var cells: [TallyHourCell]
    /// From which hour on there is more of what was asked for.
    public var next: TallyHour?
    public init(cells: [TallyHourCell], next: TallyHour?) {
        self.cells = cells
        self.next = next
    }
}
