import Foundation
import PackagePlugin

/// Embeds everything below a target's `Client` folder, but hidden files, as `EmbeddedFiles`. Runs when one of the files changes.
@main
struct EmbedFilesPlugin: BuildToolPlugin {
    func createBuildCommands(context: PluginContext, target: Target) throws -> [Command] {
        let root = target.directoryURL.appending(path: "Client").standardizedFileURL
        let output = context.pluginWorkDirectoryURL.appending(path: "EmbeddedFiles.swift")
        let found = FileManager.default.enumerator(at: root, includingPropertiesForKeys: [.isRegularFileKey], options: [.skipsHiddenFiles])
        let files = (found?.compactMap { $0 as? URL } ?? [])
            .filter { (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true }
            .sorted { $0.path < $1.path }
        return [
            .buildCommand(
                displayName: "Embedding \(files.count) client files", executable: try context.tool(named: "EmbedFiles").url,
                arguments: [output.path, root.path] + files.map(\.path), inputFiles: files, outputFiles: [output])
        ]
    }
}
