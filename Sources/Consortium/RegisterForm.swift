/// A register's form: its questions, who fills it in, and what a filled-in one must look like.

public struct RegisterForm: Sendable {
    public enum Kind: Hashable, Sendable {
        /// One line.
        case text
        /// Lines.
        case paragraph
        /// Words or phrases, separated by commas.
        case words
        /// Such as `2026-11-27`.
        case day
        case email
        /// `https://…` or `http://…`.
        case link
        case choice([Choice])
        case library, queue, person
        /// An entry of another register, by its identifier.
        case entry(Register)
    }

    public struct Choice: Hashable, Sendable {
        public var value: String
        public var title: String
        public init(_ value: String, _ title: String) {
            self.value = value
            self.title = title
        }
    }

    public struct Question: Sendable {
        /// By which import, API and code name it.
        public var key: String
        public var title: String
        public var kind: Kind
        public var isRequired: Bool
        public var help: String
        init(_ key: String, _ title: String, _ kind: Kind, required isRequired: Bool = false, _ help: String = "") {
            self.key = key
            self.title = title
            self.kind = kind
            self.isRequired = isRequired
            self.help = help
        }

        public var bytesMax: Int {
            switch kind {
            case .paragraph: Limits.registerParagraphBytesMax
            case .words: Limits.registerWordsBytesMax
            case .text, .day, .email, .link, .choice, .library, .queue, .person, .entry: Limits.registerLineBytesMax
            }
        }
    }

    /// Who may change entries, beside LTG, who may change all.
    public enum EditorRole: Sendable {
        case chatWog
        /// A library's admin, what is their library's.
        case libraryAdmin
    }

    /// By which import, API and commands name the register.
    public var name: String
    /// For people, in the plural.
    public var title: String
    /// One of its entries.
    public var one: String
    /// What it is for, in a sentence.
    public var sentence: String
    public var editors: [EditorRole]
    public var questions: [Question]
    /// What no two entries have in common; empty: nothing.
    public var unique: [String]
    /// The questions whose answers name an entry in a list.
    public var heads: [String]

    public func heading(_ entry: RegisterEntry) -> String {
        heads.map { entry[$0] }.filter { !$0.isEmpty }.joined(separator: ", ").excerpt(bytesMax: Limits.titleBytesMax)
    }

    public func mayEdit(_ person: Operator, _ library: LibraryName?) -> Bool {
        if person.committee == .ltg { return true }
        return editors.contains { role in
            switch role {
            case .chatWog: person.committee == .chatWog
            case .libraryAdmin: person.isAdmin && person.library == library
            }
        }
    }

    var editorsInWords: String {
        let names = editors.map { $0 == .chatWog ? "ChatWog" : "the library's admin" } + ["LTG"]
        return names.count == 1 ? names[0] : names.dropLast().joined(separator: ", ") + " or \(names[names.count - 1])"
    }

    /// The entry with its answers in order and none empty; or what is wrong with it.
    public func filled(_ entry: RegisterEntry) throws(Refusal) -> RegisterEntry {
        for answer in entry.answers {
            guard questions.contains(where: { $0.key == answer.key }) else {
                throw Refusal(
                    .invalid,
                    "\(title) have no field `\(answer.key)`; they have \(questions.map { "`\($0.key)`" }.joined(separator: ", ")).")
            }
            guard entry.answers.count(where: { $0.key == answer.key }) == 1 else {
                throw Refusal(.invalid, "`\(answer.key)` was answered twice.")
            }
        }
        var filled = entry
        filled.answers = []
        for question in questions {
            let text = entry[question.key]
            guard !text.isEmpty else {
                guard !question.isRequired else {
                    throw Refusal(.invalid, "\(question.title) is missing.\(question.help.isEmpty ? "" : " ")\(question.help)")
                }
                continue
            }
            guard text.utf8.count <= question.bytesMax else {
                throw Refusal(.tooLong, "\(question.title) has \(question.bytesMax) bytes at most, not \(text.utf8.count).")
            }
            if let expected = question.kind.expects(text) {
                throw Refusal(.invalid, "\(question.title): expected \(expected), found `\(text.excerpt(bytesMax: Limits.titleBytesMax))`.")
            }
            filled.answers.append(.init(question.key, text))
        }
        return filled
    }
}

extension RegisterForm.Kind {
    /// What was expected, where the text is something else.
    fileprivate func expects(_ text: String) -> String? {
        let isLine = !text.utf8.contains { $0 < 0x20 || $0 == 0x7f }
        switch self {
        case .paragraph: return nil
        case .text, .words: return isLine ? nil : "one line"
        case .day: return CalendarDay(text) == nil ? "a day such as 2026-11-27" : nil
        case .email: return text.isAddress ? nil : "an e-mail address"
        case .link:
            return isLine && (text.hasPrefix("https://") || text.hasPrefix("http://")) ? nil : "an address that begins with https://"
        case .choice(let choices):
            return choices.contains { $0.value == text } ? nil : "one of " + choices.map { "`\($0.value)`" }.joined(separator: ", ")
        case .library: return LibraryName(text) == nil ? "a library's name" : nil
        case .queue: return QueueName(text) == nil ? "a queue's name" : nil
        case .person: return OperatorName(text) == nil ? "an operator's name" : nil
        case .entry: return EntryID(text) == nil ? "an entry's identifier, 32 hexadecimal digits" : nil
        }
    }
}

extension String {
    /// Something before one `@`, a name with a dot behind it, and nothing that a mail's head could be broken with.
    fileprivate var isAddress: Bool {
        guard !utf8.contains(where: { $0 <= 0x20 || $0 == 0x7f || $0 == 0x2c || $0 == 0x3b || $0 == 0x3c || $0 == 0x3e }) else {
            return false
        }
        let parts = split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && parts[1].contains(".") && !parts[1].hasPrefix(".") && !parts[1].hasSuffix(".")
    }
}
