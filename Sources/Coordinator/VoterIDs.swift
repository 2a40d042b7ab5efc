/// Rule 12: a raft id that was in use once is never another machine's. Its former bearer may have voted under it, and come back.
///
/// Raft itself knows the ids of the members alone. Those of voters that left are in the state, noted before each of them leaves.

import Consortium

extension CoordinatorCore {
    /// Why no new voter may join under this raft id, as a sentence; `nil` when the state knows no reason.
    public func refusal(ofNewVoter id: UInt64) -> String? {
        guard id <= state.retiredVoter else { return nil }
        return "Raft ids are never used twice: take one above \(state.retiredVoter), which a coordinator had that left."
    }

    /// To be asked again and again until this is true; then the voter may be removed. Before the feature level for it is in force there is nowhere to note it.
    public mutating func hasRetired(voter id: UInt64, nowMs: UInt64) -> Bool {
        guard state.featureLevel >= FeatureLevel.retiredVoters, state.retiredVoter < id else { return true }
        // Asked again after a while, should the command get lost with a leader.
        guard nowMs >= retireProposedMs + 1_000 else { return false }
        retireProposedMs = nowMs
        _ = proposeOwn(.retireVoter(id), nowMs: nowMs)
        return false
    }
}
