/// The consortium's registers: what its people write down once so that all can look it up. Liaisons and agreements for referrals (agreement, 2), training
/// records, the agreement's own text and who accepted it, onboarding, announcements.
///
/// A register is a **form** (`RegisterForms.swift`), a list of questions with their kinds, and its entries are filled-in forms. So one pair of commands, one wire
/// format, one import, one HTTP API and one page serve all of them, and another register is another form, with a feature level of its own. What a register
/// means beyond its form (nobody goes live before the checklist is done) is in `RegisterRules.swift`.
///
/// Whoever changes an entry names the version that they read: two people who edit the same entry see the conflict, and nobody's edit is lost.

public enum Register: UInt8, Hashable, Comparable, Sendable, CaseIterable {
    /// Who looks after a subject at a library.
    case liaisons = 1
    /// Collaboration and Referral Agreements: what one library takes from others.
    case agreements = 2
    /// Who was trained for what, and until when that holds.
    case training = 3
    /// A library asks ChatWog for a staff training.
    case trainingRequests = 4
    case announcements = 5
    /// The consortium agreement's text, one entry a version.
    case texts = 6
    /// Which library accepted which text.
    case acceptances = 7
    /// What is done before a library goes live.
    case onboarding = 8
    /// On which pages a library's chat may stand.
    case pages = 9
    /// Who is mailed when something waits.
    case alerts = 10

    public static func < (left: Register, right: Register) -> Bool { left.rawValue < right.rawValue }
}

extension Register {
    /// What no two of its entries have in common, of one with these answers.
    func key(_ answers: [String: String]) -> String {
        form.unique.reduce(into: "\(rawValue)") { $0 += "\u{0}\(answers[$1] ?? "")" }
    }
}

public enum EntryTag {}
/// Made by whoever writes the entry first, so that asking twice makes it once.
public typealias EntryID = Identifier<EntryTag>

/// A filled-in form.
public struct RegisterEntry: Hashable, Sendable {
    public struct Answer: Hashable, Sendable {
        /// The question's.
        public var key: String
        public var text: String
        public init(_ key: String, _ text: String) {
            self.key = key
            self.text = text
        }
    }

    public var id: EntryID
    public var register: Register
    /// Counts its changes; what is set names the version that it replaces. 0: it is new.
    public var version: UInt64
    /// In the order of the form's questions; what was left empty is not there.
    public var answers: [Answer]
    /// Counts changes of all entries: readers ask for what changed since. Given by the state, as is what follows.
    public var change: UInt64 = 0
    /// Unix milliseconds, by the leader's clock.
    public var changedWallMs: UInt64 = 0
    /// Who changed it last; `nil`: LTG.
    public var changedBy: OperatorName?
    /// Of a checklist: what was found out, one for each step at most, in the order of the steps. Not counted in `bytes`, as a library has one checklist.
    public var found: [Finding] = []

    public init(id: EntryID, register: Register, version: UInt64 = 0, answers: [Answer]) {
        self.id = id
        self.register = register
        self.version = version
        self.answers = answers
    }

    /// The answer to a question; empty where none was given.
    public subscript(_ key: String) -> String { answers.first { $0.key == key }?.text ?? "" }

    /// Whose entry it is, where its form asks for a library.
    public var library: LibraryName? { LibraryName(self["library"]) }

    var bytes: Int { answers.reduce(0) { $0 + $1.key.utf8.count + $1.text.utf8.count } }

    /// What no other entry of the register has; `nil` where that may repeat.
    var uniqueKey: String? {
        guard !register.form.unique.isEmpty else { return nil }
        return register.key(Dictionary(answers.map { ($0.key, $0.text) }, uniquingKeysWith: { first, _ in first }))
    }

    /// Whether both name what may be in the register once.
    public func isSame(as other: RegisterEntry) -> Bool { uniqueKey != nil && uniqueKey == other.uniqueKey }

    func says(_ other: RegisterEntry) -> Bool { id == other.id && register == other.register && answers == other.answers }
}

/// What changed since a reader was told last, and what there is at all.
public struct RegisterNews: Hashable, Sendable {
    public var changed: [RegisterEntry]
    /// The identifiers of all entries, in order: whatever else the reader has was dropped.
    public var ids: [EntryID]
    public init(changed: [RegisterEntry], ids: [EntryID]) {
        self.changed = changed
        self.ids = ids
    }
}

extension [EntryID: RegisterEntry] {
    /// Takes in what a reader was told.
    public mutating func take(_ news: RegisterNews) {
        for entry in news.changed { self[entry.id] = entry }
        let known = Set(news.ids)
        for id in keys where !known.contains(id) { self[id] = nil }
    }
}

extension ConsortiumState {
    mutating func setEntry(_ asked: RegisterEntry, by editor: Editor) throws(Refusal) {
        let form = asked.register.form
        var entry = try form.filled(asked)
        try check(entry, form)
        let former = entries[entry.id]
        if let former {
            guard former.register == entry.register else { throw Refusal(.invalid, "This entry is one of \(former.register.form.title).") }
            // What belongs to somebody else is not taken over by writing another library's name into it.
            try check(editor, mayEdit: former, form)
        }
        try check(editor, mayEdit: entry, form)
        if let former, former.says(entry) { return }
        guard entry.version == former?.version ?? 0 else { throw .entryChanged(entry, former) }
        try checkIsOnly(entry, form)
        try checkRules(of: entry, replacing: former, by: editor)
        guard former != nil || entries.count < Limits.registerEntriesMax else {
            throw Refusal(.tooMany, "There are \(Limits.registerEntriesMax) entries, which is the most; delete some first.")
        }
        let bytes = index.registerBytes - (former?.bytes ?? 0) + entry.bytes
        guard bytes <= Limits.registerBytesMax else {
            throw Refusal(.full, "All entries together have \(Limits.registerBytesMax) bytes at most; shorten or delete some.")
        }
        entry.version = (former?.version ?? 0) + 1
        // Found of this library, and by nobody who asks.
        entry.found = former.map { $0.library == entry.library ? $0.found : [] } ?? []
        entry.changedWallMs = wallMs
        if case .person(let name) = editor { entry.changedBy = name } else { entry.changedBy = nil }
        put(entry)
        followRules(of: entry.register)
    }

    /// An entry that is gone already is gone: deleting twice deletes once.
    mutating func dropEntry(_ id: EntryID, version: UInt64, by editor: Editor) throws(Refusal) {
        guard let former = entries[id] else { return }
        try check(editor, mayEdit: former, former.register.form)
        guard version == former.version else { throw .entryChanged(former, former) }
        try checkMayGo(former, by: editor)
        entries.remove(id)
        if let key = former.uniqueKey { index.entryOf.remove(key) }
        index.registerBytes -= former.bytes
        entryChange += 1
        touched.registers = true
        followRules(of: former.register)
    }

    mutating func put(_ entry: RegisterEntry) {
        let former = entries[entry.id]
        index.registerBytes += entry.bytes - (former?.bytes ?? 0)
        if let key = former?.uniqueKey { index.entryOf.remove(key) }
        if let key = entry.uniqueKey { index.entryOf[key] = entry.id }
        entryChange += 1
        entries[entry.id] = entry
        entries.change(entry.id) { $0.change = entryChange }
        touched.registers = true
    }

    /// Whether what the answers name is there.
    private func check(_ entry: RegisterEntry, _ form: RegisterForm) throws(Refusal) {
        for question in form.questions {
            let text = entry[question.key]
            guard !text.isEmpty else { continue }
            switch question.kind {
            case .library:
                guard LibraryName(text).map(libraries.contains) ?? false else {
                    throw Refusal(.unknownLibrary, "\(question.title): there is no library `\(text)`.")
                }
            case .queue:
                guard QueueName(text).map(queues.contains) ?? false else {
                    throw Refusal(.unknownQueue, "\(question.title): there is no queue `\(text)`.")
                }
            case .person:
                guard OperatorName(text).map(operators.contains) ?? false else {
                    throw Refusal(.unknownOperator, "\(question.title): there is nobody called `\(text)` in the roster.")
                }
            case .entry(let register):
                guard let id = EntryID(text), entries[id]?.register == register else {
                    throw Refusal(
                        .invalid, "\(question.title): there is no such entry of \(register.form.title); it may have been deleted.")
                }
            case .text, .paragraph, .words, .day, .email, .link, .choice: break
            }
        }
    }

    /// One entry for what must be there once.
    private func checkIsOnly(_ entry: RegisterEntry, _ form: RegisterForm) throws(Refusal) {
        guard let key = entry.uniqueKey, let same = index.entryOf[key].flatMap({ entries[$0] }), same.id != entry.id else { return }
        throw Refusal(
            .notAllowed, "There is an entry `\(form.heading(same))` in \(form.title) already; change that one, or say how this one differs."
        )
    }

    private func check(_ editor: Editor, mayEdit entry: RegisterEntry, _ form: RegisterForm) throws(Refusal) {
        guard case .person(let name) = editor else { return }
        guard let person = operators[name] else { throw .unknownOperator(name) }
        guard form.mayEdit(person, entry.library) else {
            throw Refusal(.notAllowed, "\(form.title): this is for \(form.editorsInWords) to change; ask them.")
        }
    }

    /// A queue or a person is called otherwise now.
    mutating func renameInEntries(_ kind: RegisterForm.Kind, _ old: String, to new: String) {
        for entry in entries.values {
            var renamed = entry
            for place in renamed.answers.indices where renamed.answers[place].text == old {
                let key = renamed.answers[place].key
                if entry.register.form.questions.contains(where: { $0.key == key && $0.kind == kind }) { renamed.answers[place].text = new }
            }
            if kind == .person, renamed.changedBy?.text == old { renamed.changedBy = OperatorName(new) }
            if renamed != entry { put(renamed) }
        }
    }

    func checkRegisters() throws(InvariantViolation) {
        try hold(entries.count <= Limits.registerEntriesMax, "There are too many entries in the registers.")
        try hold(
            index.registerBytes == countedRegisterBytes && index.registerBytes <= Limits.registerBytesMax, "The registers are miscounted.")
        for (id, entry) in entries {
            try hold(
                id == entry.id && entry.version > 0 && entry.change > 0 && entry.change <= entryChange, "Entry \(id) is misfiled.")
            try checkFindings(of: entry)
            try hold((try? entry.register.form.filled(entry))?.answers == entry.answers, "Entry \(id) does not fit its form.")
        }
        let keys = entries.values.compactMap(\.uniqueKey)
        try hold(
            keys.count == index.entryOf.count && keys.allSatisfy(index.entryOf.contains), "The index of the registers is stale.")
        for (name, isSettingUp) in settingUp where !isBranch {
            try hold(libraries[name]?.isSettingUp == isSettingUp, "Library \(name) does not know whether it is live.")
        }
        guard featureLevel < FeatureLevel.registers else { return }
        try hold(entries.isEmpty && entryChange == 0, "There are entries in the registers below their feature level.")
    }

    var countedRegisterBytes: Int { entries.values.reduce(0) { $0 + $1.bytes } }

    /// What a reader who was told of everything up to a change has not heard, as much of it as goes into one message, the oldest first.
    public func registerNews(after change: UInt64) -> (news: RegisterNews, through: UInt64) {
        var changed: [RegisterEntry] = []
        var bytes = 0
        for entry in entries.values.filter({ $0.change > change }).sorted(by: { $0.change < $1.change }) {
            if !changed.isEmpty, bytes + entry.bytes > Limits.registerNewsBytes {
                return (RegisterNews(changed: changed, ids: Array(entries.keys)), changed[changed.count - 1].change)
            }
            changed.append(entry)
            bytes += entry.bytes
        }
        return (RegisterNews(changed: changed, ids: Array(entries.keys)), entryChange)
    }
}

extension Refusal {
    fileprivate static func entryChanged(_ asked: RegisterEntry, _ former: RegisterEntry?) -> Refusal {
        let form = asked.register.form
        guard let former else {
            return Refusal(
                .outOfOrder,
                "Somebody deleted `\(form.heading(asked))` meanwhile. What you wrote is still here: save it as a new entry, or leave it.")
        }
        return Refusal(
            .outOfOrder,
            "`\(form.heading(former))` was changed meanwhile: version \(former.version) is in force. Compare, and save again what is to stand."
        )
    }
}
