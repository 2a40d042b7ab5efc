import Consortium
import Sodium

/// Whoever has a key that signs settings.
struct SettingsSigner {
    let seed: [UInt8]
    let key: [UInt8]
    init(_ byte: UInt8) throws {
        seed = [UInt8](repeating: byte, count: Signing.seedBytes)
        key = try Signing.publicKey(seed: seed)
    }

    func sign(_ text: String) throws -> SignedSettings {
        SignedSettings(text: text, key: key, signature: try Signing.sign(SignedSettings.message(text), seed: seed))
    }

    func sign(_ version: UInt64, _ settings: Settings, keys: [[UInt8]]? = nil, note: String = "") throws -> SignedSettings {
        try sign(SettingsDocument(version: version, settings: settings, keys: keys ?? [key], note: note).text)
    }

    func sign(_ version: UInt64, pickUpS: UInt64 = 60, keys: [[UInt8]]? = nil, note: String = "") throws -> SignedSettings {
        var settings = Settings()
        settings.pickUpMs = pickUpS * 1_000
        return try sign(version, settings, keys: keys, note: note)
    }
}
