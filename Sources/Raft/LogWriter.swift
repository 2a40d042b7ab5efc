import Glibc
import Locking

/// One write for the log's thread; the write directives of `RaftReplica`, one to one.
public enum LogRequest: Sendable {
    case termVote(PersistTicket, term: UInt64, vote: UInt64)
    case truncate(from: UInt64)
    case append(PersistTicket, [RaftEntry])
    case snapshot(PersistTicket, SnapshotMeta, [UInt8], logKeptFrom: UInt64?)
    case purge
    case endRepair

    /// Nil for directives that are no writes.
    public init?(_ directive: RaftDirective) {
        switch directive {
        case .persistTermVote(let ticket, let term, let vote): self = .termVote(ticket, term: term, vote: vote)
        case .truncate(let from): self = .truncate(from: from)
        case .appendEntries(let ticket, _, let entries): self = .append(ticket, entries)
        case .persistSnapshot(let ticket, let meta, let data, let kept): self = .snapshot(ticket, meta, data, logKeptFrom: kept)
        case .purge: self = .purge
        case .repaired: self = .endRepair
        default: return nil
        }
    }
}

/// What the writer reports, on its own thread.
public enum LogCompletion: Sendable {
    /// Durable, in the order of submission (a snapshot of our own may come later).
    case persisted([PersistTicket])
    /// The disk has no room. What was not yet reported waits, is tried again now and then, and the caller should ask for nothing more. Comes with each try.
    case noSpace(FileFault)
    /// After `noSpace`: everything that waited is written.
    case spaceAgain
    /// Nothing more will be written. Halt the replica, and start again from what is durable.
    case failed(LogError)
}

/// A thread for a `LogStore`, with group commit: all that is queued while one sync runs goes into the next. A snapshot of our own is written by
/// another thread beside the log, so that large ones do not hold up commits.
public final class LogWriter: Sendable {
    private struct State {
        var queue: [Work] = []
        var asleep = false
        var stopping = false
    }
    private enum Work {
        case request(LogRequest)
        case snapshotWritten(PersistTicket, SnapshotMeta, [UInt8], keptFrom: UInt64, Result<Void, LogError>)
    }
    private let state = Locked(State())
    private let thread = Locked<pthread_t?>(nil)
    private let snapshotThread = Locked<pthread_t?>(nil)
    private let wakeRead: Int32
    private let wakeWrite: Int32
    private let onCompletion: @Sendable (LogCompletion) -> Void
    private let idleMs: Int32 = 20
    /// How long a writer without room waits before it tries again.
    private let noSpaceRetryMs: Int32 = 500

    /// Takes the store over, until `stop`, which must be called once. `onCompletion` is called on the writer's thread and must not block.
    public init(_ store: sending LogStore, onCompletion: @escaping @Sendable (LogCompletion) -> Void) throws(LogError) {
        self.onCompletion = onCompletion
        var pair: [Int32] = [-1, -1]
        guard pipe(&pair) == 0 else { throw .io(FileFault(call: "pipe", file: "the writer's wake-up", errno: errno)) }
        for descriptor in pair {
            _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        }
        (wakeRead, wakeWrite) = (pair[0], pair[1])
        let writer = self
        guard let started = Self.spawn({ writer.run(store) }) else {
            throw .io(FileFault(call: "pthread_create", file: "the writer's thread", errno: EAGAIN))
        }
        thread.withLock { $0 = started }
    }

    deinit {
        close(wakeRead)
        close(wakeWrite)
    }

    /// Queues writes, in order. False when the queue is full, or the writer stopping: nothing was taken then.
    public func submit(_ requests: [LogRequest]) -> Bool {
        let (taken, wake) = state.withLock { state -> (Bool, Bool) in
            guard !state.stopping, state.queue.count + requests.count <= RaftLimits.writerQueueMax else { return (false, false) }
            for request in requests { state.queue.append(.request(request)) }
            defer { state.asleep = false }
            return (true, state.asleep)
        }
        if wake { wakeUp() }
        return taken
    }

    /// Writes what is queued, closes the store, and waits for the thread. Not from within `onCompletion`. Afterwards the folder can be opened again.
    public func stop() {
        state.withLock { $0.stopping = true }
        wakeUp()
        if let id = thread.withLock({ slot in
            defer { slot = nil }
            return slot
        }) {
            pthread_join(id, nil)
        }
    }

    private func wakeUp() {
        var byte: UInt8 = 1
        // A full pipe wakes as well.
        _ = write(wakeWrite, &byte, 1)
    }

    // MARK: The thread

    private func run(_ store: LogStore) {
        var failed = false
        // What found no room, in order; everything later waits behind it.
        var waiting: [Work] = []
        while true {
            let (new, stopping) = next(patient: waiting.isEmpty)
            let work = waiting + new
            if work.isEmpty {
                if !failed, !stopping { failed = !attempt { () throws(LogError) in try store.syncMark() } }
                if stopping { break }
                sleep(forMs: -1)
                continue
            }
            if !failed { failed = !attempt { () throws(LogError) in waiting = try carryOut(work, store, after: waiting) } }
            if failed { waiting = [] }
            if waiting.isEmpty { continue }
            // Nothing of it was ever reported: a stop leaves it out, as a crash would.
            if stopping { break }
            sleep(forMs: noSpaceRetryMs)
        }
        // A snapshot that was being written counts as queued before the stop.
        joinSnapshotThread()
        let rest = state.withLock { state in
            defer { state.queue = [] }
            return state.queue
        }
        if !failed, waiting.isEmpty, !rest.isEmpty { failed = !attempt { () throws(LogError) in _ = try carryOut(rest, store, after: []) } }
        if !failed { _ = attempt { () throws(LogError) in try store.close() } }
    }

    /// Everything that is queued. When that is nothing, waits a moment first, so that the mark is synced in idle times alone.
    private func next(patient: Bool) -> ([Work], stopping: Bool) {
        for patience in patient ? [0, idleMs] : [0] {
            if patience > 0 { sleep(forMs: patience) }
            let (work, stopping) = state.withLock { state -> ([Work], Bool) in
                defer { state.queue = [] }
                state.asleep = state.queue.isEmpty
                return (state.queue, state.stopping)
            }
            if !work.isEmpty || stopping { return (work, stopping) }
        }
        return ([], false)
    }

    private func sleep(forMs milliseconds: Int32) {
        var descriptor = pollfd(fd: wakeRead, events: Int16(POLLIN), revents: 0)
        guard poll(&descriptor, 1, milliseconds) > 0 else { return }
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(wakeRead, &bytes, MemoryLayout.size(ofValue: bytes)) > 0 {}
    }

    private func attempt(_ body: () throws(LogError) -> Void) -> Bool {
        do {
            try body()
            return true
        } catch {
            onCompletion(.failed(error))
            return false
        }
    }

    /// Carries out as much as there is room for.
    /// - Parameter waited: what waited for room until now.
    /// - Returns: what waits from now on.
    private func carryOut(_ work: [Work], _ store: LogStore, after waited: [Work]) throws(LogError) -> [Work] {
        var done: [PersistTicket] = []
        for (number, item) in work.enumerated() {
            do throws(LogError) {
                try carryOut(item, store, &done)
            } catch .noSpace(let fault) {
                try settle(store, &done)
                onCompletion(.noSpace(fault))
                var rest = Array(work[number...])
                if case .request(.append(let ticket, let entries)) = item {
                    // Some may have found room.
                    rest[0] = .request(.append(ticket, entries.filter { $0.index > store.lastIndex }))
                }
                return rest
            }
        }
        try settle(store, &done)
        if !waited.isEmpty { onCompletion(.spaceAgain) }
        return []
    }

    /// Syncs, and reports what is durable now.
    private func settle(_ store: LogStore, _ done: inout [PersistTicket]) throws(LogError) {
        try store.sync()
        if !done.isEmpty { onCompletion(.persisted(done)) }
        done = []
    }

    private func carryOut(_ item: Work, _ store: LogStore, _ done: inout [PersistTicket]) throws(LogError) {
        switch item {
        case .request(.append(let ticket, let entries)):
            try store.append(entries)
            done.append(ticket)
            if store.waitingBytes >= RaftLimits.writeBatchBytesMax { try settle(store, &done) }
        case .request(.truncate(let from)):
            try settle(store, &done)
            try store.truncate(from: from)
        case .request(.termVote(let ticket, let term, let vote)):
            // In order: the entries before it are reported before it.
            try settle(store, &done)
            try store.setTermVote(term: term, vote: vote)
            done.append(ticket)
            try settle(store, &done)
        case .request(.snapshot(let ticket, let meta, let data, let keptFrom)):
            try settle(store, &done)
            // At most one partial file at a time.
            joinSnapshotThread()
            guard let keptFrom else {
                try store.saveSnapshot(meta, data, keptFrom: nil)
                done.append(ticket)
                return try settle(store, &done)
            }
            writeBeside(ticket, meta, data, keptFrom: keptFrom, store)
        case .request(.purge):
            try settle(store, &done)
            try store.purge()
        case .request(.endRepair):
            try settle(store, &done)
            try store.endRepair()
        case .snapshotWritten(let ticket, let meta, let data, let keptFrom, .failure(.noSpace)):
            // There was no room: written here, where it waits for some, if it is not out of date meanwhile.
            if meta.index >= store.snapshots.last?.index ?? 0 { try store.saveSnapshot(meta, data, keptFrom: keptFrom) }
            done.append(ticket)
        case .snapshotWritten(let ticket, let meta, _, let keptFrom, let result):
            try settle(store, &done)
            try result.get()
            // A leader's later snapshot has replaced the log, and this one's file.
            if meta.index >= store.snapshots.last?.index ?? 0 { try store.commitSnapshot(meta, keptFrom: keptFrom) }
            done.append(ticket)
        }
    }

    private func writeBeside(_ ticket: PersistTicket, _ meta: SnapshotMeta, _ data: [UInt8], keptFrom: UInt64, _ store: LogStore) {
        let (path, identity, files) = (store.layout.partialSnapshot, store.identity, store.files)
        let writer = self
        let id = Self.spawn {
            let result: Result<Void, LogError>
            do throws(LogError) {
                result = .success(try SnapshotFile.write(path, meta, data, identity, files))
            } catch {
                result = .failure(error)
            }
            writer.finish(.snapshotWritten(ticket, meta, data, keptFrom: keptFrom, result))
        }
        if let id {
            snapshotThread.withLock { $0 = id }
        } else {
            finish(
                .snapshotWritten(
                    ticket, meta, data, keptFrom: keptFrom,
                    .failure(.io(FileFault(call: "pthread_create", file: path, errno: EAGAIN)))))
        }
    }

    private func finish(_ work: Work) {
        let wake = state.withLock { state -> Bool in
            state.queue.append(work)
            defer { state.asleep = false }
            return state.asleep
        }
        if wake { wakeUp() }
    }

    private func joinSnapshotThread() {
        if let id = snapshotThread.withLock({ slot in
            defer { slot = nil }
            return slot
        }) {
            pthread_join(id, nil)
        }
    }

    // MARK: Threads

    private final class ThreadBody {
        let run: () -> Void
        init(_ run: @escaping () -> Void) { self.run = run }
    }

    private static func spawn(_ run: @escaping () -> Void) -> pthread_t? {
        let body = Unmanaged.passRetained(ThreadBody(run))
        var id = pthread_t()
        let code = pthread_create(
            &id, nil,
            { argument in
                // The one that spawned gave its reference along, and pthread hands on just that pointer.
                guard let argument else { return nil }
                Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            }, body.toOpaque())
        guard code == 0 else {
            body.release()
            return nil
        }
        return id
    }
}
