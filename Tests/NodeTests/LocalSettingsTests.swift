import Consortium
import Testing

@testable import Node

/// Agreement, 6: no local settings. A node's own file holds addresses, paths, keys and roles; whoever writes anything else there is told where it belongs.
@Suite struct LocalSettingsTests {
    private static let file = """
        node: c1
        cluster: test
        data: /tmp/c1
        keyring: /tmp/keyring
        peer: 127.0.0.1:1
        gossip: 127.0.0.1:2
        roles: [coordinator]
        coordinators: [{name: c1, id: 1, peer: "127.0.0.1:1"}]

        """

    private func problems(_ line: String) -> String {
        do {
            _ = try NodeConfiguration(yaml: Self.file + line + "\n")
            return ""
        } catch {
            return "\(error)"
        }
    }

    @Test func theFileByItselfIsTaken() { #expect(problems("").isEmpty) }

    @Test(arguments: SettingsDocument.names) func aSettingOfTheServiceIsRefusedWithItsPlace(_ key: String) {
        let told = problems("\(key): 60")
        #expect(told.contains("line 9"))
        #expect(
            told.contains("no node has settings of its own") && told.contains("`callslip settings`")
                && told.contains("under `settings` in the consortium's file"), "\(told)")
    }

    @Test(arguments: [
        ("settings: {pickUpSeconds: 60}", "callslip import"), ("naming: {}", "callslip import"), ("libraries: []", "callslip import"),
        ("operators: []", "callslip import"), ("hours: []", "callslip hours"), ("terms: []", "callslip import"),
        ("canned: []", "callslip canned"),
        ("registers: {}", "/registers"), ("fallback: off", "a library or a queue"),
    ]) func whatTheConsortiumSharesIsRefusedWithItsPlace(_ line: String, place: String) {
        let told = problems(line)
        #expect(told.contains("the file has no") && told.contains(place), "\(told)")
    }

    @Test func aWordThatMeansNothingIsRefusedWithWhatThereIs() {
        let told = problems("colour: red")
        #expect(told.contains("the file has no `colour`; it may have: node, cluster"), "\(told)")
    }
}
