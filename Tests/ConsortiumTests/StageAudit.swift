import Consortium

/// The audit log on the stage, and holds and exports.
///
///     read CHAT READER REQUEST LIBRARY          a transcript is about to be read
///     want hold|export CHAT ADMIN LIBRARY WISH DAYS: REASON
///     approve|decline|end WISH PERSON: NOTE
///     take WISH CHAT PERSON LIBRARY REQUEST             an export is about to be given
extension Stage {
    func auditCommand(_ verb: String, _ arguments: [String], _ options: [String: String], _ text: String) throws -> Command {
        func word(_ place: Int) throws -> String {
            guard place < arguments.count else { throw Mistake(description: "`\(verb)` lacks a word") }
            return arguments[place]
        }
        func actor(_ name: String) throws -> AuditActor { name == "ltg" ? .admin : .person(try Self.name(name)) }
        switch verb {
        case "read":
            return .audit(
                AuditNote(
                    by: try actor(try word(1)), chat: Self.id(try word(0)), library: try Self.name(try word(3)),
                    request: Self.id(try word(2))))
        case "take":
            return .audit(
                AuditNote(
                    by: try actor(try word(2)), chat: Self.id(try word(1)), library: try Self.name(try word(3)),
                    request: Self.id(try word(4)),
                    export: Self.id(try word(0))))
        case "want":
            return .askWish(
                TranscriptWish(
                    id: Self.id(try word(4)), kind: try word(0) == "hold" ? .hold : .export, chat: Self.id(try word(1)),
                    library: try Self.name(try word(3)), by: try Self.name(try word(2)), reason: text, days: UInt32(try word(5)) ?? 0))
        default:
            let what: WishDecision.What = verb == "approve" ? .approve : verb == "decline" ? .decline : .end
            return .decideWish(WishDecision(wish: Self.id(try word(0)), what: what, by: try Self.name(try word(1)), note: text))
        }
    }

    func showAudit() -> [String] {
        let page = state.audit(after: 0)
        let lines = page.entries.map { entry in
            let hash = entry.hash.prefix(4).map { String($0, radix: 16) }.joined(separator: " ")
            let library = entry.library.isEmpty ? "" : " of \(entry.library)"
            return "\(entry.number) \(entry.by.text): \(entry.act.text) \(entry.subject)\(library) (\(hash))"
        }
        do throws(AuditFlaw) {
            let last = try page.anchor.following(page.entries)
            return lines + ["whole up to \(last.number)"]
        } catch {
            return lines + ["\(error)"]
        }
    }

    /// `show wishes LIBRARY`
    func showWishes(_ arguments: [String]) throws -> [String] {
        guard arguments.count > 1 else { throw Mistake(description: "whose wishes?") }
        return state.wishes(of: try Self.name(arguments[1])).map { wish in
            let decided = wish.decidedBy.map { " by \($0): \(wish.note)" } ?? ""
            let counts = wish.isOpen(atWallMs: state.wallMs) ? "counts" : "does not count"
            return "\(wish.kind.text) of \(wish.by): \(wish.reason); \(wish.stage)\(decided); \(counts)"
        }
    }
}
