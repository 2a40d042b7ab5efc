/// Who may ask what over HTTP: every route of a node with every role. The one place where that is said.
///
/// `RouteGate` asks this table before any handler runs, and a route without a row is served to nobody (a debug build stops at its start). `ROLES.md` beside this folder is this table for people,
/// and `Tests/ProtocolTests/roles.py` asks each cell of a running node. What a person may change of what they reach (their own canned messages, their library's entries of a register) the
/// replicated state decides; what goes over `/ws` has its own rules in `Gateway`.

import Consortium
import Web

/// As whom somebody asks. A person has each role that the roster gives them, and may what one of them may.
enum RouteRole: Int, CaseIterable, Sendable {
    /// Nobody is signed in: patrons, pages, programs.
    case anonymous
    /// Signed in.
    case staff
    /// Signed in, and learns: reads what operators read, and writes nothing for others.
    case trainee
    /// Looks after their library.
    case libraryAdmin
    case chatWog
    case rmt
    case ltg
    /// Has the admin token of the node: whoever can read its data folder.
    case token

    /// As people are called in sentences and in the document.
    var title: String {
        switch self {
        case .anonymous: "anybody"
        case .staff: "operator"
        case .trainee: "trainee"
        case .libraryAdmin: "library admin"
        case .chatWog: "ChatWog"
        case .rmt: "RMT"
        case .ltg: "LTG"
        case .token: "admin token"
        }
    }

    static func all(of person: Operator) -> [RouteRole] {
        var roles: [RouteRole] = [person.isTrainee ? .trainee : .staff]
        if person.isAdmin { roles.append(.libraryAdmin) }
        switch person.committee {
        case .chatWog: roles.append(.chatWog)
        case .rmt: roles.append(.rmt)
        case .ltg: roles.append(.ltg)
        case nil: break
        }
        return roles
    }
}

/// How much of what a route shows, or changes, somebody reaches.
enum RouteReach: String, Sendable {
    case no = "–"
    /// What is theirs, or their library's; with a key in the request, what that opens.
    case own
    case all
}

struct RouteRow: Sendable {
    let method: HTTPMethod
    /// As it is installed.
    let path: String
    /// Whether everything beneath the path is meant.
    let isPrefix: Bool
    /// In the order of `RouteRole`.
    let reaches: [RouteReach]
    /// What is there, for the document.
    let what: String

    func reach(_ role: RouteRole) -> RouteReach { reaches[role.rawValue] }

    /// No role is asked for, so nobody is asked who they are.
    var isForEverybody: Bool { reach(.anonymous) != .no }

    /// Whether a person who is signed in can be right here at all.
    var isForPeople: Bool { RouteRole.allCases.contains { $0 != .token && reach($0) != .no } }

    func admits(_ person: Operator) -> Bool { RouteRole.all(of: person).contains { reach($0) != .no } }

    /// `a library admin, ChatWog and LTG`.
    var readers: String {
        // Whoever is for operators is for all who are signed in.
        let titles = RouteRole.allCases.filter { $0 != .anonymous && $0 != .token && reach($0) != .no }.map(\.title)
        guard let last = titles.last, titles.count > 1 else { return titles.first ?? "" }
        return titles.dropLast().joined(separator: ", ") + " and " + last
    }
}

enum RouteMatrix {
    // anybody, operator, trainee, library admin, ChatWog, RMT, LTG, admin token
    private static let everybody: [RouteReach] = [.all, .all, .all, .all, .all, .all, .all, .all]
    private static let byKey: [RouteReach] = [.own, .own, .own, .own, .own, .own, .own, .own]
    private static let signedIn: [RouteReach] = [.no, .own, .own, .own, .own, .own, .own, .no]
    private static let sessions: [RouteReach] = [.no, .own, .own, .own, .own, .own, .all, .all]
    private static let readers: [RouteReach] = [.no, .all, .all, .all, .all, .all, .all, .all]
    private static let writers: [RouteReach] = [.no, .own, .no, .own, .own, .own, .all, .all]
    private static let overseers: [RouteReach] = [.no, .no, .no, .own, .all, .all, .all, .all]
    private static let planned: [RouteReach] = [.no, .own, .own, .own, .all, .all, .all, .all]
    private static let ltgAlone: [RouteReach] = [.no, .no, .no, .no, .no, .no, .all, .all]
    private static let libraries: [RouteReach] = [.no, .no, .no, .own, .no, .no, .no, .all]
    private static let lookingAfter: [RouteReach] = [.no, .no, .no, .own, .no, .no, .all, .all]
    private static let admins: [RouteReach] = [.no, .no, .no, .own, .no, .no, .no, .no]
    private static let tokenAlone: [RouteReach] = [.no, .no, .no, .no, .no, .no, .no, .all]

    static let rows: [RouteRow] = [
        row(.post, "/api/sign-in", everybody, "sign-in with name and password"),
        row(.post, "/api/sign-out", everybody, "the end of this browser's sign-in"),
        row(.get, "/api/campus", everybody, "whether the node signs people in by their campus"),
        row(.get, "/api/campus/begin", everybody, "leads to the campus's sign-in service"),
        row(.get, "/api/campus/callback", everybody, "where that service sends browsers back to"),
        row(.get, "/api/me", signedIn, "who is signed in at this browser"),
        row(.get, "/api/sessions", sessions, "who is signed in at the node"),
        row(.post, "/api/sessions", sessions, "the end of a sign-in"),
        row(.get, "/api/second-step", signedIn, "the second step of one's own sign-in"),
        row(.post, "/api/second-step", signedIn, "one's own second step, turned on or off"),
        row(.post, "/api/second-step/off-for", lookingAfter, "a colleague's second step, turned off"),
        row(.post, "/api/accounts/first-code", lookingAfter, "a code with which a colleague chooses a password"),
        row(.get, "/api/canned", signedIn, "the canned messages for one's desk"),
        row(.post, "/api/canned", signedIn, "one's own canned messages, and by an admin the library's"),
        row(.get, "/api/canned/all", tokenAlone, "all canned messages"),
        row(.post, "/api/canned/all", tokenAlone, "any library's and the consortium's canned messages"),
        row(.post, "/api/problems", everybody, "a problem, reported"),
        row(.get, "/api/problems", signedIn, "one's own reports, and for an admin the library's"),
        row(.get, "/api/problems/one", byKey, "a report, for whoever has its key"),
        row(.post, "/api/problems/comment", byKey, "words to a report; to a signed one by its people"),
        row(.get, "/api/problems/all", ltgAlone, "all reports"),
        row(.post, "/api/problems/all", ltgAlone, "what becomes of a report"),
        row(.post, "/api/problems/picture", everybody, "a picture, to go along with a report"),
        row(.get, "/api/problems/picture", ltgAlone, "the picture that went along with a report"),
        row(.get, "/api/registers", readers, "the registers and their forms"),
        row(.get, "/api/registers/entries", readers, "what stands in a register"),
        row(.post, "/api/registers", writers, "entries; each register's form says whose"),
        row(.get, "/api/directory", readers, "liaisons and agreements, searched"),
        row(.get, "/api/notices", signedIn, "what the consortium tells the person at the desk"),
        row(.get, "/api/ledger", overseers, "the ledger of posted against staffed"),
        row(.get, "/api/ledger.csv", overseers, "the ledger, to take away"),
        row(.get, "/api/shifts", planned, "a week of a library's shifts, and its gaps"),
        row(.post, "/api/shifts/import", lookingAfter, "a library's shifts, from a file"),
        row(.post, "/api/shifts/swap", sessions, "a shift, given, taken or exchanged"),
        row(.get, "/api/why", overseers, "why a queue's button is on or off, now and at a minute that is past"),
        row(.get, "/api/reports", overseers, "what became of chats, counted"),
        row(.get, "/api/reports.csv", overseers, "reports, to take away"),
        row(.get, "/api/buttons", libraries, "the inventory of buttons on pages"),
        row(.get, "/api/buttons.csv", libraries, "the inventory, to take away"),
        row(.post, "/api/buttons", libraries, "decisions about hosts and pages; releases by LTG alone"),
        row(.get, "/api/audit", lookingAfter, "the audit log: who changed what, who read which transcript"),
        row(.get, "/api/audit.csv", lookingAfter, "the audit log, to take away"),
        row(.post, "/api/audit", tokenAlone, "that a transcript is about to be read"),
        row(.get, "/api/transcripts", libraries, "which transcripts are kept, no word of them; holds and exports"),
        row(.post, "/api/transcripts", admins, "holds and exports, asked for; decided by the library's director"),
        row(.post, "/api/transcripts/export", admins, "an approved export, as a file"),
        row(.get, "/api/names", tokenAlone, "naming conventions and what does not follow them"),
        row(.post, "/api/names", tokenAlone, "renaming"),
        row(.post, "/api/hours", tokenAlone, "a closing at short notice"),
        row(.post, "/api/import", tokenAlone, "the consortium's file"),
        row(.post, "/api/backup", tokenAlone, "a backup into the node's data folder"),
        row(.post, "/api/coordinators", tokenAlone, "other coordinators"),
        row(.get, "/api/keyring", tokenAlone, "which gossip key is in use, and who has it"),
        row(.post, "/api/keyring", tokenAlone, "a step towards another gossip key"),
        row(.get, "/api/nodes", tokenAlone, "the nodes, and which LTG removed"),
        row(.post, "/api/nodes", tokenAlone, "the removal of a node, or its return"),
        row(.post, "/api/invitations", tokenAlone, "a token with which a library's node joins"),
        row(.post, "/api/join", everybody, "a node's certificate, keyring and addresses, for whoever has a token"),
        row(.get, "/api/settings", readers, "the service's settings with their history, and who follows them"),
        row(.post, "/api/settings", ltgAlone, "a settings document, which counts by its signature"),
        row(.post, "/{version}/auth/login", everybody, "sign-in for scripts that speak to the old vendor; {version} is one of its dates"),
        row(.post, "/{version}/auth/logout", everybody, "the end of such a sign-in"),
        below(.get, "/{version}/conversations", overseers, "chats of this node's libraries, one by one, without text"),
        below(.get, "/{version}/activity", overseers, "the same, as newer scripts ask for it"),
        below(.get, "/{version}/reports", overseers, "what became of chats, counted, in the old vendor's tables"),
        below(.get, "/{version}/queues", readers, "queues, who staffs them, and where a chat that one holds may go"),
        below(.post, "/{version}/queues", signedIn, "a transfer of a chat that one holds"),
        below(.get, "/{version}/users", readers, "people, and what they may staff"),
        row(.get, "/api/desks", tokenAlone, "which versions of the desk are open, node by node"),
        row(.post, "/api/check-page", everybody, "the button of a pasted page, checked"),
        row(.post, "/api/button/seen", everybody, "what a page tells of its own button"),
        row(.get, "/api/status", everybody, "how the node is"),
        row(.get, "/healthz", everybody, "whether the process lives"),
        row(.get, "/readyz", everybody, "whether the node serves"),
        row(.get, "/metrics", everybody, "numbers for Prometheus"),
        row(.get, "/ws", everybody, "patrons' and operators' connections; who may say what: PROTOCOL.md"),
        row(.get, "/", everybody, "leads to the desk"),
        row(.get, "/desk", everybody, "the desk's page, which asks for a sign-in"),
        row(.get, "/practice", everybody, "the practice desk, which reaches nobody"),
        row(.get, "/pages", everybody, "a list of all pages"),
        row(.get, "/names", everybody, "a page that asks for the admin token"),
        row(.get, "/ledger", everybody, "a page that asks for a sign-in"),
        row(.get, "/why", everybody, "a page that asks for a sign-in"),
        row(.get, "/shifts", everybody, "a page that asks for a sign-in"),
        row(.get, "/reports", everybody, "a page that asks for a sign-in"),
        row(.get, "/buttons", everybody, "a page that asks for a sign-in or the admin token"),
        row(.get, "/registers", everybody, "a page that asks for a sign-in or the admin token"),
        row(.get, "/sessions", everybody, "a page that asks for a sign-in"),
        row(.get, "/settings", everybody, "a page that asks for a sign-in or the admin token"),
        row(.get, "/audit", everybody, "a page that asks for a sign-in"),
        row(.get, "/transcripts", everybody, "a page that asks for a sign-in"),
        row(.get, "/desks", everybody, "a page that asks for the admin token"),
        row(.get, "/tickets", everybody, "a page that asks for a sign-in or the admin token"),
        row(.get, "/problem", everybody, "the page to report a problem"),
        row(.get, "/check", everybody, "the page checker"),
        row(.get, "/html/chat-box.html", everybody, "the patron's page at the old vendor's address"),
        row(.get, "/chat.html", everybody, "the patron's page"),
        row(.get, "/js/callslip.js", everybody, "the button's loader"),
        row(.get, "/js/libraryh3lp.js", everybody, "the loader for old embeds"),
        row(.get, "/demo/enter", everybody, "the demonstration's sign-in by link; nowhere else"),
        below(.get, "/chat", everybody, "the patron's page"),
        below(.get, "/hours", everybody, "hours: pages, data, calendars"),
        below(.get, "/presence/jid", everybody, "whether a queue can be asked now"),
        below(.get, "/js/v", everybody, "versions of the button's code"),
        below(.get, "/", everybody, "the clients' files"),
    ]

    private struct Key: Hashable {
        var method: HTTPMethod
        var path: String
        var isPrefix: Bool
    }

    private static let byRoute = Dictionary(
        rows.map { (Key(method: $0.method, path: $0.path, isPrefix: $0.isPrefix), $0) }, uniquingKeysWith: { first, _ in first })

    /// The row of an installed route. HEAD is GET's; so is what a browser asks beforehand (OPTIONS).
    static func row(_ method: HTTPMethod, _ path: String, isPrefix: Bool) -> RouteRow? {
        let method = method == .head || method == .options ? HTTPMethod.get : method
        return byRoute[Key(method: method, path: LibraryH3lp.canonical(path), isPrefix: isPrefix)]
    }

    private static func row(_ method: HTTPMethod, _ path: String, _ reaches: [RouteReach], _ what: String) -> RouteRow {
        RouteRow(method: method, path: path, isPrefix: false, reaches: reaches, what: what)
    }

    private static func below(_ method: HTTPMethod, _ path: String, _ reaches: [RouteReach], _ what: String) -> RouteRow {
        RouteRow(method: method, path: path, isPrefix: true, reaches: reaches, what: what)
    }
}
