/// Every limit of the domain, in one place. A command that would pass one is refused with `tooLong`, `tooMany` or `full`.
public enum Limits {
    // Posted hours that nobody of the library staffs: after so many minutes these are told, at the desk and by mail (agreement, 3).
    public static let gapToAdminMinutes: UInt64 = 5
    public static let gapToChatWogMinutes: UInt64 = 15

    public static let termsMax = 60
    /// Open and solved. Where there is no room, solved ones are forgotten before their time, the longest solved first.
    public static let ticketsMax = 500
    /// Of all tickets together.
    public static let ticketBytesMax = 2 * 1024 * 1024
    public static let problemTextBytesMax = 2_000
    public static let problemBundleBytesMax = 6_000
    public static let ticketCommentBytesMax = 1_000
    /// Comments in one ticket; and how many decisions have room beside them.
    public static let ticketEntriesMax = 30
    public static let ticketStageEntriesMax = 12
    /// How long a solved ticket is kept: 180 days.
    public static let ticketKeptMs: UInt64 = 15_552_000_000
    /// Buttons on pages; beyond, what was not seen for longest gives way.
    public static let installsMax = 2_000
    public static let installsPerHostMax = 200
    /// What one board tells of at most: the rest comes with the next.
    public static let installsPerBoardMax = 400
    public static let installHostBytesMax = 120
    public static let installPathBytesMax = 200
    public static let installErrorBytesMax = 120
    public static let sightingsPerCommandMax = 32
    /// Hosts that nobody confirmed yet; beyond, what was not seen for longest gives way.
    public static let strangersMax = 100
    public static let buttonHostsMax = 200
    /// Releases of the button's code that are remembered.
    public static let releasesKept = 10
    public static let buttonVersionDigits = 16
    /// How long a question that is referred may wait for its answer before those who may answer are reminded: an hour to 30 days.
    public static let answerInMsRange: ClosedRange<UInt64> = 3_600_000...2_592_000_000
    /// What those who referred something are told of at their desks: the newest of each person, and of all who are signed on.
    public static let referredPerPersonMax = 20
    public static let referredLinesMax = 1_000
    /// Questions in a form.
    public static let registerAnswersMax = 32
    /// Entries of all registers.
    public static let registerEntriesMax = 6_000
    /// Of all of them together.
    public static let registerBytesMax = 4 * 1024 * 1024
    /// As much of them as goes into one message to a node.
    public static let registerNewsBytes = 256 * 1024
    public static let registerLineBytesMax = 200
    public static let registerWordsBytesMax = 1_000
    /// The agreement's text fits.
    public static let registerParagraphBytesMax = 16 * 1024
    /// Versions of the signed settings that are kept: the newest.
    public static let settingsEditionsMax = 32
    public static let settingsTextBytesMax = 4_000
    public static let settingsKeysMax = 4
    /// What a password may cost: less would be little for who steals a file of verifiers; and a home node answers a sign-in, and makes its verifier anew, within three seconds.
    public static let passwordMemoryMiBRange: ClosedRange<UInt32> = 16...512
    public static let passwordPassesRange: ClosedRange<UInt32> = 1...16
    /// Memory times passes.
    public static let passwordWorkMiBRange: ClosedRange<UInt32> = 32...1_024
    /// A document's number: there is always a next one.
    public static let settingsVersionMax: UInt64 = 1 << 62
    public static let cannedMax = 4_000
    /// Titles, keywords and texts of all canned messages: every node is sent all of them when one changed.
    public static let cannedBytesMax = 1024 * 1024
    /// Of the consortium, and of each library.
    public static let cannedPerLibraryMax = 200
    public static let cannedPerPersonMax = 50
    public static let cannedTitleBytesMax = 80
    public static let cannedKeywordsBytesMax = 200
    public static let cannedTextBytesMax = 2_000
    /// How long the ledger of posted against staffed goes back: 400 days.
    public static let ledgerMinutesMax: LedgerMinute = 576_000
    /// Changes in one library's ledger; beyond, the oldest give way before their time. 30 a day on 400 days; there is one a minute at most.
    public static let ledgerRunsPerLibraryMax = 12_000
    /// How long it can be said why a queue was available or not: 90 days.
    public static let causeMinutesMax: LedgerMinute = 129_600
    /// Changes in one queue's book of causes; beyond, the oldest give way before their time. 30 a day on 90 days.
    public static let causeRunsPerQueueMax = 2_700
    /// How long the tally of chats goes back in one place: 400 days, in hours.
    public static let tallyHoursMax: TallyHour = 9_600
    /// Hours of all places in which something happened: 40 libraries with 12 such hours on each of 400 days. Beyond, the oldest give way before their time.
    public static let tallyCellsMax = 200_000
    /// Hours of a former service in one command, so that it stays below `ConsortiumWireLimits.commandBytesMax`: one takes 160 bytes at most.
    public static let pastHoursPerCommandMax = 400
    /// Hours in one page that a node reads.
    public static let tallyPageCellsMax = 2_000
    /// And the numbers in it; each takes 60 bytes at most, with a library's name, so that a page stays below `ConsortiumWireLimits.tallyBytesMax`.
    public static let tallyPageNumbersMax = 30_000
    public static let zoneBytesMax = 64
    public static let spansPerDayMax = 4
    public static let exceptionsPerLibraryMax = 120
    public static let closuresPerLibraryMax = 16
    /// The longest closing at once: 31 days.
    public static let closureMsMax: UInt64 = 2_678_400_000
    public static let nameBytesMax = 40
    public static let patternBytesMax = 80
    public static let patternAlternativesMax = 8
    public static let namingSentenceBytesMax = 400
    /// Of one queue or operator: all that it was ever called lead there.
    public static let formerNamesMax = 16
    public static let titleBytesMax = 120
    public static let cardFieldBytesMax = 2_000
    public static let librariesMax = 200
    /// The texts and names of the whole roster: every node is sent all of it, in one frame.
    public static let rosterBytesMax = 1024 * 1024
    public static let queuesMax = 500
    public static let aliasesPerQueueMax = 16
    public static let operatorsMax = 5_000
    /// Every node is sent all of them with each board.
    public static let removedNodesMax = 128
    /// Homes, standbys and coordinators.
    public static let keyHoldersMax = 512
    public static let queuesPerOperatorMax = 32
    public static let sessionsMax = 2_000
    /// Chats that are not yet tombstones.
    public static let chatsLiveMax = 5_000
    /// Tombstones beyond this are dropped, oldest first, before their time.
    public static let tombstonesMax = 20_000
    public static let waitingPerQueueMax = 200
    public static let messageBytesMax = 4_000
    public static let messagesPerChatMax = 2_000
    public static let textPerChatBytesMax = 512 * 1024
    /// Bytes of text in all chats together; a new chat is refused beyond.
    public static let textTotalBytesMax = 256 * 1024 * 1024
    public static let sendersPerChatMax = 32
    public static let attachesPerChatMax = 64
    public static let transfersPerChatMax = 16
    public static let noteBytesMax = 500
    public static let contactBytesMax = 200
    public static let chatsPerOperatorMax = 4
    /// The most that one entry may advance the replicated clock.
    public static let elapsedPerEntryMsMax: UInt64 = 10_000
    public static let commandsPerBatchMax = 512
    public static let questionExcerptBytesMax = 280
    /// Of `messagesPerChatMax`, kept for what happens (claims, transfers, the end) when texts have filled the rest.
    public static let eventsReservePerChat = 200
    /// Of `textTotalBytesMax`, kept for chats that are there when new ones are refused.
    public static let textReserveBytes = 32 * 1024 * 1024
    /// Tokens whose late text is still taken.
    public static let pastHoldingsPerChatMax = 64
    /// Sessions that ended, remembered so that a late repeat of their sign-on is recognised.
    public static let endedSessionsMax = 4_000
    public static let recentClaimsMax = 64
    /// How long the board shows who claimed a chat.
    public static let recentClaimMs: UInt64 = 10_000
    /// How long what waits in a queue is first for those on duty for it.
    public static let dutyFirstMs: UInt64 = 20_000
    /// Who watches a chat beside its holder.
    public static let watchersPerChatMax = 3
    /// Lines of the staff room, the bytes of each, and how long each stays: a working day.
    public static let roomLinesMax = 50
    public static let roomLineBytesMax = 300
    public static let roomLineMs: UInt64 = 57_600_000
    /// So many of one person in so short a time.
    public static let roomBurstMax = 8
    public static let roomBurstMs: UInt64 = 10_000
    /// When somebody who is swamped may ask again.
    public static let swampedAgainMs: UInt64 = 60_000
    /// Waits from which a queue's usual wait is computed.
    public static let waitsRememberedMax = 20
    /// Offers in a row that nobody picked up, until the queue is paused.
    public static let expiriesUntilPause: UInt32 = 2
    /// After how long without its page a patron has left a chat that was answered: 10 minutes.
    public static let patronLeftMs: UInt64 = 600_000
    /// How long a chat may ring at its library before it is referred.
    public static let ringFirstMs: ClosedRange<UInt64> = 40_000...90_000
    /// The longest time that a setting may state: 31 days.
    public static let settingMsMax: UInt64 = 2_678_400_000
    /// The longest time that a question may wait for an answer: 366 days.
    public static let keptMessageMsMax: UInt64 = 31_622_400_000
    /// Wall time that passed without the replicated clock is counted for deadlines of text from this length on: below, it may be the difference between two
    /// leaders' clocks. And the most of it that one entry counts, which is all of what a deadline may be.
    public static let missedMsRange: ClosedRange<UInt64> = 600_000...keptMessageMsMax
    /// What is left to text, whatever passed without a leader, so that its library can still take it.
    public static let textGraceMs: UInt64 = 86_400_000
    /// A library's transcripts in the outbox, and their text; beyond, the oldest goes to the library's heir or is dropped, with a receipt.
    public static let transcriptsPerLibraryMax = 4_000
    public static let transcriptBytesPerLibraryMax = 16 * 1024 * 1024
    /// The text of all transcripts in the outbox; beyond, the library that has most gives way first.
    public static let transcriptBytesMax = 128 * 1024 * 1024
    /// A transcript as its node sealed it: what fits into a command with the rest of it. Longer ones stay as they are until they go.
    public static let sealedBytesMax = 60 * 1024
    /// Receipts of transcripts that went; the oldest are forgotten.
    public static let receiptsMax = 20_000
    /// "Open now": 24 hours.
    public static let openNowMsMax: UInt64 = 86_400_000
    /// Entries of the audit log; then the oldest give way.
    public static let auditEntriesMax = 10_000
    public static let auditSubjectBytesMax = 200
    /// Entries that a node is sent at once.
    public static let auditPageMax = 500
    /// So far back a repeated question is recognised.
    public static let auditRepeatsSeen = 64
    /// Holds and exports, in all and of one library; those that count no more give way.
    public static let wishesMax = 2_000
    public static let wishesPerLibraryMax = 200
    public static let wishTextBytesMax = 500
    /// So long a request waits for the director, and keeps the text meanwhile.
    public static let wishWaitsDays = 14
    public static let holdDaysRange: ClosedRange<UInt32> = 1...3_650
    public static let exportDaysRange: ClosedRange<UInt32> = 1...30
    /// Shifts of one library, which is what fits into one command, and of all together.
    public static let shiftsPerLibraryMax = 400
    public static let shiftsMax = 20_000
    /// The longest shift: 24 hours.
    public static let shiftMsMax: UInt64 = 86_400_000
    /// How far ahead is planned: 366 days.
    public static let shiftAheadMsMax: UInt64 = 31_622_400_000
    /// How long a shift that is over stays: 14 days.
    public static let shiftKeptMs: UInt64 = 1_209_600_000
    public static let digestMarksMax = 8
    /// Messages, and bytes of their text, in one part of a branch's merge.
    public static let mergeLinesMax = 64
    public static let mergeBytesMax = 64 * 1024
}
