/// `callslip invite` and `callslip join`: how a library's node comes to be one.

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Glibc
import Node
import TLS
import Web

struct InviteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "invite", abstract: "Invite a library's node: prints a token, good once and until its end.",
        discussion: """
            Ask at a coordinator that holds an issuer (`callslip ca issuer`, and `tls: {…, issuer: …, issuerKey: …}` in its file). Send the token to the library by a way \
            that you trust: whoever uses it first is that library's node. The library's consortium file names the node (`node:` of the library).
            """)

    @Argument(help: "The library's name, as the consortium's file says it.") var library: LibraryName
    @Option(help: "Hours for which the token is good, 1 to 720.") var hours: Int64 = 48
    @Option(help: "The coordinator's web address as the library's machine reaches it, if not the one in the coordinator's file.") var url:
        String?
    @OptionGroup var admin: AdminOptions

    private struct Ask: Encodable {
        var library: String
        var hours: Int64
        var url: String
    }

    private struct Invited: Decodable {
        var token: String
        var node: String
        var ends: Int64
    }

    func run() async throws {
        let admin = try admin.read()
        let ask = Ask(library: library.text, hours: hours, url: url ?? admin.url)
        let response = try await NodeClient.request(
            .post, admin.url + "/api/invitations",
            headers: [("Authorization", "Bearer \(admin.token)"), ("Content-Type", "application/json")],
            body: [UInt8](try JSONEncoder().encode(ask)))
        guard response.status == 200, let invited = try? JSONDecoder().decode(Invited.self, from: Data(response.body)) else {
            throw NodeClient.Failure(NodeClient.sentence(response))
        }
        print(invited.token)
        Terminal.complain(
            """
            For the node `\(invited.node)` of \(library.text), once, until \(Date(timeIntervalSince1970: Double(invited.ends)).formatted(.iso8601)). On its machine:
            callslip join TOKEN --address ITS_ADDRESS

            """)
    }
}

struct JoinCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "join", abstract: "Make this machine a library's node, with the token that LTG gave you.",
        discussion: """
            Makes the node's key here, asks the coordinator that the token names, and writes all that `callslip serve --config DIRECTORY/node.yaml` needs into one \
            folder: node.yaml, key, certificate, ca.pem and keyring. Nothing is written over.
            """)

    /// Between two questions while the coordinator is busy.
    private static let againMs: UInt64 = 500
    private static let tries = 20

    @Argument(help: "The line that `callslip invite` printed; `-` reads it from standard input, where no list of processes shows it.")
    var token: String
    @Option(help: "The node's folder; made when missing.") var directory = "callslip-node"
    @Option(help: "This machine's address, in numbers, as other nodes reach it.") var address: String
    @Option(help: "The port for browsers.") var webPort: UInt16 = 7100
    @Option(help: "The port for other nodes (TCP).") var peerPort: UInt16 = 7200
    @Option(help: "The port for gossip (UDP).") var gossipPort: UInt16 = 7300
    @Option(help: "The address at which patrons and operators reach this node; http://ADDRESS:WEB-PORT when left out.") var url: String?

    private struct Refused: Decodable {
        var code: String
    }

    func run() async throws {
        // Everything that can be wrong here is found before the token is used up.
        let place = try NodeFolder(directory, address: address, web: webPort, peer: peerPort, gossip: gossipPort, url: url)
        guard let line = token == "-" ? readLine() : token else { throw ValidationError("standard input had no line; expected the token") }
        let invitation = try JoinToken(text: line)
        try place.prepare()
        let key = try NodeKey.make()
        let attempt = try JoinAttempt(invitation, publicKey: key.publicHalf, clock: Int64(time(nil)))
        let answer = try await ask(attempt, at: invitation.url)
        guard let grant = attempt.grant(answer) else {
            throw NodeClient.Failure(
                "\(invitation.url) answered, and it was not the coordinator that made this token: something between you and it answers in its place. Tell LTG, and join again from another network."
            )
        }
        let file = try place.write(grant, key)
        Terminal.say(
            """
            This machine is the node `\(grant.node)` of \(grant.library). Its folder is \(directory); keep it to its owner.
            Next: callslip serve --config \(file)
            """)
    }

    private func ask(_ attempt: JoinAttempt, at url: String) async throws -> [UInt8] {
        var left = Self.tries
        while true {
            let response: HTTPClientResponse
            do {
                response = try await NodeClient.request(
                    .post, url + "/api/join", headers: [("Content-Type", "application/json")], body: attempt.body)
            } catch {
                throw NodeClient.Failure(
                    "no coordinator answered: \(error). Check this machine's network, and with LTG that the address is right; then join again. Should the token count as used then, the answer was lost: ask for another one."
                )
            }
            if response.status == 200 { return response.body }
            let isBusy = (try? JSONDecoder().decode(Refused.self, from: Data(response.body)))?.code == "busy"
            left -= 1
            guard isBusy, left > 0 else { throw NodeClient.Failure(NodeClient.sentence(response)) }
            try await Task.sleep(for: .milliseconds(Int(Self.againMs)))
        }
    }
}

/// The folder of a node that joins, and the file in it.
struct NodeFolder {
    private let path: String
    private let web: SocketAddress
    private let peer: SocketAddress
    private let gossip: SocketAddress
    private let url: String

    init(_ path: String, address: String, web: UInt16, peer: UInt16, gossip: UInt16, url: String?) throws {
        guard !path.isEmpty else { throw ValidationError("--directory is empty") }
        func socket(_ port: UInt16) throws -> SocketAddress {
            guard let found = try? SocketAddress(host: address, port: port) else {
                throw ValidationError("--address `\(address)` is no address in numbers; write it as 192.0.2.7 or 2001:db8::7")
            }
            return found
        }
        (self.web, self.peer, self.gossip) = (try socket(web), try socket(peer), try socket(gossip))
        guard !["0.0.0.0", "::"].contains(address) else {
            throw ValidationError("--address is where other nodes reach this one; `\(address)` is everywhere and nowhere")
        }
        // Nodes must not depend on where they are started.
        self.path = path.hasPrefix("/") ? path : FileManager.default.currentDirectoryPath + "/" + path
        self.url = url ?? "http://\(self.web)"
        guard self.url.hasPrefix("http://") || self.url.hasPrefix("https://"), !self.url.contains("\""), !self.url.contains("\\") else {
            throw ValidationError("--url begins with http:// or https://, and holds no quotes; found `\(self.url)`")
        }
    }

    func prepare() throws {
        try Files.makeFolder(path)
        guard chmod(path, 0o700) == 0 else {
            throw ValidationError("cannot keep \(path) to its owner: \(String(cString: strerror(errno)))")
        }
        for name in ["node.yaml", "node.key", "node.pem", "ca.pem", "keyring"] where access("\(path)/\(name)", F_OK) == 0 {
            throw ValidationError(
                "\(path)/\(name) is there already, and is not overwritten: a node was made here. Choose another --directory, or move it away"
            )
        }
    }

    /// - Returns: the node's file. It is written last: where it is, everything is.
    func write(_ grant: JoinGrant, _ key: NodeKey) throws -> String {
        let voters = grant.coordinators.map { "  - {name: \($0.name), id: \($0.id), peer: \"\($0.peer)\"}" }
        let seeds = grant.seeds.map { "\"\($0)\"" }.joined(separator: ", ")
        let lines: [String] =
            [
                "# Made by callslip join for \(grant.library).", "node: \(grant.node)", "cluster: \(Self.quoted(grant.cluster))",
                "data: \(Self.quoted(path + "/data"))",
                "keyring: \(Self.quoted(path + "/keyring"))",
                "tls: {ca: \(Self.quoted(path + "/ca.pem")), certificate: \(Self.quoted(path + "/node.pem")), key: \(Self.quoted(path + "/node.key"))}",
                "roles: [library]", "web: [\"\(web)\"]", "urls: [\"\(url)\"]", "peer: \"\(peer)\"", "gossip: \"\(gossip)\"",
                "seeds: [\(seeds)]", "coordinators:",
            ] + voters
        let text = lines.joined(separator: "\n") + "\n"
        // Read as `serve` will read it: what does not fit is told here, not when the node is started.
        do { _ = try NodeConfiguration(yaml: text) } catch {
            throw NodeClient.Failure("what the coordinator sent makes no node's file:\n\(error)")
        }
        try Files.create(path + "/node.key", key.secret, mode: 0o600)
        try Files.create(path + "/keyring", grant.keyring, mode: 0o600)
        try Files.create(path + "/ca.pem", grant.authority, mode: 0o644)
        try Files.create(path + "/node.pem", grant.certificate, mode: 0o644)
        try Files.create(path + "/node.yaml", text, mode: 0o644)
        return path + "/node.yaml"
    }

    /// As YAML's double-quoted style has it.
    private static func quoted(_ text: String) -> String {
        var escaped = "\""
        for character in text {
            if character == "\"" || character == "\\" { escaped.append("\\") }
            escaped.append(character)
        }
        return escaped + "\""
    }
}
