/// Signing in by the campus (OpenID Connect, authorization code with PKCE): who the campus vouches for gets the sign-in that their password would have given them. It makes no accounts.
///
/// What a browser begins it keeps itself, sealed, in a cookie; so nothing is kept here for whoever begins and never comes back. The service is asked on a thread of its own, with limits
/// and times; its documents and keys are read again after an hour, and the keys when a token names one that nobody has seen.

import Consortium
import EventLoop
import FoundationEssentials
import Logging
import SignIn
import Sodium
import Synchronization
import Web

/// Confined to the campus worker.
private struct CampusBook: Sendable {
    static let keptMs: UInt64 = 3_600_000
    static let keysAgainMs: UInt64 = 5_000

    let settings: CampusSettings
    let fetch: WebFetch
    private var document: CampusDocument?
    private var documentMs: UInt64 = 0
    private var keys: JSONWebKeys?
    private var keysMs: UInt64 = 0

    init(_ settings: CampusSettings) {
        self.settings = settings
        fetch = WebFetch(authorities: settings.authorities)
    }

    mutating func read(nowMs: UInt64) throws(CampusRefusal) -> CampusDocument {
        if let document, nowMs >= documentMs, nowMs - documentMs < Self.keptMs { return document }
        let bytes = try fetch.ask(settings.service.discovery, bytesMax: CampusDocument.bytesMax)
        let read = try CampusDocument(json: bytes, of: settings.service)
        (document, documentMs) = (read, nowMs)
        return read
    }

    private mutating func readKeys(_ document: CampusDocument, olderThanMs: UInt64, nowMs: UInt64) throws(CampusRefusal) -> JSONWebKeys {
        if let keys, nowMs >= keysMs, nowMs - keysMs < olderThanMs { return keys }
        let read = try JSONWebKeys(json: try fetch.ask(document.keys, bytesMax: JSONWebKeys.bytesMax))
        (keys, keysMs) = (read, nowMs)
        return read
    }

    /// Who it is that the service vouches for, by the code that it gave.
    mutating func name(_ code: String, _ beginning: CampusBeginning, nowMs: UInt64) throws(CampusRefusal) -> String {
        let document = try read(nowMs: nowMs)
        let question = beginning.question(code: code, document, settings.service)
        let answer = try fetch.ask(
            document.token, form: question.body, authorization: question.authorization, bytesMax: CampusTokens.bytesMax)
        let token = try CampusTokens.idToken(json: answer)
        var keys = try readKeys(document, olderThanMs: Self.keptMs, nowMs: nowMs)
        if IDToken.isSignedWithUnknownKey(token, keys) { keys = try readKeys(document, olderThanMs: Self.keysAgainMs, nowMs: nowMs) }
        let service = settings.service
        return try IDToken(
            token, keys: keys,
            IDToken.Expected(
                issuer: service.issuer, client: service.client, nonce: beginning.nonce, claim: service.claim, nowS: Int64(nowMs / 1_000))
        ).name
    }
}

@ClusterActor
final class CampusDesk {
    static let pendingMax = 16

    /// Where the browser goes, and the cookie that it keeps until it comes back.
    struct Begun: Sendable {
        var address: String
        var cookie: String
    }

    /// What came of coming back.
    enum Outcome: Sendable {
        case signedIn(token: String, Accounts.Session)
        case refused(CampusRefusal)
    }

    let settings: CampusSettings
    private let book: WorkerConfined<CampusBook>
    private let worker: Worker
    private let accounts: Accounts
    private let logger: Logger
    /// Of this process alone.
    private let key: [UInt8]
    private nonisolated let isStopping = Mutex(false)

    init(_ settings: CampusSettings, accounts: Accounts, logger: Logger) throws {
        self.settings = settings
        self.accounts = accounts
        self.logger = logger
        book = WorkerConfined(CampusBook(settings))
        worker = Worker(name: "campus", pendingMax: Self.pendingMax)
        key = try AEAD.makeKey()
    }

    /// What waits in the queue is answered at once; the question that is under way ends in its own time.
    func stop() async {
        isStopping.withLock { $0 = true }
        await worker.shutdown()
    }

    func begin(_ completion: @escaping @ClusterActor (Result<Begun, CampusRefusal>) -> Void) {
        let (key, settings) = (key, settings)
        let begin: @Sendable (inout CampusBook) throws(CampusRefusal) -> Begun = { book throws(CampusRefusal) in
            let nowMs = WallClock.nowMs
            let document = try book.read(nowMs: nowMs)
            guard let beginning = try? CampusBeginning.make(nowMs: nowMs), let cookie = try? beginning.sealed(key: key) else {
                throw CampusRefusal.busy
            }
            return Begun(address: beginning.address(document, settings.service, scope: settings.scope), cookie: cookie)
        }
        run(begin, completion)
    }

    /// A browser came back.
    /// - Parameter cookie: what it kept of its beginning, if it did.
    func finish(_ answer: CampusAnswer, cookie: String?, completion: @escaping @ClusterActor (Outcome) -> Void) {
        let nowMs = WallClock.nowMs
        let code: String
        let beginning: CampusBeginning
        do throws(CampusRefusal) {
            guard let begun = cookie.flatMap({ CampusBeginning(sealed: $0, key: key, nowMs: nowMs) }) else {
                throw CampusRefusal.otherBrowser
            }
            beginning = begun
            code = try begun.code(in: answer, from: settings.service)
        } catch {
            log(error)
            return completion(.refused(error))
        }
        let name: @Sendable (inout CampusBook) throws(CampusRefusal) -> String = { book throws(CampusRefusal) in
            try book.name(code, beginning, nowMs: WallClock.nowMs)
        }
        run(name) { [self] result in
            switch result {
            case .success(let name):
                let outcome = accounts.campusSignIn(name)
                if case .refused(let refusal) = outcome { log(refusal) }
                completion(outcome)
            case .failure(let refusal): completion(.refused(refusal))
            }
        }
    }

    private func log(_ refusal: CampusRefusal) {
        logger.notice("a sign-in by the campus was refused", metadata: ["code": "\(refusal.code.rawValue)", "why": "\(refusal.detail)"])
    }

    private func run<T: Sendable>(
        _ body: @escaping @Sendable (inout CampusBook) throws(CampusRefusal) -> T,
        _ completion: @escaping @ClusterActor (Result<T, CampusRefusal>) -> Void
    ) {
        let book = book
        let submitted = worker.submit { [self] in
            let result: Result<T, CampusRefusal> = book.with { book in
                if isStopping.withLock({ $0 }) { return .failure(.stopping) }
                do throws(CampusRefusal) {
                    return .success(try body(&book))
                } catch {
                    return .failure(error)
                }
            }
            ClusterActor.loop.post {
                ClusterActor.assumeIsolated {
                    if case .failure(let refusal) = result { self.log(refusal) }
                    completion(result)
                }
            }
        }
        if !submitted { completion(.failure(.busy)) }
    }
}

extension Accounts {
    /// Signs in whoever is called so by the campus, of the libraries whose home this node is: at a standby another campus may give the same name to somebody else.
    func campusSignIn(_ name: String) -> CampusDesk.Outcome {
        let board = board()
        let found = campusNames.filter { $0.value == name }.keys.sorted().compactMap { board?.person(called: $0) }
            .filter { !$0.isClosed && keepers(of: $0, board).first == node && campusNames[$0.accountName] == name }
        guard let person = found.first, found.count == 1 else {
            let why = found.isEmpty ? "has no account here" : "has more than one account here"
            return .refused(
                CampusRefusal(
                    .noAccount,
                    "Your campus knows you as `\(name)`, which \(why). Ask your library’s admin; or sign in with your password.",
                    detail: found.isEmpty ? "no account" : "\(found.count) accounts"))
        }
        guard !(kept[person.accountName]?.isOn ?? false) else {
            return .refused(
                CampusRefusal(
                    .secondStep,
                    "You turned your second step on, which the campus sign-in would go around: sign in with your password and a code.",
                    detail: "second step"))
        }
        switch open(person, known: nil, told: "") {
        case .signedIn(let token, _, let session, _): return .signedIn(token: token, session)
        case .closed(let why): return .refused(CampusRefusal(.closed, why, detail: "closed"))
        default: return .refused(.busy)
        }
    }
}
