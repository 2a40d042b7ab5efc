/// A patron of a chaos run: opens a chat, says some things whenever somebody is with them, and leaves or is seen off.

import Chaos
import Consortium
import EventLoop
import History

@ClusterActor
final class Visitor {
    nonisolated static let sayEveryMs: UInt64 = 200

    private let everyMs: UInt64
    let session: PatronSession
    /// Whether the operator ends the chat; else the patron leaves.
    let isSeenOff: Bool
    private let messages: Int
    private(set) var said = 0
    private var nextSayMs: UInt64 = 0
    private var isLeaving = false
    /// How it ended for the patron.
    private(set) var outcome: String?

    init(_ session: PatronSession, messages: Int, everyMs: UInt64, isSeenOff: Bool) {
        self.everyMs = everyMs
        self.session = session
        self.messages = messages
        self.isSeenOff = isSeenOff
    }

    func begin() {
        session.start()
        say()
    }

    /// Has asked everything, and knows that it arrived.
    var isDone: Bool { said >= messages && session.copy.outbox.entries.isEmpty }

    private func say() {
        if session.say("\(session.name) says \(said)") { said += 1 }
        nextSayMs = ClusterActor.loop.nowMs + everyMs
    }

    func act() {
        guard outcome == nil else { return }
        if let why = session.ended {
            outcome = "ended: \(why)"
            return
        }
        switch session.phase {
        case .held:
            if said < messages, ClusterActor.loop.nowMs >= nextSayMs { say() }
            if isDone, !isSeenOff { leave() }
        case .unattended: leave()
        case .kept, .closed: if session.copy.outbox.entries.isEmpty { end() }
        case .waiting, .ask, nil: break
        }
    }

    /// The run is over: nobody asks anything more.
    func hurry() { said = max(said, messages) }

    private func leave() {
        guard !isLeaving else { return }
        isLeaving = true
        Task {
            // A refusal says that the chat is over, which its state shows as well.
            _ = try? await session.leave()
            isLeaving = false
        }
    }

    private func end() {
        outcome = session.phase.map { "\($0)" } ?? "none"
        session.close()
    }

    /// What the patron saw. It went away when the chat was over, so what came late is not in it.
    var transcript: History.Transcript {
        var transcript = session.copy.transcript
        transcript.isComplete = false
        return transcript
    }
}
