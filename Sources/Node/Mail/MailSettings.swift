/// `mail` in a node's file: by which server the node mails answers to patrons who left an address with their question.

import FoundationEssentials
import Mail
import Yams

public struct MailSettings: Hashable, Sendable {
    public var server: MailServer
    public var from: MailAddress

    static func read(_ node: Node, _ reader: inout YAMLReader) -> MailSettings? {
        let keys = ["server", "security", "from", "user", "passwordFile", "authorities"]
        guard let fields = reader.mapping(node, "mail", keys: keys),
            let serverNode = reader.required(fields, "server", in: node, "the mail server, as host:port"),
            let server = reader.text(serverNode, "server"),
            let fromNode = reader.required(fields, "from", in: node, "the address that answers come from"),
            let from = reader.text(fromNode, "from")
        else { return nil }
        guard let sender = MailAddress(from) else {
            reader.fail(fromNode, "`\(from)` is no address such as ask@library.example")
            return nil
        }
        guard let colon = server.lastIndex(of: ":"), let port = Int(server[server.index(after: colon)...]), (1...65_535).contains(port),
            case let host = server[..<colon], !host.isEmpty, host.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != 0x2f && $0 != 0x40 })
        else {
            reader.fail(serverNode, "`\(server)` is no server; write it as mail.library.example:587")
            return nil
        }
        let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
        let security: MailServer.Security
        switch fields["security"].flatMap({ reader.text($0, "security") }) ?? "starttls" {
        case "starttls": security = .startTLS
        case "tls": security = .tls
        case "none":
            guard ["127.0.0.1", "::1", "localhost"].contains(name) else {
                reader.fail(node, "`security: none` is for a server on this machine; say `starttls` or `tls` for \(name)")
                return nil
            }
            security = .none
        case let other:
            reader.fail(node, "security is `starttls`, `tls`, or, for a server on this machine, `none`; found `\(other)`")
            return nil
        }
        let user = fields["user"].flatMap { reader.text($0, "user") }
        var password: String?
        if let passwordNode = fields["passwordFile"], let path = reader.text(passwordNode, "passwordFile") {
            // Read once: whoever changes it restarts the node.
            guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path)), bytes.count <= 1_024,
                let text = String(data: bytes, encoding: .utf8)?.split(whereSeparator: \.isNewline).first
            else {
                reader.fail(passwordNode, "\(path) cannot be read; it has the password on its first line")
                return nil
            }
            password = String(text)
        }
        guard (user == nil) == (password == nil) else {
            reader.fail(node, "`user` and `passwordFile` go together")
            return nil
        }
        return MailSettings(
            server: MailServer(
                host: name, port: port, security: security, user: user, password: password,
                authorities: fields["authorities"].flatMap { reader.text($0, "authorities") }), from: sender)
    }
}
