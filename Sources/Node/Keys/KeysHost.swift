/// The node's gossip keys: its ring, its file, and what the consortium's plan wants of both (`Consortium/KeyPlan.swift`). Keys that are lacking are asked of the
/// coordinators in turn, over links with TLS, by which both prove their names.

import Consortium
import CoreMetrics
import EventLoop
import Logging
import Sodium

@ClusterActor
final class KeysHost {
    static let againMs: UInt64 = 1_000

    private(set) var ring: Keyring
    /// The node's keyring file; `nil`: nothing is written.
    private let path: String?
    private let logger: Logger
    private let timer = EventLoop.Timer(on: ClusterActor.loop)
    private var plan = KeyPlan()
    private var isAsking = false
    private var isWriting = false
    private var mustWrite = false
    private var turn = 0
    private var toldStep: UInt64?
    /// Made here, and not in the plan yet.
    private var made: UInt32?
    private var complainedStep: UInt64 = 0
    /// Whom to ask.
    var coordinators: () -> [NodeName] = { [] }
    /// Asks one of them for the keys of the plan; `nil` when it gives none, with a sentence.
    var ask: (NodeName, @escaping ([[UInt8]]?, String) -> Void) -> Void = { $1(nil, "no coordinator is asked") }
    /// This node does as a step of the plan says.
    var tell: (UInt64) -> Void = { _ in }
    /// Keys came, or another one seals.
    var onChange: (() -> Void)?

    init(_ ring: Keyring, path: String?, logger: Logger) {
        self.ring = ring
        self.path = path
        self.logger = logger
    }

    func stop() { timer.close() }

    /// The plan as the coordinators have it.
    func take(_ plan: KeyPlan) {
        guard plan != self.plan else { return }
        self.plan = plan
        if let made, plan.wanted.contains(made) { self.made = nil }
        follow()
    }

    /// The keys that the plan wants and this node holds, for a node that asks.
    var wanted: [[UInt8]] { ring.keys(plan.wanted) }

    /// Whether this node does as the plan says.
    var isInStep: Bool { orders.isNothing }

    private var orders: KeyOrders { plan.orders(held: ring.keyIDs.filter { $0 != made }, primary: ring.primaryID) }

    /// A key made here, to be handed out: it opens from now on. It is on disk before anybody hears of it.
    func add(_ key: [UInt8], _ completion: @escaping (UInt32?) -> Void) {
        do throws(KeyringError) {
            let id = try ring.add(key)
            made = id
            write { [self] isKept in
                if !isKept { forget(id) }
                completion(isKept ? id : nil)
            }
        } catch {
            logger.error("another gossip key was not taken into the ring", metadata: ["why": "\(error)"])
            completion(nil)
        }
    }

    /// One that was made here, and that the plan did not take.
    func forget(_ id: UInt32) {
        if made == id { made = nil }
        guard !plan.wanted.contains(id), (try? ring.remove(id)) != nil else { return }
        write { _ in }
    }

    private func follow() {
        let orders = orders
        do throws(KeyringError) {
            if let primary = orders.primary { try ring.makePrimary(primary) }
            for id in orders.dropped { try ring.remove(id) }
        } catch {
            // What is in the ring alone is made primary, and what seals is wanted, so never dropped.
            logger.error("the gossip keys do not follow the plan", metadata: ["why": "\(error)"])
        }
        if orders.primary != nil || !orders.dropped.isEmpty {
            logger.notice(
                "gossip keys were turned",
                metadata: ["step": "\(plan.step)", "seals": "\(ring.primaryID)", "dropped": "\(orders.dropped.count)"])
            write { _ in }
            onChange?()
        }
        guard orders.lacking.isEmpty else { return askNext(orders.lacking) }
        guard plan.step > 0, toldStep != plan.step else { return }
        toldStep = plan.step
        tell(plan.step)
    }

    private func askNext(_ lacking: [UInt32]) {
        guard !isAsking else { return }
        let known = coordinators()
        guard !known.isEmpty else { return again() }
        let coordinator = known[turn % known.count]
        turn = (turn + 1) % known.count
        isAsking = true
        ask(coordinator) { [self] keys, why in
            isAsking = false
            let came = (keys ?? []).filter { key in
                (try? Keyring.keyID(of: key)).map { lacking.contains($0) && !ring.keyIDs.contains($0) } ?? false
            }
            var (taken, trouble) = (0, keys == nil ? why : "it does not hold them itself")
            for key in came {
                do throws(KeyringError) {
                    try ring.add(key)
                    taken += 1
                } catch { trouble = "what it gave was not taken: \(error)" }
            }
            guard taken > 0 else {
                complain("\(coordinator): \(trouble)")
                return again()
            }
            logger.notice("gossip keys came from a coordinator", metadata: ["coordinator": "\(coordinator)", "keys": "\(taken)"])
            write { _ in }
            onChange?()
            follow()
        }
    }

    private func again() { timer.start(afterMs: Self.againMs) { [self] in follow() } }

    private func complain(_ why: String) {
        guard complainedStep != plan.step else { return }
        complainedStep = plan.step
        logger.warning("this node lacks a gossip key, and goes on asking the coordinators for it", metadata: ["why": "\(why)"])
    }

    // MARK: The file

    private var waiting: [(Bool) -> Void] = []

    /// Off the loop, one after the other, what is newest last. Where the file cannot be written, the ring counts until the node stops; started again it asks anew.
    private func write(_ done: @escaping (Bool) -> Void) {
        guard let path else { return done(true) }
        waiting.append(done)
        guard !isWriting else {
            mustWrite = true
            return
        }
        isWriting = true
        let (text, asked) = (KeyringFile.text(of: ring.keysInOrder), waiting)
        waiting = []
        Task {
            let result = try? await ClusterActor.loop.work { Result { try SmallFile.replace(path, with: text) } }
            isWriting = false
            var isKept = true
            if case .failure(let error)? = result {
                logger.error("the gossip keys were not written; started again, this node asks for them anew", metadata: ["why": "\(error)"])
                isKept = false
            }
            for done in asked { done(isKept && result != nil) }
            guard mustWrite else { return }
            mustWrite = false
            let rest = waiting
            waiting = []
            write { isKept in for done in rest { done(isKept) } }
        }
    }
}
