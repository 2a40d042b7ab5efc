import Consortium
import Glibc
import Sodium
import Testing

@testable import Node

/// Files of keys and of passwords' verifiers, as people may have left them.
@Suite struct KeyringFileTests {
    private static let (one, two) = (String(repeating: "0a", count: 32), String(repeating: "B1", count: 32))

    private func refusal(_ text: String) -> String? {
        do {
            _ = try KeyringFile.ring(try KeyringFile.keys(in: text, of: "keyring"), cluster: [1], of: "keyring")
            return nil
        } catch {
            return error.description
        }
    }

    @Test func whatIsNoKeyIsToldWithItsLine() {
        #expect(refusal("\(Self.one)\n\n# older:\n\(Self.two)\n") == nil)
        // As an editor of Windows leaves it.
        #expect(refusal("\(Self.one)\r\n\(Self.two)\r\n") == nil)
        #expect(refusal("# none\n") == "keyring holds no key; delete it to have one made")
        let wanted = "expected 64 hexadecimal digits"
        #expect(refusal("\(Self.one)\n\n\(Self.two)0\n") == "keyring line 3: \(wanted)")
        #expect(refusal(String(repeating: "+a", count: 32)) == "keyring line 1: \(wanted)")
        #expect(refusal("\(Self.one) \n") == "keyring line 1: \(wanted)")
        #expect(refusal("\(Self.one)\n\(Self.one)\n") == "keyring holds one key twice; remove one of the two lines")
        let many = (0...SodiumLimits.keyringKeysMax).map { KeyringFile.text(of: [[UInt8](repeating: UInt8($0), count: 32)]) }.joined()
        #expect(refusal(many)?.hasPrefix("keyring holds \(SodiumLimits.keyringKeysMax + 1) keys") == true)
    }

    @Test func anOperatorHasOneVerifier() throws {
        let line = "mia $argon2id$v=19$m=8,t=1,p=1$x$y"
        let read = try AccountStore.verifiers(in: "\(line)\r\nnoor $argon2id$z\n", of: "accounts")
        #expect(AccountStore.text(of: read) == "\(line)\nnoor $argon2id$z\n")
        #expect(throws: AccountStore.Failure.self) { try AccountStore.verifiers(in: "\(line)\n\(line)\n", of: "accounts") }
        #expect(throws: AccountStore.Failure.self) { try AccountStore.verifiers(in: "mia\n", of: "accounts") }
    }

    /// A number that cannot be counted on is told, and nothing ends.
    @Test func theLastStartIsNotCountedOn() throws {
        var template = Array("/tmp/callslip-boots-XXXXXX".utf8CString)
        let made = mkdtemp(&template)
        try #require(made != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer {
            unlink(folder + "/boots")
            rmdir(folder)
        }
        #expect(try BootCounter.next(folder) == 1)
        #expect(try BootCounter.next(folder) == 2)
        try SmallFile.replace(folder + "/boots", with: "\(UInt64.max)\n")
        #expect(throws: CallslipNode.StartFailure.self) { try BootCounter.next(folder) }
    }
}
