import Consortium

extension ClientMessage {
    /// Reads one frame's text. A text longer than `Limits.messageBytesMax` is read, so that the node can nack it by its number.
    public init(json bytes: some Sequence<UInt8>) throws(ProtocolError) {
        let fields = try Fields(message: bytes)
        switch fields.kind {
        case "hello": self = .hello(try Hello(fields))
        case "active": self = .active
        case "open": self = .open(try Open(fields))
        case "resume": self = .resume(try Resume(fields))
        case "say", "note": self = .say(try Say(fields))
        case "typing": self = .typing(try fields.identifier("chat"))
        case "consent":
            self = .consent(
                try fields.identifier("re"), try fields.identifier("chat"), offer: try fields.token("offer"),
                agreed: try fields.bool("agreed"))
        case "leave": self = .leave(try fields.identifier("re"), try fields.identifier("chat"))
        case "keep":
            self = .keep(
                try fields.identifier("re"), try fields.identifier("chat"), code: try fields.code(),
                contact: try fields.stringIfPresent("contact", bytesMax: Limits.contactBytesMax) ?? "")
        case "rate": self = .rate(try fields.identifier("re"), try fields.identifier("chat"), try fields.choice("rating"))
        case "collect":
            self = .collect(try fields.identifier("re"), code: try fields.code(), attach: try fields.identifier("attach"))
        default: self = try Self.deskMessage(fields)
        }
    }

    private static func deskMessage(_ fields: Fields) throws(ProtocolError) -> ClientMessage {
        switch fields.kind {
        case "available":
            return .available(try fields.identifier("re"), try fields.name("queue"), try fields.bool("on"))
        case "claim": return .claim(try fields.identifier("re"), try fields.identifier("chat"))
        case "pickup":
            return .pickUp(try fields.identifier("re"), try fields.identifier("chat"), offer: try fields.token("offer"))
        case "transfer": return .transfer(try Transfer(fields))
        case "withdraw":
            return .withdraw(
                try fields.identifier("re"), try fields.identifier("chat"), token: try fields.token("token"),
                offer: try fields.token("offer"))
        case "release":
            return .release(try fields.identifier("re"), try fields.identifier("chat"), token: try fields.token("token"))
        case "block":
            return .block(try fields.identifier("re"), try fields.identifier("chat"), token: try fields.token("token"))
        case "close":
            let ending: ChatEnding? = fields.has("ending") ? try fields.choice("ending") : nil
            return .close(try fields.identifier("re"), try fields.identifier("chat"), token: try fields.token("token"), ending)
        case "leaving", "until":
            let seconds = try fields.integerIfPresent("inS", as: UInt64.self)
            if let seconds, seconds > ProtocolLimits.leavingSecondsMax { throw fields.fault("inS", "at most a day", .tooLong) }
            let re: RequestID = try fields.identifier("re")
            return fields.kind == "until" ? .until(re, inSeconds: seconds) : .leaving(re, inSeconds: seconds)
        case "watch":
            return .watch(
                try fields.identifier("re"), try fields.identifier("chat"), token: try fields.token("token"), try fields.name("who"),
                try fields.bool("on"))
        case "unwatch": return .unwatch(try fields.identifier("re"), try fields.identifier("chat"))
        case "takeOver": return .takeOver(try fields.identifier("re"), try fields.identifier("chat"))
        case "mentor": return .mentor(try fields.identifier("re"), try fields.name("who"), try fields.bool("on"))
        case "room": return .room(try fields.identifier("re"), .said(try fields.string("text", bytesMax: Limits.roomLineBytesMax)))
        case "swamped":
            let text = try fields.stringIfPresent("text", bytesMax: Limits.roomLineBytesMax) ?? ""
            return .room(try fields.identifier("re"), .swamped(text))
        case "takeOne": return .room(try fields.identifier("re"), .takesOne(of: try fields.token("of")))
        case "volunteer": return .volunteer(try fields.identifier("re"), try fields.bool("on"))
        case "duty":
            return .duty(try fields.identifier("re"), fields.has("for") ? try fields.choice("for") : nil)
        case "back": return .back(try fields.identifier("re"), try fields.name("queue"))
        case "openNow":
            return .openNow(try fields.identifier("re"), try fields.name("queue"), minutes: try fields.integer("minutes"))
        case "closeLibrary":
            return .closeLibrary(
                try fields.identifier("re"), minutes: try fields.integer("minutes"),
                note: try fields.string("note", bytesMax: Limits.titleBytesMax))
        case "reopenLibrary": return .reopenLibrary(try fields.identifier("re"))
        case "follow":
            return .follow(try fields.identifier("re"), try fields.identifier("chat"), after: try fields.position("after"))
        default: throw fields.unknownKind
        }
    }

    /// The frame's text.
    public func json() -> [UInt8] {
        switch self {
        case .hello(let hello): return hello.json()
        case .active: return JSONWriter(kind: "active").finish()
        case .open(let open): return open.json()
        case .resume(let resume): return resume.json()
        case .say(let say): return say.json()
        case .transfer(let transfer): return transfer.json()
        case .typing(let chat):
            var writer = JSONWriter(kind: "typing")
            writer.field("chat", chat)
            return writer.finish()
        case .consent(let re, let chat, let offer, let agreed):
            var writer = JSONWriter(kind: "consent", re: re, chat: chat)
            writer.field("offer", offer)
            writer.field("agreed", agreed)
            return writer.finish()
        case .leave(let re, let chat): return JSONWriter(kind: "leave", re: re, chat: chat).finish()
        case .keep(let re, let chat, let code, let contact):
            var writer = JSONWriter(kind: "keep", re: re, chat: chat)
            writer.field("code", code)
            writer.field("contact", contact)
            return writer.finish()
        case .rate(let re, let chat, let rating):
            var writer = JSONWriter(kind: "rate", re: re, chat: chat)
            writer.field("rating", rating.rawValue)
            return writer.finish()
        case .collect(let re, let code, let attach):
            var writer = JSONWriter(kind: "collect", re: re)
            writer.field("code", code)
            writer.field("attach", attach)
            return writer.finish()
        default: return deskJSON()
        }
    }

    private func deskJSON() -> [UInt8] {
        var writer: JSONWriter
        switch self {
        case .available(let re, let queue, let on):
            writer = JSONWriter(kind: "available", re: re)
            writer.field("queue", queue)
            writer.field("on", on)
        case .claim(let re, let chat): writer = JSONWriter(kind: "claim", re: re, chat: chat)
        case .pickUp(let re, let chat, let offer):
            writer = JSONWriter(kind: "pickup", re: re, chat: chat)
            writer.field("offer", offer)
        case .withdraw(let re, let chat, let token, let offer):
            writer = JSONWriter(kind: "withdraw", re: re, chat: chat)
            writer.field("token", token)
            writer.field("offer", offer)
        case .release(let re, let chat, let token):
            writer = JSONWriter(kind: "release", re: re, chat: chat)
            writer.field("token", token)
        case .block(let re, let chat, let token):
            writer = JSONWriter(kind: "block", re: re, chat: chat)
            writer.field("token", token)
        case .close(let re, let chat, let token, let ending):
            writer = JSONWriter(kind: "close", re: re, chat: chat)
            writer.field("token", token)
            if let ending { writer.field("ending", ending.rawValue) }
        case .leaving(let re, let seconds), .until(let re, let seconds):
            writer = if case .until = self { JSONWriter(kind: "until", re: re) } else { JSONWriter(kind: "leaving", re: re) }
            if let seconds { writer.field("inS", seconds) } else { writer.nullField("inS") }
        case .watch(let re, let chat, let token, let name, let on):
            writer = JSONWriter(kind: "watch", re: re, chat: chat)
            writer.field("token", token)
            writer.field("who", name)
            writer.field("on", on)
        case .unwatch(let re, let chat): writer = JSONWriter(kind: "unwatch", re: re, chat: chat)
        case .takeOver(let re, let chat): writer = JSONWriter(kind: "takeOver", re: re, chat: chat)
        case .mentor(let re, let name, let on):
            writer = JSONWriter(kind: "mentor", re: re)
            writer.field("who", name)
            writer.field("on", on)
        case .room(let re, .said(let text)):
            writer = JSONWriter(kind: "room", re: re)
            writer.field("text", text)
        case .room(let re, .swamped(let text)):
            writer = JSONWriter(kind: "swamped", re: re)
            writer.field("text", text)
        case .room(let re, .takesOne(let call)):
            writer = JSONWriter(kind: "takeOne", re: re)
            writer.field("of", call)
        case .volunteer(let re, let on):
            writer = JSONWriter(kind: "volunteer", re: re)
            writer.field("on", on)
        case .duty(let re, let duty):
            writer = JSONWriter(kind: "duty", re: re)
            writer.field("for", orNull: duty?.rawValue)
        case .back(let re, let queue):
            writer = JSONWriter(kind: "back", re: re)
            writer.field("queue", queue)
        case .openNow(let re, let queue, let minutes):
            writer = JSONWriter(kind: "openNow", re: re)
            writer.field("queue", queue)
            writer.field("minutes", minutes)
        case .closeLibrary(let re, let minutes, let note):
            writer = JSONWriter(kind: "closeLibrary", re: re)
            writer.field("minutes", minutes)
            writer.field("note", note)
        case .reopenLibrary(let re): writer = JSONWriter(kind: "reopenLibrary", re: re)
        case .follow(let re, let chat, let after):
            writer = JSONWriter(kind: "follow", re: re, chat: chat)
            writer.field("after", after)
        default: preconditionFailure("json() writes the other kinds itself: \(self)")
        }
        return writer.finish()
    }
}

extension JSONWriter {
    init(kind: StaticString, re: RequestID, chat: ChatID? = nil) {
        self.init(kind: kind)
        field("re", re)
        if let chat { field("chat", chat) }
    }
}

extension Fields {
    /// A pick-up code as the patron typed it: 12 characters of Crockford's base 32 in three groups. `PickUpCode` folds it.
    fileprivate func code() throws(ProtocolError) -> String {
        let text = try string("code", bytesMax: ProtocolLimits.codeBytesMax)
        guard let code = PickUpCode.canonical(text) else { throw fault("code", "12 letters and digits, such as K7QM-3XRT-9WZB") }
        return code
    }
}

/// The code by which a patron collects the answer to a kept message: 60 random bits, made by the client.
public enum PickUpCode {
    private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Draws one from the generator that the caller injects.
    public static func make(using generator: inout some RandomNumberGenerator) -> String {
        var bytes: [UInt8] = []
        for index in 0..<12 {
            if index == 4 || index == 8 { bytes.append(UInt8(ascii: "-")) }
            bytes.append(alphabet[Int(generator.next(upperBound: UInt(32)))])
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads what a person typed: case, spaces and hyphens do not matter, O is 0, I and L are 1 (Crockford). `nil` when it is no code.
    public static func canonical(_ text: String) -> String? {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            let upper = (0x61...0x7a).contains(byte) ? byte - 0x20 : byte
            switch upper {
            case UInt8(ascii: "-"), UInt8(ascii: " "): continue
            case UInt8(ascii: "O"): bytes.append(UInt8(ascii: "0"))
            case UInt8(ascii: "I"), UInt8(ascii: "L"): bytes.append(UInt8(ascii: "1"))
            case _ where alphabet.contains(upper): bytes.append(upper)
            default: return nil
            }
        }
        guard bytes.count == 12 else { return nil }
        let groups = [bytes[0..<4], bytes[4..<8], bytes[8..<12]]
        return groups.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "-")
    }
}

extension ClientMessage.Hello {
    fileprivate init(_ fields: Fields) throws(ProtocolError) {
        self.init(
            version: try fields.integer("v"), role: try fields.choice("role"),
            client: try fields.string("client", bytesMax: ProtocolLimits.clientNameBytesMax),
            session: try fields.stringIfPresent("session", bytesMax: ProtocolLimits.sessionTokenBytesMax))
    }

    fileprivate func json() -> [UInt8] {
        var writer = JSONWriter(kind: "hello")
        writer.field("v", version)
        writer.field("role", role.rawValue)
        writer.field("client", client)
        if let session { writer.field("session", session) }
        return writer.finish()
    }
}

extension ClientMessage.Open {
    fileprivate init(_ fields: Fields) throws(ProtocolError) {
        self.init(
            re: try fields.identifier("re"), chat: try fields.identifier("chat"), secret: try fields.identifier("secret"),
            attach: try fields.identifier("attach"), queue: try fields.name("queue"),
            referralAgreed: try fields.bool("referralAgreed", default: false),
            patronSupplied: try fields.bool("patronSupplied", default: false),
            awayMs: try fields.integerIfPresent("awayMs", as: UInt64.self) ?? 0)
    }

    fileprivate func json() -> [UInt8] {
        var writer = JSONWriter(kind: "open", re: re, chat: chat)
        writer.field("secret", secret)
        writer.field("attach", attach)
        writer.field("queue", queue)
        writer.field("referralAgreed", referralAgreed)
        if patronSupplied { writer.field("patronSupplied", true) }
        if awayMs > 0 { writer.field("awayMs", awayMs) }
        return writer.finish()
    }
}

extension ClientMessage.Resume {
    fileprivate init(_ fields: Fields) throws(ProtocolError) {
        self.init(
            re: try fields.identifier("re"), chat: try fields.identifier("chat"), secret: try fields.identifier("secret"),
            attach: try fields.identifier("attach"), after: try fields.position("after"))
    }

    fileprivate func json() -> [UInt8] {
        var writer = JSONWriter(kind: "resume", re: re, chat: chat)
        writer.field("secret", secret)
        writer.field("attach", attach)
        writer.field("after", after)
        return writer.finish()
    }
}

extension ClientMessage.Say {
    fileprivate init(_ fields: Fields) throws(ProtocolError) {
        self.init(
            chat: try fields.identifier("chat"), sender: try fields.identifier("sender"), sequence: try fields.integer("seq"),
            text: try fields.string("text"), token: try fields.tokenIfPresent("token"), isNote: fields.kind == "note")
        guard sequence > 0 else { throw fields.fault("seq", "a number from 1") }
    }

    fileprivate func json() -> [UInt8] {
        var writer = JSONWriter(kind: isNote ? "note" : "say", reserving: 160 + text.utf8.count)
        writer.field("chat", chat)
        if let token { writer.field("token", token) }
        writer.field("sender", sender)
        writer.field("seq", sequence)
        writer.field("text", text)
        return writer.finish()
    }
}

extension ClientMessage.Transfer {
    fileprivate init(_ fields: Fields) throws(ProtocolError) {
        self.init(
            re: try fields.identifier("re"), chat: try fields.identifier("chat"), token: try fields.token("token"),
            target: try fields.name("target"), consentGiven: try fields.bool("consentGiven", default: false),
            note: try fields.stringIfPresent("note", bytesMax: Limits.noteBytesMax) ?? "",
            answerInSeconds: try fields.integerIfPresent("answerInS"),
            listing: try fields.identifierIfPresent("listing"))
        guard answerInSeconds ?? 0 <= Limits.answerInMsRange.upperBound / 1_000 else {
            throw fields.fault("answerInS", "at most \(Limits.answerInMsRange.upperBound / 1_000) seconds")
        }
    }

    fileprivate func json() -> [UInt8] {
        var writer = JSONWriter(kind: "transfer", re: re, chat: chat)
        writer.field("token", token)
        writer.field("target", target)
        writer.field("consentGiven", consentGiven)
        writer.field("note", note)
        if let answerInSeconds { writer.field("answerInS", answerInSeconds) }
        if let listing { writer.field("listing", listing) }
        return writer.finish()
    }
}
