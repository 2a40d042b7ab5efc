/// `oidc` in a node's file: by which service of the campus the people of its libraries may sign in, beside their passwords.

import FoundationEssentials
import SignIn
import Yams

public struct CampusSettings: Hashable, Sendable {
    public var service: CampusService
    /// What is asked for beside `openid`, as the claim needs it.
    public var scope: String
    /// What the button at the desk says.
    public var title: String
    /// A file of certificates to trust instead of the system's.
    public var authorities: String?

    /// Where a browser comes back to, beneath the node's address.
    static let callback = "/api/campus/callback"

    /// - Parameter url: the first of the node's own addresses.
    static func read(_ node: Node, url: String?, _ reader: inout YAMLReader) -> CampusSettings? {
        let keys = ["issuer", "client", "secretFile", "claim", "scope", "title", "authorities"]
        guard let fields = reader.mapping(node, "oidc", keys: keys),
            let issuerNode = reader.required(fields, "issuer", in: node, "the address of the campus's sign-in service, as it calls itself"),
            let issuer = reader.text(issuerNode, "issuer"),
            let clientNode = reader.required(fields, "client", in: node, "as what this node is registered there"),
            let client = reader.text(clientNode, "client"),
            let claimNode = reader.required(
                fields, "claim", in: node, "the claim that says who somebody is, such as `sub` or `preferred_username`"),
            let claim = reader.text(claimNode, "claim")
        else { return nil }
        guard CampusService.isAddress(issuer) else {
            reader.fail(
                issuerNode,
                "`\(issuer)` is no https address; write it as the service's own documents do, such as https://login.campus.example")
            return nil
        }
        guard let url, CampusService.isAddress(url) else {
            reader.fail(node, "the browser comes back to the first of `urls`, which must be there and be https, or http on this machine")
            return nil
        }
        var secret: String?
        if let secretNode = fields["secretFile"], let path = reader.text(secretNode, "secretFile") {
            // Read once: whoever changes it restarts the node.
            guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path)), bytes.count <= 1_024,
                let text = String(data: bytes, encoding: .utf8)?.split(whereSeparator: \.isNewline).first
            else {
                reader.fail(secretNode, "\(path) cannot be read; it has the client's secret on its first line")
                return nil
            }
            secret = String(text)
        }
        let trimmed = url.hasSuffix("/") ? String(url.dropLast()) : url
        return CampusSettings(
            service: CampusService(issuer: issuer, client: client, secret: secret, claim: claim, redirect: trimmed + callback),
            scope: "openid " + (fields["scope"].flatMap { reader.text($0, "scope") } ?? "profile"),
            title: fields["title"].flatMap { reader.title($0, "title") } ?? "Sign in with your campus account",
            authorities: fields["authorities"].flatMap { reader.text($0, "authorities") })
    }
}
