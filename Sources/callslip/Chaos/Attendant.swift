/// An operator of a chaos run: signs in wherever a node answers, claims what waits, answers, transfers now and then, and sees patrons off.

import Chaos
import Consortium
import EventLoop
import History
import Seeded

@ClusterActor
final class Attendant {
    private let answerEveryMs: UInt64
    static let heldMax = 3
    /// A desk without a connection for so long is given up for one at another node.
    static let patienceMs: UInt64 = 6_000

    let account: String
    private let home: QueueName
    private let general: QueueName
    private let urls: [String]
    private let recorder: Recorder
    private var chance: SeededGenerator
    private var session: DeskSession?
    private var past: [DeskSession] = []
    private var attempts = 0
    private var isBusy = false
    private var isAvailable = false
    private var connectedMs: UInt64 = 0
    private var pausedUntilMs: UInt64 = 0
    private var nextAnswerMs: [ChatID: UInt64] = [:]
    private var transferred: Set<ChatID> = []
    private(set) var signIns = 0

    /// - Parameters:
    ///   - urls: the nodes at which to sign in, the own library's first.
    ///   - patronsEveryMs: how often patrons say something; it answers a little less often.
    init(
        _ account: String, home: QueueName, general: QueueName, urls: [String], recorder: Recorder, patronsEveryMs: UInt64, seed: UInt64
    ) {
        answerEveryMs = patronsEveryMs * 3 / 2
        self.account = account
        self.home = home
        self.general = general
        self.urls = urls
        self.recorder = recorder
        chance = SeededGenerator(seed: seed)
    }

    var transcripts: [History.Transcript] {
        (past + (session.map { [$0] } ?? [])).flatMap(\.transcripts).map { transcript in
            var transcript = transcript
            // It saw what it held, and nothing after.
            transcript.isComplete = false
            return transcript
        }
    }

    func end() {
        session?.close()
        for session in past { session.close() }
    }

    /// - Parameter visitor: who asks in a chat.
    func act(_ visitor: (ChatID) -> Visitor?) {
        let nowMs = ClusterActor.loop.nowMs
        guard let session else { return signIn() }
        if session.isConnected { connectedMs = nowMs }
        if session.ended != nil || nowMs >= connectedMs + Self.patienceMs {
            session.close()
            past.append(session)
            self.session = nil
            return
        }
        for chat in session.heldChats { attend(session, chat, visitor(chat), nowMs) }
        guard !isBusy, nowMs >= pausedUntilMs, session.isConnected, session.me != nil, let board = session.board else { return }
        if !isAvailable {
            return request { [home, general] in
                try await session.setAvailable(home)
                try await session.setAvailable(general)
                self.isAvailable = true
            }
        }
        guard session.heldChats.count < Self.heldMax else { return }
        if let offered = board.waiting.first(where: { $0.offer != nil && $0.mayClaim && $0.by?.text != account }), let offer = offered.offer
        {
            return request { try await session.pickUp(offered.chat, offer: offer) }
        }
        if let waiting = board.waiting.first(where: { $0.offer == nil && $0.mayClaim }) {
            request { try await session.claim(waiting.chat) }
        }
    }

    private func attend(_ session: DeskSession, _ chat: ChatID, _ visitor: Visitor?, _ nowMs: UInt64) {
        guard nowMs >= nextAnswerMs[chat] ?? 0 else { return }
        nextAnswerMs[chat] = nowMs + answerEveryMs
        guard let visitor else { return }
        if !visitor.isDone {
            session.say(chat, "\(account) answers \(nowMs)")
            if !isBusy, !transferred.contains(chat), Int.random(in: 0..<40, using: &chance) == 0 { transfer(session, chat) }
        } else if visitor.isSeenOff, !isBusy, session.copies[chat]?.outbox.entries.isEmpty ?? true {
            request { try await session.closeChat(chat) }
        }
    }

    private func transfer(_ session: DeskSession, _ chat: ChatID) {
        let targets = (session.board?.queues ?? []).filter { $0.takesTransfers && $0.queue.name != home }.map(\.queue.name)
        guard !targets.isEmpty else { return }
        transferred.insert(chat)
        let target = targets[Int.random(in: targets.indices, using: &chance)]
        request { _ = try await session.transfer(chat, to: target, consentGiven: true) }
    }

    /// One at a time; a refusal (somebody else was faster) means to look again a little later.
    private func request(_ body: @escaping @ClusterActor () async throws -> Void) {
        isBusy = true
        Task {
            do { try await body() } catch { pausedUntilMs = ClusterActor.loop.nowMs + 300 }
            isBusy = false
        }
    }

    private func signIn() {
        guard !isBusy, ClusterActor.loop.nowMs >= pausedUntilMs else { return }
        let url = urls[attempts % urls.count]
        attempts += 1
        isAvailable = false
        request { [self] in
            do {
                session = try await DeskSession.signIn(account, password: ChaosCluster.password, at: url, recorder: recorder)
                connectedMs = ClusterActor.loop.nowMs
                signIns += 1
            } catch {
                await Wait.pause(ms: 500)
                throw error
            }
        }
    }
}
