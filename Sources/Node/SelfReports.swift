/// What a node tells LTG of itself (agreement, 8), without anybody asking: that it was cut off again and again, that its disk is full, that its log was damaged, that it
/// stopped applying, that its certificate ends soon, that settings of the service are not in use here, or at another node. A pure value: it is shown the node's status now and then, and says what is to be reported.
///
/// The same matter is said once an hour at most, a certificate's end once a day; LTG's ticket counts how often.
struct SelfReports {
    struct Report: Hashable {
        /// One word for the matter: the consortium counts what says the same.
        var topic: String
        var text: String
    }

    static let everyMs: UInt64 = 60_000
    static let againMs: UInt64 = 3_600_000
    /// What is to be renewed by hand is said when so many days are left, once a day.
    static let certificateDays = 30
    static let certificateAgainMs: UInt64 = 86_400_000
    private static let certificate = "certificate"
    /// So often cut off within so long is worth a word.
    static let cutOffTimes = 3
    static let cutOffWithinMs: UInt64 = 1_800_000

    /// When each matter was said last.
    private var saidMs: [String: UInt64] = [:]
    private var branchesSeen: UInt64 = 0
    private var cutOffMs: [UInt64] = []

    init() {}

    /// - Parameters:
    ///   - branches: how many branches this process began.
    ///   - nowMs: monotonic.
    /// - Returns: what is to be reported now. Nothing while the node is cut off: it could not be passed on.
    mutating func due(_ status: NodeStatus, branches: UInt64, nowMs: UInt64) -> [Report] {
        for _ in 0..<min(branches &- branchesSeen, UInt64(Self.cutOffTimes)) { cutOffMs.append(nowMs) }
        branchesSeen = branches
        cutOffMs.removeAll { $0 + Self.cutOffWithinMs <= nowMs }
        guard !status.isolated else { return [] }
        var reports: [Report] = []
        if cutOffMs.count >= Self.cutOffTimes {
            let minutes = Self.cutOffWithinMs / 60_000
            reports.append(
                Report(
                    topic: "cut off",
                    text:
                        "\(status.node) was cut off from the coordinators \(Self.cutOffTimes) times or more within \(minutes) minutes. Look at its network."
                ))
        }
        if let why = status.raft?.full {
            reports.append(Report(topic: "disk", text: "\(status.node), a coordinator, takes nothing new: \(why)"))
        }
        if let why = status.raft?.repairing {
            reports.append(Report(topic: "log", text: "\(status.node), a coordinator, has no vote: \(why)"))
        }
        if let why = status.raft?.halted {
            reports.append(Report(topic: "halted", text: "\(status.node), a coordinator, applies nothing: \(why)"))
        }
        if let why = status.settings?.refused {
            reports.append(
                Report(
                    topic: "settings",
                    text: "\(status.node) does not use the newest settings, but those of version \(status.settings?.version ?? 0): \(why)"))
        }
        // One tells of the others, and has them before it from the log.
        if status.raft?.role == "leader", let strays = status.settings?.strays, !strays.isEmpty {
            reports.append(
                Report(
                    topic: "settings elsewhere",
                    text:
                        "\(strays.joined(separator: ", ")): other settings than those in force, for \(SettingsWatch.strayMs / 60_000) minutes or more. The page /settings of any node shows how they differ, and why."
                ))
        }
        if let days = status.certificateDaysLeft, days < Self.certificateDays {
            reports.append(
                Report(
                    topic: Self.certificate,
                    text:
                        "The certificate that \(status.node) shows its peers \(days < 0 ? "has ended, and none takes it" : "ends soon"). Renew it with `callslip ca issue \(status.node) --renew` and bring it there; the node takes it without a restart."
                ))
        }
        reports.removeAll { report in
            saidMs[report.topic].map { nowMs < $0 + (report.topic == Self.certificate ? Self.certificateAgainMs : Self.againMs) } ?? false
        }
        for report in reports { saidMs[report.topic] = nowMs }
        return reports
    }
}
