/// `callslip demo --check`: the whole story of the service with real clients and no person, and a judgement at the end.
///
/// Each chapter is one idea and lies in a file of its own; this one has the cast and what chapters are made of. At the end everybody's
/// copies are compared with what was acknowledged.

import ClientProtocol
import Consortium
import EventLoop
import History

@ClusterActor
final class Story {
    /// The queues and the two people whom most chapters need.
    struct Cast {
        let memorial: QueueName
        let college: QueueName
        let steenbock: QueueName
        let law: QueueName
        let general: QueueName
        var mia: DeskSession
        let stan: DeskSession
    }

    let cluster: LocalCluster
    let recorder = Recorder()
    private(set) var conversations: [Conversation] = []
    private var desks: [DeskSession] = []
    private(set) var killed: [String] = []

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

    /// - Parameter yaml: the file that was imported.
    /// - Returns: whether everything held.
    func tell(_ yaml: String) async throws -> Bool {
        var cast = Cast(
            memorial: try queue("memorial"), college: try queue("college"), steenbock: try queue("steenbock"), law: try queue("law"),
            general: try queue("general"), mia: try await desk("mia.memorial", "reading-room-1", at: "memorial"),
            stan: try await desk("stan.steenbock", "green-fields-1", at: "steenbock"))
        try await cast.mia.setAvailable(cast.memorial)
        try await cast.stan.setAvailable(cast.general)

        let (home, referred) = try await answering(cast)
        try await transferring(cast, home, referred)
        try await asking(cast, home)
        try await leavingMessages(cast)
        try await turningPages(cast, home)
        try await movingDesks(&cast, home, referred)
        try await importing(yaml)
        try await losing(cast)
        try await replacing(cast)
        return try await judge()
    }

    func end() {
        for conversation in conversations {
            conversation.end()
        }
        for desk in desks { desk.close() }
    }

    // MARK: What chapters are made of

    private func queue(_ name: String) throws -> QueueName {
        guard let queue = QueueName(name) else { throw LocalClusterError("\(name) is no queue's name") }
        return queue
    }

    func desk(_ account: String, _ password: String, at node: String) async throws -> DeskSession {
        let desk = try await DeskSession.signIn(account, password: password, at: cluster.webURL(node), recorder: recorder)
        desks.append(desk)
        try await Wait.until("\(account)'s desk", withinMs: 20_000) { desk.me != nil && desk.board != nil }
        return desk
    }

    func patron(_ name: String, at nodes: [String], _ queue: QueueName, referralAgreed: Bool = true) -> Conversation {
        follow(
            PatronSession(name, nodes: nodes.map(cluster.webURL), queue: queue, referralAgreed: referralAgreed, recorder: recorder))
    }

    /// Its chat is told and judged with the others.
    func follow(_ patron: PatronSession) -> Conversation {
        let conversation = Conversation(patron)
        conversations.append(conversation)
        return conversation
    }

    func transfer(
        _ conversation: Conversation, from desk: DeskSession, to target: QueueName, consentGiven: Bool = true, note: String = ""
    ) async throws -> LogPosition {
        try await Wait.until("\(target) to take transfers", withinMs: 20_000) {
            desk.board?.queues.contains { $0.queue.name == target && $0.takesTransfers } ?? false
        }
        return try await desk.transfer(conversation.chat, to: target, consentGiven: consentGiven, note: note)
    }

    typealias Event = ServerMessage.Event

    /// Waits until the patron's page shows that something happened.
    func sees(
        _ conversation: Conversation, _ what: String, withinMs: UInt64 = 20_000, _ wanted: (Event) -> Bool
    ) async throws {
        try await Wait.until("\(conversation.patron.name) to see \(what)", withinMs: withinMs) { conversation.patron.copy.has(wanted) }
    }

    func kill(_ name: String) async throws {
        killed.append(name)
        try await cluster.kill(name)
    }

    /// Coordinators are ready when a majority of them is there, so all are started before the first is waited for.
    func restart(_ names: [String]) async throws {
        killed.removeAll { names.contains($0) }
        for name in names { try cluster.start(name) }
        for name in names { try await ready(name) }
    }

    private func ready(_ name: String) async throws {
        try await Wait.until("\(name) to be ready again", withinMs: 30_000) { [cluster] in
            let response = try? await NodeClient.request(.get, cluster.webURL(name) + "/readyz", timeoutMs: 1_000)
            return response?.status == 200
        }
    }

    func allFlow(_ more: Int) async throws {
        for conversation in conversations where conversation.holder != nil { try await conversation.flows(more) }
    }

    /// - Parameter outage: while the step lasts nothing can be acknowledged, so its pauses are told apart.
    func step(_ what: String, outage: Bool = false, _ body: @ClusterActor () async throws -> Void) async throws {
        recorder.beginStep(outage: outage)
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
}
