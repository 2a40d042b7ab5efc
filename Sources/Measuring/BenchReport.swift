/// What a run of the benchmark found, in types, and as text for people. Figures of different machines, or hours, say little; ratios of one run do.

public struct BenchReport: Codable, Sendable {
    /// One way of getting a message acknowledged, at one number of messages under way.
    public struct Messages: Codable, Sendable {
        public enum Path: String, Codable, Sendable, CaseIterable {
            /// A put at etcd's leader, by gRPC over one connection.
            case etcd
            /// A command at our leader, over one peer link, as a library node sends it.
            case peerLink
            /// A patron's message over a WebSocket at a library node: JSON in, `ack` with level safe out.
            case webSocket
        }
        public var path: Path
        public var outstanding: Int
        public var perSecond: Double
        public var p50Ms: Double
        public var p99Ms: Double
        public var clientCores: Double
        /// CPU microseconds that all processes of the cluster together spent for each message.
        public var serverMicroseconds: Double

        public init(_ path: Path, outstanding: Int, _ load: Load) {
            self.path = path
            self.outstanding = outstanding
            perSecond = load.perSecond
            p50Ms = load.p50Ms
            p99Ms = load.p99Ms
            clientCores = load.clientCores
            serverMicroseconds = load.serverCores / load.perSecond * 1e6
        }
    }

    /// What TLS on peer links costs: the same load at two clusters side by side, one with it and one without, in turn.
    public struct Security: Codable, Sendable {
        public struct Row: Codable, Sendable {
            public var plain: Messages
            public var secure: Messages
            /// The rate with TLS to that without, round by round, the median (`Load.ratio(of:to:)`).
            public var ratio: Double
            public init(plain: Messages, secure: Messages, ratio: Double) {
                self.plain = plain
                self.secure = secure
                self.ratio = ratio
            }
        }
        public var rows: [Row]
        /// CPU microseconds that each side spends on a handshake.
        public var clientMicroseconds: Double
        public var serverMicroseconds: Double
        public init(rows: [Row], clientMicroseconds: Double, serverMicroseconds: Double) {
            self.rows = rows
            self.clientMicroseconds = clientMicroseconds
            self.serverMicroseconds = serverMicroseconds
        }
    }

    public struct Presence: Codable, Sendable {
        public var oursPerSecond: Double
        public var nginxPerSecond: Double?
        public var rounds: Int
        public init(oursPerSecond: Double, nginxPerSecond: Double?, rounds: Int) {
            self.oursPerSecond = oursPerSecond
            self.nginxPerSecond = nginxPerSecond
            self.rounds = rounds
        }
    }

    public struct Idle: Codable, Sendable {
        public var nodeMB: Double
        public var nodeCores: Double
        public var leaderMB: Double
        public var leaderCores: Double
        /// Resident memory that so many WebSockets without a word to say add to the node.
        public var sockets: Int
        public var socketsMB: Double
        public init(nodeMB: Double, nodeCores: Double, leaderMB: Double, leaderCores: Double, sockets: Int, socketsMB: Double) {
            self.nodeMB = nodeMB
            self.nodeCores = nodeCores
            self.leaderMB = leaderMB
            self.leaderCores = leaderCores
            self.sockets = sockets
            self.socketsMB = socketsMB
        }
    }

    /// From the leader's kill to the first safe acknowledgement of a message that was said after it.
    public struct Kills: Codable, Sendable {
        public var pausesMs: [Double]
        public init(pausesMs: [Double]) { self.pausesMs = pausesMs }
    }

    /// From a change to its being known everywhere.
    public struct Spread: Codable, Sendable {
        /// An operator's availability, until the presence API of every node says so.
        public var onMs: [Double]
        public var offMs: [Double]
        /// A tag of a serf agent, until every other agent knows it.
        public var serfMs: [Double]
        public var nodes: Int
        public init(onMs: [Double], offMs: [Double], serfMs: [Double], nodes: Int) {
            self.onMs = onMs
            self.offMs = offMs
            self.serfMs = serfMs
            self.nodes = nodes
        }
    }

    public var cores: Int
    /// The median of an appended 256-byte record with fdatasync: the floor under every durable acknowledgement.
    public var syncMs: Double
    public var messageBytes: Int
    public var messages: [Messages] = []
    public var security: Security?
    public var presence: Presence?
    public var idle: Idle?
    public var kills: Kills?
    public var spread: Spread?
    /// What could not be measured, and why.
    public var notes: [String] = []

    public init(cores: Int, syncMs: Double, messageBytes: Int) {
        self.cores = cores
        self.syncMs = syncMs
        self.messageBytes = messageBytes
    }
}

extension BenchReport {
    /// The report for people: one line a figure, with its ratio to the peer's.
    public var text: String {
        var lines = ["\(cores) cores; an appended record of \(messageBytes) bytes is durable after \(Self.format(syncMs)) ms (median)"]
        if !messages.isEmpty { lines += messageLines }
        if let security { lines += Self.lines(security) }
        if let presence { lines += Self.lines(presence) }
        if let idle { lines += Self.lines(idle) }
        if let kills { lines += Self.lines(kills) }
        if let spread { lines += Self.lines(spread) }
        return (lines + notes.map { "not measured: \($0)" }).joined(separator: "\n")
    }

    private var messageLines: [String] {
        var lines = ["", "durably acknowledged messages of \(messageBytes) bytes, three members on one disk"]
        lines.append(Self.columns("", "under way", "per second", "p50 ms", "p99 ms", "to etcd", "CPU µs each", "client's cores"))
        for row in messages {
            let peer = messages.first { $0.path == .etcd && $0.outstanding == row.outstanding }
            let ratio = row.path == .etcd ? "" : peer.map { Self.format(row.perSecond / $0.perSecond) + " ×" } ?? ""
            lines.append(
                Self.columns(
                    Self.name(row.path), "\(row.outstanding)", Self.format(row.perSecond), Self.format(row.p50Ms), Self.format(row.p99Ms),
                    ratio, Self.format(row.serverMicroseconds), Self.format(row.clientCores)))
        }
        return lines
    }

    private static func lines(_ security: Security) -> [String] {
        var lines = ["", "peer links with TLS 1.3 beside those without: at the leader, and between the three members"]
        lines.append(columns("", "under way", "per second", "p50 ms", "p99 ms", "to plain", "CPU µs each"))
        for row in security.rows {
            for (name, found) in [("plain", row.plain), ("TLS", row.secure)] {
                let ratio = name == "TLS" ? format(row.ratio) + " ×" : ""
                lines.append(
                    columns(
                        name, "\(found.outstanding)", format(found.perSecond), format(found.p50Ms), format(found.p99Ms), ratio,
                        format(found.serverMicroseconds)))
            }
        }
        lines.append(
            "a handshake costs the dialler \(format(security.clientMicroseconds)) µs, the other side \(format(security.serverMicroseconds)) µs"
        )
        return lines
    }

    private static func name(_ path: Messages.Path) -> String {
        switch path {
        case .etcd: "etcd: put at the leader, gRPC"
        case .peerLink: "callslip: at the leader, peer link"
        case .webSocket: "callslip: at a node, WebSocket"
        }
    }

    private static func lines(_ presence: Presence) -> [String] {
        let ratio = presence.nginxPerSecond.map {
            "; nginx, one worker, a file of the same size: \(format($0)); ratio \(format(presence.oursPerSecond / $0))"
        }
        return [
            "",
            "presence requests a second, 64 kept-alive connections, median of \(presence.rounds): \(format(presence.oursPerSecond))"
                + (ratio ?? ""),
        ]
    }

    private static func lines(_ idle: Idle) -> [String] {
        [
            "",
            "idle library node: \(format(idle.nodeMB)) MB resident, \(format(idle.nodeCores * 100)) % of a core; "
                + "idle leader: \(format(idle.leaderMB)) MB, \(format(idle.leaderCores * 100)) %",
            "\(idle.sockets) idle WebSockets add \(format(idle.socketsMB)) MB",
        ]
    }

    private static func lines(_ kills: Kills) -> [String] {
        guard let median = kills.pausesMs.median, let worst = kills.pausesMs.max() else { return [] }
        return [
            "",
            "leader killed \(kills.pausesMs.count) times: next safe acknowledgement after \(format(median)) ms (median), \(format(worst)) ms (worst)",
        ]
    }

    private static func lines(_ spread: Spread) -> [String] {
        func summary(_ values: [Double]) -> String {
            guard let median = values.median, let worst = values.max() else { return "-" }
            return "\(format(median)) ms (median), \(format(worst)) ms (worst)"
        }
        var lines = [
            "",
            "an operator's availability is shown by all \(spread.nodes) nodes: on \(summary(spread.onMs)), off \(summary(spread.offMs))",
        ]
        if !spread.serfMs.isEmpty { lines.append("serf: a tag is known to all \(spread.nodes) agents: \(summary(spread.serfMs))") }
        return lines
    }

    private static func columns(_ name: String, _ cells: String...) -> String {
        pad(name, 36, left: false) + cells.map { pad($0, 13, left: true) }.joined()
    }

    private static func pad(_ text: String, _ width: Int, left: Bool) -> String {
        let space = String(repeating: " ", count: max(0, width - text.count))
        return left ? space + text : text + space
    }

    /// Three digits that matter, and no more after the point than two.
    static func format(_ value: Double) -> String {
        if value >= 100 { return "\(Int(value.rounded()))" }
        let scale: Double = value >= 10 ? 10 : 100
        let rounded = (value * scale).rounded() / scale
        return rounded == rounded.rounded() && rounded >= 10 ? "\(Int(rounded))" : "\(rounded)"
    }
}
