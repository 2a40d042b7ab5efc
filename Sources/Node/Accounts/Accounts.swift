/// Sign-in: passwords are checked where their verifiers live (the home node of the operator's library, or its standby), on a
/// thread of their own; sessions live at the node where the person signed in.

import Consortium
import EventLoop
import Logging
import SignIn
import Sodium
import Web
import Wire

@ClusterActor
final class Accounts {
    nonisolated static let sessionsMax = 2_000
    nonisolated static let sessionMsMax: UInt64 = 12 * 3_600_000
    static let checksPendingMax = 64
    /// Sign-ins of one person's scripts: one more, and the oldest of those ends. A script that signs in anew each time it asks leaves room for people.
    static let scriptSessionsMax = 20

    struct Session: Sendable {
        var operatorName: OperatorName
        var displayName: String
        var session: SessionID
        var expiresMs: UInt64
        /// By which it is listed and ended; worth nothing else.
        var id: String
        /// Unix milliseconds, for people; `expiresMs` is the loop's time.
        var beganMs: UInt64
        /// Made by the old vendor's call, so that no desk stands behind it.
        var isScript = false
    }

    enum SignInOutcome: Sendable {
        /// - Parameters:
        ///   - browser: what the browser keeps to show that this person signed in there.
        ///   - told: a sentence for the person; mostly empty.
        case signedIn(token: String, browser: String, Session, told: String)
        case wrongPassword
        /// The password that was to be chosen is none; a sentence.
        case badPassword(String)
        /// The password is right, and there is a second step.
        case lacks(CodeCheck)
        case tooMany(retryMs: UInt64)
        case homeUnreachable
        /// Nobody signs in at this node; with a sentence.
        case closed(String)

        /// With one more sentence for whoever signed in.
        func telling(_ more: String) -> SignInOutcome {
            guard case .signedIn(let token, let browser, let session, let told) = self else { return self }
            return .signedIn(token: token, browser: browser, session, told: told.isEmpty ? more : "\(told) \(more)")
        }
    }

    /// What the worker keeps.
    struct Vault: Sendable {
        var verifiers: AccountStore
        var seconds: SecondStepStore
        var notes: AccountNotes
    }

    private let vault: WorkerConfined<Vault>
    private let worker: Worker
    private let calls: PeerCalls
    let node: NodeName
    let logger: Logger
    private var sessions: [String: Session] = [:]
    /// Second steps that people are about to turn on, by the token of their sign-in.
    var beginnings: [String: SecondStepBeginning] = [:]
    /// The second steps that this node keeps, as the worker has them.
    var kept: [OperatorName: SecondStep]
    /// How the campus calls those whose account this node keeps, as the worker has it.
    var campusNames: [OperatorName: String]
    /// What the other keepers of an account are known to have.
    var shared: [OperatorName: SharedSecondStep] = [:]
    let sharing = Timer(on: ClusterActor.loop)
    /// With whom of those that are due the next round begins.
    var sharedFrom = 0
    /// Who is who, as the consortium knows; `nil` before the first board came.
    var board: () -> Board? = { nil }
    /// Of the process before, which stopped in order: by the digest of their tokens, until somebody comes with one.
    private var handedOn: [String: Session]
    private let handOver: SignInFile
    private var brake = SignInBrake()
    private var checksPending = 0
    /// Why nobody signs in here.
    private var closed: String?
    /// What a password costs, as the settings say.
    private var parameters: PasswordHash.Parameters { PasswordHash.Parameters(board()?.settings ?? Settings()) }

    var onSignedOut: ((Session) -> Void)?

    init(folder: String, node: NodeName, calls: PeerCalls, logger: Logger) throws {
        worker = Worker(name: "accounts", pendingMax: 256)
        let seconds = try SecondStepStore(folder: folder)
        kept = seconds.steps
        let notes = try AccountNotes(folder: folder)
        campusNames = notes.notes.compactMapValues(\.campus)
        vault = WorkerConfined(Vault(verifiers: try AccountStore(folder: folder), seconds: seconds, notes: notes))
        self.calls = calls
        self.node = node
        self.logger = logger
        handOver = SignInFile(folder: folder, logger: logger)
        handedOn = handOver.take(nowMs: ClusterActor.loop.nowMs)
        calls.onCall = { [self] call, answer in serve(call, answer) }
        shareEverySoOften()
    }

    func session(_ token: String) -> Session? {
        if !handedOn.isEmpty, let session = handedOn.removeValue(forKey: SignInFile.digest(token)) { sessions[token] = session }
        guard let session = sessions[token] else { return nil }
        // A keeper that was not there may have the account of somebody who left; what the consortium knows of them ends it here too.
        let hasLeft = board()?.person(called: session.operatorName)?.isClosed ?? false
        guard session.expiresMs > ClusterActor.loop.nowMs, !hasLeft else {
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
        beginnings[token] = nil
        onSignedOut?(session)
    }

    /// Ends all sign-ins of somebody at this node.
    /// - Parameter name: as the account is called.
    func endSignIns(of name: OperatorName) {
        let board = board()
        for (token, session) in Array(sessions) + Array(handedOn)
        where session.operatorName == name || board?.person(called: session.operatorName)?.accountName == name {
            sessions[token] = nil
            handedOn[token] = nil
            onSignedOut?(session)
        }
    }

    /// The sign-on ended in the state (signed on elsewhere, lapsed): its tokens are worth nothing any more.
    func forget(_ session: SessionID) {
        sessions = sessions.filter { $0.value.session != session }
        handedOn = handedOn.filter { $0.value.session != session }
    }

    /// Ends every sign-in, and takes no more.
    func close(_ why: String) {
        closed = why
        let ended = Array(sessions.values) + Array(handedOn.values)
        (sessions, handedOn) = ([:], [:])
        for session in ended { onSignedOut?(session) }
    }

    func reopen() { closed = nil }

    /// The session of a sign-in goes on under another identifier.
    func renew(_ old: SessionID, as new: SessionID) {
        for (token, session) in sessions where session.session == old { sessions[token]?.session = new }
    }

    /// - Parameter board: who is who, as the consortium knows.
    func signIn(_ ask: SignInAsk, board: Board?, completion: @escaping @ClusterActor (SignInOutcome) -> Void) {
        if let closed { return completion(.closed(closed)) }
        guard let operatorName = OperatorName(ask.name) else { return completion(.wrongPassword) }
        let person = board?.person(called: operatorName)
        judge(ask, accountName: person?.accountName ?? operatorName, person, board: board) { [self] judgement, origin in
            switch judgement {
            case .right(let told):
                guard let person else { return completion(.wrongPassword) }
                completion(open(person, known: origin, told: told, isScript: ask.isScript))
            case .wrong: completion(.wrongPassword)
            case .lacks(.newPassword): choosePassword(ask, person, board, completion)
            case .lacks(let check): completion(.lacks(check))
            case .tooMany(let retryMs): completion(.tooMany(retryMs: retryMs))
            case .unreachable: completion(.homeUnreachable)
            }
        }
    }

    enum Judgement: Sendable {
        case right(told: String)
        case wrong
        case lacks(CodeCheck)
        case tooMany(retryMs: UInt64)
        case unreachable
    }

    /// Whether password and code are right; whoever tries is slowed down.
    func judge(
        _ ask: SignInAsk, accountName: OperatorName, _ person: Operator?, board: Board?,
        completion: @escaping @ClusterActor (Judgement, SignInBrake.Origin) -> Void
    ) {
        let origin = brake.origin(accountName, browser: ask.browser, network: ask.network)
        guard ask.password.utf8.count <= 256, ask.code.utf8.count <= TypedCode.bytesMax else { return completion(.wrong, origin) }
        guard checksPending < Self.checksPendingMax else { return completion(.tooMany(retryMs: 1_000), origin) }
        if let waitMs = brake.begin(accountName, from: origin, nowMs: ClusterActor.loop.nowMs) {
            return completion(.tooMany(retryMs: waitMs), origin)
        }
        checksPending += 1
        let homes = person.map { keepers(of: $0, board) } ?? []
        verify(accountName, ask, at: homes.isEmpty ? [node] : homes) { [self] judgement in
            checksPending -= 1
            switch judgement {
            case .right where person == nil: return completion(.wrong, origin)
            case .right: brake.succeeded(accountName, from: origin)
            // Who asks what the code is for has tried nothing yet.
            case .lacks(.needed), .lacks(.newPassword), .unreachable: brake.undecided(accountName, from: origin)
            case .wrong, .lacks, .tooMany: break
            }
            completion(judgement, origin)
        }
    }

    /// Where somebody's password is kept, the home first.
    func keepers(of person: Operator, _ board: Board?) -> [NodeName] {
        let library = board?.libraries.first { $0.name == person.library }
        return [library?.homeNode, library?.standbyNode].compactMap { $0 }
    }

    /// Gives each of an imported operator's keepers the verifier. Answers the names of nodes that could not be reached.
    func keep(_ credential: ConsortiumFile.Credential, board: Board?, completion: @escaping ([NodeName]) -> Void) {
        let parameters = parameters
        let password = credential.password
        let (logger, name) = (logger, board?.person(called: credential.operatorName)?.accountName ?? credential.operatorName)
        let hash: @Sendable (inout Vault) -> String? = { _ in
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
        sharing.close()
        handOver.leave(sessions, nowMs: ClusterActor.loop.nowMs)
        await worker.shutdown()
    }

    // MARK: Checks

    private func verify(_ name: OperatorName, _ ask: SignInAsk, at keepers: [NodeName], completion: @escaping (Judgement) -> Void) {
        guard let keeper = keepers.first else { return completion(.unreachable) }
        call(.verifyPassword(name, password: ask.password, code: ask.code), at: keeper) { [self] reply in
            switch reply {
            case .answer(true, let told)?: completion(.right(told: told))
            case .answer(false, _)?: completion(.wrong)
            case .lacks(let check)?: completion(.lacks(check))
            default: verify(name, ask, at: Array(keepers.dropFirst()), completion: completion)
            }
        }
    }

    func call(_ call: PeerCall, at keeper: NodeName, completion: @escaping (PeerCall?) -> Void) {
        if keeper == node { serve(call) { completion($0) } } else { calls.call(call, at: keeper, completion: completion) }
    }

    private func serve(_ call: PeerCall, _ answer: @escaping (PeerCall) -> Void) {
        switch call {
        case .verifyPassword(let name, let password, let code):
            let (parameters, logger, nowMs) = (parameters, logger, WallClock.nowMs)
            let check: @Sendable (inout Vault) -> (PeerCall, SecondStep?) = { vault in
                if vault.notes.isFirstCode(password, of: name, nowMs: nowMs) { return (.lacks(.newPassword), nil) }
                do {
                    let decoy = try vault.verifiers.decoy(parameters)
                    guard try PasswordHash.verify(password, stored: vault.verifiers.verifier(of: name) ?? decoy) else {
                        return (.answer(ok: false, text: ""), nil)
                    }
                    do {
                        guard try vault.verifiers.refresh(name, password: password, parameters: parameters) else {
                            return (.answer(ok: false, text: ""), nil)
                        }
                    } catch {
                        // The older one is as right; the next sign-in tries again.
                        logger.warning("a verifier was not made anew", metadata: ["operator": "\(name)", "why": "\(error)"])
                    }
                } catch {
                    // Nobody's: an imported password passed the same check.
                    logger.info("a password that cannot be anybody's was tried", metadata: ["operator": "\(name)", "why": "\(error)"])
                    return (.answer(ok: false, text: ""), nil)
                }
                do {
                    switch try vault.seconds.judge(code, of: name, nowMs: nowMs) {
                    case .right(let told): return (.answer(ok: true, text: told), vault.seconds.steps[name])
                    case .lacks(let check): return (.lacks(check), nil)
                    }
                } catch {
                    // A code that is not kept as used would be good again.
                    logger.error("a second step was not judged", metadata: ["operator": "\(name)", "why": "\(error)"])
                    return (.lacks(.tooMany), nil)
                }
            }
            onWorker(check) { [self] result in
                if let step = result?.1 { noticed(step, of: name) }
                answer(result?.0 ?? .answer(ok: false, text: ""))
            }
        case .askSecondStep(let name):
            let state: @Sendable (inout Vault) -> SecondStepState = { $0.seconds.state(of: name) }
            onWorker(state) { answer($0.map { .secondStepState($0) } ?? Self.busy) }
        case .secondStep(let name, let step): takeIn(step, of: name, answer)
        case .storeVerifier(let name, let verifier):
            let keep: @Sendable (inout Vault) -> String = { vault in
                do {
                    try vault.verifiers.store(verifier, of: name)
                    try vault.notes.change(name) { $0.first = nil }
                    return ""
                } catch {
                    return "\(error)"
                }
            }
            onWorker(keep) { [self] failure in
                if let failure, !failure.isEmpty { logger.error("a verifier was not kept", metadata: ["why": "\(failure)"]) }
                answer(.answer(ok: failure == "", text: failure ?? "this node is busy; try again"))
            }
        case .askLacking, .firstCode, .closeAccount, .endSignIns, .campusName: keep(call, answer)
        case .answer, .lacks, .lacking, .secondStepState, .progress, .certified, .desks, .settings, .picture:
            answer(.answer(ok: false, text: "an answer is no question"))
        case .askDesks: answer(.answer(ok: false, text: "This node serves no desks."))
        case .askPicture: answer(.answer(ok: false, text: "This node keeps no pictures."))
        case .askSettings: answer(.answer(ok: false, text: "This node knows no settings yet."))
        case .changeCoordinators: answer(.progress(.refused("This node is no coordinator.")))
        case .certify: answer(.answer(ok: false, text: "This node issues no certificates."))
        }
    }

    /// Runs on the accounts thread and comes back to the loop; `nil` when the thread's queue is full.
    func onWorker<T: Sendable>(
        _ body: @escaping @Sendable (inout Vault) -> T, completion: @escaping @ClusterActor (T?) -> Void
    ) {
        let vault = vault
        let submitted = worker.submit {
            let result = vault.with(body)
            ClusterActor.loop.post { ClusterActor.assumeIsolated { completion(result) } }
        }
        if !submitted { completion(nil) }
    }

    static let busy = PeerCall.answer(ok: false, text: "this node is busy; try again")

    /// - Parameter origin: from where the password was tried; `nil`: there was none.
    func open(_ person: Operator, known origin: SignInBrake.Origin?, told: String, isScript: Bool = false) -> SignInOutcome {
        if let closed { return .closed(closed) }
        guard !person.isClosed else { return .wrongPassword }
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
        if isScript { endOldestScript(of: person.name) }
        if sessions.count >= Self.sessionsMax { sessions = sessions.filter { $0.value.expiresMs > nowMs } }
        guard sessions.count < Self.sessionsMax else { return .tooMany(retryMs: 60_000) }
        let token = Hex.text(of: bytes)
        var browser = Hex.text(of: mark)
        switch origin {
        case .browser(let given)?: browser = given
        case .network?: brake.remember(browser: browser, of: person.accountName)
        case nil: break
        }
        let session = Session(
            operatorName: person.name, displayName: person.displayName, session: SessionID(high: high, low: low),
            expiresMs: nowMs + Self.sessionMsMax, id: Hex.text(of: name), beganMs: WallClock.nowMs, isScript: isScript)
        sessions[token] = session
        return .signedIn(token: token, browser: browser, session, told: told)
    }

    private func endOldestScript(of person: OperatorName) {
        let theirs = sessions.filter { $0.value.isScript && $0.value.operatorName == person }
        guard theirs.count >= Self.scriptSessionsMax else { return }
        if let oldest = theirs.min(by: { $0.value.expiresMs < $1.value.expiresMs })?.key {
            (sessions[oldest], beginnings[oldest]) = (nil, nil)
        }
    }
}
