import EventLoop

/// What answers requests: once each, soon, without blocking; now or later, on the web plane's loop.
public typealias RequestHandler = @WebActor (Request, Responder) -> Void

/// Which handler a request goes to: an exact path first, then the longest prefix.
@WebActor
struct Router {
    struct Route {
        let methods: Set<HTTPMethod>
        let bodyBytesMax: Int
        let handler: RequestHandler
    }

    enum Match {
        case found(Route)
        case methodNotAllowed([HTTPMethod])
        case notFound
    }

    private var exact: [String: [Route]] = [:]
    /// Longest first.
    private var prefixes: [(segments: [String], routes: [Route])] = []

    mutating func add(path: String, _ route: Route) {
        exact[path, default: []].append(route)
    }

    mutating func add(prefix: String, _ route: Route) {
        let segments = prefix.split(separator: "/").map(String.init)
        if let index = prefixes.firstIndex(where: { $0.segments == segments }) {
            prefixes[index].routes.append(route)
        } else {
            prefixes.append((segments, [route]))
            prefixes.sort { $0.segments.count > $1.segments.count }
        }
    }

    func match(_ request: Request) -> Match {
        if let routes = exact[request.path] { return choose(routes, request.method) }
        for (segments, routes) in prefixes where request.segments.starts(with: segments) { return choose(routes, request.method) }
        return .notFound
    }

    private func choose(_ routes: [Route], _ method: HTTPMethod) -> Match {
        let wanted = method == .head ? HTTPMethod.get : method
        for route in routes where route.methods.contains(wanted) || route.methods.contains(method) { return .found(route) }
        var methods = Set(routes.flatMap(\.methods))
        if methods.contains(.get) { methods.insert(.head) }
        return .methodNotAllowed(methods.sorted { $0.rawValue < $1.rawValue })
    }
}
