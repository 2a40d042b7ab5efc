import EventLoop
import Testing

@testable import Node

/// `webTLS` and `proxy` of a node's file: what is read, and that each mistake is told with its line.
@Suite struct WebEntranceTests {
    private func read(_ more: String, urls: String = "https://chat.example.org") throws -> NodeConfiguration {
        try NodeConfiguration(
            yaml: """
                node: solo
                cluster: test
                data: data
                keyring: keyring
                roles: [library, coordinator]
                web: ["0.0.0.0:443"]
                urls: ["\(urls)"]
                peer: "127.0.0.1:7201"
                gossip: "127.0.0.1:7202"
                coordinators: [{name: solo, id: 1, peer: "127.0.0.1:7201"}]
                \(more)
                """)
    }

    private func problem(_ more: String, urls: String = "https://chat.example.org") -> String {
        do {
            _ = try read(more, urls: urls)
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func webTLSIsRead() throws {
        let short = try #require(try read("webTLS: {certificate: a.pem, key: b.pem}").webTLS)
        #expect(short == WebTLSFiles(certificate: "a.pem", key: "b.pem", hstsDays: 365))
        let long = try read(
            "webTLS: {certificate: a.pem, key: b.pem, redirect: [\"0.0.0.0:80\"], challenges: acme, local: [\"127.0.0.1:7100\"], hstsDays: 0}"
        )
        #expect(long.webTLS?.redirect.map(\.description) == ["0.0.0.0:80"])
        #expect(long.webTLS?.challenges == "acme" && long.webTLS?.hstsDays == 0)
        #expect(long.commandURL == "http://127.0.0.1:7100")
        #expect(try read("").webTLS == nil)
        #expect(try read("").commandURL == "https://chat.example.org")
    }

    @Test func mistakesOfWebTLSAreTold() {
        let files = "certificate: a.pem, key: b.pem"
        #expect(problem("webTLS: {certificate: a.pem}").contains("`key`"))
        #expect(problem("webTLS: {\(files), cipher: RC4}").contains("cipher"))
        #expect(problem("webTLS: {\(files)}", urls: "http://chat.example.org").contains("each of `urls` begins with https://"))
        #expect(problem("webTLS: {\(files), local: [\"192.0.2.1:7100\"]}").contains("this very machine"))
        #expect(problem("webTLS: {\(files), challenges: acme}").contains("port 80"))
        #expect(problem("webTLS: {\(files), redirect: [\"80\"]}").contains("`80` is not an address"))
        #expect(problem("webTLS: {\(files), hstsDays: -1}").contains("hstsDays"))
        #expect(problem("webTLS: {\(files), hstsDays: -1}").contains("line 11"))
    }

    @Test func proxyIsRead() throws {
        let proxy = try #require(try read("proxy: {addresses: [\"127.0.0.1\", \"10.0.0.0/8\"], fields: forwarded}").proxy)
        #expect(proxy.ranges.count == 2 && proxy.fields == .forwarded)
        #expect(try read("").proxy == nil)
    }

    @Test func mistakesOfProxyAreTold() {
        #expect(problem("proxy: {addresses: [\"127.0.0.1\"]}").contains("`x-forwarded` or `forwarded`"))
        #expect(problem("proxy: {addresses: [\"127.0.0.1\"], fields: both}").contains("found `both`"))
        #expect(problem("proxy: {addresses: [], fields: forwarded}").contains("1 to 32"))
        #expect(problem("proxy: {addresses: [\"10.0.0.1/8\"], fields: forwarded}").contains("`10.0.0.1/8` is no address"))
        #expect(problem("proxy: {fields: forwarded}").contains("`addresses`"))
    }

    @Test func namesOfAddressesAreFound() {
        #expect(WebAddress.name(of: "https://Chat.Example.org:8443/x") == "chat.example.org")
        #expect(WebAddress.name(of: "https://[2001:db8::1]:443") == "2001:db8::1")
        #expect(WebAddress.name(of: "chat.example.org") == "")
    }
}
