/// A question from one node to another, and its answer: the content of a sealed `call` and `reply`.

import Consortium
import SwiftProtobuf

public enum PeerCall: Hashable, Sendable {
    /// Is this the operator's password? Asked of the home node or its standby, which keep the verifiers.
    case verifyPassword(OperatorName, password: String)
    /// Keep this verifier (an Argon2id string) for the operator.
    case storeVerifier(OperatorName, verifier: String)
    case answer(ok: Bool, text: String)
}

extension PeerCall {
    static let secretBytesMax = 512

    public func wireBytes() -> [UInt8] {
        var call = WireCall()
        switch self {
        case .verifyPassword(let name, let password): call.verify = WireCredential(name, password)
        case .storeVerifier(let name, let verifier): call.store = WireCredential(name, verifier)
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
            self = .verifyPassword(name, password: secret)
        case .store(let credential):
            let (name, secret) = try credential.fields()
            self = .storeVerifier(name, verifier: secret)
        case .answer(let answer): self = .answer(ok: answer.ok, text: String(answer.text.prefix(500)))
        case nil: throw .unknownKind("a call of a newer version, or an empty one")
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
