/// Tracked referrals (agreement, 2: "robust referral"): a question that nobody can answer now goes, with its patron's consent, as a message to the queue whose people know,
/// with a day by which it is to be answered.
///
/// It is an offer that nobody picks up: the patron is asked, and agrees by leaving the question as a message (`keepMessage`), as their page makes the pick-up code for the
/// answer. From then on it is a message like others, which stands with the target, and whose due day reminds those who may answer. It is the same chat, with all that was said.

extension ConsortiumState {
    func checkFollowUp(_ answerInMs: UInt64, _ chat: Chat, _ holding: Holding) throws(Refusal) {
        guard !isBranch else {
            throw Refusal(.notAvailable, "This node is cut off; a question can be referred when it is back.")
        }
        guard Limits.answerInMsRange.contains(answerInMs) else {
            throw Refusal(.invalid, "An answer is due in an hour to 30 days, not in \(answerInMs) ms.")
        }
        guard !holding.wasKept else {
            throw Refusal(.notAllowed, "This is a message already; transfer it to somebody who is there, or put it back.")
        }
        guard chat.hasWritten else { throw Refusal(.invalid, "Nothing was written yet; there is no question to refer.") }
    }

    /// The patron agreed: nobody holds the chat any more, and it stands with the target.
    mutating func referLater(_ chat: inout Chat, _ holding: Holding, _ offer: Offer, _ answerInMs: UInt64) throws(Refusal) {
        var agreed = holding
        agreed.offer?.awaitingConsent = false
        // What nobody is to pick up is no transfer, and counts as none.
        agreed.offer?.leg = nil
        chat.stage = .held(agreed)
        endOffer(of: &chat, .chatOver)
        chat.remember(agreed, .handedOver)
        chat.followUp = FollowUp(target: offer.target, by: offer.by, dueMs: clockMs.adding(ms: answerInMs))
        if offer.target == index.general { chat.referral = .agreed }
    }
}
