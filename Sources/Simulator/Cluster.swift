import Consortium
import Gossip
import History
import Raft
import Seeded

/// A whole cluster under one seed: machines, network, disks, people, and whoever breaks things, in virtual time.
package final class Cluster {
    package let scenario: Scenario
    package let trace: Trace
    package private(set) var nowMs: UInt64 = 0
    /// The first rule that was found broken; the run ends there.
    package private(set) var violation: String?
    private var queue = EventQueue()
    private var stepsInMs = 0
    /// A node that was frozen for a minute has some thousands of events to take.
    private static let stepsPerMsMax = 100_000
    private var random: SeededGenerator

    private(set) var machines: [Machine] = []
    private(set) var members: [RaftMember] = []
    private(set) var network: Network!  // Set in `init`, which needs `self` for it.
    private(set) var checker: Checker!  // As above.
    private var nemesis: Nemesis!  // As above.
    private(set) var patrons: [Patron] = []
    private(set) var operators: [OperatorPerson] = []
    private var desks: [QueueName] = []
    private var staffers: [any Staffer] = []
    /// Faults are over: people finish what they began.
    private(set) var isSettling = false
    /// All patrons are done: people do nothing new.
    private(set) var isResting = false

    package init(_ scenario: Scenario, trace: Trace = Trace()) {
        self.scenario = scenario
        self.trace = trace
        random = SeededGenerator(seed: scenario.seed)
        network = Network(self, machines: scenario.machines, seed: random.next())
        checker = Checker(self)
        nemesis = Nemesis(self)
        for index in 0..<scenario.machines {
            let name = index < scenario.coordinators ? "coordinator-\(index)" : "library-\(index - scenario.coordinators)"
            machines.append(Machine(index: index, name: Roster.name(name), cluster: self, seed: random.next()))
        }
        members = (0..<scenario.coordinators).map { RaftMember(id: UInt64($0) + 1, name: machines[$0].name.text) }
    }

    /// When a process last started, ended, was frozen or went on, or a voter's role changed.
    private(set) var disturbedMs: UInt64 = 0
    func noteDisturbance() { disturbedMs = nowMs }

    /// How often each kind of trouble came about, for people.
    private(set) var counts: [String: Int] = [:]
    func count(_ what: String) { counts[what, default: 0] += 1 }

    // MARK: Time

    func after(_ ms: UInt64, _ kind: Trace.Kind, _ who: Int, _ body: @escaping () -> Void) {
        queue.add(atMs: nowMs + ms, kind, who, body)
    }

    /// Runs until the condition holds, which is looked at now and then. False when it does not within the time, or a rule was broken.
    func run(upToMs limitMs: UInt64, until condition: () -> Bool = { false }) -> Bool {
        let endMs = nowMs + limitMs
        while violation == nil {
            if condition() { return true }
            guard nowMs < endMs else { return false }
            let sliceEndMs = min(endMs, nowMs + 250)
            while violation == nil, let event = queue.take(byMs: sliceEndMs) {
                stepsInMs = event.atMs == nowMs ? stepsInMs + 1 : 0
                if stepsInMs > Self.stepsPerMsMax {
                    fail("\(stepsInMs) steps within one millisecond: somebody asks to be called at once, for ever")
                }
                nowMs = event.atMs
                trace.step(event.atMs, event.kind, event.who)
                event.body()
            }
            if violation == nil { nowMs = sliceEndMs }
        }
        return false
    }

    // MARK: What the parts ask

    func say(_ machine: Machine, _ sentence: @autoclosure () -> String) { trace.say(nowMs, machine.name.text, sentence()) }

    func fail(_ sentence: String) {
        guard violation == nil else { return }
        violation = sentence
        trace.say(nowMs, "VIOLATION", sentence)
    }

    func machine(at address: String) -> Machine? { machines.first { address.hasPrefix($0.address + ":") } }
    func machine(of member: RaftMember) -> Machine? { machines.first { $0.name.text == member.name } }
    func name(of voter: UInt64, among members: [RaftMember]) -> NodeName? {
        members.first { $0.id == voter }.flatMap { machine(of: $0)?.name }
    }
    /// Whether a new cluster was begun from a backup.
    private(set) var isRestored = false
    /// Before that, none of the new cluster's processes runs.
    func beginAnew(_ state: ConsortiumState) {
        isRestored = true
        members = (0..<scenario.coordinators).map { RaftMember(id: UInt64($0) + 1, name: machines[$0].name.text) }
        checker.beginAnew(state, copies: patrons.flatMap(\.transcripts) + operators.flatMap(\.transcripts))
        for staffer in staffers { staffer.beginAnew(lost: checker.lostIndices) }
    }
    var coordinatorMachines: ArraySlice<Machine> { machines.prefix(scenario.coordinators) }
    var libraryMachines: [Machine] { scenario.isCombined ? machines : Array(machines.dropFirst(scenario.coordinators)) }
    func anyLibrary(_ random: inout SeededGenerator) -> Machine {
        let there = libraryMachines.filter { !$0.isRetired }
        return there[Int.random(in: 0..<there.count, using: &random)]
    }
    /// Where somebody asks next; nil where nobody answers there just now.
    func anyPart(_ random: inout SeededGenerator) -> LibraryPart? {
        let machine = anyLibrary(&random)
        return machine.isRunning ? machine.library : nil
    }
    /// Where somebody looks, as of a coordinator that may be behind; nil where none runs.
    func anyCoordinator(_ random: inout SeededGenerator) -> CoordinatorPart? {
        coordinatorMachines.filter(\.isRunning).compactMap(\.coordinator).randomElement(using: &random)
    }
    /// For what LTG asks at a coordinator; it may never be told, where that one ends.
    func askAnyCoordinator(
        _ random: inout SeededGenerator, _ command: Command, told: @escaping (Verdict, LogPosition) -> Void = { _, _ in }
    ) {
        coordinatorMachines.filter(\.isRunning).randomElement(using: &random)?.ask(command, told: told)
    }
    func diskDelay(_ machine: Machine) -> UInt64 { UInt64.random(in: machine.syncMs, using: &random) }
    /// Since when a crowd is there and nothing else is amiss.
    var crowdedSinceMs: UInt64? { nemesis.crowd?.sinceMs }
    func some(upToMs ms: UInt64) -> UInt64 { UInt64.random(in: 1...ms, using: &random) }
    func some(of count: Int) -> Int { Int.random(in: 1...max(1, count), using: &random) }
    var clients: [Client] { patrons.flatMap(\.pages) + operators }
    /// The leader that the most recent term has, as it sees itself.
    var leader: Machine? {
        machines.filter { $0.coordinator?.replica.role == .leader }.max {
            $0.coordinator?.replica.term ?? 0 < $1.coordinator?.replica.term ?? 0
        }
    }

    /// A library's node has a transcript on its disk, and has not said so yet.
    func onStored(_ transcript: Transcript, at machine: Machine) {
        if checker.state.libraries[transcript.library]?.heir != nil { nemesis.onStored(at: machine) }
    }

    // MARK: The run

    /// Everything from the first start to the judgement.
    package func run() {
        do {
            for machine in machines.prefix(scenario.coordinators) {
                machine.disk = try SimulatedDisk(voter: UInt64(machine.index) + 1, members: members)
                machine.listed = members
            }
        } catch {
            return fail("the cluster cannot be made: \(error)")
        }
        for (machine, level) in zip(machines, scenario.versions) { machine.supportedLevel = level }
        for machine in machines { machine.start() }
        let roster = Roster(scenario, nodes: libraryMachines.map(\.name))
        open(roster)
        nemesis.plan(startMs: nowMs)
        invite(roster)
        employ(roster)
        _ = run(upToMs: scenario.strikeMs)
        settle()
        dismantle()
    }

    /// Ends everybody, so that nothing keeps anything alive.
    private func dismantle() {
        for client in clients { client.end() }
        for machine in machines { machine.stop(isQuiet: true) }
        queue.removeAll()
    }

    private func open(_ roster: Roster) {
        let first = libraryMachines[0]
        guard run(upToMs: 20_000, until: { first.library.map { !$0.isIsolated && $0.board != nil } ?? false }) else {
            return fail("no node was served within 20 s of the first start")
        }
        first.library?.propose(roster.commands)
        let isKnown = { [self] in
            (first.library?.hasImported ?? false)
                && libraryMachines.allSatisfy { $0.library?.board?.operators.count == roster.operators.count }
        }
        if !run(upToMs: 20_000, until: isKnown) { fail("the roster was not known everywhere within 20 s") }
    }

    private func invite(_ roster: Roster) {
        var seeds = SeededGenerator(seed: random.next())
        let libraries = libraryMachines
        for (number, person) in roster.operators.enumerated() {
            let home = libraries[number % libraries.count]
            let operatorPerson = OperatorPerson(
                self, index: 1_000 + number, account: person.name, home: home, seed: seeds.next())
            operators.append(operatorPerson)
            operatorPerson.after(UInt64.random(in: 0...20_000, using: &seeds)) { operatorPerson.arrive() }
        }
        desks = roster.desks
        for _ in 0..<scenario.patrons {
            var own = SeededGenerator(seed: seeds.next())
            bringPatron(inMs: 2_000...scenario.strikeMs, &own)
        }
    }

    /// Of each kind somebody, in some of the seeds.
    private func employ(_ roster: Roster) {
        let administrator = Administrator(self)
        let all: [(any Staffer)?] = [
            administrator, Clerk(self, library: roster.firstLibrary), Officer(self, roster, signs: administrator == nil),
            Colleagues(self, roster), Archivist(self, roster), Teacher(self, roster), Registrar(self, roster), Webmaster(self, roster),
            Technician(self),
            Doorkeeper(self),
        ]
        staffers = all.compactMap(\.self)
        for staffer in staffers { staffer.arrive() }
    }

    /// One more with a question, some time from now.
    func bringPatron(inMs: ClosedRange<UInt64>, _ own: inout SeededGenerator) {
        let (number, libraries) = (patrons.count, libraryMachines)
        let place = Int.random(in: 0..<libraries.count, using: &own)
        let nodes = [libraries[place]] + libraries.enumerated().filter { $0.offset != place }.map(\.element)
        let queue = desks[Int.random(in: 0..<desks.count, using: &own)]
        let patron = Patron(self, index: 2_000 + number, number: number, nodes: nodes, queue: queue, seed: own.next())
        patrons.append(patron)
        after(UInt64.random(in: inMs, using: &own), .person, 2_000 + number) { patron.arrive() }
    }

    /// Heals everything, and waits until all came to rest: within a time that the settings give.
    private func settle() {
        guard violation == nil else { return }
        isSettling = true
        trace.say(nowMs, "nemesis", "all is healed")
        nemesis.mendAll()
        for client in clients { client.setOnline(true) }
        let settings = scenario.settings
        let boundMs =
            settings.patronDeadlineMs + settings.patronGoneMs + settings.consentMs + 3 * settings.pickUpMs + 6 * settings.operatorLeaseMs
            + 240_000
        guard run(upToMs: boundMs, until: { patrons.allSatisfy { $0.outcome != nil } }) else {
            let waiting = patrons.filter { $0.outcome == nil }
            let first = waiting.first.map { "\($0.name) in \($0.chat), \($0.phase.map { "\($0)" } ?? "never taken up")" } ?? ""
            return fail("\(waiting.count) patrons still wait \(boundMs / 1_000) s after everything was healed, first \(first)")
        }
        isResting = true
        guard run(upToMs: 60_000, until: isAtRest) else { return fail("the cluster does not come to rest: \(unrest)") }
        checker.judge(keptAt: libraryMachines)
        for staffer in staffers { staffer.judge() }
        checker.judge(books: coordinatorMachines)
        outliveText()
        checker.judge(patrons.flatMap(\.transcripts) + operators.flatMap(\.transcripts))
    }

    /// Goes on until the text of every chat that is over is past its deadline and its last purge: no voter's disk holds a word of it.
    private func outliveText() {
        guard scenario.outlivesText, violation == nil else { return }
        let boundMs = 2 * scenario.settings.transcriptDeadlineMs + 60_000
        guard run(upToMs: boundMs, until: { checker.hasForgotten }) else {
            return fail("text is in the state \(boundMs) ms after the last chat")
        }
        _ = run(upToMs: 2 * scenario.purgeEveryMs + 20_000)
        for machine in machines where !machine.isRetired { checker.search(machine) }
    }

    private func isAtRest() -> Bool { unrest.isEmpty }

    /// What some machine still takes for the present word of a queue's writer, in words (rule 21).
    private var oldWord: String? {
        for writer in machines where !writer.isRetired {
            for (queue, word) in writer.gossip?.said.sorted(by: { $0.key < $1.key }) ?? [] {
                for machine in machines where !machine.isRetired {
                    let view = machine.gossip?.view(of: queue, by: writer)
                    if view?.record.availability != word { return "\(machine.name) holds an old word of \(writer.name) on \(queue)" }
                }
            }
        }
        return nil
    }

    /// What keeps the cluster from being at rest, in words.
    private var unrest: String {
        let parts = machines.compactMap(\.coordinator)
        if !parts.contains(where: { $0.replica.role == .leader }) { return "there is no leader" }
        if let replacing = nemesis.replacement?.told { return replacing }
        for part in parts where part.replica.appliedIndex != checker.committedIndex {
            return "voter \(part.voter) is at \(part.replica.appliedIndex) of \(checker.committedIndex)"
        }
        // One that is gone for good, and not replaced, has not told a later leader.
        if checker.state.featureLevel < FeatureLevel.supported, !machines.contains(where: \.isRetired) {
            return "feature level \(checker.state.featureLevel) is in force, and every voter supports \(FeatureLevel.supported)"
        }
        for machine in libraryMachines where !machine.isRetired && machine.library?.isIsolated ?? true {
            return "\(machine.name) is isolated"
        }
        let keys = checker.state.keys
        if let machine = machines.first(where: { !$0.isRetired && !($0.keys?.isInStep(with: keys) ?? false) }) {
            return "\(machine.name) has not the keys of step \(keys.step)"
        }
        if let sentence = oldWord { return sentence }
        if let machine = libraryMachines.first(where: { !$0.isRetired && !$0.transcripts.undeclared(by: $0.name).isEmpty }) {
            return "a deletion at \(machine.name) is not known"
        }
        let settings = checker.state.settings
        if let machine = libraryMachines.first(where: { !$0.isRetired && $0.library?.board?.settings != settings }) {
            return "\(machine.name) has not the settings in force"
        }
        if let library = checker.untaken { return "a transcript waits for \(library)" }
        for person in operators { if let unanswered = person.unanswered { return "\(person.name) \(unanswered)" } }
        for machine in machines where !machine.isRetired {
            for other in machines where !other.isRetired && machine.gossip?.core.member(other.name.text)?.state != .alive {
                return
                    "\(machine.name) takes \(other.name) for \(machine.gossip?.core.member(other.name.text).map { "\($0.state)" } ?? "unknown")"
            }
        }
        return ""
    }
}
