import Consortium

/// What the node can tell, beside what it shows to clients, of the chats that it follows for somebody here.
extension GatewayCore {
    /// A chat as far as this node was sent it.
    public struct Glimpse: Sendable {
        public var meta: ChatMeta
        /// From the first on, without a gap.
        public var messages: [ChatMessage]
    }

    /// The chats that are shown to somebody here, or were a moment ago; none that a branch of this node has.
    public var glimpses: [Glimpse] {
        chats.values.compactMap { chat in
            guard chat.safe == nil, let meta = chat.meta else { return nil }
            return Glimpse(meta: meta, messages: chat.messages)
        }
    }
}
