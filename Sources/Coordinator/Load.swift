/// Rule 14: what gives way first under pressure, and what commands cost.

import Consortium

/// Leases and sign-ons come before claims and other acts, those before messages, and messages before new chats: people who are there are
/// served before more come.
enum Urgency: Int, CaseIterable, Sendable {
    case lease, act, message, opening

    init(of command: Command) {
        switch command {
        case .signOn, .signOff, .lapse, .setAvailability, .leaving, .setEnd, .setDuty, .setVolunteers, .back, .tick, .checkDigest,
            .setFeatureLevel, .retireVoter, .patronPresence, .removeNode, .admitNode, .turnKeys, .keysHeld:
            self = .lease
        case .setLibrary, .setQueue, .setOperator, .setSettings, .setSignedSettings, .setTerms, .setHours, .closeLibrary, .reopenLibrary,
            .openNow, .setGate, .setNaming, .renameQueue, .renameOperator, .setCanned, .dropCanned, .changeTicket, .releaseButton,
            .decideButton, .setEntry, .dropEntry, .bringPast, .audit, .askWish, .decideWish, .importShifts, .swapShift:
            self = .act
        case .attach, .claim, .offerTransfer, .consent, .pickUp, .withdrawOffer, .release, .block, .close, .leave, .keepMessage,
            .setWatcher, .stopWatching, .takeOver, .setMentor,
            .transcriptTaken,
            .transcriptDeleted:
            self = .act
        case .say, .whisper, .mergeBranch, .tellRoom: self = .message
        case .open, .reportProblem, .rate, .sawInstalls: self = .opening
        }
    }

    /// Of a table with `max` places, those that this may fill: the last eighths are kept for what is more urgent.
    func places(of max: Int) -> Int { Swift.max(1, max * (Urgency.allCases.count * 2 - rawValue) / (Urgency.allCases.count * 2)) }
}

extension Command {
    /// Taken from a coordinator's own people, and from no other node.
    var isCoordinatorsAlone: Bool {
        switch self {
        case .removeNode, .admitNode, .turnKeys: true
        default: false
        }
    }

    /// Said by whoever leads, of itself, and by no node: a wrong digest or level would halt every replica, and a wrong id keep new coordinators out for ever.
    var isLeadersAlone: Bool {
        switch self {
        case .tick, .checkDigest, .setFeatureLevel, .retireVoter, .lapse, .setGate: true
        default: false
        }
    }

    /// What it takes in a log entry or a frame, in bytes, at most: identifiers and names, and its texts.
    var costBytes: Int {
        let base = 400
        switch self {
        case .say(let say): return base + say.text.utf8.count
        case .whisper(let whisper): return base + whisper.text.utf8.count
        case .tellRoom: return base + Limits.roomLineBytesMax
        case .offerTransfer(let offer): return base + offer.note.utf8.count
        case .keepMessage(let message): return base + message.contact.utf8.count
        case .setLibrary(let library):
            let card = library.card
            let texts = [card.hours, card.website, card.phone, card.email, card.policies, card.lastChecked, card.wording, library.title]
            return texts.reduce(base + (library.heir?.text.utf8.count ?? 0)) { $0 + $1.utf8.count }
        case .setQueue(let queue):
            if case .closed(let reason) = queue.opening { return base + queue.title.utf8.count + reason.utf8.count }
            return base + queue.title.utf8.count
        case .setOperator(let person):
            return person.queues.reduce(base + person.displayName.utf8.count) { $0 + $1.text.utf8.count + 2 }
        case .reportProblem(_, let report): return base + report.topic.utf8.count + report.text.utf8.count + report.bundle.utf8.count
        case .setEntry(let entry, _): return entry.answers.reduce(base) { $0 + $1.key.utf8.count + $1.text.utf8.count + 8 }
        case .setSignedSettings(let signed): return base + signed.text.utf8.count + signed.key.count + signed.signature.count
        case .changeTicket(let change): return base + change.text.utf8.count + (change.owner?.utf8.count ?? 0)
        case .sawInstalls(let seen):
            return seen.reduce(base) {
                $0 + 40 + $1.place.host.utf8.count + $1.place.path.utf8.count + $1.place.queue.utf8.count + $1.error.utf8.count
            }
        case .importShifts(let list): return base + list.rows.count * 2 * Limits.nameBytesMax + list.rows.count * 40
        case .mergeBranch(let merge): return merge.lines.reduce(base) { $0 + base + $1.text.utf8.count }
        case .transcriptTaken(let taken): return base + taken.sealed.count
        case .bringPast(let past): return past.cells.reduce(base) { $0 + 12 + 8 * $1.cell.entries.count }
        case .signOn(let signOn): return signOn.available.reduce(base) { $0 + $1.text.utf8.count + 2 }
        default: return base
        }
    }
}

extension [Batch.Item] {
    /// The same items in the same order, in parts that fit into a frame between nodes.
    public func inFrames(
        itemsMax: Int = CoordinatorConfiguration.itemsPerFrameMax, costBytesMax: Int = CoordinatorConfiguration.costBytesPerFrameMax
    ) -> [[Batch.Item]] {
        var parts: [[Batch.Item]] = []
        var costBytes = 0
        for item in self {
            let cost = item.command.costBytes
            if let last = parts.last, last.count < itemsMax, costBytes + cost <= costBytesMax {
                parts[parts.count - 1].append(item)
                costBytes += cost
            } else {
                parts.append([item])
                costBytes = cost
            }
        }
        return parts
    }
}

extension Batch.Item {
    /// Why a node may not ask this at a coordinator, if it may not.
    /// - Parameter asker: the node on whose link it came.
    func refusal(to asker: NodeName?, at coordinator: NodeName) -> Refusal? {
        // Else it would get the answers of another, and the audit log would tell of another.
        guard id.node == asker else { return Refusal(.notAllowed, "A node asks in its own name; here it asked in that of `\(id.node)`.") }
        if case .keysHeld(let node, _) = command, node != asker {
            return Refusal(.notAllowed, "Which keys `\(node)` holds it says itself.")
        }
        if command.isLeadersAlone { return Refusal(.notAllowed, "The leader of the coordinators says that, and no node.") }
        // No library's node says whom the others hear, and with which keys.
        if command.isCoordinatorsAlone, asker != coordinator { return Refusal(.notAllowed, "That is asked at a coordinator, by LTG.") }
        return nil
    }
}
