import EventLoop
import Testing

@testable import Web

/// What two parsers could read differently is refused, and its connection is closed: RFC 9112 sections 2.2, 3, 5, 6, 7 and 11.2.
@Suite struct SmugglingTests {
    private static let post = "POST / HTTP/1.1\r\nHost: a\r\n"
    private static let get = "GET / HTTP/1.1\r\nHost: a\r\n"
    private static let chunked = post + "Transfer-Encoding: chunked\r\n\r\n"

    static let cases: [(name: String, request: String, status: Int)] = [
        // Lengths.
        ("length beside coding", post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("coding beside length", post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400),
        ("two lengths", post + "Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcd", 400),
        ("two equal lengths", post + "Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd", 400),
        ("a list of lengths", post + "Content-Length: 4, 4\r\n\r\nabcd", 400),
        ("a length with a sign", post + "Content-Length: +4\r\n\r\nabcd", 400),
        ("a negative length", post + "Content-Length: -4\r\n\r\nabcd", 400),
        ("a hexadecimal length", post + "Content-Length: 0x4\r\n\r\nabcd", 400),
        ("a length with a fraction", post + "Content-Length: 4.0\r\n\r\nabcd", 400),
        ("an empty length", post + "Content-Length:\r\n\r\nabcd", 400),
        ("a length with a space inside", post + "Content-Length: 1 2\r\n\r\nabcd", 400),
        ("a length that overflows", post + "Content-Length: 18446744073709551620\r\n\r\nabcd", 400),
        ("a length in the wrong place", post + "Content-Length : 4\r\n\r\nabcd", 400),
        // Codings.
        ("an unknown coding", post + "Transfer-Encoding: gzip\r\n\r\n", 501),
        ("coding behind chunked", post + "Transfer-Encoding: chunked, gzip\r\n\r\n", 501),
        ("chunked twice in a line", post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n", 501),
        ("chunked in two lines", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        ("identity", post + "Transfer-Encoding: identity\r\n\r\n", 501),
        ("xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
        ("chunked with a control character", post + "Transfer-Encoding: \u{0B}chunked\r\n\r\n0\r\n\r\n", 400),
        ("chunked with a colon before", post + "Transfer-Encoding: :chunked\r\n\r\n0\r\n\r\n", 501),
        ("space before the colon of a coding", post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
        ("tab before the colon of a coding", post + "Transfer-Encoding\t: chunked\r\n\r\n0\r\n\r\n", 400),
        ("chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        // Lines.
        ("bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
        ("bare LF after a field", get + "X: y\n\r\n", 400),
        ("bare LF at the end", get + "\n", 400),
        ("CR inside a value", get + "X: a\rb\r\n\r\n", 400),
        ("CR CR LF", get + "X: a\r\r\n\r\n", 400),
        ("a folded line", get + "X: a\r\n b\r\n\r\n", 400),
        ("a folded line with a tab", get + "X: a\r\n\tb\r\n\r\n", 400),
        ("space before the first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
        ("space before the colon", get + "X : a\r\n\r\n", 400),
        ("space inside a name", get + "X Y: a\r\n\r\n", 400),
        ("a name with a control character", get + "X\u{01}: a\r\n\r\n", 400),
        ("an empty name", get + ": a\r\n\r\n", 400),
        ("a line without a colon", get + "hello\r\n\r\n", 400),
        ("NUL in a value", get + "X: a\0b\r\n\r\n", 400),
        ("DEL in a value", get + "X: a\u{7F}b\r\n\r\n", 400),
        // The request line.
        ("no version", "GET /\r\nHost: a\r\n\r\n", 400),
        ("HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
        ("HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505),
        ("HTTP/0.9", "GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505),
        ("a version of two digits", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
        ("other letters than HTTP", "GET / HTxP/1.1\r\nHost: a\r\n\r\n", 400),
        ("lower-case http", "GET / http/1.1\r\nHost: a\r\n\r\n", 400),
        ("two spaces", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("space at the end", "GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400),
        ("space in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a tab in the target", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("bytes beyond ASCII in the target", "GET /ä HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a bad percent-encoding", "GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("an encoded NUL", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a way up", "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("an encoded way up", "GET /a/%2e%2E/b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("no target", "GET HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a relative target", "GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("a star for GET", "GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("CONNECT", "CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("a made-up method", "DANCE / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("a lower-case method", "get / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
        ("no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
        ("bytes of TLS", "\u{16}\u{03}\u{01}\u{02}\u{00}\u{01}\r\n\r\n", 400),
        // Host and Expect.
        ("no Host", "GET / HTTP/1.1\r\n\r\n", 400),
        ("two Hosts", get + "Host: b\r\n\r\n", 400),
        ("an unknown expectation", post + "Content-Length: 1\r\nExpect: tea\r\n\r\n", 417),
        // Chunks.
        ("no size", chunked + "\r\n", 400),
        ("a size that is none", chunked + "g\r\n", 400),
        ("a size with 0x", chunked + "0x4\r\nabcd\r\n0\r\n\r\n", 400),
        ("a size with a sign", chunked + "+4\r\nabcd\r\n0\r\n\r\n", 400),
        ("a negative size", chunked + "-1\r\n", 400),
        ("a size that overflows", chunked + "10000000000000004\r\nabcd\r\n0\r\n\r\n", 400),
        ("a size with space before", chunked + " 4\r\nabcd\r\n0\r\n\r\n", 400),
        ("bare LF after a size", chunked + "4\nabcd\r\n0\r\n\r\n", 400),
        ("bare LF after a chunk", chunked + "4\r\nabcd\n0\r\n\r\n", 400),
        ("a chunk that is longer than its size", chunked + "4\r\nabcde\r\n0\r\n\r\n", 400),
        ("bare LF in an extension", chunked + "4;a\nb\r\nabcd\r\n0\r\n\r\n", 400),
        ("bare CR in an extension", chunked + "4;a\rb\r\nabcd\r\n0\r\n\r\n", 400),
        ("a folded trailer", chunked + "0\r\nA: b\r\n c\r\n\r\n", 400),
        ("a trailer without a colon", chunked + "0\r\nhello\r\n\r\n", 400),
        ("a trailer with a space in its name", chunked + "0\r\nA B: c\r\n\r\n", 400),
    ]

    /// What follows a refused request is never looked at: a second request behind it gets no answer.
    @Test(arguments: cases.indices) @WebActor func isRefusedAndTheConnectionCloses(_ index: Int) {
        let (name, request, status) = Self.cases[index]
        let server = WebServer()
        server.route([.get, .post], "/") { _, responder in responder.send(.text("done")) }
        for pieces in [[Array(request.utf8)], request.utf8.map { [$0] }] {
            let (stream, connection) = server.connect()
            for piece in pieces { stream.send(piece) }
            stream.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            let answer = stream.takeWritten()
            #expect(answer.status == status, "\(name): \(answer.prefix(200))")
            #expect(answer.contains("\r\nConnection: close\r\n"), "\(name)")
            #expect(answer.ranges(of: "\r\nDate: ").count == 1, "\(name): \(answer)")
            #expect(stream.isShutDown, "\(name)")
            connection.drop()
        }
    }
}
