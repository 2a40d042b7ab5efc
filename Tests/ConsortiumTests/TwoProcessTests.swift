import Consortium
import Foundation
import Testing
import Wire

/// Rule 9: "A log is replayed in two processes, once from a snapshot, and must agree." Swift's hash seed differs between processes, so
/// any order of a Set or a Dictionary that reached the state would show.
@Suite struct TwoProcessTests {
    private static let helper = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appendingPathComponent("replay-log")

    /// Writes a random life as a log, and gives its length.
    private func write(seed: UInt64, entries: Int, to file: URL) throws -> (last: UInt64, digest: UInt64) {
        var random = RandomLife(seed: seed)
        var state = ConsortiumState()
        var log = Data()
        var index: UInt64 = 0
        var term: UInt64 = 1
        var commands = [.setFeatureLevel(FeatureLevel.supported)] + (try RandomLife.roster())
        for _ in 0..<entries {
            index += 1
            if random.generator.next() % 60 == 0 { term += 1 }
            let items = try commands.enumerated().map { offset, command in
                Batch.Item(id: ProposalID(node: try Stage.name("n"), boot: 1, counter: index << 16 | UInt64(offset)), command: command)
            }
            let draw = random.generator.next()
            let batch = Batch(elapsedMs: draw % 7 == 0 ? draw % 20_000 : draw % 300, wallMs: index, term: term, items: items)
            let bytes = batch.wireBytes()
            for shift in stride(from: 56, through: 0, by: -8) { log.append(UInt8(truncatingIfNeeded: index >> UInt64(shift))) }
            for shift in [24, 16, 8, 0] { log.append(UInt8(truncatingIfNeeded: bytes.count >> shift)) }
            log.append(contentsOf: bytes)
            for verdict in state.apply(batch, index: index).verdicts { random.learn(verdict) }
            commands = []
            for _ in 0...Int(random.generator.next() % 3) { commands.append(try random.next(in: state)) }
        }
        try log.write(to: file)
        return (index, state.digest())
    }

    private func replay(_ arguments: [String]) throws -> [String] {
        let process = Process()
        process.executableURL = Self.helper
        process.arguments = arguments
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return text.split(separator: "\n").map(String.init)
    }

    @Test(arguments: [UInt64(11), 12, 13]) func aLogReplayedInTwoProcessesOnceFromASnapshotAgrees(_ seed: UInt64) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("callslip-replay-\(seed)-\(getpid())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let log = folder.appendingPathComponent("log")
        let snapshot = folder.appendingPathComponent("snapshot")
        let written = try write(seed: seed, entries: 600, to: log)

        let whole = try replay([log.path, "snapshot", "310", snapshot.path])
        let rest = try replay([log.path, "from", snapshot.path])
        #expect(whole.last == "\(written.last) \(written.digest)")
        #expect(rest.dropFirst().first?.hasPrefix("320 ") == true)
        #expect(Array(rest.dropFirst()) == Array(whole.suffix(rest.count - 1)))
        // The two processes did not share a hash seed.
        #expect(whole.first != rest.first)
    }
}
