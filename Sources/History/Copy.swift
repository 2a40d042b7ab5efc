/// A client's copy of one chat, and what it still has to say in it. What patrons' and operators' sessions share.

import ClientProtocol
import Consortium

public struct Copy: Sendable {
    public let chat: ChatID
    public private(set) var sender: SenderID
    public var outbox = Outbox()
    public var state: ServerMessage.ChatState?
    public var transcript: History.Transcript
    public private(set) var events: [ServerMessage.Event] = []
    /// The last safe position that is here.
    public private(set) var last: Position = .zero
    /// What only the node has so far, in its order; replaced when it comes again and is safe.
    public private(set) var held: [ServerMessage.Message] = []

    /// - Parameter sender: a new one for each client instance: a duplicated tab is another sender.
    public init(chat: ChatID, sender: SenderID, reader: String) {
        self.chat = chat
        self.sender = sender
        transcript = History.Transcript(reader: reader, chat: chat, isComplete: true)
    }

    /// The service has forgotten this sender's earlier numbers: what is not safe goes on under another name, from 1 on.
    public mutating func rename(to sender: SenderID) {
        self.sender = sender
        outbox.renumber()
    }

    public func key(_ sequence: UInt64) -> History.Key { .init(chat: chat, sender: sender, sequence: sequence) }

    /// An acknowledgement of something said here.
    public mutating func receive(_ ack: ServerMessage.Ack) {
        switch ack.level {
        case .safe: outbox.acknowledged(ack.sequence)
        case .held: outbox.held(ack.sequence)
        }
    }

    /// The chat's state. When it is not held any more, what happened in the branch is void; what was said there comes again.
    public mutating func receive(_ state: ServerMessage.ChatState) {
        self.state = state
        outbox.marked(upTo: state.marks.first { $0.sender == sender }?.sequence ?? 0, isHeld: state.isHeld)
        if !state.isHeld { held.removeAll { if case .event = $0.body { true } else { false } } }
    }

    /// Takes what came, and gives what is new of it.
    public mutating func receive(_ messages: [ServerMessage.Message]) -> [ServerMessage.Message] {
        var new: [ServerMessage.Message] = []
        for message in messages {
            if message.held {
                if !held.contains(where: { $0.body == message.body && $0.at == message.at }) {
                    held.append(message)
                    new.append(message)
                }
                continue
            }
            switch message.body {
            case .text(let text, let sender, let sequence), .note(let text, let sender, let sequence):
                let key = History.Key(chat: chat, sender: sender, sequence: sequence)
                held.removeAll { $0.body == message.body }
                // What is in the chat is safe, whoever's acknowledgement got lost.
                if sender == self.sender { outbox.acknowledged(sequence) }
                if transcript.receive(.init(key: key, at: message.at, text: text)) { new.append(message) }
            case .event(let event) where message.at > last:
                events.append(event)
                new.append(message)
            case .event: break
            }
            last = max(last, message.at)
        }
        return new
    }

    public func has(_ wanted: (ServerMessage.Event) -> Bool) -> Bool { events.contains(where: wanted) }
}
