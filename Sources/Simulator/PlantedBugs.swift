import Consortium

/// A guard of the design that a run goes without, to see that the checks notice. Only the simulator can do this: it stands
/// between the cores, and no configuration of the service reaches it.
///
/// `callslip simulate --guards` finds the first seed that notices each; `cluster/CHAOS.md` has the table.
package enum PlantedBug: String, Sendable, CaseIterable {
    /// A page claims to have a message more than it has when it resumes.
    case resumeTooFar
    /// Apply takes a sender's repeats for news.
    case skipDedup
    /// Apply takes any token of a chat for the one in force.
    case skipTokenCheck
    /// An old page may go on speaking after a newer one took the chat up.
    case skipFencing
    /// Nodes start again under their former boot id.
    case sameBoot
    /// Coordinators answer a proposal when it comes, not when it is applied.
    case acknowledgeEarly
    /// A node that reaches a coordinator again does not ask again for what it follows and what it asked.
    case edgeTriggered
    /// A leader counts the time since its start with every entry, instead of since the last one.
    case clockFromUptime
    /// One replica's state depends on its own clock.
    case readOwnClock
    /// One replica skips a command that it does not know.
    case skipUnknownCommand
    /// A leader raises the feature level to its own version's, whoever else there is.
    case raiseTooEarly
    /// A voter that came back with an old disk is believed.
    case believeOldImage
    /// Disks report what is not synced as durable.
    case forgetSynced
    /// A failed sync is taken for a good one.
    case retryFailedSync
    /// A snapshot shows the state when it was written, not as of its entry.
    case lateSnapshot
    /// A node says that it has a transcript before it is durable, and remembers so.
    case takeEarly
    /// Voters never purge their disks.
    case keepOldLog
    /// A node keeps a transcript that has passed to its heir meanwhile.
    case keepInherited
    /// A node does not delete what the coordinators tell was deleted, when it comes back with an older copy.
    case keepDeleted

    /// What a branch holds is read when the coordinators are back, before all that it was asked is answered.
    case unsealedBranch
    /// A chat that waits again goes to the end of its queue.
    case rankByLastWait
    /// Everything waits in one lane of the coordinators, and may fill it.
    case oneLane
    /// Renewals of leases have to wait as messages do.
    case renewalsWait
    /// A node that was cut off signs its people on although they have signed on elsewhere since.
    case continueAnyway
    /// Leases are kept as long as the browser answers, whether or not a person is there.
    case leaseWithoutPerson
    /// A target that let a transfer expire is tried again.
    case tryTargetAgain
    /// A patron's wait has no end.
    case endlessWait
    /// A node whose count of starts went back does not look at what the others hold of it.
    case recordsFromOne

    /// A restored cluster's log goes on where the backup ends.
    case restoreIndex
    /// A restored cluster counts the epochs of chats as before.
    case restoreEpochs
    /// A restored cluster has the same id, and numbers transcripts as before.
    case restoreNumbers

    /// A shift goes to whoever asks last, whatever they saw.
    case swapUnseen
    /// A swap that is asked again is made again: the other way round.
    case swapTwice
    /// A list takes the place of shifts that whoever imports it has not seen.
    case importUnseen

    /// A register's entry, or a canned message, is deleted by whoever asks, whatever they saw.
    case dropUnseen
    /// What somebody adds to a reported problem is added again when it is asked again.
    case addTwice
    /// A release of the button's code takes the place of one that whoever asks has not seen.
    case releaseUnseen
    /// A renamed person's reports stay with their former name.
    case leaveReports
    /// An earlier "Open now" that comes late takes the place of the later one.
    case openEarlier
    /// Keys are turned on by whoever asks, whatever step they saw.
    case turnUnseen
    /// What a removed node asks is done.
    case hearRemoved

    /// A trainee takes chats while nobody looks after them.
    case claimAlone
    /// Whoever watches takes a chat over.
    case takeOverAnyway
    /// Practice counts as what it looked like.
    case practiceCounts
    /// A chat that waits again is answered again.
    case answerAgain
    /// Hours of a former service are written beside those that stand, where they say something else.
    case pastTwice
    /// The books note who is on duty two minutes late.
    case lateMinutes
    /// A snapshot has another number than was counted.
    case snapshotForgetsCounts

    /// Apply takes a repeated opening for a wrong one.
    case refuseSecondOpen
    /// A replica ends where apply should refuse.
    case trapInsteadOfRefusal

    /// The rule of the design that the guard keeps.
    package var rule: String {
        switch self {
        case .resumeTooFar: "1 positions"
        case .skipDedup: "2 dedup"
        case .skipTokenCheck, .skipFencing: "3 fencing"
        case .sameBoot: "4 restart"
        case .acknowledgeEarly: "safe means applied"
        case .edgeTriggered: "7 level, not edge"
        case .clockFromUptime: "8 time"
        case .readOwnClock: "9 determinism"
        case .skipUnknownCommand, .raiseTooEarly: "11 versions"
        case .believeOldImage: "12 voters"
        case .forgetSynced, .retryFailedSync: "13 log"
        case .lateSnapshot: "15 state"
        case .takeEarly, .keepInherited, .keepDeleted, .keepOldLog: "16 transcripts"
        case .refuseSecondOpen: "5 birth"
        case .unsealedBranch: "6 hand-over is sealed"
        case .rankByLastWait, .oneLane, .renewalsWait: "14 load"
        case .restoreIndex, .restoreEpochs, .restoreNumbers: "18 restore"
        case .continueAnyway: "19 operators"
        case .leaseWithoutPerson, .tryTargetAgain, .endlessWait: "20 leases, targets, deadline"
        case .recordsFromOne: "21 gossip's limits"
        case .trapInsteadOfRefusal: "10 apply is total"
        case .swapUnseen, .swapTwice, .importUnseen: "shifts: one person has each"
        case .dropUnseen, .addTwice, .releaseUnseen, .leaveReports, .openEarlier, .turnUnseen, .hearRemoved: "what people decided stands"
        case .claimAlone, .takeOverAnyway: "trainees have a mentor"
        case .practiceCounts, .answerAgain, .pastTwice, .lateMinutes, .snapshotForgetsCounts: "reports say what happened"
        }
    }

    /// By the number of the rule.
    package static var inOrder: [PlantedBug] {
        func number(_ bug: PlantedBug) -> Int { bug.rule.split(separator: " ").first.flatMap { Int($0) } ?? .max }
        return allCases.enumerated().sorted { (number($0.element), $0.offset) < (number($1.element), $1.offset) }.map(\.element)
    }

    /// What the run goes without, for the table.
    package var leftOut: String {
        switch self {
        case .resumeTooFar: "resume from the last position that the page has"
        case .skipDedup: "apply accepts only a sender's last + 1"
        case .skipTokenCheck: "operators' commands carry the token in force"
        case .skipFencing: "the newest attach fences older pages"
        case .sameBoot: "every start takes a new boot id"
        case .acknowledgeEarly: "a proposal is answered after its apply"
        case .edgeTriggered: "after a new link everything is asked for again"
        case .clockFromUptime: "the clock advances by what passed since the last entry"
        case .readOwnClock: "apply knows no time but the log's"
        case .skipUnknownCommand: "an unknown command stops apply"
        case .raiseTooEarly: "the feature level is raised when every voter supports it"
        case .believeOldImage: "a voter with less than it acknowledged is refused"
        case .forgetSynced: "nothing is acknowledged before it is synced"
        case .retryFailedSync: "after a failed sync the process starts again from what is durable"
        case .lateSnapshot: "a snapshot is the state as of its entry"
        case .takeEarly: "a transcript's number becomes durable with its text"
        case .keepOldLog: "what went from the state leaves log and snapshots"
        case .keepInherited: "a node deletes what has passed to its heir"
        case .keepDeleted: "deletions replay before text at a node that comes back"
        case .refuseSecondOpen: "opening is harmless to repeat"
        case .unsealedBranch: "a branch is read when all that it was asked is answered"
        case .rankByLastWait: "rank is by the first wait"
        case .oneLane: "under pressure leases and claims go before messages, and messages before new chats"
        case .renewalsWait: "lease renewals stay in the leader's memory"
        case .continueAnyway: "whoever has signed on elsewhere stays there"
        case .leaseWithoutPerson: "leases ask for recent human input"
        case .tryTargetAgain: "each target is tried once for a chat"
        case .endlessWait: "a patron's wait has a deadline"
        case .recordsFromOne: "records begin above what peers hold"
        case .restoreIndex: "a restored cluster's log begins far beyond the former one"
        case .restoreEpochs: "a restored cluster's epochs are far beyond the former ones"
        case .restoreNumbers: "a restored cluster has another id, and its transcripts' numbers begin far beyond the former ones"
        case .trapInsteadOfRefusal: "what cannot be done is refused"
        case .swapUnseen: "a swap names the version that its author saw"
        case .swapTwice: "a swap that is asked again is recognised"
        case .importUnseen: "a list names the change that its author saw"
        case .dropUnseen: "whoever deletes names the version that they saw"
        case .addTwice: "what is added to a report again is recognised"
        case .releaseUnseen: "a release names the one that it replaces"
        case .leaveReports: "a renamed person's reports stay theirs"
        case .openEarlier: "the latest \u{201c}Open now\u{201d} stands"
        case .turnUnseen: "a turn of keys names the step that its author saw"
        case .hearRemoved: "commands of removed nodes are refused"
        case .claimAlone: "a trainee claims with a mentor at hand"
        case .takeOverAnyway: "a chat is taken over by the mentor of its holder"
        case .practiceCounts: "practice is taken out of the tally"
        case .answerAgain: "a chat is answered once in the tally"
        case .pastTwice: "hours that were brought in stand"
        case .lateMinutes: "minutes of duty are those of the entry"
        case .snapshotForgetsCounts: "a snapshot has what was counted"
        }
    }
}

extension PlantedBug {
    /// Changes the commands of an entry just before apply so that they pass the guard that the bug leaves out.
    func alter(_ batch: Batch, for state: ConsortiumState, voter: UInt64) -> Batch {
        var altered = batch
        switch self {
        case .acknowledgeEarly, .forgetSynced, .sameBoot, .edgeTriggered, .resumeTooFar, .clockFromUptime, .believeOldImage,
            .retryFailedSync, .lateSnapshot, .takeEarly, .keepInherited, .keepDeleted, .keepOldLog, .trapInsteadOfRefusal, .unsealedBranch,
            .raiseTooEarly, .rankByLastWait, .leaseWithoutPerson, .tryTargetAgain, .endlessWait, .recordsFromOne,
            .oneLane, .renewalsWait, .restoreIndex, .restoreEpochs, .restoreNumbers, .answerAgain, .snapshotForgetsCounts,
            .claimAlone, .leaveReports:
            break
        case .lateMinutes: if altered.items.contains(where: \.command.isOfDuty) { altered.wallMs += 120_000 }
        case .hearRemoved:
            let removed = Set(state.removedNodes.filter { $0.admitted == nil }.map(\.node))
            for place in altered.items.indices where removed.contains(altered.items[place].id.node) {
                let id = altered.items[place].id
                altered.items[place].id = ProposalID(node: Roster.name("nobody"), boot: id.boot, counter: id.counter)
            }
        case .skipUnknownCommand:
            guard voter == 2 else { break }
            for index in altered.items.indices {
                if case .setAvailability = altered.items[index].command { altered.items[index].command = .tick }
            }
        case .readOwnClock: if voter == 1, altered.elapsedMs > 0 { altered.elapsedMs -= 1 }
        case .skipDedup, .skipTokenCheck, .skipFencing, .refuseSecondOpen, .continueAnyway, .swapUnseen, .swapTwice, .importUnseen,
            .practiceCounts, .pastTwice, .takeOverAnyway, .dropUnseen, .addTwice, .releaseUnseen, .openEarlier, .turnUnseen:
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
        case (.skipTokenCheck, .close(let chat, let token, let ending)): return .close(chat, token: present(chat, state) ?? token, ending)
        case (.skipTokenCheck, .release(let chat, let token)): return .release(chat, token: present(chat, state) ?? token)
        case (.skipTokenCheck, .say(var say)):
            if case .staff(let token) = say.speaker { say.speaker = .staff(token: present(say.chat, state) ?? token) }
            return .say(say)
        case (.skipFencing, .say(var say)):
            if case .patron = say.speaker, let attach = state.meta(of: say.chat)?.attach { say.speaker = .patron(attach) }
            return .say(say)
        case (.refuseSecondOpen, .open(var open)):
            if state.meta(of: open.chat) != nil { open.secret = SecretHash(open.secret.bytes.reversed()) ?? open.secret }
            return .open(open)
        case (.continueAnyway, .signOn(var signOn)):
            signOn.continues = nil
            return .signOn(signOn)
        case (.swapUnseen, .swapShift(var swap)):
            let parties = swap.moves.flatMap { [Editor.person($0.from), .person($0.to)] }
            guard swap.moves.count == 1, parties.contains(swap.by),
                let shift = state.shifts(of: swap.library).shifts.first(where: { $0.id == swap.moves[0].shift }),
                shift.operatorName != swap.moves[0].to
            else { return command }
            (swap.moves[0].version, swap.moves[0].from, swap.by) = (shift.version, shift.operatorName, .admin)
            return .swapShift(swap)
        case (.swapTwice, .swapShift(let swap)):
            let shifts = state.shifts(of: swap.library).shifts
            let isDone = swap.moves.allSatisfy { move in
                shifts.contains { $0.id == move.shift && $0.version == move.version + 1 && $0.operatorName == move.to }
            }
            guard isDone else { return command }
            let moves = swap.moves.map { ShiftMove(shift: $0.shift, version: $0.version + 1, from: $0.to, to: $0.from) }
            return .swapShift(ShiftSwap(library: swap.library, moves: moves, by: .admin))
        case (.takeOverAnyway, .takeOver(let chat, let session, let request)):
            guard case .held(let holding)? = state.chats[chat]?.stage, let mentor = state.sessions[holding.session]?.mentor,
                let theirs = state.sessions.values.first(where: { $0.operatorName == mentor })
            else { return command }
            return .takeOver(chat, theirs.operatorName == state.sessions[session]?.operatorName ? session : theirs.id, request)
        case (.practiceCounts, .close(let chat, let token, .practice)): return .close(chat, token: token, .answered)
        case (.pastTwice, .bringPast(var past)):
            let known = state.tally[TallyPlace(of: past.home)]?.cells
            let others = past.cells.filter { entry in known?[entry.hour].map { $0 != entry.cell } ?? false }
            guard let first = others.first?.hour, let last = past.cells.last?.hour else { return command }
            // There is room before all that anybody brings.
            for place in past.cells.indices { past.cells[place].hour -= 1_000 + last - first }
            return .bringPast(past)
        case (.dropUnseen, .dropEntry(let id, let version, let by)):
            return .dropEntry(id, version: state.entries[id]?.version ?? version, by: by)
        case (.dropUnseen, .dropCanned(let id, let version, let by)):
            return .dropCanned(id, version: state.canned[id]?.version ?? version, by: by)
        case (.addTwice, .changeTicket(var change)):
            let entries = state.tickets.values.first { $0.id == change.ticket }?.entries
            if let entries, entries.contains(where: { $0.id == change.id }) { change.id = RequestID(high: 0, low: UInt64(entries.count)) }
            return .changeTicket(change)
        case (.releaseUnseen, .releaseButton(var release)):
            release.number = state.buttons.released?.number ?? 0
            return .releaseButton(release)
        case (.openEarlier, .openNow(let library, let session, var opening)):
            if let former = state.hours[library]?.openNow, opening.fromMs < former.fromMs, former.fromMs < opening.untilMs {
                opening.fromMs = former.fromMs
            }
            return .openNow(library, session, opening)
        case (.turnUnseen, .turnKeys(.seal)): return .turnKeys(.seal(after: state.keys.step))
        case (.turnUnseen, .turnKeys(.settle)): return .turnKeys(.settle(after: state.keys.step))
        case (.importUnseen, .importShifts(var list)):
            list.change = state.shifts(of: list.library).change
            return .importShifts(list)
        default: return command
        }
    }

    /// The state as it would be without the guard, where a command cannot be changed so that it passes; nil where that is the same.
    func alter(_ state: ConsortiumState) throws -> ConsortiumState? {
        guard [.rankByLastWait, .tryTargetAgain, .endlessWait, .answerAgain, .claimAlone, .leaveReports].contains(self) else { return nil }
        var memento = state.memento
        var isAltered = false
        if self == .claimAlone {
            func learns(_ session: Session) -> Bool { state.operators[session.operatorName]?.isTrainee ?? false }
            let someone = memento.sessions.first { !learns($0) }?.operatorName
            for place in memento.sessions.indices where learns(memento.sessions[place]) && memento.sessions[place].mentor == nil {
                memento.sessions[place].mentor = someone
                isAltered = someone != nil
            }
        }
        if self == .leaveReports {
            for place in memento.tickets.indices {
                guard case .person(let name) = memento.tickets[place].report.by,
                    let former = state.operators[name]?.formerNames.first
                else { continue }
                memento.tickets[place].report.by = .person(former)
                isAltered = true
            }
        }
        for place in memento.chats.indices {
            let chat = memento.chats[place].chat
            switch (self, chat.stage) {
            case (.rankByLastWait, .waiting(let waiting)) where chat.rankMs != waiting.sinceMs:
                memento.chats[place].chat.rankMs = waiting.sinceMs
            case (.tryTargetAgain, _) where !chat.tried.isEmpty: memento.chats[place].chat.tried = []
            case (.endlessWait, .waiting) where chat.messageAtMs < state.clockMs + Self.endlessMs / 2:
                memento.chats[place].chat.messageAtMs = state.clockMs + Self.endlessMs
            case (.answerAgain, .waiting) where chat.tally?.answer != nil: memento.chats[place].chat.tally?.answer = nil
            default: continue
            }
            isAltered = true
        }
        return isAltered ? try ConsortiumState(memento: memento) : nil
    }

    /// The state as a snapshot has it.
    func inSnapshot(_ state: ConsortiumState) -> ConsortiumState {
        guard self == .snapshotForgetsCounts else { return state }
        var memento = state.memento
        for place in memento.tally.indices {
            let book = memento.tally[place]
            var cells = book.cells.map { TallyHourCell(hour: $0.key, cell: $0.value) }
            guard let last = cells.last?.cell, let first = last.entries.first, first.count < .max else { continue }
            var entries = last.entries
            // What digests are of stays: the chain, and which hours there are.
            entries[0].count += 1
            guard
                let other = TallyCell(
                    entries: entries, answeredBy: last.answeredBy, answeredFor: last.answeredFor, isFormer: last.isFormer)
            else { continue }
            cells[cells.count - 1].cell = other
            memento.tally[place] = TallyBook(place: book.place, cells: cells, chain: book.chain)
        }
        return (try? ConsortiumState(memento: memento)) ?? state
    }

    private static let endlessMs: UInt64 = 7_200_000

    private func present(_ chat: ChatID, _ state: ConsortiumState) -> LogPosition? {
        if case .held(let holder, _)? = state.meta(of: chat)?.phase { holder.token } else { nil }
    }
}

extension Command {
    /// Whether it changes who is on duty.
    fileprivate var isOfDuty: Bool {
        switch self {
        case .setDuty, .setAvailability, .signOn, .signOff, .lapse: true
        default: false
        }
    }
}
