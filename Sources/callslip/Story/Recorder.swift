/// Writes down what the clients of a run said, were told is safe, and how long that took.

import Chaos
import Consortium
import EventLoop
import History

@ClusterActor
final class Recorder {
    private(set) var history = History()
    private var saidMs: [History.Key: UInt64] = [:]
    /// The longest time between saying something and hearing that it is safe.
    private(set) var longestMs: UInt64 = 0
    /// The same where nothing could be acknowledged, as no coordinator was there.
    private(set) var longestInOutageMs: UInt64 = 0
    private var isOutage = false
    private(set) var longestInStepMs: UInt64 = 0
    private(set) var acknowledgedInStep = 0
    private(set) var acknowledgedInAll = 0
    private(set) var holders = Holders()
    /// Told of each acknowledgement: when that message was said.
    var onAcknowledged: ((_ saidMs: UInt64) -> Void)?

    func said(_ key: History.Key, _ text: String) {
        history.say(key, text)
        saidMs[key] = ClusterActor.loop.nowMs
    }

    func acknowledged(_ key: History.Key, at position: Position) {
        if let since = saidMs.removeValue(forKey: key) {
            let tookMs = ClusterActor.loop.nowMs - since
            if isOutage { longestInOutageMs = max(longestInOutageMs, tookMs) } else { longestMs = max(longestMs, tookMs) }
            longestInStepMs = max(longestInStepMs, tookMs)
            acknowledgedInStep += 1
            acknowledgedInAll += 1
            onAcknowledged?(since)
        }
        history.acknowledge(key, at: position)
    }

    /// It was refused: nobody waits for it any more.
    func refused(_ key: History.Key) { saidMs[key] = nil }

    func holds(_ session: String, _ chat: ChatID, _ token: LogPosition, epoch: UInt32?) {
        holders.holds(session, chat, token, epoch: epoch)
    }

    /// How long the oldest message has waited that is not yet known to be safe.
    var oldestWaitMs: UInt64 { saidMs.values.min().map { ClusterActor.loop.nowMs - $0 } ?? 0 }

    func beginStep(outage: Bool) {
        (longestInStepMs, acknowledgedInStep) = (0, 0)
        isOutage = outage
    }

    func judge(_ transcripts: [History.Transcript]) -> Judgement {
        history.transcripts = transcripts
        return history.judge()
    }
}
