/// Naming conventions (agreement, 5): patterns for the names of queues and of operators, and what does not fit them.

/// What a convention is about.
public enum NamedKind: String, Hashable, Sendable, CaseIterable {
    case queue, user

    /// For sentences.
    public var plural: String {
        switch self {
        case .queue: "queues"
        case .user: "users"
        }
    }
}

/// A convention for one kind of name, with what people need to follow it.
public struct NamingRule: Hashable, Sendable {
    public var pattern: String
    /// A name that fits, at some library.
    public var example: String
    /// For people: why, and how a name is made.
    public var sentence: String
    public init(pattern: String, example: String, sentence: String) {
        self.pattern = pattern
        self.example = example
        self.sentence = sentence
    }
}

/// The conventions of the consortium, set by LTG. Where a kind has none, any name will do.
public struct NamingConventions: Hashable, Sendable {
    /// Counts the changes; what is set names the version that it replaces. 0: nobody has set any.
    public var version: UInt64
    public var queues: NamingRule?
    public var users: NamingRule?
    public init(version: UInt64 = 0, queues: NamingRule? = nil, users: NamingRule? = nil) {
        self.version = version
        self.queues = queues
        self.users = users
    }

    public func rule(_ kind: NamedKind) -> NamingRule? {
        switch kind {
        case .queue: queues
        case .user: users
        }
    }

    /// Whether a name follows its convention, as one that there is none for does. The general queue, which is nobody's but LTG's, has no library and needs
    /// no pattern.
    public func allows(_ kind: NamedKind, _ name: String, library: LibraryName?) -> Bool {
        guard let library, let pattern = pattern(kind) else { return true }
        return pattern.matches(name, library: library)
    }

    /// A name that follows the convention, made of one that does not.
    public func suggestion(_ kind: NamedKind, for name: String, library: LibraryName, isTaken: (String) -> Bool) -> String? {
        pattern(kind)?.suggestion(for: name, library: library, isTaken: isTaken)
    }

    private func pattern(_ kind: NamedKind) -> NamePattern? { rule(kind).flatMap { try? NamePattern($0.pattern) } }

    /// Why a name is refused: the pattern, an example, and what to change. `nil` when it follows the convention.
    public func refusal(
        _ kind: NamedKind, _ name: String, library: LibraryName?, isTaken: (String) -> Bool = { _ in false }
    ) -> Refusal? {
        guard let library, let rule = rule(kind), !allows(kind, name, library: library) else { return nil }
        let better = suggestion(kind, for: name, library: library, isTaken: isTaken)
        return Refusal(
            .notAllowed,
            "`\(name)` does not follow the naming convention for \(kind.plural) (agreement, 5). \(rule.sentence) The pattern is `\(rule.pattern)`"
                + (rule.pattern.contains("{library}") ? ", where {library} is \(library)" : "") + "; an example is `\(rule.example)`. "
                + (better.map { "`\($0)` would fit." } ?? "Choose a name that fits."))
    }
}

/// A name that does not follow its convention, and what it could be.
public struct Misfit: Hashable, Sendable {
    public var kind: NamedKind
    public var name: String
    public var library: LibraryName
    public var suggestion: String?
}

/// A name that something had, and what it is called now.
public struct FormerName: Hashable, Sendable {
    public var kind: NamedKind
    public var former: String
    public var present: String
}

extension Board {
    /// What is to be renamed, queues first, in the order of their names.
    public var misfits: [Misfit] {
        let queueNames = Set(queues.flatMap { [$0.queue.name.text] + $0.queue.otherNames.map(\.name.text) })
        let userNames = Set(operators.flatMap { [$0.name.text] + $0.formerNames.map(\.text) })
        var found: [Misfit] = []
        for status in queues {
            guard let library = status.queue.library else { continue }
            misfit(.queue, status.queue.name.text, library, queueNames).map { found.append($0) }
        }
        for person in operators { misfit(.user, person.name.text, person.library, userNames).map { found.append($0) } }
        return found
    }

    private func misfit(_ kind: NamedKind, _ name: String, _ library: LibraryName, _ taken: Set<String>) -> Misfit? {
        guard !naming.allows(kind, name, library: library) else { return nil }
        return Misfit(
            kind: kind, name: name, library: library,
            suggestion: naming.suggestion(kind, for: name, library: library, isTaken: taken.contains))
    }

    /// Who is called so, or was.
    public func person(called name: OperatorName) -> Operator? {
        operators.first { $0.name == name } ?? operators.first { $0.formerNames.contains(name) }
    }

    /// Names that go on leading where they led.
    public var formerNames: [FormerName] {
        queues.flatMap { status in
            status.queue.formerNames.filter { $0 != status.queue.name }.map {
                FormerName(kind: .queue, former: $0.text, present: status.queue.name.text)
            }
        }
            + operators.flatMap { person in
                person.formerNames.filter { $0 != person.name }.map {
                    FormerName(kind: .user, former: $0.text, present: person.name.text)
                }
            }
    }
}

extension ConsortiumState {
    mutating func setNaming(_ new: NamingConventions) throws(Refusal) {
        for kind in NamedKind.allCases { if let rule = new.rule(kind) { try check(rule, kind) } }
        if new.queues == naming.queues, new.users == naming.users { return }
        guard new.version == naming.version else {
            throw .outdated("The naming conventions", version: naming.version, named: new.version)
        }
        var set = new
        set.version = naming.version + 1
        try makeRoom(for: set, in: naming)
        naming = set
        touched.board = true
    }

    private func check(_ rule: NamingRule, _ kind: NamedKind) throws(Refusal) {
        let pattern: NamePattern
        do {
            pattern = try NamePattern(rule.pattern)
        } catch {
            throw Refusal(.invalid, error.sentence)
        }
        guard !rule.sentence.isEmpty, rule.sentence.utf8.count <= Limits.namingSentenceBytesMax else {
            throw Refusal(
                .tooLong,
                "A naming convention is explained in 1 to \(Limits.namingSentenceBytesMax) bytes, not \(rule.sentence.utf8.count).")
        }
        guard QueueName(rule.example) != nil, pattern.matches(rule.example, library: nil) else {
            throw Refusal(
                .invalid,
                "The example `\(rule.example)` does not fit the pattern `\(rule.pattern)` for \(kind.plural); mend one of them.")
        }
    }

    /// A name is checked when it is given. What had its name before stays, and stands on the renaming list.
    func check(_ kind: NamedKind, _ name: String, library: LibraryName?) throws(Refusal) {
        let refusal = naming.refusal(kind, name, library: library) { text in
            switch kind {
            case .queue: QueueName(text).map { queues.contains($0) || index.formerQueues.contains($0) } ?? true
            case .user: OperatorName(text).map { operators.contains($0) || index.formerOperators.contains($0) } ?? true
            }
        }
        if let refusal { throw refusal }
    }
}

extension NamingConventions: RosterEntry {
    var rosterBytes: Int {
        [queues, users].compactMap { $0 }.reduce(0) { $0 + $1.pattern.utf8.count + $1.example.utf8.count + $1.sentence.utf8.count }
    }
}
