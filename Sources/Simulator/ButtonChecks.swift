import Consortium

/// Releases of the button's code, each by somebody who saw the one before; and which pages of which hosts are known, by what nodes passed on and what was decided about hosts.
struct ButtonChecks: Book {
    private struct Page: Equatable {
        var number: UInt64
        var version: String
    }
    private var releases: [ButtonRelease] = []
    private var hosts: Set<String> = []
    private var strangers: Set<String> = []
    private var pages: [InstallPlace: Page] = [:]
    private var pageNumber: UInt64 = 0

    func concerns(_ command: Command) -> Bool {
        switch command {
        case .releaseButton, .sawInstalls, .decideButton: true
        default: false
        }
    }

    mutating func judge(_ command: Command, _ verdict: Verdict, from asking: NodeName) -> String? {
        if case .releaseButton(let release) = command { return judge(release, verdict) }
        guard verdict.isAccepted else { return nil }
        switch command {
        case .sawInstalls(let seen): for one in seen { note(one) }
        case .decideButton(let decision): decide(decision.what)
        default: break
        }
        return nil
    }

    private mutating func judge(_ release: ButtonRelease, _ verdict: Verdict) -> String? {
        let present = releases.last?.number ?? 0
        let isSaid =
            releases.last.map { $0.number == release.number + 1 && $0.version == release.version && $0.note == release.note } ?? false
        if verdict.isOutOfOrder, isSaid || release.number == present {
            return "a release is refused that names \(present), which is in force"
        }
        guard verdict.isAccepted, !isSaid else { return nil }
        guard release.number == present else {
            return "release \(present) gives way to one by somebody who saw \(release.number)"
        }
        releases.append(ButtonRelease(number: present + 1, version: release.version, note: release.note))
        return nil
    }

    private mutating func note(_ seen: InstallSighting) {
        guard hosts.contains(seen.place.host) else {
            strangers.insert(seen.place.host)
            return
        }
        if pages[seen.place] == nil {
            pageNumber += 1
            pages[seen.place] = Page(number: pageNumber, version: seen.version)
        } else if !seen.version.isEmpty {
            pages[seen.place]?.version = seen.version
        }
    }

    private mutating func decide(_ what: ButtonDecision.What) {
        switch what {
        case .confirm(let host):
            strangers.remove(host)
            hosts.insert(host)
        case .reject(let host):
            guard hosts.remove(host) != nil || strangers.contains(host) else { return }
            strangers.remove(host)
            pages = pages.filter { $0.key.host != host }
        case .forget(let number): pages = pages.filter { $0.value.number != number }
        }
    }

    func difference(to state: ConsortiumState) -> String? {
        let (newest, own) = (state.buttons.released, releases.last)
        guard newest?.number == own?.number, newest?.version == own?.version else {
            return "release \(newest?.number ?? 0) is in force, and the log comes to \(own?.number ?? 0)"
        }
        guard Set(state.buttons.hosts) == hosts, Set(state.buttons.strangers.map(\.host)) == strangers else {
            return "the hosts \(state.buttons.hosts) are confirmed, and by the log \(hosts.sorted())"
        }
        var there: [InstallPlace: Page] = [:]
        for install in state.installs.values { there[install.place] = Page(number: install.number, version: install.version) }
        for place in Set(there.keys).union(pages.keys).sorted() where there[place] != pages[place] {
            let (found, own) = (there[place].map { "number \($0.number)" }, pages[place].map { "number \($0.number)" })
            return "the button on \(place.host)\(place.path) is \(found ?? "not known"), and by the log \(own ?? "not known")"
        }
        return nil
    }
}
