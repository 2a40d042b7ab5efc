/// What is wrong with the chat button of a library's page, and how it is mended (agreement, 4: "Libraries will use the code provided by LTG to install buttons").
///
/// `PageCheck.report` reads a page's HTML as a browser's tokenizer does and says what it finds as data: how bad, what, in which line, and lines to paste. It is pure
/// and bounded (`PageCheckLimits`), fetches nothing, and runs nothing: whoever fetched the page passes its address and its content policies on.
///
/// It does not know what scripts of the page do. A button that another script puts there is said to be out of sight.
///
/// The tokenizer is our own (`HTMLTokenizer`). Debian's libxml2 reads HTML 4: what browsers take for a comment, a script's end or an attribute it takes otherwise, which
/// is just what is asked here; and it would bring ICU into every image and C's memory to what strangers paste.
public enum PageCheck {
    /// - Parameter source: the page, and what is known of where it came from.
    /// - Parameter facts: the consortium's nodes and queues, as this node knows them.
    public static func report(_ source: PageSource, _ facts: PageFacts) -> PageReport {
        var judge = PageJudge(source, facts)
        return judge.report()
    }

    /// The first element in lines to paste that is none of those that such lines consist of: for tests.
    package static func strangeTag(in fix: String) -> String? {
        var tokenizer = HTMLTokenizer(Array(fix.utf8))
        while let token = tokenizer.next() {
            guard case .start(let tag) = token else { continue }
            if !["script", "div", "a", "iframe"].contains(tag.name) || tag.attributes.contains(where: { $0.name.hasPrefix("on") }) {
                return tag.name
            }
        }
        return nil
    }
}

/// A page as somebody pasted or fetched it.
public struct PageSource: Sendable {
    public var html: [UInt8]
    /// Where it is, where that is known: what is wrong with `http` depends on it.
    public var address: String?
    /// The values of its `Content-Security-Policy` header fields.
    public var policies: [String]
    /// The queue that whoever asks has in mind, for the lines to paste.
    public var queue: String?

    public init(html: [UInt8], address: String? = nil, policies: [String] = [], queue: String? = nil) {
        self.html = html
        self.address = address
        self.policies = policies
        self.queue = queue
    }
}

/// What the consortium has that a page may name.
public struct PageFacts: Sendable {
    /// Addresses of nodes that serve patrons (`https://host:port`), the one to name first at the front.
    public var nodes: [String]
    /// The title of each queue, by its name.
    public var queues: [String: String]
    /// What is called otherwise now, by its former name.
    public var formerNames: [String: String]
    /// Names and numbers of old services that lead to a queue.
    public var services: Set<String>

    public init(nodes: [String], queues: [String: String], formerNames: [String: String] = [:], services: Set<String> = []) {
        self.nodes = nodes
        self.queues = queues
        self.formerNames = formerNames
        self.services = services
    }
}

/// What came of it.
public struct PageReport: Sendable, Hashable, Codable {
    public enum Verdict: String, Sendable, Codable {
        /// The button works.
        case works
        /// It works, and something should be mended.
        case mend
        /// It does not work, or not for everybody.
        case fails
    }

    /// A tag of ours that a browser runs.
    public struct Tag: Sendable, Hashable, Codable {
        public var line: Int
        /// As the page says it; empty where it says none.
        public var queue: String
        /// The host that it names.
        public var host: String
    }

    public var verdict: Verdict
    public var tags: [Tag]
    /// What to do first comes first.
    public var findings: [PageFinding]
    /// More is wrong than is listed, or the page is longer than what was read.
    public var isCut: Bool
}

/// One thing that is wrong, or could be better.
public struct PageFinding: Sendable, Hashable, Codable {
    public enum Severity: String, Sendable, Codable {
        /// The button does not come, or comes for nobody.
        case error
        /// It works here and now, and will not everywhere or always.
        case warning
        /// It could be better.
        case note
    }

    /// What it is, for programs.
    public enum Code: String, Sendable, Codable, CaseIterable {
        case noTag, vendorHost, vendorLink, noQueue, unknownQueue, formerName, insecure, foreignNode, wrongPath, twoTags, policy, inComment,
            inFrame, inNoscript
        case inTemplate, notAsync, notRun, placeAlone, blocksAlone, outOfSight, oneNode, noPlainLink, curlyQuotes, escapedText, integrity,
            unfinished, oldSnippet
        case unknownService, pageTooLong
    }

    public var code: Code
    public var severity: Severity
    /// Counted from 1; absent where it is about the whole page.
    public var line: Int?
    /// What is wrong, and why that matters: whole sentences.
    public var what: String
    /// What to do about it.
    public var advice: String
    /// Lines to paste in place of what is there.
    public var fix: String?
}

public enum PageCheckLimits {
    /// Of a page; what follows is not read.
    public static let htmlBytesMax = 1 * 1_024 * 1_024
    public static let tokensMax = 100_000
    /// Of one tag; a browser takes more, no page needs them.
    public static let attributesMax = 100
    /// Of an attribute's value; the rest is not read.
    public static let valueBytesMax = 16 * 1_024
    public static let findingsMax = 40
    /// Tags, places and links that are looked at, of each kind.
    public static let sightingsMax = 60
    public static let policiesMax = 8
    public static let policyBytesMax = 16 * 1_024
    /// Of a name that is compared with names of queues.
    public static let nameBytesMax = 64
    /// Of what a sentence quotes from the page.
    public static let quoteCharactersMax = 80
    /// How often a name is compared with all queues' names.
    public static let guessesMax = 8
}
