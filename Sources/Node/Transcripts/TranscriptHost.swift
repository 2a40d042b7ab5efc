/// How a library's node keeps transcripts: the collector on the loop, the store on a thread of its own.

import Consortium
import CoreMetrics
import EventLoop
import Gateway
import Logging
import Transcripts
import Wire

@ClusterActor
final class TranscriptHost {
    static let sweepEveryMs: UInt64 = 3_600_000
    /// How often the store is asked for what `callslip transcripts delete` deleted.
    static let declareEveryMs: UInt64 = 30_000
    static let declaredAtOnceMax = 64
    /// So long a node that cannot hear what is held deletes nothing for its age.
    static let waitsForHoldsMs: UInt64 = 7 * dayMs
    private static let dayMs: UInt64 = 86_400_000

    private let folder: String
    private let cluster: [UInt8]
    private let node: NodeName
    private let boot: UInt64
    private let keepDays: Int
    private let logger: Logger
    private var collector: TranscriptCollector
    private let worker = Worker(name: "transcripts", pendingMax: 1_024, niceness: 5)
    private var store: TranscriptStore?
    private var seal: TranscriptSeal?
    private var isOpening = false
    private let timer = Timer(on: ClusterActor.loop)
    private let sweeper = Timer(on: ClusterActor.loop)
    private let opener = Timer(on: ClusterActor.loop)
    private let declarer = Timer(on: ClusterActor.loop)
    private let postbox: Postbox?
    private var stopped = false
    private var titles: [LibraryName: String] = [:]
    /// To the coordinator that serves this node.
    var send: ((PeerFrame) -> Void)?
    /// What is wanted of libraries' transcripts; `nil` where the coordinators cannot be asked now.
    var readWishes: (([LibraryName], @escaping ([TranscriptWish]?) -> Void) -> Void)?
    /// Whose node this is.
    private var homes: [LibraryName] = []
    /// Holds as they were last heard of: by their number, and when (by the loop's clock).
    private var knownWishes: UInt64?
    private var heardMs: UInt64
    private var board: (keepsAudit: Bool, wishChange: UInt64) = (false, 0)

    /// - Parameter mail: by which server answers are mailed; `nil`: they are not.
    init(folder: String, cluster: [UInt8], node: NodeName, boot: UInt64, keepDays: Int, mail: MailSettings?, logger: Logger) {
        postbox = mail.map { Postbox($0, logger: logger) }
        self.folder = folder
        self.cluster = cluster
        self.node = node
        self.boot = boot
        self.keepDays = keepDays
        self.logger = logger
        collector = TranscriptCollector(node: node)
        heardMs = ClusterActor.loop.nowMs
    }

    func linkUp() { perform(collector.onLinkUp(nowMs: nowMs)) }
    func linkDown() { collector.onLinkDown() }
    func take(_ transcript: Transcript) { perform(collector.onTranscript(transcript, nowMs: nowMs)) }
    func busy(_ counter: UInt64, retryMs: UInt64) { perform(collector.onBusy(counter, retryMs: retryMs, nowMs: nowMs)) }

    func answered(_ counter: UInt64, _ verdict: Verdict) {
        if case .refused(let refusal) = verdict {
            logger.warning("a transcript that came here is not this node's", metadata: ["why": "\(refusal.sentence)"])
        }
        perform(collector.onOutcome(counter, verdict, nowMs: nowMs))
    }

    /// The roster, as the coordinators sent it. A node that is no library's home has no store.
    func take(_ board: Board) {
        titles = Dictionary(board.libraries.map { ($0.name, $0.title) }, uniquingKeysWith: { first, _ in first })
        homes = board.libraries.filter { $0.homeNode == node }.map(\.name)
        self.board = (board.keepsAudit, board.wishChange)
        if store == nil, !homes.isEmpty { open() }
        if store != nil, board.keepsAudit, knownWishes != board.wishChange { hold {} }
        perform(collector.onBoard(board, nowMs: nowMs))
    }

    func stop() async {
        stopped = true
        for timer in [timer, sweeper, opener, declarer] { timer.close() }
        await postbox?.stop()
        await worker.shutdown()
    }

    private var nowMs: UInt64 { ClusterActor.loop.nowMs }

    private func open() {
        guard !isOpening else { return }
        isOpening = true
        let (folder, cluster) = (folder, cluster)
        work {
            Result { () throws in
                let seal = try TranscriptSeal(folder: folder)
                let store = try TranscriptStore(folder: folder, create: true)
                return (store, seal, try store.state(of: cluster))
            }
        } then: { [self] result in
            switch result {
            case .success(let (store, seal, state))?:
                self.store = store
                self.seal = seal
                perform(collector.onOpened(marks: state.marks, untold: state.untold, nowMs: nowMs))
                sweep()
                postbox?.start(store) { [weak self] library in self?.titles[library] ?? library.text }
                declarer.start(afterMs: 1_000, repeatMs: Self.declareEveryMs) { [self] in declare() }
                sweeper.start(afterMs: Self.sweepEveryMs, repeatMs: Self.sweepEveryMs) { [self] in sweep() }
            case .failure(let error)?:
                logger.error(
                    "transcripts cannot be kept here; they wait at the coordinators, not for ever", metadata: ["why": "\(error)"])
                openLater()
            case nil: openLater()
            }
        }
    }

    private func openLater() {
        opener.start(afterMs: 60_000) { [self] in
            isOpening = false
            open()
        }
    }

    private func perform(_ directives: [TranscriptDirective]) {
        for directive in directives {
            switch directive {
            case .collect(let library, let after): send?(.collect(library, after: after))
            case .store(let transcript): keep(transcript)
            case .propose(let counter, let taken): tell(counter, taken)
            case .settle(_, let number):
                change("noting that a transcript is known to be here") { [cluster] store throws(TranscriptStoreError) in
                    try store.settle(number, of: cluster)
                }
            case .discard(_, let number):
                let wallMs = WallClock.nowMs
                change("deleting a transcript that another node keeps") { [cluster] store throws(TranscriptStoreError) in
                    try store.discard(number, of: cluster, wallMs: wallMs)
                }
            case .proposeDeletion(let counter, let deleted):
                let id = ProposalID(node: node, boot: boot, counter: counter)
                send?(.propose([Batch.Item(id: id, command: .transcriptDeleted(deleted))]))
            case .declared(let deleted):
                change("noting that a deletion is known") { store throws(TranscriptStoreError) in try store.declared(deleted) }
            case .scheduleTick(let atMs):
                let now = nowMs
                timer.start(afterMs: atMs > now ? atMs - now : 0) { [self] in perform(collector.onTick(nowMs: nowMs)) }
            }
        }
    }

    /// With the words as this node sealed them; without, where they are not here any more or cannot be sealed.
    private func tell(_ counter: UInt64, _ taken: TranscriptTaken) {
        let id = ProposalID(node: node, boot: boot, counter: counter)
        guard let store, let seal else { return }
        let cluster = cluster
        work {
            Result { () throws in try store.transcript(taken.number, of: cluster).map { try seal.seal($0) } ?? [] }
        } then: { [self] result in
            var taken = taken
            switch result {
            case .success(let sealed)?: taken.sealed = sealed
            case .failure(let error)?:
                logger.error("a transcript stays at the coordinators as it is, as it was not sealed", metadata: ["why": "\(error)"])
            case nil: break
            }
            send?(.propose([Batch.Item(id: id, command: .transcriptTaken(taken))]))
        }
    }

    private func keep(_ transcript: Transcript) {
        guard let store, let seal else { return perform(collector.onStoreFailed(transcript.library, nowMs: nowMs)) }
        let (cluster, wallMs, mails) = (cluster, WallClock.nowMs, postbox != nil)
        work {
            Result { () throws(TranscriptStoreError) -> String? in
                let whole: Transcript
                do { whole = try seal.open(transcript) } catch {
                    try store.pass(over: transcript, of: cluster)
                    return "\(error)"
                }
                try store.keep(whole, of: cluster, wallMs: wallMs, mails: mails)
                return nil
            }
        } then: { [self] result in
            switch result {
            case .success(let unread?)?:
                logger.critical(
                    "a transcript that this node had before cannot be opened any more; the key is missing: restore `transcript-keys`, then the backup again",
                    metadata: ["chat": "\(transcript.chat)", "why": "\(unread)"])
                perform(collector.onStored(transcript.library, number: transcript.number, nowMs: nowMs))
            case .success?:
                Counter(label: "callslip_transcripts_kept").increment()
                postbox?.look()
                perform(collector.onStored(transcript.library, number: transcript.number, nowMs: nowMs))
            case .failure(let error)?:
                logger.error("a transcript could not be kept; it is asked for again", metadata: ["why": "\(error)"])
                perform(collector.onStoreFailed(transcript.library, nowMs: nowMs))
            case nil: perform(collector.onStoreFailed(transcript.library, nowMs: nowMs))
            }
        }
    }

    /// What fails here is done at the next start, which finds it undone.
    private func change(_ what: String, _ body: @escaping @Sendable (TranscriptStore) throws(TranscriptStoreError) -> Void) {
        guard let store else { return }
        work {
            Result { () throws(TranscriptStoreError) in try body(store) }
        } then: { [self] result in
            if case .failure(let error)? = result { logger.error("\(what) failed", metadata: ["why": "\(error)"]) }
        }
    }

    private func declare() {
        guard let store else { return }
        let (node, most) = (node, Self.declaredAtOnceMax)
        work {
            Result { () throws(TranscriptStoreError) in try store.undeclared(by: node, max: most) }
        } then: { [self] result in
            switch result {
            case .success(let undeclared)?: perform(collector.onDeletions(undeclared))
            case .failure(let error)?: logger.error("deletions were not told to the coordinators", metadata: ["why": "\(error)"])
            case nil: return
            }
        }
    }

    /// Asks what is to be kept beyond its time, and goes on when that is durable here.
    private func hold(_ then: @escaping () -> Void) {
        let (change, homes) = (board.wishChange, homes)
        readWishes?(homes) { [self] wishes in
            guard let wishes, let store else { return }
            let wallMs = WallClock.nowMs
            work {
                Result { () throws(TranscriptStoreError) in
                    for library in homes {
                        let open = wishes.filter { $0.library == library && $0.isOpen(atWallMs: wallMs) }
                        try store.hold(Dictionary(open.map { ($0.chat, $0.untilWallMs) }, uniquingKeysWith: max), of: library)
                    }
                }
            } then: { [self] result in
                switch result {
                case .success?:
                    (knownWishes, heardMs) = (change, nowMs)
                    then()
                case .failure(let error)?: logger.error("holds of transcripts were not noted", metadata: ["why": "\(error)"])
                case nil: break
                }
            }
        }
    }

    /// Somebody may have asked for a hold of which this node has not heard: nothing is deleted for its age before the coordinators said what is held, for a week at most.
    func sweep() {
        guard board.keepsAudit else { return deleteOld() }
        if nowMs - min(nowMs, heardMs) > Self.waitsForHoldsMs { deleteOld() } else { hold { [self] in deleteOld() } }
    }

    /// The transcripts of some libraries, the newest first, no word of them; `nil` where this node keeps none, or cannot read them now.
    func list(of libraries: [LibraryName], most: Int, completion: @escaping ([TranscriptStore.Summary]?) -> Void) {
        guard let store, libraries.contains(where: homes.contains) else { return completion(nil) }
        work {
            Result { () throws(TranscriptStoreError) in
                var lines: [TranscriptStore.Summary] = []
                for library in libraries { lines += try store.list(of: library, max: most) }
                return lines
            }
        } then: { [self] result in
            completion(read(result))
        }
    }

    /// What was said in a chat. Whoever asks writes into the audit log before anybody sees it.
    func transcripts(of chat: ChatID, completion: @escaping ([Transcript]?) -> Void) {
        guard let store else { return completion(nil) }
        work {
            Result { () throws(TranscriptStoreError) in try store.transcripts(of: chat) }
        } then: { [self] result in
            completion(read(result))
        }
    }

    private func read<Value>(_ result: Result<Value, TranscriptStoreError>?) -> Value? {
        switch result {
        case .success(let value)?: return value
        case .failure(let error)?: logger.error("transcripts cannot be read", metadata: ["why": "\(error)"])
        case nil: break
        }
        return nil
    }

    /// Deletes what is older than the library's policy says, and not held.
    private func deleteOld() {
        guard let store else { return }
        let wallMs = WallClock.nowMs
        let ageMs = UInt64(keepDays) * Self.dayMs
        guard wallMs > ageMs else { return }
        work {
            Result { () throws(TranscriptStoreError) in try store.deleteReceived(beforeMs: wallMs - ageMs, wallMs: wallMs) }
        } then: { [self] result in
            switch result {
            case .success(let count)?:
                guard count > 0 else { return }
                logger.info("transcripts were deleted, as their time is over", metadata: ["count": "\(count)"])
                if count == TranscriptLimits.deletedAtOnceMax { deleteOld() }
            case .failure(let error)?:
                logger.error("transcripts whose time is over were not deleted", metadata: ["why": "\(error)"])
            case nil: return
            }
        }
    }

    // MARK: Lists of chats

    /// How many transcripts are read before others have their turn at the store.
    private nonisolated static let readAtOnceMax = 200
    /// Whether it is noted of every transcript when its chat began.
    private var hasBeginnings = false

    /// Facts of the chats that began within a time and whose text is kept here; `nil` where they cannot be read now, or where there are more than `most`.
    func conversations(
        _ started: Range<UInt64>, most: Int, completion: @escaping @ClusterActor (Result<[Conversation], ConversationsFailure>) -> Void
    ) {
        guard let store, !stopped else { return completion(store == nil ? .success([]) : .failure(.unreadable)) }
        guard !hasBeginnings else { return read(started, after: nil, [], most, completion) }
        // What an earlier version kept is read once in this life of the process.
        work {
            Result { () throws(TranscriptStoreError) in try store.noteBeginnings(max: Self.readAtOnceMax) }
        } then: { [self] result in
            switch result {
            case .success(let isDone)?:
                hasBeginnings = isDone
                conversations(started, most: most, completion: completion)
            case .failure(let error)?:
                logger.error("when the chats of transcripts began was not noted", metadata: ["why": "\(error)"])
                completion(.failure(.unreadable))
            case nil: completion(.failure(.unreadable))
            }
        }
    }

    private func read(
        _ started: Range<UInt64>, after: TranscriptStore.Place?, _ found: [Conversation], _ most: Int,
        _ completion: @escaping @ClusterActor (Result<[Conversation], ConversationsFailure>) -> Void
    ) {
        guard let store, !stopped else { return completion(.failure(.unreadable)) }
        work {
            Result { () throws(TranscriptStoreError) in
                let read = try store.began(started, after: after, max: Self.readAtOnceMax)
                return (read.transcripts.compactMap { Conversation($0) }, read.damaged, read.next)
            }
        } then: { [self] result in
            switch result {
            case .success(let (more, damaged, next))?:
                if damaged > 0 { logger.error("kept transcripts are damaged, and not in a list", metadata: ["count": "\(damaged)"]) }
                let found = found + more
                guard found.count <= most else { return completion(.failure(.tooMany)) }
                guard let next else { return completion(.success(found)) }
                read(started, after: next, found, most, completion)
            case .failure(let error)?:
                logger.error("transcripts were not listed", metadata: ["why": "\(error)"])
                completion(.failure(.unreadable))
            case nil: completion(.failure(.unreadable))
            }
        }
    }

    /// Runs a body on the store's thread; its result comes back on the loop, or nil at once when the thread has too much to do.
    private func work<Value: Sendable>(
        _ body: @escaping @Sendable () -> Value, then: @escaping @ClusterActor (Value?) -> Void
    ) {
        let submitted = worker.submit { [weak self] in
            let value = body()
            ClusterActor.loop.post { ClusterActor.assumeIsolated { if let self, !self.stopped { then(value) } } }
        }
        if !submitted { then(nil) }
    }
}

/// Why chats are not listed.
enum ConversationsFailure: Error {
    case tooMany
    /// The store cannot be read, or has too much to do.
    case unreadable
}
