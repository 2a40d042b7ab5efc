import Consortium
import History

/// What is looked at when everything has come to rest.
extension Checker {
    /// What was said in each chat that is over lies at one node, once, whole and in order; or a receipt says why it lies nowhere.
    func judge(keptAt machines: [Machine]) {
        var receipts: [TranscriptKey: [TranscriptReceipt]] = [:]
        for receipt in state.transcriptReceipts { receipts[TranscriptKey(receipt), default: []].append(receipt) }
        for (key, transcript) in ended.sorted(by: { $0.key < $1.key }) {
            let copies = machines.compactMap { machine in machine.transcripts.kept[key].map { (machine.name, $0) } }
            let isEarly = early.contains(key) && (deleted.contains(key) || receipts[key]?.contains { $0.isInherited } ?? false)
            if isEarly { continue }
            guard !deleted.contains(key) else {
                // A machine that never came back, after its disk was restored from before the deletion, could not be told.
                let copy = copies.first { copy in !machines.contains { $0.name == copy.0 && $0.isRetired } }
                if let copy { cluster.fail("\(copy.0) keeps the transcript of \(key.chat), which was deleted") }
                let left = state.outbox.values.contains { TranscriptKey($0.transcript) == key }
                if left { cluster.fail("the coordinators have text of \(key.chat), whose transcript was deleted") }
                continue
            }
            // What the former cluster delivered stays where it is; what the new one knows is somewhere, too.
            if let former, former.hasDelivered(key) || machines.contains(where: { $0.transcripts.deleted[key] != nil }) {
                let isDeleted = machines.contains { $0.transcripts.deleted[key] != nil }
                let missing = transcript.messages.first { message in !copies.contains { $0.1.messages.contains(message) } }
                let isOver = receipts[key]?.contains { $0.outcome == .expired || $0.outcome == .overQuota } ?? false
                if let missing, !isDeleted, !isOver, !isGone(transcript.library, machines) {
                    cluster.fail("the new cluster's transcript of \(key.chat) has \(missing.position), and no node kept it")
                }
                continue
            }
            guard copies.count <= 1 else {
                return cluster.fail("the transcript of \(key.chat) lies at \(copies.map(\.0.text).joined(separator: " and "))")
            }
            guard let (name, copy) = copies.first else {
                let isWaiting = state.outbox[transcript.number].map { isGone($0.transcript.library, machines) } ?? false
                let isDropped = receipts[key]?.contains { $0.outcome == .expired || $0.outcome == .overQuota } ?? false
                // A deletion at a machine that never came back could not be told.
                let isUntold = machines.contains { $0.isRetired && $0.transcripts.deleted[key] != nil }
                if !isWaiting, !isDropped, !isUntold {
                    cluster.fail("the transcript \(transcript.number) of \(key.chat) is nowhere, and no receipt says why")
                }
                continue
            }
            guard state.libraries[copy.library]?.homeNode == name, copy.library == transcript.library else {
                return cluster.fail("the transcript of \(key.chat), which is for \(transcript.library), lies at \(name)")
            }
            if copy.messages != transcript.messages, !isGone(transcript.library, machines) {
                cluster.fail("\(name) keeps \(copy.messages.count) messages of \(key.chat), which has \(transcript.messages.count)")
            }
        }
        former?.judge(cluster)
        for machine in machines {
            for key in machine.transcripts.kept.keys.sorted() where ended[key] == nil && former?.delivered[machine.index]?[key] == nil {
                cluster.fail("\(machine.name) keeps a transcript of \(key.chat) that the log does not know")
            }
        }
    }

    /// Every coordinator has what the log comes to, also where it was given a snapshot, or read one at its start: digests are of running sums where books are long.
    func judge(books machines: ArraySlice<Machine>) {
        if let difference = books.difference(to: state) { return cluster.fail(difference) }
        for machine in machines where !machine.isRetired {
            guard let state = machine.coordinator?.core.state else { continue }
            if let difference = books.difference(to: state) { cluster.fail("at \(machine.name): \(difference)") }
        }
    }

    /// Whether no text of a chat that is over is in the state.
    var hasForgotten: Bool { state.outbox.isEmpty && scripts.keys.allSatisfy { state.meta(of: $0).map { !$0.isClosed } ?? true } }

    /// A voter's disk holds no word of chats that the state has forgotten.
    func search(_ machine: Machine) {
        guard let files = machine.disk?.files.contents else { return }
        let living = scripts.keys.filter { state.meta(of: $0) != nil }.flatMap { texts(of: $0) }
        for chat in scripts.keys.sorted() where state.meta(of: chat) == nil {
            for text in texts(of: chat) where !living.contains(where: { $0.contains(text) }) {
                let words = Array(text.utf8)
                guard let place = files.first(where: { $0.bytes.holds(words) })?.name else { continue }
                return cluster.fail("\(place) of \(machine.name) still holds `\(text)` of \(chat), which is long over")
            }
        }
    }

    private func texts(of chat: ChatID) -> [String] {
        (scripts[chat] ?? []).compactMap { if case .text(let text, _, _) = $0.body { text } else { nil } }
    }

    /// Whether the library's machine will not come back.
    private func isGone(_ library: LibraryName, _ machines: [Machine]) -> Bool {
        let home = state.libraries[library]?.homeNode
        return machines.first { $0.name == home }?.isRetired ?? true
    }

    /// Libraries for which a transcript waits although their machine is there.
    var untaken: LibraryName? {
        state.libraries.keys.first { state.transcriptsWaiting(for: $0) > 0 && !isGone($0, cluster.machines) }
    }

    /// Every copy against the acknowledgements, and the acknowledgements against the log.
    func judge(_ transcripts: [History.Transcript]) {
        for (chat, script) in scripts.sorted(by: { $0.key < $1.key }) {
            var seen: Set<History.Key> = []
            for message in script {
                if case .note(_, let sender, let sequence) = message.body,
                    !seen.insert(History.Key(chat: chat, sender: sender, sequence: sequence)).inserted
                {
                    cluster.fail("note \(sequence) of \(sender) is twice in \(chat)")
                }
                guard case .text(let text, let sender, let sequence) = message.body else { continue }
                let key = History.Key(chat: chat, sender: sender, sequence: sequence)
                if !seen.insert(key).inserted { cluster.fail("message \(sequence) of \(sender) is twice in \(chat)") }
                if history.said[key] != text { cluster.fail("message \(sequence) of \(sender) in \(chat) was not said like this") }
            }
            if state.meta(of: chat) != nil, Array(state.messages(of: chat, after: .zero)) != script {
                cluster.fail("what was said in \(chat) changed afterwards")
            }
        }
        for (key, position) in history.acknowledged.sorted(by: { $0.key < $1.key }) where message(at: position, in: key.chat) == nil {
            cluster.fail("message \(key.sequence) of \(key.sender) was acknowledged and is not in the log")
        }
        for (chat, operation) in operations where operation.invokedMs != .max && !apart.contains(chat) { history.note(operation, of: chat) }
        history.transcripts = former == nil ? transcripts : transcripts.map { $0.without(isLost) }
        let judgement = history.judge()
        if let fault = judgement.faults.first { cluster.fail("\(judgement.faults.count) faults in the history, first \(fault)") }
    }
}

extension [UInt8] {
    /// Whether these bytes stand in it anywhere. By hand: the library's way of doing it takes thirty times as long.
    fileprivate func holds(_ words: [UInt8]) -> Bool {
        guard let first = words.first else { return true }
        return withUnsafeBufferPointer { bytes in
            words.withUnsafeBufferPointer { words in
                var at = 0
                while at + words.count <= bytes.count {
                    var same = bytes[at] == first ? 1 : 0
                    while same > 0, same < words.count, bytes[at + same] == words[same] { same += 1 }
                    if same == words.count { return true }
                    at += 1
                }
                return false
            }
        }
    }
}

extension TranscriptReceipt {
    fileprivate var isInherited: Bool { if case .inherited = outcome { true } else { false } }
}

extension ChatMeta {
    fileprivate var isClosed: Bool { if case .closed = phase { true } else { false } }
}
