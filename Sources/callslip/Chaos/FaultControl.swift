/// The control file of one node's faults of disk and clock; `cluster/chaos-faults.c`, preloaded into the node, obeys it.

import Glibc

struct FaultControl {
    let path: String
    var syncError: Int32 = 0
    var writeError: Int32 = 0
    var syncDelayMs: Int32 = 0
    var skewSeconds: Int64 = 0

    init(path: String) throws {
        self.path = path
        try apply()
    }

    /// Takes effect at once.
    func apply() throws {
        var bytes: [UInt8] = []
        for word in [syncError, writeError, syncDelayMs, 0] { withUnsafeBytes(of: word.littleEndian) { bytes += $0 } }
        withUnsafeBytes(of: (skewSeconds * 1_000_000_000).littleEndian) { bytes += $0 }
        // The node may be another user.
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw LocalClusterError("cannot write \(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw LocalClusterError("cannot write \(path): \(String(cString: strerror(errno)))")
        }
    }
}
