/// `POST /api/check-page`: what is wrong with the chat button of a page whose HTML was pasted (agreement, 4). For everybody.
///
/// The node fetches nothing: whoever asks brings the page, so that nobody reaches by this node what only it can reach. `callslip check-page URL` fetches, and brings.

import Consortium
import EventLoop
import FoundationEssentials
import PageCheck
import Web

@WebActor
final class PageCheckAPI {
    private let api: HTTPAPI
    /// When pages were checked, within the last minute.
    private var checksMs: [UInt64] = []
    private var running = 0

    /// In JSON a page may be twice as long as it is.
    private static let bodyBytesMax = 2 * PageCheckLimits.htmlBytesMax + 64 * 1_024
    /// Each takes a thread that waits for nobody, a page of the greatest length for some tenths of a second.
    private static let checksAMinuteMax = 120
    private static let runningMax = 2
    private nonisolated static let addressBytesMax = 2_048
    private nonisolated static let form =
        "Send {\"html\":TEXT,\"address\":URL,\"policies\":[TEXT],\"queue\":NAME} as application/json."

    init(api: HTTPAPI) { self.api = api }

    private struct Page: Decodable {
        var html: String
        /// Where the page is.
        var address: String?
        /// The values of its `Content-Security-Policy` header fields.
        var policies: [String]?
        /// Which queue's button is meant.
        var queue: String?
    }

    func install(on server: WebServer) {
        server.post("/api/check-page", bodyBytesMax: Self.bodyBytesMax) { [self] request, responder in check(request, responder) }
    }

    private func check(_ request: Request, _ responder: Responder) {
        guard mayCheck() else { return say(responder, "tooMany", "Many pages are being checked here; try again in a minute.", 429) }
        guard request.headers["content-type"]?.hasPrefix("application/json") ?? false else {
            return say(responder, "invalid", Self.form, 400)
        }
        let body = request.body
        running += 1
        api.services.pageFacts { [self] facts in
            guard let facts else {
                running -= 1
                return say(responder, "notAvailable", "This node has not heard from the coordinators yet; ask again in a moment.", 503)
            }
            Task { @WebActor in
                // A page of the greatest length takes a while to read, and to judge.
                let outcome = try? await WebActor.loop.work { Self.judged(body, facts) }
                running -= 1
                switch outcome {
                case .success(let report): responder.send(api.json(report, 200))
                case .failure(let mistake): say(responder, mistake.code, mistake.text, 400)
                case nil: say(responder, "busy", "This node has too much to do just now; ask again in a moment.", 503)
                }
            }
        }
    }

    private struct Mistake: Error {
        var code: String
        var text: String
    }

    /// On a worker's thread: reads what was sent and judges it.
    private nonisolated static func judged(_ body: [UInt8], _ facts: PageFacts) -> Result<PageReport, Mistake> {
        guard let page = try? JSONDecoder().decode(Page.self, from: Data(body)) else {
            return .failure(Mistake(code: "invalid", text: form))
        }
        guard !page.html.trimmed.isEmpty else {
            return .failure(Mistake(code: "invalid", text: "Paste the page's HTML: there is nothing to check."))
        }
        guard page.address?.utf8.count ?? 0 <= addressBytesMax, page.policies?.count ?? 0 <= PageCheckLimits.policiesMax else {
            let text = "An address has \(addressBytesMax) bytes at most, and there are \(PageCheckLimits.policiesMax) policies at most."
            return .failure(Mistake(code: "tooLong", text: text))
        }
        let queue = page.queue.map { $0.trimmed.lowercased() }.flatMap { $0.isEmpty ? nil : $0 }
        if let queue, QueueName(queue) == nil {
            return .failure(Mistake(code: "invalid", text: "A queue's name has \(QueueName.rule); found `\(queue)`."))
        }
        let source = PageSource(html: Array(page.html.utf8), address: page.address, policies: page.policies ?? [], queue: queue)
        return .success(PageCheck.report(source, facts))
    }

    private func mayCheck() -> Bool {
        let now = WebActor.loop.nowMs
        checksMs.removeAll { $0 + 60_000 <= now }
        guard checksMs.count < Self.checksAMinuteMax, running < Self.runningMax else { return false }
        checksMs.append(now)
        return true
    }

    private func say(_ responder: Responder, _ code: String, _ text: String, _ status: Int) {
        responder.send(api.json(HTTPAPI.Said(code: code, text: text), status))
    }
}

extension PageFacts {
    /// - Parameter nodes: the addresses at which nodes serve patrons.
    init(_ board: Board, nodes: [String]) {
        let queues = board.queues.map(\.queue)
        self.init(
            nodes: nodes, queues: Dictionary(queues.map { ($0.name.text, $0.title) }, uniquingKeysWith: { first, _ in first }),
            formerNames: Dictionary(
                board.formerNames.filter { $0.kind == .queue }.map { ($0.former, $0.present) }, uniquingKeysWith: { first, _ in first }),
            services: Set(queues.flatMap { $0.aliases.map(\.name.text) }))
    }
}
