/// A patron and whoever holds the chat, both talking all the time.

import Consortium
import EventLoop
import History

@ClusterActor
final class Conversation {
    static let sayEveryMs: UInt64 = 150

    let patron: PatronSession
    private(set) var holder: DeskSession?
    private var everybody: [DeskSession] = []
    private let timer = Timer(on: ClusterActor.loop)
    private var count = 0

    init(_ patron: PatronSession) { self.patron = patron }

    var chat: ChatID { patron.chat }

    /// The patron's first words; the chat is opened with them.
    func begin() {
        patron.start()
        patron.say("\(patron.name) has a question")
        timer.start(afterMs: Self.sayEveryMs, repeatMs: Self.sayEveryMs) { [unowned self] in
            count += 1
            patron.say("\(patron.name) says \(count)")
            holder?.say(chat, "\(holder?.name ?? "") answers \(count)")
        }
    }

    func stop() { timer.close() }

    /// Somebody takes the chat from the waiting list.
    func claimed(by desk: DeskSession) async throws {
        try await Wait.until("\(patron.name)'s chat to wait where \(desk.name) may claim it", withinMs: 30_000) { [self] in
            desk.board?.waiting.contains { $0.chat == chat && $0.offer == nil && $0.mayClaim } ?? false
        }
        try await desk.claim(chat)
        try await held(by: desk)
    }

    func pickedUp(by desk: DeskSession, offer: LogPosition) async throws {
        try await Wait.until("\(patron.name)'s chat to be offered to \(desk.name)", withinMs: 10_000) { [self] in
            desk.board?.waiting.contains { $0.chat == chat && $0.offer == offer } ?? false
        }
        try await desk.pickUp(chat, offer: offer)
        try await held(by: desk)
    }

    private func held(by desk: DeskSession) async throws {
        try await Wait.until("\(desk.name) to hold \(patron.name)'s chat", withinMs: 10_000) { [self] in desk.holds(chat) }
        holder = desk
        if !everybody.contains(where: { $0 === desk }) { everybody.append(desk) }
    }

    /// The holder has gone.
    func abandoned() { holder = nil }

    /// Waits until so many more messages have arrived, each way.
    func flows(_ more: Int, withinMs: UInt64 = 30_000) async throws {
        guard let holder else { throw LocalClusterError("nobody holds \(patron.name)'s chat") }
        func arrived() -> (atDesk: Int, atPatron: Int) {
            let own = patron.copy.sender
            return (
                holder.copies[chat]?.transcript.lines.count { $0.key.sender == own } ?? 0,
                patron.copy.transcript.lines.count { $0.key.sender != own }
            )
        }
        let before = arrived()
        try await Wait.until("\(more) messages each way between \(patron.name) and \(holder.name)", withinMs: withinMs) {
            let now = arrived()
            return now.atDesk >= before.atDesk + more && now.atPatron >= before.atPatron + more
        }
    }

    /// Nothing waits to be safe, and both sides have what the other has.
    var isSettled: Bool {
        guard patron.copy.outbox.entries.isEmpty else { return false }
        guard let copy = holder?.copies[chat] else { return true }
        return copy.outbox.entries.isEmpty && copy.transcript.lines.count == patron.copy.transcript.lines.count
    }

    /// The copies of everybody who took part; those who handed the chat on have its beginning.
    var transcripts: [History.Transcript] {
        [patron.copy.transcript]
            + everybody.compactMap { desk in
                var transcript = desk.copies[chat]?.transcript
                transcript?.isComplete = desk === holder
                return transcript
            }
    }
}
