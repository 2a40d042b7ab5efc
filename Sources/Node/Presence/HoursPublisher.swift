/// Puts what libraries posted together with the rules of their zones, and hands it to the web plane.

import Consortium
import EventLoop
import Hours
import Logging

@ClusterActor
final class HoursPublisher {
    /// Hands the snapshot to the web plane.
    var deliver: ((HoursSnapshot) -> Void)?
    private let logger: Logger
    private var zones: [String: Result<ZoneRules, ZoneError>] = [:]
    private var reading: Set<String> = []
    private var board: Board?

    init(logger: Logger) { self.logger = logger }

    func take(_ board: Board) {
        if let known = self.board, known.libraries == board.libraries, known.hours == board.hours, known.terms == board.terms,
            known.queues.map(\.queue) == board.queues.map(\.queue)
        {
            return
        }
        self.board = board
        for zone in Set(board.hours.map(\.zone)) where zones[zone] == nil && reading.insert(zone).inserted { read(zone) }
        publish()
    }

    /// Files are read off the loop, once in the life of a process: rules that change come with a new start.
    private func read(_ zone: String) {
        Task { @ClusterActor [self] in
            let result = await ZoneFiles.read(zone)
            if case .failure(let error) = result {
                logger.error("hours cannot be shown: a time zone is not known here", metadata: ["zone": "\(zone)", "why": "\(error)"])
            }
            zones[zone] = result
            reading.remove(zone)
            publish()
        }
    }

    private func publish() {
        guard let board else { return }
        let posted = Dictionary(board.hours.map { ($0.library, $0) }, uniquingKeysWith: { first, _ in first })
        let entries = board.libraries.map { library in
            guard let hours = posted[library.name] else { return HoursEntry(library: library.name, title: library.title, schedule: nil) }
            switch zones[hours.zone] {
            case .success(let rules)?:
                return HoursEntry(
                    library: library.name, title: library.title, schedule: Schedule(hours: hours, terms: board.terms, zone: rules))
            case .failure?:
                return HoursEntry(
                    library: library.name, title: library.title, schedule: nil,
                    problem: "the time zone \(hours.zone) is not known to this node")
            case nil: return HoursEntry(library: library.name, title: library.title, schedule: nil, problem: "this node has just started")
            }
        }
        var libraries: [String: LibraryName] = [:]
        for queue in board.queues.map(\.queue) {
            for name in [queue.name] + queue.otherNames.map(\.name) { libraries[name.text] = queue.library }
        }
        deliver?(HoursSnapshot(entries: entries, libraries: libraries))
    }
}
