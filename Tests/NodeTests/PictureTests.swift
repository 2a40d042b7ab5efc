import Consortium
import EventLoop
import Foundation
import Testing

@testable import Node
@testable import Web

/// Pictures that go along with problems: what is taken for one, and how they are kept. What browsers and programs send to a running node: `Tests/ProtocolTests/pictures.py`.
@Suite struct PictureTests {
    /// As browsers write them, and altered: the fuzzer's corpus.
    private static func sample(_ name: String) throws -> [UInt8] {
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return [UInt8](try Data(contentsOf: tests.appending(path: "Fuzz/Corpus/picture/\(name)")))
    }

    private static func refusal(_ bytes: [UInt8]) -> String? {
        do throws(Picture.Refusal) {
            _ = try Picture(reading: bytes)
            return nil
        } catch { return error.description }
    }

    private static func contains(_ bytes: [UInt8], _ word: String) -> Bool {
        let word = Array(word.utf8)
        return bytes.indices.contains { bytes[$0...].starts(with: word) }
    }

    @Test(arguments: Picture.Kind.allCases) func whatABrowserDrawsIsTaken(kind: Picture.Kind) throws {
        let picture = try Picture(reading: try Self.sample("chromium-\(kind.rawValue)"))
        #expect(picture.kind == kind && picture.width == 40 && picture.height == 24)
        #expect(try Picture(reading: picture.bytes) == picture)
        #expect(picture.facts == "\(kind.title), 40 × 24, 1 KiB")
    }

    @Test(arguments: [
        ("jpeg-exif", "Exif"), ("jpeg-exif", "hello"), ("webp-exif", "EXIF"), ("png-comments", "<script>"), ("png-comments", "eXIf"),
    ])
    func whatIsBesideThePixelsIsLeftOut(name: String, word: String) throws {
        let bytes = try Self.sample(name)
        #expect(Self.contains(bytes, word), "the sample shows nothing")
        let picture = try Picture(reading: bytes)
        #expect(!Self.contains(picture.bytes, word))
    }

    @Test(arguments: [
        ("png-huge", "not 60000 × 60000"), ("png-cut", "cut off"), ("jpeg-cut", "cut off"), ("png-behind", "behind the end"),
        ("svg", "no JPEG, PNG or WebP picture"),
    ]) func whatIsNoSuchPictureIsRefusedWithItsSentence(name: String, words: String) throws {
        let told = Self.refusal(try Self.sample(name))
        #expect(told?.contains(words) == true, "\(told ?? "it was taken")")
    }

    /// Wherever a picture ends too early, it is refused; nothing traps.
    @Test(arguments: ["chromium-jpeg", "chromium-png", "chromium-webp", "webp-lossless"]) func noBeginningOfAPictureIsTaken(name: String)
        throws
    {
        let bytes = try Self.sample(name)
        for count in bytes.indices { #expect(Self.refusal(Array(bytes.prefix(count))) != nil, "\(name), \(count) bytes of it") }
        #expect(Self.refusal(bytes + Array("<html>".utf8)) != nil)
        #expect(Self.refusal(bytes) == nil)
    }

    @Test func whatIsTooLargeIsRefusedBeforeItIsRead() throws {
        let told = Self.refusal([UInt8](repeating: 0xFF, count: Picture.bytesMax + 1))
        #expect(told?.contains("300 KiB at most") == true)
        var wide = try Self.sample("webp-lossless")
        // 16,384 × 1: the number in 14 bits, one too small.
        wide.replaceSubrange(21..<25, with: [0xFF, 0x3F, 0, 0])
        #expect(Self.refusal(wide)?.contains("not 16384 × 1") == true)
    }

    @Test func aMovingPictureIsRefused() throws {
        let still = try Self.sample("webp-exif")
        var moving = still
        let place = try #require(still.indices.first { still[$0...].starts(with: Array("EXIF".utf8)) })
        moving.replaceSubrange(place..<(place + 4), with: Array("ANIM".utf8))
        #expect(Self.refusal(moving)?.contains("moves") == true)
    }

    // MARK: The folder

    private static func folder() throws -> String {
        let data = FileManager.default.temporaryDirectory.appending(path: "pictures-\(UUID())").path
        try SmallFile.makeFolder(data)
        return data
    }

    private static func id(_ number: Int) -> TicketID { TicketID(high: 7, low: UInt64(number)) }

    private static func ticket(_ id: TicketID, _ stage: TicketStage, changedMs: UInt64) -> Ticket {
        let report = ProblemReport(by: .somebody, node: NodeName("college")!, library: nil, text: "It is slow.", bundle: "")
        var ticket = Ticket(id: id, number: 1, version: 1, report: report, openedWallMs: 0, changedWallMs: changedMs, changedMs: 0)
        ticket.stage = stage
        return ticket
    }

    @Test func aPictureIsThereAfterARestartAndIsKeptOnce() throws {
        let (one, other) = (try Picture(reading: Self.sample("chromium-png")), try Picture(reading: Self.sample("chromium-jpeg")))
        let data = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        var folder = PictureFolder(data: data)
        #expect(folder.open(wallMs: 5).isEmpty)
        #expect(try folder.put(one, for: Self.id(1), isStrangers: false, wallMs: 5) == .kept)
        #expect(try folder.put(one, for: Self.id(1), isStrangers: false, wallMs: 6) == .kept)
        #expect(try folder.put(other, for: Self.id(1), isStrangers: false, wallMs: 6) == .taken)
        // To a report that was made none is added; what goes with it is known still.
        #expect(try folder.put(one, for: Self.id(1), isReported: true, isStrangers: false, wallMs: 6) == .kept)
        #expect(try folder.put(one, for: Self.id(2), isReported: true, isStrangers: false, wallMs: 6) == .taken)
        var next = PictureFolder(data: data)
        #expect(next.open(wallMs: 9).isEmpty)
        #expect(next.kept == folder.kept && next.kept[Self.id(1)]?.savedMs == 5)
        #expect(try next.picture(of: Self.id(1)) == one)
        #expect(try next.picture(of: Self.id(2)) == nil)
    }

    @Test func everyFlippedBitIsToldAndNotShown() throws {
        let picture = try Picture(reading: Self.sample("webp-lossless"))
        let data = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        var folder = PictureFolder(data: data)
        _ = try folder.put(picture, for: Self.id(1), isStrangers: false, wallMs: 5)
        let file = folder.path + "/\(Self.id(1).text).picture"
        let right = try #require(try SmallFile.readBytes(file))
        for place in right.indices {
            var wrong = right
            wrong[place] ^= 1 << UInt8(place % 8)
            try SmallFile.replace(file, with: wrong)
            #expect(throws: (any Error).self) { try folder.picture(of: Self.id(1)) }
            var next = PictureFolder(data: data)
            #expect(next.open(wallMs: 9).count == 1)
        }
        // Another report's picture is not this one's.
        try SmallFile.replace(folder.path + "/\(Self.id(2).text).picture", with: right)
        try FileManager.default.removeItem(atPath: file)
        var next = PictureFolder(data: data)
        #expect(next.open(wallMs: 9).count == 1)
        // It is deleted like the others, in time.
        #expect(try next.sweep(nil, wallMs: 9 + PictureFolder.keptMs) == 1)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).isEmpty)
    }

    @Test func theOldestGoWhereThereIsNoRoom() throws {
        let picture = try Picture(reading: Self.sample("webp-lossless"))
        let data = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        var folder = PictureFolder(data: data)
        for number in 0...PictureFolder.picturesMax {
            _ = try folder.put(picture, for: Self.id(number), isStrangers: false, wallMs: UInt64(number))
        }
        #expect(folder.kept.count == PictureFolder.picturesMax)
        #expect(folder.kept[Self.id(0)] == nil && folder.kept[Self.id(1)] != nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == PictureFolder.picturesMax)
    }

    /// However many strangers send, what staff sent stays; and what staff send has the room of strangers'.
    @Test func strangersPushOutNobodyElse() throws {
        let picture = try Picture(reading: Self.sample("webp-lossless"))
        let data = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        var folder = PictureFolder(data: data)
        func count(_ isStrangers: Bool) -> Int { folder.kept.values.count { $0.isStrangers == isStrangers } }
        #expect(try folder.put(picture, for: Self.id(0), isStrangers: false, wallMs: 0) == .kept)
        for number in 1...(2 * PictureFolder.picturesMax) {
            #expect(try folder.put(picture, for: Self.id(number), isStrangers: true, wallMs: UInt64(number)) == .kept)
        }
        #expect(folder.kept[Self.id(0)] != nil)
        #expect(count(true) == PictureFolder.strangersMax)
        #expect(folder.kept[Self.id(2 * PictureFolder.picturesMax)] != nil, "the newest of theirs stays")
        // Whose they are is known after a restart as well.
        var next = PictureFolder(data: data)
        #expect(next.open(wallMs: 9_000).isEmpty)
        #expect(next.kept == folder.kept)
        // Staff's push out the oldest of strangers', newer than staff's own as they are, until there are none.
        let more = PictureFolder.picturesMax - PictureFolder.strangersMax
        for number in 1_001...(1_000 + more) { _ = try folder.put(picture, for: Self.id(number), isStrangers: false, wallMs: 1) }
        #expect(count(true) == PictureFolder.strangersMax - 1 && count(false) == more + 1)
        #expect(folder.kept[Self.id(2 * PictureFolder.picturesMax - PictureFolder.strangersMax + 1)] == nil, "the oldest of strangers'")
        for number in 2_001..<(2_000 + PictureFolder.strangersMax) {
            _ = try folder.put(picture, for: Self.id(number), isStrangers: false, wallMs: 1)
        }
        #expect(count(true) == 0 && folder.kept.count == PictureFolder.picturesMax && folder.kept[Self.id(0)] != nil)
        #expect(try folder.put(picture, for: Self.id(3_001), isStrangers: true, wallMs: 9_999) == .full)
        #expect(try folder.put(picture, for: Self.id(3_002), isStrangers: false, wallMs: 9_999) == .kept)
        #expect(folder.kept[Self.id(0)] == nil, "the oldest goes, as there is none of strangers'")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == PictureFolder.picturesMax)
    }

    @Test func strangersBytesAreBoundedToo() throws {
        let picture = try Self.largest()
        let data = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        var folder = PictureFolder(data: data)
        let most = PictureFolder.strangersBytesMax / Picture.bytesMax
        for number in 0...most { _ = try folder.put(picture, for: Self.id(number), isStrangers: true, wallMs: UInt64(number)) }
        #expect(folder.kept.count == most && folder.kept[Self.id(0)] == nil)
    }

    @Test func whoeverSendsManyLeavesRoomForOthers() {
        var allowance = HourlyAllowance(most: 5, ofOneNetwork: 3)
        let networks = ["192.0.2.1", "198.51.100.1", "203.0.113.1"].compactMap { try? SocketAddress(host: $0, port: 0) }.map {
            AddressPrefix($0)
        }
        let times = networks.flatMap { network in (0..<4).map { _ in network } }
        let taken = times.map { allowance.take(5, of: $0) }
        #expect(taken == [true, true, true, false, true, true, false, false, false, false, false, false])
        let later = [3_600_004, 3_600_005].map { allowance.take($0, of: networks[2]) }
        #expect(later == [false, true])
    }

    /// What a PNG's image holds is not looked at.
    private static func largest() throws -> Picture {
        let base = try Picture(reading: Self.sample("chromium-png")).bytes
        let place = try #require(base.indices.first { base[$0...].starts(with: Array("IDAT".utf8)) }) - 4
        let count = Picture.bytesMax - base.count - 12
        let filler =
            [UInt8(count >> 24 & 0xFF), UInt8(count >> 16 & 0xFF), UInt8(count >> 8 & 0xFF), UInt8(count & 0xFF)] + Array("IDAT".utf8)
        return try Picture(reading: Array(base[..<place]) + filler + [UInt8](repeating: 7, count: count + 4) + Array(base[place...]))
    }

    @Test func bytesAreBoundedToo() throws {
        let picture = try Self.largest()
        #expect(picture.bytes.count == Picture.bytesMax)
        let data = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        var folder = PictureFolder(data: data)
        let most = PictureFolder.bytesMax / Picture.bytesMax
        for number in 0...most { _ = try folder.put(picture, for: Self.id(number), isStrangers: false, wallMs: UInt64(number)) }
        #expect(folder.kept.count == most && folder.kept[Self.id(0)] == nil)
    }

    @Test func eachGoesWhenItsTimeIsOver() throws {
        let picture = try Picture(reading: Self.sample("webp-lossless"))
        let (day, now) = (PictureFolder.unreportedMs, PictureFolder.keptMs * 2)
        let (open, solved, fresh, gone, old) = (Self.id(1), Self.id(2), Self.id(3), Self.id(4), Self.id(5))
        let tickets = [
            open: Self.ticket(open, .inWork, changedMs: 0), solved: Self.ticket(solved, .solved, changedMs: now - PictureFolder.solvedMs),
            old: Self.ticket(old, .open, changedMs: now),
        ]
        let data = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: data) }
        var folder = PictureFolder(data: data)
        for (id, savedMs) in [
            (open, now - PictureFolder.keptMs + 1), (solved, now - 30 * day), (fresh, now - day + 1), (gone, now - day),
            (old, now - PictureFolder.keptMs),
        ] { _ = try folder.put(picture, for: id, isStrangers: false, wallMs: savedMs) }
        // As long as nobody told which reports there are, only what is too old in any case goes; and nothing by a clock that was set back.
        #expect(try folder.sweep(nil, wallMs: 0) == 0)
        #expect(try folder.sweep(nil, wallMs: now) == 1)
        #expect(folder.kept[old] == nil)
        #expect(try folder.sweep(tickets, wallMs: now - 1) == 0)
        #expect(try folder.sweep(tickets, wallMs: now) == 2)
        #expect(Set(folder.kept.keys) == [open, fresh])
    }
}
