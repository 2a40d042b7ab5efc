import Consortium
import Seeded
import Sodium

/// People of a library and of LTG who change what steers the service: posted hours and closings, "Open now", terms, naming conventions, names, signed settings; and whose reading of transcripts is noted. Now at one
/// node, now at another; what was answered is kept, and the audit log that tells of it is one chain.
final class Officer: Staffer {
    /// What is changed by naming the version that one saw.
    private enum Thing: Hashable {
        case hours
        case terms
        case naming
        case settings
    }
    private enum Fact: Hashable {
        case closing(RequestID)
        case noted(RequestID)
        case former(QueueName, now: QueueName)
    }

    private unowned(unsafe) let cluster: Cluster
    private var random: SeededGenerator
    private let library: LibraryName
    private var desk: QueueName
    private let day: CalendarDay
    private let everyMs: UInt64
    private var count = 0
    /// What was answered last, and where. A thing that is unsure is left alone: its version is not known.
    private var versions: [Thing: (version: UInt64, at: LogPosition)] = [:]
    private var unsure: Set<Thing> = []
    /// Of which a restored cluster may have forgotten what was answered.
    private var isLost: Set<Thing> = []
    /// What was answered, and stays so.
    private var facts: [(fact: Fact, at: LogPosition)] = []
    private var closings: [RequestID] = []
    /// "Open now", as it was asked for and as it was answered.
    private var openings: [OpenNow] = []
    private var opened: [(opening: OpenNow, at: LogPosition)] = []
    private var isRenaming = false
    /// Nobody else sets the settings.
    private let signs: Bool
    private static let seed = [UInt8](repeating: 9, count: Signing.seedBytes)
    private static let changesMax = 40
    /// Fewer than closings, or former names, of which the oldest give way.
    private static let factsMax = 15
    private static let closedMs: ClosedRange<UInt64> = 2_000...20_000

    init?(_ cluster: Cluster, _ roster: Roster, signs: Bool) {
        var random = SeededGenerator(seed: cluster.scenario.seed ^ 0x0FF1_CE25)
        guard random.chance(40), let desk = roster.desks.last, let day = CalendarDay(year: 2026, month: 1, day: 1) else { return nil }
        self.cluster = cluster
        library = roster.lastLibrary
        self.desk = desk
        self.day = day
        self.signs = signs
        everyMs = UInt64.random(in: 1_000...15_000, using: &random)
        self.random = random
    }

    func arrive() {
        cluster.after(UInt64.random(in: 1...everyMs, using: &random), .person, 902) { [self] in
            guard !cluster.isSettling, count < Self.changesMax else { return }
            act()
            arrive()
        }
    }

    private func act() {
        guard let part = cluster.anyPart(&random) else { return }
        count += 1
        switch Int.random(in: 0..<10, using: &random) {
        case 0: set(.hours, part) { .setHours(hours($0)) }
        case 1: set(.terms, part) { .setTerms(TermCalendar(version: $0, terms: [term()])) }
        case 2:
            set(.naming, part) {
                .setNaming(
                    NamingConventions(
                        version: $0, queues: NamingRule(pattern: "*", example: "any", sentence: "Any name, says number \(count).")))
            }
        case 3 where signs: set(.settings, part) { signed($0) }
        case 4: close(part, part.machine.wallMs)
        case 5: reopen(part, part.machine.wallMs)
        case 6: rename(part)
        case 7, 8: openUp(part)
        default:
            let note = AuditNote(by: .admin, chat: ChatID(using: &random), library: library, request: RequestID(using: &random))
            ask(.audit(note), part, is: .noted(note.request))
        }
    }

    // MARK: Acts

    private func set(_ thing: Thing, _ part: LibraryPart, _ command: (UInt64) -> Command?) {
        guard !unsure.contains(thing) else { return }
        let version = versions[thing]?.version ?? 0
        guard let command = command(version) else { return }
        unsure.insert(thing)
        part.ask(command) { [self] verdict, position in
            guard case .accepted = verdict else {
                // It changed nothing.
                if !isLost.contains(thing) { unsure.remove(thing) }
                return cluster.count("officer: refused")
            }
            cluster.count("officer: \(thing) set")
            unsure.remove(thing)
            versions[thing] = (version + 1, position)
        }
    }

    private func ask(_ command: Command, _ part: LibraryPart, is fact: Fact) {
        part.ask(command) { [self] verdict, position in
            if case .former = fact { isRenaming = false }
            guard case .accepted = verdict else { return cluster.count("officer: refused") }
            switch fact {
            case .closing(let id):
                cluster.count("officer: closed")
                closings.append(id)
            case .noted: cluster.count("officer: a reading noted")
            case .former(_, let now):
                cluster.count("officer: renamed")
                desk = now
            }
            facts.append((fact, position))
        }
    }

    /// Around the clock, with a note on a day long past, so that each differs from the one before.
    private func hours(_ version: UInt64) -> LibraryHours {
        let always = [OpenSpan(opens: 0, closes: 1_440)]
        let weeks = TermKind.allCases.map { _ in WeeklyHours(days: Array(repeating: always, count: 7)) }
        let day = HoursException(day: day, spans: [], note: "Number \(count)")
        return LibraryHours(library: library, version: version, zone: "UTC", weeks: weeks, exceptions: [day])
    }

    private func term() -> Term { Term(title: "Term number \(count)", kind: .semester, first: day, last: day) }

    /// The settings that are, with another note.
    private func signed(_ version: UInt64) -> Command? {
        guard let key = try? Signing.publicKey(seed: Self.seed) else { return nil }
        let text = SettingsDocument(version: version + 1, settings: cluster.scenario.settings, keys: [key], note: "Number \(count)").text
        guard let signature = try? Signing.sign(SignedSettings.message(text), seed: Self.seed) else { return nil }
        let signed = SignedSettings(text: text, key: key, signature: signature)
        // A run whose times are no whole seconds keeps them.
        guard (try? SettingsDocument(text: text))?.settings == cluster.scenario.settings else { return nil }
        return .setSignedSettings(signed)
    }

    private func close(_ part: LibraryPart, _ nowMs: UInt64) {
        guard facts.count < Self.factsMax else { return }
        let id = RequestID(using: &random)
        let closure = Closure(
            id: id, fromMs: nowMs, untilMs: nowMs + UInt64.random(in: Self.closedMs, using: &random), note: "Snow number \(count)")
        ask(.closeLibrary(library, closure, by: nil), part, is: .closing(id))
    }

    private func reopen(_ part: LibraryPart, _ nowMs: UInt64) {
        guard let id = closings.last else { return }
        part.ask(.reopenLibrary(library, id, atMs: nowMs, by: nil)) { [self] verdict, _ in
            cluster.count(verdict == .accepted(.done) ? "officer: open again" : "officer: refused")
        }
    }

    /// By whoever is there and may; or once more, as somebody else asked before.
    private func openUp(_ part: LibraryPart) {
        let state = cluster.checker.state
        let present = state.sessions.values.filter { session in
            state.operators[session.operatorName]?.queues.contains { state.queues[$0]?.queue.library == library } ?? false
        }
        guard let session = present.randomElement(using: &random) else { return }
        let nowMs = part.machine.wallMs
        var opening = OpenNow(fromMs: nowMs, untilMs: nowMs + UInt64.random(in: 30_000...600_000, using: &random))
        if random.chance(30), let former = openings.randomElement(using: &random) { opening = former }
        openings.append(opening)
        part.ask(.openNow(library, session.id, opening)) { [self] verdict, position in
            guard case .accepted = verdict else { return cluster.count("officer: refused") }
            cluster.count("officer: opened now")
            opened.append((opening, position))
        }
    }

    /// One at a time; people, pages and commands on their way say the former names.
    private func rename(_ part: LibraryPart) {
        guard !isRenaming, facts.count < Self.factsMax, let new = QueueName("renamed-\(count)") else { return }
        isRenaming = true
        ask(.renameQueue(desk, to: new), part, is: .former(desk, now: new))
    }

    // MARK: What is kept

    /// What was answered is not in the backup that the cluster was restored from.
    func beginAnew(lost: ClosedRange<UInt64>) {
        for (thing, kept) in versions where lost.contains(kept.at.index) { isLost.insert(thing) }
        isLost.formUnion(unsure)
        unsure.formUnion(isLost)
        facts.removeAll { lost.contains($0.at.index) }
        opened.removeAll { lost.contains($0.at.index) }
    }

    func judge() {
        let state = cluster.checker.state
        for (thing, kept) in versions where !unsure.contains(thing) {
            let found =
                switch thing {
                case .hours: state.hours[library]?.version ?? 0
                case .terms: state.terms.version
                case .naming: state.naming.version
                case .settings: state.settingsBook.last?.document?.version ?? 0
                }
            guard found == kept.version else {
                return cluster.fail("version \(kept.version) of \(thing) was answered at \(kept.at), and version \(found) is there")
            }
        }
        let fromMs = state.hours[library]?.openNow?.fromMs ?? 0
        for (opening, at) in opened where opening.fromMs > fromMs {
            return cluster.fail("\u{201c}Open now\u{201d} was answered at \(at), and an earlier one stands")
        }
        for (fact, at) in facts where !isThere(fact, state) { return cluster.fail("\(fact) was answered at \(at) and is not kept") }
        for machine in cluster.libraryMachines where !machine.isRetired {
            guard let board = machine.library?.board else { continue }
            let isTold = board.terms == state.terms && board.naming == state.naming && board.settings == state.settings
            guard isTold, board.hours == Array(state.hours.values) else {
                return cluster.fail("\(machine.name) was told other hours, terms, names or settings than the coordinators have")
            }
        }
        do {
            let last = try state.auditAnchor.following(state.audit)
            guard last.number == state.audit.last?.number ?? state.auditAnchor.number else {
                return cluster.fail("the audit log ends at \(last.number)")
            }
        } catch { cluster.fail("the audit log is no chain: \(error)") }
    }

    private func isThere(_ fact: Fact, _ state: ConsortiumState) -> Bool {
        switch fact {
        case .closing(let id): state.hours[library]?.closures.contains { $0.id == id } ?? false
        case .noted(let id): state.audit.contains { $0.subject.contains(id.text) }
        case .former(let name, _): state.board().queues.contains { $0.queue.name == name || $0.queue.formerNames.contains(name) }
        }
    }
}
