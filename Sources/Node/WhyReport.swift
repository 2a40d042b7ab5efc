/// Why buttons are on or off, as the API, the page and `callslip why` say it. Times are the library's own.

import Consortium
import Hours

public struct WhyReport: Codable, Sendable {
    /// A queue as it is now.
    public struct Line: Codable, Sendable {
        public var queue: String
        public var title: String
        public var library: String?
        /// `on`, `referred` or `off`.
        public var button: String
        /// In sentences, the first that speaks against it first.
        public var why: [String]
    }
    public struct Stretch: Codable, Sendable {
        public var from: String
        /// Missing where it goes on.
        public var until: String?
        public var button: String
        public var why: [String]
    }
    /// One queue at one time.
    public struct Answer: Codable, Sendable {
        public var queue: String
        public var title: String
        public var zone: String
        /// `2026-11-28 09:30`.
        public var at: String
        /// `unknown` where nothing is known of that time.
        public var button: String
        public var why: [String]
        /// The whole local day, as far as it is known; missing where the coordinators cannot be asked now.
        public var day: [Stretch]?
    }
    /// All that the reader may ask about.
    public var queues: [Line]
    /// Where one is asked about.
    public var answer: Answer?
}

extension RoutingDecision {
    /// In the API's words.
    var button: String {
        switch reach {
        case .own: "on"
        case .referred: "referred"
        case .nobody: "off"
        }
    }
}
