/// The second step of a sign-in: turned on, shown, turned off, and the same at all who keep an account.
///
/// A library's home node and its standby each judge codes when they are asked for a password. What one of them learns (turned on, a code used) it tells the other at once, and again
/// until that has it; whoever of both knows more is right (`SecondStep.merged`). Turning on needs both, so that neither signs somebody in without the code.

import Consortium
import EventLoop
import SignIn
import Sodium
import Wire

/// A secret that was shown and not yet confirmed by a first code.
struct SecondStepBeginning: Sendable {
    static let msMax: UInt64 = 600_000
    var secret: [UInt8]
    var beganMs: UInt64
}

/// What the other keepers of an account are known to have.
struct SharedSecondStep {
    var step: SecondStep
    var keepers: [NodeName]
}

/// What came of a wish about a second step.
enum SecondStepOutcome: Sendable {
    /// - Parameters:
    ///   - secret: as people type it, in groups of four.
    ///   - link: for the app.
    case begun(secret: String, link: String)
    /// The recovery codes, which are shown this once.
    case turnedOn(recovery: [String])
    case done(String)
    /// - Parameter mayHelp: whether this person may turn off colleagues' ones.
    case state(SecondStepState, mayHelp: Bool)
    case refused(code: String, text: String, status: Int, retryMs: UInt64? = nil)
}

extension Accounts {
    static let shareMs: UInt64 = 30_000
    static let sharesAtOnceMax = 8

    func serve(_ wish: SecondStepWish, completion: @escaping @ClusterActor (SecondStepOutcome) -> Void) {
        switch wish {
        case .state(let token): secondStep(token, completion: completion)
        case .begin(let token, let ask): beginSecondStep(token, ask, completion: completion)
        case .confirm(let token, let code): confirmSecondStep(token, code: code, completion: completion)
        case .off(let token, let ask): turnOffSecondStep(token, ask, completion: completion)
        case .offFor(let name, let token): turnOffSecondStep(of: name, by: token, completion: completion)
        }
    }

    /// How it stands with the second step of whoever is signed in.
    func secondStep(_ token: String, completion: @escaping @ClusterActor (SecondStepOutcome) -> Void) {
        guard let person = person(token) else { return completion(Self.nobody) }
        ask(person, at: keepers(of: person, board())) { state in
            completion(state.map { .state($0, mayHelp: person.isAdmin || person.committee == .ltg) } ?? Self.unreachable)
        }
    }

    /// Shows a new secret to somebody who has shown their password, and the code of a second step that is on already.
    func beginSecondStep(_ token: String, _ ask: SignInAsk, completion: @escaping @ClusterActor (SecondStepOutcome) -> Void) {
        prove(token, ask) { [self] person, refusal in
            guard let person else { return completion(refusal) }
            guard let secret = try? Randomness.bytes(OneTimeCode.secretBytes) else { return completion(Self.unreachable) }
            beginnings = beginnings.filter { $0.value.beganMs + SecondStepBeginning.msMax > ClusterActor.loop.nowMs }
            beginnings[token] = SecondStepBeginning(secret: secret, beganMs: ClusterActor.loop.nowMs)
            completion(
                .begun(
                    secret: Base32.grouped(Base32.text(of: secret), by: " "),
                    link: OneTimeCode.link(secret, account: person.name.text, issuer: "Callslip")))
        }
    }

    /// Turns it on: the first code shows that the app has the secret.
    func confirmSecondStep(_ token: String, code: String, completion: @escaping @ClusterActor (SecondStepOutcome) -> Void) {
        guard let person = person(token) else { return completion(Self.nobody) }
        guard let beginning = beginnings[token], beginning.beganMs + SecondStepBeginning.msMax > ClusterActor.loop.nowMs else {
            return completion(
                .refused(code: "begin", text: "That took more than ten minutes; begin again, with a new secret.", status: 409))
        }
        let plain = TypedCode.plain(code)
        guard let used = OneTimeCode.step(of: plain, beginning.secret, after: 0, nowMs: WallClock.nowMs) else {
            let text = "That is not the code that the app shows now. Is the phone’s clock right? Try the next one."
            return completion(.refused(code: "wrongCode", text: text, status: 400))
        }
        let keepers = keepers(of: person, board())
        ask(person, at: keepers) { [self] state in
            guard let state, state.serial < .max else { return completion(Self.unreachable) }
            guard let codes = try? (0..<RecoveryCode.count).map({ _ in try RecoveryCode.make() }) else {
                return completion(Self.unreachable)
            }
            let digests = codes.compactMap { RecoveryCode.digest($0, of: person.accountName.text) }
            let step = SecondStep(serial: state.serial + 1, secret: beginning.secret, lastStep: used, recovery: digests)
            give(step, of: person.accountName, to: keepers[...]) { [self] unreached in
                guard let unreached else {
                    beginnings[token] = nil
                    logger.info("a second step was turned on", metadata: ["operator": "\(person.name)"])
                    return completion(.turnedOn(recovery: codes))
                }
                let text =
                    "\(unreached) keeps your password too, and does not answer, so the second step is not on everywhere. Try again when it does."
                completion(.refused(code: "homeUnreachable", text: text, status: 503))
            }
        }
    }

    /// Turns one's own off, by password and code.
    func turnOffSecondStep(_ token: String, _ ask: SignInAsk, completion: @escaping @ClusterActor (SecondStepOutcome) -> Void) {
        prove(token, ask) { [self] person, refusal in
            guard let person else { return completion(refusal) }
            turnOff(person, by: "", completion)
        }
    }

    /// Turns off that of a colleague who lost the phone; they are told at their next sign-in.
    /// - Parameter token: of the admin's sign-in; `nil`: the node's admin token was given.
    func turnOffSecondStep(of name: String, by token: String?, completion: @escaping @ClusterActor (SecondStepOutcome) -> Void) {
        guard token == nil || token.flatMap({ person($0) }) != nil else { return completion(Self.nobody) }
        // Whom one does not look after is told of as if they were not there.
        guard let (other, who) = lookedAfter(name, by: token) else {
            return completion(.refused(code: "unknown", text: "You look after nobody with that operator name.", status: 404))
        }
        turnOff(other, by: who, completion)
    }

    private func turnOff(_ person: Operator, by who: String, _ completion: @escaping @ClusterActor (SecondStepOutcome) -> Void) {
        let keepers = keepers(of: person, board())
        ask(person, at: keepers) { [self] state in
            guard let state, state.serial < .max else { return completion(Self.unreachable) }
            guard state.isOn else {
                return completion(.refused(code: "off", text: "\(person.displayName) has no second step turned on.", status: 409))
            }
            let step = SecondStep(serial: state.serial + 1, turnedOffBy: String(who.prefix(SecondStep.nameBytesMax / 4)))
            // One is enough: it tells the other, which asks for the code until then.
            give(step, of: person.accountName, to: keepers.prefix(1)) { [self] unreached in
                guard unreached == nil else { return completion(Self.unreachable) }
                logger.notice(
                    "a second step was turned off",
                    metadata: ["operator": "\(person.name)", "by": "\(who.isEmpty ? person.name.text : who)"])
                completion(.done("The second step of \(person.displayName) is off: the password alone signs in."))
            }
        }
    }

    // MARK: Who asks

    func person(_ token: String) -> Operator? { session(token).flatMap { board()?.person(called: $0.operatorName) } }

    /// Goes on with whoever is signed in and has shown password and code, or with why not.
    private func prove(_ token: String, _ ask: SignInAsk, _ completion: @escaping @ClusterActor (Operator?, SecondStepOutcome) -> Void) {
        guard let person = person(token) else { return completion(nil, Self.nobody) }
        judge(ask, accountName: person.accountName, person, board: board()) { judgement, _ in
            switch judgement {
            case .right: completion(person, .done(""))
            case .wrong: completion(nil, .refused(code: "wrongPassword", text: "That is not your password.", status: 400))
            case .lacks(let check): completion(nil, .refused(code: check.name, text: check.sentence, status: 400))
            case .tooMany(let retryMs):
                completion(
                    nil, .refused(code: "tooMany", text: "Too many tries; wait a moment and try again.", status: 429, retryMs: retryMs))
            case .unreachable: completion(nil, Self.unreachable)
            }
        }
    }

    private static let nobody = SecondStepOutcome.refused(code: "signIn", text: "The sign-in has ended; sign in again.", status: 401)
    private static let unreachable = SecondStepOutcome.refused(
        code: "homeUnreachable", text: "Your library's node, which keeps this, does not answer. Try again in a moment, or tell LTG.",
        status: 503)

    // MARK: Keepers

    private func ask(_ person: Operator, at keepers: [NodeName], _ completion: @escaping (SecondStepState?) -> Void) {
        guard let keeper = keepers.first else { return completion(nil) }
        call(.askSecondStep(person.accountName), at: keeper) { reply in
            if case .secondStepState(let state)? = reply { completion(state) } else { completion(nil) }
        }
    }

    /// One after the other. Answers who did not take it, `nil` when all have.
    private func give(
        _ step: SecondStep, of name: OperatorName, to keepers: ArraySlice<NodeName>, _ completion: @escaping (NodeName?) -> Void
    ) {
        guard let keeper = keepers.first else { return completion(nil) }
        call(.secondStep(name, step), at: keeper) { [self] reply in
            guard case .answer(true, _)? = reply else { return completion(keeper) }
            give(step, of: name, to: keepers.dropFirst(), completion)
        }
    }

    /// A keeper is told what another one knows.
    func takeIn(_ step: SecondStep, of name: OperatorName, _ answer: @escaping (PeerCall) -> Void) {
        let logger = logger
        let take: @Sendable (inout Vault) -> SecondStep? = { vault in
            do {
                return try vault.seconds.take(step, of: name)
            } catch {
                logger.error("a second step was not kept", metadata: ["operator": "\(name)", "why": "\(error)"])
                return nil
            }
        }
        onWorker(take) { [self] step in
            if let step = step ?? nil { noticed(step, of: name) }
            answer(step == nil ? Self.busy : .answer(ok: (step ?? nil) != nil, text: "see the log of \(node)"))
        }
    }

    /// The worker has this now: the other keepers are told.
    func noticed(_ step: SecondStep, of name: OperatorName) {
        kept[name] = step
        share(name)
    }

    /// What another keeper did not take is told again; so is everything after a start, and when a library has another standby.
    func shareEverySoOften() {
        sharing.start(afterMs: Self.shareMs) { [weak self] in
            guard let self else { return }
            shareAgain()
            shareEverySoOften()
        }
    }

    func shareAgain() {
        guard !kept.isEmpty, let board = board() else { return }
        let due = board.operators.filter { kept[$0.accountName] != nil && needsSharing($0.accountName, $0, board) != nil }
        guard !due.isEmpty else { return }
        // Each time from another one on: keepers that do not answer would be all that is ever asked.
        sharedFrom = (sharedFrom + Self.sharesAtOnceMax) % due.count
        for offset in 0..<min(due.count, Self.sharesAtOnceMax) { share(due[(sharedFrom + offset) % due.count].accountName) }
    }

    private func needsSharing(_ name: OperatorName, _ person: Operator, _ board: Board) -> (SecondStep, [NodeName])? {
        guard let step = kept[name] else { return nil }
        let others = keepers(of: person, board).filter { $0 != node }
        if others.isEmpty || shared[name].map({ $0.step == step && $0.keepers == others }) ?? false { return nil }
        return (step, others)
    }

    private func share(_ name: OperatorName) {
        guard let board = board(), let person = board.person(called: name), person.accountName == name,
            let (step, others) = needsSharing(name, person, board)
        else { return }
        give(step, of: name, to: others[...]) { [self] unreached in
            if unreached == nil { shared[name] = SharedSecondStep(step: step, keepers: others) }
        }
    }
}

extension CodeCheck {
    /// As the API has it.
    var name: String {
        switch self {
        case .needed: "codeNeeded"
        case .wrong: "wrongCode"
        case .tooMany: "tooManyCodes"
        case .newPassword: "choosePassword"
        }
    }

    var sentence: String {
        switch self {
        case .needed: "Now the code of six digits that your app shows, or one of your recovery codes."
        case .wrong: "That code is not right, or was used already. Wait for the next one, or take a recovery code."
        case .tooMany:
            "Too many codes were wrong. Sign in with a recovery code, or wait an hour; if it was not you who tried, change your password."
        case .newPassword: "That is your first code. Now choose a password of your own: at least 8 letters, digits or signs."
        }
    }
}
