/// `callslip transcripts`: what a library keeps of the chats that are over, read and deleted in the file of its node. The node may run meanwhile.

import ArgumentParser
import Consortium
import FoundationEssentials
import Glibc
import Transcripts

struct TranscriptsCommand: ParsableCommand {
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
                print("\(line.chat)  \(Moment.text(line.receivedMs))  \(line.library)  \(line.queue)  \(line.messages) entries\(heir)")
            }
        }
    }

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print what was said in a chat.")
        @OptionGroup var place: Place
        @Argument(help: "The chat, as the list names it.") var chat: ChatID

        func run() throws {
            let found = try place.open().transcripts(of: chat)
            guard !found.isEmpty else {
                throw Missing("no transcript of \(chat) is kept here; `callslip transcripts list` names those that are")
            }
            for transcript in found {
                print("chat \(transcript.chat) of \(transcript.home), queue \(transcript.queue)")
                if !transcript.contact.isEmpty { print("contact: \(transcript.contact)") }
                for message in transcript.messages { print(TranscriptText.line(message)) }
            }
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

/// One line of a transcript, for people.
enum TranscriptText {
    static func line(_ message: ChatMessage) -> String {
        let marks = [(message.late, "late"), (message.branch, "while cut off"), (message.patronSupplied, "from the patron's copy")]
        let notes = marks.filter(\.0).map(\.1)
        let suffix = notes.isEmpty ? "" : " (\(notes.joined(separator: ", ")))"
        let author =
            switch message.author {
            case .patron: "patron"
            case .staff(_, let displayName, let library): "\(displayName) of \(library)"
            case .service: "service"
            }
        let place = "\(message.position.epoch):\(message.position.n)  \(Moment.text(message.wallMs))"
        switch message.body {
        case .text(let text, _, _): return "\(place)  \(author)\(suffix): \(text)"
        case .note(let text, _, _): return "\(place)  note by \(author), for staff alone\(suffix): \(text)"
        case .event(let event): return "\(place)  [\(sentence(event))]"
        }
    }

    private static func sentence(_ event: ChatEvent) -> String {
        switch event {
        case .opened(let queue): "opened at \(queue)"
        case .referred(let queue): "referred to \(queue)"
        case .claimed(_, let name, let library), .pickedUp(_, let name, let library): "\(name) of \(library) took the chat"
        case .transferAsked(let queue): "the patron was asked about a transfer to \(queue)"
        case .transferDeclined(let queue): "the patron declined the transfer to \(queue)"
        case .offered(let queue): "offered to \(queue)"
        case .returned(let queue, let reason): "came back from \(queue): \(reason.rawValue)"
        case .requeued(let queue, let reason): "waits again at \(queue): \(reason.rawValue)"
        case .nobodyThere: "nobody was there"
        case .kept: "left as a message"
        case .closed(let reason): "ended: \(reason.rawValue)"
        }
    }
}
