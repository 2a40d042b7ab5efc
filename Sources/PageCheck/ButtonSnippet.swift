/// The lines that a library puts on its page. What they say is what cluster/guides/BUTTON.md says.
public struct ButtonSnippet: Sendable {
    /// Addresses of nodes, the one that serves the page first.
    public var nodes: [String]
    public var queue: String
    /// The words of the link that stands there until the button comes.
    public var label: String

    public init(nodes: [String], queue: String, label: String = "Ask a librarian") {
        self.nodes = nodes
        self.queue = queue
        self.label = label
    }

    /// How many other nodes a page names.
    private static let othersMax = 2
    /// Stands where the checker cannot know.
    static let unknownQueue = "YOUR-QUEUE"

    private var first: String { nodes.first ?? "https://YOUR-NODE" }

    /// The tag alone.
    public var tag: String {
        let others = nodes.dropFirst().prefix(Self.othersMax).joined(separator: ",")
        let also = others.isEmpty ? "" : " data-nodes=\"\(Self.quoted(others))\""
        return "<script async src=\"\(Self.quoted(first))/js/callslip.js\" data-queue=\"\(Self.quoted(queue))\"\(also)></script>"
    }

    /// The place, with the plain link that stays when no code comes.
    public var place: String {
        "<div data-callslip=\"\(Self.quoted(queue))\" style=\"min-height: 3.75rem\"><a href=\"\(Self.quoted(chat))\">\(Self.quoted(label))</a></div>"
    }

    /// Both.
    public var whole: String { place + "\n" + tag }

    /// The page on which one can chat without any button.
    public var chat: String { "\(first)/chat/\(queue)" }

    static func quoted(_ text: String) -> String {
        var out = ""
        for character in text {
            switch character {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            default: out.append(character)
            }
        }
        return out
    }
}
