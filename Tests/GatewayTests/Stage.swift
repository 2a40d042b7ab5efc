import ClientProtocol
import Consortium

@testable import Gateway

/// One gateway between clients and coordinators for scenarios: one command a line, and a trace of what the gateway had its shell do.
struct Stage {
    var names = Names()
    var gateway: GatewayCore
    var coordinator: Coordinator
    var nowMs: UInt64 = 1_000
    private var tickAtMs: UInt64?
    private var isLinked = true
    /// Whether the node's disk takes a branch.
    private var diskTakes = false
    private var branch: Coordinator?
    /// Whether what the gateway asks goes to the branch.
    private var usesBranch = false
    /// Where what the gateway asks goes.
    private var sequencer: Coordinator {
        get { usesBranch ? branch ?? coordinator : coordinator }
        set { if usesBranch, branch != nil { branch = newValue } else { coordinator = newValue } }
    }
    private var clients: [String: ClientID] = [:]
    private var labels: [ClientID: String] = [:]
    private var lastClient: UInt64 = 0
    private var finds: [(counter: UInt64, code: SecretHash)] = []
    private var typings: [(ChatID, ServerMessage.Who)] = []
    private var lastUpdates: [ChatUpdate] = []
    private var firstUpdates: [ChatID: ChatUpdate] = [:]
    private var outcomes: [(counter: UInt64, verdict: Verdict, at: LogPosition)] = []
    var requests = Requests()

    init() throws {
        let node: NodeName = try Names.name("node-1")
        gateway = GatewayCore(
            node: node, boot: 1, addresses: ["http://a", "http://b"], seed: 1, nowMs: 1_000, wallMs: 1_790_000_001_000,
            hash: { Names.secretHash($0) })
        coordinator = Coordinator(node: node)
        for command in try Roster.commands() { apply(command) }
        // The node is linked, and has the board.
        _ = take(gateway.onServiceState(hasLeader: true, now: nowMs))
        _ = take(gateway.onLinkUp(now: nowMs))
        _ = boards()
    }

    /// Runs one line and gives its trace.
    mutating func run(_ line: String) throws -> [String] {
        let words = Words(line)
        var trace = try perform(words)
        do { try gateway.checkInvariants() } catch { trace.append("INVARIANT: \(error)") }
        do { try coordinator.state.checkInvariants() } catch { trace.append("INVARIANT: \(error)") }
        do { try branch?.state.checkInvariants() } catch { trace.append("INVARIANT: \(error)") }
        return trace.isEmpty ? ["nothing"] : Self.counted(trace)
    }

    /// Lines that follow each other and are the same, as one.
    private static func counted(_ trace: [String]) -> [String] {
        var lines: [(text: String, count: Int)] = []
        for line in trace {
            if lines.last?.text == line { lines[lines.count - 1].count += 1 } else { lines.append((line, 1)) }
        }
        return lines.map { $0.count == 1 ? $0.text : "\($0.text) (\($0.count) times)" }
    }

    private mutating func perform(_ words: Words) throws -> [String] {
        switch words.verb {
        case "wait": return wait(try words.number(0))
        case "link":
            isLinked = try words.word(0) == "up"
            if isLinked { return take(gateway.onLinkUp(now: nowMs)) }
            coordinator.linkEnded()
            (finds, typings) = ([], [])
            return take(gateway.onLinkDown(now: nowMs))
        case "disk":
            diskTakes = try words.word(0) == "takes"
            return []
        case "leader": return take(gateway.onServiceState(hasLeader: try words.word(0) == "known", now: nowMs))
        case "go": return go()
        case "apply": return applyProposals(words.arguments.first.flatMap(Int.init) ?? .max)
        case "updates": return updates()
        case "board": return boards()
        case "lose": return loseProposals(applied: words.arguments.first == "answers")
        case "refuse": return try refuseProposals(words)
        case "again": return again()
        case "older":
            return firstUpdates[names.id(try words.word(0))].map { take(gateway.onChatUpdate($0, now: nowMs)) } ?? ["no such update"]
        case "elsewhere": return try elsewhere(words.rest)
        case "shutdown": return take(gateway.onShutdown(now: nowMs))
        case "removed": return take(gateway.onDismissal(words.text, now: nowMs))
        case "taken-back": return take(gateway.onDismissal(nil, now: nowMs))
        case "sign-out": return take(gateway.onSignedOut(names.id(try words.word(0)), now: nowMs))
        case "wall": return advanceWallClock(try words.number(0))
        default: return try client(words)
        }
    }

    // MARK: The coordinators

    /// Everything that is on its way arrives, until nothing is.
    private mutating func go() -> [String] {
        var trace: [String] = []
        for _ in 0..<20 {
            let before = trace.count
            trace += applyProposals(.max)
            for (counter, code) in finds {
                trace += take(gateway.onFound(counter, sequencer.state.chat(keptUnder: code), now: nowMs))
            }
            finds = []
            for (chat, who) in typings { trace += take(gateway.onTyping(chat, who, now: nowMs)) }
            typings = []
            trace += updates() + boards()
            if trace.count == before, sequencer.proposals.isEmpty, finds.isEmpty, typings.isEmpty { break }
        }
        return trace
    }

    private mutating func applyProposals(_ count: Int) -> [String] {
        var trace: [String] = []
        for (counter, command) in sequencer.proposals.prefix(count) {
            sequencer.proposals.removeFirst()
            let (verdict, at) = sequencer.apply(command, from: sequencer.node, counter: counter, nowMs: nowMs)
            guard let verdict else { continue }
            outcomes = [(counter, verdict, at)]
            trace += take(gateway.onOutcome(counter, verdict, at: at, now: nowMs))
        }
        return trace
    }

    private mutating func updates() -> [String] {
        var trace: [String] = []
        let updates = sequencer.takeUpdates()
        if !updates.isEmpty { lastUpdates = updates }
        for update in updates {
            if firstUpdates[update.meta.chat] == nil { firstUpdates[update.meta.chat] = update }
            trace += take(gateway.onChatUpdate(update, now: nowMs))
        }
        return trace
    }

    private mutating func boards() -> [String] {
        guard let board = sequencer.takeBoard() else { return [] }
        return take(gateway.onBoard(board, holdings: sequencer.holdings(in: board), now: nowMs))
    }

    private mutating func loseProposals(applied: Bool) -> [String] {
        let lost = coordinator.proposals
        coordinator.proposals = []
        if applied { for (counter, command) in lost { coordinator.apply(command, from: coordinator.node, counter: counter, nowMs: nowMs) } }
        return ["lost \(lost.map { String($0.counter) }.joined(separator: " "))\(applied ? ", applied" : "")"]
    }

    private mutating func refuseProposals(_ words: Words) throws -> [String] {
        let why: ProposalRefusal = try words.word(0) == "busy" ? .busy : .noLeader
        let refused = coordinator.proposals
        coordinator.proposals = []
        return refused.flatMap { take(gateway.onRefusedProposal($0.counter, why, now: nowMs)) }
    }

    /// The last outcome, the last updates and the board come once more.
    private mutating func again() -> [String] {
        var trace: [String] = []
        for outcome in outcomes { trace += take(gateway.onOutcome(outcome.counter, outcome.verdict, at: outcome.at, now: nowMs)) }
        for update in lastUpdates { trace += take(gateway.onChatUpdate(update, now: nowMs)) }
        let board = coordinator.state.board()
        return trace + take(gateway.onBoard(board, holdings: coordinator.holdings(in: board), now: nowMs))
    }

    private mutating func apply(_ command: Command?) {
        coordinator.apply(command, from: coordinator.node, counter: 0, nowMs: nowMs)
    }

    /// What happens at another node, or in time.
    private mutating func elsewhere(_ words: Words) throws -> [String] {
        let command = try Elsewhere.command(words, coordinator.state, &names)
        let (verdict, _) = coordinator.apply(command, from: try Names.name("node-2"), counter: 1, nowMs: nowMs)
        if case .refused(let refusal)? = verdict { return ["elsewhere: refused \(refusal.code.rawValue): \(refusal.sentence)"] }
        return ["elsewhere: done"]
    }

    // MARK: Time

    private mutating func wait(_ ms: UInt64) -> [String] {
        let untilMs = nowMs + ms
        var trace: [String] = []
        while let atMs = tickAtMs, atMs <= untilMs {
            nowMs = max(nowMs, atMs)
            tickAtMs = nil
            trace += take(gateway.onTick(now: nowMs))
        }
        nowMs = untilMs
        return trace
    }

    private mutating func advanceWallClock(_ ms: UInt64) -> [String] {
        gateway.onWallClock(wallMs: ms, now: nowMs)
        return []
    }

    // MARK: Clients

    private mutating func client(_ words: Words) throws -> [String] {
        let label = try words.word(0)
        if words.verb == "connect" {
            lastClient += 1
            clients[label] = ClientID(lastClient)
            labels[ClientID(lastClient)] = label
            return take(gateway.onConnected(ClientID(lastClient), now: nowMs))
        }
        guard let client = clients[label] else { throw Mistake(description: "\(label) is not connected") }
        switch words.verb {
        case "disconnect": return take(gateway.onDisconnected(client, now: nowMs))
        case "pong":
            gateway.onPong(client, now: nowMs)
            return []
        case "desk":
            let person = try words.word(1)
            let session: SessionID = names.id(words.options["session"] ?? "\(person)-1")
            requests.sessions[label] = session
            let version = words.options["v"].flatMap(Int.init) ?? ProtocolLimits.version
            return take(gateway.onOperatorHello(client, try Names.name(person), session, version: version, now: nowMs))
        case "bad":
            return take(gateway.onBadMessage(client, try requests.bad(words, &names), now: nowMs))
        case "alive":
            // The browser answers its pings all the while.
            var trace: [String] = []
            for _ in 0..<(try words.number(1) / 20_000) {
                trace += wait(20_000)
                gateway.onPong(client, now: nowMs)
            }
            return trace
        case "flood":
            var trace: [String] = []
            for _ in 0..<(try words.number(1)) { trace += take(gateway.onMessage(client, .active, now: nowMs)) }
            return trace
        default: return take(gateway.onMessage(client, try requests.message(words, &names), now: nowMs))
        }
    }

    /// What the shell does with a branch.
    private mutating func tend(_ directive: GatewayDirective) -> [String] {
        switch directive {
        case .beginBranch(let base):
            guard diskTakes else { return take(gateway.onBranchFailed(now: nowMs)) }
            branch = Coordinator(branch: base, nowMs: nowMs)
            return take(gateway.onBranchReady(now: nowMs))
        case .sealBranch:
            guard let plan = branch?.state.branchPlan(node: coordinator.node) else { return ["there is no branch to seal"] }
            return take(gateway.onBranchPlan(plan, now: nowMs))
        case .branchMerged:
            branch = nil
            return []
        default: return []
        }
    }

    /// Does what the shell would do, and gives the lines.
    private mutating func take(_ directives: [GatewayDirective]) -> [String] {
        var lines: [String] = []
        for directive in directives {
            switch directive {
            case .propose(let counter, let command): if isLinked || usesBranch { sequencer.proposals.append((counter, command)) }
            case .find(let counter, let code): finds.append((counter, code))
            case .follow(let chat, let after): sequencer.follow(chat, after: after)
            case .unfollow(let chat): sequencer.unfollow(chat)
            case .typing(let chat, let who): typings.append((chat, who))
            case .scheduleTick(let atMs): tickAtMs = min(atMs, tickAtMs ?? .max)
            case .send(let client, let message): requests.learn(message, labels[client] ?? "")
            case .useBranch: usesBranch = true
            case .useCoordinators: usesBranch = false
            case .end, .renewLeases, .sessionOver, .beginBranch, .sealBranch, .branchMerged, .sessionRenewed: break
            }
            if let line = Trace(names: names, clients: labels).line(directive) { lines.append(line) }
            lines += tend(directive)
        }
        return lines
    }
}

/// A line: a verb, arguments, `key=value` options, and a text behind `: `.
struct Words {
    let verb: String
    let arguments: [String]
    let options: [String: String]
    let text: String
    private let line: String

    init(_ line: String) {
        self.line = line
        var head = line[...]
        if let colon = line.firstRange(of: ": ") {
            head = line[..<colon.lowerBound]
            text = String(line[colon.upperBound...])
        } else {
            text = ""
        }
        let words = head.split(separator: " ").map(String.init)
        verb = words.first ?? ""
        arguments = words.dropFirst().filter { !$0.contains("=") }
        let pairs = words.dropFirst().compactMap { word -> (String, String)? in
            word.firstIndex(of: "=").map { (String(word[..<$0]), String(word[word.index(after: $0)...])) }
        }
        options = Dictionary(pairs) { $1 }
    }

    /// The same line without its verb.
    var rest: Words { Words(String(line.drop { $0 != " " }.dropFirst())) }

    func word(_ place: Int) throws -> String {
        guard arguments.indices.contains(place) else { throw Mistake(description: "argument \(place + 1) is missing: \(line)") }
        return arguments[place]
    }

    func number(_ place: Int) throws -> UInt64 {
        guard let value = UInt64(try word(place)) else { throw Mistake(description: "a number is missing: \(line)") }
        return value
    }
}
