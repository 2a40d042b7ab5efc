/// Asking a node over HTTP, from commands.

import ArgumentParser
import EventLoop
import FoundationEssentials
import TLS
import Web

enum NodeClient {
    struct Failure: Error, CustomStringConvertible {
        var description: String
        init(_ description: String) { self.description = description }
    }

    @ClusterActor
    static func request(
        _ method: HTTPMethod, _ url: String, headers: [(name: String, value: String)] = [], body: [UInt8] = [], timeoutMs: UInt64 = 10_000
    ) async throws -> HTTPClientResponse {
        let secure = try Self.secure(for: url)
        let result: Result<HTTPClientResponse, HTTPClientError> = await withCheckedContinuation { continuation in
            HTTPClient.request(on: ClusterActor.loop, method, url, headers: headers, body: body, timeoutMs: timeoutMs, secure: secure) {
                continuation.resume(returning: $0)
            }
        }
        switch result {
        case .success(let response): return response
        case .failure(let error): throw Failure("\(url): \(error)")
        }
    }

    /// A text as it stands in an address's query (RFC 3986, 2.1): everything but letters and digits of ASCII escaped.
    static func queryText(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5a, 0x61...0x7a: String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }.joined()
    }

    /// What makes the encrypted stream where `url` asks for one: this machine's authorities are trusted (or those of the file in `SSL_CERT_FILE`).
    @ClusterActor
    static func secure(for url: String) throws -> HTTPClient.Secure? {
        guard url.hasPrefix("https://") || url.hasPrefix("wss://") else { return nil }
        let trust = try WebTrust()
        let secure: HTTPClient.Secure = { stream, host in
            TLSStream.toWebServer(over: stream, on: ClusterActor.loop, trust, host: host) ?? stream
        }
        return secure
    }

    private struct Answer: Decodable {
        var text: String
    }

    /// What a node's answer says to people.
    static func sentence(_ response: HTTPClientResponse) -> String {
        (try? JSONDecoder().decode(Answer.self, from: Data(response.body)))?.text
            ?? "the node answered \(response.status): \(response.text)"
    }

    /// Asks for something that is done or refused, and gives the sentence that says so.
    @ClusterActor
    static func ask(_ path: String, _ question: some Encodable, _ admin: (url: String, token: String)) async throws -> String {
        let headers = [(name: "Authorization", value: "Bearer \(admin.token)"), (name: "Content-Type", value: "application/json")]
        let response = try await request(.post, admin.url + path, headers: headers, body: [UInt8](try JSONEncoder().encode(question)))
        guard response.status == 200 else { throw Failure(sentence(response)) }
        return sentence(response)
    }

    /// A node's address and admin token, as it wrote them in its data folder.
    static func admin(data: String) throws -> (url: String, token: String) {
        let text: String
        do {
            text = try Files.text(of: data + "/admin")
        } catch {
            throw Failure("\(error); start the node first, and name its data folder with --data")
        }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 2 else { throw Failure("\(data)/admin: expected two lines, an address and a token; start the node again") }
        return (String(lines[0]), String(lines[1]))
    }

    @ClusterActor
    static func backUp(url: String, token: String) async throws -> HTTPClientResponse {
        try await request(.post, url + "/api/backup", headers: [("Authorization", "Bearer \(token)")], timeoutMs: 120_000)
    }

    @ClusterActor
    /// - Parameter options: the query of the address, with its question mark, or empty.
    static func importFile(_ yaml: String, _ options: String = "", url: String, token: String) async throws -> HTTPClientResponse {
        try await request(
            .post, url + "/api/import" + options, headers: [("Authorization", "Bearer \(token)"), ("Content-Type", "application/yaml")],
            body: Array(yaml.utf8), timeoutMs: 120_000)
    }
}

/// Which node an admin's command asks.
struct AdminOptions: ParsableArguments {
    @Option(help: "The data folder of the node to ask; its admin token is there.")
    var data = "callslip-data"

    @Option(help: "The node's address, if not the one that it wrote into its data folder.")
    var node: String?

    /// The address and the admin token.
    func read() throws -> (url: String, token: String) {
        let written = try NodeClient.admin(data: data)
        return (node ?? written.url, written.token)
    }
}
