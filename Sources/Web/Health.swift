import EventLoop
import Synchronization

/// Whether a loop still turns: asks it, and sees when it last answered. The one that asks is never held up.
public final class LoopWatch: Sendable {
    private let loop: Loop
    private let answeredNs: Atomic<UInt64>
    private let isAsked = Atomic<Bool>(false)

    public init(_ loop: Loop) {
        self.loop = loop
        answeredNs = Atomic(Loop.monotonicNs())
    }

    /// To be called now and then, from any thread.
    /// - Returns: how long ago it last answered, in milliseconds.
    public func silenceMs() -> UInt64 {
        let silenceMs = (Loop.monotonicNs() &- answeredNs.load(ordering: .relaxed)) / 1_000_000
        if isAsked.compareExchange(expected: false, desired: true, ordering: .relaxed).exchanged {
            loop.post {
                self.answeredNs.store(Loop.monotonicNs(), ordering: .relaxed)
                self.isAsked.store(false, ordering: .relaxed)
            }
        }
        return silenceMs
    }
}

/// `/healthz`: the process and its loops are alive. `/readyz`: it can serve; the caller says why not. `/metrics`: Prometheus' text.
@WebActor
public final class Health {
    /// A loop that has answered nothing for so long is not alive.
    public nonisolated static let silenceMsMax: UInt64 = 5_000
    private let watches: [(name: String, watch: LoopWatch)]
    private let metrics: PrometheusMetrics?
    private let whyNotReady: @WebActor () -> String?
    private var timer: EventLoop.Timer?

    /// - Parameters:
    ///   - loops: those beside the web plane's own, which is alive when it answers.
    ///   - whyNotReady: nil when ready, else a sentence.
    public init(loops: [Loop], metrics: PrometheusMetrics?, whyNotReady: @escaping @WebActor () -> String?) {
        watches = loops.map { ($0.name, LoopWatch($0)) }
        self.metrics = metrics
        self.whyNotReady = whyNotReady
    }

    public func install(on server: WebServer) {
        let timer = EventLoop.Timer(on: WebActor.loop)
        timer.start(afterMs: 0, repeatMs: 1_000) { [weak self] in
            guard let self else { return }
            for (_, watch) in self.watches { _ = watch.silenceMs() }
        }
        self.timer = timer
        server.get("/healthz") { _, responder in responder.send(self.alive()) }
        server.get("/readyz") { _, responder in
            guard let reason = self.whyNotReady() else { return responder.send(Self.answer("ready\n", 200)) }
            responder.send(Self.answer(reason + "\n", 503))
        }
        guard let metrics else { return }
        server.get("/metrics") { _, responder in
            responder.send(
                Response(
                    status: 200, headers: [("Content-Type", "text/plain; version=0.0.4; charset=utf-8"), ("Cache-Control", "no-store")],
                    body: Array(metrics.render().utf8)))
        }
    }

    /// Stops asking the loops.
    public func close() {
        timer?.close()
        timer = nil
    }

    private func alive() -> Response {
        for (name, watch) in watches where watch.silenceMs() > Self.silenceMsMax {
            return Self.answer("The loop \(name) has not answered for \(watch.silenceMs()) ms.\n", 503)
        }
        return Self.answer("alive\n", 200)
    }

    private static func answer(_ text: String, _ status: Int) -> Response {
        Response.text(text, status: status).adding([("Cache-Control", "no-store")])
    }
}
