/// What the shell is to do. See the caller's duties in `Gossip.swift`.
public enum GossipDirective: Hashable, Sendable {
    /// Send the message in one datagram, sealed.
    case send(GossipMessage, to: String)
    /// Exchange states with the peer link at this address.
    case pushPull(with: String, state: PushPullState)
    /// Call `onTick` after this delay; replaces the timer that ran before.
    case scheduleNextTick(delayMs: Int64)
    /// A member other than this one appeared, changed its state, or published other fields.
    case memberChanged(Member, previous: MemberState?)
    /// A record's availability or standing changed; read `record(_:)` or `freshest(queue:)` for the standing. A renewal that changes
    /// nothing but version and age is not told.
    case recordChanged(AvailabilityRecord)
}
