/// When a closed library opens again: as a sentence, and as a moment that pages write in their reader's own language.
public struct NextOpening: Sendable {
    /// `Closed. Opens Monday at 9 AM.`
    public var words: String
    /// Unix seconds; `nil` when nothing opens for long.
    public var atS: Int64?
    /// The library's time zone, such as `America/Chicago`.
    public var zone: String
    public init(words: String, atS: Int64?, zone: String) {
        self.words = words
        self.atS = atS
        self.zone = zone
    }
}

/// The presence formats, byte for byte as pages in the wild read them.
enum PresenceRendering {
    static func xml(name: String, server: String, _ entry: PresenceEntry) -> String {
        """
        <presence user="\(xmlEscaped(name))" server="\(xmlEscaped(server))">
          <resource show="\(entry.show.rawValue)" name="\(entry.resourceName)" priority="5"/></presence>
        """
    }

    /// - Parameter callback: called at the end, without argument; must be an identifier (`isIdentifier`).
    static func javaScript(
        name: String, server: String, _ entry: PresenceEntry, clientId: String, opens: NextOpening? = nil, callback: String?
    ) -> String {
        let again = opens.map { opening in
            ",\"opens\":\(jsonText(opening.words))"
                + (opening.atS.map { ",\"opensAtS\":\($0),\"zone\":\(jsonText(opening.zone))" } ?? "")
        }
        return """
            var jabber_user='\(javaScriptEscaped(name))'; var jabber_server='\(javaScriptEscaped(server))';
            var jabber_resources=[{name:'\(entry.resourceName)',priority:5,show:'\(entry.show.rawValue)',status:'\(javaScriptEscaped(entry.statusText))'}];
            var jabber_client_id='\(javaScriptEscaped(clientId))';
            var callslip={"reach":"\(entry.reach)","queue":\(jsonText(entry.queue)),"title":\(jsonText(entry.title)),\
            "answers":\(jsonText(entry.answers)),"usualWaitS":\(entry.usualWaitS)\(again ?? "")};

            """ + (callback.map { "\($0)();\n" } ?? "")
    }

    /// Theme `simpletext`, which stands in for every other.
    static func image(_ show: PresenceShow) -> String {
        let (label, color) =
            switch show {
            case .available, .chat: ("Chat is online", "#1a6b2d")
            case .away, .xa, .dnd: ("Chat is away", "#7a5200")
            case .unavailable: ("Chat is offline", "#5a5a5a")
            }
        return """
            <svg xmlns="http://www.w3.org/2000/svg" width="112" height="20" role="img" aria-label="\(label)"><title>\(label)</title>\
            <text x="2" y="15" font-family="sans-serif" font-size="14" fill="\(color)">\(label)</text></svg>

            """
    }

    /// An ASCII identifier of at most 64 characters, and no dots or brackets: nothing but the name of a function.
    static func isIdentifier(_ text: String) -> Bool {
        guard let first = text.utf8.first, text.utf8.count <= 64, !(first >= 0x30 && first <= 0x39) else { return false }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x24, 0x5F: true
            default: false
            }
        }
    }

    /// For attributes and text. Control characters that XML 1.0 can't hold become U+FFFD.
    static func xmlEscaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result += "&#\(scalar.value);"
            case _ where scalar.value < 0x20 || scalar.value == 0xFFFE || scalar.value == 0xFFFF: result += "\u{FFFD}"
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    /// A JSON string; what could end a script element or a line of it is escaped.
    private static func jsonText(_ text: String) -> String { "\"\(javaScriptEscaped(text))\"" }

    /// For a string in single quotes, also inside a `script` element.
    static func javaScriptEscaped(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\", "'", "\"", "<", ">", "&", "\u{2028}", "\u{2029}", "`": result += unicodeEscape(scalar.value)
            case _ where scalar.value < 0x20 || scalar.value == 0x7F: result += unicodeEscape(scalar.value)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func unicodeEscape(_ value: UInt32) -> String {
        let digits = String(value, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    }
}

/// Text that becomes part of a page which a node writes itself.
public enum HTMLText {
    /// For text and for quoted attributes.
    public static func escaped(_ text: String) -> String { PresenceRendering.xmlEscaped(text) }
}
