/// Passes on what pages told of their buttons, a little later, together.

import Consortium
import EventLoop
import Logging

@ClusterActor
final class InstallHost {
    private let library: LibraryHost
    private let logger: Logger
    private var gatherer = InstallGatherer()
    private let timer = Timer(on: ClusterActor.loop)
    private var isAsking = false

    private static let gatherMs: UInt64 = 1_000
    private static let againMs: UInt64 = 10_000

    init(library: LibraryHost, logger: Logger) {
        self.library = library
        self.logger = logger
    }

    func take(_ seen: InstallSighting) {
        gatherer.take(seen, isAwaited: isAwaited(seen), nowMs: ClusterActor.loop.nowMs)
        if !gatherer.isEmpty, !isAsking, !timer.isActive { timer.start(afterMs: Self.gatherMs) { [self] in passOn() } }
    }

    func stop() { timer.close() }

    /// Whether a library's checklist waits for just this (`RegisterEntry.isTicked`).
    private func isAwaited(_ seen: InstallSighting) -> Bool {
        // Most pages are of libraries that went live long ago.
        guard !library.awaitingButton.isEmpty, let queue = QueueName(seen.place.queue), let board = library.board,
            let of = board.queues(called: queue).first?.queue.library, library.awaitingButton.contains(of)
        else { return false }
        func entry(_ register: Register) -> RegisterEntry? {
            library.entries.values.first { $0.register == register && $0.library == of }
        }
        guard let checklist = entry(.onboarding), checklist.awaits(.button) else { return false }
        return checklist.isTicked(
            by: seen, of: of, pages: entry(.pages), website: board.libraries.first { $0.name == of }?.card.websiteHost,
            released: library.buttons.lists.released)
    }

    private func passOn() {
        // Where the coordinators cannot be asked they wait, as many as have room.
        guard let board = library.board, library.reachesCoordinators else {
            return timer.start(afterMs: Self.againMs) { [self] in passOn() }
        }
        let websites = Set(board.libraries.compactMap(\.card.websiteHost))
        let due = gatherer.due(
            library.buttons, websites: websites, day: WallClock.day, nowMs: ClusterActor.loop.nowMs, isAwaited: { isAwaited($0) })
        guard !due.isEmpty else { return }
        isAsking = true
        library.propose(.sawInstalls(due)) { [self] verdict in
            isAsking = false
            if case .refused(let refusal)? = verdict {
                logger.info("buttons on pages were not taken into the inventory", metadata: ["why": "\(refusal.sentence)"])
            }
            if !gatherer.isEmpty { timer.start(afterMs: Self.gatherMs) { [self] in passOn() } }
        }
    }
}
