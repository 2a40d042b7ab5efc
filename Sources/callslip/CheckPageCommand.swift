/// `callslip check-page`: what is wrong with the chat button of a page (agreement, 4).

import ArgumentParser
import EventLoop
import FoundationEssentials
import Glibc
import PageCheck
import Web

struct CheckPageCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-page", abstract: "Say what is wrong with the chat button of a page, and show the lines to paste.",
        discussion: """
            The page is a file, an address (which this program fetches; the node never does), or - for what comes by standard input. Ends with status 1 when the button \
            does not work.
            """)
    @Argument(help: "FILE, http(s)://ADDRESS, or -.") var page: String
    @Option(help: "Where the page is, when it is given as a file.") var address: String?
    @Option(help: "Which queue's button it is to have.") var queue: String?
    @Flag(help: "The findings as JSON.") var json = false
    @Option(help: "The data folder of the node to ask: it knows queues and nodes.") var data = "callslip-data"
    @Option(help: "The node's address, if not the one that it wrote into its data folder.") var node: String?

    private struct Ask: Encodable {
        var html: String
        var address: String?
        var policies: [String]
        var queue: String?
    }

    func run() async throws {
        let url = try node ?? NodeClient.admin(data: data).url
        let fetched = try await read()
        let ask = Ask(html: fetched.html, address: fetched.address ?? address, policies: fetched.policies, queue: queue)
        let response = try await NodeClient.request(
            .post, url + "/api/check-page", headers: [("Content-Type", "application/json")], body: [UInt8](try JSONEncoder().encode(ask)),
            timeoutMs: 30_000)
        guard response.status == 200, let report = try? JSONDecoder().decode(PageReport.self, from: Data(response.body)) else {
            throw NodeClient.Failure(NodeClient.sentence(response))
        }
        if json { print(response.text) } else { show(report) }
        if report.verdict == .fails { throw ExitCode(1) }
    }

    private func read() async throws -> FetchedPage {
        if page.hasPrefix("http://") || page.hasPrefix("https://") { return try await PageFetch.get(page) }
        if page == "-" { return FetchedPage(html: try Files.text(of: "/dev/stdin"), address: nil, policies: []) }
        return FetchedPage(html: try Files.text(of: page), address: nil, policies: [])
    }

    private func show(_ report: PageReport) {
        for tag in report.tags { print("line \(tag.line): a button\(tag.queue.isEmpty ? "" : " for \(tag.queue)"), from \(tag.host)") }
        switch report.verdict {
        case .works: print(report.findings.isEmpty ? "Nothing is wrong." : "The button works.")
        case .mend: print("The button works; something should be mended.")
        case .fails: print("The button does not work.")
        }
        for finding in report.findings {
            print(
                "\n\(finding.severity.rawValue)\(finding.line.map { ", line \($0)" } ?? "") (\(finding.code.rawValue)): \(finding.what)\n  \(finding.advice)"
            )
            if let fix = finding.fix {
                print(fix.split(separator: "\n", omittingEmptySubsequences: false).map { "      " + $0 }.joined(separator: "\n"))
            }
        }
        if report.isCut { print("\nMore is wrong than is listed, or the page is longer than what was read.") }
    }
}

struct FetchedPage {
    var html: String
    var address: String?
    var policies: [String]
}

/// Fetches a page as a browser would, with the rules that it came with.
enum PageFetch {
    private static let redirectsMax = 5

    static func get(_ address: String) async throws -> FetchedPage {
        var address = address
        for _ in 0...redirectsMax {
            let response = try await ask(address)
            if (300..<400).contains(response.status), let next = response.header("location") {
                guard let target = absolute(next, from: address) else {
                    throw NodeClient.Failure("\(address) leads to `\(next)`, which is no address of a page")
                }
                address = target
                continue
            }
            guard response.status == 200 else { throw NodeClient.Failure("\(address) answered \(response.status), not 200") }
            let policies = response.headers.filter { $0.name == "content-security-policy" }.map(\.value)
            return FetchedPage(html: response.text, address: address, policies: policies)
        }
        throw NodeClient.Failure("\(address) leads on and on to other addresses")
    }

    @ClusterActor
    private static func ask(_ address: String) async throws -> HTTPClientResponse {
        let secure = try NodeClient.secure(for: address)
        let result: Result<HTTPClientResponse, HTTPClientError> = await withCheckedContinuation { continuation in
            HTTPClient.request(
                on: ClusterActor.loop, .get, address, headers: [("Accept", "text/html"), ("Accept-Encoding", "identity")],
                timeoutMs: 20_000, secure: secure
            ) { continuation.resume(returning: $0) }
        }
        switch result {
        case .success(let response): return response
        case .failure(.insecure(let why)):
            throw NodeClient.Failure(
                "\(address): its certificate, or its encryption, is not one that this machine trusts (\(why)). Save the page from a browser, and check that file"
            )
        case .failure(let error): throw NodeClient.Failure("\(address): \(error)")
        }
    }

    /// `https` does not lead back to `http`: what came then could have been changed on the way.
    static func absolute(_ next: String, from address: String) -> String? {
        let next = next.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).first.map(String.init) ?? ""
        guard let slashes = address.firstRange(of: "://") else { return nil }
        let scheme = address[..<slashes.lowerBound]
        if next.hasPrefix("https://") || next.hasPrefix("http://") && scheme == "http" { return next }
        if next.hasPrefix("//") { return scheme + ":" + next }
        guard !next.contains("://") else { return nil }
        let rest = address[slashes.upperBound...]
        let host = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        if next.hasPrefix("/") { return scheme + "://" + host + next }
        let path = rest[host.endIndex...].prefix { $0 != "?" && $0 != "#" }
        let folder = path.lastIndex(of: "/").map { path[...$0] } ?? "/"
        return scheme + "://" + host + folder + next
    }
}
