/// The demonstration's own pages: a library's site that knows nothing of Callslip but one script tag, and a page with both sides.

import EventLoop
import FoundationEssentials
import Glibc
import Node
import Web

@ClusterActor
final class DemoSite {
    private let cluster: LocalCluster
    private let port: UInt16
    private var site: SiteServer?

    init(cluster: LocalCluster, port: UInt16) {
        self.cluster = cluster
        self.port = port
    }

    func start() async throws {
        let nodes = LocalCluster.libraries.map { cluster.webURL($0) }
        let calls = SiteCalls(
            order: { [cluster] text, completion in Task { await completion(Self.carryOut(text, cluster)) } },
            killLeader: { [cluster] completion in Task { await completion(Self.killLeader(cluster)) } },
            enter: { [cluster] completion in Task { await completion(Self.signIn(cluster)) } })
        site = try await SiteServer(nodes: nodes, port: port, calls: calls)
    }

    func stop() async { await site?.close() }

    private static func killLeader(_ cluster: LocalCluster) async -> String {
        guard let leader = await cluster.leader() else { return "There is no leader just now." }
        do {
            try await cluster.kill(leader)
        } catch {
            return "\(error)"
        }
        Task { @ClusterActor in
            await Wait.pause(ms: 5_000)
            do { try cluster.start(leader) } catch { Terminal.complain("\(leader) did not start again: \(error)\n") }
        }
        return "\(leader) was killed (SIGKILL). It starts again in 5 seconds."
    }

    /// `kill NAME…` (SIGKILL) and `start NAME…`: for whoever wants to see what a failure does.
    private static func carryOut(_ text: String, _ cluster: LocalCluster) async -> String {
        let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
        let names = words.dropFirst()
        guard let what = words.first, ["kill", "start"].contains(what), !names.isEmpty, names.allSatisfy({ cluster.processes[$0] != nil })
        else {
            return "Expected `kill` or `start` and names of \(cluster.processes.keys.sorted().joined(separator: ", "))."
        }
        do {
            for name in names { if what == "kill" { try await cluster.kill(name) } else { try cluster.start(name) } }
        } catch {
            return "\(error)"
        }
        return "\(names.joined(separator: ", ")): \(what == "kill" ? "killed (SIGKILL)" : "started")."
    }

    /// Signs Stan of Steenbock Library in and gives the address that takes the browser to his desk.
    private static func signIn(_ cluster: LocalCluster) async -> String {
        let url = cluster.webURL("steenbock")
        let body = Array(#"{"operator":"stan.steenbock","password":"green-fields-1"}"#.utf8)
        let response = try? await NodeClient.request(
            .post, url + "/api/sign-in", headers: [("Content-Type", "application/json")], body: body)
        struct SignedIn: Decodable { var session: String }
        guard let response, let signedIn = try? JSONDecoder().decode(SignedIn.self, from: Data(response.body)) else { return url + "/desk" }
        return url + "/demo/enter?session=" + signedIn.session
    }
}

struct SiteCalls: Sendable {
    var order: @Sendable (String, @escaping @Sendable @WebActor (String) -> Void) -> Void
    var killLeader: @Sendable (@escaping @Sendable @WebActor (String) -> Void) -> Void
    var enter: @Sendable (@escaping @Sendable @WebActor (String) -> Void) -> Void
}

@WebActor
final class SiteServer {
    private let server = WebServer()

    init(nodes: [String], port: UInt16, calls: SiteCalls) throws {
        let names = ["memorial": "Memorial Library", "college": "College Library", "law": "Law Library"]
        server.get("/") { _, responder in calls.enter { desk in responder.send(.html(SitePages.both(desk: desk))) } }
        server.get("/demo.css") { _, responder in
            responder.send(Response(status: 200, headers: [("Content-Type", "text/css; charset=utf-8")], body: Array(SitePages.style.utf8)))
        }
        server.get("/demo.js") { _, responder in
            responder.send(
                Response(status: 200, headers: [("Content-Type", "text/javascript; charset=utf-8")], body: Array(SitePages.script.utf8)))
        }
        for (name, title) in names {
            server.get("/library/\(name)") { _, responder in responder.send(.html(SitePages.library(name, title, nodes))) }
            server.get("/legacy/\(name)") { _, responder in responder.send(.html(SitePages.legacy(name, title, nodes[0]))) }
        }
        server.post("/kill-leader", bodyBytesMax: 64) { request, responder in
            guard Self.isOwnPage(request, responder) else { return }
            calls.killLeader { told in responder.send(.text(told)) }
        }
        server.post("/processes", bodyBytesMax: 256) { request, responder in
            guard Self.isOwnPage(request, responder) else { return }
            calls.order(String(decoding: request.body, as: UTF8.self)) { told in responder.send(.text(told)) }
        }
        try server.listen(host: "127.0.0.1", port: port)
    }

    /// Only this very page may ask: a form elsewhere carries another origin.
    private static func isOwnPage(_ request: Request, _ responder: Responder) -> Bool {
        if request.headers["origin"] == "http://\(request.headers["host"] ?? "")" { return true }
        responder.send(.text("Only the demonstration's own page may do this.\n", status: 403))
        return false
    }

    func close() { server.close() }
}
