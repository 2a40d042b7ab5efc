/// What was said and what happened, as bytes.

import Consortium

extension PBChatEntry {
    init(_ message: ChatMessage) {
        self.init()
        epoch = message.position.epoch
        n = message.position.n
        switch message.author {
        case .patron: author = 0
        case .staff(let name, let displayName, let library):
            author = 1
            operatorName = name.text
            self.displayName = displayName
            self.library = library.text
        case .service: author = 2
        }
        wallMs = message.wallMs
        late = message.late
        patronSupplied = message.patronSupplied
        branch = message.branch
        switch message.body {
        case .text(let text, let sender, let sequence):
            self.text = text
            senderHigh = sender.high
            senderLow = sender.low
            self.sequence = sequence
        case .event(let event): self.event = PBChatEventMessage(event)
        case .note(let text, let sender, let sequence):
            note = text
            senderHigh = sender.high
            senderLow = sender.low
            self.sequence = sequence
        }
    }

    func decoded() throws(WireError) -> ChatMessage {
        let author: ChatMessage.Author
        switch self.author {
        case 0: author = .patron
        case 1:
            author = .staff(
                try Field.name(operatorName, "message.operator"), displayName: displayName,
                library: try Field.name(library, "message.library"))
        case 2: author = .service
        default: throw .unknownKind("message.author \(self.author)")
        }
        let sender = SenderID(high: senderHigh, low: senderLow)
        let body: ChatMessage.Body =
            if hasEvent {
                .event(try event.decoded())
            } else if !note.isEmpty {
                .note(note, sender: sender, sequence: sequence)
            } else {
                .text(text, sender: sender, sequence: sequence)
            }
        return ChatMessage(
            position: Position(epoch: epoch, n: n), author: author, body: body, wallMs: wallMs, late: late, patronSupplied: patronSupplied,
            branch: branch)
    }
}

extension PBChatEventMessage {
    init(_ event: ChatEvent) {
        self.init()
        switch event {
        case .opened(let queue): set("opened", queue)
        case .referred(let queue): set("referred", queue)
        case .claimed(let name, let displayName, let library): set("claimed", name, displayName, library)
        case .transferAsked(let queue): set("transferAsked", queue)
        case .transferDeclined(let queue): set("transferDeclined", queue)
        case .offered(let queue): set("offered", queue)
        case .pickedUp(let name, let displayName, let library): set("pickedUp", name, displayName, library)
        case .returned(let queue, let why):
            set("returned", queue)
            reason = why.rawValue
        case .requeued(let queue, let why):
            set("requeued", queue)
            reason = why.rawValue
        case .nobodyThere: kind = "nobodyThere"
        case .kept: kind = "kept"
        case .closed(let why):
            kind = "closed"
            reason = why.rawValue
        }
    }

    private mutating func set(_ kind: String, _ queue: QueueName) {
        self.kind = kind
        self.queue = queue.text
    }

    private mutating func set(_ kind: String, _ name: OperatorName, _ displayName: String, _ library: LibraryName) {
        self.kind = kind
        operatorName = name.text
        self.displayName = displayName
        self.library = library.text
    }

    func decoded() throws(WireError) -> ChatEvent {
        switch kind {
        case "opened": .opened(try name())
        case "referred": .referred(to: try name())
        case "claimed":
            .claimed(
                try Field.name(operatorName, "event.operator"), displayName: displayName, library: try Field.name(library, "event.library"))
        case "transferAsked": .transferAsked(try name())
        case "transferDeclined": .transferDeclined(try name())
        case "offered": .offered(try name())
        case "pickedUp":
            .pickedUp(
                try Field.name(operatorName, "event.operator"), displayName: displayName, library: try Field.name(library, "event.library"))
        case "returned": .returned(from: try name(), try Field.choice(reason, "event.returned"))
        case "requeued": .requeued(try name(), try Field.choice(reason, "event.requeued"))
        case "nobodyThere": .nobodyThere
        case "kept": .kept
        case "closed": .closed(try Field.choice(reason, "event.closed"))
        default: throw .unknownKind("event \(kind)")
        }
    }

    private func name() throws(WireError) -> QueueName { try Field.name(queue, "event.queue") }
}
