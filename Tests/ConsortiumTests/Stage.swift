import Consortium

/// A small world for scenarios: people, chats and times by short names, one command a line, and a trace of what came of it.
struct Stage {
    struct Mistake: Error, CustomStringConvertible {
        var description: String
    }

    var state = ConsortiumState()
    private var index: UInt64 = 0
    private var term: UInt64 = 1
    /// Wall time that passed without an entry.
    private var missedMs: UInt64 = 0
    var names: [String: String] = [:]
    private var attaches: [String: String] = [:]
    private var tokens: [String: LogPosition] = [:]
    private var offers: [String: LogPosition] = [:]
    private var sessions: [String: String] = [:]
    private var sequences: [String: UInt64] = [:]
    private var seenMessages: [String: Int] = [:]
    private var seenPhase: [String: String] = [:]

    /// Runs one line and gives its trace.
    mutating func run(_ line: String) throws -> [String] {
        let (head, text) = Self.split(line)
        var words = head.split(separator: " ").map(String.init)
        guard !words.isEmpty else { return [] }
        let verb = words.removeFirst()
        let options = Dictionary(words.compactMap(Self.option), uniquingKeysWith: { $1 })
        let arguments = words.filter { Self.option($0) == nil }
        switch verb {
        case "roster":
            for line in Self.roster { _ = try run(line) }
            return ["memorial-desk: ann, max; law-desk: lea; general: ann, lea, gus"]
        case "show" where arguments.first == "hours": return showHours()
        case "show" where arguments.first == "names": return showNames()
        case "show" where arguments.first == "canned": return showCanned()
        case "show" where arguments.first == "nodes": return showNodes()
        case "show" where arguments.first == "tickets": return showTickets()
        case "show" where arguments.first == "buttons": return showButtons(arguments)
        case "show" where arguments.first == "registers": return showRegisters()
        case "show" where arguments.first == "duty": return showDuty()
        case "show" where arguments.first == "room": return showRoom()
        case "show" where arguments.first == "watching": return showWatching()
        case "show" where arguments.first == "ledger": return try showLedger(arguments)
        case "show" where arguments.first == "audit": return showAudit()
        case "show" where arguments.first == "wishes": return try showWishes(arguments)
        case "show" where arguments.first == "shifts": return try showShifts(arguments)
        case "show" where arguments.first == "tally": return try showTally(arguments)
        case "show" where arguments.first == "causes": return try showCauses(arguments)
        case "show" where arguments.first == "minutes": return try showMinutes(arguments)
        // `at MINUTE:SECOND`: what the leader's wall clock shows at the next entry.
        case "at":
            let parts = try word(arguments, 0).split(separator: ":").compactMap { UInt64($0) }
            missedMs = (parts.first ?? 0) * 60_000 + (parts.count > 1 ? parts[1] : 0) * 1_000 - index - 1
            return []
        case "show": return try show(arguments)
        case "term":
            term += 1
            return apply(nil, elapsedMs: 0)
        case "down":
            missedMs += try number(arguments, 0)
            return apply(.tick, elapsedMs: 0)
        // The leader's wall clock is another one.
        case "wall-back":
            missedMs -= min(missedMs, try number(arguments, 0))
            return apply(.tick, elapsedMs: 0)
        case "tick": return apply(.tick, elapsedMs: try number(arguments, 0))
        case "wait":
            // As many entries as the cap on elapsed time needs.
            var left = try number(arguments, 0)
            var trace: [String] = []
            while left > 0 {
                let step = min(left, Limits.elapsedPerEntryMsMax)
                trace += apply(.tick, elapsedMs: step).filter { $0 != "done" }
                left -= step
            }
            return trace.isEmpty ? ["nothing happens"] : trace
        default:
            let command = try command(verb, arguments, options, text)
            let trace = apply(command, elapsedMs: 0)
            learn(verb, arguments, options, accepted: trace.first?.hasPrefix("refused") == false)
            return trace
        }
    }

    private static let roster = [
        "library memorial", "library law", "queue memorial-desk memorial", "queue law-desk law", "queue general -",
        "operator ann memorial memorial-desk,general", "operator max memorial memorial-desk", "operator lea law law-desk,general",
        "operator gus memorial general",
    ]

    private static func split(_ line: String) -> (String, String) {
        guard let range = line.firstIndex(of: ":"), line[line.index(after: range)...].hasPrefix(" ") else { return (line, "") }
        return (String(line[..<range]), String(line[line.index(range, offsetBy: 2)...]))
    }

    private static func option(_ word: String) -> (String, String)? {
        guard let equals = word.firstIndex(of: "=") else { return nil }
        return (String(word[..<equals]), String(word[word.index(after: equals)...]))
    }

    // MARK: Names

    private func number(_ arguments: [String], _ place: Int) throws -> UInt64 {
        guard let value = UInt64(try word(arguments, place)) else { throw Mistake(description: "a number is missing") }
        return value
    }

    private func word(_ arguments: [String], _ place: Int) throws -> String {
        guard arguments.indices.contains(place) else { throw Mistake(description: "argument \(place + 1) is missing") }
        return arguments[place]
    }

    static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    static func id<Tag>(_ text: String) -> Identifier<Tag> { Identifier(high: hash(text), low: hash("low " + text)) }

    static func secret(_ text: String) throws -> SecretHash {
        let bytes = (0..<4).flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: hash("\(word)\(text)") >> (8 * $0)) } }
        guard let secret = SecretHash(bytes) else { throw Mistake(description: "no secret") }
        return secret
    }

    static func name<Tag>(_ text: String) throws -> Name<Tag> {
        guard let name = Name<Tag>(text) else { throw Mistake(description: "\(text) is no name") }
        return name
    }

    private func list<Tag>(_ text: String) throws -> [Name<Tag>] {
        text == "-" ? [] : try text.split(separator: ",").map { try Self.name(String($0)) }
    }

    func session(_ person: String, _ options: [String: String]) -> SessionID {
        Self.id(options["session"] ?? sessions[person] ?? "\(person)-1")
    }

    private func attach(_ chat: String, _ options: [String: String]) -> AttachID {
        Self.id(options["attach"] ?? attaches[chat] ?? "\(chat)-tab1")
    }

    private func token(_ chat: String, _ person: String) -> LogPosition { tokens["\(chat) \(person)"] ?? .zero }

    // MARK: Commands

    private mutating func command(_ verb: String, _ arguments: [String], _ options: [String: String], _ text: String) throws -> Command {
        if verb == "settings" { return .setSettings(try settings(options)) }
        let first = try word(arguments, 0)
        switch verb {
        case "canned", "drop-canned": return try canned(verb, arguments, options, text)
        case "entry", "drop-entry": return try registerCommand(verb, arguments, options, text)
        case "report", "comment": return try ticketCommand(verb, arguments, options, text)
        case "release-button", "saw", "decide": return try buttonCommand(verb, arguments, options, text)
        case "past": return try past(first, Array(arguments.dropFirst()))
        case "naming": return .setNaming(naming(UInt64(first) ?? 0, options, text))
        case "rename-queue": return .renameQueue(try Self.name(first), to: try Self.name(try word(arguments, 1)))
        case "rename-operator": return .renameOperator(try Self.name(first), to: try Self.name(try word(arguments, 1)))
        case "terms", "hours", "snow", "open-again", "open-now", "gate": return try hoursCommand(verb, first, Array(arguments.dropFirst()))
        case "library":
            let fallback: FallbackPolicy =
                switch options["fallback"] ?? "immediately" {
                case "off": .off
                case let ring where ring.hasPrefix("ring"): .ringFirst(ms: UInt64(ring.dropFirst(4)) ?? 0)
                default: .immediately
                }
            return .setLibrary(
                Library(
                    name: try Self.name(first), title: first, homeNode: try Self.name(options["node"] ?? "node-" + first),
                    fallback: fallback, card: LibraryCard(website: options["website"] ?? ""),
                    heir: try options["heir"].map { try Self.name($0) }))
        case "queue":
            let library = try word(arguments, 1)
            let opening = options["closed"].map { Opening.closed(reason: $0) } ?? .open
            return .setQueue(
                Queue(
                    name: try Self.name(first), title: first, library: library == "-" ? nil : try Self.name(library), opening: opening,
                    aliases: try list(options["aliases"] ?? "-").map { QueueAlias(name: $0) },
                    formerNames: try list(options["former"] ?? "-")))
        case "operator":
            var person = Operator(
                name: try Self.name(first), displayName: first.uppercased(), library: try Self.name(try word(arguments, 1)),
                queues: try list(try word(arguments, 2)), isAdmin: arguments.contains("admin"),
                isDirector: arguments.contains("director"),
                committee: Committee.allCases.first { $0.text == options["committee"] },
                formerNames: try list(options["former"] ?? "-"))
            person.isTrainee = arguments.contains("trainee")
            return .setOperator(person)
        case "sign-on":
            let label = options["session"] ?? "\(first)-1"
            return .signOn(
                SignOn(
                    session: Self.id(label), operatorName: try Self.name(first), node: try Self.name(options["node"] ?? "node-1"), boot: 1,
                    available: try list(try word(arguments, 1))))
        case "sign-off": return .signOff(session(first, options))
        case "lapse": return .lapse(session(first, options))
        case "available":
            return .setAvailability(session(first, options), try Self.name(try word(arguments, 1)), try word(arguments, 2) == "on")
        case "leaving": return .leaving(session(first, options), inMs: UInt64(try word(arguments, 1)))
        case "back": return .back(session(first, options), try Self.name(try word(arguments, 1)))
        case "mentor": return .setMentor(session(first, options), of: try Self.name(try word(arguments, 1)), try word(arguments, 2) == "on")
        case "room", "swamped", "takes-one", "volunteer": return try roomCommand(verb, first, arguments, options, text)
        case "duty": return .setDuty(session(first, options), Duty(rawValue: try word(arguments, 1)))
        case "until": return .setEnd(session(first, options), untilMs: UInt64(try word(arguments, 1)))
        case "stays": return .leaving(session(first, options), inMs: nil)
        case "taken":
            return .transcriptTaken(
                TranscriptTaken(
                    number: try number(arguments, 0), library: try Self.name(try word(arguments, 1)),
                    node: try Self.name(options["node"] ?? "node-" + (try word(arguments, 1))),
                    sealed: options["sealed"].map { Array($0.utf8) } ?? []))
        case "deleted":
            let chat: ChatID = Self.id(first)
            return .transcriptDeleted(
                TranscriptDeleted(
                    chat: chat, openedMs: state.meta(of: chat)?.openedMs ?? 0, library: try Self.name(try word(arguments, 1)),
                    node: try Self.name(options["node"] ?? "node-" + (try word(arguments, 1)))))
        case "remove-node": return .removeNode(try Self.name(first))
        case "admit-node": return .admitNode(try Self.name(first), key: options["key"].map { KeyDigest(repeating: UInt8($0) ?? 0) })
        case "read", "take", "want", "approve", "decline", "end": return try auditCommand(verb, arguments, options, text)
        case "plan", "swap": return try shiftCommand(verb, arguments, options)
        case "feature-level": return .setFeatureLevel(UInt32(first) ?? 0)
        case "check-digest":
            return .checkDigest(upTo: state.appliedThrough, digest: first == "right" ? state.digest() : state.digest() &+ 1)
        default: return try chatCommand(verb, first, arguments, options, text)
        }
    }

    /// `terms VERSION TITLE/KIND/FIRST/LAST…`, `hours LIBRARY VERSION ZONE OPENS-CLOSES[,…] DAY/OPENS-CLOSES/NOTE…` in minutes, the same all days and terms
    /// (`-`: closed), `snow LIBRARY NAME FROM UNTIL`, `open-again LIBRARY NAME AT`,
    /// `open-now LIBRARY SESSION FROM UNTIL`, `gate LIBRARY open|shut|untold|closed`.
    private func hoursCommand(_ verb: String, _ first: String, _ rest: [String]) throws -> Command {
        switch verb {
        case "terms":
            let terms = try rest.map { text -> Term in
                let parts = text.split(separator: "/").map(String.init)
                guard parts.count == 4, let kind = TermKind.allCases.first(where: { $0.text == parts[1] }) else {
                    throw Mistake(description: "\(text) is no term")
                }
                return Term(title: parts[0], kind: kind, first: try day(parts[2]), last: try day(parts[3]))
            }
            return .setTerms(TermCalendar(version: UInt64(first) ?? 0, terms: terms))
        case "hours":
            let week = WeeklyHours(days: Array(repeating: try spans(try word(rest, 2)), count: 7))
            let exceptions = try rest.dropFirst(3).map { text -> HoursException in
                let parts = text.split(separator: "/").map(String.init)
                return HoursException(
                    day: try day(try word(parts, 0)), spans: try spans(try word(parts, 1)), note: parts.count > 2 ? parts[2] : "")
            }
            return .setHours(
                LibraryHours(
                    library: try Self.name(first), version: try number(rest, 0), zone: try word(rest, 1),
                    weeks: Array(repeating: week, count: 3), exceptions: exceptions))
        case "snow":
            let closure = Closure(id: Self.id(try word(rest, 0)), fromMs: try number(rest, 1), untilMs: try number(rest, 2), note: "snow")
            return .closeLibrary(try Self.name(first), closure, by: rest.count > 3 ? try Self.name(rest[3]) : nil)
        case "open-now":
            return .openNow(
                try Self.name(first), Self.id(try word(rest, 0)), OpenNow(fromMs: try number(rest, 1), untilMs: try number(rest, 2)))
        case "gate":
            let gates: [String: Gate] = ["open": .open, "shut": .shut, "untold": .untold, "closed": .closed]
            guard let gate = gates[try word(rest, 0)] else { throw Mistake(description: "a gate is open, shut, untold or closed") }
            return .setGate(try Self.name(first), gate)
        default: return .reopenLibrary(try Self.name(first), Self.id(try word(rest, 0)), atMs: try number(rest, 1))
        }
    }

    private func day(_ text: String) throws -> CalendarDay {
        guard let day = CalendarDay(text) else { throw Mistake(description: "\(text) is no day") }
        return day
    }

    private func spans(_ text: String) throws -> [OpenSpan] {
        try text.split(separator: ",").filter { $0 != "-" }.map { part in
            let numbers = part.split(separator: "-").compactMap { UInt16($0) }
            guard numbers.count == 2 else { throw Mistake(description: "\(part) is no span") }
            return OpenSpan(opens: numbers[0], closes: numbers[1])
        }
    }

    private func settings(_ options: [String: String]) throws -> Settings {
        var settings = Settings()
        for (key, text) in options {
            guard let value = UInt64(text) else { throw Mistake(description: "\(text) is no number") }
            switch key {
            case "pickUpMs": settings.pickUpMs = value
            case "patronDeadlineMs": settings.patronDeadlineMs = value
            case "patronGoneMs": settings.patronGoneMs = value
            case "tombstoneMs": settings.tombstoneMs = value
            case "answeredMessageMs": settings.answeredMessageMs = value
            case "keptMessageMs": settings.keptMessageMs = value
            case "transcriptDeadlineMs": settings.transcriptDeadlineMs = value
            case "transcriptKeptMs": settings.transcriptKeptMs = value
            case "chatsPerOperatorMax": settings.chatsPerOperatorMax = UInt32(value)
            default: throw Mistake(description: "no setting \(key)")
            }
        }
        return settings
    }

    private mutating func chatCommand(
        _ verb: String, _ chat: String, _ arguments: [String], _ options: [String: String], _ text: String
    ) throws -> Command {
        let id: ChatID = Self.id(chat)
        names[id.text] = chat
        let person = arguments.count > 1 ? arguments[1] : ""
        let request: RequestID = Self.id(options["request"] ?? "\(chat) \(person) \(verb) \(arguments.last ?? "")")
        switch verb {
        case "open":
            return .open(
                Open(
                    chat: id, secret: try Self.secret(options["secret"] ?? chat), queue: try Self.name(person),
                    attach: attach(chat, options),
                    node: try Self.name("node-1"), referralAgreed: !arguments.contains("unasked"),
                    patronSupplied: arguments.contains("supplied"), awayMs: (options["away"].flatMap(UInt64.init) ?? 0) * 1_000))
        case "attach":
            return .attach(
                Attach(
                    chat: id, secret: try Self.secret(options["secret"] ?? chat), attach: Self.id(person), node: try Self.name("node-2")))
        case "say", "note":
            let sender = options["sender"] ?? "\(chat) \(person)"
            let sequence = options["seq"].flatMap(UInt64.init) ?? (sequences[sender] ?? 0) + 1
            let speaker: Speaker = person == "patron" ? .patron(attach(chat, options)) : .staff(token: token(chat, person))
            let text = options["bytes"].flatMap(Int.init).map { String(repeating: "x", count: $0) } ?? text
            return .say(Say(chat: id, speaker: speaker, sender: Self.id(sender), sequence: sequence, text: text, isNote: verb == "note"))
        case "merge":
            let sender = options["sender"] ?? "\(chat) \(person)"
            let sequence = options["seq"].flatMap(UInt64.init) ?? (sequences[sender] ?? 0) + 1
            let author: ChatMessage.Author =
                arguments.contains("staff")
                ? .staff(try Self.name(person), displayName: person, library: try Self.name("memorial")) : .patron
            let line = MergeBranch.Line(
                author: author, sender: Self.id(sender), sequence: sequence, text: text, wallMs: index,
                isNote: arguments.contains("note"))
            return .mergeBranch(
                MergeBranch(
                    chat: id, secret: try Self.secret(options["secret"] ?? chat), queue: try Self.name("general"),
                    attach: attach(chat, options), node: try Self.name("node-1"), ended: nil, lines: [line]))
        case "watch", "let-go": return .setWatcher(id, token: token(chat, person), try Self.name(try word(arguments, 2)), verb == "watch")
        case "unwatch": return .stopWatching(id, session(person, options))
        case "take-over": return .takeOver(id, session(person, options), request)
        case "whisper":
            let sender = options["sender"] ?? "\(chat) \(person)"
            let sequence = options["seq"].flatMap(UInt64.init) ?? (sequences[sender] ?? 0) + 1
            return .whisper(
                Whisper(chat: id, session: session(person, options), sender: Self.id(sender), sequence: sequence, text: text))
        case "claim": return .claim(Claim(chat: id, session: session(person, options), request: request))
        case "transfer":
            return .offerTransfer(
                OfferTransfer(
                    chat: id, token: token(chat, person), target: try Self.name(try word(arguments, 2)), request: request,
                    consentGiven: !arguments.contains("ask"), note: text, answerInMs: options["within"].flatMap(UInt64.init),
                    listing: options["listing"].map { Self.id($0) }))
        case "consent":
            let offer = arguments.contains("referral") ? LogPosition.zero : offers[chat] ?? .zero
            return .consent(id, attach(chat, options), offer: offer, agreed: person == "yes")
        case "pick-up": return .pickUp(id, session(person, options), offer: offers[chat] ?? .zero)
        case "withdraw": return .withdrawOffer(id, token: token(chat, person), offer: offers[chat] ?? .zero)
        case "block": return .block(id, token: token(chat, person))
        case "release": return .release(id, token: token(chat, person))
        case "close":
            let ending = options["ending"].flatMap(ChatEnding.init)
            guard (ending == nil) == (options["ending"] == nil) else { throw Mistake(description: "no such ending") }
            return .close(id, token: token(chat, person), ending)
        case "rate":
            guard let rating = ChatRating(rawValue: person) else { throw Mistake(description: "\(person) is no rating") }
            return .rate(id, attach(chat, options), rating)
        case "leave": return .leave(id, attach(chat, options))
        case "away": return .patronPresence(id, attach(chat, options), present: false)
        case "present": return .patronPresence(id, attach(chat, options), present: true)
        case "keep":
            return .keepMessage(
                KeepMessage(
                    chat: id, attach: attach(chat, options), code: try Self.secret(options["code"] ?? "code"),
                    contact: options["contact"] ?? ""))
        default: throw Mistake(description: "no command \(verb)")
        }
    }

    /// What the people on the stage know after their command was answered.
    private mutating func learn(_ verb: String, _ arguments: [String], _ options: [String: String], accepted: Bool) {
        guard accepted, let first = arguments.first else { return }
        switch verb {
        case "sign-on": sessions[first] = options["session"] ?? "\(first)-1"
        case "open": attaches[first] = options["attach"] ?? attaches[first] ?? "\(first)-tab1"
        case "attach": attaches[first] = arguments[1]
        case "say", "note", "merge", "whisper":
            let sender = options["sender"] ?? "\(first) \(arguments[1])"
            sequences[sender] = max(sequences[sender] ?? 0, options["seq"].flatMap(UInt64.init) ?? (sequences[sender] ?? 0) + 1)
        default: break
        }
    }

    // MARK: Trace

    private mutating func apply(_ command: Command?, elapsedMs: UInt64) -> [String] {
        index += 1
        let id = ProposalID(node: (try? Self.name("node-1")) ?? Self.anyNode, boot: 1, counter: index)
        let items = command.map { [Batch.Item(id: id, command: $0)] } ?? []
        let applied = state.apply(Batch(elapsedMs: elapsedMs, wallMs: index + missedMs, term: term, items: items), index: index)
        var trace = applied.verdicts.map(Self.describe)
        if let halted = applied.halted { trace.append("halted: \(halted.prefix { $0 != ":" })") }
        for chat in applied.touched.chats.sorted(by: { (names[$0.text] ?? $0.text) < (names[$1.text] ?? $1.text) }) {
            trace += changes(of: chat)
        }
        do { try state.checkInvariants() } catch { trace.append("INVARIANT: \(error)") }
        return trace
    }

    private static let anyNode: NodeName = {
        // "n" keeps the rule of names.
        guard let name = NodeName("n") else { preconditionFailure("n is a name") }
        return name
    }()

    private mutating func changes(of id: ChatID) -> [String] {
        let name = names[id.text] ?? id.text
        guard let meta = state.meta(of: id) else { return ["\(name) is forgotten"] }
        var trace = state.messages(of: id, after: .zero).dropFirst(seenMessages[name] ?? 0).map { "\(name) \(Self.describe($0))" }
        seenMessages[name] = state.messages(of: id, after: .zero).count
        if case .held(let holder, let offer) = meta.phase {
            tokens["\(name) \(holder.operatorName)"] = holder.token
            if let offer { offers[name] = offer.offer }
        }
        let phase = Self.describe(meta)
        if seenPhase[name] != phase {
            seenPhase[name] = phase
            trace.append("\(name) is \(phase)")
        }
        return trace
    }

    private static func describe(_ verdict: Verdict) -> String {
        switch verdict {
        case .accepted(.done): "done"
        case .accepted(.token(let token)): "token \(token.index).\(token.ordinal)"
        case .accepted(.offered(let offer)): "offer \(offer.index).\(offer.ordinal)"
        case .accepted(.placed(let position)): "placed \(position.epoch):\(position.n)"
        // A digest's number would change with every field of the state.
        case .refused(let refusal): "refused \(refusal.code.rawValue): " + (refusal.sentence.cut(before: ": digest") ?? refusal.sentence)
        }
    }

    private static func describe(_ meta: ChatMeta) -> String {
        let presence = meta.patronPresent ? "" : ", patron away"
        let phase =
            switch meta.phase {
            case .waiting(let queue, let ahead): "waiting in \(queue), \(ahead) ahead"
            case .held(let holder, let offer):
                "held by \(holder.operatorName)"
                    + (offer.map { $0.awaitingConsent ? ", asking for \($0.target)" : ", on offer to \($0.target)" } ?? "")
            case .ask(let queue): "unattended, asked about \(queue)"
            case .unattended: "unattended"
            case .kept: "kept"
            case .closed(let reason): "closed \(reason.rawValue)"
            }
        return "\(phase), epoch \(meta.epoch)\(presence)"
    }

    static func describe(_ message: ChatMessage) -> String {
        let author =
            switch message.author {
            case .patron: "patron"
            case .staff(let name, _, _): name.text
            case .service: "service"
            }
        let marks = (message.late ? " (late)" : "") + (message.patronSupplied ? " (supplied)" : "")
        let place = "\(message.position.epoch):\(message.position.n)"
        switch message.body {
        case .text(let text, _, _): return "\(place) \(author)\(marks): \(text.prefix(60))"
        case .note(let text, _, _): return "\(place) note by \(author)\(marks): \(text.prefix(60))"
        case .event(let event): return "\(place) [\(describe(event))]"
        }
    }

    private static func describe(_ event: ChatEvent) -> String {
        switch event {
        case .opened(let queue): "opened at \(queue)"
        case .referred(let queue): "referred to \(queue)"
        case .claimed(let name, _, _): "claimed by \(name)"
        case .transferAsked(let queue): "patron asked about \(queue)"
        case .transferDeclined(let queue): "patron declined \(queue)"
        case .offered(let queue): "offered to \(queue)"
        case .pickedUp(let name, _, _): "picked up by \(name)"
        case .returned(let queue, let reason): "returned from \(queue), \(reason.rawValue)"
        case .requeued(let queue, let reason): "waits again in \(queue), \(reason.rawValue)"
        case .nobodyThere: "nobody there"
        case .kept: "kept as a message"
        case .closed(let reason): "closed, \(reason.rawValue)"
        }
    }

    private func show(_ arguments: [String]) throws -> [String] {
        switch try word(arguments, 0) {
        case "why":
            let decision = Routing.decide(try Self.name(try word(arguments, 1)), in: state)
            return ["\(decision.reach)" + ": " + decision.reasons.map { "\($0)" }.joined(separator: ", ")]
        case "board":
            let board = state.board()
            return board.queues.map {
                "\($0.queue.name): staffed \($0.staffed), free \($0.freePlaces), waiting \($0.waiting), usual wait "
                    + ($0.usualWaitMs.map(String.init) ?? "unknown") + ($0.paused ? ", paused" : "")
            }
                + board.waiting.map {
                    "\($0.offer == nil ? "waits" : "on offer") \(names[$0.chat.text] ?? "") in \($0.queue) since \($0.sinceMs): \($0.question)"
                        + ($0.note.isEmpty ? "" : " [\($0.note)]")
                }
                + board.kept.map {
                    "kept \(names[$0.chat.text] ?? "") for \($0.queue)" + ($0.dueMs.map { ms in ", due at \(ms)" } ?? "")
                        + ($0.listed.map { ", for \($0.name)" } ?? "")
                        + ($0.offeredBy.map { by in ", referred by \(by)" } ?? "") + ": \($0.question)"
                }
                + board.claimed.map { "claimed \(names[$0.chat.text] ?? "") by \($0.by)" }
        case "referred":
            let lines = state.board().referred.map { line in
                "\(line.by) referred \(names[line.chat.text] ?? "") of \(line.home) to \(line.target), due at \(line.dueMs): \(line.standing)"
                    + (line.answeredBy.map { by in " by \(by)" } ?? "") + (line.endedWallMs.map { ms in ", ended at \(ms)" } ?? "")
            }
            return lines.isEmpty ? ["nothing is shown of referrals"] : lines
        case "chat":
            let name = try word(arguments, 1)
            return state.messages(of: Self.id(name), after: .zero).map { "\(name) \(Self.describe($0))" }
        case "after":
            let name = try word(arguments, 1)
            let position = Position(epoch: UInt32(try number(arguments, 2)), n: UInt32(try number(arguments, 3)))
            return state.messages(of: Self.id(name), after: position).map { "\(name) \(Self.describe($0))" }
        case "may":
            let (name, person) = (try word(arguments, 1), try word(arguments, 2))
            return [
                state.authorize(Self.id(name), session: session(person, [:])).map { Self.describe(.refused($0)) }
                    ?? "\(person) may read \(name)"
            ]
        case "outbox":
            let library: LibraryName = try Self.name(try word(arguments, 1))
            let node: NodeName = try Self.name(arguments.count > 2 ? arguments[2] : "node-\(library)")
            var (after, lines) = (arguments.count > 3 ? try number(arguments, 3) : 0, [String]())
            while let next = state.transcript(for: library, at: node, after: after) {
                after = next.number
                let contact = next.contact.isEmpty ? "" : ", contact \(next.contact)"
                lines.append(
                    "\(next.number): \(names[next.chat.text] ?? "") of \(next.home)\(contact)" + (next.isDeletion ? ", deleted" : "")
                        + (next.sealed.map { ", \($0.messages) messages sealed as \(String(decoding: $0.bytes, as: UTF8.self))" } ?? ""))
                lines += next.messages.map { "    " + Self.describe($0) }
            }
            return lines.isEmpty ? ["nothing"] : lines
        case "receipts":
            let lines = state.transcriptReceipts.map {
                "\($0.number): \(names[$0.chat.text] ?? "") of \($0.home?.text ?? "nobody"), \($0.messages) messages, \($0.outcome) at \($0.atMs)"
            }
            return lines.isEmpty ? ["none"] : lines
        case "deadlines":
            let waiting = state.outbox.values.map { item in
                let heir = item.heirAtMs.map { "to the heir at \($0), " } ?? ""
                return "\(item.transcript.number): \(heir)gone at \(item.dropAtMs)"
            }
            let kept = state.chats.values.filter { $0.stage == .kept }.map { chat in
                "\(names[chat.id.text] ?? "") is over at \(chat.keptUntilMs.map(String.init) ?? "no time")"
            }
            return waiting + kept + ["now \(state.clockMs)"]
        case "next": return [state.nextDeadlineMs().map { "due at \($0), now \(state.clockMs)" } ?? "nothing is due, now \(state.clockMs)"]
        case let other: throw Mistake(description: "cannot show \(other)")
        }
    }
}

extension String {
    /// What stands before the first occurrence of a text; `nil` when it does not occur.
    fileprivate func cut(before text: String) -> String? {
        var rest = self[...]
        while !rest.isEmpty, !rest.hasPrefix(text) { rest = rest.dropFirst() }
        return rest.isEmpty ? nil : String(self[..<rest.startIndex])
    }
}
