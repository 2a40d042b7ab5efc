/// Who held which chat, as those who held it were told: the proof that nobody else did at the same time.

import Consortium

public struct Holders: Sendable {
    private struct Hold: Hashable {
        var chat: ChatID
        var token: LogPosition
    }
    private struct Era: Hashable {
        var chat: ChatID
        var epoch: UInt32
    }
    private var holderOf: [Hold: String] = [:]
    private var tokenOf: [Era: LogPosition] = [:]
    /// What is wrong: a token that two were given, or an epoch with two holders.
    public private(set) var faults: [String] = []

    public init() {}

    /// A claim or pick-up was granted, or a state came that names the reader as holder.
    /// - Parameters:
    ///   - epoch: the chat's, when the state says it; a grant does not.
    ///   - session: a sign-in of an operator: the same person at another desk is another one.
    public mutating func holds(_ session: String, _ chat: ChatID, _ token: LogPosition, epoch: UInt32?) {
        let before = holderOf.updateValue(session, forKey: Hold(chat: chat, token: token))
        if let before, before != session { faults.append("chat \(chat): \(before) and \(session) were both given the token \(token)") }
        guard let epoch else { return }
        let era = Era(chat: chat, epoch: epoch)
        if let other = tokenOf.updateValue(token, forKey: era), other != token {
            faults.append("chat \(chat), epoch \(epoch): held under \(other) and under \(token), the latter by \(session)")
        }
    }
}
