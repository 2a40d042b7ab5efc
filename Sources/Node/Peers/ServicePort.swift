/// The way between a library node and the coordinator that serves it: a peer link, or, where one process plays both roles, a
/// pair of queues on the same loop.

import EventLoop
import Wire

@ClusterActor
protocol ServicePort: AnyObject {
    var onFrame: ((PeerFrame) -> Void)? { get set }
    var onEnd: ((String) -> Void)? { get set }
    func send(_ frame: PeerFrame)
    func close(code: String, text: String)
}

extension PeerLink: ServicePort {}

/// One end of a pair in the same process. Frames arrive at the end of the loop's turn, never within `send`, so that both sides
/// see the same order and the same absence of re-entry as over a socket.
@ClusterActor
final class LocalPort: ServicePort {
    var onFrame: ((PeerFrame) -> Void)?
    var onEnd: ((String) -> Void)?
    private weak var other: LocalPort?
    private var inbox: [PeerFrame] = []
    private var scheduled = false

    static func pair() -> (LocalPort, LocalPort) {
        let ends = (LocalPort(), LocalPort())
        ends.0.other = ends.1
        ends.1.other = ends.0
        return ends
    }

    func send(_ frame: PeerFrame) { other?.take(frame) }

    func close(code: String, text: String) {
        let end = onEnd
        onEnd = nil
        onFrame = nil
        end?(text)
        if let other {
            self.other = nil
            other.other = nil
            other.close(code: code, text: text)
        }
    }

    private func take(_ frame: PeerFrame) {
        inbox.append(frame)
        guard !scheduled else { return }
        scheduled = true
        ClusterActor.loop.deferToIterationEnd { [self] in
            scheduled = false
            let frames = inbox
            inbox.removeAll(keepingCapacity: true)
            for frame in frames { onFrame?(frame) }
        }
    }
}
