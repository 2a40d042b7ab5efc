/// Sign-in: passwords are checked where their verifiers live (the home node of the operator's library, or its standby), on a
/// thread of their own; sessions live at the node where the person signed in.

import Consortium
import EventLoop
import Logging
import Sodium
import Wire

@ClusterActor
final class Accounts {
    static let sessionsMax = 2_000
    static let sessionMsMax: UInt64 = 12 * 3_600_000
    /// After this many failures in a row the next tries of that name are spaced at this node.
    static let failuresFree = 5
    static let spacingMs: UInt64 = 2_000
    static let checksPendingMax = 64

    struct Session: Sendable {
        var operatorName: OperatorName
        var displayName: String
        var session: SessionID
        var expiresMs: UInt64
    }

    enum SignInOutcome: Sendable {
        case signedIn(token: String, Session)
        case wrongPassword
        case tooMany(retryMs: UInt64)
        case homeUnreachable
    }

    private let store: WorkerConfined<AccountStore>
    private let worker: Worker
    private let calls: PeerCalls
    private let node: NodeName
    private let logger: Logger
    private var sessions: [String: Session] = [:]
    private var failures: [OperatorName: (count: Int, lastMs: UInt64)] = [:]
    private var checksPending = 0
    private let parameters = PasswordHash.Parameters.interactive
    /// Checked when there is no such operator, so that the time of the answer does not tell.
    private let decoy: String

    var onSignedOut: ((Session) -> Void)?

    init(folder: String, node: NodeName, calls: PeerCalls, logger: Logger) throws {
        worker = Worker(name: "accounts", pendingMax: 256)
        store = WorkerConfined(try AccountStore(folder: folder))
        decoy = try PasswordHash.hash("nobody has this password", parameters: parameters)
        self.calls = calls
        self.node = node
        self.logger = logger
        calls.onCall = { [self] call, answer in serve(call, answer) }
    }

    func session(_ token: String) -> Session? {
        guard let session = sessions[token] else { return nil }
        guard session.expiresMs > ClusterActor.loop.nowMs else {
            sessions[token] = nil
            return nil
        }
        return session
    }

    func signOut(_ token: String) {
        guard let session = sessions.removeValue(forKey: token) else { return }
        onSignedOut?(session)
    }

    /// The sign-on ended in the state (signed on elsewhere, lapsed): its tokens are worth nothing any more.
    func forget(_ session: SessionID) { sessions = sessions.filter { $0.value.session != session } }

    /// The session of a sign-in goes on under another identifier.
    func renew(_ old: SessionID, as new: SessionID) {
        for (token, session) in sessions where session.session == old { sessions[token]?.session = new }
    }

    /// - Parameter board: who is who, as the consortium knows.
    func signIn(_ name: String, password: String, board: Board?, completion: @escaping @ClusterActor (SignInOutcome) -> Void) {
        let nowMs = ClusterActor.loop.nowMs
        guard let operatorName = OperatorName(name), password.utf8.count <= 256 else { return completion(.wrongPassword) }
        let person = board?.person(called: operatorName)
        let accountName = person?.accountName ?? operatorName
        if let record = failures[accountName], record.count >= Self.failuresFree, nowMs < record.lastMs + Self.spacingMs {
            return completion(.tooMany(retryMs: record.lastMs + Self.spacingMs - nowMs))
        }
        guard checksPending < Self.checksPendingMax else { return completion(.tooMany(retryMs: 1_000)) }
        checksPending += 1
        let library = person.flatMap { person in board?.libraries.first { $0.name == person.library } }
        let homes = [library?.homeNode, library?.standbyNode].compactMap { $0 }
        verify(accountName, password, at: homes.isEmpty ? [node] : homes) { [self] verified in
            checksPending -= 1
            switch verified {
            case true?:
                guard let person else { return completion(.wrongPassword) }
                failures[accountName] = nil
                completion(open(person))
            case false?:
                let count = (failures[accountName]?.count ?? 0) + 1
                if failures.count < Limits.operatorsMax { failures[accountName] = (count, ClusterActor.loop.nowMs) }
                completion(.wrongPassword)
            case nil: completion(.homeUnreachable)
            }
        }
    }

    /// Gives each of an imported operator's keepers the verifier. Answers the names of nodes that could not be reached.
    func keep(_ credential: ConsortiumFile.Credential, board: Board?, completion: @escaping ([NodeName]) -> Void) {
        let parameters = parameters
        let password = credential.password
        let (logger, name) = (logger, board?.person(called: credential.operatorName)?.accountName ?? credential.operatorName)
        let hash: @Sendable (inout AccountStore) -> String? = { _ in
            do {
                return try PasswordHash.hash(password, parameters: parameters)
            } catch {
                logger.error("an imported password was not hashed", metadata: ["operator": "\(name)", "why": "\(error)"])
                return nil
            }
        }
        onWorker(hash) { [self] verifier in
            let keepers = [credential.homeNode, credential.standbyNode].compactMap { $0 }
            guard let verifier = verifier ?? nil else { return completion(keepers) }
            var unreached: [NodeName] = []
            var left = keepers.count
            for keeper in keepers {
                call(.storeVerifier(name, verifier: verifier), at: keeper) { reply in
                    if case .answer(ok: true, _)? = reply {} else { unreached.append(keeper) }
                    left -= 1
                    if left == 0 { completion(unreached.sorted()) }
                }
            }
        }
    }

    func stop() async {
        await worker.shutdown()
    }

    // MARK: Checks

    /// `nil` when none of the keepers answered.
    private func verify(_ name: OperatorName, _ password: String, at keepers: [NodeName], completion: @escaping (Bool?) -> Void) {
        guard let keeper = keepers.first else { return completion(nil) }
        call(.verifyPassword(name, password: password), at: keeper) { [self] reply in
            if case .answer(let ok, _)? = reply { return completion(ok) }
            verify(name, password, at: Array(keepers.dropFirst()), completion: completion)
        }
    }

    private func call(_ call: PeerCall, at keeper: NodeName, completion: @escaping (PeerCall?) -> Void) {
        if keeper == node { serve(call) { completion($0) } } else { calls.call(call, at: keeper, completion: completion) }
    }

    private func serve(_ call: PeerCall, _ answer: @escaping (PeerCall) -> Void) {
        switch call {
        case .verifyPassword(let name, let password):
            let (decoy, logger) = (decoy, logger)
            let check: @Sendable (inout AccountStore) -> Bool = { store in
                let stored = store.verifier(of: name)
                do {
                    let matches = try PasswordHash.verify(password, stored: stored ?? decoy)
                    return stored != nil && matches
                } catch {
                    // Nobody's: an imported password passed the same check.
                    logger.info("a password that cannot be anybody's was tried", metadata: ["operator": "\(name)", "why": "\(error)"])
                    return false
                }
            }
            onWorker(check) { answer(.answer(ok: $0 ?? false, text: "")) }
        case .storeVerifier(let name, let verifier):
            let keep: @Sendable (inout AccountStore) -> String = { store in
                do {
                    try store.store(verifier, of: name)
                    return ""
                } catch {
                    return "\(error)"
                }
            }
            onWorker(keep) { [self] failure in
                if let failure, !failure.isEmpty { logger.error("a verifier was not kept", metadata: ["why": "\(failure)"]) }
                answer(.answer(ok: failure == "", text: failure ?? "this node is busy; try again"))
            }
        case .answer, .progress: answer(.answer(ok: false, text: "an answer is no question"))
        case .changeCoordinators: answer(.progress(.refused("This node is no coordinator.")))
        }
    }

    /// Runs on the accounts thread and comes back to the loop; `nil` when the thread's queue is full.
    private func onWorker<T: Sendable>(
        _ body: @escaping @Sendable (inout AccountStore) -> T, completion: @escaping @ClusterActor (T?) -> Void
    ) {
        let store = store
        let submitted = worker.submit {
            let result = store.with(body)
            ClusterActor.loop.post { ClusterActor.assumeIsolated { completion(result) } }
        }
        if !submitted { completion(nil) }
    }

    private func open(_ person: Operator) -> SignInOutcome {
        let (bytes, high, low): ([UInt8], UInt64, UInt64)
        do {
            (bytes, high, low) = (try Randomness.bytes(32), try Randomness.uint64(), try Randomness.uint64())
        } catch {
            logger.error("nobody can sign in, as there is no randomness for sessions", metadata: ["why": "\(error)"])
            return .tooMany(retryMs: 1_000)
        }
        let nowMs = ClusterActor.loop.nowMs
        if sessions.count >= Self.sessionsMax { sessions = sessions.filter { $0.value.expiresMs > nowMs } }
        guard sessions.count < Self.sessionsMax else { return .tooMany(retryMs: 60_000) }
        let token = bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        let session = Session(
            operatorName: person.name, displayName: person.displayName, session: SessionID(high: high, low: low),
            expiresMs: nowMs + Self.sessionMsMax)
        sessions[token] = session
        return .signedIn(token: token, session)
    }
}
