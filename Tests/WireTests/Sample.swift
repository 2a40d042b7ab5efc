import Consortium
import Coordinator
import Gossip
import Raft
import Seeded
import Testing
import Wire

/// Draws values of everything that goes over the wire: from small pools, so that commands meet each other, and with extremes.
struct Sample {
    var generator: SeededGenerator

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    mutating func pick(_ count: Int) -> Int { Int(generator.next() % UInt64(count)) }
    mutating func chance(_ percent: Int) -> Bool { pick(100) < percent }
    mutating func of<Element>(_ list: [Element]) -> Element { list[pick(list.count)] }

    mutating func number() -> UInt64 {
        switch pick(5) {
        case 0: 0
        case 1: .max
        case 2: generator.next()
        default: UInt64(pick(10_000))
        }
    }
    mutating func small() -> UInt32 { chance(10) ? .max : UInt32(pick(1_000)) }
    mutating func id<Tag>() -> Identifier<Tag> { Identifier(high: 7, low: UInt64(pick(6))) }
    mutating func position() -> Position { Position(epoch: small(), n: small()) }
    mutating func token() -> LogPosition { chance(20) ? .zero : LogPosition(index: number(), ordinal: small()) }
    mutating func text() -> String {
        of(["", "x", "é\u{0}\n\"\\", "𝔘nicode 👩‍👩‍👧", String(repeating: "long ", count: 60), "\u{FEFF}"])
    }
    mutating func list<Element>(_ countMax: Int, _ make: (inout Sample) throws -> Element) rethrows -> [Element] {
        var list: [Element] = []
        for _ in 0..<pick(countMax + 1) { list.append(try make(&self)) }
        return list
    }
    mutating func optional<Element>(_ make: (inout Sample) throws -> Element) rethrows -> Element? {
        chance(50) ? try make(&self) : nil
    }

    struct NoSuchValue: Error {}
    mutating func name<Tag>(_ pool: [String]) throws -> Name<Tag> {
        guard let name = Name<Tag>(of(pool)) else { throw NoSuchValue() }
        return name
    }
    mutating func queue() throws -> QueueName { try name(["memorial-desk", "law-desk", "general"]) }
    mutating func library() throws -> LibraryName { try name(["memorial", "law"]) }
    mutating func person() throws -> OperatorName { try name(["ann", "max", "lea"]) }
    mutating func node() throws -> NodeName { try name(["a", String(repeating: "n", count: 40)]) }
    mutating func secret() throws -> SecretHash {
        let byte = UInt8(of([0, 1, 255]))
        guard let hash = SecretHash(Array(repeating: byte, count: 31) + [byte &+ 1]) else { throw NoSuchValue() }
        return hash
    }
}

// MARK: Roster and commands

extension Sample {
    mutating func libraryEntry() throws -> Library {
        let fallback = of([FallbackPolicy.immediately, .ringFirst(ms: 40_000), .off])
        let card = LibraryCard(
            hours: text(), website: text(), phone: text(), email: text(), policies: text(), lastChecked: text(), wording: text())
        return Library(
            name: try library(), title: "T" + text(), homeNode: try node(), standbyNode: try optional { try $0.node() }, fallback: fallback,
            card: card, heir: try optional { try $0.library() })
    }
    mutating func queueEntry() throws -> Queue {
        let name = try queue()
        let home: LibraryName? = name.text == "general" ? nil : Name(String(name.text.dropLast(5)))
        return Queue(name: name, title: "T" + text(), library: home, opening: chance(80) ? .open : .closed(reason: text()))
    }
    mutating func operatorEntry() throws -> Operator {
        let queues = Set(try list(3) { try $0.queue() }).sorted()
        var person = Operator(
            name: try person(), displayName: "D" + text(), library: try library(), queues: queues, isAdmin: chance(30),
            isDirector: chance(30), committee: of([nil, .chatWog, .rmt, .ltg]))
        person.isTrainee = chance(30)
        return person
    }
    mutating func settings() -> Settings {
        var settings = Settings()
        settings.pickUpMs = UInt64(1 + pick(100_000))
        settings.patronDeadlineMs = UInt64(1 + pick(1_000_000))
        settings.tombstoneMs = UInt64(1 + pick(100_000))
        settings.chatsPerOperatorMax = UInt32(1 + pick(4))
        settings.transcriptDeadlineMs = UInt64(1 + pick(1_000_000))
        settings.transcriptKeptMs = UInt64(1 + pick(100_000))
        settings.keptMessageMs = UInt64(1 + pick(1_000_000))
        settings.passwordMemoryMiB = UInt32(16 + pick(496))
        settings.passwordPasses = UInt32(1 + pick(16))
        return settings
    }

    /// One of every kind of command, in turn.
    mutating func command(_ kind: Int) throws -> Command {
        switch kind % 70 {
        case 0: .setLibrary(try libraryEntry())
        case 1: .setQueue(try queueEntry())
        case 2: .setOperator(try operatorEntry())
        case 3: .setSettings(settings())
        case 4:
            .signOn(
                SignOn(
                    session: id(), operatorName: try person(), node: try node(), boot: number(), available: try list(3) { try $0.queue() }))
        case 5: .signOff(id())
        case 6: .setAvailability(id(), try queue(), chance(70))
        case 7: .leaving(id(), inMs: optional { $0.number() })
        case 8: .back(id(), try queue())
        case 9:
            .open(
                Open(
                    chat: id(), secret: try secret(), queue: try queue(), attach: id(), node: try node(), referralAgreed: chance(50),
                    patronSupplied: chance(30), awayMs: number()))
        case 10: .attach(Attach(chat: id(), secret: try secret(), attach: id(), node: try node()))
        case 11: .say(say())
        case 12: .claim(Claim(chat: id(), session: id(), request: id()))
        case 13:
            .offerTransfer(
                OfferTransfer(
                    chat: id(), token: token(), target: try queue(), request: id(), consentGiven: chance(50), note: text(),
                    answerInMs: kind / 64 % 2 == 1 ? 3_600_000 + UInt64(kind) : nil, listing: optional { $0.id() }))
        case 14: .consent(id(), id(), offer: token(), agreed: chance(50))
        case 15: .pickUp(id(), id(), offer: token())
        case 16: .withdrawOffer(id(), token: token(), offer: token())
        case 17: .release(id(), token: token())
        case 18: .close(id(), token: token(), ChatEnding.allCases.dropFirst(kind / 64 % 6).first)
        case 19: .leave(id(), id())
        case 20: .keepMessage(KeepMessage(chat: id(), attach: id(), code: try secret(), contact: text()))
        case 21: .lapse(id())
        case 22: .patronPresence(id(), id(), present: chance(50))
        case 23: .tick
        case 24: .checkDigest(upTo: token(), digest: number())
        case 25: .mergeBranch(try mergeBranch())
        case 26:
            .transcriptTaken(
                TranscriptTaken(number: number(), library: try library(), node: try node(), sealed: Array(text().utf8)))
        case 27: .transcriptDeleted(TranscriptDeleted(chat: id(), openedMs: number(), library: try library(), node: try node()))
        case 28: .setTerms(try terms())
        case 29: .setHours(try hours())
        case 30: .closeLibrary(try library(), closure(), by: chance(50) ? try person() : nil)
        case 31: .reopenLibrary(try library(), id(), atMs: number(), by: chance(50) ? try person() : nil)
        case 32: .setNaming(naming())
        case 33: .renameQueue(try queue(), to: try queue())
        case 34: .renameOperator(try person(), to: try person())
        case 35: .openNow(try library(), id(), OpenNow(fromMs: number(), untilMs: number()))
        case 36: .setGate(try library(), of([.open, .shut, .closed]))
        case 37: .retireVoter(number())
        case 38: .setCanned(try canned(), by: try cannedEditor())
        case 39: .dropCanned(id(), version: UInt64(pick(3)), by: try cannedEditor())
        case 40: .reportProblem(id(), try problem())
        case 41: .changeTicket(try ticketChange())
        case 42: .setEnd(id(), untilMs: optional { $0.number() })
        case 44: .block(id(), token: token())
        case 43: .rate(id(), id(), of(ChatRating.allCases))
        case 45: .releaseButton(buttonRelease())
        case 46: .sawInstalls(try list(4) { try $0.sighting() })
        case 47:
            .decideButton(
                ButtonDecision(
                    by: try ticketAuthor(), what: of([.confirm(host: "a.example"), .reject(host: "b.example"), .forget(install: number())]))
            )
        case 48: .setEntry(try entry(), by: try cannedEditor())
        case 53: .setWatcher(id(), token: token(), try person(), chance(50))
        case 54: .stopWatching(id(), id())
        case 55: .whisper(Whisper(chat: id(), session: id(), sender: id(), sequence: number(), text: text()))
        case 56: .setMentor(id(), of: try person(), chance(50))
        case 57: .takeOver(id(), id(), id())
        case 51: .setVolunteers(id(), chance(50))
        case 52: .tellRoom(id(), id(), roomWord())
        case 68: .bringPast(try past())
        case 50: .setDuty(id(), of([nil, .library, .general, .both]))
        case 62: .setSignedSettings(signedSettings())
        case 49: .dropEntry(id(), version: UInt64(pick(3)), by: try cannedEditor())
        case 58: .removeNode(try node())
        case 59: .admitNode(try node(), key: optional { $0.keyDigest() })
        case 60: .turnKeys(of([.begin(former: small(), next: small()), .seal(after: number()), .settle(after: number())]))
        case 61: .keysHeld(by: try node(), step: number())
        case 63:
            .audit(
                AuditNote(
                    by: chance(50) ? .admin : .person(try person()), chat: id(), library: try library(), request: id(),
                    export: optional { $0.id() }))
        case 66:
            .importShifts(
                ShiftImport(
                    library: try library(), fromMs: number(), untilMs: number(), change: number(),
                    rows: try list(3) { sample in
                        ShiftRow(
                            line: sample.small(), id: sample.id(), operatorName: try sample.person(), fromMs: sample.number(),
                            untilMs: sample.number(), duty: sample.of([nil, .library, .general, .both]))
                    }, by: try cannedEditor()))
        case 67:
            .swapShift(
                ShiftSwap(
                    library: try library(),
                    moves: try list(2) { sample in
                        ShiftMove(shift: sample.id(), version: sample.number(), from: try sample.person(), to: try sample.person())
                    }, by: try cannedEditor()))
        case 64: .askWish(try wish())
        case 65:
            .decideWish(WishDecision(wish: id(), what: of(WishDecision.What.allCases), by: try person(), note: text()))
        default: .setFeatureLevel(small())
        }
    }

    mutating func keyDigest() -> KeyDigest {
        KeyDigest(repeating: UInt8(truncatingIfNeeded: small()))
    }
    mutating func removedNode() throws -> RemovedNode {
        RemovedNode(node: try node(), wallMs: number(), admitted: optional { $0.keyDigest() })
    }

    mutating func keyPlan() throws -> KeyPlan {
        var plan = KeyPlan()
        (plan.step, plan.stage, plan.primary) = (number(), of(KeyPlan.Stage.allCases), small())
        plan.other = optional { $0.small() }
        plan.holders = try list(3) { try $0.node() }
        return plan
    }

    mutating func signedSettings() -> SignedSettings {
        SignedSettings(text: text(), key: Array(repeating: 7, count: 32), signature: Array(repeating: UInt8(pick(256)), count: 64))
    }

    mutating func ticketAuthor() throws -> TicketAuthor {
        switch pick(4) {
        case 0: .ltg
        case 1: .somebody
        case 2: .person(try person())
        default: .node(try node())
        }
    }
    mutating func problem() throws -> ProblemReport {
        ProblemReport(
            by: try ticketAuthor(), node: try node(), library: chance(50) ? try library() : nil, topic: text(), text: "X" + text(),
            bundle: text())
    }
    mutating func ticketChange() throws -> TicketChange {
        TicketChange(
            ticket: id(), id: id(), by: try ticketAuthor(), text: text(), stage: TicketStage.allCases.randomElement(using: &generator),
            owner: chance(50) ? text() : nil)
    }

    mutating func buttonRelease() -> ButtonRelease {
        ButtonRelease(number: number(), version: of(["0123456789abcdef", ""]), note: text(), wallMs: number())
    }
    mutating func installPlace() throws -> InstallPlace {
        InstallPlace(
            host: of(["www.example.edu", "a.example:8080"]), path: "/" + of(["", "a/b", "…"]), queue: chance(70) ? try queue().text : "")
    }
    mutating func sighting() throws -> InstallSighting {
        InstallSighting(
            place: try installPlace(), kind: of(InstallKind.allCases), version: of(["0123456789abcdef", ""]),
            error: chance(30) ? text() : "")
    }
    mutating func install() throws -> Install {
        Install(
            number: number(), change: number(), place: try installPlace(), kind: of(InstallKind.allCases),
            version: of(["0123456789abcdef", ""]),
            error: text(), errorDay: small(), firstDay: small(), lastDay: small())
    }
    mutating func buttonNews() throws -> ButtonNews {
        var lists = ButtonLists()
        lists.releases = list(3) { $0.buttonRelease() }
        lists.hosts = list(3) { $0.of(["a.example", "b.example"]) }
        lists.strangers = list(3) { sample in
            StrangerHost(host: "c.example", path: "/x", queue: "y", firstDay: sample.small(), lastDay: sample.small())
        }
        (lists.installNumber, lists.change, lists.listsChange, lists.goneChange) = (number(), number(), number(), number())
        return ButtonNews(
            lists: chance(50) ? lists : nil, changed: try list(4) { try $0.install() },
            numbers: optional { sample in sample.list(4) { $0.number() } })
    }

    mutating func cannedEditor() throws -> Editor { chance(50) ? .admin : .person(try person()) }
    mutating func canned() throws -> CannedMessage {
        let owner: CannedOwner =
            switch pick(3) {
            case 0: .consortium
            case 1: .library(try library())
            default: .person(try person())
            }
        return CannedMessage(id: id(), version: UInt64(pick(3)), owner: owner, title: "T" + text(), keywords: text(), text: "X" + text())
    }
    mutating func entry() throws -> RegisterEntry {
        var entry = RegisterEntry(
            id: id(), register: Register.allCases[pick(Register.allCases.count)], version: UInt64(pick(3)),
            answers: list(4) { .init($0.text(), $0.text()) })
        entry.change = number()
        entry.changedWallMs = number()
        entry.changedBy = chance(50) ? try person() : nil
        entry.found = Finding.steps.compactMap { step in
            chance(50) ? Finding(step: step, place: text(), wallMs: number()) : nil
        }
        return entry
    }
    mutating func naming() -> NamingConventions {
        NamingConventions(version: UInt64(pick(3)), queues: optional { $0.namingRule() }, users: optional { $0.namingRule() })
    }
    mutating func namingRule() -> NamingRule {
        NamingRule(
            pattern: of(["*", "{library}*|general", "?*", "[", ""]), example: of(["x", "general", "memorial-desk"]), sentence: "S" + text())
    }
    mutating func day() throws -> CalendarDay { try #require(CalendarDay(number: Int32(pick(80_000)))) }
    mutating func spans() -> [OpenSpan] {
        chance(60) ? [OpenSpan(opens: UInt16(pick(720)), closes: UInt16(721 + pick(720)))] : []
    }
    mutating func closure() -> Closure {
        Closure(id: id(), fromMs: UInt64(pick(1_000)), untilMs: UInt64(1_000 + pick(1_000)), note: text())
    }
    mutating func terms() throws -> TermCalendar {
        let first = try day()
        return TermCalendar(
            version: UInt64(pick(2)),
            terms: [Term(title: "T" + text(), kind: of(TermKind.allCases), first: first, last: first.adding(days: pick(100)))])
    }
    mutating func hours() throws -> LibraryHours {
        var weeks: [WeeklyHours] = []
        for _ in TermKind.allCases {
            var week = WeeklyHours.closed
            for day in week.days.indices { week.days[day] = spans() }
            weeks.append(week)
        }
        return LibraryHours(
            library: try library(), version: UInt64(pick(2)), zone: of(["America/Chicago", "UTC"]), weeks: weeks,
            exceptions: chance(50) ? [HoursException(day: try day(), spans: spans(), note: text())] : [],
            closures: chance(30) ? [closure()] : [],
            openNow: chance(30) ? OpenNow(fromMs: UInt64(pick(1_000)), untilMs: UInt64(1_000 + pick(1_000))) : nil, gate: of(Gate.allCases))
    }

    mutating func mergeBranch() throws -> MergeBranch {
        MergeBranch(
            chat: id(), secret: try secret(), queue: try queue(), attach: id(), node: try node(),
            ended: optional { $0.of(CloseReason.allCases) },
            lines: try list(5) { sample in
                var line = MergeBranch.Line(
                    author: try sample.author(), sender: sample.id(), sequence: sample.number(), text: sample.text(),
                    wallMs: sample.number())
                line.isNote = Self.isNote(line.text)
                return line
            })
    }

    private mutating func say() -> Say {
        var say = Say(
            chat: id(), speaker: chance(50) ? .patron(id()) : .staff(token: token()), sender: id(), sequence: UInt64(1 + pick(3)),
            text: text())
        say.isNote = Self.isNote(say.text)
        return say
    }

    mutating func words() -> ChatMessage.Body {
        let (text, sender, sequence) = (text(), id() as SenderID, number())
        return Self.isNote(text) ? .note(text, sender: sender, sequence: sequence) : .text(text, sender: sender, sequence: sequence)
    }

    /// No note is empty.
    private static func isNote(_ text: String) -> Bool { text.utf8.count % 5 == 1 }

    mutating func batch() throws -> Batch {
        Batch(
            elapsedMs: number(), wallMs: number(), term: number(),
            items: try list(30) { sample in
                let id = ProposalID(node: try sample.node(), boot: sample.number(), counter: sample.number())
                return Batch.Item(id: id, command: try sample.command(sample.pick(67)))
            })
    }

    mutating func verdict() -> Verdict {
        switch pick(5) {
        case 0: .accepted(.done)
        case 1: .accepted(.token(token()))
        case 2: .accepted(.offered(token()))
        case 3: .accepted(.placed(position()))
        default: .refused(Refusal(of(Refusal.Code.allCases), text()))
        }
    }
}
