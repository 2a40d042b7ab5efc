/// Naming conventions and the renaming list (agreement, 5), as the API, the page and `callslip names` show them.

import Consortium

public struct NamesReport: Codable, Sendable {
    public struct Convention: Codable, Sendable {
        /// `queue` or `user`.
        public var kind: String
        public var pattern: String
        public var example: String
        public var sentence: String
    }
    public struct Misfit: Codable, Sendable {
        public var kind: String
        public var name: String
        public var library: String
        /// A name that would fit, where one is at hand.
        public var suggestion: String?
    }
    public struct Former: Codable, Sendable {
        public var kind: String
        public var former: String
        public var present: String
    }
    public var conventions: [Convention]
    public var misfits: [Misfit]
    public var former: [Former]

    init(_ board: Board) {
        conventions = NamedKind.allCases.compactMap { kind in
            board.naming.rule(kind).map {
                Convention(kind: kind.rawValue, pattern: $0.pattern, example: $0.example, sentence: $0.sentence)
            }
        }
        misfits = board.misfits.map {
            Misfit(kind: $0.kind.rawValue, name: $0.name, library: $0.library.text, suggestion: $0.suggestion)
        }
        former = board.formerNames.map { Former(kind: $0.kind.rawValue, former: $0.former, present: $0.present) }
    }
}
