import ClientProtocol
import Consortium
import Gossip
import History
import Seeded

/// A patron: a person with a question, before one page or several.
final class Patron {
    enum Outcome: String { case answered, kept, left, gaveUp, forgotten }

    private unowned let cluster: Cluster
    let name: String
    private let queue: QueueName
    private var random: SeededGenerator
    private(set) var pages: [PatronPage] = []
    /// Before which the person sits.
    private var page: PatronPage
    private var answeredOffers: [LogPosition] = []
    private let wanted: Int
    private var saidCount = 0
    private var isDeciding = false
    private(set) var outcome: Outcome?

    private static let pagesMax = 12

    init(_ cluster: Cluster, index: Int, number: Int, nodes: [Machine], queue: QueueName, seed: UInt64) {
        self.cluster = cluster
        self.queue = queue
        random = SeededGenerator(seed: seed)
        name = "patron \(number)"
        wanted = Int.random(in: 1...8, using: &random)
        page = PatronPage(
            cluster, index: index, name: "\(name), page 1", nodes: nodes, queue: queue, chat: ChatID(using: &random),
            secret: ChatSecret(using: &random), isOpened: false, seed: random.next())
        take(page)
    }

    var chat: ChatID { page.chat }
    var phase: ServerMessage.Phase? { page.phase }
    var isHere: Bool { outcome == nil }

    func arrive() {
        page.say("arrives at \(queue) with chat \(chat)")
        speak()
        page.connect()
        think()
    }

    private func take(_ page: PatronPage) {
        self.page = page
        pages.append(page)
        page.onNews = { [unowned self, unowned page] in if self.page === page { look() } }
        page.onForgotten = { [unowned self] in finish(.forgotten) }
        page.onFenced = { [unowned self, unowned page] in fenced(page) }
    }

    private func after(_ ms: UInt64, _ body: @escaping () -> Void) {
        cluster.after(ms, .person, page.index) { [self] in if outcome == nil { body() } }
    }

    // MARK: What the page shows

    /// Answers questions as they come, and ends with the chat.
    private func look() {
        guard let phase else { return }
        let offer: LogPosition
        var isFollowUp = false
        switch phase {
        case .closed(let reason):
            if random.chance(30) {
                let rating = ChatRating.allCases[saidCount % ChatRating.allCases.count]
                page.request(.rate(page.makeID(), chat, rating)) { _ in }
            }
            return finish(reason == .byPatron ? .left : reason == .patronGone ? .gaveUp : .answered)
        case .kept: return finish(.kept)
        case .ask: offer = .zero
        case .held(let held):
            guard let asked = held.offer, asked.asked else { return }
            offer = asked.offer
            isFollowUp = asked.answerInSeconds != nil
        default: return
        }
        guard !answeredOffers.contains(offer), random.chance(85) else { return }
        answeredOffers.append(offer)
        let agreed = random.chance(80)
        let page = page
        after(UInt64.random(in: 100...6_000, using: &random)) { [self] in
            if isFollowUp, agreed { return isDeciding ? () : keep() }
            page.request(.consent(page.makeID(), chat, offer: offer, agreed: agreed)) { _ in }
        }
    }

    /// The page says that the chat goes on elsewhere: the person leaves it at that, or goes on here.
    private func fenced(_ fenced: PatronPage) {
        isDeciding = false
        after(UInt64.random(in: 500...5_000, using: &random)) { [self] in
            guard fenced.isFenced, !fenced.isOver else { return }
            if fenced === page || random.chance(20) {
                page = fenced
                fenced.takeUpAgain()
            } else {
                fenced.end()
            }
        }
    }

    // MARK: The person

    private func speak() {
        saidCount += 1
        page.speak("\(name) says \(saidCount)")
    }

    /// Says a lot at once.
    func chatter(_ count: Int) {
        guard outcome == nil, page.isAttached, !isDeciding else { return }
        switch phase {
        case .waiting, .held: for _ in 0..<count { speak() }
        default: break
        }
    }

    private func think() {
        after(UInt64.random(in: 400...8_000, using: &random)) { [self] in
            act()
            think()
        }
    }

    private func act() {
        guard !isDeciding else { return }
        let isCalm = cluster.isSettling
        if !isCalm {
            if random.chance(4) { return wander() }
            if random.chance(3) { return reload() }
            if random.chance(2) { return duplicate() }
        }
        guard page.isAttached else { return }
        switch phase {
        case .waiting, nil:
            if saidCount < wanted, random.chance(20) { speak() }
            if !isCalm, random.chance(2) { leave() }
        case .held:
            if saidCount < wanted, !isCalm || saidCount == 0, random.chance(60) { speak() }
            if random.chance(10) { page.send(.typing(chat)) }
            if saidCount >= wanted, pages.contains(where: \.wasAnswered), random.chance(15) { leave() }
        case .unattended, .ask:
            if isCalm || random.chance(40) { keep() } else if random.chance(5) { leave() }
        case .kept, .closed: break
        }
    }

    private func leave() { decide(.leave(page.makeID(), chat), .left) }

    private func keep() { decide(.keep(page.makeID(), chat, code: PickUpCode.make(using: &random), contact: ""), .kept) }

    private func decide(_ message: ClientMessage, _ then: Outcome) {
        isDeciding = true
        page.request(message) { [self] answer in
            if case .ok = answer { finish(then) } else { isDeciding = false }
        }
    }

    /// Out of the network's reach for a while.
    private func wander() {
        let page = page
        page.say("is offline")
        page.setOnline(false)
        after(UInt64.random(in: 500...40_000, using: &random)) {
            page.say("is online")
            page.setOnline(true)
        }
    }

    private var nextName: String { "\(name), page \(pages.count + 1)" }

    /// Here or at another node.
    private func someNodes() -> [Machine] { random.chance(50) ? page.nodes.shuffled(using: &random) : page.nodes }

    private func reload() {
        guard pages.count < Self.pagesMax else { return }
        page.say("reloads")
        let old = page
        old.end()
        isDeciding = false
        let fresh = PatronPage(reloading: old, name: nextName, nodes: someNodes(), seed: random.next())
        take(fresh)
        after(UInt64.random(in: 50...2_000, using: &random)) { fresh.connect() }
    }

    /// The tab is duplicated: both are there, and the newer one takes the chat over.
    private func duplicate() {
        guard pages.count < Self.pagesMax, page.isOpened else { return }
        page.say("is duplicated")
        let old = page
        take(PatronPage(beside: old, name: nextName, nodes: someNodes(), seed: random.next()))
        page.connect()
        isDeciding = false
        // Before the old page knows, it may still be written in.
        after(UInt64.random(in: 0...400, using: &random)) { [self] in
            guard !old.isOver, !old.isFenced, random.chance(70) else { return }
            saidCount += 1
            old.speak("\(name) says \(saidCount)")
        }
    }

    private func finish(_ outcome: Outcome) {
        guard self.outcome == nil else { return }
        page.say("ends: \(outcome.rawValue)")
        self.outcome = outcome
        for page in pages { page.end() }
    }

    var transcripts: [History.Transcript] { pages.map(\.copy.transcript.partial) }
}

extension History.Transcript {
    /// Of somebody who may have gone before the end.
    var partial: History.Transcript {
        var transcript = self
        transcript.isComplete = false
        return transcript
    }
}
