import Consortium
import Testing

@testable import Node

/// Which node mails a library's staff: its own, else one that stands in for it, and never nobody where any can.
@Suite struct StaffSpeakerTests {
    private let names: [NodeName]
    private let libraries: [Library]
    private static let waitMs = StaffSpeaker.standInMs

    /// Three libraries at the nodes `c`, `d` and `e`; `a` and `b` have none.
    init() throws {
        names = try ["a", "b", "c", "d", "e"].map { try #require(NodeName($0)) }
        libraries = try names[2...].map { Library(name: try #require(LibraryName("of-\($0)")), title: "\($0)", homeNode: $0) }
    }

    private func node(_ text: Character) -> NodeName { names.first { $0.text == String(text) } ?? names[0] }
    private func set(_ text: String) -> Set<NodeName> { Set(text.map(node)) }
    private func spoken(_ speaker: inout StaffSpeaker, _ mailing: String, _ nowMs: UInt64) -> [String] {
        speaker.libraries(libraries, mailing: set(mailing), nowMs: nowMs).map(\.text).sorted()
    }

    @Test func aHomeSpeaksForItsLibraryAtOnce() {
        var speaker = StaffSpeaker(own: node("c"))
        #expect(spoken(&speaker, "abc", 0) == ["of-c"])
        #expect(spoken(&speaker, "ab", 0) == [], "it does not mail")
    }

    @Test func aStandInWaitsWhetherTheHomeComesBack() {
        var speaker = StaffSpeaker(own: node("a"))
        #expect(spoken(&speaker, "abcde", 5) == [])
        #expect(spoken(&speaker, "abce", 10) == [])
        #expect(spoken(&speaker, "abce", 9 + Self.waitMs) == [])
        #expect(spoken(&speaker, "abce", 10 + Self.waitMs) == ["of-d"])
        // It came back for a moment: that begins anew.
        #expect(spoken(&speaker, "abcde", 11 + Self.waitMs) == [])
        #expect(spoken(&speaker, "abce", 12 + Self.waitMs) == [])
        #expect(spoken(&speaker, "abce", 12 + 2 * Self.waitMs) == ["of-d"])
    }

    /// Who was started a moment ago knows nobody yet.
    @Test func whoseServerTakesNothingSpeaksForNobody() {
        var speaker = StaffSpeaker(own: node("a"))
        #expect(spoken(&speaker, "a", 0) == [])
        #expect(spoken(&speaker, "b", Self.waitMs) == [])
        #expect(spoken(&speaker, "a", 1 + Self.waitMs) == [])
        #expect(spoken(&speaker, "a", 1 + 2 * Self.waitMs) == ["of-c", "of-d", "of-e"])
    }

    @Test func theFirstByNameStandsIn() {
        var (first, second) = (StaffSpeaker(own: node("a")), StaffSpeaker(own: node("b")))
        for nowMs in [0, Self.waitMs] {
            _ = spoken(&first, "ab", nowMs)
            _ = spoken(&second, "ab", nowMs)
        }
        #expect(spoken(&first, "ab", Self.waitMs) == ["of-c", "of-d", "of-e"])
        #expect(spoken(&second, "ab", Self.waitMs) == [])
    }

    /// Whoever mails, and whatever comes and goes: where it stays so for the time, exactly one speaks for each library.
    @Test func exactlyOneSpeaksForEachLibraryWhereAnyMails() {
        var speakers = names.map { StaffSpeaker(own: $0) }
        var nowMs: UInt64 = 0
        for pattern in 0..<32 {
            let mailing = String("abcde".enumerated().filter { pattern >> $0.offset & 1 == 1 }.map(\.element))
            var spoke: [String] = []
            for at in [nowMs, nowMs + Self.waitMs] {
                spoke = []
                for place in speakers.indices { spoke += spoken(&speakers[place], mailing, at) }
                #expect(Set(spoke).count == spoke.count, "two speak for one library: \(mailing)")
            }
            nowMs += Self.waitMs + 1
            #expect(spoke.sorted() == (mailing.isEmpty ? [] : ["of-c", "of-d", "of-e"]), "\(mailing)")
        }
    }

    @Test func aServerThatTakesNothingGivesWayAndIsTriedAgain() {
        var health = MailHealth()
        for _ in 1..<MailHealth.failuresMax {
            health.note(isTaken: false, nowMs: 5)
            #expect(!health.isResting(5))
        }
        health.note(isTaken: true, nowMs: 5)
        for _ in 1...MailHealth.failuresMax {
            #expect(!health.isResting(5))
            health.note(isTaken: false, nowMs: 5)
        }
        #expect(health.isResting(5) && health.isResting(4 + MailHealth.restMs) && !health.isResting(5 + MailHealth.restMs))
        // Its next failure is one more, until it takes something.
        health.note(isTaken: false, nowMs: 5 + MailHealth.restMs)
        #expect(health.isResting(6 + MailHealth.restMs))
        health.note(isTaken: true, nowMs: 6 + MailHealth.restMs)
        #expect(!health.isResting(6 + MailHealth.restMs))
    }
}
