import Consortium

/// Entries of registers and canned messages: nobody writes over, or deletes, what they did not see; what is asked twice is done once; and what was deleted is gone.
struct PaperChecks: Book {
    private enum Paper: Hashable, Comparable {
        case entry(EntryID)
        case canned(CannedID)

        static func < (left: Self, right: Self) -> Bool {
            switch (left, right) {
            case (.entry(let one), .entry(let other)): one < other
            case (.canned(let one), .canned(let other)): one < other
            case (.entry, .canned): true
            case (.canned, .entry): false
            }
        }
    }
    private struct Sheet: Equatable {
        var version: UInt64
        var words: [String]
    }
    private var sheets: [Paper: Sheet] = [:]

    func concerns(_ command: Command) -> Bool {
        switch command {
        case .setEntry, .dropEntry, .setCanned, .dropCanned: true
        default: false
        }
    }

    mutating func judge(_ command: Command, _ verdict: Verdict, from asking: NodeName) -> String? {
        switch command {
        case .setEntry(let entry, _): write(.entry(entry.id), Sheet(version: entry.version, words: Self.words(entry)), verdict)
        case .setCanned(let message, _): write(.canned(message.id), Sheet(version: message.version, words: Self.words(message)), verdict)
        case .dropEntry(let id, let version, _): drop(.entry(id), version, verdict)
        case .dropCanned(let id, let version, _): drop(.canned(id), version, verdict)
        default: nil
        }
    }

    private mutating func write(_ paper: Paper, _ asked: Sheet, _ verdict: Verdict) -> String? {
        let present = sheets[paper]
        let seen = present?.version ?? 0
        if present?.words == asked.words { return verdict.isOutOfOrder ? "what stands already is refused as out of date: \(paper)" : nil }
        if verdict.isOutOfOrder, asked.version == seen { return "a change is refused that names version \(seen), which stands: \(paper)" }
        guard verdict.isAccepted else { return nil }
        guard asked.version == seen else { return "version \(seen) is written over by somebody who saw \(asked.version): \(paper)" }
        sheets[paper] = Sheet(version: seen + 1, words: asked.words)
        return nil
    }

    private mutating func drop(_ paper: Paper, _ version: UInt64, _ verdict: Verdict) -> String? {
        guard let present = sheets[paper] else { return verdict.isOutOfOrder ? "what is gone is not deleted again: \(paper)" : nil }
        if verdict.isOutOfOrder, version == present.version { return "version \(version) stands, and is not deleted: \(paper)" }
        guard verdict.isAccepted else { return nil }
        guard version == present.version else { return "version \(present.version) is deleted by somebody who saw \(version): \(paper)" }
        sheets[paper] = nil
        return nil
    }

    private static func words(_ entry: RegisterEntry) -> [String] {
        entry.answers.filter { !$0.text.isEmpty }.map { "\($0.key): \($0.text)" }.sorted()
    }
    /// Whose it is may be called otherwise meanwhile: `NameChecks` looks at that.
    private static func words(_ message: CannedMessage) -> [String] { [message.title, message.keywords, message.text] }

    func difference(to state: ConsortiumState) -> String? {
        var there: [Paper: Sheet] = [:]
        for entry in state.entries.values { there[.entry(entry.id)] = Sheet(version: entry.version, words: Self.words(entry)) }
        for message in state.cannedMessages { there[.canned(message.id)] = Sheet(version: message.version, words: Self.words(message)) }
        for paper in Set(there.keys).union(sheets.keys).sorted() where there[paper] != sheets[paper] {
            let (found, own) = (there[paper].map { "version \($0.version)" }, sheets[paper].map { "version \($0.version)" })
            return "of \(paper) there is \(found ?? "nothing"), and the log comes to \(own ?? "nothing")"
        }
        return nil
    }
}
