/// Comma-separated values for a spreadsheet.

extension [String] {
    /// The cells as one line. What somebody wrote must not become a formula.
    var csvLine: String { map(Self.cell).joined(separator: ",") + "\n" }

    private static func cell(_ text: String) -> String {
        let safe = text.first.map { "=+-@\t\r".contains($0) } ?? false ? "'" + text : text
        return safe.contains { ",\"\n\r".contains($0) }
            ? "\"" + safe.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"") + "\"" : safe
    }
}
