/// Plain HTTP beside HTTPS: every address leads to the same one by HTTPS, and an authority finds its challenges.

import EventLoop
import Web

@WebActor
final class RedirectHost {
    private let server: WebServer
    private let urls: [String]
    private let challenges: String?

    /// A challenge has some 90 bytes.
    private nonisolated static let challengeBytesMax = 4_096
    private static let tokenBytesMax = 128
    private static let connectionsMax = 500

    /// - Parameter urls: `https://…` addresses of this node, the first of which is meant where a request names none of them.
    init(urls: [String], challenges: String?) {
        var limits = WebLimits()
        limits.connectionsMax = Self.connectionsMax
        limits.connectionsPerNetworkMax = Self.connectionsMax / 4
        limits.idleTimeoutMs = 5_000
        limits.bodyBytesMax = 0
        server = WebServer(limits: limits)
        self.urls = urls
        self.challenges = challenges
        server.route([.get], prefix: "/") { [self] request, responder in
            responder.send(.redirect(to: target(request), status: 308))
        }
        if challenges != nil {
            server.route([.get], prefix: "/.well-known/acme-challenge") { [self] request, responder in challenge(request, responder) }
        }
    }

    func listen(_ addresses: [SocketAddress]) throws(LoopError) {
        for address in addresses { try server.listen(host: address.host, port: address.port) }
    }

    func close() { server.close() }

    /// The name comes from the node's own file, never from the request: nobody is led elsewhere by what somebody else's link says.
    private func target(_ request: Request) -> String {
        let name = WebAddress.name(of: "http://" + (request.headers["host"] ?? ""))
        let url = urls.first { WebAddress.name(of: $0) == name } ?? urls.first ?? ""
        return url + request.path + (request.queryText.map { "?" + $0 } ?? "")
    }

    private func challenge(_ request: Request, _ responder: Responder) {
        let absent = Response.text("There is no such challenge here.\n", status: 404)
        guard let challenges, request.segments.count == 3, let token = request.segments.last, token.utf8.count <= Self.tokenBytesMax,
            token.utf8.allSatisfy({ Self.isTokenByte($0) })
        else { return responder.send(absent) }
        Task { @WebActor in
            let content = try? await WebActor.loop.work {
                Result { try SmallFile.readBytes(challenges + "/" + token, bytesMax: Self.challengeBytesMax) }
            }
            guard case .success(let bytes?) = content else { return responder.send(absent) }
            responder.send(Response(status: 200, headers: [("Content-Type", "application/octet-stream")], body: bytes))
        }
    }

    /// Base 64 for URLs (RFC 8555, 8.3): no part of a path but a name.
    private static func isTokenByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}

/// Addresses of web servers, as nodes' files have them.
enum WebAddress {
    /// Name or number, without port and brackets, in small letters; empty when there is none.
    static func name(of url: String) -> String {
        guard let slashes = url.firstRange(of: "://") else { return "" }
        let authority = url[slashes.upperBound...].prefix { $0 != "/" && $0 != "?" }
        if authority.hasPrefix("[") { return authority.dropFirst().prefix { $0 != "]" }.lowercased() }
        return authority.prefix { $0 != ":" }.lowercased()
    }
}
