/// Sign-in: passwords are checked where their verifiers live (the home node of the operator's library, or its standby), on a
/// thread of their own; sessions live at the node where the person signed in.

import Consortium
import EventLoop
import Logging
import Sodium
import Web
import Wire

@ClusterActor
final class Accounts {
    nonisolated static let sessionsMax = 2_000
    nonisolated static let sessionMsMax: UInt64 = 12 * 3_600_000
    static let checksPendingMax = 64

    struct Session: Sendable {
        var operatorName: OperatorName
        var displayName: String
        var session: SessionID
        var expiresMs: UInt64
        /// By which it is listed and ended; worth nothing else.
        var id: String
        /// Unix milliseconds, for people; `expiresMs` is the loop's time.
        var beganMs: UInt64
    }

    enum SignInOutcome: Sendable {
        /// - Parameter browser: what the browser keeps to show that this person signed in there.
        case signedIn(token: String, browser: String, Session)
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
    /// Of the process before, which stopped in order: by the digest of their tokens, until somebody comes with one.
    private var handedOn: [String: Session]
    private let handOver: SignInFile
    private var brake = SignInBrake()
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
        handOver = SignInFile(folder: folder, logger: logger)
        handedOn = handOver.take(nowMs: ClusterActor.loop.nowMs)
        calls.onCall = { [self] call, answer in serve(call, answer) }
    }

    func session(_ token: String) -> Session? {
        if !handedOn.isEmpty, let session = handedOn.removeValue(forKey: SignInFile.digest(token)) { sessions[token] = session }
        guard let session = sessions[token] else { return nil }
        guard session.expiresMs > ClusterActor.loop.nowMs else {
            sessions[token] = nil
            return nil
        }
        return session
    }

    /// The sign-ins that have not ended, the oldest first.
    func open(_ board: Board?) -> [KnownSession] {
        let nowMs = ClusterActor.loop.nowMs
        // Those that were handed on are named by their digests: nobody has come with their tokens yet.
        return (sessions.map { ($0.key, $0.value) } + handedOn.map { ($0.key, $0.value) }).filter { $0.1.expiresMs > nowMs }.map {
            token, session in
            KnownSession(
                token: token, id: session.id, operatorName: session.operatorName, displayName: session.displayName,
                library: board?.person(called: session.operatorName)?.library, beganMs: session.beganMs,
                endsMs: session.beganMs + Self.sessionMsMax)
        }.sorted { ($0.beganMs, $0.id) < ($1.beganMs, $1.id) }
    }

    /// - Parameter token: as the list of those that are open has it, where it comes from there.
    func signOut(_ token: String) {
        if let session = handedOn.removeValue(forKey: token) {
            onSignedOut?(session)
            return
        }
        guard let session = session(token) else { return }
        sessions[token] = nil
        onSignedOut?(session)
    }

    /// The sign-on ended in the state (signed on elsewhere, lapsed): its tokens are worth nothing any more.
    func forget(_ session: SessionID) {
        sessions = sessions.filter { $0.value.session != session }
        handedOn = handedOn.filter { $0.value.session != session }
    }

    /// The session of a sign-in goes on under another identifier.
    func renew(_ old: SessionID, as new: SessionID) {
        for (token, session) in sessions where session.session == old { sessions[token]?.session = new }
    }

    /// - Parameters:
    ///   - browser: what an earlier sign-in gave the browser to keep, if anything.
    ///   - network: where it asks from; held in memory alone.
    ///   - board: who is who, as the consortium knows.
    func signIn(
        _ name: String, password: String, browser: String?, network: AddressPrefix, board: Board?,
        completion: @escaping @ClusterActor (SignInOutcome) -> Void
    ) {
        guard let operatorName = OperatorName(name), password.utf8.count <= 256 else { return completion(.wrongPassword) }
        let person = board?.person(called: operatorName)
        let accountName = person?.accountName ?? operatorName
        guard checksPending < Self.checksPendingMax else { return completion(.tooMany(retryMs: 1_000)) }
        let origin = brake.origin(accountName, browser: browser, network: network)
        if let waitMs = brake.begin(accountName, from: origin, nowMs: ClusterActor.loop.nowMs) {
            return completion(.tooMany(retryMs: waitMs))
        }
        checksPending += 1
        let library = person.flatMap { person in board?.libraries.first { $0.name == person.library } }
        let homes = [library?.homeNode, library?.standbyNode].compactMap { $0 }
        verify(accountName, password, at: homes.isEmpty ? [node] : homes) { [self] verified in
            checksPending -= 1
            switch verified {
            case true?:
                guard let person else { return completion(.wrongPassword) }
                brake.succeeded(accountName, from: origin)
                completion(open(person, known: origin))
            case false?: completion(.wrongPassword)
            case nil:
                brake.undecided(accountName, from: origin)
                completion(.homeUnreachable)
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

    /// In order: whoever is signed in stays so when this node is started again soon, as when it is updated.
    func stop() async {
        handOver.leave(sessions, nowMs: ClusterActor.loop.nowMs)
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
            let (decoy, parameters, logger) = (decoy, parameters, logger)
            let check: @Sendable (inout AccountStore) -> Bool = { store in
                do {
                    guard try PasswordHash.verify(password, stored: store.verifier(of: name) ?? decoy) else { return false }
                    do {
                        return try store.refresh(name, password: password, parameters: parameters)
                    } catch {
                        // The older one is as right; the next sign-in tries again.
                        logger.warning("a verifier was not made anew", metadata: ["operator": "\(name)", "why": "\(error)"])
                        return true
                    }
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
        case .answer, .progress, .certified, .desks: answer(.answer(ok: false, text: "an answer is no question"))
        case .askDesks: answer(.answer(ok: false, text: "This node serves no desks."))
        case .changeCoordinators: answer(.progress(.refused("This node is no coordinator.")))
        case .certify: answer(.answer(ok: false, text: "This node issues no certificates."))
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

    private func open(_ person: Operator, known origin: SignInBrake.Origin) -> SignInOutcome {
        let (bytes, mark, name): ([UInt8], [UInt8], [UInt8])
        let (high, low): (UInt64, UInt64)
        do {
            (bytes, mark, name) = (try Randomness.bytes(32), try Randomness.bytes(32), try Randomness.bytes(8))
            (high, low) = (try Randomness.uint64(), try Randomness.uint64())
        } catch {
            logger.error("nobody can sign in, as there is no randomness for sessions", metadata: ["why": "\(error)"])
            return .tooMany(retryMs: 1_000)
        }
        let nowMs = ClusterActor.loop.nowMs
        if sessions.count >= Self.sessionsMax { sessions = sessions.filter { $0.value.expiresMs > nowMs } }
        guard sessions.count < Self.sessionsMax else { return .tooMany(retryMs: 60_000) }
        let token = Self.hexadecimal(bytes)
        var browser = Self.hexadecimal(mark)
        if case .browser(let given) = origin { browser = given } else { brake.remember(browser: browser, of: person.accountName) }
        let session = Session(
            operatorName: person.name, displayName: person.displayName, session: SessionID(high: high, low: low),
            expiresMs: nowMs + Self.sessionMsMax, id: Self.hexadecimal(name), beganMs: WallClock.nowMs)
        sessions[token] = session
        return .signedIn(token: token, browser: browser, session)
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
    }
}
