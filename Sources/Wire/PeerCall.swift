/// A question from one node to another, and its answer: the content of a sealed `call` and `reply`.

import Consortium
import FoundationEssentials
import SwiftProtobuf

public enum PeerCall: Hashable, Sendable {
    /// Is this the operator's password, and the code of their second step? Asked of the home node or its standby, which keep the verifiers. Answered by
    /// `answer`, whose text is for the person, or by `lacks`.
    case verifyPassword(OperatorName, password: String, code: String = "")
    /// The password is right, and that is not enough.
    case lacks(CodeCheck)
    /// How does it stand with the operator's second step? Answered by `secondStepState`.
    case askSecondStep(OperatorName)
    case secondStepState(SecondStepState)
    /// What one keeper of an account knows of its second step, for another to take in.
    case secondStep(OperatorName, SecondStep)
    /// Keep this verifier (an Argon2id string) for the operator.
    case storeVerifier(OperatorName, verifier: String)
    /// Which of these have neither a password nor a first code at your node? Answered by `lacking`.
    case askLacking([OperatorName])
    case lacking([OperatorName])
    /// Keep a first code of somebody: the digest, and until when it is good (Unix milliseconds).
    case firstCode(OperatorName, digest: [UInt8], untilMs: UInt64)
    /// Forget the password of somebody and what belongs to it.
    case closeAccount(OperatorName)
    /// End the sign-ins of somebody at your node.
    case endSignIns(OperatorName)
    /// How the campus calls somebody; empty: not at all.
    case campusName(OperatorName, String)
    case answer(ok: Bool, text: String)
    /// Take the next step towards another membership of the coordinators; answered by `progress`.
    case changeCoordinators(CoordinatorWish)
    case progress(CoordinatorProgress)
    /// Certify the node that asks, by this public half of its key (PEM); answered by `certified`, or by an `answer` that says why not.
    case certify(publicKey: String)
    /// Its certificate, and those between it and the consortium's authority (PEM).
    case certified(String)
    /// Which versions of the desk are open at your node? Answered by `desks`.
    case askDesks
    case desks(DesksOpen)
    /// Which settings does your node use, and which signed ones does it know after this version? Answered by `settings`.
    case askSettings(after: UInt64)
    case settings(SettingsTold)
    /// Which picture went along with this report, that was made at your node? Answered by `picture`, or by an `answer` that says why it cannot be shown.
    case askPicture(TicketID)
    /// Empty: there is none.
    case picture([UInt8])
}

/// Which settings a node uses.
public struct SettingsTold: Hashable, Sendable {
    /// Of the signed document; 0: none.
    public var version: UInt64
    /// As `SettingsDocument.lines` writes them.
    public var lines: String
    public var book: [SettingsEdition]
    /// Why the node does not use a later version that it was sent; empty: there is none.
    public var refusal: String
    public init(version: UInt64, lines: String, book: [SettingsEdition], refusal: String) {
        self.version = version
        self.lines = lines
        self.book = book
        self.refusal = refusal
    }
}

/// Which versions of the operator's client are open at a node, and which one it serves. Nobody's name.
public struct DesksOpen: Hashable, Sendable {
    public struct Version: Hashable, Sendable {
        public var version: String
        public var count: UInt32
        public init(version: String, count: UInt32) {
            self.version = version
            self.count = count
        }
    }
    public var served: String
    /// At most `versionsMax`.
    public var versions: [Version]
    public init(served: String, versions: [Version]) {
        self.served = served
        self.versions = versions
    }

    public static let versionsMax = 16
    public static let versionBytesMax = 64
}

/// What LTG wants of the coordinators while the cluster runs.
public enum CoordinatorWish: Hashable, Sendable {
    /// - Parameters:
    ///   - id: its raft id, which no other machine had before.
    ///   - peer: where it listens for peers, `host:port`.
    case add(NodeName, id: UInt64, peer: String)
    case remove(NodeName)
}

/// How far that is; each with a sentence.
public enum CoordinatorProgress: Hashable, Sendable {
    case done(String)
    /// Ask again.
    case working(String)
    case refused(String)
}

extension PeerCall {
    static let secretBytesMax = 512
    static let codeBytesMax = 64
    /// Public keys of nodes have some 180 bytes, a certificate and its issuer's 1,700.
    static let publicKeyBytesMax = 1_024
    static let certificateBytesMax = 16 * 1_024
    /// Somewhat more than any picture that nodes keep.
    static let pictureBytesMax = 512 * 1_024

    public func wireBytes() -> [UInt8] {
        var call = WireCall()
        switch self {
        case .verifyPassword(let name, let password, let code):
            call.verify = WireCredential(name, password)
            call.verify.code = code
        case .lacks(let check): call.answer = .with { $0.code = check.rawValue }
        case .askSecondStep(let name): call.secondStepWanted = .with { $0.operator = name.text }
        case .secondStepState(let state): call.secondStepState = state.wire
        case .secondStep(let name, let step):
            call.secondStep = .with {
                $0.operator = name.text
                $0.step = step.wire
            }
        case .storeVerifier(let name, let verifier): call.store = WireCredential(name, verifier)
        case .askLacking(let names): call.accountsWanted = .with { $0.operators = names.map(\.text) }
        case .lacking(let names): call.accountsLacking = .with { $0.operators = names.map(\.text) }
        case .firstCode(let name, let digest, let untilMs):
            call.firstCode = .with {
                $0.operator = name.text
                $0.digest = Data(digest)
                $0.untilMs = untilMs
            }
        case .closeAccount(let name): call.closeAccount = name.text
        case .endSignIns(let name): call.endSignIns = name.text
        case .campusName(let name, let campus):
            call.campusName = .with {
                $0.operator = name.text
                $0.name = campus
            }
        case .changeCoordinators(.add(let node, let id, let peer)):
            call.coordinators = .with {
                $0.verb = 1
                $0.node = node.text
                $0.raftID = id
                $0.peer = peer
            }
        case .changeCoordinators(.remove(let node)):
            call.coordinators = .with {
                $0.verb = 2
                $0.node = node.text
            }
        case .progress(let progress):
            call.progress = .with { ($0.state, $0.text) = progress.wire }
        case .certify(let key): call.certify = key
        case .certified(let chain): call.certified = chain
        case .askPicture(let ticket): call.pictureWanted = ticket.text
        case .picture(let bytes): call.picture = Data(bytes)
        case .askDesks: call.desksWanted = WireDesksWanted()
        case .desks(let desks):
            call.desks = .with {
                $0.served = desks.served
                $0.versions = desks.versions.map { one in
                    .with {
                        $0.version = one.version
                        $0.count = one.count
                    }
                }
            }
        case .askSettings(let after): call.settingsWanted = .with { $0.after = after }
        case .settings(let told):
            call.settings = .with {
                $0.version = told.version
                $0.lines = told.lines
                $0.book = Data(SettingsCoding.bytes(told.book))
                $0.refusal = told.refusal
            }
        case .answer(let ok, let text):
            call.answer = .with {
                $0.ok = ok
                $0.text = text
            }
        }
        do {
            return try call.serializedBytes()
        } catch {
            // Proto3 without required fields: only a field over 2 GiB fails, and the fields are bounded.
            preconditionFailure("a call within its limits did not serialize: \(error)")
        }
    }

    public init(wire bytes: [UInt8]) throws(WireError) {
        let call: WireCall
        do { call = try WireCall(serializedBytes: bytes) } catch { throw .truncated }
        switch call.kind {
        case .verify(let credential):
            let (name, secret) = try credential.fields()
            guard credential.code.utf8.count <= Self.codeBytesMax else {
                throw .tooLarge(expectedMax: Self.codeBytesMax, found: credential.code.utf8.count)
            }
            self = .verifyPassword(name, password: secret, code: credential.code)
        case .store(let credential):
            let (name, secret) = try credential.fields()
            self = .storeVerifier(name, verifier: secret)
        case .certify(let key):
            guard key.utf8.count <= Self.publicKeyBytesMax else {
                throw .tooLarge(expectedMax: Self.publicKeyBytesMax, found: key.utf8.count)
            }
            self = .certify(publicKey: key)
        case .certified(let chain):
            guard chain.utf8.count <= Self.certificateBytesMax else {
                throw .tooLarge(expectedMax: Self.certificateBytesMax, found: chain.utf8.count)
            }
            self = .certified(chain)
        case .answer(let answer):
            if !answer.ok, let check = CodeCheck(rawValue: answer.code) {
                self = .lacks(check)
            } else {
                self = .answer(ok: answer.ok, text: String(answer.text.prefix(500)))
            }
        case .secondStepWanted(let wanted): self = .askSecondStep(try Self.person(wanted.operator))
        case .secondStepState(let state): self = .secondStepState(SecondStepState(state))
        case .secondStep(let told): self = .secondStep(try Self.person(told.operator), try SecondStep(told.step))
        case .accountsWanted(let people): self = .askLacking(try Self.people(people))
        case .accountsLacking(let people): self = .lacking(try Self.people(people))
        case .firstCode(let code):
            guard code.digest.count == SecondStep.digestBytes else {
                throw .invalidField("first_code.digest", expected: "\(SecondStep.digestBytes) bytes")
            }
            self = .firstCode(try Self.person(code.operator), digest: Array(code.digest), untilMs: code.untilMs)
        case .closeAccount(let name): self = .closeAccount(try Self.person(name))
        case .endSignIns(let name): self = .endSignIns(try Self.person(name))
        case .campusName(let campus):
            guard campus.name.utf8.count <= Self.secretBytesMax else {
                throw .tooLarge(expectedMax: Self.secretBytesMax, found: campus.name.utf8.count)
            }
            self = .campusName(try Self.person(campus.operator), campus.name)
        case .coordinators(let wish):
            guard let node = NodeName(wish.node) else { throw .invalidField("coordinators.node", expected: NodeName.rule) }
            guard wish.peer.utf8.count <= Self.secretBytesMax else {
                throw .tooLarge(expectedMax: Self.secretBytesMax, found: wish.peer.utf8.count)
            }
            switch wish.verb {
            case 1: self = .changeCoordinators(.add(node, id: wish.raftID, peer: wish.peer))
            case 2: self = .changeCoordinators(.remove(node))
            default: throw .invalidField("coordinators.verb", expected: "1 or 2")
            }
        case .progress(let progress):
            let text = String(progress.text.prefix(500))
            switch progress.state {
            case 1: self = .progress(.done(text))
            case 2: self = .progress(.working(text))
            case 3: self = .progress(.refused(text))
            default: throw .invalidField("progress.state", expected: "1 to 3")
            }
        case .pictureWanted(let text):
            guard let ticket = TicketID(text) else { throw .invalidField("call.picture_wanted", expected: "32 hexadecimal digits") }
            self = .askPicture(ticket)
        case .picture(let bytes):
            guard bytes.count <= Self.pictureBytesMax else { throw .tooLarge(expectedMax: Self.pictureBytesMax, found: bytes.count) }
            self = .picture(Array(bytes))
        case .desksWanted: self = .askDesks
        case .desks(let desks):
            guard desks.versions.count <= DesksOpen.versionsMax else {
                throw .tooLarge(expectedMax: DesksOpen.versionsMax, found: desks.versions.count)
            }
            let longest = ([desks.served] + desks.versions.map(\.version)).map(\.utf8.count).max() ?? 0
            guard longest <= DesksOpen.versionBytesMax else { throw .tooLarge(expectedMax: DesksOpen.versionBytesMax, found: longest) }
            self = .desks(
                DesksOpen(served: desks.served, versions: desks.versions.map { DesksOpen.Version(version: $0.version, count: $0.count) }))
        case .settingsWanted(let wanted): self = .askSettings(after: wanted.after)
        case .settings(let told):
            guard told.lines.utf8.count <= Limits.settingsTextBytesMax else {
                throw .tooLarge(expectedMax: Limits.settingsTextBytesMax, found: told.lines.utf8.count)
            }
            self = .settings(
                SettingsTold(
                    version: told.version, lines: told.lines, book: try SettingsCoding.book(wire: [UInt8](told.book)),
                    refusal: String(told.refusal.prefix(500))))
        case nil: throw .unknownKind("a call of a newer version, or an empty one")
        }
    }
}

extension PeerCall {
    /// How many people one call asks for.
    public static let peopleMax = 200

    fileprivate static func people(_ people: WirePeople) throws(WireError) -> [OperatorName] {
        guard people.operators.count <= peopleMax else { throw .tooLarge(expectedMax: peopleMax, found: people.operators.count) }
        var names: [OperatorName] = []
        for name in people.operators { names.append(try person(name)) }
        return names
    }

    fileprivate static func person(_ text: String) throws(WireError) -> OperatorName {
        guard let name = OperatorName(text) else { throw .invalidField("operator", expected: OperatorName.rule) }
        return name
    }
}

extension CoordinatorProgress {
    fileprivate var wire: (UInt32, String) {
        switch self {
        case .done(let text): (1, text)
        case .working(let text): (2, text)
        case .refused(let text): (3, text)
        }
    }
}

extension WireCredential {
    fileprivate init(_ name: OperatorName, _ secret: String) {
        self.init()
        self.operator = name.text
        self.secret = secret
    }

    fileprivate func fields() throws(WireError) -> (OperatorName, String) {
        guard let name = OperatorName(self.operator) else { throw .invalidField("credential.operator", expected: OperatorName.rule) }
        guard secret.utf8.count <= PeerCall.secretBytesMax else {
            throw .tooLarge(expectedMax: PeerCall.secretBytesMax, found: secret.utf8.count)
        }
        return (name, secret)
    }
}
