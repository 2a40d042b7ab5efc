import Consortium
import Gossip
import Seeded

/// Everything that a seed decides before the first step: the cluster, the people, the settings, and which fault strikes when. A shrunk
/// scenario is the same with less in it.
package struct Scenario: Sendable {
    package var seed: UInt64
    package var coordinators = 3
    package var libraries = 3
    /// Every machine plays both roles.
    package var isCombined = false
    /// How long faults strike, in virtual milliseconds; then everything is healed and must come to rest.
    package var strikeMs: UInt64
    package var patrons: Int
    package var operatorsPerLibrary = 2
    package var settings = Settings()
    package var faults: [Fault] = []
    /// Entries between two snapshots, and kept before one: small, so that installs happen.
    package var snapshotEveryEntries: UInt64 = 256
    package var snapshotTrailingEntries: UInt64 = 32
    /// Messages between voters may get lost and overtake each other, in percent: links would not do this, but raft must bear it.
    package var voterLossPercent = 0
    /// Between two purges of a voter's disk.
    package var purgeEveryMs: UInt64 = 43_200_000
    /// Whether the run goes on until no text is left, and looks for it on the disks.
    package var outlivesText = false
    /// People of the libraries delete a transcript now and then, at most so far apart; nil: nobody does.
    package var deletionsEveryMs: UInt64?
    /// The feature levels that the machines' programs support at first; empty: all run the newest.
    package var versions: [UInt32] = []
    /// The bounds that coordinators keep, where a crowd comes that fills them; nil: those of the service, and no crowd.
    package var pressure: Pressure?
    package var planted: PlantedBug?
    /// Whether LTG removes nodes and takes them back, and turns keys. Not by itself: amid faults this still breaks rules in some seeds, and whether the service or what is modelled of it
    /// is wrong is not known of each (cluster/CHAOS.md).
    package var removesNodes = false

    /// Leaves faults and people out, by what `Reduction` says.
    package mutating func reduce(by reduction: Reduction) {
        if let kept = reduction.faults { faults = kept.filter(faults.indices.contains).map { faults[$0] } }
        if let most = reduction.patrons { patrons = min(patrons, most) }
        if let most = reduction.operatorsPerLibrary { operatorsPerLibrary = min(operatorsPerLibrary, most) }
    }

    /// - Parameters:
    ///   - minutes: of virtual time during which faults strike.
    ///   - kinds: the faults that may strike.
    package init(seed: UInt64, minutes: Int, kinds: [FaultKind] = FaultKind.allCases) {
        self.seed = seed
        strikeMs = UInt64(minutes) * 60_000
        var random = SeededGenerator(seed: seed ^ 0x5CE7_A210)
        coordinators = random.chance(20) ? 5 : 3
        isCombined = random.chance(20)
        libraries = isCombined ? coordinators : Int.random(in: 3...4, using: &random)
        patrons = Int.random(in: 2...6, using: &random) * max(1, minutes)
        operatorsPerLibrary = Int.random(in: 1...2, using: &random)
        snapshotEveryEntries = [64, 256, 1_024][Int.random(in: 0..<3, using: &random)]
        snapshotTrailingEntries = snapshotEveryEntries / [2, 8][Int.random(in: 0..<2, using: &random)]
        voterLossPercent = random.chance(30) ? Int.random(in: 1...20, using: &random) : 0
        settings = Self.settings(&random)
        if settings.transcriptDeadlineMs < Settings.transcriptDeadlineMsUsual {
            var own = SeededGenerator(seed: seed ^ 0x0B1F_5EED)
            purgeEveryMs = UInt64.random(in: 10_000...40_000, using: &own)
            outlivesText = own.chance(40)
        }
        let others = kinds.filter { !$0.isPlannedApart }
        faults = Self.plan(strikeMs, machines: machines, others, &random)
        if kinds.contains(.replace) { planReplacements(isSure: others.isEmpty) }
        if kinds.contains(.untold) { planUntold() }
        var deletions = SeededGenerator(seed: seed ^ 0xDE1E_7ED0)
        if deletions.chance(40) { deletionsEveryMs = UInt64.random(in: 10_000...60_000, using: &deletions) }
        if kinds.contains(.update) { planUpdates(isSure: others.isEmpty) }
        if kinds.contains(.crowd) { planCrowd(isSure: others.isEmpty) }
        if kinds.contains(.restore) { planRestore(isSure: others.isEmpty) }
    }

    /// A backup is taken at the fault's time, and needed at its end.
    private mutating func planRestore(isSure: Bool) {
        var own = SeededGenerator(seed: seed ^ 0x4E57_04E5)
        guard own.chance(isSure ? 100 : 20) else { return }
        let atMs = UInt64.random(in: 10_000...max(10_000, strikeMs / 2), using: &own)
        let forMs = UInt64.random(in: 500...FaultKind.restore.longestMs, using: &own)
        faults.append(Fault(kind: .restore, atMs: atMs, forMs: forMs, targets: Array(0..<machines), chance: own.next()))
    }

    /// Some are so small that a few talkative people fill them. Where links between voters lose messages, nothing is answered within a stated time.
    private mutating func planCrowd(isSure: Bool) {
        var own = SeededGenerator(seed: seed ^ 0xC204_3D00)
        guard voterLossPercent == 0, own.chance(isSure ? 100 : 15) else { return }
        pressure = Pressure(&own)
        settings.operatorLeaseMs = UInt64.random(in: 10_000...14_000, using: &own)
        let atMs = UInt64.random(in: 5_000...max(5_000, strikeMs * 2 / 3), using: &own)
        faults.append(Fault(kind: .crowd, atMs: atMs, forMs: Pressure.forMs, targets: Array(0..<machines), chance: own.next()))
    }

    /// Where text has short deadlines, nodes are away for longer than their heirs wait.
    private mutating func planUntold() {
        var own = SeededGenerator(seed: seed ^ 0x0A57_1E57)
        let deadlineMs = settings.transcriptDeadlineMs
        // Back before what ended meanwhile is forgotten, as above.
        let (leastMs, mostMs) = (deadlineMs / 2 + 5_000, min(deadlineMs, settings.tombstoneMs) - 30_000)
        guard deadlineMs < Settings.transcriptDeadlineMsUsual, leastMs <= mostMs, own.chance(80) else { return }
        let atMs = UInt64.random(in: 500...strikeMs / 2, using: &own)
        let forMs = UInt64.random(in: leastMs...mostMs, using: &own)
        faults.append(Fault(kind: .untold, atMs: atMs, forMs: forMs, targets: Array(0..<machines), chance: own.next()))
    }

    /// Some begin with an earlier version, each with its own, and are updated in any order (rule 11). Drawn apart, as above.
    private mutating func planUpdates(isSure: Bool) {
        var own = SeededGenerator(seed: seed ^ 0x0DD1_7E25)
        guard own.chance(isSure ? 100 : 50) else { return }
        versions = (0..<machines).map { _ in
            own.chance(60) ? UInt32.random(in: FeatureLevel.first..<FeatureLevel.supported, using: &own) : FeatureLevel.supported
        }
        for machine in versions.indices where versions[machine] < FeatureLevel.supported {
            let atMs = UInt64.random(in: 500...strikeMs, using: &own)
            let forMs = UInt64.random(in: 0...FaultKind.update.longestMs, using: &own)
            faults.append(Fault(kind: .update, atMs: atMs, forMs: forMs, targets: [machine], chance: own.next()))
        }
    }

    /// Drawn apart, so that all else stays as it was.
    private mutating func planReplacements(isSure: Bool) {
        var own = SeededGenerator(seed: seed ^ 0x4E3B_E250)
        guard own.chance(isSure ? 100 : 40) else { return }
        for _ in 0..<Int.random(in: 1...3, using: &own) {
            let atMs = UInt64.random(in: 500...strikeMs, using: &own)
            let forMs = UInt64.random(in: 0...FaultKind.replace.longestMs, using: &own)
            faults.append(
                Fault(kind: .replace, atMs: atMs, forMs: forMs, targets: (0..<coordinators).shuffled(using: &own), chance: own.next()))
        }
    }

    var machines: Int { isCombined ? coordinators : coordinators + libraries }

    /// Short times, so that a few minutes see every timer run out.
    /// In whole seconds, as documents of settings have them.
    private static func settings(_ random: inout SeededGenerator) -> Settings {
        var settings = Settings()
        settings.pickUpMs = 1_000 * UInt64.random(in: 8...30, using: &random)
        settings.patronDeadlineMs = 1_000 * UInt64.random(in: 40...120, using: &random)
        settings.consentMs = 1_000 * UInt64.random(in: 5...20, using: &random)
        settings.operatorLeaseMs = 1_000 * UInt64.random(in: 12...45, using: &random)
        settings.patronGoneMs = 1_000 * UInt64.random(in: 15...60, using: &random)
        // A chat that is forgotten before a branch or a laptop comes back with it begins anew, by design: longer than either is away.
        settings.tombstoneMs = random.chance(30) ? 120_000 : 3_600_000
        settings.chatsPerOperatorMax = UInt32.random(in: 1...4, using: &random)
        if random.chance(40) {
            // So short that nodes that are cut off miss it.
            settings.transcriptDeadlineMs = 1_000 * UInt64.random(in: 90...240, using: &random)
            settings.transcriptKeptMs = 1_000 * UInt64.random(in: 1...30, using: &random)
        }
        return settings
    }

    /// Faults come one after another, now and then two at a time, with pauses in which the cluster recovers.
    private static func plan(
        _ strikeMs: UInt64, machines: Int, _ kinds: [FaultKind], _ random: inout SeededGenerator
    ) -> [Fault] {
        guard !kinds.isEmpty, random.chance(95) else { return [] }
        var faults: [Fault] = []
        var atMs = UInt64.random(in: 500...8_000, using: &random)
        while atMs < strikeMs {
            let kind = kinds[Int.random(in: 0..<kinds.count, using: &random)]
            let longMs = kind.longestMs
            let forMs =
                random.chance(60)
                ? UInt64.random(in: 200...longMs / 4, using: &random) : UInt64.random(in: longMs / 4...longMs, using: &random)
            let targets = (0..<machines).shuffled(using: &random)
            faults.append(Fault(kind: kind, atMs: atMs, forMs: forMs, targets: targets, chance: random.next()))
            atMs +=
                random.chance(30) ? UInt64.random(in: 0...forMs, using: &random) : forMs + UInt64.random(in: 500...12_000, using: &random)
        }
        return faults
    }
}

/// What a shrunk scenario keeps; nil: everything.
package struct Reduction: Hashable, Sendable {
    /// Places in the plan of the whole scenario.
    package var faults: [Int]?
    package var patrons: Int?
    package var operatorsPerLibrary: Int?
    package init(faults: [Int]? = nil, patrons: Int? = nil, operatorsPerLibrary: Int? = nil) {
        self.faults = faults
        self.patrons = patrons
        self.operatorsPerLibrary = operatorsPerLibrary
    }
}

/// What can go wrong.
package enum FaultKind: String, Sendable, CaseIterable {
    /// A process dies; what it wrote survives in the page cache, what it had not written is gone.
    case kill
    /// A machine loses power: what was not synced is gone, or some of it; nobody is told.
    case powerOff
    /// All coordinators lose power at once.
    case blackout
    /// A process is frozen, and goes on as if nothing had been.
    case pause
    /// The machines fall apart into two halves.
    case halves
    /// One machine hears nobody, or nobody hears it.
    case oneWay
    /// One machine is cut off in both directions.
    case isolate
    /// Datagrams get lost, streams stall.
    case loss
    /// Everything takes long, and much is overtaken.
    case slow
    /// A disk takes its time.
    case slowDisk
    /// Every sync of a voter's disk fails, or every write: it is broken, or read-only.
    case badDisk
    /// A voter's disk, or all, have no more room.
    case fullDisk
    /// A bit of a voter's disk turns over while its process is down.
    case bitFlip
    /// A machine's wall clock jumps.
    case clock
    /// A voter comes back with an old image of its disk, and is replaced (that is: goes for good) a little later. Nothing else strikes meanwhile:
    /// this alone is what a cluster of three can bear.
    case oldImage
    /// Clients lose their connections.
    case clients
    /// A voter is replaced by a new one on the same machine: in good order, or because its disk is lost.
    case replace
    /// A library's node is cut off as soon as it has stored a transcript and not said so yet, for longer than the library's heir waits.
    case untold
    /// A process is ended, and starts again with the newest version's program.
    case update
    /// Many messages and new chats come at once, while disks are slow: more than the coordinators' tables hold.
    case crowd
    /// All coordinators are lost for good some time after a backup, and a new cluster is begun from it.
    case restore

    /// Its own chance decides whether and when, so that all else stays as it was.
    var isPlannedApart: Bool { [.replace, .update, .untold, .crowd, .restore].contains(self) }

    /// The longest that one of this kind lasts.
    var longestMs: UInt64 {
        switch self {
        case .kill, .powerOff, .blackout: 20_000
        case .pause: 60_000
        case .halves, .oneWay, .isolate: 30_000
        case .loss, .slow, .slowDisk, .badDisk, .fullDisk, .bitFlip, .clock: 30_000
        case .oldImage: 20_000
        case .clients, .replace: 20_000
        case .update: 5_000
        case .untold: 240_000
        case .crowd: Pressure.forMs
        case .restore: 60_000
        }
    }
}

package struct Fault: Sendable {
    package let kind: FaultKind
    package let atMs: UInt64
    package let forMs: UInt64
    /// All machines, in the order in which the fault takes them.
    package let targets: [Int]
    /// Its own share of chance, so that leaving one fault out changes no other.
    let chance: UInt64
}

extension SeededGenerator {
    package mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }
}
