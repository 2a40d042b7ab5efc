/// Tracked referrals (agreement, 2: "robust referral"): a question that nobody can answer now goes, with its patron's consent, as a message to the queue whose people know,
/// with a day by which it is to be answered.
///
/// It is an offer that nobody picks up: the patron is asked, and agrees by leaving the question as a message (`keepMessage`), as their page makes the pick-up code for the
/// answer. From then on it is a message like others, which stands with the target, and whose due day reminds those who may answer. It is the same chat, with all that was said.

/// Whom the directory named when a question was referred: a liaison, or an agreement. They need no queue: the question stands at their library, with their name on it.
public struct Listed: Hashable, Sendable {
    /// The entry, by which they are mailed, for as long as it is there.
    public var entry: EntryID
    /// As it was then, for people.
    public var name: String
    public init(entry: EntryID, name: String) {
        self.entry = entry
        self.name = name
    }
}

extension RegisterEntry {
    /// Whom, or what, the directory has here, for people; `nil` where the register is none of the directory's.
    public var listedName: String? {
        let words: [String]
        switch register {
        case .liaisons: words = [self["person"], self["subject"]]
        case .agreements: words = [self["title"], self["partner"]]
        default: return nil
        }
        return words.filter { !$0.isEmpty }.joined(separator: ", ").excerpt(bytesMax: Limits.titleBytesMax)
    }
}

extension [Queue] {
    /// Where a question may stand that is referred by an entry of the directory: in its own queue, else in those of its library, else in the general one.
    public func places(of listing: RegisterEntry) -> [Queue] {
        if let own = QueueName(listing["queue"]) { return filter { $0.name == own } }
        let theirs = filter { $0.library != nil && $0.library == listing.library }
        return theirs.isEmpty ? filter { $0.library == nil } : theirs
    }
}

extension ConsortiumState {
    func check(_ id: EntryID, _ command: OfferTransfer) throws(Refusal) {
        // A branch has no directory.
        guard !isBranch else { throw Self.cutOff }
        guard command.answerInMs != nil else {
            throw Refusal(.invalid, "Whom the directory names is asked to answer later: say by when.")
        }
        guard let listing = entries[id], listing.listedName != nil else {
            throw Refusal(.invalid, "The directory has no such entry any more; search it again.")
        }
        guard queues.values.map(\.queue).places(of: listing).contains(where: { $0.name == command.target }) else {
            throw Refusal(
                .invalid, "A question for \(listing.listedName ?? "them") does not go to \(command.target); search the directory again.")
        }
    }

    private static var cutOff: Refusal { Refusal(.notAvailable, "This node is cut off; a question can be referred when it is back.") }

    func checkFollowUp(_ answerInMs: UInt64, _ chat: Chat, _ holding: Holding) throws(Refusal) {
        guard !isBranch else { throw Self.cutOff }
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
        chat.followUp = FollowUp(
            target: offer.target, by: offer.by, dueMs: clockMs.adding(ms: answerInMs),
            listed: offer.listing.flatMap { entries[$0] }.flatMap { entry in
                entry.listedName.map { Listed(entry: entry.id, name: $0) }
            })
        if offer.target == index.general { chat.referral = .agreed }
    }
}
