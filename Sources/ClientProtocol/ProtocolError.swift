import Consortium

/// Every limit of the client protocol, in one place. Lengths of what the domain keeps are in `Consortium.Limits`.
public enum ProtocolLimits {
    public static let version = 1
    public static let subprotocol = "callslip.v1"
    public static let clientFrameBytesMax = 16_384
    public static let nodeFrameBytesMax = 65_536
    /// Deeper documents are refused; the deepest message of the protocol (board) has 5 levels.
    public static let jsonDepthMax = 16
    public static let clientNameBytesMax = 80
    public static let sessionTokenBytesMax = 200
    public static let codeBytesMax = 20
    public static let leavingSecondsMax: UInt64 = 24 * 3_600
    /// Elements of any list in a message from a node, when a client reads it.
    public static let listMax = 10_000
    public static let helloTimeoutMs: UInt64 = 10_000
    public static let reconnectMsMax: UInt64 = 8_000
    public static let reconnectBaseMs: UInt64 = 250
    /// Messages that a client keeps because they are not yet safe; at the limit it takes no more text.
    public static let outboxMax = 200
    /// Messages of one sender that a client lets be on their way at once.
    public static let inFlightMax = 32
    /// A request without an answer on a living connection is sent again after this time.
    public static let requestRepeatMs: UInt64 = 10_000
}

/// Why bytes are not a message of the protocol.
public enum ProtocolError: Error, Hashable, Sendable {
    /// Not JSON (RFC 8259): where, and what was expected there. The node answers with `bye` code `badJson`.
    case badJson(offset: Int, expected: String)
    /// A kind that this version does not know. Clients ignore such messages; a node answers `refused` code `unknownKind`.
    case unknownKind(String, re: RequestID?)
    /// A field is missing, has the wrong form or is too long. The node answers `refused` with `code`.
    case badField(kind: String, field: String, expected: String, code: RefusalCode, re: RequestID?)

    /// A sentence for people: what was expected and what to do.
    public var sentence: String {
        switch self {
        case .badJson(let offset, let expected): "Byte \(offset) of the message: expected \(expected). Send one JSON object."
        case .unknownKind(let kind, _):
            "This node does not know messages of kind \(kind.prefix(40)). Reload the page to get the client that fits."
        case .badField(let kind, let field, let expected, _, _): "Field \(field) of \(kind): expected \(expected)."
        }
    }

    /// The request that the answer should name, when the message had one.
    public var re: RequestID? {
        switch self {
        case .badJson: nil
        case .unknownKind(_, let re), .badField(_, _, _, _, let re): re
        }
    }
}

/// Codes of `refused` and `nack`. A client that reads a code which it does not know takes it as `invalid`.
public enum RefusalCode: String, Hashable, Sendable, CaseIterable {
    case unknownChat, unknownLibrary, unknownQueue, unknownOperator, unknownSession
    case wrongSecret, fenced, notHolder, alreadyClaimed, notWaiting, closed
    case outOfOrder, tooLong, tooMany, full, notStaffed, notAllowed, triedBefore, offerOver, notAvailable, invalid
    /// The protocol's own: the domain never gives these.
    case unknownKind, busy

    public init(_ code: Refusal.Code) {
        // Every code of the domain has the same name here; `RefusalCodeTests` holds it.
        self = RefusalCode(rawValue: code.rawValue) ?? .invalid
    }
}

/// Codes of `bye`.
public enum ByeCode: String, Hashable, Sendable, CaseIterable {
    case version, signIn, badFrame, badJson, tooFast, slow, idle, elsewhere, signedOut, shutdown, full, apart

    /// The WebSocket close code (RFC 6455, section 7.4.1) that follows.
    public var closeCode: UInt16 {
        switch self {
        case .signedOut: 1000
        case .shutdown: 1001
        case .badFrame: 1002
        case .badJson: 1007
        case .full, .slow, .apart: 1013
        case .version, .signIn, .tooFast, .idle, .elsewhere: 1008
        }
    }
}
