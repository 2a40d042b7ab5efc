import EventLoop

/// Where the answer to one request goes. Send once; what comes later, or after the client left, is dropped without harm.
/// A request that is never answered ends with 503 after `responseTimeoutMs`.
@WebActor
public struct Responder {
    let connection: ServerConnection
    let number: UInt64

    /// Sends it with the server's default headers, where it lacks them.
    /// - Parameter closing: end the connection afterwards, though the client would keep it.
    public func send(_ response: Response, closing: Bool = false) {
        connection.respond(number, PreparedResponse(response.adding(connection.server.defaultHeaders)), closing: closing)
    }

    /// Sends what was put together before, as it is.
    /// - Parameter fields: header lines beside its own, each with its CR LF.
    public func send(_ response: PreparedResponse, fields: [UInt8] = []) {
        connection.respond(number, response, closing: false, fields: fields)
    }

    /// False when the client has left, or the request was answered.
    public var isWanted: Bool { connection.isWaiting(for: number) }

    /// Whether there is a place for a WebSocket of this client.
    func takesPlace() -> Bool { connection.takesPlace() }

    func upgrade(_ accepted: WebSocketUpgrade.Accepted, limits: WebSocketLimits) -> WebSocket? {
        connection.upgrade(number, accepted, limits: limits)
    }
}
