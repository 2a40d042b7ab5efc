/// Why a request was refused. Its connection is closed after the answer: what follows on it can't be trusted to be where we think it is.
public struct HTTPError: Error, Equatable, Sendable {
    /// 400, 408, 413, 414, 417, 431, 501, 503 or 505.
    public let status: Int
    /// One sentence, sent as the body: what was expected and what came.
    public let reason: String

    public init(_ status: Int, _ reason: String) {
        self.status = status
        self.reason = reason
    }
}

/// The methods that are understood. Others that look like one are 501; a route that lacks one answers 405.
public enum HTTPMethod: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
}
