/// A record in the table: with when it came, so that its age goes on, and what was last told of it.
struct HeldRecord: Hashable, Sendable {
    var record: AvailabilityRecord
    var receivedMs: Int64
    var toldStanding: RecordStanding?

    /// The record with its age as of `nowMs`.
    func aged(at nowMs: Int64) -> AvailabilityRecord {
        var aged = record
        aged.ageMs = min(record.ageMs + max(0, nowMs - receivedMs), GossipLimits.ageMsMax)
        return aged
    }
}

/// Availability of queues: owner-written, versioned, last version wins.
extension GossipCore {
    /// Says what `queue` offers, and goes on saying so (with renewals) until something else is published or it is withdrawn.
    /// - Parameter session: the boot counter, or the raft term for a queue that the leader keeps. Where peers hold a greater version of
    ///   this record, the record starts above it.
    /// - Throws: what is outside ``GossipLimits``, or that the table is full of records of present writers.
    public mutating func publish(
        queue: String, session: UInt64, _ availability: Availability, nowMs: Int64
    ) throws(GossipInputError) -> [GossipDirective] {
        advance(to: nowMs)
        let key = RecordKey(queue: queue, writer: me.name)
        var version = RecordVersion(session: session, counter: 1)
        if let held = records[key]?.record.version, held >= version || held.session == session { version = held.next }
        let record = AvailabilityRecord(key: key, writerBootID: me.bootID, version: version, availability: availability, ageMs: 0)
        if let error = record.invalidField { throw error }
        var out: [GossipDirective] = []
        guard hold(record, &out) else {
            throw GossipInputError(field: "records", expected: "fewer than \(GossipLimits.recordsMax) records of present writers")
        }
        published[queue] = availability
        schedule(&out, always: false)
        return out
    }

    /// Stops speaking for `queue`: publishes that nobody staffs it here, and renews it no more.
    public mutating func withdraw(queue: String, nowMs: Int64) -> [GossipDirective] {
        advance(to: nowMs)
        var out: [GossipDirective] = []
        guard published[queue] != nil else { return out }
        rewrite(queue, .withdrawn, &out)
        published[queue] = nil
        schedule(&out, always: false)
        return out
    }

    mutating func apply(_ record: AvailabilityRecord, _ out: inout [GossipDirective]) {
        guard record.invalidField == nil, excluded[record.key.writer] == nil else { return }
        if let held = records[record.key] {
            guard record.version > held.record.version || isForeignTwin(record, of: held.record) else { return }
        }
        // A former boot's record, or a copy restored from somewhere: the present word must stand above it.
        if record.key.writer == me.name, let availability = published[record.key.queue] {
            if var held = records[record.key] {
                held.record.version = max(record.version, held.record.version)
                records[record.key] = held
            }
            return rewrite(record.key.queue, availability, &out)
        }
        _ = hold(record, &out)
    }

    /// Of one version of a record of ours, the one that another boot wrote is not ours.
    private func isForeignTwin(_ record: AvailabilityRecord, of held: AvailabilityRecord) -> Bool {
        record.key.writer == me.name && record.version == held.version && record.writerBootID != me.bootID && held.writerBootID == me.bootID
    }

    private mutating func rewrite(_ queue: String, _ availability: Availability, _ out: inout [GossipDirective]) {
        let key = RecordKey(queue: queue, writer: me.name)
        guard let held = records[key] else { return }
        let record = AvailabilityRecord(
            key: key, writerBootID: me.bootID, version: held.record.version.next, availability: availability, ageMs: 0)
        _ = hold(record, &out)
    }

    /// Renewals carry no news but their freshness; see `recordRenewMs`.
    mutating func renewRecords(_ out: inout [GossipDirective]) {
        guard nowMs >= nextRenewMs else { return }
        nextRenewMs = nowMs + configuration.recordRenewMs
        for queue in published.keys.sorted() { if let availability = published[queue] { rewrite(queue, availability, &out) } }
    }

    /// Puts a record that is newer than the held one, or the first, into the table, and passes it on. False when the table is full.
    private mutating func hold(_ record: AvailabilityRecord, _ out: inout [GossipDirective]) -> Bool {
        let known = records[record.key]
        if known == nil {
            guard makeRoomForRecord() else { return false }
            let place = recordKeys.firstIndex { $0 > record.key } ?? recordKeys.count
            recordKeys.insert(record.key, at: place)
        }
        var held = HeldRecord(record: record, receivedMs: nowMs)
        // What changed nothing that is shown is not told: the standing that was told stays.
        if let known, known.record.availability == record.availability { held.toldStanding = known.toldStanding }
        records[record.key] = held
        broadcasts.add(.record(record.key))
        review(record.key, &out)
        return true
    }

    private mutating func makeRoomForRecord() -> Bool {
        guard records.count >= GossipLimits.recordsMax else { return true }
        let gone = recordKeys.compactMap { records[$0] }.filter { standing($0) == .writerGone }.map { $0.aged(at: nowMs) }
        guard let victim = gone.max(by: { ($0.ageMs, $0.key) < ($1.ageMs, $1.key) })?.key else { return false }
        records[victim] = nil
        recordKeys.removeAll { $0 == victim }
        broadcasts.remove(.record(victim))
        return true
    }

    // MARK: Standing

    func standing(_ held: HeldRecord) -> RecordStanding { standing(held, at: nowMs) }

    func standing(_ held: HeldRecord, at nowMs: Int64) -> RecordStanding {
        let record = held.record
        if record.key.writer == me.name {
            guard me.state == .alive else { return .writerGone }
            return record.writerBootID == me.bootID ? .current : .formerBoot
        }
        guard let peer = peers[record.key.writer], peer.isLive else { return .writerGone }
        guard record.writerBootID == peer.member.bootID else { return .formerBoot }
        if let returnedMs = peer.returnedMs, nowMs < returnedMs + configuration.holdDownMs { return .heldDown }
        return held.aged(at: nowMs).ageMs > configuration.recordStaleMs ? .stale : .current
    }

    /// Tells of records whose standing changed by the passing of time: once a second at most.
    mutating func reviewStandings(_ out: inout [GossipDirective], isForced: Bool = false) {
        guard isForced || nowMs >= nextStandingMs else { return }
        nextStandingMs = nowMs + 1_000
        for key in recordKeys { review(key, &out) }
    }

    /// Tells of records whose standing changed with their writer's state.
    mutating func reviewStandings(of writer: String, _ out: inout [GossipDirective]) {
        for key in recordKeys where key.writer == writer { review(key, &out) }
    }

    private mutating func review(_ key: RecordKey, _ out: inout [GossipDirective]) {
        guard let held = records[key] else { return }
        let now = standing(held)
        guard held.toldStanding != now else { return }
        records[key]?.toldStanding = now
        out.append(.recordChanged(held.aged(at: nowMs)))
    }
}

extension RecordVersion {
    /// The least version above this one that a writer takes.
    var next: RecordVersion {
        counter < GossipLimits.versionMax ? .init(session: session, counter: counter + 1) : .init(session: session + 1, counter: 0)
    }
}
