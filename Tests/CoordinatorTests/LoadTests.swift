import Consortium
import Testing

@testable import Coordinator

/// Rule 14: bounded proposals; under pressure leases come before claims, claims before messages, messages before new chats.
@Suite struct LoadTests {
    private let link = LinkID(1)
    private let other = LinkID(2)

    private func core(_ configuration: CoordinatorConfiguration = .init()) throws -> CoordinatorCore {
        var core = CoordinatorCore(node: try name("c1"), boot: 1, configuration: configuration)
        _ = core.onNodeUp(link, node: try name("memorial"), nowMs: 0)
        _ = core.onNodeUp(other, node: try name("college"), nowMs: 0)
        return core
    }

    private func lead(_ core: inout CoordinatorCore, term: UInt64 = 1) {
        _ = core.onRole(.init(isLeader: true, term: term, leader: core.node), nowMs: 0)
    }

    private func busy(_ directives: [CoordinatorDirective]) -> [UInt64] {
        directives.compactMap { if case .busy(_, let counter, _) = $0 { counter } else { nil } }
    }

    private func batches(_ directives: [CoordinatorDirective]) -> [Batch] {
        directives.compactMap { if case .propose(let batch) = $0 { batch } else { nil } }
    }

    private func say(_ sequence: UInt64, bytes: Int) throws -> Command {
        let roster = try Roster()
        let text = String(repeating: "x", count: bytes)
        return .say(
            Say(chat: roster.chat, speaker: .patron(roster.attach), sender: SenderID(high: 1, low: 1), sequence: sequence, text: text))
    }

    @Test func theLessUrgentIsRefusedFirst() throws {
        var configuration = CoordinatorConfiguration()
        configuration.pendingMax = 16
        var core = try core(configuration)
        let roster = try Roster()
        let claim = Command.claim(Claim(chat: roster.chat, session: roster.session, request: RequestID(high: 1, low: 1)))
        // Nothing is answered: there is no leader. New chats fill five eighths, messages six, acts seven, leases all.
        var taken: [Int] = []
        var counter: UInt64 = 0
        for command in [roster.open, try say(1, bytes: 1), claim, roster.signOn] {
            var count = 0
            for _ in 0..<20 {
                counter += 1
                if busy(core.onPropose(link, [try item(counter, command)], nowMs: 0)).isEmpty { count += 1 }
            }
            taken.append(count)
        }
        #expect(taken == [10, 2, 2, 2])
    }

    @Test func oneNodeCannotTakeAllPlaces() throws {
        var configuration = CoordinatorConfiguration()
        configuration.pendingMax = 100
        configuration.pendingPerLinkMax = 8
        var core = try core(configuration)
        let roster = try Roster()
        let many = try (1...50).map { try item(UInt64($0), roster.signOn) }
        #expect(busy(core.onPropose(link, many, nowMs: 0)).count == 42)
        #expect(busy(core.onPropose(other, [try item(99, roster.signOn, of: "college")], nowMs: 0)).isEmpty)
        // A link that ended leaves its places.
        core.onNodeDown(link)
        #expect(busy(core.onPropose(other, try (100...106).map { try item($0, roster.signOn, of: "college") }, nowMs: 0)).isEmpty)
    }

    @Test func whatIsForwardedIsBoundedToo() throws {
        var configuration = CoordinatorConfiguration()
        configuration.pendingMax = 8
        configuration.commandsPerBatchMax = 100
        var core = try core(configuration)
        lead(&core)
        let roster = try Roster()
        core.onForwarded(try (1...50).map { try item(UInt64($0), roster.open) })
        core.onForwarded(try (51...100).map { try item(UInt64($0), roster.signOn) })
        let items = batches(core.flush(nowMs: 1, wallMs: 1)).flatMap(\.items)
        #expect(items.count == 8)
        #expect(items.filter { $0.command == roster.open }.count == 5)
    }

    /// A batch of long messages was larger than the log takes for one entry, and was proposed again and again.
    @Test func anEntryIsBoundedByItsBytesAsWell() throws {
        var core = try core()
        lead(&core)
        let items = try (1...500).map { try item(UInt64($0), try say(UInt64($0), bytes: Limits.messageBytesMax)) }
        _ = core.onPropose(link, items, nowMs: 0)
        var seen: [UInt64] = []
        for index in 1...UInt64(20) {
            for batch in batches(core.flush(nowMs: 1, wallMs: 1)) {
                #expect(batch.items.reduce(0) { $0 + $1.command.costBytes } <= core.configuration.costBytesPerBatchMax)
                seen += batch.items.map(\.id.counter)
                _ = core.onApplied(batch, index: index * 100 + UInt64(seen.count), nowMs: 1)
            }
        }
        #expect(seen == Array(1...500))
    }

    /// All that waits for a leader went in one frame, which was longer than the other side takes: the link ended, again and again.
    @Test func whatIsForwardedFitsIntoFrames() throws {
        var core = try core()
        let items = try (1...2_500).map { try item(UInt64($0), try say(UInt64($0), bytes: $0 % 3 == 0 ? 4_000 : 10)) }
        _ = core.onPropose(link, items, nowMs: 0)
        let directives = core.onRole(.init(isLeader: false, term: 2, leader: try name("c2")), nowMs: 1)
        let frames = directives.compactMap { if case .forward(let items, _) = $0 { items } else { nil } }
        #expect(frames.count > 2)
        for frame in frames {
            #expect(frame.count <= CoordinatorConfiguration.itemsPerFrameMax)
            #expect(frame.reduce(0) { $0 + $1.command.costBytes } <= CoordinatorConfiguration.costBytesPerFrameMax)
        }
        #expect(frames.flatMap { $0 }.map(\.id.counter) == Array(1...2_500))
    }

    /// Under load, a proposal that is asked again while it is in the log does not enter it a second time.
    @Test func whatIsUnderWayIsNotProposedTwice() throws {
        var core = try core()
        lead(&core)
        let roster = try Roster()
        _ = core.onPropose(link, [try item(1, roster.commands[0])], nowMs: 0)
        let batch = try #require(batches(core.flush(nowMs: 1, wallMs: 1)).first)
        for nowMs in stride(from: UInt64(500), through: 5_000, by: 500) {
            core.onForwarded(batch.items)
            #expect(batches(core.onTick(nowMs: nowMs) + core.flush(nowMs: nowMs, wallMs: 1)).isEmpty)
        }
        // The log lost it with its leader: whoever leads then is asked again.
        _ = core.onRole(.init(isLeader: false, term: 2, leader: nil), nowMs: 5_000)
        lead(&core, term: 3)
        #expect(batches(core.flush(nowMs: 5_001, wallMs: 1)).flatMap(\.items).map(\.id.counter) == [1])
    }

    /// Entries of former leaders, applied by a new one, are not among those that it has in flight.
    @Test func onlyItsOwnEntriesCountAsInFlight() throws {
        var core = try core()
        let roster = try Roster()
        lead(&core, term: 5)
        for index in 1...UInt64(9) { _ = core.onApplied(Batch(elapsedMs: 0, wallMs: 0, term: 4, items: []), index: index, nowMs: 0) }
        for counter in 1...UInt64(6) {
            _ = core.onPropose(link, [try item(counter, roster.commands[0])], nowMs: 0)
            _ = core.onApplied(Batch(elapsedMs: 0, wallMs: 0, term: 4, items: []), index: 9 + counter, nowMs: 0)
            _ = core.flush(nowMs: counter, wallMs: 1)
        }
        #expect(core.proposals.inFlight == core.configuration.batchesInFlightMax)
    }
}
