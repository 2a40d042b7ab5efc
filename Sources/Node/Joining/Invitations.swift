/// Who was invited, until when, and who came: a pure book, kept by the coordinator that invites.

import Consortium

struct Invitation: Codable, Hashable, Sendable {
    /// As in the token, in base64url.
    var id: String
    var secret: String
    var library: String
    var node: String
    /// Seconds since 1970 by the coordinator's clock, as all times here.
    var ends: Int64
    /// When it was used.
    var used: Int64?
}

/// Why somebody may not join. The sentence says what to do.
struct JoinRefusal: Error, Hashable, Sendable {
    enum Code: String, Sendable {
        case invalid, unknown, forged, expired, used, clock, noIssuer, busy, trouble
    }
    var code: Code
    var text: String
}

struct Invitations: Codable, Hashable, Sendable {
    static let countMax = 256
    static let hoursRange: ClosedRange<Int64> = 1...720
    /// So long is told what became of one, in seconds.
    static let rememberedFor: Int64 = 30 * 86_400
    /// A fresh node's clock may be off by so much, in seconds: certificates begin a day before they are made, but records of who is there, cookies and
    /// posted hours go wrong much earlier.
    static let clockOffMax: Int64 = 300

    private(set) var list: [Invitation] = []

    /// One that is not used yet and is for the same node is replaced: its token was lost, or went astray.
    mutating func add(_ new: Invitation, now: Int64) throws(JoinRefusal) {
        list.removeAll { $0.ends + Self.rememberedFor < now || ($0.node == new.node && $0.used == nil) }
        guard list.count < Self.countMax else {
            throw JoinRefusal(
                code: .busy,
                text:
                    "\(Self.countMax) invitations are remembered here already; each is forgotten 30 days after its end. Invite at another coordinator."
            )
        }
        list.append(new)
    }

    /// The invitation with that number, if it can still be used.
    func open(_ id: String, now: Int64) throws(JoinRefusal) -> Invitation {
        guard let found = list.first(where: { $0.id == id }) else {
            throw JoinRefusal(
                code: .unknown,
                text:
                    "This coordinator knows no such invitation: it was made elsewhere, was replaced by a later one, or ended long ago. Ask LTG for another one."
            )
        }
        if let used = found.used {
            throw JoinRefusal(
                code: .used,
                text:
                    "This token was used at \(WallClock.text(used)), and is good once. If it was not you who used it, tell LTG at once; ask them for another one."
            )
        }
        guard now <= found.ends else {
            throw JoinRefusal(
                code: .expired,
                text: "This token ended at \(WallClock.text(found.ends)). Ask LTG for another one (`callslip invite \(found.library)`).")
        }
        return found
    }

    /// Holds the clock of whoever asks against the coordinator's. An invitation stays good.
    static func judge(clock: Int64, now: Int64) throws(JoinRefusal) {
        // Numbers from outside: they may be as far apart as numbers can be.
        let (difference, isTooFar) = clock.subtractingReportingOverflow(now)
        guard isTooFar || difference.magnitude > UInt64(clockOffMax) else { return }
        let way = clock < now ? "behind" : "ahead of"
        let apart = isTooFar ? "far" : span(difference.magnitude)
        throw JoinRefusal(
            code: .clock,
            text:
                "This machine's clock is \(apart) \(way) the coordinator's, which shows \(WallClock.text(now)). Set it (`timedatectl set-ntp true` keeps it right), then join again: the token was not used up."
        )
    }

    mutating func markUsed(_ id: String, now: Int64) {
        guard let at = list.firstIndex(where: { $0.id == id }) else { return }
        list[at].used = now
    }

    private static func span(_ seconds: UInt64) -> String {
        switch seconds {
        case ..<7_200: "\(seconds / 60) minutes"
        case ..<172_800: "\(seconds / 3_600) hours"
        default: "\(seconds / 86_400) days"
        }
    }
}
