/// The replicated feature level (rule 11): what all voters of a cluster can apply, whatever version each of them runs.
///
/// A version that brings a command, a limit or a format which older ones would treat otherwise gives it the next level. It is raised
/// by the log, only when every voter supports it, and never lowered; until then the new thing is refused, by the new version
/// as by the old. So replicas of two versions that apply the same log have the same state.
///
/// - A new **command** states its level in `Command.sinceLevel`. An older version cannot even read it, and stops applying there.
/// - A **limit** or rule that changes is looked up by the level in force, the former value staying for the levels before.
/// - A new **field** of the state or a snapshot is left at its neutral value until its level is in force.
public enum FeatureLevel {
    /// What a new cluster begins with: everything that there is today.
    public static let first: UInt32 = 1
    /// A page that was away for longer than ended chats are remembered does not make its chat anew (`Open.awayMs`).
    public static let away: UInt32 = 2
    /// Questions that nobody answers have a deadline (`Settings.keptMessageMs`), and time without a leader counts for the deadlines of text.
    public static let textDeadlines: UInt32 = 3
    /// What a library's node took stays in the outbox as the node sealed it (`TranscriptTaken.sealed`).
    public static let sealedOutbox: UInt32 = 4
    /// Late words are refused once their chat's transcript was deleted; they, and deletions, follow what has passed to an heir.
    public static let closedByDeletion: UInt32 = 5
    /// Terms and posted hours.
    public static let postedHours: UInt32 = 6
    /// Which raft ids were in use once (`Command.retireVoter`).
    public static let retiredVoters: UInt32 = 7
    /// Posted hours, and "Open now", open and close the queues (`Gate`).
    public static let steeringHours: UInt32 = 8
    /// Naming conventions, renaming, and former names that go on leading where they led.
    public static let naming: UInt32 = 10
    /// Canned messages, and the admins of libraries.
    public static let canned: UInt32 = 11
    /// Problems reported to LTG.
    public static let tickets: UInt32 = 12
    /// The ledger of posted against staffed, the ends of sign-ons, and committees. Number 9 was kept for it and stays free: a level in force
    /// says that all below it are, and versions that support more than 9 do not know it.
    public static let ledger: UInt32 = 13
    /// A wait that goes on in another queue keeps its deadline, also where both fall due at once.
    public static let oneDeadline: UInt32 = 14
    /// The tally of chats, what whoever ends a chat says of it, and patrons' ratings. Number 15 stays free, as 9 does.
    public static let reports: UInt32 = 16
    /// Notes among colleagues in a chat (`Say.isNote`), chats that are closed when their patron has left (`Chat.leftAtMs`), and pauses
    /// (`Command.block`).
    public static let notes: UInt32 = 17
    /// Releases of the button's code, and the inventory of buttons on pages.
    public static let buttons: UInt32 = 18
    /// Registers, the committee `ltg`, and libraries that are being set up. Number 15 was kept for them and stays free, as versions that support more do not
    /// know them.
    public static let registers: UInt32 = 19
    /// Tracked referrals (`OfferTransfer.answerInMs`, `FollowUp`).
    public static let followUps: UInt32 = 20
    /// The register of pages on which a library's chat may stand.
    public static let pages: UInt32 = 21
    /// Settings that are signed (`Command.setSignedSettings`).
    public static let signedSettings: UInt32 = 22
    /// The audit log (`Audit.swift`); holds, exports and directors (`Wishes.swift`).
    public static let audit: UInt32 = 23
    /// Nodes that LTG removed, and gossip keys that are turned by command.
    public static let nodes: UInt32 = 24
    /// Whom an operator is on duty for (`Session.duty`).
    public static let duty: UInt32 = 25
    /// The staff room, colleagues who watch a chat, and trainees.
    public static let staffRoom: UInt32 = 26
    /// The book of causes: why a queue was available or not at a minute that is past.
    public static let causes: UInt32 = 27
    /// Shifts (`Shifts.swift`).
    public static let shifts: UInt32 = 28
    /// The register of addresses that are mailed when something waits.
    public static let alerts: UInt32 = 29
    /// For how long the people of libraries were on duty for the general queue (`DutyBooks.swift`).
    public static let dutyMinutes: UInt32 = 30
    /// Hours of a former service in the tally (`Past.swift`).
    public static let past: UInt32 = 30
    /// What is found out of a library's checklist (`Findings.swift`).
    public static let findings: UInt32 = 31
    /// Tracked referrals to whom the directory names (`OfferTransfer.listing`).
    public static let listings: UInt32 = 32
    /// Former names of colleagues who are asked to watch, or to learn, lead to them; whoever becomes a trainee while they are signed on is on duty for nothing; and at which node a page is
    /// that went on at another is noted, so that the removal of the one where it was before does not take its patron for gone.
    public static let colleagues: UInt32 = 33
    /// The newest level that this version can apply.
    public static let supported: UInt32 = 33
}

extension Command {
    /// The feature level at which the command came.
    var sinceLevel: UInt32 {
        switch self {
        case .say(let say) where say.isNote: FeatureLevel.notes
        case .block: FeatureLevel.notes
        case .offerTransfer(let offer) where offer.listing != nil: FeatureLevel.listings
        case .offerTransfer(let offer) where offer.answerInMs != nil: FeatureLevel.followUps
        case .mergeBranch(let merge) where merge.lines.contains(where: \.isNote): FeatureLevel.notes
        case .setLibrary, .setQueue, .setOperator, .setSettings, .signOn, .signOff, .setAvailability, .leaving, .back, .open, .attach, .say,
            .claim, .offerTransfer, .consent, .pickUp, .withdrawOffer, .release, .close, .leave, .keepMessage, .mergeBranch, .lapse,
            .patronPresence, .transcriptTaken, .transcriptDeleted:
            1
        case .setTerms, .setHours, .closeLibrary, .reopenLibrary: FeatureLevel.postedHours
        case .retireVoter: FeatureLevel.retiredVoters
        case .removeNode, .admitNode, .turnKeys, .keysHeld: FeatureLevel.nodes
        case .setGate(_, .closed): FeatureLevel.ledger
        case .openNow, .setGate: FeatureLevel.steeringHours
        case .setNaming, .renameQueue, .renameOperator: FeatureLevel.naming
        case .setCanned, .dropCanned: FeatureLevel.canned
        case .reportProblem, .changeTicket: FeatureLevel.tickets
        case .setEnd: FeatureLevel.ledger
        case .setDuty: FeatureLevel.duty
        case .tellRoom, .setVolunteers, .setWatcher, .stopWatching, .whisper, .setMentor, .takeOver: FeatureLevel.staffRoom
        case .rate: FeatureLevel.reports
        case .bringPast: FeatureLevel.past
        case .setSignedSettings: FeatureLevel.signedSettings
        case .releaseButton, .sawInstalls, .decideButton: FeatureLevel.buttons
        case .setEntry(let entry, _) where entry.register == .pages: FeatureLevel.pages
        case .setEntry(let entry, _) where entry.register == .alerts: FeatureLevel.alerts
        case .setEntry, .dropEntry: FeatureLevel.registers
        case .audit, .askWish, .decideWish: FeatureLevel.audit
        case .importShifts, .swapShift: FeatureLevel.shifts
        // What keeps a replica sound is understood at every level.
        case .tick, .checkDigest, .setFeatureLevel: 0
        }
    }
}

extension ConsortiumState {
    func check(featureLevelOf command: Command) throws(Refusal) {
        guard command.sinceLevel > featureLevel else { return }
        throw Refusal(
            .notAvailable,
            "This needs feature level \(command.sinceLevel), and \(featureLevel) is in force; update every coordinator, then it is raised.")
    }

    mutating func setFeatureLevel(_ level: UInt32) throws(Refusal) {
        guard level >= featureLevel else {
            throw Refusal(.invalid, "The feature level is \(featureLevel) already, and is never lowered (asked: \(level)).")
        }
        guard level <= supportedLevel else {
            halted = "Feature level \(level) is in force, and this version supports up to \(supportedLevel): update this node."
            return
        }
        let former = featureLevel
        featureLevel = level
        // The ledger begins.
        if former < FeatureLevel.ledger, level >= FeatureLevel.ledger { availabilityChanged = true }
        // So does the book of causes.
        if former < FeatureLevel.causes, level >= FeatureLevel.causes { availabilityChanged = true }
        // And so do the books of duty.
        if former < FeatureLevel.dutyMinutes, level >= FeatureLevel.dutyMinutes { availabilityChanged = true }
        if former < FeatureLevel.textDeadlines, level >= FeatureLevel.textDeadlines { beginDeadlinesOfKeptMessages() }
        if former < FeatureLevel.colleagues, level >= FeatureLevel.colleagues { endDutyOfTrainees() }
    }
}
