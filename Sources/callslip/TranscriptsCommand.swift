/// `callslip transcripts`: what a library keeps of the chats that are over, read and deleted in the file of its node. The node may run meanwhile.

import ArgumentParser
import Consortium
import FoundationEssentials
import Glibc
import Node
import Transcripts

struct TranscriptsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "transcripts", abstract: "List, show and delete the transcripts that a library's node keeps.",
        subcommands: [List.self, Show.self, Delete.self, Receipts.self], defaultSubcommand: List.self)

    struct Place: ParsableArguments {
        @Option(help: "The data folder of the library's node.")
        var data = "callslip-data"

        func open() throws -> TranscriptStore { try TranscriptStore(folder: data, create: false) }
    }

    struct Lines: ParsableArguments {
        @Option(help: "The most lines to print.")
        var most = 100

        func validate() throws {
            guard (1...1_000_000).contains(most) else { throw ValidationError("--most is 1 to 1000000, not \(most)") }
        }
    }

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "One line for each transcript, the newest first; no word of what was said.")
        @OptionGroup var place: Place
        @OptionGroup var lines: Lines
        @Option(help: "Only those of this library.") var library: LibraryName?

        func run() throws {
            for line in try place.open().list(of: library, max: lines.most) {
                let heir = line.home == line.library ? "" : ", for \(line.home), whose heir it is"
                let held = line.heldUntilMs.flatMap { $0 > Moment.nowMs ? ", held until \(Moment.text($0))" : nil } ?? ""
                print(
                    "\(line.chat)  \(Moment.text(line.receivedMs))  \(line.library)  \(line.queue)  \(line.messages) entries\(heir)\(held)")
            }
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print what was said in a chat; that it was read is written into the audit log first, so the node must run.")
        @OptionGroup var place: Place
        @Argument(help: "The chat, as the list names it.") var chat: ChatID

        private struct Reading: Encodable {
            var chat: String
            var library: String
            var id: String
        }

        func run() async throws {
            let found = try place.open().transcripts(of: chat)
            guard !found.isEmpty else {
                throw Missing("no transcript of \(chat) is kept here; `callslip transcripts list` names those that are")
            }
            let admin = try NodeClient.admin(data: place.data)
            for library in Set(found.map(\.library)).sorted() {
                let id = RequestID(high: .random(in: 0...UInt64.max), low: .random(in: 0...UInt64.max))
                _ = try await NodeClient.ask("/api/audit", Reading(chat: chat.text, library: library.text, id: id.text), admin)
            }
            for transcript in found { print(TranscriptText.whole(transcript), terminator: "") }
        }
    }

    struct Delete: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract:
                "Delete what was said in chats, for good. A receipt without a word of it stays, and nothing of the chat is taken again.")
        @OptionGroup var place: Place
        @Argument(help: "The chats, as the list names them.") var chats: [ChatID]

        func run() throws {
            let store = try place.open()
            for chat in chats {
                let count = try store.delete(chat, wallMs: Moment.nowMs)
                guard count > 0 else { throw Missing("no transcript of \(chat) is kept here; nothing was deleted") }
                print("deleted \(chat)")
            }
        }
    }

    struct Receipts: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line for each transcript that was deleted, the newest first.")
        @OptionGroup var place: Place
        @OptionGroup var lines: Lines

        func run() throws {
            for line in try place.open().receipts(max: lines.most) {
                let came = Moment.text(line.receivedMs)
                print(
                    "\(line.chat)  \(line.library)  \(line.messages) entries  came \(came)  deleted \(Moment.text(line.deletedMs))  \(line.reason)"
                )
            }
        }
    }
}

extension Name: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

extension Identifier: ExpressibleByArgument {
    public init?(argument: String) { self.init(argument) }
}

/// What was asked for is not kept here.
private struct Missing: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Wall time in words.
enum Moment {
    static var nowMs: UInt64 { UInt64(max(0, Date().timeIntervalSince1970 * 1_000)) }
    static func text(_ ms: UInt64) -> String { Date(timeIntervalSince1970: Double(ms) / 1_000).formatted(.iso8601) }
}
