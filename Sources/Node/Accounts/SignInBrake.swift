/// Slows down whoever tries passwords, and nobody else: tries are counted by the account *and* by who tries, so that no stranger can lock a colleague out.
///
/// Who tries is the browser, where it can show that this very person signed in there before, else the network it asks from. A colleague at their usual browser is therefore never
/// slowed down by others, not even by those in the next room. What a network may ask in all is limited before (`WebLimits`). Everything is in memory alone.

import Consortium
import Web

/// A value: the clock is given. Promises at most `rememberedMax` counts and `browsersMax` browsers.
struct SignInBrake {
    /// Tries that cost nothing but their answer.
    static let failuresFree = 5
    /// How long the next try must wait after that; it doubles with each.
    static let spacingMsMin: UInt64 = 2_000
    static let spacingMsMax: UInt64 = 60_000
    /// A count is forgotten so long after its last try.
    static let forgetMs: UInt64 = 15 * 60_000
    static let rememberedMax = 4_096
    static let browsersMax = 4_096

    enum Origin: Hashable {
        /// By its token (`remember`).
        case browser(String)
        case network(AddressPrefix)
    }

    private struct Key: Hashable {
        var account: OperatorName
        var origin: Origin
    }

    private struct Count {
        var failures: Int
        var lastMs: UInt64

        var waitMs: UInt64 {
            let over = failures - SignInBrake.failuresFree
            guard over >= 0 else { return 0 }
            return min(SignInBrake.spacingMsMin << UInt64(min(over, 16)), SignInBrake.spacingMsMax)
        }
    }

    private var counts: [Key: Count] = [:]
    private var browsers: [String: OperatorName] = [:]
    /// In the order of their coming, for the oldest to go.
    private var browserOrder: [String] = []

    /// From where a try for `account` counts.
    func origin(_ account: OperatorName, browser: String?, network: AddressPrefix) -> Origin {
        guard let browser, browsers[browser] == account else { return .network(network) }
        return .browser(browser)
    }

    /// A try begins. It counts as a failure until it is known to be none, so that many at once are no way round.
    /// - Returns: how long to wait instead, in milliseconds; `nil`: it may go on.
    mutating func begin(_ account: OperatorName, from origin: Origin, nowMs: UInt64) -> UInt64? {
        let key = Key(account: account, origin: origin)
        var count = counts[key].flatMap { $0.lastMs + Self.forgetMs > nowMs ? $0 : nil } ?? Count(failures: 0, lastMs: nowMs)
        let until = count.lastMs + count.waitMs
        guard count.waitMs == 0 || until <= nowMs else { return until - nowMs }
        count.failures += 1
        count.lastMs = nowMs
        if counts[key] == nil, counts.count >= Self.rememberedMax { makeRoom(nowMs) }
        counts[key] = count
        return nil
    }

    /// It was the right password.
    mutating func succeeded(_ account: OperatorName, from origin: Origin) { counts[Key(account: account, origin: origin)] = nil }

    /// Nobody could say whether it was right.
    mutating func undecided(_ account: OperatorName, from origin: Origin) { counts[Key(account: account, origin: origin)]?.failures -= 1 }

    /// This person signed in at the browser that is given `token`.
    mutating func remember(browser token: String, of account: OperatorName) {
        if browsers.updateValue(account, forKey: token) == nil { browserOrder.append(token) }
        if browserOrder.count > Self.browsersMax { browsers[browserOrder.removeFirst()] = nil }
    }

    var remembered: Int { counts.count }

    /// What is forgotten goes; where nothing is, the oldest.
    private mutating func makeRoom(_ nowMs: UInt64) {
        counts = counts.filter { $0.value.lastMs + Self.forgetMs > nowMs }
        guard counts.count >= Self.rememberedMax, let oldest = counts.min(by: { $0.value.lastMs < $1.value.lastMs })?.key else { return }
        counts[oldest] = nil
    }
}
