/// What is said of a certificate's files that are looked at again and again (`PeerTLS`, `WebTLS`): a trouble once, when it lasts, and the end that comes near once a day. Pure.

struct CertificateWatch {
    private static let warnEveryMs: UInt64 = 86_400_000

    private var lastTrouble: String?
    private var timesSeen = 0
    private var warnedAtMs: UInt64?

    /// The files are as they were.
    mutating func isWell() { lastTrouble = nil }

    /// Other files are in use.
    mutating func renewed() { (lastTrouble, warnedAtMs) = (nil, nil) }

    /// Whether this trouble is to be said now: when it is seen for the second time, as files that are just being replaced fit together soon.
    mutating func isLasting(_ trouble: String) -> Bool {
        timesSeen = lastTrouble == trouble ? timesSeen + 1 : 1
        lastTrouble = trouble
        return timesSeen == 2
    }

    /// Whether the end is to be warned of now.
    /// - Parameters:
    ///   - left: seconds of the certificate's life.
    ///   - before: so many seconds before its end it is worth a word.
    ///   - nowMs: monotonic.
    mutating func isToWarn(left: Int64, before: Int64, nowMs: UInt64) -> Bool {
        guard left < before, warnedAtMs.map({ nowMs - $0 >= Self.warnEveryMs }) ?? true else { return false }
        warnedAtMs = nowMs
        return true
    }
}
