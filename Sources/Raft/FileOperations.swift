import Glibc

/// A file call that failed: which, on what, and errno.
public struct FileFault: Error, Sendable, Hashable {
    public let call: String
    public let file: String
    public let errno: Int32

    public init(call: String, file: String, errno: Int32) {
        self.call = call
        self.file = file
        self.errno = errno
    }
}

/// The file calls of the log store, so that tests can let each of them fail. `SystemFiles` is the real one.
public protocol FileOperations: Sendable {
    func open(_ path: String, flags: Int32) throws(FileFault) -> Int32
    func close(_ descriptor: Int32)
    /// Writes all of it or fails.
    func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileFault)
    /// Reads up to `count` bytes; fewer only at the end of the file.
    func read(_ descriptor: Int32, at offset: Int, count: Int) throws(FileFault) -> [UInt8]
    func size(_ descriptor: Int32) throws(FileFault) -> Int
    /// fdatasync: data, and what is needed to find them.
    func syncData(_ descriptor: Int32) throws(FileFault)
    /// fsync, also for directories.
    func sync(_ descriptor: Int32) throws(FileFault)
    func truncate(_ descriptor: Int32, to size: Int) throws(FileFault)
    /// Reserves the space, so that a full disk shows before the log needs it.
    func allocate(_ descriptor: Int32, upTo size: Int) throws(FileFault)
    func rename(_ from: String, to: String) throws(FileFault)
    func remove(_ path: String) throws(FileFault)
    func list(_ directory: String) throws(FileFault) -> [String]
    /// Exists already: no failure.
    func makeDirectory(_ path: String) throws(FileFault)
}

/// System calls.
public struct SystemFiles: FileOperations {
    public init() {}

    private func fault(_ call: String, _ file: String) -> FileFault { FileFault(call: call, file: file, errno: errno) }
    /// Takes errno before it asks the system for the file's name.
    private func fault(_ call: String, on descriptor: Int32) -> FileFault {
        let code = errno
        return FileFault(call: call, file: name(descriptor), errno: code)
    }
    private func name(_ descriptor: Int32) -> String {
        var path = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/fd/\(descriptor)", &path, path.count)
        return length > 0 ? String(decoding: path[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self) : "descriptor \(descriptor)"
    }

    public func open(_ path: String, flags: Int32) throws(FileFault) -> Int32 {
        while true {
            let descriptor = Glibc.open(path, flags | O_CLOEXEC, 0o600)
            if descriptor >= 0 { return descriptor }
            if errno != EINTR { throw fault("open", path) }
        }
    }

    public func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    public func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer, at offset: Int) throws(FileFault) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let written = pwrite(descriptor, rest.baseAddress, rest.count, offset + done)
            if written < 0 {
                if errno == EINTR { continue }
                throw fault("pwrite", on: descriptor)
            }
            if written == 0 { throw FileFault(call: "pwrite", file: name(descriptor), errno: ENOSPC) }
            done += written
        }
    }

    public func read(_ descriptor: Int32, at offset: Int, count: Int) throws(FileFault) -> [UInt8] {
        var failed = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = 0
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, offset + filled)
                if got < 0 {
                    if errno == EINTR { continue }
                    failed = true
                    return
                }
                if got == 0 { return }
                filled += got
            }
        }
        if failed { throw fault("pread", on: descriptor) }
        return bytes
    }

    public func size(_ descriptor: Int32) throws(FileFault) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault("fstat", on: descriptor) }
        return Int(status.st_size)
    }

    // No EINTR loop on syncs: a sync that failed must never be tried again as if nothing had happened.
    public func syncData(_ descriptor: Int32) throws(FileFault) {
        guard fdatasync(descriptor) == 0 else { throw fault("fdatasync", on: descriptor) }
    }

    public func sync(_ descriptor: Int32) throws(FileFault) {
        guard fsync(descriptor) == 0 else { throw fault("fsync", on: descriptor) }
    }

    public func truncate(_ descriptor: Int32, to size: Int) throws(FileFault) {
        guard ftruncate(descriptor, size) == 0 else { throw fault("ftruncate", on: descriptor) }
    }

    public func allocate(_ descriptor: Int32, upTo size: Int) throws(FileFault) {
        // posix_fallocate gives its error back instead of setting errno.
        let code = posix_fallocate(descriptor, 0, size)
        guard code == 0 else { throw FileFault(call: "fallocate", file: name(descriptor), errno: code) }
    }

    public func rename(_ from: String, to: String) throws(FileFault) {
        guard Glibc.rename(from, to) == 0 else { throw fault("rename", from) }
    }

    public func remove(_ path: String) throws(FileFault) {
        guard unlink(path) == 0 || errno == ENOENT else { throw fault("unlink", path) }
    }

    public func list(_ directory: String) throws(FileFault) -> [String] {
        guard let handle = opendir(directory) else { throw fault("opendir", directory) }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    public func makeDirectory(_ path: String) throws(FileFault) {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw fault("mkdir", path) }
    }
}
