// Gossip: who is in the cluster, who can be reached, and what each queue says about itself.
//
// What it is: SWIM (Das, Gupta, Motivala, DSN 2002) with the Lifeguard extensions (Dadgar, Phillips, Currey, arXiv:1707.00788v2) as one
// value, `GossipCore`. Failure detection by round-robin probes with indirect probes and nacks; suspicion with dynamic timeouts;
// dissemination piggy-backed on probes and in gossip rounds; anti-entropy by exchange of whole states. On it ride the availability
// records of the queues.
//
// What it promises: views of members that can reach each other become equal, also after the longest partition; a record's last version
// wins everywhere; the same seed and the same inputs give the same directives; every collection is bounded (`GossipLimits`).
//
// What it never does: no I/O, no clock, no randomness but its seeded generator, no logging, no Foundation. Nothing is ever owned because
// gossip said so: it decides what is shown and which node to try first; never takeover, epochs, membership of raft, or reports.
//
// What its caller owes it (the shell):
//  1. Times are milliseconds of one monotonic clock, the same for all calls. A time that goes back is taken as the latest one seen.
//  2. Every returned directive is performed, in order. Losing a `.send` is harmless.
//  3. `.scheduleNextTick(delayMs)` replaces the timer that ran before: call `onTick` once after that delay. Late is harmless, never is not.
//  4. Messages that come in were authenticated and decoded within `GossipLimits`; what was not is dropped without an answer.
//  5. `.pushPull(with:state:)`: send the state to the peer link at that address, and give its answer to `onPushPullReply`, or say
//     `onPushPullTimeout`. The peer's shell calls `onPushPullRequest` and answers with the state that it returns. The link has
//     authenticated both sides before a byte of state moves, so that the large answer can't be aimed at a stranger.
//  6. At an orderly stop: `leave`, then ticks for about a second while the sign-off spreads.
//
// Where to read on: `GossipCore.swift` (state and calls), `GossipConfiguration.swift` (what each number means), then one file per idea:
// `Probing`, `Suspicion`, `LocalHealth`, `Dissemination`, `MemberUpdates`, `Records`, `AntiEntropy`.
