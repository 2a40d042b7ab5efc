/// Questions between two nodes that are not coordinator business (today: passwords). Each is sealed with the cluster's keyring,
/// so that it stays secret and authentic whatever carries the link.

import Consortium
import EventLoop
import Logging
import Sodium
import TLS
import Wire

@ClusterActor
final class PeerCalls {
    static let answerMsMax: UInt64 = 3_000
    static let waitingMax = 256
    private static let context = Array("callslip peer call".utf8)

    private let network: PeerNetwork
    private let keys: KeysHost
    private let logger: Logger
    private var nextID: UInt64 = 0
    private var waiting: [UInt64: (PeerCall?) -> Void] = [:]
    /// Where a node listens for peers, as gossip knows it.
    var address: (NodeName) -> SocketAddress? = { _ in nil }
    var onCall: ((PeerCall, @escaping (PeerCall) -> Void) -> Void)?
    /// Whether the log has a coordinator of that name.
    var isCoordinator: (NodeName) -> Bool = { _ in false }
    /// A node that proved its name by its certificate asks for another one, with the public half of its key.
    var onCertify: ((NodeName, String, @escaping (Result<String, JoinRefusal>) -> Void) -> Void)?

    init(network: PeerNetwork, keys: KeysHost, logger: Logger) {
        self.network = network
        self.keys = keys
        self.logger = logger
        network.receive(.call) { [self] link in serve(link) }
    }

    /// Asks once. `nil` when the node is not known, not reachable, or does not answer in time.
    func call(_ call: PeerCall, at node: NodeName, completion: @escaping (PeerCall?) -> Void) {
        guard let address = address(node), waiting.count < Self.waitingMax,
            let sealed = seal(call)
        else { return completion(nil) }
        nextID += 1
        let id = nextID
        waiting[id] = completion
        let timer = Timer(on: ClusterActor.loop)
        timer.start(afterMs: Self.answerMsMax) { [self] in
            timer.close()
            finish(id, nil)
        }
        network.dial(
            address, purpose: .call, expecting: node,
            onUp: { [self] link in
                link.onFrame = { [self] frame in
                    guard case .reply(let answered, let sealed) = frame, answered == id else { return }
                    timer.close()
                    // First the answer: the end of the link, which follows, counts as none.
                    finish(id, open(sealed))
                    link.close()
                }
                link.send(.call(id: id, sealed: sealed))
            },
            onEnd: { [self] _ in
                timer.close()
                finish(id, nil)
            })
    }

    /// Asks a coordinator for a certificate; `nil` when it does not answer, or is of a version that gives none.
    func certify(_ publicKey: String, at node: NodeName, completion: @escaping (Result<String, JoinRefusal>?) -> Void) {
        call(.certify(publicKey: publicKey), at: node) { answer in
            switch answer {
            case .certified(let chain)?: completion(.success(chain))
            case .answer(_, let text)?: completion(.failure(JoinRefusal(code: .noIssuer, text: text)))
            default: completion(nil)
            }
        }
    }

    private func serve(_ call: PeerCall, from link: PeerLink?, _ answer: @escaping (PeerCall) -> Void) {
        if case .changeCoordinators = call, !(link?.remote.map { isCoordinator($0.node) } ?? false) {
            let asker = link?.remote.map { "`\($0.node)`" } ?? "whoever asks"
            logger.warning("a node that is no coordinator asks for others, and is refused", metadata: ["node": "\(asker)"])
            return answer(.progress(.refused("Who coordinates is changed by coordinators alone, and \(asker) is none; ask at one.")))
        }
        guard case .certify(let key) = call else {
            onCall?(call, answer)
            return
        }
        guard let link, link.isProven, let node = link.remote?.node, let onCertify else {
            return answer(.answer(ok: false, text: "This link has no TLS, so nobody knows who asks for a certificate."))
        }
        onCertify(node, key) { result in
            switch result {
            case .success(let chain): answer(.certified(chain))
            case .failure(let refusal): answer(.answer(ok: false, text: refusal.text))
            }
        }
    }

    /// Whether this node, a coordinator, gives others the gossip keys.
    var givesKeys = false

    /// Asks a coordinator for the gossip keys of the plan; `nil` when it gives none, with a sentence. Sealed with none of them: whoever slept through a turn
    /// has none that opens. The link's certificates prove who both are, and TLS keeps it secret.
    /// - Parameter judge: says why whoever answers there is not believed to be one.
    func askKeys(
        _ coordinator: NodeConfiguration.Coordinator, judge: @escaping (NodeName, CertificateFacts?) -> Refusal?,
        completion: @escaping ([[UInt8]]?, String) -> Void
    ) {
        var answer: (([[UInt8]]?, String) -> Void)? = completion
        let timer = Timer(on: ClusterActor.loop)
        let finish = { (keys: [[UInt8]]?, why: String) in
            timer.close()
            let tell = answer
            answer = nil
            tell?(keys, why)
        }
        timer.start(afterMs: Self.answerMsMax) { finish(nil, "it does not answer") }
        network.dial(
            coordinator.peer, purpose: .call, expecting: coordinator.name, judge: { judge($0.node, $1) },
            onUp: { link in
                guard link.isProven else {
                    finish(nil, "the link to it has no TLS, over which alone keys are given")
                    return link.close()
                }
                link.onFrame = { frame in
                    guard case .keys(let keys) = frame else { return }
                    finish(keys, "")
                    link.close()
                }
                link.send(.askKeys)
            }, onEnd: { why in finish(nil, why) })
    }

    private func give(_ link: PeerLink?) {
        guard let link, link.isProven, givesKeys else {
            link?.close(code: "noKeys", text: "gossip keys are given by coordinators, over links with TLS")
            return
        }
        link.send(.keys(keys.wanted))
    }

    private func finish(_ id: UInt64, _ reply: PeerCall?) { waiting.removeValue(forKey: id)?(reply) }

    private func serve(_ link: PeerLink) {
        link.onFrame = { [self, weak link] frame in
            if case .askKeys = frame { return give(link) }
            guard case .call(let id, let sealed) = frame, let call = open(sealed) else {
                link?.close(code: "badCall", text: "expected a call sealed with this cluster's keyring")
                return
            }
            serve(call, from: link) { [self] answer in
                guard let sealed = seal(answer) else {
                    link?.close(code: "noAnswer", text: "the answer cannot be sealed; see this node's log")
                    return
                }
                link?.send(.reply(id: id, sealed: sealed))
            }
        }
    }

    /// `nil`, and a line in the log, when the keyring does not take it.
    private func seal(_ call: PeerCall) -> [UInt8]? {
        do {
            return try keys.ring.seal(call.wireBytes(), context: Self.context)
        } catch {
            logger.error("a call to another node cannot be sealed", metadata: ["why": "\(error)"])
            return nil
        }
    }

    private func open(_ sealed: [UInt8]) -> PeerCall? {
        do {
            return try PeerCall(wire: try keys.ring.open(sealed, context: Self.context))
        } catch {
            logger.warning("a sealed call could not be read", metadata: ["why": "\(error)"])
            return nil
        }
    }
}
