import Testing

@testable import PageCheck

/// What a browser takes for a tag, a comment, a script's end. Each line was held against the HTML standard's tokenizer.
@Suite struct HTMLTokenizerTests {
    /// `<name attr=value>`, `</name>`, `!comment`, `"text"`, `raw`.
    static func told(_ html: String) -> String {
        let bytes = Array(html.utf8)
        var tokenizer = HTMLTokenizer(bytes)
        var out: [String] = []
        func text(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }
        while let token = tokenizer.next() {
            switch token {
            case .start(let tag): out.append("<\(tag.name)" + tag.attributes.map { " \($0.name)=[\($0.value)]" }.joined() + ">")
            case .end(let name): out.append("</\(name)>")
            case .comment(let range, _): out.append("!\(text(range))")
            case .text(let range, _): out.append("\"\(text(range))\"")
            case .raw(let name, let range, _): out.append("\(name):\(text(range))")
            case .unfinished: out.append("…")
            }
        }
        return out.joined(separator: " ")
    }

    @Test(arguments: [
        ("<A HREF=x>y</A>", #"<a href=[x]> "y" </a>"#),
        ("<a b='1' b=2 c d=\"e f\"/>", "<a b=[1] c=[] d=[e f]>"),
        ("<a =b=c>", "<a =b=[c]>"),
        ("<a/b/c=d/e>", "<a b=[] c=[d/e]>"),
        ("<a href='x?a=1&amp;b=&#x41;&#66;&nosuch;'>", "<a href=[x?a=1&b=AB&nosuch;]>"),
        ("1 < 2 <3 <a>", #""1 " "< 2 " "<3 " <a>"#),
        ("<!-->x-->", #"! "x-->""#), ("<!--->x", #"! "x""#), ("<!--a--!>b", #"!a "b""#), ("<!--a", "!a"),
        ("<!doctype html>", "!doctype html"),
        ("<?php x ?>y", #"!?php x ? "y""#), ("</>x", #""x""#), ("</ a>x", #"! a "x""#),
        ("<script>a</scripty></script >b", #"<script> script:a</scripty> </script> "b""#),
        ("<script><!--<script></script>--></script>x", #"<script> script:<!--<script></script>--> </script> "x""#),
        ("<script><!--></script>x", #"<script> script:<!--> </script> "x""#),
        ("<script><!--</script>x", #"<script> script:<!-- </script> "x""#),
        ("<title><b></title>", "<title> title:<b> </title>"), ("<textarea><script></textarea>", "<textarea> textarea:<script> </textarea>"),
        ("<svg><script/><b>", "<svg> <script> <b>"), ("<a href='x", "…"), ("<a", "…"), ("<script>a", "<script> script:a"), ("<", #""<""#),
    ])
    func asABrowserReadsIt(html: String, told: String) { #expect(Self.told(html) == told) }

    @Test func linesAreCountedWhereTagsBegin() {
        var tokenizer = HTMLTokenizer(Array("a\n<b\nc>\n<!--\n-->\n<d>".utf8))
        var lines: [Int] = []
        while let token = tokenizer.next() {
            if case .start(let tag) = token { lines.append(tag.line) }
        }
        #expect(lines == [2, 6])
    }
}
