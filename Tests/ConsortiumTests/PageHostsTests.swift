import Testing

@testable import Consortium

/// What a list of hosts takes in, and that nothing but names of hosts gets into it.
@Suite struct PageHostsTests {
    @Test func aHostIsTheOneOrBelowTheOne() throws {
        let hosts = try #require(PageHosts("www.library.example, *.branch.example"))
        for host in ["www.library.example", "a.branch.example", "a.b.branch.example"] { #expect(hosts.contains(host), "\(host)") }
        for host in [
            "library.example", "a.www.library.example", "branch.example", ".branch.example", "evilbranch.example", "",
            "www.library.example.evil",
        ] {
            #expect(!hosts.contains(host), "\(host)")
        }
    }

    @Test func onlyNamesOfHostsAreTaken() {
        let long = String(repeating: "a", count: 64)
        let wrong = [
            "", ",", "*", "*.", "*.example", "https://a.example", "a.example/", "a.example:80", "A.example", "a..example", "-a.example",
            "a-.example",
            "a.example 'unsafe-inline'", "a.example;script-src *", "a.example\r\nX: y", "\(long).example", "'self'", "*.*.example",
            "ä.example",
            Array(repeating: "a.example", count: 31).joined(separator: ","),
        ]
        for text in wrong { #expect(PageHosts(text) == nil, "\(text)") }
        for text in ["a.example", "localhost", "127.0.0.1", "a.example,b.example", "*.a.example"] {
            #expect(PageHosts(text) != nil, "\(text)")
        }
    }
}
