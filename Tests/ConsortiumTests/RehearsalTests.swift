import Testing

@testable import Consortium

/// What an import would meet is found out beside the state, which stays as it is.
@Suite struct RehearsalTests {
    private func name<Tag>(_ text: String) throws -> Name<Tag> { try #require(Name<Tag>(text)) }

    /// With the libraries law and maps, the general queue, and a naming convention.
    private func consortium() throws -> ConsortiumState {
        var state = ConsortiumState()
        let (law, maps): (LibraryName, LibraryName) = (try name("law"), try name("maps"))
        let commands: [Command] = [
            .setFeatureLevel(FeatureLevel.supported), .setLibrary(Library(name: law, title: "Law", homeNode: try name("law"))),
            .setLibrary(Library(name: maps, title: "Maps", homeNode: try name("maps"))),
            .setQueue(Queue(name: try name("general"), title: "All", library: nil)),
            .setQueue(Queue(name: try name("law"), title: "Law", library: law)),
            .setOperator(Operator(name: try name("lea"), displayName: "Lea", library: law, queues: [try name("law")])),
        ]
        for (place, command) in commands.enumerated() {
            let verdict = state.apply(command, at: LogPosition(index: UInt64(place) + 1, ordinal: 0))
            if case .refused(let refusal) = verdict { Issue.record("\(refusal.sentence)") }
        }
        return state
    }

    @Test func whatWouldBeRefusedIsToldInItsPlaceAndTheRestIsNot() throws {
        let state = try consortium()
        let before = state.digest()
        let (law, maps): (LibraryName, LibraryName) = (try name("law"), try name("maps"))
        let known = CannedMessage(id: CannedID(high: 1, low: 1), owner: .consortium, title: "Hello", keywords: "", text: "Good morning")
        var kept = known
        (kept.version, kept.text) = (3, "Good day")
        var rehearsal = Rehearsal(state.board(), canned: [kept], entries: [], node: try name("law"), wallMs: 1_000)
        func says(_ command: Command) -> String? { rehearsal.refusal(of: command)?.sentence }
        #expect(says(.setQueue(Queue(name: try name("maps"), title: "Maps", library: maps))) == nil)
        // What came before in the same file counts.
        #expect(says(.setOperator(Operator(name: try name("moe"), displayName: "Moe", library: maps, queues: [try name("maps")]))) == nil)
        #expect(says(.setQueue(Queue(name: try name("law"), title: "Law", library: maps)))?.contains("another library") ?? false)
        #expect(says(.setQueue(Queue(name: try name("second"), title: "All", library: nil)))?.contains("one general queue") ?? false)
        #expect(says(.setOperator(Operator(name: try name("lea"), displayName: "Lea", library: law, queues: [try name("nowhere")]))) != nil)
        #expect(says(.setCanned(known, by: .admin))?.contains("changed meanwhile") ?? false)
        var next = kept
        next.text = "Good evening"
        #expect(says(.setCanned(next, by: .admin)) == nil)
        #expect(state.digest() == before)
    }
}
