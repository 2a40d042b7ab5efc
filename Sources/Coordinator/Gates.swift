/// The leader's part in posted hours: it tells which libraries are within their opening (agreement, 3).
///
/// Hours are replicated as people wrote them, and no replica reckons with zones or reads a wall clock. So the leader puts hours, terms, zone and its
/// own wall clock together, and where that comes to something else than the state holds, it proposes `Command.setGate`. It compares a level and follows no
/// edge: whatever was lost with a leader, the next one tells again. It looks when something changes, when a library opens or closes, and once a minute, as
/// wall clocks may be set. Where the machine does not know a zone, its leader says so (`Gate.untold`), and whoever is there counts.
/// The leader's wall clock decides: coordinators keep theirs right, as with NTP.

import Consortium
import Hours

struct GateKeeper: Sendable {
    /// When to look next, on this machine's monotonic clock.
    var dueMs: UInt64 = 0
    /// The rules of the zones that were read; `.some(nil)` where the machine has none.
    private(set) var zones: [String: ZoneRules?] = [:]
    private(set) var asked: Set<String> = []

    /// The longest time between two looks.
    static let lookEveryMs: UInt64 = 60_000
    /// A proposal that was lost is made again after this.
    static let againAfterMs: UInt64 = 2_000
    /// Zones that are remembered; the whole world has some 600 names.
    static let zonesMax = 1_024

    /// Whether the zone is to be read: once in the life of a process.
    mutating func ask(_ zone: String) -> Bool { asked.count < Self.zonesMax && asked.insert(zone).inserted }

    mutating func learn(_ zone: String, _ rules: ZoneRules?) {
        guard asked.contains(zone) else { return }
        zones[zone] = .some(rules)
        dueMs = 0
    }
}

extension CoordinatorCore {
    /// The answer to `readZone`; `nil` where the machine does not know the zone.
    public mutating func onZone(_ zone: String, _ rules: ZoneRules?) { gates.learn(zone, rules) }

    /// - Parameter wallMs: Unix milliseconds.
    mutating func keepGates(nowMs: UInt64, wallMs: UInt64) -> [CoordinatorDirective] {
        guard role.isLeader, halted == nil, state.featureLevel >= FeatureLevel.steeringHours, nowMs >= gates.dueMs, !state.hours.isEmpty
        else { return [] }
        var directives: [CoordinatorDirective] = []
        var nextMs = nowMs + GateKeeper.lookEveryMs
        for posted in state.hours.values {
            guard let known = gates.zones[posted.zone] else {
                if gates.ask(posted.zone) { directives.append(.readZone(posted.zone)) }
                continue
            }
            let schedule = known.map { Schedule(hours: posted, terms: state.terms, zone: $0) }
            let tellsClosings = state.featureLevel >= FeatureLevel.ledger
            let (gate, untilMs) = schedule.map { Self.gate(of: $0, wallMs: wallMs, tellsClosings) } ?? (.untold, nil)
            if let untilMs { nextMs = min(nextMs, nowMs + max(1, untilMs - min(wallMs, untilMs))) }
            guard gate != posted.gate else { continue }
            nextMs = min(nextMs, nowMs + GateKeeper.againAfterMs)
            directives += proposeOwn(.setGate(posted.library, gate), nowMs: nowMs)
        }
        gates.dueMs = nextMs
        return directives + [.scheduleTick(atMs: nextMs)]
    }

    /// How a library's gate should stand, and until when (Unix milliseconds).
    private static func gate(of schedule: Schedule, wallMs: UInt64, _ tellsClosings: Bool) -> (gate: Gate, untilMs: UInt64?) {
        let now = Int64(clamping: wallMs / 1_000)
        switch schedule.status(at: now) {
        case .open(let until): return (.open, UInt64(clamping: until) * 1_000)
        case .closed(let next, _):
            // What would be open, were it not for a closing at short notice.
            if tellsClosings, !schedule.hours.closures.isEmpty, case .open(let until) = schedule.withoutClosings.status(at: now) {
                return (.closed, UInt64(clamping: min(until, next ?? until)) * 1_000)
            }
            return (.shut, next.map { UInt64(clamping: $0) * 1_000 })
        }
    }
}
