/// Signed settings as bytes.

import Consortium
import FoundationEssentials

extension PBSignedSettingsEntry {
    init(_ signed: SignedSettings, wallMs: UInt64 = 0) {
        self.init()
        text = signed.text
        key = Data(signed.key)
        signature = Data(signed.signature)
        self.wallMs = wallMs
    }

    init(_ edition: SettingsEdition) { self.init(edition.signed, wallMs: edition.wallMs) }

    func signed() throws(WireError) -> SignedSettings {
        guard text.utf8.count <= Limits.settingsTextBytesMax else {
            throw .tooLarge(expectedMax: Limits.settingsTextBytesMax, found: text.utf8.count)
        }
        guard key.count == SignedSettings.keyBytes else {
            throw .invalidField("settings.key", expected: "\(SignedSettings.keyBytes) bytes")
        }
        guard signature.count == SignedSettings.signatureBytes else {
            throw .invalidField("settings.signature", expected: "\(SignedSettings.signatureBytes) bytes")
        }
        return SignedSettings(text: text, key: [UInt8](key), signature: [UInt8](signature))
    }

    func decoded() throws(WireError) -> SettingsEdition { SettingsEdition(signed: try signed(), wallMs: wallMs) }
}

extension PBSettingsBookEntry {
    init(_ book: [SettingsEdition]) {
        self.init()
        editions = book.map { PBSignedSettingsEntry($0) }
    }

    func decoded() throws(WireError) -> [SettingsEdition] {
        try Field.list(editions, "settingsBook", max: Limits.settingsEditionsMax) { e throws(WireError) in try e.decoded() }
    }
}

/// Signed settings as they travel from one node to another.
enum SettingsCoding {
    /// Each version with all that its fields can hold.
    static let bytesMax = Limits.settingsEditionsMax * (Limits.settingsTextBytesMax + 256)

    static func bytes(_ book: [SettingsEdition]) -> [UInt8] { PBSettingsBookEntry(book).bytes }

    static func book(wire bytes: [UInt8]) throws(WireError) -> [SettingsEdition] {
        try PBSettingsBookEntry.parsed(bytes, bytesMax: bytesMax).decoded()
    }
}
