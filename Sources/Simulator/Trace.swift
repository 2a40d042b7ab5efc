/// What a run did, step by step. Every step enters a digest; the sentences are written only when somebody reads them.
///
/// Equal seeds give equal digests, and equal sentences to the byte, in every process: nothing in it may depend on the order of a Set or a
/// Dictionary, on addresses or on the time of day.
package final class Trace {
    package enum Kind: UInt8 {
        case flush = 1
        case timer, frame, linkEnd, dial, datagram, exchange, disk, snapshot, line, person, fault, watch
    }

    package private(set) var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    package private(set) var steps: UInt64 = 0
    private let write: ((String) -> Void)?

    package init(write: ((String) -> Void)? = nil) { self.write = write }

    func step(_ atMs: UInt64, _ kind: Kind, _ who: Int) {
        steps += 1
        mix(atMs)
        mix(UInt64(kind.rawValue) << 32 | UInt64(truncatingIfNeeded: who) & 0xFFFF_FFFF)
    }

    /// A fact worth a number: an index, a digest, an identifier.
    func mix(_ value: UInt64) {
        digest = (digest ^ value) &* 0x100_0000_01B3
        digest ^= digest >> 29
    }

    func say(_ nowMs: UInt64, _ who: @autoclosure () -> String, _ sentence: @autoclosure () -> String) {
        guard let write else { return }
        let ms = String(nowMs % 1_000)
        write("\(nowMs / 1_000).\(String(repeating: "0", count: 3 - ms.count))\(ms) \(who()): \(sentence()) [\(String(digest, radix: 16))]")
    }
}
