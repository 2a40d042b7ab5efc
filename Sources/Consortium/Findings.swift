/// What the service finds out of a library's checklist by itself (feature level 31): that its button was on a page of its own, and that a chat was answered there while it
/// was open for a trial. A finding ticks its step, stays once it is there, and takes nothing from what ChatWog writes: the version of the entry is not raised by it, so
/// that nobody's edit meets a conflict.

public struct Finding: Hashable, Sendable {
    public var step: OnboardingStep
    /// The page without its scheme (`www.library.example/ask`), or the queue in which the chat was answered.
    public var place: String
    /// Unix milliseconds, by the leader's clock.
    public var wallMs: UInt64
    public init(step: OnboardingStep, place: String, wallMs: UInt64) {
        self.step = step
        self.place = place
        self.wallMs = wallMs
    }

    /// At most one for each of these.
    public static let steps: [OnboardingStep] = [.button, .test]
    public static let placeBytesMax = Limits.installHostBytesMax + Limits.installPathBytesMax
}

extension RegisterEntry {
    public func finding(_ step: OnboardingStep) -> Finding? { found.first { $0.step == step } }

    /// Whether this checklist is not through yet, and nothing was found of the step.
    public func awaits(_ step: OnboardingStep) -> Bool {
        register == .onboarding && self["live"] != "yes" && Finding.steps.contains(step) && finding(step) == nil
    }

    /// Whether a checklist of the library waits for just this: the library's own queue, on a page of its own, in the code that is released (any, before something was),
    /// and nothing failed.
    /// - Parameters:
    ///   - library: whose queue the page names.
    ///   - pages: the library's entry of that register.
    ///   - website: the host on its card.
    public func isTicked(
        by seen: InstallSighting, of library: LibraryName, pages: RegisterEntry?, website: String?, released: ButtonRelease?
    ) -> Bool {
        guard awaits(.button), self["library"] == library.text, seen.kind == .own, seen.error.isEmpty, !seen.version.isEmpty,
            released.map({ $0.version == seen.version }) ?? true
        else { return false }
        let host = String(seen.place.host.prefix { $0 != ":" })
        return seen.place.host == website || pages.flatMap { PageHosts($0["hosts"]) }?.contains(host) ?? false
    }
}

extension ConsortiumState {
    private var findsOut: Bool { featureLevel >= FeatureLevel.findings && !isBranch }

    private func entry(_ register: Register, of library: LibraryName) -> RegisterEntry? {
        index.entryOf[register.key(["library": library.text])].flatMap { entries[$0] }
    }

    /// A button was seen, be its host confirmed or not: the library listed it.
    mutating func findButton(_ seen: InstallSighting) {
        guard findsOut, let queue = QueueName(seen.place.queue),
            let library = queues.values.called(queue, { $0.queue }).first?.queue.library,
            let checklist = entry(.onboarding, of: library),
            checklist.isTicked(
                by: seen, of: library, pages: entry(.pages, of: library), website: libraries[library]?.card.websiteHost,
                released: buttons.released)
        else { return }
        find(.button, seen.place.host + seen.place.path, in: checklist)
    }

    /// The holder's first words to a patron.
    mutating func findAnswer(in chat: Chat, from queue: QueueName) {
        guard findsOut, let library = chat.library, queues[queue]?.queue.library == library,
            let checklist = entry(.onboarding, of: library), checklist.awaits(.test)
        else { return }
        find(.test, queue.text, in: checklist)
    }

    private mutating func find(_ step: OnboardingStep, _ place: String, in checklist: RegisterEntry) {
        var checklist = checklist
        let finding = Finding(step: step, place: place, wallMs: wallMs)
        checklist.found.insert(finding, at: checklist.found.partitionPoint { $0.step.rawValue < step.rawValue })
        put(checklist)
    }

    /// What a person ticks that was not found is told whoever comes later.
    func checkHandTicks(_ entry: RegisterEntry, replacing former: RegisterEntry?) throws(Refusal) {
        guard findsOut, entry["note"].isEmpty else { return }
        for step in Finding.steps where !entry[step.rawValue].isEmpty && entry[step.rawValue] != former?[step.rawValue] ?? "" {
            guard former?.finding(step) == nil else { continue }
            throw Refusal(
                .invalid,
                "This step is ticked by itself when \(step.sentence). Say in the note why it is ticked by hand; who comes later will want to know."
            )
        }
    }

    func checkFindings(of entry: RegisterEntry) throws(InvariantViolation) {
        try hold(
            entry.found.isEmpty || entry.register == .onboarding && featureLevel >= FeatureLevel.findings,
            "Entry \(entry.id) has findings that nobody made.")
        try hold(
            entry.found.map(\.step) == Finding.steps.filter { entry.finding($0) != nil }
                && entry.found.allSatisfy { $0.place.utf8.count <= Finding.placeBytesMax },
            "The findings of entry \(entry.id) are out of order.")
    }
}
