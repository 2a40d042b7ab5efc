/// Who asks for a change of what people write down for one another. A node vouches for who is signed in there.
public enum Editor: Hashable, Sendable {
    /// Whoever has a node's admin token: LTG, by import or a command of `callslip`.
    case admin
    case person(OperatorName)
}
