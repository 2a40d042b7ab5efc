import CoreMetrics
import EventLoop
import Locking
import Testing

@testable import Web

/// `/metrics` in Prometheus' text format 0.0.4, read back by a parser of its rules; health and readiness.
@Suite struct MetricsTests {
    struct Exposition {
        var kinds: [String: String] = [:]
        var samples: [(name: String, labels: [String: String], value: Double)] = []
        var faults: [String] = []

        /// Lines, names, labels, escapes, values; TYPE once and before the samples of its family, which stand together; no sample twice.
        init(_ text: String) {
            var family: String?
            var finished: Set<String> = []
            var seen: Set<String> = []
            if !text.hasSuffix("\n") { faults.append("the last line does not end") }
            for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
                if line.hasPrefix("# TYPE ") {
                    let words = line.split(separator: " ")
                    guard words.count == 4, ["counter", "gauge", "histogram"].contains(words[3]) else {
                        faults.append("bad TYPE: \(line)")
                        continue
                    }
                    if let family { finished.insert(family) }
                    family = String(words[2])
                    if kinds.updateValue(String(words[3]), forKey: String(words[2])) != nil { faults.append("TYPE twice: \(line)") }
                    continue
                }
                guard let match = line.wholeMatch(of: #/([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(.*)\})? (NaN|[+-]Inf|-?[0-9.]+(e[+-]?[0-9]+)?)/#)
                else {
                    faults.append("not a sample: \(line)")
                    continue
                }
                let name = String(match.1)
                let base = Self.base(name, kinds)
                if base != family { faults.append("\(name) is outside of its family") }
                if finished.contains(base) { faults.append("\(base) is in two places") }
                if !seen.insert(String(line.prefix { $0 != "}" })).inserted, match.3 == nil { faults.append("\(name) comes twice") }
                let value = match.4 == "+Inf" ? Double.infinity : match.4 == "-Inf" ? -.infinity : Double(match.4) ?? .nan
                samples.append((name, labels(match.3.map(String.init) ?? ""), value))
            }
        }

        private static func base(_ name: String, _ kinds: [String: String]) -> String {
            for suffix in ["_bucket", "_sum", "_count"] where name.hasSuffix(suffix) {
                let base = String(name.dropLast(suffix.count))
                if kinds[base] == "histogram" { return base }
            }
            return name
        }

        private mutating func labels(_ text: String) -> [String: String] {
            var labels: [String: String] = [:]
            var rest = text[...]
            while !rest.isEmpty {
                guard let match = rest.prefixMatch(of: #/([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"(,|$)/#) else {
                    faults.append("bad labels: \(text)")
                    return labels
                }
                if labels.updateValue(String(match.2), forKey: String(match.1)) != nil { faults.append("a label twice: \(text)") }
                rest = rest[match.range.upperBound...]
            }
            return labels
        }

        func value(_ name: String, _ labels: [String: String] = [:]) -> Double? {
            samples.first { $0.name == name && $0.labels == labels }?.value
        }
    }

    @Test func everyKindIsRenderedAsPrometheusReadsIt() {
        let metrics = PrometheusMetrics()
        let requests = metrics.makeCounter(label: "http.requests", dimensions: [("method", "GET"), ("path", "/a\"b\\c\nd")])
        requests.increment(by: 3)
        metrics.makeCounter(label: "http.requests", dimensions: [("method", "POST"), ("path", "")]).increment(by: 1)
        metrics.makeMeter(label: "connections", dimensions: []).set(2.5 as Double)
        metrics.makeRecorder(label: "temperature", dimensions: [], aggregate: false).record(-1.0)
        let timer = metrics.makeTimer(label: "commit", dimensions: [("lane", "say")])
        for nanoseconds: Int64 in [100_000, 3_000_000, 90_000_000_000] { timer.recordNanoseconds(nanoseconds) }
        let sizes = metrics.makeRecorder(label: "batch", dimensions: [], aggregate: true)
        for size: Int64 in [1, 3, 2_000_000] { sizes.record(size) }
        metrics.makeFloatingPointCounter(label: "9lives-total", dimensions: []).increment(by: 0.5)
        metrics.makeMeter(label: "odd", dimensions: [("le:vel", "x"), ("9", "y")]).set(Double.infinity)

        let exposition = Exposition(metrics.render())
        #expect(exposition.faults.isEmpty, "\(exposition.faults)\n\(metrics.render())")
        #expect(exposition.kinds["http_requests_total"] == "counter")
        #expect(exposition.value("http_requests_total", ["method": "GET", "path": #"/a\"b\\c\nd"#]) == 3)
        #expect(exposition.value("connections") == 2.5)
        #expect(exposition.value("temperature") == -1)
        #expect(exposition.value("odd", ["le_vel": "x", "_9": "y"]) == .infinity)
        #expect(exposition.value("commit_seconds_count", ["lane": "say"]) == 3)
        #expect(exposition.value("commit_seconds_bucket", ["lane": "say", "le": "0.005"]) == 2)
        #expect(exposition.value("commit_seconds_bucket", ["lane": "say", "le": "+Inf"]) == 3)
        #expect(exposition.value("batch_sum") == 2_000_004)
        for (name, kind) in exposition.kinds where kind == "histogram" {
            let buckets = exposition.samples.filter { $0.name == name + "_bucket" }
            #expect(buckets.map(\.value) == buckets.map(\.value).sorted())
            #expect(buckets.last?.labels["le"] == "+Inf")
            #expect(buckets.last?.value == exposition.samples.first { $0.name == name + "_count" }?.value)
        }
    }

    /// A label with too many values costs its own figures, and not the process.
    @Test func seriesAreBoundedAndCounted() {
        let metrics = PrometheusMetrics(seriesMax: 10, seriesPerNameMax: 4)
        for number in 0..<6 { metrics.makeCounter(label: "a", dimensions: [("n", "\(number)")]).increment(by: 1) }
        for number in 0..<8 { metrics.makeCounter(label: "b\(number)", dimensions: []).increment(by: 1) }
        metrics.makeMeter(label: "a_total", dimensions: []).set(1 as Double)
        let exposition = Exposition(metrics.render())
        #expect(exposition.faults.isEmpty)
        #expect(exposition.samples.count == 11)
        #expect(exposition.value("callslip_metrics_dropped_total") == 5)
    }

    @Test func aSeriesThatIsDestroyedIsGone() {
        let metrics = PrometheusMetrics()
        let counter = metrics.makeCounter(label: "a", dimensions: [])
        metrics.destroyCounter(counter)
        #expect(Exposition(metrics.render()).kinds["a_total"] == nil)
    }

    @Test @WebActor func healthAndReadinessSayWhy() async {
        let server = WebServer()
        let metrics = PrometheusMetrics()
        let why = Locked<String?>("no coordinator answers")
        let health = Health(loops: [], metrics: metrics, whyNotReady: { why.withLock { $0 } })
        health.install(on: server)
        func get(_ path: String) -> String { server.answer("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n") }
        #expect(get("/healthz").status == 200)
        #expect(get("/readyz").status == 503)
        #expect(get("/readyz").hasSuffix("\n\nno coordinator answers\n"))
        why.withLock { $0 = nil }
        #expect(get("/readyz").status == 200)
        #expect(get("/readyz").contains("Cache-Control: no-store\n"))
        #expect(get("/metrics").contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\n"))
        health.close()
    }
}
