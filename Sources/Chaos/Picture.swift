/// A timeline as a picture (SVG 1.1): faults above, what the service did about them below.

public enum Picture {
    private static let width = 1_200
    private static let left = 190
    private static let right = 20
    private static let rowHeight = 16
    private static let chartHeight = 130

    /// - Parameter figures: what came of it; shown five to a line.
    public static func svg(_ timeline: Timeline, title: String, figures: [String]) -> String {
        let names = timeline.spans.reduce(into: [String]()) { names, span in
            if !names.contains(span.name) { names.append(span.name) }
        }
        let lines = stride(from: 0, to: figures.count, by: 5).map { figures[$0..<min($0 + 5, figures.count)].joined(separator: ", ") }
        let faultsTop = 50 + lines.count * 16
        let throughputTop = faultsTop + max(1, names.count) * rowHeight + 40
        let pausesTop = throughputTop + chartHeight + 50
        let height = pausesTop + chartHeight + 40
        var drawing = Drawing(width: width, height: height)
        let span = Double(timeline.lengthMs)
        func x(_ ms: UInt64) -> Double { Double(left) + Double(width - left - right) * Double(ms) / span }

        drawing.text(title, x: 20, y: 24, size: 16)
        for (row, line) in lines.enumerated() { drawing.text(line, x: 20, y: Double(44 + row * 16), size: 12) }
        drawTimes(timeline.lengthMs, from: faultsTop - 10, to: height - 30, x, &drawing)
        for (row, name) in names.enumerated() {
            let y = Double(faultsTop + row * rowHeight)
            drawing.text(name, x: Double(left - 8), y: y + 11, size: 11, anchor: "end")
            for one in timeline.spans where one.name == name {
                drawing.rectangle(x: x(one.fromMs), y: y + 2, width: max(2, x(one.toMs) - x(one.fromMs)), height: 11, class: "fault")
            }
        }
        for mark in timeline.marks {
            drawing.line(
                x(mark.atMs), Double(faultsTop - 8), x(mark.atMs), Double(pausesTop + chartHeight), class: "mark", title: mark.name)
        }
        let perSecond = timeline.samples.map { Double($0.acknowledged) * 1_000 / Double(Timeline.sampleMs) }
        chart("acknowledged a second", top: throughputTop, timeline.samples.map(\.atMs), perSecond, "safe", x, &drawing)
        let seconds = timeline.samples.map { Double($0.oldestWaitMs) / 1_000 }
        chart("longest wait, s", top: pausesTop, timeline.samples.map(\.atMs), seconds, "wait", x, &drawing)
        return drawing.svg
    }

    private static func drawTimes(_ lengthMs: UInt64, from top: Int, to bottom: Int, _ x: (UInt64) -> Double, _ drawing: inout Drawing) {
        let steps: [UInt64] = [5_000, 10_000, 30_000, 60_000, 300_000, 600_000]
        let stepMs = steps.first { lengthMs / $0 <= 14 } ?? 1_800_000
        for atMs in stride(from: UInt64(0), through: lengthMs, by: Int(stepMs)) {
            drawing.line(x(atMs), Double(top), x(atMs), Double(bottom), class: "grid", title: nil)
            let seconds = atMs / 1_000
            let label = "\(seconds / 60):\(seconds % 60 < 10 ? "0" : "")\(seconds % 60)"
            drawing.text(label, x: x(atMs), y: Double(bottom + 14), size: 11, anchor: "middle")
        }
    }

    private static func chart(
        _ title: String, top: Int, _ times: [UInt64], _ values: [Double], _ style: String, _ x: (UInt64) -> Double, _ drawing: inout Drawing
    ) {
        let highest = max(1, values.max() ?? 0)
        let base = Double(top + chartHeight)
        drawing.text(title, x: Double(left - 8), y: Double(top + 12), size: 12, anchor: "end")
        drawing.text(Drawing.number(highest), x: Double(left - 8), y: Double(top + 28), size: 11, anchor: "end")
        drawing.line(Double(left), base, Double(width - right), base, class: "axis", title: nil)
        guard let first = times.first, let last = times.last else { return }
        var points = [(x(first), base)]
        for (time, value) in zip(times, values) { points.append((x(time), base - Double(chartHeight) * value / highest)) }
        points.append((x(last), base))
        drawing.polygon(points, class: style)
    }
}

/// The few shapes that are needed, as text.
struct Drawing {
    private var body = ""
    private let width: Int
    private let height: Int

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    var svg: String {
        """
        <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(height)" viewBox="0 0 \(width) \(height)" font-family="sans-serif">
        <style>.fault{fill:#b3403a}.safe{fill:#3d6e9e}.wait{fill:#c58a1b}.grid{stroke:#ddd}.axis{stroke:#555}.mark{stroke:#7a2d8c;stroke-dasharray:3 3}</style>
        <rect width="100%" height="100%" fill="#fff"/>
        \(body)</svg>

        """
    }

    mutating func text(_ text: String, x: Double, y: Double, size: Int, anchor: String = "start") {
        body +=
            "<text x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" font-size=\"\(size)\" text-anchor=\"\(anchor)\">\(Self.escaped(text))</text>\n"
    }

    mutating func rectangle(x: Double, y: Double, width: Double, height: Double, class style: String) {
        body += "<rect class=\"\(style)\" x=\"\(Self.number(x))\" y=\"\(Self.number(y))\" width=\"\(Self.number(width))\" "
        body += "height=\"\(Self.number(height))\"/>\n"
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, class style: String, title: String?) {
        body +=
            "<line class=\"\(style)\" x1=\"\(Self.number(x1))\" y1=\"\(Self.number(y1))\" x2=\"\(Self.number(x2))\" y2=\"\(Self.number(y2))\""
        body += title.map { "><title>\(Self.escaped($0))</title></line>\n" } ?? "/>\n"
    }

    mutating func polygon(_ points: [(Double, Double)], class style: String) {
        let list = points.map { "\(Self.number($0.0)),\(Self.number($0.1))" }.joined(separator: " ")
        body += "<polygon class=\"\(style)\" points=\"\(list)\"/>\n"
    }

    /// With one digit after the point at most; without the help of a locale.
    static func number(_ value: Double) -> String {
        let tenths = Int((value * 10).rounded())
        let whole = "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10)"
        return tenths % 10 == 0 ? whole : "\(whole).\(abs(tenths) % 10)"
    }

    static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "&": result += "&amp;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
    }
}
