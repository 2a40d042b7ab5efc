import ClientProtocol
import Consortium
import Testing

@testable import Gateway

/// "A node that has been isolated sequences the chats of its own patrons and operators itself, in a branch of its own, until it is reconnected; then the
/// branch is merged: whole, in order, marked as such."
@Suite struct IsolationTests {
    /// A chat that runs at Memorial Library, held by Mia.
    struct Scene {
        let net: Net
        let mia: TestDesk
        let patron: TestPatron

        init() throws {
            net = try Net()
            mia = try TestDesk(net, "mia", at: net.memorial, available: ["memorial"])
            patron = try TestPatron(net, at: net.memorial, queue: "memorial")
            try patron.say("question")
            net.pass(ms: 500, [patron], [mia])
            mia.claim(patron.chat)
            net.pass(ms: 500, [patron], [mia])
            try #require(mia.holds(patron.chat))
            try mia.say(patron.chat, "answer")
            net.pass(ms: 500, [patron], [mia])
            try #require(patron.texts == ["question", "answer"])
        }

        func cutOff() throws {
            net.memorial.cut(net.now)
            pass(5_000)
            try #require(net.memorial.gateway.isAnswering)
        }

        func connect() {
            net.memorial.connect(net.now)
            pass(5_000)
        }

        func pass(_ ms: UInt64) { net.pass(ms: ms, [patron], [mia]) }
    }

    @Test func aChatGoesOnWhileCutOffAndIsMergedWholeAndInOrder() throws {
        let scene = try Scene()
        let (net, mia, patron) = (scene.net, scene.mia, scene.patron)
        try scene.cutOff()
        #expect(patron.service.last == .answering)
        for round in 1...40 {
            try patron.say("p\(round)")
            scene.pass(200)
            try mia.say(patron.chat, "m\(round)")
            scene.pass(200)
        }
        let said = (1...40).flatMap { ["p\($0)", "m\($0)"] }
        #expect(patron.heldTexts == said, "both see it at once, as held")
        #expect(patron.texts == ["question", "answer"])
        #expect(patron.copy.outbox.entries.count == 40, "what is held stays with its sender")
        #expect(patron.copy.outbox.entries.map(\.isHeld) == Array(repeating: true, count: 40))
        #expect(net.texts(patron.chat) == ["question", "answer"])

        scene.connect()
        #expect(net.texts(patron.chat) == ["question", "answer"] + said)
        #expect(patron.texts == net.texts(patron.chat))
        #expect(mia.texts(patron.chat) == net.texts(patron.chat))
        #expect(patron.copy.outbox.entries.isEmpty)
        #expect(patron.copy.held.isEmpty)
        #expect(patron.service.last == .ok)
        #expect(net.holder(patron.chat) == mia.name)
        #expect(mia.holds(patron.chat))
        let merged = net.consortium.core.state.messages(of: patron.chat, after: .zero).filter(\.branch)
        #expect(merged.count == 80, "marked as such")
        #expect(net.memorial.branchesMerged == 1)

        // And it goes on as before.
        try patron.say("after")
        try mia.say(patron.chat, "as well")
        scene.pass(500)
        #expect(Set(net.texts(patron.chat).suffix(2)) == ["after", "as well"])
        #expect(patron.copy.outbox.entries.isEmpty)
        #expect(mia.refusals.isEmpty)
        #expect(patron.refusals.isEmpty)
    }

    /// Rule 18: the cluster was restored from a backup while the node was cut off.
    @Test func theBranchOfAFormerClusterBringsItsTextAlone() throws {
        let scene = try Scene()
        let (net, mia, patron) = (scene.net, scene.mia, scene.patron)
        let backup = net.consortium.core.state
        try patron.say("safe, after the backup")
        scene.pass(500)
        try scene.cutOff()
        try patron.say("held by the node")
        try mia.say(patron.chat, "held as well")
        scene.pass(500)
        let branch = try #require(net.memorial.branch?.core.state)
        let plan = branch.branchPlan(node: net.memorial.name, ofFormerCluster: true)
        #expect(plan.sessions.isEmpty)
        #expect(plan.parts.allSatisfy { $0.released == nil && $0.outcome == .goesOn(holder: nil) })

        var restored = backup
        restored.beginAnew()
        let cluster = Sequencing(restored, node: net.memorial.name, now: net.now)
        let texts = ["question", "answer", "safe, after the backup", "held by the node", "held as well"]
        for round in 1...2 {
            for merge in plan.parts.flatMap(\.merges) { cluster.command(.mergeBranch(merge), net.now) }
            let messages = cluster.core.state.messages(of: patron.chat, after: .zero)
            let said = messages.compactMap { if case .text(let text, _, _) = $0.body { text } else { nil } }
            #expect(said == texts, "round \(round)")
            #expect(messages.filter(\.branch).count == 3)
        }
        // Nobody holds it: Mia signs on anew, and claims it.
        guard case .held? = cluster.core.state.meta(of: patron.chat)?.phase else { return }
        Issue.record("a former holder holds the chat")
    }

    @Test func whatWasOnItsWayWhenTheLinkWentComesOnce() throws {
        let scene = try Scene()
        let (net, patron) = (scene.net, scene.patron)
        // The consortium takes it, and its word of that is lost.
        net.memorial.outcomesToLose = 1
        try patron.say("taken, unheard")
        net.memorial.turn(net.now)
        net.consortium.turn(net.now)
        try scene.cutOff()
        net.memorial.outcomesToLose = 0
        try patron.say("held")
        scene.pass(500)
        scene.connect()
        #expect(net.texts(patron.chat) == ["question", "answer", "taken, unheard", "held"])
        #expect(patron.texts == net.texts(patron.chat))
        #expect(patron.copy.outbox.entries.isEmpty)
    }

    @Test func aChatThatBeginsWhileCutOffIsAnsweredThereAndKnownAfterwards() throws {
        let scene = try Scene()
        let (net, mia) = (scene.net, scene.mia)
        try scene.cutOff()
        let second = try TestPatron(net, at: net.memorial, queue: "memorial")
        try second.say("anybody there?")
        net.pass(ms: 500, [second], [mia])
        mia.claim(second.chat)
        net.pass(ms: 500, [second], [mia])
        #expect(mia.holds(second.chat))
        try mia.say(second.chat, "yes, here")
        net.pass(ms: 500, [second], [mia])
        #expect(second.heldTexts == ["anybody there?", "yes, here"])
        scene.connect()
        net.pass(ms: 500, [second], [mia])
        #expect(net.texts(second.chat) == ["anybody there?", "yes, here"])
        #expect(second.texts == net.texts(second.chat))
        #expect(net.holder(second.chat) == mia.name)
        #expect(second.copy.outbox.entries.isEmpty)
        #expect(!second.isFenced)
    }

    /// - Parameter reconnects: whether the desk's connection breaks between the end of the chat and the merge.
    @Test(arguments: [false, true]) func aChatThatBeganAndEndedWhileCutOffIsOverAfterwards(reconnects: Bool) throws {
        let scene = try Scene()
        let (net, mia) = (scene.net, scene.mia)
        try scene.cutOff()
        let second = try TestPatron(net, at: net.memorial, queue: "memorial")
        try second.say("quick one")
        net.pass(ms: 500, [second], [mia])
        mia.claim(second.chat)
        net.pass(ms: 500, [second], [mia])
        try mia.say(second.chat, "done")
        try mia.close(second.chat)
        net.pass(ms: 500, [second], [mia])
        if reconnects { mia.reconnect() }
        net.pass(ms: 500, [second], [mia])
        scene.connect()
        #expect(net.texts(second.chat) == ["quick one", "done"])
        #expect(net.consortium.core.state.meta(of: second.chat)?.phase == .closed(.byOperator))
        let copy = try #require(mia.copies[second.chat])
        #expect(copy.outbox.entries.isEmpty, "whoever left the chat in the branch is told as well that what was held is safe")
        #expect(copy.held.isEmpty)
        #expect(copy.state?.isHeld == false)
    }

    /// "A claim, close or transfer that lost against the coordinator's side is refused with a reason; text never is."
    @Test func aHoldingThatLostAgainstTheConsortiumGoesAndItsTextStays() throws {
        let scene = try Scene()
        let (net, mia, patron) = (scene.net, scene.mia, scene.patron)
        let stan = try TestDesk(net, "stan", at: net.steenbock, available: ["steenbock", "general"])
        try scene.cutOff()
        try mia.say(patron.chat, "I am still here")
        scene.pass(500)
        // Mia's lease runs out at the consortium, and Stan takes the chat from the general queue.
        net.consortium.command(.signOff(mia.session), net.now)
        net.pass(ms: 500, [patron], [mia, stan])
        stan.claim(patron.chat)
        net.pass(ms: 500, [patron], [mia, stan])
        #expect(stan.holds(patron.chat))
        try stan.say(patron.chat, "Stan speaking")
        net.pass(ms: 500, [patron], [mia, stan])
        scene.connect()
        stan.read()
        #expect(net.texts(patron.chat) == ["question", "answer", "Stan speaking", "I am still here"])
        #expect(patron.texts == net.texts(patron.chat))
        #expect(stan.texts(patron.chat).suffix(2) == ["Stan speaking", "I am still here"])
        #expect(net.holder(patron.chat) == stan.name)
        #expect(!mia.holds(patron.chat), "she is shown who holds it now")
        guard case .held(let held)? = mia.copies[patron.chat]?.state?.phase else {
            Issue.record("Mia was not shown where the chat went")
            return
        }
        #expect(held.by.name == stan.name)
        #expect(mia.copies[patron.chat]?.outbox.entries.isEmpty == true, "and that her text is safe")
    }

    /// Her lease ran out, and nobody took the chat: she goes on with it.
    @Test func whoeverHeldTheChatGoesOnWhenNobodyTookIt() throws {
        let scene = try Scene()
        let (net, mia, patron) = (scene.net, scene.mia, scene.patron)
        _ = try TestDesk(net, "stan", at: net.steenbock, available: ["general"])
        try scene.cutOff()
        try mia.say(patron.chat, "one moment")
        net.consortium.command(.signOff(mia.session), net.now)
        scene.pass(500)
        #expect(net.holder(patron.chat) == nil)
        scene.connect()
        #expect(net.holder(patron.chat) == mia.name)
        #expect(net.memorial.renewed[mia.session] != nil)
        try mia.say(patron.chat, "here it is")
        scene.pass(500)
        #expect(patron.texts == ["question", "answer", "one moment", "here it is"])
        #expect(mia.refusals.isEmpty)
    }

    /// Found by seed 81 of the cluster's simulator: a desk's old token stood for what a colleague held after the merge.
    @Test func aColleagueWhoTookOverInTheBranchIsNotSpokenFor() throws {
        let scene = try Scene()
        let (net, mia, patron) = (scene.net, scene.mia, scene.patron)
        let max = try TestDesk(net, "max", at: net.memorial, available: ["memorial"])
        let token = try #require(mia.tokens[patron.chat])
        try scene.cutOff()
        let held = try #require(mia.tokens[patron.chat])
        mia.tell(.release(net.new(RequestID.self), patron.chat, token: held))
        net.pass(ms: 500, [patron], [mia, max])
        max.claim(patron.chat)
        net.pass(ms: 500, [patron], [mia, max])
        try #require(max.holds(patron.chat))
        scene.connect()
        max.read()
        #expect(net.holder(patron.chat) == max.name)
        for (sequence, token) in [(UInt64(2), token), (3, held)] {
            let sender = try #require(mia.copies[patron.chat]?.sender)
            mia.tell(.say(.init(chat: patron.chat, sender: sender, sequence: sequence, text: "late", token: token)))
            mia.tell(.close(net.new(RequestID.self), patron.chat, token: token))
        }
        scene.pass(500)
        #expect(net.holder(patron.chat) == max.name)
        #expect(mia.refusals.suffix(2) == [.notHolder, .notHolder])
        let authors = net.consortium.core.state.messages(of: patron.chat, after: .zero).compactMap { message in
            if case .text("late", _, _) = message.body { message.author } else { nil }
        }
        #expect(!authors.contains { if case .staff(max.name, _, _) = $0 { true } else { false } })
    }

    /// Found by seed 6104: the branch refused for good what the coordinators had taken before, and its number was given to other words.
    @Test func aMessageForAChatThatTheBranchHasNotWaitsForTheCoordinators() throws {
        let net = try Net()
        let mia = try TestDesk(net, "mia", at: net.memorial, available: ["memorial"])
        let patron = try TestPatron(net, at: net.steenbock, queue: "memorial")
        try patron.say("question")
        net.pass(ms: 500, [patron], [mia])
        mia.claim(patron.chat)
        net.pass(ms: 500, [patron], [mia])
        let token = try #require(mia.tokens[patron.chat])
        mia.tell(.release(net.new(RequestID.self), patron.chat, token: token))
        // Nobody here needs the chat any more.
        net.pass(ms: GatewayLimits.unneededMs + 2_000, [patron], [mia])
        net.memorial.cut(net.now)
        net.pass(ms: 5_000, [patron], [mia])
        try #require(net.memorial.gateway.isAnswering)
        let sender = try #require(mia.copies[patron.chat]?.sender)
        let say = ClientMessage.say(.init(chat: patron.chat, sender: sender, sequence: 1, text: "late", token: token))
        mia.tell(say)
        net.pass(ms: 500, [patron], [mia])
        #expect(mia.refusals == [.busy])
        net.memorial.connect(net.now)
        net.pass(ms: 5_000, [patron], [mia])
        mia.tell(say)
        net.pass(ms: 500, [patron], [mia])
        #expect(net.texts(patron.chat) == ["question", "late"])
        #expect(mia.refusals == [.busy])
    }

    /// Found by a chaos run: the patron of a chat that only an operator here takes part in was turned away for good.
    @Test func aNodeThatIsCutOffSendsPatronsOfOtherNodesOn() throws {
        let net = try Net()
        let mia = try TestDesk(net, "mia", at: net.memorial, available: ["memorial"])
        let (held, other) = (
            try TestPatron(net, at: net.steenbock, queue: "memorial"), try TestPatron(net, at: net.steenbock, queue: "memorial")
        )
        net.pass(ms: 500, [held, other], [mia])
        mia.claim(held.chat)
        net.pass(ms: 500, [held, other], [mia])
        try #require(mia.holds(held.chat))
        net.memorial.cut(net.now)
        net.pass(ms: 5_000, [held, other], [mia])
        try #require(net.memorial.gateway.isAnswering)
        for patron in [held, other] {
            patron.move(to: net.memorial, newTab: false)
            net.pass(ms: 500, [patron], [mia])
            #expect(patron.refusals.isEmpty)
            let bye = net.memorial.goodbyes[patron.client]
            #expect(bye?.code == .apart)
            #expect(bye?.retryMs != nil)
            patron.move(to: net.steenbock, newTab: false)
            net.pass(ms: 500, [patron], [mia])
            #expect(patron.refusals.isEmpty)
        }
    }

    /// Rule 19: one active session in the whole cluster.
    @Test func whoeverSignedOnElsewhereMeanwhileStaysThere() throws {
        let scene = try Scene()
        let (net, mia) = (scene.net, scene.mia)
        try scene.cutOff()
        let there = try TestDesk(net, "mia", at: net.steenbock, available: ["memorial"])
        scene.connect()
        there.read()
        #expect(net.memorial.ended.contains(mia.client))
        #expect(there.holds(scene.patron.chat), "her chat went with her")
    }

    /// A patron who cannot reach the node goes on elsewhere; the newest attach fences the older page.
    @Test func aPatronWhoMovedOnIsNotPulledBack() throws {
        let scene = try Scene()
        let (net, patron) = (scene.net, scene.patron)
        try scene.cutOff()
        try patron.say("held at memorial")
        scene.pass(500)
        #expect(patron.heldTexts == ["held at memorial"])
        patron.move(to: net.steenbock, newTab: true)
        scene.pass(500)
        #expect(patron.texts == ["question", "answer", "held at memorial"], "offered again, and safe there")
        #expect(patron.copy.outbox.entries.isEmpty)
        try patron.say("from steenbock")
        scene.pass(500)
        scene.connect()
        #expect(net.texts(patron.chat) == ["question", "answer", "held at memorial", "from steenbock"])
        #expect(patron.texts == net.texts(patron.chat))
        #expect(!patron.isFenced)
        #expect(net.consortium.core.state.meta(of: patron.chat)?.attach == patron.attach)
    }

    /// "A flapping link does not make branches by the dozen."
    @Test func aFlappingLinkMakesFewBranches() throws {
        let scene = try Scene()
        for _ in 1...20 {
            scene.net.memorial.cut(scene.net.now)
            scene.pass(4_000)
            scene.net.memorial.connect(scene.net.now)
            scene.pass(4_000)
        }
        #expect(scene.net.memorial.branchesBegun <= 2)
        scene.pass(5_000)
        #expect(!scene.net.memorial.gateway.isAnswering)
        try scene.patron.say("still fine")
        scene.pass(500)
        #expect(scene.patron.texts.last == "still fine")
    }

    @Test func aLinkThatGoesAgainDuringTheMergeLosesAndDoublesNothing() throws {
        let scene = try Scene()
        let (net, mia, patron) = (scene.net, scene.mia, scene.patron)
        try scene.cutOff()
        for round in 1...100 {
            try patron.say("p\(round)")
            scene.pass(100)
        }
        // Every outcome of the merge is lost, until the node counts as isolated once more.
        net.memorial.outcomesToLose = .max
        net.memorial.connect(net.now)
        scene.pass(3_000)
        #expect(net.memorial.gateway.isAnswering)
        net.memorial.cut(net.now)
        scene.pass(12_000)
        try mia.say(patron.chat, "between the two")
        scene.pass(500)
        net.memorial.outcomesToLose = 0
        scene.connect()
        let said = (1...100).map { "p\($0)" }
        #expect(net.texts(patron.chat) == ["question", "answer"] + said + ["between the two"])
        #expect(patron.texts == net.texts(patron.chat))
        #expect(patron.copy.outbox.entries.isEmpty)
        #expect(net.memorial.branchesMerged == 1)
    }

    /// The link is up and the leader is gone: what the coordinator still tells then must not get into a branch whose base lacks it.
    @Test func whatComesLateWhileTheBranchIsLaidOutIsNotMixedIn() throws {
        let scene = try Scene()
        let (net, patron) = (scene.net, scene.patron)
        let node = net.memorial
        node.diskIsSlow = true
        node.perform(node.gateway.onServiceState(hasLeader: false, now: net.now), net.now)
        scene.pass(5_000)
        try #require(node.branchesBegun == 1)
        try patron.say("committed late")
        let say = Command.say(
            Say(chat: patron.chat, speaker: .patron(patron.attach), sender: patron.copy.sender, sequence: 2, text: "committed late"))
        net.consortium.command(say, net.now)
        scene.pass(500)
        node.layOut(net.now)
        try patron.say("held")
        scene.pass(500)
        #expect(patron.heldTexts == ["committed late", "held"])
        node.perform(node.gateway.onServiceState(hasLeader: true, now: net.now), net.now)
        scene.pass(5_000)
        #expect(net.texts(patron.chat) == ["question", "answer", "committed late", "held"])
        #expect(patron.texts == net.texts(patron.chat))
        #expect(patron.copy.outbox.entries.isEmpty)
    }

    /// Found by a chaos run: patrons were told that there was no such queue.
    @Test func aNodeThatKnowsNoQueueBeginsNoBranch() throws {
        let consortium = Sequencing(ConsortiumState(), node: try #require(NodeName("c1")), now: 1_000)
        let node = try TestNode("memorial", consortium, link: 1)
        var now: UInt64 = 1_000
        func pass(_ ms: UInt64) {
            let end = now + ms
            while now < end {
                now += 50
                consortium.turn(now)
                node.turn(now)
            }
        }
        node.connect(now)
        // A coordinator that has applied nothing yet shows a board without anything.
        let empty = ConsortiumState().board()
        node.perform(node.gateway.onBoard(empty, holdings: [:], now: now), now)
        pass(500)
        node.cut(now)
        pass(10_000)
        #expect(node.branchesBegun == 0)
        #expect(!node.gateway.isAnswering)
    }

    @Test func aDiskThatTakesNoBranchLeavesPeopleWaitingAndSaysSo() throws {
        let scene = try Scene()
        scene.net.memorial.diskIsFull = true
        scene.net.memorial.cut(scene.net.now)
        scene.pass(5_000)
        #expect(scene.patron.service.last == .waiting)
        try scene.patron.say("waits")
        scene.pass(1_000)
        #expect(scene.patron.heldTexts.isEmpty)
        #expect(scene.patron.copy.outbox.entries.count == 1)
        scene.connect()
        #expect(scene.patron.texts == ["question", "answer", "waits"])
        #expect(scene.patron.service.last == .ok)
    }

    @Test func aQuestionLeftAsAMessageWhileCutOffIsKeptAfterwards() throws {
        let scene = try Scene()
        let net = scene.net
        try scene.cutOff()
        // Nobody of Memorial Library staffs Steenbock's queue.
        let patron = try TestPatron(net, at: net.memorial, queue: "steenbock")
        try patron.say("when do you open?")
        net.pass(ms: 500, [patron])
        patron.tell(.keep(net.new(RequestID.self), patron.chat, code: "K7QM-3XRT-9WZB", contact: "me@example.org"))
        net.pass(ms: 500, [patron])
        #expect(patron.copy.state?.phase == .kept)
        scene.connect()
        net.pass(ms: 500, [patron])
        #expect(net.consortium.core.state.meta(of: patron.chat)?.phase == .kept)
        #expect(net.texts(patron.chat) == ["when do you open?"])
        #expect(patron.copy.outbox.entries.isEmpty)
    }
}
