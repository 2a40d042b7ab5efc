import CoreMetrics
import Locking

/// A backend for swift-metrics that renders Prometheus' text format.
///
/// Counters become `name_total`, timers histograms `name_seconds`, recorders gauges or histograms. The number of series is bounded
/// (`seriesMax`, and `seriesPerNameMax` for one name): what comes beyond is counted in `callslip_metrics_dropped_total` and otherwise lost, so a
/// label with too many values costs its own figures and not the process.
public final class PrometheusMetrics: MetricsFactory {
    public let seriesMax: Int
    public let seriesPerNameMax: Int
    private let state = Locked(State())

    private struct State {
        var families: [String: Family] = [:]
        var seriesCount = 0
        var dropped = 0
    }

    enum Kind: String {
        case counter, gauge, histogram
    }

    private struct Family {
        let kind: Kind
        /// By the rendered labels.
        var series: [String: any Series] = [:]
    }

    public init(seriesMax: Int = 2_000, seriesPerNameMax: Int = 200) {
        self.seriesMax = seriesMax
        self.seriesPerNameMax = seriesPerNameMax
    }

    // MARK: MetricsFactory

    public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        series(label, "_total", dimensions, .counter) { CounterSeries() } ?? CounterSeries()
    }

    public func makeFloatingPointCounter(label: String, dimensions: [(String, String)]) -> any FloatingPointCounterHandler {
        series(label, "_total", dimensions, .counter) { GaugeSeries() } ?? GaugeSeries()
    }

    public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        series(label, "", dimensions, .gauge) { GaugeSeries() } ?? GaugeSeries()
    }

    public func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
        if aggregate {
            return series(label, "", dimensions, .histogram) { HistogramSeries(bounds: HistogramSeries.countBounds) }
                ?? HistogramSeries(bounds: [])
        }
        return series(label, "", dimensions, .gauge) { GaugeSeries() } ?? GaugeSeries()
    }

    public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        series(label, "_seconds", dimensions, .histogram) { HistogramSeries(bounds: HistogramSeries.secondBounds) }
            ?? HistogramSeries(bounds: [])
    }

    public func destroyCounter(_ handler: any CounterHandler) { destroy(handler) }
    public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { destroy(handler) }
    public func destroyMeter(_ handler: any MeterHandler) { destroy(handler) }
    public func destroyRecorder(_ handler: any RecorderHandler) { destroy(handler) }
    public func destroyTimer(_ handler: any TimerHandler) { destroy(handler) }

    /// The series of that name and labels, made where it is new; nil where the bound is reached or the name is another kind's.
    private func series<S: Series>(
        _ label: String, _ suffix: String, _ dimensions: [(String, String)], _ kind: Kind, _ make: () -> S
    ) -> S? {
        var name = Self.name(label)
        if !name.hasSuffix(suffix) { name += suffix }
        let labels = Self.labels(dimensions)
        return state.withLock { state in
            if let found = state.families[name]?.series[labels] {
                if let same = found as? S { return same }
                state.dropped += 1
                return nil
            }
            let family = state.families[name] ?? Family(kind: kind)
            guard family.kind == kind, state.seriesCount < seriesMax, family.series.count < seriesPerNameMax else {
                state.dropped += 1
                return nil
            }
            let made = make()
            state.families[name, default: family].series[labels] = made
            state.seriesCount += 1
            return made
        }
    }

    private func destroy(_ handler: AnyObject) {
        state.withLock { state in
            for (name, family) in state.families {
                guard let labels = family.series.first(where: { $0.value === handler })?.key else { continue }
                state.families[name]?.series[labels] = nil
                if state.families[name]?.series.isEmpty == true { state.families[name] = nil }
                state.seriesCount -= 1
                return
            }
        }
    }

    // MARK: Rendering

    /// Prometheus' text format 0.0.4, names and labels in byte order.
    public func render() -> String {
        let (families, dropped) = state.withLock { ($0.families, $0.dropped) }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# TYPE \(name) \(family.kind.rawValue)\n"
            for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) { series.render(name, labels, into: &text) }
        }
        text += "# TYPE callslip_metrics_dropped_total counter\ncallslip_metrics_dropped_total \(dropped)\n"
        return text
    }

    static func name(_ label: String) -> String {
        let bytes = label.utf8.prefix(200).map { byte -> UInt8 in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x3A: byte
            default: 0x5F
            }
        }
        let name = String(decoding: bytes, as: UTF8.self)
        guard let first = name.utf8.first, !(first >= 0x30 && first <= 0x39) else { return "_" + name }
        return name
    }

    static func labels(_ dimensions: [(String, String)]) -> String {
        dimensions.sorted { $0.0 < $1.0 }.map { key, value in
            var escaped = ""
            for character in value.unicodeScalars.prefix(200) {
                switch character {
                case "\\": escaped += "\\\\"
                case "\"": escaped += "\\\""
                case "\n": escaped += "\\n"
                default: escaped.unicodeScalars.append(character)
                }
            }
            return "\(name(key).replacingColons())=\"\(escaped)\""
        }.joined(separator: ",")
    }
}

extension String {
    fileprivate func replacingColons() -> String { String(map { $0 == ":" ? "_" : $0 }) }
}
