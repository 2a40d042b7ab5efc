/// News, piggy-backed and in rounds: SWIM §4.1.
extension GossipCore {
    /// What a message of ours may carry.
    var updatesBytesMax: Int { GossipLimits.messageBytesMax - GossipMessage.headBytesMax }

    /// "each update is piggybacked at most λ log n times" (SWIM §4.1).
    var transmissionsMax: Int { configuration.retransmitLambda * max(1, FixedPointLogarithm.log10Ceiling(liveCount + 1)) }

    /// A round: some live members, at random, get what is least spread. Rounds stop while there is nothing to tell, and news after a pause
    /// goes out at once.
    mutating func runGossip(_ out: inout [GossipDirective]) {
        guard !broadcasts.isEmpty, nowMs >= nextGossipMs else { return }
        nextGossipMs = nowMs + configuration.gossipIntervalMs
        for name in pick(configuration.gossipFanout, from: livePeerNames) {
            let updates = takeUpdates(bytesMax: updatesBytesMax, countMax: GossipLimits.updatesPerMessageMax)
            guard !updates.isEmpty else { return }
            send(GossipMessage(.gossip, updates: updates), toMember: name, &out)
        }
    }

    /// Takes what is least sent, as much as fits, and counts it as sent once more.
    mutating func takeUpdates(bytesMax: Int, countMax: Int, except: BroadcastQueue.Subject? = nil) -> [GossipUpdate] {
        var updates: [GossipUpdate] = []
        var room = bytesMax
        guard room > 0, countMax > 0, !broadcasts.isEmpty else { return updates }
        let transmissionsMax = transmissionsMax
        for entry in broadcasts.inOrder where entry.subject != except {
            guard let update = news(of: entry) else {
                broadcasts.remove(entry.subject)
                continue
            }
            guard update.bytesMax <= room else { continue }
            updates.append(update)
            room -= update.bytesMax
            broadcasts.sent(entry.subject, transmissionsMax: transmissionsMax)
            if updates.count == countMax { break }
        }
        return updates
    }

    private func news(of entry: BroadcastQueue.Entry) -> GossipUpdate? {
        switch entry.subject {
        case .member(me.name): me.state == .left ? .left(name: me.name, incarnation: me.incarnation) : .alive(me)
        case .member(let name): peers[name]?.news(accuser: entry.accuser)
        case .record(let key): records[key].map { .record($0.aged(at: nowMs)) }
        }
    }
}

extension GossipCore.Peer {
    /// Its state as news, told by or on behalf of `accuser`.
    func news(accuser: String) -> GossipUpdate {
        switch member.state {
        case .alive: .alive(member)
        case .suspect: .suspect(name: member.name, incarnation: member.incarnation, accuser: accuser)
        case .dead: .dead(name: member.name, incarnation: member.incarnation, accuser: accuser)
        case .left: .left(name: member.name, incarnation: member.incarnation)
        }
    }
}
