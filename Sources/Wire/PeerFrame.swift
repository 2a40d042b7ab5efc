/// What nodes say to each other over peer links, in types, and its form on the wire.
///
/// A frame on the stream is a 32-bit big-endian length, then that many bytes of a `WirePeerFrame`. The first frame of both
/// sides is `hello`; anything else first, or a hello of another cluster, ends the link with `goodbye`.

import Consortium
import Coordinator
import FoundationEssentials
import Raft
import SwiftProtobuf

public enum PeerFrame: Sendable {
    case hello(PeerHello)
    case goodbye(code: String, text: String)
    case ping(UInt64)
    case pong(UInt64)
    case raft(RaftMessage)
    /// A library node asks its coordinator.
    case propose([Batch.Item])
    /// A coordinator asks the leader, for its nodes.
    case forward([Batch.Item])
    case busy(counter: UInt64, retryMs: UInt64)
    case outcome(counter: UInt64, Verdict, at: LogPosition)
    case board(Board)
    case chat(ChatUpdate)
    case follow(ChatID, after: Position)
    case unfollow(ChatID)
    /// Which chat was kept under the hash of this pick-up code?
    case find(counter: UInt64, code: SecretHash)
    case found(counter: UInt64, ChatID?)
    /// A library's node has all transcripts up to a number, and wants the next one.
    case collect(LibraryName, after: UInt64)
    case transcript(Transcript)
    /// A library's ledger over some minutes; only ever asked where the board shows that there is one.
    case askLedger(counter: UInt64, LibraryName, Range<LedgerMinute>)
    case ledger(counter: UInt64, [LedgerRun])
    /// Why a queue was available or not, over some minutes; only ever asked from its feature level on.
    case askCauses(counter: UInt64, QueueName, Range<LedgerMinute>)
    case causes(counter: UInt64, [CauseRun])
    /// How many of a library's people were on duty for the general queue over some minutes; only ever asked where the board's feature level has it.
    case askDuty(counter: UInt64, LibraryName, Range<LedgerMinute>)
    case duty(counter: UInt64, [DutyRun])
    /// The tally of a place over some hours; only ever asked where the board shows that there is one.
    case askTally(counter: UInt64, TallyPlace, Range<TallyHour>)
    case tally(counter: UInt64, TallyPage)
    /// The audit log after an entry; only ever asked where the board shows that there is one.
    case askAudit(counter: UInt64, after: UInt64)
    case audit(counter: UInt64, AuditPage)
    /// Holds and exports of a library's transcripts; only ever asked where the board shows that there is an audit log.
    case askWishes(counter: UInt64, LibraryName)
    case wishes(counter: UInt64, [TranscriptWish])
    /// A library's shifts; only ever asked from their feature level on.
    case askShifts(counter: UInt64, LibraryName)
    case shifts(counter: UInt64, ShiftBook)
    case typing(ChatID, TypingSide)
    case renewals([SessionID])
    case leaderKnown(Bool)
    /// A question to another node and its answer, sealed with the cluster's keyring (passwords travel in these).
    case call(id: UInt64, sealed: [UInt8])
    case reply(id: UInt64, sealed: [UInt8])
    /// A node asks a coordinator for the gossip keys of the plan. Over links with TLS alone, which nothing else need seal: whoever asks may hold no key that opens.
    case askKeys
    case keys([[UInt8]])
    /// A whole gossip state, sealed like a datagram.
    case pushPull([UInt8])
}

/// Why a link was made.
public enum LinkPurpose: UInt32, Hashable, Sendable {
    /// Between coordinators: raft and forwarded proposals.
    case raft = 1
    /// A library node and the coordinator that serves it.
    case service = 2
    /// A question between two nodes.
    case call = 3
    /// One exchange of gossip state.
    case gossip = 4
}

public struct PeerHello: Hashable, Sendable {
    public static let currentVersion: UInt32 = 1
    public var version: UInt32 = PeerHello.currentVersion
    /// 16 bytes; every frame of a link belongs to this cluster.
    public var cluster: [UInt8]
    public var node: NodeName
    public var boot: UInt64
    public var purpose: LinkPurpose
    /// 0 for a node that is no voter.
    public var raftID: UInt64
    public var featureLevel: UInt32
    /// The highest term and index that this voter holds durably: less than it once acknowledged means that it lost its disk.
    public var durableTerm: UInt64
    public var durableIndex: UInt64
    /// The term since which this voter takes what was damaged from the others; 0 when nothing is.
    public var repairingSince: UInt64

    public init(
        cluster: [UInt8], node: NodeName, boot: UInt64, purpose: LinkPurpose, raftID: UInt64 = 0, featureLevel: UInt32 = 1,
        durableTerm: UInt64 = 0, durableIndex: UInt64 = 0, repairingSince: UInt64 = 0
    ) {
        self.cluster = cluster
        self.node = node
        self.boot = boot
        self.purpose = purpose
        self.raftID = raftID
        self.featureLevel = featureLevel
        self.durableTerm = durableTerm
        self.durableIndex = durableIndex
        self.repairingSince = repairingSince
    }
}

extension PeerFrame {
    /// The longest frame body, in bytes: an AppendEntries message at its limits, or a snapshot's chunk, with room to spare.
    public static let bytesMax = 4 * 1024 * 1024
    static let itemsMax = 4_096
    /// Gossip keys in one frame, and the bytes of each.
    static let keysMax = 8
    static let keyBytes = 32

    /// The body of the frame, without its length.
    public func wireBytes() -> [UInt8] {
        var frame = WirePeerFrame()
        switch self {
        case .raft(let message): return Self.single(Self.raftField, message.wireBytes())
        case .propose(let items): return ProposalsCoding.bytes(items, frameField: Self.proposeField)
        case .forward(let items): return ProposalsCoding.bytes(items, frameField: Self.forwardField)
        case .outcome(let counter, let verdict, let at): return OutcomeCoding.bytes(counter, verdict, at)
        case .chat(let update): return Self.single(Self.chatField, update.wireBytes())
        case .hello(let hello): frame.hello = WireHello(hello)
        case .goodbye(let code, let text):
            frame.goodbye = .with {
                $0.code = code
                $0.text = text
            }
        case .ping(let nonce): frame.ping = nonce
        case .pong(let nonce): frame.pong = nonce
        case .busy(let counter, let retryMs):
            frame.busy = .with {
                $0.counter = counter
                $0.retryMs = retryMs
            }
        case .board(let board): frame.board = Data(board.wireBytes())
        case .follow(let chat, let after):
            frame.follow = .with {
                $0.chat = WireChatRef(chat)
                $0.epoch = after.epoch
                $0.n = after.n
            }
        case .unfollow(let chat): frame.unfollow = WireChatRef(chat)
        case .find(let counter, let code):
            frame.find = .with {
                $0.counter = counter
                $0.code = Data(code.bytes)
            }
        case .found(let counter, let chat):
            frame.found = .with {
                $0.counter = counter
                if let chat { $0.chat = WireChatRef(chat) }
            }
        case .collect(let library, let after):
            frame.collect = .with {
                $0.library = library.text
                $0.after = after
            }
        case .transcript(let transcript): frame.transcript = Data(transcript.wireBytes())
        case .askLedger(let counter, let library, let minutes):
            frame.askLedger = .with {
                $0.counter = counter
                $0.library = library.text
                $0.from = minutes.lowerBound
                $0.until = minutes.upperBound
            }
        case .ledger(let counter, let runs):
            frame.ledgerPage = .with {
                $0.counter = counter
                $0.runs = Data(LedgerCoding.bytes(runs))
            }
        case .askCauses(let counter, let queue, let minutes):
            frame.askCauses = .with {
                $0.counter = counter
                $0.queue = queue.text
                $0.from = minutes.lowerBound
                $0.until = minutes.upperBound
            }
        case .causes(let counter, let runs):
            frame.causesPage = .with {
                $0.counter = counter
                $0.runs = Data(CauseCoding.bytes(runs))
            }
        case .askDuty(let counter, let library, let minutes):
            frame.askDuty = .with {
                $0.counter = counter
                $0.library = library.text
                $0.from = minutes.lowerBound
                $0.until = minutes.upperBound
            }
        case .duty(let counter, let runs):
            frame.dutyPage = .with {
                $0.counter = counter
                $0.runs = Data(DutyCoding.bytes(runs))
            }
        case .askTally(let counter, let place, let hours):
            frame.askTally = .with {
                $0.counter = counter
                $0.place = Data(TallyCoding.bytes(place))
                $0.from = hours.lowerBound
                $0.until = hours.upperBound
            }
        case .tally(let counter, let page):
            frame.tallyPage = .with {
                $0.counter = counter
                $0.page = Data(TallyCoding.bytes(page))
            }
        case .askAudit(let counter, let after):
            frame.askAudit = .with {
                $0.counter = counter
                $0.after = after
            }
        case .audit(let counter, let page):
            frame.auditPart = .with {
                $0.counter = counter
                $0.page = Data(AuditCoding.bytes(page))
            }
        case .askWishes(let counter, let library):
            frame.askWishes = .with {
                $0.counter = counter
                $0.library = library.text
            }
        case .wishes(let counter, let wishes):
            frame.wishesPart = .with {
                $0.counter = counter
                $0.wishes = Data(WishCoding.bytes(wishes))
            }
        case .askShifts(let counter, let library):
            frame.askShifts = .with {
                $0.counter = counter
                $0.library = library.text
            }
        case .shifts(let counter, let book):
            frame.shiftsPart = .with {
                $0.counter = counter
                $0.book = Data(ShiftCoding.bytes(book))
            }
        case .typing(let chat, let side):
            frame.typing = .with {
                $0.chat = WireChatRef(chat)
                $0.side = UInt32(side.rawValue)
            }
        case .renewals(let sessions): frame.renewals = .with { $0.sessions = sessions.map { WireChatRef($0) } }
        case .leaderKnown(let known): frame.leaderKnown = known
        case .call(let id, let sealed): frame.call = WireSealedCall(id: id, sealed: sealed)
        case .reply(let id, let sealed): frame.reply = WireSealedCall(id: id, sealed: sealed)
        case .askKeys: frame.askKeys = true
        case .keys(let keys): frame.keys = .with { $0.keys = keys.map { Data($0) } }
        case .pushPull(let sealed): frame.pushPull = Data(sealed)
        }
        do {
            return try frame.serializedBytes()
        } catch {
            // A proto3 message without required fields serializes unless a field passes 2 GiB, which our limits exclude.
            preconditionFailure("a peer frame within its limits did not serialize: \(error)")
        }
    }

    public init(wire bytes: [UInt8]) throws(WireError) {
        guard bytes.count <= Self.bytesMax else { throw .tooLarge(expectedMax: Self.bytesMax, found: bytes.count) }
        if let only = BulkReader.only(bytes), let hot = try Self.hot(only.number, bytes, only.content) {
            self = hot
            return
        }
        let frame: WirePeerFrame
        do { frame = try WirePeerFrame(serializedBytes: bytes) } catch { throw .truncated }
        switch frame.kind {
        case .hello(let hello): self = .hello(try PeerHello(hello))
        case .goodbye(let goodbye): self = .goodbye(code: String(goodbye.code.prefix(64)), text: String(goodbye.text.prefix(500)))
        case .ping(let nonce): self = .ping(nonce)
        case .pong(let nonce): self = .pong(nonce)
        case .busy(let busy): self = .busy(counter: busy.counter, retryMs: busy.retryMs)
        case .board(let board): self = .board(try Board(wire: [UInt8](board)))
        case .follow(let follow): self = .follow(follow.chat.identifier(), after: Position(epoch: follow.epoch, n: follow.n))
        case .unfollow(let chat): self = .unfollow(chat.identifier())
        case .find(let find):
            guard let code = SecretHash([UInt8](find.code)) else { throw .invalidField("find.code", expected: "32 bytes") }
            self = .find(counter: find.counter, code: code)
        case .found(let found): self = .found(counter: found.counter, found.hasChat ? found.chat.identifier() : nil)
        case .collect(let collect):
            guard let library = LibraryName(collect.library) else { throw .invalidField("collect.library", expected: LibraryName.rule) }
            self = .collect(library, after: collect.after)
        case .transcript(let transcript): self = .transcript(try Transcript(wire: [UInt8](transcript)))
        case .askLedger(let ask):
            guard let library = LibraryName(ask.library) else { throw .invalidField("askLedger.library", expected: LibraryName.rule) }
            guard ask.from <= ask.until else { throw .invalidField("askLedger.until", expected: "a minute not before `from`") }
            self = .askLedger(counter: ask.counter, library, ask.from..<ask.until)
        case .ledgerPage(let page): self = .ledger(counter: page.counter, try LedgerCoding.runs(wire: [UInt8](page.runs)))
        case .askCauses(let ask):
            guard let queue = QueueName(ask.queue) else { throw .invalidField("askCauses.queue", expected: QueueName.rule) }
            guard ask.from <= ask.until else { throw .invalidField("askCauses.until", expected: "a minute not before `from`") }
            self = .askCauses(counter: ask.counter, queue, ask.from..<ask.until)
        case .causesPage(let page): self = .causes(counter: page.counter, try CauseCoding.runs(wire: [UInt8](page.runs)))
        case .askDuty(let ask):
            guard let library = LibraryName(ask.library) else { throw .invalidField("askDuty.library", expected: LibraryName.rule) }
            guard ask.from <= ask.until else { throw .invalidField("askDuty.until", expected: "a minute not before `from`") }
            self = .askDuty(counter: ask.counter, library, ask.from..<ask.until)
        case .dutyPage(let page): self = .duty(counter: page.counter, try DutyCoding.runs(wire: [UInt8](page.runs)))
        case .askTally(let ask):
            guard ask.from <= ask.until else { throw .invalidField("askTally.until", expected: "an hour not before `from`") }
            self = .askTally(counter: ask.counter, try TallyCoding.place(wire: [UInt8](ask.place)), ask.from..<ask.until)
        case .tallyPage(let page): self = .tally(counter: page.counter, try TallyCoding.page(wire: [UInt8](page.page)))
        case .askAudit(let ask): self = .askAudit(counter: ask.counter, after: ask.after)
        case .auditPart(let part): self = .audit(counter: part.counter, try AuditCoding.page(wire: [UInt8](part.page)))
        case .askWishes(let ask):
            guard let library = LibraryName(ask.library) else { throw .invalidField("askWishes.library", expected: LibraryName.rule) }
            self = .askWishes(counter: ask.counter, library)
        case .wishesPart(let part): self = .wishes(counter: part.counter, try WishCoding.wishes(wire: [UInt8](part.wishes)))
        case .askShifts(let ask):
            guard let library = LibraryName(ask.library) else { throw .invalidField("askShifts.library", expected: LibraryName.rule) }
            self = .askShifts(counter: ask.counter, library)
        case .shiftsPart(let part): self = .shifts(counter: part.counter, try ShiftCoding.book(wire: [UInt8](part.book)))
        case .typing(let typing):
            guard let side = UInt8(exactly: typing.side).flatMap(TypingSide.init(rawValue:)) else {
                throw .invalidField("typing.side", expected: "1 (patron) or 2 (staff)")
            }
            self = .typing(typing.chat.identifier(), side)
        case .renewals(let renewals):
            guard renewals.sessions.count <= Self.itemsMax else {
                throw .tooLarge(expectedMax: Self.itemsMax, found: renewals.sessions.count)
            }
            self = .renewals(renewals.sessions.map { $0.identifier() })
        case .leaderKnown(let known): self = .leaderKnown(known)
        case .call(let call): self = .call(id: call.id, sealed: [UInt8](call.sealed))
        case .reply(let reply): self = .reply(id: reply.id, sealed: [UInt8](reply.sealed))
        case .pushPull(let sealed): self = .pushPull([UInt8](sealed))
        case .askKeys: self = .askKeys
        case .keys(let given):
            guard given.keys.count <= Self.keysMax, given.keys.allSatisfy({ $0.count == Self.keyBytes }) else {
                throw .invalidField("keys", expected: "at most \(Self.keysMax) keys of \(Self.keyBytes) bytes")
            }
            self = .keys(given.keys.map { [UInt8]($0) })
        case .raft, .propose, .forward, .outcome, .chat:
            // A newer node put something beside it, which is left out: these kinds are read by hand, alone in their frame.
            var alone = WirePeerFrame()
            alone.kind = frame.kind
            let rest: [UInt8]
            do { rest = try alone.serializedBytes() } catch { throw .truncated }
            guard rest != bytes else { throw .invalidField("kind", expected: "a frame of one field") }
            self = try PeerFrame(wire: rest)
        case nil: throw .unknownKind("a peer frame of a newer version, or an empty one")
        }
    }

    // The kinds that every message of a chat passes through are read and written without the generated objects.
    private static let raftField: UInt64 = 5
    private static let proposeField: UInt64 = 6
    private static let forwardField: UInt64 = 7
    private static let chatField: UInt64 = 11

    private static func single(_ field: UInt64, _ content: [UInt8]) -> [UInt8] {
        var writer = BulkWriter(capacity: content.count + 8)
        writer.begin(field, length: content.count)
        writer.raw(content)
        return writer.bytes
    }

    private static func hot(_ field: UInt64, _ bytes: [UInt8], _ content: Range<Int>) throws(WireError) -> PeerFrame? {
        switch field {
        case raftField: .raft(try RaftMessage(wire: Array(bytes[content])))
        case proposeField: .propose(try ProposalsCoding.items(bytes, content))
        case forwardField: .forward(try ProposalsCoding.items(bytes, content))
        case OutcomeCoding.frameField: try OutcomeCoding.frame(bytes, content)
        case chatField: .chat(try ChatUpdate(wire: Array(bytes[content])))
        default: nil
        }
    }
}

extension WireHello {
    fileprivate init(_ hello: PeerHello) {
        self.init()
        version = hello.version
        cluster = Data(hello.cluster)
        node = hello.node.text
        boot = hello.boot
        purpose = hello.purpose.rawValue
        raftID = hello.raftID
        featureLevel = hello.featureLevel
        durableTerm = hello.durableTerm
        durableIndex = hello.durableIndex
        repairingSince = hello.repairingSince
    }
}

extension PeerHello {
    fileprivate init(_ wire: WireHello) throws(WireError) {
        guard wire.cluster.count == 16 else { throw .invalidField("hello.cluster", expected: "16 bytes") }
        guard let node = NodeName(wire.node) else { throw .invalidField("hello.node", expected: NodeName.rule) }
        guard let purpose = LinkPurpose(rawValue: wire.purpose) else { throw .invalidField("hello.purpose", expected: "1 to 4") }
        self.init(
            cluster: [UInt8](wire.cluster), node: node, boot: wire.boot, purpose: purpose, raftID: wire.raftID,
            featureLevel: wire.featureLevel, durableTerm: wire.durableTerm, durableIndex: wire.durableIndex,
            repairingSince: wire.repairingSince)
        version = wire.version
    }
}

extension WireChatRef {
    fileprivate init<Tag>(_ identifier: Identifier<Tag>) {
        self.init()
        high = identifier.high
        low = identifier.low
    }

    fileprivate func identifier<Tag>() -> Identifier<Tag> { Identifier(high: high, low: low) }
}

extension WireSealedCall {
    fileprivate init(id: UInt64, sealed: [UInt8]) {
        self.init()
        self.id = id
        self.sealed = Data(sealed)
    }
}
