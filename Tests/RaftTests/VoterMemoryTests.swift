import Raft
import Testing

@Suite struct VoterMemoryTests {
    @Test func aVoterThatComesBackWithLessIsNotWelcome() {
        var memory = VoterMemory()
        memory.acknowledged(by: 2, term: 3, index: 10)
        memory.acknowledged(by: 2, term: 3, index: 8)
        #expect(memory.judge(2, lastTerm: 3, lastIndex: 10) == .welcome)
        #expect(memory.judge(2, lastTerm: 4, lastIndex: 5) == .welcome, "a later leader may have shortened its log")
        let remembered = VoterMemory.Position(term: 3, index: 10)
        #expect(
            memory.judge(2, lastTerm: 3, lastIndex: 9) == .hasForgotten(remembered: remembered, claimed: .init(term: 3, index: 9)))
        #expect(
            memory.judge(2, lastTerm: 0, lastIndex: 0) == .hasForgotten(remembered: remembered, claimed: .init(term: 0, index: 0)))
        #expect(memory.judge(7, lastTerm: 0, lastIndex: 0) == .welcome)
        memory.forget(2)
        #expect(memory.judge(2, lastTerm: 0, lastIndex: 0) == .welcome)
    }

    @Test func itSurvivesItsEncodingAndRefusesDamage() {
        var memory = VoterMemory()
        for peer in 1...5 { memory.acknowledged(by: UInt64(peer), term: 7, index: UInt64(peer) << 33) }
        let bytes = memory.encoded()
        #expect(VoterMemory(bytes) == memory)
        for at in bytes.indices {
            var damaged = bytes
            damaged[at] ^= 1
            #expect(VoterMemory(damaged) == nil)
            #expect(VoterMemory(Array(bytes[..<at])) == nil)
        }
    }

    @Test("an accepted append counts with the term of the entry, as far as this member holds it; a rejection and anything else do not")
    func heard() {
        var memory = VoterMemory()
        let terms: [UInt64: UInt64] = [7: 3]
        func hear(_ message: RaftMessage) { memory.heard(message, from: 2) { terms[$0] } }
        hear(.appendEntriesResult(AppendEntriesResult(term: 5, rejected: 4, lastLogIndex: 7)))
        hear(.appendEntriesResult(AppendEntriesResult(term: 5, rejected: 0, lastLogIndex: 9)))
        hear(.timeoutNow(TimeoutNow(term: 5, lastLogIndex: 7, lastLogTerm: 3)))
        #expect(memory.remembered(of: 2) == nil)
        hear(.appendEntriesResult(AppendEntriesResult(term: 5, rejected: 0, lastLogIndex: 7)))
        #expect(memory.remembered(of: 2) == VoterMemory.Position(term: 3, index: 7))
    }
}
