/// The pieces from which a node is put together: its disk, its keys, and what the web plane may ask of it.

import Consortium
import Coordinator
import EventLoop
import FoundationEssentials
import Gossip
import Logging
import PageCheck
import Raft
import Sodium
import Web
import Wire

/// Runs a body on the cluster plane, from anywhere.
private func onCluster(_ body: @escaping @Sendable @ClusterActor () -> Void) {
    ClusterActor.loop.post { ClusterActor.assumeIsolated { body() } }
}

extension CallslipNode {
    static func open(
        _ configuration: NodeConfiguration, _ voter: NodeConfiguration.Coordinator, cluster: [UInt8], logger: Logger
    ) throws -> (store: Disconnected<LogStore>, log: RecoveredLog, isFresh: Bool) {
        let layout = try DiskLayout(folder: configuration.data + "/raft")
        let identity = LogIdentity(cluster: cluster, member: voter.id)
        let segmentBytes = configuration.logSegmentKiB * 1_024
        // One alone has nobody to take from: it stops, and its operator restores a backup.
        let opened =
            configuration.coordinators.count == 1
            ? try LogStore.open(layout, identity, segmentBytes: segmentBytes)
            : try LogStore.openOrBeginRepair(layout, identity, segmentBytes: segmentBytes)
        if let damage = opened.report.damage {
            logger.critical(
                "the log is damaged; it is put aside (damaged-…), and this coordinator takes everything from the others",
                metadata: ["what": "\(damage)"])
        }
        for note in opened.report.notes { logger.warning("recovery of the log", metadata: ["note": "\(note)"]) }
        guard opened.report.isFresh, !configuration.joins else {
            return (Disconnected(opened.store), opened.log, opened.report.isFresh)
        }
        let log = try opened.store.bootstrap(configuration.coordinators.map { RaftMember(id: $0.id, name: $0.name.text) })
        return (Disconnected(opened.store), log, true)
    }

    static func raftConfiguration(_ configuration: NodeConfiguration, _ voter: NodeConfiguration.Coordinator) throws -> RaftConfiguration {
        let members = configuration.coordinators.map { RaftMember(id: $0.id, name: $0.name.text) }
        var raft = RaftConfiguration(id: voter.id, members: members, seed: UInt32(truncatingIfNeeded: try Randomness.uint64()))
        raft.electionTimeoutMs = 300
        raft.heartbeatMs = 60
        return raft
    }

    nonisolated static func services(
        library: LibraryHost, pictures: PictureHost, accounts: Accounts, campus: CampusDesk?, adminToken: String, demo: String?,
        status later: Later
    ) -> (NodeServices, Later) {
        let services = NodeServices(
            events: { events in onCluster { library.take(events) } },
            signIn: { ask, completion in
                onCluster {
                    accounts.signIn(ask, board: library.board) { outcome in
                        if case .signedIn(_, _, let session, _) = outcome, !ask.isScript { library.signedIn(session) }
                        WebActor.loop.post { WebActor.assumeIsolated { completion(outcome) } }
                    }
                }
            },
            secondStep: { wish, completion in
                onCluster {
                    accounts.serve(wish) { outcome in WebActor.loop.post { WebActor.assumeIsolated { completion(outcome) } } }
                }
            },
            firstCode: { name, token, completion in
                onCluster {
                    accounts.firstCode(of: name, by: token) { outcome in
                        WebActor.loop.post { WebActor.assumeIsolated { completion(outcome) } }
                    }
                }
            },
            campusTitle: campus?.settings.title,
            beginCampus: { completion in
                onCluster { campus?.begin { result in WebActor.loop.post { WebActor.assumeIsolated { completion(result) } } } }
            },
            finishCampus: { answer, cookie, completion in
                onCluster {
                    campus?.finish(answer, cookie: cookie) { outcome in
                        if case .signedIn(_, let session) = outcome { library.signedIn(session) }
                        WebActor.loop.post { WebActor.assumeIsolated { completion(outcome) } }
                    }
                }
            },
            signOut: { token in onCluster { accounts.signOut(token) } },
            me: { token, completion in
                onCluster {
                    let session = accounts.session(token)
                    WebActor.loop.post { WebActor.assumeIsolated { completion(session) } }
                }
            },
            person: { token, completion in
                onCluster {
                    let person = accounts.session(token).flatMap { library.board?.person(called: $0.operatorName) }
                    WebActor.loop.post { WebActor.assumeIsolated { completion(person) } }
                }
            },
            sessions: { token, completion in
                onCluster {
                    let person = token.flatMap { accounts.session($0) }.flatMap { library.board?.person(called: $0.operatorName) }
                    let sessions = accounts.open(library.board)
                    WebActor.loop.post { WebActor.assumeIsolated { completion(person, sessions) } }
                }
            },
            status: { completion in
                onCluster {
                    let text: String
                    do {
                        text = try later.status().map { String(decoding: try JSONEncoder().encode($0), as: UTF8.self) } ?? "{}"
                    } catch {
                        // Encoding fails for numbers that are none, of which a status has none.
                        preconditionFailure("a status cannot be encoded: \(error)")
                    }
                    WebActor.loop.post { WebActor.assumeIsolated { completion(text) } }
                }
            },
            importFile: { yaml, options, completion in
                onCluster {
                    Importer(library: library, accounts: accounts).run(yaml: yaml, options) { report in
                        WebActor.loop.post { WebActor.assumeIsolated { completion(report) } }
                    }
                }
            },
            names: { completion in
                onCluster {
                    let report = library.board.map { NamesReport($0) }
                    WebActor.loop.post { WebActor.assumeIsolated { completion(report) } }
                }
            },
            canned: { token, completion in
                onCluster {
                    let name = token.flatMap { accounts.session($0) }?.operatorName
                    let person = name.flatMap { library.board?.person(called: $0) }
                    let messages = library.canned
                    WebActor.loop.post { WebActor.assumeIsolated { completion(person, messages) } }
                }
            },
            tickets: { token, completion in
                onCluster {
                    let person = token.flatMap { accounts.session($0) }.flatMap { library.board?.person(called: $0.operatorName) }
                    let tickets = Array(library.tickets.values)
                    WebActor.loop.post { WebActor.assumeIsolated { completion(person, tickets) } }
                }
            },
            keepPicture: { picture, id, isReported, isStrangers, completion in
                onCluster {
                    pictures.keep(picture, for: id, isReported: isReported, isStrangers: isStrangers) { kept in
                        WebActor.loop.post { WebActor.assumeIsolated { completion(kept) } }
                    }
                }
            },
            pictureFacts: { id, completion in
                onCluster {
                    pictures.facts(of: id) { facts in WebActor.loop.post { WebActor.assumeIsolated { completion(facts) } } }
                }
            },
            picture: { id, node, completion in
                onCluster {
                    pictures.find(id, at: node) { found in WebActor.loop.post { WebActor.assumeIsolated { completion(found) } } }
                }
            },
            registers: { token, completion in
                onCluster {
                    let person = token.flatMap { accounts.session($0) }.flatMap { library.board?.person(called: $0.operatorName) }
                    let (board, entries) = (library.board, library.entries)
                    WebActor.loop.post { WebActor.assumeIsolated { completion(person, board, entries) } }
                }
            },
            ledger: { parts, completion in
                onCluster {
                    library.books.readLedger(parts) { books in WebActor.loop.post { WebActor.assumeIsolated { completion(books) } } }
                }
            },
            causes: { parts, completion in
                onCluster {
                    library.books.readCauses(parts) { books in WebActor.loop.post { WebActor.assumeIsolated { completion(books) } } }
                }
            },
            duty: { parts, completion in
                onCluster {
                    library.books.readDuty(parts) { books in WebActor.loop.post { WebActor.assumeIsolated { completion(books) } } }
                }
            },
            tally: { wish, completion in
                onCluster {
                    library.books.readTally(wish) { answer in WebActor.loop.post { WebActor.assumeIsolated { completion(answer) } } }
                }
            },
            audit: { part, completion in
                onCluster {
                    library.books.readAudit(part) { page in WebActor.loop.post { WebActor.assumeIsolated { completion(page) } } }
                }
            },
            wishes: { token, completion in
                onCluster {
                    let person = token.flatMap { accounts.session($0) }.flatMap { library.board?.person(called: $0.operatorName) }
                    let (board, homes) = (library.board, library.homes)
                    library.books.readWishes(of: person.map { [$0.library] } ?? (token == nil ? homes : [])) { wishes in
                        WebActor.loop.post { WebActor.assumeIsolated { completion(person, board, wishes) } }
                    }
                }
            },
            shifts: { name, completion in
                onCluster {
                    let board = library.board
                    library.books.readShifts(of: name) { book in
                        WebActor.loop.post { WebActor.assumeIsolated { completion(board, book) } }
                    }
                }
            },
            kept: { libraries, completion in
                onCluster {
                    library.transcripts.list(of: libraries, most: TranscriptsAPI.listedMax) { lines in
                        WebActor.loop.post { WebActor.assumeIsolated { completion(lines) } }
                    }
                }
            },
            transcripts: { chat, completion in
                onCluster {
                    library.transcripts.transcripts(of: chat) { found in
                        WebActor.loop.post { WebActor.assumeIsolated { completion(found) } }
                    }
                }
            },
            board: { completion in
                onCluster {
                    let board = library.board
                    WebActor.loop.post { WebActor.assumeIsolated { completion(board) } }
                }
            },
            conversations: { started, completion in
                onCluster {
                    library.conversations(started, most: LibraryH3lp.conversationsMax) { result in
                        WebActor.loop.post { WebActor.assumeIsolated { completion(result) } }
                    }
                }
            },
            held: { number, token, completion in
                onCluster {
                    let name = accounts.session(token)?.operatorName
                    let held = name.flatMap { library.held(number, by: $0) }
                    WebActor.loop.post { WebActor.assumeIsolated { completion(held) } }
                }
            },
            propose: { command, completion in
                onCluster {
                    library.propose(command) { verdict in WebActor.loop.post { WebActor.assumeIsolated { completion(verdict) } } }
                }
            },
            buttons: { token, completion in
                onCluster {
                    let person = token.flatMap { accounts.session($0) }.flatMap { library.board?.person(called: $0.operatorName) }
                    let known = library.board.map { ButtonKnowledge(board: $0, book: library.buttons, nodes: later.patronURLs()) }
                    WebActor.loop.post { WebActor.assumeIsolated { completion(person, known) } }
                }
            },
            sawInstall: { seen in onCluster { later.sawInstall(seen) } },
            pageFacts: { completion in
                onCluster {
                    let facts = library.board.map { PageFacts($0, nodes: later.patronURLs()) }
                    WebActor.loop.post { WebActor.assumeIsolated { completion(facts) } }
                }
            },
            settings: { completion in
                onCluster { later.settings { report in WebActor.loop.post { WebActor.assumeIsolated { completion(report) } } } }
            },
            desks: { completion in
                onCluster { later.desks { report in WebActor.loop.post { WebActor.assumeIsolated { completion(report) } } } }
            },
            changeCoordinators: { wish, completion in
                onCluster {
                    later.changeCoordinators(wish) { progress in
                        WebActor.loop.post { WebActor.assumeIsolated { completion(progress) } }
                    }
                }
            },
            backUp: { completion in
                onCluster {
                    later.backUp { outcome in WebActor.loop.post { WebActor.assumeIsolated { completion(outcome) } } }
                }
            },
            keys: { completion in
                onCluster {
                    let report = later.keys?.report()
                    WebActor.loop.post { WebActor.assumeIsolated { completion(report) } }
                }
            },
            turnKeys: { begins, hurries, completion in
                onCluster {
                    guard let desk = later.keys else {
                        return WebActor.loop.post { WebActor.assumeIsolated { completion(.working("The node is starting.")) } }
                    }
                    desk.advance(begins: begins, hurries: hurries) { progress in
                        WebActor.loop.post { WebActor.assumeIsolated { completion(progress) } }
                    }
                }
            },
            nodes: { completion in
                onCluster {
                    let report = later.nodes?.report() ?? NodesReport(nodes: [])
                    WebActor.loop.post { WebActor.assumeIsolated { completion(report) } }
                }
            },
            changeNodes: { wish, completion in
                onCluster {
                    let starting = NodeRefusal(text: "The node is starting; try again in a moment.")
                    guard let desk = later.nodes else {
                        return WebActor.loop.post { WebActor.assumeIsolated { completion(.failure(starting)) } }
                    }
                    desk.take(wish) { result in WebActor.loop.post { WebActor.assumeIsolated { completion(result) } } }
                }
            },
            invite: { library, hours, url, completion in
                onCluster {
                    let starting = JoinRefusal(code: .busy, text: "The node is starting; try again in a moment.")
                    guard let desk = later.joining else {
                        return WebActor.loop.post { WebActor.assumeIsolated { completion(.failure(starting)) } }
                    }
                    desk.invite(library, hours: hours, url: url) { result in
                        WebActor.loop.post { WebActor.assumeIsolated { completion(result) } }
                    }
                }
            },
            join: { body, completion in
                onCluster {
                    let starting = JoinRefusal(code: .busy, text: "The node is starting; try again in a moment.")
                    guard let desk = later.joining else {
                        return WebActor.loop.post { WebActor.assumeIsolated { completion(.failure(starting)) } }
                    }
                    desk.join(body) { result in WebActor.loop.post { WebActor.assumeIsolated { completion(result) } } }
                }
            },
            adminToken: adminToken, node: library.node, demoFrameAncestor: demo)
        return (services, later)
    }

    /// Of nodes that are there for patrons, this one first where it is; of coordinators where there is no other.
    func patronURLs() -> [String] {
        let own = configuration.node.text
        let members = gossip.members.map(\.member).filter { $0.state == .alive && !$0.webURLs.isEmpty }
        let libraries = members.filter { $0.roles.contains(.library) }
        let sorted = (libraries.isEmpty ? members : libraries).sorted {
            ($0.name == own ? 0 : 1, $0.name) < ($1.name == own ? 0 : 1, $1.name)
        }
        return sorted.flatMap { $0.name == own ? configuration.webURLs : $0.webURLs }
    }

    func status() -> NodeStatus? {
        let board = library.board
        let members = gossip.members.map { view in
            let roles = [(MemberRoles.library, "library"), (.coordinator, "coordinator"), (.mail, "mail")].filter {
                view.member.roles.contains($0.0)
            }.map(\.1)
            return NodeStatus.Member(
                name: view.member.name, state: "\(view.member.state)", incarnation: view.member.incarnation, heardAgoMs: view.heardAgoMs,
                roles: roles, boot: String(view.member.bootID, radix: 16))
        }
        let titles = Dictionary((board?.queues ?? []).map { ($0.queue.name, $0.queue.title) }, uniquingKeysWith: { first, _ in first })
        let queues = (board?.queues ?? []).map { status in
            let reach =
                switch status.decision.reach {
                case .own: "own"
                case .referred: "referred"
                case .nobody: "nobody"
                }
            return NodeStatus.QueueLine(
                name: status.queue.name.text, title: status.queue.title, library: status.queue.library?.text, reach: reach,
                staffed: status.staffed, free: status.freePlaces, waiting: status.waiting, paused: status.paused,
                why: status.decision.reasons.map { $0.sentence { titles[$0] ?? $0.text } })
        }
        let hints = gossip.members.compactMap(\.member.coordinatorHint)
        let leader = coordinator?.core.role.leader?.text ?? hints.max { $0.term < $1.term }?.leader
        return NodeStatus(
            node: configuration.node.text, boot: String(boot, radix: 16), certificateDaysLeft: network.certificateDaysLeft,
            servedBy: client.server?.text, leader: leader,
            isolated: library.isIsolated, removed: library.dismissal, raft: raftStatus(), coordinators: coordinatorLines(),
            members: members, queues: queues,
            waiting: board?.waiting.count ?? 0,
            kept: board?.kept.count ?? 0, signedOn: board?.signedOn.count ?? 0,
            untaken: coordinator?.core.state.transcriptsWaiting.map { NodeStatus.Untaken(library: $0.library.text, transcripts: $0.count) },
            boardIndex: board?.at.index,
            button: buttonServing.own.isEmpty
                ? nil
                : NodeStatus.Button(
                    released: library.buttons.lists.released?.version, serves: buttonServing.serves, own: buttonServing.own,
                    versions: buttonServing.versions),
            settings: board.map { _ in
                NodeStatus.SettingsLine(
                    version: library.settings.version, refused: library.settings.refusal, strays: settingsWatch.strays)
            })
    }

    private func coordinatorLines() -> [NodeStatus.Coordinator]? {
        guard let coordinator, let voters else { return nil }
        let replica = coordinator.raft.replica
        let connected = voters.connected
        return replica.appliedMembers.map { member in
            let place = configuration.coordinator(member)
            let isOwn = member.id == replica.configuration.id
            return NodeStatus.Coordinator(
                name: member.nodeName?.text ?? member.name, raftID: member.id, peer: place.map { "\($0.peer)" } ?? "unknown",
                duty: "\(member.duty)", connected: isOwn || connected.contains(member.id),
                matchIndex: isOwn ? replica.storedIndex : replica.matchIndex(of: member.id))
        }
    }

    private func raftStatus() -> NodeStatus.Raft? {
        guard let coordinator else { return nil }
        let replica = coordinator.raft.replica
        return NodeStatus.Raft(
            role: "\(replica.role)", term: replica.term, commitIndex: replica.commitIndex, appliedIndex: replica.appliedIndex,
            lastIndex: replica.lastIndex, digest: String(coordinator.core.state.digest(), radix: 16), halted: coordinator.core.halted,
            featureLevel: coordinator.core.state.featureLevel, full: coordinator.raft.full, repairing: coordinator.repairing)
    }
}
