/// Finds liaisons and agreements while somebody types: SQLite's full-text search over a table in memory, which follows the registers.
///
/// What is searched: subjects and synonyms first, then people, then the rest. Every word typed must begin some word of the entry, whatever its accents.

import Consortium
import SQLite
import Synchronization

/// The index for whoever asks, one at a time. Every call blocks while the table follows: off the loop.
final class Directory: Sendable {
    private let index = Mutex<DirectoryIndex?>(nil)

    /// What fits best, first. Where SQLite fails the table is made anew with the next question.
    func find(_ typed: String, in entries: [EntryID: RegisterEntry], titles: [LibraryName: String]) throws(SQLiteError) -> [EntryID] {
        let result: Result<[EntryID], SQLiteError> = index.withLock { held in
            do throws(SQLiteError) {
                let index = if let held { held } else { try DirectoryIndex() }
                try index.follow(entries, titles: titles)
                let found = try index.find(typed)
                held = index
                return .success(found)
            } catch {
                held = nil
                return .failure(error)
            }
        }
        return try result.get()
    }
}

final class DirectoryIndex {
    private let file: SQLiteFile
    /// The change of each entry that is in the table.
    private var known: [EntryID: UInt64] = [:]

    private static let registers: Set<Register> = [.liaisons, .agreements]
    /// Of what is typed, more is not looked at.
    static let wordsMax = 8
    static let foundMax = 30

    init() throws(SQLiteError) {
        file = try SQLiteFile(SQLiteFile.memory, create: true, lockedMsMax: 0)
        try file.run(
            "CREATE VIRTUAL TABLE entry USING fts5(id UNINDEXED, subject, people, rest, tokenize = 'unicode61 remove_diacritics 2', prefix = '2 3')"
        )
    }

    /// Takes in what changed.
    func follow(_ entries: [EntryID: RegisterEntry], titles: [LibraryName: String]) throws(SQLiteError) {
        for id in known.keys where entries[id] == nil {
            try file.run("DELETE FROM entry WHERE id = ?", [.text(id.text)])
            known[id] = nil
        }
        for (id, entry) in entries where Self.registers.contains(entry.register) && known[id] != entry.change {
            if known[id] != nil { try file.run("DELETE FROM entry WHERE id = ?", [.text(id.text)]) }
            let library = entry.library.map { titles[$0] ?? $0.text } ?? ""
            let subject = [entry["subject"], entry["synonyms"], entry["title"], entry["subjects"]].joined(separator: " ")
            let people = [entry["person"], entry["partner"], entry["email"]].joined(separator: " ")
            let rest = [library, entry["library"], entry["queue"], entry["terms"]].joined(separator: " ")
            try file.run("INSERT INTO entry VALUES (?, ?, ?, ?)", [.text(id.text), .text(subject), .text(people), .text(rest)])
            known[id] = entry.change
        }
    }

    /// What fits best, first. Nothing typed finds nothing.
    func find(_ typed: String) throws(SQLiteError) -> [EntryID] {
        // A word is what the tokenizer takes for one; in quotes nothing of it is a command of the search's own.
        let words = typed.split { !$0.isLetter && !$0.isNumber }.prefix(Self.wordsMax)
        guard !words.isEmpty else { return [] }
        let query = words.map { "\"\($0)\"*" }.joined(separator: " ")
        let rows = try file.run(
            "SELECT id FROM entry WHERE entry MATCH ? ORDER BY bm25(entry, 0, 10, 4, 1), id LIMIT \(Self.foundMax)", [.text(query)])
        return rows.compactMap { $0.first.flatMap { EntryID($0.text) } }
    }
}
