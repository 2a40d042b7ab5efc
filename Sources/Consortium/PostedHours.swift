/// Posted hours: "RMT requires chat hours be posted on a library's or department's public website, and include hours for the regular
/// semester, intersessions, and breaks."
///
/// What is replicated is what people wrote: local times, days, and the name of the zone. What that comes to in the world's time is never
/// reckoned here, as two replicas may have different rules for one zone; the module `Hours` does it where hours are shown.

public enum TermKind: UInt8, Hashable, Sendable, CaseIterable {
    case semester = 0
    case intersession = 1
    case breakTime = 2

    /// As LTG and the libraries write it.
    public var text: String {
        switch self {
        case .semester: "semester"
        case .intersession: "intersession"
        case .breakTime: "break"
        }
    }
}

/// A stretch of days of one kind.
public struct Term: Hashable, Sendable {
    public var title: String
    public var kind: TermKind
    public var first: CalendarDay
    /// The last day that belongs to it.
    public var last: CalendarDay
    public init(title: String, kind: TermKind, first: CalendarDay, last: CalendarDay) {
        self.title = title
        self.kind = kind
        self.first = first
        self.last = last
    }
}

/// The terms of the whole consortium, set by LTG. A day that none of them names is a day of the regular semester.
public struct TermCalendar: Hashable, Sendable {
    /// Counts the changes; what is set names the version that it replaces. 0: nobody has set any.
    public var version: UInt64
    /// In the order of their days; no two have a day in common.
    public var terms: [Term]
    public init(version: UInt64 = 0, terms: [Term] = []) {
        self.version = version
        self.terms = terms
    }

    public func kind(on day: CalendarDay) -> TermKind { term(on: day)?.kind ?? .semester }

    public func term(on day: CalendarDay) -> Term? { terms.first { $0.first <= day && day <= $0.last } }
}

/// From when to when, in minutes of a local day that begins at 0.
public struct OpenSpan: Hashable, Sendable {
    /// Within 0..<1440.
    public var opens: UInt16
    /// After `opens`, and at most 1440 minutes later: above 1440 it is a time of the next day.
    public var closes: UInt16
    public init(opens: UInt16, closes: UInt16) {
        self.opens = opens
        self.closes = closes
    }
}

/// Seven days, Monday first, each with its spans in their order; a day without any is closed.
public struct WeeklyHours: Hashable, Sendable {
    public var days: [[OpenSpan]]
    public init(days: [[OpenSpan]]) { self.days = days }
    public static let closed = WeeklyHours(days: Array(repeating: [], count: 7))
}

/// A day that is not as the week says.
public struct HoursException: Hashable, Sendable {
    public var day: CalendarDay
    /// None: closed all day.
    public var spans: [OpenSpan]
    /// Why, for patrons: "Thanksgiving".
    public var note: String
    public init(day: CalendarDay, spans: [OpenSpan], note: String) {
        self.day = day
        self.spans = spans
        self.note = note
    }
}

/// A closing that was not foreseen, such as a snow day: in the world's time, so that nobody need reckon.
public struct Closure: Hashable, Sendable {
    /// Drawn by whoever closes, so that asking twice closes once.
    public var id: RequestID
    /// Unix milliseconds; may lie in the past, when somebody says so afterwards.
    public var fromMs: UInt64
    public var untilMs: UInt64
    public var note: String
    public init(id: RequestID, fromMs: UInt64, untilMs: UInt64, note: String) {
        self.id = id
        self.fromMs = fromMs
        self.untilMs = untilMs
        self.note = note
    }
}

/// "Open now": somebody who may staff a library's queues opened it beyond what it posted, for a while.
public struct OpenNow: Hashable, Sendable {
    /// Unix milliseconds, by the clock of the node where it was pressed. A closing that begins later ends it.
    public var fromMs: UInt64
    /// After `fromMs`, and at most `Limits.openNowMsMax` later.
    public var untilMs: UInt64
    public init(fromMs: UInt64, untilMs: UInt64) {
        self.fromMs = fromMs
        self.untilMs = untilMs
    }
}

/// Whether a library with posted hours is within its opening. Told by the leader, which puts hours, zone and its wall clock together;
/// here it is only kept.
public enum Gate: UInt8, Hashable, Sendable, CaseIterable {
    /// Nobody could tell: as for libraries that posted nothing, whoever is there counts.
    case untold = 0
    case open = 1
    case shut = 2
    /// Within what was posted, and closed at short notice. Since the ledger's feature level; `shut` before.
    case closed = 3

    /// Whether its queues are as whoever is there says.
    public var isWithinHours: Bool { self == .untold || self == .open }
}

/// What a library posted. One that posted nothing has no entry, and is open whenever it is staffed.
public struct LibraryHours: Hashable, Sendable {
    public var library: LibraryName
    /// Counts the changes of zone, weeks and exceptions; what is set names the version that it replaces. 0: nobody has set any.
    public var version: UInt64
    /// The IANA name: `America/Chicago`.
    public var zone: String
    /// One for each kind of term, in the order of `TermKind`.
    public var weeks: [WeeklyHours]
    /// In the order of their days, one a day.
    public var exceptions: [HoursException]
    /// In the order in which they were made; the oldest give way. Not part of what `setHours` replaces.
    public var closures: [Closure]
    /// The last "Open now". Not part of what `setHours` replaces.
    public var openNow: OpenNow?
    /// Not part of what `setHours` replaces.
    public var gate: Gate
    public init(
        library: LibraryName, version: UInt64 = 0, zone: String, weeks: [WeeklyHours], exceptions: [HoursException] = [],
        closures: [Closure] = [], openNow: OpenNow? = nil, gate: Gate = .untold
    ) {
        self.library = library
        self.version = version
        self.zone = zone
        self.weeks = weeks
        self.exceptions = exceptions
        self.closures = closures
        self.openNow = openNow
        self.gate = gate
    }

    public func week(_ kind: TermKind) -> WeeklyHours {
        weeks.indices.contains(Int(kind.rawValue)) ? weeks[Int(kind.rawValue)] : .closed
    }

    /// Whether a text may name a zone: no part of it leads out of the folder of zones. Whether there is such a zone, each machine knows.
    public static func isZoneName(_ text: String) -> Bool {
        let isPlain = text.utf8.allSatisfy {
            switch $0 {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2f, 0x5f, 0x2d, 0x2b: true
            default: false
            }
        }
        return isPlain && (1...Limits.zoneBytesMax).contains(text.utf8.count) && !text.hasPrefix("/")
    }

    /// Whether both say the same, whatever their versions, closures and gates.
    func says(_ other: LibraryHours) -> Bool {
        library == other.library && zone == other.zone && weeks == other.weeks && exceptions == other.exceptions
    }
}
