/// A library node between its clients and the coordinators: the protocol of the web side as a value.
///
/// **What it is.** Patrons and operators are connected to a node; the coordinators hold the state. The gateway turns what
/// clients ask into proposals, and what the state shows into messages.
///
/// **What it promises.** Nothing is acknowledged to a client before its outcome in the log is known. A proposal keeps its number
/// until its outcome is known, however often it is proposed. Each connection gets every message of a chat after its cursor
/// once, in order, and only after the state accepted its attach or holding. Whatever the order, loss or repetition of
/// updates, it ends in the same place: it compares levels, and no event is needed (rule 7). Everything is bounded by `GatewayLimits`.
///
/// **What it never does.** No input or output, no clock, no logging; randomness only from its seed. It decides nothing that
/// the state decides: what it refuses by itself are limits and form.
///
/// **What its caller owes it.**
///  1. `now` never goes back (monotonic milliseconds). `onTick` when `scheduleTick` asked for it: one timer, the earliest time counts.
///  2. `propose`: hand the command to a coordinator, in order, under `ProposalID(node, boot, counter)`, and report `onOutcome` once
///     it is applied, or `onRefusedProposal` when it was not taken. While the link is down, proposals may be dropped.
///  3. `follow`: have the coordinator answer with an update now, even if nothing changed, and from then on whenever the chat was touched;
///     a second `follow` moves the cursor. Followings end with the link; the gateway follows again after `onLinkUp`.
///  4. Bytes: decode frames into `onMessage`, report undecodable ones by `onBadMessage`; send pings and report answers by `onPong`.
///  5. `end`: send the `bye`, close, forget the client; no `onDisconnected` is needed after it.
import ClientProtocol
import Consortium
import Seeded

/// A connection, as the shell numbers it; never used twice.
public struct ClientID: Hashable, Comparable, Sendable {
    public let number: UInt64
    public init(_ number: UInt64) { self.number = number }
    public static func < (left: Self, right: Self) -> Bool { left.number < right.number }
}

/// What the shell must do.
public enum GatewayDirective: Hashable, Sendable {
    case send(ClientID, ServerMessage)
    /// Send `bye`, then close. `retryMs` nil: the client shall not come back.
    case end(ClientID, ByeCode, text: String, retryMs: UInt64?)
    case propose(counter: UInt64, Command)
    /// Ask a coordinator which chat was kept under the hash of this pick-up code; the answer is `onFound`.
    case find(counter: UInt64, code: SecretHash)
    case follow(ChatID, after: Position)
    case unfollow(ChatID)
    /// To all nodes that follow the chat, this one included.
    case typing(ChatID, ServerMessage.Who)
    /// Rule 20: the browsers of these sessions answered pings and their people were active.
    case renewLeases([SessionID])
    /// The sign-on is over in the state: the shell forgets its sign-in token.
    case sessionOver(SessionID)
    case scheduleTick(atMs: UInt64)

    // Isolation; see `Sequencer`.
    /// Begin a branch on this node's disk, or go on with the one that is there; answer `onBranchReady` or `onBranchFailed`.
    case beginBranch(BranchBase)
    /// From here on proposals, followings, renewals and look-ups go to the branch.
    case useBranch
    /// From here on they go to the coordinators.
    case useCoordinators
    /// Nothing more comes for the branch: answer `onBranchPlan` with what is to be merged of it.
    case sealBranch
    /// All of the branch is merged: delete it. `lost`: how many of its messages did not fit into their chats, by chat; what is not there lost none.
    case branchMerged(lost: [ChatID: Int])
    /// The session of a desk goes on under another identifier.
    case sessionRenewed(SessionID, as: SessionID)
}

public struct GatewayConfiguration: Hashable, Sendable {
    public var pingSeconds = 20
    /// How long ago a person may have used the desk for the lease to be kept (rule 20).
    public var humanInputMs: UInt64 = 600_000
    public init() {}
}

/// Why a coordinator did not take a proposal.
public enum ProposalRefusal: Hashable, Sendable {
    case busy, noLeader
}

public struct GatewayCore: Sendable {
    let node: NodeName
    let boot: UInt64
    /// Addresses of nodes that serve the same clients, this one first.
    var addresses: [String]
    let configuration: GatewayConfiguration
    /// Hashes a secret or a pick-up code; the same function at every node.
    let hash: @Sendable ([UInt8]) -> SecretHash
    var generator: SeededGenerator

    var now: UInt64 = 0
    /// Unix milliseconds minus `now`, from the shell: for display only.
    var wallOffsetMs: UInt64 = 0
    var out: [GatewayDirective] = []
    var scheduledTickMs: UInt64?
    var stopping = false
    /// Why this node serves nobody: LTG removed it.
    var dismissal: String?
    /// The version of the desk that this node serves, for desks to compare with their own; nil: none is told.
    var servedDesk: String?

    var connections: [ClientID: Connection] = [:]
    var pending: [UInt64: Pending] = [:]
    var lastCounter: UInt64 = 0
    /// Code look-ups on their way.
    var lookUps: [UInt64: LookUp] = [:]
    var chats: [ChatID: CachedChat] = [:]
    var desks: [SessionID: Desk] = [:]
    var directory = Directory()
    var service: ServiceMonitor
    var lastRenewMs: UInt64 = 0
    /// Who sequences the chats of this node's people.
    var sequencer = Sequencer.coordinators
    var merge: BranchMerge?
    /// Places at desks that were left while the branch went on: the merge shows them once more how the chat stands, and that what was held is safe.
    var farewells: [ChatID: [ClientID: Place]] = [:]
    /// The coordinators' newest board, while a merge goes on.
    var boardAfterMerge: (board: Board, holdings: [SessionID: [ChatID]])?

    /// - Parameters:
    ///   - boot: drawn anew at each start of the process (rule 4).
    ///   - addresses: of nodes that serve the same clients, this one first.
    ///   - hash: of secrets and pick-up codes, given as the UTF-8 bytes of their text form.
    public init(
        node: NodeName, boot: UInt64, addresses: [String], configuration: GatewayConfiguration = GatewayConfiguration(), seed: UInt64,
        nowMs: UInt64, wallMs: UInt64, hash: @escaping @Sendable ([UInt8]) -> SecretHash
    ) {
        self.node = node
        self.boot = boot
        self.addresses = addresses
        self.configuration = configuration
        self.hash = hash
        generator = SeededGenerator(seed: seed)
        now = nowMs
        wallOffsetMs = wallMs &- nowMs
        service = ServiceMonitor(nowMs: nowMs)
    }

    /// The wall clock was set, or some time has passed: for display only.
    public mutating func onWallClock(wallMs: UInt64, now: UInt64) {
        advance(now)
        wallOffsetMs = wallMs &- self.now
    }

    /// What desks that come are told of the version that is served.
    public mutating func onServedDesk(_ version: String) { servedDesk = version }

    /// The addresses that new clients are told.
    public mutating func onAddresses(_ addresses: [String]) {
        self.addresses = addresses
    }

    /// Time must not go back; a caller's slip is forgiven.
    mutating func advance(_ now: UInt64) {
        self.now = max(self.now, now)
    }

    mutating func emit(_ directive: GatewayDirective) {
        out.append(directive)
    }

    mutating func send(_ client: ClientID, _ message: ServerMessage) {
        out.append(.send(client, message))
    }

    /// What has gathered, for the shell.
    mutating func take() -> [GatewayDirective] {
        defer { out = [] }
        return out
    }

    mutating func wantTick(atMs: UInt64) {
        if let scheduledTickMs, scheduledTickMs <= atMs { return }
        scheduledTickMs = atMs
        emit(.scheduleTick(atMs: atMs))
    }

    mutating func jitter(_ boundMs: UInt64) -> UInt64 {
        UInt64.random(in: 0...boundMs, using: &generator)
    }
}
