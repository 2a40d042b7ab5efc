import EventLoop
import Testing

@testable import Web

/// Who is believed of whom it asks for, and what a client can make of the fields that a proxy writes.
@Suite @WebActor struct ProxyTests {
    private func range(_ text: String) throws -> AddressRange { try #require(AddressRange(text), "\(text)") }
    private func address(_ text: String) throws -> SocketAddress { try SocketAddress(host: text, port: 0) }

    @Test func rangesAreWhatAdministratorsWrite() throws {
        #expect(try range("10.0.0.0/8").contains(address("10.255.1.2")))
        #expect(try !range("10.0.0.0/8").contains(address("11.0.0.1")))
        #expect(try range("10.0.0.0/8").contains(address("::ffff:10.1.2.3")))
        #expect(try range("127.0.0.1").contains(address("127.0.0.1")))
        #expect(try !range("127.0.0.1").contains(address("127.0.0.2")))
        #expect(try range("2001:db8::/33").contains(address("2001:db8:7fff::1")))
        #expect(try !range("2001:db8::/33").contains(address("2001:db8:8000::1")))
        #expect(try range("2001:db8::1/128").contains(address("2001:db8::1")))
        #expect(try range("0.0.0.0/0").contains(address("198.51.100.7")))
        #expect(try !range("0.0.0.0/0").contains(address("2001:db8::1")))
        for text in [
            "", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "example.org", "10.0.0.0/-1", "2001:db8::/129", "10.0.0/8",
        ] {
            #expect(AddressRange(text) == nil, "\(text)")
        }
    }

    @Test func aNetworkIsA24OrA56() throws {
        func network(_ text: String) throws -> AddressPrefix { AddressPrefix(try address(text)) }
        #expect(try network("192.0.2.1") == network("192.0.2.254"))
        #expect(try network("192.0.2.1") != network("192.0.3.1"))
        #expect(try network("::ffff:192.0.2.9") == network("192.0.2.1"))
        #expect(try network("2001:db8:0:ff::1") == network("2001:db8:0:12::99"))
        #expect(try network("2001:db8:0:100::1") != network("2001:db8:0:200::1"))
    }

    /// What the fields of one request say, to a server that trusts 127.0.0.1 and 10/8.
    private func outside(_ fields: String, _ kind: ProxyTrust.Fields = .xForwarded) throws -> ProxyTrust.Outside {
        let trust = ProxyTrust(ranges: [try range("127.0.0.1"), try range("10.0.0.0/8")], fields: kind)
        let server = WebServer()
        var found: ProxyTrust.Outside?
        server.get("/") { request, responder in
            found = trust.outside(request.headers)
            responder.send(.text(""))
        }
        _ = server.answer("GET / HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
        return try #require(found)
    }

    @Test func theLastAddressThatIsNoProxyIsTheClients() throws {
        let client = try address("198.51.100.7")
        #expect(try outside("X-Forwarded-For: 198.51.100.7\r\n").address == client)
        // What the client made up stands in front of what the proxy saw.
        #expect(try outside("X-Forwarded-For: 203.0.113.1, 198.51.100.7\r\n").address == client)
        #expect(try outside("X-Forwarded-For: 10.0.0.1, 127.0.0.1, 198.51.100.7\r\n").address == client)
        #expect(try outside("X-Forwarded-For: 203.0.113.1\r\nX-Forwarded-For: 198.51.100.7, 10.2.3.4\r\n").address == client)
        #expect(try outside("X-Forwarded-For: 198.51.100.7:4711\r\n").address?.host == "198.51.100.7")
        #expect(try outside("X-Forwarded-For: 2001:db8::1\r\n").address == address("2001:db8::1"))
        for unreadable in [
            "", "X-Forwarded-For: unknown\r\n", "X-Forwarded-For: 203.0.113.1, nonsense\r\n", "X-Forwarded-For: 10.0.0.1\r\n",
        ] {
            #expect(try outside(unreadable).address == nil, "\(unreadable)")
        }
        // Of another kind than the proxy writes.
        #expect(try outside("Forwarded: for=203.0.113.1;proto=https\r\n") == .init(address: nil, isSecure: false))
    }

    @Test func theProtocolIsTheLastProxys() throws {
        #expect(try outside("X-Forwarded-Proto: https\r\n").isSecure)
        #expect(try outside("X-Forwarded-Proto: HTTPS\r\n").isSecure)
        #expect(try !outside("X-Forwarded-Proto: https, http\r\n").isSecure)
        #expect(try !outside("X-Forwarded-Proto: https\r\nX-Forwarded-Proto: http\r\n").isSecure)
        #expect(try !outside("").isSecure)
    }

    /// RFC 7239, 4 and 6.
    @Test func forwardedIsReadAsWritten() throws {
        let client = try address("198.51.100.7")
        #expect(
            try outside("Forwarded: for=198.51.100.7;proto=https;by=10.0.0.1\r\n", .forwarded) == .init(address: client, isSecure: true))
        #expect(try outside("Forwarded: For=198.51.100.7 ; Proto=HTTPS\r\n", .forwarded) == .init(address: client, isSecure: true))
        #expect(
            try outside("Forwarded: for=203.0.113.1;proto=https, for=198.51.100.7;proto=http\r\n", .forwarded)
                == .init(address: client, isSecure: false))
        #expect(try outside("Forwarded: for=203.0.113.1\r\nForwarded: for=198.51.100.7, for=10.0.0.9\r\n", .forwarded).address == client)
        let v6 = try outside("Forwarded: for=\"[2001:db8:cafe::17]:4711\";proto=https\r\n", .forwarded)
        #expect(v6.address?.host == "2001:db8:cafe::17" && v6.isSecure)
        #expect(try outside("Forwarded: for=\"a,b;c=\\\"d\", for=198.51.100.7\r\n", .forwarded).address == client)
        for unreadable in ["for=unknown", "for=_hidden", "for=\"198.51.100.7", "for", "for=", "proto=https", "for=\"198.51.100.7\\\""] {
            #expect(try outside("Forwarded: \(unreadable)\r\n", .forwarded) == .init(address: nil, isSecure: false), "\(unreadable)")
        }
    }

    /// The same fields, from a proxy and from a liar.
    @Test func onlyAProxyIsBelieved() throws {
        let server = WebServer()
        server.proxies = ProxyTrust(ranges: [try range("192.0.2.1")], fields: .xForwarded)
        server.strictTransportSeconds = 60
        let told = AddressPrefix(try address("198.51.100.7"))
        server.get("/") { request, responder in responder.send(.text("\(request.isSecure) \(request.network == told)")) }
        let request = "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 198.51.100.7\r\nX-Forwarded-Proto: https\r\n\r\n"
        let (proxied, first) = server.connect(isProxy: true)
        proxied.send(request)
        let believed = proxied.takeWritten()
        #expect(believed.hasSuffix("true true"))
        #expect(believed.contains("Strict-Transport-Security: max-age=60\r\n"))
        let (direct, second) = server.connect()
        direct.send(request)
        let liar = direct.takeWritten()
        #expect(liar.hasSuffix("false false"))
        #expect(!liar.contains("Strict-Transport-Security"))
        first.drop()
        second.drop()
    }

    /// Behind a proxy all connections have one address; those that last count for whom the proxy tells.
    @Test func webSocketsByAProxyCountForTheirOwnNetwork() throws {
        var limits = WebLimits()
        limits.connectionsPerNetworkMax = 1
        let server = WebServer(limits: limits)
        server.proxies = ProxyTrust(ranges: [try range("192.0.2.1")], fields: .xForwarded)
        server.webSocket(WebSocketRoute(path: "/ws")) { _, _ in }
        func open(_ client: String) -> String {
            let (stream, _) = server.connect(isProxy: true)
            stream.send(
                "GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-Forwarded-For: \(client)\r\n\r\n")
            return stream.takeWritten()
        }
        let first = open("198.51.100.7")
        let second = open("198.51.100.8")
        #expect(first.status == 101)
        #expect(second.status == 429 && second.contains("Your network has as many connections"))
        #expect(open("203.0.113.1").status == 101)
    }
}
