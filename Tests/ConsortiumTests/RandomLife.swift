import Consortium
import Seeded

/// Draws commands from a small world, so that they meet each other: repeats, stale tokens, wrong secrets and all.
struct RandomLife {
    var generator: SeededGenerator
    private var tokens: [LogPosition] = [.zero]
    private var offers: [LogPosition] = [.zero]
    private var history: [Command] = []
    private var sequences: [String: UInt64] = [:]
    private var settingsSigned: UInt64 = 0

    init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

    static let libraries = ["memorial", "law", "music"]
    static let queues = ["general", "memorial-desk", "law-desk", "music-desk"]
    static let people = ["ann", "max", "lea", "gus", "mia", "tom"]
    /// Tom is a trainee.
    static let watchers = ["tom", "tom", "ann", "gus"]

    private mutating func pick(_ count: Int) -> Int { Int(generator.next() % UInt64(count)) }
    private mutating func chance(_ percent: Int) -> Bool { pick(100) < percent }
    private mutating func of<Element>(_ list: [Element]) -> Element { list[pick(list.count)] }

    private mutating func id<Tag>(_ kind: String, _ count: Int) -> Identifier<Tag> { Stage.id("\(kind)\(pick(count))") }
    private mutating func queue() throws -> QueueName { try Stage.name(of(Self.queues)) }
    private mutating func session() -> SessionID { id("session", 14) }
    private mutating func chat() -> ChatID { id("chat", 8) }
    private mutating func token() -> LogPosition { chance(70) ? tokens.suffix(6).randomElement(using: &generator) ?? .zero : of(tokens) }
    private mutating func offer() -> LogPosition { chance(80) ? offers.suffix(3).randomElement(using: &generator) ?? .zero : of(offers) }

    /// The attach that the chat has, mostly, or any.
    private mutating func attach(_ chat: ChatID, in state: ConsortiumState) -> AttachID {
        if chance(85), let meta = state.meta(of: chat) { return meta.attach }
        return id("attach", 6)
    }

    private mutating func secret(_ chat: ChatID) throws -> SecretHash { try Stage.secret(chance(92) ? chat.text : "wrong") }

    /// What a node learned from a verdict: tokens that will be used, rightly or stale.
    mutating func learn(_ verdict: Verdict) {
        switch verdict {
        case .accepted(.token(let token)): tokens.append(token)
        case .accepted(.offered(let offer)): offers.append(offer)
        default: break
        }
    }

    static func roster() throws -> [Command] {
        var commands: [Command] = []
        for (place, library) in libraries.enumerated() {
            let fallback: FallbackPolicy = [.immediately, .ringFirst(ms: 40_000), .off][place]
            commands.append(
                .setLibrary(
                    Library(
                        name: try Stage.name(library), title: library, homeNode: try Stage.name("n"), fallback: fallback,
                        heir: place == 2 ? try Stage.name(libraries[0]) : nil)))
        }
        for queue in queues {
            let library: LibraryName? = queue == "general" ? nil : try Stage.name(String(queue.dropLast(5)))
            commands.append(.setQueue(Queue(name: try Stage.name(queue), title: queue, library: library)))
        }
        for (place, person) in people.enumerated() {
            let own = libraries[place % 3]
            var entry = Operator(
                name: try Stage.name(person), displayName: person, library: try Stage.name(own),
                queues: place == 5 ? [try Stage.name("general")] : [try Stage.name("general"), try Stage.name(own + "-desk")],
                isAdmin: place == 0 || place == 3, isDirector: place == 0)
            entry.isTrainee = place == 5
            commands.append(.setOperator(entry))
        }
        return commands
    }

    mutating func next(in state: ConsortiumState) throws -> Command {
        if chance(8), !history.isEmpty { return of(history) }
        let command = try fresh(in: state)
        history.append(command)
        return command
    }

    private mutating func fresh(in state: ConsortiumState) throws -> Command {
        let chat = chat()
        switch pick(100) {
        case 0..<8: return try signOn()
        case 8..<10: return .signOff(session())
        case 10..<11: return .lapse(session())
        case 11..<17: return .setAvailability(session(), try queue(), chance(70))
        case 17..<18 where chance(30):
            if chance(50) { return try watching(chat, in: state) }
            let word: RoomWord = of([.said("r"), .swamped("s"), .takesOne(of: token())])
            return chance(20) ? .setVolunteers(session(), chance(60)) : .tellRoom(session(), id("request", 40), word)
        case 17..<18 where chance(50): return .setDuty(session(), chance(80) ? of(Duty.allCases) : nil)
        case 17..<18: return .leaving(session(), inMs: chance(70) ? UInt64(pick(60_000)) : nil)
        case 18..<20: return .back(session(), try queue())
        case 20..<30:
            return .open(
                Open(
                    chat: chat, secret: try secret(chat), queue: try queue(), attach: id("attach", 6), node: try Stage.name("n"),
                    referralAgreed: chance(70), patronSupplied: chance(10)))
        case 30..<33:
            return .attach(Attach(chat: chat, secret: try secret(chat), attach: id("attach", 200), node: try Stage.name("m")))
        case 33..<55: return say(chat, in: state)
        case 55..<67: return .claim(Claim(chat: chat, session: session(), request: id("request", 40)))
        case 67..<76:
            return .offerTransfer(
                OfferTransfer(
                    chat: chat, token: holder(of: chat, in: state) ?? token(), target: try queue(), request: id("request", 40),
                    consentGiven: chance(60), note: "n", answerInMs: chance(30) ? UInt64(3_600_000 + pick(9)) : nil,
                    listing: chance(8) ? id("entry", 8) : nil))
        case 76..<79: return .consent(chat, attach(chat, in: state), offer: chance(60) ? offer() : .zero, agreed: chance(60))
        case 79..<84: return .pickUp(chat, session(), offer: offer())
        case 84..<85: return .withdrawOffer(chat, token: token(), offer: offer())
        case 85..<86: return .release(chat, token: token())
        case 86..<88:
            return .close(chat, token: holder(of: chat, in: state) ?? token(), chance(50) ? of(ChatEnding.allCases) : nil)
        case 88..<89: return .leave(chat, attach(chat, in: state))
        case 89..<91:
            return .keepMessage(KeepMessage(chat: chat, attach: attach(chat, in: state), code: try Stage.secret("code"), contact: ""))
        case 91..<94: return .patronPresence(chat, attach(chat, in: state), present: chance(50))
        case 94..<95 where chance(40): return .rate(chat, attach(chat, in: state), of(ChatRating.allCases))
        case 94..<95: return .checkDigest(upTo: state.lastDigestMark?.at ?? .zero, digest: state.lastDigestMark?.digest ?? 0)
        case 95..<97: return try rosterChange()
        case 97..<98: return try taken(in: state)
        case 98..<99 where chance(40): return try ticket()
        case 98..<99 where chance(30):
            return try reading(of: chat, in: state)
        case 98..<99 where chance(40): return try shifts(in: state)
        case 98..<99 where chance(50): return try entry()
        case 98..<99 where chance(50): return try button(in: state)
        case 98..<99 where chance(50): return .retireVoter(UInt64(pick(9)))
        case 98..<99 where chance(60): return try keys(in: state)
        case 98..<99 where chance(30): return .removeNode(try Stage.name(of(["m", "o"])))
        case 98..<99 where chance(80):
            return .admitNode(try Stage.name(of(["m", "o"])), key: chance(50) ? KeyDigest(repeating: UInt8(pick(3))) : nil)
        default: return .tick
        }
    }

    /// Colleagues who watch, and a trainee with a mentor.
    private mutating func watching(_ chat: ChatID, in state: ConsortiumState) throws -> Command {
        let person: OperatorName = try Stage.name(of(Self.watchers))
        switch pick(6) {
        case 0, 1: return .setMentor(session(), of: person, chance(80))
        case 2: return .setWatcher(chat, token: holder(of: chat, in: state) ?? token(), person, chance(80))
        case 3: return .stopWatching(chat, session())
        case 4: return .takeOver(chat, session(), id("request", 40))
        default:
            return .whisper(
                Whisper(chat: chat, session: session(), sender: id("sender", 12), sequence: UInt64(1 + pick(3)), text: "w"))
        }
    }

    private mutating func keys(in state: ConsortiumState) throws -> Command {
        let step = chance(80) ? state.keys.step : UInt64(pick(9))
        switch pick(4) {
        case 0: return .turnKeys(.begin(former: chance(80) ? state.keys.primary : UInt32(pick(9)), next: UInt32(pick(9))))
        case 1: return .turnKeys(.seal(after: step))
        case 2: return .turnKeys(.settle(after: step))
        default: return .keysHeld(by: try Stage.name(of(["m", "n", "o"])), step: step)
        }
    }

    /// Somebody reads a transcript, or wants it kept or taken away, or decides about that.
    private mutating func reading(of chat: ChatID, in state: ConsortiumState) throws -> Command {
        let (wish, person, library): (WishID, OperatorName, LibraryName) = (
            id("wish", 6), try Stage.name(of(Self.people)), try Stage.name(of(Self.libraries))
        )
        switch pick(4) {
        case 0:
            let kind = of(TranscriptWish.Kind.allCases)
            return .askWish(
                TranscriptWish(id: wish, kind: kind, chat: chat, library: library, by: person, reason: "r", days: UInt32(pick(40))))
        case 1:
            return .decideWish(
                WishDecision(wish: wish, what: of(WishDecision.What.allCases), by: person, note: chance(50) ? "n" : ""))
        default:
            return .audit(
                AuditNote(
                    by: chance(50) ? .admin : .person(person), chat: chat, library: library, request: id("request", 40),
                    export: chance(50) ? wish : nil))
        }
    }

    /// A list of shifts, or a swap of what is there, mostly.
    private mutating func shifts(in state: ConsortiumState) throws -> Command {
        let library: LibraryName = try Stage.name(of(Self.libraries))
        let book = state.shifts(of: library)
        let by: Editor = chance(40) ? .admin : .person(try Stage.name(of(Self.people)))
        guard chance(60), let first = book.shifts.randomElement(using: &generator) else {
            var rows: [ShiftRow] = []
            for line in 0..<pick(5) {
                let from = UInt64(pick(40)) * 3_600_000
                rows.append(
                    ShiftRow(
                        line: UInt32(line), id: id("shift", 30), operatorName: try Stage.name(of(Self.people)), fromMs: from,
                        untilMs: from + UInt64(pick(30)) * 1_800_000, duty: of([nil, .library, .both])))
            }
            let untilMs: UInt64 = chance(80) ? 400_000_000 : 40_000_000
            return .importShifts(
                ShiftImport(
                    library: library, fromMs: 0, untilMs: untilMs, change: chance(80) ? book.change : UInt64(pick(9)), rows: rows, by: by))
        }
        let to: OperatorName = try Stage.name(of(Self.people))
        var moves = [ShiftMove(shift: first.id, version: chance(85) ? first.version : 1, from: first.operatorName, to: to)]
        if chance(40), let second = book.shifts.randomElement(using: &generator) {
            moves[0].to = second.operatorName
            moves.append(ShiftMove(shift: second.id, version: second.version, from: second.operatorName, to: first.operatorName))
        }
        return .swapShift(ShiftSwap(library: library, moves: moves, by: by))
    }

    private mutating func entry() throws -> Command {
        let editors: [Editor] = [.admin, .person(try Stage.name("ann")), .person(try Stage.name("x"))]
        let editor = editors[pick(editors.count)]
        let register = Register.allCases[pick(Register.allCases.count)]
        if chance(20) { return .dropEntry(id("entry", 8), version: UInt64(pick(3)), by: editor) }
        let answers = register.form.questions.filter { $0.isRequired || chance(30) }.map { question in
            let text =
                switch question.kind {
                case .text, .paragraph, .words: of(["a", "a.example", "agreement,hours"])
                case .day: "2026-11-2\(pick(9))"
                case .email: "a@example.org"
                case .link: "https://example.org/"
                case .choice(let choices): choices[pick(choices.count)].value
                case .library: of(Self.libraries)
                case .queue: of(["memorial-desk", "general", "none"])
                case .person: of(["ann", "lea"])
                case .entry: (id("entry", 8) as EntryID).text
                }
            return RegisterEntry.Answer(question.key, text)
        }
        return .setEntry(RegisterEntry(id: id("entry", 8), register: register, version: UInt64(pick(3)), answers: answers), by: editor)
    }

    /// A library's next transcript, mostly.
    private mutating func ticket() throws -> Command {
        let authors: [TicketAuthor] = [
            .ltg, .somebody, .node(try Stage.name("n1")), .person(try Stage.name("ann")), .person(try Stage.name("x")),
        ]
        let by = authors[pick(authors.count)]
        let library: LibraryName? = chance(50) ? try Stage.name("memorial") : nil
        if chance(40) {
            let report = ProblemReport(
                by: by, node: try Stage.name("n1"), library: library, topic: chance(50) ? "disk" : "", text: "p", bundle: "b")
            return .reportProblem(id("ticket", 6), report)
        }
        return .changeTicket(
            TicketChange(
                ticket: id("ticket", 6), id: id("entry", 40), by: by, text: chance(70) ? "c" : "",
                stage: chance(40) ? TicketStage.allCases[pick(TicketStage.allCases.count)] : nil, owner: chance(20) ? "o" : nil))
    }

    /// Pages of a few hosts, one of them confirmed now and then.
    private mutating func button(in state: ConsortiumState) throws -> Command {
        let hosts = ["a.example", "b.example", "c.example"]
        switch pick(8) {
        case 0:
            return .releaseButton(
                ButtonRelease(
                    number: chance(70) ? state.buttons.released?.number ?? 0 : 7, version: of(["0123456789abcdef", "fedcba9876543210"]),
                    note: ""))
        case 1:
            return .decideButton(ButtonDecision(by: chance(80) ? .ltg : .person(try Stage.name("ann")), what: .confirm(host: of(hosts))))
        case 2:
            return .decideButton(ButtonDecision(by: .ltg, what: chance(50) ? .reject(host: of(hosts)) : .forget(install: UInt64(pick(12)))))
        default:
            return .sawInstalls(
                (0...pick(3)).map { _ in
                    InstallSighting(
                        place: InstallPlace(host: of(hosts), path: of(["/", "/a", "/b"]), queue: of(["memorial-desk", "law-desk", ""])),
                        kind: of(InstallKind.allCases), version: of(["0123456789abcdef", ""]), error: chance(20) ? "E" : "")
                })
        }
    }

    private mutating func taken(in state: ConsortiumState) throws -> Command {
        let library: LibraryName = try Stage.name(of(Self.libraries))
        let node: NodeName = try Stage.name(chance(90) ? "n" : "m")
        let next = state.transcript(for: library, at: node, after: UInt64(pick(4)))?.number
        if chance(25), let kept = state.transcript(for: library, at: node, after: UInt64(pick(9))) {
            return .transcriptDeleted(TranscriptDeleted(chat: kept.chat, openedMs: kept.openedMs, library: library, node: node))
        }
        return .transcriptTaken(TranscriptTaken(number: chance(80) ? next ?? 1 : UInt64(pick(30)), library: library, node: node))
    }

    private func holder(of chat: ChatID, in state: ConsortiumState) -> LogPosition? {
        if case .held(let holder, _) = state.meta(of: chat)?.phase { holder.token } else { nil }
    }

    private mutating func signOn() throws -> Command {
        let number = pick(14)
        let person = Self.people[number % Self.people.count]
        let own = Self.libraries[(number % Self.people.count) % 3] + "-desk"
        var available: [QueueName] = []
        if chance(70) { available.append(try Stage.name("general")) }
        if chance(60), person != "tom" { available.append(try Stage.name(own)) }
        return .signOn(
            SignOn(
                session: Stage.id("session\(number)"), operatorName: try Stage.name(person),
                node: try Stage.name(number % 5 == 0 ? "m" : "n"), boot: 1,
                available: available))
    }

    private mutating func say(_ chat: ChatID, in state: ConsortiumState) -> Command {
        let staff = chance(50)
        let sender = "\(chat) \(staff) \(pick(2))"
        if chance(80) { sequences[sender, default: 0] += 1 }
        if chance(30), let mark = state.meta(of: chat)?.senders.first(where: { $0.sender == Stage.id(sender) }) {
            sequences[sender] = mark.sequence + 1
        }
        let speaker: Speaker = staff ? .staff(token: holder(of: chat, in: state) ?? token()) : .patron(attach(chat, in: state))
        let text = String(repeating: "é", count: chance(2) ? 3_000 : 1 + pick(200))
        return .say(
            Say(
                chat: chat, speaker: speaker, sender: Stage.id(sender), sequence: sequences[sender] ?? 1, text: text,
                isNote: text.utf8.count % 14 == 6))
    }

    /// To a name that another may have, or that the thing had before.
    private mutating func renaming() throws -> Command {
        if chance(50) { return .renameQueue(try queue(), to: try Stage.name(of(Self.queues + ["new-desk", "other-desk", "third-desk"]))) }
        return .renameOperator(try Stage.name(of(Self.people)), to: try Stage.name(of(Self.people + ["ann.memorial", "zoe", "zed"])))
    }

    private mutating func rosterChange() throws -> Command {
        if chance(40) { return try renaming() }
        if chance(50) {
            let queue = of(Self.queues)
            let library: LibraryName? = queue == "general" ? nil : try Stage.name(String(queue.dropLast(5)))
            return .setQueue(
                Queue(name: try Stage.name(queue), title: queue, library: library, opening: chance(60) ? .open : .closed(reason: "break")))
        }
        if chance(50) { return of(try Self.roster()) }
        var settings = Settings()
        settings.chatsPerOperatorMax = UInt32(1 + pick(4))
        settings.tombstoneMs = UInt64(1 + pick(100_000))
        settings.transcriptDeadlineMs = UInt64(1 + pick(200_000))
        settings.transcriptKeptMs = UInt64(1 + pick(100_000))
        return settings.tombstoneMs % 25 == 0 ? try signed(settings) : .setSettings(settings)
    }

    /// From the first one on no import changes settings; so few lives have one. Now and then it is not the next one.
    private mutating func signed(_ settings: Settings) throws -> Command {
        if settings.transcriptKeptMs % 5 > 0 { settingsSigned += 1 }
        return .setSignedSettings(try SettingsSigner(1).sign(max(1, settingsSigned), settings))
    }
}
