/// A list that the old vendor exported: comma-separated values with a head, or JSON as its lists answer (an array of objects). Each record keeps its line.

import FoundationEssentials

/// One thing wrong in an exported file.
public struct VendorProblem: Error, Hashable, Sendable, CustomStringConvertible {
    public var file: String
    /// From 1.
    public var line: Int
    public var sentence: String
    public var description: String { "\(file):\(line): \(sentence)" }
}

public struct VendorTable: Sendable {
    public struct Record: Hashable, Sendable {
        public var line: Int
        /// By the column's name in lower case; what is empty, null or no plain value is not among them.
        public var fields: [String: String]
    }

    public let file: String
    public private(set) var columns: [String] = []
    public private(set) var records: [Record] = []

    // Every limit of these files. Beyond: a problem that says so.
    public static let bytesMax = 64 * 1024 * 1024
    public static let recordsMax = 500_000
    public static let columnsMax = 100
    public static let depthMax = 32

    /// - Parameters:
    ///   - file: its name, which ends with `.csv` or `.json`.
    ///   - text: what it holds.
    public init(_ file: String, _ text: String) throws(VendorProblem) {
        self.file = file
        guard text.utf8.count <= Self.bytesMax else { throw problem(1, "the file has more than \(Self.bytesMax) bytes") }
        var bytes = Array(text.utf8)
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
        if let line = Self.lineOfReplacement(in: bytes) { throw problem(line, "this line is not UTF-8; save the file in that encoding") }
        if file.hasSuffix(".json") { try readJSON(bytes) } else { try readCSV(bytes) }
    }

    private func problem(_ line: Int, _ sentence: String) -> VendorProblem { VendorProblem(file: file, line: line, sentence: sentence) }

    /// Bytes that were no UTF-8 became U+FFFD when the file was read.
    private static func lineOfReplacement(in bytes: [UInt8]) -> Int? {
        var line = 1
        for place in bytes.indices {
            if bytes[place] == 0x0A { line += 1 }
            if bytes[place] == 0xEF, bytes[place...].starts(with: [0xEF, 0xBF, 0xBD]) { return line }
        }
        return nil
    }

    private mutating func add(_ line: Int, _ fields: [(String, String)]) throws(VendorProblem) {
        guard records.count < Self.recordsMax else { throw problem(line, "there are more than \(Self.recordsMax) records; split the file") }
        records.append(Record(line: line, fields: Dictionary(fields.filter { !$0.1.isEmpty }, uniquingKeysWith: { first, _ in first })))
    }

    // MARK: Comma-separated values (RFC 4180; also with semicolons or tabs, as spreadsheets write them)

    private mutating func readCSV(_ bytes: [UInt8]) throws(VendorProblem) {
        var reader = CSVReader(bytes)
        guard let head = try row(&reader) else { throw problem(1, "the file is empty; its first line names the columns") }
        columns = head.fields.map { $0.trimmed.lowercased() }
        guard columns.count <= Self.columnsMax else { throw problem(head.line, "there are more than \(Self.columnsMax) columns") }
        for (place, name) in columns.enumerated() where !name.isEmpty && columns[..<place].contains(name) {
            throw problem(head.line, "the column `\(name)` is there twice")
        }
        while let next = try row(&reader) {
            guard next.fields.count == columns.count else {
                throw problem(
                    next.line,
                    "there are \(next.fields.count) fields, and \(columns.count) columns; quote what has commas, line ends or quotes in it")
            }
            try add(next.line, Array(zip(columns, next.fields.map(\.trimmed))))
        }
    }

    private func row(_ reader: inout CSVReader) throws(VendorProblem) -> (line: Int, fields: [String])? {
        do throws(CSVReader.Unclosed) { return try reader.next() } catch {
            throw problem(error.line, "a quote that begins here is not closed")
        }
    }

    // MARK: JSON

    private mutating func readJSON(_ bytes: [UInt8]) throws(VendorProblem) {
        var scanner = JSONRecords(bytes, depthMax: Self.depthMax)
        var names: Set<String> = []
        while true {
            let next: (line: Int, bytes: ArraySlice<UInt8>)?
            do throws(JSONRecords.Mistake) { next = try scanner.next() } catch { throw problem(error.line, error.sentence) }
            guard let next else { break }
            guard let record = try? JSONDecoder().decode([String: Plain].self, from: Data(next.bytes)) else {
                throw problem(next.line, "the object that begins here is not JSON")
            }
            guard record.count <= Self.columnsMax else { throw problem(next.line, "the object has more than \(Self.columnsMax) fields") }
            let fields = record.map { ($0.key.lowercased(), $0.value.text.trimmed) }
            names.formUnion(fields.map(\.0))
            try add(next.line, fields.sorted { $0.0 < $1.0 })
        }
        columns = names.sorted()
    }

    /// A plain value as text; empty for null and for what is no plain value.
    private struct Plain: Decodable {
        var text = ""
        init(from decoder: any Decoder) throws {
            guard let container = try? decoder.singleValueContainer() else { return }
            if let text = try? container.decode(String.self) {
                self.text = text
            } else if let flag = try? container.decode(Bool.self) {
                text = flag ? "true" : "false"
            } else if let number = try? container.decode(Int64.self) {
                text = "\(number)"
            } else if let number = try? container.decode(Double.self) {
                text = "\(number)"
            }
        }
    }
}

/// Rows of comma-separated values with the line where each begins.
struct CSVReader {
    struct Unclosed: Error { var line: Int }

    private let bytes: [UInt8]
    private let comma: UInt8
    private var at = 0
    private var line = 1

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
        let head = bytes.prefix { $0 != 0x0A && $0 != 0x0D }
        comma = head.contains(0x2C) ? 0x2C : [0x3B, 0x09].first { head.contains($0) } ?? 0x2C
    }

    /// `nil` at the end. Empty lines are passed over.
    mutating func next() throws(Unclosed) -> (line: Int, fields: [String])? {
        while at < bytes.count, bytes[at] == 0x0A || bytes[at] == 0x0D {
            if bytes[at] == 0x0A { line += 1 }
            at += 1
        }
        guard at < bytes.count else { return nil }
        let begun = line
        var fields: [String] = []
        while true {
            fields.append(try field())
            guard at < bytes.count, bytes[at] == comma else { break }
            at += 1
        }
        return (begun, fields)
    }

    private mutating func field() throws(Unclosed) -> String {
        guard at < bytes.count, bytes[at] == 0x22 else {
            let start = at
            while at < bytes.count, bytes[at] != comma, bytes[at] != 0x0A, bytes[at] != 0x0D { at += 1 }
            return String(decoding: bytes[start..<at], as: UTF8.self)
        }
        let begun = line
        var text: [UInt8] = []
        at += 1
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == 0x0A { line += 1 }
            guard byte == 0x22 else {
                text.append(byte)
                continue
            }
            guard at < bytes.count, bytes[at] == 0x22 else {
                // What stands between a closing quote and the next comma belongs to the field, as spreadsheets read it.
                while at < bytes.count, bytes[at] != comma, bytes[at] != 0x0A, bytes[at] != 0x0D {
                    text.append(bytes[at])
                    at += 1
                }
                return String(decoding: text, as: UTF8.self)
            }
            text.append(0x22)
            at += 1
        }
        throw Unclosed(line: begun)
    }
}

/// The objects of a JSON array, each with the line where it begins: what is within them is for a decoder.
struct JSONRecords {
    struct Mistake: Error {
        var line: Int
        var sentence: String
    }

    private let bytes: [UInt8]
    private let depthMax: Int
    private var at = 0
    private var line = 1
    private var isBegun = false
    private var isFirst = true

    init(_ bytes: [UInt8], depthMax: Int) {
        self.bytes = bytes
        self.depthMax = depthMax
    }

    /// `nil` behind the array's end.
    mutating func next() throws(Mistake) -> (line: Int, bytes: ArraySlice<UInt8>)? {
        if !isBegun {
            guard take() == 0x5B else { throw mistake("the file must be a list, as `[{…}, {…}]`") }
            isBegun = true
        }
        guard let byte = take() else { throw mistake("the list is not ended by `]`") }
        var first = byte
        if byte == 0x5D {
            guard take() == nil else { throw mistake("something stands behind the list's end") }
            return nil
        }
        if !isFirst {
            guard byte == 0x2C, let after = take() else { throw mistake("a comma or `]` is missing between objects") }
            first = after
        }
        isFirst = false
        guard first == 0x7B else { throw mistake("the list must hold objects, as `{\"name\": \"memorial\"}`") }
        return try object()
    }

    /// The next byte that is no white space.
    private mutating func take() -> UInt8? {
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == 0x0A { line += 1 }
            if byte != 0x20, byte != 0x09, byte != 0x0A, byte != 0x0D { return byte }
        }
        return nil
    }

    /// Its opening brace was taken.
    private mutating func object() throws(Mistake) -> (line: Int, bytes: ArraySlice<UInt8>) {
        let (start, begun) = (at - 1, line)
        var (depth, isText, isEscaped) = (1, false, false)
        while at < bytes.count {
            let byte = bytes[at]
            at += 1
            if byte == 0x0A { line += 1 }
            if isText {
                if isEscaped { isEscaped = false } else if byte == 0x5C { isEscaped = true } else if byte == 0x22 { isText = false }
                continue
            }
            switch byte {
            case 0x22: isText = true
            case 0x7B, 0x5B:
                depth += 1
                guard depth <= depthMax else { throw mistake("objects stand more than \(depthMax) deep in one another") }
            case 0x7D, 0x5D:
                depth -= 1
                if depth == 0 { return (begun, bytes[start..<at]) }
            default: break
            }
        }
        throw Mistake(line: begun, sentence: "the object that begins here is not ended")
    }

    private func mistake(_ sentence: String) -> Mistake { Mistake(line: line, sentence: sentence) }
}
