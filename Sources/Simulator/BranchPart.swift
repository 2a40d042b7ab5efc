import Consortium
import Coordinator
import Wire

/// What a node keeps on its disk of its branch, across lives of the process.
struct BranchDisk {
    let base: BranchBase
    /// What the version supports that began it.
    let level: UInt32
    private(set) var durable: [Batch] = []
    private(set) var waiting: [Batch] = []

    init(_ base: BranchBase, level: UInt32) {
        self.base = base
        self.level = level
    }

    mutating func append(_ batch: Batch) { waiting.append(batch) }

    /// Gives what became durable.
    mutating func sync() -> [Batch] {
        let batches = waiting
        durable += batches
        waiting = []
        return batches
    }

    /// Of what waits, the first `survivors` had reached the disk.
    mutating func crash(survivors: Int) {
        durable += waiting.prefix(survivors)
        waiting = []
    }
}

/// A node's branch in one process: what `BranchHost` is. A coordinator core that leads alone, over a log that commits when it is synced; the log's
/// one voter would do nothing else.
final class BranchPart {
    private unowned(unsafe) let machine: Machine
    private var cluster: Cluster { machine.cluster }
    private var core: CoordinatorCore
    private var index: UInt64
    private let link = LinkID(1)
    private let timer = VirtualTimer()
    private var tickAtMs: UInt64?
    private var isSyncPlanned = false
    private let onFrame: (PeerFrame) -> Void

    init(_ machine: Machine, onFrame: @escaping (PeerFrame) -> Void) {
        self.machine = machine
        self.onFrame = onFrame
        var state = ConsortiumState()
        index = 0
        if let disk = machine.branch {
            state = ConsortiumState(branch: disk.base, level: disk.level)
            index = disk.base.index
            for batch in disk.durable {
                index += 1
                _ = state.apply(batch, index: index)
            }
        }
        core = CoordinatorCore(node: machine.name, boot: machine.boot, state: state)
        let term = UInt64(machine.life) + 1
        perform(core.onRole(.init(isLeader: true, term: term, leader: machine.name), nowMs: machine.nowMs))
        perform(core.onNodeUp(link, node: machine.name, nowMs: machine.nowMs))
    }

    func plan() -> BranchPlan { core.state.branchPlan(node: machine.name) }

    func flush() { perform(core.flush(nowMs: machine.nowMs, wallMs: machine.wallMs)) }

    func send(_ frame: PeerFrame) {
        let life = machine.life
        cluster.after(0, .frame, machine.index) { [self] in machine.receive(life: life) { [self] in receive(frame) } }
    }

    private func receive(_ frame: PeerFrame) {
        switch frame {
        case .propose(let items): perform(core.onPropose(link, items, nowMs: machine.nowMs))
        case .follow(let chat, let after): core.onFollow(link, chat: chat, after: after)
        case .unfollow(let chat): core.onUnfollow(link, chat: chat)
        case .find(let counter, let code): answer(.found(counter: counter, core.state.chat(keptUnder: code)))
        case .typing(let chat, let side): perform(core.onTyping(from: link, chat: chat, side: side))
        case .renewals(let sessions): perform(core.onRenewals(sessions, nowMs: machine.nowMs))
        default: cluster.fail("a node sent a frame that is not for its branch: \(frame)")
        }
    }

    private func answer(_ frame: PeerFrame) {
        let life = machine.life
        cluster.after(0, .frame, machine.index) { [self] in machine.receive(life: life) { [self] in onFrame(frame) } }
    }

    private func perform(_ directives: [CoordinatorDirective]) {
        for directive in directives {
            switch directive {
            case .propose(let batch):
                machine.branch?.append(batch)
                planSync()
            case .outcome(_, let counter, let verdict, let at): answer(.outcome(counter: counter, verdict, at: at))
            case .busy(_, let counter, let retryMs): answer(.busy(counter: counter, retryMs: retryMs))
            case .board(_, let board): answer(.board(board))
            case .chat(_, let update): answer(.chat(update))
            case .typing(_, let chat, let side): answer(.typing(chat, side))
            case .scheduleTick(let atMs): scheduleTick(atMs)
            case .halt(let reason): cluster.fail("the branch of \(machine.name) stops applying: \(reason)")
            case .leaderKnown, .forward, .relayTyping, .forwardRenewals, .transcript, .purge, .textDropped: break
            case .readZone(let zone): core.onZone(zone, .utc)
            }
        }
    }

    private func planSync() {
        guard !isSyncPlanned else { return }
        isSyncPlanned = true
        let life = machine.life
        cluster.after(cluster.diskDelay(machine), .disk, machine.index) { [self] in
            machine.receive(life: life) { [self] in
                isSyncPlanned = false
                for batch in machine.branch?.sync() ?? [] {
                    index += 1
                    perform(core.onApplied(batch, index: index, nowMs: machine.nowMs))
                }
                do throws(InvariantViolation) {
                    try core.state.checkInvariants()
                } catch {
                    cluster.fail("the branch of \(machine.name): \(error)")
                }
            }
        }
    }

    private func scheduleTick(_ atMs: UInt64) {
        if let tickAtMs, atMs >= tickAtMs { return }
        tickAtMs = atMs
        let now = machine.nowMs
        machine.start(timer, afterMs: atMs > now ? atMs - now : 0) { [self] in
            tickAtMs = nil
            perform(core.onTick(nowMs: machine.nowMs))
        }
    }

    func stop() { timer.cancel() }
}
