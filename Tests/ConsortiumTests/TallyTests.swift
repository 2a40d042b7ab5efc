import Seeded
import Testing
import Wire

@testable import Consortium

@Suite struct TallyTests {
    /// A chat as its events tell it, without the tally: what a person would count from the transcript.
    private struct Told {
        var library: LibraryName?
        var hour: TallyHour
        var openedMs: UInt64
        var read = 0
        var wasReferred = false
        var answer: (by: LibraryName, viaGeneral: Bool, waitMs: UInt64)?
        var keptAfterGone: Bool?
        var end: (CloseReason, ChatEnding?)?
        var wasKept = false
        var rating: ChatRating?
    }

    private struct Recount {
        var told: [Told] = []
        var present: [ChatID: Int] = [:]
        var offered: [QueueName: UInt32] = [:]
        var pickedUp: [QueueName: UInt32] = [:]
        var onOffer: [ChatID: QueueName] = [:]

        /// What is new in the chats after a command.
        mutating func read(_ state: ConsortiumState, before: ConsortiumState, _ command: Command, accepted: Bool) throws {
            for (id, chat) in state.chats {
                let messages = state.messages(of: id, after: .zero)
                if before.chats[id] == nil {
                    let hour = TallyHour((messages.first?.wallMs ?? 0) / 3_600_000)
                    present[id] = told.count
                    told.append(Told(library: chat.library, hour: hour, openedMs: state.clockMs))
                }
                let place = try #require(present[id])
                for message in messages.dropFirst(told[place].read) {
                    if case .event(let event) = message.body { note(event, id, place, state, before, command) }
                }
                told[place].read = messages.count
                if accepted, case .rate(id, _, let rating) = command { told[place].rating = rating }
            }
        }

        private mutating func note(
            _ event: ChatEvent, _ id: ChatID, _ place: Int, _ state: ConsortiumState, _ before: ConsortiumState, _ command: Command
        ) {
            let general = before.index.general
            switch event {
            case .referred(let queue), .requeued(let queue, _):
                if state.present(queue) == state.index.general, state.chats[id]?.queue != state.index.general {
                    told[place].wasReferred = true
                }
            case .claimed(let name, _, let library):
                guard told[place].answer == nil, !told[place].wasKept, let chat = before.chats[id], let person = before.operators[name]
                else { return }
                var waitsAtGeneral = false
                if case .waiting(let waiting) = chat.stage, waiting.queue == general, person.queues.contains(waiting.queue) {
                    waitsAtGeneral = true
                }
                let duty = before.index.sessionOf[name].flatMap { before.sessions[$0]?.duty }
                let isOwn =
                    duty == .library && library == chat.library
                    || !waitsAtGeneral && chat.queue != general && (library == chat.library || person.queues.contains(chat.queue))
                told[place].answer = (library, !isOwn, state.clockMs - told[place].openedMs)
            case .kept:
                if !told[place].wasKept { told[place].keptAfterGone = if case .keepMessage = command { false } else { true } }
                told[place].wasKept = true
            case .offered(let queue):
                offered[state.present(queue), default: 0] += 1
                onOffer[id] = state.present(queue)
            case .pickedUp: if let queue = onOffer[id] { pickedUp[before.present(queue), default: 0] += 1 }
            case .closed(let reason):
                let ending: ChatEnding? = if case .close(id, _, let ending) = command { ending } else { nil }
                told[place].end = (reason, ending)
            default: break
            }
        }

        /// The numbers of one home, all hours together.
        func sums(of home: LibraryName?) -> [TallyCounter: UInt32] {
            var sums: [TallyCounter: UInt32] = [:]
            func add(_ counter: TallyCounter) { sums[counter, default: 0] += 1 }
            for chat in told where chat.library == home {
                if chat.end?.1 == .practice {
                    add(.ended(.practice))
                    continue
                }
                add(.asked)
                if chat.wasReferred { add(.referred) }
                if let answer = chat.answer {
                    add(.answered)
                    let place = WaitClasses.edgesMs.firstIndex { answer.waitMs <= $0 } ?? WaitClasses.edgesMs.count
                    add(.wait(place))
                }
                if let isGone = chat.keptAfterGone {
                    add(.messages)
                    if chat.answer == nil { add(isGone ? .abandoned : .missed) }
                }
                switch chat.end {
                case (.byPatron, _)?, (.patronGone, _)?: add(chat.answer == nil ? .abandoned : .endedByPatron)
                case (.byOperator, let ending)?: add(ending.map { .ended($0) } ?? .endedUnsaid)
                case (.answeredMessage, let ending)?:
                    add(.messagesAnswered)
                    if let ending { add(.ended(ending)) }
                case (.blocked, _)?: add(.ended(.inappropriate))
                case (.notAnswered, _)?: add(.messagesUnanswered)
                case nil: break
                }
                if let rating = chat.rating { add(.rated(rating)) }
            }
            return sums
        }
    }

    /// Transfers are counted otherwise, by queue.
    private static let ofTransfers: Set<TallyCounter> = [.transferred, .transferredOut, .transferredIn]

    @Test func aRandomLifeRecountedFromItsEventsAgrees() throws {
        var seen: Set<TallyCounter> = []
        for seed in UInt64(1)...60 {
            var random = RandomLife(seed: seed &+ 5_000)
            var state = ConsortiumState()
            var recount = Recount()
            var (index, wallMs) = (UInt64(0), UInt64(3_600_000 * 24))
            func step(_ command: Command?, elapsedMs: UInt64) throws {
                index += 1
                let before = state
                let id = ProposalID(node: try Stage.name("n"), boot: 1, counter: index)
                let items = command.map { [Batch.Item(id: id, command: $0)] } ?? []
                let applied = state.apply(Batch(elapsedMs: elapsedMs, wallMs: wallMs, term: 1, items: items), index: index)
                for verdict in applied.verdicts { random.learn(verdict) }
                let accepted = if case .accepted? = applied.verdicts.first { true } else { false }
                try recount.read(state, before: before, command ?? .tick, accepted: accepted)
            }
            try step(.setFeatureLevel(FeatureLevel.supported), elapsedMs: 0)
            for command in try RandomLife.roster() { try step(command, elapsedMs: 0) }
            for _ in 0..<700 {
                // What is due is done apart, so that each command meets the state that the recount sees.
                wallMs += random.generator.next() % 600_000
                if random.generator.next() % 40 == 0 { wallMs -= 1_800_000 }
                try step(nil, elapsedMs: random.generator.next() % 4 == 0 ? random.generator.next() % 30_000 : 500)
                try step(try random.next(in: state), elapsedMs: 0)
                try state.checkInvariants()
            }
            for home in [nil] + state.libraries.keys.map(Optional.init) {
                let book = state.tally[TallyPlace(of: home)]
                var sums: [TallyCounter: UInt32] = [:]
                for (_, cell) in book?.cells ?? Ordered() { for entry in cell.entries { sums[entry.counter, default: 0] += entry.count } }
                for counter in Self.ofTransfers { sums[counter] = nil }
                let expected = recount.sums(of: home)
                #expect(sums == expected, "seed \(seed), \(home?.text ?? "general")")
                seen.formUnion(sums.keys)
                // Both ends are credited.
                var shares: [String: UInt32] = [:]
                for chat in recount.told where chat.library == home && chat.end?.1 != .practice {
                    if let answer = chat.answer { shares["\(answer.by) \(answer.viaGeneral)", default: 0] += 1 }
                }
                var by: [String: UInt32] = [:]
                for (_, cell) in book?.cells ?? Ordered() {
                    for share in cell.answeredBy { by["\(share.library?.text ?? "") \(share.viaGeneral)", default: 0] += share.count }
                }
                #expect(by == shares, "seed \(seed), \(home?.text ?? "general")")
            }
            for queue in state.queues.keys {
                var sums: [TallyCounter: UInt32] = [:]
                for (_, cell) in state.tally[.queue(queue)]?.cells ?? Ordered() {
                    for entry in cell.entries { sums[entry.counter, default: 0] += entry.count }
                }
                func renamed(_ counts: [QueueName: UInt32]) -> UInt32 {
                    counts.reduce(0) { $0 + (state.present($1.key) == queue ? $1.value : 0) }
                }
                let running = UInt32(state.chats.values.count { $0.offer.map { !$0.awaitingConsent && $0.target == queue } ?? false })
                #expect(sums[.offered] ?? 0 == renamed(recount.offered) - running, "seed \(seed), \(queue)")
                #expect(sums[.offersPickedUp] ?? 0 == renamed(recount.pickedUp), "seed \(seed), \(queue)")
                let outcomes: [TallyCounter] = [.offersPickedUp, .offersExpired, .offersWithdrawn, .offersTargetGone, .offersChatOver]
                #expect(outcomes.reduce(0) { $0 + (sums[$1] ?? 0) } == sums[.offered] ?? 0)
            }
        }
        let met: [TallyCounter] = [
            .asked, .answered, .missed, .abandoned, .referred, .messages, .messagesAnswered, .endedByPatron, .endedUnsaid,
        ]
        for counter in met + ChatEnding.allCases.map({ .ended($0) }) { #expect(seen.contains(counter), "\(counter) never happened") }
    }

    /// Who was on duty for the general queue, looked at after every entry, minute by minute, without the books.
    @Test func aRandomLifeOnDutyRecountedAgrees() throws {
        var (minutesMet, sharedMet, ownMet) = (0, 0, 0)
        for seed in UInt64(1)...16 {
            var random = RandomLife(seed: seed &+ 9_000)
            var state = ConsortiumState()
            var (index, wallMs) = (UInt64(0), UInt64(3_600_000 * 24))
            // How many of each library's people are on duty from each instant on; where time went back it is as if it had stood.
            var told: [LibraryName: [(fromMs: UInt64, people: Int)]] = [:]
            func step(_ command: Command?, elapsedMs: UInt64) throws {
                index += 1
                let id = ProposalID(node: try Stage.name("n"), boot: 1, counter: index)
                let items = command.map { [Batch.Item(id: id, command: $0)] } ?? []
                let applied = state.apply(Batch(elapsedMs: elapsedMs, wallMs: wallMs, term: 1, items: items), index: index)
                for verdict in applied.verdicts { random.learn(verdict) }
                var people: [LibraryName: Int] = [:]
                for session in state.sessions.values {
                    guard let general = state.queues.values.first(where: { $0.queue.library == nil }) else { break }
                    guard general.queue.opening == .open, !general.paused else { break }
                    guard session.available.contains(general.queue.name), session.leavingAtMs == nil else { continue }
                    let person = try #require(state.operators[session.operatorName])
                    if session.duty == .library { ownMet += 1 } else { people[person.library, default: 0] += 1 }
                }
                for library in state.libraries.keys {
                    let last = told[library]?.last
                    guard last?.people ?? 0 != people[library] ?? 0 else { continue }
                    told[library, default: []].append((max(wallMs, last?.fromMs ?? 0), people[library] ?? 0))
                }
            }
            try step(.setFeatureLevel(FeatureLevel.supported), elapsedMs: 0)
            for command in try RandomLife.roster() { try step(command, elapsedMs: 0) }
            for _ in 0..<500 {
                wallMs += random.generator.next() % 300_000
                if random.generator.next() % 40 == 0 { wallMs -= 900_000 }
                try step(nil, elapsedMs: random.generator.next() % 4 == 0 ? random.generator.next() % 30_000 : 500)
                try step(try random.next(in: state), elapsedMs: 0)
                try state.checkInvariants()
            }
            for library in state.libraries.keys {
                var (left, runs) = (told[library] ?? [], state.duty(of: library, in: 0..<LedgerMinute.max))
                var (expected, found) = (0, 0)
                for minute in LedgerMinute(24 * 60)..<LedgerMinute(wallMs / 60_000) {
                    while let next = left.first, next.fromMs <= UInt64(minute) * 60_000 + 30_000 { expected = left.removeFirst().people }
                    while let next = runs.first, next.from <= minute { found = Int(runs.removeFirst().people) }
                    if found != expected { Issue.record("seed \(seed), \(library), minute \(minute): \(found), not \(expected)") }
                    minutesMet += min(expected, 1)
                    sharedMet += expected > 1 ? 1 : 0
                }
            }
        }
        #expect(minutesMet > 1_000 && sharedMet > 100 && ownMet > 0)
    }

    // MARK: Bounds

    private static func cell() throws -> TallyCell {
        try #require(TallyCell(entries: [TallyCell.Entry(.asked, 3)], answeredBy: [], answeredFor: []))
    }

    @Test func whatIsOlderThan400DaysGivesWay() throws {
        var book = TallyBook(place: .general)
        for hour in TallyHour(100)..<110 { #expect(book.change(hour) { $0.change(.asked, adding: true) }) }
        #expect(book.change(104 + Limits.tallyHoursMax) { $0.change(.asked, adding: true) })
        #expect(book.cells.keys == [105, 106, 107, 108, 109, 104 + Limits.tallyHoursMax])
        // What comes late for an hour that is gone is not counted.
        #expect(!book.change(104) { $0.change(.asked, adding: true) })
        #expect(book.cells.count == 6)
    }

    @Test func beyondTheBoundTheOldestHourOfAllGivesWay() throws {
        var state = ConsortiumState()
        _ = state.apply(.setFeatureLevel(FeatureLevel.supported), at: LogPosition(index: 1, ordinal: 0))
        for command in try RandomLife.roster() { _ = state.apply(command, at: LogPosition(index: 2, ordinal: 0)) }
        var memento = state.memento
        let perLibrary = Limits.tallyCellsMax / 200
        let cell = try Self.cell()
        for number in 1...200 {
            let name: LibraryName = try Stage.name("l\(number)")
            if number > 3 { memento.libraries.append(Library(name: name, title: "l", homeNode: try Stage.name("n"))) }
            let place: TallyPlace = number > 3 ? .library(name) : .library(try Stage.name(RandomLife.libraries[number - 1]))
            let first = TallyHour(number == 77 ? 5 : 10)
            let cells = (0..<TallyHour(perLibrary)).map { TallyHourCell(hour: first + $0, cell: cell) }
            memento.tally.append(TallyBook(place: place, cells: cells, chain: 1))
        }
        state = try ConsortiumState(memento: memento)
        let open = Open(
            chat: Stage.id("c"), secret: try Stage.secret("c"), queue: try Stage.name("general"), attach: Stage.id("a"),
            node: try Stage.name("n"), referralAgreed: true)
        let item = Batch.Item(id: ProposalID(node: try Stage.name("n"), boot: 1, counter: 1), command: .open(open))
        let applied = state.apply(Batch(elapsedMs: 0, wallMs: 9_000 * 3_600_000, term: 1, items: [item]), index: 10)
        #expect(applied.verdicts == [.accepted(.done)])
        #expect(state.tally[.library(try Stage.name("l77"))]?.cells.first?.key == 6)
        #expect(state.tally[.general]?.cells.count == 1)
        try state.checkInvariants()
    }

    @Test func pagesGoOnWhereTheyEnd() throws {
        var memento = ConsortiumState().memento
        memento.featureLevel = FeatureLevel.supported
        let cell = try Self.cell()
        let cells = (0..<TallyHour(Limits.tallyPageCellsMax + 5)).map { TallyHourCell(hour: 7 + 2 * $0, cell: cell) }
        memento.tally = [TallyBook(place: .general, cells: cells, chain: 1)]
        let state = try ConsortiumState(memento: memento)
        let first = state.tally(of: .general, in: 8..<TallyHour.max)
        #expect(first.cells.count == Limits.tallyPageCellsMax && first.cells.first?.hour == 9)
        let rest = state.tally(of: .general, in: (try #require(first.next))..<TallyHour.max)
        #expect(rest.cells.count == 4 && rest.next == nil)
        #expect(first.cells + rest.cells == Array(cells.dropFirst()))
        #expect(state.tally(of: .general, in: 0..<7).cells.isEmpty)
    }

    /// However many libraries answered in an hour: a page goes into one message, and nothing is left out between two.
    @Test func pagesOfManyLibrariesFitIntoAMessage() throws {
        var memento = ConsortiumState().memento
        memento.featureLevel = FeatureLevel.supported
        let shares = try (100..<100 + Limits.librariesMax).map { number in
            let name: LibraryName = try Stage.name("\(number)" + String(repeating: "x", count: Limits.nameBytesMax - 3))
            return TallyShare(library: name, viaGeneral: true, count: .max)
        }
        let cell = try #require(TallyCell(entries: [.init(.asked, .max)], answeredBy: shares, answeredFor: shares))
        let cells = (0..<500).map { TallyHourCell(hour: TallyHour($0), cell: cell) }
        memento.tally = [TallyBook(place: .general, cells: cells, chain: 1)]
        let state = try ConsortiumState(memento: memento)
        var read: [TallyHourCell] = []
        var next: TallyHour? = 0
        while let from = next {
            let page = state.tally(of: .general, in: from..<TallyHour.max)
            try #require(!page.cells.isEmpty)
            #expect(try TallyCoding.page(wire: TallyCoding.bytes(page)) == page)
            read += page.cells
            next = page.next
        }
        #expect(read == cells)
    }

    /// The shares within 30, 60 and 90 seconds are exact.
    @Test func classesHaveTheAgreedEdges() {
        for seconds in [UInt64(30), 60, 90] {
            let place = WaitClasses.place(ofMs: seconds * 1_000)
            #expect(WaitClasses.edgesMs[place] == seconds * 1_000)
            #expect(WaitClasses.place(ofMs: seconds * 1_000 + 1) == place + 1)
        }
        #expect(WaitClasses.place(ofMs: .max) == WaitClasses.count - 1 && WaitClasses.place(ofMs: 0) == 0)
    }
}
