import Consortium
import Locking
import SQLite
import Wire

/// The transcripts of a node. Safe to use from any thread; every call blocks on the disk.
public final class TranscriptStore: Sendable {
    /// What a list shows of a transcript: no word of it.
    public struct Summary: Hashable, Sendable {
        public var chat: ChatID
        /// Apart from the chat's identifier, what names it: one chat may be here twice when it was forgotten and made anew.
        public var openedMs: UInt64
        public var library: LibraryName
        /// The library whose chat it was; another one than `library` where that one is its heir.
        public var home: LibraryName
        public var queue: QueueName
        public var messages: Int
        /// When it came here, by this node's wall clock, in Unix milliseconds.
        public var receivedMs: UInt64
        /// Until when it is not deleted for its age, as somebody asked for that (Unix milliseconds); `nil` where nobody did. It may be past.
        public var heldUntilMs: UInt64?
    }

    /// What is left of a transcript that was deleted.
    public struct Receipt: Hashable, Sendable {
        public var chat: ChatID
        public var library: String
        public var messages: Int
        /// When it came and when it went, by this node's wall clock, in Unix milliseconds.
        public var receivedMs: UInt64
        public var deletedMs: UInt64
        public var reason: String
    }

    /// Why text was deleted, as receipts say it.
    public enum Reason: String, Sendable {
        /// Somebody of the library asked for it.
        case request
        /// The time is over for which the library keeps text.
        case retention
        /// It has passed to the library's heir.
        case passedOn
    }

    private static let form: Int64 = 1
    public let path: String
    private let file: Locked<TranscriptFile>

    /// - Parameter create: whether the file is made when it is not there; otherwise that is `noFile`.
    public init(folder: String, create: Bool) throws(TranscriptStoreError) {
        path = folder + "/transcripts"
        let opened: TranscriptFile
        do {
            opened = try TranscriptFile(path, create: create)
        } catch {
            // SQLite's code for a file that cannot be opened, which without `create` is one that is not there.
            if !create, case .database(_, _, 14, _) = error { throw .noFile(path: path) }
            throw error
        }
        try Self.prepare(opened)
        file = Locked(opened)
    }

    /// With a journal that is cut after each transaction, deleted text is neither left in a write-ahead log nor in free pages.
    private static func prepare(_ file: borrowing TranscriptFile) throws(TranscriptStoreError) {
        for pragma in ["journal_mode = TRUNCATE", "synchronous = FULL", "secure_delete = ON", "temp_store = MEMORY"] {
            try file.run("PRAGMA \(pragma)")
        }
        let found = try file.run("PRAGMA user_version").first?.first.map { Int64(bitPattern: $0.number) } ?? 0
        guard found <= form else { throw .newer(path: file.path, found: found, supported: form) }
        try file.transaction { () throws(TranscriptStoreError) in
            for statement in tables + Beginnings.tables { try file.run(statement) }
            if found < form { try file.run("PRAGMA user_version = \(form)") }
        }
    }

    private static let tables = [
        """
        CREATE TABLE IF NOT EXISTS transcripts (
          chat TEXT NOT NULL, opened INTEGER NOT NULL, cluster BLOB NOT NULL, number INTEGER NOT NULL, library TEXT NOT NULL, home TEXT NOT NULL,
          queue TEXT NOT NULL, messages INTEGER NOT NULL, received INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (chat, opened)) STRICT
        """,
        "CREATE INDEX IF NOT EXISTS by_age ON transcripts (received)",
        // The highest number that came of each library; numbers are those of one cluster, which a restore of its coordinators makes anew.
        "CREATE TABLE IF NOT EXISTS marks (cluster BLOB NOT NULL, library TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (cluster, library)) STRICT",
        // What came and is not yet known to the coordinators.
        "CREATE TABLE IF NOT EXISTS untold (cluster BLOB NOT NULL, number INTEGER NOT NULL, library TEXT NOT NULL, PRIMARY KEY (cluster, number)) STRICT",
        // What was deleted at somebody's wish, and is not yet known to the coordinators.
        """
        CREATE TABLE IF NOT EXISTS undeclared (chat TEXT NOT NULL, opened INTEGER NOT NULL, library TEXT NOT NULL, PRIMARY KEY (chat, opened)) STRICT
        """,
        """
        CREATE TABLE IF NOT EXISTS receipts (
          chat TEXT NOT NULL, opened INTEGER NOT NULL, library TEXT NOT NULL, messages INTEGER NOT NULL, received INTEGER NOT NULL,
          deleted INTEGER NOT NULL, reason TEXT NOT NULL, PRIMARY KEY (chat, opened)) STRICT
        """,
        TranscriptMail.table,
        // What is not deleted meanwhile (`Consortium/Wishes.swift`), as the coordinators last told it.
        "CREATE TABLE IF NOT EXISTS held (library TEXT NOT NULL, chat TEXT NOT NULL, until INTEGER NOT NULL, PRIMARY KEY (library, chat)) STRICT",
    ]

    // MARK: The node's side

    /// Where the node left off: for `TranscriptCollector.onOpened`.
    public func state(of cluster: [UInt8]) throws(TranscriptStoreError) -> (marks: [LibraryName: UInt64], untold: [UInt64: LibraryName]) {
        try with { file throws(TranscriptStoreError) in
            var marks: [LibraryName: UInt64] = [:]
            for row in try file.run("SELECT library, number FROM marks WHERE cluster = ?", [.bytes(cluster)]) {
                if let library = LibraryName(row[0].text) { marks[library] = row[1].number }
            }
            var untold: [UInt64: LibraryName] = [:]
            for row in try file.run("SELECT number, library FROM untold WHERE cluster = ?", [.bytes(cluster)]) {
                if let library = LibraryName(row[1].text) { untold[row[0].number] = library }
            }
            return (marks, untold)
        }
    }

    /// Keeps a transcript and its number, durably and together. Of two of the same chat nothing is lost; one that was deleted here does not come back.
    /// - Parameters:
    ///   - wallMs: this node's wall clock, in Unix milliseconds.
    ///   - mails: whether an answer is to be mailed to the patron who gave an address (`mailDue`).
    public func keep(_ given: Transcript, of cluster: [UInt8], wallMs: UInt64, mails: Bool = false) throws(TranscriptStoreError) {
        try with { file throws(TranscriptStoreError) in
            try file.transaction { () throws(TranscriptStoreError) in
                let key: [SQLiteFile.Value] = [.text(given.chat.text), .init(given.openedMs)]
                let receipt = try file.run("SELECT reason FROM receipts WHERE chat = ? AND opened = ?", key).first?[0].text
                let kept = try file.run("SELECT messages, received, body FROM transcripts WHERE chat = ? AND opened = ?", key).first
                if given.isDeletion {
                    try Self.delete(in: file, where: "chat = ? AND opened = ?", key, .request, wallMs: wallMs)
                    // Late words of it are refused here, also where there was no copy.
                    try file.run(
                        "INSERT OR IGNORE INTO receipts (chat, opened, library, messages, received, deleted, reason) VALUES (?, ?, ?, 0, ?, ?, ?)",
                        key + [.text(given.library.text), .init(wallMs), .init(wallMs), .text(Reason.request.rawValue)])
                }
                let isDeleted = given.isDeletion || receipt.map { $0 != Reason.passedOn.rawValue } ?? false
                if !isDeleted, let transcript = Self.joined(given, with: kept) {
                    if kept == nil {
                        let count = try file.run("SELECT count(*) FROM transcripts").first?[0].number ?? 0
                        guard count < TranscriptLimits.keptMax else { throw .full }
                    }
                    try file.run("DELETE FROM receipts WHERE chat = ? AND opened = ?", key)
                    try file.run(
                        """
                        INSERT OR REPLACE INTO transcripts (chat, opened, cluster, number, library, home, queue, messages, received, body)
                        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                        """,
                        key + [
                            .bytes(cluster), .init(transcript.number), .text(transcript.library.text), .text(transcript.home.text),
                            .text(transcript.queue.text), .integer(Int64(transcript.messages.count)), kept?[1] ?? .init(wallMs),
                            .bytes(transcript.wireBytes()),
                        ])
                    try Beginnings.note(key, transcript, in: file)
                    if mails, transcript.isAnsweredMessage, !transcript.contact.isEmpty {
                        try TranscriptMail.add(key, wallMs: wallMs, in: file)
                    }
                }
                try Self.mark(given, of: cluster, in: file)
                try file.run(
                    "INSERT OR REPLACE INTO untold (cluster, number, library) VALUES (?, ?, ?)",
                    [.bytes(cluster), .init(given.number), .text(given.library.text)])
            }
        }
    }

    /// Takes the number of a transcript for had, without what it says: it cannot be read, and those after it are wanted.
    public func pass(over transcript: Transcript, of cluster: [UInt8]) throws(TranscriptStoreError) {
        try with { file throws(TranscriptStoreError) in try Self.mark(transcript, of: cluster, in: file) }
    }

    /// The one of this number; `nil` when it is not here, or a longer one of the same chat is.
    public func transcript(_ number: UInt64, of cluster: [UInt8]) throws(TranscriptStoreError) -> Transcript? {
        try with { file throws(TranscriptStoreError) in
            let row = try file.run("SELECT body, chat FROM transcripts WHERE cluster = ? AND number = ?", [.bytes(cluster), .init(number)])
                .first
            guard let row else { return nil }
            do {
                return try Transcript(wire: row[0].bytes)
            } catch {
                throw .damaged(path: file.path, chat: row[1].text, why: "\(error)")
            }
        }
    }

    /// The coordinators know that this one is here.
    public func settle(_ number: UInt64, of cluster: [UInt8]) throws(TranscriptStoreError) {
        try with { file throws(TranscriptStoreError) in
            try file.run("DELETE FROM untold WHERE cluster = ? AND number = ?", [.bytes(cluster), .init(number)])
        }
    }

    /// Another node keeps this one.
    public func discard(_ number: UInt64, of cluster: [UInt8], wallMs: UInt64) throws(TranscriptStoreError) {
        try with { file throws(TranscriptStoreError) in
            try file.transaction { () throws(TranscriptStoreError) in
                try Self.delete(
                    in: file, where: "cluster = ? AND number = ?", [.bytes(cluster), .init(number)], .passedOn, wallMs: wallMs)
                try file.run("DELETE FROM untold WHERE cluster = ? AND number = ?", [.bytes(cluster), .init(number)])
            }
        }
    }

    /// Deletions that the coordinators are to be told, oldest chats first.
    public func undeclared(by node: NodeName, max: Int) throws(TranscriptStoreError) -> [TranscriptDeleted] {
        try with { file throws(TranscriptStoreError) in
            try file.run("SELECT chat, opened, library FROM undeclared ORDER BY opened LIMIT ?", [.integer(Int64(max))]).compactMap { row in
                guard let chat = ChatID(row[0].text), let library = LibraryName(row[2].text) else { return nil }
                return TranscriptDeleted(chat: chat, openedMs: row[1].number, library: library, node: node)
            }
        }
    }

    /// The coordinators know of this deletion.
    public func declared(_ deleted: TranscriptDeleted) throws(TranscriptStoreError) {
        try with { file throws(TranscriptStoreError) in
            try file.run("DELETE FROM undeclared WHERE chat = ? AND opened = ?", [.text(deleted.chat.text), .init(deleted.openedMs)])
        }
    }

    /// What is to be kept for a library beyond its time, and until when (Unix milliseconds), in place of what was so before.
    public func hold(_ held: [ChatID: UInt64], of library: LibraryName) throws(TranscriptStoreError) {
        try with { file throws(TranscriptStoreError) in
            try file.transaction { () throws(TranscriptStoreError) in
                try file.run("DELETE FROM held WHERE library = ?", [.text(library.text)])
                for (chat, until) in held {
                    try file.run(
                        "INSERT INTO held (library, chat, until) VALUES (?, ?, ?)",
                        [.text(library.text), .text(chat.text), .integer(Int64(clamping: until))])
                }
            }
        }
    }

    /// Deletes what came before a time and is not held, a bounded number of transcripts. Gives how many went.
    public func deleteReceived(beforeMs: UInt64, wallMs: UInt64) throws(TranscriptStoreError) -> Int {
        try with { file throws(TranscriptStoreError) in
            try file.transaction { () throws(TranscriptStoreError) in
                try Self.delete(
                    in: file,
                    where:
                        """
                        rowid IN (SELECT rowid FROM transcripts WHERE received < ?1 AND chat NOT IN (SELECT chat FROM held WHERE until > ?2)
                        ORDER BY received LIMIT \(TranscriptLimits.deletedAtOnceMax))
                        """,
                    [.init(beforeMs), .init(wallMs)], .retention, wallMs: wallMs)
            }
        }
    }

    // MARK: The library's side

    /// The transcripts, newest first.
    /// - Parameter library: `nil` for those of all libraries of this node.
    public func list(of library: LibraryName?, max: Int) throws(TranscriptStoreError) -> [Summary] {
        try with { file throws(TranscriptStoreError) in
            let rows = try file.run(
                """
                SELECT chat, opened, library, home, queue, messages, received, (SELECT max(until) FROM held WHERE held.chat = transcripts.chat)
                FROM transcripts WHERE ?1 IS NULL OR library = ?1
                ORDER BY received DESC, chat LIMIT ?2
                """, [library.map { .text($0.text) } ?? .null, .integer(Int64(max))])
            return try rows.map { row throws(TranscriptStoreError) in
                guard let chat = ChatID(row[0].text), let library = LibraryName(row[2].text), let home = LibraryName(row[3].text),
                    let queue = QueueName(row[4].text)
                else { throw .damaged(path: file.path, chat: row[0].text, why: "a name breaks the rule") }
                return Summary(
                    chat: chat, openedMs: row[1].number, library: library, home: home, queue: queue,
                    messages: Int(truncatingIfNeeded: row[5].number), receivedMs: row[6].number,
                    heldUntilMs: row[7] == .null ? nil : row[7].number)
            }
        }
    }

    /// What was said in a chat; more than one when it was forgotten and made anew, oldest first.
    public func transcripts(of chat: ChatID) throws(TranscriptStoreError) -> [Transcript] {
        try with { file throws(TranscriptStoreError) in
            let rows = try file.run("SELECT body FROM transcripts WHERE chat = ? ORDER BY opened", [.text(chat.text)])
            return try rows.map { row throws(TranscriptStoreError) in
                do {
                    return try Transcript(wire: row[0].bytes)
                } catch {
                    throw .damaged(path: file.path, chat: chat.text, why: "\(error)")
                }
            }
        }
    }

    /// Deletes what was said in a chat, for good; a receipt stays. Gives how many transcripts went. What is held is not deleted.
    public func delete(_ chat: ChatID, wallMs: UInt64) throws(TranscriptStoreError) -> Int {
        try with { file throws(TranscriptStoreError) in
            try file.transaction { () throws(TranscriptStoreError) in
                let held = try file.run("SELECT max(until) FROM held WHERE chat = ? AND until > ?", [.text(chat.text), .init(wallMs)])
                if let until = held.first?.first, until != .null { throw .held(chat: chat.text, untilMs: until.number) }
                try file.run(
                    "INSERT OR REPLACE INTO undeclared (chat, opened, library) SELECT chat, opened, library FROM transcripts WHERE chat = ?",
                    [.text(chat.text)])
                return try Self.delete(in: file, where: "chat = ?", [.text(chat.text)], .request, wallMs: wallMs)
            }
        }
    }

    /// Receipts of what was deleted, newest first.
    public func receipts(max: Int) throws(TranscriptStoreError) -> [Receipt] {
        try with { file throws(TranscriptStoreError) in
            let rows = try file.run(
                "SELECT chat, library, messages, received, deleted, reason FROM receipts ORDER BY deleted DESC, chat LIMIT ?",
                [.integer(Int64(max))])
            return rows.compactMap { row in
                ChatID(row[0].text).map {
                    Receipt(
                        chat: $0, library: row[1].text, messages: Int(truncatingIfNeeded: row[2].number), receivedMs: row[3].number,
                        deletedMs: row[4].number, reason: row[5].text)
                }
            }
        }
    }

    // MARK: Within a transaction

    /// With what is kept of the chat; `nil` when that stays. Where it cannot be read, the longer one does.
    private static func joined(_ given: Transcript, with kept: [SQLiteFile.Value]?) -> Transcript? {
        guard let kept else { return given }
        guard let earlier = try? Transcript(wire: kept[2].bytes) else {
            return kept[0].number <= UInt64(given.messages.count) ? given : nil
        }
        return given.joined(with: earlier)
    }

    /// The node asks for what lies after this one.
    private static func mark(_ transcript: Transcript, of cluster: [UInt8], in file: TranscriptFile) throws(TranscriptStoreError) {
        try file.run(
            """
            INSERT INTO marks (cluster, library, number) VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET number = max(number, excluded.number)
            """, [.bytes(cluster), .text(transcript.library.text), .init(transcript.number)])
    }

    @discardableResult private static func delete(
        in file: TranscriptFile, where condition: String, _ parameters: [SQLiteFile.Value], _ reason: Reason, wallMs: UInt64
    ) throws(TranscriptStoreError) -> Int {
        try file.run(
            """
            INSERT OR REPLACE INTO receipts (chat, opened, library, messages, received, deleted, reason)
            SELECT chat, opened, library, messages, received, \(Int64(bitPattern: wallMs)), '\(reason.rawValue)' FROM transcripts WHERE \(condition)
            """, parameters)
        try file.run("DELETE FROM transcripts WHERE \(condition)", parameters)
        let deleted = file.changes
        try TranscriptMail.forgetDeleted(in: file)
        try file.run(
            """
            DELETE FROM receipts WHERE rowid IN
            (SELECT rowid FROM receipts ORDER BY deleted LIMIT max(0, (SELECT count(*) FROM receipts) - \(TranscriptLimits.receiptsMax)))
            """)
        return deleted
    }

    @discardableResult func with<Value: Sendable>(
        _ body: @Sendable (TranscriptFile) throws(TranscriptStoreError) -> Value
    ) throws(TranscriptStoreError) -> Value {
        let result: Result<Value, TranscriptStoreError> = file.withLock { file in
            do throws(TranscriptStoreError) { return .success(try body(file)) } catch { return .failure(error) }
        }
        return try result.get()
    }
}
