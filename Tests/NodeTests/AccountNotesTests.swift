import Consortium
import FoundationEssentials
import SignIn
import Testing

@testable import Node

/// First codes and campus names at those who keep an account; and who comes and who has left by a consortium's file.
@Suite struct AccountNotesTests {
    @Test func aFirstCodeIsItsOwnersUntilItsEnd() throws {
        let folder = FileManager.default.temporaryDirectory.path + "/callslip-notes-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (mia, max) = (try #require(OperatorName("mia")), try #require(OperatorName("max")))
        let code = try RecoveryCode.make()
        let digest = try #require(RecoveryCode.digest(code, of: "mia"))
        var notes = try AccountNotes(folder: folder)
        try notes.change(mia) { $0.first = FirstCode(digest: digest, untilMs: 1_000) }
        try notes.change(max) { $0.first = FirstCode(digest: digest, untilMs: 1_000) }
        try notes.change(mia) { $0.campus = "mm 123@campus.example" }
        for notes in [notes, try AccountNotes(folder: folder)] {
            #expect(notes.isFirstCode(code.lowercased(), of: mia, nowMs: 999))
            #expect(!notes.isFirstCode(code, of: mia, nowMs: 1_000), "it has ended")
            #expect(!notes.isFirstCode(code, of: max, nowMs: 999), "another's digest is of another name")
            let another = try RecoveryCode.make()
            for wrong in ["", another] { #expect(!notes.isFirstCode(wrong, of: mia, nowMs: 999)) }
            #expect(notes.hasFirstCode(mia, nowMs: 999) && !notes.hasFirstCode(mia, nowMs: 1_000))
            #expect(notes.notes[mia]?.campus == "mm 123@campus.example")
        }
        // It would be one sign with the space before it.
        for wrong in ["\u{301}a", "\u{200d}", "", "a\nb", String(repeating: "x", count: 129)] { #expect(!AccountNotes.isCampusName(wrong)) }
        try notes.change(mia) { $0 = AccountNotes.Note() }
        #expect(try AccountNotes(folder: folder).notes.keys.sorted() == [max])
    }

    @Test(arguments: [
        "mia", "mia first", "mia first 00 1", "mia first \(String(repeating: "ab", count: 16)) soon", "mia last x", "MIA campus x",
        "mia campus ", "mia campus \u{301}a",
        "mia campus a\nmia campus b", "mia campus \(String(repeating: "x", count: 129))",
    ])
    func whatIsNoNoteIsToldWithItsLine(text: String) {
        #expect(throws: AccountNotes.BadLine.self) { try AccountNotes.notes(in: text, of: "account-notes") }
    }

    private func people(_ people: String, at library: String = "memorial") -> String {
        """
        general: {queue: general, title: Ask}
        libraries:
          - name: \(library)
            node: solo
            queues: [{name: \(library), title: Of the library}]
            \(people)
        """
    }

    @Test func whoIsNotInTheFileHasLeftItsLibraryAndNoOther() throws {
        var state = ConsortiumState()
        func apply(_ file: ConsortiumFile, index: UInt64) throws -> Board {
            let node = try #require(NodeName("solo"))
            let items = file.commands.enumerated().map {
                Batch.Item(id: ProposalID(node: node, boot: index, counter: UInt64($0.offset) + 1), command: $0.element)
            }
            _ = state.apply(Batch(elapsedMs: 0, wallMs: 0, term: 1, items: items), index: index)
            return state.board()
        }
        func told(_ file: ConsortiumFile, _ board: Board?) -> (made: [String], missing: [String], without: [String]) {
            let people = ImportedPeople(file, ImportedNames(file, board: board), board: board)
            return (people.made.map(\.name.text), people.missing.map(\.name.text), people.withoutPassword.map(\.text))
        }
        let both = try ConsortiumFile(
            yaml: people("operators: [{name: mia, queues: [memorial], password: reading-room}, {name: max, queues: [memorial]}]"))
        #expect(told(both, nil) == (["mia", "max"], [], ["max"]))
        let board = try apply(both, index: 1)
        #expect(told(both, board) == ([], [], ["max"]))
        let one = try ConsortiumFile(yaml: people("operators: [{name: mia, queues: [memorial]}]"))
        #expect(told(one, board) == ([], ["max"], ["mia"]))
        // A file that does not say who a library's people are closes none; nor does one of another library.
        #expect(told(try ConsortiumFile(yaml: people("title: Memorial")), board).missing == [])
        #expect(told(try ConsortiumFile(yaml: people("operators: []", at: "law")), board).missing == [])
        #expect(told(try ConsortiumFile(yaml: people("operators: []")), board).missing == ["max", "mia"])
        // Who has left is not closed a second time, and comes back by a file that has them again.
        let left = try apply(try ConsortiumFile(yaml: people("operators: [{name: max}]")), index: 2)
        #expect(told(one, left) == ([], [], ["mia"]))
        #expect(told(both, left) == (["max"], [], ["max"]))
    }
}
