/// What must hold for any bytes at all that a decoder is given, as ordinary functions: libFuzzer calls them (`Tests/Fuzz`, begun by
/// `cluster/fuzz`), and every `swift test` runs them over the corpus and over broken samples.
///
/// The property is the same everywhere: bytes are refused with the module's typed error, or taken; what was taken is written in a form that
/// is taken again and written the same. That holds decoder and encoder to one another, but does not notice an encoder that loses the same
/// thing each time: the round trips of WireTests and ClientProtocolTests compare values for that. A trap, or a run that passes
/// the memory or the time that `cluster/fuzz` grants, is found by libFuzzer itself.

import ClientProtocol
import Consortium
import Gossip
import Raft
import Wire

/// One decoder under test.
public struct FuzzTarget: Sendable {
    /// As on the command line, and the name of its folder in `Tests/Fuzz/Corpus`.
    public let name: String
    /// The longest input that is tried, in bytes: somewhat more than a peer may send where that is little, else what is worth the time.
    public let inputBytesMax: Int
    /// - Returns: what did not hold, in a sentence; nil when all did.
    public let check: @Sendable ([UInt8]) -> String?

    public static let all: [FuzzTarget] = [
        wire("gossip-datagram", GossipLimits.messageBytesMax + 64) { bytes throws(WireError) in try GossipMessage(wire: bytes).wireBytes()
        },
        wire("gossip-state", 16 * 1024) { bytes throws(WireError) in try PushPullState(wire: bytes).wireBytes() },
        wire("peer-frame", 16 * 1024) { bytes throws(WireError) in try PeerFrame(wire: bytes).wireBytes() },
        wire("peer-call", 20 * 1024) { bytes throws(WireError) in try PeerCall(wire: bytes).wireBytes() },
        wire("raft-message", 16 * 1024) { bytes throws(WireError) in try RaftMessage(wire: bytes).wireBytes() },
        wire("batch", 16 * 1024) { bytes throws(WireError) in try Batch(wire: bytes).wireBytes() },
        wire("snapshot", 16 * 1024) { bytes throws(WireError) in try ConsortiumState(wireSnapshot: bytes).wireSnapshot() },
        wire("transcript", 16 * 1024) { bytes throws(WireError) in try Transcript(wire: bytes).wireBytes() },
        FuzzTarget(name: "peer-stream", inputBytesMax: 4 * 1024, check: peerStream),
        client("client-message") { bytes throws(ProtocolError) in try ClientMessage(json: bytes).json() },
        client("server-message") { bytes throws(ProtocolError) in try ServerMessage(json: bytes).json() },
        page, picture,
        httpRequest, httpResponse, webSocket,
        tls, certificate, gossipPacket,
        logFolder, voters, membership,
        consortiumFile, exported, shiftsFile, nodeFile, keyring, accounts, backup, timeZone, settings, idToken, signInDocuments,
    ]

    private static func wire(
        _ name: String, _ inputBytesMax: Int, _ again: @escaping @Sendable ([UInt8]) throws(WireError) -> [UInt8]
    ) -> FuzzTarget { FuzzTarget(name: name, inputBytesMax: inputBytesMax) { identity($0, again) } }

    private static func client(_ name: String, _ again: @escaping @Sendable ([UInt8]) throws(ProtocolError) -> [UInt8]) -> FuzzTarget {
        FuzzTarget(name: name, inputBytesMax: 16 * 1024) { identity($0, again) }
    }

    private static func identity<Failure: Error>(
        _ bytes: [UInt8], _ again: ([UInt8]) throws(Failure) -> [UInt8]
    ) -> String? {
        let written: [UInt8]
        do { written = try again(bytes) } catch {
            return "\(error)".isEmpty ? "an error without a sentence" : nil
        }
        do {
            return try again(written) == written ? nil : "what was taken is written in two forms"
        } catch {
            return "what was taken and written is not taken again: \(error)"
        }
    }

    /// However a stream is cut into reads, the same frames come out of it.
    private static func peerStream(_ bytes: [UInt8]) -> String? {
        let whole = frames(bytes, readBytes: max(1, bytes.count))
        let cut = frames(bytes, readBytes: 3)
        guard whole == cut else { return "a stream gives other frames when it comes in pieces of 3 bytes" }
        let framed = whole.frames.flatMap(FrameDecoder.framed)
        guard bytes.starts(with: framed) else { return "frames that were taken are written as other bytes" }
        return nil
    }

    private struct Read: Equatable {
        var frames: [[UInt8]] = []
        var isRefused = false
    }

    private static func frames(_ bytes: [UInt8], readBytes: Int) -> Read {
        var decoder = FrameDecoder()
        var read = Read()
        var at = 0
        while at < bytes.count {
            let end = min(bytes.count, at + readBytes)
            bytes[at..<end].withUnsafeBytes { decoder.append($0) }
            at = end
            do {
                while let frame = try decoder.next() { read.frames.append(frame) }
            } catch {
                read.isRefused = true
                return read
            }
        }
        return read
    }
}
