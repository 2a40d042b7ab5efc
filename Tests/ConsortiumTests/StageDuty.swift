import Consortium

extension Stage {
    /// `show minutes LIBRARY`: the runs of its book of duty.
    func showMinutes(_ arguments: [String]) throws -> [String] {
        let library: LibraryName = try Self.name(arguments.count > 1 ? arguments[1] : "")
        let lines = state.duty(of: library, in: 0..<100_000).map { "from \($0.from): \($0.people) on duty for the general queue" }
        return lines.isEmpty ? ["nothing is known"] : lines
    }

    /// Who is on duty for whom, and for how long what waits is first for them.
    func showDuty() -> [String] {
        let board = state.board()
        return board.signedOn.map { person in
            let queues = person.available.isEmpty ? "nothing" : person.available.map(\.text).joined(separator: ",")
            return "\(person.name) is on duty for \(person.duty?.rawValue ?? "whoever"), available for \(queues)"
        }
            + board.waiting.map { line in
                let firstMs = line.dutyFirstUntilMs.map { $0 > board.clockMs ? $0 - board.clockMs : 0 }
                let first = firstMs.map { "first for those on duty, for \($0) ms" } ?? "everybody's"
                return "\(names[line.chat.text] ?? "")\(line.offer == nil ? "" : " on offer") in \(line.queue): \(first)"
            }
    }
}
