/// Which versions of the operator's client are open at this node (agreement, 7), by what each says when it connects. A pure value; it knows no names, and is gone with the process.

import Gateway
import Wire

struct DeskVersions {
    /// What the client's code is called in `hello`, before its version.
    static let name = "callslip-desk/"
    /// Whatever says something else: a script, or a client of somebody's own.
    static let other = "other"

    private var open: [ClientID: String] = [:]

    /// A desk said hello. One more connection than the gateway takes is told to go, and `gone` follows.
    mutating func came(_ id: ClientID, client: String) { open[id] = Self.version(of: client) }

    mutating func gone(_ id: ClientID) { open[id] = nil }

    /// How many pages of each version are open, the most first; what is beyond `DesksOpen.versionsMax` counts as other.
    func told(served: String) -> DesksOpen {
        var counts: [String: UInt32] = [:]
        for version in open.values { counts[version, default: 0] += 1 }
        let sorted = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        var versions = sorted.prefix(DesksOpen.versionsMax - 1).map { DesksOpen.Version(version: $0.key, count: $0.value) }
        let rest = sorted.dropFirst(DesksOpen.versionsMax - 1).reduce(UInt32(0)) { $0 + $1.value }
        if rest > 0 {
            if let at = versions.firstIndex(where: { $0.version == Self.other }) {
                versions[at].count += rest
            } else {
                versions.append(DesksOpen.Version(version: Self.other, count: rest))
            }
        }
        return DesksOpen(served: served, versions: versions)
    }

    private static func version(of client: String) -> String {
        let version = client.hasPrefix(name) ? client.dropFirst(name.count) : ""
        let isSound =
            (1...DesksOpen.versionBytesMax).contains(version.utf8.count)
            && version.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2E || $0 == 0x2D }
        return isSound ? String(version) : other
    }
}
