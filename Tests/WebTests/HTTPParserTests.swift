import Seeded
import Testing

@testable import Web

/// Requests out of bytes, however they come in pieces.
@Suite struct HTTPParserTests {
    /// What comes of pieces: each request in a line, and the refusal that ends everything.
    static func parse(_ pieces: [[UInt8]], limits: WebLimits = WebLimits()) -> [String] {
        var parser = HTTPParser(limits: limits)
        var lines: [String] = []
        for piece in pieces {
            piece.withUnsafeBytes { parser.receive($0) }
            events: while let event = parser.next() {
                switch event {
                case .head: break
                case .request(let request): lines.append(describe(request))
                case .refused(let error):
                    lines.append("\(error.status): \(error.reason)")
                    break events
                }
            }
            if lines.last?.first?.isNumber == true { break }
        }
        return lines
    }

    static func describe(_ request: Request) -> String {
        let query = request.queryText.map { "?\($0)" } ?? ""
        let body = request.body.isEmpty ? "" : " body \(String(decoding: request.body, as: UTF8.self))"
        let marks = [request.keepsAlive ? "" : " close", request.asksForWebSocket ? " upgrade" : ""].joined()
        return "\(request.method.rawValue) \(request.path)\(query)\(marks)\(body)"
    }

    static let good: [(text: String, lines: [String])] = [
        ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", ["GET /"]),
        ("\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", ["GET /"]),
        // One before each of the same requests, which a parser that remembers the last head must not count together.
        (String(repeating: "\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", count: 4), ["GET /", "GET /", "GET /", "GET /"]),
        ("GET / HTTP/1.0\r\n\r\n", ["GET / close"]),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", ["GET /"]),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", ["GET / close"]),
        ("GET /a%20b?c=d HTTP/1.1\r\nHOST:   a  \r\nX:\r\n\r\n", ["GET /a%20b?c=d"]),
        ("GET http://a.example/x?y HTTP/1.1\r\nHost: a.example\r\n\r\n", ["GET /x?y"]),
        ("GET http://a.example HTTP/1.1\r\nHost: a.example\r\n\r\n", ["GET /"]),
        ("GET http://a.example?y HTTP/1.1\r\nHost: a.example\r\n\r\n", ["GET /?y"]),
        ("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", ["OPTIONS *"]),
        ("GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\r\n", ["GET /ws upgrade"]),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello", ["POST / body hello"]),
        ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", ["POST /"]),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: t\r\n\r\n",
            ["POST / body Wiki0123456789"]
        ),
        (
            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n",
            ["POST /", "GET /next"]
        ),
        (
            "POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n\r\n"
                + "GET /3 HTTP/1.1\r\nHost: a\r\n\r\n",
            ["POST /1 body abc", "GET /2", "GET /2", "GET /3"]
        ),
    ]

    @Test(arguments: good.indices) func comesOutTheSameHoweverItIsCut(_ index: Int) {
        let (text, lines) = Self.good[index]
        let bytes = Array(text.utf8)
        #expect(Self.parse([bytes]) == lines)
        for cut in 1..<bytes.count { #expect(Self.parse([Array(bytes[..<cut]), Array(bytes[cut...])]) == lines, "cut at \(cut)") }
        #expect(Self.parse(bytes.map { [$0] }) == lines)
        var generator = SeededGenerator(seed: UInt64(index))
        for _ in 0..<20 { #expect(Self.parse(generator.pieces(bytes)) == lines) }
    }

    /// Two empty lines before a request are one too many, whether or not they come together.
    @Test func oneEmptyLineIsIgnored() {
        let bytes = Array("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n".utf8)
        for cut in 0...bytes.count { #expect(Self.parse([Array(bytes[..<cut]), Array(bytes[cut...])]).map { $0.prefix(3) } == ["400"]) }
    }

    @Test func headersAreReadAsTheyCame() throws {
        var parser = HTTPParser()
        let text =
            "GET /a/%C3%A4/b%2Fc/?q=%20+x&q=2&flag HTTP/1.1\r\nHost: h\r\ncOOkie: a=1; callslip_session=s=t\r\nAccept-Encoding: br;q=1, gzip; q=0\r\nX-Two: 1\r\nx-two: 2\r\n\r\n"
        Array(text.utf8).withUnsafeBytes { parser.receive($0) }
        guard case .request(let request)? = parser.next() else { throw ParserFailure() }
        #expect(request.segments == ["a", "ä", "b/c"])
        #expect(request.query("q") == "  x")
        #expect(request.query("flag")?.isEmpty == true)
        #expect(request.query("none") == nil)
        #expect(request.cookie("callslip_session") == "s=t")
        #expect(!request.headers.lists("accept-encoding", "gzip"))
        #expect(request.headers.lists("accept-encoding", "br"))
        #expect(request.headers.all("x-two") == ["1", "2"])
        #expect(request.headers["X-TWO"] == "1")
    }

    private struct ParserFailure: Error {}

    /// Every limit: what is at it passes, what is beyond it has its own status.
    @Test func limitsHaveTheirStatus() {
        var limits = WebLimits()
        limits.requestLineBytesMax = 100
        limits.headBytesMax = 400
        limits.headerFieldsMax = 5
        limits.bodyBytesMax = 20
        limits.chunkLineBytesMax = 16
        limits.trailerBytesMax = 40
        func status(_ text: String) -> String {
            let whole = Self.parse([Array(text.utf8)], limits: limits)
            #expect(Self.parse(text.utf8.map { [$0] }, limits: limits) == whole)
            return String(whole.first?.prefix(3) ?? "---")
        }
        func x(_ count: Int) -> String { String(repeating: "x", count: count) }
        let host = "Host: a\r\n"
        #expect(status("GET /\(x(86)) HTTP/1.1\r\n\(host)\r\n") == "GET")
        #expect(status("GET /\(x(87)) HTTP/1.1\r\n\(host)\r\n") == "414")
        #expect(status("GET /\(x(2_000))") == "414")
        #expect(status("GET / HTTP/1.1\r\n\(host)A: \(x(368))\r\n\r\n") == "GET")
        #expect(status("GET / HTTP/1.1\r\n\(host)A: \(x(369))\r\n\r\n") == "431")
        #expect(status("GET / HTTP/1.1\r\n\(host)A: \(x(2_000))") == "431")
        #expect(status("GET / HTTP/1.1\r\n\(host)" + String(repeating: "a: b\r\n", count: 4) + "\r\n") == "GET")
        #expect(status("GET / HTTP/1.1\r\n\(host)" + String(repeating: "a: b\r\n", count: 5) + "\r\n") == "431")
        #expect(status("POST / HTTP/1.1\r\n\(host)Content-Length: 20\r\n\r\n\(x(20))") == "POS")
        #expect(status("POST / HTTP/1.1\r\n\(host)Content-Length: 21\r\n\r\n") == "413")
        #expect(status("POST / HTTP/1.1\r\n\(host)Content-Length: 999999999999999999\r\n\r\n") == "413")
        let chunked = "POST / HTTP/1.1\r\n\(host)Transfer-Encoding: chunked\r\n\r\n"
        #expect(status(chunked + "14\r\n\(x(20))\r\n0\r\n\r\n") == "POS")
        #expect(status(chunked + "14\r\n\(x(20))\r\n1\r\nx\r\n0\r\n\r\n") == "413")
        #expect(status(chunked + "7fffffffffffffff\r\n") == "400")
        #expect(status(chunked + "fffffff\r\n") == "413")
        #expect(status(chunked + "1;aaaaaaaaaaaaaaaaaaaaaaaaaaa") == "400")
        #expect(status(chunked + "0\r\nA: \(x(60))\r\n\r\n") == "431")
    }

    /// Whatever bytes come, nothing traps, nothing more than the limits is held, and the cut does not matter.
    @Test(arguments: 1...200) func anyBytesAreHarmless(seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        var bytes: [UInt8] = []
        for _ in 0..<3 { bytes += Self.good[Int(generator.next() % UInt64(Self.good.count))].text.utf8 }
        for _ in 0..<(1 + Int(generator.next() % 4)) {
            let at = Int(generator.next() % UInt64(bytes.count))
            switch generator.next() % 4 {
            case 0: bytes[at] = UInt8(truncatingIfNeeded: generator.next())
            case 1: bytes.remove(at: at)
            case 2: bytes.insert([0x0D, 0x0A, 0x20, 0x3A, 0x00, 0x09][Int(generator.next() % 6)], at: at)
            default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 12)], at: at)
            }
        }
        let whole = Self.parse([bytes])
        #expect(Self.parse(bytes.map { [$0] }) == whole)
        #expect(Self.parse(generator.pieces(bytes)) == whole)
    }
}
