/// `callslip backup FILE` and `callslip restore FILE`: the replicated state of a cluster in one file, and another cluster from it.

import ArgumentParser
import FoundationEssentials
import Node

struct Backup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract:
            "Write what the coordinators hold into a file: roster, settings, chats that go on, transcripts that are not delivered yet.",
        discussion:
            "Run it where a coordinator runs. It holds what patrons wrote: keep it as the data folder itself, and no longer than you must.")

    @Argument(help: "The file to write; there must be none of that name.")
    var file: String

    @OptionGroup var admin: AdminOptions

    private struct Refusal: Decodable {
        var text: String
    }

    func run() async throws {
        guard !FileManager.default.fileExists(atPath: file) else { throw NodeClient.Failure("\(file) is there already; name another file") }
        let data = admin.data
        let admin = try admin.read()
        let response = try await NodeClient.backUp(url: admin.url, token: admin.token)
        guard response.status == 200 else {
            let why = try? JSONDecoder().decode(Refusal.self, from: Data(response.body)).text
            throw NodeClient.Failure(why ?? "the node answered \(response.status): \(response.text)")
        }
        // Read and checked once more, so that what is kept is whole.
        let backup = try BackupFile.read(data + "/backup")
        try FileManager.default.moveItem(atPath: data + "/backup", toPath: file)
        print("\(file): \(BackupText.line(backup.head))")
    }
}

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Begin a new cluster from a backup: run it at each of its coordinators, with the same file, before any is started.",
        discussion: """
            The node's file gives the new cluster another name than the old one, and names its coordinators. Chats that somebody held wait again; everybody signs in anew. What \
            was said after the backup is known to the pages that said it alone.
            """)

    @Argument(help: "The backup.")
    var file: String

    @Option(help: "The node's own file (YAML) in the new cluster.")
    var config: String?

    @Flag(help: "Only say what the backup holds, and whether it is whole.")
    var check = false

    func validate() throws {
        guard check || config != nil else { throw ValidationError("expected --config NODE.yaml, or --check") }
    }

    func run() async throws {
        let backup = try BackupFile.read(file)
        // Also that the state can be read by this version.
        let state = try backup.consortium()
        guard let config, !check else {
            return print("\(file): \(BackupText.line(backup.head)), \(state.board().libraries.count) libraries; nothing wrong")
        }
        let configuration: NodeConfiguration
        do { configuration = try NodeConfiguration(yaml: try Files.text(of: config)) } catch {
            throw ValidationError("\(config):\n\(error)")
        }
        let index = try Restore.run(backup, into: configuration)
        print(
            "\(configuration.data): the cluster `\(configuration.cluster)` begins at entry \(index); start this node when all coordinators are restored"
        )
    }
}

private enum BackupText {
    static func line(_ head: BackupFile.Head) -> String {
        "the cluster `\(head.cluster)` as of entry \(head.index), \(Moment.text(head.madeMs)), made at \(head.node): \(head.chats) chats that go on, \(head.bytes) bytes"
    }
}
