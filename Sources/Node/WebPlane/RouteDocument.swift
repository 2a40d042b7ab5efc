/// The table of routes and roles, for people: what `callslip routes` prints and `ROLES.md` holds.

import Web

/// Public, so that the command can print it.
public enum RouteDocument {
    /// Markdown, with its last line's end.
    public static var text: String {
        let roles = RouteRole.allCases
        var lines = [
            "# Who may ask what over HTTP",
            "",
            "Written by `callslip routes` from `WebPlane/RouteMatrix.swift`, which every request passes; not to be edited here. `Tests/ProtocolTests/roles.py` asks each cell.",
            "",
            "*own*: what is theirs or their library's, or what the key in the request opens. A person may what one of their roles may. The admin",
            "token lies in a node's data folder. What is changed is judged by the replicated state as well.",
            "",
            "| method | address | " + roles.map(\.title).joined(separator: " | ") + " | what |",
            "| --- | --- |" + String(repeating: " --- |", count: roles.count + 1),
        ]
        for row in RouteMatrix.rows {
            let address = row.isPrefix ? (row.path == "/" ? "/…" : row.path + "/…") : row.path
            let cells = roles.map { row.reach($0).rawValue }.joined(separator: " | ")
            lines.append("| \(row.method.rawValue) | `\(address)` | \(cells) | \(row.what) |")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
