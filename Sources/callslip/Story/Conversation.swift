/// A patron and whoever holds the chat, both talking all the time.

import Consortium
import EventLoop
import History

@ClusterActor
final class Conversation {
    static let sayEveryMs: UInt64 = 150

    /// The page where the patron is now.
    private(set) var patron: PatronSession
    /// Copies of those who only read.
    private var readers: [History.Transcript] = []
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
        talk()
    }

    private func talk() {
        guard !timer.isActive else { return }
        timer.start(afterMs: Self.sayEveryMs, repeatMs: Self.sayEveryMs) { [unowned self] in
            count += 1
            patron.say("\(patron.name) says \(count)")
            holder?.say(chat, "\(holder?.name ?? "") answers \(count)")
        }
    }

    func stop() { timer.stop() }

    /// Leaves nothing behind.
    func end() {
        timer.close()
        patron.close()
    }

    /// Somebody takes the chat from the waiting list, or from that of the kept messages.
    func claimed(by desk: DeskSession, kept: Bool = false) async throws {
        try await Wait.until("\(patron.name)'s chat to wait where \(desk.name) may claim it", withinMs: 30_000) { [self] in
            let list = kept ? desk.board?.kept : desk.board?.waiting
            return list?.contains { $0.chat == chat && $0.offer == nil && $0.mayClaim } ?? false
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

    /// The holder's session went on at another desk.
    func moved(to desk: DeskSession) async throws { try await held(by: desk) }

    /// The holder has gone.
    func abandoned() { holder = nil }

    /// The patron goes on in another page, which has read the chat from its beginning.
    func continues(at page: PatronSession) {
        var read = patron.copy.transcript
        read.isComplete = false
        readers.append(read)
        patron = page
    }

    /// Somebody who took no part has read the whole chat.
    func alsoRead(_ transcript: History.Transcript) { readers.append(transcript) }

    /// The last words are safe and shown; then the holder closes the chat.
    func closed(by desk: DeskSession) async throws {
        try await settled()
        try await desk.closeChat(chat)
        try await isOver()
    }

    /// The patron's last words are safe; then the patron leaves.
    func left() async throws {
        try await settled()
        try await patron.leave()
        try await isOver()
    }

    private func isOver() async throws {
        try await Wait.until("\(patron.name)'s chat to be closed", withinMs: 10_000) { [self] in
            if case .closed? = patron.phase { true } else { false }
        }
        holder = nil
    }

    /// Nobody says more for now, and what was said is safe and shown.
    func settled() async throws {
        stop()
        try await Wait.until("what \(patron.name) and the holder said to be safe and shown", withinMs: 20_000) { [self] in isSettled }
    }

    /// Waits until so many more messages have arrived, each way.
    func flows(_ more: Int, withinMs: UInt64 = 30_000) async throws {
        guard let holder else { throw LocalClusterError("nobody holds \(patron.name)'s chat") }
        talk()
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
        var own = patron.copy.transcript
        // Who has left the page does not see what comes later.
        own.isComplete = patron.ended == nil
        return [own] + readers
            + everybody.compactMap { desk in
                var transcript = desk.copies[chat]?.transcript
                transcript?.isComplete = desk === holder
                return transcript
            }
    }
}
