import Testing

@testable import Web

/// One connection in virtual time: what it does at which moment, without a clock and without a network.
@Suite struct HTTPConnectionTests {
    /// Plays the shell: the handler's answer comes when the test says so.
    struct Shell {
        var core: HTTPConnection
        var nowMs: UInt64 = 0
        var requests: [String] = []
        var isClosed = false
        var isDropped = false
        var output = ""
        var bodyBytesMax: Int?

        init(_ change: (inout WebLimits) -> Void = { _ in }) {
            var limits = WebLimits()
            change(&limits)
            core = HTTPConnection(limits: limits, nowMs: 0)
        }

        mutating func pump() {
            while let directive = core.next(nowMs: nowMs) {
                switch directive {
                case .head: if let bodyBytesMax { core.bodyBytesMax = bodyBytesMax }
                case .request(let request): requests.append(HTTPParserTests.describe(request))
                case .close: isClosed = true
                }
                core.checkInvariants()
            }
            output += String(decoding: core.takeOutput(), as: UTF8.self)
        }

        mutating func receive(_ text: String) {
            Array(text.utf8).withUnsafeBytes { core.receive($0, nowMs: nowMs) }
            pump()
        }

        mutating func respond(_ text: String = "ok", closing: Bool = false) {
            core.respond(PreparedResponse(.text(text)), date: HTTPDate(unixSeconds: 0), nowMs: nowMs, closing: closing)
            pump()
        }

        /// Time passes in the steps in which the shell looks at its connections.
        mutating func wait(_ ms: UInt64) {
            let untilMs = nowMs + ms
            while nowMs < untilMs, !isDropped {
                nowMs = min(untilMs, nowMs + 500)
                isDropped = core.tick(date: HTTPDate(unixSeconds: 0), nowMs: nowMs)
                pump()
            }
        }

        mutating func takeStatus() -> Int {
            defer { output = "" }
            return output.status
        }
    }

    private let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

    @Test func aHeadThatComesByteByByteHasItsTime() {
        var shell = Shell()
        for byte in "GET / HTTP/1.1\r\nHost: " {
            shell.receive(String(byte))
            shell.wait(400)
        }
        #expect(!shell.isClosed && shell.output.isEmpty)
        for _ in 0..<10 where !shell.isClosed {
            shell.receive("a")
            shell.wait(400)
        }
        #expect(shell.takeStatus() == 408)
        #expect(shell.isClosed)
        shell.wait(3_000)
        #expect(shell.isDropped)
    }

    @Test func aBodyHasItsTime() {
        var shell = Shell()
        shell.receive("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n")
        for _ in 0..<29 {
            shell.receive("x")
            shell.wait(1_000)
        }
        #expect(!shell.isClosed)
        shell.wait(1_500)
        #expect(shell.takeStatus() == 408)
        #expect(shell.isClosed && shell.requests.isEmpty)
    }

    @Test func whoSaysNothingIsLetGoInSilence() {
        var shell = Shell()
        shell.wait(9_500)
        #expect(!shell.isClosed)
        shell.wait(1_000)
        #expect(shell.isClosed && shell.output.isEmpty)
    }

    @Test func aKeptConnectionHasItsIdleTime() {
        var shell = Shell()
        shell.receive(get)
        shell.respond()
        #expect(shell.takeStatus() == 200)
        shell.wait(74_500)
        #expect(!shell.isClosed)
        shell.wait(1_000)
        #expect(shell.isClosed && shell.output.isEmpty)
    }

    /// Empty lines are not a request that has begun.
    @Test func emptyLinesDoNotHoldAConnectionForEver() {
        var shell = Shell()
        shell.receive(get)
        shell.respond()
        shell.receive("\r\n")
        shell.wait(80_000)
        #expect(shell.isClosed)
        shell.wait(3_000)
        #expect(shell.isDropped)

        var fresh = Shell()
        fresh.receive("\r\n")
        fresh.wait(11_000)
        #expect(fresh.isClosed)
    }

    @Test func aHandlerHasItsTime() {
        var shell = Shell()
        shell.receive(get)
        shell.wait(61_000)
        #expect(shell.takeStatus() == 503)
        #expect(shell.isClosed)
        shell.respond("too late")
        #expect(shell.output.isEmpty)
    }

    /// One request is out at a time, and answers leave in order.
    @Test func pipelinedRequestsAreAnsweredInOrder() {
        var shell = Shell()
        shell.receive(
            "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /4"
        )
        #expect(shell.requests == ["GET /1"])
        shell.respond("first")
        #expect(shell.requests == ["GET /1", "GET /2"])
        shell.respond("second")
        shell.respond("third")
        #expect(shell.requests == ["GET /1", "GET /2", "GET /3 close"])
        let bodies = shell.output.split(separator: "\r\n").filter {
            ["first", "second", "third"].contains($0.prefix(6).prefix { $0.isLetter })
        }
        #expect(bodies.count == 3 || shell.output.contains("third"))
        #expect(shell.isClosed)
        let places = ["first", "second", "third"].compactMap { shell.output.firstRange(of: $0)?.lowerBound }
        #expect(places.count == 3 && places == places.sorted())
    }

    /// Who pipelines faster than they are answered is not read: memory stays bounded.
    @Test func aPipelinerIsHeld() {
        var shell = Shell { $0.pipelinedBytesMax = 100 }
        #expect(shell.core.wantsReading)
        shell.receive(get)
        #expect(shell.core.wantsReading)
        shell.receive(String(repeating: get, count: 5))
        #expect(!shell.core.wantsReading)
        while shell.requests.count < 6 { shell.respond() }
        shell.respond()
        #expect(shell.core.wantsReading)
    }

    /// Who asks and does not read gets no further request parsed, and is dropped when nothing leaves.
    @Test func aReaderThatDoesNotReadIsDropped() {
        var shell = Shell {
            $0.responseQueueBytesMax = 1_000
            $0.pipelinedBytesMax = 100
        }
        shell.receive(get)
        shell.respond(String(repeating: "x", count: 2_000))
        shell.core.outputQueued(2_000, nowMs: shell.nowMs)
        shell.receive(get + get)
        #expect(shell.requests.count == 1)
        shell.receive(get + get)
        #expect(!shell.core.wantsReading)
        shell.wait(20_000)
        // Something leaves: the time begins anew.
        shell.core.outputQueued(1_500, nowMs: shell.nowMs)
        shell.wait(25_000)
        #expect(!shell.isDropped)
        shell.wait(6_000)
        #expect(shell.isDropped)
    }

    /// It reads again in time: the requests that waited are answered.
    @Test func aSlowReaderGoesOn() {
        var shell = Shell { $0.responseQueueBytesMax = 1_000 }
        shell.receive(get)
        shell.respond(String(repeating: "x", count: 2_000))
        shell.core.outputQueued(2_000, nowMs: 0)
        shell.receive(get)
        shell.wait(25_000)
        #expect(shell.requests.count == 1)
        shell.core.outputQueued(0, nowMs: shell.nowMs)
        shell.pump()
        #expect(shell.requests.count == 2 && !shell.isClosed)
    }

    @Test func continueIsSaidOnlyToThoseWhoWait() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
        var waiting = Shell()
        waiting.receive(head)
        #expect(waiting.output == "HTTP/1.1 100 Continue\r\n\r\n")
        waiting.receive("hello")
        #expect(waiting.requests == ["POST / body hello"])

        var impatient = Shell()
        impatient.receive(head + "hello")
        #expect(impatient.output.isEmpty && impatient.requests.count == 1)

        var tooLong = Shell()
        tooLong.bodyBytesMax = 4
        tooLong.receive(head)
        #expect(tooLong.takeStatus() == 413)
        #expect(tooLong.isClosed)
    }

    @Test func whatOldClientsAskForIsHeeded() {
        var old = Shell()
        old.receive("GET / HTTP/1.0\r\n\r\n")
        old.respond()
        #expect(old.isClosed && old.output.contains("Connection: close\r\n"))
        var kept = Shell()
        kept.receive("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        kept.respond()
        #expect(!kept.isClosed && kept.output.contains("Connection: keep-alive\r\n"))
        var ended = Shell()
        ended.receive(get)
        ended.respond(closing: true)
        #expect(ended.isClosed && ended.output.contains("Connection: close\r\n"))
    }

    /// HEAD has the head of GET, to the byte, and no body; 204 and 304 have none, and no length.
    @Test func someAnswersHaveNoBody() {
        var get = Shell()
        get.receive(self.get)
        get.respond("hello")
        var head = Shell()
        head.receive("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
        head.respond("hello")
        #expect(head.output + "hello" == get.output)
        for status in [204, 304] {
            var shell = Shell()
            shell.receive(self.get)
            let response = Response(status: status, body: Array("never".utf8))
            shell.core.respond(PreparedResponse(response), date: HTTPDate(unixSeconds: 0), nowMs: 0)
            shell.pump()
            #expect(shell.output.hasSuffix("\r\n\r\n") && !shell.output.contains("Content-Length"))
        }
    }

    /// The client has said all that it will say; what it asked is still answered.
    @Test func aHalfClosedConnectionIsAnswered() {
        var shell = Shell()
        shell.receive(get)
        shell.core.receiveEnd(nowMs: 0)
        shell.pump()
        #expect(!shell.isClosed)
        shell.respond()
        #expect(shell.takeStatus() == 200)
        #expect(shell.isClosed)

        var midway = Shell()
        midway.receive("GET / HT")
        midway.core.receiveEnd(nowMs: 0)
        midway.pump()
        #expect(midway.isClosed && midway.output.isEmpty)
    }

    @Test func aFieldWithALineBreakIsLeftOut() {
        var shell = Shell()
        shell.receive(get)
        let response = Response(status: 200, headers: [("X-Good", "1"), ("X-Bad", "1\r\nSet-Cookie: a=b"), ("X\nY", "2")])
        shell.core.respond(PreparedResponse(response), date: HTTPDate(unixSeconds: 0), nowMs: 0)
        shell.pump()
        #expect(shell.output.contains("X-Good: 1\r\n"))
        #expect(!shell.output.contains("Bad") && !shell.output.contains("Cookie") && !shell.output.contains("Y: 2"))
    }

    @Test func datesAreOfTheFormThatIsAskedFor() {
        #expect(HTTPDate.text(unixSeconds: 0) == "Thu, 01 Jan 1970 00:00:00 GMT")
        #expect(HTTPDate.text(unixSeconds: 951_782_400) == "Tue, 29 Feb 2000 00:00:00 GMT")
        #expect(HTTPDate.text(unixSeconds: 1_795_651_199) == "Wed, 25 Nov 2026 23:59:59 GMT")
    }
}
