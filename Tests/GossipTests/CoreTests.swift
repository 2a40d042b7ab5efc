import Testing

@testable import Gossip

@Suite struct CoreTests {
    private func core(_ name: String = "me", configuration: GossipConfiguration = .lan) throws -> GossipCore {
        try GossipCore(me: TestNetwork.member(name), configuration: configuration, seed: 1, nowMs: 0)
    }

    private func gossip(_ updates: GossipUpdate...) -> GossipMessage { GossipMessage(.gossip, updates: updates) }

    private func known(_ names: String..., to core: inout GossipCore, nowMs: Int64 = 0) {
        for name in names {
            _ = core.onMessage(gossip(.alive(TestNetwork.member(name))), from: "\(name):7946", nowMs: nowMs)
        }
    }

    private func sent(_ directives: [GossipDirective]) -> [(message: GossipMessage, to: String)] {
        directives.compactMap { if case .send(let message, let to) = $0 { (message, to) } else { nil } }
    }

    @Test func invalidMembersAndConfigurationsAreRefused() {
        var member = TestNetwork.member("a")
        member.gossipAddress = "nowhere"
        #expect(throws: GossipInputError(field: "gossipAddress", expected: "host:port of at most 128 bytes")) {
            try GossipCore(me: member, configuration: .lan, seed: 1, nowMs: 0)
        }
        var configuration = GossipConfiguration.lan
        configuration.probeTimeoutMs = 400
        #expect(throws: GossipInputError.self) { try core(configuration: configuration) }
        #expect(GossipConfiguration.wan.invalidField == nil)
    }

    @Test(arguments: ["", ":1", "host", "host:", "host:0", "host:65536", "host:1a", "host:+1"]) func wrongAddressesAreTold(address: String)
    {
        #expect(!Member.isValidAddress(address))
    }

    @Test(arguments: ["h:1", "[::1]:7946", "node.example.org:65535"]) func goodAddressesAreTaken(address: String) {
        #expect(Member.isValidAddress(address))
    }

    /// Whoever was removed leaves the table with its records, is not heard, and what others still say of it is read over, until it is taken back.
    @Test func whoIsExcludedIsHeardNoMore() throws {
        var core = try core()
        known("memorial", "college", to: &core)
        let record = AvailabilityRecord(
            key: RecordKey(queue: "memorial-desk", writer: "memorial"), writerBootID: TestNetwork.member("memorial").bootID,
            version: RecordVersion(session: 1, counter: 1), availability: Availability.withdrawn, ageMs: 0)
        _ = core.onMessage(gossip(.record(record)), from: "memorial:7946", nowMs: 1)
        #expect(core.freshest(queue: "memorial-desk", nowMs: 1)?.record == record)
        let told = core.exclude(["memorial", "me"], nowMs: 2)
        #expect(
            told.contains {
                if case .memberChanged(let member, _) = $0 { member.name == "memorial" && member.state == .left } else { false }
            })
        func names(_ nowMs: Int64) -> [String] { core.members(nowMs: nowMs).map(\.member.name).sorted() }
        #expect(names(2) == ["college", "me"])
        let ping = GossipMessage(.ping(sequence: 7, target: "me"), updates: [.alive(TestNetwork.member("law"))])
        #expect(sent(core.onMessage(ping, from: "memorial:7946", nowMs: 3)).isEmpty)
        let newer = AvailabilityRecord(
            key: record.key, writerBootID: 9, version: RecordVersion(session: 9, counter: 1), availability: .withdrawn, ageMs: 0)
        _ = core.onMessage(gossip(.alive(TestNetwork.member("memorial")), .record(newer)), from: "college:7946", nowMs: 4)
        #expect(names(4) == ["college", "me"])
        #expect(core.freshest(queue: "memorial-desk", nowMs: 4) == nil)
        core.checkInvariants()
        // Its machine was given to another member, who says so: that one is heard from there.
        var heir = TestNetwork.member("law")
        heir.gossipAddress = "memorial:7946"
        _ = core.onMessage(gossip(.alive(heir)), from: "college:7946", nowMs: 5)
        #expect(!sent(core.onMessage(GossipMessage(.ping(sequence: 8, target: "me")), from: "memorial:7946", nowMs: 5)).isEmpty)
        _ = core.exclude([], nowMs: 6)
        known("memorial", to: &core, nowMs: 7)
        #expect(names(7) == ["college", "law", "me", "memorial"])
    }

    @Test func aPingIsAcknowledgedOnlyByWhomItMeans() throws {
        var core = try core()
        let mine = sent(core.onMessage(GossipMessage(.ping(sequence: 7, target: "me")), from: "x:1", nowMs: 0))
        #expect(mine.map(\.message) == [GossipMessage(.ack(sequence: 7))])
        #expect(mine.map(\.to) == ["x:1"])
        let others = sent(core.onMessage(GossipMessage(.ping(sequence: 8, target: "other")), from: "x:1", nowMs: 0))
        #expect(others.isEmpty)
    }

    @Test func anAnswerCarriesNoMoreThanItsRequest() throws {
        var core = try core()
        for index in 0..<30 { known("member-\(index)", to: &core) }
        let empty = sent(core.onMessage(GossipMessage(.ping(sequence: 1, target: "me")), from: "x:1", nowMs: 0))
        #expect(empty.first?.message.updates.isEmpty == true)
        let updates = (0..<4).map { GossipUpdate.alive(TestNetwork.member("a-new-member-with-a-long-name-\($0)")) }
        let full = sent(core.onMessage(GossipMessage(.ping(sequence: 2, target: "me"), updates: updates), from: "x:1", nowMs: 0))
        let answer = try #require(full.first?.message)
        #expect(!answer.updates.isEmpty)
        #expect(answer.updates.reduce(0) { $0 + $1.bytesMax } <= updates.reduce(0) { $0 + $1.bytesMin })
    }

    @Test func aPingRequestForAStrangerIsNackedAndPingsNobody() throws {
        var core = try core()
        let answers = sent(core.onMessage(GossipMessage(.pingRequest(sequence: 3, target: "stranger")), from: "x:1", nowMs: 0))
        #expect(answers.map(\.message) == [GossipMessage(.nack(sequence: 3))])
        #expect(answers.map(\.to) == ["x:1"])
    }

    @Test func relaysAreBounded() throws {
        var core = try core()
        known("a", to: &core)
        for sequence in 0..<UInt32(GossipLimits.relaysMax + 20) {
            _ = core.onMessage(GossipMessage(.pingRequest(sequence: sequence, target: "a")), from: "x:1", nowMs: 0)
        }
        #expect(core.relays.count == GossipLimits.relaysMax)
        core.checkInvariants()
        _ = core.onTick(nowMs: 600)
        #expect(core.relays.isEmpty)
    }

    /// SWIM §4.2: the order of precedence, for every pair of news about one member, in both orders of arrival.
    @Test func theTableDoesNotDependOnTheOrderOfArrival() throws {
        var member = TestNetwork.member("a")
        var news: [GossipUpdate] = []
        for incarnation in UInt64(2)...4 {
            member.incarnation = incarnation
            news += [
                .alive(member), .suspect(name: "a", incarnation: incarnation, accuser: "b"),
                .dead(name: "a", incarnation: incarnation, accuser: "b"), .left(name: "a", incarnation: incarnation),
            ]
        }
        for first in news {
            for second in news {
                var one = try core()
                known("a", to: &one)
                var other = one
                _ = one.onMessage(gossip(first, second), from: "x:1", nowMs: 1)
                _ = other.onMessage(gossip(second, first), from: "x:1", nowMs: 1)
                #expect(one.member("a")?.incarnation == other.member("a")?.incarnation)
                #expect(one.member("a")?.state == other.member("a")?.state, "\(first.trace), \(second.trace)")
                one.checkInvariants()
            }
        }
    }

    @Test func refutingRaisesTheIncarnationAndDoubtsOnesOwnHealth() throws {
        var core = try core()
        _ = core.onMessage(gossip(.suspect(name: "me", incarnation: 5, accuser: "b")), from: "b:1", nowMs: 0)
        #expect(core.me.incarnation == 6)
        #expect(core.localHealth == 1)
        _ = core.onMessage(gossip(.suspect(name: "me", incarnation: 5, accuser: "b")), from: "b:1", nowMs: 0)
        #expect(core.me.incarnation == 6, "an outdated suspicion needs no refutation")
    }

    @Test func incarnationsBeyondTheLimitAreIgnored() throws {
        var core = try core()
        let beyond = GossipLimits.versionMax + 1
        _ = core.onMessage(gossip(.suspect(name: "me", incarnation: beyond, accuser: "b")), from: "b:1", nowMs: 0)
        #expect(core.me.incarnation == 1)
        _ = core.onMessage(gossip(.suspect(name: "me", incarnation: GossipLimits.versionMax, accuser: "b")), from: "b:1", nowMs: 0)
        #expect(core.me.incarnation == GossipLimits.versionMax)
        core.checkInvariants()
    }

    @Test func aFullTableGivesThePlaceOfTheDepartedAndNeverThatOfTheLiving() throws {
        var core = try core()
        for index in 0..<(GossipLimits.membersMax - 1) { known("m\(index)", to: &core) }
        known("late", to: &core)
        #expect(core.member("late") == nil)
        _ = core.onMessage(
            gossip(.dead(name: "m1", incarnation: 1, accuser: "m2"), .left(name: "m7", incarnation: 1)), from: "m2:1", nowMs: 5)
        known("late", to: &core, nowMs: 6)
        #expect(core.member("late") != nil)
        #expect(core.member("m7") == nil)
        #expect(core.member("m1")?.state == .dead)
        core.checkInvariants()
    }

    @Test func packetsStayWithinTheirLimitHoweverMuchThereIsToTell() throws {
        var core = try core()
        for index in 0..<200 {
            var member = TestNetwork.member(String(repeating: "x", count: 50) + "\(index)")
            member.webURLs = [String(repeating: "u", count: 200), String(repeating: "v", count: 200)]
            _ = core.onMessage(gossip(.alive(member)), from: "x:1", nowMs: 0)
        }
        for tick in 0..<200 {
            for (message, _) in sent(core.onTick(nowMs: Int64(tick) * 100)) { #expect(message.bytesMax <= GossipLimits.messageBytesMax) }
        }
        core.checkInvariants()
    }

    @Test func aFrozenProcessBlamesItselfFirst() throws {
        var core = try core()
        known("a", "b", "c", to: &core)
        _ = core.onTick(nowMs: 0)
        _ = core.onMessage(gossip(.suspect(name: "a", incarnation: 1, accuser: "b")), from: "b:7946", nowMs: 10)
        let directives = core.onTick(nowMs: 60_000)
        #expect(core.member("a")?.state == .suspect, "it was not there to hear the refutation")
        #expect(core.localHealth >= 1)
        #expect(!directives.contains { if case .memberChanged(_, previous: .suspect) = $0 { true } else { false } })
    }

    @Test func everyTickSchedulesTheNextOneLast() throws {
        var core = try core()
        known("a", "b", to: &core)
        var now: Int64 = 0
        for _ in 0..<200 {
            let directives = core.onTick(nowMs: now)
            guard case .scheduleNextTick(let delayMs)? = directives.last else {
                Issue.record("no next tick in \(directives)")
                return
            }
            #expect((0...1_000).contains(delayMs))
            now += max(1, delayMs)
        }
        #expect(now > 5_000)
    }

    @Test func leavingTellsEverybodyAtOnceAndFallsSilent() throws {
        var core = try core()
        known("a", "b", "c", "d", "e", to: &core)
        let farewell = sent(core.leave(nowMs: 1))
        #expect(Set(farewell.map(\.to)).count == 5)
        #expect(farewell.allSatisfy { $0.message.updates == [.left(name: "me", incarnation: 1)] })
        let answers = core.onMessage(GossipMessage(.ping(sequence: 1, target: "me")), from: "a:7946", nowMs: 2)
        #expect(answers.isEmpty)
        #expect(core.me.state == .left)
        core.checkInvariants()
    }

    @Test func changesOfOnesOwnFieldsSpreadUnderANewIncarnation() throws {
        var core = try core()
        known("a", to: &core)
        _ = try core.updateMe(nowMs: 1) { member in
            member.coordinatorHint = CoordinatorHint(leader: "a", term: 3)
            member.name = "thief"
            member.incarnation = 99
        }
        #expect(core.me.name == "me")
        #expect(core.me.incarnation == 2)
        #expect(core.me.coordinatorHint?.term == 3)
        #expect(throws: GossipInputError.self) { try core.updateMe(nowMs: 2) { $0.webURLs = ["a", "b", "c"] } }
        let unchanged = try core.updateMe(nowMs: 3) { _ in }
        #expect(unchanged.isEmpty)
        #expect(core.me.incarnation == 2)
    }

    @Test func aNameThatAnotherBootUsedIsTakenBack() throws {
        var core = try core()
        let former = TestNetwork.member("me", bootID: 77)
        _ = core.onMessage(gossip(.alive(former)), from: "a:7946", nowMs: 0)
        #expect(core.me.incarnation == 2)
        _ = core.onMessage(gossip(.alive(core.me)), from: "a:7946", nowMs: 0)
        #expect(core.me.incarnation == 2, "one's own echo is no claim")
    }

    @Test func seedsAreBoundedAndChecked() throws {
        var core = try core()
        #expect(throws: GossipInputError.self) { try core.join(seeds: ["nonsense"], nowMs: 0) }
        #expect(throws: GossipInputError.self) { try core.join(seeds: (0..<17).map { "h:\($0 + 1)" }, nowMs: 0) }
        let directives = try core.join(seeds: ["me:7947", "a:7947"], nowMs: 0)
        let asked = directives.compactMap { if case .pushPull(let address, _) = $0 { address } else { nil } }
        #expect(asked == ["a:7947"], "its own address is no seed")
    }
}
