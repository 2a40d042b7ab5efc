/// The roster as the node last knew it, on disk: a node that starts while no coordinator can be reached still knows its libraries,
/// queues and people, and can go on by itself.

import Consortium
import EventLoop
import Logging
import Wire

@ClusterActor
final class RosterFile {
    private let path: String
    private let logger: Logger
    private var kept: Board?

    nonisolated init(data: String, logger: Logger) {
        path = data + "/roster"
        self.logger = logger
    }

    /// What was kept, with nobody signed on and nothing waiting, as of the position at which it last changed: a coordinator that has just started and
    /// shows an older one, or none, is not believed. `nil` when there is none that can be read.
    func read() -> Board? {
        do {
            guard let bytes = try SmallFile.readBytes(path), case .board(var board) = try PeerFrame(wire: bytes) else { return nil }
            kept = board
            // What is signed counts, and not what somebody may have written beside it.
            var settings = SettingsInUse()
            settings.take(board.settingsBook ?? [])
            board.settings = settings.settings(told: board.settings)
            return board
        } catch {
            logger.warning("the roster kept on disk cannot be read; the coordinators' one is awaited", metadata: ["why": "\(error)"])
            return nil
        }
    }

    /// Keeps the board's roster when it differs from the one that is kept. The task ends when it is on disk, or is given up; `nil` when there is none.
    @discardableResult
    func keep(_ board: Board) -> Task<Void, Never>? {
        let roster = board.rosterAlone
        guard !(kept?.hasRoster(of: roster) ?? false) else { return nil }
        kept = roster
        let path = path
        let logger = logger
        // A roster changes some times a day; the shared pool is good enough for it.
        return Task {
            do {
                try await ClusterActor.loop.work { Result { try SmallFile.replace(path, with: PeerFrame.board(roster).wireBytes()) } }.get()
            } catch {
                logger.error("the roster was not kept on disk", metadata: ["why": "\(error)"])
            }
        }
    }
}

extension Board {
    /// Who and what there is, without what goes on.
    fileprivate var rosterAlone: Board {
        var board = self
        board.clockMs = 0
        board.queues = queues.map { status in
            QueueStatus(
                queue: status.queue, decision: RoutingDecision(reach: .nobody, reasons: [.nobodySignedOn]), staffed: 0, freePlaces: 0,
                waiting: 0, usualWaitMs: nil, paused: false)
        }
        board.signedOn = []
        board.waiting = []
        board.kept = []
        board.referred = []
        board.claimed = []
        // What colleagues say to each other is on no library's disk.
        board.room = []
        board.keys.holders = []
        return board
    }

    fileprivate func hasRoster(of other: Board) -> Bool {
        var same = other
        same.at = at
        return self == same
    }
}
