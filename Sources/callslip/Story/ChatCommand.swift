/// `callslip chat`: a patron in a terminal.

import ArgumentParser
import ClientProtocol
import Consortium
import EventLoop

struct Chat: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Chat as a patron, in the terminal.",
        discussion: """
            Each line is said as it is; lines that begin with a slash are for this program: /yes and /no answer what you are asked, /keep [CONTACT] \
            leaves the question as a message, /leave ends the chat, and so does the end of the input (Ctrl-D). The exit status is 0 when everything \
            that was said is safe.
            """)

    /// How long a node may take to answer at first.
    private static let answerMsMax: UInt64 = 15_000

    @Option(help: "The address of a node.")
    var node: String

    @Option(help: "The queue to ask.")
    var queue: String

    @Flag(help: "Agree that the general queue answers when the library cannot.")
    var referralAgreed = false

    @Option(help: "After the end of the input, stay until the chat is closed, but at most this many seconds. For scripts.")
    var stay: UInt64 = 0

    func run() async throws {
        guard let queue = QueueName(queue) else { throw ValidationError("--queue: expected \(QueueName.rule)") }
        guard node.hasPrefix("http://") || node.hasPrefix("https://") else {
            throw ValidationError("--node: expected an address such as http://127.0.0.1:7100, found `\(node)`")
        }
        try await Self.run(node: node, queue: queue, referralAgreed: referralAgreed, stayMs: min(stay, 86_400) * 1_000)
    }

    @ClusterActor
    private static func run(node: String, queue: QueueName, referralAgreed: Bool, stayMs: UInt64) async throws {
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
        do {
            try await Wait.until("\(node) to answer", withinMs: answerMsMax) { patron.isAttached || patron.ended != nil }
        } catch {
            patron.onEnded = nil
            patron.close()
            throw error
        }
        // Reading blocks, so it is done away from the loop's thread.
        Task.detached {
            while let line = readLine() { feed.yield(line) }
            feed.finish()
        }
        for await line in lines where !line.isEmpty {
            if patron.ended != nil || line == "/leave" { break }
            await take(line, for: patron)
        }
        guard patron.ended == nil else { throw ExitCode.failure }
        try await Wait.until("the service to take everything", withinMs: 30_000) {
            patron.ended != nil || patron.copy.outbox.entries.isEmpty
        }
        try await leave(patron, afterMs: stayMs)
    }

    /// One line of the person or the script.
    @ClusterActor
    private static func take(_ line: String, for patron: PatronSession) async {
        guard line.hasPrefix("/") else {
            guard line.utf8.count <= Limits.messageBytesMax else {
                return Terminal.complain("That is longer than \(Limits.messageBytesMax) bytes; say it in parts.\n")
            }
            if !patron.say(line) { Terminal.complain("Too much is not yet safe; wait a moment and say it again.\n") }
            return
        }
        let words = line.split(separator: " ", maxSplits: 1).map(String.init)
        do {
            switch words[0] {
            case "/yes": try await patron.answer(true)
            case "/no": try await patron.answer(false)
            case "/keep":
                var generator = SystemRandomNumberGenerator()
                let code = PickUpCode.make(using: &generator)
                try await patron.keep(code: code, contact: words.count > 1 ? words[1] : "")
                Terminal.say("-- your question is kept; the answer can be collected with the code \(code)")
            default: Terminal.complain("There is no \(words[0]); there are /yes, /no, /keep [CONTACT] and /leave.\n")
            }
        } catch {
            Terminal.complain("\(error)\n")
        }
    }

    /// A chat that is over, and a question that is kept, need not be left.
    @ClusterActor
    private static func leave(_ patron: PatronSession, afterMs stayMs: UInt64) async throws {
        func isOver() -> Bool {
            switch patron.phase {
            case .closed?, .kept?: true
            default: patron.ended != nil
            }
        }
        let deadlineMs = ClusterActor.loop.nowMs + stayMs
        while !isOver(), ClusterActor.loop.nowMs < deadlineMs { await Wait.pause(ms: 50) }
        if !isOver() { try await patron.leave() }
        patron.onEnded = nil
        patron.close()
    }

    private static func show(_ message: ServerMessage.Message, own: SenderID) {
        switch message.body {
        case .text(_, let sender, _) where sender == own: break
        case .note: break
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
        case .held(let held):
            if let offer = held.offer, offer.asked {
                "may \(offer.target.title) take over from \(held.by.display)? Say /yes or /no"
            } else {
                "with \(held.by.display)" + (held.by.library.map { " of \($0.title)" } ?? "")
            }
        case .ask(let queue): "the library cannot answer now; may \(queue.title)? Say /yes or /no"
        case .unattended: "nobody can answer now; /keep leaves your question to be answered later"
        case .kept: "your question was kept"
        case .closed(let reason): "closed (\(reason.rawValue))"
        }
    }
}
