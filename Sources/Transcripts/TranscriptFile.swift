import SQLite

/// The database of transcripts: SQLite's errors as the store's.
final class TranscriptFile {
    private let file: SQLiteFile

    /// - Parameter create: whether a file that is not there is made.
    init(_ path: String, create: Bool) throws(TranscriptStoreError) {
        do { file = try SQLiteFile(path, create: create, lockedMsMax: TranscriptLimits.lockedMsMax) } catch {
            throw TranscriptStoreError(error)
        }
    }

    var path: String { file.path }
    /// Rows that the last statement changed.
    var changes: Int { file.changes }

    /// Runs one statement with its parameters in order, and gives the rows.
    @discardableResult
    func run(_ statement: String, _ parameters: [SQLiteFile.Value] = []) throws(TranscriptStoreError) -> [[SQLiteFile.Value]] {
        do { return try file.run(statement, parameters) } catch { throw TranscriptStoreError(error) }
    }

    /// All of the body or nothing of it.
    func transaction<Result>(_ body: () throws(TranscriptStoreError) -> Result) throws(TranscriptStoreError) -> Result {
        try run("BEGIN IMMEDIATE")
        do {
            let result = try body()
            try run("COMMIT")
            return result
        } catch {
            file.rollBack()
            throw error
        }
    }
}

extension TranscriptStoreError {
    fileprivate init(_ error: SQLiteError) {
        self = .database(path: error.path, doing: error.doing, code: error.code, message: error.message)
    }
}
