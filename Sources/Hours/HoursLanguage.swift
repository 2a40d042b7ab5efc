/// In which language the public pages of hours speak.

public enum HoursLanguage: String, Sendable, CaseIterable {
    case english = "en"
    case spanish = "es"

    /// The one of two texts that is in this language.
    func callAsFunction(_ english: String, _ spanish: String) -> String {
        switch self {
        case .english: english
        case .spanish: spanish
        }
    }

    /// What a reader wants: what the address says, else what their browser likes best of what there is (RFC 9110, section 12.5.4), else English.
    ///
    /// - Parameters:
    ///   - asked: a language tag, such as `es` or `es-MX`.
    ///   - accepted: the request's `Accept-Language`; of more than 16 wishes the rest is not looked at.
    public static func wanted(_ asked: String?, accepted: String?) -> HoursLanguage {
        if let asked, let known = HoursLanguage(tag: asked[...]) { return known }
        var best: (language: HoursLanguage, quality: Double)?
        for wish in (accepted ?? "").split(separator: ",").prefix(16) {
            let parts = wish.split(separator: ";", maxSplits: 1)
            guard let tag = parts.first, let language = HoursLanguage(tag: tag) else { continue }
            let weight = parts.count > 1 ? parts[1].drop { $0 == " " } : "q=1"
            guard weight.hasPrefix("q="), let quality = Double(weight.dropFirst(2)), quality > 0, quality <= 1 else { continue }
            if best.map({ $0.quality < quality }) ?? true { best = (language, quality) }
        }
        return best?.language ?? .english
    }

    private init?(tag: Substring) {
        let primary = tag.drop { $0 == " " }.prefix { $0 != "-" && $0 != " " }
        self.init(rawValue: primary.lowercased())
    }
}
