/// A chat as the replicated state keeps it. What was said lies beside it, in its `Script`.

package struct Chat: Sendable {
    package var id: ChatID
    package var secret: SecretHash
    /// The queue whose button was pressed, and that queue's library.
    package var queue: QueueName
    package var library: LibraryName?
    /// Raised by a hand-over and by a patron's attach, never by a timer (rule 3).
    package var epoch: UInt32 = 1
    /// Whether somebody has held the chat in this epoch: the next holder then needs a new one.
    package var heldInEpoch = false
    package var openedMs: UInt64
    /// First wait: the rank in every queue, which survives fallback (rule 14).
    package var rankMs: UInt64
    package var stage: Stage
    /// The patron's newest attach, where it is, and those that it fenced.
    package var attach: AttachID
    package var node: NodeName
    package var fenced: [AttachID] = []
    package var patronPresent = true
    /// When an absent patron counts as gone.
    package var goneAtMs: UInt64?
    /// When an absent patron counts as having left a chat that was answered (feature level 17): it is closed then, if it is still held.
    package var leftAtMs: UInt64?
    /// The overall deadline of the wait, after which a message is offered (rule 20).
    package var messageAtMs: UInt64
    package var referral: ReferralConsent
    /// Re-created from the client's own copy (rule 5).
    package var patronSupplied: Bool
    /// Whether the chat already rang at its library, which happens once in a wait.
    package var hasRung = false
    /// Targets that had the whole pick-up time, or took the chat: each is tried once per chat.
    package var tried: [QueueName] = []
    package var pastOffers: [PastOffer] = []
    package var pastHoldings: [PastHolding] = []
    package var senders: [Sender] = []
    /// In a branch: how many of the chat's messages the consortium had when the branch began.
    package var safeMessages: UInt32 = 0
    /// The pick-up code's hash and the contact of a question left as a message.
    package var code: SecretHash?
    package var contact = ""
    /// When a question left as a message has waited for long enough; it stays while somebody holds it. `nil` before it was left.
    package var keptUntilMs: UInt64?
    /// Whose message it is, where somebody referred it to be answered later.
    package var followUp: FollowUp?
    /// The beginning of the first thing that the patron wrote.
    package var question = ""
    /// What was counted of it; `nil` where it is not followed.
    package var tally: ChatTally?

    package init(
        id: ChatID, secret: SecretHash, queue: QueueName, library: LibraryName?, openedMs: UInt64, stage: Stage, attach: AttachID,
        node: NodeName, messageAtMs: UInt64, referral: ReferralConsent, patronSupplied: Bool
    ) {
        self.id = id
        self.secret = secret
        self.queue = queue
        self.library = library
        self.openedMs = openedMs
        self.rankMs = openedMs
        self.stage = stage
        self.attach = attach
        self.node = node
        self.messageAtMs = messageAtMs
        self.referral = referral
        self.patronSupplied = patronSupplied
    }
}

/// Whether the patron agreed to be answered by the general queue.
package enum ReferralConsent: UInt8, Sendable, CaseIterable {
    case notAsked, agreed, declined
}

package enum Stage: Equatable, Sendable {
    case waiting(Waiting)
    /// On offer to a queue after its sender went: nobody holds it until somebody picks it up.
    case offered(Offer)
    case held(Holding)
    /// Nobody can answer now: the patron may leave the question as a message.
    case unattended(UnattendedWhy)
    case kept
    case closed(CloseReason, forgetAtMs: UInt64)
}

package struct Waiting: Equatable, Sendable {
    package var queue: QueueName
    /// When this wait began, for the usual wait of the queue.
    package var sinceMs: UInt64
    /// Set while it rings at its library, before it is referred.
    package var ringsUntilMs: UInt64?
    package init(queue: QueueName, sinceMs: UInt64, ringsUntilMs: UInt64? = nil) {
        self.queue = queue
        self.sinceMs = sinceMs
        self.ringsUntilMs = ringsUntilMs
    }
}

package enum UnattendedWhy: UInt8, Equatable, Sendable, CaseIterable {
    /// Nobody is there; it waits again as soon as somebody is.
    case nobody
    /// The patron is asked whether the general queue may answer; meanwhile the library's own people may.
    case asked
    /// The patron's overall deadline passed. It stays claimable, and the message stays offered.
    case deadline
}

/// One person's hold on a chat.
package struct Holding: Equatable, Sendable {
    package var session: SessionID
    package var operatorName: OperatorName
    package var displayName: String
    package var library: LibraryName
    /// The log position of the claim or pick-up: it fences every command of the holder (rule 3).
    package var token: LogPosition
    package var request: RequestID?
    /// The offer by which it was picked up.
    package var pickedUp: LogPosition?
    /// The queue that the chat came from.
    package var queue: QueueName
    /// It was a message left to be answered later.
    package var wasKept: Bool
    /// The holder has said something.
    package var answered = false
    package var offer: Offer?
    /// Who watches, in the order of the name: each is signed on.
    package var watchers: [OperatorName] = []
    package init(
        session: SessionID, operatorName: OperatorName, displayName: String, library: LibraryName, token: LogPosition,
        request: RequestID?, pickedUp: LogPosition?, queue: QueueName, wasKept: Bool
    ) {
        self.session = session
        self.operatorName = operatorName
        self.displayName = displayName
        self.library = library
        self.token = token
        self.request = request
        self.pickedUp = pickedUp
        self.queue = queue
        self.wasKept = wasKept
    }
}

/// A transfer on offer to everybody who staffs the target.
package struct Offer: Equatable, Sendable {
    /// The delivery token: the log position of the offer.
    package var id: LogPosition
    package var request: RequestID
    package var target: QueueName
    package var note: String
    package var by: OperatorName
    /// The token of the holding under which it was made.
    package var byToken: LogPosition
    package var awaitingConsent: Bool
    package var deadlineMs: UInt64
    /// For the tally; `nil` where none is kept.
    package var leg: OfferLeg?
    /// Set for a tracked referral: nobody is to pick it up, and the patron is asked to leave the question as a message (`FollowUp`).
    package var answerInMs: UInt64?
    /// The entry of the directory that it was found by.
    package var listing: EntryID?
    package init(
        id: LogPosition, request: RequestID, target: QueueName, note: String, by: OperatorName, byToken: LogPosition,
        awaitingConsent: Bool, deadlineMs: UInt64, leg: OfferLeg? = nil, answerInMs: UInt64? = nil, listing: EntryID? = nil
    ) {
        self.listing = listing
        self.answerInMs = answerInMs
        self.id = id
        self.request = request
        self.target = target
        self.note = note
        self.by = by
        self.byToken = byToken
        self.awaitingConsent = awaitingConsent
        self.deadlineMs = deadlineMs
        self.leg = leg
    }
}

/// A tracked referral (agreement, 2): a question that an operator passed on to a queue, with its patron's consent, to be answered by a day.
package struct FollowUp: Equatable, Sendable {
    package var target: QueueName
    package var by: OperatorName
    /// On the replicated clock. Nothing ends then: whoever may answer is reminded.
    package var dueMs: UInt64
    package var listed: Listed?
    package init(target: QueueName, by: OperatorName, dueMs: UInt64, listed: Listed? = nil) {
        self.listed = listed
        self.target = target
        self.by = by
        self.dueMs = dueMs
    }
}

package enum OfferOutcome: UInt8, Sendable, CaseIterable {
    case pickedUp, expired, withdrawn, declined, targetGone, chatOver
}

/// An offer that is over, remembered so that a repeat is answered as the first was.
package struct PastOffer: Equatable, Sendable {
    package var id: LogPosition
    package var request: RequestID
    package var byToken: LogPosition
    /// Whether the patron agreed, or had agreed.
    package var consented: Bool
    package var outcome: OfferOutcome
    package init(id: LogPosition, request: RequestID, byToken: LogPosition, consented: Bool, outcome: OfferOutcome) {
        self.id = id
        self.request = request
        self.byToken = byToken
        self.consented = consented
        self.outcome = outcome
    }
}

package enum HoldingEnd: UInt8, Sendable, CaseIterable {
    case released, closed, handedOver, sessionGone
}

/// A hold that is over: what its holder still sends is appended, marked late, and what they decide is refused.
package struct PastHolding: Equatable, Sendable {
    package var session: SessionID
    package var operatorName: OperatorName
    package var displayName: String
    package var library: LibraryName
    package var token: LogPosition
    package var request: RequestID?
    package var end: HoldingEnd
    package init(
        session: SessionID, operatorName: OperatorName, displayName: String, library: LibraryName, token: LogPosition,
        request: RequestID?, end: HoldingEnd
    ) {
        self.session = session
        self.operatorName = operatorName
        self.displayName = displayName
        self.library = library
        self.token = token
        self.request = request
        self.end = end
    }
}

/// One client instance that speaks in a chat, and whose it is: the other side sees sender identifiers, and must not
/// be able to use up somebody's sequence.
package struct Sender: Equatable, Sendable {
    package enum Owner: Equatable, Sendable {
        case patron
        case staff(OperatorName)
    }
    package var id: SenderID
    package var owner: Owner
    package var sequence: UInt64
    package init(id: SenderID, owner: Owner, sequence: UInt64) {
        self.id = id
        self.owner = owner
        self.sequence = sequence
    }
}

/// What was said and what happened, in order; it only grows. `n` of the i-th entry is i + 1, across epochs.
package struct Script: Sendable {
    package var messages: [ChatMessage] = []
    package var textBytes = 0
    /// A running digest of the messages, so that the digest of the state need not read them again.
    package var chain: UInt64 = 0
    package init() {}
}

extension Holding {
    /// Somebody who had an answer and went away has left. A question without one stays with its holder, as does a message: nobody sits there anyway.
    var mayBeLeft: Bool { answered && !wasKept }
}

extension Chat {
    var holding: Holding? {
        if case .held(let holding) = stage { holding } else { nil }
    }

    /// The offer that runs, whether or not its sender is still there.
    var offer: Offer? {
        switch stage {
        case .held(let holding): holding.offer
        case .offered(let offer): offer
        default: nil
        }
    }

    var isClosed: Bool {
        if case .closed = stage { true } else { false }
    }

    var hasWritten: Bool { !question.isEmpty }

    /// When something is due for this chat, on the replicated clock.
    var dueMs: UInt64? {
        switch stage {
        case .waiting(let waiting):
            return [waiting.ringsUntilMs, messageAtMs, goneAtMs].compactMap { $0 }.min()
        case .offered(let offer): return offer.deadlineMs
        case .held(let holding): return holding.offer?.deadlineMs ?? (holding.mayBeLeft ? leftAtMs : nil)
        case .unattended(.asked): return [messageAtMs, goneAtMs].compactMap { $0 }.min()
        case .unattended: return goneAtMs
        case .kept: return keptUntilMs
        case .closed(_, let forgetAtMs): return forgetAtMs
        }
    }
}
