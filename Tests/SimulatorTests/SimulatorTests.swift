import Consortium
import History
import Testing

@testable import Simulator

@Suite("The simulator")
struct SimulatorTests {
    @Test("seeds with every fault hold", arguments: 1...8 as ClosedRange<UInt64>)
    func holds(_ seed: UInt64) {
        let outcome = Outcome.of(Scenario(seed: seed, minutes: 1))
        #expect(outcome.violation == nil)
        #expect(outcome.acknowledged > 0)
        #expect(outcome.patrons["waiting"] == nil)
    }

    @Test("the same seed gives the same trace to the byte, and another one another", arguments: [3, 4] as [UInt64])
    func sameTrace(_ seed: UInt64) {
        func lines(_ seed: UInt64) -> [String] {
            var lines: [String] = []
            let trace = Trace { lines.append($0) }
            _ = Outcome.of(Scenario(seed: seed, minutes: 1), trace: trace)
            return lines
        }
        let first = lines(seed)
        #expect(first.count > 100)
        #expect(lines(seed) == first)
        #expect(lines(seed + 10) != first)
    }

    @Test("whoever watches changes nothing")
    func unwatched() {
        let scenario = Scenario(seed: 5, minutes: 1)
        let watched = Outcome.of(scenario, trace: Trace { _ in })
        #expect(Outcome.of(scenario).digest == watched.digest)
    }

    /// Programs of earlier versions, each with a level of its own, are updated while everything else goes wrong (rule 11).
    @Test("a feature level comes into force when the last voter supports it", arguments: 21...24 as ClosedRange<UInt64>)
    func levels(_ seed: UInt64) throws {
        var lines: [String] = []
        let scenario = Scenario(seed: seed, minutes: 1, kinds: [.update])
        let voters = scenario.versions.prefix(scenario.coordinators)
        #expect(scenario.versions.contains { $0 < FeatureLevel.supported })
        let cluster = Cluster(scenario, trace: Trace { lines.append($0) })
        cluster.run()
        #expect(cluster.violation == nil)
        #expect(cluster.counts["versions: level \(FeatureLevel.supported) comes into force"] == 1)
        // Where not all are of the newest version, it does not come at once.
        let updated = try #require(lines.firstIndex { $0.contains("is updated") })
        let raised = lines.firstIndex { $0.contains("feature level \(FeatureLevel.supported) is in force") }
        #expect(voters.contains { $0 < FeatureLevel.supported } == (raised.map { $0 > updated } ?? false))
    }

    /// The crowd fills the coordinators' tables: messages and new chats are told to come again, and whoever is at a desk is served (rule 14).
    @Test("people at desks are served while a crowd talks")
    func crowd() {
        let outcome = Outcome.of(Scenario(seed: 5, minutes: 3, kinds: [.crowd]))
        #expect(outcome.violation == nil)
        #expect(outcome.troubles["load: a message is told to come again", default: 0] > 100)
        #expect(outcome.troubles["load: something urgent is told to come again"] == nil)
    }

    /// All coordinators are lost, and nodes and pages that lived on meet another cluster, which was begun from a backup (rule 18).
    @Test("a restored cluster has all of the backup, and takes nothing of the former one for its own", arguments: [1, 3] as [UInt64])
    func restore(_ seed: UInt64) {
        let outcome = Outcome.of(Scenario(seed: seed, minutes: 3, kinds: [.restore]))
        #expect(outcome.violation == nil)
        #expect(outcome.troubles["restore: all coordinators are lost"] == 1)
    }

    /// The checks of shifts, reports and trainees are worth something only where people do all of it.
    @Test("people plan, decide, rename, release, delete, learn and teach amid all faults")
    func everybodyTakesPart() {
        var counts: [String: Int] = [:]
        for seed in [2, 4, 24, 26, 28, 30, 49, 67] as [UInt64] {
            let outcome = Outcome.of(Scenario(seed: seed, minutes: 2))
            #expect(outcome.violation == nil)
            counts.merge(outcome.troubles, uniquingKeysWith: +)
        }
        for what in [
            "shifts: a list is imported", "shifts: a list is refused as outOfOrder", "shifts: one changes hands",
            "shifts: two are exchanged",
            "shifts: a swap is refused as outOfOrder", "past: hours are brought in", "past: hours are refused", "wishes: one is decided",
            "wishes: a decision is refused", "trainees: somebody looks after one", "trainees: a note is safe",
            "trainees: a chat is taken over", "trainees: somebody is looked after no more", "shifts: one is judged",
            "clerk: something is deleted", "clerk: a deletion is refused", "clerk: something is added to a report", "officer: opened now",
            "names: somebody is renamed", "names: another's name is refused", "names: somebody has a canned message",
            "names: somebody reports", "buttons: a version is released", "buttons: a release is refused", "buttons: pages are passed on",
            "buttons: something is decided",
        ] { #expect(counts[what, default: 0] > 0, "\(what)") }
        let judged = counts["shifts: one is judged", default: 0]
        let notJudged = counts.filter { $0.key.hasPrefix("shifts: one is not judged") }.values.reduce(0, +)
        #expect(notJudged * 4 < judged, "\(notJudged) shifts were not judged, and \(judged) were")
    }

    /// A page that had gone on at another node was noted where it was before: when that one was removed, its patron was taken for gone, and where the other was, for there.
    @Test("nodes are removed and taken back while people chat", arguments: [26, 67] as [UInt64])
    func removals(_ seed: UInt64) {
        var scenario = Scenario(seed: seed, minutes: 2)
        scenario.removesNodes = true
        let outcome = Outcome.of(scenario)
        #expect(outcome.violation == nil)
        #expect(outcome.troubles["nodes: one is removed", default: 0] > 0)
        #expect(outcome.troubles["nodes: one that is removed serves nobody", default: 0] > 0)
    }

    @Test("whoever looks after a trainee no more is not entitled to what that one is given from then on")
    func mentoringEnds() {
        let cluster = Cluster(Scenario(seed: 1, minutes: 1))
        var checker: Checker { cluster.checker }
        let chats = (1...2 as ClosedRange<UInt64>).map { ChatID(high: 0, low: $0) }
        checker.onMentoring("mia", of: "tom")
        checker.onEntitled("tom", to: chats[0])
        checker.onMentoringOver("mia", of: "tom")
        checker.onEntitled("tom", to: chats[1])
        for chat in chats {
            let key = History.Key(chat: chat, sender: SenderID(high: 0, low: 1), sequence: 1)
            checker.onSaid(key, "hello")
            var transcript = History.Transcript(reader: "mia", chat: chat, isComplete: false)
            transcript.receive(History.Line(key: key, at: Position(epoch: 1, n: 1), text: "hello"))
            checker.history.transcripts.append(transcript)
        }
        let faults = checker.history.judge().faults
        #expect(faults.map(\.kind) == [.misdelivered])
        #expect(faults.map(\.chat) == [chats[1]])
    }

    @Test("without faults nobody waits in vain and nothing is lost")
    func calm() {
        let outcome = Outcome.of(Scenario(seed: 11, minutes: 1, kinds: []))
        #expect(outcome.violation == nil)
        #expect(outcome.scenario.faults.isEmpty)
    }
}
