import Consortium
import Foundation
import FuzzTargets
import Gossip
import Testing

@testable import Wire

/// The fuzzer's properties over the corpus that is kept, and over samples that are broken by a seed. The fuzzer itself: `cluster/fuzz`.
@Suite struct CorpusTests {
    static let corpus = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appending(path: "Fuzz/Corpus")

    @Test(arguments: FuzzTarget.all.map(\.name)) func nothingInTheCorpusFails(name: String) throws {
        let target = try #require(FuzzTarget.all.first { $0.name == name })
        var inputs = try Samples.inputs(of: name)
        // With FUZZ_SEEDS set the samples become the corpus's seeds: `cluster/fuzz --write-seeds`.
        let folder = Self.corpus.appending(path: name)
        if ProcessInfo.processInfo.environment["FUZZ_SEEDS"] != nil {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            for (n, input) in inputs.enumerated() { try Data(input).write(to: folder.appending(path: "seed-\(n)")) }
        }
        let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        #expect(!files.isEmpty)
        inputs += try files.map { [UInt8](try Data(contentsOf: $0)) }
        var sample = Sample(seed: 1)
        for input in inputs {
            for bytes in [input] + Damage.variants(of: input, &sample) {
                if let failure = target.check(bytes) { Issue.record("\(name): \(failure): \(bytes)") }
            }
        }
    }

    /// A property that can't fail shows nothing: a stream that is cut within a frame gives what came before.
    @Test func aStreamIsReadInAnyPieces() throws {
        let stream = try #require(FuzzTarget.all.first { $0.name == "peer-stream" })
        let two = FrameDecoder.framed([1, 2, 3]) + FrameDecoder.framed([])
        #expect(stream.check(two) == nil)
        #expect(stream.check(Array(two.dropLast())) == nil)
        #expect(stream.check([0xFF, 0xFF, 0xFF, 0xFF]) == nil)
    }
}

/// Real encoded values of each target. Those of the client protocol lie in the corpus alone.
private enum Samples {
    static func inputs(of target: String) throws -> [[UInt8]] {
        try (0..<24).flatMap { seed in
            var sample = Sample(seed: UInt64(seed))
            return try inputs(of: target, seed, &sample)
        }
    }

    private static func inputs(of target: String, _ seed: Int, _ sample: inout Sample) throws -> [[UInt8]] {
        switch target {
        case "gossip-datagram": [sample.gossip().wireBytes()]
        case "gossip-state":
            [
                PushPullState(
                    sender: sample.memberName(), members: sample.list(3) { $0.member() }, records: sample.list(3) { $0.record() }
                ).wireBytes()
            ]
        case "peer-frame": [try sample.frame(seed).wireBytes()]
        case "peer-stream": [FrameDecoder.framed(try sample.frame(seed).wireBytes()) + FrameDecoder.framed([])]
        case "peer-call":
            [
                PeerCall.verifyPassword(try sample.person(), password: sample.text()).wireBytes(),
                PeerCall.answer(ok: sample.chance(50), text: sample.text()).wireBytes(),
            ]
        case "raft-message": seed < RaftCodingTests.messages.count ? [RaftCodingTests.messages[seed].wireBytes()] : []
        case "batch": [try sample.batch().wireBytes()]
        case "snapshot": seed == 0 ? [ConsortiumState().wireSnapshot()] : []
        case "transcript": [try sample.transcript().wireBytes()]
        default: seed == 0 ? try FuzzTarget.seeds(of: target) : []
        }
    }
}
