/// Writes down what the clients of a run said, were told is safe, and how long that took.

import Chaos
import ClientProtocol
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
    /// Acknowledged as held by a node that was cut off, and when it was said.
    private var heldMs: [History.Key: UInt64] = [:]
    /// How many of them became safe, and the longest time that took.
    private(set) var mergedInAll = 0
    private(set) var longestHeldMs: UInt64 = 0
    private(set) var acknowledgedInStep = 0
    private(set) var acknowledgedInAll = 0
    private(set) var holders = Holders()
    /// Told of each acknowledgement: when that message was said.
    var onAcknowledged: ((_ saidMs: UInt64) -> Void)?

    func said(_ key: History.Key, _ text: String) {
        history.say(key, text)
        saidMs[key] = ClusterActor.loop.nowMs
    }

    func acknowledged(_ ack: ServerMessage.Ack, of copy: Copy) {
        switch ack.level {
        case .safe: acknowledged(copy.key(ack.sequence), at: ack.at)
        case .held: held(copy.key(ack.sequence))
        }
    }

    private func held(_ key: History.Key) {
        if let since = saidMs.removeValue(forKey: key) { heldMs[key] = since }
    }

    func acknowledged(_ key: History.Key, at position: Position) {
        if let since = heldMs.removeValue(forKey: key) {
            mergedInAll += 1
            acknowledgedInAll += 1
            longestHeldMs = max(longestHeldMs, ClusterActor.loop.nowMs - since)
        }
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

    /// Its page or desk is gone: nobody waits for what it said and did not learn to be safe.
    func left(_ sender: SenderID) {
        saidMs = saidMs.filter { $0.key.sender != sender }
        heldMs = heldMs.filter { $0.key.sender != sender }
    }

    /// What a client received: what of it is its own is safe, whoever's acknowledgement got lost, and also when it was only held before.
    func received(_ messages: [ServerMessage.Message], by copy: Copy) {
        for message in messages where !message.held {
            if case .text(_, copy.sender, let sequence) = message.body { acknowledged(copy.key(sequence), at: message.at) }
        }
    }

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
