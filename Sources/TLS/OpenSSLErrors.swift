import COpenSSL

/// OpenSSL's queue of errors, which belongs to the thread: emptied before a call, read after one that failed.
enum OpenSSLErrors {
    /// Errors read of one failed call; the first says what happened.
    private static let readMax = 8

    struct Entry {
        var library: Int32
        var reason: Int32
        var words: String
    }

    static func clear() { ERR_clear_error() }

    /// The oldest error; empties the queue.
    static func take() -> Entry? {
        var first: Entry?
        for _ in 0..<readMax {
            let code = ERR_get_error()
            guard code != 0 else { break }
            if first == nil {
                let words = ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
                first = Entry(library: ERR_GET_LIB(code), reason: ERR_GET_REASON(code), words: words)
            }
        }
        clear()
        return first
    }

    /// The oldest error's words; empties the queue.
    static func takeWords() -> String { take()?.words ?? "no reason given" }
}
