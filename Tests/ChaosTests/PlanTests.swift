import Chaos
import Consortium
import Testing

@Suite struct PlanTests {
    private let coordinators = ["c1", "c2", "c3"]
    private let libraries = ["l1", "l2"]

    private func plan(_ seed: UInt64, _ groups: [[Nemesis]] = []) -> Plan {
        Plan(seed: seed, lengthMs: 600_000, groups: groups, coordinators: coordinators, libraries: libraries)
    }

    @Test func theSameSeedGivesTheSamePlan() {
        #expect(plan(7) == plan(7))
        #expect(plan(7) != plan(8))
    }

    @Test func assaultsNeverOverlapAndEndInTime() {
        for seed in UInt64(0)..<200 {
            let assaults = plan(seed).assaults
            #expect(assaults.count > 20)
            for (one, next) in zip(assaults, assaults.dropFirst()) {
                #expect(one.startMs + one.lengthMs + Plan.quietMs.lowerBound <= next.startMs)
            }
            if let last = assaults.last { #expect(last.startMs + last.lengthMs <= 600_000) }
        }
    }

    @Test func groupsTakeTurns() {
        let groups: [[Nemesis]] = [[.killLeader], [.loss, .pauseNode]]
        for (number, assault) in plan(1, groups).assaults.enumerated() {
            #expect(assault.acts.map(\.nemesis) == groups[number % 2])
        }
    }

    @Test func everyNemesisComesUpAloneAndInPairsWithAnAimThatItCanHit() {
        var alone: Set<Nemesis> = []
        var paired: Set<Nemesis> = []
        for seed in UInt64(0)..<50 {
            for assault in plan(seed).assaults {
                let nemeses = assault.acts.map(\.nemesis)
                #expect(Set(nemeses).count == nemeses.count)
                if nemeses.count == 1 { alone.formUnion(nemeses) } else { paired.formUnion(nemeses) }
                for act in assault.acts {
                    switch act.nemesis {
                    case .isolateLibrary, .isolateClients: #expect(libraries.map { .node($0) }.contains(act.target))
                    case .oneWay, .fullDisk: #expect(coordinators.map { .node($0) }.contains(act.target))
                    case .killLeader, .isolateLeader, .pauseLeader: #expect(act.target == .leader)
                    default: break
                    }
                }
            }
        }
        #expect(alone == Set(Nemesis.allCases))
        #expect(paired == Set(Nemesis.allCases))
    }

    @Test func namesOnTheCommandLine() {
        #expect(Nemesis.parse("killLeader,loss+pauseNode") == [[.killLeader], [.loss, .pauseNode]])
        #expect(Nemesis.parse("killLeader,lightning") == nil)
        #expect(Nemesis.parse("") == nil)
    }
}

@Suite struct HoldersTests {
    private let chat = ChatID(high: 1, low: 2)
    private func token(_ index: UInt64) -> LogPosition { LogPosition(index: index, ordinal: 0) }

    @Test func oneAfterTheOtherIsRight() {
        var holders = Holders()
        holders.holds("mia", chat, token(5), epoch: nil)
        holders.holds("mia", chat, token(5), epoch: 2)
        holders.holds("stan", chat, token(9), epoch: 3)
        #expect(holders.faults.isEmpty)
    }

    @Test func aTokenGivenTwiceIsFound() {
        var holders = Holders()
        holders.holds("mia", chat, token(5), epoch: nil)
        holders.holds("stan", chat, token(5), epoch: nil)
        #expect(holders.faults.count == 1)
    }

    @Test func twoHoldersInOneEpochAreFound() {
        var holders = Holders()
        holders.holds("mia", chat, token(5), epoch: 2)
        holders.holds("stan", chat, token(6), epoch: 2)
        #expect(holders.faults.count == 1)
    }
}

@Suite struct PictureTests {
    @Test func aRunIsDrawnWithItsFaultsAndNamesAreEscaped() {
        var timeline = Timeline()
        timeline.spans = [.init(name: "kill <leader>", fromMs: 1_000, toMs: 2_000)]
        timeline.samples = [.init(atMs: 250, acknowledged: 10, oldestWaitMs: 5), .init(atMs: 500, acknowledged: 0, oldestWaitMs: 255)]
        timeline.marks = [(300, "c1 ended")]
        let svg = Picture.svg(timeline, title: "chaos & order", figures: ["lost 0", "doubled 0"])
        #expect(svg.contains("kill &lt;leader&gt;"))
        #expect(svg.contains("chaos &amp; order"))
        #expect(svg.contains("lost 0, doubled 0"))
        #expect(svg.contains("<title>c1 ended</title>"))
        #expect(svg.hasSuffix("</svg>\n"))
        // 10 acknowledged in a quarter of a second are 40 a second.
        #expect(svg.contains(">40</text>"))
    }

    @Test func distributions() {
        #expect(Distribution([]).median == nil)
        #expect(Distribution([30, 10, 20]).median == 20)
        #expect(Distribution([30, 10, 20]).worst == 30)
    }
}
