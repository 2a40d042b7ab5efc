/// `callslip chat`: a patron in a terminal.

import ArgumentParser
import ClientProtocol
import Consortium
import EventLoop

struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Chat as a patron, in the terminal. The end of input (Ctrl-D) leaves.")

    @Option(help: "The address of a node.")
    var node: String

    @Option(help: "The queue to ask.")
    var queue: String

    @Flag(help: "Agree that the general queue answers when the library cannot.")
    var referralAgreed = false

    func run() async throws {
        guard let queue = QueueName(queue) else { throw ValidationError("--queue: expected \(QueueName.rule)") }
        try await Self.run(node: node, queue: queue, referralAgreed: referralAgreed)
    }

    @ClusterActor
    private static func run(node: String, queue: QueueName, referralAgreed: Bool) async throws {
        let patron = PatronSession("you", nodes: [node], queue: queue, referralAgreed: referralAgreed)
        patron.agrees = referralAgreed ? true : nil
        let sender = patron.copy.sender
        var shown = ""
        patron.onNew = { messages in for message in messages { show(message, own: sender) } }
        patron.onState = { state in
            let text = describe(state.phase)
            if text != shown { Terminal.say("-- \(text)") }
            shown = text
        }
        let (lines, feed) = AsyncStream.makeStream(of: String.self)
        patron.onEnded = { why in
            Terminal.complain("-- the chat has ended here: \(why)\n")
            feed.finish()
        }
        patron.start()
        // Reading blocks, so it is done away from the loop's thread.
        Task.detached {
            while let line = readLine() { feed.yield(line) }
            feed.finish()
        }
        for await line in lines where !line.isEmpty {
            if patron.ended != nil { break }
            guard line.utf8.count <= Limits.messageBytesMax else {
                Terminal.complain("That is longer than \(Limits.messageBytesMax) bytes; say it in parts.\n")
                continue
            }
            if !patron.say(line) { Terminal.complain("Too much is not yet safe; wait a moment and say it again.\n") }
        }
        guard patron.ended == nil else { throw ExitCode.failure }
        try await Wait.until("the service to take everything", withinMs: 30_000) {
            patron.ended != nil || patron.copy.outbox.entries.isEmpty
        }
        // A chat that is over already cannot be left.
        if case .closed = patron.phase {} else if patron.ended == nil { try await patron.leave() }
        patron.onEnded = nil
        patron.close()
    }

    private static func show(_ message: ServerMessage.Message, own: SenderID) {
        switch message.body {
        case .text(_, let sender, _) where sender == own: break
        case .text(let text, _, _): Terminal.say("\(message.name ?? message.by.rawValue): \(text)")
        case .event(let event): Terminal.say("-- \(describe(event))")
        }
    }

    private static func describe(_ event: ServerMessage.Event) -> String {
        switch event {
        case .opened(let queue): "you asked \(queue.title)"
        case .referred(let queue): "your question went on to \(queue.title)"
        case .claimed(let person), .pickedUp(let person):
            "\(person.display)" + (person.library.map { " of \($0.title)" } ?? "") + " is with you"
        case .transferAsked(let queue): "you are asked whether \(queue.title) may take over"
        case .transferDeclined(let queue): "you stay; \(queue.title) was not asked"
        case .offered(let queue): "\(queue.title) was asked to take over"
        case .returned(let queue, _): "\(queue.title) could not take over; you stay where you are"
        case .requeued(let queue, _): "you wait for \(queue.title) again"
        case .nobodyThere: "nobody is there now"
        case .kept: "your question was kept"
        case .closed(let reason): "closed (\(reason.rawValue))"
        }
    }

    private static func describe(_ phase: ServerMessage.Phase) -> String {
        switch phase {
        case .waiting(let queue, let ahead): "waiting for \(queue.title), \(ahead) ahead of you"
        case .held(let held): "with \(held.by.display)" + (held.by.library.map { " of \($0.title)" } ?? "")
        case .ask(let queue): "the library cannot answer now; with --referral-agreed, \(queue.title) does"
        case .unattended: "nobody can answer now"
        case .kept: "your question was kept"
        case .closed(let reason): "closed (\(reason.rawValue))"
        }
    }
}
