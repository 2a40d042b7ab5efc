/// `callslip try`: plays one chat at a running service, with a patron and an operator of its own. For whoever has just set one up.

import ArgumentParser
import Consortium
import EventLoop
import Glibc

struct Try: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Play one chat at a running service, as a patron and as an operator, and compare what both saw.",
        discussion: "The operator's password is read from the environment: CALLSLIP_PASSWORD.")

    @Option(help: "The node that serves the patron.")
    var patronNode: String

    @Option(help: "The node at which the operator signs in.")
    var deskNode: String

    @Option(help: "The queue that the patron asks; the operator must be one of its own, or of the general queue.")
    var queue: String

    @Option(name: .customLong("operator"), help: "The operator's account.")
    var account: String

    @Option(help: "The queue for which the operator becomes available, if it is another one.")
    var staffs: String?

    @Option(help: "The code of the account's second step, if it has one.")
    var code = ""

    @Option(help: "How many messages each says.")
    var messages = 5

    func run() async throws {
        guard let queue = QueueName(queue), let staffs = QueueName(staffs ?? self.queue) else {
            throw ValidationError("--queue and --staffs: expected \(QueueName.rule)")
        }
        guard let password = getenv("CALLSLIP_PASSWORD").map({ String(cString: $0) }) else {
            throw ValidationError("CALLSLIP_PASSWORD is not set; it is the password of --operator")
        }
        guard code.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" }) else {
            throw ValidationError("--code: expected digits and letters")
        }
        guard (1...100).contains(messages) else { throw ValidationError("--messages: expected 1 to 100") }
        try await play(queue, staffs, password)
    }

    @ClusterActor
    private func play(_ queue: QueueName, _ staffs: QueueName, _ password: String) async throws {
        let recorder = Recorder()
        let desk = try await DeskSession.signIn(account, password: password, code: code, at: deskNode, recorder: recorder)
        defer { desk.close() }
        try await Wait.until("\(account)'s desk", withinMs: 20_000) { desk.me != nil && desk.board != nil }
        try await desk.setAvailable(staffs)
        let patron = PatronSession("patron", nodes: [patronNode], queue: queue, referralAgreed: true, recorder: recorder)
        defer { patron.close() }
        let conversation = Conversation(patron)
        conversation.begin()
        try await conversation.claimed(by: desk)
        try await conversation.flows(messages)
        conversation.stop()
        try await Wait.until("both sides to have everything", withinMs: 20_000) { conversation.isSettled }
        let transcripts = conversation.transcripts
        try await desk.closeChat(patron.chat)
        try await desk.signOut()
        let judgement = recorder.judge(transcripts)
        for fault in judgement.faults.prefix(20) { Terminal.complain("\(fault)\n") }
        Terminal.say(
            "answered by \(account): messages acknowledged \(judgement.acknowledged), faults \(judgement.faults.count), "
                + "longest pause \(recorder.longestMs) ms")
        guard judgement.held else { throw ExitCode.failure }
    }
}
