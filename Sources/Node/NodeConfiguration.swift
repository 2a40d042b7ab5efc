/// A node's own file: addresses, paths, keys and roles, nothing else. Everything that the service shares is replicated.

import Consortium
import EventLoop
import Raft
import Transcripts
import Web
import Yams

public struct NodeConfiguration: Sendable {
    public struct Coordinator: Hashable, Sendable {
        /// What the log calls one that is added while the cluster runs.
        var memberName: String { "\(name)@\(peer)" }
        public var name: NodeName
        /// The raft id: 1 to 5, never used for another machine.
        public var id: UInt64
        public var peer: SocketAddress
    }

    public var node: NodeName
    /// The cluster's name; its hash is the cluster id that every frame carries.
    public var cluster: String
    /// The data folder.
    public var data: String
    /// A file of gossip keys, one per line in hexadecimal (32 bytes each), the first of which encrypts.
    public var keyring: String
    /// What this node shows on peer links and whom it trusts there; nil: links without TLS.
    public var tls: TLSFiles?
    public var webListen: [SocketAddress]
    /// The addresses at which patrons and operators reach this node.
    public var webURLs: [String]
    public var peerListen: SocketAddress
    public var gossipListen: SocketAddress
    /// Gossip addresses to join through; this node's own may be among them.
    public var seeds: [SocketAddress]
    /// The voters with which the cluster began, the same list at each node: one, three or five. Later ones are in the log; at a node that `joins`, it
    /// and those it is to be added to.
    public var coordinators: [Coordinator]
    /// A coordinator that is added to a cluster which runs: it begins with nothing, and waits until it is added.
    public var joins = false
    /// Whether this node serves patrons and operators.
    public var isLibrary: Bool
    /// Serves the demonstration's entrance (sign-in by link) and may be framed by the given page. Never set in production.
    public var demoFrameAncestor: String?

    /// How long this node keeps its libraries' transcripts, in days.
    public var keepDays = TranscriptLimits.keepDaysUsual

    /// What the log takes from the disk at a time, in KiB.
    public var logSegmentKiB = NodeConfiguration.logSegmentKiBUsual

    /// What this node shows to browsers; nil: it is reached without TLS, or by a proxy that has it.
    public var webTLS: WebTLSFiles?
    /// The reverse proxies in front of it; what they tell of their clients is believed, and nobody else.
    public var proxy: ProxyTrust?
    /// By which server answers are mailed to patrons who left an address, and staff are mailed what waits for them; `nil`: nobody is.
    public var mail: MailSettings?
    /// By which service of the campus people may sign in; `nil`: by their passwords alone.
    public var campus: CampusSettings?

    public static let logSegmentKiBUsual = 8_192
    public static let logSegmentKiBRange = 64...65_536

    /// A member of the log: its node, and where it listens, which the log tells of those that were added while the cluster ran, and this file of those
    /// with which it began. Nil where neither does.
    func coordinator(_ member: RaftMember) -> Coordinator? {
        guard let name = member.nodeName else { return nil }
        if let peer = member.peer { return Coordinator(name: name, id: member.id, peer: peer) }
        return coordinators.first { $0.id == member.id && $0.name == name }
    }

    /// Where commands on this machine ask.
    var commandURL: String { webTLS?.local.first.map { "http://\($0)" } ?? webURLs.first ?? "" }

    /// This node's voter, when it is one.
    public var voter: Coordinator? { coordinators.first { $0.name == node } }

    public static let coordinatorCounts = [1, 3, 5]
}

extension NodeConfiguration {
    /// One process, both roles, on loopback: what `callslip serve` runs when it is told nothing.
    public static func embedded(data: String, webPort: UInt16, peerPort: UInt16, gossipPort: UInt16) throws(ConsortiumFile.Problem) -> Self
    {
        func loopback(_ port: UInt16) throws(ConsortiumFile.Problem) -> SocketAddress {
            guard let address = SocketAddress("127.0.0.1:\(port)") else {
                throw ConsortiumFile.Problem(line: 1, sentence: "127.0.0.1:\(port) is not an address")
            }
            return address
        }
        guard let name = NodeName("local") else { throw ConsortiumFile.Problem(line: 1, sentence: NodeName.rule) }
        return NodeConfiguration(
            node: name, cluster: "local", data: data, keyring: data + "/keyring", webListen: [try loopback(webPort)],
            webURLs: ["http://127.0.0.1:\(webPort)"], peerListen: try loopback(peerPort), gossipListen: try loopback(gossipPort), seeds: [],
            coordinators: [Coordinator(name: name, id: 1, peer: try loopback(peerPort))], isLibrary: true, demoFrameAncestor: nil)
    }

    /// Reads a node's file; every error comes with its line.
    public init(yaml: String) throws(ConsortiumFile.Problems) {
        let root = try YAMLText.compose(yaml, bytesMax: ConsortiumFile.bytesMax)
        var reader = YAMLReader()
        let read = root.flatMap { Self.read($0, &reader) }
        guard reader.problems.isEmpty, let read else {
            let empty = [
                ConsortiumFile.Problem(line: 1, sentence: "the file is empty; it must have `node`, `data`, `web`, `peer`, `gossip`")
            ]
            throw ConsortiumFile.Problems(problems: reader.problems.isEmpty ? empty : reader.problems)
        }
        self = read
    }

    private static func read(_ root: Node, _ reader: inout YAMLReader) -> NodeConfiguration? {
        let keys = [
            "node", "cluster", "data", "keyring", "tls", "roles", "web", "urls", "peer", "gossip", "seeds", "coordinators", "joins",
            "logSegmentKiB",
            "transcripts", "demo", "webTLS", "proxy", "mail", "oidc",
        ]
        guard let map = reader.mapping(root, "the file", keys: keys, elsewhere: { placeOfSetting($0) }) else { return nil }
        func text(_ key: String, _ meaning: String) -> String? {
            reader.required(map, key, in: root, meaning).flatMap { reader.text($0, key) }
        }
        func address(_ node: Node?) -> SocketAddress? {
            guard let node, let text = reader.text(node, "address") else { return nil }
            guard let address = SocketAddress(text) else {
                reader.fail(node, "`\(text)` is not an address; write it as 192.0.2.1:7100 or [2001:db8::1]:7100")
                return nil
            }
            return address
        }
        func addresses(_ key: String) -> [SocketAddress] {
            map[key].map { reader.sequence($0, key).compactMap { address($0) } } ?? []
        }
        guard let nodeNode = reader.required(map, "node", in: root, "this node's name"),
            let name: NodeName = reader.name(nodeNode, "a node's name"),
            let cluster = text("cluster", "the cluster's name, the same at every node"), let data = text("data", "the data folder"),
            let keyring = text("keyring", "the file of gossip keys"),
            let peerNode = reader.required(map, "peer", in: root, "the address for peer links"), let peer = address(peerNode),
            let gossipNode = reader.required(map, "gossip", in: root, "the address for gossip"), let gossip = address(gossipNode),
            let voters = reader.required(map, "coordinators", in: root, "the voters: one, three or five")
        else { return nil }
        var coordinators: [Coordinator] = []
        for node in reader.sequence(voters, "coordinators") {
            guard let fields = reader.mapping(node, "a coordinator", keys: ["name", "id", "peer"]),
                let nameNode = reader.required(fields, "name", in: node, "its node's name"),
                let voter: NodeName = reader.name(nameNode, "a node's name"),
                let idNode = reader.required(fields, "id", in: node, "its raft id"), let id = reader.integer(idNode, "id", 1...1_000_000),
                let at = address(reader.required(fields, "peer", in: node, "its address for peer links"))
            else { continue }
            coordinators.append(Coordinator(name: voter, id: UInt64(id), peer: at))
        }
        let joins = map["joins"].flatMap { reader.flag($0, "joins") } ?? false
        if joins, coordinators.count < 2 {
            reader.fail(voters, "a coordinator that joins needs at least one other in the list, to be added there")
        } else if !joins, !coordinatorCounts.contains(coordinators.count) {
            reader.fail(
                voters,
                "there are \(coordinators.count) coordinators; a cluster begins with one, three or five (one that is added later says `joins: true`)"
            )
        }
        if Set(coordinators.map(\.id)).count != coordinators.count || Set(coordinators.map(\.name)).count != coordinators.count {
            reader.fail(voters, "two coordinators share a name or an id")
        }
        let roles = map["roles"].map { reader.sequence($0, "roles").compactMap { reader.text($0, "role") } } ?? ["library"]
        for role in roles where role != "library" && role != "coordinator" {
            reader.fail(line: map["roles"]?.line ?? 1, "roles are `library` and `coordinator`; found `\(role)`")
        }
        if roles.contains("coordinator") != coordinators.contains(where: { $0.name == name }) {
            reader.fail(line: map["roles"]?.line ?? 1, "the role `coordinator` and the list `coordinators` must agree on `\(name)`")
        }
        let urls = map["urls"].map { reader.sequence($0, "urls").compactMap { reader.text($0, "url") } } ?? []
        let policy = map["transcripts"].flatMap { reader.mapping($0, "transcripts", keys: ["keepDays"]) }
        let keepDays = policy?["keepDays"].flatMap { reader.integer($0, "keepDays", TranscriptLimits.keepDaysRange) }
        let segment = map["logSegmentKiB"].flatMap { reader.integer($0, "logSegmentKiB", logSegmentKiBRange) } ?? logSegmentKiBUsual
        let webTLS = map["webTLS"].flatMap { WebTLSFiles.read($0, urls: urls, &reader) }
        return NodeConfiguration(
            node: name, cluster: cluster, data: data, keyring: keyring, tls: map["tls"].flatMap { tlsFiles($0, &reader) },
            webListen: addresses("web"), webURLs: urls, peerListen: peer,
            gossipListen: gossip, seeds: addresses("seeds"), coordinators: coordinators.sorted { $0.id < $1.id }, joins: joins,
            isLibrary: roles.contains("library"), demoFrameAncestor: reader.text(map["demo"], "demo"),
            keepDays: keepDays ?? TranscriptLimits.keepDaysUsual, logSegmentKiB: segment, webTLS: webTLS,
            proxy: map["proxy"].flatMap { ProxyTrust.read($0, &reader) }, mail: map["mail"].flatMap { MailSettings.read($0, &reader) },
            campus: map["oidc"].flatMap { CampusSettings.read($0, url: urls.first, &reader) })
    }

    /// Agreement, 6: no local settings. Where something belongs that the service shares; `nil` for a word that means nothing anywhere.
    static func placeOfSetting(_ key: String) -> String? {
        switch key {
        case "settings", "naming", "services", "general", "libraries", "queues", "operators":
            "this is the consortium's, and the same at every node: LTG brings it in with `callslip import`"
        case "terms", "hours":
            "posted hours are replicated: they and the terms are set with `callslip import`, a closing with `callslip hours`"
        case "canned": "canned messages are replicated: they are changed at the desk, with `callslip canned` or `callslip import`"
        case "registers": "registers are replicated: they are changed at /registers or with `callslip registers`"
        case "fallback", "heir", "card", "queue", "title":
            "this belongs to a library or a queue in the consortium's file: LTG brings it in with `callslip import`"
        case _ where ConsortiumFile.settingKeys.contains(key) || SettingsDocument.names.contains(key):
            "no node has settings of its own: LTG signs them with `callslip settings`; before the first signed ones it stands under `settings` in the consortium's file"
        default: nil
        }
    }

    private static func tlsFiles(_ node: Node, _ reader: inout YAMLReader) -> TLSFiles? {
        guard let fields = reader.mapping(node, "tls", keys: ["ca", "certificate", "key", "plainToo", "issuer", "issuerKey"]),
            let authority = reader.required(fields, "ca", in: node, "the file of the authority's certificate").flatMap({
                reader.text($0, "ca")
            }),
            let certificate = reader.required(fields, "certificate", in: node, "the file of this node's certificate")
                .flatMap({ reader.text($0, "certificate") }),
            let key = reader.required(fields, "key", in: node, "the file of this node's key").flatMap({ reader.text($0, "key") })
        else { return nil }
        let issuer = fields["issuer"].flatMap { reader.text($0, "issuer") }
        let issuerKey = fields["issuerKey"].flatMap { reader.text($0, "issuerKey") }
        if (issuer == nil) != (issuerKey == nil) {
            reader.fail(
                node,
                "`issuer` and `issuerKey` belong together: the two files that `callslip ca issuer` made, at a coordinator that lets nodes join"
            )
        }
        return TLSFiles(
            authority: authority, certificate: certificate, key: key,
            plainToo: fields["plainToo"].flatMap { reader.flag($0, "plainToo") } ?? false,
            issuer: issuer.flatMap { certificate in issuerKey.map { TLSFiles.Issuer(certificate: certificate, key: $0) } })
    }
}

extension RaftMember {
    /// Of `node`, as the members of a new cluster are called, or `node@host:port`, as those that were added later are.
    var nodeName: NodeName? { name.split(separator: "@", maxSplits: 1).first.flatMap { NodeName(String($0)) } }
    var peer: SocketAddress? {
        let parts = name.split(separator: "@", maxSplits: 1)
        return parts.count == 2 ? SocketAddress(String(parts[1])) : nil
    }
}
