import Consortium
import EventLoop
import Testing

@testable import Node
@testable import Web

/// So that an expectation can ask what changes it.
private final class Brake {
    private var brake = SignInBrake()
    var remembered: Int { brake.remembered }

    func origin(_ account: OperatorName, browser: String?, network: AddressPrefix) -> SignInBrake.Origin {
        brake.origin(account, browser: browser, network: network)
    }
    func begin(_ account: OperatorName, from origin: SignInBrake.Origin, nowMs: UInt64) -> UInt64? {
        brake.begin(account, from: origin, nowMs: nowMs)
    }
    func succeeded(_ account: OperatorName, from origin: SignInBrake.Origin) { brake.succeeded(account, from: origin) }
    func undecided(_ account: OperatorName, from origin: SignInBrake.Origin) { brake.undecided(account, from: origin) }
    func remember(browser: String, of account: OperatorName) { brake.remember(browser: browser, of: account) }
}

/// Whoever tries passwords is slowed down, and no colleague is locked out by them.
@Suite struct SignInBrakeTests {
    private static func network(_ host: String) throws -> AddressPrefix { AddressPrefix(try SocketAddress(host: host, port: 0)) }

    private static func name(_ text: String) throws -> OperatorName { try #require(OperatorName(text)) }

    @Test func fiveTriesAreFreeAndThenEachWaitsTwiceAsLong() throws {
        let brake = Brake()
        let (mia, there) = (try Self.name("mia"), SignInBrake.Origin.network(try Self.network("192.0.2.7")))
        var now: UInt64 = 1_000
        for _ in 0..<5 { #expect(brake.begin(mia, from: there, nowMs: now) == nil) }
        var waits: [UInt64] = []
        for _ in 0..<8 {
            let wait = try #require(brake.begin(mia, from: there, nowMs: now))
            waits.append(wait)
            #expect(brake.begin(mia, from: there, nowMs: now + wait - 1) == 1, "asking meanwhile changes nothing")
            now += wait
            #expect(brake.begin(mia, from: there, nowMs: now) == nil)
        }
        #expect(waits == [2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
    }

    @Test func noStrangerLocksAColleagueOut() throws {
        let brake = Brake()
        let mia = try Self.name("mia")
        let (attacker, campus) = (try Self.network("198.51.100.1"), try Self.network("192.0.2.7"))
        for second in 0..<1_000 { _ = brake.begin(mia, from: .network(attacker), nowMs: UInt64(second) * 100) }
        #expect(brake.begin(mia, from: .network(attacker), nowMs: 100_000) != nil)
        #expect(brake.begin(mia, from: .network(campus), nowMs: 100_000) == nil, "another network is counted by itself")

        // Who tries from the colleague's own network is not the colleague's browser.
        brake.remember(browser: "token", of: mia)
        for second in 0..<1_000 { _ = brake.begin(mia, from: .network(campus), nowMs: 100_000 + UInt64(second) * 100) }
        #expect(brake.begin(mia, from: .network(campus), nowMs: 200_000) != nil)
        let usual = brake.origin(mia, browser: "token", network: campus)
        #expect(brake.begin(mia, from: usual, nowMs: 200_000) == nil)
    }

    @Test func aBrowserCountsForThePersonWhoSignedInThereAndNobodyElse() throws {
        let brake = Brake()
        let (mia, max, there) = (try Self.name("mia"), try Self.name("max"), try Self.network("192.0.2.7"))
        brake.remember(browser: "token", of: mia)
        #expect(brake.origin(mia, browser: "token", network: there) == .browser("token"))
        #expect(brake.origin(max, browser: "token", network: there) == .network(there))
        #expect(brake.origin(mia, browser: "made up", network: there) == .network(there))
        #expect(brake.origin(mia, browser: nil, network: there) == .network(there))
        // It is slowed down itself, as somebody may sit at it.
        for _ in 0..<5 { #expect(brake.begin(mia, from: .browser("token"), nowMs: 0) == nil) }
        #expect(brake.begin(mia, from: .browser("token"), nowMs: 0) == 2_000)
    }

    @Test func aRightPasswordForgetsAndAnUncheckedOneCountsNothing() throws {
        let brake = Brake()
        let (mia, there) = (try Self.name("mia"), SignInBrake.Origin.network(try Self.network("2001:db8::1")))
        for _ in 0..<20 {
            #expect(brake.begin(mia, from: there, nowMs: 0) == nil)
            brake.undecided(mia, from: there)
        }
        for _ in 0..<5 { #expect(brake.begin(mia, from: there, nowMs: 0) == nil) }
        #expect(brake.begin(mia, from: there, nowMs: 0) != nil)
        brake.succeeded(mia, from: there)
        #expect(brake.begin(mia, from: there, nowMs: 0) == nil)
        for _ in 0..<4 { #expect(brake.begin(mia, from: there, nowMs: 0) == nil) }
        #expect(brake.begin(mia, from: there, nowMs: 1) != nil)
        #expect(brake.begin(mia, from: there, nowMs: SignInBrake.forgetMs) == nil, "after a quarter of an hour it is forgotten")
    }

    @Test func whatIsRememberedIsBounded() throws {
        let brake = Brake()
        let mia = try Self.name("mia")
        for number in 0..<(SignInBrake.rememberedMax + 500) {
            let host = "10.\(number / 256).\(number % 256).1"
            #expect(brake.begin(mia, from: .network(try Self.network(host)), nowMs: UInt64(number)) == nil)
        }
        #expect(brake.remembered == SignInBrake.rememberedMax)
        for number in 0...SignInBrake.browsersMax { brake.remember(browser: "\(number)", of: mia) }
        let there = try Self.network("192.0.2.7")
        #expect(brake.origin(mia, browser: "0", network: there) == .network(there), "the oldest went")
        #expect(brake.origin(mia, browser: "\(SignInBrake.browsersMax)", network: there) == .browser("\(SignInBrake.browsersMax)"))
    }
}
