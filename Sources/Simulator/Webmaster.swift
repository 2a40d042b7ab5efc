import Consortium
import Seeded

/// Somebody of LTG who releases the button's code, often two at once, and decides about hosts, while nodes pass on where buttons stand. Whoever was told that a version is released, it was; and each node knows
/// in the end what the coordinators know.
final class Webmaster: Staffer {
    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    private let everyMs: UInt64
    private let desks: [QueueName]
    private var count = 0
    /// What was answered of each release, by its number.
    private var released: [UInt64: (version: String, at: LogPosition)] = [:]
    private var asked: [ButtonRelease] = []
    private static let changesMax = 60
    /// Fewer than are kept.
    private static let releasesMax = 9
    private static let hosts = ["one.example", "two.example", "three.example"]

    init?(_ cluster: Cluster, _ roster: Roster) {
        var random = SeededGenerator(seed: cluster.scenario.seed ^ 0xB077_0415)
        guard random.chance(40) else { return nil }
        self.cluster = cluster
        desks = roster.desks
        everyMs = UInt64.random(in: 500...8_000, using: &random)
        self.random = random
    }

    func arrive() {
        cluster.after(UInt64.random(in: 1...everyMs, using: &random), .person, 907) { [self] in
            guard !cluster.isSettling, count < Self.changesMax else { return }
            act()
            arrive()
        }
    }

    private func act() {
        count += 1
        switch Int.random(in: 0..<10, using: &random) {
        case 0..<3: release()
        case 3..<7: see()
        default: decide()
        }
    }

    /// What somebody sees at one coordinator, which may be behind.
    private func look() -> ConsortiumState? { cluster.anyCoordinator(&random)?.core.state }

    private func release() {
        guard let state = look() else { return }
        let number = state.buttons.released?.number ?? 0
        guard number < Self.releasesMax else { return }
        for _ in 0..<(random.chance(40) ? 2 : 1) {
            let digits = String(random.next() | 1 << 63, radix: 16)
            let next = ButtonRelease(number: number, version: digits, note: "Number \(count)")
            let release = random.chance(20) ? asked.randomElement(using: &random) ?? next : next
            asked.append(release)
            cluster.anyPart(&random)?.ask(.releaseButton(release)) { [self] verdict, position in
                guard case .accepted = verdict else { return cluster.count("buttons: a release is refused") }
                cluster.count("buttons: a version is released")
                guard !cluster.checker.isLost(position) else { return }
                if let other = released[release.number + 1]?.version, other != release.version {
                    cluster.fail("the versions \(other) and \(release.version) were both told to be release \(release.number + 1)")
                }
                released[release.number + 1] = (release.version, position)
            }
        }
    }

    private func see() {
        let seen = (0..<Int.random(in: 1...3, using: &random)).map { _ in
            let host = Self.hosts[Int.random(in: Self.hosts.indices, using: &random)]
            let queue = desks[Int.random(in: desks.indices, using: &random)].text
            let version = released.values.map(\.version).sorted().randomElement(using: &random) ?? ""
            return InstallSighting(
                place: InstallPlace(host: host, path: random.chance(50) ? "/" : "/ask", queue: random.chance(50) ? queue : ""), kind: .own,
                version: version, error: random.chance(10) ? "It failed." : "")
        }
        for _ in 0..<(random.chance(20) ? 2 : 1) {
            cluster.anyPart(&random)?.ask(.sawInstalls(seen)) { [self] verdict, _ in
                cluster.count(verdict.isAccepted ? "buttons: pages are passed on" : "buttons: pages are refused")
            }
        }
    }

    private func decide() {
        let host = Self.hosts[Int.random(in: Self.hosts.indices, using: &random)]
        var what = ButtonDecision.What.confirm(host: host)
        if random.chance(20) { what = .reject(host: host) }
        if random.chance(20), let install = look()?.installs.values.randomElement(using: &random) {
            what = .forget(install: install.number)
        }
        let decision = ButtonDecision(by: .ltg, what: what)
        for _ in 0..<(random.chance(20) ? 2 : 1) {
            cluster.anyPart(&random)?.ask(.decideButton(decision)) { [self] verdict, _ in
                cluster.count(verdict.isAccepted ? "buttons: something is decided" : "buttons: a decision is refused")
            }
        }
    }

    /// What was answered is not in the backup that the cluster was restored from.
    func beginAnew(lost: ClosedRange<UInt64>) { released = released.filter { !lost.contains($0.value.at.index) } }

    func judge() {
        let state = cluster.checker.state
        for (number, told) in released.sorted(by: { $0.key < $1.key }) {
            guard state.buttons.releases.contains(where: { $0.number == number && $0.version == told.version }) else {
                return cluster.fail("\(told.version) was answered at \(told.at) as release \(number), and it is not")
            }
        }
        let installs = Dictionary(uniqueKeysWithValues: state.installs.values.map { ($0.number, $0) })
        for machine in cluster.libraryMachines where !machine.isRetired {
            guard let book = machine.library?.buttons else { continue }
            guard book.installs == installs else {
                return cluster.fail(
                    "\(machine.name) knows \(book.installs.count) buttons otherwise than the coordinators, of \(installs.count)")
            }
            // What they count is told with what changes.
            let (told, there) = (book.lists, state.buttons)
            guard told.releases == there.releases, told.hosts == there.hosts, told.strangers == there.strangers else {
                return cluster.fail("\(machine.name) knows other releases or hosts than the coordinators")
            }
        }
    }
}
