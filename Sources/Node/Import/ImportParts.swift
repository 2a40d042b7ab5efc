/// A consortium's file in parts, each of which a node takes in one import: the past of many libraries may be longer than that.
///
/// Each part is the file with some of its lines left empty, so that whatever is wrong stands in the same line of both. The first one has everything but the past, and each of the others the past
/// of some libraries. Each is all or nothing, and what came in may come in again.

import Consortium

public struct ImportPart: Sendable {
    public var text: String
    /// What it says.
    public var file: ConsortiumFile
    /// Whose past it brings, as the file calls them; none in the first part, and in a file that is one.
    public var past: [String]

    /// The parts of a file, each read already: where something is wrong there is none.
    /// - Parameters:
    ///   - repeatsRest: whether the past comes with all the rest, as a dry run needs to know what an import would have brought before.
    ///   - bytesMax: of one import.
    public static func parts(
        of yaml: String, repeatsRest: Bool = false, bytesMax: Int = ConsortiumFile.bytesMax
    ) throws(ConsortiumFile.Problems) -> [ImportPart] {
        guard yaml.utf8.count > bytesMax else { return [ImportPart(text: yaml, file: try ConsortiumFile(yaml: yaml), past: [])] }
        let lines = yaml.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let past = try PastLines(lines, bytesMax)
        func bytes(_ range: Range<Int>) -> Int { lines[range].reduce(0) { $0 + $1.utf8.count + 1 } }
        let restBytes = bytes(0..<past.all.lowerBound) + bytes(past.all.upperBound..<lines.count)
        func part(_ range: Range<Int>?, _ names: [String]) throws(ConsortiumFile.Problems) -> ImportPart {
            let kept = lines.indices.map { place in
                let isKept =
                    if past.all.contains(place) { range.map { $0.contains(place) || place == past.all.lowerBound } ?? false } else {
                        range == nil || repeatsRest
                    }
                return isKept ? lines[place] : ""
            }
            let text = kept.joined(separator: "\n")
            guard text.utf8.count <= bytesMax else {
                let what = names.isEmpty ? "without its past" : "with the past of \(names.joined(separator: ", "))"
                throw PastLines.problem(1, "\(what) the file has more than \(bytesMax) bytes, which is the most that comes in at once")
            }
            return ImportPart(text: text, file: try ConsortiumFile(yaml: text), past: names)
        }
        var parts = restBytes > 0 && past.hasRest(lines) ? [try part(nil, [])] : []
        // Lines that are left out have an end still.
        let most = bytesMax - lines.count - lines[past.all.lowerBound].utf8.count - (repeatsRest ? restBytes : 0)
        var (range, names): (Range<Int>?, [String]) = (nil, [])
        for one in past.libraries {
            if let whole = range, bytes(whole.lowerBound..<one.lines.upperBound) > most {
                parts.append(try part(whole, names))
                (range, names) = (nil, [])
            }
            range = (range?.lowerBound ?? one.lines.lowerBound)..<one.lines.upperBound
            names.append(one.name)
        }
        if let range { parts.append(try part(range, names)) }
        return parts
    }
}

/// Where the past of each library stands in a file. By its lines alone: what is no such file is found out when the parts are read.
private struct PastLines {
    /// From `past:` on.
    var all: Range<Int>
    var libraries: [(name: String, lines: Range<Int>)] = []

    init(_ lines: [Substring], _ bytesMax: Int) throws(ConsortiumFile.Problems) {
        guard let head = lines.firstIndex(where: { $0.hasPrefix("past:") && Self.isEmpty($0.dropFirst(5)) }) else {
            throw Self.problem(
                1,
                "the file has more than \(bytesMax) bytes; in parts comes in what stands under a line `past:`, with each library on a line of its own"
            )
        }
        let end = lines[(head + 1)...].firstIndex { !Self.isEmpty($0) && Self.indent($0) == 0 } ?? lines.endIndex
        all = head..<end
        guard let first = ((head + 1)..<end).first(where: { !Self.isEmpty(lines[$0]) }) else {
            throw Self.problem(head + 1, "there is nothing under `past:`")
        }
        let margin = Self.indent(lines[first])
        let starts = (first..<end).filter { !Self.isEmpty(lines[$0]) && Self.indent(lines[$0]) <= margin }
        for (start, next) in zip(starts, starts.dropFirst() + [end]) {
            let name = String(lines[start].dropFirst(margin).prefix { $0 != ":" })
            guard !libraries.contains(where: { $0.name == name }) else {
                throw Self.problem(start + 1, "the past of `\(name)` stands here a second time")
            }
            libraries.append((name, start..<next))
        }
    }

    /// Whether there is anything beside the past.
    func hasRest(_ lines: [Substring]) -> Bool { lines.indices.contains { !all.contains($0) && !Self.isEmpty(lines[$0]) } }

    /// Nothing, or a comment.
    private static func isEmpty(_ line: Substring) -> Bool { line.first { $0 != " " && $0 != "\t" }.map { $0 == "#" } ?? true }

    private static func indent(_ line: Substring) -> Int { line.prefix { $0 == " " }.count }

    static func problem(_ line: Int, _ sentence: String) -> ConsortiumFile.Problems {
        ConsortiumFile.Problems(problems: [.init(line: line, sentence: sentence)])
    }
}
