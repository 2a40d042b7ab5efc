import Consortium

/// Naming conventions on the stage.
extension Stage {
    /// `naming VERSION queues=PATTERN/EXAMPLE users=PATTERN/EXAMPLE: SENTENCE`
    func naming(_ version: UInt64, _ options: [String: String], _ sentence: String) -> NamingConventions {
        func rule(_ key: String) -> NamingRule? {
            guard let parts = options[key]?.split(separator: "/").map(String.init), parts.count == 2 else { return nil }
            return NamingRule(pattern: parts[0], example: parts[1], sentence: sentence)
        }
        return NamingConventions(version: version, queues: rule("queues"), users: rule("users"))
    }

    func showNames() -> [String] {
        let board = state.board()
        return ["version \(board.naming.version)"]
            + board.misfits.map { "misfit: \($0.kind.rawValue) \($0.name) of \($0.library), could be \($0.suggestion ?? "-")" }
            + board.formerNames.map { "former: \($0.kind.rawValue) \($0.former) is \($0.present)" }
    }
}

/// Posted hours on the stage.
extension Stage {
    func showHours() -> [String] {
        let board = state.board()
        let terms = board.terms.terms.map { "\($0.title) (\($0.kind.text)) \($0.first.text) to \($0.last.text)" }
        return ["terms, version \(board.terms.version): \(terms.joined(separator: ", "))"]
            + board.hours.map { posted in
                let monday = posted.week(.semester).days[0].map { "\($0.opens)-\($0.closes)" }.joined(separator: ",")
                let days = posted.exceptions.map { "\($0.day.text) \($0.spans.isEmpty ? "closed" : "other") \($0.note)" }
                let closures = posted.closures.map { "closed \($0.fromMs) to \($0.untilMs)" }
                let opened = posted.openNow.map { ["opened \($0.fromMs) to \($0.untilMs)"] } ?? []
                let gate = posted.gate == .untold ? [] : ["\(posted.gate)"]
                return "\(posted.library), version \(posted.version): \([posted.zone, monday] + days + closures + opened + gate)"
            }
    }
}

/// Canned messages on the stage.
extension Stage {
    /// `canned TITLE VERSION EDITOR library=NAME person=NAME: TEXT` (else the consortium's) and `drop-canned TITLE VERSION EDITOR`; the editor is `ltg` or a
    /// person.
    func canned(_ verb: String, _ arguments: [String], _ options: [String: String], _ text: String) throws -> Command {
        guard arguments.count >= 3, let version = UInt64(arguments[1]) else { throw Mistake(description: "no version or editor") }
        let editor: Editor = arguments[2] == "ltg" ? .admin : .person(try Self.name(arguments[2]))
        if verb == "drop-canned" { return .dropCanned(Self.id(arguments[0]), version: version, by: editor) }
        let owner: CannedOwner
        if let person = options["person"] {
            owner = .person(try Self.name(person))
        } else if let library = options["library"] {
            owner = .library(try Self.name(library))
        } else {
            owner = .consortium
        }
        let text = options["bytes"].flatMap(Int.init).map { String(repeating: "x", count: $0) } ?? text
        return .setCanned(
            CannedMessage(id: Self.id(arguments[0]), version: version, owner: owner, title: arguments[0], keywords: "k", text: text),
            by: editor)
    }

    func showCanned() -> [String] {
        state.cannedMessages.map { "\($0.title), version \($0.version), of \($0.owner): \($0.text)" }.sorted()
    }
}

/// The ledger on the stage.
extension Stage {
    /// `show ledger LIBRARY FROM UNTIL`: its runs, in minutes; and the gap that goes on.
    func showLedger(_ arguments: [String]) throws -> [String] {
        guard arguments.count == 4, let from = LedgerMinute(arguments[2]), let until = LedgerMinute(arguments[3]) else {
            throw Mistake(description: "show ledger LIBRARY FROM UNTIL")
        }
        let library: LibraryName = try Self.name(arguments[1])
        let now = state.ledgerNow?.first { $0.library == library }
        return state.ledger(of: library, in: from..<until).map { "from \($0.from): \($0.hours), \($0.staffing)" }
            + (now?.gapSince.map { ["a gap since \($0)"] } ?? [])
    }
}
