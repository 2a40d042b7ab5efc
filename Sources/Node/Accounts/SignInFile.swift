/// Who was signed in when a node stopped in order, for the process that is started next: an update of the program signs nobody out.
///
/// The file, `signed-in`, exists between the two alone, and counts for ten minutes. It holds digests of tokens, which nobody can sign in with. A process that is
/// killed leaves none; then people sign in again. A sign-on's lease goes on meanwhile: whoever's ran out is told to sign in by the gateway, as ever.

import Consortium
import Glibc
import Logging
import Sodium

struct SignInFile {
    static let keptMs: UInt64 = 600_000
    private let path: String
    private let logger: Logger

    init(folder: String, logger: Logger) {
        path = folder + "/signed-in"
        self.logger = logger
    }

    static func digest(_ token: String) -> String { Hex.text(of: Hash.sha256(Array("callslip signed in \(token)".utf8))) }

    /// Writes the file. Each line: digest, operator, session, milliseconds left, the sign-in's name, when it began, the person's name. At most `Accounts.sessionsMax` lines.
    /// - Parameter sessions: by token.
    func leave(_ sessions: [String: Accounts.Session], nowMs: UInt64, wallMs: UInt64 = WallClock.nowMs) {
        let present = sessions.filter { $0.value.expiresMs > nowMs }
        guard !present.isEmpty else { return }
        let lines = present.map { token, session in
            "\(Self.digest(token)) \(session.operatorName) \(session.session) \(session.expiresMs - nowMs) \(session.id) \(session.beganMs) \(session.displayName)\n"
        }
        do {
            try SmallFile.replace(path, with: "\(wallMs)\n" + lines.sorted().joined())
        } catch {
            logger.warning("who is signed in was not kept: they sign in again", metadata: ["why": "\(error)"])
        }
    }

    /// Reads the file and takes it away: by the digest of their token. Nothing of a file that is older, from the future, or damaged.
    func take(nowMs: UInt64, wallMs: UInt64 = WallClock.nowMs) -> [String: Accounts.Session] {
        let text: String?
        do {
            text = try SmallFile.read(path)
            guard text != nil else { return [:] }
            try SmallFile.remove(path)
        } catch {
            logger.warning("who was signed in is not known: they sign in again", metadata: ["why": "\(error)"])
            return [:]
        }
        var lines = (text ?? "").split(separator: "\n")[...]
        guard let writtenMs = lines.popFirst().flatMap({ UInt64($0) }), writtenMs <= wallMs, wallMs - writtenMs < Self.keptMs else {
            return [:]
        }
        var found: [String: Accounts.Session] = [:]
        for line in lines.prefix(Accounts.sessionsMax) {
            let words = line.split(separator: " ", maxSplits: 6, omittingEmptySubsequences: false)
            guard words.count == 7, let beganMs = UInt64(words[5]), let name = OperatorName(String(words[1])),
                let session = SessionID(String(words[2])),
                let leftMs = UInt64(words[3]), leftMs <= Accounts.sessionMsMax
            else {
                logger.warning("who was signed in could not be read: they sign in again", metadata: ["path": "\(path)"])
                return [:]
            }
            let goneMs = min(wallMs - writtenMs, leftMs)
            found[String(words[0])] = Accounts.Session(
                operatorName: name, displayName: String(words[6]), session: session, expiresMs: nowMs + leftMs - goneMs,
                id: String(words[4]),
                beganMs: min(beganMs, wallMs))
        }
        return found
    }
}

extension SmallFile {
    /// Takes a file away that is there.
    static func remove(_ path: String) throws(AccountStore.Failure) {
        guard unlink(path) == 0 else { throw .file(path: path, operation: "unlink", code: errno) }
    }
}
