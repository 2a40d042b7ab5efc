/// The forms of all registers. A new question is a new feature level: an older version refuses what it does not know.

extension Register {
    public var form: RegisterForm {
        switch self {
        case .liaisons: .liaisons
        case .agreements: .agreements
        case .training: .training
        case .trainingRequests: .trainingRequests
        case .announcements: .announcements
        case .texts: .texts
        case .acceptances: .acceptances
        case .onboarding: .onboarding
        case .pages: .pages
        case .alerts: .alerts
        }
    }

    /// The register that import, API and commands call so.
    public init?(named name: String) {
        guard let register = Register.allCases.first(where: { $0.form.name == name }) else { return nil }
        self = register
    }
}

extension RegisterForm {
    static let liaisons = RegisterForm(
        name: "liaisons", title: "Library liaisons", one: "liaison",
        sentence:
            "Who looks after a subject, and how to reach them: the desk's search finds them, so that a question can be referred to the right person.",
        editors: [.libraryAdmin, .chatWog],
        questions: [
            .init("subject", "Subject", .text, required: true, "As patrons and colleagues call it, such as Art history."),
            .init("synonyms", "Other words for it", .words, "Separated by commas; the search finds the liaison by each."),
            .init("library", "Library", .library, required: true),
            .init("queue", "Queue", .queue, "Where a chat about this can be transferred to, if there is one."),
            .init("person", "Person", .text),
            .init("email", "E-mail", .email),
            .init("phone", "Telephone", .text),
            .init("hours", "When they can be reached", .text),
            .init("wording", "Wording for the patron", .paragraph, "What an operator may say when they refer somebody."),
            .init("until", "Valid until", .day, "Empty: until somebody changes it."),
            .init("checked", "Last checked", .day),
        ],
        unique: ["subject", "library", "person"], heads: ["subject", "person"])

    static let agreements = RegisterForm(
        name: "agreements", title: "Collaboration and Referral Agreements", one: "agreement",
        sentence: "What a library or a partner takes from others, and how a question is referred to it.",
        editors: [.libraryAdmin, .chatWog],
        questions: [
            .init("title", "Title", .text, required: true),
            .init("library", "Library", .library, required: true, "Who takes the questions, or looks after the agreement with a partner."),
            .init("partner", "Partner", .text, "If it is somebody outside the consortium."),
            .init("subjects", "Subjects", .words, "Separated by commas; the search finds the agreement by each."),
            .init("queue", "Queue", .queue, "Where a chat about this can be transferred to, if there is one."),
            .init("email", "E-mail", .email),
            .init("phone", "Telephone", .text),
            .init("hours", "Hours", .text),
            .init("terms", "What was agreed", .paragraph, required: true),
            .init("wording", "Wording for the patron", .paragraph),
            .init("until", "Valid until", .day),
            .init("checked", "Last checked", .day),
        ],
        unique: ["title", "library"], heads: ["title", "partner"])

    static let training = RegisterForm(
        name: "training", title: "Training records", one: "training record",
        sentence:
            "Who was trained for what. People staffing the general queue are trained for it; a record that lapses warns for 30 days and closes nothing.",
        editors: [.chatWog],
        questions: [
            .init("person", "Person", .person, required: true, "The name that they sign in with."),
            .init(
                "topic", "Trained for",
                .choice([
                    .init("general", "The general queue"), .init("interface", "The operator's desk"),
                    .init("practices", "Best practices"), .init("admin", "Looking after a library's chat"),
                ]), required: true),
            .init("day", "On", .day, required: true),
            .init("trainer", "By", .text),
            .init("until", "Holds until", .day, "Empty: it does not lapse."),
            .init("note", "Note", .paragraph),
        ],
        unique: ["person", "topic", "day"], heads: ["person", "topic", "day"])

    static let trainingRequests = RegisterForm(
        name: "training-requests", title: "Requests for training", one: "request",
        sentence: "A library asks ChatWog for a staff training: the operator's desk, best practices, or both.",
        editors: [.libraryAdmin, .chatWog],
        questions: [
            .init("library", "Library", .library, required: true),
            .init(
                "topic", "About",
                .choice([
                    .init("interface", "The operator's desk"), .init("practices", "Best practices"), .init("both", "Both"),
                    .init("other", "Something else"),
                ]), required: true),
            .init("people", "How many people", .text),
            .init("when", "When it would suit", .text),
            .init("wish", "What it should cover", .paragraph),
            .init(
                "state", "State",
                .choice([
                    .init("open", "Open"), .init("agreed", "Agreed"), .init("held", "Held"), .init("declined", "Declined"),
                ]), "ChatWog says."),
            .init("answer", "ChatWog's answer", .paragraph),
        ],
        unique: [], heads: ["library", "topic", "when"])

    static let announcements = RegisterForm(
        name: "announcements", title: "Announcements", one: "announcement",
        sentence: "Forums, updates and issues, told at every desk until their last day.",
        editors: [.chatWog],
        questions: [
            .init("title", "Title", .text, required: true),
            .init("text", "Text", .paragraph, required: true),
            .init("session", "Day of the session", .day, "If there is one to come to."),
            .init("time", "Time and place", .text),
            .init("link", "Where to read more or join", .link),
            .init("until", "Told until", .day, required: true, "The last day on which desks show it."),
        ],
        unique: [], heads: ["title", "session"])

    static let texts = RegisterForm(
        name: "texts", title: "Agreement", one: "version of the agreement",
        sentence: "The consortium agreement is a living document: each version is an entry, and each library accepts the newest again.",
        editors: [.chatWog],
        questions: [
            .init("name", "Version", .text, required: true, "Such as 2026, or 2026 spring."),
            .init("day", "In force from", .day, required: true),
            .init("changes", "What changed", .paragraph, "Admins read this when they are asked to accept it."),
            .init("text", "Text", .paragraph, required: true),
        ],
        unique: ["name"], heads: ["name", "day"])

    static let acceptances = RegisterForm(
        name: "acceptances", title: "Acceptances", one: "acceptance",
        sentence: "Which library accepted which version of the agreement, when, and who said so.",
        editors: [.libraryAdmin],
        questions: [
            .init("library", "Library", .library, required: true),
            .init("text", "Version of the agreement", .entry(.texts), required: true),
            .init("day", "Accepted on", .day, required: true),
            .init("name", "By", .text, required: true, "Who accepts it for the library, with their office."),
        ],
        unique: ["library", "text"], heads: ["library", "day"])

    static let onboarding = RegisterForm(
        name: "onboarding", title: "Onboarding", one: "checklist",
        sentence: "What is done before a library goes live. While its checklist says \"not yet\", its queues take no chats.",
        editors: [.chatWog],
        questions: [
            .init("library", "Library", .library, required: true),
            .init("met", "Meeting with ChatWog held on", .day),
            .init(
                "button", "Page where the button was seen", .link,
                "Found out by itself, of a page of the library that is opened in a browser. To tick it by hand, say why in the note."),
            .init(
                "test", "Test chat answered on", .day,
                "Found out by itself, when a chat is answered while the library is open for a trial. To tick it by hand, say why in the note."
            ),
            .init(
                "waived", "Waived", .words,
                "Steps that ChatWog does without, separated by commas: \(OnboardingStep.allCases.map(\.rawValue).joined(separator: ", "))."),
            .init("note", "Note", .paragraph, "Why a step is waived; and anything else."),
            .init(
                "live", "Live", .choice([.init("no", "Not yet"), .init("trial", "Open for a trial"), .init("yes", "Live")]), required: true),
        ],
        unique: ["library"], heads: ["library", "live"])

    static let pages = RegisterForm(
        name: "pages", title: "Pages with the chat", one: "list of pages",
        sentence:
            "On which websites a library's chat may stand. A library that lists none has it wherever somebody puts it; nodes' own pages always have it.",
        editors: [.libraryAdmin, .chatWog],
        questions: [
            .init("library", "Library", .library, required: true),
            .init(
                "hosts", "Websites", .words, required: true,
                "Names of hosts, separated by commas, such as www.library.example, or *.library.example for all below it."),
        ],
        unique: ["library"], heads: ["library"])

    static let alerts = RegisterForm(
        name: "alerts", title: "Who is mailed", one: "address",
        sentence:
            "Which addresses get a mail when something waits. Where a library names none for hours or referrals, the address on its card gets it.",
        editors: [.libraryAdmin, .chatWog],
        questions: [
            .init(
                "about", "About",
                .choice([
                    .init(AlertMatter.gaps.rawValue, "Posted hours that nobody staffs"),
                    .init(AlertMatter.referrals.rawValue, "Questions referred to the library, and once more past their day"),
                    .init(AlertMatter.decisions.rawValue, "Requests that wait for the director"),
                ]), required: true),
            .init(
                "library", "Library", .library,
                "Empty: ChatWog's own address, for hours of all libraries: it gets a mail after 15 minutes, a library after 5."),
            .init("email", "E-mail", .email, required: true),
        ],
        unique: ["about", "library", "email"], heads: ["about", "library", "email"])
}
