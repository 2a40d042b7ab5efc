/// Availability and fallback as one pure function, with its reasons: the button, the operator's transfer list and the help desk's
/// "why is this button off?" give the same answer.
///
/// "If a library/department appears available for chat, it must accept transfer chats": so appearing available and taking
/// transfers are the same decision. "…auto-refer their traffic to the general system queue when they are not available":
/// so the fallback is part of it.
public enum Routing {
    public static func decide(_ name: QueueName, in state: ConsortiumState) -> RoutingDecision {
        guard let desk = state.queues[name] else { return RoutingDecision(reach: .nobody, reasons: [.unknownQueue]) }
        var reasons = state.availability(of: desk)
        if reasons.isAvailable { return RoutingDecision(reach: .own, reasons: reasons) }

        guard let library = desk.queue.library.flatMap({ state.libraries[$0] }) else {
            return RoutingDecision(reach: .nobody, reasons: reasons + [.generalUnavailable])
        }
        if library.fallback == .off { return RoutingDecision(reach: .nobody, reasons: reasons + [.fallbackOff]) }
        guard let general = state.generalQueue else {
            return RoutingDecision(reach: .nobody, reasons: reasons + [.generalUnavailable])
        }
        reasons.append(.fallsBackTo(general.queue.name))
        let there = state.availability(of: general)
        if there.isAvailable { return RoutingDecision(reach: .referred(to: general.queue.name), reasons: reasons + there) }
        return RoutingDecision(reach: .nobody, reasons: reasons + [.generalUnavailable])
    }
}

extension [Reason] {
    /// Nothing speaks against it: full is not closed.
    fileprivate var isAvailable: Bool {
        allSatisfy {
            switch $0 {
            case .staffed, .everybodyBusy: true
            default: false
            }
        }
    }
}

extension ConsortiumState {
    /// The one queue that has no library.
    var generalQueue: QueueDesk? { index.general.flatMap { queues[$0] } }

    /// Open, staffed by somebody who is available for it, and not paused.
    func isAvailable(_ name: QueueName) -> Bool {
        guard let desk = queues[name], desk.queue.opening == .open, !desk.paused else { return false }
        return !staff(of: name).isEmpty
    }

    /// Everything that speaks for and against a queue.
    fileprivate func availability(of desk: QueueDesk) -> [Reason] {
        let name = desk.queue.name
        var reasons: [Reason] = []
        if case .closed(let reason) = desk.queue.opening { reasons.append(.closed(reason)) }
        if desk.paused { reasons.append(.paused) }
        let staff = staff(of: name)
        if index.mayStaff[name] == nil {
            reasons.append(.nobodySignedOn)
        } else if staff.isEmpty {
            reasons.append(.nobodyAvailableHere)
        } else {
            reasons.append(.staffed(staff.count))
            if freePlaces(at: name) == 0 { reasons.append(.everybodyBusy) }
        }
        return reasons
    }

    /// The sessions available for a queue.
    func staff(of name: QueueName) -> [SessionID] { index.staff[name] ?? [] }

    /// How many more chats its operators may hold; who is about to leave counts for none.
    func freePlaces(at name: QueueName) -> Int {
        staff(of: name).reduce(0) { sum, id in
            guard let session = sessions[id], session.leavingAtMs == nil else { return sum }
            return sum + max(0, Int(settings.chatsPerOperatorMax) - (index.held[id]?.count ?? 0))
        }
    }
}
