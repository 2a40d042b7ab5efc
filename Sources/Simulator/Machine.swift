import Consortium
import Gossip
import Raft
import Seeded

/// One machine with one process on it: it starts, dies, is frozen, and starts again from what its disk kept.
final class Machine {
    let index: Int
    let name: NodeName
    // Unchecked, as are the others on the way of every event: a cluster keeps its machines and people, and `dismantle` ends what they planned.
    unowned(unsafe) let cluster: Cluster
    /// The coordinator's raft id: a new one when it comes back without its disk.
    private(set) var voter: UInt64
    /// The coordinators that its file names.
    var listed: [RaftMember] = []
    /// The voter's disk; nil where no coordinator runs.
    var disk: SimulatedDisk?
    /// What the library node last knew of the consortium, kept in a file.
    var roster: Board?
    /// What the coordinator remembers of the others, kept in a file.
    var voterMemory = VoterMemory()
    /// When the voter's disk was purged last, as a file there says.
    var purgedMs: UInt64?
    /// The newest feature level that the program on it supports: an earlier version's, until it is updated.
    var supportedLevel = FeatureLevel.supported
    /// The transcripts that the library node keeps.
    var transcripts = TranscriptDisk()
    /// The library node's branch, while there is one.
    var branch: BranchDisk?
    /// Of the key in its certificate.
    private(set) var certificateKey = KeyDigest(repeating: 1)
    private(set) var hasRenewedKey = false
    /// Its gossip keys, in a file.
    var ring = KeyRing()
    /// Syncs take this long.
    var syncMs: ClosedRange<UInt64> = 1...3

    // The process.
    private(set) var isUp = false
    /// Counts starts; what was planned for a former life is void.
    private(set) var life = 0
    private(set) var startedMs: UInt64 = 0
    private(set) var boot: UInt64 = 0
    private(set) var coordinator: CoordinatorPart?
    private(set) var library: LibraryPart?
    private(set) var gossip: GossipPart?
    private(set) var keys: KeyPart?
    private var isFlushPlanned = false

    // A pause.
    private(set) var pausedSinceMs: UInt64?
    private var backlog: [() -> Void] = []
    /// Datagrams beyond this are dropped by the frozen process's socket.
    private static let backlogDatagramsMax = 200
    private var backlogDatagrams = 0

    private var random: SeededGenerator
    /// Monotonic clocks of different machines have nothing to do with each other, and some go a little fast or slow.
    private let clockOffsetMs: UInt64
    private let clockPerMille: UInt64
    /// What somebody set the wall clock off by.
    var wallOffsetMs: Int64 = 0
    /// Of the disk under everything that the process writes.
    var diskFault = MemoryFiles.Fault.none { didSet { disk?.files.set(diskFault) } }
    /// Nothing becomes durable.
    var syncsFail: Bool { if case .none = diskFault { false } else { true } }
    /// It came back with an older image of its disk.
    private(set) var hasOldImage = false
    /// Something on its disk was damaged, and it may not have it all again.
    var isRepairing = false
    /// Its coordinator is lost for good, and no other one is set up yet.
    private var isLost = false
    /// Its configuration names the cluster that was begun from a backup.
    private(set) var isOfNewCluster = false
    /// It came back with an old disk, and waits for its replacement.
    private(set) var isRetired = false

    init(index: Int, name: NodeName, cluster: Cluster, seed: UInt64) {
        self.index = index
        voter = UInt64(index) + 1
        self.name = name
        self.cluster = cluster
        random = SeededGenerator(seed: seed)
        clockOffsetMs = UInt64.random(in: 1_000...100_000_000, using: &random)
        clockPerMille = random.chance(30) ? UInt64.random(in: 960...1_040, using: &random) : 1_000
        if clockPerMille != 1_000 { cluster.count("clock: a machine's goes fast or slow") }
    }

    var isRunning: Bool { isUp && pausedSinceMs == nil }
    /// This machine's monotonic clock.
    var nowMs: UInt64 { cluster.nowMs * clockPerMille / 1_000 + clockOffsetMs }
    var wallMs: UInt64 { UInt64(1_790_000_000_000 + Int64(cluster.nowMs) + wallOffsetMs) }
    var address: String { "10.0.0.\(index + 1)" }

    /// Whether it has the key that the other one seals with.
    func opens(_ other: Machine) -> Bool { ring.held.contains(other.ring.primary) }

    /// It joins anew, with a key that it made for that.
    func renewKey() {
        certificateKey = KeyDigest(repeating: certificateKey.bytes[0] &+ 1)
        hasRenewedKey = true
        cluster.say(self, "joins anew")
    }

    /// Asks where this process asks for itself.
    func ask(_ command: Command, told: @escaping (Verdict, LogPosition) -> Void) {
        if let library { library.ask(command, told: told) } else { coordinator?.ask(command, told: told) }
    }

    // MARK: Life

    func start() {
        guard !isUp, !isRetired, !isLost else { return }
        life += 1
        isUp = true
        cluster.noteDisturbance()
        startedMs = cluster.nowMs
        if cluster.scenario.planted != .sameBoot || boot == 0 { boot = random.next() }
        let scenario = cluster.scenario
        cluster.say(self, "starts, boot \(String(boot, radix: 16))")
        gossip = GossipPart(self, seed: random.next())
        keys = KeyPart(self)
        if index < scenario.coordinators {
            coordinator = CoordinatorPart(self, voter: voter, seed: UInt32(truncatingIfNeeded: random.next()))
        }
        if life > 1 { backUpOrRestoreTranscripts() }
        if index >= scenario.coordinators || scenario.isCombined { library = LibraryPart(self, seed: random.next()) }
        coordinator?.start()
        gossip?.start()
        library?.start()
        planFlush()
    }

    /// A library's file is backed up now and then, and now and then a machine comes back with the last backup: what it took since is then sent to it
    /// again, where the coordinators keep what was taken for longer than backups are apart.
    private func backUpOrRestoreTranscripts() {
        // A restored cluster may not have what such a backup has not: two losses at once.
        guard !cluster.isRestored, cluster.scenario.settings.transcriptKeptMs == Settings.transcriptKeptMsUsual else { return }
        var chance = SeededGenerator(seed: cluster.scenario.seed ^ UInt64(index) << 32 ^ UInt64(life) << 40)
        if chance.chance(40) {
            if transcripts.restoreBackup() { cluster.say(self, "keeps the transcripts of its last backup") }
        } else {
            transcripts.backUp()
        }
    }

    /// - Parameter isQuiet: the machine vanishes without a word; otherwise the system closes the process's connections.
    func stop(isQuiet: Bool) {
        guard isUp else { return }
        cluster.say(self, isQuiet ? "loses power" : "is killed")
        isUp = false
        life += 1
        cluster.noteDisturbance()
        pausedSinceMs = nil
        backlog = []
        backlogDatagrams = 0
        isFlushPlanned = false
        if let died = disk?.crash(losesPower: isQuiet, &random) { cluster.count("disk: a process dies amid \(died)") }
        transcripts.crash(survivors: Int.random(in: 0...transcripts.waiting.count, using: &random))
        if let waiting = branch?.waiting.count { branch?.crash(survivors: Int.random(in: 0...waiting, using: &random)) }
        library?.drop(isQuiet: isQuiet)
        cluster.network.drop(self, isQuiet: isQuiet)
        (coordinator, library, gossip, keys) = (nil, nil, nil, nil)
    }

    /// The process ends itself, and its supervisor starts it again.
    func abort(_ sentence: String) {
        cluster.say(self, "ends itself: \(sentence)")
        let life = self.life
        cluster.after(0, .fault, index) { [self] in
            guard self.life == life else { return }
            stop(isQuiet: false)
            cluster.after(1_000, .fault, index) { [self] in start() }
        }
    }

    /// Taken out of service for good.
    func retire() {
        stop(isQuiet: false)
        isRetired = true
        cluster.say(self, "is taken out of service")
    }

    /// Its program is replaced by the newest: the process ends in good order, and starts again.
    func update(afterMs: UInt64) {
        guard supportedLevel < FeatureLevel.supported else { return }
        supportedLevel = FeatureLevel.supported
        cluster.say(self, "is updated")
        cluster.count("versions: a program is updated")
        guard isUp else { return }
        stop(isQuiet: false)
        cluster.after(afterMs, .fault, index) { [self] in start() }
    }

    func restore(_ image: MemoryFiles) {
        disk?.restore(image)
        voterMemory = VoterMemory()
        hasOldImage = true
        cluster.say(self, "is restored from an old image of its disk")
    }

    /// It comes back with an empty disk, to be added to the cluster under another id (rule 12).
    func renew(as voter: UInt64, among members: [RaftMember]) {
        stop(isQuiet: true)
        disk = SimulatedDisk(joining: voter)
        disk?.files.set(diskFault)
        voterMemory = VoterMemory()
        self.voter = voter
        listed = members
        // Whoever sets up a machine takes the newest program.
        supportedLevel = FeatureLevel.supported
        cluster.say(self, "has an empty disk, and is to be voter \(voter)")
        start()
    }

    /// The coordinator's data are gone for good.
    func lose() {
        stop(isQuiet: true)
        isLost = true
        disk = nil
        purgedMs = nil
        voterMemory = VoterMemory()
        cluster.say(self, "is lost for good")
    }

    /// A coordinator of the new cluster.
    func begin(_ disk: SimulatedDisk, among members: [RaftMember]) {
        self.disk = disk
        disk.files.set(diskFault)
        voter = UInt64(index) + 1
        listed = members
        supportedLevel = FeatureLevel.supported
        (isLost, isRepairing) = (false, false)
        meet()
    }

    /// Its file is given the new cluster's name, and the process is started again. What the node keeps stays; its branch, if any, is put aside.
    func meet() {
        stop(isQuiet: false)
        isOfNewCluster = true
        cluster.say(self, "belongs to the new cluster")
        if cluster.scenario.planted != .restoreNumbers { transcripts.beginAnew() }
        if branch != nil { cluster.count("restore: a branch of the former cluster is put aside") }
        branch = nil
        start()
    }

    func pause() {
        guard isRunning else { return }
        cluster.say(self, "is frozen")
        pausedSinceMs = cluster.nowMs
        cluster.noteDisturbance()
        cluster.network.onPause(self)
    }

    func resume() {
        guard pausedSinceMs != nil else { return }
        cluster.say(self, "goes on")
        cluster.noteDisturbance()
        pausedSinceMs = nil
        backlogDatagrams = 0
        let events = backlog
        backlog = []
        for event in events { event() }
        planFlush()
    }

    // MARK: Events

    /// Something comes to the process that lived when it was sent off: now, or when the process goes on.
    func receive(life: Int, isDatagram: Bool = false, _ body: @escaping () -> Void) {
        guard isUp, self.life == life else { return }
        guard pausedSinceMs == nil else {
            if isDatagram {
                backlogDatagrams += 1
                guard backlogDatagrams <= Self.backlogDatagramsMax else { return }
            }
            return backlog.append { [self] in if isUp, self.life == life { body() } }
        }
        body()
        planFlush()
    }

    /// At the end of the loop's turn, as the shells do.
    private func planFlush() {
        guard !isFlushPlanned, isRunning else { return }
        isFlushPlanned = true
        let life = self.life
        cluster.after(0, .flush, index) { [self] in
            guard self.life == life else { return }
            isFlushPlanned = false
            guard isRunning else { return }
            coordinator?.flush()
            library?.flush()
        }
    }

    func start(_ timer: VirtualTimer, afterMs: UInt64, kind: Trace.Kind = .timer, _ body: @escaping () -> Void) {
        timer.generation += 1
        let generation = timer.generation
        let life = self.life
        // Rounded up: a timer is never early by its own clock.
        cluster.after((afterMs * 1_000 + clockPerMille - 1) / clockPerMille, kind, index) { [self] in
            guard timer.generation == generation else { return }
            receive(life: life) { if timer.generation == generation { body() } }
        }
    }
}

/// A timer as the shells have it: starting it again replaces what was planned.
final class VirtualTimer {
    var generation = 0
    func cancel() { generation += 1 }
}
