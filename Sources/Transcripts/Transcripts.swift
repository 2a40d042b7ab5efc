// Transcripts: what a library's node keeps of the chats that are over.
//
// What it is
//   `TranscriptStore`  one SQLite file, `transcripts` in the node's data folder, with the text of the library's chats and, where text was
//                      deleted, receipts without a word of it. The node writes to it while it runs, `callslip transcripts` beside it.
//
// What it promises
//   A transcript and its number (the mark after which the node asks for more) become durable together: after any crash, or with a file that
//   comes from a backup, the node asks for exactly what it has not. What comes twice is kept once. What was deleted here does not come back.
//   Deleted text is overwritten in the file (`secure_delete`), and no journal with it is left.
//
// What it never does
//   It never gives text to anybody but who can read the node's data folder. It deletes nothing that is held, but for a deletion that was declared before. It never deletes for want of room: at `TranscriptLimits.keptMax`
//   it takes no more, and the text waits at the coordinators.
//
// What its caller owes it
//   Calls block on the disk: not on a loop. The folder is the node's alone.

/// Every limit of this module.
public enum TranscriptLimits {
    /// Transcripts in one store. At the limit: `TranscriptStoreError.full`.
    public static let keptMax = 1_000_000
    /// Receipts that are kept; the oldest are forgotten.
    public static let receiptsMax = 1_000_000
    /// Transcripts that one transaction of a retention deletes, so that what comes meanwhile waits for no more.
    public static let deletedAtOnceMax = 200
    /// How long a process waits for the other one that has the file.
    public static let lockedMsMax: Int32 = 5_000
    /// How long a policy may keep text: ten years.
    public static let keepDaysRange = 1...3_650
    public static let keepDaysUsual = 90
}

/// Why the store cannot do what it was asked.
public enum TranscriptStoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// SQLite's code and words.
    case database(path: String, doing: String, code: Int32, message: String)
    /// The file was written by a newer version.
    case newer(path: String, found: Int64, supported: Int64)
    case noFile(path: String)
    case full
    /// Somebody of the library wants it kept; the director ends that.
    case held(chat: String, untilMs: UInt64)
    /// A transcript in the file cannot be read.
    case damaged(path: String, chat: String, why: String)

    public var description: String {
        switch self {
        case .database(let path, let doing, let code, let message):
            "\(path): \(doing) failed: \(message) (\(code)); check the folder's owner and space, and restore the file from a backup when it is damaged"
        case .newer(let path, let found, let supported):
            "\(path) has the form \(found), and this version reads up to \(supported): update this node"
        case .noFile(let path): "\(path) is not there: no transcript has come to this node yet, or the data folder is another one"
        case .full:
            "\(TranscriptLimits.keptMax) transcripts are kept, which is the most; shorten `transcripts: keepDays` in the node's file"
        case .held(let chat, let untilMs):
            "what was said in \(chat) is held until \(untilMs) (Unix milliseconds) and was not deleted; let the library's director end the hold, on the page /transcripts"
        case .damaged(let path, let chat, let why):
            "\(path): the transcript of \(chat) cannot be read (\(why)); delete it, or restore the file"
        }
    }
}
