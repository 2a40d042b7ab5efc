import Consortium

/// Posted hours must be staffed (agreement, 3): whoever can do something about it is told at the desk, once for each gap. A library's admin after 5 minutes without
/// anybody of the library, ChatWog after 15. Nothing need be remembered beyond the desk: the board says since when a gap goes on.
extension GatewayCore {
    mutating func tellGaps() {
        guard let gaps = directory.board?.ledger?.filter({ $0.gapSince != nil }), !gaps.isEmpty else { return }
        for session in desks.keys.sorted() {
            guard let desk = desks[session], !desk.clients.isEmpty, let person = directory.person(desk.name) else { continue }
            for gap in gaps where desk.gapsTold[gap.library] != gap.gapSince {
                guard let minutes = minutesUntilTold(person, of: gap.library), let since = gap.gapSince,
                    (now &+ wallOffsetMs) / 60_000 >= UInt64(since) + minutes
                else { continue }
                desks[session]?.gapsTold[gap.library] = since
                let title = directory.library(gap.library).title
                let answers = gap.staffing == .covered ? "The general queue answers its patrons." : "Nobody answers its patrons."
                let text =
                    "\(title) is posted as open, and for \(minutes) minutes none of its people has been available. \(answers)"
                    + (person.library == gap.library ? " Sign on for it, ask a colleague, or close it at short notice." : "")
                for client in desk.clients { send(client, .notice(text: text)) }
            }
        }
    }

    /// `nil` for whoever is not told at all.
    private func minutesUntilTold(_ person: Operator, of library: LibraryName) -> UInt64? {
        if person.isAdmin, person.library == library { return Limits.gapToAdminMinutes }
        return person.committee == .chatWog ? Limits.gapToChatWogMinutes : nil
    }
}
