import Consortium

extension ServerMessage.Me {
    init(_ fields: Fields) throws(ProtocolError) {
        self.init(
            name: try fields.name("operator"), display: try fields.string("display"),
            library: try LibraryRef(try fields.object("library")), session: try fields.identifier("session"),
            queues: try fields.list("queues") { (queue) throws(ProtocolError) in try QueueRef(queue) },
            available: try fields.names("available"), leavingSeconds: try fields.integerIfPresent("leavingS"),
            untilMs: try fields.integerIfPresent("until"), duty: try fields.dutyIfPresent("duty"),
            duties: try fields.duties("duties"))
        volunteers = fields.has("volunteers") ? try fields.bool("volunteers") : nil
        isTrainee = try fields.bool("trainee", default: false)
        if let person = try fields.objectIfPresent("mentor") { mentor = try PersonRef(person) }
    }

    func json() -> [UInt8] {
        var writer = JSONWriter(kind: "me", reserving: 400)
        writer.field("operator", name)
        writer.field("display", display)
        writer.field("library", library)
        writer.field("session", session)
        writer.field("queues", list: queues) { writer, queue in writer.object { $0.members(queue) } }
        writer.field("available", list: available) { $0.string($1.text) }
        writer.field("leavingS", orNull: leavingSeconds)
        writer.field("until", orNull: untilMs)
        writer.field("duty", orNull: duty?.rawValue)
        writer.field("duties", list: duties) { $0.string($1.rawValue) }
        if let volunteers { writer.field("volunteers", volunteers) }
        if isTrainee { writer.field("trainee", true) }
        if let mentor { writer.field("mentor") { $0.members(mentor) } }
        return writer.finish()
    }
}

extension JSONWriter {
    fileprivate mutating func field(_ name: StaticString, orNull value: UInt64?) {
        if let value { field(name, value) } else { nullField(name) }
    }

    mutating func field(_ name: StaticString, orNull value: String?) {
        if let value { field(name, value) } else { nullField(name) }
    }
}

extension Fields {
    fileprivate func dutyIfPresent(_ name: String) throws(ProtocolError) -> Duty? { has(name) ? try choice(name) : nil }

    /// Names that this version does not know are left out, as fields are.
    fileprivate func duties(_ name: String) throws(ProtocolError) -> [Duty] {
        has(name) ? try strings(name).compactMap { Duty(rawValue: $0) } : []
    }
}

extension ServerMessage.BoardState {
    init(_ fields: Fields) throws(ProtocolError) {
        self.init(
            queues: try fields.list("queues") { (queue) throws(ProtocolError) in try ServerMessage.BoardQueue(queue) },
            waiting: try fields.list("waiting") { (chat) throws(ProtocolError) in try ServerMessage.BoardChat(chat) },
            kept: try fields.list("kept") { (chat) throws(ProtocolError) in try ServerMessage.BoardChat(chat) },
            claimed: try fields.list("claimed") { (claim) throws(ProtocolError) in
                ServerMessage.BoardClaim(chat: try claim.identifier("chat"), by: try PersonRef(try claim.object("by")))
            },
            staff: try fields.list("staff") { (person) throws(ProtocolError) in
                var read = ServerMessage.BoardPerson(
                    person: try PersonRef(person), available: try person.names("available"), chats: try person.integer("chats"),
                    leavingSeconds: try person.integerIfPresent("leavingS"), untilMs: try person.integerIfPresent("until"),
                    duty: try person.dutyIfPresent("duty"))
                read.volunteers = try person.bool("volunteers", default: false)
                read.isTrainee = try person.bool("trainee", default: false)
                read.mentor = try person.nameIfPresent("mentor")
                return read
            },
            libraries: fields.has("libraries")
                ? try fields.list("libraries") { (library) throws(ProtocolError) in try ServerMessage.BoardLibrary(library) } : nil,
            asksEnding: try fields.bool("asksEnding", default: false))
        shifts = try fields.integerIfPresent("shifts") ?? 0
        guard fields.has("referred") else { return }
        referred = try fields.list("referred") { (line) throws(ProtocolError) in try ServerMessage.BoardReferral(line) }
    }

    func json() -> [UInt8] {
        var writer = JSONWriter(kind: "board", reserving: 4_096)
        writer.field("queues", list: queues) { writer, queue in writer.object { queue.write(to: &$0) } }
        writer.field("waiting", list: waiting) { writer, chat in writer.object { chat.write(to: &$0) } }
        writer.field("kept", list: kept) { writer, chat in writer.object { chat.write(to: &$0) } }
        writer.field("claimed", list: claimed) { writer, claim in
            writer.object {
                $0.field("chat", claim.chat)
                $0.field("by") { $0.members(claim.by) }
            }
        }
        writer.field("staff", list: staff) { writer, person in
            writer.object {
                $0.members(person.person)
                $0.field("available", list: person.available) { $0.string($1.text) }
                $0.field("chats", person.chats)
                $0.field("leavingS", orNull: person.leavingSeconds)
                $0.field("until", orNull: person.untilMs)
                if let duty = person.duty { $0.field("duty", duty.rawValue) }
                if person.volunteers { $0.field("volunteers", true) }
                if person.isTrainee { $0.field("trainee", true) }
                if let mentor = person.mentor { $0.field("mentor", mentor) }
            }
        }
        if asksEnding { writer.field("asksEnding", true) }
        if shifts > 0 { writer.field("shifts", shifts) }
        if !referred.isEmpty {
            writer.field("referred", list: referred) { writer, line in writer.object { line.write(to: &$0) } }
        }
        if let libraries {
            writer.field("libraries", list: libraries) { writer, library in writer.object { library.write(to: &$0) } }
        }
        return writer.finish()
    }
}

extension ServerMessage.RoomEntry {
    init(_ fields: Fields) throws(ProtocolError) {
        let call = try fields.tokenIfPresent("takes")
        let text = try fields.stringIfPresent("text") ?? ""
        let word: RoomWord =
            if let call { .takesOne(of: call) } else if try fields.bool("swamped", default: false) { .swamped(text) } else { .said(text) }
        self.init(
            at: try fields.token("at"), by: try PersonRef(try fields.object("by")), wallMs: try fields.integer("ms"), word: word)
    }

    func write(to writer: inout JSONWriter) {
        writer.field("at", at)
        writer.field("by") { $0.members(by) }
        writer.field("ms", wallMs)
        switch word {
        case .said(let text): writer.field("text", text)
        case .swamped(let text):
            writer.field("swamped", true)
            writer.field("text", text)
        case .takesOne(let call): writer.field("takes", call)
        }
    }
}

extension ServerMessage.BoardQueue {
    fileprivate init(_ fields: Fields) throws(ProtocolError) {
        self.init(
            queue: try QueueRef(fields), library: try fields.libraryIfPresent(), reach: try fields.choice("reach"),
            takesTransfers: try fields.bool("takesTransfers"),
            reasons: try fields.list("reasons") { (reason) throws(ProtocolError) in
                ServerMessage.BoardReason(try reason.choice("code"), try reason.string("text"))
            }, staffed: try fields.integer("staffed"), free: try fields.integer("free"), waiting: try fields.integer("waiting"),
            usualWaitSeconds: try fields.integerIfPresent("usualWaitS"), paused: try fields.bool("paused"),
            outsideHours: fields.has("outsideHours") ? try fields.bool("outsideHours") : false)
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.members(queue)
        writer.field("library", orNull: library)
        writer.field("general", library == nil)
        writer.field("reach", reach.rawValue)
        writer.field("takesTransfers", takesTransfers)
        writer.field("reasons", list: reasons) { writer, reason in
            writer.object {
                $0.field("code", reason.code.rawValue)
                $0.field("text", reason.text)
            }
        }
        writer.field("staffed", staffed)
        writer.field("free", free)
        writer.field("waiting", waiting)
        writer.field("usualWaitS", orNull: usualWaitSeconds)
        writer.field("paused", paused)
        writer.field("outsideHours", outsideHours)
    }
}

extension ServerMessage.BoardChat {
    fileprivate init(_ fields: Fields) throws(ProtocolError) {
        self.init(
            chat: try fields.identifier("chat"), library: try fields.libraryIfPresent(), queue: try fields.queue(),
            question: try fields.string("question"), waitedSeconds: try fields.integer("waitedS"),
            offer: try fields.tokenIfPresent("offer"), by: try fields.nameIfPresent("by"), note: try fields.stringIfPresent("note"),
            mayClaim: try fields.bool("mayClaim"), dueSeconds: try fields.integerIfPresent("dueS"),
            isOnDuty: fields.has("onDuty") ? try fields.bool("onDuty") : nil, firstSeconds: try fields.integerIfPresent("firstS"),
            listed: try fields.stringIfPresent("listed"))
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("chat", chat)
        writer.field("library", orNull: library)
        writer.field("queue", queue)
        writer.field("question", question)
        writer.field("waitedS", waitedSeconds)
        if let offer { writer.field("offer", offer) }
        if let by { writer.field("by", by) }
        if let note { writer.field("note", note) }
        writer.field("mayClaim", mayClaim)
        if let dueSeconds { writer.field("dueS", dueSeconds) }
        if let isOnDuty { writer.field("onDuty", isOnDuty) }
        if let firstSeconds { writer.field("firstS", firstSeconds) }
        if let listed { writer.field("listed", listed) }
    }
}

extension ServerMessage.BoardReferral {
    fileprivate init(_ fields: Fields) throws(ProtocolError) {
        self.init(
            chat: try fields.identifier("chat"), queue: try fields.queue(), home: try fields.queue("home"),
            askedSeconds: try fields.integer("askedS"), dueSeconds: try fields.integer("dueS"), standing: try fields.choice("standing"),
            by: fields.has("by") ? try PersonRef(try fields.object("by")) : nil, endedMs: try fields.integerIfPresent("endedMs"))
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("chat", chat)
        writer.field("queue", queue)
        writer.field("home", home)
        writer.field("askedS", askedSeconds)
        writer.field("dueS", dueSeconds)
        writer.field("standing", standing.rawValue)
        if let by { writer.field("by") { $0.members(by) } }
        if let endedMs { writer.field("endedMs", endedMs) }
    }
}

extension ServerMessage.BoardLibrary {
    fileprivate init(_ fields: Fields) throws(ProtocolError) {
        let card = try fields.object("card")
        self.init(
            library: try LibraryRef(fields), fallback: try fields.choice("fallback"),
            card: LibraryCard(
                hours: try card.string("hours"), website: try card.string("website"), phone: try card.string("phone"),
                email: try card.string("email"), policies: try card.string("policies"), lastChecked: try card.string("lastChecked"),
                wording: try card.string("wording")))
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.field("name", library.name)
        writer.field("title", library.title)
        writer.field("fallback", fallback.rawValue)
        writer.field("card") {
            $0.field("hours", card.hours)
            $0.field("website", card.website)
            $0.field("phone", card.phone)
            $0.field("email", card.email)
            $0.field("policies", card.policies)
            $0.field("lastChecked", card.lastChecked)
            $0.field("wording", card.wording)
        }
    }
}
