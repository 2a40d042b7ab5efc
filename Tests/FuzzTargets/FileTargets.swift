/// Files that people write, or carry from one machine to another: the consortium's, a node's, keys, accounts, a backup, a time zone.

import Consortium
import Hours
import Node
import Sodium

extension FuzzTarget {
    /// LTG's file. Every problem has its line, and there are not too many; what is taken is taken the same again.
    static let consortiumFile = FuzzTarget(name: "consortium-file", inputBytesMax: 8 * 1024) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let file: ConsortiumFile
        do throws(ConsortiumFile.Problems) {
            file = try ConsortiumFile(yaml: text, isZone: { $0 != "Nowhere" })
            let again = try ConsortiumFile(yaml: text, isZone: { $0 != "Nowhere" })
            guard again.commands == file.commands, again.lines == file.lines else { return "one file is read in two ways" }
        } catch { return fault(in: error, of: text) }
        guard file.commands.count == file.lines.count else { return "a command has no line" }
        guard file.commands.count <= bytes.count else { return "\(file.commands.count) commands of \(bytes.count) bytes" }
        return nil
    }

    /// What was exported elsewhere, to move in from: the first byte says which of the files it is and in which form, and the others are right. Problems have their lines; where there is
    /// none, what was made is a consortium's file.
    static let exported = FuzzTarget(name: "exported", inputBytesMax: 4 * 1024) { bytes in
        let (choice, text) = (bytes.first ?? 0, String(decoding: bytes.dropFirst(), as: UTF8.self))
        var files = [
            "libraries": "library,node,queues\ngeneral,,ask\nlaw,law,law", "queues": "name\nask\nlaw", "users": "name,queues\nlea,law",
            "operators": "queue,user\nask,lea", "canned": "title,text\nHello,Good morning",
            "conversations": "queue,started\nlaw,2026-01-01 00:00:00",
        ]
        let name = MovingIn.names[Int(choice >> 1) % MovingIn.names.count]
        files[name] = nil
        let own = "\(name).\(choice & 1 == 0 ? "csv" : "json")"
        let moving = MovingIn(files.map { .init(name: $0.key + ".csv", text: $0.value) } + [.init(name: own, text: text)])
        guard moving.problems.count <= 100 else { return "\(moving.problems.count) problems" }
        let lines = text.utf8.count { $0 == 0x0A } + 1
        for problem in moving.problems {
            guard (1...max(lines, 3)).contains(problem.line), !problem.sentence.isEmpty else { return "\(problem) of \(lines) lines" }
        }
        guard moving.problems.isEmpty else { return moving.yaml.isEmpty ? nil : "something was made though something is wrong" }
        guard let file = try? ConsortiumFile(yaml: moving.yaml) else { return "what was made is no consortium's file" }
        guard file.queues.count == moving.queues, file.libraries.count == moving.libraries, file.operators.count == moving.operators else {
            return "something was made that is not counted"
        }
        return nil
    }

    /// A node's own file.
    static let nodeFile = FuzzTarget(name: "node-file", inputBytesMax: 4 * 1024) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(ConsortiumFile.Problems) { _ = try NodeConfiguration(yaml: text) } catch { return fault(in: error, of: text) }
        return nil
    }

    private static func fault(in error: ConsortiumFile.Problems, of text: String) -> String? {
        guard !error.problems.isEmpty, error.problems.count <= 100 else { return "\(error.problems.count) problems" }
        let lines = text.unicodeScalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 2
        for problem in error.problems {
            guard (1...lines).contains(problem.line), !problem.sentence.isEmpty else {
                return "line \(problem.line) of \(lines): \(problem.sentence)"
            }
        }
        return nil
    }

    /// Keys of gossip and of transcripts: a file that was taken, written again, opens what the first one sealed.
    static let keyring = FuzzTarget(name: "keyring", inputBytesMax: 2 * 1024) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        do {
            let keys = try KeyringFile.keys(in: text, of: "keyring")
            guard try KeyringFile.keys(in: KeyringFile.text(of: keys), of: "keyring") == keys else { return "keys are written as others" }
            let ring = try KeyringFile.ring(keys, cluster: Array("fuzz".utf8), of: "keyring")
            let sealed = try ring.seal(bytes)
            let reversed = try Keyring(primary: keys[keys.count - 1], others: Array(keys.dropLast()), clusterID: Array("fuzz".utf8))
            guard try reversed.open(sealed) == bytes else { return "what was sealed is opened as something else" }
        } catch let error as CallslipNode.StartFailure {
            return error.description.isEmpty ? "an error without a sentence" : nil
        } catch {
            return "an error that is not told as one of the file: \(error)"
        }
        return nil
    }

    /// A packet from the network, before it is known whose it is: nothing opens but what was sealed with a key of the ring.
    static let gossipPacket = FuzzTarget(name: "gossip-packet", inputBytesMax: 2 * 1024) { bytes in
        let key = [UInt8](repeating: 7, count: 32)
        do throws(KeyringError) {
            let ring = try Keyring(primary: key, others: [[UInt8](repeating: 8, count: 32)], clusterID: Array("fuzz".utf8))
            let sealed = try ring.seal(bytes, context: [1])
            guard try ring.open(sealed, context: [1]) == bytes else { return "what was sealed is opened as something else" }
            // The right head, so that the rest is looked at.
            let forged = Array(sealed.prefix(5)) + bytes
            do throws(KeyringError) {
                _ = try ring.open(bytes.count % 2 == 0 ? forged : bytes, context: [1])
                return "bytes that nobody sealed were opened"
            } catch { return nil }
        } catch { return "\(error)" }
    }

    /// Passwords' verifiers, a line per operator. What is taken is written in a form that is taken again.
    static let accounts = FuzzTarget(name: "accounts", inputBytesMax: 4 * 1024) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(AccountStore.Failure) {
            let verifiers = try AccountStore.verifiers(in: text, of: "accounts")
            guard verifiers.count <= Limits.operatorsMax else { return "\(verifiers.count) accounts" }
            for verifier in verifiers.values where (try? PasswordHash.needsRehash(verifier, parameters: .interactive)) == nil {
                return "a verifier cannot be judged"
            }
            return try AccountStore.verifiers(in: AccountStore.text(of: verifiers), of: "accounts") == verifiers
                ? nil : "accounts are written as others"
        } catch {
            return error.description.isEmpty ? "an error without a sentence" : nil
        }
    }

    /// A settings document, signed or not: what is taken is written as the same, and differs from itself in nothing. No fuzzer makes a signature that fits.
    static let settings = FuzzTarget(name: "settings", inputBytesMax: Limits.settingsTextBytesMax + 512) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        do throws(SettingsDocument.Mistake) {
            let signed = try SignedSettings(file: text)
            guard try SignedSettings(file: signed.file) == signed else { return "a signed document is written as another" }
            if (try? signed.proven()) != nil { return "a signature fits that nobody made" }
        } catch {
            if error.sentence.isEmpty { return "an error without a sentence" }
        }
        do throws(SettingsDocument.Mistake) {
            let document = try SettingsDocument(text: text)
            guard try SettingsDocument(text: document.text) == document else { return "a document is written as another" }
            guard SettingsDocument.differences(document, document).isEmpty else { return "a document differs from itself" }
        } catch {
            return error.sentence.isEmpty ? "an error without a sentence" : nil
        }
        return nil
    }

    /// A backup. Odd first byte: the rest is its state, under a head that fits, as a checksum is not to be guessed.
    static let backup = FuzzTarget(name: "backup", inputBytesMax: 16 * 1024) { bytes in
        let rest = Array(bytes.dropFirst())
        do throws(BackupFile.Unusable) {
            let file = try BackupFile((bytes.first ?? 0) & 1 == 0 ? rest : backup(around: rest))
            guard let written = try? file.encoded() else { return "what was taken cannot be written" }
            let again = try BackupFile(written)
            guard again.head == file.head, again.state == file.state else { return "what was taken is written as something else" }
            _ = try file.consortium()
        } catch {
            return error.description.isEmpty ? "an error without a sentence" : nil
        }
        return nil
    }

    private static func backup(around state: [UInt8]) -> [UInt8] {
        let sum = Hash.sha256(state).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let head = """
            callslip backup 1
            {"bytes":\(state.count),"chats":0,"cluster":"","index":0,"madeMs":0,"node":"","sha256":"\(sum)","term":0}

            """
        return Array(head.utf8) + state
    }

    /// A zone of the machine's data base. Offsets are within those that RFC 9636 allows, and local times find their way back.
    static let timeZone = FuzzTarget(name: "time-zone", inputBytesMax: 4 * 1024) { bytes in
        do throws(ZoneError) {
            let zone = try ZoneRules(tzif: bytes)
            for second: Int64 in [-5_000_000_000, -1, 0, 1_700_000_000, 1_720_000_000, 4_000_000_000, 30_000_000_000] {
                let offset = zone.offset(at: second)
                guard abs(offset) < 26 * 3_600 else { return "an offset of \(offset) s" }
                let back = zone.second(local: second + Int64(offset))
                guard abs(back - second) <= 52 * 3_600 else { return "\(second) is found at \(back)" }
            }
        } catch {
            return error.description.isEmpty ? "an error without a sentence" : nil
        }
        return nil
    }
}
