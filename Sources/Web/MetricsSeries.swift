import CoreMetrics
import Locking
import Synchronization

/// One line, or for histograms one group of lines, of `/metrics`.
protocol Series: AnyObject, Sendable {
    func render(_ name: String, _ labels: String, into text: inout String)
}

private func line(_ name: String, _ labels: String, _ value: String) -> String {
    labels.isEmpty ? "\(name) \(value)\n" : "\(name){\(labels)} \(value)\n"
}

private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    if let whole = Int64(exactly: value) { return String(whole) }
    return "\(value)"
}

final class CounterSeries: Series, CounterHandler {
    private let value = Atomic<Int64>(0)

    func increment(by amount: Int64) {
        // A counter at its end stays there rather than go back to nothing.
        let result = value.wrappingAdd(amount, ordering: .relaxed)
        if result.newValue < result.oldValue, amount > 0 { value.store(.max, ordering: .relaxed) }
    }

    func reset() { value.store(0, ordering: .relaxed) }

    func render(_ name: String, _ labels: String, into text: inout String) {
        text += line(name, labels, String(value.load(ordering: .relaxed)))
    }
}

/// A value that goes up and down; also a counter of fractions.
final class GaugeSeries: Series, MeterHandler, RecorderHandler, FloatingPointCounterHandler {
    private let value = Locked(0.0)

    func set(_ value: Int64) { set(Double(value)) }
    func set(_ value: Double) { self.value.withLock { $0 = value } }
    func increment(by amount: Double) { value.withLock { $0 += amount } }
    func decrement(by amount: Double) { value.withLock { $0 -= amount } }
    func record(_ value: Int64) { set(Double(value)) }
    func record(_ value: Double) { set(value) }
    func reset() { set(0.0) }

    func render(_ name: String, _ labels: String, into text: inout String) {
        text += line(name, labels, number(value.withLock { $0 }))
    }
}

final class HistogramSeries: Series, TimerHandler, RecorderHandler {
    static let secondBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
    static let countBounds: [Double] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 5_000, 10_000, 50_000, 100_000, 1_000_000]

    private struct State {
        /// One more than the bounds: the last one takes the rest.
        var counts: [UInt64]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Locked<State>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Locked(State(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }
    func record(_ value: Int64) { record(Double(value)) }

    func record(_ value: Double) {
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[index] += 1
            $0.sum += value
        }
    }

    func render(_ name: String, _ labels: String, into text: inout String) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        let prefix = labels.isEmpty ? "" : labels + ","
        var total: UInt64 = 0
        for (index, count) in counts.enumerated() {
            total += count
            let bound = index < bounds.count ? number(bounds[index]) : "+Inf"
            text += line(name + "_bucket", "\(prefix)le=\"\(bound)\"", String(total))
        }
        text += line(name + "_sum", labels, number(sum))
        text += line(name + "_count", labels, String(total))
    }
}
