import Testing

@testable import Node

/// Agreement, 8: nodes report by themselves.
@Suite struct SelfReportsTests {
    private func status(isolated: Bool = false, full: String? = nil, halted: String? = nil) -> NodeStatus {
        NodeStatus(
            node: "memorial", boot: "1", servedBy: nil, leader: nil, isolated: isolated,
            raft: .init(
                role: "follower", term: 1, commitIndex: 1, appliedIndex: 1, lastIndex: 1, digest: "", halted: halted, featureLevel: nil,
                full: full,
                repairing: nil),
            coordinators: nil, members: [], queues: [], waiting: 0, kept: 0, signedOn: 0, untaken: nil, boardIndex: nil)
    }

    @Test func aNodeThatIsWellSaysNothing() {
        var reports = SelfReports()
        #expect(reports.due(status(), branches: 0, nowMs: 1_000).isEmpty)
    }

    @Test func aFullDiskIsToldOnceAnHour() {
        var reports = SelfReports()
        let full = status(full: "the disk has no room.")
        let told = [SelfReports.Report(topic: "disk", text: "memorial, a coordinator, takes nothing new: the disk has no room.")]
        #expect(reports.due(full, branches: 0, nowMs: 0) == told)
        #expect(reports.due(full, branches: 0, nowMs: SelfReports.againMs - 1).isEmpty)
        #expect(reports.due(full, branches: 0, nowMs: SelfReports.againMs) == told)
        #expect(reports.due(status(full: "x", halted: "y"), branches: 0, nowMs: SelfReports.againMs + 1).map(\.topic) == ["halted"])
    }

    @Test func aCertificateThatEndsSoonIsToldOnceADay() {
        var reports = SelfReports()
        var soon = status()
        soon.certificateDaysLeft = SelfReports.certificateDays
        #expect(reports.due(soon, branches: 0, nowMs: 0).isEmpty)
        soon.certificateDaysLeft = SelfReports.certificateDays - 1
        #expect(reports.due(soon, branches: 0, nowMs: 0).first?.text.contains("ends soon") == true)
        #expect(reports.due(soon, branches: 0, nowMs: SelfReports.certificateAgainMs - 1).isEmpty)
        soon.certificateDaysLeft = -1
        #expect(reports.due(soon, branches: 0, nowMs: SelfReports.certificateAgainMs).first?.text.contains("has ended") == true)
    }

    @Test func whoeverIsCutOffThriceWithinHalfAnHourSaysSoWhenItIsBack() {
        var reports = SelfReports()
        #expect(reports.due(status(), branches: 1, nowMs: 0).isEmpty)
        #expect(reports.due(status(), branches: 2, nowMs: 60_000).isEmpty)
        // The first one is too long ago by then.
        #expect(reports.due(status(), branches: 3, nowMs: SelfReports.cutOffWithinMs + 1).isEmpty)
        let nowMs = SelfReports.cutOffWithinMs + 50_000
        #expect(reports.due(status(isolated: true), branches: 4, nowMs: nowMs).isEmpty)
        #expect(reports.due(status(), branches: 4, nowMs: nowMs + 1).map(\.topic) == ["cut off"])
        #expect(reports.due(status(), branches: 5, nowMs: nowMs + 2).isEmpty)
    }
}
