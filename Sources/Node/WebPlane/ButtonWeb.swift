/// The loaders, each at its one address, with the version that is released written into them; and the code behind them, each version at an address of its own that never
/// changes its meaning (`/js/v/VERSION/…`).

import Consortium
import EventLoop
import Web

@WebActor
final class ButtonWeb {
    private let own: String
    private let versions: [String: Assets]
    private let templates: [(path: String, content: [UInt8])]
    private var loaders: Assets
    private(set) var serving: ButtonServing

    private static let paths = ["js/callslip.js", "js/libraryh3lp.js"]
    private static let blank = "const RELEASED = \"\";"

    init(_ shelf: ButtonShelf) {
        own = shelf.own.version
        let pairs = shelf.bundles.map { ($0.version, Assets(files: $0.files, cacheControl: "public, max-age=31536000, immutable")) }
        versions = Dictionary(pairs, uniquingKeysWith: { first, _ in first })
        templates = Assets.builtIn.filter { Self.paths.contains($0.path) }
        loaders = Assets(files: [])
        serving = ButtonServing(own: own, versions: shelf.bundles.map(\.version), serves: own)
        release(shelf.released)
    }

    /// What is served from now on: the released version, or what this node was built with where it has not that one.
    func release(_ version: String?) {
        serving.serves = version.flatMap { versions[$0] == nil ? nil : $0 } ?? own
        let line = Self.blank.dropLast(3) + "\"\(serving.serves)\";"
        loaders = Assets(
            files: templates.map { path, content in
                (path, Array(String(decoding: content, as: UTF8.self).replacing(Self.blank, with: line).utf8))
            })
    }

    func install(on server: WebServer) {
        for path in Self.paths { server.get("/" + path) { [self] request, responder in loaders.answer(path, request, responder) } }
        server.route([.get], prefix: "/js/v") { [self] request, responder in
            guard request.segments.count > 3, let files = versions[request.segments[2]] else {
                return responder.send(.text("This node does not have that version of the button's code.\n", status: 404))
            }
            files.answer(request.segments.dropFirst(3).joined(separator: "/"), request, responder)
        }
    }
}
