/// Accounts that are made and closed: first codes by which people choose a password, and what a keeper forgets of somebody who has left.
///
/// What somebody did stays: the roster goes on naming them, and so do chats, tickets and registers. Closed means that nobody signs in by the name, staffs anything or looks after anything;
/// in the roster it is a person without queues and roles.

import Consortium
import EventLoop
import FoundationEssentials
import SignIn
import Sodium
import Wire

/// What came of the wish for a first code.
enum FirstCodeOutcome: Sendable {
    case made(code: String, display: String, untilMs: UInt64, unreached: [NodeName])
    case refused(code: String, text: String, status: Int)
}

extension Operator {
    /// Staffs nothing and looks after nothing: as an import leaves somebody who has left.
    var isClosed: Bool { queues.isEmpty && !isAdmin && !isDirector && committee == nil }
}

extension Accounts {
    static let passwordBytes = 8...256

    /// A first code was right; with a password of the person's own it is used up.
    func choosePassword(
        _ ask: SignInAsk, _ person: Operator?, _ board: Board?, _ completion: @escaping @ClusterActor (SignInOutcome) -> Void
    ) {
        guard let person, let home = keepers(of: person, board).first, !ask.newPassword.isEmpty else {
            return completion(.lacks(.newPassword))
        }
        guard Self.passwordBytes.contains(ask.newPassword.utf8.count) else {
            return completion(.badPassword("A password has 8 to 256 letters, digits or signs."))
        }
        guard ask.newPassword != ask.password else { return completion(.badPassword("Choose a password that is not the first code.")) }
        let standby = keepers(of: person, board).dropFirst().first
        let credential = ConsortiumFile.Credential(
            operatorName: person.name, password: ask.newPassword, homeNode: home, standbyNode: standby)
        keep(credential, board: board) { [self] unreached in
            guard !unreached.contains(home) else { return completion(.homeUnreachable) }
            logger.info("a password was chosen by a first code", metadata: ["operator": "\(person.name)"])
            if let away = unreached.first {
                logger.warning("a standby keeps somebody's former password", metadata: ["operator": "\(person.name)", "node": "\(away)"])
            }
            var again = ask
            (again.password, again.newPassword) = (ask.newPassword, "")
            signIn(again, board: board) { outcome in
                completion(
                    unreached.first.map {
                        outcome.telling(
                            "\($0), which stands in for your library’s node, did not answer, and knows your former password still. Choose one once more, by another first code, when it answers again."
                        )
                    } ?? outcome)
            }
        }
    }

    /// Makes a first code for somebody; a former one is good no more, a password is until another is chosen.
    /// - Parameter token: of an admin's sign-in; `nil`: the node's admin token was given.
    func firstCode(of name: String, by token: String?, completion: @escaping @ClusterActor (FirstCodeOutcome) -> Void) {
        guard let (person, who) = lookedAfter(name, by: token) else {
            let isOver = token.map { session($0) == nil } ?? false
            return completion(
                isOver
                    ? .refused(code: "signIn", text: "The sign-in has ended; sign in again.", status: 401)
                    : .refused(code: "unknown", text: "You look after nobody with that operator name.", status: 404))
        }
        guard !person.isClosed else {
            let text = "\(person.displayName) staffs no queue, as somebody who has left; put them into the consortium’s file first."
            return completion(.refused(code: "closed", text: text, status: 409))
        }
        invite(person, board()) { [self] code, unreached in
            guard let code, let home = keepers(of: person, board()).first, !unreached.contains(home) else {
                let text = "The node that keeps this account does not answer. Try again in a moment, or tell LTG."
                return completion(.refused(code: "homeUnreachable", text: text, status: 503))
            }
            logger.notice("a first code was made", metadata: ["operator": "\(person.name)", "by": "\(who)"])
            completion(
                .made(
                    code: code, display: person.displayName, untilMs: WallClock.nowMs + FirstCode.days * 86_400_000, unreached: unreached))
        }
    }

    /// Gives somebody's keepers a new first code. Answers it, and who did not take it; no code where none could be made.
    func invite(_ person: Operator, _ board: Board?, completion: @escaping (String?, [NodeName]) -> Void) {
        guard let code = try? RecoveryCode.make(), let digest = RecoveryCode.digest(code, of: person.accountName.text) else {
            return completion(nil, [])
        }
        let call = PeerCall.firstCode(person.accountName, digest: digest, untilMs: WallClock.nowMs + FirstCode.days * 86_400_000)
        tell(call, keepers(of: person, board)) { completion(code, $0) }
    }

    /// Who of these has neither a password nor a first code at their library's node. Answers the nodes that could not be asked as well.
    func lacking(_ people: [Operator], _ board: Board?, completion: @escaping ([Operator], [NodeName]) -> Void) {
        var byHome: [NodeName: [Operator]] = [:]
        for person in people { if let home = keepers(of: person, board).first { byHome[home, default: []].append(person) } }
        var asks: [(NodeName, [Operator])] = []
        for (home, people) in byHome.sorted(by: { $0.key < $1.key }) {
            for start in stride(from: 0, to: people.count, by: PeerCall.peopleMax) {
                asks.append((home, Array(people[start..<min(start + PeerCall.peopleMax, people.count)])))
            }
        }
        lacking(asks[...], [], [], completion)
    }

    private func lacking(
        _ asks: ArraySlice<(NodeName, [Operator])>, _ found: [Operator], _ unreached: [NodeName],
        _ completion: @escaping ([Operator], [NodeName]) -> Void
    ) {
        guard let (home, people) = asks.first else { return completion(found, unreached) }
        call(.askLacking(people.map(\.accountName)), at: home) { [self] reply in
            guard case .lacking(let names)? = reply else { return lacking(asks.dropFirst(), found, unreached + [home], completion) }
            lacking(asks.dropFirst(), found + people.filter { names.contains($0.accountName) }, unreached, completion)
        }
    }

    /// Closes somebody's account at its keepers, and ends their sign-ins everywhere. Answers the keepers that could not be reached.
    func close(_ person: Operator, _ board: Board?, completion: @escaping ([NodeName]) -> Void) {
        let keepers = keepers(of: person, board)
        let others = Set((board?.libraries ?? []).flatMap { [$0.homeNode, $0.standbyNode].compactMap { $0 } } + [node]).sorted()
        tell(.closeAccount(person.accountName), keepers) { [self] unreached in
            tell(.endSignIns(person.accountName), others) { [self] silent in
                // Without roles their sign-ins are good for little there, and end by themselves.
                if !silent.isEmpty {
                    logger.warning(
                        "sign-ins of a closed account may last at nodes that did not answer",
                        metadata: ["operator": "\(person.name)", "nodes": "\(silent)"])
                }
                completion(unreached)
            }
        }
    }

    /// Tells somebody's home node how the campus calls them.
    func note(campus: String, of person: Operator, _ board: Board?, completion: @escaping ([NodeName]) -> Void) {
        tell(.campusName(person.accountName, campus), Array(keepers(of: person, board).prefix(1)), completion)
    }

    /// At the same time. Answers those who did not say yes.
    private func tell(_ call: PeerCall, _ nodes: [NodeName], _ completion: @escaping ([NodeName]) -> Void) {
        guard !nodes.isEmpty else { return completion([]) }
        var unreached: [NodeName] = []
        var left = nodes.count
        for name in nodes {
            self.call(call, at: name) { reply in
                if case .answer(ok: true, _)? = reply {} else { unreached.append(name) }
                left -= 1
                if left == 0 { completion(unreached.sorted()) }
            }
        }
    }

    /// A keeper's part.
    func keep(_ call: PeerCall, _ answer: @escaping (PeerCall) -> Void) {
        let nowMs = WallClock.nowMs
        switch call {
        case .askLacking(let names):
            let lacking: @Sendable (inout Vault) -> [OperatorName] = { vault in
                names.filter { vault.verifiers.verifier(of: $0) == nil && !vault.notes.hasFirstCode($0, nowMs: nowMs) }
            }
            onWorker(lacking) { answer($0.map { .lacking($0) } ?? Self.busy) }
        case .firstCode(let name, let digest, let untilMs):
            change(answer) { vault in try vault.notes.change(name) { $0.first = FirstCode(digest: digest, untilMs: untilMs) } }
        case .campusName(let name, let campus):
            guard campus.isEmpty || AccountNotes.isCampusName(campus) else {
                return answer(.answer(ok: false, text: "that is no name of one line"))
            }
            campusNames[name] = campus.isEmpty ? nil : campus
            change(answer) { vault in try vault.notes.change(name) { $0.campus = campus.isEmpty ? nil : campus } }
        case .closeAccount(let name):
            campusNames[name] = nil
            let close: @Sendable (inout Vault) throws -> Void = { vault in
                try vault.verifiers.remove(name)
                try vault.notes.change(name) { $0 = AccountNotes.Note() }
                let step = vault.seconds.steps[name]
                if let step, step.isOn, step.serial < .max { _ = try vault.seconds.take(SecondStep(serial: step.serial + 1), of: name) }
            }
            change(answer, close)
            let left: @Sendable (inout Vault) -> SecondStep? = { $0.seconds.steps[name] }
            onWorker(left) { [self] step in if let step = step ?? nil { noticed(step, of: name) } }
        case .endSignIns(let name):
            endSignIns(of: name)
            answer(.answer(ok: true, text: ""))
        default: answer(.answer(ok: false, text: "that is no question about an account"))
        }
    }

    /// Says yes when it is on the disk.
    private func change(_ answer: @escaping (PeerCall) -> Void, _ body: @escaping @Sendable (inout Vault) throws -> Void) {
        let logger = logger
        let run: @Sendable (inout Vault) -> Bool = { vault in
            do {
                try body(&vault)
                return true
            } catch {
                logger.error("an account was not changed", metadata: ["why": "\(error)"])
                return false
            }
        }
        onWorker(run) { [self] done in answer(done == nil ? Self.busy : .answer(ok: done == true, text: "see the log of \(node)")) }
    }

    /// Somebody whom an admin looks after, and who that admin is; `nil` as well where there is nobody of that name.
    /// - Parameter token: of the admin's sign-in; `nil`: the node's admin token was given.
    func lookedAfter(_ name: String, by token: String?) -> (person: Operator, admin: String)? {
        let admin = token.flatMap { person($0) }
        guard token == nil || admin != nil, let other = OperatorName(name).flatMap({ board()?.person(called: $0) }),
            admin.map({ $0.looksAfter(other) }) ?? true
        else { return nil }
        return (other, admin.map { "\($0.displayName) (\($0.name))" } ?? "Whoever has the admin token of \(node)")
    }
}

extension Operator {
    /// Whether this person may help another one into their account; one's own takes one's password. Whoever may more than a library's admin, a director or a committee's people, is
    /// helped by LTG alone: else an admin would make themselves one of those by a first code.
    func looksAfter(_ other: Operator) -> Bool {
        guard name != other.name else { return false }
        return committee == .ltg || isAdmin && library == other.library && other.committee == nil && !other.isDirector
    }
}
