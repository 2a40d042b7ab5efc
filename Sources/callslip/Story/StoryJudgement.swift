/// The end of the story: everything is to be safe and shown, and all copies are compared.

import EventLoop
import History

extension Story {
    func judge() async throws -> Bool {
        for conversation in conversations { conversation.stop() }
        try await settle("everything to be safe and shown") { [self] in conversations.allSatisfy(\.isSettled) }
        var transcripts = conversations.flatMap(\.transcripts)
        // Somebody who saw nothing of it reads every chat from the beginning, at another node than the patron's.
        var witnesses: [PatronSession] = []
        defer { for witness in witnesses { witness.close() } }
        for conversation in conversations where conversation.patron.ended == nil {
            let nodes = LocalCluster.libraries.filter { $0 != conversation.patron.node?.text }.map(cluster.webURL)
            let witness = PatronSession("\(conversation.patron.name) elsewhere", takingOver: conversation.patron, nodes: nodes)
            witnesses.append(witness)
            witness.start()
            try await settle("\(witness.name) to have read the chat") {
                witness.copy.transcript.lines.count >= conversation.patron.copy.transcript.lines.count
            }
            transcripts.append(witness.copy.transcript)
        }
        let judgement = recorder.judge(transcripts)
        for fault in judgement.faults.prefix(20) { Terminal.complain("\(fault)\n") }
        let lost = judgement.count(.lost)
        let doubled = judgement.count(.doubled)
        let others = judgement.faults.count - lost - doubled
        Terminal.say(
            "chats \(judgement.chats), messages acknowledged \(judgement.acknowledged), lost \(lost), doubled \(doubled), "
                + "longest pause \(recorder.longestMs) ms (without any coordinator \(recorder.longestInOutageMs) ms)"
                + (others == 0 ? "" : ", other faults \(others)"))
        guard try await findTranscripts(witnesses) else { return false }
        return judgement.held && conversations.allSatisfy { $0.patron.copy.outbox.entries.isEmpty }
    }

    /// What is still missing after a while is found by the judgement, which says more than the wait could.
    func settle(_ what: String, _ condition: @ClusterActor () async -> Bool) async throws {
        do {
            try await Wait.until(what, withinMs: 20_000, condition)
        } catch let error as Wait.TimedOut {
            Terminal.complain("\(error)\n")
        }
    }
}
