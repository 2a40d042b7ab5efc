/// One transcript of two that a library was given of the same chat.
///
/// Within one cluster the longer one has all of the shorter. Coordinators that were restored from a backup know nothing of what was said after it, while
/// its transcript may lie at the library already, and the chat goes on in another way: then each has what the other has not (rule 18).

extension Transcript {
    /// What is to take the place of `kept`: this one, with what that has beyond it, in the order of positions; `nil` when it is to stay, as this one is a
    /// part of it. Where both together are longer than a chat may be, it is the longer one.
    public func joined(with kept: Transcript) -> Transcript? {
        var joined = self
        joined.messages = messages.joined(with: kept.messages)
        if joined.contact.isEmpty { joined.contact = kept.contact }
        let textBytes = joined.messages.reduce(0) { $0 + ($1.body.words?.text.utf8.count ?? 0) }
        let isShorter = messages.count < kept.messages.count
        guard joined.messages.count <= Limits.messagesPerChatMax, textBytes <= Limits.textPerChatBytesMax else {
            return isShorter ? nil : self
        }
        return isShorter && joined.messages.count == kept.messages.count ? nil : joined
    }
}

extension [ChatMessage] {
    /// Both are in the order of positions. Where two differ at one, the other's comes first.
    fileprivate func joined(with others: [ChatMessage]) -> [ChatMessage] {
        var joined: [ChatMessage] = []
        joined.reserveCapacity(Swift.max(count, others.count))
        var rest = others[...]
        for message in self {
            while let other = rest.first, other.position <= message.position {
                if other != message { joined.append(other) }
                rest.removeFirst()
            }
            joined.append(message)
        }
        return joined + rest
    }
}
