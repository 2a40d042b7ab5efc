/// How browsers reach a node, as its file says it: `webTLS` and `proxy`.

import EventLoop
import Web
import Yams

extension WebTLSFiles {
    static func read(_ node: Node, urls: [String], _ reader: inout YAMLReader) -> Self? {
        let keys = ["certificate", "key", "redirect", "challenges", "hstsDays", "local"]
        guard let fields = reader.mapping(node, "webTLS", keys: keys),
            let certificate = reader.required(
                fields, "certificate", in: node, "the file of the certificate with its chain (certbot's fullchain.pem)"
            )
            .flatMap({ reader.text($0, "certificate") }),
            let key = reader.required(fields, "key", in: node, "the file of its key (certbot's privkey.pem)").flatMap({
                reader.text($0, "key")
            })
        else { return nil }
        var files = WebTLSFiles(certificate: certificate, key: key)
        files.redirect = fields["redirect"].map { addresses($0, "redirect", &reader) } ?? []
        files.local = fields["local"].map { addresses($0, "local", &reader) } ?? []
        files.challenges = reader.text(fields["challenges"], "challenges")
        files.hstsDays = fields["hstsDays"].flatMap { reader.integer($0, "hstsDays", hstsDaysRange) } ?? hstsDaysUsual
        if let local = fields["local"], files.local.contains(where: { !$0.isLoopback }) {
            reader.fail(local, "`local` is for commands and monitoring of this very machine, without TLS: write it as [\"127.0.0.1:7100\"]")
        }
        if urls.isEmpty || !urls.allSatisfy({ $0.hasPrefix("https://") }) {
            reader.fail(node, "with `webTLS` this node is reached by HTTPS: each of `urls` begins with https://")
        }
        if files.challenges != nil, files.redirect.isEmpty {
            reader.fail(node, "`challenges` are looked for at port 80: give `redirect: [\"0.0.0.0:80\"]` as well")
        }
        return files
    }

    private static func addresses(_ node: Node, _ key: String, _ reader: inout YAMLReader) -> [SocketAddress] {
        reader.sequence(node, key).compactMap { item in
            guard let text = reader.text(item, key) else { return nil }
            guard let address = SocketAddress(text) else {
                reader.fail(item, "`\(text)` is not an address; write it as 0.0.0.0:80 or [::]:80")
                return nil
            }
            return address
        }
    }
}

extension ProxyTrust {
    static let rangesMax = 32

    static func read(_ node: Node, _ reader: inout YAMLReader) -> Self? {
        guard let map = reader.mapping(node, "proxy", keys: ["addresses", "fields"]),
            let list = reader.required(map, "addresses", in: node, "the proxies' addresses, as this node sees them")
        else { return nil }
        let ranges: [AddressRange] = reader.sequence(list, "addresses").compactMap { item in
            guard let text = reader.text(item, "address") else { return nil }
            guard let range = AddressRange(text) else {
                reader.fail(
                    item,
                    "`\(text)` is no address and no range of them; write it as 127.0.0.1, 10.0.0.0/8 or 2001:db8::/32, without bits behind the given ones"
                )
                return nil
            }
            return range
        }
        if ranges.isEmpty || ranges.count > rangesMax { reader.fail(list, "`addresses` has 1 to \(rangesMax) addresses or ranges") }
        let kinds = Fields.allCases.map { "`\($0.rawValue)`" }.joined(separator: " or ")
        guard let name = reader.text(map["fields"], "fields") else {
            reader.fail(node, "`fields` says which header fields the proxy writes: \(kinds); only those are believed")
            return nil
        }
        guard let fields = Fields(rawValue: name) else {
            reader.fail(node, "`fields` is \(kinds); found `\(name)`")
            return nil
        }
        return ProxyTrust(ranges: ranges, fields: fields)
    }
}

extension SocketAddress {
    var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" }
}
