import CUV
import Glibc

/// A numeric IPv4 or IPv6 address with a port. Prints and parses "192.0.2.1:80" and "[2001:db8::1]:80".
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
    private enum Host: Hashable {
        /// Network byte order, as the kernel keeps it.
        case v4(UInt32)
        case v6(UInt64, UInt64, scope: UInt32)
    }

    private let ip: Host
    public let port: UInt16

    /// From a numeric host: "127.0.0.1", "::1", "fe80::1%2", "[::1]".
    public init(host: String, port: UInt16) throws(LoopError) {
        guard let address = Self.parse(host: host, port: port) else {
            throw LoopError(.invalid, "read the address \"\(host.prefix(64))\"")
        }
        self = address
    }

    /// From "host:port" with a numeric host; IPv6 in brackets. Nil if it is anything else.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let host = text[..<colon]
        let digits = text[text.index(after: colon)...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else { return nil }
        // "::1:80" would be ambiguous, so colons in the host need brackets.
        guard host.hasPrefix("[") || !host.contains(":") else { return nil }
        guard let address = Self.parse(host: String(host), port: port) else { return nil }
        self = address
    }

    private init(ip: Host, port: UInt16) {
        self.ip = ip
        self.port = port
    }

    private static func parse(host: String, port: UInt16) -> SocketAddress? {
        var host = Substring(host)
        guard host.utf8.count <= 64, !host.utf8.contains(0) else { return nil }
        if host.hasPrefix("[") {
            guard host.hasSuffix("]"), host.contains(":") else { return nil }
            host = host.dropFirst().dropLast()
        }
        var v4 = in_addr()
        if inet_pton(AF_INET, String(host), &v4) == 1 { return SocketAddress(ip: .v4(v4.s_addr), port: port) }
        var scope: UInt32 = 0
        if let percent = host.firstIndex(of: "%") {
            guard let number = UInt32(host[host.index(after: percent)...]) else { return nil }
            scope = number
            host = host[..<percent]
        }
        var v6 = in6_addr()
        guard inet_pton(AF_INET6, String(host), &v6) == 1 else { return nil }
        return SocketAddress(ip: halves(of: v6, scope: scope), port: port)
    }

    private static func halves(of address: in6_addr, scope: UInt32) -> Host {
        withUnsafeBytes(of: address) { bytes in
            .v6(bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self), scope: scope)
        }
    }

    // MARK: What it says

    public var isIPv6: Bool {
        if case .v6 = ip { true } else { false }
    }

    /// The numeric host without port or brackets.
    public var host: String {
        var text = [CChar](repeating: 0, count: 64)
        var scopeText = ""
        switch ip {
        case .v4(let address):
            var raw = in_addr(s_addr: address)
            uv_inet_ntop(AF_INET, &raw, &text, text.count)
        case .v6(let first, let second, let scope):
            var raw = (first, second)
            uv_inet_ntop(AF_INET6, &raw, &text, text.count)
            if scope != 0 { scopeText = "%\(scope)" }
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self) + scopeText
    }

    public var description: String { isIPv6 ? "[\(host)]:\(port)" : "\(host):\(port)" }

    /// The address as the 128 bits of IPv6, without scope; IPv4 as RFC 4291, 2.5.5.2 maps it.
    public var bits: (high: UInt64, low: UInt64) {
        switch ip {
        case .v4(let address): (0, 0xFFFF_0000_0000 | UInt64(UInt32(bigEndian: address)))
        case .v6(let first, let second, _): (UInt64(bigEndian: first), UInt64(bigEndian: second))
        }
    }

    /// The same host with another port.
    public func with(port: UInt16) -> SocketAddress { SocketAddress(ip: ip, port: port) }

    // MARK: The kernel's form

    init?(_ address: UnsafePointer<sockaddr>?) {
        guard let address else { return nil }
        let raw = UnsafeRawPointer(address)
        switch Int32(address.pointee.sa_family) {
        case AF_INET:
            let value = raw.loadUnaligned(as: sockaddr_in.self)
            self.init(ip: .v4(value.sin_addr.s_addr), port: UInt16(bigEndian: value.sin_port))
        case AF_INET6:
            let value = raw.loadUnaligned(as: sockaddr_in6.self)
            self.init(ip: Self.halves(of: value.sin6_addr, scope: value.sin6_scope_id), port: UInt16(bigEndian: value.sin6_port))
        default: return nil
        }
    }

    /// Reads it from `getsockname` or `getpeername` of libuv.
    init?(reading name: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<Int32>) -> Int32) {
        var storage = sockaddr_storage()
        var length = Int32(MemoryLayout<sockaddr_storage>.size)
        let address = withUnsafeMutablePointer(to: &storage) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                name(pointer, &length) == 0 ? SocketAddress(pointer) : nil
            }
        }
        guard let address else { return nil }
        self = address
    }

    func withSockaddr<Result>(_ body: (UnsafePointer<sockaddr>) -> Result) -> Result {
        switch ip {
        case .v4(let address):
            var value = sockaddr_in()
            value.sin_family = sa_family_t(AF_INET)
            value.sin_port = port.bigEndian
            value.sin_addr.s_addr = address
            return withUnsafePointer(to: value) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
        case .v6(let first, let second, let scope):
            var value = sockaddr_in6()
            value.sin6_family = sa_family_t(AF_INET6)
            value.sin6_port = port.bigEndian
            value.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &value.sin6_addr) { bytes in
                bytes.storeBytes(of: first, as: UInt64.self)
                bytes.storeBytes(of: second, toByteOffset: 8, as: UInt64.self)
            }
            return withUnsafePointer(to: value) { $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body) }
        }
    }

    var family: Int32 { isIPv6 ? AF_INET6 : AF_INET }
}
