import Consortium
import FoundationEssentials
import Glibc
import Raft
import Testing
import Wire

@testable import Node

/// A cluster in a file, and another cluster from it.
@Suite struct BackupTests {
    /// A library with a chat that Mia holds, and one that waits.
    private struct Scene {
        var state = ConsortiumState()
        let session = SessionID(high: 1, low: 1)
        let held = ChatID(high: 2, low: 1)
        let waiting = ChatID(high: 2, low: 2)
        let secret: SecretHash
        var index: UInt64 = 10

        init() throws {
            secret = try #require(SecretHash([UInt8](repeating: 3, count: 32)))
            let (library, node, queue) = (
                try #require(LibraryName("memorial")), try #require(NodeName("memorial")), try #require(QueueName("memorial"))
            )
            let mia = try #require(OperatorName("mia"))
            try apply([
                .setLibrary(Library(name: library, title: "Memorial Library", homeNode: node, standbyNode: nil, fallback: .immediately)),
                .setQueue(Queue(name: queue, title: "Memorial Library", library: library, opening: .open)),
                .setOperator(Operator(name: mia, displayName: "Mia", library: library, queues: [queue])),
                .signOn(SignOn(session: session, operatorName: mia, node: node, boot: 1, available: [queue])),
            ])
            for (number, chat) in [held, waiting].enumerated() {
                let attach = AttachID(high: 4, low: UInt64(number))
                try apply([
                    .open(Open(chat: chat, secret: secret, queue: queue, attach: attach, node: node, referralAgreed: true)),
                    .say(
                        Say(
                            chat: chat, speaker: .patron(attach), sender: SenderID(high: 5, low: UInt64(number)), sequence: 1,
                            text: "question \(number)")),
                ])
            }
            try apply([.claim(Claim(chat: held, session: session, request: RequestID(high: 6, low: 6)))])
        }

        mutating func apply(_ commands: [Command]) throws {
            index += 1
            let node = try #require(NodeName("c1"))
            let items = commands.enumerated().map {
                Batch.Item(id: ProposalID(node: node, boot: 1, counter: index * 100 + UInt64($0.offset)), command: $0.element)
            }
            let applied = state.apply(Batch(elapsedMs: 10, wallMs: 1_000, term: 3, items: items), index: index)
            for verdict in applied.verdicts { if case .refused(let refusal) = verdict { Issue.record("\(refusal)") } }
        }

        var backup: BackupFile { BackupFile(of: state, term: 3, cluster: "campus", node: "c1", madeMs: 1_000) }
    }

    private func configuration(_ folder: String, cluster: String, node: String = "c1") throws -> NodeConfiguration {
        try NodeConfiguration(
            yaml: """
                node: \(node)
                cluster: \(cluster)
                data: \(folder)/\(node)
                keyring: \(folder)/keyring
                roles: [coordinator]
                web: ["127.0.0.1:7101"]
                peer: "127.0.0.1:7201"
                gossip: "127.0.0.1:7301"
                coordinators:
                  - {id: 1, name: c1, peer: "127.0.0.1:7201"}
                  - {id: 2, name: c2, peer: "127.0.0.1:7202"}
                  - {id: 3, name: c3, peer: "127.0.0.1:7203"}
                """)
    }

    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.path + "/callslip-backup-\(getpid())-\(UInt64.random(in: 0 ... .max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    @Test func aBackupIsTheStateAndTellsWhatItIs() throws {
        let scene = try Scene()
        let read = try BackupFile(try scene.backup.encoded())
        #expect(read.head == scene.backup.head)
        #expect(read.head.chats == 2)
        #expect(read.head.index == scene.index)
        #expect(try read.consortium().digest() == scene.state.digest())
    }

    @Test func everyCoordinatorBeginsTheSame() throws {
        let scene = try Scene()
        try withFolder { folder in
            var begun: [UInt64: ConsortiumState] = [:]
            for (id, node) in [(UInt64(1), "c1"), (2, "c2"), (3, "c3")] {
                let configuration = try configuration(folder, cluster: "campus-2", node: node)
                let index = try Restore.run(scene.backup, into: configuration)
                #expect(index == scene.index + ConsortiumState.restoreLeap)
                let identity = LogIdentity(cluster: try CallslipNode.clusterID("campus-2"), member: id)
                let opened = try LogStore.open(try DiskLayout(folder: configuration.data + "/raft"), identity)
                let snapshot = try #require(opened.log.snapshot)
                #expect(snapshot.meta.members.map(\.name) == ["c1", "c2", "c3"])
                #expect(snapshot.meta.index == index)
                begun[id] = try ConsortiumState(wireSnapshot: snapshot.data)
            }
            #expect(Set(begun.values.map { $0.digest() }).count == 1)
            let (before, after) = (scene.state, try #require(begun[1]))
            #expect(after.board().libraries == before.board().libraries)
            #expect(after.board().operators == before.board().operators)
            #expect(after.board().signedOn.isEmpty)
            #expect(after.board().at > before.board().at)
            for chat in [scene.held, scene.waiting] {
                let texts = { (state: ConsortiumState) in
                    state.messages(of: chat, after: .zero).compactMap { if case .text(let text, _, _) = $0.body { text } else { nil } }
                }
                #expect(texts(after) == texts(before))
                let (old, new) = (try #require(before.meta(of: chat)), try #require(after.meta(of: chat)))
                #expect(new.epoch > old.epoch)
                // What is noted by the restore stands where the former cluster can have said nothing.
                let notes = after.messages(of: chat, after: old.last)
                #expect(notes.allSatisfy { $0.position.epoch > ConsortiumState.restoredEpochs })
                #expect(!notes.isEmpty)
                if case .held = new.phase { Issue.record("somebody still holds \(chat)") }
                #expect(after.authorize(chat, secret: scene.secret) == nil)
            }
            try after.checkInvariants()
        }
    }

    /// Late words are appended to a chat that is over, too.
    @Test func aChatThatIsOverIsInALaterEpochAsWell() throws {
        var scene = try Scene()
        try scene.apply([.leave(scene.waiting, AttachID(high: 4, low: 1))])
        let old = try #require(scene.state.meta(of: scene.waiting))
        scene.state.beginAnew()
        let new = try #require(scene.state.meta(of: scene.waiting))
        guard case .closed = new.phase else {
            Issue.record("the chat is not over")
            return
        }
        #expect(new.epoch == old.epoch + ConsortiumState.restoredEpochs)
        try scene.state.checkInvariants()
    }

    /// Whoever held a chat in the former cluster changes nothing in the new one.
    @Test func formerTokensHoldNothing() throws {
        var scene = try Scene()
        guard case .held(let holder, _)? = scene.state.meta(of: scene.held)?.phase else {
            Issue.record("nobody holds the chat")
            return
        }
        scene.state.beginAnew()
        let item = Batch.Item(
            id: ProposalID(node: try #require(NodeName("c1")), boot: 2, counter: 1), command: .close(scene.held, token: holder.token))
        let applied = scene.state.apply(Batch(elapsedMs: 1, wallMs: 1, term: 4, items: [item]), index: scene.state.appliedThrough.index + 1)
        guard case .refused(let refusal)? = applied.verdicts.first else {
            Issue.record("a former token was accepted")
            return
        }
        #expect(refusal.code == .notHolder)
    }

    @Test func whatCannotBeRestoredIsRefusedWithAReason() throws {
        let scene = try Scene()
        let bytes = try scene.backup.encoded()
        #expect(throws: BackupFile.Unusable.torn(expected: scene.backup.head.bytes, found: scene.backup.head.bytes - 5)) {
            try BackupFile(Array(bytes.dropLast(5)))
        }
        var flipped = bytes
        flipped[bytes.count - 9] ^= 4
        #expect(throws: BackupFile.Unusable.damaged) { try BackupFile(flipped) }
        #expect(throws: BackupFile.Unusable.notABackup) { try BackupFile(Array("something else\n\n".utf8)) }
        #expect(throws: BackupFile.Unusable.notABackup) { try BackupFile([]) }
        #expect(throws: BackupFile.Unusable.otherVersion("2")) { try BackupFile(Array("callslip backup 2\n{}\n".utf8)) }
        #expect(throws: BackupFile.Unusable.damagedHead) { try BackupFile(Array("callslip backup 1\n{\n".utf8)) }
        try withFolder { folder in
            #expect(throws: Restore.Refused.sameCluster("campus")) {
                try Restore.run(scene.backup, into: try configuration(folder, cluster: "campus"))
            }
            let fresh = try configuration(folder, cluster: "campus-2")
            try Restore.run(scene.backup, into: fresh)
            #expect(throws: Restore.Refused.notEmpty(fresh.data + "/raft")) { try Restore.run(scene.backup, into: fresh) }
        }
    }
}
