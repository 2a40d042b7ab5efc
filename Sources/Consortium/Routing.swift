/// Availability and fallback as one pure function, with its reasons: the button, the operator's transfer list and the help desk's
/// "why is this button off?" give the same answer.
///
/// "If a library/department appears available for chat, it must accept transfer chats": so appearing available and taking
/// transfers are the same decision. "…auto-refer their traffic to the general system queue when they are not available":
/// so the fallback is part of it.
public enum Routing {
    public static func decide(_ name: QueueName, in state: ConsortiumState) -> RoutingDecision {
        guard let desk = state.queues[name] else { return RoutingDecision(reach: .nobody, reasons: [.unknownQueue]) }
        let reasons = state.availability(of: desk)
        if reasons.isAvailable { return RoutingDecision(reach: .own, reasons: reasons) }

        guard let library = desk.queue.library.flatMap({ state.libraries[$0] }) else {
            return RoutingDecision(reach: .nobody, reasons: reasons)
        }
        let general = state.generalQueue.map { (name: $0.queue.name, reasons: state.availability(of: $0)) }
        return refer(reasons, isOff: library.fallback == .off, to: general)
    }

    /// What was so of a queue at a minute that is past.
    ///
    /// - Parameters:
    ///   - run: the queue's run at that minute.
    ///   - general: the general queue's at the same minute; `nil` for the general queue itself, and where nothing is known of it.
    public static func past(_ run: CauseRun, general: (name: QueueName, run: CauseRun)?) -> RoutingDecision {
        let reasons = run.reasons
        if reasons.isAvailable { return RoutingDecision(reach: .own, reasons: reasons) }
        guard let general else { return RoutingDecision(reach: .nobody, reasons: reasons) }
        return refer(reasons, isOff: run.causes.contains(.fallbackOff), to: (general.name, general.run.reasons))
    }

    private static func refer(_ own: [Reason], isOff: Bool, to general: (name: QueueName, reasons: [Reason])?) -> RoutingDecision {
        if isOff { return RoutingDecision(reach: .nobody, reasons: own + [.fallbackOff]) }
        guard let general else { return RoutingDecision(reach: .nobody, reasons: own + [.generalUnavailable]) }
        let reasons = own + [.fallsBackTo(general.name)] + general.reasons
        if general.reasons.isAvailable { return RoutingDecision(reach: .referred(to: general.name), reasons: reasons) }
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

    func isSettingUp(_ desk: QueueDesk) -> Bool { desk.queue.library.flatMap { libraries[$0] }?.isSettingUp ?? false }

    /// "Leaving in 10 minutes" stops new chats and offers for this person.
    func takesNew(_ session: SessionID) -> Bool { sessions[session].map { $0.leavingAtMs == nil } ?? false }

    /// Everything that speaks for and against a queue.
    fileprivate func availability(of desk: QueueDesk) -> [Reason] {
        let (causes, takers) = causes(of: desk)
        var closedWhy = ""
        if case .closed(let why) = desk.queue.opening { closedWhy = why }
        var reasons = causes.reasons(closedWhy: closedWhy)
        if takers > 0 {
            reasons.append(.staffed(takers))
            if freePlaces(at: desk.queue.name) == 0 { reasons.append(.everybodyBusy) }
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
