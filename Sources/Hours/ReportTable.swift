/// Reports as comma-separated values: names and numbers alone, so that nothing need be quoted. An empty place means that there was no wait to count, or that nobody
/// knows who was on duty.

import Consortium

public enum ReportTable {
    public enum Rows: String, Sendable, CaseIterable {
        case days, weeks, weekdays, hours
        /// Who answered for whom.
        case answers
        /// What was offered to queues.
        case queues
    }

    private static let numbers =
        "asked,answered,own,general,others,missed,abandoned,open,referred,transferred,transferred_out,transferred_in,messages,messages_answered,"
        + "messages_unanswered,cut_off,within_30,within_60,within_90,median_s,p90_s,ended_answered,ended_follow_up,ended_patron_left,"
        + "ended_inappropriate,ended_unsaid,ended_by_patron,practice,helped,partly,not_helped,duty_minutes,duty_people_minutes,former"

    public static func head(_ rows: Rows) -> String {
        switch rows {
        case .days: "library,day,\(numbers)\n"
        case .weeks: "library,monday,\(numbers)\n"
        case .weekdays: "library,weekday,\(numbers)\n"
        case .hours: "library,hour,\(numbers)\n"
        case .answers: "library,answered_by,at,chats\n"
        case .queues: "library,queue,offered,picked_up,expired,withdrawn,target_gone,chat_over,median_s,p90_s\n"
        }
    }

    /// One line for each day, week, weekday (1 is Monday) or hour of the day.
    public static func lines(_ rows: Rows, _ name: String, _ sheet: ReportSheet) -> String {
        let parts: [(String, ReportSums)] =
            switch rows {
            case .days: sheet.days.map { ($0.first.text, $0.sums) }
            case .weeks: sheet.weeks.map { ($0.first.text, $0.sums) }
            case .weekdays: sheet.weekdays.enumerated().map { ("\($0.offset + 1)", $0.element) }
            case .hours: sheet.hours.enumerated().map { ("\($0.offset)", $0.element) }
            case .answers, .queues: []
            }
        return parts.map { head, sums in
            let duty = sheet.knowsDuty ? "\(sums.duty.minutes),\(sums.duty.peopleMinutes)" : ","
            return "\(name),\(head),\(numbers(of: sums)),\(duty),\(sums.former)\n"
        }.joined()
    }

    public static func answers(_ name: String, _ sums: ReportSums) -> String {
        sums.answeredBy.sorted {
            ($0.key.library?.text ?? "", $0.key.viaGeneral ? 1 : 0) < ($1.key.library?.text ?? "", $1.key.viaGeneral ? 1 : 0)
        }
        .map { "\(name),\($0.key.library?.text ?? "general"),\($0.key.viaGeneral ? "general" : "own"),\($0.value)\n" }.joined()
    }

    public static func queue(_ name: String, _ queue: QueueName, _ sums: ReportSums) -> String {
        let counters: [TallyCounter] = [.offered, .offersPickedUp, .offersExpired, .offersWithdrawn, .offersTargetGone, .offersChatOver]
        let counts = counters.map { "\(sums[$0])" }.joined(separator: ",")
        return "\(name),\(queue.text),\(counts),\(seconds(sums.legs, 50)),\(seconds(sums.legs, 90))\n"
    }

    private static func numbers(of sums: ReportSums) -> String {
        let waits = sums.waits
        let endings = ChatEnding.allCases.filter { $0 != .practice }.map { sums[.ended($0)] }
        let first = [sums[.asked], sums[.answered], sums.own, sums.byGeneral, sums.byOthers, sums[.missed], sums[.abandoned], sums.open]
        let second: [TallyCounter] = [
            .referred, .transferred, .transferredOut, .transferredIn, .messages, .messagesAnswered, .messagesUnanswered, .cutOff,
        ]
        let within = [30, 60, 90].map { waits.within(seconds: $0) }
        let last =
            endings + [sums[.endedUnsaid], sums[.endedByPatron], sums[.ended(.practice)]] + ChatRating.allCases.map { sums[.rated($0)] }
        let before = (first + second.map { sums[$0] } + within).map(String.init) + [seconds(waits, 50), seconds(waits, 90)]
        return (before + last.map(String.init)).joined(separator: ",")
    }

    private static func seconds(_ waits: ReportWaits, _ percent: Int) -> String { waits.quantile(percent: percent).map(String.init) ?? "" }
}
