/// What happened in a run, by time.

public struct Timeline: Sendable {
    /// A fault while it lasted.
    public struct Span: Sendable {
        public var name: String
        public var fromMs: UInt64
        public var toMs: UInt64
        public init(name: String, fromMs: UInt64, toMs: UInt64) {
            self.name = name
            self.fromMs = fromMs
            self.toMs = toMs
        }
    }
    /// A quarter of a second of the service.
    public struct Sample: Sendable {
        public var atMs: UInt64
        /// Messages acknowledged as safe since the sample before.
        public var acknowledged: Int
        /// How long the oldest message that is not yet safe has waited, in milliseconds.
        public var oldestWaitMs: UInt64
        public init(atMs: UInt64, acknowledged: Int, oldestWaitMs: UInt64) {
            self.atMs = atMs
            self.acknowledged = acknowledged
            self.oldestWaitMs = oldestWaitMs
        }
    }
    public static let sampleMs: UInt64 = 250

    public var spans: [Span] = []
    public var samples: [Sample] = []
    /// Moments worth a mark: a process that ended by itself, a new leader.
    public var marks: [(atMs: UInt64, name: String)] = []

    public init() {}

    public var lengthMs: UInt64 { max(samples.last?.atMs ?? 0, spans.map(\.toMs).max() ?? 0, 1) }
}

/// Milliseconds sorted for what is asked of them.
public struct Distribution: Sendable {
    private let sorted: [UInt64]
    public init(_ values: [UInt64]) { sorted = values.sorted() }
    public var count: Int { sorted.count }
    public var median: UInt64? { sorted.isEmpty ? nil : sorted[sorted.count / 2] }
    public var worst: UInt64? { sorted.last }
}
