/// The buttons on libraries' pages (agreement, 4): which version of their code is released, on which pages they stand, and which sites are known.
///
/// A page tells its host, path, queue, version and whether the code failed; nothing of a patron. Nodes gather that and pass on what is new, changed, or seen again on
/// another day. A host counts when a library's card names it as its website, or when somebody who may confirmed it: others wait in a list of their own, so that
/// strangers cannot fill the inventory.

/// Which code is behind the loader's one address, from when on.
public struct ButtonRelease: Hashable, Sendable {
    /// Counts the releases; what is released names the one that it replaces.
    public var number: UInt64
    public var version: String
    /// Why, for people.
    public var note: String
    /// Unix milliseconds, by the leader's clock.
    public var wallMs: UInt64
    public init(number: UInt64, version: String, note: String, wallMs: UInt64 = 0) {
        self.number = number
        self.version = version
        self.note = note
        self.wallMs = wallMs
    }

    /// A version is the beginning of its code's digest.
    public static func isVersion(_ text: String) -> Bool {
        text.utf8.count == Limits.buttonVersionDigits && text.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }
}

/// With which snippet a page has its button.
public enum InstallKind: UInt8, Hashable, Sendable, CaseIterable {
    case own
    /// The old vendor's, with the host changed.
    case old
}

/// Where a button is: a page may have several, for several queues.
public struct InstallPlace: Hashable, Sendable, Comparable {
    /// As in the page's address, with its port where it has one of its own.
    public var host: String
    /// Without query.
    public var path: String
    /// As the page says it; empty where it says none.
    public var queue: String
    public init(host: String, path: String, queue: String) {
        self.host = host
        self.path = path
        self.queue = queue
    }

    public static func < (left: Self, right: Self) -> Bool {
        for (one, other) in [(left.host, right.host), (left.path, right.path), (left.queue, right.queue)]
        where one.utf8.elementsEqual(other.utf8) == false {
            return one.utf8.lexicographicallyPrecedes(other.utf8)
        }
        return false
    }

    var isValid: Bool { Self.isHost(host) && Self.isPath(path) && (queue.isEmpty || QueueName(queue) != nil) }

    public static func isHost(_ text: String) -> Bool {
        (1...Limits.installHostBytesMax).contains(text.utf8.count)
            && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x3A).contains($0) || [0x2D, 0x2E, 0x5B, 0x5D].contains($0) }
    }

    public static func isPath(_ text: String) -> Bool {
        text.utf8.first == 0x2F && text.utf8.count <= Limits.installPathBytesMax
            && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F && $0 != "?" && $0 != "#" }
    }
}

/// What a node heard of a button.
public struct InstallSighting: Hashable, Sendable {
    public var place: InstallPlace
    public var kind: InstallKind
    /// Of the code that ran there; empty where none did.
    public var version: String
    /// What failed; empty where nothing did.
    public var error: String
    public init(place: InstallPlace, kind: InstallKind, version: String, error: String) {
        self.place = place
        self.kind = kind
        self.version = version
        self.error = error
    }

    public var isValid: Bool {
        place.isValid && (version.isEmpty || ButtonRelease.isVersion(version)) && error.utf8.count <= Limits.installErrorBytesMax
    }
}

/// A button in the inventory. Days are counted from 1970-01-01, in UTC.
public struct Install: Hashable, Sendable {
    public var number: UInt64
    /// Counts changes of all: readers ask for what changed since.
    public var change: UInt64
    public var place: InstallPlace
    public var kind: InstallKind
    public var version: String
    /// What failed last, and on which day; empty once a day went by without.
    public var error = ""
    public var errorDay: UInt32 = 0
    public var firstDay: UInt32
    public var lastDay: UInt32
    public init(
        number: UInt64, change: UInt64, place: InstallPlace, kind: InstallKind, version: String, error: String = "", errorDay: UInt32 = 0,
        firstDay: UInt32,
        lastDay: UInt32
    ) {
        self.number = number
        self.change = change
        self.place = place
        self.kind = kind
        self.version = version
        self.error = error
        self.errorDay = errorDay
        self.firstDay = firstDay
        self.lastDay = lastDay
    }

    /// As it is after a sighting. One that failed stays so for the day: others may have been luckier.
    public func after(_ seen: InstallSighting, day: UInt32) -> Install {
        var install = self
        install.lastDay = max(lastDay, day)
        install.kind = seen.kind
        if !seen.version.isEmpty { install.version = seen.version }
        if !seen.error.isEmpty {
            install.error = seen.error
            install.errorDay = max(errorDay, day)
        } else if errorDay < day {
            install.error = ""
            install.errorDay = 0
        }
        return install
    }
}

/// A host that no library names, and nobody confirmed.
public struct StrangerHost: Hashable, Sendable {
    public var host: String
    /// One of its pages, and the queue that it names.
    public var path: String
    public var queue: String
    public var firstDay: UInt32
    public var lastDay: UInt32
    public init(host: String, path: String, queue: String, firstDay: UInt32, lastDay: UInt32) {
        self.host = host
        self.path = path
        self.queue = queue
        self.firstDay = firstDay
        self.lastDay = lastDay
    }
}

/// All but the installs themselves.
public struct ButtonLists: Hashable, Sendable {
    /// The last ones, the newest last.
    public var releases: [ButtonRelease] = []
    /// Hosts that were confirmed, in order.
    public var hosts: [String] = []
    /// In order of their hosts.
    public var strangers: [StrangerHost] = []
    /// The number that was given last.
    public var installNumber: UInt64 = 0
    /// Counts all changes; and at which of them these lists changed last, and installs went.
    public var change: UInt64 = 0
    public var listsChange: UInt64 = 0
    public var goneChange: UInt64 = 0
    public init() {}

    /// What is released; `nil` before anything was: then each node serves the code that it was built with.
    public var released: ButtonRelease? { releases.last }
}

/// What is decided about hosts and pages, and by whom.
public struct ButtonDecision: Hashable, Sendable {
    public enum What: Hashable, Sendable {
        /// The host's pages are ours.
        case confirm(host: String)
        /// They are not, or not any more: what is known of them is forgotten.
        case reject(host: String)
        /// A page is not expected to come back.
        case forget(install: UInt64)
    }
    public var by: TicketAuthor
    public var what: What
    public init(by: TicketAuthor, what: What) {
        self.by = by
        self.what = what
    }
}

/// What changed since a reader was told last.
public struct ButtonNews: Hashable, Sendable {
    /// Where they changed.
    public var lists: ButtonLists?
    public var changed: [Install]
    /// All that there are, where some went.
    public var numbers: [UInt64]?
    public init(lists: ButtonLists?, changed: [Install], numbers: [UInt64]?) {
        self.lists = lists
        self.changed = changed
        self.numbers = numbers
    }
}

/// What a node knows of all that.
public struct ButtonBook: Sendable {
    public private(set) var lists = ButtonLists()
    public private(set) var installs: [UInt64: Install] = [:]
    public private(set) var numberOf: [InstallPlace: UInt64] = [:]
    public init() {}

    public mutating func take(_ news: ButtonNews) {
        if let lists = news.lists { self.lists = lists }
        for install in news.changed {
            installs[install.number] = install
            numberOf[install.place] = install.number
        }
        guard let numbers = news.numbers.map({ Set($0) }) else { return }
        for (number, install) in installs where !numbers.contains(number) {
            installs[number] = nil
            if numberOf[install.place] == number { numberOf[install.place] = nil }
        }
    }

    /// Whether the consortium should hear of a sighting: it is new, something is otherwise, or it is another day.
    public func isNews(_ seen: InstallSighting, day: UInt32, isKnownHost: Bool) -> Bool {
        guard isKnownHost else { return lists.strangers.first { $0.host == seen.place.host }.map { $0.lastDay < day } ?? true }
        guard let install = numberOf[seen.place].flatMap({ installs[$0] }) else { return true }
        return install.after(seen, day: day) != install
    }
}

extension LibraryCard {
    /// The host of the website; `nil` where the card names none.
    public var websiteHost: String? {
        var rest = website.lowercased()[...]
        for scheme in ["https://", "http://"] where rest.hasPrefix(scheme) { rest = rest.dropFirst(scheme.count) }
        let host = String(rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" })
        return InstallPlace.isHost(host) ? host : nil
    }
}
