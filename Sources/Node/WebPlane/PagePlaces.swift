/// On which pages whose chat may stand, as the web plane knows it: the register `pages`, and the nodes' own addresses, where every chat may stand.

import Consortium
import EventLoop
import Web

struct PagePlaces: Hashable, Sendable {
    private var hosts: [String: PageHosts] = [:]
    private var nodes: Set<String> = []

    init() {}

    /// - Parameter nodes: the addresses at which nodes serve patrons.
    init(_ entries: some Sequence<RegisterEntry>, nodes: [String]) {
        for entry in entries where entry.register == .pages { hosts[entry["library"]] = PageHosts(entry["hosts"]) }
        self.nodes = Set(nodes.map { WebAddress.name(of: $0) })
    }

    /// The field that says who may show the chat in a frame; nothing for a library that lists no pages.
    func frameField(of library: String) -> [UInt8] {
        guard let listed = hosts[library] else { return [] }
        // A host of its own means its usual port alone.
        let ancestors = listed.hosts.map { " \($0):*" }.joined()
        return Array("Content-Security-Policy: frame-ancestors 'self'\(ancestors)\r\n".utf8)
    }

    /// Whether a page of this origin may begin a chat with the library.
    func allows(origin: String, _ library: String) -> Bool {
        guard let listed = hosts[library] else { return true }
        let host = WebAddress.name(of: origin)
        return nodes.contains(host) || listed.contains(host)
    }

    /// The queue that a chat's page is for: `/chat/QUEUE@HOST`, or `queue` of the old vendor's address. As the page reads it (`patron/page.js`), which also drops
    /// what no name has around it.
    static func queue(of request: Request) -> String {
        let inPath = request.segments.first == "chat" ? request.segments.dropFirst().first ?? "" : ""
        let name = inPath.isEmpty ? request.query("queue") ?? "" : inPath
        return name.prefix { $0 != "@" }.lowercased().filter { $0.isASCII && !$0.isWhitespace }
    }
}
