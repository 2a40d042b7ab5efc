import Testing

@testable import Gossip

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Runs Scenarios/*.txt: a command, `----`, the expected trace, an empty line. `CALLSLIP_REWRITE=1` writes what came instead of comparing;
/// commit a rewritten trace only when its difference is understood. The commands are those of ``Scenario/perform(_:)``.
@Suite struct ScenarioTests {
    private static let folder = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/") ?? #filePath.endIndex)) + "/Scenarios"

    private static let files: [String] = {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name.hasSuffix(".txt") { names.append(name) }
        }
        return names.sorted()
    }()

    @Test func thereAreScenarios() { #expect(Self.files.count >= 8) }

    @Test(arguments: files) func scenarioHasItsExpectedTrace(file: String) throws {
        let path = "\(Self.folder)/\(file)"
        let text = try #require(read(path))
        var scenario = Scenario()
        var rewritten: [String] = []
        for block in blocks(of: text) {
            guard let command = block.command else {
                rewritten.append(block.comment)
                continue
            }
            let output = try scenario.perform(command)
            rewritten.append(block.comment + command + "\n----\n" + output)
        }
        let result = rewritten.joined(separator: "\n")
        if getenv("CALLSLIP_REWRITE") != nil {
            #expect(write(result, to: path))
        } else {
            #expect(result == text, "\(file): run with CALLSLIP_REWRITE=1, and look at the difference")
        }
    }

    private struct Block {
        var comment = ""
        var command: String?
    }

    /// Blocks are separated by empty lines. Lines that start with # before the command are comment and kept.
    private func blocks(of text: String) -> [Block] {
        var blocks: [Block] = []
        var current = Block()
        var isInOutput = false
        var isOpen = false
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.isEmpty {
                if isOpen { blocks.append(current) }
                (current, isInOutput, isOpen) = (Block(), false, false)
            } else if line == "----" {
                isInOutput = true
            } else if !isInOutput {
                isOpen = true
                if line.hasPrefix("#") { current.comment += line + "\n" } else { current.command = String(line) }
            }
        }
        if isOpen { blocks.append(current) }
        return blocks
    }

    private func read(_ path: String) -> String? {
        guard let file = fopen(path, "r") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while case let count = fread(&chunk, 1, chunk.count, file), count > 0 { bytes += chunk[..<count] }
        return String(decoding: bytes, as: UTF8.self)
    }

    private func write(_ text: String, to path: String) -> Bool {
        guard let file = fopen(path, "w") else { return false }
        defer { fclose(file) }
        let bytes = Array(text.utf8)
        return fwrite(bytes, 1, bytes.count, file) == bytes.count
    }
}

/// One scenario's cluster, and its commands.
struct Scenario {
    struct UnknownCommand: Error { let command: String }

    private var network = TestNetwork(configuration: .lan, seed: 1)

    /// Performs one command and returns what is to be seen of it, each line ended.
    mutating func perform(_ command: String) throws -> String {
        let words = command.split(separator: " ").map(String.init)
        let arguments = Array(words.dropFirst())
        network.clearTrace()
        switch words.first {
        case "cluster":
            // cluster <name>… : a fresh network; the nodes start and join through the first.
            network = TestNetwork(configuration: .lan, seed: 1)
            for name in arguments { try network.start(name, seeds: [arguments[0]]) }
        case "start":  // start <name> <seed>… : also a restart, with a new boot id
            try network.start(arguments[0], seeds: Array(arguments.dropFirst()))
        case "crash": arguments.forEach(network.crash)
        case "freeze": network.frozen.formUnion(arguments)
        case "thaw": arguments.forEach(network.thaw)
        case "leave": network.act(on: arguments[0]) { core, now in core.leave(nowMs: now) }
        case "cut":  // cut <a> <b> : both ways;  cut <a> > <b> : one way
            network.cuts.insert([arguments[0], arguments[arguments.count - 1]])
            if arguments.count == 2 { network.cuts.insert([arguments[1], arguments[0]]) }
        case "partition":  // partition <name>… | <name>…
            let sides = arguments.split(separator: "|").map(Array.init)
            for left in sides[0] { for right in sides[1] { network.cuts.formUnion([[left, right], [right, left]]) } }
        case "heal": network.cuts = []
        case "messages": network.tracesMessages = arguments == ["on"]
        case "run":  // run <seconds>
            network.run(forMs: Int64(arguments[0]).map { $0 * 1_000 } ?? 0)
        case "publish":  // publish <name> <queue> <session> <staffed>
            try network.act(on: arguments[0]) { core, now in
                let staffed = UInt16(arguments[3]) ?? 0
                let availability = Availability(staffed: staffed, freePlaces: staffed, waiting: 0, postedOpen: staffed > 0)
                return try core.publish(queue: arguments[1], session: UInt64(arguments[2]) ?? 0, availability, nowMs: now)
            }
        case "withdraw": network.act(on: arguments[0]) { core, now in core.withdraw(queue: arguments[1], nowMs: now) }
        case "tell":  // tell <name> suspect <name> <incarnation> <accuser> : a datagram from the accuser
            network.act(on: arguments[0]) { core, now in
                let update = GossipUpdate.suspect(name: arguments[2], incarnation: UInt64(arguments[3]) ?? 0, accuser: arguments[4])
                return core.onMessage(GossipMessage(.gossip, updates: [update]), from: "\(arguments[4]):7946", nowMs: now)
            }
        case "view", "records", "freshest", "health", "suspicion": return show(words)
        default: throw UnknownCommand(command: command)
        }
        return network.trace.isEmpty ? "ok\n" : network.trace.map { "\(seconds($0.atMs)) \($0.node): \($0.text)\n" }.joined()
    }

    private func show(_ words: [String]) -> String {
        let now = network.nowMs
        guard words.count > 1, let core = network.core(words[1]) else { return "no such node\n" }
        switch words[0] {
        case "view":
            return core.members(nowMs: now).map { "\($0.member.name) \($0.member.state) @\($0.member.incarnation)\n" }.joined()
        case "records": return core.records(nowMs: now).map { $0.trace + "\n" }.joined()
        case "freshest":
            guard let view = core.freshest(queue: words[2], nowMs: now) else { return "none\n" }
            return "\(view.trace), shown as \(view.isStaffed ? "staffed" : "leave a message")\n"
        case "suspicion":
            guard let suspicion = core.peers[words[2]]?.suspicion else { return "none\n" }
            return "\(suspicion.confirmations) of \(suspicion.confirmationsMax) confirmations, timeout \(suspicion.timeoutMs) ms\n"
        default: return "local health \(core.localHealth)\n"
        }
    }

    private func seconds(_ timeMs: Int64) -> String {
        let thousandths = String(timeMs % 1_000)
        return "\(timeMs / 1_000).\(String(repeating: "0", count: 3 - thousandths.count))\(thousandths)"
    }
}
