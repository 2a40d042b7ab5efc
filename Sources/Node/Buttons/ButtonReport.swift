/// Releases and the inventory of buttons, as the API, the page and `callslip button` show them: what is old, broken or gone, with what to do.

import Consortium
import PageCheck

public struct ButtonReport: Codable, Sendable {
    public struct Release: Codable, Sendable {
        public var number: UInt64
        public var version: String
        public var note: String
        public var ms: UInt64
    }
    public enum State: String, Codable, Sendable {
        case good, old, broken, gone
    }
    public struct Row: Codable, Sendable {
        public var number: UInt64
        public var host: String
        public var path: String
        public var queue: String
        public var library: String?
        /// `own` or `old`: whose snippet the page has.
        public var kind: String
        public var version: String
        public var error: String?
        public var firstDay: String
        public var lastDay: String
        public var state: State
        /// What is wrong, in a sentence.
        public var why: String?
        /// Lines to paste.
        public var fix: String?
    }
    public struct Stranger: Codable, Sendable {
        public var host: String
        public var path: String
        public var queue: String
        public var library: String?
        public var firstDay: String
        public var lastDay: String
    }
    /// The version that is released; absent before the first release.
    public var released: String?
    /// What this node serves, was built with, and could serve. Empty while its files are read from a directory.
    public var serves: String
    public var own: String
    public var versions: [String]
    /// The newest first.
    public var releases: [Release]
    public var installs: [Row]
    public var hosts: [String]
    public var strangers: [Stranger]
    /// Addresses of nodes, to ask each what it serves.
    public var nodes: [String]
    /// Whether whoever asks may release, and reject hosts.
    public var isLTG: Bool

    /// A page that was not seen for longer is gone.
    static let goneDays: UInt32 = 14
}

/// What this node's web plane serves of the button's code.
struct ButtonServing: Sendable {
    var own = ""
    var versions: [String] = []
    var serves = ""
}

extension ButtonReport {
    /// - Parameter person: who asks; `nil`: LTG. A person sees what is of their library.
    init(_ book: ButtonBook, _ board: Board, _ serving: ButtonServing, nodes: [String], person: Operator?, today: UInt32) {
        let judge = InstallJudge(board: board, lists: book.lists, nodes: nodes, today: today)
        func isTheirs(_ queue: String) -> Bool { person.map { judge.library(of: queue) == $0.library } ?? true }
        released = book.lists.released?.version
        serves = serving.serves
        own = serving.own
        versions = serving.versions
        releases = book.lists.releases.reversed().map { Release(number: $0.number, version: $0.version, note: $0.note, ms: $0.wallMs) }
        installs = book.installs.values.filter { isTheirs($0.place.queue) }.map { judge.row($0) }
            .sorted { ($0.state.rank, $0.host, $0.path, $0.queue) < ($1.state.rank, $1.host, $1.path, $1.queue) }
        hosts = book.lists.hosts
        strangers = book.lists.strangers.filter { isTheirs($0.queue) }.map {
            Stranger(
                host: $0.host, path: $0.path, queue: $0.queue, library: judge.library(of: $0.queue)?.text, firstDay: Self.text($0.firstDay),
                lastDay: Self.text($0.lastDay))
        }
        self.nodes = nodes
        isLTG = person == nil
    }

    static func text(_ day: UInt32) -> String { CalendarDay(number: Int32(clamping: day))?.text ?? "" }

    /// For a spreadsheet.
    var csv: String {
        let head = "host,path,queue,library,state,why,snippet,version,first seen,last seen\n"
        return head
            + installs.map { row in
                [
                    row.host, row.path, row.queue, row.library ?? "", row.state.rawValue, row.why ?? "", row.kind, row.version,
                    row.firstDay, row.lastDay,
                ]
                .csvLine
            }.joined()
    }
}

extension ButtonReport.State {
    /// What needs somebody comes first.
    var rank: Int {
        switch self {
        case .broken: 0
        case .old: 1
        case .gone: 2
        case .good: 3
        }
    }
}

/// Says how a button stands.
struct InstallJudge {
    let board: Board
    let lists: ButtonLists
    let nodes: [String]
    let today: UInt32

    private func queues(called name: String) -> [Queue] {
        guard let name = QueueName(name) else { return [] }
        return board.queues(called: name).map(\.queue)
    }

    func library(of queue: String) -> LibraryName? { queues(called: queue).first?.library }

    func row(_ install: Install) -> ButtonReport.Row {
        let (state, why) = judge(install)
        let queue = queues(called: install.place.queue).first?.name.text
        let snippet = ButtonSnippet(nodes: nodes, queue: queue ?? "YOUR-QUEUE")
        return ButtonReport.Row(
            number: install.number, host: install.place.host, path: install.place.path, queue: install.place.queue,
            library: library(of: install.place.queue)?.text, kind: install.kind == .own ? "own" : "old", version: install.version,
            error: install.error.isEmpty ? nil : install.error, firstDay: ButtonReport.text(install.firstDay),
            lastDay: ButtonReport.text(install.lastDay),
            state: state, why: why, fix: state == .old || state == .broken ? snippet.whole : nil)
    }

    private func judge(_ install: Install) -> (ButtonReport.State, String?) {
        let queue = install.place.queue
        if today > install.lastDay, today - install.lastDay > ButtonReport.goneDays {
            return (
                .gone,
                "Not seen since \(ButtonReport.text(install.lastDay)). Is the page still there, and the button on it? If not, it can be forgotten."
            )
        }
        if !install.error.isEmpty {
            return (
                .broken,
                "The code failed there on \(ButtonReport.text(install.errorDay)): \(install.error). Check the page, above all its Content-Security-Policy."
            )
        }
        let meant = queues(called: queue)
        if !queue.isEmpty, meant.isEmpty { return (.broken, "There is no queue \(queue): the button reaches nobody.") }
        if install.kind == .old {
            return (.old, "The page has the old vendor's snippet. It goes on working; our own tag says who answers.")
        }
        if let present = meant.first, present.formerNames.contains(where: { $0.text == queue }), present.name.text != queue {
            return (.old, "The queue \(queue) is called \(present.name) now. The former name goes on leading there.")
        }
        if let released = lists.released, !install.version.isEmpty, install.version != released.version,
            UInt64(install.lastDay) * 86_400_000 > released.wallMs
        {
            return (
                .old, "The page had version \(install.version) after \(released.version) was released. Does it keep a copy of the script?"
            )
        }
        return (.good, nil)
    }
}
