import Consortium

/// The tally on the stage.
extension Stage {
    /// `show tally PLACE [FROM UNTIL]`: a library, `general`, or `queue/NAME`; hours from 0 to 99 without others.
    func showTally(_ arguments: [String]) throws -> [String] {
        guard arguments.count > 1 else { throw Mistake(description: "the tally of what?") }
        let place: TallyPlace =
            switch arguments[1] {
            case "general": .general
            case let queue where queue.hasPrefix("queue/"): .queue(try Self.name(String(queue.dropFirst(6))))
            case let library: .library(try Self.name(library))
            }
        let from = arguments.count > 2 ? TallyHour(arguments[2]) ?? 0 : 0
        let until = arguments.count > 3 ? TallyHour(arguments[3]) ?? 100 : 100
        let lines = state.tally(of: place, in: from..<until).cells.map { entry in
            let counts = entry.cell.entries.map { "\(Self.word($0.counter)) \($0.count)" }
            let by = entry.cell.answeredBy.map { "by \($0.library?.text ?? "general")\($0.viaGeneral ? " at general" : "") \($0.count)" }
            let others = entry.cell.answeredFor.map {
                "for \($0.library?.text ?? "general")\($0.viaGeneral ? " at general" : "") \($0.count)"
            }
            return
                "hour \(entry.hour)\(entry.cell.isFormer ? " of the former service" : ""): \((counts + by + others).joined(separator: ", "))"
        }
        return lines.isEmpty ? ["nothing was counted"] : lines
    }

    /// `past HOME HOUR:ASKED,WAITS… …`: hours of a former service; waits by class.
    func past(_ home: String, _ hours: [String]) throws -> Command {
        let cells = try hours.map { text in
            let parts = text.split(separator: ":")
            let numbers = (parts.last ?? "").split(separator: ",").compactMap { UInt32($0) }
            guard let hour = TallyHour(parts.first ?? ""), let asked = numbers.first,
                let cell = TallyCell(former: asked, waits: Array(numbers.dropFirst()))
            else { throw Mistake(description: "no hour of the past: \(text)") }
            return TallyHourCell(hour: hour, cell: cell)
        }
        return .bringPast(PastHours(home: home == "general" ? nil : try Self.name(home), cells: cells))
    }

    private static func word(_ counter: TallyCounter) -> String {
        let words: [(TallyCounter, String)] = [
            (.asked, "asked"), (.answered, "answered"), (.missed, "missed"), (.abandoned, "abandoned"), (.referred, "referred"),
            (.messages, "messages"), (.messagesAnswered, "messages answered"), (.messagesUnanswered, "messages unanswered"),
            (.cutOff, "cut off"),
            (.transferred, "transferred"), (.transferredOut, "out"), (.transferredIn, "in"), (.endedUnsaid, "ended"),
            (.endedByPatron, "ended by patron"), (.offered, "offered"), (.offersPickedUp, "picked up"), (.offersExpired, "expired"),
            (.offersWithdrawn, "withdrawn"), (.offersTargetGone, "target gone"), (.offersChatOver, "chat over"),
        ]
        if let word = words.first(where: { $0.0 == counter })?.1 { return word }
        if let ending = ChatEnding.allCases.first(where: { .ended($0) == counter }) { return "ended \(ending.rawValue)" }
        if let rating = ChatRating.allCases.first(where: { .rated($0) == counter }) { return rating.rawValue }
        for place in 0..<WaitClasses.count {
            let edge = place < WaitClasses.edgesMs.count ? "\(WaitClasses.edgesMs[place] / 1_000) s" : "longer"
            if counter == .wait(place) { return "waited \(edge):" }
            if counter == .leg(place) { return "leg \(edge):" }
        }
        return "counter \(counter.rawValue)"
    }
}
