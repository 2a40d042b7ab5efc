/// The public addresses of hours, answered on the web plane from what the cluster plane handed over, also when no coordinator can be reached:
/// `/hours`, `/hours/LIBRARY`, and beneath both `hours.json` (JSON-LD); `/hours/hours.txt`, one line a library; beneath a library `hours.ics` (iCalendar) and `hours.js` (the snippet's script) and `now.json` (for the desk).

import Consortium
import EventLoop
import FoundationEssentials
import Hours
import Web

/// What all libraries posted, at one moment. Immutable.
struct HoursSnapshot: Sendable {
    var entries: [HoursEntry] = []
    /// The library of each queue, by every name that it has or had: its hours are asked for by that too.
    var libraries: [String: LibraryName] = [:]
}

@WebActor
final class HoursWeb {
    private var entries: [HoursEntry] = []
    private var byName: [String: HoursEntry] = [:]
    private let nowSeconds: @Sendable () -> Int64

    /// Pages of any site may read hours, and hours alone.
    private nonisolated static let headers: [(name: String, value: String)] = [
        ("Access-Control-Allow-Origin", "*"), ("Cross-Origin-Resource-Policy", "cross-origin"), ("Cache-Control", "public, max-age=30"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"),
    ]

    /// - Parameter nowSeconds: the wall clock, Unix seconds.
    init(nowSeconds: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }) { self.nowSeconds = nowSeconds }

    func update(_ snapshot: HoursSnapshot) {
        entries = snapshot.entries
        byName = Dictionary(snapshot.entries.map { ($0.library.text, $0) }, uniquingKeysWith: { first, _ in first })
        for (name, library) in snapshot.libraries where byName[name] == nil { byName[name] = byName[library.text] }
    }

    var now: Int64 { nowSeconds() }

    /// In the order of the roster.
    var libraries: [HoursEntry] { entries }

    /// One in the zone in which most libraries are, the first of them in the roster's order.
    var usualSchedule: Schedule? {
        let schedules = libraries.compactMap(\.schedule)
        let counts = Dictionary(schedules.map { ($0.hours.zone, 1) }, uniquingKeysWith: +)
        let most = counts.values.max()
        return schedules.first { counts[$0.hours.zone] == most }
    }

    func entry(_ library: LibraryName) -> HoursEntry? { byName[library.text] }

    /// `Closed. Opens Monday at 9 AM.`; `nil` where no hours are posted, and while they are open.
    func opens(_ library: String) -> NextOpening? {
        guard let schedule = byName[library]?.schedule, case .closed(let next, _) = schedule.status(at: now) else { return nil }
        return NextOpening(words: schedule.sentence(at: now), atS: next, zone: schedule.hours.zone)
    }

    func install(on server: WebServer) {
        server.route([.get], prefix: "/hours") { [self] request, responder in responder.send(answer(request)) }
    }

    private func answer(_ request: Request) -> Response {
        let parts = request.segments
        let now = nowSeconds()
        let language = HoursLanguage.wanted(request.query("lang"), accepted: request.headers["accept-language"])
        if parts.count == 1 { return Self.page(HoursPage.all(entries, now: now, language), language) }
        if parts.count == 2, parts[1] == "hours.json" { return Self.response("application/ld+json", HoursData.json(entries, now: now)) }
        if parts.count == 2, parts[1] == "hours.txt" {
            return Self.response("text/plain; charset=utf-8", HoursPage.lines(entries, now: now))
        }
        guard let entry = byName[parts[1]], parts.count <= 3 else {
            return Self.page(HoursPage.unknown(language), language, 404)
        }
        switch parts.count == 2 ? "" : parts[2] {
        case "": return Self.page(HoursPage.library(entry, now: now, address: address(of: request), language), language)
        case "hours.json": return Self.response("application/ld+json", HoursData.json(entry, now: now))
        case "now.json": return Self.response("application/json", HoursData.now(entry, now: now))
        case "hours.ics": return Self.response("text/calendar; charset=utf-8", HoursCalendar.text(entry, now: now))
        case "hours.js": return Self.response("text/javascript; charset=utf-8", HoursPage.script(entry, now: now))
        default: return Self.page(HoursPage.unknown(language), language, 404)
        }
    }

    /// As the reader's own browser reached this page.
    private func address(of request: Request) -> String {
        let host = (request.headers["host"] ?? "").filter { $0.isASCII && ($0.isLetter || $0.isNumber || ".:-[]".contains($0)) }
        return "\(request.isSecure || request.headers["x-forwarded-proto"] == "https" ? "https" : "http")://\(host)"
    }

    /// A page that is another one for readers of another language.
    private static func page(_ text: String, _ language: HoursLanguage, _ status: Int = 200) -> Response {
        var page = response("text/html; charset=utf-8", text, status)
        page.setHeader("Content-Language", language.rawValue)
        page.setHeader("Vary", "Accept-Language")
        return page
    }

    private static func response(_ type: String, _ text: String, _ status: Int = 200) -> Response {
        Response(status: status, headers: [("Content-Type", type)] + headers, body: Array(text.utf8))
    }
}
