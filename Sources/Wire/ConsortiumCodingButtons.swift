/// Releases and the inventory of buttons as bytes.

import Consortium

extension PBButtonReleaseEntry {
    init(_ release: ButtonRelease) {
        self.init()
        number = release.number
        version = release.version
        note = release.note
        wallMs = release.wallMs
    }

    func decoded() -> ButtonRelease { ButtonRelease(number: number, version: version, note: note, wallMs: wallMs) }
}

extension PBInstallPlaceEntry {
    init(_ place: InstallPlace) {
        self.init()
        host = place.host
        path = place.path
        queue = place.queue
    }

    func decoded() -> InstallPlace { InstallPlace(host: host, path: path, queue: queue) }
}

extension PBInstallSightingEntry {
    init(_ seen: InstallSighting) {
        self.init()
        place = PBInstallPlaceEntry(seen.place)
        kind = UInt32(seen.kind.rawValue)
        version = seen.version
        error = seen.error
    }

    func decoded() throws(WireError) -> InstallSighting {
        InstallSighting(place: place.decoded(), kind: try Field.small(kind, "sighting.kind"), version: version, error: error)
    }
}

extension PBDecideButtonCommand {
    init(_ decision: ButtonDecision) {
        self.init()
        by = PBTicketAuthorEntry(decision.by)
        switch decision.what {
        case .confirm(let host): confirm = host
        case .reject(let host): reject = host
        case .forget(let number): forget = number
        }
    }

    func decoded() throws(WireError) -> ButtonDecision {
        let by = try by.decoded()
        switch what {
        case .confirm(let host): return ButtonDecision(by: by, what: .confirm(host: host))
        case .reject(let host): return ButtonDecision(by: by, what: .reject(host: host))
        case .forget(let number): return ButtonDecision(by: by, what: .forget(install: number))
        case nil: throw .unknownKind("decideButton")
        }
    }
}

extension PBInstallRecord {
    init(_ install: Install) {
        self.init()
        number = install.number
        change = install.change
        place = PBInstallPlaceEntry(install.place)
        kind = UInt32(install.kind.rawValue)
        version = install.version
        error = install.error
        errorDay = install.errorDay
        firstDay = install.firstDay
        lastDay = install.lastDay
    }

    func decoded() throws(WireError) -> Install {
        Install(
            number: number, change: change, place: place.decoded(), kind: try Field.small(kind, "install.kind"), version: version,
            error: error,
            errorDay: errorDay, firstDay: firstDay, lastDay: lastDay)
    }
}

extension PBButtonListsEntry {
    init(_ lists: ButtonLists) {
        self.init()
        releases = lists.releases.map { PBButtonReleaseEntry($0) }
        hosts = lists.hosts
        strangers = lists.strangers.map { stranger in
            var entry = PBStrangerHostEntry()
            entry.host = stranger.host
            entry.path = stranger.path
            entry.queue = stranger.queue
            entry.firstDay = stranger.firstDay
            entry.lastDay = stranger.lastDay
            return entry
        }
        installNumber = lists.installNumber
        change = lists.change
        listsChange = lists.listsChange
        goneChange = lists.goneChange
    }

    func decoded() throws(WireError) -> ButtonLists {
        var lists = ButtonLists()
        lists.releases = try Field.list(releases, "buttons.releases", max: Limits.releasesKept) { e throws(WireError) in e.decoded() }
        lists.hosts = try Field.list(hosts, "buttons.hosts", max: Limits.buttonHostsMax) { e throws(WireError) in e }
        lists.strangers = try Field.list(strangers, "buttons.strangers", max: Limits.strangersMax) { e throws(WireError) in
            StrangerHost(host: e.host, path: e.path, queue: e.queue, firstDay: e.firstDay, lastDay: e.lastDay)
        }
        lists.installNumber = installNumber
        lists.change = change
        lists.listsChange = listsChange
        lists.goneChange = goneChange
        return lists
    }
}

extension PBButtonNewsEntry {
    init(_ news: ButtonNews) {
        self.init()
        if let lists = news.lists { self.lists = PBButtonListsEntry(lists) }
        changed = news.changed.map { PBInstallRecord($0) }
        if let numbers = news.numbers {
            self.numbers = numbers
            tellsNumbers = true
        }
    }

    func decoded() throws(WireError) -> ButtonNews {
        let known = try Field.list(numbers, "buttons.numbers", max: Limits.installsMax) { e throws(WireError) in e }
        return ButtonNews(
            lists: hasLists ? try lists.decoded() : nil,
            changed: try Field.list(changed, "buttons.changed", max: Limits.installsMax) { e throws(WireError) in try e.decoded() },
            numbers: tellsNumbers ? known : nil)
    }
}
