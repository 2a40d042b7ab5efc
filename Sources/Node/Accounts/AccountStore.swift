/// The password verifiers that this node keeps: those of the operators whose home or standby it is.
///
/// One file, `accounts`, a line per operator: name, space, Argon2id string. It is replaced whole: written beside, synced,
/// renamed, the folder synced. A verifier is acknowledged only after that.

import Consortium
import Glibc
import Sodium

/// Confined to the accounts worker: every call happens there, so a slow disk or hash delays no heartbeat.
package struct AccountStore {
    package enum Failure: Error, CustomStringConvertible {
        case file(path: String, operation: String, code: Int32)
        case badLine(path: String, line: Int)
        /// One operator has two lines: which password is right, the file does not say.
        case twice(path: String, line: Int)
        case full

        package var description: String {
            switch self {
            case .file(let path, let operation, let code):
                "\(operation) \(path): \(String(cString: strerror(code))); check the data folder's owner and space"
            case .badLine(let path, let line):
                "\(path) line \(line): expected `name $argon2id$…`; restore the file, or delete it and import the operators again"
            case .twice(let path, let line): "\(path) line \(line): this operator stands in an earlier line already; remove one of the two"
            case .full: "this node keeps \(Limits.operatorsMax) verifiers already"
            }
        }
    }

    private let path: String
    private var verifiers: [OperatorName: String] = [:]
    private var lastDecoy: (parameters: PasswordHash.Parameters, verifier: String)?

    init(folder: String) throws(Failure) {
        path = folder + "/accounts"
        guard let text = try Self.read(path) else { return }
        verifiers = try Self.verifiers(in: text, of: path)
    }

    /// What a file's text says, each operator once.
    package static func verifiers(in text: String, of path: String) throws(Failure) -> [OperatorName: String] {
        var verifiers: [OperatorName: String] = [:]
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() where !line.isEmpty {
            let words = line.split(separator: " ")
            guard words.count == 2, let name = OperatorName(String(words[0])), words[1].hasPrefix("$argon2id$") else {
                throw .badLine(path: path, line: number + 1)
            }
            guard verifiers.updateValue(String(words[1]), forKey: name) == nil else { throw .twice(path: path, line: number + 1) }
            guard verifiers.count <= Limits.operatorsMax else { throw .full }
        }
        return verifiers
    }

    package static func text(of verifiers: [OperatorName: String]) -> String {
        verifiers.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined()
    }

    func verifier(of name: OperatorName) -> String? { verifiers[name] }

    mutating func store(_ verifier: String, of name: OperatorName) throws(Failure) {
        guard verifiers[name] != nil || verifiers.count < Limits.operatorsMax else { throw .full }
        var changed = verifiers
        changed[name] = verifier
        try SmallFile.replace(path, with: Self.text(of: changed))
        verifiers = changed
    }

    /// Nobody signs in by that name's password any more.
    mutating func remove(_ name: OperatorName) throws(Failure) {
        guard verifiers[name] != nil else { return }
        var changed = verifiers
        changed[name] = nil
        try SmallFile.replace(path, with: Self.text(of: changed))
        verifiers = changed
    }

    /// What is checked when there is no such operator, so that the time of the answer does not tell. Asked for at every check, as another one is made when parameters change.
    mutating func decoy(_ parameters: PasswordHash.Parameters) throws(SodiumError) -> String {
        if let lastDecoy, lastDecoy.parameters == parameters { return lastDecoy.verifier }
        let verifier = try PasswordHash.hash("nobody has this password", parameters: parameters)
        lastDecoy = (parameters, verifier)
        return verifier
    }

    /// Makes the verifier of somebody whose password was just found right anew, where it was made with other parameters than today's.
    /// - Returns: whether there is such a person here.
    mutating func refresh(_ name: OperatorName, password: String, parameters: PasswordHash.Parameters) throws -> Bool {
        guard let stored = verifiers[name] else { return false }
        guard try PasswordHash.needsRehash(stored, parameters: parameters) else { return true }
        try store(try PasswordHash.hash(password, parameters: parameters), of: name)
        return true
    }

    private static func read(_ path: String) throws(Failure) -> String? { try SmallFile.read(path) }
}

extension PasswordHash.Parameters {
    /// As the settings say (agreement, 6), which are within what the algorithm takes.
    package init(_ settings: Settings) {
        self.init(operations: Int(settings.passwordPasses), memoryBytes: Int(settings.passwordMemoryMiB) << 20)
    }
}

/// Small text files that are read and replaced whole.
enum SmallFile {
    static let bytesMax = 4 * 1024 * 1024

    /// `nil` when there is no such file.
    static func read(_ path: String) throws(AccountStore.Failure) -> String? {
        try readBytes(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// `nil` when there is no such file.
    static func readBytes(_ path: String, bytesMax: Int = bytesMax) throws(AccountStore.Failure) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .file(path: path, operation: "open", code: errno)
        }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw .file(path: path, operation: "read", code: errno) }
            if count == 0 { break }
            bytes += chunk[..<count]
            guard bytes.count <= bytesMax else { throw .file(path: path, operation: "read", code: EFBIG) }
        }
        return bytes
    }

    /// Replaces the file so that a crash leaves the old or the new content, readable by the owner alone.
    static func replace(_ path: String, with text: String) throws(AccountStore.Failure) {
        try replace(path, with: Array(text.utf8))
    }

    /// As above.
    static func replace(_ path: String, with bytes: [UInt8]) throws(AccountStore.Failure) {
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .file(path: temporary, operation: "open", code: errno) }
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else {
                let code = errno
                close(descriptor)
                throw .file(path: temporary, operation: "write", code: code)
            }
            written += count
        }
        let synced = fsync(descriptor)
        let code = errno
        close(descriptor)
        guard synced == 0 else { throw .file(path: temporary, operation: "fsync", code: code) }
        guard rename(temporary, path) == 0 else { throw .file(path: path, operation: "rename", code: errno) }
        let folder = open(
            path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/"), O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw .file(path: path, operation: "open folder of", code: errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw .file(path: path, operation: "fsync folder of", code: errno) }
    }

    /// Makes a folder and those above it, for the owner alone.
    static func makeFolder(_ path: String) throws(AccountStore.Failure) {
        var partial = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            partial += "/" + part
            guard mkdir(partial, 0o700) == 0 || errno == EEXIST else { throw .file(path: partial, operation: "mkdir", code: errno) }
        }
    }
}
