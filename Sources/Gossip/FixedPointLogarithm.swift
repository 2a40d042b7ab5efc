/// Logarithms in integers: the standard library has none without the C library, and integers agree on every machine.
enum FixedPointLogarithm {
    /// log2 of `value` ≥ 1, times 65,536, rounded down: the digits come one by one from squaring the mantissa.
    static func log2(_ value: Int) -> Int64 {
        precondition(value >= 1, "log2 of \(value)")
        let whole = Int64(Int.bitWidth - 1 - value.leadingZeroBitCount)
        // The mantissa in [1, 2) with 30 bits behind the point.
        var mantissa = whole <= 30 ? UInt64(value) << UInt64(30 - whole) : UInt64(value) >> UInt64(whole - 30)
        var result = whole << 16
        for bit in (0..<16).reversed() {
            mantissa = (mantissa * mantissa) >> 30
            guard mantissa >= 2 << 30 else { continue }
            mantissa >>= 1
            result |= 1 << Int64(bit)
        }
        return result
    }

    /// log10 of `value` ≥ 1 in thousandths, rounded down.
    static func log10Thousandths(_ value: Int) -> Int64 { log2(value) * 1_000 / log2(10) }

    /// ⌈log10(value)⌉ for `value` ≥ 1: the least number of digits d with 10^d ≥ value.
    static func log10Ceiling(_ value: Int) -> Int {
        var digits = 0
        var power = 1
        while power < value {
            power *= 10
            digits += 1
        }
        return digits
    }
}
