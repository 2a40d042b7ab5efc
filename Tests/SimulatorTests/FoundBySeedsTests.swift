import ClientProtocol
import Consortium
import Gateway
import Testing

@testable import Simulator

/// What seeds found in the cores, each as the shortest story that shows it.
@Suite("What seeds found")
struct FoundBySeedsTests {
    /// Seed 7 once found a node that took the empty board of a coordinator that had just started for the consortium, and one that, merging its
    /// branch, called itself at once for ever about proposals that it could not make yet.
    @Test("a node goes on from the newest board that it saw, and rests while a merge is under way")
    func branchAfterRestart() {
        #expect(Outcome.of(Scenario(seed: 7, minutes: 3)).violation == nil)
    }

    /// Seed 95, without the guard that a node deletes what it is told was deleted, once found a coordinator that knew its leader by the id alone, as the
    /// leader had come while it was away, and told its node of none when it learned the name: that node went on by itself for ever.
    @Test("a leader that came while a coordinator was away is told to nodes as soon as its name is known")
    func leaderGetsItsName() {
        var scenario = Scenario(seed: 95, minutes: 3)
        scenario.planted = .keepDeleted
        #expect(Outcome.of(scenario).violation?.contains("is isolated") != true)
    }

    /// Seed 2 once found that notes of sign-ons which a restore ended stood where the former cluster had said something else.
    @Test("what a restored cluster notes first stands where nothing stood before")
    func restoredNotesStandApart() { #expect(Outcome.of(Scenario(seed: 2, minutes: 3, kinds: [.restore])).violation == nil) }

    /// Seed 9 once found a transcript that took the place of what the library had been delivered since the backup; seed 8 one that was not kept, as it
    /// was the shorter one.
    @Test("what a former cluster delivered of a chat stays beside what the restored one does", arguments: [8, 9] as [UInt64])
    func transcriptsAreJoined(_ seed: UInt64) { #expect(Outcome.of(Scenario(seed: seed, minutes: 3, kinds: [.restore])).violation == nil) }

    /// Seed 61 once found a checker that counted from when somebody wrote, while what they wrote came to the node when the device was back.
    @Test("a lease counts from when the person's last word came to the node")
    func leaseCountsFromArrival() { #expect(Outcome.of(Scenario(seed: 61, minutes: 3, kinds: [.crowd])).violation == nil) }

    /// Seed 54 once found a node of an older version that began a branch with the staff room that newer coordinators had told it of.
    @Test("a branch has nothing that is above the level of its node")
    func branchBelowTheStaffRoom() { #expect(Outcome.of(Scenario(seed: 54, minutes: 3)).violation == nil) }

    /// Seed 50 once found a node of an older version that held the naming conventions of its board for something that its branch had made up.
    @Test("a branch has the roster, the hours and the names that its node was told")
    func branchBelowTheNames() { #expect(Outcome.of(Scenario(seed: 50, minutes: 3)).violation == nil) }

    /// Seed 175 once found a checker that took the last look at a chat, which a branch had granted and ended within one entry, for somebody else's.
    @Test("a desk is shown the end of what it was granted, also when it never heard of it")
    func grantedAndOverInABranch() { #expect(Outcome.of(Scenario(seed: 175, minutes: 3)).violation == nil) }

    @Test("a desk whose last window closes while its claim is under way leaves no chat behind that nobody needs")
    func claimOutlivesItsWindow() throws {
        let desk = ClientID(1)
        let (name, session): (OperatorName, SessionID) = (Roster.name("mia"), SessionID(high: 1, low: 1))
        let chat = ChatID(high: 2, low: 2)
        let hash = try #require(SecretHash([UInt8](repeating: 1, count: 32)))
        var gateway = GatewayCore(
            node: Roster.name("n"), boot: 1, addresses: ["n"], seed: 1, nowMs: 0, wallMs: 0, hash: { _ in hash })
        _ = gateway.onLinkUp(now: 0)
        _ = gateway.onConnected(desk, now: 0)
        let signOn = gateway.onOperatorHello(desk, name, session, now: 0).proposals
        _ = gateway.onOutcome(
            try #require(signOn.first), .accepted(.token(.init(index: 1, ordinal: 0))), at: .init(index: 1, ordinal: 0), now: 1)
        let claim = gateway.onMessage(desk, .claim(RequestID(high: 3, low: 3), chat), now: 2).proposals
        _ = gateway.onDisconnected(desk, now: 3)
        let at = LogPosition(index: 2, ordinal: 0)
        _ = gateway.onOutcome(try #require(claim.first), .accepted(.token(at)), at: at, now: 4)
        try gateway.checkInvariants()
        let later = gateway.onTick(now: 60_000)
        #expect(later.contains(.unfollow(chat)))
        try gateway.checkInvariants()
    }
}

extension [GatewayDirective] {
    /// The numbers of what is proposed.
    fileprivate var proposals: [UInt64] {
        compactMap { if case .propose(let counter, _) = $0 { counter } else { nil } }
    }
}
