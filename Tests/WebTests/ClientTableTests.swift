import EventLoop
import Testing

@testable import Web

/// What one network may have, and that the table of networks is bounded.
@Suite struct ClientTableTests {
    private func network(_ number: Int) throws -> AddressPrefix {
        AddressPrefix(try SocketAddress(host: "10.\(number / 65_536).\(number / 256 % 256).\(number % 256)", port: 0))
    }

    private func limits() -> WebLimits {
        var limits = WebLimits()
        limits.connectionsMax = 8
        limits.connectionsPerNetworkMax = 3
        limits.clientsMax = 10
        (limits.workPerSecond, limits.workBurst) = (10, 20)
        (limits.signedWorkPerSecond, limits.signedWorkBurst) = (10, 5)
        (limits.chatEveryMs, limits.chatsBurst) = (1_000, 4)
        return limits
    }

    @Test func connectionsAreCountedByNetwork() throws {
        var table = ClientTable(limits: limits())
        let (one, other) = (try network(0), try network(256))
        for _ in 0..<3 { table.connected(one, nowMs: 0) }
        #expect(!table.takesConnection(of: one))
        #expect(table.takesConnection(of: other))
        table.disconnected(one)
        #expect(table.takesConnection(of: one))
        for _ in 0..<2 { table.disconnected(one) }
        #expect(table.count == 0)
    }

    @Test func workIsABurstAndThenARate() throws {
        var table = ClientTable(limits: limits())
        let one = try network(0)
        for _ in 0..<20 { #expect(table.takeWork(1, of: one, signIn: nil, nowMs: 5_000) == nil) }
        #expect(table.takeWork(1, of: one, signIn: nil, nowMs: 5_000) == 100)
        #expect(table.takeWork(1, of: try network(256), signIn: nil, nowMs: 5_000) == nil)
        // What was refused was not counted.
        #expect(table.takeWork(1, of: one, signIn: nil, nowMs: 5_100) == nil)
        #expect(table.takeWork(1, of: one, signIn: nil, nowMs: 5_100) == 100)
        #expect(table.takeWork(20, of: one, signIn: nil, nowMs: 60_000) == nil)
    }

    @Test func aSignInHasALimitOfItsOwnAndNoWayAroundTheNetworks() throws {
        var table = ClientTable(limits: limits())
        for number in 0..<5 { #expect(table.takeWork(1, of: try network(number * 256), signIn: "token", nowMs: 0) == nil) }
        #expect(table.takeWork(1, of: try network(9 * 256), signIn: "token", nowMs: 0) == 100)
        var crowd = ClientTable(limits: limits())
        let one = try network(0)
        var taken = 0
        for number in 0..<100 where crowd.takeWork(1, of: one, signIn: "made up \(number)", nowMs: 0) == nil { taken += 1 }
        #expect(taken <= 20)
    }

    @Test func chatsAreABurstAndThenARate() throws {
        var table = ClientTable(limits: limits())
        let one = try network(0)
        var begun = 0
        for _ in 0..<1_000 where table.takeChat(of: one, nowMs: 0) == nil { begun += 1 }
        #expect(begun == 4)
        #expect(table.takeChat(of: one, nowMs: 400) == 600)
        #expect(table.takeChat(of: one, nowMs: 1_000) == nil)
    }

    @Test func theTableIsBoundedAndKeepsWhoIsConnected() throws {
        var table = ClientTable(limits: limits())
        let one = try network(0)
        for _ in 0..<3 { table.connected(one, nowMs: 0) }
        for number in 1..<5_000 {
            _ = table.takeWork(20, of: try network(number * 256), signIn: "token \(number)", nowMs: 0)
            #expect(table.count <= 11)
        }
        #expect(!table.takesConnection(of: one), "a connected network is never forgotten")
    }
}
