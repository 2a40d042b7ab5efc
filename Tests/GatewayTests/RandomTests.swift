import Testing

/// Level, not edge: whatever was lost, repeated or out of order on the way, everybody ends in the place where the state is.
@Suite struct RandomTests {
    @Test(arguments: Array(1...120) as [UInt64]) func everybodyEndsWhereTheStateIs(seed: UInt64) throws {
        var world = try RandomWorld(seed: seed)
        for _ in 0..<600 { world.step() }
        world.calmDown()
        let found = world.judge()
        #expect(found.isEmpty, "seed \(seed): \(found.prefix(5).joined(separator: "\n"))")
    }
}
