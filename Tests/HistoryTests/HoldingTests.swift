import Consortium
import History
import Testing

/// Claims and transfers as operators saw them, against the model of one holder at a time.
@Suite("The judgement of claims and transfers")
struct HoldingTests {
    typealias Act = HoldingModel.Act
    let chat = ChatID(high: 1, low: 1)

    func token(_ index: UInt64) -> LogPosition { LogPosition(index: index, ordinal: 0) }
    func op(_ act: Act, _ invokedMs: UInt64, _ completedMs: UInt64?) -> Operation<Act> {
        Operation(act, invokedMs: invokedMs, completedMs: completedMs)
    }
    func judge(_ operations: [Operation<Act>]) -> Judgement {
        var history = History()
        for operation in operations { history.note(operation, of: chat) }
        return history.judge()
    }

    @Test("a chat that is claimed, transferred, picked up and closed holds")
    func transfer() {
        let story = [
            op(.claim(by: "mia", token: token(5)), 0, 10), op(.claimRefused(by: "tom"), 5, 20),
            op(.offer(token: token(5), offer: token(9)), 30, 40),
            op(.pickUp(by: "tom", offer: token(9), token: token(12)), 50, 60), op(.actRefused(token: token(5)), 55, 70),
            op(.close(token: token(12)), 80, 90), op(.close(token: token(12)), 80, 95),
        ]
        #expect(judge(story).held)
    }

    @Test("two who were both given a chat that nobody gave back are noticed, at the same time and one after the other")
    func doubleClaim() {
        #expect(judge([op(.claim(by: "mia", token: token(5)), 0, 10), op(.claim(by: "tom", token: token(6)), 5, 9)]).count(.disputed) == 1)
        #expect(
            judge([op(.claim(by: "mia", token: token(5)), 0, 10), op(.claim(by: "tom", token: token(6)), 20, 30)]).count(.disputed) == 1)
        let between = op(.release(token: token(5)), 12, 15)
        #expect(judge([op(.claim(by: "mia", token: token(5)), 0, 10), between, op(.claim(by: "tom", token: token(6)), 20, 30)]).held)
    }

    @Test("a release that got no answer may have happened, and one that was refused did not")
    func unknown() {
        let claims = [op(.claim(by: "mia", token: token(5)), 0, 10), op(.claim(by: "tom", token: token(6)), 20, 30)]
        #expect(judge(claims + [op(.release(token: token(5)), 11, nil)]).held)
        #expect(judge(claims + [op(.release(token: token(5)), 31, nil)]).count(.disputed) == 1)
        #expect(judge(claims + [op(.lose(token: token(5)), 10, nil)]).held)
    }

    @Test("whoever never heard that they hold a chat does not hear that they lost it")
    func unheard() {
        let unheard = [op(.claim(by: "mia", token: nil), 0, nil), op(.claimRefused(by: "tom"), 5, 10)]
        #expect(judge(unheard + [op(.claim(by: "tom", token: token(9)), 20, 30)]).held)
        #expect(
            judge(unheard + [op(.claim(by: "tom", token: token(9)), 20, 30), op(.claim(by: "max", token: token(11)), 40, 50)]).count(
                .disputed) == 1)
    }

    @Test("a claim is not refused for a holder who comes only later")
    func refusedTooEarly() {
        #expect(judge([op(.claimRefused(by: "tom"), 0, 5), op(.claim(by: "mia", token: token(5)), 10, 20)]).count(.disputed) == 1)
        #expect(judge([op(.claimRefused(by: "tom"), 0, 5), op(.claim(by: "mia", token: nil), 4, nil)]).held)
    }

    @Test("a former holder's close is not accepted, and tokens go up")
    func staleToken() {
        let handedOver = [
            op(.claim(by: "mia", token: token(5)), 0, 10), op(.offer(token: token(5), offer: token(7)), 11, 12),
            op(.pickUp(by: "tom", offer: token(7), token: token(8)), 13, 14),
        ]
        #expect(
            judge(handedOver + [op(.actRefused(token: token(5)), 20, 21), op(.actRefused(token: token(8)), 22, 23)]).count(.disputed) == 1)
        #expect(
            judge([
                op(.claim(by: "mia", token: token(5)), 0, 1), op(.release(token: token(5)), 2, 3),
                op(.claim(by: "tom", token: token(4)), 4, 5),
            ])
            .count(.disputed) == 1)
    }

    @Test("a long story of many who claim and give back is decided")
    func long() {
        var story: [Operation<Act>] = []
        for turn in 0..<40 as Range<UInt64> {
            story.append(op(.claim(by: "p\(turn % 3)", token: token(turn * 2 + 1)), turn * 10, turn * 10 + 4))
            story.append(op(.release(token: token(turn * 2 + 1)), turn * 10 + 5, turn * 10 + 9))
            story.append(op(.claimRefused(by: "x"), turn * 10 + 1, turn * 10 + 8))
        }
        #expect(judge(story).held)
    }
}
