import Testing

@testable import Measuring

@Suite struct SamplesTests {
    @Test func percentilesAreTheNearestRank() {
        var samples = Samples()
        for ns in (1...200).reversed() { samples.record(ns: UInt64(ns) * 1_000_000) }
        #expect(samples.percentileMs(0.5) == 100)
        #expect(samples.percentileMs(0.99) == 198)
        #expect(samples.percentileMs(1) == 200)
        #expect(samples.percentileMs(0.001) == 1)
    }

    @Test func laterSamplesCount() {
        var samples = Samples()
        samples.record(ns: 2_000_000)
        #expect(samples.percentileMs(0.5) == 2)
        samples.record(ns: 1_000_000)
        #expect(samples.percentileMs(0.5) == 1)
    }

    @Test func nothingHasNoPercentile() {
        var samples = Samples()
        #expect(samples.percentileMs(0.99) == nil)
        #expect([Double]().median == nil)
    }

    @Test func roundsAreComparedSideBySide() {
        func rounds(_ rates: [Double]) -> [Load] { rates.map { Load(perSecond: $0, p50Ms: 1, p99Ms: 2, clientCores: 0, serverCores: 1) } }
        // The medians of the two alone would say 1.
        #expect(Load.ratio(of: rounds([90, 100, 190]), to: rounds([100, 200, 95])) == 0.9)
        #expect(Load.ratio(of: [], to: []) == nil)
    }

    @Test func medianOfEvenAndOdd() {
        #expect([3, 1, 2].median == 2)
        #expect([4, 1, 2, 3].median == 2.5)
    }
}

@Suite struct PutStreamTests {
    /// The bytes that a store would send.
    private func frame(_ kind: UInt8, _ flags: UInt8, _ stream: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0, 0, UInt8(payload.count), kind, flags, 0, 0, 0, stream] + payload
    }

    private func receive(_ stream: inout PutStream, _ bytes: [UInt8]) throws -> ([PutStream.Answer], [UInt8]) {
        var reply: [UInt8] = []
        let answers = try bytes.withUnsafeBytes { try stream.receive($0, reply: &reply) }
        return (answers, reply)
    }

    @Test func aCallIsTwoFramesAndLaterFieldsAreIndices() {
        var stream = PutStream(authority: "h", key: [1], value: [2])
        var first: [UInt8] = []
        var second: [UInt8] = []
        #expect(stream.put(into: &first) == 1)
        #expect(stream.put(into: &second) == 3)
        #expect(first.count > second.count)
        #expect(
            second == [
                0, 0, 6, 1, 4, 0, 0, 0, 3, 0x83, 0x86, 0xc1, 0xc0, 0xbf, 0xbe, 0, 0, 11, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 6, 0x0a, 1, 1, 0x12,
                1, 2,
            ])
    }

    @Test func onlyACallWithAMessageIsGood() throws {
        var stream = PutStream(authority: "h", key: [1], value: [2])
        var sent: [UInt8] = []
        _ = stream.put(into: &sent)
        _ = stream.put(into: &sent)
        let good = frame(1, 4, 1, [0x88]) + frame(0, 0, 1, [0, 0, 0, 0, 0]) + frame(1, 5, 1, [0x88])
        let (answers, _) = try receive(&stream, good + frame(1, 5, 3, [0x88]))
        #expect(answers == [.init(call: 1, isGood: true), .init(call: 3, isGood: false)])
        #expect(stream.underWay == 0)
    }

    @Test func framesMayComeInPieces() throws {
        var stream = PutStream(authority: "h", key: [1], value: [2])
        var sent: [UInt8] = []
        _ = stream.put(into: &sent)
        var answers: [PutStream.Answer] = []
        for byte in frame(0, 0, 1, [0, 0, 0, 0, 0]) + frame(1, 5, 1, [0x88]) { answers += try receive(&stream, [byte]).0 }
        #expect(answers == [.init(call: 1, isGood: true)])
    }

    @Test func pingsAndSettingsAreAnsweredAndTheWindowIsKept() throws {
        var stream = PutStream(authority: "h", key: [1], value: [UInt8](repeating: 2, count: 60_000))
        var sent: [UInt8] = []
        #expect(stream.put(into: &sent) == 1)
        #expect(stream.put(into: &sent) == nil)
        let (_, reply) = try receive(
            &stream, frame(4, 0, 0, []) + frame(6, 0, 0, [1, 2, 3, 4, 5, 6, 7, 8]) + frame(8, 0, 0, [0, 1, 0, 0]))
        #expect(reply == frame(4, 1, 0, []) + frame(6, 1, 0, [1, 2, 3, 4, 5, 6, 7, 8]))
        #expect(stream.put(into: &sent) == 3)
    }

    @Test func anEndedConnectionIsAFailure() {
        var stream = PutStream(authority: "h", key: [1], value: [2])
        #expect(throws: PutStream.Failure.self) { try receive(&stream, frame(7, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0])) }
    }
}

@Suite struct ReportTests {
    @Test func ratiosAreThoseOfTheSameLoad() {
        var report = BenchReport(cores: 2, syncMs: 0.08, messageBytes: 256)
        let load = Load(perSecond: 1_000, p50Ms: 1, p99Ms: 2.345, clientCores: 0.2, serverCores: 1)
        report.messages = [
            .init(.etcd, outstanding: 1, load),
            .init(.webSocket, outstanding: 1, Load(perSecond: 2_500, p50Ms: 1, p99Ms: 2, clientCores: 0, serverCores: 1)),
            .init(.webSocket, outstanding: 64, load),
        ]
        report.notes = ["nginx is not installed"]
        let lines = report.text.split(separator: "\n").map(String.init)
        #expect(lines.contains { $0.hasPrefix("callslip: at a node") && $0.contains("2500") && $0.contains("2.5 ×") })
        #expect(!lines.contains { $0.contains("64") && $0.contains("×") })
        #expect(lines.last == "not measured: nginx is not installed")
    }

    @Test func figuresHaveThreeDigits() {
        #expect(BenchReport.format(12_345.6) == "12346")
        #expect(BenchReport.format(12.34) == "12.3")
        #expect(BenchReport.format(0.126) == "0.13")
        #expect(BenchReport.format(20) == "20")
    }
}
