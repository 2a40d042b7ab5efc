import Consortium
import EventLoop
import FoundationEssentials
import Glibc
import Logging
import Testing

@testable import Node

/// What a node still knows of libraries, queues and people when it starts and no coordinator can be reached.
@Suite struct RosterFileTests {
    private func board(at index: UInt64, title: String = "Memorial Library") throws -> Board {
        var state = ConsortiumState()
        let library = try #require(LibraryName("memorial"))
        let node = try #require(NodeName("memorial"))
        let commands: [Command] = [
            .setLibrary(Library(name: library, title: title, homeNode: node, standbyNode: nil, fallback: .immediately)),
            .setQueue(Queue(name: try #require(QueueName("memorial")), title: title, library: library, opening: .open)),
        ]
        let items = commands.enumerated().map {
            Batch.Item(id: ProposalID(node: node, boot: 1, counter: UInt64($0.offset) + 1), command: $0.element)
        }
        _ = state.apply(Batch(elapsedMs: 0, wallMs: 0, term: 1, items: items), index: index)
        return state.board()
    }

    /// Found by a chaos run: after its node's restart, a coordinator that had just started itself and showed an empty board was believed, and a
    /// branch began in which no queue was known.
    @Test func whatIsReadIsAsOfWhereItLastChanged() async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/callslip-roster-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let file = RosterFile(data: folder, logger: Logger(label: "test"))
        func read() async -> Board? { await RosterFile(data: folder, logger: Logger(label: "test")).read() }
        #expect(await read() == nil)
        await file.keep(try board(at: 7))?.value
        #expect(await read()?.at == LogPosition(index: 7, ordinal: 1))
        // The same people and queues later: nothing to write.
        #expect(await file.keep(try board(at: 9)) == nil)
        // What colleagues say to each other is not kept.
        var talking = try board(at: 10)
        talking.room = [
            RoomLine(
                at: LogPosition(index: 10, ordinal: 0), request: RequestID(high: 1, low: 1), by: try #require(OperatorName("mia")),
                displayName: "Mia", library: try #require(LibraryName("memorial")), clockMs: 1, wallMs: 1, word: .said("Hello"))
        ]
        #expect(await file.keep(talking) == nil)
        await file.keep(try board(at: 12, title: "Memorial"))?.value
        let last = try #require(await read())
        #expect(last.at == LogPosition(index: 12, ordinal: 1))
        #expect(last.queues.map(\.queue.title) == ["Memorial"])
    }
}
