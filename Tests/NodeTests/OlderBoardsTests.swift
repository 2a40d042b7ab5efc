import Consortium
import EventLoop
import Testing

@testable import Node

/// A coordinator whose boards are older than the one that a node holds.
@Suite(.timeLimit(.minutes(1))) struct OlderBoardsTests {
    private func board(_ index: UInt64) -> Board {
        var board = ConsortiumState().board()
        board.at = LogPosition(index: index, ordinal: 0)
        return board
    }

    /// Waits until the loop has come to a timer of that many milliseconds.
    @ClusterActor
    private func pass(ms: UInt64) async {
        let timer = Timer(on: ClusterActor.loop)
        await withCheckedContinuation { continuation in timer.start(afterMs: ms) { continuation.resume() } }
        timer.close()
    }

    @ClusterActor
    @Test func theLastIsTakenWhereNoNewerOneCame() async {
        let older = OlderBoards(waitMs: 20)
        defer { older.close() }
        older.isLed = { true }
        let taken: Board = await withCheckedContinuation { continuation in
            older.onTaken = { continuation.resume(returning: $0) }
            older.note(board(3))
            older.note(board(4))
        }
        #expect(taken.at.index == 4)
    }

    @ClusterActor
    @Test func noneIsTakenAfterANewerOneOrTheLinksEnd() async {
        let older = OlderBoards(waitMs: 20)
        defer { older.close() }
        older.isLed = { true }
        var taken = 0
        older.onTaken = { _ in taken += 1 }
        older.note(board(3))
        older.forget()
        // A later timer of the same loop comes after it.
        await pass(ms: 60)
        #expect(taken == 0)
    }

    /// A coordinator that was cut off with a minority has older boards as well.
    @ClusterActor
    @Test func noneIsTakenOfWhoKnowsNoLeader() async {
        let older = OlderBoards(waitMs: 20)
        defer { older.close() }
        var (isLed, taken, asked) = (false, 0, 0)
        await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
            older.onTaken = { _ in
                taken += 1
                continuation.resume()
            }
            older.isLed = {
                asked += 1
                if asked == 3 {
                    #expect(taken == 0)
                    isLed = true
                }
                return isLed
            }
            older.note(board(3))
        }
        #expect(taken == 1 && asked == 3)
    }
}
