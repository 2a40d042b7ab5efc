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

    func run() async throws {
        let yaml = try Files.text(of: file)
        do {
            let parsed = try ConsortiumFile(yaml: yaml)
            if check {
                print(
                    "\(file): \(parsed.libraries.count) libraries, \(parsed.queues.count) queues, \(parsed.operators.count) operators; nothing wrong"
                )
                for note in ImportedNames(parsed, board: nil).notes { print("\(file): \(note)") }
                return
            }
        } catch {
            for problem in error.problems { Terminal.complain("\(file):\(problem.line): \(problem.sentence)\n") }
            throw ExitCode(65)
        }
        let admin = try admin.read()
        let response = try await NodeClient.importFile(yaml, url: admin.url, token: admin.token)
        guard let report = try? JSONDecoder().decode(ImportReport.self, from: Data(response.body)) else {
            throw ValidationError("the node answered \(response.status): \(response.text)")
        }
        for problem in report.problems { Terminal.complain("\(file): \(problem)\n") }
        guard report.problems.isEmpty else { throw ExitCode(65) }
        print(
            "imported \(report.libraries) libraries, \(report.queues) queues, \(report.operators) operators and \(report.passwords) passwords"
                + (report.hours.map { $0 > 0 ? "; hours of \($0) libraries" : "" } ?? "")
        )
        for note in report.renamed ?? [] { print("\(file): \(note)") }
        if !report.unreached.isEmpty {
            Terminal.complain(
                "these nodes did not take their operators' passwords: \(report.unreached.joined(separator: ", ")); run the import again when they answer\n"
            )
            throw ExitCode(75)
        }
    }
}
