/// The audit log as bytes.

import Consortium
import FoundationEssentials

extension PBAuditNoteCommand {
    init(_ note: AuditNote) {
        self.init()
        by = note.by.text
        chat = PBId(note.chat)
        request = PBId(note.request)
        library = note.library.text
        if let id = note.export { export = PBId(id) }
    }

    func decoded() throws(WireError) -> Command {
        guard let by = AuditActor(text: by) else { throw .invalidField("audit.by", expected: "admin, node or a person") }
        return .audit(
            AuditNote(
                by: by, chat: chat.decoded(), library: try Field.name(library, "audit.library"), request: request.decoded(),
                export: hasExport ? export.decoded() : nil))
    }
}

extension PBAuditRecord {
    init(_ entry: AuditEntry) {
        self.init()
        number = entry.number
        wallMs = entry.wallMs
        by = entry.by.text
        node = entry.node
        act = UInt32(entry.act.rawValue)
        subject = entry.subject
        library = entry.library
        hash = Data(entry.hash)
    }

    func decoded() throws(WireError) -> AuditEntry {
        guard let by = AuditActor(text: by) else { throw .invalidField("audit.by", expected: "admin, node or a person") }
        guard let act = UInt8(exactly: act).flatMap({ AuditAct(rawValue: $0) }) else { throw .unknownKind("audit.act \(act)") }
        guard subject.utf8.count <= Limits.auditSubjectBytesMax else {
            throw .invalidField("audit.subject", expected: "\(Limits.auditSubjectBytesMax) bytes at most")
        }
        guard node.isEmpty || NodeName(node) != nil else { throw .invalidField("audit.node", expected: NodeName.rule) }
        guard library.isEmpty || LibraryName(library) != nil else { throw .invalidField("audit.library", expected: LibraryName.rule) }
        guard hash.count == 32 else { throw .invalidField("audit.hash", expected: "32 bytes") }
        return AuditEntry(
            number: number, wallMs: wallMs, by: by, node: node, act: act, subject: subject, library: library, hash: [UInt8](hash))
    }
}

extension PBAuditAnchorEntry {
    init(_ anchor: AuditAnchor) {
        self.init()
        number = anchor.number
        hash = Data(anchor.hash)
    }

    func decoded() throws(WireError) -> AuditAnchor {
        guard hash.count == 32 else { throw .invalidField("audit.anchor", expected: "32 bytes") }
        return AuditAnchor(number: number, hash: [UInt8](hash))
    }
}

/// A part of the audit log as it travels to a node.
public enum AuditCoding {
    public static func bytes(_ page: AuditPage) -> [UInt8] {
        var message = PBAuditPageMessage()
        message.anchor = PBAuditAnchorEntry(page.anchor)
        message.entries = page.entries.map { PBAuditRecord($0) }
        message.last = page.last
        return message.bytes
    }

    public static func page(wire bytes: [UInt8]) throws(WireError) -> AuditPage {
        let message = try PBAuditPageMessage.parsed(bytes, bytesMax: ConsortiumWireLimits.auditBytesMax)
        let entries = try Field.list(message.entries, "audit.entries", max: Limits.auditPageMax) { e throws(WireError) in try e.decoded() }
        return AuditPage(anchor: try message.anchor.decoded(), entries: entries, last: message.last)
    }
}

extension PBWishEntry {
    init(_ wish: TranscriptWish) {
        self.init()
        id = PBId(wish.id)
        kind = UInt32(wish.kind.rawValue)
        chat = PBId(wish.chat)
        library = wish.library.text
        by = wish.by.text
        reason = wish.reason
        days = wish.days
        askedWallMs = wish.askedWallMs
        stage = UInt32(wish.stage.rawValue)
        decidedBy = wish.decidedBy?.text ?? ""
        note = wish.note
        decidedWallMs = wish.decidedWallMs
    }

    func decoded() throws(WireError) -> TranscriptWish {
        TranscriptWish(
            id: id.decoded(), kind: try Field.small(kind, "wish.kind"), chat: chat.decoded(),
            library: try Field.name(library, "wish.library"),
            by: try Field.name(by, "wish.by"), reason: reason, days: days, askedWallMs: askedWallMs,
            stage: try Field.small(stage, "wish.stage"),
            decidedBy: try Field.optionalName(decidedBy, "wish.decidedBy"), note: note, decidedWallMs: decidedWallMs)
    }
}

extension PBDecideWishCommand {
    init(_ decision: WishDecision) {
        self.init()
        wish = PBId(decision.wish)
        what = UInt32(decision.what.rawValue)
        by = decision.by.text
        note = decision.note
    }

    func decoded() throws(WireError) -> WishDecision {
        WishDecision(
            wish: wish.decoded(), what: try Field.small(what, "decideWish.what"), by: try Field.name(by, "decideWish.by"), note: note)
    }
}

/// What was wanted of a library's transcripts, as it travels to a node.
public enum WishCoding {
    public static func bytes(_ wishes: [TranscriptWish]) -> [UInt8] {
        var message = PBWishesMessage()
        message.wishes = wishes.map { PBWishEntry($0) }
        return message.bytes
    }

    public static func wishes(wire bytes: [UInt8]) throws(WireError) -> [TranscriptWish] {
        let message = try PBWishesMessage.parsed(bytes, bytesMax: ConsortiumWireLimits.auditBytesMax)
        return try Field.list(message.wishes, "wishes", max: Limits.wishesPerLibraryMax) { e throws(WireError) in try e.decoded() }
    }
}
