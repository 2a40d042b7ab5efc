/// The narrow interface between the planes: what the web plane tells of its clients, and what the cluster plane answers.

import ClientProtocol
import Gateway

enum ClientEvent: Sendable {
    /// - Parameter cookie: the sign-in token that came with the upgrade, if any.
    case connected(ClientID, cookie: String?)
    case message(ClientID, ClientMessage)
    case bad(ClientID, ProtocolError)
    case pong(ClientID)
    case disconnected(ClientID)
}

enum ClientAction: Sendable {
    case send(ClientID, ServerMessage)
    case end(ClientID, ByeCode, text: String, retryMs: UInt64?)
}
