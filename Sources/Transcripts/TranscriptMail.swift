/// Answers that are to be mailed to patrons who left an address with their question. A letter is noted in the same transaction as the transcript that it is about, so that none is
/// forgotten, and goes once the library's mail server has taken it, or has refused it for good. What is sent twice has the same identifier.

import Consortium
import SQLite

/// An answer that waits to be mailed.
public struct TranscriptLetter: Hashable, Sendable {
    public var transcript: Transcript
    /// How often it was tried in vain.
    public var tries: Int
}

enum TranscriptMail {
    static let table = """
        CREATE TABLE IF NOT EXISTS letters (
          chat TEXT NOT NULL, opened INTEGER NOT NULL, tries INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (chat, opened)) STRICT
        """

    /// Once for each transcript: late words bring no second letter. A letter that went is remembered until its transcript is deleted, with no time at which it is due.
    static func add(_ key: [SQLiteFile.Value], wallMs: UInt64, in file: borrowing TranscriptFile) throws(TranscriptStoreError) {
        try file.run("INSERT OR IGNORE INTO letters (chat, opened, tries, next) VALUES (?, ?, 0, ?)", key + [.init(wallMs)])
    }

    static func forgetDeleted(in file: borrowing TranscriptFile) throws(TranscriptStoreError) {
        try file.run(
            "DELETE FROM letters WHERE NOT EXISTS (SELECT 1 FROM transcripts t WHERE t.chat = letters.chat AND t.opened = letters.opened)")
    }
}

extension Transcript {
    /// It was a question left as a message, and somebody answered.
    public var isAnsweredMessage: Bool { messages.contains { $0.body == .event(.closed(.answeredMessage)) } }
}

extension TranscriptStore {
    /// The letters that are due, the first due first.
    public func lettersDue(wallMs: UInt64, max: Int) throws(TranscriptStoreError) -> [TranscriptLetter] {
        try with { file throws(TranscriptStoreError) in
            let rows = try file.run(
                """
                SELECT l.tries, t.body, t.chat FROM letters l JOIN transcripts t ON t.chat = l.chat AND t.opened = l.opened
                WHERE l.next > 0 AND l.next <= ? ORDER BY l.next, l.chat LIMIT ?
                """, [.init(wallMs), .integer(Int64(max))])
            return try rows.map { row throws(TranscriptStoreError) in
                do {
                    return TranscriptLetter(transcript: try Transcript(wire: row[1].bytes), tries: Int(truncatingIfNeeded: row[0].number))
                } catch {
                    throw .damaged(path: file.path, chat: row[2].text, why: "\(error)")
                }
            }
        }
    }

    /// The letter was taken, or will never be: it is not due any more.
    public func letterIsDone(_ letter: TranscriptLetter) throws(TranscriptStoreError) { try put(letter, next: 0) }

    /// It was tried in vain, and is due again at a time (Unix milliseconds).
    public func letterWaits(_ letter: TranscriptLetter, untilMs: UInt64) throws(TranscriptStoreError) { try put(letter, next: untilMs) }

    private func put(_ letter: TranscriptLetter, next: UInt64) throws(TranscriptStoreError) {
        try with { file throws(TranscriptStoreError) in
            try file.run(
                "UPDATE letters SET tries = tries + 1, next = ? WHERE chat = ? AND opened = ?",
                [.init(next), .text(letter.transcript.chat.text), .init(letter.transcript.openedMs)])
        }
    }
}
