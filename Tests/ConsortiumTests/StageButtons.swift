import Consortium

/// Releases, and buttons on pages, on the stage.
extension Stage {
    /// `release-button VERSION after=NUMBER: NOTE`, `saw HOST PATH QUEUE kind=old version=V error=E`, and `decide AUTHOR confirm|reject|forget WHAT`.
    func buttonCommand(_ verb: String, _ arguments: [String], _ options: [String: String], _ text: String) throws -> Command {
        switch verb {
        case "release-button":
            let replaces = options["after"].flatMap { UInt64($0) } ?? 0
            return .releaseButton(ButtonRelease(number: replaces, version: arguments.first ?? "", note: text))
        case "saw":
            guard arguments.count >= 2 else { throw Mistake(description: "no host or path") }
            // `many=N`: so many pages, numbered.
            let count = options["many"].flatMap { Int($0) } ?? 1
            return .sawInstalls(
                (0..<count).map { number in
                    InstallSighting(
                        place: InstallPlace(
                            host: arguments[0], path: arguments[1] + (count > 1 ? "\(number)" : ""),
                            queue: arguments.count > 2 ? arguments[2] : ""),
                        kind: options["kind"] == "old" ? .old : .own, version: options["version"] ?? "", error: options["error"] ?? "")
                })
        default:
            guard arguments.count == 3 else { throw Mistake(description: "no author, verb or object") }
            let what: ButtonDecision.What =
                switch arguments[1] {
                case "confirm": .confirm(host: arguments[2])
                case "reject": .reject(host: arguments[2])
                default: .forget(install: UInt64(arguments[2]) ?? 0)
                }
            return .decideButton(ButtonDecision(by: try author(arguments[0]), what: what))
        }
    }

    /// `show buttons`, or `show buttons count` where there are many.
    func showButtons(_ arguments: [String]) -> [String] {
        let (news, _) = state.buttonNews(after: 0)
        if arguments.contains("count") {
            let oldest = news.changed.min { ($0.lastDay, $0.number) < ($1.lastDay, $1.number) }
            return ["\(news.changed.count) buttons, the oldest is \(oldest.map { "\($0.number) of day \($0.lastDay)" } ?? "none")"]
        }
        let lists = news.lists ?? ButtonLists()
        return lists.releases.map { "release \($0.number): \($0.version) \($0.note)" } + lists.hosts.map { "confirmed \($0)" }
            + lists.strangers.map { "unknown \($0.host)\($0.path) \($0.queue), days \($0.firstDay) to \($0.lastDay)" }
            + (news.changed.sorted { $0.number < $1.number }).map { install in
                let place = "\(install.place.host)\(install.place.path) \(install.place.queue)"
                let failed = install.error.isEmpty ? "" : ", failed on day \(install.errorDay): \(install.error)"
                return
                    "\(install.number) \(place) \(install.kind) \(install.version), days \(install.firstDay) to \(install.lastDay)\(failed)"
            }
    }
}
