/// `callslip import FILE`: brings a consortium's file into the service. Safe to run again.

import ArgumentParser
import FoundationEssentials
import Glibc
import Node

struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import a consortium (YAML): libraries, queues, operators, fallback policy. Safe to run again.")

    @Argument(help: "The consortium's file.")
    var file: String

    @OptionGroup var admin: AdminOptions

    @Flag(help: "Only read the file and say what is wrong with it.")
    var check = false

    @Flag(help: "Ask the node what an import would do to accounts, and change nothing.")
    var dryRun = false

    @Flag(
        help:
            "Close the accounts of the file's libraries that are not in it any more: nobody signs in by them, their sign-ins end, what they did stays."
    )
    var close = false

    @Flag(help: "Make first codes, with which people choose a password, for those of the file who have neither.")
    var firstCodes = false

    func run() async throws {
        let yaml = try Files.text(of: file)
        let parts = try Self.parts(of: yaml, repeatsRest: dryRun, file)
        guard check else {
            return try await Self.send(
                parts, ImportOptions(closes: close, invites: firstCodes, isDryRun: dryRun), of: file, to: try admin.read())
        }
        guard let parsed = parts.first?.file else { return }
        print(
            "\(file): \(parsed.libraries.count) libraries, \(parsed.queues.count) queues, \(parsed.operators.count) operators; nothing wrong"
        )
        for note in ImportedNames(parsed, board: nil).notes { print("\(file): \(note)") }
        if parts.count > 1 { print("\(file) is longer than one import, and comes in in \(parts.count) parts") }
    }

    /// - Parameter file: what it is called in what is said of it.
    static func parts(of yaml: String, repeatsRest: Bool, _ file: String) throws -> [ImportPart] {
        do {
            return try ImportPart.parts(of: yaml, repeatsRest: repeatsRest)
        } catch {
            for problem in error.problems { Terminal.complain("\(file):\(problem.line): \(problem.sentence)\n") }
            throw ExitCode(65)
        }
    }

    /// One after the other. Accounts are the first one's matter alone.
    static func send(_ parts: [ImportPart], _ options: ImportOptions, of file: String, to admin: (url: String, token: String)) async throws
    {
        for (number, part) in parts.enumerated() {
            var options = options
            if parts.count > 1 {
                let what = part.past.isEmpty ? "all but the past" : "the past of \(part.past.joined(separator: ", "))"
                print("part \(number + 1) of \(parts.count): \(what)")
                if number > 0 { (options.closes, options.invites) = (false, false) }
            }
            do {
                try await send(part.text, options, of: file, to: admin, isFirst: number == 0)
            } catch let error as ExitCode where parts.count > 1 && error == ExitCode(65) && !options.isDryRun {
                Terminal.complain(
                    "nothing of part \(number + 1) was brought in, and those after it were not tried; \(number == 0 ? "mend the file" : "those before it are in: mend the file and import all of it again")\n"
                )
                throw error
            }
        }
    }

    private static func send(
        _ yaml: String, _ options: ImportOptions, of file: String, to admin: (url: String, token: String), isFirst: Bool
    ) async throws {
        func flag(_ isSet: Bool) -> Int { isSet ? 1 : 0 }
        let query = "?close=\(flag(options.closes))&first-codes=\(flag(options.invites))&dry-run=\(flag(options.isDryRun))"
        let response = try await NodeClient.importFile(yaml, query, url: admin.url, token: admin.token)
        guard let report = try? JSONDecoder().decode(ImportReport.self, from: Data(response.body)) else {
            throw ValidationError("the node answered \(response.status): \(response.text)")
        }
        for problem in report.problems { Terminal.complain("\(file): \(problem)\n") }
        guard report.problems.isEmpty else { throw ExitCode(65) }
        guard isFirst else { return tellPast(report, isDryRun: options.isDryRun) }
        if options.isDryRun { return tellPeople(report, isDryRun: true) }
        print("imported \(report.summary)")
        for note in report.renamed ?? [] { print("\(file): \(note)") }
        tellPeople(report, isDryRun: false)
        if !report.unreached.isEmpty {
            Terminal.complain(
                "these nodes did not take what they keep of their operators' accounts: \(report.unreached.joined(separator: ", ")); run the import again when they answer\n"
            )
            throw ExitCode(75)
        }
    }

    private static func tellPast(_ report: ImportReport, isDryRun: Bool) {
        guard let hours = report.pastHours, hours > 0 else { return }
        print("\(report.pastChats ?? 0) chats of the past, in \(hours) hours, \(isDryRun ? "would go" : "are") in the reports")
    }

    private static func tellPeople(_ report: ImportReport, isDryRun: Bool) {
        func tell(_ names: [String]?, _ did: String, _ would: String) {
            guard let names, !names.isEmpty else { return }
            print("\(names.count) \(names.count == 1 ? "account" : "accounts") \(isDryRun ? would : did): \(names.joined(separator: ", "))")
        }
        tellPast(report, isDryRun: isDryRun)
        tell(report.made, "made", "would be made")
        tell(report.closed, "closed", "would be closed")
        tell(
            report.missing, "not in the file stay open (--close closes them)", "not in the file would stay open (--close would close them)")
        if isDryRun, [report.made, report.closed, report.missing].allSatisfy({ $0?.isEmpty ?? true }) {
            print("no account would be made or closed")
        }
        guard let codes = report.firstCodes, !codes.isEmpty else { return }
        print("First codes: each, typed as the password once within 7 days, lets this person choose one. Give them to nobody else.")
        for one in codes { print("  \(one.operator)  \(one.code)  \(one.display)") }
    }
}
