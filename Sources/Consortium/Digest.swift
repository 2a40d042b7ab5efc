/// A digest of the state that is the same in every process and version: words are mixed one after the other with fixed
/// constants (those of the splitmix64 generator, Steele and others, 2014). It finds replicas that differ; it is no defence
/// against somebody who wants two states to look alike.
package struct Digest: Sendable {
    package private(set) var value: UInt64

    package init(seed: UInt64 = 0x6361_6c6c_736c_6970) { value = seed }

    package mutating func add(_ word: UInt64) {
        var mixed = (value ^ word) &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
        value = (mixed ^ (mixed >> 31)) &+ (value << 7 | value >> 57)
    }

    package mutating func add(_ number: Int) { add(UInt64(truncatingIfNeeded: number)) }
    package mutating func add(_ number: UInt32) { add(UInt64(number)) }
    package mutating func add(_ yes: Bool) { add(yes ? 1 : 0 as UInt64) }

    /// Length first, then eight bytes a word, so that no two sequences of texts look alike.
    package mutating func add(bytes: some Collection<UInt8>) {
        add(bytes.count)
        if bytes.withContiguousStorageIfAvailable({ add(words: UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { add(words: $0) }
        }
    }

    /// Eight bytes make a word, the first of them its highest; what is left at the end makes a shorter one.
    private mutating func add(words bytes: UnsafeRawBufferPointer) {
        var at = 0
        while at + 8 <= bytes.count {
            add(UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)))
            at += 8
        }
        guard at < bytes.count else { return }
        var rest: UInt64 = 0
        while at < bytes.count {
            rest = rest << 8 | UInt64(bytes[at])
            at += 1
        }
        add(rest)
    }

    package mutating func add(_ text: String) { add(bytes: text.utf8) }
    package mutating func add<Tag>(_ name: Name<Tag>) { add(name.text) }
    package mutating func add<Tag>(_ id: Identifier<Tag>) {
        add(id.high)
        add(id.low)
    }
    package mutating func add(_ position: LogPosition) {
        add(position.index)
        add(position.ordinal)
    }
    package mutating func add(_ hash: SecretHash) { add(bytes: hash.bytes) }

    package mutating func add<Value>(_ value: Value?, _ each: (inout Digest, Value) -> Void) {
        add(value != nil)
        if let value { each(&self, value) }
    }

    package mutating func add<Values: Collection>(_ values: Values, _ each: (inout Digest, Values.Element) -> Void) {
        add(values.count)
        for value in values { each(&self, value) }
    }
}

extension Digest {
    mutating func add(_ message: ChatMessage) {
        add(message.position.epoch)
        add(message.position.n)
        add(message.wallMs)
        add(message.late)
        add(message.patronSupplied)
        add(message.branch)
        switch message.author {
        case .patron: add(0 as UInt64)
        case .staff(let name, let displayName, let library):
            add(1 as UInt64)
            person(name, displayName, library)
        case .service: add(2 as UInt64)
        }
        switch message.body {
        case .text(let text, let sender, let sequence):
            add(0 as UInt64)
            add(text)
            add(sender)
            add(sequence)
        case .event(let event):
            add(1 as UInt64)
            add(event)
        case .note(let text, let sender, let sequence):
            add(2 as UInt64)
            add(text)
            add(sender)
            add(sequence)
        }
    }

    private mutating func person(_ name: OperatorName, _ displayName: String, _ library: LibraryName) {
        add(name)
        add(displayName)
        add(library)
    }

    private mutating func add(_ event: ChatEvent) {
        switch event {
        case .opened(let queue): add("opened", queue)
        case .referred(let queue): add("referred", queue)
        case .claimed(let name, let displayName, let library):
            add("claimed")
            person(name, displayName, library)
        case .transferAsked(let queue): add("transferAsked", queue)
        case .transferDeclined(let queue): add("transferDeclined", queue)
        case .offered(let queue): add("offered", queue)
        case .pickedUp(let name, let displayName, let library):
            add("pickedUp")
            person(name, displayName, library)
        case .returned(let queue, let reason):
            add("returned", queue)
            add(reason.rawValue)
        case .requeued(let queue, let reason):
            add("requeued", queue)
            add(reason.rawValue)
        case .nobodyThere: add("nobodyThere")
        case .kept: add("kept")
        case .closed(let reason):
            add("closed")
            add(reason.rawValue)
        }
    }

    private mutating func add(_ word: String, _ queue: QueueName) {
        add(word)
        add(queue)
    }
}
