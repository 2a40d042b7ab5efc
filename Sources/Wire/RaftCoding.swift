import Raft
import SwiftProtobuf

/// The largest raft message: a full AppendEntries or one piece of a snapshot, with room for the field headers.
let raftMessageBytesMax = RaftLimits.messageBytesMax + RaftLimits.payloadBytesMax + RaftLimits.messageEntriesMax * 32 + 64 * 1024

extension RaftMessage {
    /// The message as it travels, without a frame.
    public func wireBytes() -> [UInt8] {
        var envelope = Callslip_Wire_RaftEnvelope()
        switch self {
        case .requestVote(let m):
            envelope.requestVote = .with {
                ($0.term, $0.candidateID, $0.lastLogIndex, $0.lastLogTerm) = (m.term, m.candidateId, m.lastLogIndex, m.lastLogTerm)
                ($0.disruptLeader, $0.preVote) = (m.disruptLeader, m.preVote)
            }
        case .requestVoteResult(let m):
            envelope.requestVoteResult = .with { ($0.term, $0.voteGranted, $0.preVote) = (m.term, m.voteGranted, m.preVote) }
        case .appendEntries(let m): return m.wireBytes()
        case .appendEntriesResult(let m):
            envelope.appendEntriesResult = .with { ($0.term, $0.rejected, $0.lastLogIndex) = (m.term, m.rejected, m.lastLogIndex) }
        case .installSnapshot(let m):
            return m.wireBytes()
        case .installSnapshotResult(let m):
            envelope.installSnapshotResult = .with {
                ($0.term, $0.lastIncludedIndex, $0.lastIncludedTerm) = (m.term, m.lastIndex, m.lastTerm)
                $0.receivedBytes = m.receivedBytes
            }
        case .timeoutNow(let m):
            envelope.timeoutNow = .with { ($0.term, $0.lastLogIndex, $0.lastLogTerm) = (m.term, m.lastLogIndex, m.lastLogTerm) }
        }
        do {
            return try envelope.serializedBytes()
        } catch {
            // The only failures are missing required fields, which proto3 has not, and messages above 2 GiB; the kinds that reach here
            // have a handful of integers.
            fatalError("a raft message of fixed size cannot be encoded: \(error)")
        }
    }

    /// Checks every limit and rule that can be checked without the replica's state.
    public init(wire: [UInt8]) throws(WireError) {
        guard wire.count <= raftMessageBytesMax else { throw .tooLarge(expectedMax: raftMessageBytesMax, found: wire.count) }
        if let only = BulkReader.only(wire), only.number == AppendEntries.envelopeField {
            self = .appendEntries(try AppendEntries(BulkReader(wire, only.content)))
            guard term > 0 else { throw .invalidField("term", expected: "a term above 0") }
            return
        }
        let envelope: Callslip_Wire_RaftEnvelope
        do { envelope = try Callslip_Wire_RaftEnvelope(serializedBytes: wire) } catch { throw .truncated }
        switch envelope.message {
        case .requestVote(let m):
            guard m.candidateID > 0 else { throw .invalidField("candidate_id", expected: "an id above 0") }
            self = .requestVote(
                RequestVote(
                    term: m.term, candidateId: m.candidateID, lastLogIndex: m.lastLogIndex, lastLogTerm: m.lastLogTerm,
                    disruptLeader: m.disruptLeader, preVote: m.preVote))
        case .requestVoteResult(let m):
            self = .requestVoteResult(RequestVoteResult(term: m.term, voteGranted: m.voteGranted, preVote: m.preVote))
        case .appendEntries: throw .invalidField("append_entries", expected: "nothing beside it in the envelope")
        case .appendEntriesResult(let m):
            self = .appendEntriesResult(AppendEntriesResult(term: m.term, rejected: m.rejected, lastLogIndex: m.lastLogIndex))
        case .installSnapshot(let m): self = .installSnapshot(try InstallSnapshot(m))
        case .installSnapshotResult(let m):
            self = .installSnapshotResult(
                InstallSnapshotResult(
                    term: m.term, lastIndex: m.lastIncludedIndex, lastTerm: m.lastIncludedTerm, receivedBytes: m.receivedBytes))
        case .timeoutNow(let m):
            self = .timeoutNow(TimeoutNow(term: m.term, lastLogIndex: m.lastLogIndex, lastLogTerm: m.lastLogTerm))
        case nil: throw .unknownKind("raft message of a kind that this version does not know")
        }
        guard term > 0 else { throw .invalidField("term", expected: "a term above 0") }
    }
}

extension InstallSnapshot {
    init(_ m: Callslip_Wire_RaftInstallSnapshot) throws(WireError) {
        guard m.totalBytes <= UInt64(RaftLimits.snapshotBytesMax) else {
            throw .tooLarge(expectedMax: RaftLimits.snapshotBytesMax, found: Int(clamping: m.totalBytes))
        }
        guard m.data.count <= RaftLimits.snapshotChunkBytesMax else {
            throw .tooLarge(expectedMax: RaftLimits.snapshotChunkBytesMax, found: m.data.count)
        }
        guard m.offset <= m.totalBytes, UInt64(m.data.count) <= m.totalBytes - m.offset else {
            throw .invalidField("offset", expected: "a piece within total_bytes")
        }
        guard m.lastIncludedIndex > 0, m.lastIncludedTerm > 0, m.lastIncludedTerm <= m.term else {
            throw .invalidField("last_included_term", expected: "an index above 0 and a term from 1 to the message's")
        }
        guard m.configurationIndex > 0, m.configurationIndex <= m.lastIncludedIndex else {
            throw .invalidField("configuration_index", expected: "1 to last_included_index")
        }
        let members: [RaftMember]
        do { members = try MembershipCodec.decode([UInt8](m.configuration)) } catch {
            throw .invalidField("configuration", expected: "\(error)")
        }
        self.init(
            term: m.term,
            snapshot: SnapshotMeta(
                index: m.lastIncludedIndex, term: m.lastIncludedTerm, members: members, membersIndex: m.configurationIndex),
            totalBytes: m.totalBytes, totalChecksum: m.totalChecksum, offset: m.offset, data: [UInt8](m.data))
    }
}
