/// The tally of chats as bytes.

import Consortium

extension PBChatTallyEntry {
    init(_ tally: ChatTally) {
        self.init()
        hour = tally.hour
        referred = tally.isReferred
        abandoned = tally.isAbandoned
        if let answer = tally.answer {
            answeredBy = answer.by.text
            viaGeneral = answer.viaGeneral
            wait = UInt32(answer.wait)
        }
        rating = tally.rating?.rawValue ?? ""
    }

    func decoded() throws(WireError) -> ChatTally {
        var tally = ChatTally(hour: hour)
        tally.isReferred = referred
        tally.isAbandoned = abandoned
        if let by: LibraryName = try Field.optionalName(answeredBy, "tally.answeredBy") {
            guard wait < WaitClasses.count else { throw .invalidField("tally.wait", expected: "one of \(WaitClasses.count) classes") }
            tally.answer = ChatTally.Answer(by: by, viaGeneral: viaGeneral, wait: UInt8(wait))
        }
        tally.rating = rating.isEmpty ? nil : try Field.choice(rating, "tally.rating")
        return tally
    }
}

extension PBTallyShareEntry {
    fileprivate init(_ share: TallyShare) {
        self.init()
        library = share.library?.text ?? ""
        viaGeneral = share.viaGeneral
        count = share.count
    }

    fileprivate func decoded() throws(WireError) -> TallyShare {
        TallyShare(library: try Field.optionalName(library, "tally.library"), viaGeneral: viaGeneral, count: count)
    }
}

extension PBTallyCellEntry {
    fileprivate init(_ hour: TallyHour, _ cell: TallyCell) {
        self.init()
        self.hour = hour
        counters = cell.entries.map { UInt32($0.counter.rawValue) }
        counts = cell.entries.map(\.count)
        answeredBy = cell.answeredBy.map { PBTallyShareEntry($0) }
        answeredFor = cell.answeredFor.map { PBTallyShareEntry($0) }
        former = cell.isFormer
    }

    fileprivate func decoded() throws(WireError) -> TallyHourCell {
        guard counters.count == counts.count, counters.count <= 256 else {
            throw .invalidField("tally.counters", expected: "as many counters as counts")
        }
        var entries: [TallyCell.Entry] = []
        entries.reserveCapacity(counters.count)
        for (raw, count) in zip(counters, counts) {
            guard let byte = UInt8(exactly: raw), let counter = TallyCounter(rawValue: byte) else {
                throw .unknownKind("tally.counter \(raw)")
            }
            entries.append(TallyCell.Entry(counter, count))
        }
        let sharesMax = 2 * (Limits.librariesMax + 1)
        let by = try Field.list(answeredBy, "tally.answeredBy", max: sharesMax) { e throws(WireError) in try e.decoded() }
        let others = try Field.list(answeredFor, "tally.answeredFor", max: sharesMax) { e throws(WireError) in try e.decoded() }
        guard let cell = TallyCell(entries: entries, answeredBy: by, answeredFor: others, isFormer: former) else {
            throw .invalidField("tally.cell", expected: "each number once, in order, none of them 0")
        }
        return TallyHourCell(hour: hour, cell: cell)
    }
}

extension PBTallyPlaceEntry {
    fileprivate init(_ place: TallyPlace) {
        self.init()
        switch place {
        case .general: kind = 0
        case .library(let library): (kind, name) = (1, library.text)
        case .queue(let queue): (kind, name) = (2, queue.text)
        }
    }

    fileprivate func decoded() throws(WireError) -> TallyPlace {
        switch kind {
        case 0: .general
        case 1: .library(try Field.name(name, "tally.place"))
        case 2: .queue(try Field.name(name, "tally.place"))
        default: throw .unknownKind("tally.place \(kind)")
        }
    }
}

extension PBTallyEntry {
    init(_ book: TallyBook) {
        self.init()
        place = PBTallyPlaceEntry(book.place)
        chain = book.chain
        cells = book.cells.map { PBTallyCellEntry($0.key, $0.value) }
    }
}

extension PBTallyEntry {
    /// Hours of a former service, as they are brought in.
    init(_ past: PastHours) {
        self.init()
        place = PBTallyPlaceEntry(TallyPlace(of: past.home))
        cells = past.cells.map { PBTallyCellEntry($0.hour, $0.cell) }
    }

    func past() throws(WireError) -> PastHours {
        let home: LibraryName?
        switch try place.decoded() {
        case .general: home = nil
        case .library(let name): home = name
        case .queue: throw .invalidField("bringPast.place", expected: "a library, or the general queue")
        }
        return PastHours(home: home, cells: try TallyCoding.cells(cells, max: Limits.pastHoursPerCommandMax))
    }
}

/// A part of one place's tally as it travels to a node, and the books of a snapshot.
public enum TallyCoding {
    public static func bytes(_ place: TallyPlace) -> [UInt8] { PBTallyPlaceEntry(place).bytes }

    public static func place(wire bytes: [UInt8]) throws(WireError) -> TallyPlace {
        try PBTallyPlaceEntry.parsed(bytes, bytesMax: 256).decoded()
    }

    public static func bytes(_ page: TallyPage) -> [UInt8] {
        var message = PBTallyPageMessage()
        message.cells = page.cells.map { PBTallyCellEntry($0.hour, $0.cell) }
        if let next = page.next { message.next = next }
        return message.bytes
    }

    public static func page(wire bytes: [UInt8]) throws(WireError) -> TallyPage {
        let message = try PBTallyPageMessage.parsed(bytes, bytesMax: ConsortiumWireLimits.tallyBytesMax)
        return TallyPage(
            cells: try cells(message.cells, max: Limits.tallyPageCellsMax), next: message.hasNext ? message.next : nil)
    }

    static func books(_ entries: [PBTallyEntry]) throws(WireError) -> [TallyBook] {
        try Field.list(entries, "snapshot.tally", max: 1 + Limits.librariesMax + Limits.queuesMax) { e throws(WireError) in
            TallyBook(place: try e.place.decoded(), cells: try cells(e.cells, max: Int(Limits.tallyHoursMax)), chain: e.chain)
        }
    }

    fileprivate static func cells(_ entries: [PBTallyCellEntry], max: Int) throws(WireError) -> [TallyHourCell] {
        let cells = try Field.list(entries, "tally.cells", max: max) { e throws(WireError) in try e.decoded() }
        for (earlier, later) in zip(cells, cells.dropFirst()) where earlier.hour >= later.hour {
            throw .invalidField("tally.hour", expected: "hours in their order")
        }
        return cells
    }
}
