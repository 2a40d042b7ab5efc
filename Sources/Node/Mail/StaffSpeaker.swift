/// For which libraries a node mails staff. A pure value: it is shown who mails, and says for whom this node speaks.
///
/// A library's home node speaks for it where it mails. Where it does not, be it gone, without a mail server, or with one that takes nothing, the first by name of the nodes that mail
/// stands in, once that has been so for a while: in the place of a node that is started again nobody speaks. Every node reckons so from what gossip brings, and for a moment two may
/// reckon differently: then a matter is mailed twice, under one identifier, rather than never.

import Consortium

struct StaffSpeaker {
    /// A restart takes less, and whoever is told 15 minutes after something can be told a minute later.
    static let standInMs: UInt64 = 60_000

    private let own: NodeName
    /// Since when this node is the one to stand in for a library.
    private var sinceMs: [LibraryName: UInt64] = [:]

    init(own: NodeName) { self.own = own }

    /// - Parameters:
    ///   - mailing: the nodes that are there and mail, this one among them where it does.
    ///   - nowMs: monotonic.
    mutating func libraries(_ all: [Library], mailing: Set<NodeName>, nowMs: UInt64) -> Set<LibraryName> {
        guard mailing.contains(own) else {
            sinceMs = [:]
            return []
        }
        let isFirst = mailing.min() == own
        let strange = isFirst ? all.filter { $0.homeNode != own && !mailing.contains($0.homeNode) }.map(\.name) : []
        sinceMs = Dictionary(strange.map { ($0, sinceMs[$0] ?? nowMs) }, uniquingKeysWith: { first, _ in first })
        let standsIn = sinceMs.filter { nowMs - min($0.value, nowMs) >= Self.standInMs }.keys
        return Set(all.filter { $0.homeNode == own }.map(\.name)).union(standsIn)
    }
}

/// Whether this node's mail server takes letters to staff. One that took none for some time gives way to those of other nodes, and is tried again later.
struct MailHealth {
    /// In vain, one after the other.
    static let failuresMax = 3
    static let restMs: UInt64 = 900_000

    private var failures = 0
    private var restsUntilMs: UInt64 = 0

    /// - Parameter isTaken: also that the server refused it for good: it answers.
    mutating func note(isTaken: Bool, nowMs: UInt64) {
        failures = isTaken ? 0 : min(failures + 1, Self.failuresMax)
        restsUntilMs = failures < Self.failuresMax ? 0 : nowMs + Self.restMs
    }

    func isResting(_ nowMs: UInt64) -> Bool { nowMs < restsUntilMs }
}
