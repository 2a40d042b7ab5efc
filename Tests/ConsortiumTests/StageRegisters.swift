import Consortium

/// Registers on the stage.
extension Stage {
    /// `entry REGISTER NAME VERSION EDITOR key=value…: TEXT` and `drop-entry NAME VERSION EDITOR`; the editor is `ltg` or a person, the text answers
    /// the form's first question of several lines, a `_` stands for a blank, `link` for an address, and `entry=NAME` of a value names another entry.
    func registerCommand(_ verb: String, _ arguments: [String], _ options: [String: String], _ text: String) throws -> Command {
        if verb == "drop-entry" {
            guard arguments.count == 3, let version = UInt64(arguments[1]) else { throw Mistake(description: "no version or editor") }
            return .dropEntry(Self.id(arguments[0]), version: version, by: try editor(arguments[2]))
        }
        guard arguments.count == 4, let register = Register(named: arguments[0]), let version = UInt64(arguments[2]) else {
            throw Mistake(description: "entry REGISTER NAME VERSION EDITOR")
        }
        var answers = options.sorted { $0.key < $1.key }.map { key, value in
            RegisterEntry.Answer(
                key,
                value == "link"
                    ? "https://example.org/"
                    : value.hasPrefix("entry-") ? (Self.id(String(value.dropFirst(6))) as EntryID).text : value.replacing("_", with: " "))
        }
        let paragraphs = register.form.questions.filter { $0.kind == .paragraph }
        let lines = paragraphs.first(where: \.isRequired) ?? paragraphs.first
        if let lines, !text.isEmpty { answers.append(.init(lines.key, text)) }
        let entry = RegisterEntry(id: Self.id(arguments[1]), register: register, version: version, answers: answers)
        return .setEntry(entry, by: try editor(arguments[3]))
    }

    private func editor(_ word: String) throws -> Editor { word == "ltg" ? .admin : .person(try Self.name(word)) }

    func showRegisters() -> [String] {
        state.registerNews(after: 0).news.changed.map { entry in
            let answers = entry.answers.map { "\($0.key) \(EntryID($0.text) == nil ? $0.text : "(entry)")" }.joined(separator: "; ")
            let found = entry.found.map { "; found \($0.step.rawValue) at \($0.place), \($0.wallMs) ms" }.joined()
            return "\(entry.register.form.name) \(entry.version) by \(entry.changedBy?.text ?? "ltg"): \(answers)\(found)"
        }
    }
}
