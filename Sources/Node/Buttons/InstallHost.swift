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
        gatherer.take(seen, nowMs: ClusterActor.loop.nowMs)
        if !gatherer.isEmpty, !isAsking, !timer.isActive { timer.start(afterMs: Self.gatherMs) { [self] in passOn() } }
    }

    func stop() { timer.close() }

    private func passOn() {
        // Where the coordinators cannot be asked they wait, as many as have room.
        guard let board = library.board, library.reachesCoordinators else {
            return timer.start(afterMs: Self.againMs) { [self] in passOn() }
        }
        let websites = Set(board.libraries.compactMap(\.card.websiteHost))
        let due = gatherer.due(library.buttons, websites: websites, day: WallClock.day, nowMs: ClusterActor.loop.nowMs)
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
