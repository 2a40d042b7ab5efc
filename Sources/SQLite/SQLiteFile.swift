/// SQLite in Swift, as much as transcripts and the directory's search need. Pointers do not leave this file.

import CSQLite
import Glibc

/// What SQLite says went wrong, with its code.
package struct SQLiteError: Error, Hashable, Sendable {
    package var path: String
    package var doing: String
    package var code: Int32
    package var message: String
}

/// One open database. One thread at a time.
package final class SQLiteFile {
    package enum Value: Hashable {
        case integer(Int64)
        case text(String)
        case bytes([UInt8])
        case null

        package init(_ number: UInt64) { self = .integer(Int64(bitPattern: number)) }

        package var number: UInt64 { if case .integer(let number) = self { UInt64(bitPattern: number) } else { 0 } }
        package var text: String { if case .text(let text) = self { text } else { "" } }
        package var bytes: [UInt8] { if case .bytes(let bytes) = self { bytes } else { [] } }
    }

    package let path: String
    private let handle: OpaquePointer

    /// Names a database that is in memory alone.
    package static let memory = ":memory:"

    /// - Parameters:
    ///   - create: whether a file that is not there is made.
    ///   - lockedMsMax: how long it is waited for another process that has it.
    package init(_ path: String, create: Bool, lockedMsMax: Int32) throws(SQLiteError) {
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0) | SQLITE_OPEN_FULLMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let message = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
            sqlite3_close_v2(opened)
            throw SQLiteError(path: path, doing: "opening it", code: code, message: message)
        }
        self.path = path
        handle = opened
        // For the node's user alone, as all of the data folder; SQLite gives its journals the same mode.
        guard path == Self.memory || chmod(path, 0o600) == 0 else {
            throw SQLiteError(path: path, doing: "chmod", code: errno, message: String(cString: strerror(errno)))
        }
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, lockedMsMax)
    }

    deinit { sqlite3_close_v2(handle) }

    /// Runs one statement with its parameters in order, and gives the rows.
    @discardableResult
    package func run(_ statement: String, _ parameters: [Value] = []) throws(SQLiteError) -> [[Value]] {
        var prepared: OpaquePointer?
        try check(sqlite3_prepare_v2(handle, statement, -1, &prepared, nil), statement)
        defer { sqlite3_finalize(prepared) }
        for (offset, value) in parameters.enumerated() {
            try check(bind(value, at: Int32(offset + 1), of: prepared), statement)
        }
        var rows: [[Value]] = []
        while true {
            let code = sqlite3_step(prepared)
            guard code == SQLITE_ROW else {
                if code != SQLITE_DONE { try check(code, statement) }
                return rows
            }
            rows.append((0..<sqlite3_column_count(prepared)).map { column(prepared, $0) })
        }
    }

    /// Rows that the last statement changed.
    package var changes: Int { Int(sqlite3_changes(handle)) }

    /// Ends a transaction without a trace. A failed statement may have done so by itself; then this one has nothing to do.
    package func rollBack() {
        if sqlite3_get_autocommit(handle) == 0 { sqlite3_exec(handle, "ROLLBACK", nil, nil, nil) }
    }

    private func bind(_ value: Value, at place: Int32, of statement: OpaquePointer?) -> Int32 {
        // SQLite copies what it is given before the call returns: SQLITE_TRANSIENT, which C spells as a pointer of -1.
        let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
        switch value {
        case .integer(let number): return sqlite3_bind_int64(statement, place, number)
        case .text(let text): return sqlite3_bind_text(statement, place, text, -1, transient)
        case .bytes(let bytes):
            guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(statement, place, 0) }
            return bytes.withUnsafeBytes { sqlite3_bind_blob64(statement, place, $0.baseAddress, UInt64($0.count), transient) }
        case .null: return sqlite3_bind_null(statement, place)
        }
    }

    private func column(_ statement: OpaquePointer?, _ place: Int32) -> Value {
        let count = Int(sqlite3_column_bytes(statement, place))
        switch sqlite3_column_type(statement, place) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(statement, place))
        case SQLITE_TEXT: return sqlite3_column_text(statement, place).map { .text(String(cString: $0)) } ?? .null
        case SQLITE_BLOB:
            guard let start = sqlite3_column_blob(statement, place) else { return .bytes([]) }
            return .bytes([UInt8](UnsafeRawBufferPointer(start: start, count: count)))
        default: return .null
        }
    }

    private func check(_ code: Int32, _ doing: String) throws(SQLiteError) {
        guard code != SQLITE_OK else { return }
        let verb = String(doing.prefix { $0 != " " })
        throw SQLiteError(path: path, doing: verb, code: code, message: String(cString: sqlite3_errmsg(handle)))
    }
}
