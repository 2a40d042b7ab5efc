import ClientProtocol
import Consortium
import Testing

@testable import Gateway

/// Agreement, 3: of posted hours that nobody of the library staffs, its admin is told after 5 minutes, ChatWog after 15, each once for each gap.
@Suite struct GapAlertTests {
    private var stage: Stage
    private let memorial: LibraryName
    private var board: Board

    init() throws {
        stage = try Stage()
        for line in ["connect d1", "desk d1 ann", "go"] { _ = try stage.run(line) }
        memorial = try Names.name("memorial")
        board = stage.coordinator.state.board()
    }

    /// What the desk is told as of a minute after the gap's first one; the clock goes on alone.
    private mutating func told(afterMinutes minutes: UInt64, _ gaps: [LedgerNow]) -> [String] {
        board.ledger = gaps
        board.at = LogPosition(index: board.at.index + 1, ordinal: 0)
        // The first minute begins with the stage's clock.
        let now = 60_000 * minutes + 1_000
        stage.gateway.onWallClock(wallMs: 60_000 * (1_000 + minutes), now: now)
        let directives = stage.gateway.onBoard(board, holdings: [:], now: now) + stage.gateway.onTick(now: now)
        return directives.compactMap { if case .send(_, .notice(let text)) = $0 { text } else { nil } }
    }

    private mutating func make(admin: Bool, _ committee: Committee?) {
        for place in board.operators.indices where board.operators[place].name.text == "ann" {
            board.operators[place].isAdmin = admin
            board.operators[place].committee = committee
        }
    }

    private func gap(_ since: LedgerMinute = 1_000, _ staffing: Staffing = .nobody) -> LedgerNow {
        LedgerNow(library: memorial, hours: .open, staffing: staffing, gapSince: since)
    }

    @Test mutating func anAdminIsToldAfterFiveMinutesOncePerGap() {
        make(admin: true, nil)
        #expect(told(afterMinutes: 4, [gap()]) == [])
        let notices = told(afterMinutes: 5, [gap()])
        #expect(notices.count == 1)
        #expect(notices.first?.contains("for 5 minutes none of its people") == true)
        #expect(notices.first?.contains("Nobody answers its patrons. Sign on for it") == true)
        #expect(told(afterMinutes: 6, [gap()]) == [])
        #expect(told(afterMinutes: 20, [gap(1_000, .covered)]) == [])
        #expect(told(afterMinutes: 21, []) == [])
        // Another gap.
        #expect(told(afterMinutes: 25, [gap(1_020, .covered)]).first?.contains("The general queue answers") == true)
    }

    @Test mutating func chatWogIsToldAfterFifteen() {
        make(admin: false, .chatWog)
        #expect(told(afterMinutes: 14, [gap()]) == [])
        #expect(told(afterMinutes: 15, [gap()]).count == 1)
        #expect(told(afterMinutes: 60, [gap()]) == [])
    }

    @Test(arguments: [nil, Committee.rmt]) mutating func nobodyElseIsTold(_ committee: Committee?) {
        make(admin: false, committee)
        #expect(told(afterMinutes: 60, [gap()]) == [])
    }

    @Test mutating func theAdminOfAnotherLibraryIsNotTold() throws {
        make(admin: true, nil)
        let law = LedgerNow(library: try Names.name("law"), hours: .open, staffing: .nobody, gapSince: 1_000)
        #expect(told(afterMinutes: 60, [law]) == [])
    }

    /// How much longer somebody means to be there is reckoned by the node's clock, and shown to them when the consortium has it.
    @Test mutating func anEndIsToldByTheNodesClock() throws {
        let lines = try stage.run("until d1 3600")
        #expect(lines == ["propose 2: ann-1 until 1790003601000"])
    }
}
