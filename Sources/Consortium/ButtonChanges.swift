/// What becomes of releases and sightings in the replicated state.

extension ConsortiumState {
    mutating func releaseButton(_ release: ButtonRelease) throws(Refusal) {
        guard ButtonRelease.isVersion(release.version) else {
            throw Refusal(
                .invalid, "A version has \(Limits.buttonVersionDigits) hexadecimal digits; `callslip button` lists those that nodes have.")
        }
        guard release.note.utf8.count <= Limits.titleBytesMax else {
            throw Refusal(.tooLong, "A note has \(Limits.titleBytesMax) bytes at most, not \(release.note.utf8.count).")
        }
        let present = buttons.released
        // Said before. (Taken from the present number, as a number that is asked with may be the greatest there is.)
        if let present, present.number > 0, present.number - 1 == release.number, present.version == release.version,
            present.note == release.note
        {
            return
        }
        guard release.number == present?.number ?? 0 else {
            throw Refusal(.outOfOrder, "Somebody released another version meanwhile; look at `callslip button`, and ask again.")
        }
        buttons.releases.append(ButtonRelease(number: release.number + 1, version: release.version, note: release.note, wallMs: wallMs))
        if buttons.releases.count > Limits.releasesKept { buttons.releases.removeFirst() }
        listsChanged()
    }

    mutating func sawInstalls(_ seen: [InstallSighting]) throws(Refusal) {
        guard (1...Limits.sightingsPerCommandMax).contains(seen.count), seen.allSatisfy(\.isValid) else {
            throw Refusal(
                .invalid, "A node passes on 1 to \(Limits.sightingsPerCommandMax) sightings, each with a host, a path, and a queue's name.")
        }
        let day = UInt32(clamping: wallMs / 86_400_000)
        let websites = Set(libraries.values.compactMap(\.card.websiteHost))
        for one in seen {
            findButton(one)
            if websites.contains(one.place.host) || buttons.hosts.contains(one.place.host) {
                note(one, day: day)
            } else {
                note(stranger: one, day: day)
            }
        }
    }

    private mutating func note(_ seen: InstallSighting, day: UInt32) {
        if let number = index.installOf[seen.place], let install = installs[number] {
            var after = install.after(seen, day: day)
            guard after != install else { return }
            after.change = nextChange()
            installs[number] = after
            return
        }
        while let crowded = tooMany(on: seen.place.host) { forget(crowded) }
        buttons.installNumber += 1
        var install = Install(
            number: buttons.installNumber, change: nextChange(), place: seen.place, kind: seen.kind, version: seen.version, firstDay: day,
            lastDay: day)
        install = install.after(seen, day: day)
        installs[install.number] = install
        index.installOf[install.place] = install.number
    }

    /// What gives way to a new page of a host: the one of it, or of all, that was not seen for longest; `nil` where there is room.
    private func tooMany(on host: String) -> UInt64? {
        let own = installs.values.filter { $0.place.host == host }
        let crowd = own.count >= Limits.installsPerHostMax ? own : installs.count >= Limits.installsMax ? installs.values : []
        return crowd.min { ($0.lastDay, $0.number) < ($1.lastDay, $1.number) }?.number
    }

    private mutating func note(stranger seen: InstallSighting, day: UInt32) {
        let host = seen.place.host
        if let place = buttons.strangers.firstIndex(where: { $0.host == host }) {
            guard buttons.strangers[place].lastDay < day else { return }
            buttons.strangers[place].lastDay = day
        } else {
            if buttons.strangers.count >= Limits.strangersMax,
                let oldest = buttons.strangers.enumerated().min(by: { ($0.element.lastDay, $0.offset) < ($1.element.lastDay, $1.offset) })
            {
                buttons.strangers.remove(at: oldest.offset)
            }
            let place = buttons.strangers.partitionPoint { $0.host.utf8.lexicographicallyPrecedes(host.utf8) }
            buttons.strangers.insert(
                StrangerHost(host: host, path: seen.place.path, queue: seen.place.queue, firstDay: day, lastDay: day), at: place)
        }
        listsChanged()
    }

    mutating func decide(_ decision: ButtonDecision) throws(Refusal) {
        switch decision.what {
        case .confirm(let host):
            guard InstallPlace.isHost(host) else {
                throw Refusal(.invalid, "A host is written as in a page's address, in lower case: `www.library.example.edu`.")
            }
            try check(decision.by, maySpeakOf: buttons.strangers.first { $0.host == host }?.queue)
            if buttons.hosts.contains(host) { return }
            guard buttons.hosts.count < Limits.buttonHostsMax else {
                throw Refusal(
                    .full, "\(Limits.buttonHostsMax) hosts are confirmed, which is the most; reject one that is not needed any more.")
            }
            buttons.strangers.removeAll { $0.host == host }
            buttons.hosts.insert(host, at: buttons.hosts.partitionPoint { $0.utf8.lexicographicallyPrecedes(host.utf8) })
            listsChanged()
        case .reject(let host):
            try check(decision.by, maySpeakOf: buttons.strangers.first { $0.host == host }?.queue)
            guard buttons.hosts.contains(host) || buttons.strangers.contains(where: { $0.host == host }) else { return }
            buttons.hosts.removeAll { $0 == host }
            buttons.strangers.removeAll { $0.host == host }
            listsChanged()
            guard !libraries.values.contains(where: { $0.card.websiteHost == host }) else { return }
            for install in installs.values where install.place.host == host { forget(install.number) }
        case .forget(let number):
            guard let install = installs[number] else { return }
            try check(decision.by, maySpeakOf: install.place.queue)
            forget(number)
        }
    }

    /// LTG, and the admins of the library whose queue a page names.
    private func check(_ author: TicketAuthor, maySpeakOf queue: String?) throws(Refusal) {
        switch author {
        case .ltg: return
        case .person(let name):
            guard let person = operators[name] else { throw .unknownOperator(name) }
            let library = queue.flatMap { QueueName($0) }.flatMap { queues[present($0)]?.queue.library }
            guard person.isAdmin, library == person.library else {
                throw Refusal(.notAllowed, "This is for LTG, and for the admins of the library whose queue the page names.")
            }
        case .somebody, .node: throw Refusal(.notAllowed, "This is for LTG, and for the admins of the library whose queue the page names.")
        }
    }

    private mutating func forget(_ number: UInt64) {
        guard let install = installs.remove(number) else { return }
        index.installOf.remove(install.place)
        buttons.goneChange = nextChange()
    }

    private mutating func nextChange() -> UInt64 {
        buttons.change += 1
        touched.buttons = true
        return buttons.change
    }

    private mutating func listsChanged() { buttons.listsChange = nextChange() }

    /// What a reader who was told of everything up to a change has not heard, as much as goes into one board, and up to which change that goes.
    public func buttonNews(after change: UInt64) -> (news: ButtonNews, through: UInt64) {
        let changed = installs.values.filter { $0.change > change }.sorted { $0.change < $1.change }
        let part = Array(changed.prefix(Limits.installsPerBoardMax))
        let news = ButtonNews(
            lists: buttons.listsChange > change || change == 0 ? buttons : nil, changed: part,
            numbers: buttons.goneChange > change || change == 0 ? installs.keys : nil)
        return (news, part.count < changed.count ? part.last?.change ?? buttons.change : buttons.change)
    }

    public var buttonChange: UInt64 { buttons.change }

    func checkButtons() throws(InvariantViolation) {
        try hold(installs.count <= Limits.installsMax && index.installOf.count == installs.count, "The installs are miscounted.")
        for (number, install) in installs {
            try hold(
                number == install.number && number <= buttons.installNumber && index.installOf[install.place] == number
                    && 1 <= install.change && install.change <= buttons.change && install.place.isValid
                    && install.firstDay <= install.lastDay,
                "Install \(number) is misfiled.")
        }
        try hold(buttons.listsChange <= buttons.change && buttons.goneChange <= buttons.change, "Changes of buttons are miscounted.")
        try hold(
            buttons.releases.count <= Limits.releasesKept && buttons.hosts.count <= Limits.buttonHostsMax
                && buttons.strangers.count <= Limits.strangersMax,
            "There are too many releases or hosts.")
        try hold(!buttons.strangers.contains { buttons.hosts.contains($0.host) }, "A host is confirmed and unknown.")
        guard featureLevel < FeatureLevel.buttons else { return }
        try hold(installs.isEmpty && buttons == ButtonLists(), "There are buttons below their feature level.")
    }
}
