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
            return RoutingDecision(reach: .nobody, reasons: reasons)
        }
        if library.fallback == .off { return RoutingDecision(reach: .nobody, reasons: reasons + [.fallbackOff]) }
        guard let general = state.generalQueue else {
            return RoutingDecision(reach: .nobody, reasons: reasons + [.generalUnavailable])
        }
        reasons.append(.fallsBackTo(general.queue.name))
        let there = state.availability(of: general)
        if there.isAvailable { return RoutingDecision(reach: .referred(to: general.queue.name), reasons: reasons + there) }
        return RoutingDecision(reach: .nobody, reasons: reasons + there + [.generalUnavailable])
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

    /// Open, not paused, and staffed by somebody who takes new chats and transfers: whoever said that they leave takes none.
    func isAvailable(_ name: QueueName) -> Bool { isAnswering(name) && isWithinHours(name) && staff(of: name).contains(where: takesNew) }

    /// Not closed, not paused, and staffed by somebody who is there, if only until they leave: what waits there need not move on yet, neither
    /// then nor at posted close.
    func isAttended(_ name: QueueName) -> Bool { isAnswering(name) && !staff(of: name).isEmpty }

    /// By posted hours or "Open now"; always for a queue whose library posted nothing, or whose hours nobody could reckon.
    func isWithinHours(_ name: QueueName) -> Bool {
        guard let library = queues[name]?.queue.library else { return true }
        return hours[library].map { $0.gate.isWithinHours } ?? true
    }

    func isAnswering(_ name: QueueName) -> Bool {
        guard let desk = queues[name] else { return false }
        return desk.queue.opening == .open && !desk.paused && !isSettingUp(desk)
    }

    private func isSettingUp(_ desk: QueueDesk) -> Bool { desk.queue.library.flatMap { libraries[$0] }?.isSettingUp ?? false }

    /// "Leaving in 10 minutes" stops new chats and offers for this person.
    func takesNew(_ session: SessionID) -> Bool { sessions[session].map { $0.leavingAtMs == nil } ?? false }

    /// Everything that speaks for and against a queue.
    fileprivate func availability(of desk: QueueDesk) -> [Reason] {
        let name = desk.queue.name
        var reasons: [Reason] = []
        if case .closed(let reason) = desk.queue.opening { reasons.append(.closed(reason)) }
        if isSettingUp(desk) { reasons.append(.closed("its library is being set up; its checklist says what is still to do")) }
        if !isWithinHours(name) {
            let gate = desk.queue.library.flatMap { hours[$0]?.gate }
            reasons.append(.closed(gate == .closed ? "its library has closed at short notice" : "it is outside the posted hours"))
        }
        if desk.paused { reasons.append(.paused) }
        let takers = takers(of: name)
        if index.mayStaff[name] == nil {
            reasons.append(.nobodySignedOn)
        } else if staff(of: name).isEmpty {
            reasons.append(.nobodyAvailableHere)
        } else if takers == 0 {
            reasons.append(.everybodyLeaving)
        } else {
            reasons.append(.staffed(takers))
            if freePlaces(at: name) == 0 { reasons.append(.everybodyBusy) }
        }
        return reasons
    }

    /// How many of its staff take new chats and transfers.
    func takers(of name: QueueName) -> Int { staff(of: name).count(where: takesNew) }

    /// The sessions available for a queue, those that are about to leave among them.
    func staff(of name: QueueName) -> [SessionID] { index.staff[name] ?? [] }

    /// How many more chats its operators may hold; who is about to leave counts for none.
    func freePlaces(at name: QueueName) -> Int {
        staff(of: name).reduce(0) { sum, id in
            guard takesNew(id) else { return sum }
            return sum + max(0, Int(settings.chatsPerOperatorMax) - (index.held[id]?.count ?? 0))
        }
    }
}
