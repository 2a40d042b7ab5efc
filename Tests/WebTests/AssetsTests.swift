import CZlib
import EventLoop
import Testing

@testable import Web

/// The clients' files: types, tags, compression, and what may be framed.
@Suite @WebActor struct AssetsTests {
    private static let script = String(repeating: "console.log('callslip');\n", count: 100)

    private func server() -> WebServer {
        let server = WebServer()
        let files: [(path: String, content: [UInt8])] = [
            ("desk.html", Array("<p>desk".utf8)), ("chat.html", Array("<p>chat".utf8)), ("js/a.js", Array(Self.script.utf8)),
            ("tiny.css", Array("a{}".utf8)), ("slip.svg", Array("<svg/>".utf8)),
        ]
        let policy = [(name: "Content-Security-Policy", value: "default-src 'self'; frame-ancestors 'self'")]
        Assets(files: files, pageHeaders: policy).install(on: server, pages: ["/desk": "desk.html"], pagePrefixes: ["/chat": "chat.html"])
        return server
    }

    private func get(_ path: String, _ fields: String = "", method: String = "GET") -> String {
        server().answer("\(method) \(path) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
    }

    private func field(_ name: String, _ answer: String) -> String? {
        answer.split(separator: "\n").first { $0.hasPrefix(name + ": ") }.map { String($0.dropFirst(name.count + 2)) }
    }

    @Test func filesHaveTypeAndTag() throws {
        let answer = get("/js/a.js")
        #expect(answer.status == 200 && answer.hasSuffix(Self.script))
        #expect(field("Content-Type", answer) == "text/javascript; charset=utf-8")
        #expect(field("Cache-Control", answer) == "no-cache")
        #expect(field("Vary", answer) == "Accept-Encoding")
        #expect(field("X-Content-Type-Options", answer) == "nosniff")
        #expect(field("Access-Control-Allow-Origin", answer) == "*")
        let tag = try #require(field("ETag", answer))
        #expect(tag.hasPrefix("\"") && tag.hasSuffix("\"") && tag.count == 18)
        #expect(field("ETag", get("/js/a.js")) == tag)
        #expect(get("/nothing.js").status == 404)
        #expect(get("/js").status == 404)
        #expect(get("/js/a.js", method: "POST").status == 405)
    }

    @Test func whatIsKnownIsNotSentAgain() throws {
        for (encoding, suffix) in [("", ""), ("Accept-Encoding: gzip\r\n", "-gzip")] {
            let tag = try #require(field("ETag", get("/js/a.js", encoding)))
            #expect(tag.hasSuffix(suffix + "\""))
            for known in [tag, "W/\(tag)", "\"other\", \(tag)", "*"] {
                let answer = get("/js/a.js", encoding + "If-None-Match: \(known)\r\n")
                #expect(answer.status == 304, "\(known)")
                // The tag is that of the answer that would have been sent (RFC 9110 section 15.4.5).
                #expect(field("ETag", answer) == tag)
                #expect(answer.hasSuffix("\n\n") && field("Content-Length", answer) == nil)
            }
            #expect(get("/js/a.js", encoding + "If-None-Match: \"other\"\r\n").status == 200)
        }
    }

    @Test func headHasTheFieldsOfGet() {
        for fields in ["", "Accept-Encoding: gzip\r\n"] {
            let get = get("/js/a.js", fields)
            let head = self.get("/js/a.js", fields, method: "HEAD")
            #expect(head.hasSuffix("\n\n") && get.hasPrefix(head.dropLast(0)))
        }
    }

    @Test func isCompressedForThoseWhoTakeIt() throws {
        let (stream, connection) = server().connect()
        defer { connection.drop() }
        stream.send("GET /js/a.js HTTP/1.1\r\nHost: a\r\nAccept-Encoding: deflate, GZIP;q=0.5\r\n\r\n")
        let written = stream.written
        let end = try #require((0..<(written.count - 3)).first { Array(written[$0..<$0 + 4]) == [13, 10, 13, 10] })
        #expect(String(decoding: written[..<end], as: UTF8.self).contains("Content-Encoding: gzip"))
        #expect(inflated(Array(written[(end + 4)...])) == Array(Self.script.utf8))
        #expect(field("Content-Encoding", get("/js/a.js", "Accept-Encoding: gzip;q=0\r\n")) == nil)
        #expect(field("Content-Encoding", get("/tiny.css", "Accept-Encoding: gzip\r\n")) == nil)
    }

    private func inflated(_ compressed: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        guard inflateInit2_(&stream, 31, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else { return [] }
        defer { inflateEnd(&stream) }
        var input = compressed
        let count = input.count
        return [UInt8](unsafeUninitializedCapacity: 100_000) { output, written in
            input.withUnsafeMutableBufferPointer { input in
                stream.next_in = input.baseAddress
                stream.avail_in = UInt32(count)
                stream.next_out = output.baseAddress
                stream.avail_out = UInt32(output.count)
                written = inflate(&stream, Z_FINISH) == Z_STREAM_END ? output.count - Int(stream.avail_out) : 0
            }
        }
    }

    /// Libraries show the chat's page in frames of their own; no other page may be framed by strangers.
    @Test func onlyTheChatMayBeFramed() {
        #expect(field("Content-Security-Policy", get("/desk")) == "default-src 'self'; frame-ancestors 'self'")
        #expect(field("Content-Security-Policy", get("/chat/memorial@chat.example.org?skin=x")) == "default-src 'self'")
        #expect(field("Content-Security-Policy", get("/js/a.js")) == nil)
        #expect(get("/chat/a/b").hasSuffix("<p>chat"))
    }

    @Test func whatIsBuiltInIsServed() {
        let assets = Assets()
        for path in ["desk.html", "chat.html", "js/libraryh3lp.js", "js/callslip.js", "patron/panel.js", "shared/connection.js"] {
            #expect(assets.paths.contains(path))
        }
        #expect(assets.paths.allSatisfy { Assets.contentType($0) != "application/octet-stream" })
    }
}
