/// A member as this node sees it.
public struct MemberView: Hashable, Sendable {
    public let member: Member
    /// Since something last came from it or newly spoke for it; 0 for this node itself.
    public let heardAgoMs: Int64
    /// Since it took on its present state.
    public let stateForMs: Int64
}

/// Reading: what is shown, and which node to try first.
extension GossipCore {
    /// All members by name, this one included, as of `nowMs`.
    public func members(nowMs: Int64) -> [MemberView] {
        let now = max(nowMs, self.nowMs)
        let others = peerNames.compactMap { peers[$0] }.map {
            MemberView(member: $0.member, heardAgoMs: now - $0.heardMs, stateForMs: now - $0.sinceMs)
        }
        let place = others.firstIndex { $0.member.name > me.name } ?? others.count
        return others[..<place] + [MemberView(member: me, heardAgoMs: 0, stateForMs: 0)] + others[place...]
    }

    /// The member of this name, this one included.
    public func member(_ name: String) -> Member? { name == me.name ? me : peers[name]?.member }

    /// All records by key, those of dead and departed writers too, as of `nowMs`.
    public func records(nowMs: Int64) -> [RecordView] { recordKeys.compactMap { record($0, nowMs: nowMs) } }

    /// One record, as of `nowMs`.
    public func record(_ key: RecordKey, nowMs: Int64) -> RecordView? {
        let now = max(nowMs, self.nowMs)
        return records[key].map { RecordView(record: $0.aged(at: now), standing: standing($0, at: now)) }
    }

    /// The record that speaks for `queue`: the greatest version over all writers, whatever its standing. An older record of a writer
    /// that is present does not stand in for a newer one of a writer that is gone: that would show a deposed leader's word.
    public func freshest(queue: String, nowMs: Int64) -> RecordView? {
        let keys = recordKeys.filter { $0.queue == queue }
        let views = keys.compactMap { record($0, nowMs: nowMs) }
        return views.max { ($0.record.version, $0.record.key) < ($1.record.version, $1.record.key) }
    }

    /// The local health multiplier, 0 (well) to `localHealthMax`: above 0 this node's own probes go wrong.
    public var localHealth: Int { health.value }
}
