/// The few file operations of the command-line program.

import Glibc
import Sodium

enum Files {
    static let bytesMax = 8 * 1024 * 1024

    /// Why a file could not be read.
    struct Unreadable: Error, CustomStringConvertible {
        let path: String
        let why: String
        var description: String { "cannot read \(path): \(why)" }
    }

    /// `nil` when there is no such file or it cannot be read.
    static func read(_ path: String) -> String? { try? text(of: path) }

    static func text(of path: String, bytesMax: Int = bytesMax) throws(Unreadable) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Unreadable(path: path, why: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while bytes.count <= bytesMax {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0 else { throw Unreadable(path: path, why: String(cString: strerror(errno))) }
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += chunk[..<count]
        }
        throw Unreadable(path: path, why: "it has more than \(bytesMax) bytes")
    }

    /// What a folder contains; nothing when it cannot be read.
    static func names(in path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func write(_ path: String, _ text: String, mode: mode_t) throws {
        try write(path, text, mode: mode, O_TRUNC)
    }

    /// Refuses a file that is there already.
    static func create(_ path: String, _ text: String, mode: mode_t) throws {
        try write(path, text, mode: mode, O_EXCL)
    }

    /// Whoever reads it meanwhile finds the old text or the new one.
    static func replace(_ path: String, _ text: String, mode: mode_t) throws {
        try write(path + ".new", text, mode: mode)
        guard rename(path + ".new", path) == 0 else {
            throw LocalClusterError("cannot replace \(path): \(String(cString: strerror(errno)))")
        }
    }

    private static func write(_ path: String, _ text: String, mode: mode_t, _ how: Int32) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | how, mode)
        guard descriptor >= 0 else { throw LocalClusterError("cannot write \(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw LocalClusterError("cannot write \(path): \(String(cString: strerror(errno)))") }
            written += count
        }
    }

    static func makeFolder(_ path: String) throws {
        var partial = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            partial += "/" + part
            guard mkdir(partial, 0o700) == 0 || errno == EEXIST else {
                throw LocalClusterError("cannot make the folder \(partial): \(String(cString: strerror(errno)))")
            }
        }
    }

    /// Removes a node's data folder: plain files and folders of plain files, nothing deeper.
    static func removeFlatFolder(_ path: String, depth: Int = 2) {
        guard depth > 0 else { return }
        defer { rmdir(path) }
        for name in names(in: path) {
            let child = path + "/" + name
            if unlink(child) != 0 { removeFlatFolder(child, depth: depth - 1) }
        }
    }

    static func randomHex(bytes: Int) throws -> String {
        Hex.text(of: try Randomness.bytes(bytes))
    }
}
