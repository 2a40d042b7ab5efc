import EventLoop

/// The network that an address is of, as far as limits go: the first 24 bits of an IPv4 address, the first 56 of an IPv6 address.
///
/// A /24 is the smallest IPv4 network that the internet's routers carry, so whoever has more of them has bought them; a campus stands behind a few of its addresses.
/// A /56 is what a home or a small site is usually given (RFC 6177): within it anybody takes as many addresses as they like, and counting single ones would count nothing.
///
/// What is behind it cannot be told from it, and it is kept in memory alone.
public struct AddressPrefix: Hashable, Sendable {
    static let unknown = AddressPrefix(bits: 0)

    /// IPv6: the upper half of the address without its last 8 bits; IPv4: the lower half of the mapped address, likewise.
    private let bits: UInt64

    private init(bits: UInt64) { self.bits = bits }

    init(_ address: SocketAddress) {
        let (high, low) = address.bits
        self.init(bits: (address.isMappedIPv4 ? low : high) & ~0xFF)
    }
}

/// A range of addresses as administrators write it: `10.0.0.0/8`, `2001:db8::/32`, or one address.
public struct AddressRange: Hashable, Sendable {
    private let high: UInt64
    private let low: UInt64
    /// How many of the 128 bits are given.
    private let length: Int

    /// Nil for anything else, and where bits are set behind the given ones, as then the author meant another range.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = try? SocketAddress(host: String(parts[0]), port: 0) else { return nil }
        let lengthMax = address.isMappedIPv4 ? 32 : 128
        var given = lengthMax
        if parts.count == 2 {
            guard parts[1].utf8.count <= 3, parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int(parts[1]),
                number <= lengthMax
            else { return nil }
            given = number
        }
        length = 128 - lengthMax + given
        (high, low) = address.bits
        guard high & ~Self.mask(length) == 0, low & ~Self.mask(length - 64) == 0 else { return nil }
    }

    public func contains(_ address: SocketAddress) -> Bool {
        let (high, low) = address.bits
        return high & Self.mask(length) == self.high && low & Self.mask(length - 64) == self.low
    }

    /// The first `length` of 64 bits.
    private static func mask(_ length: Int) -> UInt64 { length <= 0 ? 0 : length >= 64 ? .max : ~(UInt64.max >> UInt64(length)) }
}

extension SocketAddress {
    /// An IPv4 address, or one written as IPv6 (RFC 4291, 2.5.5.2), as a listener for both kinds sees it.
    var isMappedIPv4: Bool { bits.high == 0 && bits.low >> 32 == 0xFFFF }
}
