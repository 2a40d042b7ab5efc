/// What this node keeps of accounts beside their passwords: first codes, by which somebody chooses a password, and how the campus calls them.
///
/// One file, `account-notes`, a line for each thing: name, what it is, and the words of it. It is replaced whole, as `accounts` is. A first code has 80 random bits, so a plain digest
/// of it is enough.

import Consortium
import SignIn
import Sodium

/// A code that is good once, in the place of a password, to choose one.
struct FirstCode: Hashable, Sendable {
    static let days: UInt64 = 7
    var digest: [UInt8]
    /// Unix milliseconds.
    var untilMs: UInt64
}

/// Confined to the accounts worker.
package struct AccountNotes {
    package struct BadLine: Error, CustomStringConvertible {
        var path: String
        var line: Int
        package var description: String {
            "\(path) line \(line): expected `name first DIGEST MS` or `name campus WORDS`, each once; mend the line, or take it away"
        }
    }

    static let campusBytesMax = 128

    struct Note: Hashable {
        var first: FirstCode?
        var campus: String?
        var isEmpty: Bool { first == nil && campus == nil }
    }

    private let path: String
    private(set) var notes: [OperatorName: Note]

    init(folder: String) throws {
        path = folder + "/account-notes"
        notes = try Self.notes(in: try SmallFile.read(path) ?? "", of: path)
    }

    package static func isText(_ text: String) -> Bool { (try? notes(in: text, of: "")) != nil }

    static func notes(in text: String, of path: String) throws(BadLine) -> [OperatorName: Note] {
        var notes: [OperatorName: Note] = [:]
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() where !line.isEmpty {
            let words = line.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
            guard words.count == 3, let name = OperatorName(String(words[0])), notes.count < Limits.operatorsMax || notes[name] != nil
            else {
                throw BadLine(path: path, line: number + 1)
            }
            var note = notes[name] ?? Note()
            switch words[1] {
            case "first":
                let parts = words[2].split(separator: " ")
                guard note.first == nil, parts.count == 2, let digest = Hex.bytes(of: parts[0]),
                    digest.count == RecoveryCode.digestBytes,
                    let untilMs = UInt64(parts[1])
                else { throw BadLine(path: path, line: number + 1) }
                note.first = FirstCode(digest: digest, untilMs: untilMs)
            case "campus":
                guard note.campus == nil, isCampusName(String(words[2])) else { throw BadLine(path: path, line: number + 1) }
                note.campus = String(words[2])
            default: throw BadLine(path: path, line: number + 1)
            }
            notes[name] = note
        }
        return notes
    }

    /// One line of text.
    static func isCampusName(_ text: String) -> Bool {
        (1...campusBytesMax).contains(text.utf8.count) && text.allSatisfy { !$0.isNewline }
            && text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
            // One that begins with a mark would become one sign with the space before it in the file, and not be read again.
            && (" " + text).first == " "
    }

    /// Whether this is the first code of that account, and still good.
    func isFirstCode(_ code: String, of name: OperatorName, nowMs: UInt64) -> Bool {
        guard let first = notes[name]?.first, first.untilMs > nowMs, let digest = RecoveryCode.digest(code, of: name.text) else {
            return false
        }
        return constantTimeEqual(first.digest, digest)
    }

    func hasFirstCode(_ name: OperatorName, nowMs: UInt64) -> Bool { (notes[name]?.first?.untilMs ?? 0) > nowMs }

    /// Changes what is noted of somebody; it is on the disk when this returns.
    mutating func change(_ name: OperatorName, _ body: (inout Note) -> Void) throws(AccountStore.Failure) {
        var note = notes[name] ?? Note()
        body(&note)
        guard note != notes[name] ?? Note() else { return }
        guard note.isEmpty || notes[name] != nil || notes.count < Limits.operatorsMax else { throw .full }
        var changed = notes
        changed[name] = note.isEmpty ? nil : note
        var text = ""
        for (name, note) in changed.sorted(by: { $0.key < $1.key }) {
            if let first = note.first {
                text += "\(name) first \(Hex.text(of: first.digest)) \(first.untilMs)\n"
            }
            if let campus = note.campus { text += "\(name) campus \(campus)\n" }
        }
        try SmallFile.replace(path, with: text)
        notes = changed
    }
}
