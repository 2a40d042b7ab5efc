/// The signed settings that a node uses (agreement, 6). A node checks what it is told as replicas do, so that from the first document on neither a coordinator nor another node makes it
/// use what no key of LTG's signed; and what it cannot read it does not use in part. A pure value.

import Sodium

public struct SettingsInUse: Sendable {
    /// The versions that are known here, the newest last: that one is in use. Empty while nothing was signed.
    public private(set) var book: [SettingsEdition] = []
    /// The one in use, read.
    public private(set) var document: SettingsDocument?
    /// Why a version after it, which this node was sent, is not in use: for whoever looks for what keeps it behind.
    public private(set) var refusal: String?

    public init() {}

    public var version: UInt64 { document?.version ?? 0 }

    /// What the coordinators keep. It takes the place of what was known, also where that was newer: a consortium that came back from a backup may have lost some. Once something
    /// is in use here, it must have to do with that: a version that is known here among them, or the first one signed by a key that may sign.
    public mutating func take(_ told: [SettingsEdition]) {
        if let document, told != book, !told.contains(where: book.contains),
            !(told.first.map { document.keys.contains($0.signed.key) } ?? false)
        {
            refusal =
                "The coordinators have other signed settings than those in use here, by none of LTG's keys that are known here; what is in use stays. Sign them anew with one of those keys."
            return
        }
        var new = SettingsInUse()
        for edition in told { new.append(edition) }
        // Where none of it can be read, what is in use stays so.
        guard new.document != nil || told.isEmpty else {
            refusal = new.refusal
            return
        }
        self = new
    }

    /// What another node knows: taken as far as it follows what is known here, as each version is signed by a key that the one before it names, whoever sends it.
    public mutating func follow(_ told: [SettingsEdition]) {
        guard document != nil else { return }
        for edition in told where (edition.document?.version ?? .max) > version { append(edition) }
    }

    /// What the settings are, where the coordinators tell these: theirs until something is signed.
    public func settings(told: Settings) -> Settings { document?.settings ?? told }

    /// What nodes publish, so that each can tell whether another uses the same.
    public func digest(told: Settings) -> [UInt8] { Self.digest(version: version, settings(told: told)) }

    public static func digest(version: UInt64, _ settings: Settings) -> [UInt8] {
        digest(version: version, lines: SettingsDocument.lines(of: settings))
    }

    public static func digest(version: UInt64, lines: String) -> [UInt8] {
        Hash.sha256(Array("callslip settings in use\nversion: \(version)\n\(lines)".utf8))
    }

    /// The next version, if it is one; with none before it, any that is signed.
    private mutating func append(_ edition: SettingsEdition) {
        do throws(Refusal) {
            let next = if let document { try edition.signed.document(after: document) } else { try edition.signed.proven() }
            document = next
            book.append(edition)
            if book.count > Limits.settingsEditionsMax { book.removeFirst() }
            refusal = nil
        } catch {
            // What follows what was refused is refused because of it.
            refusal = refusal ?? error.sentence
        }
    }
}
