/// `callslip import-libraryh3lp FOLDER`: moves a LibraryH3lp account in, from its exports. Shows first; imports all or nothing.

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Hours
import Node

struct MoveInCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-libraryh3lp",
        abstract: "Move a LibraryH3lp account in: queues, users, canned messages, and its history, as a table and in the reports.",
        discussion: """
            FOLDER holds lists as .csv (with a head) or .json (as the vendor's REST calls answer): queues (name), users (name, and if you like display, library, queues, admin), \
            operators (queue, user: who may staff what), canned (title, text, keywords, library), conversations (queue, started, accepted). Beside them libraries.csv, which you write: \
            library, title, node, standby, fallback, queues; one of its lines is `general`. naming.yaml may hold the naming conventions. Other columns are passed over. \
            Begin with --dry-run. Passwords are not exported: --first-codes gives each person a code with which to choose one.
            """)

    @Argument(help: "The folder of the exports.") var folder: String
    @Flag(help: "Only show what would be made, and what is wrong.") var dryRun = false
    @Option(help: "Write the consortium's file there, for you to edit and `callslip import`, and import nothing now.") var out: String?
    @Option(help: "Write the history there, by library and day, in the columns of `callslip reports --rows days`.") var history: String?
    @Option(
        help:
            "The time zone of the history's times, such as America/Chicago: with it the last 370 days before yesterday go into the reports."
    )
    var zone: String?
    @Flag(help: "Make first codes, with which people choose a password.") var firstCodes = false
    @OptionGroup var admin: AdminOptions

    func run() async throws {
        let moving = MovingIn(try files(), reported: try zone.map { try Self.reported($0) })
        for problem in moving.problems { Terminal.complain("\(folder)/\(problem)\n") }
        if let proposal = moving.proposal {
            print("libraries.csv could say, with a node for each library and the general queue moved to its line:\n\n\(proposal)")
        }
        guard moving.problems.isEmpty else {
            Terminal.complain("nothing was made\n")
            throw ExitCode(65)
        }
        let chats =
            moving.history.map { " and \($0.chats) chats of the past, \($0.reported) of them in \($0.hours) hours for the reports" } ?? ""
        print(
            "\(moving.libraries) libraries, \(moving.queues) queues, \(moving.operators) operators, \(moving.canned) canned messages\(chats)"
        )
        for note in moving.notes { print(note) }
        if dryRun { return print("\n\(moving.yaml)\nnothing was changed") }
        if let history {
            guard let table = moving.history else { throw ValidationError("there is no list of conversations in \(folder)") }
            try write(table.csv, to: history)
        }
        if let out { return try write(moving.yaml, to: out) }
        try await Import.send(
            try Import.parts(of: moving.yaml, repeatsRest: false, folder), ImportOptions(invites: firstCodes), of: folder,
            to: try admin.read())
    }

    private static func reported(_ zone: String) throws -> VendorHistory.Reported {
        let rules: ZoneRules
        do { rules = try ZoneFiles.rules(of: zone) } catch { throw ValidationError("--zone \(zone): \(error)") }
        return VendorHistory.Reported(zone: rules, now: TallyHour(clamping: Int(Date().timeIntervalSince1970) / 3_600))
    }

    private func files() throws -> [MovingIn.File] {
        let wanted = Files.names(in: folder).filter { $0.hasSuffix(".csv") || $0.hasSuffix(".json") || $0 == MovingIn.namingName }.sorted()
        guard !wanted.isEmpty else {
            throw ValidationError("there is no .csv and no .json in \(folder); name the folder in which the exported files are")
        }
        return try wanted.map { MovingIn.File(name: $0, text: try Files.text(of: "\(folder)/\($0)", bytesMax: VendorTable.bytesMax)) }
    }

    private func write(_ text: String, to path: String) throws {
        try Files.replace(path, text, mode: 0o600)
        print("written: \(path)")
    }
}
