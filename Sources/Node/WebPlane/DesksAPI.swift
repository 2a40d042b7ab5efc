/// `GET /api/desks`: which versions of the operator's client are open, node by node (agreement, 7). For whoever has the node's admin token.

import EventLoop
import Web

@WebActor
struct DesksAPI {
    let api: HTTPAPI

    func install(on server: WebServer) {
        server.get("/api/desks") { _, responder in
            api.services.desks { report in responder.send(api.json(report, 200)) }
        }
    }
}
