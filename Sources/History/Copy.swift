/// A client's copy of one chat, and what it still has to say in it. What patrons' and operators' sessions share.

import ClientProtocol
import Consortium

public struct Copy: Sendable {
    public let chat: ChatID
    public let sender: SenderID
    public var outbox = Outbox()
    public var state: ServerMessage.ChatState?
    public var transcript: History.Transcript
    public private(set) var events: [ServerMessage.Event] = []
    /// The last position that is here.
    public private(set) var last: Position = .zero

    /// - Parameter sender: a new one for each client instance: a duplicated tab is another sender.
    public init(chat: ChatID, sender: SenderID, reader: String) {
        self.chat = chat
        self.sender = sender
        transcript = History.Transcript(reader: reader, chat: chat, isComplete: true)
    }

    public func key(_ sequence: UInt64) -> History.Key { .init(chat: chat, sender: sender, sequence: sequence) }

    /// Takes what came, and gives what is new of it.
    public mutating func receive(_ messages: [ServerMessage.Message]) -> [ServerMessage.Message] {
        var new: [ServerMessage.Message] = []
        for message in messages {
            switch message.body {
            case .text(let text, let sender, let sequence):
                let key = History.Key(chat: chat, sender: sender, sequence: sequence)
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
