import EventLoop
import Glibc

/// The clients' files: embedded in the program, or read from a directory while they are being worked on.
///
/// Each is served with its content type, a strong `ETag`, `Cache-Control: no-cache` (asked for again each time, answered 304 mostly), and
/// gzip-compressed where the client takes that and it is smaller. Compressed once, at the start.
public final class Assets: Sendable {
    /// One file, ready to be sent.
    struct Asset: Sendable {
        let etag: String
        let plain: PreparedResponse
        let notModified: PreparedResponse
        let compressed: PreparedResponse?
        /// With the tag of the compressed form, as RFC 9110 section 15.4.5 asks.
        let compressedNotModified: PreparedResponse
    }

    private enum Source {
        case memory([String: Asset])
        case directory(String)
    }

    private let source: Source
    private let cacheControl: String
    /// Sixteen digits that stand for all the files together: another one as soon as one of them differs. Pages carry it (`versionMark`), so that an open page knows
    /// whether its node serves something newer by now. Of a directory: as it was at the start.
    public let version: String

    /// Where this stands in a page, the page is served with `version` instead.
    static let versionMark = "version-of-the-clients-files"
    private let headers: [@Sendable (String) -> (name: String, value: String)?]

    /// A file of the development directory that is longer is answered 404.
    static let fileBytesMax = 8 * 1024 * 1024

    /// - Parameters:
    ///   - files: path below the root, without leading `/`, and content.
    ///   - pageHeaders: for HTML files, the Content-Security-Policy mostly.
    ///   - cacheControl: whether browsers may keep files without asking.
    public init(
        files: [(path: String, content: [UInt8])], pageHeaders: [(name: String, value: String)] = [], cacheControl: String = "no-cache"
    ) {
        headers = Self.headerMakers(pageHeaders)
        self.cacheControl = cacheControl
        version = Self.version(of: files)
        var assets: [String: Asset] = [:]
        for (path, content) in files { assets[path] = Self.asset(path, Self.stamped(path, content, version), headers, cacheControl) }
        source = .memory(assets)
    }

    /// What was embedded when the program was built: paths and contents.
    public static var builtIn: [(path: String, content: [UInt8])] {
        EmbeddedFiles.all.map { file in
            let text = file.content.description
            let content = file.isBinary ? text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) } : Array(text.utf8)
            return (path: file.path.description, content: content)
        }
    }

    /// What was embedded when the program was built.
    public convenience init(pageHeaders: [(name: String, value: String)] = []) {
        self.init(files: Self.builtIn, pageHeaders: pageHeaders)
    }

    /// Whether the files are read from a directory, where somebody is working on them.
    public var isDirectory: Bool { if case .directory = source { true } else { false } }

    /// For development: read anew for every request, blocking; never in service.
    public init(directory: String, pageHeaders: [(name: String, value: String)] = []) {
        headers = Self.headerMakers(pageHeaders)
        cacheControl = "no-cache"
        version = Self.version(of: Self.files(of: directory))
        source = .directory(directory)
    }

    private static func version(of files: [(path: String, content: [UInt8])]) -> String {
        var all: [UInt8] = []
        for (path, content) in files.sorted(by: { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }) {
            all += "\(path) \(content.count)\n".utf8
            all += content
        }
        return hex(SHA1.hash(all).prefix(8))
    }

    /// A page says of which version it is.
    private static func stamped(_ path: String, _ content: [UInt8], _ version: String) -> [UInt8] {
        guard path.hasSuffix(".html") else { return content }
        return Array(String(decoding: content, as: UTF8.self).replacing(versionMark, with: version).utf8)
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// How deep, and how many, the files of a development directory are looked for.
    private static let foldersDeepMax = 4
    private static let filesMax = 1_000

    /// The files of a development directory, with their paths below it. Blocking.
    private static func files(of root: String) -> [(path: String, content: [UInt8])] {
        var found: [(path: String, content: [UInt8])] = []
        var folders = [(path: "", depth: 0)]
        while let folder = folders.popLast() {
            guard let listing = opendir(root + "/" + folder.path) else { continue }
            defer { closedir(listing) }
            while let entry = readdir(listing), found.count < filesMax {
                let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
                guard !name.hasPrefix(".") else { continue }
                let path = folder.path.isEmpty ? name : folder.path + "/" + name
                if let content = contents(root + "/" + path) {
                    found.append((path, content))
                } else if folder.depth < foldersDeepMax {
                    folders.append((path, folder.depth + 1))
                }
            }
        }
        return found
    }

    /// The paths that are served; empty for a directory.
    public var paths: [String] {
        if case .memory(let assets) = source { return assets.keys.sorted() }
        return []
    }

    /// Serves every file at its path.
    /// - Parameters:
    ///   - pages: exact addresses that show a file of another name: `["/": "index.html", "/desk": "desk.html"]`.
    ///   - pagePrefixes: the same for everything below an address: `["/chat": "chat.html"]`.
    @WebActor
    public func install(on server: WebServer, pages: [String: String] = [:], pagePrefixes: [String: String] = [:]) {
        for (address, path) in pages { server.get(address) { request, responder in self.answer(path, request, responder) } }
        for (address, path) in pagePrefixes {
            server.route([.get], prefix: address) { request, responder in self.answer(path, request, responder) }
        }
        server.route([.get], prefix: "/") { request, responder in
            self.answer(request.segments.joined(separator: "/"), request, responder)
        }
    }

    /// Answers with one file, or 404.
    /// - Parameter fields: header lines beside the file's own, each with its CR LF.
    @WebActor
    public func answer(_ path: String, _ request: Request, _ responder: Responder, fields: [UInt8] = []) {
        guard let response = response(path, request.headers) else {
            return responder.send(.text("There is nothing at this address.\n", status: 404))
        }
        responder.send(response, fields: fields)
    }

    /// What a request for the file gets; nil where there is none.
    public func response(_ path: String, _ headers: Headers) -> PreparedResponse? {
        guard let asset = asset(path) else { return nil }
        let takesGzip = asset.compressed != nil && headers.lists("accept-encoding", "gzip")
        if let known = headers["if-none-match"], Self.matches(known, asset.etag) {
            return takesGzip ? asset.compressedNotModified : asset.notModified
        }
        return takesGzip ? asset.compressed : asset.plain
    }

    /// RFC 9110 section 13.1.2: weak comparison, a list, or `*`. The compressed form's tag counts as the file's.
    static func matches(_ field: String, _ etag: String) -> Bool {
        field.split(separator: ",").contains { item in
            var item = trimmed(item)
            if item.hasPrefix("W/") { item = item.dropFirst(2) }
            return item == "*" || item == "\"\(etag)\"" || item == "\"\(etag)-gzip\""
        }
    }

    private func asset(_ path: String) -> Asset? {
        switch source {
        case .memory(let assets): return assets[path]
        case .directory(let root):
            // Parts may hold decoded slashes; none may lead out of the directory or to a hidden file.
            guard path.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") }),
                let content = Self.contents(root + "/" + path)
            else { return nil }
            return Self.asset(path, Self.stamped(path, content, version), headers, cacheControl)
        }
    }

    private static func asset(
        _ path: String, _ content: [UInt8], _ headerMakers: [@Sendable (String) -> (name: String, value: String)?],
        _ cacheControl: String
    ) -> Asset {
        let etag = hex(SHA1.hash(content).prefix(8))
        let shared = headerMakers.compactMap { $0(path) } + [("Cache-Control", cacheControl), ("Vary", "Accept-Encoding")]
        let type = contentType(path)
        let plain = Response(status: 200, headers: [("Content-Type", type), ("ETag", "\"\(etag)\"")] + shared, body: content)
        let compressed = isCompressible(type) ? Gzip.compress(content) : nil
        func notModified(_ etag: String) -> PreparedResponse {
            PreparedResponse(Response(status: 304, headers: [("ETag", "\"\(etag)\"")] + shared))
        }
        return Asset(
            etag: etag, plain: PreparedResponse(plain), notModified: notModified(etag),
            compressed: compressed.map { bytes in
                let fields = [("Content-Type", type), ("ETag", "\"\(etag)-gzip\""), ("Content-Encoding", "gzip")] + shared
                return PreparedResponse(Response(status: 200, headers: fields, body: bytes))
            }, compressedNotModified: notModified(etag + "-gzip"))
    }

    private static func headerMakers(_ pageHeaders: [(name: String, value: String)])
        -> [@Sendable (String) -> (name: String, value: String)?]
    {
        var makers: [@Sendable (String) -> (name: String, value: String)?] = [{ _ in ("X-Content-Type-Options", "nosniff") }]
        // Libraries' pages load scripts, styles and pictures from here; HTML they may only show in a frame, as its policy says.
        makers.append { $0.hasSuffix(".html") ? nil : ("Access-Control-Allow-Origin", "*") }
        makers.append { $0.hasSuffix(".html") ? nil : ("Cross-Origin-Resource-Policy", "cross-origin") }
        for field in pageHeaders { makers.append { $0.hasSuffix(".html") && !isFramable($0) ? field : nil } }
        for field in pageHeaders { makers.append { isFramable($0) ? (field.name, withoutFrameAncestors(field.value)) : nil } }
        return makers
    }

    /// Libraries show the chat's page in frames of their own pages; no other page may be framed by strangers.
    private static func isFramable(_ path: String) -> Bool { path == "chat.html" }

    private static func withoutFrameAncestors(_ policy: String) -> String {
        policy.split(separator: ";").filter { !trimmed($0).hasPrefix("frame-ancestors") }.joined(separator: ";")
    }

    static func contentType(_ path: String) -> String {
        switch path.split(separator: ".").last.map(String.init) {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js", "mjs": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        case "json", "map": "application/json"
        case "webmanifest": "application/manifest+json"
        case "txt", "md": "text/plain; charset=utf-8"
        case "png": "image/png"
        case "ico": "image/x-icon"
        case "woff2": "font/woff2"
        case "mp3": "audio/mpeg"
        case "ogg": "audio/ogg"
        case "wav": "audio/wav"
        default: "application/octet-stream"
        }
    }

    private static func isCompressible(_ type: String) -> Bool {
        type.hasPrefix("text/") || type.hasPrefix("application/json") || type == "image/svg+xml" || type == "application/manifest+json"
    }

    private static func contents(_ path: String) -> [UInt8]? {
        var facts = stat()
        guard stat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG, facts.st_size <= fileBytesMax else { return nil }
        guard let file = fopen(path, "rb") else { return nil }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: Int(facts.st_size))
        let count = fread(&bytes, 1, bytes.count, file)
        return Array(bytes[..<count])
    }
}

#if WITHOUT_CLIENT_FILES
    /// As in `Package.swift`: nothing of the clients is in a fuzzer's build.
    enum EmbeddedFiles {
        static let all: [(path: StaticString, isBinary: Bool, content: StaticString)] = []
    }
#endif
