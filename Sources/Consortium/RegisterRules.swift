/// What registers mean beyond their forms.

/// What is done before a library goes live (the support that ChatWog promises, and the agreement's rules 3 and 4).
public enum OnboardingStep: String, Hashable, Sendable, CaseIterable {
    case agreement, meeting, training, hours, button, test

    /// For people, as what is to be done.
    public var sentence: String {
        switch self {
        case .agreement: "the library's admin accepts the newest version of the agreement"
        case .meeting: "somebody of ChatWog meets the library"
        case .training: "an admin of the library is trained"
        case .hours: "the library posts its hours"
        case .button: "the button is seen on a page of the library"
        case .test: "a test chat is answered"
        }
    }
}

/// What staff are mailed about (`Register.alerts`).
public enum AlertMatter: String, Hashable, Sendable, CaseIterable {
    /// Posted hours that nobody staffs.
    case gaps
    /// Questions that were referred to the library, to be answered by a day, and those whose day is past.
    case referrals
    /// Holds and exports that the director has not decided.
    case decisions
}

/// What is known of libraries, for whoever holds a copy of the registers: the state, or a node.
public struct OnboardingFacts: Sendable {
    var entries: [RegisterEntry]
    var admins: [OperatorName]
    var hasHours: Bool
    /// - Parameters:
    ///   - entries: of all registers.
    ///   - admins: the library's.
    public init(entries: [RegisterEntry], admins: [OperatorName], hasHours: Bool) {
        self.entries = entries
        self.admins = admins
        self.hasHours = hasHours
    }

    /// Whether a step of this checklist is done, or waived.
    public func isDone(_ step: OnboardingStep, of checklist: RegisterEntry) -> Bool {
        if isWaived(step, in: checklist) { return true }
        switch step {
        case .agreement: return entries.newestText.map { accepted($0.id, by: checklist["library"]) } ?? true
        case .meeting: return !checklist["met"].isEmpty
        case .training:
            return entries.contains { entry in
                entry.register == .training && entry["topic"] == "admin" && admins.contains { $0.text == entry["person"] }
            }
        case .hours: return hasHours
        case .button, .test: return checklist.finding(step) != nil || !checklist[step.rawValue].isEmpty
        }
    }

    public func isWaived(_ step: OnboardingStep, in checklist: RegisterEntry) -> Bool {
        checklist["waived"].commaSeparated.contains(step.rawValue)
    }

    private func accepted(_ text: EntryID, by library: String) -> Bool {
        entries.contains { $0.register == .acceptances && $0["library"] == library && $0["text"] == text.text }
    }
}

extension Sequence<RegisterEntry> {
    /// The version of the agreement that is accepted now: the one in force from the latest day, the last one written among those of one day.
    public var newestText: RegisterEntry? {
        filter { $0.register == .texts }.max { ($0["day"], $0.change) < ($1["day"], $1.change) }
    }
}

extension String {
    /// What stands between commas, without the blanks around it.
    public var commaSeparated: [String] {
        split(separator: ",").map { part in
            var part = part
            while part.first == " " { part.removeFirst() }
            while part.last == " " { part.removeLast() }
            return String(part)
        }.filter { !$0.isEmpty }
    }
}

extension ConsortiumState {
    func checkRules(of entry: RegisterEntry, replacing former: RegisterEntry?, by editor: Editor) throws(Refusal) {
        switch entry.register {
        case .acceptances:
            guard former == nil else {
                throw Refusal(.notAllowed, "An acceptance stands as it was given. LTG can delete one that was a mistake.")
            }
        case .trainingRequests:
            guard case .person(let name) = editor, let person = operators[name], person.committee == nil else { return }
            guard entry["answer"] == former?["answer"] ?? "", ["", "open", former?["state"]].contains(entry["state"]) else {
                throw Refusal(.notAllowed, "How far a request is, and the answer to it, is for ChatWog to say.")
            }
        case .onboarding:
            var asked = entry
            asked.found = former.map { $0.library == entry.library ? $0.found : [] } ?? []
            try checkChecklist(asked)
            try checkHandTicks(asked, replacing: former)
        case .pages:
            if let problem = PageHosts.problem(in: entry["hosts"]) { throw Refusal(.invalid, "Websites: \(problem).") }
        case .alerts:
            guard entry["library"].isEmpty, entry["about"] != AlertMatter.gaps.rawValue else { return }
            throw Refusal(.invalid, "Library is missing: only of hours that nobody staffs is anybody mailed for all libraries.")
        case .liaisons, .agreements, .training, .announcements, .texts: break
        }
    }

    func checkMayGo(_ entry: RegisterEntry, by editor: Editor) throws(Refusal) {
        if entry.register == .texts, entries.values.contains(where: { $0.register == .acceptances && $0["text"] == entry.id.text }) {
            throw Refusal(.notAllowed, "Libraries have accepted this version; write a newer one beside it.")
        }
        guard entry.register == .acceptances, case .person(let name) = editor, operators[name]?.committee != .ltg else { return }
        throw Refusal(.notAllowed, "An acceptance stands as it was given. LTG can delete one that was a mistake.")
    }

    private func checkChecklist(_ entry: RegisterEntry) throws(Refusal) {
        let waived = entry["waived"].commaSeparated
        if let unknown = waived.first(where: { OnboardingStep(rawValue: $0) == nil }) {
            let steps = OnboardingStep.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ")
            throw Refusal(.invalid, "Waived: there is no step `\(unknown)`; the steps are \(steps).")
        }
        guard waived.isEmpty || !entry["note"].isEmpty else {
            throw Refusal(.invalid, "Say in the note why a step is waived; who comes later will want to know.")
        }
        guard entry["live"] == "yes", let library = entry.library else { return }
        let facts = onboardingFacts(library)
        let open = OnboardingStep.allCases.filter { !facts.isDone($0, of: entry) }
        guard open.isEmpty else {
            throw Refusal(
                .notAllowed,
                "\(library) cannot go live yet. Still to do, or to be waived with a note: \(open.map(\.sentence).joined(separator: "; ")).")
        }
    }

    private func onboardingFacts(_ library: LibraryName) -> OnboardingFacts {
        OnboardingFacts(
            entries: entries.values, admins: operators.values.filter { $0.isAdmin && $0.library == library }.map(\.name),
            hasHours: hours.contains(library))
    }

    /// Whether each library has a checklist that says that it is not to be reached yet, be it for a trial. One that has none was there before there were checklists.
    var settingUp: [(library: LibraryName, isSettingUp: Bool)] {
        let open = Set(entries.values.filter { $0.register == .onboarding && $0["live"] == "no" }.map { $0["library"] })
        return libraries.keys.map { ($0, open.contains($0.text)) }
    }

    /// Queues follow what the checklists say.
    mutating func followRules(of register: Register) {
        guard register == .onboarding else { return }
        for (name, isSettingUp) in settingUp where libraries[name]?.isSettingUp != isSettingUp {
            libraries.change(name) { $0.isSettingUp = isSettingUp }
            touched.board = true
            availabilityChanged = true
        }
    }
}
