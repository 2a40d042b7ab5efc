/// The rule of a zone in the form of POSIX's TZ variable, with the hours beyond a day that RFC 8536 allows: `CST6CDT,M3.2.0,M11.1.0`.

import Consortium

struct PosixZone: Sendable {
    private enum Day: Sendable {
        /// The n-th weekday (0 for Sunday) of a month; the fifth is the last one.
        case weekday(month: Int, week: Int, day: Int)
        /// 1 to 365, February 29 never counted.
        case julian(Int)
        /// 0 to 365.
        case zeroBased(Int)
    }
    private struct Change: Sendable {
        var day: Day
        /// Seconds after local midnight.
        var time: Int
    }
    private var standard: Int
    private var summer: (offset: Int, begins: Change, ends: Change)?

    init(_ text: String) throws(ZoneError) {
        var reader = Reader(rest: Array(text.utf8)[...], whole: text)
        try reader.name()
        standard = -(try reader.time(hoursMax: 24))
        guard !reader.rest.isEmpty else { return }
        try reader.name()
        var offset = standard + 3_600
        if let next = reader.rest.first, next != Character(",").asciiValue {
            offset = -(try reader.time(hoursMax: 24))
        }
        let begins = try reader.change()
        let ends = try reader.change()
        guard reader.rest.isEmpty else { throw reader.error }
        summer = (offset, begins, ends)
    }

    func offset(at second: Int64) -> Int {
        guard let summer else { return standard }
        let days = (second + Int64(standard)).flooredDivision(by: 86_400)
        guard let number = Int32(exactly: days), let year = CalendarDay(number: number)?.date.year else { return standard }
        guard let begins = Self.second(of: summer.begins, year: year), let ends = Self.second(of: summer.ends, year: year) else {
            return standard
        }
        let begin = begins - Int64(standard)
        let end = ends - Int64(summer.offset)
        // South of the equator summer goes on over the new year.
        let isSummer = begin < end ? begin <= second && second < end : !(end <= second && second < begin)
        return isSummer ? summer.offset : standard
    }

    /// Local seconds since 1970.
    private static func second(of change: Change, year: Int) -> Int64? {
        guard let first = CalendarDay(year: year, month: 1, day: 1) else { return nil }
        let day: CalendarDay
        switch change.day {
        case .zeroBased(let number): day = first.adding(days: number)
        case .julian(let number):
            let isLeap = CalendarDay(year: year, month: 2, day: 29) != nil
            day = first.adding(days: number - 1 + (isLeap && number >= 60 ? 1 : 0))
        case .weekday(let month, let week, let weekday):
            guard let monthBegins = CalendarDay(year: year, month: month, day: 1) else { return nil }
            let sundayFirst = (monthBegins.weekday + 1) % 7
            var found = monthBegins.adding(days: (weekday - sundayFirst + 7) % 7 + (week - 1) * 7)
            if found.date.month != month { found = found.adding(days: -7) }
            day = found
        }
        return Int64(day.number) * 86_400 + Int64(change.time)
    }

    private struct Reader {
        var rest: ArraySlice<UInt8>
        let whole: String
        var error: ZoneError { ZoneError(description: "the rule `\(whole)` of a time zone cannot be read") }

        mutating func name() throws(ZoneError) {
            if rest.first == Character("<").asciiValue {
                guard let end = rest.firstIndex(of: 0x3e) else { throw error }
                rest = rest[(end + 1)...]
                return
            }
            let end = rest.firstIndex { !(0x41...0x5a).contains($0) && !(0x61...0x7a).contains($0) } ?? rest.endIndex
            guard end - rest.startIndex >= 3 else { throw error }
            rest = rest[end...]
        }

        mutating func number() throws(ZoneError) -> Int {
            let end = rest.firstIndex { !(0x30...0x39).contains($0) } ?? rest.endIndex
            guard end > rest.startIndex, end - rest.startIndex <= 3 else { throw error }
            defer { rest = rest[end...] }
            return rest[..<end].reduce(0) { $0 * 10 + Int($1 - 0x30) }
        }

        mutating func accept(_ character: Character) -> Bool {
            guard rest.first == character.asciiValue else { return false }
            rest = rest.dropFirst()
            return true
        }

        /// Hours, and minutes and seconds where they are, as seconds. An offset has 24 hours at most, a change's time of day 167 (RFC 8536, 3.3.1).
        mutating func time(hoursMax: Int) throws(ZoneError) -> Int {
            let sign = accept("-") ? -1 : 1
            if sign == 1 { _ = accept("+") }
            let hours = try number()
            let minutes = accept(":") ? try number() : 0
            let seconds = accept(":") ? try number() : 0
            guard hours <= hoursMax, minutes < 60, seconds < 60 else { throw error }
            return sign * (hours * 3_600 + minutes * 60 + seconds)
        }

        mutating func change() throws(ZoneError) -> Change {
            guard accept(",") else { throw error }
            let day: Day
            if accept("M") {
                let month = try number()
                guard accept(".") else { throw error }
                let week = try number()
                guard accept(".") else { throw error }
                let weekday = try number()
                guard (1...12).contains(month), (1...5).contains(week), (0...6).contains(weekday) else { throw error }
                day = .weekday(month: month, week: week, day: weekday)
            } else if accept("J") {
                day = .julian(try number())
            } else {
                day = .zeroBased(try number())
            }
            return Change(day: day, time: accept("/") ? try time(hoursMax: 167) : 7_200)
        }
    }
}

extension Int64 {
    /// Towards the past, also before 1970.
    func flooredDivision(by divisor: Int64) -> Int64 {
        let quotient = self / divisor
        return self % divisor < 0 ? quotient - 1 : quotient
    }
}
