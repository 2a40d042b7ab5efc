/// What pages of other sites may make a signed-in person's browser do here: read what is open to everybody, and change nothing.
///
/// A browser says of every request that changes something from where it comes (`Origin`, and `Sec-Fetch-Site` where it names none), and no page can make it lie. So a
/// request that would act as somebody (it carries the cookie, or asks for one) must come from a page of this very origin. Programs say neither, and have no cookies of others.
/// `SameSite=Strict` keeps the cookie away from other sites' requests as well; it does not from those of other hosts of the same site, as a library's pages are.

import Web

enum OtherSites {
    /// Where somebody becomes somebody: refused to other sites without a cookie, too.
    private static let signIns = ["/api/sign-in", "/api/sign-out"]

    static func refusal(of request: Request) -> Response? {
        switch request.method {
        case .get, .head, .options: return nil
        case .post, .put, .patch, .delete: break
        }
        let asksForCookie = signIns.contains(request.path) || LibraryH3lp.isSignIn(request)
        guard isForeign(request), request.cookie(HTTPAPI.cookieName) != nil || asksForCookie else { return nil }
        var response = Response.json(
            "{\"code\":\"otherSite\",\"text\":\"A page of another site asked for this in your name. Open the page of this node and do it there.\"}",
            status: 403)
        response.setHeader("Cache-Control", "no-store")
        return response
    }

    /// Whether a page of another origin made the browser ask.
    static func isForeign(_ request: Request) -> Bool {
        if let origin = request.headers["origin"] { return !isOwn(origin, request) }
        switch request.headers["sec-fetch-site"] {
        case nil, "same-origin", "none": return false
        default: return true
        }
    }

    /// A page that came by HTTPS may speak for itself also where this node does not know that it did (a proxy that its file does not name); one in the clear never speaks for one by HTTPS.
    private static func isOwn(_ origin: String, _ request: Request) -> Bool {
        let host = (request.headers["host"] ?? "").lowercased()
        let origin = origin.lowercased()
        return origin == "https://\(host)" || (!request.isSecure && origin == "http://\(host)")
    }
}

/// What requests cost the cluster plane (`WebLimits.workPerSecond`): nothing that is answered from a snapshot or a file.
enum RequestCost {
    static func of(_ request: Request) -> (units: UInt64, signIn: String?) {
        if request.path == "/ws" { return (1, nil) }
        let signIn = request.cookie(HTTPAPI.cookieName)
        if LibraryH3lp.isVersion(request.segments.first) { return (LibraryH3lp.cost(request), signIn) }
        guard request.segments.first == "api" else { return (0, nil) }
        switch (request.method, request.path) {
        // The campus's service is asked.
        case (.get, "/api/campus/begin"), (.head, "/api/campus/begin"), (.get, "/api/campus/callback"), (.head, "/api/campus/callback"):
            return (20, signIn)
        case (.get, _), (.head, _), (.options, _): return (1, signIn)
        // A password is hashed with 64 MiB; a page, and a picture, is read by a worker's thread.
        case (_, "/api/sign-in"), (_, "/api/second-step"), (_, "/api/check-page"), (_, "/api/problems/picture"): return (20, signIn)
        default: return (5, signIn)
        }
    }
}
