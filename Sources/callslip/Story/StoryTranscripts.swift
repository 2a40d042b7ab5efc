/// After the story: every chat ends, and what was said in it is to lie at one library's node, once and whole.

import EventLoop
import History
import Transcripts

extension Story {
    /// - Parameter witnesses: the pages where the chats are that go on; here they end, but for questions that were left as messages.
    /// - Returns: whether each chat that is over lies at exactly one node, as its patron saw it.
    func findTranscripts(_ witnesses: [PatronSession]) async throws -> Bool {
        let leaving = witnesses.filter { $0.phase != .kept }
        for page in leaving { try await page.leave() }
        try await settle("those who left to be told that their chat is over") { leaving.allSatisfy(\.isOver) }
        let over = (witnesses + conversations.map(\.patron)).filter(\.isOver)
        try await settle("the transcripts to lie at their libraries") { [self] in
            // What cannot be read is told below.
            over.allSatisfy { (try? copies(of: $0)) == [Set($0.copy.transcript.lines)] }
        }
        var wrong = 0
        for page in over {
            let copies = try copies(of: page)
            if copies == [Set(page.copy.transcript.lines)] { continue }
            wrong += 1
            let kept = copies.isEmpty ? "none" : copies.map { "\($0.count)" }.joined(separator: " and ")
            Terminal.complain("\(page.name) has \(page.copy.transcript.lines.count) messages of a chat that is over; kept are \(kept)\n")
        }
        Terminal.say("transcripts of \(over.count) chats that are over: \(over.count - wrong) lie at one library, whole")
        return wrong == 0 && !over.isEmpty
    }

    /// What the libraries' nodes keep of a chat.
    private func copies(of page: PatronSession) throws -> [Set<History.Line>] {
        try LocalCluster.libraries.flatMap { name -> [Set<History.Line>] in
            let store: TranscriptStore
            do throws(TranscriptStoreError) { store = try TranscriptStore(folder: "\(cluster.folder)/\(name)", create: false) } catch {
                if case .noFile = error { return [] }
                throw error
            }
            return try store.transcripts(of: page.chat).map { transcript in
                Set(
                    transcript.messages.compactMap { message in
                        guard case .text(let text, let sender, let sequence) = message.body else { return nil }
                        let key = History.Key(chat: transcript.chat, sender: sender, sequence: sequence)
                        return History.Line(key: key, at: message.position, text: text)
                    })
            }
        }
    }
}

extension PatronSession {
    fileprivate var isOver: Bool { copy.has { if case .closed = $0 { true } else { false } } }
}
