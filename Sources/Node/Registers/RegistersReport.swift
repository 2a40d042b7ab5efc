/// Registers as the API, the pages and `callslip registers` say them.

import Consortium

/// The forms, and what their questions let choose from.
public struct RegistersReport: Codable, Sendable {
    public struct Choice: Codable, Sendable {
        public var value: String
        public var title: String
    }
    public struct Question: Codable, Sendable {
        public var key: String
        public var title: String
        /// `text`, `paragraph`, `words`, `day`, `email`, `link`, `choice`, `library`, `queue`, `person` or `entry`.
        public var kind: String
        public var required: Bool
        public var help: String
        public var bytesMax: Int
        /// Of a `choice`.
        public var choices: [Choice]?
        /// Of an `entry`: the register that it is one of.
        public var register: String?

        init(_ question: RegisterForm.Question) {
            key = question.key
            title = question.title
            (kind, choices, register) =
                switch question.kind {
                case .text: ("text", nil, nil)
                case .paragraph: ("paragraph", nil, nil)
                case .words: ("words", nil, nil)
                case .day: ("day", nil, nil)
                case .email: ("email", nil, nil)
                case .link: ("link", nil, nil)
                case .choice(let choices): ("choice", choices.map { Choice(value: $0.value, title: $0.title) }, nil)
                case .library: ("library", nil, nil)
                case .queue: ("queue", nil, nil)
                case .person: ("person", nil, nil)
                case .entry(let register): ("entry", nil, register.form.name)
                }
            required = question.isRequired
            help = question.help
            bytesMax = question.bytesMax
        }
    }
    public struct Form: Codable, Sendable {
        public var name: String
        public var title: String
        public var one: String
        public var sentence: String
        public var questions: [Question]
        /// The questions whose answers name an entry in a list.
        public var heads: [String]
        /// Whether whoever asks may write entries: `all`, those of the `own` library, or `none`.
        public var mayWrite: String
    }
    public var forms: [Form]
    /// Whose admin asks; `nil` for who is of no library's admins.
    public var library: String?
    public var libraries: [Choice]
    public var queues: [Choice]
    public var people: [Choice]

    /// - Parameter person: who asks; `nil` for the node's admin.
    init(_ board: Board, for person: Operator?) {
        forms = Register.allCases.map { register in
            let form = register.form
            let writesAll = person.map { form.mayEdit($0, nil) } ?? true
            let writesOwn = person.map { form.mayEdit($0, $0.library) } ?? true
            return Form(
                name: form.name, title: form.title, one: form.one, sentence: form.sentence, questions: form.questions.map { Question($0) },
                heads: form.heads, mayWrite: writesAll ? "all" : writesOwn ? "own" : "none")
        }
        library = person?.library.text
        libraries = board.libraries.map { Choice(value: $0.name.text, title: $0.title) }
        queues = board.queues.map { Choice(value: $0.queue.name.text, title: $0.queue.title) }
        // Names of people are for those who write records about them.
        let mayName = person.map { $0.committee != nil || $0.isAdmin } ?? true
        people = mayName ? board.operators.map { Choice(value: $0.name.text, title: $0.displayName) } : []
    }
}

/// Entries of one register.
public struct RegisterEntries: Codable, Sendable {
    public struct Entry: Codable, Sendable {
        public var id: String
        public var version: UInt64
        public var answers: [String: String]
        /// Unix milliseconds.
        public var changedMs: UInt64
        /// Who changed it last, for people; LTG where that was an import or a command.
        public var changedBy: String
        public var mayWrite: Bool
        /// Of a checklist: what the service found out by itself.
        public var found: [FoundStep]?
    }
    public var register: String
    public var entries: [Entry]

    /// By what names them.
    init(_ register: Register, _ entries: [EntryID: RegisterEntry], _ board: Board, for person: Operator?) {
        let form = register.form
        self.register = form.name
        self.entries = entries.values.filter { $0.register == register && $0.mayBeRead(by: person, board) }
            .sorted { (form.heading($0), $0.id) < (form.heading($1), $1.id) }
            .map { entry in
                Entry(
                    id: entry.id.text, version: entry.version,
                    answers: Dictionary(entry.answers.map { ($0.key, $0.text) }, uniquingKeysWith: { first, _ in first }),
                    changedMs: entry.changedWallMs,
                    changedBy: entry.changedBy.map { name in board.person(called: name)?.displayName ?? name.text } ?? "LTG",
                    mayWrite: person.map { form.mayEdit($0, entry.library) } ?? true,
                    found: entry.found.isEmpty ? nil : entry.found.map { FoundStep($0) })
            }
    }
}

extension RegisterEntry {
    /// Training records are for the person, their library's admins, ChatWog and LTG; everything else is for everybody who is signed in.
    func mayBeRead(by person: Operator?, _ board: Board) -> Bool {
        guard register == .training, let person else { return true }
        if self["person"] == person.name.text || person.committee == .chatWog || person.committee == .ltg { return true }
        return person.isAdmin && OperatorName(self["person"]).flatMap { board.person(called: $0) }?.library == person.library
    }
}

/// What is asked for: an entry as it is to be, or to be deleted.
public struct EntryAsk: Codable, Sendable {
    /// 32 hexadecimal digits, drawn by whoever writes the entry first.
    public var id: String
    /// The version that this replaces; 0 for a new one.
    public var version: UInt64
    public var register: String?
    public var answers: [String: String]?
    public var drop: Bool?

    public init(id: String, version: UInt64) {
        self.id = id
        self.version = version
    }

    func command(by editor: Editor) throws(AskMistake) -> Command {
        guard let id = EntryID(id) else { throw AskMistake(text: "`id` is 32 hexadecimal digits, drawn at random.") }
        if drop ?? false { return .dropEntry(id, version: version, by: editor) }
        guard let register = register.flatMap({ Register(named: $0) }) else {
            throw AskMistake(text: "`register` is one of " + Register.allCases.map { "`\($0.form.name)`" }.joined(separator: ", ") + ".")
        }
        let answers = (answers ?? [:]).sorted { $0.key < $1.key }.map { RegisterEntry.Answer($0.key, $0.value.trimmed) }.filter {
            !$0.text.isEmpty
        }
        do throws(Consortium.Refusal) {
            // Said here, before anything is replicated.
            return .setEntry(
                try register.form.filled(RegisterEntry(id: id, register: register, version: version, answers: answers)), by: editor)
        } catch { throw AskMistake(text: error.sentence) }
    }
}

/// What the directory found.
public struct DirectoryReport: Codable, Sendable {
    public struct Found: Codable, Sendable {
        public var id: String
        /// `liaisons` or `agreements`.
        public var register: String
        /// The subject, or the agreement's title.
        public var title: String
        public var library: String
        public var libraryTitle: String
        public var answers: [String: String]
        /// The queue's title, and whether a chat can be transferred there now; where the entry names a queue.
        public var queueTitle: String?
        public var available: Bool?
        /// Why not.
        public var why: String?
        /// Where a question stands that is referred to them, to be answered later; and whom it is referred to, for people.
        public var place: String?
        public var placeTitle: String?
        public var name: String
        /// It says until when it is valid, and that day is over.
        public var expired: Bool
    }
    public var found: [Found]

    init(_ entries: [RegisterEntry], _ board: Board, today: CalendarDay?) {
        let queues = board.queues.map(\.queue)
        found = entries.map { entry in
            let place = queues.places(of: entry).first
            let library = board.libraries.first { $0.name == entry.library }
            let status = QueueName(entry["queue"]).flatMap { name in board.queues.first { $0.queue.name == name } }
            let titles = { (name: QueueName) in board.queues.first { $0.queue.name == name }?.queue.title ?? name.text }
            let takes = status?.decision.takesTransfers
            return Found(
                id: entry.id.text, register: entry.register.form.name,
                title: entry.register == .liaisons ? entry["subject"] : entry["title"], library: entry["library"],
                libraryTitle: library?.title ?? entry["library"],
                answers: Dictionary(entry.answers.map { ($0.key, $0.text) }, uniquingKeysWith: { first, _ in first }),
                queueTitle: status?.queue.title, available: takes,
                why: takes == false ? status?.decision.reasons.first?.sentence(title: titles) : nil,
                place: place?.name.text, placeTitle: place?.title, name: entry.listedName ?? "",
                expired: CalendarDay(entry["until"]).map { until in today.map { until < $0 } ?? false } ?? false)
        }
    }
}
