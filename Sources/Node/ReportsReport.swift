/// Reports as the API, the page and `callslip reports` say them. Everything is counted; seconds are about, but for the shares within 30, 60 and 90.

import Consortium
import Hours

public struct ReportsReport: Codable, Sendable {
    public struct Choice: Codable, Sendable {
        public var library: String
        public var title: String
    }
    public struct Term: Codable, Sendable {
        public var title: String
        public var kind: String
        public var first: String
        public var last: String
    }
    public struct WaitClass: Codable, Sendable {
        /// Missing of the last class.
        public var upToS: Int?
        public var count: Int
    }
    public struct Waits: Codable, Sendable {
        public var count: Int
        public var within30: Int
        public var within60: Int
        public var within90: Int
        /// Missing where there are none.
        public var medianS: Int?
        public var p90S: Int?

        init(_ waits: ReportWaits) {
            count = waits.count
            within30 = waits.within(seconds: 30)
            within60 = waits.within(seconds: 60)
            within90 = waits.within(seconds: 90)
            medianS = waits.quantile(percent: 50)
            p90S = waits.quantile(percent: 90)
        }
    }
    public struct Endings: Codable, Sendable {
        public var answered: Int
        public var followUp: Int
        public var patronLeft: Int
        public var inappropriate: Int
        public var unsaid: Int
        public var byPatron: Int
    }
    public struct Ratings: Codable, Sendable {
        public var helped: Int
        public var partly: Int
        public var notHelped: Int
    }
    public struct Numbers: Codable, Sendable {
        public var asked: Int
        public var answered: Int
        public var own: Int
        public var general: Int
        public var others: Int
        public var missed: Int
        public var abandoned: Int
        public var open: Int
        public var referred: Int
        public var transferred: Int
        public var transferredOut: Int
        public var transferredIn: Int
        public var messages: Int
        public var messagesAnswered: Int
        public var messagesUnanswered: Int
        public var cutOff: Int
        public var practice: Int
        public var answeredForOthers: Int
        /// Of those asked: by the former service; and those that it does not call answered, of which nobody knows what became. `nil` from a node of an earlier version.
        public var former: Int?
        public var formerUnanswered: Int?
        public var waits: Waits
        public var endings: Endings
        public var ratings: Ratings

        init(_ sums: ReportSums) {
            asked = sums[.asked]
            answered = sums[.answered]
            (own, general, others) = (sums.own, sums.byGeneral, sums.byOthers)
            missed = sums[.missed]
            abandoned = sums[.abandoned]
            open = sums.open
            referred = sums[.referred]
            transferred = sums[.transferred]
            transferredOut = sums[.transferredOut]
            transferredIn = sums[.transferredIn]
            messages = sums[.messages]
            messagesAnswered = sums[.messagesAnswered]
            messagesUnanswered = sums[.messagesUnanswered]
            cutOff = sums[.cutOff]
            practice = sums[.ended(.practice)]
            former = sums.former
            formerUnanswered = sums.formerUnanswered
            answeredForOthers = sums.answeredFor.values.reduce(0, +)
            waits = Waits(sums.waits)
            endings = Endings(
                answered: sums[.ended(.answered)], followUp: sums[.ended(.followUp)], patronLeft: sums[.ended(.patronLeft)],
                inappropriate: sums[.ended(.inappropriate)], unsaid: sums[.endedUnsaid], byPatron: sums[.endedByPatron])
            ratings = Ratings(helped: sums[.rated(.helped)], partly: sums[.rated(.partly)], notHelped: sums[.rated(.notHelped)])
        }
    }
    /// One hour of the day, weekday, week or day.
    public struct Row: Codable, Sendable {
        /// `0` to `23`, `1` (Monday) to `7`, or a day.
        public var at: String
        public var asked: Int
        public var answered: Int
        public var missed: Int
        public var abandoned: Int
        public var waits: Waits
        /// Of the former service, and not answered; missing where there are none.
        public var formerUnanswered: Int?
        /// Minutes with somebody on duty for the general queue, and those of each person together; missing where that is not known.
        public var dutyMinutes: Int?
        public var dutyPeopleMinutes: Int?

        init(_ at: String, _ sums: ReportSums, knowsDuty: Bool) {
            self.at = at
            asked = sums[.asked]
            answered = sums[.answered]
            missed = sums[.missed]
            abandoned = sums[.abandoned]
            waits = Waits(sums.waits)
            if sums.formerUnanswered > 0 { formerUnanswered = sums.formerUnanswered }
            guard knowsDuty else { return }
            dutyMinutes = sums.duty.minutes
            dutyPeopleMinutes = sums.duty.peopleMinutes
        }
    }
    /// For how long somebody was on duty for the general queue.
    public struct Duty: Codable, Sendable {
        public struct Line: Codable, Sendable {
            public var library: String
            public var title: String
            public var minutes: Int
            public var peopleMinutes: Int
            /// Chats that this library's people answered as the general queue, for whomever.
            public var answered: Int

            init(library: LibraryName, title: String, _ sums: ReportSums) {
                self.library = library.text
                self.title = title
                minutes = sums.duty.minutes
                peopleMinutes = sums.duty.peopleMinutes
                answered = sums.answeredFor.reduce(0) { $0 + ($1.key.viaGeneral ? $1.value : 0) }
            }
        }
        /// With anybody of these libraries.
        public var minutes: Int
        public var peopleMinutes: Int
        public var libraries: [Line]
    }
    public struct Share: Codable, Sendable {
        /// `general` for the general queue's own chats.
        public var library: String
        public var title: String
        /// By whoever staffs the general queue.
        public var atGeneral: Bool
        public var chats: Int
    }
    public struct Offers: Codable, Sendable {
        public var queue: String
        public var title: String
        public var offered: Int
        public var pickedUp: Int
        public var expired: Int
        public var withdrawn: Int
        public var targetGone: Int
        public var chatOver: Int
        public var waits: Waits

        init(_ queue: Queue, _ sums: ReportSums) {
            self.queue = queue.name.text
            title = queue.title
            offered = sums[.offered]
            pickedUp = sums[.offersPickedUp]
            expired = sums[.offersExpired]
            withdrawn = sums[.offersWithdrawn]
            targetGone = sums[.offersTargetGone]
            chatOver = sums[.offersChatOver]
            waits = Waits(sums.legs)
        }
    }
    public struct Line: Codable, Sendable {
        public var library: String
        public var title: String
        public var numbers: Numbers
    }
    /// What may be chosen by whoever reads.
    public var choices: [Choice] = []
    public var terms: [Term] = []
    /// Missing where it is about all libraries.
    public var library: String?
    public var title: String?
    public var zone: String
    public var from: String
    public var to: String
    public var numbers: Numbers
    public var waitClasses: [WaitClass]
    public var hours: [Row]
    public var weekdays: [Row]
    public var weeks: [Row]
    public var days: [Row]
    public var answeredBy: [Share]
    public var answeredFor: [Share]
    public var queues: [Offers] = []
    /// Only where it is about all.
    public var libraries: [Line]?
    /// Missing where it is not known.
    public var duty: Duty?
    /// Missing where nobody posted hours.
    public var ledger: LedgerReport.Sums?

    init(_ sheet: ReportSheet, titles: [LibraryName: String]) {
        zone = sheet.clock.zone
        from = sheet.range.lowerBound.text
        to = sheet.range.upperBound.text
        numbers = Numbers(sheet.sums)
        waitClasses = sheet.sums.waits.classes.enumerated().map { place, count in
            WaitClass(upToS: place < WaitClasses.edgesMs.count ? Int(WaitClasses.edgesMs[place] / 1_000) : nil, count: count)
        }
        hours = sheet.hours.enumerated().map { Row("\($0.offset)", $0.element, knowsDuty: sheet.knowsDuty) }
        weekdays = sheet.weekdays.enumerated().map { Row("\($0.offset + 1)", $0.element, knowsDuty: sheet.knowsDuty) }
        weeks = sheet.weeks.map { Row($0.first.text, $0.sums, knowsDuty: sheet.knowsDuty) }
        days = sheet.days.map { Row($0.first.text, $0.sums, knowsDuty: sheet.knowsDuty) }
        func shares(_ found: [ReportSums.Share: Int]) -> [Share] {
            found.map { share, chats in
                let name = share.library?.text ?? ReportsAPI.generalName
                return Share(
                    library: name, title: share.library.map { titles[$0] ?? $0.text } ?? "The general queue’s own button",
                    atGeneral: share.viaGeneral, chats: chats)
            }.sorted { ($0.title, $0.atGeneral ? 1 : 0) < ($1.title, $1.atGeneral ? 1 : 0) }
        }
        answeredBy = shares(sheet.sums.answeredBy)
        answeredFor = shares(sheet.sums.answeredFor)
    }
}
