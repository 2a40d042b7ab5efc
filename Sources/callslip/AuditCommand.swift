/// `callslip audit`: who changed what, and who read which transcript; and whether the log of it is whole.

import ArgumentParser
import Consortium
import EventLoop
import FoundationEssentials
import Node
import Sodium

struct AuditCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Who changed what, and who read which transcript.",
        discussion: """
            To see later that nothing was rewritten, keep what `--json` prints, or the number and hash that `--verify` prints, elsewhere: a log that leads \
            through that hash (`--through`) cannot have been written anew meanwhile. The oldest entries give way in time; what was kept of them ends \
            with the hash from which the log goes on.
            """)
    @OptionGroup var admin: AdminOptions
    @Option(help: "Those after this number only.") var after: UInt64 = 0
    @Flag(help: "Print the log as JSON, to be kept elsewhere.") var json = false
    @Flag(help: "Reckon the chain anew, and say whether it is whole.") var verify = false
    @Option(help: "Read what `--json` printed, in place of asking a node.") var file: String?
    @Option(help: "A hash that was printed before; the chain must lead through it.") var through: String?

    func run() async throws {
        let report = try await read()
        if json { return print(String(decoding: try JSONEncoder().encode(report), as: UTF8.self)) }
        if verify || through != nil { return try check(report) }
        for entry in report.entries {
            let place = entry.node.isEmpty ? "" : " at \(entry.node)"
            let library = entry.library.isEmpty ? "" : "  (\(entry.library))"
            print("\(entry.number)  \(Moment.text(entry.atMs))  \(entry.by)\(place)  \(entry.act)  \(entry.subject)\(library)")
        }
        if report.entries.isEmpty { print("nothing was written down") }
    }

    private func check(_ report: AuditReport) throws {
        var check = AuditCheck()
        do { try check.take(report) } catch { throw NodeClient.Failure("the log is not whole: \(error)") }
        guard through.map({ hash in report.anchorHash == hash || report.entries.contains { $0.hash == hash } }) ?? true else {
            throw NodeClient.Failure(
                "the chain holds, and does not lead through that hash: it was written anew, or the entry has given way")
        }
        print("\(report.entries.count) entries, whole, up to \(check.last.number): \(Hex.text(of: check.last.hash))")
    }

    private func read() async throws -> AuditReport {
        if let file {
            let text = try Files.text(of: file)
            guard let report = try? JSONDecoder().decode(AuditReport.self, from: Data(text.utf8)) else {
                throw NodeClient.Failure("\(file) is not what `callslip audit --json` prints")
            }
            return report
        }
        let admin = try admin.read()
        // The chain is followed from its anchor on, whatever is printed of it.
        var whole = try await part(admin, after: json || verify || through != nil ? 0 : after)
        while whole.more, let last = whole.entries.last?.number {
            let next = try await part(admin, after: last)
            whole.entries += next.entries
            (whole.last, whole.more) = (next.last, next.more)
        }
        return whole
    }

    private func part(_ admin: (url: String, token: String), after number: UInt64) async throws -> AuditReport {
        let response = try await NodeClient.request(
            .get, admin.url + "/api/audit?after=\(number)", headers: [("Authorization", "Bearer \(admin.token)")])
        guard response.status == 200, let report = try? JSONDecoder().decode(AuditReport.self, from: Data(response.body)) else {
            throw NodeClient.Failure(NodeClient.sentence(response))
        }
        return report
    }
}
