/// Goes through what was seen on a page, and says what is wrong. The tags are judged here, what stands around them in PageJudgeSurroundings.swift.
struct PageJudge {
    let source: PageSource
    let facts: PageFacts
    let seen: PageSightings
    /// The page's own address, as far as it is known.
    let page: WebAddress?
    /// What relative addresses on it are relative to.
    let base: WebAddress?
    let nodes: [WebAddress]
    let policies: [ContentPolicy]
    private(set) var findings: [PageFinding] = []
    private var isCut: Bool
    /// Tags that a browser runs and that reach a node.
    private(set) var tags: [PageReport.Tag] = []
    /// Live tags of ours, whatever is wrong with them.
    private(set) var ours = 0
    private var guesses = 0

    static let loaderPath = "/js/callslip.js"
    static let oldPath = "/js/libraryh3lp.js"

    init(_ source: PageSource, _ facts: PageFacts) {
        self.source = source
        self.facts = facts
        seen = PageSightings(source.html)
        page = source.address.flatMap { WebAddress($0) }
        base = seen.base.flatMap { [page] in WebAddress($0, base: page) } ?? page
        nodes = facts.nodes.compactMap { WebAddress($0) }
        policies = (source.policies.flatMap(ContentPolicy.all) + seen.policies.map { ContentPolicy($0) }).prefix(
            PageCheckLimits.policiesMax
        ).map(\.self)
        isCut = seen.isCut
    }

    mutating func report() -> PageReport {
        for script in seen.scripts { judge(script) }
        judgeInline()
        judgeLinks()
        judgePlaces()
        judgePolicies()
        judgeWhole()
        let rank: [PageFinding.Severity: Int] = [.error: 0, .warning: 1, .note: 2]
        let sorted = findings.enumerated().sorted { one, other in
            (rank[one.element.severity] ?? 0, one.element.line ?? 0, one.offset) < (
                rank[other.element.severity] ?? 0, other.element.line ?? 0, other.offset
            )
        }.map(\.element)
        let verdict: PageReport.Verdict =
            sorted.contains { $0.severity == .error } ? .fails : sorted.contains { $0.severity == .warning } ? .mend : .works
        return PageReport(
            verdict: verdict, tags: tags, findings: Array(sorted.prefix(PageCheckLimits.findingsMax)),
            isCut: isCut || sorted.count > PageCheckLimits.findingsMax)
    }

    mutating func find(
        _ code: PageFinding.Code, _ severity: PageFinding.Severity, line: Int?, _ what: String, _ advice: String, fix: String? = nil
    ) {
        guard findings.count < PageCheckLimits.findingsMax * 4 else { return }
        findings.append(PageFinding(code: code, severity: severity, line: line, what: what, advice: advice, fix: fix))
    }

    // MARK: Tags

    private mutating func judge(_ script: PageSightings.Seen) {
        let tag = script.tag
        let raw = tag["src"] ?? ""
        let given = Self.straight(raw)
        guard let address = WebAddress(given, base: base) ?? WebAddress("https://unknown.invalid/", base: nil)?.at(given) else { return }
        let isLoader = address.path.lowercased().hasSuffix("callslip.js")
        let isOld = address.path.lowercased().hasSuffix("libraryh3lp.js")
        guard isLoader || isOld else {
            if nodes.contains(where: { $0.host == address.host }) || address.path.contains("callslip") { judgeOther(script, address) }
            return
        }
        guard script.place == .live else { return judgeHidden(script, isLoader: isLoader) }
        ours += 1
        if raw != given || tag.attributes.contains(where: { $0.name.hasPrefix("data-") && Self.straight($0.value) != $0.value }) {
            let fixed = isLoader ? snippet(Self.straight(tag["data-queue"] ?? "")).tag : oldTag(address.query)
            find(
                .curlyQuotes, .error, line: tag.line,
                "The tag is written with typographic quotes (“ ”), which HTML takes for a part of the address.",
                "Write straight quotes; paste the lines in the editor's source view.", fix: fixed)
        }
        if isLoader { judgeLoader(tag, address) } else { judgeOld(tag, address) }
    }

    private mutating func judgeLoader(_ tag: HTMLTag, _ address: WebAddress) {
        let queue = Self.straight(tag["data-queue"] ?? "").trimmed
        let usual = snippet(queue)
        let node = judgeNode(tag, address, path: Self.loaderPath, fix: usual.tag)
        judgeRunning(tag, usual.tag)
        if queue.isEmpty {
            // Its places may name their queues themselves.
            let named = seen.places.filter { $0.place == .live && !($0.tag["data-callslip"] ?? "").isEmpty }
            if named.isEmpty {
                find(
                    .noQueue, .error, line: tag.line,
                    "The tag does not say which queue the button is for (`data-queue`), so no button comes.",
                    "Add the name of your queue.", fix: usual.tag)
            }
        } else {
            judge(queue: queue, line: tag.line, .tag)
        }
        if let node {
            tags.append(.init(line: tag.line, queue: queue, host: node.authority))
            judgeOthers(tag, node, usual)
        }
    }

    /// The old vendor's script. From a node of ours it goes on working.
    private mutating func judgeOld(_ tag: HTMLTag, _ address: WebAddress) {
        if Self.isVendor(address.host) {
            find(
                .vendorHost, .error, line: tag.line,
                "This is the old vendor's snippet: it asks \(Self.quote(address.host)), which knows nothing of the consortium's queues any more.",
                "Change the host in it; the rest may stay. Better: put our own tag there in its place.",
                fix: oldTag(address.query) + ownTag(of: address.query))
            return
        }
        let node = judgeNode(tag, address, path: Self.oldPath, fix: oldTag(address.query))
        judgeRunning(tag, oldTag(address.query))
        guard let node else { return }
        let services = Self.services(address.query)
        tags.append(.init(line: tag.line, queue: services.first ?? "", host: node.authority))
        for service in services where !isKnown(service) {
            find(
                .unknownService, .error, line: tag.line,
                "Nothing is known here by the name or number \(Self.quote(service)), so this button reaches nobody.",
                "Ask LTG to enter it in the consortium's file (`services` or `aliases`), or put our own tag there.", fix: snippet("").tag)
        }
        find(
            .oldSnippet, .note, line: tag.line, "This is the old vendor's snippet with the consortium's host. It goes on working.",
            "When you next change the page, put our own tag there: its button says who answers, and needs no style of the page's.",
            fix: snippet(services.first { facts.queues[$0] != nil } ?? "").whole)
    }

    /// A script of a node, or of ours by its name, that is none of the two.
    private mutating func judgeOther(_ script: PageSightings.Seen, _ address: WebAddress) {
        guard script.place == .live, !address.path.hasSuffix("/hours.js") else { return }
        find(
            .wrongPath, .error, line: script.tag.line, "There is no script at \(Self.quote(address.path)) of a node.",
            "The button's script is at `\(Self.loaderPath)`.",
            fix: snippet(Self.straight(script.tag["data-queue"] ?? "").trimmed).tag)
    }

    private mutating func judgeHidden(_ script: PageSightings.Seen, isLoader: Bool) {
        let fix = isLoader ? snippet(Self.straight(script.tag["data-queue"] ?? "").trimmed).tag : nil
        let line = script.tag.line
        switch script.place {
        case .live: return
        // What stands in a comment is looked at by nobody; it matters when there is nothing else.
        case .comment:
            if !hasLiveScript {
                find(
                    .inComment, .error, line: line, "The tag stands in a comment (`<!-- … -->`), so browsers do not see it.",
                    "Take the tag out of the comment.", fix: fix)
            }
        case .noscript:
            find(
                .inNoscript, .error, line: line, "The tag stands in `<noscript>`, which is read only where scripts are switched off.",
                "Put it outside of `<noscript>`; a plain link is what belongs in there.", fix: fix)
        case .template:
            find(
                .inTemplate, .warning, line: line, "The tag stands in a `<template>`: it runs only if another script puts it on the page.",
                "Put it outside of the template.", fix: fix)
        case .frame:
            find(
                .inFrame, .warning, line: line,
                "The tag stands in a frame (`<iframe srcdoc>`): button and panel stay within it, and a chat does not go along from page to page.",
                "Put the tag on the page itself.", fix: fix)
        }
    }

    var hasLiveScript: Bool { seen.scripts.contains { $0.place == .live } || seen.inline.contains { $0.place == .live } }

    /// Whom the tag asks for its script.
    /// - Returns: the node; nil when it is none of the consortium's, which is said.
    private mutating func judgeNode(_ tag: HTMLTag, _ address: WebAddress, path: String, fix: String) -> WebAddress? {
        guard let node = node(at: address) else {
            let list = nodes.prefix(4).map { "`\($0.authority)`" }.joined(separator: ", ")
            let near = nodes.first { $0.host == address.host }
            find(
                .foreignNode, .error, line: tag.line,
                "\(Self.quote(address.host == "unknown.invalid" ? tag["src"] ?? "" : address.authority)) is no node of the consortium's"
                    + (near.map { ": its node there is `\($0.authority)`" } ?? "") + ".",
                "Name one of the consortium's nodes" + (list.isEmpty ? "." : ": \(list)."), fix: fix)
            return nil
        }
        if address.path != path {
            find(
                .wrongPath, .error, line: tag.line, "The script is not at \(Self.quote(address.path)).",
                "It is at `\(path)` of every node.", fix: fix)
            return nil
        }
        judge(scheme: address, line: tag.line, what: "The tag asks for its script", fix: fix)
        return node
    }

    mutating func judge(scheme address: WebAddress, line: Int, what: String, fix: String?) {
        guard address.scheme == "http", !address.isLoopback else { return }
        let isUpgraded = policies.contains(where: \.upgrades)
        if page?.scheme == "https", !isUpgraded {
            find(
                .insecure, .error, line: line, "\(what) over `http`, and browsers refuse that on a page that came over `https`.",
                "Write `https`.", fix: fix)
        } else {
            find(
                .insecure, .warning, line: line,
                "\(what) over `http`: whoever is on the way can change it, and on a page that comes over `https` browsers refuse it.",
                "Write `https`.", fix: fix)
        }
    }

    /// How a browser runs it.
    private mutating func judgeRunning(_ tag: HTMLTag, _ fix: String) {
        if !PageSightings.runs(tag) {
            find(
                .notRun, .error, line: tag.line,
                "The tag says `type=\(Self.quote(tag["type"] ?? ""))`, so browsers do not run it. A consent banner may have put that there.",
                "Take `type` away; our button sets no cookie and needs no consent banner.", fix: fix)
        } else if tag["type"]?.lowercased() == "module" {
            find(
                .notRun, .error, line: tag.line,
                "The tag says `type=\"module\"`: a module does not know the tag that it came by, so no button comes.",
                "Take `type` away.", fix: fix)
        } else if !tag.has("async"), !tag.has("defer") {
            find(
                .notAsync, .warning, line: tag.line,
                "Without `async` the page waits for the node before it goes on; while the node is slow, so is the page.",
                "Add `async`.", fix: fix)
        }
        if tag.has("integrity") {
            find(
                .integrity, .error, line: tag.line,
                "`integrity` pins one version of the script: with the next update browsers refuse it, and the button is gone.",
                "Take `integrity` away: LTG updates the code behind this address (agreement, 4).", fix: fix)
        }
    }

    /// The other nodes that a tag names.
    private mutating func judgeOthers(_ tag: HTMLTag, _ node: WebAddress, _ usual: ButtonSnippet) {
        let listed = Self.straight(tag["data-nodes"] ?? "").split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
        var others = 0
        for text in listed.prefix(PageCheckLimits.sightingsMax) {
            guard let address = WebAddress(text), let other = self.node(at: address) else {
                find(
                    .foreignNode, .error, line: tag.line,
                    "`data-nodes` names \(Self.quote(text)), which is no node of the consortium's; a page must not fetch code from there.",
                    "Name the consortium's nodes alone, with `https://` before each and commas between.", fix: usual.tag)
                continue
            }
            judge(scheme: address, line: tag.line, what: "`data-nodes` names a node", fix: usual.tag)
            if other != node { others += 1 }
        }
        if others == 0, nodes.count > 1 {
            find(
                .oneNode, .note, line: tag.line, "The page knows one node alone: while that is gone, so is the button.",
                "Name another in `data-nodes`.", fix: usual.tag)
        }
    }

    mutating func judge(queue: String, line: Int, _ piece: Piece) {
        let name = queue.lowercased()
        if facts.queues[name] != nil { return }
        if let present = facts.formerNames[name] {
            find(
                .formerName, .warning, line: line,
                "The queue \(Self.quote(queue)) is called `\(present)` now. The former name goes on leading there.",
                "Write the present name when you next change the page.", fix: fix(piece, present))
        } else if !facts.services.contains(name) {
            let near = guess(name)
            find(
                .unknownQueue, .error, line: line, "There is no queue \(Self.quote(queue)), so this button reaches nobody.",
                near.map { "Did you mean `\($0)` (\(facts.queues[$0] ?? $0))?" } ?? "Ask LTG for the name of your queue.",
                fix: fix(piece, near ?? ""))
        }
    }

    /// What of the lines says the queue.
    enum Piece { case tag, place, link, block }

    private func fix(_ piece: Piece, _ queue: String) -> String {
        let right = snippet(queue)
        return switch piece {
        case .tag: right.tag
        case .place: right.place
        case .link: right.chat
        case .block: "jid=\"\(ButtonSnippet.quoted(right.queue))@…\""
        }
    }

    private mutating func guess(_ name: String) -> String? {
        guesses += 1
        guard guesses <= PageCheckLimits.guessesMax else { return nil }
        return Nearness.nearest(name, facts.queues.keys)
    }

    // MARK: Words

    func isKnown(_ name: String) -> Bool { facts.queues[name] != nil || facts.formerNames[name] != nil || facts.services.contains(name) }

    func node(at address: WebAddress) -> WebAddress? {
        nodes.first { $0.host == address.host && ($0.port == address.port || $0.port == address.over($0.scheme).port) }
    }

    /// The lines for a queue; for the only one in question where none is named.
    func snippet(_ queue: String) -> ButtonSnippet {
        let name =
            queue.isEmpty ? source.queue ?? (facts.queues.count == 1 ? facts.queues.keys.first : nil) ?? ButtonSnippet.unknownQueue : queue
        return ButtonSnippet(nodes: facts.nodes, queue: facts.formerNames[name] ?? name)
    }

    func oldTag(_ query: String) -> String {
        "<script async src=\"\(ButtonSnippet.quoted(facts.nodes.first ?? "https://YOUR-NODE"))\(Self.oldPath)\(query.isEmpty ? "" : "?" + ButtonSnippet.quoted(query))\"></script>"
    }

    func ownTag(of query: String) -> String {
        let known = Self.services(query).first { facts.queues[$0] != nil }
        guard let queue = known ?? source.queue else { return "" }
        return "\n\n" + snippet(queue).whole
    }

    /// What stands behind the `?` of the old script: names and numbers of services; the rest are the old vendor's switches.
    static func services(_ query: String) -> [String] {
        query.prefix { $0 != "&" }.split(separator: ",").prefix(PageCheckLimits.sightingsMax).map { String($0).trimmed.lowercased() }
            .filter { !$0.isEmpty && !["multi", "poll", "popup"].contains($0) && !$0.contains("=") }
    }

    static func isVendor(_ host: String) -> Bool { host == "libraryh3lp.com" || host.hasSuffix(".libraryh3lp.com") }

    /// Without the quotes that word processors write.
    static func straight(_ text: String) -> String { String(text.filter { !"“”„‟‘’″".contains($0) }) }

    /// What the page says, for a sentence.
    static func quote(_ text: String) -> String {
        let shown = text.prefix(PageCheckLimits.quoteCharactersMax)
        return "`\(shown)\(shown.endIndex < text.endIndex ? "…" : "")`"
    }
}

extension WebAddress {
    /// Something on a page whose own address is not known.
    fileprivate func at(_ relative: String) -> WebAddress? { WebAddress(relative, base: self) }
}

extension String {
    /// Without white space around it.
    var trimmed: String {
        let front = drop { $0.isWhitespace }
        return String(front.reversed().drop { $0.isWhitespace }.reversed())
    }
}

/// Which name somebody may have meant.
enum Nearness {
    /// Differs by a third of its letters at most; ties go to the first by alphabet.
    static func nearest(_ name: String, _ names: some Sequence<String>) -> String? {
        let given = Array(name.utf8.prefix(PageCheckLimits.nameBytesMax))
        guard !given.isEmpty else { return nil }
        var best: (distance: Int, name: String)?
        for other in names {
            let bytes = Array(other.utf8.prefix(PageCheckLimits.nameBytesMax))
            let distance = distance(given, bytes)
            guard distance * 3 <= max(given.count, bytes.count) else { continue }
            if best.map({ (distance, other) < $0 }) ?? true { best = (distance, other) }
        }
        return best?.name
    }

    private static func distance(_ one: [UInt8], _ other: [UInt8]) -> Int {
        var row = Array(0...other.count)
        for (line, letter) in one.enumerated() {
            var diagonal = row[0]
            row[0] = line + 1
            for (column, against) in other.enumerated() {
                let next = min(row[column + 1] + 1, row[column] + 1, diagonal + (letter == against ? 0 : 1))
                diagonal = row[column + 1]
                row[column + 1] = next
            }
        }
        return row[other.count]
    }
}
