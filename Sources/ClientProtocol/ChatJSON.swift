import Consortium

// References: {"name","title"} and {"name","display","library"}.

extension JSONWriter {
    mutating func field(_ name: StaticString, _ library: LibraryRef) {
        field(name) {
            $0.field("name", library.name)
            $0.field("title", library.title)
        }
    }

    mutating func field(_ name: StaticString, orNull library: LibraryRef?) {
        if let library { field(name, library) } else { nullField(name) }
    }

    mutating func field(_ name: StaticString, _ queue: QueueRef) {
        field(name) { $0.members(queue) }
    }

    mutating func members(_ queue: QueueRef) {
        field("name", queue.name)
        field("title", queue.title)
    }

    mutating func members(_ person: PersonRef) {
        field("name", person.name)
        field("display", person.display)
        if let library = person.library { field("library", library) }
    }
}

extension LibraryRef {
    init(_ fields: Fields) throws(ProtocolError) {
        self.init(name: try fields.name("name"), title: try fields.string("title"))
    }
}

extension QueueRef {
    init(_ fields: Fields) throws(ProtocolError) {
        self.init(name: try fields.name("name"), title: try fields.string("title"))
    }
}

extension PersonRef {
    init(_ fields: Fields) throws(ProtocolError) {
        self.init(name: try fields.name("name"), display: try fields.string("display"), library: try fields.libraryIfPresent())
    }
}

extension Fields {
    func queue(_ key: String = "queue") throws(ProtocolError) -> QueueRef {
        try QueueRef(try object(key))
    }

    func libraryIfPresent() throws(ProtocolError) -> LibraryRef? {
        guard let library = try objectIfPresent("library") else { return nil }
        return try LibraryRef(library)
    }
}

extension ServerMessage.ChatState {
    init(_ fields: Fields) throws(ProtocolError) {
        var marks: [SenderMark] = []
        for (key, value) in try fields.counts("marks") {
            guard let sender = SenderID(key) else { throw fields.fault("marks", "senders as names") }
            marks.append(SenderMark(sender: sender, sequence: value))
        }
        self.init(
            chat: try fields.identifier("chat"), epoch: try fields.integer("epoch"), last: try fields.position("last"),
            attach: try fields.identifierIfPresent("attach"), library: try fields.libraryIfPresent(), queue: try fields.queue(),
            phase: try ServerMessage.Phase(try fields.object("phase")), patronPresent: try fields.bool("patronPresent"),
            openedMs: try fields.integer("opened"), usualWaitSeconds: try fields.integerIfPresent("usualWaitS"), marks: marks,
            isHeld: try fields.bool("held", default: false))
    }

    func json() -> [UInt8] {
        var writer = JSONWriter(kind: "chat", reserving: 640)
        writer.field("chat", chat)
        writer.field("epoch", epoch)
        writer.field("last", last)
        if let attach { writer.field("attach", attach) }
        writer.field("library", orNull: library)
        writer.field("queue", queue)
        writer.field("phase") { phase.write(to: &$0) }
        writer.field("patronPresent", patronPresent)
        writer.field("opened", openedMs)
        if let usualWaitSeconds { writer.field("usualWaitS", usualWaitSeconds) } else { writer.nullField("usualWaitS") }
        if isHeld { writer.field("held", true) }
        writer.field("marks") { for mark in marks { $0.member(mark.sender.text, mark.sequence) } }
        return writer.finish()
    }
}

extension ServerMessage.Phase {
    init(_ fields: Fields) throws(ProtocolError) {
        let phase = try fields.string("p")
        switch phase {
        case "waiting": self = .waiting(try fields.queue(), ahead: try fields.integer("ahead"))
        case "held": self = .held(try ServerMessage.Held(fields))
        case "ask": self = .ask(referral: try fields.queue("referral"))
        case "unattended": self = .unattended
        case "kept": self = .kept
        case "closed": self = .closed(try fields.choice("reason"))
        default: throw fields.fault("p", "a phase of version 1")
        }
    }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .waiting(let queue, let ahead):
            writer.field("p", "waiting" as StaticString)
            writer.field("queue", queue)
            writer.field("ahead", ahead)
        case .held(let held):
            writer.field("p", "held" as StaticString)
            writer.field("by") { $0.members(held.by) }
            if let token = held.token { writer.field("token", token) }
            if let mine = held.mine { writer.field("mine", mine) }
            if !held.watchers.isEmpty {
                writer.field("watchers", list: held.watchers) { writer, person in writer.object { $0.members(person) } }
            }
            if held.isWatching { writer.field("watching", true) }
            if let offer = held.offer {
                writer.field("offer") {
                    $0.field("offer", offer.offer)
                    $0.field("target", offer.target)
                    $0.field("asked", offer.asked)
                    $0.field("untilS", offer.untilSeconds)
                    if let seconds = offer.answerInSeconds { $0.field("answerInS", seconds) }
                }
            }
        case .ask(let referral):
            writer.field("p", "ask" as StaticString)
            writer.field("referral", referral)
        case .unattended: writer.field("p", "unattended" as StaticString)
        case .kept: writer.field("p", "kept" as StaticString)
        case .closed(let reason):
            writer.field("p", "closed" as StaticString)
            writer.field("reason", reason.rawValue)
        }
    }
}

extension ServerMessage.Held {
    fileprivate init(_ fields: Fields) throws(ProtocolError) {
        var offer: ServerMessage.Offer?
        if let inner = try fields.objectIfPresent("offer") {
            offer = ServerMessage.Offer(
                offer: try inner.token("offer"), target: try inner.queue("target"), asked: try inner.bool("asked"),
                untilSeconds: try inner.integer("untilS"), answerInSeconds: try inner.integerIfPresent("answerInS"))
        }
        self.init(
            by: try PersonRef(try fields.object("by")), token: try fields.tokenIfPresent("token"),
            mine: fields.has("mine") ? try fields.bool("mine") : nil, offer: offer)
        watchers =
            fields.has("watchers") ? try fields.list("watchers") { (person) throws(ProtocolError) in try PersonRef(person) } : []
        isWatching = try fields.bool("watching", default: false)
    }
}

extension ServerMessage.Message {
    init(_ fields: Fields) throws(ProtocolError) {
        let body: Body
        if let event = try fields.objectIfPresent("event") {
            body = .event(try ServerMessage.Event(event))
        } else if let note = try fields.stringIfPresent("note") {
            body = .note(note, sender: try fields.identifier("sender"), sequence: try fields.integer("seq"))
        } else {
            body = .text(try fields.string("text"), sender: try fields.identifier("sender"), sequence: try fields.integer("seq"))
        }
        self.init(
            at: try fields.position("at"), by: try fields.choice("by"), name: try fields.stringIfPresent("name"),
            library: try fields.libraryIfPresent(), wallMs: try fields.integer("ms"), body: body,
            late: try fields.bool("late", default: false), own: try fields.bool("own", default: false))
        held = try fields.bool("held", default: false)
        branch = try fields.bool("branch", default: false)
    }

    func write(to writer: inout JSONWriter) {
        writer.field("at", at)
        writer.field("by", by.rawValue)
        if let name { writer.field("name", name) }
        if let library { writer.field("library", library) }
        writer.field("ms", wallMs)
        switch body {
        case .text(let text, let sender, let sequence):
            writer.field("text", text)
            writer.field("sender", sender)
            writer.field("seq", sequence)
        case .event(let event): writer.field("event") { event.write(to: &$0) }
        case .note(let text, let sender, let sequence):
            writer.field("note", text)
            writer.field("sender", sender)
            writer.field("seq", sequence)
        }
        if late { writer.field("late", true) }
        if own { writer.field("own", true) }
        if held { writer.field("held", true) }
        if branch { writer.field("branch", true) }
    }

    /// How many bytes the message takes in a frame, at most: for cutting a chat into frames.
    public var jsonBytesMax: Int {
        let text: String
        switch body {
        case .text(let said, _, _), .note(let said, _, _): text = said
        case .event: return 512
        }
        // A control character takes six bytes when escaped, everything else as much as it has, or twice that.
        var escaped = 0
        for byte in text.utf8 where byte < 0x20 || byte == 0x22 || byte == 0x5c || byte == 0x3c || byte == 0x7f { escaped += 5 }
        return 512 + text.utf8.count + escaped
    }
}

extension ServerMessage.Event {
    init(_ fields: Fields) throws(ProtocolError) {
        let event = try fields.string("e")
        switch event {
        case "opened": self = .opened(try fields.queue())
        case "referred": self = .referred(try fields.queue())
        case "claimed": self = .claimed(try PersonRef(fields))
        case "transferAsked": self = .transferAsked(try fields.queue())
        case "transferDeclined": self = .transferDeclined(try fields.queue())
        case "offered": self = .offered(try fields.queue())
        case "pickedUp": self = .pickedUp(try PersonRef(fields))
        case "returned": self = .returned(try fields.queue(), try fields.choice("reason"))
        case "requeued": self = .requeued(try fields.queue(), try fields.choice("reason"))
        case "nobodyThere": self = .nobodyThere
        case "kept": self = .kept
        case "closed": self = .closed(try fields.choice("reason"))
        default: throw fields.fault("e", "an event of version 1")
        }
    }

    func write(to writer: inout JSONWriter) {
        func queueEvent(_ event: StaticString, _ queue: QueueRef, reason: String? = nil) {
            writer.field("e", event)
            writer.field("queue", queue)
            if let reason { writer.field("reason", reason) }
        }
        switch self {
        case .opened(let queue): queueEvent("opened", queue)
        case .referred(let queue): queueEvent("referred", queue)
        case .transferAsked(let queue): queueEvent("transferAsked", queue)
        case .transferDeclined(let queue): queueEvent("transferDeclined", queue)
        case .offered(let queue): queueEvent("offered", queue)
        case .returned(let queue, let reason): queueEvent("returned", queue, reason: reason.rawValue)
        case .requeued(let queue, let reason): queueEvent("requeued", queue, reason: reason.rawValue)
        case .claimed(let person):
            writer.field("e", "claimed" as StaticString)
            writer.members(person)
        case .pickedUp(let person):
            writer.field("e", "pickedUp" as StaticString)
            writer.members(person)
        case .nobodyThere: writer.field("e", "nobodyThere" as StaticString)
        case .kept: writer.field("e", "kept" as StaticString)
        case .closed(let reason):
            writer.field("e", "closed" as StaticString)
            writer.field("reason", reason.rawValue)
        }
    }
}
