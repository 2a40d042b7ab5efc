import Sodium

/// The service's settings as one document (agreement, 6): typed, numbered, with the keys that may sign the next one. As text it is what LTG reads, edits and signs:
///
///     callslip settings 1
///     version: 5
///     keys: 3b6a27bc…
///     note: Longer pick-up while exams last
///     pickUpSeconds: 90
///     …
///
/// Each setting stands there once, so a document says everything and two of them can be held against each other line by line. The number in the first line is the form's:
/// a setting that is added later comes with the next form and a feature level of its own, as replicas must agree on what they read.
public struct SettingsDocument: Hashable, Sendable {
    /// Why a text is no such document, for whoever wrote it.
    public struct Mistake: Error, Hashable, Sendable {
        public var sentence: String
        public init(_ sentence: String) { self.sentence = sentence }
    }

    /// Counts the documents from 1; it replaces the one before it.
    public var version: UInt64
    public var settings: Settings
    /// Who may sign the next document: Ed25519 public keys, `Limits.settingsKeysMax` at most.
    public var keys: [[UInt8]]
    /// Why, for people. One line.
    public var note: String

    public init(version: UInt64, settings: Settings, keys: [[UInt8]], note: String) {
        self.version = version
        self.settings = settings
        self.keys = keys
        self.note = note
    }

    static let head = "callslip settings 1"

    /// One setting: its name, the unit in which it is written, and where it is.
    struct Item: Sendable {
        var name: String
        /// Milliseconds of one, 1 for a plain number.
        var unit: UInt64
        var get: @Sendable (Settings) -> UInt64
        var set: @Sendable (inout Settings, UInt64) -> Void
    }

    /// What settings are called.
    public static var names: [String] { items.map(\.name) }

    static let items: [Item] = [
        Item(name: "pickUpSeconds", unit: 1_000, get: { $0.pickUpMs }, set: { $0.pickUpMs = $1 }),
        Item(name: "patronDeadlineSeconds", unit: 1_000, get: { $0.patronDeadlineMs }, set: { $0.patronDeadlineMs = $1 }),
        Item(name: "consentSeconds", unit: 1_000, get: { $0.consentMs }, set: { $0.consentMs = $1 }),
        Item(name: "operatorLeaseSeconds", unit: 1_000, get: { $0.operatorLeaseMs }, set: { $0.operatorLeaseMs = $1 }),
        Item(name: "patronGoneSeconds", unit: 1_000, get: { $0.patronGoneMs }, set: { $0.patronGoneMs = $1 }),
        Item(name: "tombstoneSeconds", unit: 1_000, get: { $0.tombstoneMs }, set: { $0.tombstoneMs = $1 }),
        Item(name: "answeredMessageHours", unit: 3_600_000, get: { $0.answeredMessageMs }, set: { $0.answeredMessageMs = $1 }),
        Item(name: "keptMessageDays", unit: 86_400_000, get: { $0.keptMessageMs }, set: { $0.keptMessageMs = $1 }),
        Item(name: "transcriptDeadlineHours", unit: 3_600_000, get: { $0.transcriptDeadlineMs }, set: { $0.transcriptDeadlineMs = $1 }),
        Item(name: "transcriptKeptHours", unit: 3_600_000, get: { $0.transcriptKeptMs }, set: { $0.transcriptKeptMs = $1 }),
        Item(
            name: "chatsPerOperator", unit: 1, get: { UInt64($0.chatsPerOperatorMax) },
            set: { $0.chatsPerOperatorMax = UInt32(clamping: $1) }),
        Item(
            name: "passwordMemoryMiB", unit: 1, get: { UInt64($0.passwordMemoryMiB) }, set: { $0.passwordMemoryMiB = UInt32(clamping: $1) }),
        Item(name: "passwordPasses", unit: 1, get: { UInt64($0.passwordPasses) }, set: { $0.passwordPasses = UInt32(clamping: $1) }),
    ]

    /// What is signed. A time that is no whole number of its unit is written as the next one above.
    public var text: String {
        let signers = keys.map { Hex.text(of: $0) }.joined(separator: " ")
        return [Self.head, "version: \(version)", "keys: \(signers)", "note: \(note)"].map { "\($0)\n" }.joined() + Self.lines(of: settings)
    }

    /// What the settings are, a line each.
    public static func lines(of settings: Settings) -> String {
        items.map { item in
            let value = item.get(settings)
            return "\(item.name): \(value / item.unit + (value % item.unit == 0 ? 0 : 1))\n"
        }.joined()
    }

    /// Reads the text. All of it, or nothing: each line once, none that this version does not know.
    public init(text: String) throws(Mistake) {
        guard text.utf8.count <= Limits.settingsTextBytesMax else {
            throw Mistake("A settings document has \(Limits.settingsTextBytesMax) bytes at most, not \(text.utf8.count).")
        }
        // By bytes: what a character is, versions of the language may see differently, and replicas must not.
        let lines = text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
        guard lines.first.map({ $0.elementsEqual(Self.head.utf8) }) ?? false else {
            throw Mistake("A settings document begins with `\(Self.head)`; one of another form is for another version of the program.")
        }
        var values: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else {
                throw Mistake("`\(String(decoding: line.prefix(40), as: UTF8.self))` is no line such as `pickUpSeconds: 60`.")
            }
            let name = String(decoding: line[..<colon], as: UTF8.self)
            guard ["version", "keys", "note"].contains(name) || Self.items.contains(where: { $0.name == name }) else {
                throw Mistake(
                    "This version of the program does not know the setting `\(name.prefix(40))`; if a newer one does, update the coordinators first."
                )
            }
            let value = String(decoding: line[line.index(after: colon)...].drop { $0 == UInt8(ascii: " ") }, as: UTF8.self)
            guard values.updateValue(value, forKey: name) == nil else { throw Mistake("`\(name)` stands there twice.") }
        }
        func value(_ name: String) throws(Mistake) -> String {
            guard let value = values[name] else { throw Mistake("`\(name)` is missing; `callslip settings show` writes a whole document.") }
            return value
        }
        func number(_ name: String) throws(Mistake) -> UInt64 {
            let word = try value(name)
            guard let number = UInt64(word), word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                throw Mistake("`\(name)` is a whole number; found `\(word.prefix(40))`.")
            }
            return number
        }
        version = try number("version")
        guard (1...Limits.settingsVersionMax).contains(version) else { throw Mistake("A version is 1 to \(Limits.settingsVersionMax).") }
        note = try value("note")
        guard note.utf8.count <= Limits.titleBytesMax else {
            throw Mistake("A note has \(Limits.titleBytesMax) bytes at most, not \(note.utf8.count).")
        }
        keys = []
        for word in try value("keys").utf8.split(separator: UInt8(ascii: " ")).map({ String(decoding: $0, as: UTF8.self) }) {
            guard let key = Hex.bytes(of: word, strict: true), key.count == SignedSettings.keyBytes else {
                throw Mistake("A key has \(SignedSettings.keyBytes * 2) hexadecimal digits; found `\(word.prefix(80))`.")
            }
            guard !keys.contains(key) else { throw Mistake("A key stands there twice.") }
            keys.append(key)
        }
        guard (1...Limits.settingsKeysMax).contains(keys.count) else {
            throw Mistake("A document names 1 to \(Limits.settingsKeysMax) keys that may sign the next one, not \(keys.count).")
        }
        settings = Settings()
        for item in Self.items {
            let (scaled, isTooMuch) = try number(item.name).multipliedReportingOverflow(by: item.unit)
            guard !isTooMuch else { throw Mistake("`\(item.name)` is too large.") }
            item.set(&settings, scaled)
        }
    }

    /// What one document says otherwise than another, line by line, without their numbers, keys and notes where these are the same.
    public static func differences(_ from: SettingsDocument?, _ to: SettingsDocument) -> [(name: String, from: String, to: String)] {
        var found: [(name: String, from: String, to: String)] = []
        for item in items {
            let (before, after) = (from.map { item.get($0.settings) / item.unit }, item.get(to.settings) / item.unit)
            if before != after { found.append((item.name, before.map { "\($0)" } ?? "", "\(after)")) }
        }
        if from?.keys != to.keys {
            found.append(
                (
                    "keys", from?.keys.map { Hex.text(of: $0) }.joined(separator: " ") ?? "",
                    to.keys.map { Hex.text(of: $0) }.joined(separator: " ")
                ))
        }
        return found
    }
}

/// A document with whose it is.
public struct SignedSettings: Hashable, Sendable {
    public static let keyBytes = 32
    public static let signatureBytes = 64

    public var text: String
    /// The public key whose signature it is.
    public var key: [UInt8]
    public var signature: [UInt8]
    public init(text: String, key: [UInt8], signature: [UInt8]) {
        self.text = text
        self.key = key
        self.signature = signature
    }

    /// What is signed: nothing else that the same key ever signs begins so.
    public static func message(_ text: String) -> [UInt8] { Array("callslip signed settings\n\(text)".utf8) }

    private static let mark = "signature: "

    /// As a file: the document, and a last line with key and signature.
    public var file: String { text + Self.mark + Hex.text(of: key) + " " + Hex.text(of: signature) + "\n" }

    public init(file: String) throws(SettingsDocument.Mistake) {
        let lines = file.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard let last = lines.last, last.utf8.starts(with: Self.mark.utf8) else {
            throw SettingsDocument.Mistake(
                "The document is not signed: its last line is `signature: KEY SIGNATURE`, as `callslip settings sign` writes it.")
        }
        let words = last.utf8.dropFirst(Self.mark.utf8.count).split(separator: UInt8(ascii: " ")).map {
            String(decoding: $0, as: UTF8.self)
        }
        guard words.count == 2, let key = Hex.bytes(of: words[0], strict: true), let signature = Hex.bytes(of: words[1], strict: true),
            key.count == Self.keyBytes, signature.count == Self.signatureBytes
        else {
            throw SettingsDocument.Mistake(
                "The signature's line has a key of \(Self.keyBytes * 2) and a signature of \(Self.signatureBytes * 2) hexadecimal digits.")
        }
        self.init(text: lines.dropLast().map { "\($0)\n" }.joined(), key: key, signature: signature)
    }
}

/// A document that is in force or was.
public struct SettingsEdition: Hashable, Sendable {
    public var signed: SignedSettings
    /// Unix milliseconds, by the leader's clock.
    public var wallMs: UInt64
    public init(signed: SignedSettings, wallMs: UInt64) {
        self.signed = signed
        self.wallMs = wallMs
    }

    /// Every edition was read before it was kept.
    public var document: SettingsDocument? { try? SettingsDocument(text: signed.text) }
}
