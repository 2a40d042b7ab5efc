/// What stands around the tags: scripts of the page's own, links, places for buttons, policies; and what is to be said of the whole.
extension PageJudge {
    /// Scripts of the page that make a tag themselves.
    mutating func judgeInline() {
        for script in seen.inline where script.place == .live {
            let text = script.text.lowercased()
            let hasVendorsScript = Self.has(text, "libraryh3lp.com") && Self.has(text, "libraryh3lp.js")
            if hasVendorsScript {
                let query = Self.after("libraryh3lp.js?", in: script.text).map { String($0.prefix { !"\"'<> \n;)".contains($0) }) } ?? ""
                find(
                    .vendorHost, .error, line: script.line,
                    "This is the old vendor's snippet: its script asks a host at `libraryh3lp.com`, which knows nothing of the consortium's queues any more.",
                    "Put this in its place.", fix: oldTag(query) + ownTag(of: query))
            } else if Self.has(text, "callslip.js") {
                find(
                    .outOfSight, .warning, line: script.line,
                    "A script of the page puts our tag there itself. What it sets cannot be seen from the page's text.",
                    "Put the tag into the page as it is, so that it can be checked, and kept when that script changes.",
                    fix: snippet("").tag)
            }
        }
    }

    /// Links and frames that lead to a chat page.
    mutating func judgeLinks() {
        for link in seen.links where link.place == .live || link.place == .noscript {
            let isFrame = link.tag.name == "iframe"
            let given = link.tag[isFrame ? "src" : "href"] ?? ""
            guard let address = WebAddress(Self.straight(given), base: base) else { continue }
            let queue = Self.queue(of: address)
            if Self.isVendor(address.host) {
                let target = ButtonSnippet(nodes: facts.nodes, queue: isKnown(queue) ? queue : source.queue ?? ButtonSnippet.unknownQueue)
                    .chat
                let fixed =
                    isFrame
                    ? "<iframe title=\"Ask a librarian\" src=\"\(ButtonSnippet.quoted(target))\"></iframe>"
                    : "<a href=\"\(ButtonSnippet.quoted(target))\">Ask a librarian</a>"
                find(
                    .vendorLink, .error, line: link.tag.line,
                    "\(isFrame ? "A frame" : "A link") leads to the old vendor's chat page at \(Self.quote(address.host)).",
                    "Let it lead to a node of the consortium's.", fix: fixed)
            } else if node(at: address) != nil, !queue.isEmpty {
                judge(queue: queue, line: link.tag.line, .link)
                judge(
                    scheme: address, line: link.tag.line, what: isFrame ? "A frame shows the chat page" : "A link leads to the chat page",
                    fix: nil)
            }
        }
    }

    /// `/chat/QUEUE@…` or `?queue=QUEUE`.
    private static func queue(of address: WebAddress) -> String {
        let parts = address.path.split(separator: "/")
        let target =
            parts.first == "chat" && parts.count > 1
            ? String(parts[1]) : after("queue=", in: address.query).map { String($0.prefix { $0 != "&" }) } ?? ""
        return target.prefix { $0 != "@" }.lowercased()
    }

    /// Places for buttons, and the old vendor's blocks.
    mutating func judgePlaces() {
        let live = seen.scripts.filter { $0.place == .live }.map { ($0.tag["src"] ?? "").lowercased() }
        let isOutOfSight = seen.inline.contains { $0.place == .live }
        let hasLoader = live.contains { Self.has($0, "callslip.js") } || isOutOfSight
        let hasOld = live.contains { Self.has($0, "libraryh3lp.js") } || isOutOfSight
        let places = seen.places.filter { $0.place == .live }
        if let first = places.first, !hasLoader {
            let queue = (first.tag["data-callslip"] ?? "").trimmed
            find(
                .placeAlone, .error, line: first.tag.line,
                "A place for the button is there (`data-callslip`), and the script that fills it is not.",
                "Add the script after it.", fix: snippet(queue).tag)
        }
        for place in places {
            let queue = Self.straight(place.tag["data-callslip"] ?? "").trimmed
            if queue.isEmpty {
                find(
                    .noQueue, .error, line: place.tag.line, "The place for the button does not say for which queue it is.",
                    "Write the name of your queue there.",
                    fix: snippet("").place)
            } else {
                judge(queue: queue, line: place.tag.line, .place)
            }
        }
        let blocks = seen.blocks.filter { $0.place == .live }
        if let first = blocks.first, !hasOld, !hasLoader {
            find(
                .blocksAlone, .error, line: first.tag.line, "The old vendor's blocks are there, and the script that shows them is not.",
                "Add the script after them.",
                fix: oldTag("multi,poll"))
        }
        for block in blocks {
            let name = block.tag["jid"] ?? block.tag["data-lh3-jid"] ?? block.tag["data-jid"] ?? ""
            let queue = name.prefix { $0 != "@" }.lowercased().trimmed
            if !queue.isEmpty {
                judge(queue: queue, line: block.tag.line, .block)
            }
        }
    }

    /// What the page's policies keep out.
    mutating func judgePolicies() {
        guard !policies.isEmpty else { return }
        if policies.contains(where: \.forbidsScripts) {
            find(
                .policy, .error, line: nil, "The page's Content-Security-Policy (`sandbox`) lets no script run.",
                "Add `allow-scripts` to it, or put the button on another page.")
        }
        var missing: [String: Set<String>] = [:]
        for script in seen.scripts where script.place == .live {
            guard let address = WebAddress(Self.straight(script.tag["src"] ?? ""), base: base), let node = node(at: address) else {
                continue
            }
            for (kind, wanted) in Self.needs(address, node) {
                for policy in policies {
                    guard let name = policy.forbids(kind, wanted, nonce: script.tag["nonce"], page: page) else { continue }
                    missing[name, default: []].insert(wanted.origin)
                }
            }
        }
        guard !missing.isEmpty else { return }
        let lines = missing.keys.sorted().map { name in "\(name) … \((missing[name] ?? []).sorted().joined(separator: " "));" }
        find(
            .policy, .error, line: nil,
            "The page's Content-Security-Policy keeps the button out: \(missing.keys.sorted().map { "`\($0)`" }.joined(separator: ", ")) does not name the node.",
            "Add the addresses to what stands there already (…), in the page's header or its `<meta>`; do so for each node that the tag names.",
            fix: lines.joined(separator: "\n"))
    }

    /// What a button loads: its scripts, its styles, presence, and the chat's connection.
    private static func needs(_ address: WebAddress, _ node: WebAddress) -> [(ContentPolicy.Kind, WebAddress)] {
        func at(_ path: String) -> WebAddress {
            var other = address
            other.path = path
            return other
        }
        let socket = at("/ws").over(address.scheme == "http" ? "ws" : "wss")
        return [
            (.script, address), (.script, at("/patron/launcher.js")), (.style, at("/shared/tokens.css")),
            (.connection, at("/presence/jid")), (.connection, socket),
        ]
    }

    /// What is to be said when everything was looked at.
    mutating func judgeWhole() {
        let loaders = seen.scripts.filter { $0.place == .live && Self.has(($0.tag["src"] ?? "").lowercased(), "callslip.js") }
        if loaders.count > 1 {
            let queues = Set(loaders.map { $0.tag["data-queue"] ?? "" })
            find(
                .twoTags, .warning, line: loaders[1].tag.line,
                "Our tag is on the page \(loaders.count) times: \(queues.count == 1 ? "the button comes more than once" : "several buttons lie on top of each other in the corner").",
                "Keep one tag. For several queues put a `<div data-callslip=\"QUEUE\">` for each where its button is to be.",
                fix: queues.count == 1
                    ? nil
                    : queues.sorted().filter { !$0.isEmpty }.map { snippet($0).place }.joined(separator: "\n") + "\n" + snippet("").tag)
        }
        if let line = seen.unfinishedLine {
            find(
                .unfinished, .warning, line: line,
                "The page ends within a tag that begins here: a quote or a `>` is missing, and what follows is lost.",
                "Close the tag.")
        }
        if seen.isCut {
            find(
                .pageTooLong, .warning, line: nil,
                "The page is longer than what is looked at (\(PageCheckLimits.htmlBytesMax / 1_024) KiB, \(PageCheckLimits.tokensMax) tags).",
                "Check the part around the button alone.")
        }
        if let line = seen.escapedLine, ours == 0 {
            find(
                .escapedText, .error, line: line,
                "The tag stands on the page as text that people read (`&lt;script …`): the editor took it for words.",
                "Paste it in the editor's source view (\"HTML\").", fix: snippet("").whole)
        }
        let isSaid = findings.contains {
            [
                .inComment, .inNoscript, .inTemplate, .inFrame, .escapedText, .placeAlone, .blocksAlone, .vendorHost, .vendorLink,
                .wrongPath, .outOfSight,
            ].contains($0.code)
        }
        let hasChatLink = seen.links.contains { link in
            (link.place == .live || link.place == .noscript)
                && WebAddress(link.tag["href"] ?? link.tag["src"] ?? "", base: base).map { node(at: $0) != nil } ?? false
        }
        if ours == 0, !isSaid {
            find(
                .noTag, hasChatLink ? .warning : .error, line: nil,
                hasChatLink ? "There is a link to the chat page, and no button." : "There is no chat button on this page.",
                "Put these lines where the button is to be.",
                fix: snippet("").whole)
        }
        if ours > 0, !tags.isEmpty, !hasChatLink {
            find(
                .noPlainLink, .note, line: tags.first?.line, "Where scripts are kept out, nothing stands in the button's place.",
                "Put a plain link there; the button takes its place when it comes.",
                fix: snippet(tags.first { facts.queues[$0.queue] != nil }?.queue ?? "").place)
        }
    }

    // MARK: Words

    private static func has(_ text: String, _ word: String) -> Bool { after(word, in: text) != nil }

    /// What follows the first place where a word stands; nil where it does not.
    private static func after(_ word: String, in text: String) -> Substring? {
        let word = Array(word.utf8)
        let bytes = Array(text.utf8)
        guard bytes.count >= word.count else { return nil }
        for at in 0...(bytes.count - word.count) where bytes[at] == word[0] && bytes[at..<at + word.count].elementsEqual(word) {
            let index = text.utf8.index(text.utf8.startIndex, offsetBy: at + word.count)
            return text[index...]
        }
        return nil
    }
}
