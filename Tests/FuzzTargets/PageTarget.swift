/// Pasted HTML: whatever it is, the report is within its limits, the same each time, and nothing that the page says becomes markup in the lines that are shown.

import PageCheck

extension FuzzTarget {
    static let page = FuzzTarget(name: "page", inputBytesMax: 32 * 1024) { bytes in
        let facts = PageFacts(
            nodes: ["https://chat.example.edu", "http://127.0.0.1:7104"], queues: ["memorial": "Memorial Library", "law": "Law Library"],
            formerNames: ["storage": "law"], services: ["123"])
        // The first byte chooses what is known beside the page.
        let choice = bytes.first ?? 0
        let policies = choice & 1 == 0 ? [] : [String(decoding: bytes.prefix(200), as: UTF8.self)]
        let source = PageSource(
            html: bytes, address: choice & 2 == 0 ? nil : "https://www.example.edu/a/b", policies: policies,
            queue: choice & 4 == 0 ? nil : "law")
        let report = PageCheck.report(source, facts)
        guard report == PageCheck.report(source, facts) else { return "one page has two reports" }
        guard report.findings.count <= PageCheckLimits.findingsMax else { return "there are \(report.findings.count) findings" }
        let lines = bytes.count { $0 == UInt8(ascii: "\n") } + 1
        for finding in report.findings {
            if let line = finding.line, !(1...lines).contains(line) { return "line \(line) of \(lines)" }
            guard finding.what.utf8.count + finding.advice.utf8.count < 4_096 else {
                return "a sentence of \(finding.what.utf8.count) bytes"
            }
            if let fix = finding.fix, let strange = PageCheck.strangeTag(in: fix) { return "<\(strange)> in lines to paste: \(fix)" }
        }
        guard (report.verdict == .fails) == report.findings.contains(where: { $0.severity == .error }) || report.isCut else {
            return "the verdict does not follow from the findings"
        }
        return nil
    }
}
