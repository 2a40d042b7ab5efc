import EventLoop

/// `GET /presence/jid/{name}/{server}/{text|xml|js|image}`: the busiest address of the service, answered from a snapshot in memory.
@WebActor
public final class Presence {
    /// What is answered from now on.
    public private(set) var snapshot = PresenceSnapshot()
    /// When a library opens again, by its posted hours; `nil` where it posted none, or is open now.
    public var opens: (_ library: String) -> NextOpening? = { _ in nil }
    private let texts: [PresenceShow: PreparedResponse]
    private let images: [PresenceShow: PreparedResponse]
    /// Ready answers in text form, one look-up away.
    private var textByName: [String: PreparedResponse] = [:]
    private let preflight: PreparedResponse
    private let unavailable: PreparedResponse

    /// Pages of any site may read it; nothing may store it.
    private nonisolated static let headers: [(name: String, value: String)] = [
        ("Access-Control-Allow-Origin", "*"), ("Cross-Origin-Resource-Policy", "cross-origin"), ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
    ]

    public init() {
        var texts: [PresenceShow: PreparedResponse] = [:]
        var images: [PresenceShow: PreparedResponse] = [:]
        for show in PresenceShow.allCases {
            texts[show] = Self.prepared("text/plain; charset=utf-8", show.rawValue)
            images[show] = Self.prepared("image/svg+xml", PresenceRendering.image(show))
        }
        self.texts = texts
        self.images = images
        unavailable = Self.prepared("text/plain; charset=utf-8", PresenceShow.unavailable.rawValue)
        preflight = PreparedResponse(
            Response(
                status: 204,
                headers: Self.headers + [
                    ("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS"), ("Access-Control-Allow-Headers", "*"),
                    ("Access-Control-Max-Age", "86400"),
                ]))
    }

    /// Replaces what is answered.
    public func update(_ snapshot: PresenceSnapshot) {
        self.snapshot = snapshot
        textByName = snapshot.users.merging(snapshot.queues) { _, queue in queue }.compactMapValues { texts[$0.show] }
    }

    /// Puts it at `/presence/jid/`.
    public func install(on server: WebServer) {
        server.route([.get, .options], prefix: "/presence/jid") { request, responder in
            if request.method == .options { return responder.send(self.preflight) }
            self.answer(request, responder)
        }
    }

    private func answer(_ request: Request, _ responder: Responder) {
        let parts = request.segments
        guard parts.count >= 5, parts.count <= 7, let format = Format(parts[4...]) else {
            return responder.send(Self.prepared("text/plain; charset=utf-8", "Expected /presence/jid/NAME/SERVER/FORMAT.\n", status: 404))
        }
        let (name, host) = (parts[2], parts[3])
        switch format {
        case .text:
            responder.send(textByName[name] ?? texts[snapshot.entry(name).show] ?? unavailable)
        case .image:
            responder.send(images[snapshot.entry(name).show] ?? unavailable)
        case .xml:
            let text = PresenceRendering.xml(name: name, server: host, snapshot.entry(name))
            responder.send(Self.prepared("text/xml; charset=utf-8", text))
        case .js:
            let callback = request.query("cb")
            if request.hasQuery("cb"), !PresenceRendering.isIdentifier(callback ?? "") {
                return responder.send(
                    Self.prepared("text/plain; charset=utf-8", "cb must be the plain name of a function.\n", status: 400))
            }
            let entry = snapshot.entry(name)
            let opens = entry.reach == "nobody" && !entry.library.isEmpty ? opens(entry.library) : nil
            let text = PresenceRendering.javaScript(
                name: name, server: host, entry, clientId: snapshot.clientId, opens: opens, callback: callback)
            responder.send(Self.prepared("text/javascript; charset=utf-8", text))
        }
    }

    private enum Format {
        case text, xml, js, image

        /// `text`, `xml`, `js`, `image`, `image/THEME`, `image/theme/THEME`.
        init?(_ parts: ArraySlice<String>) {
            switch (parts.first, parts.count) {
            case ("text", 1): self = .text
            case ("xml", 1): self = .xml
            case ("js", 1): self = .js
            case ("image", 1), ("image", 2): self = .image
            case ("image", 3) where parts[parts.startIndex + 1] == "theme": self = .image
            default: return nil
            }
        }
    }

    private nonisolated static func prepared(_ contentType: String, _ text: String, status: Int = 200) -> PreparedResponse {
        PreparedResponse(Response(status: status, headers: [("Content-Type", contentType)] + headers, body: Array(text.utf8)))
    }
}
