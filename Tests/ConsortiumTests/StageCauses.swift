import Consortium

/// The books of causes on the stage.
extension Stage {
    /// `show causes QUEUE`: each of its runs, with what its button did when that began.
    func showCauses(_ arguments: [String]) throws -> [String] {
        let queue: QueueName = try Self.name(arguments.count > 1 ? arguments[1] : "")
        let general: QueueName = try Self.name("general")
        let there = state.causes(of: general, in: 0..<100_000)
        let lines = state.causes(of: queue, in: 0..<100_000).map { run in
            let other = queue == general ? nil : there.last { $0.from <= run.from }
            let decision = Routing.past(run, general: other.map { (general, $0) })
            let reach =
                switch decision.reach {
                case .own: "on"
                case .referred: "referred"
                case .nobody: "off"
                }
            return "from \(run.from): \(reach). \(decision.reasons.map { $0.sentence { $0.text } }.joined(separator: " "))"
        }
        return lines.isEmpty ? ["nothing is known"] : lines
    }
}
