import Consortium

extension PlantedBug {
    /// Changes the commands of an entry just before apply so that they pass the guard that the bug leaves out.
    func alter(_ batch: Batch, for state: ConsortiumState, voter: UInt64) -> Batch {
        var altered = batch
        switch self {
        case .acknowledgeEarly, .forgetSynced, .sameBoot, .edgeTriggered: break
        case .readOwnClock: if voter == 1, altered.elapsedMs > 0 { altered.elapsedMs -= 1 }
        case .skipDedup, .skipTokenCheck, .skipFencing:
            for index in altered.items.indices { altered.items[index].command = alter(altered.items[index].command, in: state) }
        }
        return altered
    }

    private func alter(_ command: Command, in state: ConsortiumState) -> Command {
        switch (self, command) {
        case (.skipDedup, .say(var say)):
            let mark = state.meta(of: say.chat)?.senders.first { $0.sender == say.sender }?.sequence ?? 0
            if say.sequence <= mark { say.sequence = mark + 1 }
            return .say(say)
        case (.skipTokenCheck, .close(let chat, let token)): return .close(chat, token: present(chat, state) ?? token)
        case (.skipTokenCheck, .release(let chat, let token)): return .release(chat, token: present(chat, state) ?? token)
        case (.skipTokenCheck, .say(var say)):
            if case .staff(let token) = say.speaker { say.speaker = .staff(token: present(say.chat, state) ?? token) }
            return .say(say)
        case (.skipFencing, .say(var say)):
            if case .patron = say.speaker, let attach = state.meta(of: say.chat)?.attach { say.speaker = .patron(attach) }
            return .say(say)
        default: return command
        }
    }

    private func present(_ chat: ChatID, _ state: ConsortiumState) -> LogPosition? {
        if case .held(let holder, _)? = state.meta(of: chat)?.phase { holder.token } else { nil }
    }
}
