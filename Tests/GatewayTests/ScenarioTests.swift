import ScenarioText
import Testing

@Suite struct ScenarioTests {
    static let folder = ScenarioFolder(beside: #filePath)

    @Test func thereAreScenarios() {
        #expect(Self.folder.files.count >= 15)
    }

    @Test(arguments: folder.files) func theTraceIsAsWritten(_ file: String) throws {
        var stage = try Stage()
        let (written, played) = try Self.folder.play(file) { try stage.run($0) }
        #expect(!played.contains("INVARIANT"))
        #expect(played == written)
    }
}
