/// Keeps pictures that go along with problems (`PictureFolder`) on a thread of its own, deletes them when their time is over, and fetches those that another node keeps.

import Consortium
import EventLoop
import Logging
import Wire

/// What became of a picture that was sent.
enum PictureKept: Sendable {
    case kept
    /// Another one goes with that report, or it was made without.
    case taken
    /// The disk is full, or the node has too much to do.
    case refused(String)
}

/// A picture that somebody wants to see, or why there is none.
enum PictureFound: Sendable {
    case picture(Picture)
    case none
    case damaged(String)
    case unreached(String)
}

@ClusterActor
final class PictureHost {
    /// How often what is over is looked for.
    private static let everyMs: UInt64 = 3_600_000
    private static let firstMs: UInt64 = 600_000
    private static let gone = "Its file at the node is damaged, and cannot be shown."

    private let node: NodeName
    private let calls: PeerCalls
    private let logger: Logger
    private let folder: WorkerConfined<PictureFolder>
    private let worker = Worker(name: "pictures", pendingMax: 32, niceness: 5)
    private let timer = Timer(on: ClusterActor.loop)
    private var isStopped = false

    init(data: String, node: NodeName, calls: PeerCalls, logger: Logger) {
        self.node = node
        self.calls = calls
        self.logger = logger
        folder = WorkerConfined(PictureFolder(data: data))
    }

    /// - Parameter tickets: the reports, asked anew each time; `nil` while they are not known.
    func start(tickets: @escaping () -> [UInt64: Ticket]?) {
        let wallMs = WallClock.nowMs
        work {
            $0.open(wallMs: wallMs)
        } then: { [logger] wrong in
            for sentence in wrong ?? [] {
                logger.error("a picture that went along with a problem cannot be read", metadata: ["why": "\(sentence)"])
            }
        }
        timer.start(afterMs: Self.firstMs, repeatMs: Self.everyMs) { [self] in sweep(tickets()) }
    }

    func stop() async {
        isStopped = true
        timer.close()
        await worker.shutdown()
    }

    func keep(
        _ picture: Picture, for id: TicketID, isReported: Bool, isStrangers: Bool, _ completion: @escaping (PictureKept) -> Void
    ) {
        let wallMs = WallClock.nowMs
        work { folder in
            Result { try folder.put(picture, for: id, isReported: isReported, isStrangers: isStrangers, wallMs: wallMs) }
        } then: { [logger] result in
            switch result {
            case .success(.kept)?: completion(.kept)
            case .success(.taken)?: completion(.taken)
            case .success(.full)?: completion(.refused("There is no room for more pictures here just now. Report it without one."))
            case .failure(let error)?:
                logger.error("a picture was not kept", metadata: ["why": "\(error)"])
                completion(.refused("The node cannot keep a picture just now. Report it without, or try again later."))
            case nil: completion(.refused("The node has too much to do just now; try again in a moment."))
            }
        }
    }

    /// A line of the picture that is kept for a report; `nil` where there is none.
    func facts(of id: TicketID, _ completion: @escaping (String?) -> Void) {
        work {
            $0.kept[id]?.facts
        } then: { facts in
            completion((facts ?? nil).flatMap { $0.isEmpty ? nil : $0 })
        }
    }

    /// The picture of a report, here or at the node that took it.
    func find(_ id: TicketID, at home: NodeName, _ completion: @escaping (PictureFound) -> Void) {
        guard home != node else { return find(id, completion) }
        calls.call(.askPicture(id), at: home) { answer in
            switch answer {
            case .picture(let bytes)? where bytes.isEmpty: completion(.none)
            case .picture(let bytes)?:
                // Held against the same rules here: nodes are no more believed than people.
                if let picture = try? Picture(reading: bytes) { completion(.picture(picture)) } else { completion(.damaged(Self.gone)) }
            case .answer(_, let text)?: completion(.damaged(text))
            default:
                let text =
                    "The picture is at the node `\(home)`, which does not answer, or is of a version that keeps none. Try again later."
                completion(.unreached(text))
            }
        }
    }

    /// Another node asks.
    func answer(_ id: TicketID, _ answer: @escaping (PeerCall) -> Void) {
        find(id) { found in
            switch found {
            case .picture(let picture): answer(.picture(picture.bytes))
            case .none: answer(.picture([]))
            case .damaged(let text), .unreached(let text): answer(.answer(ok: false, text: text))
            }
        }
    }

    private func find(_ id: TicketID, _ completion: @escaping (PictureFound) -> Void) {
        work { folder in
            Result { try folder.picture(of: id) }
        } then: { [logger] result in
            switch result {
            case .success(let picture?)?: completion(.picture(picture))
            case .success(nil)?: completion(.none)
            case .failure(let error)?:
                logger.error("a picture cannot be read", metadata: ["why": "\(error)"])
                completion(.damaged(Self.gone))
            case nil: completion(.unreached("The node has too much to do just now; try again in a moment."))
            }
        }
    }

    private func sweep(_ tickets: [UInt64: Ticket]?) {
        let known = tickets.map { Dictionary($0.values.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }) }
        let wallMs = WallClock.nowMs
        work { folder in
            Result { try folder.sweep(known, wallMs: wallMs) }
        } then: { [logger] result in
            switch result {
            case .success(let count)? where count > 0:
                logger.notice("pictures whose time is over were deleted", metadata: ["count": "\(count)"])
            case .failure(let error)?: logger.error("pictures whose time is over were not deleted", metadata: ["why": "\(error)"])
            default: break
            }
        }
    }

    /// Runs on the folder's thread; what comes of it comes back on the loop, or `nil` at once where the thread has too much to do.
    private func work<Value: Sendable>(
        _ body: @escaping @Sendable (inout PictureFolder) -> Value, then: @escaping @ClusterActor (Value?) -> Void
    ) {
        let folder = folder
        let isQueued = worker.submit { [weak self] in
            let value = folder.with(body)
            ClusterActor.loop.post { ClusterActor.assumeIsolated { if let self, !self.isStopped { then(value) } } }
        }
        if !isQueued { then(nil) }
    }
}
