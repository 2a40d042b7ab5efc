import Consortium

/// What the log says of one matter, reckoned beside the state from commands and their answers alone.
protocol Book {
    /// Whether a command may change it.
    func concerns(_ command: Command) -> Bool
    /// What is wrong with the answer to a command; nil where nothing is.
    /// - Parameter asking: the node where it was asked for.
    mutating func judge(_ command: Command, _ verdict: Verdict, from asking: NodeName) -> String?
    /// What a state has otherwise, in words; nil where nothing is.
    func difference(to state: ConsortiumState) -> String?
}

extension Verdict {
    var isAccepted: Bool { if case .accepted = self { true } else { false } }
    var isOutOfOrder: Bool { if case .refused(let refusal) = self { refusal.code == .outOfOrder } else { false } }
}
