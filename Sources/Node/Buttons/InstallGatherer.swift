/// Sightings of buttons on their way from pages to the consortium: gathered in memory, within limits whatever comes, and passed on when they are news. A pure value.
///
/// A page may be looked at a thousand times a minute, and anybody can say anything: so one place is heard once in an hour, unless it begins to fail; so many are passed on
/// in an hour at most; and of hosts that nobody knows far fewer. What a library's checklist waits for is news whatever was heard before.

import Consortium

struct InstallGatherer {
    static let waitingMax = 256
    static let heardMax = 4_096
    static let againMs: UInt64 = 3_600_000
    /// One that a checklist waits for.
    static let awaitedAgainMs: UInt64 = 60_000
    static let knownPerHourMax = 600
    static let strangersPerHourMax = 20

    /// To be passed on.
    private(set) var waiting: [InstallPlace: InstallSighting] = [:]
    /// When each place was passed on last, and whether it failed then.
    private var heard: [InstallPlace: (ms: UInt64, failed: Bool)] = [:]
    private var knownMs: [UInt64] = []
    private var strangersMs: [UInt64] = []

    var isEmpty: Bool { waiting.isEmpty }

    /// - Parameter isAwaited: a library's checklist waits for it.
    mutating func take(_ seen: InstallSighting, isAwaited: Bool = false, nowMs: UInt64) {
        guard seen.isValid else { return }
        if let last = heard[seen.place], nowMs < last.ms + (isAwaited ? Self.awaitedAgainMs : Self.againMs),
            isAwaited || last.failed || seen.error.isEmpty
        {
            return
        }
        if let before = waiting[seen.place] {
            // What failed counts.
            if before.error.isEmpty { waiting[seen.place] = seen }
        } else if waiting.count < Self.waitingMax {
            waiting[seen.place] = seen
        }
    }

    /// What is to be passed on now, in one command; the rest waits.
    /// - Parameters:
    ///   - book: what the consortium knows.
    ///   - websites: hosts of libraries' websites.
    ///   - isAwaited: whether a library's checklist waits for it: then it stands on a page that the library listed.
    mutating func due(
        _ book: ButtonBook, websites: Set<String>, day: UInt32, nowMs: UInt64, isAwaited: (InstallSighting) -> Bool = { _ in false }
    ) -> [InstallSighting] {
        knownMs.removeAll { $0 + 3_600_000 <= nowMs }
        strangersMs.removeAll { $0 + 3_600_000 <= nowMs }
        if heard.count > Self.heardMax { heard = heard.filter { nowMs < $0.value.ms + Self.againMs } }
        if heard.count > Self.heardMax { heard = [:] }
        var due: [InstallSighting] = []
        var hosts: Set<String> = []
        for (place, seen) in waiting.sorted(by: { $0.key < $1.key }) where due.count < Limits.sightingsPerCommandMax {
            waiting[place] = nil
            let isAwaited = isAwaited(seen)
            let isKnown = isAwaited || websites.contains(place.host) || book.lists.hosts.contains(place.host)
            guard isAwaited || book.isNews(seen, day: day, isKnownHost: isKnown), isKnown || hosts.insert(place.host).inserted else {
                continue
            }
            guard isKnown ? knownMs.count < Self.knownPerHourMax : strangersMs.count < Self.strangersPerHourMax else { continue }
            if isKnown {
                knownMs.append(nowMs)
                heard[place] = (nowMs, !seen.error.isEmpty)
            } else {
                // Once the host is confirmed its pages are heard at once.
                strangersMs.append(nowMs)
            }
            due.append(seen)
        }
        return due
    }

    /// A page's path as it may be kept: parts that look as if they named a person or a record are left out, and so is what is too long.
    static func path(_ raw: String) -> String {
        let path = raw.prefix { $0 != "?" && $0 != "#" }
        var kept = ""
        for part in path.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let isOfSomething = part.utf8.count > 40 || hasLongNumber(part) || part.contains("@") || part.lowercased().contains("%40")
            let word = isOfSomething ? "…" : String(part)
            // Nothing is told apart below that.
            guard kept.utf8.count + 1 + word.utf8.count <= Limits.installPathBytesMax - 4 else { return kept + "/…" }
            kept += "/" + word
        }
        let clean = kept.isEmpty ? "/" : kept
        return InstallPlace.isPath(clean) ? clean : "/…"
    }

    private static func hasLongNumber(_ part: Substring) -> Bool {
        var digits = 0
        for byte in part.utf8 {
            digits = (0x30...0x39).contains(byte) ? digits + 1 : 0
            // Years are not numbers of anything.
            if digits > 4 { return true }
        }
        return false
    }
}
