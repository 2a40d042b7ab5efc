import Consortium
import EventLoop
import FoundationEssentials
import Logging
import SignIn
import Sodium
import Testing
import Wire

@testable import Node
@testable import Web

/// The second step at those who keep it: judged, kept, shared between a home node and its standby.
@Suite struct SecondStepTests {
    private func folder() throws -> String {
        let folder = FileManager.default.temporaryDirectory.path + "/callslip-second-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    private let secret = Array("12345678901234567890".utf8)
    private let nowMs: UInt64 = 1_790_000_000_000
    private func code(_ ahead: Int64 = 0) -> String {
        OneTimeCode.code(secret, step: UInt64(Int64(OneTimeCode.step(atMs: nowMs)) + ahead))
    }

    @Test func whatIsUsedStaysUsedAcrossAStart() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (mia, max) = (try #require(OperatorName("mia")), try #require(OperatorName("max")))
        let recovery = try RecoveryCode.make()
        var store = try SecondStepStore(folder: folder)
        #expect(try store.judge("", of: mia, nowMs: nowMs) == .right(told: ""), "off")
        let digest = try #require(RecoveryCode.digest(recovery, of: "mia"))
        _ = try store.take(SecondStep(serial: 1, secret: secret, recovery: [digest]), of: mia)
        #expect(try store.judge("", of: mia, nowMs: nowMs) == .lacks(.needed))
        #expect(try store.judge(code(), of: mia, nowMs: nowMs) == .right(told: ""))
        #expect(try store.judge("", of: max, nowMs: nowMs) == .right(told: ""), "nobody else's")
        store = try SecondStepStore(folder: folder)
        #expect(try store.judge(code(), of: mia, nowMs: nowMs) == .lacks(.wrong))
        #expect(try store.judge(code(1), of: mia, nowMs: nowMs) == .right(told: ""))
        guard case .right(let told) = try store.judge(recovery, of: mia, nowMs: nowMs) else {
            return #expect(Bool(false), "the recovery code is right")
        }
        #expect(told.contains("0 are left"))
        store = try SecondStepStore(folder: folder)
        #expect(try store.judge(recovery, of: mia, nowMs: nowMs) == .lacks(.wrong))
    }

    @Test func aRecordIsOpenedByItsOwnKeyForItsOwnNameAlone() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var store = try SecondStepStore(folder: folder)
        _ = try store.take(SecondStep(serial: 1, secret: secret), of: try #require(OperatorName("mia")))
        let path = folder + "/second-steps"
        let text = try #require(try SmallFile.read(path))
        for changed in [text.replacing("mia", with: "max"), text.replacing("mia ", with: "mia 00"), text + text, "mia\n"] {
            try SmallFile.replace(path, with: changed)
            #expect(throws: SecondStepStore.Failure.self) { try SecondStepStore(folder: folder) }
        }
        try SmallFile.replace(path, with: text)
        _ = try SecondStepStore(folder: folder)
        try SmallFile.replace(folder + "/account-keys", with: String(repeating: "ab", count: 32) + "\n")
        #expect(throws: SecondStepStore.Failure.self) { try SecondStepStore(folder: folder) }
    }

    /// With the password known, codes are guessed from many networks at once: all count together, and a recovery code is looked at all the same.
    @Test func wrongCodesAreCountedWhoeverTries() throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let mia = try #require(OperatorName("mia"))
        let recovery = try RecoveryCode.make()
        var store = try SecondStepStore(folder: folder)
        _ = try store.take(
            SecondStep(serial: 1, secret: secret, recovery: [try #require(RecoveryCode.digest(recovery, of: "mia"))]), of: mia)
        for _ in 0..<CodeBrake.wrongMax { #expect(try store.judge("000000", of: mia, nowMs: nowMs) == .lacks(.wrong)) }
        #expect(try store.judge(code(), of: mia, nowMs: nowMs) == .lacks(.tooMany))
        guard case .right = try store.judge(recovery, of: mia, nowMs: nowMs) else {
            return #expect(Bool(false), "the recovery code is right")
        }
        #expect(try store.judge(code(), of: mia, nowMs: nowMs) == .right(told: ""), "who has one is no guesser")
        for _ in 0..<CodeBrake.wrongMax { #expect(try store.judge("000000", of: mia, nowMs: nowMs) == .lacks(.wrong)) }
        #expect(try store.judge("000000", of: mia, nowMs: nowMs + CodeBrake.windowMs) == .lacks(.wrong), "an hour later")
    }

    // MARK: A home node and its standby

    private static let cluster = [UInt8](repeating: 9, count: 16)
    private static let logger = Logger(label: "test")
    private static func network() throws -> AddressPrefix { AddressPrefix(try SocketAddress(host: "127.0.0.1", port: 0)) }

    /// One node, as far as accounts go.
    @ClusterActor
    private final class Keeper {
        let network: PeerNetwork
        let accounts: Accounts
        let calls: PeerCalls
        let address: SocketAddress

        init(_ node: NodeName, folder: String) throws {
            network = PeerNetwork(cluster: cluster, node: node, boot: 1, logger: logger)
            let keyring = try Keyring(primary: [UInt8](repeating: 1, count: 32), clusterID: cluster)
            calls = PeerCalls(network: network, keys: KeysHost(keyring, path: nil, logger: logger), logger: logger)
            accounts = try Accounts(folder: folder, node: node, calls: calls, logger: logger)
            address = try #require(SocketAddress("127.0.0.1:\(try FreePort.next())"))
        }

        /// - Parameter code: of the second step.
        func signIn(_ code: String = "", board: Board) async throws -> Accounts.SignInOutcome {
            let ask = SignInAsk(name: "mia", password: "reading-room", code: code, browser: nil, network: try SecondStepTests.network())
            return await withCheckedContinuation { continuation in
                accounts.signIn(ask, board: board) { continuation.resume(returning: $0) }
            }
        }

        func wish(_ wish: SecondStepWish) async -> SecondStepOutcome {
            await withCheckedContinuation { continuation in accounts.serve(wish) { continuation.resume(returning: $0) } }
        }

        func close() async {
            network.close()
            await accounts.stop()
        }
    }

    /// - Parameter hasLeft: whether an import closed her account.
    private func board(home: NodeName, standby: NodeName, hasLeft: Bool = false) throws -> Board {
        var state = ConsortiumState()
        let library = try #require(LibraryName("memorial"))
        let queue = try #require(QueueName("memorial"))
        let commands: [Command] = [
            .setLibrary(Library(name: library, title: "Memorial", homeNode: home, standbyNode: standby, fallback: .immediately)),
            .setQueue(Queue(name: queue, title: "Memorial", library: library)),
            .setOperator(
                Operator(name: try #require(OperatorName("mia")), displayName: "Mia", library: library, queues: hasLeft ? [] : [queue])),
        ]
        let items = commands.enumerated().map {
            Batch.Item(id: ProposalID(node: home, boot: 1, counter: UInt64($0.offset) + 1), command: $0.element)
        }
        _ = state.apply(Batch(elapsedMs: 0, wallMs: 0, term: 1, items: items), index: 1)
        return state.board()
    }

    /// A campus's word counts for the people of its own libraries: at the standby another campus may mean somebody else.
    @ClusterActor
    @Test func theCampusSignsInAtTheHomeAlone() async throws {
        let folders = [try folder(), try folder()]
        defer { for folder in folders { try? FileManager.default.removeItem(atPath: folder) } }
        let (home, standby) = (try #require(NodeName("memorial")), try #require(NodeName("college")))
        let board = try board(home: home, standby: standby)
        let nodes = [try Keeper(home, folder: folders[0]), try Keeper(standby, folder: folders[1])]
        for node in nodes {
            node.accounts.board = { board }
            node.accounts.campusNames = [board.operators[0].name: "mm123"]
        }
        guard case .signedIn(_, let session) = nodes[0].accounts.campusSignIn("mm123") else { return #expect(Bool(false), "at home") }
        #expect(session.operatorName == board.operators[0].name)
        for name in ["mia", "MM123", "mm123 ", ""] {
            guard case .refused(let refusal) = nodes[0].accounts.campusSignIn(name) else {
                return #expect(Bool(false), "\(name) is nobody")
            }
            #expect(refusal.code == .noAccount)
        }
        guard case .refused(let refusal) = nodes[1].accounts.campusSignIn("mm123") else {
            return #expect(Bool(false), "not at the standby")
        }
        #expect(refusal.code == .noAccount)
        nodes[0].accounts.kept = [board.operators[0].name: SecondStep(serial: 1, secret: secret)]
        guard case .refused(let later) = nodes[0].accounts.campusSignIn("mm123") else { return #expect(Bool(false), "her second step") }
        #expect(later.code == .secondStep)
        for node in nodes { await node.close() }
    }

    /// Whoever left is let in by no keeper that was not there when the account was closed, and what is open ends.
    @ClusterActor
    @Test func whoeverLeftIsLetInNowhere() async throws {
        let folder = try folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (home, away) = (try #require(NodeName("memorial")), try #require(NodeName("college")))
        let keeper = try Keeper(home, folder: folder)
        var board = try board(home: home, standby: away)
        keeper.accounts.board = { board }
        keeper.accounts.campusNames = [board.operators[0].name: "mm123"]
        let verifier = try PasswordHash.hash("reading-room", parameters: .fastestForTests)
        await withCheckedContinuation { continuation in
            keeper.accounts.call(.storeVerifier(board.operators[0].name, verifier: verifier), at: home) { _ in continuation.resume() }
        }
        guard case .signedIn(let token, _, _, _) = try await keeper.signIn(board: board) else { return #expect(Bool(false), "signed in") }
        #expect(keeper.accounts.session(token) != nil)
        board = try self.board(home: home, standby: away, hasLeft: true)
        #expect(keeper.accounts.session(token) == nil)
        guard case .wrongPassword = try await keeper.signIn(board: board) else { return #expect(Bool(false), "no account") }
        guard case .refused(let refusal) = keeper.accounts.campusSignIn("mm123") else { return #expect(Bool(false), "no campus either") }
        #expect(refusal.code == .noAccount)
        await keeper.close()
    }

    /// Turning on needs both; what the one learns the other knows, so that neither lets anybody in by the password alone, or by a used code.
    @ClusterActor
    @Test func theStandbyAsksForTheCodeToo() async throws {
        let folders = [try folder(), try folder()]
        defer { for folder in folders { try? FileManager.default.removeItem(atPath: folder) } }
        let (home, standby) = (try #require(NodeName("memorial")), try #require(NodeName("college")))
        let board = try board(home: home, standby: standby)
        let nodes = [try Keeper(home, folder: folders[0]), try Keeper(standby, folder: folders[1])]
        let verifier = try PasswordHash.hash("reading-room", parameters: .fastestForTests)
        var cut = false
        for (node, other, name) in [(nodes[0], nodes[1], standby), (nodes[1], nodes[0], home)] {
            node.accounts.board = { board }
            node.calls.address = { !cut && $0 == name ? other.address : nil }
            try node.network.listen(node.address)
        }
        for name in [home, standby] {
            let kept: PeerCall? = await withCheckedContinuation { continuation in
                nodes[0].accounts.call(.storeVerifier(board.operators[0].name, verifier: verifier), at: name) {
                    continuation.resume(returning: $0)
                }
            }
            guard case .answer(ok: true, _)? = kept else { return #expect(Bool(false), "\(name) keeps the verifier") }
        }
        guard case .signedIn(let token, _, _, _) = try await nodes[1].signIn(board: board) else { return #expect(Bool(false), "signed in") }
        let proof = SignInAsk(name: "", password: "reading-room", browser: nil, network: try Self.network())
        guard case .begun(let text, _) = await nodes[1].wish(.begin(token, proof)), let secret = Base32.bytes(of: TypedCode.plain(text))
        else {
            return #expect(Bool(false), "begun")
        }
        func code(_ ahead: UInt64) -> String { OneTimeCode.code(secret, step: OneTimeCode.step(atMs: WallClock.nowMs) + ahead) }
        // The home is out of the standby's reach: nothing is turned on.
        cut = true
        guard case .refused(code: "homeUnreachable", _, 503, _) = await nodes[1].wish(.confirm(token, code: code(0))) else {
            return #expect(Bool(false), "it takes both")
        }
        // Nor where the home has it and the standby cannot be told.
        cut = false
        guard case .signedIn(let there, _, _, _) = try await nodes[0].signIn(board: board),
            case .begun(let shown, _) = await nodes[0].wish(.begin(there, proof)), let other = Base32.bytes(of: TypedCode.plain(shown))
        else { return #expect(Bool(false), "begun at home") }
        cut = true
        let first = OneTimeCode.code(other, step: OneTimeCode.step(atMs: WallClock.nowMs))
        guard case .refused(code: "homeUnreachable", let told, 503, _) = await nodes[0].wish(.confirm(there, code: first)) else {
            return #expect(Bool(false), "it takes both, the standby too")
        }
        #expect(told.contains("college"))
        cut = false
        guard case .turnedOn(let recovery) = await nodes[1].wish(.confirm(token, code: code(0))) else { return #expect(Bool(false), "on") }
        for node in nodes {
            guard case .lacks(.needed) = try await node.signIn(board: board) else { return #expect(Bool(false), "both ask for it") }
        }
        // What was used at the home, where both ask first, the standby does not take when it stands alone.
        guard case .signedIn = try await nodes[1].signIn(recovery[0], board: board) else { return #expect(Bool(false), "a recovery code") }
        while nodes[1].accounts.kept.values.first?.recovery.count != RecoveryCode.count - 1 { await Task.yield() }
        cut = true
        guard case .lacks(.wrong) = try await nodes[1].signIn(recovery[0], board: board) else {
            return #expect(Bool(false), "it is used up")
        }
        // And the other way round: what the standby learnt while it stood alone, the home knows later.
        guard case .signedIn = try await nodes[1].signIn(recovery[1], board: board) else { return #expect(Bool(false), "another") }
        cut = false
        nodes[1].accounts.shareAgain()
        while nodes[0].accounts.kept.values.first?.recovery.count != RecoveryCode.count - 2 { await Task.yield() }
        guard case .lacks(.wrong) = try await nodes[0].signIn(recovery[1], board: board) else {
            return #expect(Bool(false), "used up as well")
        }
        for node in nodes { await node.close() }
    }
}
