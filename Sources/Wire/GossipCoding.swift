import Gossip
import SwiftProtobuf

// Gossip's types as Protocol Buffers (Protos/gossip.proto). Reading checks everything against GossipLimits, so that the core never sees
// what it would have to refuse; writing can't fail, for the core writes nothing beyond its limits.

extension GossipMessage {
    /// Reads one datagram's plaintext.
    /// - Throws: ``WireError``. News of a kind that this version doesn't know is left out, the rest is taken: a newer node may say more.
    public init(wire bytes: [UInt8]) throws(WireError) {
        let proto: Callslip_Wire_GossipDatagram = try decode(bytes, bytesMax: GossipLimits.messageBytesMax)
        guard proto.news.count <= GossipLimits.updatesPerMessageMax else {
            throw .invalidField("news", expected: "at most \(GossipLimits.updatesPerMessageMax)")
        }
        let kind: Kind
        switch proto.kind {
        case .ping: kind = .ping(sequence: proto.sequence, target: try name(proto.target, "target"))
        case .ack: kind = .ack(sequence: proto.sequence)
        case .pingRequest: kind = .pingRequest(sequence: proto.sequence, target: try name(proto.target, "target"))
        case .nack: kind = .nack(sequence: proto.sequence)
        case .gossip: kind = .gossip
        case .unspecified, .UNRECOGNIZED: throw .unknownKind("gossip message")
        }
        var updates: [GossipUpdate] = []
        updates.reserveCapacity(proto.news.count)
        for news in proto.news { if let update = try GossipUpdate(proto: news) { updates.append(update) } }
        self.init(kind, updates: updates)
    }

    /// The datagram's plaintext; at most ``GossipLimits/messageBytesMax`` for a message of the core's.
    public func wireBytes() -> [UInt8] {
        var proto = Callslip_Wire_GossipDatagram()
        switch kind {
        case .ping(let sequence, let target): (proto.kind, proto.sequence, proto.target) = (.ping, sequence, target)
        case .ack(let sequence): (proto.kind, proto.sequence) = (.ack, sequence)
        case .pingRequest(let sequence, let target): (proto.kind, proto.sequence, proto.target) = (.pingRequest, sequence, target)
        case .nack(let sequence): (proto.kind, proto.sequence) = (.nack, sequence)
        case .gossip: proto.kind = .gossip
        }
        proto.news = updates.map(\.proto)
        return encode(proto)
    }
}

extension PushPullState {
    /// Reads a peer's whole state.
    /// - Throws: ``WireError``; nothing is taken from a state of which anything is wrong.
    public init(wire bytes: [UInt8]) throws(WireError) {
        let proto: Callslip_Wire_GossipState = try decode(bytes, bytesMax: GossipLimits.pushPullBytesMax)
        guard proto.members.count <= GossipLimits.membersMax else {
            throw .invalidField("members", expected: "at most \(GossipLimits.membersMax)")
        }
        guard proto.records.count <= GossipLimits.recordsMax else {
            throw .invalidField("records", expected: "at most \(GossipLimits.recordsMax)")
        }
        var members: [Member] = []
        for member in proto.members { members.append(try Member(proto: member)) }
        var records: [AvailabilityRecord] = []
        records.reserveCapacity(proto.records.count)
        for record in proto.records { records.append(try AvailabilityRecord(proto: record)) }
        self.init(sender: try name(proto.sender, "sender"), members: members, records: records)
    }

    /// The state's bytes; at most ``GossipLimits/pushPullBytesMax`` for a state of the core's.
    public func wireBytes() -> [UInt8] {
        var proto = Callslip_Wire_GossipState()
        proto.sender = sender
        proto.members = members.map(\.proto)
        proto.records = records.map(\.proto)
        return encode(proto)
    }
}

// MARK: Parts

extension GossipUpdate {
    /// Nil for news of a kind that this version doesn't know.
    fileprivate init?(proto: Callslip_Wire_GossipNews) throws(WireError) {
        switch proto.news {
        case .alive(let member):
            guard member.state == .alive else { throw .invalidField("state", expected: "alive, in a datagram") }
            self = .alive(try Member(proto: member))
        case .suspect(let verdict):
            let (subject, accuser) = (try name(verdict.name, "name"), try name(verdict.accuser, "accuser"))
            self = .suspect(name: subject, incarnation: try incarnation(verdict), accuser: accuser)
        case .dead(let verdict):
            let (subject, accuser) = (try name(verdict.name, "name"), try name(verdict.accuser, "accuser"))
            self = .dead(name: subject, incarnation: try incarnation(verdict), accuser: accuser)
        case .left(let verdict): self = .left(name: try name(verdict.name, "name"), incarnation: try incarnation(verdict))
        case .record(let record): self = .record(try AvailabilityRecord(proto: record))
        case nil: return nil
        }
    }

    fileprivate var proto: Callslip_Wire_GossipNews {
        func verdict(_ name: String, _ incarnation: UInt64, _ accuser: String) -> Callslip_Wire_GossipVerdict {
            var verdict = Callslip_Wire_GossipVerdict()
            (verdict.name, verdict.incarnation, verdict.accuser) = (name, incarnation, accuser)
            return verdict
        }
        var proto = Callslip_Wire_GossipNews()
        switch self {
        case .alive(let member): proto.alive = member.proto
        case .suspect(let name, let incarnation, let accuser): proto.suspect = verdict(name, incarnation, accuser)
        case .dead(let name, let incarnation, let accuser): proto.dead = verdict(name, incarnation, accuser)
        case .left(let name, let incarnation): proto.left = verdict(name, incarnation, "")
        case .record(let record): proto.record = record.proto
        }
        return proto
    }
}

extension Member {
    fileprivate init(proto: Callslip_Wire_GossipMember) throws(WireError) {
        guard let roles = UInt8(exactly: proto.roles) else { throw .invalidField("roles", expected: "a set of 8 bits") }
        let state: MemberState
        switch proto.state {
        case .alive: state = .alive
        case .suspect: state = .suspect
        case .dead: state = .dead
        case .left: state = .left
        case .UNRECOGNIZED: throw .invalidField("state", expected: "alive, suspect, dead or left")
        }
        let hint = proto.coordinatorLeader.isEmpty ? nil : CoordinatorHint(leader: proto.coordinatorLeader, term: proto.coordinatorTerm)
        self.init(
            name: proto.name, gossipAddress: proto.gossipAddress, peerAddress: proto.peerAddress, webURLs: proto.webUrls,
            roles: MemberRoles(rawValue: roles), raftID: proto.raftID, bootID: proto.bootID, settingsDigest: Array(proto.settingsDigest),
            coordinatorHint: hint, incarnation: proto.incarnation, state: state)
        if let error = invalidField { throw .invalidField(error.field, expected: error.expected) }
    }

    fileprivate var proto: Callslip_Wire_GossipMember {
        var proto = Callslip_Wire_GossipMember()
        proto.name = name
        proto.gossipAddress = gossipAddress
        proto.peerAddress = peerAddress
        proto.webUrls = webURLs
        proto.roles = UInt32(roles.rawValue)
        proto.raftID = raftID
        proto.bootID = bootID
        proto.settingsDigest = .init(settingsDigest)
        if let hint = coordinatorHint { (proto.coordinatorLeader, proto.coordinatorTerm) = (hint.leader, hint.term) }
        proto.incarnation = incarnation
        proto.state =
            switch state {
            case .alive: .alive
            case .suspect: .suspect
            case .dead: .dead
            case .left: .left
            }
        return proto
    }
}

extension AvailabilityRecord {
    fileprivate init(proto: Callslip_Wire_GossipAvailability) throws(WireError) {
        guard let ageMs = Int64(exactly: proto.ageMs) else {
            throw .invalidField("ageMs", expected: "0 to \(GossipLimits.ageMsMax)")
        }
        let availability = Availability(
            staffed: try count(proto.staffed, "staffed"), freePlaces: try count(proto.freePlaces, "freePlaces"),
            waiting: try count(proto.waiting, "waiting"), postedOpen: proto.postedOpen, fallbackEnabled: proto.fallbackEnabled,
            usualWaitS: proto.usualWaitS)
        self.init(
            key: RecordKey(queue: proto.queue, writer: proto.writer), writerBootID: proto.writerBootID,
            version: RecordVersion(session: proto.session, counter: proto.counter), availability: availability, ageMs: ageMs)
        if let error = invalidField { throw .invalidField(error.field, expected: error.expected) }
    }

    fileprivate var proto: Callslip_Wire_GossipAvailability {
        var proto = Callslip_Wire_GossipAvailability()
        (proto.queue, proto.writer, proto.writerBootID) = (key.queue, key.writer, writerBootID)
        (proto.session, proto.counter) = (version.session, version.counter)
        proto.staffed = UInt32(availability.staffed)
        proto.freePlaces = UInt32(availability.freePlaces)
        proto.waiting = UInt32(availability.waiting)
        (proto.postedOpen, proto.fallbackEnabled) = (availability.postedOpen, availability.fallbackEnabled)
        proto.usualWaitS = availability.usualWaitS
        proto.ageMs = UInt64(max(0, ageMs))
        return proto
    }
}

private func name(_ name: String, _ field: String) throws(WireError) -> String {
    guard Member.isValidName(name) else { throw .invalidField(field, expected: "1 to \(GossipLimits.nameBytesMax) bytes") }
    return name
}

private func incarnation(_ verdict: Callslip_Wire_GossipVerdict) throws(WireError) -> UInt64 {
    guard verdict.incarnation <= GossipLimits.versionMax else {
        throw .invalidField("incarnation", expected: "at most \(GossipLimits.versionMax)")
    }
    return verdict.incarnation
}

private func count(_ value: UInt32, _ field: String) throws(WireError) -> UInt16 {
    guard let count = UInt16(exactly: value) else { throw .invalidField(field, expected: "at most \(UInt16.max)") }
    return count
}

private func decode<Proto: SwiftProtobuf.Message>(_ bytes: [UInt8], bytesMax: Int) throws(WireError) -> Proto {
    guard bytes.count <= bytesMax else { throw .tooLarge(expectedMax: bytesMax, found: bytes.count) }
    do {
        return try Proto(serializedBytes: bytes)
    } catch {
        throw .truncated
    }
}

private func encode(_ proto: some SwiftProtobuf.Message) -> [UInt8] {
    do {
        return try proto.serializedBytes()
    } catch {
        // Writing fails for missing required fields, which proto3 has not, and beyond 2 GiB, which GossipLimits rule out.
        preconditionFailure("a message of proto3 could not be written: \(error)")
    }
}
