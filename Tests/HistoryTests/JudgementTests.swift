import Consortium
import History
import Testing

@Suite("The judgement of a run")
struct JudgementTests {
    let chat = ChatID(high: 1, low: 1)
    let sender = SenderID(high: 2, low: 2)

    func key(_ sequence: UInt64) -> History.Key { .init(chat: chat, sender: sender, sequence: sequence) }
    func line(_ sequence: UInt64, _ n: UInt32, _ text: String? = nil) -> History.Line {
        .init(key: key(sequence), at: Position(epoch: 1, n: n), text: text ?? "text \(sequence)")
    }

    /// Three messages, acknowledged at 1, 2 and 3.
    func history(_ readers: [(complete: Bool, lines: [History.Line])]) -> History {
        var history = History()
        for sequence in 1...3 as ClosedRange<UInt64> {
            history.say(key(sequence), "text \(sequence)")
            history.acknowledge(key(sequence), at: Position(epoch: 1, n: UInt32(sequence)))
        }
        for (number, reader) in readers.enumerated() {
            var transcript = History.Transcript(reader: "reader \(number)", chat: chat, isComplete: reader.complete)
            for line in reader.lines { transcript.receive(line) }
            history.transcripts.append(transcript)
        }
        return history
    }

    @Test("a run in which everybody has everything in order holds, repeats of the same lines included")
    func holds() {
        let all = [line(1, 1), line(2, 2), line(3, 3)]
        let judgement = history([(true, all), (true, all + all), (false, Array(all.prefix(2)))]).judge()
        #expect(judgement.held)
        #expect(judgement.chats == 1)
        #expect(judgement.acknowledged == 3)
    }

    @Test("what was acknowledged and is missing at the end is lost, but not for somebody who left before")
    func lost() {
        let beginning = [line(1, 1), line(2, 2)]
        #expect(history([(true, beginning)]).judge().count(.lost) == 1)
        #expect(history([(false, beginning)]).judge().held)
        #expect(history([(false, [line(1, 1), line(3, 3)])]).judge().count(.lost) == 1)
    }

    @Test("the same number at two positions is doubled")
    func doubled() {
        let judgement = history([(true, [line(1, 1), line(2, 2), line(3, 3), line(2, 4)])]).judge()
        #expect(judgement.count(.doubled) == 1)
        #expect(judgement.faults.count == 1)
        var twice = history([])
        twice.acknowledge(key(2), at: Position(epoch: 2, n: 9))
        #expect(twice.judge().count(.doubled) == 1)
    }

    @Test("a line that comes after a later one is reordered")
    func reordered() {
        #expect(history([(true, [line(2, 2), line(1, 1), line(3, 3)])]).judge().count(.reordered) == 1)
    }

    @Test("a text that nobody said like this is altered")
    func altered() {
        #expect(history([(true, [line(1, 1), line(2, 2, "else"), line(3, 3)])]).judge().count(.altered) == 1)
    }

    @Test("two messages at one position are noticed between readers and against the acknowledgement")
    func displaced() {
        #expect(history([(false, [line(1, 1), line(3, 2)])]).judge().count(.displaced) >= 1)
    }

    @Test("what is shown to somebody who neither opened the chat nor was given it is misdelivered, and so is another chat's line")
    func misdelivered() {
        var entitled = history([(true, [line(1, 1), line(2, 2), line(3, 3)])])
        entitled.entitle("reader 0", to: chat)
        #expect(entitled.judge().held)
        var stranger = history([(false, [line(1, 1)])])
        stranger.entitle("somebody else", to: chat)
        #expect(stranger.judge().count(.misdelivered) == 1)
        let other = History.Line(
            key: .init(chat: ChatID(high: 9, low: 9), sender: sender, sequence: 1), at: Position(epoch: 1, n: 1), text: "text 1")
        #expect(history([(false, [other])]).judge().count(.misdelivered) == 1)
    }

    @Test("a look at a chat shows what was acknowledged before; what is acknowledged meanwhile may be missing")
    func stale() {
        var history = History()
        history.say(key(1), "text 1")
        let before = history.beginRead(of: chat)
        history.acknowledge(key(1), at: Position(epoch: 1, n: 1))
        let after = history.beginRead(of: chat)
        history.read("reader", chat, last: .zero, since: before)
        #expect(history.judge().held)
        history.read("reader", chat, last: .zero, since: after)
        #expect(history.judge().count(.stale) == 1)
    }
}
