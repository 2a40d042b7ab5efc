/// The service's settings with their history, as the API, the page and `callslip settings` show them (agreement, 6).

import Consortium
import Sodium
import Wire

public struct SettingsReport: Codable, Sendable {
    public struct Difference: Codable, Sendable {
        public var name: String
        /// Empty in the first version.
        public var from: String
        public var to: String
    }
    public struct Edition: Codable, Sendable {
        public var version: UInt64
        public var note: String
        public var ms: UInt64
        /// Who signed it: the public key, in hexadecimal.
        public var key: String
        /// The document, as it was signed.
        public var text: String
        public var signature: String
        /// From the version before it, where that is still kept.
        public var differences: [Difference]
    }
    /// The version in force; 0 while nothing was signed, and import sets the settings.
    public var version: UInt64
    /// Who may sign the next one.
    public var keys: [String]
    /// A whole document that says what is so now, numbered as the next one: to be edited, and signed.
    public var next: String
    /// The newest first.
    public var history: [Edition]
    /// Each node, and whether it uses what is in force. In order of their names.
    public var nodes: [Node]
    /// Nodes that are there and use something else.
    public var strays: Int

    public struct Node: Codable, Sendable {
        public var node: String
        /// `follows`, `differs`, `away`: not heard of now, or `silent`: nothing is known of it.
        public var state: String
        /// Of the document that it uses, or used when it was last heard of; absent where that is not known.
        public var version: UInt64?
        /// How what it uses (`from`) differs from what is in force (`to`).
        public var differences: [Difference]
        /// What is behind it, and what becomes of it, in a sentence; absent where all is well.
        public var why: String?
    }

    init(_ inUse: SettingsInUse, present: Settings, nodes told: [SettingsSeen]) {
        let present = inUse.settings(told: present)
        let last = inUse.document
        version = inUse.version
        keys = (last?.keys ?? []).map { Hex.text(of: $0) }
        next = SettingsDocument(version: version + 1, settings: present, keys: last?.keys ?? [], note: "").text
        var before: SettingsDocument?
        var editions: [Edition] = []
        for edition in inUse.book {
            guard let document = edition.document else { continue }
            editions.append(
                Edition(
                    version: document.version, note: document.note, ms: edition.wallMs, key: Hex.text(of: edition.signed.key),
                    text: edition.signed.text, signature: Hex.text(of: edition.signed.signature),
                    differences: SettingsDocument.differences(before, document).map { Difference(name: $0.name, from: $0.from, to: $0.to) })
            )
            before = document
        }
        history = editions.reversed()
        let digest = inUse.digest(told: present)
        nodes = told.sorted { $0.node < $1.node }.map { Self.node($0, inUse, present, digest) }
        strays = nodes.count { $0.state == "differs" }
    }

    private static func node(_ seen: SettingsSeen, _ inUse: SettingsInUse, _ present: Settings, _ digest: [UInt8]) -> Node {
        let away = seen.awayMs.map { ms in
            "Not heard of for \(max(ms, 0) / 1_000) s; what is in force it takes when it is back."
        }
        guard !seen.digest.isEmpty else {
            let why =
                "It has not said which settings it uses: its version of the program is from before nodes told, or it has just started."
            return Node(node: seen.node, state: away == nil ? "silent" : "away", version: nil, differences: [], why: away ?? why)
        }
        if seen.digest == digest {
            return Node(
                node: seen.node, state: away == nil ? "follows" : "away", version: inUse.version, differences: [],
                why: away ?? seen.told?.refusal.nilIfEmpty)
        }
        let former = inUse.book.compactMap(\.document).last { SettingsInUse.digest(version: $0.version, $0.settings) == seen.digest }
        let lines = former.map { SettingsDocument.lines(of: $0.settings) } ?? seen.told?.lines
        let why =
            away ?? seen.told?.refusal.nilIfEmpty
            ?? (lines == nil
                ? "It does not answer just now." : "It takes what is in force as soon as somebody who knows it can be reached.")
        return Node(
            node: seen.node, state: away == nil ? "differs" : "away", version: former?.version ?? seen.told?.version,
            differences: lines.map { differences($0, SettingsDocument.lines(of: present)) } ?? [], why: why)
    }

    /// Line by line, as another node may know other settings than this one.
    private static func differences(_ from: String, _ to: String) -> [Difference] {
        func values(_ lines: String) -> [(name: String, value: String)] {
            lines.split(separator: "\n").map { line in
                let parts = line.split(separator: ":", maxSplits: 1)
                return (String(parts.first ?? ""), parts.count == 2 ? String(parts[1]).trimmed : "")
            }
        }
        let (before, after) = (values(from), values(to))
        var names = after.map(\.name)
        names += before.map(\.name).filter { !names.contains($0) }
        return names.compactMap { name in
            let (old, new) = (before.first { $0.name == name }?.value ?? "", after.first { $0.name == name }?.value ?? "")
            return old == new ? nil : Difference(name: name, from: old, to: new)
        }
    }
}

extension String {
    fileprivate var nilIfEmpty: String? { isEmpty ? nil : self }
}
