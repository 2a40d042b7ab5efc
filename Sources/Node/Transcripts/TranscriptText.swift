/// A transcript as people read it.

import Consortium

public enum TranscriptText {
    /// All of it.
    public static func whole(_ transcript: Transcript) -> String {
        let contact = transcript.contact.isEmpty ? "" : "contact: \(transcript.contact)\n"
        return "chat \(transcript.chat) of \(transcript.home), queue \(transcript.queue)\n" + contact
            + transcript.messages.map { line($0) + "\n" }.joined()
    }

    /// One line of it.
    public static func line(_ message: ChatMessage) -> String {
        let marks = [(message.late, "late"), (message.branch, "while cut off"), (message.patronSupplied, "from the patron's copy")]
        let notes = marks.filter(\.0).map(\.1)
        let suffix = notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))"
        let author =
            switch message.author {
            case .patron: "patron"
            case .staff(_, let displayName, let library): "\(displayName) of \(library)"
            case .service: "service"
            }
        let place = "\(message.position.epoch):\(message.position.n)  \(WallClock.text(Int64(clamping: message.wallMs / 1_000)))"
        switch message.body {
        case .text(let text, _, _): return "\(place)  \(author)\(suffix): \(text)"
        case .note(let text, _, _): return "\(place)  note by \(author), for staff alone\(suffix): \(text)"
        case .event(let event): return "\(place)  [\(sentence(event))]"
        }
    }

    private static func sentence(_ event: ChatEvent) -> String {
        switch event {
        case .opened(let queue): "opened at \(queue)"
        case .referred(let queue): "referred to \(queue)"
        case .claimed(_, let name, let library), .pickedUp(_, let name, let library): "\(name) of \(library) took the chat"
        case .transferAsked(let queue): "the patron was asked about a transfer to \(queue)"
        case .transferDeclined(let queue): "the patron declined the transfer to \(queue)"
        case .offered(let queue): "offered to \(queue)"
        case .returned(let queue, let reason): "came back from \(queue): \(reason.rawValue)"
        case .requeued(let queue, let reason): "waits again at \(queue): \(reason.rawValue)"
        case .nobodyThere: "nobody was there"
        case .kept: "left as a message"
        case .closed(let reason): "ended: \(reason.rawValue)"
        }
    }
}
