/// The picture that goes along with a problem: sent before the report, under the identifier that the report will have (`POST /api/problems/picture`), so that nobody adds one to a report
/// that is made; and shown to LTG, from whichever node keeps it.

import Consortium
import EventLoop
import Web

@WebActor
final class PicturesAPI {
    private let api: HTTPAPI
    /// Of people who are not signed in: whoever sends many leaves room for others.
    private var strangers = HourlyAllowance(most: 30, ofOneNetwork: 10)

    /// Somewhat more than a picture may have, so that what is a little too much is refused with our own sentence.
    private static let bodyBytesMax = 2 * Picture.bytesMax
    private static let form =
        "Send the bytes of a JPEG, PNG or WebP picture, with their type, to ?id= and the 32 hexadecimal digits of the report to come."

    init(api: HTTPAPI) { self.api = api }

    func install(on server: WebServer) {
        server.post("/api/problems/picture", bodyBytesMax: Self.bodyBytesMax) { [self] request, responder in take(request, responder) }
        server.get("/api/problems/picture") { [self] request, responder in show(request, responder) }
    }

    private func say(_ code: String, _ text: String, _ status: Int) -> Response { api.json(HTTPAPI.Said(code: code, text: text), status) }

    private func take(_ request: Request, _ responder: Responder) {
        // A page of another origin cannot send these types without asking first, and is not allowed.
        guard let id = request.query("id").flatMap({ TicketID($0) }),
            let kind = Picture.Kind.allCases.first(where: { $0.mediaType == request.headers["content-type"]?.lowercased() })
        else { return responder.send(say("invalid", Self.form, 400)) }
        api.services.tickets(request.cookie(HTTPAPI.cookieName)) { [self] person, tickets in
            let isReported = tickets.contains { $0.id == id }
            guard person != nil || isReported || strangers.take(WebActor.loop.nowMs, of: request.network) else {
                let text = "Many pictures were sent here within an hour. Report it without one, or try again later."
                return responder.send(say("tooMany", text, 429))
            }
            let isStrangers = person == nil
            Task { await keep(request.body, kind, id, isReported: isReported, isStrangers: isStrangers, responder) }
        }
    }

    private func keep(_ body: [UInt8], _ kind: Picture.Kind, _ id: TicketID, isReported: Bool, isStrangers: Bool, _ responder: Responder)
        async
    {
        let read: Result<Picture, Picture.Refusal>
        do {
            read = try await WebActor.loop.work { () -> Result<Picture, Picture.Refusal> in
                do throws(Picture.Refusal) { return .success(try Picture(reading: body)) } catch { return .failure(error) }
            }
        } catch {
            return responder.send(say("busy", "The node has too much to do just now; try again in a moment.", 503))
        }
        switch read {
        case .failure(let refusal): responder.send(say("badPicture", refusal.description, 400))
        case .success(let picture) where picture.kind != kind:
            responder.send(say("badPicture", "This is a \(picture.kind.title) picture, and was sent as \(kind.title).", 400))
        case .success(let picture):
            api.services.keepPicture(picture, id, isReported, isStrangers) { [self] kept in
                switch kept {
                case .kept: responder.send(say("done", "The picture waits for its report.", 200))
                case .taken:
                    let text =
                        isReported
                        ? "This report was made already; a picture goes along only with a new one."
                        : "Another picture was sent with this report already."
                    responder.send(say("taken", text, 409))
                case .refused(let text): responder.send(say("busy", text, 503))
                }
            }
        }
    }

    private func show(_ request: Request, _ responder: Responder) {
        guard let id = request.query("id").flatMap({ TicketID($0) }) else {
            return responder.send(say("invalid", "`id` has 32 hexadecimal digits.", 400))
        }
        api.services.tickets(nil) { [self] _, tickets in
            guard let ticket = tickets.first(where: { $0.id == id }) else {
                let text = "This report is not known here yet, or was solved and is forgotten by now."
                return responder.send(say("unknown", text, 404))
            }
            api.services.picture(id, ticket.report.node) { [self] found in
                switch found {
                case .picture(let picture): responder.send(Self.response(picture, ticket.number))
                case .none: responder.send(say("none", "No picture is kept for this report.", 404))
                case .damaged(let text): responder.send(say("damaged", text, 404))
                case .unreached(let text): responder.send(say("unreached", text, 503))
                }
            }
        }
    }

    /// Nothing in it runs, wherever it is opened: it is a picture and nothing else, from nowhere, kept by no cache.
    private static func response(_ picture: Picture, _ number: UInt64) -> Response {
        let headers = [
            (name: "Content-Type", value: picture.kind.mediaType), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"),
            ("Content-Disposition", "inline; filename=\"report-\(number).\(picture.kind.rawValue)\""),
            ("Content-Security-Policy", "default-src 'none'; sandbox; frame-ancestors 'none'"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
        ]
        return Response(status: 200, headers: headers, body: picture.bytes)
    }
}

/// How often something is taken within an hour: of all, and of those of one network. It remembers no more of them than it takes, for an hour, in memory.
struct HourlyAllowance {
    private let most: Int
    private let ofOneNetwork: Int
    private var taken: [(atMs: UInt64, network: AddressPrefix)] = []

    init(most: Int, ofOneNetwork: Int? = nil) {
        self.most = most
        self.ofOneNetwork = ofOneNetwork ?? most
    }

    /// - Returns: whether there was room for one more, which is counted then.
    mutating func take(_ nowMs: UInt64, of network: AddressPrefix) -> Bool {
        taken.removeAll { nowMs >= $0.atMs && nowMs - $0.atMs >= 3_600_000 }
        guard taken.count < most, taken.count(where: { $0.network == network }) < ofOneNetwork else { return false }
        taken.append((nowMs, network))
        return true
    }
}
