import Consortium

/// "Open now": the latest word of each library's people stands, in whatever order the words come.
struct OpeningChecks: Book {
    private var openings: [LibraryName: OpenNow] = [:]

    func concerns(_ command: Command) -> Bool { if case .openNow = command { true } else { false } }

    mutating func judge(_ command: Command, _ verdict: Verdict, from asking: NodeName) -> String? {
        guard case .openNow(let library, _, let opening) = command, verdict.isAccepted else { return nil }
        if let former = openings[library], opening.fromMs < former.fromMs { return nil }
        openings[library] = opening
        return nil
    }

    func difference(to state: ConsortiumState) -> String? {
        for (library, opening) in openings.sorted(by: { $0.key < $1.key }) where state.hours[library]?.openNow != opening {
            let there = state.hours[library]?.openNow.map { "from \($0.fromMs) until \($0.untilMs)" } ?? "not at all"
            return "\(library) is opened \(there), and by the log from \(opening.fromMs) until \(opening.untilMs)"
        }
        return nil
    }
}
