/// `callslip demo --check`: the whole story of the service with real clients and no person, and a judgement at the end.
///
/// Chats at home and by referral, transfers that are picked up, that nobody picks up and whose target dies, the leader
/// killed in the middle of chats, a patron's node killed; then everybody's copies are compared with what was acknowledged.

import Consortium
import EventLoop
import History

@ClusterActor
final class Story {
    private let cluster: LocalCluster
    private let recorder = Recorder()
    private var conversations: [Conversation] = []
    private var desks: [DeskSession] = []
    private var killed: [String] = []

    init(_ cluster: LocalCluster) { self.cluster = cluster }

    /// The consortium's file with settings that make the story short.
    static func withShortTimes(_ yaml: String) -> String {
        var kept: [Substring] = []
        var isInSettings = false
        for line in yaml.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("settings:") { isInSettings = true } else if !line.hasPrefix(" "), !line.isEmpty { isInSettings = false }
            if !isInSettings { kept.append(line) }
        }
        let settings = """
            settings:
              pickUpSeconds: 3
              patronGoneSeconds: 5
              operatorLeaseSeconds: 8
              patronDeadlineSeconds: 60
              chatsPerOperator: 4

            """
        return settings + kept.joined(separator: "\n")
    }

    /// - Returns: whether everything held.
    func tell() async throws -> Bool {
        let memorial = try queue("memorial")
        let college = try queue("college")
        let general = try queue("general")
        let steenbock = try queue("steenbock")
        let mia = try await desk("mia.memorial", "reading-room-1", at: "memorial")
        let stan = try await desk("stan.steenbock", "green-fields-1", at: "steenbock")
        try await mia.setAvailable(memorial)
        try await stan.setAvailable(general)

        let home = patron("patron 1", at: ["memorial"], memorial)
        try await step("a chat is answered at home") {
            home.begin()
            try await home.claimed(by: mia)
            try await home.flows(5)
        }
        let referred = patron("patron 2", at: ["steenbock"], college)
        try await step("a chat of an unstaffed library is answered at another one") {
            referred.begin()
            try await referred.claimed(by: stan)
            try await referred.flows(5)
        }
        try await step("a transfer is picked up") {
            let offer = try await stan.transfer(referred.chat, to: memorial, consentGiven: true, note: "about the humanities")
            try await referred.pickedUp(by: mia, offer: offer)
            try await referred.flows(5)
        }
        try await step("a transfer that nobody picks up returns to its sender") {
            try await stan.setAvailable(steenbock)
            _ = try await transfer(home, from: mia, to: steenbock)
            try await Wait.until("the transfer to return", withinMs: 20_000) {
                home.patron.copy.has { if case .returned(_, .notPickedUp) = $0 { true } else { false } }
            }
            try await home.flows(5)
        }
        let fallen = patron("patron 3", at: ["memorial"], memorial)
        try await step("a transfer whose target dies and whose sender has left falls back") {
            let max = try await desk("max.memorial", "reading-room-2", at: "memorial")
            let cora = try await desk("cora.college", "open-all-night-1", at: "college")
            try await max.setAvailable(memorial)
            try await mia.setAvailable(memorial, false)
            try await cora.setAvailable(college)
            fallen.begin()
            try await fallen.claimed(by: max)
            try await fallen.flows(5)
            _ = try await transfer(fallen, from: max, to: college)
            try await kill("college")
            fallen.abandoned()
            try await max.signOut()
            cora.close()
            try await fallen.claimed(by: stan)
            try await fallen.flows(5)
            try await restart("college")
        }
        let moving = patron("patron 4", at: ["college"], college)
        try await step("the leader is killed in the middle of four chats") {
            moving.begin()
            try await moving.claimed(by: stan)
            try await allFlow(5)
            guard let leader = await cluster.leader() else { throw LocalClusterError("nobody leads") }
            try await kill(leader)
            try await Wait.until("another leader than \(leader)", withinMs: 30_000) { [cluster] in
                let now = await cluster.leader()
                return now != nil && now != leader
            }
            try await allFlow(10)
        }
        try await step("the node of a patron is killed, and the patron goes on at another one") {
            guard moving.patron.node?.text == "college" else { throw LocalClusterError("patron 4 is not served by college") }
            try await kill("college")
            try await Wait.until("patron 4 to be served by another node", withinMs: 20_000) {
                moving.patron.isAttached && moving.patron.node?.text != "college"
            }
            try await allFlow(10)
        }
        try await step("what was killed starts again") {
            for name in killed { try await restart(name) }
            try await allFlow(5)
        }
        return try await judge()
    }

    func end() {
        for conversation in conversations {
            conversation.stop()
            conversation.patron.close()
        }
        for desk in desks { desk.close() }
    }

    // MARK: Parts

    private func queue(_ name: String) throws -> QueueName {
        guard let queue = QueueName(name) else { throw LocalClusterError("\(name) is no queue's name") }
        return queue
    }

    private func desk(_ account: String, _ password: String, at node: String) async throws -> DeskSession {
        let desk = try await DeskSession.signIn(account, password: password, at: cluster.webURL(node), recorder: recorder)
        desks.append(desk)
        try await Wait.until("\(account)'s desk", withinMs: 20_000) { desk.me != nil && desk.board != nil }
        return desk
    }

    private func patron(_ name: String, at nodes: [String], _ queue: QueueName) -> Conversation {
        let patron = PatronSession(name, nodes: nodes.map(cluster.webURL), queue: queue, referralAgreed: true, recorder: recorder)
        let conversation = Conversation(patron)
        conversations.append(conversation)
        return conversation
    }

    private func transfer(_ conversation: Conversation, from desk: DeskSession, to target: QueueName) async throws -> LogPosition {
        try await Wait.until("\(target) to take transfers", withinMs: 20_000) {
            desk.board?.queues.contains { $0.queue.name == target && $0.takesTransfers } ?? false
        }
        return try await desk.transfer(conversation.chat, to: target, consentGiven: true)
    }

    private func kill(_ name: String) async throws {
        killed.append(name)
        try await cluster.kill(name)
    }

    private func restart(_ name: String) async throws {
        killed.removeAll { $0 == name }
        try cluster.start(name)
        try await Wait.until("\(name) to be ready again", withinMs: 30_000) { [cluster] in
            let response = try? await NodeClient.request(.get, cluster.webURL(name) + "/readyz", timeoutMs: 1_000)
            return response?.status == 200
        }
    }

    private func allFlow(_ more: Int) async throws {
        for conversation in conversations where conversation.holder != nil { try await conversation.flows(more) }
    }

    private func step(_ what: String, _ body: @ClusterActor () async throws -> Void) async throws {
        recorder.beginStep()
        let sinceMs = ClusterActor.loop.nowMs
        do {
            try await body()
        } catch {
            throw LocalClusterError("\(what): \(error)")
        }
        let tookMs = ClusterActor.loop.nowMs - sinceMs
        Terminal.say(
            "\(what): \(tookMs) ms, \(recorder.acknowledgedInStep) messages acknowledged, longest pause \(recorder.longestInStepMs) ms")
    }

    // MARK: The end

    private func judge() async throws -> Bool {
        for conversation in conversations { conversation.stop() }
        try await settle("everything to be safe and shown") { [self] in conversations.allSatisfy(\.isSettled) }
        var transcripts = conversations.flatMap(\.transcripts)
        // Somebody who saw nothing of it reads every chat from the beginning, at another node than the patron's.
        for conversation in conversations {
            let nodes = LocalCluster.libraries.filter { $0 != conversation.patron.node?.text }.map(cluster.webURL)
            let witness = PatronSession("\(conversation.patron.name) elsewhere", takingOver: conversation.patron, nodes: nodes)
            witness.start()
            try await settle("\(witness.name) to have read the chat") {
                witness.copy.transcript.lines.count >= conversation.patron.copy.transcript.lines.count
            }
            transcripts.append(witness.copy.transcript)
            witness.close()
        }
        let judgement = recorder.judge(transcripts)
        for fault in judgement.faults.prefix(20) { Terminal.complain("\(fault)\n") }
        let lost = judgement.count(.lost)
        let doubled = judgement.count(.doubled)
        let others = judgement.faults.count - lost - doubled
        Terminal.say(
            "chats \(judgement.chats), messages acknowledged \(judgement.acknowledged), lost \(lost), doubled \(doubled), "
                + "longest pause \(recorder.longestMs) ms" + (others == 0 ? "" : ", other faults \(others)"))
        return judgement.held && conversations.allSatisfy { $0.patron.copy.outbox.entries.isEmpty }
    }

    /// What is still missing after a while is found by the judgement, which says more than the wait could.
    private func settle(_ what: String, _ condition: @ClusterActor () async -> Bool) async throws {
        do {
            try await Wait.until(what, withinMs: 20_000, condition)
        } catch let error as Wait.TimedOut {
            Terminal.complain("\(error)\n")
        }
    }
}
