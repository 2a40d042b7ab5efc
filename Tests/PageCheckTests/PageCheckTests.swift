import Testing

@testable import PageCheck

/// What the checker says of a page (agreement, 4): the code of every finding that is worth a person's time, errors and warnings first.
@Suite struct PageCheckTests {
    static let facts = PageFacts(
        nodes: ["https://chat.example.edu", "https://second.example.edu:8443"],
        queues: ["memorial": "Memorial Library", "law": "Law Library"],
        formerNames: ["old-memorial": "memorial"], services: ["123"])
    static let link = #"<a href="https://chat.example.edu/chat/memorial">Ask</a>"#
    static let tag =
        #"<script async src="https://chat.example.edu/js/callslip.js" data-queue="memorial" data-nodes="https://second.example.edu:8443"></script>"#

    static func report(_ html: String, address: String? = "https://www.example.edu/", policies: [String] = [], queue: String? = nil)
        -> PageReport
    {
        PageCheck.report(PageSource(html: Array(html.utf8), address: address, policies: policies, queue: queue), facts)
    }

    static func codes(_ report: PageReport, notes: Bool = false) -> [String] {
        report.findings.filter { notes || $0.severity != .note }.map(\.code.rawValue)
    }

    @Test func theLinesOfTheReadmeAreRight() {
        let report = Self.report(Self.link + Self.tag)
        #expect(
            report
                == PageReport(
                    verdict: .works, tags: [.init(line: 1, queue: "memorial", host: "chat.example.edu")], findings: [], isCut: false))
    }

    @Test(arguments: [
        ("<p>Welcome</p>", "noTag"),
        ("<a href='https://chat.example.edu/chat/law'>Chat</a>", "noTag"),
        (tag.replacing("memorial", with: "memorail"), "unknownQueue"),
        (tag.replacing("\"memorial\"", with: "\"old-memorial\""), "formerName"),
        (tag.replacing("data-queue=\"memorial\" ", with: ""), "noQueue"),
        (tag.replacing("src=\"https:", with: "src=\"http:"), "insecure"),
        (tag.replacing("chat.example.edu", with: "chat.example.com"), "foreignNode"),
        (tag.replacing("https://second.example.edu:8443", with: "https://evil.example"), "foreignNode"),
        (tag.replacing("/js/callslip.js", with: "/callslip.js"), "wrongPath"),
        (tag + tag, "twoTags"),
        ("<!-- \(tag) -->", "inComment"),
        ("<noscript>\(tag)</noscript>", "inNoscript"),
        ("<template>\(tag)</template>", "inTemplate"),
        ("<iframe srcdoc='\(tag.replacing("\"", with: "&quot;"))'></iframe>", "inFrame"),
        (tag.replacing("async ", with: ""), "notAsync"),
        (tag.replacing("async", with: "async type='text/plain'"), "notRun"),
        (tag.replacing("async", with: "type='module'"), "notRun"),
        (tag.replacing("async", with: "async integrity='sha384-x'"), "integrity"),
        ("<div data-callslip='memorial'></div>", "placeAlone"),
        ("<div class='libraryh3lp' jid='law@chat.libraryh3lp.com'>Chat</div>", "blocksAlone"),
        (tag.replacing("\"", with: "”"), "curlyQuotes"),
        ("<p>" + tag.replacing("<", with: "&lt;").replacing(">", with: "&gt;") + "</p>", "escapedText"),
        ("<p>\(tag)<a href=\"x", "unfinished"),
        (
            "<script>var x = document.createElement('script'); x.src = 'https://us.libraryh3lp.com/js/libraryh3lp.js?123';</script>",
            "vendorHost"
        ),
        ("<script async src='//ca.libraryh3lp.com/js/libraryh3lp.js?123'></script>", "vendorHost"),
        ("<iframe src='https://us.libraryh3lp.com/chat/law@chat.libraryh3lp.com?skin=1'></iframe>", "vendorLink"),
        ("<script async src='https://chat.example.edu/js/libraryh3lp.js?999'></script>", "unknownService"),
        ("<script>load('https://chat.example.edu/js/callslip.js')</script>", "outOfSight"),
        ("<meta http-equiv='Content-Security-Policy' content=\"script-src 'self'\">" + tag, "policy"),
        (tag + "<div data-callslip='lw'></div>", "unknownQueue"),
    ])
    func oneThingIsWrong(html: String, code: String) {
        #expect(Self.codes(Self.report(html)) == [code], "\(html)")
    }

    @Test func eachPointHasItsLineAndLinesThatAreRight() throws {
        let report = Self.report("<html>\n<body>\n\(Self.tag.replacing("memorial", with: "memorail"))\n")
        let finding = try #require(report.findings.first)
        #expect(finding.line == 3 && finding.what.contains("`memorail`") && finding.advice.contains("Memorial Library"))
        #expect(finding.fix == Self.tag)
    }

    /// Whatever is wrong, what is shown to be pasted has nothing wrong with it.
    @Test func whatIsToBePastedIsRight() {
        let broken = [
            "<p>", Self.tag.replacing("https://chat", with: "http://chat"), Self.tag.replacing("async", with: ""), "<!-- \(Self.tag) -->",
            Self.tag.replacing("\"", with: "“"), "<div data-callslip=memorial></div>",
            "<script src=https://libraryh3lp.com/js/libraryh3lp.js?law></script>",
        ]
        for html in broken {
            for fix in Self.report(html, queue: "memorial").findings.compactMap(\.fix) {
                #expect(
                    !Self.report(fix, queue: "memorial").findings.contains { $0.severity == .error && $0.code != .placeAlone },
                    "\(html): \(fix)")
            }
        }
    }

    @Test func anOldSnippetWithOurHostGoesOnWorking() {
        let report = Self.report(
            "<div class='libraryh3lp' jid='law@chat.old.example'>Chat</div><script async src='https://second.example.edu:8443/js/libraryh3lp.js?multi,poll'></script>"
        )
        #expect(report.verdict == .works && Self.codes(report, notes: true).contains("oldSnippet"))
        #expect(report.tags.map(\.host) == ["second.example.edu:8443"])
    }

    /// Where the page's own address is not known, `http` is not known to be refused.
    @Test func whatIsRefusedDependsOnThePage() {
        let html = Self.tag.replacing("src=\"https:", with: "src=\"http:")
        #expect(Self.report(html, address: nil).verdict == .mend)
        #expect(Self.report(html, policies: ["upgrade-insecure-requests"]).verdict == .mend)
        #expect(Self.report(html).verdict == .fails)
        #expect(Self.report(Self.tag.replacing("src=\"https:", with: "src=\""), address: nil).verdict == .works)
        #expect(
            Self.report(Self.tag.replacing("https://chat.example.edu", with: ""), address: "https://chat.example.edu/x/").verdict == .works)
    }

    @Test(arguments: [
        ("default-src *; connect-src * wss:", true), ("script-src https: ; style-src https:; connect-src https: wss:", true),
        ("script-src https://chat.example.edu; connect-src https://chat.example.edu wss://chat.example.edu", true),
        ("script-src https://*.example.edu/js/ ; ", false), ("script-src https://chat.example.edu/", true),
        ("default-src 'self'", false), ("script-src 'nonce-abc'", false), ("script-src 'nonce-abc' 'strict-dynamic'", true),
        ("connect-src 'self'", false), ("connect-src https://chat.example.edu", false), ("style-src 'none'", false),
        ("img-src 'none'", true),
        ("sandbox allow-forms", false), ("sandbox allow-scripts", true), ("script-src *.example.edu:*; script-src 'none'", true),
    ])
    func thePolicyOfAPage(policy: String, lets: Bool) {
        let report = Self.report(Self.link + Self.tag.replacing("async", with: "async nonce=abc"), policies: [policy])
        #expect(report.findings.contains { $0.code == .policy } == !lets, "\(policy): \(report.findings)")
    }

    /// The lines tell what is missing.
    @Test func whatAPolicyLacksIsTold() throws {
        let finding = try #require(Self.report(Self.tag, policies: ["connect-src 'self'"]).findings.first { $0.code == .policy })
        #expect(finding.fix == "connect-src … https://chat.example.edu wss://chat.example.edu;")
    }

    /// A page writes what is shown: never as markup.
    @Test func whatAPageSaysIsQuotedInLinesToPaste() {
        let html = "<script src='https://chat.example.edu/js/callslip.js' data-queue='x\"><img src=y onerror=z>'></script>"
        for fix in Self.report(html).findings.compactMap(\.fix) {
            var tokenizer = HTMLTokenizer(Array(fix.utf8))
            while let token = tokenizer.next() {
                if case .start(let tag) = token { #expect(["script", "div", "a"].contains(tag.name), "\(fix)") }
            }
        }
    }

    @Test func alwaysWithinItsLimits() {
        let many = String(
            repeating: "<script src=https://libraryh3lp.com/js/libraryh3lp.js></script>\n<div data-callslip=nothing>", count: 5_000)
        let report = Self.report(many)
        #expect(report.findings.count == PageCheckLimits.findingsMax && report.isCut)
        let long = Self.report(String(repeating: "<a ", count: PageCheckLimits.htmlBytesMax))
        #expect(long.isCut)
        #expect(Self.report(String(repeating: "<!--", count: 200_000)).verdict == .fails)
        // What browsers skip is skipped one after the other, however much of it there is.
        #expect(Self.report(String(repeating: "</>", count: PageCheckLimits.htmlBytesMax / 3)).verdict == .fails)
    }
}
