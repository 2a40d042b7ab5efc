import CUV

/// What went wrong in a call to libuv: what was tried, what came, and what to do.
public struct LoopError: Error, Sendable, Hashable, CustomStringConvertible {
    /// An error of libuv; its raw value is libuv's negative number (`UV_…`, on Linux `-errno`).
    public struct Code: RawRepresentable, Sendable, Hashable {
        public let rawValue: Int32
        public init(rawValue: Int32) { self.rawValue = rawValue }

        public static let addressInUse = Code(rawValue: UV_EADDRINUSE.rawValue)
        public static let addressNotAvailable = Code(rawValue: UV_EADDRNOTAVAIL.rawValue)
        public static let accessDenied = Code(rawValue: UV_EACCES.rawValue)
        public static let connectionRefused = Code(rawValue: UV_ECONNREFUSED.rawValue)
        public static let connectionReset = Code(rawValue: UV_ECONNRESET.rawValue)
        public static let brokenPipe = Code(rawValue: UV_EPIPE.rawValue)
        public static let timedOut = Code(rawValue: UV_ETIMEDOUT.rawValue)
        public static let cancelled = Code(rawValue: UV_ECANCELED.rawValue)
        public static let busy = Code(rawValue: UV_EBUSY.rawValue)
        public static let invalid = Code(rawValue: UV_EINVAL.rawValue)
        public static let notConnected = Code(rawValue: UV_ENOTCONN.rawValue)
        public static let badDescriptor = Code(rawValue: UV_EBADF.rawValue)
        public static let tooManyOpenFiles = Code(rawValue: UV_EMFILE.rawValue)
        public static let messageTooLong = Code(rawValue: UV_EMSGSIZE.rawValue)
        public static let hostUnreachable = Code(rawValue: UV_EHOSTUNREACH.rawValue)
        public static let networkUnreachable = Code(rawValue: UV_ENETUNREACH.rawValue)
        public static let nameUnknown = Code(rawValue: UV_EAI_NONAME.rawValue)
        public static let nameServerBusy = Code(rawValue: UV_EAI_AGAIN.rawValue)
    }

    /// libuv's error.
    public let code: Code
    /// What was tried, with its object: "listen on 127.0.0.1:80".
    public let operation: String

    public init(_ code: Code, _ operation: String) {
        self.code = code
        self.operation = operation
    }

    init(_ status: Int32, _ operation: String) {
        self.init(Code(rawValue: status), operation)
    }

    /// libuv's short name: "EADDRINUSE".
    public var name: String {
        var bytes = [CChar](repeating: 0, count: 64)
        _ = uv_err_name_r(code.rawValue, &bytes, bytes.count)
        return text(of: bytes)
    }

    /// libuv's sentence: "address already in use".
    public var message: String {
        var bytes = [CChar](repeating: 0, count: 128)
        _ = uv_strerror_r(code.rawValue, &bytes, bytes.count)
        return text(of: bytes)
    }

    /// What the person who reads this can do.
    public var advice: String {
        switch code {
        case .addressInUse: "stop the other program that uses this address, or choose another port"
        case .addressNotAvailable: "use an address of this machine; `ip addr` lists them"
        case .accessDenied: "use a port above 1023, or give the program the right to bind it"
        case .connectionRefused: "start the program at that address, or correct the address"
        case .connectionReset, .brokenPipe, .notConnected: "connect again; the other side went away"
        case .timedOut: "check that the other machine is up and that no firewall drops the packets"
        case .cancelled: "nothing; it was closed on this side"
        case .busy: "try again later, or do less at once"
        case .invalid: "correct the value; a numeric IPv4 or IPv6 address and a port of 0 to 65535 are expected"
        case .badDescriptor: "create a new one; this one is closed"
        case .tooManyOpenFiles: "raise the limit of open files (`ulimit -n`, LimitNOFILE=)"
        case .messageTooLong: "send at most \(Limits.udpPayloadBytesMax) bytes in a datagram"
        case .hostUnreachable, .networkUnreachable: "check the network's routes"
        case .nameUnknown, .nameServerBusy: "correct the host name, or check the name server"
        default: "see the error's name in libuv's documentation"
        }
    }

    public var description: String { "\(operation): \(message) (\(name)); \(advice)" }

    private func text(of bytes: [CChar]) -> String {
        String(decoding: bytes.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
