/// What a node makes of a coordinator whose boards are older than the one that the node holds.
///
/// Usually it has just started and is reading its log: soon its boards are newer. Where they are not, although it knows a leader, the board that the node holds is of no log that there is:
/// a coordinator made it up. Then what is told now is taken.

import Consortium
import EventLoop

@ClusterActor
final class OlderBoards {
    /// So long, in milliseconds, does a coordinator that knows a leader not take to read what the others have.
    nonisolated static let waitMs: UInt64 = 20_000

    private let waitMs: UInt64
    private let timer = Timer(on: ClusterActor.loop)
    private var last: Board?
    /// Whether the coordinator knows a leader, as it says.
    var isLed: () -> Bool = { false }
    /// The last of them is to be taken.
    var onTaken: ((Board) -> Void)?

    init(waitMs: UInt64 = OlderBoards.waitMs) { self.waitMs = waitMs }

    /// An older board came.
    func note(_ board: Board) {
        if last == nil { wait() }
        last = board
    }

    /// A newer one came, or the link ended.
    func forget() {
        last = nil
        timer.stop()
    }

    func close() { timer.close() }

    private func wait() {
        timer.start(afterMs: waitMs) { [self] in
            guard isLed() else { return wait() }
            guard let board = last else { return }
            last = nil
            onTaken?(board)
        }
    }
}
