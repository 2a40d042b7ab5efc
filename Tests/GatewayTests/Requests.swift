import ClientProtocol
import Consortium

/// What clients on the stage send, and what they have learned: tokens, offers, how far their numbers are.
struct Requests {
    var sessions: [String: SessionID] = [:]
    private var tokens: [String: LogPosition] = [:]
    private var offers: [ChatID: LogPosition] = [:]
    private var sequences: [String: UInt64] = [:]

    mutating func learn(_ message: ServerMessage, _ client: String) {
        switch message {
        case .chat(let state):
            guard case .held(let held) = state.phase else { return }
            if let token = held.token { tokens["\(client) \(state.chat)"] = token }
            if let offer = held.offer { offers[state.chat] = offer.offer }
        case .board(let board):
            for line in board.waiting { if let offer = line.offer { offers[line.chat] = offer } }
        default: break
        }
    }

    /// Names: `re` is "VERB FIRST-ARGUMENT", a patron's attach "tab-CLIENT", a sender "CLIENT", where no option says otherwise.
    mutating func message(_ words: Words, _ names: inout Names) throws -> ClientMessage {
        let client = try words.word(0)
        let subject = words.arguments.count > 1 ? words.arguments[1] : ""
        let re: RequestID = names.id(words.options["re"] ?? "\(words.verb) \(subject)")
        switch words.verb {
        case "hello":
            let role = words.options["role"].flatMap(ClientMessage.Hello.Role.init) ?? .patron
            return .hello(.init(version: words.options["v"].flatMap(Int.init) ?? ProtocolLimits.version, role: role, client: "stage/1"))
        case "active": return .active
        case "available": return .available(re, try Names.name(subject), try words.word(2) == "on")
        case "back": return .back(re, try Names.name(subject))
        case "open-now": return .openNow(re, try Names.name(subject), minutes: UInt32(try words.number(2)))
        case "close-library": return .closeLibrary(re, minutes: UInt32(try words.number(1)), note: "Snow")
        case "reopen-library": return .reopenLibrary(re)
        case "room": return .room(re, .said(words.text))
        case "swamped": return .room(re, .swamped(words.text))
        case "mentor": return .mentor(re, try Names.name(subject), try words.word(2) == "on")
        case "volunteer": return .volunteer(re, subject == "on")
        case "duty": return .duty(re, Duty(rawValue: subject))
        case "until": return .until(re, inSeconds: UInt64(subject))
        case "leaving": return .leaving(re, inSeconds: UInt64(subject))
        case "collect": return .collect(re, code: subject, attach: attach(client, words, &names))
        default: return try chatMessage(words, client, names.id(subject), re, &names)
        }
    }

    private func attach(_ client: String, _ words: Words, _ names: inout Names) -> AttachID {
        names.id(words.options["attach"] ?? "tab-\(client)")
    }

    private func position(_ text: String?) throws -> Position {
        guard let text else { return .zero }
        let parts = text.split(separator: ":").compactMap { UInt32($0) }
        guard parts.count == 2 else { throw Mistake(description: "\(text) is no position") }
        return Position(epoch: parts[0], n: parts[1])
    }

    private func token(_ client: String, _ chat: ChatID, _ words: Words) throws -> LogPosition {
        guard let text = words.options["token"] else { return tokens["\(client) \(chat)"] ?? .zero }
        guard let index = UInt64(text) else { throw Mistake(description: "\(text) is no token") }
        return LogPosition(index: index, ordinal: 0)
    }

    private mutating func chatMessage(
        _ words: Words, _ client: String, _ chat: ChatID, _ re: RequestID, _ names: inout Names
    ) throws -> ClientMessage {
        let offer = offers[chat] ?? .zero
        switch words.verb {
        case "open":
            return .open(
                .init(
                    re: re, chat: chat, secret: names.id(words.options["secret"] ?? "secret of \(chat)"),
                    attach: attach(client, words, &names), queue: try Names.name(try words.word(2)),
                    referralAgreed: !words.arguments.contains("unasked"), patronSupplied: words.arguments.contains("supplied")))
        case "resume":
            return .resume(
                .init(
                    re: re, chat: chat, secret: names.id(words.options["secret"] ?? "secret of \(chat)"),
                    attach: attach(client, words, &names), after: try position(words.options["after"])))
        case "say", "note":
            let sender = words.options["sender"] ?? client
            let sequence = words.options["seq"].flatMap(UInt64.init) ?? (sequences["\(chat) \(sender)"] ?? 0) + 1
            sequences["\(chat) \(sender)"] = sequence
            let text = words.options["bytes"].flatMap(Int.init).map { String(repeating: "x", count: $0) } ?? words.text
            let isDesk = sessions[client] != nil && !words.arguments.contains("tokenless")
            return .say(
                .init(
                    chat: chat, sender: names.id(sender), sequence: sequence, text: text,
                    token: isDesk ? try token(client, chat, words) : nil, isNote: words.verb == "note"))
        case "typing": return .typing(chat)
        case "consent": return .consent(re, chat, offer: offer, agreed: try words.word(2) == "yes")
        case "leave": return .leave(re, chat)
        case "keep": return .keep(re, chat, code: try words.word(2), contact: "")
        case "claim": return .claim(re, chat)
        case "pick-up": return .pickUp(re, chat, offer: offer)
        case "transfer":
            return .transfer(
                .init(
                    re: re, chat: chat, token: try token(client, chat, words), target: try Names.name(try words.word(2)),
                    consentGiven: !words.arguments.contains("ask"), note: words.text,
                    answerInSeconds: words.arguments.contains("later") ? 3_600 : nil))
        case "withdraw": return .withdraw(re, chat, token: try token(client, chat, words), offer: offer)
        case "block": return .block(re, chat, token: try token(client, chat, words))
        case "release": return .release(re, chat, token: try token(client, chat, words))
        case "close": return .close(re, chat, token: try token(client, chat, words))
        case "watch", "let-go":
            return .watch(re, chat, token: try token(client, chat, words), try Names.name(try words.word(2)), words.verb == "watch")
        case "unwatch": return .unwatch(re, chat)
        case "take-over": return .takeOver(re, chat)
        case "follow": return .follow(re, chat, after: try position(words.options["after"]))
        case let other: throw Mistake(description: "no such command: \(other)")
        }
    }

    func bad(_ words: Words, _ names: inout Names) throws -> ProtocolError {
        switch try words.word(1) {
        case "json": return .badJson(offset: 3, expected: "a value")
        case "kind": return .unknownKind("dance", re: names.id("dance"))
        default: return .badField(kind: "say", field: "text", expected: "at most 4000 bytes", code: .tooLong, re: nil)
        }
    }
}

/// Libraries, queues and people of every scenario.
enum Roster {
    static func commands() throws -> [Command] {
        var commands: [Command] = []
        for (name, title) in [("memorial", "Memorial Library"), ("law", "Law Library")] {
            commands.append(.setLibrary(Library(name: try Names.name(name), title: title, homeNode: try Names.name("node-1"))))
        }
        for (name, title, library) in [("memorial-desk", "Memorial", "memorial"), ("law-desk", "Law", "law"), ("general", "General", "")] {
            let home: LibraryName? = library.isEmpty ? nil : try Names.name(library)
            commands.append(.setQueue(Queue(name: try Names.name(name), title: title, library: home)))
        }
        let people = [
            ("ann", "memorial", ["general", "memorial-desk"]), ("max", "memorial", ["memorial-desk"]), ("lea", "law", ["law-desk"]),
        ]
        for (name, library, queues) in people {
            commands.append(
                .setOperator(
                    Operator(
                        name: try Names.name(name), displayName: name.prefix(1).uppercased() + name.dropFirst(),
                        library: try Names.name(library),
                        queues: try queues.map { try Names.name($0) })))
        }
        return commands
    }
}

/// Commands that other nodes propose, from what the state shows.
enum Elsewhere {
    static func command(_ words: Words, _ state: ConsortiumState, _ names: inout Names) throws -> Command? {
        if words.verb == "tick" { return .tick }
        if words.verb == "level" { return .setFeatureLevel(UInt32(try words.word(0)) ?? 0) }
        let subject = try words.word(0)
        let person = words.arguments.count > 1 ? words.arguments[1] : ""
        let chat: ChatID = names.id(subject)
        let token: LogPosition = if case .held(let holder, _)? = state.meta(of: chat)?.phase { holder.token } else { .zero }
        switch words.verb {
        case "sign-on":
            let session: SessionID = names.id(words.options["session"] ?? "\(subject)-2")
            return .signOn(
                SignOn(
                    session: session, operatorName: try Names.name(subject), node: try Names.name("node-2"), boot: 1,
                    available: try words.arguments.dropFirst().map { try Names.name($0) }))
        case "lapse": return .lapse(names.id(subject))
        case "open":
            return .open(
                Open(
                    chat: chat, secret: Names.secretHash(Array((names.id("secret of \(chat)") as ChatSecret).text.utf8)),
                    queue: try Names.name(person), attach: names.id("tab-there"), node: try Names.name("node-2"), referralAgreed: true))
        case "attach":
            let secret: ChatSecret = names.id("secret of \(chat)")
            return .attach(
                Attach(
                    chat: chat, secret: Names.secretHash(Array(secret.text.utf8)), attach: names.id(person),
                    node: try Names.name("node-2")))
        case "claim":
            return .claim(Claim(chat: chat, session: names.id("\(person)-2"), request: names.id("claim \(subject) by \(person)")))
        case "release": return .release(chat, token: token)
        case "close": return .close(chat, token: token)
        case "gone", "present":
            guard let attach = state.meta(of: chat)?.attach else { throw Mistake(description: "no chat \(subject)") }
            return .patronPresence(chat, attach, present: words.verb == "present")
        case "say":
            return .say(
                Say(
                    chat: chat, speaker: .staff(token: token), sender: names.id(person), sequence: UInt64(words.options["seq"] ?? "1") ?? 1,
                    text: words.text))
        case let other: throw Mistake(description: "no such command elsewhere: \(other)")
        }
    }
}
