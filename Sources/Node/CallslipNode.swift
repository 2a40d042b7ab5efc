/// A whole node: what `callslip serve` runs. It puts the shells together, starts them in order and stops them in order.
///
/// Promises: after `start` returned, the node gossips, serves the web plane and, if it is a coordinator, votes from what its disk
/// holds. After `stop` nothing of it is left: no handle, no descriptor, no thread but the two loops'.

import ClientProtocol
import Consortium
import Coordinator
import CoreMetrics
import EventLoop
import FoundationEssentials
import Gossip
import Logging
import Raft
import Sodium
import TLS
import Web
import Wire

@ClusterActor
public final class CallslipNode {
    public struct StartFailure: Error, CustomStringConvertible, Sendable {
        public var description: String
        init(_ description: String) { self.description = description }
    }

    public let configuration: NodeConfiguration
    let boot: UInt64
    let logger: Logger
    let network: PeerNetwork
    let gossip: GossipHost
    private let keys: KeysHost
    let client: CoordinatorClient
    private let accounts: Accounts
    private let campus: CampusDesk?
    private let branch: BranchHost
    private let transcripts: TranscriptHost
    private let staffPost: StaffPost?
    private let oldCopies: OldCopiesHost
    private let pictures: PictureHost
    let library: LibraryHost
    let coordinator: CoordinatorHost?
    let voters: VoterLinks?
    private let voterMemory: VoterMemoryFile?
    let calls: PeerCalls
    private let book: CoordinatorBook
    private let publisher: PresencePublisher
    private let web: WebHost
    private let webTLS: (WebCredentials, WebServerTLS)?
    private let shelf: ButtonShelf
    private let installs: InstallHost
    /// What the web plane serves of the button's code, and what it was last asked to.
    private(set) var buttonServing = ButtonServing()
    private var releasedButton: String?
    private let adminToken: String
    private var isBackingUp = false
    private var isServing = false
    private var places = PagePlaces()
    private var selfReports = SelfReports()
    private let reporting = Timer(on: ClusterActor.loop)
    var settingsWatch = SettingsWatch()
    private let settingsTimer = Timer(on: ClusterActor.loop)
    private let renewal: CertificateRenewal?
    private let started: (store: Disconnected<LogStore>, log: RecoveredLog, isFresh: Bool)?
    /// The node cannot go on in this life of the process; says why.
    public var onFatal: (@Sendable (String) -> Void)?

    /// What every frame and file of a cluster carries: a hash of its name.
    nonisolated static func clusterID(_ name: String) throws -> [UInt8] { Array(try Hash.blake2b(Array(name.utf8)).prefix(16)) }

    /// Reads what the disk holds; nothing is listened to yet.
    public static func make(_ configuration: NodeConfiguration, assets: Assets, metrics: PrometheusMetrics?) async throws -> CallslipNode {
        try SmallFile.makeFolder(configuration.data)
        let cluster = try clusterID(configuration.cluster)
        let keyring = try KeyringFile.read(configuration.keyring, cluster: cluster)
        let bootCounter = try BootCounter.next(configuration.data)
        let adminToken = Hex.text(of: try Randomness.bytes(24))
        return try await CallslipNode(
            configuration, cluster: cluster, keyring: keyring, bootCounter: bootCounter, adminToken: adminToken, assets: assets,
            metrics: metrics)
    }

    private init(
        _ configuration: NodeConfiguration, cluster: [UInt8], keyring: Keyring, bootCounter: UInt64, adminToken: String, assets: Assets,
        metrics: PrometheusMetrics?
    ) async throws {
        self.configuration = configuration
        self.adminToken = adminToken
        boot = try Randomness.uint64()
        var logger = Logger(label: "callslip")
        logger[metadataKey: "node"] = "\(configuration.node)"
        self.logger = logger
        let tls: PeerTLS?
        do {
            tls = try configuration.tls.map { files throws(PeerTLS.Unusable) in
                try PeerTLS(files, node: configuration.node, logger: logger)
            }
        } catch {
            throw StartFailure("\(error)")
        }
        do {
            webTLS = try configuration.webTLS.map { files throws(WebTLS.Unusable) in try files.read() }
        } catch {
            throw StartFailure("\(error)")
        }
        network = PeerNetwork(cluster: cluster, node: configuration.node, boot: boot, tls: tls, logger: logger)
        let me = Member(
            name: configuration.node.text, gossipAddress: "\(configuration.gossipListen)", peerAddress: "\(configuration.peerListen)",
            webURLs: Array(configuration.webURLs.prefix(1)),
            roles: configuration.voter == nil ? [.library] : configuration.isLibrary ? [.library, .coordinator] : [.coordinator],
            raftID: configuration.voter?.id ?? 0, bootID: boot)
        let keys = KeysHost(keyring, path: configuration.keyring, logger: logger)
        self.keys = keys
        gossip = try GossipHost(me: me, keys: keys, network: network, logger: logger)
        let calls = PeerCalls(network: network, keys: keys, logger: logger)
        self.calls = calls
        accounts = try Accounts(folder: configuration.data, node: configuration.node, calls: calls, logger: logger)
        let accounts = accounts
        campus = try configuration.campus.map { try CampusDesk($0, accounts: accounts, logger: logger) }
        publisher = PresencePublisher(node: configuration.node, bootCounter: bootCounter, gossip: gossip)

        var host: CoordinatorHost?
        if let voter = configuration.voter {
            let opened = try Self.open(configuration, voter, cluster: cluster, logger: logger)
            let kept = VoterMemoryFile(folder: configuration.data, cluster: cluster, logger: logger)
            let links = VoterLinks(
                network: network, own: voter, all: configuration.coordinators, memory: kept.read(), logger: logger)
            kept.memory = { [unowned links] in links.memory }
            links.onRemembered = { [unowned kept] in kept.changed() }
            let replica = try RaftReplica(try Self.raftConfiguration(configuration, voter))
            let raft = RaftHost(replica: replica, links: links, logger: logger)
            raft.watch = try ApplyWatch(
                folder: configuration.data, through: opened.log.entries.last?.index ?? opened.log.snapshot?.meta.index ?? 0)
            raft.purgeRecord = try PurgeRecord(folder: configuration.data, isFresh: opened.isFresh, wallMs: WallClock.nowMs)
            let core = CoordinatorCore(node: configuration.node, boot: boot)
            let coordinatorHost = CoordinatorHost(core: core, raft: raft, links: links, logger: logger)
            coordinatorHost.places = { members in members.compactMap(configuration.coordinator) }
            host = coordinatorHost
            voters = links
            voterMemory = kept
            started = opened
        } else {
            voters = nil
            voterMemory = nil
            started = nil
        }
        coordinator = host
        let served = host
        let ownName = configuration.node
        book = CoordinatorBook(configuration, logger: logger)
        book.read()
        client = CoordinatorClient(
            network: network, node: configuration.node, book: book,
            connectLocally: served.map { served in
                {
                    let (near, far) = LocalPort.pair()
                    served.serve(far, node: ownName)
                    return near
                }
            }, logger: logger)
        client.ownName = configuration.node
        branch = BranchHost(data: configuration.data, cluster: cluster, node: configuration.node, boot: boot, logger: logger)
        transcripts = TranscriptHost(
            folder: configuration.data, cluster: cluster, node: configuration.node, boot: boot, keepDays: configuration.keepDays,
            mail: configuration.mail,
            logger: logger)
        oldCopies = OldCopiesHost(data: configuration.data, logger: logger)
        let pictures = PictureHost(data: configuration.data, node: configuration.node, calls: calls, logger: logger)
        self.pictures = pictures
        library = try LibraryHost(
            node: configuration.node, boot: boot, addresses: configuration.webURLs, client: client, branch: branch,
            transcripts: transcripts,
            roster: RosterFile(data: configuration.data, logger: logger), accounts: accounts, servedDesk: assets.version, logger: logger)
        staffPost = StaffPost.make(configuration, library: library, gossip: gossip, logger: logger)
        accounts.board = { [unowned library] in library.board }
        let services = Self.services(
            library: library, pictures: pictures, accounts: accounts, campus: campus, adminToken: adminToken,
            demo: configuration.demoFrameAncestor,
            status: Later())
        let shelf = ButtonShelf(data: configuration.data, logger: logger)
        self.shelf = shelf
        web = await WebHost(services: services.0, assets: assets, shelf: shelf, metrics: metrics, logger: logger)
        buttonServing = await web.release(button: shelf.released)
        let installs = InstallHost(library: library, logger: logger)
        self.installs = installs
        services.1.sawInstall = { seen in installs.take(seen) }
        let joining = JoinDesk(configuration, logger: logger)
        joining.homeNode = { [library] name in library.board?.libraries.first { $0.name == name }?.homeNode }
        services.1.joining = joining
        book.isMember = { node in served?.isMember(node) ?? false }
        // By the log: what a node says of itself in gossip makes it none of the consortium's.
        joining.belongs = { [library] node in
            served?.isMember(node) ?? false || library.board?.libraries.contains { $0.isServed(by: node) } ?? false
        }
        joining.coordinates = { node in
            guard let served else { return false }
            return served.knowsLeader ? served.isMember(node) : nil
        }
        calls.isCoordinator = { node in served?.isMember(node) ?? false }
        calls.givesKeys = configuration.voter != nil
        keys.coordinators = { [book] in book.list.map(\.name).filter { $0 != configuration.node } }
        keys.ask = { [book] name, completion in
            guard let coordinator = book.list.first(where: { $0.name == name }) else { return completion(nil, "it is none any more") }
            calls.askKeys(coordinator, judge: { book.refusal(of: $0, $1) }, completion: completion)
        }
        keys.tell = { [library] step in library.propose(.keysHeld(by: configuration.node, step: step)) { _ in } }
        keys.onChange = { [gossip] in gossip.joinAgain() }
        services.1.keys = KeysDesk(keys: keys, library: library, gossip: gossip, coordinator: host, hasTLS: tls != nil)
        joining.isRemoved = { [library] node in library.coordinatorsBoard?.removedNodes.contains { $0.node == node } ?? false }
        joining.admit = { [library] node, key, completion in
            library.propose(.admitNode(node, key: key)) { verdict in
                if case .accepted? = verdict { completion(true) } else { completion(false) }
            }
        }
        services.1.nodes = NodesDesk(own: configuration.node, library: library, gossip: gossip, coordinator: host, logger: logger)
        calls.onCertify = { node, key, answer in joining.renew(node, publicKey: key, answer) }
        renewal = tls.map { CertificateRenewal($0, node: configuration.node, logger: logger) }
        renewal?.coordinates = { served?.isOne ?? false }
        if let voters { tls?.onCertified = { voters.certified() } }
        renewal?.coordinators = { [book] in
            // One that holds an issuer itself asks itself first.
            let others = book.list.map(\.name).filter { $0 != configuration.node }
            return configuration.tls?.issuer == nil ? others : [configuration.node] + others
        }
        renewal?.ask = { coordinator, key, answer in
            guard coordinator == configuration.node else { return calls.certify(key, at: coordinator, completion: answer) }
            joining.renew(coordinator, publicKey: key, answer)
        }
        services.1.status = { [unowned self] in status() }
        services.1.changeCoordinators = { [unowned self] wish, completion in changeCoordinators(wish, completion) }
        services.1.desks = { [unowned self] completion in desksReport(completion) }
        services.1.settings = { [unowned self] completion in settingsReport(completion) }
        services.1.patronURLs = { [unowned self] in patronURLs() }
        services.1.backUp = { [unowned self] completion in backUp(completion) }
        let gossip = gossip
        let passwords = calls.onCall
        calls.onCall = { [unowned self] call, answer in
            if case .askDesks = call, configuration.isLibrary { return answer(.desks(library.desksOpen)) }
            if case .askSettings(let version) = call, library.board != nil {
                return answer(.settings(library.settingsTold(after: version)))
            }
            if case .askPicture(let id) = call { return pictures.answer(id, answer) }
            guard case .changeCoordinators(let wish) = call else {
                passwords?(call, answer)
                return
            }
            answer(.progress(coordinator?.advance(towards: wish) ?? .refused("This node is no coordinator.")))
        }
        network.knows = { [book] host in
            book.list.contains { $0.peer.host == host } || gossip.members.contains { SocketAddress($0.member.peerAddress)?.host == host }
        }
        calls.address = { name in gossip.core.member(name.text).flatMap { $0.state == .alive ? SocketAddress($0.peerAddress) : nil } }
    }

    public func start() async throws {
        do {
            try network.listen(configuration.peerListen)
        } catch {
            throw StartFailure("peers cannot reach this node: \(error)")
        }
        if let coordinator, let voters, let started {
            let replica = coordinator.raft.replica
            let id = configuration.voter?.id ?? 0
            network.claim = {
                let held = replica.claimed
                return .init(id: id, term: held.term, index: held.index, repairingSince: replica.repairingSince ?? 0)
            }
            voters.onLevel = { coordinator.reckonSupport() }
            voters.onRepairing = { coordinator.raft.helps($0, repairingSince: $1, from: $2) }
            voters.termOfEntry = { replica.term(at: $0) }
            network.refuse = { voters.refusal(of: $0, $1) }
            network.receive(.service) { link in
                if let hello = link.remote { coordinator.serve(link, node: hello.node) }
            }
            coordinator.raft.onFatal = { [unowned self] sentence in onFatal?(sentence) }
            coordinator.onRole = { [unowned self] in roleChanged() }
            coordinator.onLacking = { [unowned self] _ in tellReadiness() }
            publisher.leadingTerm = { coordinator.core.role.isLeader ? coordinator.core.role.term : nil }
            guard let store = started.store.take() else { throw StartFailure("a node starts once") }
            try coordinator.start(store, from: started.log)
        }
        let web = web
        publisher.deliver = { snapshot in
            WebActor.loop.post { WebActor.assumeIsolated { web.presence.update(snapshot) } }
        }
        library.deliver = { actions in
            WebActor.loop.post { WebActor.assumeIsolated { web.perform(actions) } }
        }
        let hours = HoursPublisher(logger: logger)
        hours.deliver = { snapshot in
            WebActor.loop.post { WebActor.assumeIsolated { web.hours.update(snapshot) } }
        }
        library.onBoard = { [unowned self, publisher] board in
            publisher.take(board)
            gossip.settings(library.settingsDigest)
            hours.take(board)
        }
        library.onButtons = { [unowned self] lists in released(lists.released) }
        library.onCoordinatorsBoard = { [network, gossip, keys] board in
            keys.take(board.keys)
            let removed = RemovedPeers(board.removedNodes)
            network.update(removed)
            gossip.exclude(removed.names)
        }
        library.onDismissal = { [unowned self] _ in tellReadiness() }
        gossip.onChange = { [publisher] in publisher.schedule() }
        library.onEntries = { [unowned self] in publishPlaces() }
        gossip.onMember = { [unowned self, book, gossip] in
            book.learn(gossip.members.map(\.member))
            publishPlaces()
        }
        do {
            try gossip.start(listen: configuration.gossipListen, seeds: configuration.seeds.map { "\($0)" })
        } catch {
            throw StartFailure("gossip cannot start: \(error)")
        }
        branch.onFatal = { [unowned self] sentence in onFatal?(sentence) }
        try library.start()
        staffPost?.start()
        // Before anybody asks for one, or says that one goes along.
        pictures.start { [library] in library.knowsTickets ? library.tickets : nil }
        do {
            try await web.listen(configuration, read: webTLS)
        } catch {
            throw StartFailure("the web plane cannot start: \(error)")
        }
        // Only now: a second start on the same data, which fails above, must not take the token from the one that serves.
        try SmallFile.replace(configuration.data + "/admin", with: "\(configuration.commandURL)\n\(adminToken)\n")
        await web.ready(library.dismissal ?? coordinator?.lacking)
        isServing = true
        reporting.start(afterMs: SelfReports.everyMs, repeatMs: SelfReports.everyMs) { [unowned self] in reportItself() }
        settingsTimer.start(afterMs: SettingsWatch.everyMs, repeatMs: SettingsWatch.everyMs) { [unowned self] in watchSettings() }
        renewal?.start()
        oldCopies.start { [library] in (library.board?.settings ?? Settings()).transcriptDeadlineMs }
        logger.info("serving", metadata: ["web": "\(configuration.webListen.map(\.description))", "boot": "\(String(boot, radix: 16))"])
    }

    /// What a proxy or a supervisor is told of this node.
    private func tellReadiness() {
        guard isServing else { return }
        let why = library.dismissal ?? coordinator?.lacking
        WebActor.loop.post { [web] in WebActor.assumeIsolated { web.ready(why) } }
    }

    public func stop() async {
        isServing = false
        await web.ready("the node is stopping")
        library.stop()
        gossip.leave()
        coordinator?.raft.handOver()
        // The sign-off and the hand-over travel while the clients are told.
        await pause(ms: 250)
        await coordinator?.stop()
        await voterMemory?.stop()
        await branch.stop()
        oldCopies.stop()
        await pictures.stop()
        renewal?.stop()
        keys.stop()
        installs.stop()
        reporting.close()
        settingsTimer.close()
        await transcripts.stop()
        await staffPost?.stop()
        gossip.close()
        network.close()
        // First what is handed on: a campus's service that hangs is waited for as long as one question may last.
        await accounts.stop()
        await campus?.stop()
        await web.close()
    }

    /// Tells LTG what is wrong here, if anything is. What is refused, at a level before there were tickets, is said again later.
    private func reportItself() {
        guard let status = status() else { return }
        for report in selfReports.due(status, branches: library.branchesBegun, nowMs: ClusterActor.loop.nowMs) {
            var generator = SystemRandomNumberGenerator()
            let node = configuration.node
            let problem = ProblemReport(by: .node(node), node: node, library: nil, topic: report.topic, text: report.text, bundle: "")
            library.propose(.reportProblem(TicketID(using: &generator), problem)) { [logger] verdict in
                logger.notice("told LTG", metadata: ["problem": "\(report.text)", "verdict": "\(verdict.map { "\($0)" } ?? "none")"])
            }
        }
    }

    /// Imports a consortium's file as the admin's request would.
    public func importFile(_ yaml: String) async -> ImportReport {
        await withCheckedContinuation { continuation in
            Importer(library: library, accounts: accounts).run(yaml: yaml) { continuation.resume(returning: $0) }
        }
    }

    /// The next step towards other coordinators: taken here when this one leads, by the leader otherwise.
    private func changeCoordinators(_ wish: CoordinatorWish, _ completion: @escaping @ClusterActor (CoordinatorProgress) -> Void) {
        guard let coordinator else { return completion(.refused("This node is no coordinator; ask at one.")) }
        if coordinator.raft.replica.role == .leader { return completion(coordinator.advance(towards: wish)) }
        guard let leader = coordinator.core.role.leader else { return completion(.working("No leader is known just now.")) }
        calls.call(.changeCoordinators(wish), at: leader) { answer in
            guard case .progress(let progress)? = answer else { return completion(.working("The leader, `\(leader)`, does not answer.")) }
            completion(progress)
        }
    }

    /// Writes a backup into the data folder, in place of the last one; off the loop, from a copy that shares its storage.
    private func backUp(_ completion: @escaping @ClusterActor (BackupOutcome) -> Void) {
        guard let coordinator else {
            return completion(.refused("This node is no coordinator; take the backup at one."))
        }
        if let reason = coordinator.core.halted {
            return completion(.refused("This coordinator has stopped applying (\(reason)); take the backup at another one."))
        }
        // Two at a time would write into one file.
        guard !isBackingUp else { return completion(.refused("A backup is being written just now; try again in a moment.")) }
        isBackingUp = true
        let (state, term, wallMs) = (coordinator.core.state, coordinator.raft.replica.term, WallClock.nowMs)
        let (cluster, node, path) = (configuration.cluster, configuration.node.text, configuration.data + "/backup")
        Task {
            defer { isBackingUp = false }
            do {
                let head = try await ClusterActor.loop.work {
                    Result {
                        let file = BackupFile(of: state, term: term, cluster: cluster, node: node, madeMs: wallMs)
                        try SmallFile.replace(path, with: try file.encoded())
                        return file.head
                    }
                }.get()
                logger.notice("a backup was made", metadata: ["path": "\(path)", "index": "\(head.index)", "bytes": "\(head.bytes)"])
                completion(.made(head))
            } catch {
                completion(.refused("The backup could not be written: \(error)"))
            }
        }
    }

    /// Serves the version that LTG released, or says that this node has not got it.
    private func released(_ release: ButtonRelease?) {
        guard let version = release?.version, version != releasedButton else { return }
        releasedButton = version
        let (web, shelf, logger) = (web, shelf, logger)
        Task {
            buttonServing = await web.release(button: version)
            if buttonServing.serves != version {
                let what: Logger.Metadata = ["released": "\(version)", "serves": "\(buttonServing.serves)"]
                logger.warning(
                    "this node does not have the released version of the button's code, and serves its own: update it", metadata: what)
            }
            do {
                try await ClusterActor.loop.work { Result { try shelf.keep(released: version) } }.get()
            } catch {
                logger.error("which version of the button's code is released was not kept on disk", metadata: ["why": "\(error)"])
            }
        }
    }

    /// Tells the web plane on which pages whose chat may stand.
    private func publishPlaces() {
        let new = PagePlaces(library.entries.values, nodes: patronURLs())
        guard new != places else { return }
        places = new
        WebActor.loop.post { [web] in WebActor.assumeIsolated { web.places = new } }
    }

    public var hasRoster: Bool { !(library.board?.queues.isEmpty ?? true) }
    public var hasBoard: Bool { library.board != nil }

    private func pause(ms: UInt64) async {
        await withCheckedContinuation { continuation in
            let timer = Timer(on: ClusterActor.loop)
            timer.start(afterMs: ms) {
                timer.close()
                continuation.resume()
            }
        }
    }

    private func roleChanged() {
        guard let coordinator else { return }
        coordinator.reckonSupport()
        let role = coordinator.core.role
        gossip.hint(role.leader.map { CoordinatorHint(leader: $0.text, term: role.term) })
        if let board = library.board { publisher.take(board) }
    }
}
