/// Why a campus sign-in came to nothing: a code for programs, a sentence for the person, and what stands in the node's log, if that says more.
public struct CampusRefusal: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Code: String, Sendable {
        /// The campus's sign-in service does not answer, or not as it should.
        case provider
        /// The person, or the service, said no.
        case denied
        /// What came back was not begun in this browser, or too long ago.
        case otherBrowser
        /// The service vouches for something else than was asked, or nobody can see that it does.
        case badToken
        /// The service vouches for somebody who has no account here.
        case noAccount
        /// The account asks for more than the campus vouches for.
        case secondStep
        case busy
        /// Nobody signs in at this node.
        case closed
    }

    public var code: Code
    public var sentence: String
    /// For the log; holds no token and no name.
    public var detail: String

    public init(_ code: Code, _ sentence: String, detail: String = "") {
        self.code = code
        self.sentence = sentence
        self.detail = detail
    }

    public var description: String { detail.isEmpty ? sentence : "\(sentence) (\(detail))" }

    static func provider(_ detail: String) -> CampusRefusal {
        CampusRefusal(
            .provider, "Your campus’s sign-in service did not answer as it should. Try again in a moment, or sign in with your password.",
            detail: detail)
    }

    static func badToken(_ detail: String) -> CampusRefusal {
        CampusRefusal(
            .badToken,
            "What your campus’s sign-in service said could not be verified (\(detail)), so nobody is signed in. Try again; if it stays so, tell LTG.",
            detail: detail)
    }

    public static let otherBrowser = CampusRefusal(
        .otherBrowser, "This sign-in was not begun in this browser, or more than ten minutes ago. Begin again at the desk.")
    public static let stopping = CampusRefusal(.closed, "This node is stopping. Sign in again in a moment.")
    public static let busy = CampusRefusal(.busy, "Many people are signing in by the campus just now. Try again in a moment.")
}
