import Consortium

extension ServerMessage {
    /// Reads one frame's text. Clients ignore `unknownKind`.
    public init(json bytes: some Sequence<UInt8>) throws(ProtocolError) {
        let fields = try Fields(message: bytes)
        switch fields.kind {
        case "welcome": self = .welcome(try Welcome(fields))
        case "service":
            let isIsolated = try fields.string("state") == "isolated"
            let isAnswering = try fields.bool("answering", default: false)
            self = .service(isIsolated ? isAnswering ? .answering : .waiting : .ok, text: try fields.stringIfPresent("text") ?? "")
        case "ok":
            self = .ok(
                OK(
                    re: try fields.identifier("re"), token: try fields.tokenIfPresent("token"), offer: try fields.tokenIfPresent("offer"),
                    chat: try fields.identifierIfPresent("chat")))
        case "refused":
            self = .refused(
                Refused(
                    re: try fields.identifierIfPresent("re"), code: try fields.refusalCode(), text: try fields.string("text"),
                    retryMs: try fields.integerIfPresent("retryMs")))
        case "ack":
            self = .ack(
                Ack(
                    chat: try fields.identifier("chat"), sender: try fields.identifier("sender"), sequence: try fields.integer("seq"),
                    level: try fields.choice("level"), at: try fields.position("at")))
        case "nack":
            self = .nack(
                Nack(
                    chat: try fields.identifier("chat"), sender: try fields.identifier("sender"), sequence: try fields.integer("seq"),
                    code: try fields.refusalCode(), text: try fields.string("text"), retryMs: try fields.integerIfPresent("retryMs")))
        case "typing": self = .typing(try fields.identifier("chat"), try fields.choice("who"))
        case "fenced": self = .fenced(try fields.identifier("chat"))
        case "chat": self = .chat(try ChatState(fields))
        case "msgs":
            self = .messages(
                try fields.identifier("chat"), try fields.list("m") { (entry) throws(ProtocolError) in try Message(entry) },
                more: try fields.bool("more"))
        case "me": self = .me(try Me(fields))
        case "board": self = .board(try BoardState(fields))
        case "room": self = .room(try fields.list("lines") { (line) throws(ProtocolError) in try RoomEntry(line) })
        case "notice": self = .notice(text: try fields.string("text"))
        case "bye":
            self = .bye(try fields.choice("code"), text: try fields.string("text"), retryMs: try fields.integerIfPresent("retryMs"))
        default: throw fields.unknownKind
        }
    }

    /// The frame's text.
    public func json() -> [UInt8] {
        var writer: JSONWriter
        switch self {
        case .welcome(let welcome): return welcome.json()
        case .chat(let state): return state.json()
        case .me(let me): return me.json()
        case .board(let board): return board.json()
        case .room(let lines):
            writer = JSONWriter(kind: "room", reserving: 80 + lines.count * 400)
            writer.field("lines", list: lines) { writer, line in writer.object { line.write(to: &$0) } }
        case .service(let state, let text):
            writer = JSONWriter(kind: "service")
            writer.field("state", state == .ok ? "ok" : "isolated" as StaticString)
            if state != .ok { writer.field("answering", state == .answering) }
            if !text.isEmpty { writer.field("text", text) }
        case .ok(let ok):
            writer = JSONWriter(kind: "ok", re: ok.re, chat: ok.chat)
            if let token = ok.token { writer.field("token", token) }
            if let offer = ok.offer { writer.field("offer", offer) }
        case .refused(let refused):
            writer = JSONWriter(kind: "refused")
            if let re = refused.re { writer.field("re", re) } else { writer.nullField("re") }
            writer.field("code", refused.code.rawValue)
            writer.field("text", refused.text)
            if let retryMs = refused.retryMs { writer.field("retryMs", retryMs) }
        case .ack(let ack):
            writer = JSONWriter(kind: "ack", reserving: 192)
            writer.field("chat", ack.chat)
            writer.field("sender", ack.sender)
            writer.field("seq", ack.sequence)
            writer.field("level", ack.level.rawValue)
            writer.field("at", ack.at)
        case .nack(let nack):
            writer = JSONWriter(kind: "nack")
            writer.field("chat", nack.chat)
            writer.field("sender", nack.sender)
            writer.field("seq", nack.sequence)
            writer.field("code", nack.code.rawValue)
            writer.field("text", nack.text)
            if let retryMs = nack.retryMs { writer.field("retryMs", retryMs) }
        case .typing(let chat, let who):
            writer = JSONWriter(kind: "typing")
            writer.field("chat", chat)
            writer.field("who", who.rawValue)
        case .fenced(let chat):
            writer = JSONWriter(kind: "fenced")
            writer.field("chat", chat)
        case .messages(let chat, let messages, let more):
            writer = JSONWriter(kind: "msgs", reserving: 80 + messages.count * 320)
            writer.field("chat", chat)
            writer.field("m", list: messages) { writer, message in writer.object { message.write(to: &$0) } }
            writer.field("more", more)
        case .notice(let text):
            writer = JSONWriter(kind: "notice")
            writer.field("text", text)
        case .bye(let code, let text, let retryMs):
            writer = JSONWriter(kind: "bye")
            writer.field("code", code.rawValue)
            writer.field("text", text)
            if let retryMs { writer.field("retryMs", retryMs) } else { writer.nullField("retryMs") }
            if code == .version { writer.field("want", list: [ProtocolLimits.version]) { $0.integer($1) } }
        }
        return writer.finish()
    }
}

extension Fields {
    fileprivate func refusalCode() throws(ProtocolError) -> RefusalCode {
        RefusalCode(rawValue: try string("code")) ?? .invalid
    }
}

extension ServerMessage.Welcome {
    fileprivate init(_ fields: Fields) throws(ProtocolError) {
        let limits = try fields.object("limits")
        self.init(
            node: try fields.name("node"), boot: try fields.string("boot"), nodes: try fields.strings("nodes"),
            pingSeconds: try fields.integer("pingS"), textBytesMax: try limits.integer("textBytes"),
            frameBytesMax: try limits.integer("frameBytes"), nowMs: try fields.integer("now"),
            desk: try fields.stringIfPresent("desk", bytesMax: ProtocolLimits.clientNameBytesMax))
    }

    fileprivate func json() -> [UInt8] {
        var writer = JSONWriter(kind: "welcome", reserving: 400)
        writer.field("v", ProtocolLimits.version)
        writer.field("node", node)
        writer.field("boot", boot)
        writer.field("nodes", list: nodes) { $0.string($1) }
        writer.field("pingS", pingSeconds)
        writer.field("limits") {
            $0.field("textBytes", textBytesMax)
            $0.field("frameBytes", frameBytesMax)
        }
        writer.field("now", nowMs)
        if let desk { writer.field("desk", desk) }
        return writer.finish()
    }
}
