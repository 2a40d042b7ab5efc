import Consortium
import Coordinator
import Gateway
import Wire

/// One life of a chat.
struct TranscriptKey: Hashable, Comparable {
    let chat: ChatID
    let openedMs: UInt64

    init(_ transcript: Transcript) { (chat, openedMs) = (transcript.chat, transcript.openedMs) }
    init(_ deleted: TranscriptDeleted) { (chat, openedMs) = (deleted.chat, deleted.openedMs) }
    init(_ receipt: TranscriptReceipt) { (chat, openedMs) = (receipt.chat, receipt.openedMs) }

    static func < (left: Self, right: Self) -> Bool { (left.openedMs, left.chat) < (right.openedMs, right.chat) }
}

/// The transcripts that a node keeps, across lives of the process. A write is whole or not at all.
struct TranscriptDisk {
    private(set) var kept: [TranscriptKey: Transcript] = [:]
    private(set) var marks: [LibraryName: UInt64] = [:]
    private(set) var untold: [UInt64: LibraryName] = [:]
    private(set) var waiting: [Transcript] = []
    /// What was deleted at somebody's wish here, until the coordinators know; and what they told that was deleted.
    private(set) var deleted: [TranscriptKey: LibraryName?] = [:]

    mutating func submit(_ transcript: Transcript) { waiting.append(transcript) }

    /// Makes what was submitted first durable.
    mutating func sync() -> Transcript? {
        guard !waiting.isEmpty else { return nil }
        let transcript = waiting.removeFirst()
        let key = TranscriptKey(transcript)
        if transcript.isDeletion {
            kept[key] = nil
            if deleted[key] == nil { deleted[key] = .some(nil) }
        } else if deleted[key] == nil, let known = kept[key] {
            kept[key] = transcript.joined(with: known) ?? known
        } else if deleted[key] == nil {
            kept[key] = transcript
        }
        marks[transcript.library] = max(marks[transcript.library] ?? 0, transcript.number)
        untold[transcript.number] = transcript.library
        return transcript
    }

    /// A planted bug: the number without the text.
    mutating func promise(_ transcript: Transcript) {
        marks[transcript.library] = max(marks[transcript.library] ?? 0, transcript.number)
    }

    /// Gives up what was submitted first.
    mutating func fail() -> Transcript? { waiting.isEmpty ? nil : waiting.removeFirst() }

    /// The file as somebody backed it up once, for a machine that is restored.
    private var backup:
        (
            kept: [TranscriptKey: Transcript], marks: [LibraryName: UInt64], untold: [UInt64: LibraryName],
            deleted: [TranscriptKey: LibraryName?]
        )?

    /// Numbers are those of one cluster.
    mutating func beginAnew() { (marks, untold, backup) = ([:], [:], nil) }

    mutating func backUp() { backup = (kept, marks, untold, deleted) }

    /// Puts the backup in the place of the file; false when there is none.
    mutating func restoreBackup() -> Bool {
        guard let backup else { return false }
        (kept, marks, untold, deleted) = backup
        return true
    }

    /// Somebody of the library deletes it.
    mutating func delete(_ key: TranscriptKey) {
        guard let transcript = kept.removeValue(forKey: key) else { return }
        deleted[key] = transcript.library
    }

    func undeclared(by node: NodeName) -> [TranscriptDeleted] {
        deleted.sorted { $0.key < $1.key }.compactMap { key, library in
            library.map { TranscriptDeleted(chat: key.chat, openedMs: key.openedMs, library: $0, node: node) }
        }
    }

    mutating func declared(_ deletion: TranscriptDeleted) {
        deleted[TranscriptKey(deletion)] = .some(nil)
    }

    func transcript(_ number: UInt64) -> Transcript? { kept.values.first { $0.number == number } }

    mutating func settle(_ number: UInt64) { untold[number] = nil }

    mutating func discard(_ number: UInt64) {
        untold[number] = nil
        kept = kept.filter { $0.value.number != number }
    }

    mutating func crash(survivors: Int) {
        for _ in 0..<survivors { _ = sync() }
        waiting = []
    }
}

/// How a node of the simulator takes transcripts: what `TranscriptHost` is, over a virtual disk.
final class TranscriptPart {
    private unowned(unsafe) let machine: Machine
    private var cluster: Cluster { machine.cluster }
    private var collector: TranscriptCollector
    private let send: (PeerFrame) -> Void
    private let timer = VirtualTimer()
    private let deleter = VirtualTimer()
    private let declarer = VirtualTimer()
    private static let declareEveryMs: UInt64 = 2_000

    init(_ machine: Machine, send: @escaping (PeerFrame) -> Void) {
        self.machine = machine
        self.send = send
        collector = TranscriptCollector(node: machine.name)
    }

    private var nowMs: UInt64 { machine.nowMs }

    func start() {
        perform(collector.onOpened(marks: machine.transcripts.marks, untold: machine.transcripts.untold, nowMs: nowMs))
        planDeletion()
        declare()
    }

    /// Now and then somebody of the library deletes one of those that it keeps.
    private func planDeletion() {
        guard let everyMs = cluster.scenario.deletionsEveryMs else { return }
        machine.start(deleter, afterMs: cluster.some(upToMs: everyMs)) { [self] in
            planDeletion()
            let keys = machine.transcripts.kept.keys.sorted()
            guard !cluster.isSettling, !keys.isEmpty else { return }
            let key = keys[cluster.some(of: keys.count) - 1]
            cluster.say(machine, "deletes the transcript of \(key.chat)")
            cluster.count("transcripts: one is deleted")
            machine.transcripts.delete(key)
            declare()
        }
    }

    private func declare() {
        let undeclared = machine.transcripts.undeclared(by: machine.name)
        guard !undeclared.isEmpty else { return }
        perform(collector.onDeletions(undeclared))
        machine.start(declarer, afterMs: Self.declareEveryMs) { [self] in declare() }
    }

    func linkUp() { perform(collector.onLinkUp(nowMs: nowMs)) }
    func linkDown() { collector.onLinkDown() }
    func take(_ board: Board) { perform(collector.onBoard(board, nowMs: nowMs)) }
    func take(_ transcript: Transcript) { perform(collector.onTranscript(transcript, nowMs: nowMs)) }
    func answered(_ counter: UInt64, _ verdict: Verdict) { perform(collector.onOutcome(counter, verdict, nowMs: nowMs)) }
    func busy(_ counter: UInt64, retryMs: UInt64) { perform(collector.onBusy(counter, retryMs: retryMs, nowMs: nowMs)) }

    private func perform(_ directives: [TranscriptDirective]) {
        for directive in directives {
            switch directive {
            case .collect(let library, let after): send(.collect(library, after: after))
            case .store(let transcript): store(transcript)
            case .propose(let counter, var taken):
                // Earlier versions do not seal.
                if machine.supportedLevel >= FeatureLevel.sealedOutbox {
                    taken.sealed = machine.transcripts.transcript(taken.number).map { Self.sealed($0) } ?? []
                }
                let id = ProposalID(node: machine.name, boot: machine.boot, counter: counter)
                send(.propose([Batch.Item(id: id, command: .transcriptTaken(taken))]))
            case .settle(_, let number): machine.transcripts.settle(number)
            case .discard(_, let number):
                if cluster.scenario.planted == .keepInherited {
                    machine.transcripts.settle(number)
                } else {
                    machine.transcripts.discard(number)
                }
            case .proposeDeletion(let counter, let deleted):
                let id = ProposalID(node: machine.name, boot: machine.boot, counter: counter)
                send(.propose([Batch.Item(id: id, command: .transcriptDeleted(deleted))]))
            case .declared(let deleted): machine.transcripts.declared(deleted)
            case .scheduleTick(let atMs):
                let now = nowMs
                machine.start(timer, afterMs: atMs > now ? atMs - now : 0) { [self] in perform(collector.onTick(nowMs: nowMs)) }
            }
        }
    }

    /// In the place of encryption, whose keys are drawn by chance: of no use to whoever looks for words.
    private static func sealed(_ transcript: Transcript) -> [UInt8] {
        let bytes = transcript.wireBytes()
        return bytes.count <= Limits.sealedBytesMax ? bytes.map { $0 ^ 0x5a } : []
    }

    private func opened(_ transcript: Transcript) -> Transcript? {
        guard let sealed = transcript.sealed else { return transcript }
        do { return try Transcript(wire: sealed.bytes.map { $0 ^ 0x5a }) } catch {
            cluster.fail("the transcript \(transcript.number) came back sealed and cannot be opened: \(error)")
            return nil
        }
    }

    private func store(_ given: Transcript) {
        guard let transcript = opened(given) else { return }
        if transcript.isDeletion, cluster.scenario.planted == .keepDeleted {
            return perform(collector.onStored(transcript.library, number: transcript.number, nowMs: nowMs))
        }
        if cluster.scenario.planted == .takeEarly {
            machine.transcripts.promise(transcript)
            perform(collector.onStored(transcript.library, number: transcript.number, nowMs: nowMs))
        }
        machine.transcripts.submit(transcript)
        let life = machine.life
        cluster.after(cluster.diskDelay(machine), .disk, machine.index) { [self] in
            machine.receive(life: life) { [self] in
                guard !machine.syncsFail else {
                    if let failed = machine.transcripts.fail() { perform(collector.onStoreFailed(failed.library, nowMs: nowMs)) }
                    return
                }
                guard let stored = machine.transcripts.sync(), cluster.scenario.planted != .takeEarly else { return }
                cluster.onStored(stored, at: machine)
                perform(collector.onStored(stored.library, number: stored.number, nowMs: nowMs))
            }
        }
    }
}
