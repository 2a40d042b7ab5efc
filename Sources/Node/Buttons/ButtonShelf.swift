/// The versions of the button's code that this node can serve, in `button/` of its data folder: what it was built with, and what earlier builds of it left there. So what LTG
/// released goes on being served when the program is updated, and can be gone back to.

import Consortium
import Glibc
import Logging

struct ButtonShelf: Sendable {
    let own: ButtonBundle
    /// With its own; the newest last.
    let bundles: [ButtonBundle]
    /// What was released when this node last heard of it.
    let released: String?
    private let folder: String

    /// Versions that are kept; beyond, the one that was put there or released longest ago goes.
    static let versionsMax = 8

    /// Reads the folder, puts the own version there, and takes away what is too much.
    init(data: String, own: ButtonBundle = .builtIn(), logger: Logger) {
        folder = data + "/button"
        self.own = own
        mkdir(folder, 0o700)
        var found: [(bundle: ButtonBundle, changed: Int)] = []
        for name in Self.names(in: folder) where ButtonRelease.isVersion(name) {
            let path = "\(folder)/\(name)"
            guard let bytes = try? SmallFile.readBytes(path), let bundle = ButtonBundle(encoded: bytes, version: name) else {
                logger.warning("a version of the button's code is damaged, and was taken away", metadata: ["path": "\(path)"])
                unlink(path)
                continue
            }
            if name != own.version { found.append((bundle, Self.changed(path))) }
        }
        found.sort { ($0.changed, $0.bundle.version) < ($1.changed, $1.bundle.version) }
        while found.count >= Self.versionsMax { unlink("\(folder)/\(found.removeFirst().bundle.version)") }
        do {
            try SmallFile.replace("\(folder)/\(own.version)", with: own.encoded())
        } catch {
            logger.error(
                "the button's code was not kept on disk; a later build of this node cannot go back to it", metadata: ["why": "\(error)"])
        }
        bundles = found.map(\.bundle) + [own]
        let text = (try? SmallFile.read("\(folder)/released"))?.split(separator: "\n").first.map(String.init)
        released = text.flatMap { ButtonRelease.isVersion($0) ? $0 : nil }
    }

    /// Remembers what is released, for the next start; and which version was of use last. Blocking: off the loop.
    func keep(released version: String) throws {
        try SmallFile.replace("\(folder)/released", with: version + "\n")
        utimes("\(folder)/\(version)", nil)
    }

    private static func changed(_ path: String) -> Int {
        var facts = stat()
        return stat(path, &facts) == 0 ? facts.st_mtim.tv_sec : 0
    }

    private static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            names.append(withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }
}
