import ClientProtocol
import Consortium
import History

/// What the checker remembers of a cluster that was lost, and restored from a backup as another one (rule 18).
struct FormerCluster {
    /// What was said and happened since the backup, and stands nowhere any more.
    let lost: [ChatID: [Position: ChatMessage]]
    /// Chats that the backup knows; others begin anew.
    private let known: Set<ChatID>
    /// The last entry of its log.
    let lastIndex: UInt64
    /// What nodes kept at its end, by machine.
    let delivered: [Int: [TranscriptKey: Transcript]]

    init(_ cluster: Cluster, scripts: [ChatID: [ChatMessage]], backup: Checker.Checkpoint, lastIndex: UInt64) {
        var lost: [ChatID: [Position: ChatMessage]] = [:]
        for (chat, script) in scripts {
            for message in script.dropFirst(backup.scripts[chat]?.count ?? 0) { lost[chat, default: [:]][message.position] = message }
        }
        self.lost = lost
        known = Set(backup.scripts.keys)
        self.lastIndex = lastIndex
        delivered = Dictionary(uniqueKeysWithValues: cluster.libraryMachines.map { ($0.index, $0.transcripts.kept) })
    }

    /// No position of the former cluster stands for something else in the new one.
    func refuse(_ messages: ArraySlice<ChatMessage>, in chat: ChatID, _ cluster: Cluster) {
        guard known.contains(chat), let lost = lost[chat] else { return }
        for message in messages where lost[message.position] != nil {
            cluster.fail("\(chat) goes on at \(message.position), which stood for something else before the restore")
        }
    }

    /// Whether the act is about a holding of the former cluster.
    func has(_ act: HoldingModel.Act) -> Bool {
        let token: LogPosition? =
            switch act {
            case .claim(_, let token), .pickUp(_, _, let token): token
            case .offer(let token, _), .withdraw(let token), .release(let token), .close(let token): token
            case .actRefused(let token), .lose(let token): token
            case .claimRefused, .leave: nil
            }
        guard let token, !BranchBase.isBranch(token) else { return false }
        return token.index <= lastIndex
    }

    /// What was delivered is neither lost nor written over by what the new cluster delivers of the same chat.
    func judge(_ cluster: Cluster) {
        for machine in cluster.libraryMachines where !machine.isRetired {
            let delivered = (delivered[machine.index] ?? [:]).sorted { $0.key < $1.key }
            for (key, before) in delivered where !isGone(key, cluster, machine) {
                let now = machine.transcripts.kept[key]?.messages ?? []
                guard let missing = before.messages.first(where: { !now.contains($0) }) else { continue }
                return cluster.fail("\(machine.name) kept \(missing.position) of \(key.chat) before the restore, and has it not")
            }
        }
    }

    /// Deleted meanwhile, or passed to another library.
    private func isGone(_ key: TranscriptKey, _ cluster: Cluster, _ machine: Machine) -> Bool {
        machine.transcripts.deleted[key] != nil
            || cluster.checker.state.transcriptReceipts.contains { receipt in TranscriptKey(receipt) == key }
    }

    /// Whether a node had a transcript of it.
    func hasDelivered(_ key: TranscriptKey) -> Bool { delivered.values.contains { $0[key] != nil } }
}

extension ChatMessage {
    func isText(_ key: History.Key) -> Bool {
        if case .text(_, key.sender, key.sequence) = body { true } else { false }
    }
}
