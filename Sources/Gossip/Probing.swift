/// Failure detection: SWIM §3.1 (ping, ping-req) with Lifeguard §IV.A (local health, nacks) and §IV.C (buddy).
extension GossipCore {
    mutating func runProbe(_ out: inout [GossipDirective]) {
        if let running = probe {
            if nowMs >= running.endMs {
                fail(running, &out)
            } else if !running.isIndirect, nowMs >= running.indirectAtMs {
                askRelays(&out)
            }
        }
        guard probe == nil, nowMs >= nextProbeMs else { return }
        startProbe(&out)
    }

    private mutating func startProbe(_ out: inout [GossipDirective]) {
        let intervalMs = health.scaled(configuration.probeIntervalMs)
        nextProbeMs = nowMs + intervalMs
        let peers = peers
        guard let target = order.next(using: &generator, where: { peers[$0]?.isLive == true }) else { return }
        let sequence = nextSequence()
        probe = Probe(
            sequence: sequence, target: target, incarnation: peers[target]?.member.incarnation ?? 0,
            indirectAtMs: nowMs + health.scaled(configuration.probeTimeoutMs), endMs: nextProbeMs)
        let message = ping(sequence, target: target, updatesBytesMax: updatesBytesMax)
        send(message, toMember: target, &out)
    }

    /// A ping to a suspected member always tells it so, first of all (Lifeguard §IV.C, "Buddy System"): it can refute at once, instead of
    /// when the rumour happens to reach it. A dead member is told likewise when it is retried.
    mutating func ping(_ sequence: UInt32, target: String, updatesBytesMax: Int) -> GossipMessage {
        var first: [GossipUpdate] = []
        if let peer = peers[target], peer.member.state != .alive { first = [peer.news(accuser: me.name)] }
        let room = updatesBytesMax - first.reduce(0) { $0 + $1.bytesMax }
        let rest = takeUpdates(bytesMax: room, countMax: GossipLimits.updatesPerMessageMax - first.count, except: .member(target))
        return GossipMessage(.ping(sequence: sequence, target: target), updates: first + rest)
    }

    /// "ping-req": k other members, chosen at random, are asked to ping the target (SWIM §3.1).
    private mutating func askRelays(_ out: inout [GossipDirective]) {
        guard var running = probe else { return }
        running.isIndirect = true
        let candidates = peerNames.filter { $0 != running.target && peers[$0]?.member.state == .alive }
        for name in pick(configuration.indirectProbes, from: candidates) {
            guard let address = peers[name]?.member.gossipAddress else { continue }
            running.relays.append(address)
            let request = GossipMessage(.pingRequest(sequence: running.sequence, target: running.target))
            out.append(.send(request, to: address))
        }
        probe = running
    }

    private mutating func fail(_ failed: Probe, _ out: inout [GossipDirective]) {
        probe = nil
        nextProbeMs = nowMs
        health.note(.probeFailed)
        if failed.nackedBy.count < failed.relays.count { health.note(.nackMissed) }
        guard peers[failed.target]?.isLive == true else { return }
        // A greater incarnation that came in the meantime is newer evidence than this probe, and overrides it.
        suspect(failed.target, incarnation: failed.incarnation, accuser: me.name, &out)
    }

    mutating func onPing(
        _ sequence: UInt32, target: String, _ request: GossipMessage, from: String, _ out: inout [GossipDirective]
    ) {
        guard target == me.name else { return }
        let updates = takeUpdates(bytesMax: request.answerUpdatesBytesMax, countMax: request.updates.count)
        out.append(.send(GossipMessage(.ack(sequence: sequence), updates: updates), to: from))
    }

    mutating func onAck(_ sequence: UInt32, _ out: inout [GossipDirective]) {
        if let running = probe, running.sequence == sequence {
            probe = nil
            nextProbeMs = max(running.endMs, nowMs)
            health.note(.probeSucceeded)
            peers[running.target]?.heardMs = nowMs
        } else if let answered = retry, answered.sequence == sequence {
            retry = nil
            guard let peer = peers[answered.name] else { return }
            peers[answered.name]?.heardMs = nowMs
            exchange(with: peer.member.peerAddress, &out)
        } else if let index = relays.firstIndex(where: { $0.sequence == sequence }) {
            let relay = relays.remove(at: index)
            out.append(.send(GossipMessage(.ack(sequence: relay.requestSequence)), to: relay.requester))
        }
    }

    /// Pings for another member. Only members that are known here are pinged, at the address that is known here: nobody can aim a third
    /// party's packets. The ping carries no more than the request did, but for the one line that tells a suspect of its suspicion.
    mutating func onPingRequest(
        _ requestSequence: UInt32, target: String, _ request: GossipMessage, from: String, _ out: inout [GossipDirective]
    ) {
        guard relays.count < GossipLimits.relaysMax else { return }
        guard peers[target] != nil else {
            out.append(.send(GossipMessage(.nack(sequence: requestSequence)), to: from))
            return
        }
        let sequence = nextSequence()
        let nackMs = configuration.probeTimeoutMs * configuration.nackPercent / 100
        relays.append(
            Relay(
                sequence: sequence, requester: from, requestSequence: requestSequence, nackAtMs: nowMs + nackMs,
                endMs: nowMs + configuration.probeIntervalMs))
        let message = ping(sequence, target: target, updatesBytesMax: request.answerUpdatesBytesMax)
        send(message, toMember: target, &out)
    }

    mutating func onNack(_ sequence: UInt32, from: String) {
        guard let running = probe, running.sequence == sequence, running.relays.contains(from), !running.nackedBy.contains(from) else {
            return
        }
        probe?.nackedBy.append(from)
    }

    mutating func runRelays(_ out: inout [GossipDirective]) {
        for index in relays.indices where !relays[index].isNacked && nowMs >= relays[index].nackAtMs {
            relays[index].isNacked = true
            out.append(.send(GossipMessage(.nack(sequence: relays[index].requestSequence)), to: relays[index].requester))
        }
        relays.removeAll { nowMs >= $0.endMs }
    }
}
