/// The pictures that people sent along with problems, on the disk of the node that took the reports: a folder of small files, one a report. They are no replicated state, and are lost with
/// the disk. Touched by one worker's thread alone.

import Consortium
import FoundationEssentials
import Sodium

struct PictureFolder: Sendable {
    /// How long a picture may lie: at all, where no report followed it, and after its report was solved (it may be open again).
    static let keptMs: UInt64 = 60 * 86_400_000
    static let unreportedMs: UInt64 = 86_400_000
    static let solvedMs: UInt64 = 7 * 86_400_000
    /// Beyond either, the oldest go: first those of strangers, and for a stranger's no other's.
    static let picturesMax = 200
    static let bytesMax = 32 * 1_024 * 1_024
    /// Of them, what people may have who were not signed in: the rest is for staff.
    static let strangersMax = 80
    static let strangersBytesMax = 12 * 1_024 * 1_024

    struct Kept: Hashable, Sendable {
        /// Unix milliseconds.
        var savedMs: UInt64
        var bytes: Int
        /// What its report's bundle tells of it; empty where its file is damaged.
        var facts: String
        /// Whether whoever sent it was not signed in.
        var isStrangers: Bool
    }

    enum Outcome: Hashable, Sendable {
        case kept
        /// Another one goes with that report already.
        case taken
        /// All room has what staff sent.
        case full
    }

    enum Failure: Error, CustomStringConvertible {
        case damaged(path: String)
        var description: String {
            switch self {
            case .damaged(let path): "\(path) is damaged: its checksum does not fit, or it is no picture"
            }
        }
    }

    let path: String
    private(set) var kept: [TicketID: Kept] = [:]

    private static let suffix = ".picture"
    private static let mark = Array("callslip picture 1\n".utf8)
    /// Of a stranger's. What was kept before there was a difference counts as of staff.
    private static let strangersMark = Array("callslip picture 2\n".utf8)
    private static let headBytes = mark.count + 8 + 32

    init(data: String) { path = data + "/pictures" }

    /// Finds what the folder holds. A file that is damaged is known as such until its time is over.
    /// - Returns: what is wrong, a sentence a file.
    mutating func open(wallMs: UInt64) -> [String] {
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        var wrong: [String] = []
        do {
            for name in try FileManager.default.contentsOfDirectory(atPath: path).sorted() {
                guard name.hasSuffix(Self.suffix), let id = TicketID(name.dropLast(Self.suffix.count)) else {
                    // The rest of a write that a crash ended, and nothing else.
                    if name.hasSuffix(Self.suffix + ".new") { try FileManager.default.removeItem(atPath: path + "/" + name) }
                    continue
                }
                do {
                    guard let (savedMs, picture, isStrangers) = try file(id) else { continue }
                    kept[id] = Kept(savedMs: savedMs, bytes: picture.bytes.count, facts: picture.facts, isStrangers: isStrangers)
                } catch {
                    kept[id] = Kept(savedMs: wallMs, bytes: Picture.bytesMax, facts: "", isStrangers: true)
                    wrong.append("\(error)")
                }
            }
        } catch {
            wrong.append("\(path): \(error)")
        }
        return wrong
    }

    /// Keeps a picture for the report that is to follow.
    /// - Parameters:
    ///   - isReported: that it was made: then only what is kept already is.
    ///   - isStrangers: that whoever sent it is not signed in.
    mutating func put(
        _ picture: Picture, for id: TicketID, isReported: Bool = false, isStrangers: Bool, wallMs: UInt64
    ) throws -> Outcome {
        if kept[id] != nil { return (try? file(id))?.picture == picture ? .kept : .taken }
        guard !isReported else { return .taken }
        try SmallFile.makeFolder(path)
        let gone = leaving(for: picture.bytes.count, isStrangers: isStrangers)
        guard let gone else { return .full }
        for one in gone { try remove(one) }
        try SmallFile.replace(file(of: id), with: try Self.encoded(picture, for: id, savedMs: wallMs, isStrangers: isStrangers))
        kept[id] = Kept(savedMs: wallMs, bytes: picture.bytes.count, facts: picture.facts, isStrangers: isStrangers)
        return .kept
    }

    /// Which make room for a new one; `nil` where it would be at the cost of staff's, and is a stranger's.
    private func leaving(for new: Int, isStrangers: Bool) -> [TicketID]? {
        var (count, bytes) = (kept.count, kept.values.reduce(0) { $0 + $1.bytes })
        let theirs = kept.values.filter(\.isStrangers)
        var (strangers, strangersBytes) = (theirs.count, theirs.reduce(0) { $0 + $1.bytes })
        var hasRoom: Bool {
            count < Self.picturesMax && bytes + new <= Self.bytesMax
                && (!isStrangers || strangers < Self.strangersMax && strangersBytes + new <= Self.strangersBytesMax)
        }
        func isOlder(_ one: (key: TicketID, value: Kept), _ other: (key: TicketID, value: Kept)) -> Bool {
            (one.value.isStrangers ? 0 : 1, one.value.savedMs, one.key) < (other.value.isStrangers ? 0 : 1, other.value.savedMs, other.key)
        }
        var gone: [TicketID] = []
        for (id, one) in kept.sorted(by: isOlder) where !isStrangers || one.isStrangers {
            guard !hasRoom else { break }
            gone.append(id)
            (count, bytes) = (count - 1, bytes - one.bytes)
            if one.isStrangers { (strangers, strangersBytes) = (strangers - 1, strangersBytes - one.bytes) }
        }
        return hasRoom ? gone : nil
    }

    /// `nil` where there is none.
    mutating func picture(of id: TicketID) throws -> Picture? {
        guard kept[id] != nil else { return nil }
        do {
            guard let (_, picture, _) = try file(id) else {
                // Somebody deleted it.
                kept[id] = nil
                return nil
            }
            return picture
        } catch {
            kept[id]?.facts = ""
            throw error
        }
    }

    /// Deletes those whose time is over.
    /// - Parameter tickets: `nil` while the node does not know which there are.
    /// - Returns: how many went.
    mutating func sweep(_ tickets: [TicketID: Ticket]?, wallMs: UInt64) throws -> Int {
        let over = kept.filter { id, one in
            tickets.map { Self.isOver(one.savedMs, $0[id], wallMs: wallMs) } ?? (Self.ms(from: one.savedMs, to: wallMs) >= Self.keptMs)
        }
        var (count, failure): (Int, (any Error)?) = (0, nil)
        // One that cannot be deleted keeps no other one.
        for id in over.keys.sorted() {
            do {
                try remove(id)
                count += 1
            } catch { failure = error }
        }
        if let failure { throw failure }
        return count
    }

    /// - Parameter ticket: the report, if there is one.
    static func isOver(_ savedMs: UInt64, _ ticket: Ticket?, wallMs: UInt64) -> Bool {
        let age = ms(from: savedMs, to: wallMs)
        guard age < keptMs else { return true }
        guard let ticket else { return age >= unreportedMs }
        return ticket.stage == .solved && ms(from: ticket.changedWallMs, to: wallMs) >= solvedMs
    }

    /// A clock that was set back says nothing.
    private static func ms(from past: UInt64, to now: UInt64) -> UInt64 { now > past ? now - past : 0 }

    private func file(of id: TicketID) -> String { "\(path)/\(id.text)\(Self.suffix)" }

    private mutating func remove(_ id: TicketID) throws {
        if FileManager.default.fileExists(atPath: file(of: id)) { try FileManager.default.removeItem(atPath: file(of: id)) }
        kept[id] = nil
    }

    private func file(_ id: TicketID) throws -> (savedMs: UInt64, picture: Picture, isStrangers: Bool)? {
        let name = file(of: id)
        guard let bytes = try SmallFile.readBytes(name, bytesMax: Self.headBytes + Picture.bytesMax) else { return nil }
        let isStrangers = bytes.starts(with: Self.strangersMark)
        guard bytes.count > Self.headBytes, isStrangers || bytes.starts(with: Self.mark) else { throw Failure.damaged(path: name) }
        let savedMs = bytes[Self.mark.count..<(Self.mark.count + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        guard let picture = try? Picture(reading: Array(bytes[Self.headBytes...])),
            try Self.encoded(picture, for: id, savedMs: savedMs, isStrangers: isStrangers) == bytes
        else { throw Failure.damaged(path: name) }
        return (savedMs, picture, isStrangers)
    }

    /// A mark, when it was kept, a checksum over that, the report and the picture, and the picture.
    private static func encoded(_ picture: Picture, for id: TicketID, savedMs: UInt64, isStrangers: Bool) throws -> [UInt8] {
        let mark = isStrangers ? strangersMark : mark
        let saved = (0..<8).map { UInt8(truncatingIfNeeded: savedMs >> (8 * UInt64($0))) }
        let sum = try Hash.blake2b(mark + saved + Array(id.text.utf8) + picture.bytes)
        return mark + saved + sum + picture.bytes
    }
}
