/// `callslip registers`: liaisons, agreements for referral, training, announcements, the agreement's text and who accepted it, onboarding.

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Node

struct RegistersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "registers",
        abstract: "Read and write the consortium's registers: liaisons, agreements, training, onboarding and more.",
        discussion: "Many entries at once are set with `callslip import`, under `registers`. People write at /registers of their node.",
        subcommands: [Forms.self, List.self, Put.self, Drop.self, Search.self], defaultSubcommand: Forms.self)

    struct Forms: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The registers, and what each asks.")
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            for form in try await RegistersCommand.forms(try admin.read()).forms {
                print("\(form.name): \(form.title). \(form.sentence)")
                for question in form.questions {
                    let choices = question.choices.map { ": " + $0.map(\.value).joined(separator: ", ") } ?? ""
                    print("    \(question.key)\(question.required ? "*" : "")  \(question.title) (\(question.kind)\(choices))")
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "One line for each entry of a register.")
        @Argument(help: "The register, such as liaisons.") var register: String
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            let form = try await RegistersCommand.form(register, admin)
            for entry in try await RegistersCommand.entries(register, admin) {
                let answers = form.questions.compactMap { question in
                    entry.answers[question.key].map { "\(question.key)=\($0.split(separator: "\n").joined(separator: " "))" }
                }
                print("\(entry.id)  \(answers.joined(separator: "; "))")
            }
        }
    }

    struct Put: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write an entry, or change one: what somebody else changed meanwhile is refused, not overwritten.",
            discussion: "Answers that are not named stay as they are; KEY= takes one away.")
        @Argument(help: "The register, such as liaisons.") var register: String
        @Argument(help: "What is answered, each as KEY=TEXT.") var answers: [String]
        @Option(help: "The identifier of the entry to change, as the list shows it; without it a new one is written.") var id: EntryID?
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            var generator = SystemRandomNumberGenerator()
            var ask = EntryAsk(id: (id ?? EntryID(using: &generator)).text, version: 0)
            ask.register = register
            var written: [String: String] = [:]
            if let id {
                guard let known = try await RegistersCommand.entries(register, admin).first(where: { $0.id == id.text }) else {
                    throw NodeClient.Failure("there is no entry \(id) in \(register)")
                }
                ask.version = known.version
                written = known.answers
            }
            for answer in answers {
                guard let sign = answer.firstIndex(of: "=") else { throw ValidationError("`\(answer)` is not KEY=TEXT.") }
                written[String(answer[..<sign])] = String(answer[answer.index(after: sign)...])
            }
            ask.answers = written
            print(try await NodeClient.ask("/api/registers", ask, admin))
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Delete an entry, by its identifier.")
        @Argument(help: "The register, such as liaisons.") var register: String
        @Argument(help: "The identifier, as the list shows it.") var id: EntryID
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let admin = try admin.read()
            guard let known = try await RegistersCommand.entries(register, admin).first(where: { $0.id == id.text }) else {
                throw NodeClient.Failure("there is no entry \(id) in \(register)")
            }
            var ask = EntryAsk(id: known.id, version: known.version)
            ask.drop = true
            print(try await NodeClient.ask("/api/registers", ask, admin))
        }
    }

    struct Search: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Search liaisons and agreements, as the desk does.")
        @Argument(help: "Words, or their beginnings.") var words: [String]
        @OptionGroup var admin: AdminOptions

        func run() async throws {
            let query = NodeClient.queryText(words.joined(separator: " "))
            let report: DirectoryReport = try await RegistersCommand.read("/api/directory?q=\(query)", try admin.read())
            for found in report.found {
                let how = [
                    found.queueTitle.map { "\($0)\(found.available ?? false ? " (there now)" : " (not now)")" }, found.answers["email"],
                ]
                print("\(found.title)  \(found.libraryTitle)  \(how.compactMap(\.self).joined(separator: "  "))")
            }
        }
    }

    fileprivate static func forms(_ admin: (url: String, token: String)) async throws -> RegistersReport {
        try await read("/api/registers", admin)
    }

    fileprivate static func form(_ name: String, _ admin: (url: String, token: String)) async throws -> RegistersReport.Form {
        let forms = try await forms(admin).forms
        guard let form = forms.first(where: { $0.name == name }) else {
            throw NodeClient.Failure("there is no register \(name); there are \(forms.map(\.name).joined(separator: ", "))")
        }
        return form
    }

    fileprivate static func entries(_ name: String, _ admin: (url: String, token: String)) async throws -> [RegisterEntries.Entry] {
        let name = try await form(name, admin).name
        let report: RegisterEntries = try await read("/api/registers/entries?register=\(name)", admin)
        return report.entries
    }

    private static func read<Report: Decodable>(_ path: String, _ admin: (url: String, token: String)) async throws -> Report {
        let headers = [(name: "Authorization", value: "Bearer \(admin.token)")]
        let response = try await NodeClient.request(.get, admin.url + path, headers: headers)
        guard response.status == 200 else { throw NodeClient.Failure(NodeClient.sentence(response)) }
        return try JSONDecoder().decode(Report.self, from: Data(response.body))
    }
}
