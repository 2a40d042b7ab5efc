import Consortium

/// For how long the people of each library were on duty for the general queue: the minutes that follow from who was signed on after each entry, and from its wall clock.
struct DutyChecks {
    private struct Stretch: Equatable {
        let from: LedgerMinute
        let people: UInt16
    }
    private var stretches: [LibraryName: [Stretch]] = [:]
    /// A leader's clock went back there: what came and went within an entry may have moved what follows.
    private var unsure: Set<LibraryName> = []

    mutating func note(_ state: ConsortiumState, wallMs: UInt64) {
        guard state.featureLevel >= FeatureLevel.dutyMinutes else { return }
        let present = Self.onDuty(state)
        // Of a minute counts what is so in its middle.
        let minute = LedgerMinute(clamping: (wallMs + 29_999) / 60_000)
        for library in Set(present.keys).union(stretches.keys) {
            var own = stretches[library] ?? []
            if let last = own.last, last.from > minute { unsure.insert(library) }
            let next = Stretch(from: max(minute, own.last?.from ?? 0), people: present[library] ?? 0)
            if own.last?.people ?? 0 == next.people { continue }
            if own.last?.from == next.from { own.removeLast() }
            if own.last?.people != next.people { own.append(next) }
            stretches[library] = own
        }
    }

    private static func onDuty(_ state: ConsortiumState) -> [LibraryName: UInt16] {
        guard let general = state.queues.values.first(where: { $0.queue.library == nil }), general.queue.opening == .open, !general.paused
        else { return [:] }
        var found: [LibraryName: UInt16] = [:]
        for session in state.sessions.values where session.available.contains(general.queue.name) && session.leavingAtMs == nil {
            guard session.duty != .library, let library = state.operators[session.operatorName]?.library else { continue }
            found[library, default: 0] += 1
        }
        return found
    }

    func difference(to state: ConsortiumState) -> String? {
        for library in state.libraries.keys where !unsure.contains(library) {
            // Who came and went before the middle of a minute begins a book with nobody.
            let there = state.duty(of: library, in: 0..<LedgerMinute.max).map { Stretch(from: $0.from, people: $0.people) }
                .drop(while: { $0.people == 0 })
            let own = (stretches[library] ?? []).drop(while: { $0.people == 0 })
            let places = zip(there, own).prefix(while: { $0.0 == $0.1 }).count
            guard there != own else { continue }
            func told(_ list: ArraySlice<Stretch>) -> String {
                list.dropFirst(places).first.map { "\($0.people) from minute \($0.from) on" } ?? "nothing more"
            }
            return "the people of \(library) on duty are \(told(there)), and by who was signed on \(told(own))"
        }
        return nil
    }
}
