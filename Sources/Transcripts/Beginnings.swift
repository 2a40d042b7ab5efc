/// When the chats of kept transcripts began, so that those of one day are found without reading all that came since.

import Consortium
import SQLite

enum Beginnings {
    static let tables = [
        "CREATE TABLE IF NOT EXISTS began (chat TEXT NOT NULL, opened INTEGER NOT NULL, started INTEGER NOT NULL, PRIMARY KEY (chat, opened)) STRICT",
        "CREATE INDEX IF NOT EXISTS by_beginning ON began (started, chat, opened)",
        // By the file itself, so that also a version that does not know of them leaves none behind.
        """
        CREATE TRIGGER IF NOT EXISTS began_no_more AFTER DELETE ON transcripts
        BEGIN DELETE FROM began WHERE chat = old.chat AND opened = old.opened; END
        """,
    ]

    static func note(_ key: [SQLiteFile.Value], _ transcript: Transcript, in file: borrowing TranscriptFile) throws(TranscriptStoreError) {
        guard let startedMs = transcript.startedMs else { return }
        try note(key, startedMs, in: file)
    }

    fileprivate static func note(
        _ key: [SQLiteFile.Value], _ startedMs: UInt64, in file: borrowing TranscriptFile
    ) throws(TranscriptStoreError) {
        try file.run("INSERT OR REPLACE INTO began (chat, opened, started) VALUES (?, ?, ?)", key + [.integer(Int64(clamping: startedMs))])
    }
}

extension Transcript {
    /// When its chat began, in Unix milliseconds; `nil` where nothing happened in it.
    public var startedMs: UInt64? { messages.first?.wallMs }
}

extension TranscriptStore {
    /// Where a walk through the transcripts stands: behind this one.
    public struct Place: Hashable, Sendable {
        var startedMs: Int64
        var chat: String
        var openedMs: UInt64
    }

    /// A stretch of the transcripts of chats that began within a time (Unix milliseconds), in the order in which they began. One that cannot be read is passed over. Complete once
    /// `noteBeginnings` found no more.
    /// - Parameters:
    ///   - after: where the stretch before ended; `nil` begins.
    ///   - max: how many are read.
    /// - Returns: the place to go on from is `nil` when there are no more.
    public func began(
        _ times: Range<UInt64>, after: Place?, max: Int
    ) throws(TranscriptStoreError) -> (transcripts: [Transcript], damaged: Int, next: Place?) {
        try with { file throws(TranscriptStoreError) in
            let from = after ?? Place(startedMs: Int64(clamping: times.lowerBound), chat: "", openedMs: 0)
            let rows = try file.run(
                """
                SELECT b.started, b.chat, b.opened, t.body FROM began b JOIN transcripts t ON t.chat = b.chat AND t.opened = b.opened
                WHERE b.started >= ?1 AND b.started < ?2 AND (b.started, b.chat, b.opened) > (?1, ?3, ?4)
                ORDER BY b.started, b.chat, b.opened LIMIT ?5
                """,
                [
                    .integer(from.startedMs), .integer(Int64(clamping: times.upperBound)), .text(from.chat), .init(from.openedMs),
                    .integer(Int64(max)),
                ])
            let last = rows.last.map {
                Place(startedMs: Int64(clamping: $0[0].number), chat: $0[1].text, openedMs: $0[2].number)
            }
            // One that is damaged keeps nobody from the others; whoever asks is told how many were left out.
            let transcripts = rows.compactMap { try? Transcript(wire: $0[3].bytes) }
            return (transcripts, rows.count - transcripts.count, rows.count < max ? nil : last)
        }
    }

    /// Notes of transcripts that an earlier version kept when their chats began. One that cannot be read counts for the time at which it came.
    /// - Parameter max: how many are read.
    /// - Returns: whether none is left. That takes a look at every transcript, so it is to be asked once.
    public func noteBeginnings(max: Int) throws(TranscriptStoreError) -> Bool {
        try with { file throws(TranscriptStoreError) in
            try file.transaction { () throws(TranscriptStoreError) in
                let rows = try file.run(
                    """
                    SELECT chat, opened, received, body FROM transcripts t
                    WHERE NOT EXISTS (SELECT 1 FROM began b WHERE b.chat = t.chat AND b.opened = t.opened) LIMIT ?
                    """, [.integer(Int64(max))])
                for row in rows {
                    let startedMs = (try? Transcript(wire: row[3].bytes))?.startedMs
                    try Beginnings.note([row[0], row[1]], startedMs ?? row[2].number, in: file)
                }
                return rows.count < max
            }
        }
    }
}
