import Testing

@testable import Web

@Suite struct HTTPResponseParserTests {
    /// RFC 9112, 6.3: what follows the head of a 101 is the other protocol's, though the head tells of a length.
    @Test(arguments: ["", "Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n"])
    func whatFollowsASwitchIsTheOtherProtocols(length: String) throws {
        let head = "HTTP/1.1 101 Switching Protocols\r\n\(length)Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"
        var parser = HTTPResponseParser(bytesMax: 4096, isHead: false)
        let outcome = Array((head + "hi").utf8).withUnsafeBytes { parser.receive($0) }
        guard case .upgraded(let response, let rest) = outcome else {
            Issue.record("expected an upgrade, found \(outcome)")
            return
        }
        #expect(response.status == 101)
        #expect(response.body.isEmpty)
        #expect(rest == Array("hi".utf8))
    }
}
