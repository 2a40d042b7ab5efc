import Consortium
import Gossip
import Seeded
import Wire

/// One end of a connection between two processes: what a peer link is in the service.
final class Port {
    let machine: Machine
    let life: Int
    let other: Machine
    /// Gone when the other process is.
    fileprivate(set) weak var peer: Port?
    fileprivate(set) var isOpen = true
    var onFrame: ((PeerFrame) -> Void)?
    var onEnd: (() -> Void)?
    /// What has been sent to this end and waits for a cut to heal.
    fileprivate var stalled: [PeerFrame?] = []
    fileprivate var lastArrivalMs: UInt64 = 0
    fileprivate let isLocal: Bool

    fileprivate init(_ machine: Machine, to other: Machine, isLocal: Bool) {
        self.machine = machine
        self.other = other
        life = machine.life
        self.isLocal = isLocal
    }

    func send(_ frame: PeerFrame) { machine.cluster.network.carry(frame, from: self) }

    /// As `send`, but it may get lost and be overtaken: for messages whose receiver must bear that.
    func sendLoosely(_ frame: PeerFrame, lossPercent: Int) { machine.cluster.network.carry(frame, from: self, lossPercent: lossPercent) }

    /// Ends this side; the other one hears of it, as far as the network lets it.
    func close() { machine.cluster.network.close(self) }
}

/// Delays, loss and cuts between machines; streams in order, datagrams anyhow.
final class Network {
    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    private let count: Int
    /// How many faults cut this direction at present.
    private var cuts: [Int]
    private var cutSinceMs: [UInt64]
    private var ports: [Port] = []
    var lossPercent = 0
    var delayMs: ClosedRange<UInt64> = 0...2
    /// Share of what takes much longer.
    var stragglerPercent = 1
    var duplicatePercent = 1
    private var frames: UInt64 = 0

    /// A peer that says nothing for this long is given up (`PeerLink.silentMsMax` and the interval of its watch).
    private static let silentMs: ClosedRange<UInt64> = 3_500...4_500

    init(_ cluster: Cluster, machines: Int, seed: UInt64) {
        self.cluster = cluster
        count = machines
        random = SeededGenerator(seed: seed)
        cuts = [Int](repeating: 0, count: machines * machines)
        cutSinceMs = [UInt64](repeating: 0, count: machines * machines)
    }

    private func place(_ from: Machine, _ to: Machine) -> Int { from.index * count + to.index }
    func isCut(_ from: Machine, _ to: Machine) -> Bool { from !== to && cuts[place(from, to)] > 0 }

    private func delay() -> UInt64 {
        var ms = UInt64.random(in: delayMs, using: &random)
        if random.chance(stragglerPercent) { ms += UInt64.random(in: 5...150, using: &random) }
        return ms
    }

    // MARK: Cuts

    func cut(_ from: Machine, _ to: Machine) {
        let place = place(from, to)
        cuts[place] += 1
        guard cuts[place] == 1 else { return }
        cutSinceMs[place] = cluster.nowMs
        let since = cluster.nowMs
        for port in ports where port.machine === to && port.other === from {
            watchForSilence(port) { [self] in cuts[place] > 0 && cutSinceMs[place] == since }
        }
    }

    func heal(_ from: Machine, _ to: Machine) {
        let place = place(from, to)
        cuts[place] -= 1
        guard cuts[place] == 0 else { return }
        for port in ports where port.machine === to && port.other === from && !port.stalled.isEmpty {
            // The sender's retransmission timer has backed off meanwhile.
            cluster.after(UInt64.random(in: 20...400, using: &random), .frame, to.index) { [self] in
                guard cuts[place] == 0 else { return }
                let frames = port.stalled
                port.stalled = []
                for frame in frames { arrive(frame, at: port) }
            }
        }
    }

    /// The others hear nothing of a frozen process, and give its links up.
    func onPause(_ machine: Machine) {
        let since = machine.pausedSinceMs
        for port in ports where port.other === machine && port.machine !== machine {
            watchForSilence(port) { machine.pausedSinceMs != nil && machine.pausedSinceMs == since }
        }
    }

    private func watchForSilence(_ port: Port, _ isStillSo: @escaping () -> Bool) {
        cluster.after(UInt64.random(in: Self.silentMs, using: &random), .watch, port.machine.index) { [self] in
            guard port.isOpen, isStillSo() else { return }
            port.machine.receive(life: port.life) { [self] in if port.isOpen { end(port, tellsPeer: true) } }
        }
    }

    // MARK: Streams

    /// Connects two processes. `accept` runs at the other side, and answers false when the hello is refused.
    func dial(
        _ from: Machine, _ to: Machine, accept: @escaping (Port) -> Bool, onUp: @escaping (Port) -> Void, onFailed: @escaping () -> Void
    ) {
        let life = from.life
        func fail(_ afterMs: UInt64) {
            cluster.after(afterMs, .dial, from.index) { from.receive(life: life, onFailed) }
        }
        let there = delay() + 1
        cluster.after(there, .dial, to.index) { [self] in
            guard !isCut(from, to), !isCut(to, from) else { return fail(3_000) }
            guard to.isUp else { return fail(1) }
            guard to.pausedSinceMs == nil else { return fail(3_000) }
            let near = Port(from, to: to, isLocal: false)
            guard near.life == life, from.isUp else { return }
            let far = Port(to, to: from, isLocal: false)
            (near.peer, far.peer) = (far, near)
            // The answer to the hello comes before anything else that the other side sends.
            let upMs = delay()
            near.lastArrivalMs = cluster.nowMs + upMs
            var isAccepted = false
            cluster.after(upMs, .dial, from.index) { [self] in
                guard isAccepted else { return from.receive(life: life, onFailed) }
                guard from.isUp, from.life == life else { return end(near, tellsPeer: true) }
                from.receive(life: life) { if near.isOpen { onUp(near) } else { onFailed() } }
            }
            ports.append(near)
            ports.append(far)
            to.receive(life: to.life) { isAccepted = accept(far) }
            if !isAccepted { ports.removeAll { $0 === near || $0 === far } }
        }
    }

    /// Both ends in one process.
    func connectLocally(_ machine: Machine, accept: (Port) -> Void) -> Port {
        let near = Port(machine, to: machine, isLocal: true)
        let far = Port(machine, to: machine, isLocal: true)
        (near.peer, far.peer) = (far, near)
        ports.append(near)
        ports.append(far)
        accept(far)
        return near
    }

    fileprivate func carry(_ frame: PeerFrame, from port: Port) {
        guard port.isOpen, let peer = port.peer else { return }
        let frame = throughTheWire(frame)
        guard !port.isLocal else {
            return cluster.after(0, .frame, peer.machine.index) { [self] in arrive(frame, at: peer) }
        }
        var atMs = cluster.nowMs + delay()
        if random.chance(lossPercent) { atMs += UInt64.random(in: 40...400, using: &random) }
        atMs = max(atMs, peer.lastArrivalMs)
        peer.lastArrivalMs = atMs
        cluster.after(atMs - cluster.nowMs, .frame, peer.machine.index) { [self] in arrive(frame, at: peer) }
    }

    fileprivate func carry(_ frame: PeerFrame, from port: Port, lossPercent: Int) {
        guard port.isOpen, let peer = port.peer, !random.chance(lossPercent + self.lossPercent) else { return }
        for _ in 0...(random.chance(duplicatePercent) ? 1 : 0) {
            cluster.after(delay(), .frame, peer.machine.index) { [self] in
                guard !isCut(port.machine, peer.machine) else { return }
                arrive(frame, at: peer)
            }
        }
    }

    /// Some frames go through their bytes, so that what the wire cannot carry shows.
    private func throughTheWire(_ frame: PeerFrame) -> PeerFrame {
        frames += 1
        guard frames % 16 == 0 else { return frame }
        do {
            return try PeerFrame(wire: frame.wireBytes())
        } catch {
            cluster.fail("a frame does not survive its bytes (\(error)): \(frame)")
            return frame
        }
    }

    private func arrive(_ frame: PeerFrame?, at port: Port) {
        guard port.isOpen else { return }
        if isCut(port.other, port.machine) || !port.stalled.isEmpty {
            return port.stalled.append(frame)
        }
        port.machine.receive(life: port.life) { [self] in
            guard port.isOpen else { return }
            if let frame { port.onFrame?(frame) } else { end(port, tellsPeer: false) }
        }
    }

    func close(_ port: Port) { if port.isOpen { end(port, tellsPeer: true) } }

    private func end(_ port: Port, tellsPeer: Bool) {
        guard port.isOpen else { return }
        port.isOpen = false
        ports.removeAll { $0 === port }
        let onEnd = port.onEnd
        (port.onFrame, port.onEnd) = (nil, nil)
        if tellsPeer, let peer = port.peer { sayEnd(to: peer, from: port.machine) }
        onEnd?()
    }

    private func sayEnd(to peer: Port, from machine: Machine) {
        let atMs = max(cluster.nowMs + delay(), peer.lastArrivalMs)
        peer.lastArrivalMs = atMs
        cluster.after(atMs - cluster.nowMs, .linkEnd, peer.machine.index) { [self] in
            guard peer.isOpen else { return }
            if isCut(machine, peer.machine) || !peer.stalled.isEmpty { return peer.stalled.append(nil) }
            peer.machine.receive(life: peer.life) { [self] in end(peer, tellsPeer: false) }
        }
    }

    /// A process is gone: its ends are closed by its system, or, when power failed, say nothing any more.
    func drop(_ machine: Machine, isQuiet: Bool) {
        let gone = ports.filter { $0.machine === machine }
        ports.removeAll { $0.machine === machine }
        for port in gone {
            port.isOpen = false
            (port.onFrame, port.onEnd) = (nil, nil)
            guard let peer = port.peer, peer.machine !== machine else { continue }
            if isQuiet { watchForSilence(peer) { true } } else { sayEnd(to: peer, from: machine) }
        }
    }

    // MARK: Datagrams

    func datagram(_ from: Machine, _ to: Machine, _ body: @escaping (Machine) -> Void) {
        guard !random.chance(lossPercent) else { return }
        for _ in 0...(random.chance(duplicatePercent) ? 1 : 0) {
            cluster.after(delay(), .datagram, to.index) { [self] in
                guard !isCut(from, to) else { return }
                to.receive(life: to.life, isDatagram: true) { body(to) }
            }
        }
    }

    /// Whether a short connection can be made now, in both directions.
    func reaches(_ from: Machine, _ to: Machine) -> Bool { to.isRunning && !isCut(from, to) && !isCut(to, from) }
    func roundTripMs() -> UInt64 { 2 * delay() + 1 }
}
