import Raft
import SwiftProtobuf
import Testing

@testable import Wire

@Suite struct RaftCodingTests {
    static let members = [RaftMember(id: 1, name: "a"), RaftMember(id: 2, name: "bé", duty: .standby)]
    static let messages: [RaftMessage] = [
        .requestVote(
            RequestVote(term: 3, candidateId: 2, lastLogIndex: 9, lastLogTerm: 2, disruptLeader: true, preVote: false)),
        .requestVoteResult(RequestVoteResult(term: 3, voteGranted: true, preVote: true)),
        .appendEntries(AppendEntries(term: 1, prevLogIndex: 0, prevLogTerm: 0, leaderCommit: 0, entries: [])),
        .appendEntries(
            AppendEntries(
                term: 300, prevLogIndex: 1 << 40, prevLogTerm: 299, leaderCommit: 7,
                entries: [
                    RaftEntry(index: 1 << 40 + 1, term: 299, kind: .command, payload: [UInt8](repeating: 9, count: 300)),
                    RaftEntry(index: 1 << 40 + 2, term: 300, kind: .barrier, payload: []),
                ])),
        .appendEntriesResult(AppendEntriesResult(term: 3, rejected: 5, lastLogIndex: 4)),
        .installSnapshot(
            InstallSnapshot(
                term: 8, snapshot: SnapshotMeta(index: 77, term: 7, members: members, membersIndex: 1), totalBytes: 1000,
                totalChecksum: 0xFFFF_0001, offset: 128, data: [1, 2, 3])),
        .installSnapshotResult(InstallSnapshotResult(term: 8, lastIndex: 77, lastTerm: 7, receivedBytes: 131)),
        .timeoutNow(TimeoutNow(term: 8, lastLogIndex: 77, lastLogTerm: 8)),
    ]

    @Test(arguments: 0..<messages.count) func everyMessageSurvivesTheWire(_ position: Int) throws {
        let message = Self.messages[position]
        #expect(try RaftMessage(wire: message.wireBytes()) == message)
    }

    @Test(arguments: 0..<messages.count) func theHandWrittenEncodingIsTheGeneratedOne(_ position: Int) throws {
        let bytes = Self.messages[position].wireBytes()
        let generated: [UInt8] = try Callslip_Wire_RaftEnvelope(serializedBytes: bytes).serializedBytes()
        #expect(generated == bytes)
    }

    @Test(arguments: 0..<messages.count) func everyTruncationIsRefusedOrAnotherMessageButNeverATrap(_ position: Int) throws {
        let bytes = Self.messages[position].wireBytes()
        for length in 0..<bytes.count { _ = try? RaftMessage(wire: Array(bytes[..<length])) }
        #expect(throws: WireError.truncated) { try RaftMessage(wire: Array(bytes.dropLast())) }
        for at in bytes.indices.prefix(64) {
            for bit in 0..<8 {
                var flipped = bytes
                flipped[at] ^= 1 << UInt8(bit)
                _ = try? RaftMessage(wire: flipped)
            }
        }
    }

    @Test func nothingIsUnknown() {
        #expect(throws: WireError.unknownKind("raft message of a kind that this version does not know")) { try RaftMessage(wire: []) }
    }

    @Test func limitsAreHeld() throws {
        var large = AppendEntries(term: 1, prevLogIndex: 0, prevLogTerm: 0, leaderCommit: 0, entries: [])
        large.entries = [
            RaftEntry(index: 1, term: 1, kind: .command, payload: [UInt8](repeating: 0, count: RaftLimits.payloadBytesMax + 1))
        ]
        #expect(throws: WireError.tooLarge(expectedMax: RaftLimits.payloadBytesMax, found: RaftLimits.payloadBytesMax + 1)) {
            try RaftMessage(wire: RaftMessage.appendEntries(large).wireBytes())
        }
        large.entries = (1...UInt64(RaftLimits.messageEntriesMax + 1)).map { RaftEntry(index: $0, term: 1, kind: .command, payload: []) }
        #expect(throws: WireError.tooLarge(expectedMax: RaftLimits.messageEntriesMax, found: RaftLimits.messageEntriesMax + 1)) {
            try RaftMessage(wire: RaftMessage.appendEntries(large).wireBytes())
        }
        large.entries = []
        large.prevLogTerm = 4
        #expect(throws: WireError.invalidField("prev_log_term", expected: "0 exactly when prev_log_index is 0")) {
            try RaftMessage(wire: RaftMessage.appendEntries(large).wireBytes())
        }
        let piece = InstallSnapshot(
            term: 1, snapshot: SnapshotMeta(index: 1, term: 1, members: Self.members, membersIndex: 1),
            totalBytes: UInt64(RaftLimits.snapshotBytesMax) + 1, totalChecksum: 0, offset: 0, data: [])
        #expect(throws: WireError.tooLarge(expectedMax: RaftLimits.snapshotBytesMax, found: RaftLimits.snapshotBytesMax + 1)) {
            try RaftMessage(wire: RaftMessage.installSnapshot(piece).wireBytes())
        }
        #expect(throws: WireError.invalidField("term", expected: "a term above 0")) {
            try RaftMessage(wire: RaftMessage.timeoutNow(TimeoutNow(term: 0, lastLogIndex: 1, lastLogTerm: 1)).wireBytes())
        }
    }
}
