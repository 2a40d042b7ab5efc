/// What a person at the desk should know, of the registers: announcements, trainings that lapse, a text of the agreement that their library has not accepted, a
/// checklist that is not done. It warns and explains; nothing is closed by it.

import Consortium

public struct NoticesReport: Codable, Sendable {
    public struct Announcement: Codable, Sendable {
        public var id: String
        public var version: UInt64
        public var title: String
        public var text: String
        public var session: String?
        public var time: String?
        public var link: String?
        /// Unix milliseconds.
        public var changedMs: UInt64
    }
    /// A training of one's own that lapsed, or does so soon; and, for who staffs the general queue, one that was never noted.
    public struct Training: Codable, Sendable {
        public var topic: String
        /// The last day on which it holds; absent where none was noted.
        public var until: String?
        /// `soon`, `grace` (lapsed within the last 30 days), `lapsed` or `missing`.
        public var state: String
        public var text: String
    }
    public struct Acceptance: Codable, Sendable {
        public var text: String
        public var name: String
        public var day: String
        public var changes: String
    }
    public struct Step: Codable, Sendable {
        public var step: String
        public var text: String
        public var done: Bool
        public var waived: Bool
        /// What the service found out by itself, while that is how the step is done.
        public var found: FoundStep?
        /// What it waits for, in a sentence, where nothing was found yet of what it finds out.
        public var awaits: String?
    }
    public struct Checklist: Codable, Sendable {
        public var library: String
        public var title: String
        public var live: String
        public var steps: [Step]
    }
    public var announcements: [Announcement]
    public var trainings: [Training]
    /// For a library's admin: the newest text of the agreement, while the library has not accepted it.
    public var accept: Acceptance?
    /// For a library's admin the own library's, for ChatWog and LTG all that are not live.
    public var checklists: [Checklist]
    /// For a library's director: holds and exports that wait for a decision, by their identifiers.
    public var decisions: [String] = []

    /// How long before its end a training warns, and how long after it the warning says that there is time.
    private static let warningDays: Int32 = 30

    init(_ entries: some Collection<RegisterEntry>, _ board: Board, for person: Operator, today: CalendarDay?) {
        let isOver = { (entry: RegisterEntry) in CalendarDay(entry["until"]).map { until in today.map { until < $0 } ?? false } ?? false }
        announcements = entries.filter { $0.register == .announcements && !isOver($0) }.sorted { $0.change > $1.change }.map { entry in
            func some(_ key: String) -> String? { entry[key].isEmpty ? nil : entry[key] }
            return Announcement(
                id: entry.id.text, version: entry.version, title: entry["title"], text: entry["text"], session: some("session"),
                time: some("time"), link: some("link"), changedMs: entry.changedWallMs)
        }
        trainings = Self.trainings(entries, board, for: person, today: today)
        if person.isAdmin, let text = entries.newestText,
            !entries.contains(where: { $0.register == .acceptances && $0.library == person.library && $0["text"] == text.id.text })
        {
            accept = Acceptance(text: text.id.text, name: text["name"], day: text["day"], changes: text["changes"])
        }
        let seesAll = person.committee == .chatWog || person.committee == .ltg
        checklists = entries.filter { entry in
            entry.register == .onboarding && entry["live"] != "yes" && (seesAll || person.isAdmin && entry.library == person.library)
        }.sorted { $0["library"] < $1["library"] }.map { Self.checklist($0, entries, board) }
    }

    private static func checklist(_ entry: RegisterEntry, _ entries: some Collection<RegisterEntry>, _ board: Board) -> Checklist {
        let library = board.libraries.first { $0.name == entry.library }
        let admins = board.operators.filter { $0.isAdmin && $0.library == entry.library }.map(\.name)
        let facts = OnboardingFacts(
            entries: Array(entries), admins: admins, hasHours: board.hours.contains { $0.library == entry.library })
        let pages = entries.first { $0.register == .pages && $0.library == entry.library }
        let hosts = (pages?["hosts"].commaSeparated ?? []) + [library?.card.websiteHost].compactMap(\.self)
        return Checklist(
            library: entry["library"], title: library?.title ?? entry["library"], live: entry["live"],
            steps: OnboardingStep.allCases.map { step in
                let isDone = facts.isDone(step, of: entry)
                return Step(
                    step: step.rawValue, text: step.sentence, done: isDone, waived: facts.isWaived(step, in: entry),
                    found: entry.finding(step).map { FoundStep($0) }, awaits: isDone ? nil : entry.awaited(step, hosts: hosts))
            })
    }

    /// The newest record of each topic counts.
    private static func trainings(
        _ entries: some Collection<RegisterEntry>, _ board: Board, for person: Operator, today: CalendarDay?
    ) -> [Training] {
        guard let today else { return [] }
        let records = entries.filter { $0.register == .training && $0["person"] == person.name.text }
        var found: [Training] = []
        for (topic, record) in Dictionary(grouping: records, by: { $0["topic"] }).sorted(by: { $0.key < $1.key })
            .compactMap({ topic, records in records.max { ($0["day"], $0.change) < ($1["day"], $1.change) }.map { (topic, $0) } })
        {
            guard let until = CalendarDay(record["until"]) else { continue }
            let left = until.number - today.number
            let what = Register.training.form.title(of: topic)
            if left < -warningDays {
                found.append(
                    Training(
                        topic: topic, until: until.text, state: "lapsed",
                        text:
                            "Your training for \(what) held until \(until.text). Ask ChatWog for a refresher; you go on answering meanwhile."
                    ))
            } else if left < 0 {
                found.append(
                    Training(
                        topic: topic, until: until.text, state: "grace",
                        text:
                            "Your training for \(what) held until \(until.text). You have \(warningDays + left) days to refresh it; ask ChatWog."
                    ))
            } else if left <= warningDays {
                found.append(
                    Training(
                        topic: topic, until: until.text, state: "soon",
                        text: "Your training for \(what) holds until \(until.text). Ask ChatWog for a refresher."))
            }
        }
        let general = board.queues.first { $0.queue.library == nil }?.queue.name
        // Only where ChatWog keeps such records at all.
        if let general, person.queues.contains(general), !records.contains(where: { $0["topic"] == "general" }),
            entries.contains(where: { $0.register == .training && $0["topic"] == "general" })
        {
            found.append(
                Training(
                    topic: "general", until: nil, state: "missing",
                    text: "No training for the general queue is noted for you. If you had one, ask ChatWog to note it; if not, ask for one."
                ))
        }
        return found
    }
}

/// What the service found out of a checklist's step.
public struct FoundStep: Codable, Sendable {
    /// `button` or `test`.
    public var step: String
    /// The page without its scheme, or the queue.
    public var place: String
    /// Unix milliseconds.
    public var ms: UInt64
    init(_ finding: Finding) {
        step = finding.step.rawValue
        place = finding.place
        ms = finding.wallMs
    }
}

extension RegisterEntry {
    /// What would tick the step by itself, for people; nil where nothing does.
    /// - Parameter hosts: of the library's pages.
    fileprivate func awaited(_ step: OnboardingStep, hosts: [String]) -> String? {
        guard awaits(step) else { return nil }
        switch step {
        case .button:
            guard !hosts.isEmpty else {
                return
                    "No page of the library is known. List its websites (Pages with the chat), or name its website on its card, and put the code on a page there."
            }
            return
                "No page of yours has shown the button yet: put the code on a page of \(hosts.joined(separator: " or ")), with the name of your own queue, and open it."
        case .test:
            return self["live"] == "no"
                ? "The queues take no chats yet. When ChatWog opens them for a trial, ask something by the button and answer it at the desk."
                : "Nobody has answered a chat yet: ask something by the button, and answer it at the desk."
        case .agreement, .meeting, .training, .hours: return nil
        }
    }
}

extension RegisterForm {
    /// What a choice of this form is called in the middle of a sentence.
    fileprivate func title(of value: String) -> String {
        for case .choice(let choices) in questions.map(\.kind) {
            if let choice = choices.first(where: { $0.value == value }) {
                return choice.title.prefix(1).lowercased() + choice.title.dropFirst()
            }
        }
        return value
    }
}
