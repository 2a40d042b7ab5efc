/// A chapter of the story: nobody is there and the library refers nothing, so the question is left; the answer is collected elsewhere.

import ClientProtocol
import Consortium
import EventLoop

extension Story {
    func leavingMessages(_ cast: Cast) async throws {
        let question = patron("patron 5", at: ["steenbock"], cast.law)
        var generator = SystemRandomNumberGenerator()
        let code = PickUpCode.make(using: &generator)
        try await step("a library without fallback keeps the question, and its answer is collected with the code") {
            question.begin()
            try await Wait.until("the chat to be unattended", withinMs: 10_000) { question.patron.phase == .unattended }
            try await question.settled()
            try await question.patron.keep(code: code, contact: "patron@example.edu")
            try await Wait.until("the question to be kept", withinMs: 10_000) { question.patron.phase == .kept }
            question.patron.close()

            let lea = try await desk("lea.law", "case-closed-1", at: "steenbock")
            try await question.claimed(by: lea, kept: true)
            lea.say(question.chat, "the answer of the law library")
            try await Wait.until("the answer to be safe", withinMs: 10_000) { lea.copies[question.chat]?.outbox.entries.isEmpty ?? false }
            try await lea.closeChat(question.chat)

            let elsewhere = CodeSession("patron 5 at home", code: code, node: cluster.webURL("memorial"))
            try await Wait.until("the answer to be collected", withinMs: 10_000) {
                elsewhere.copy?.state?.phase == .closed(.answeredMessage)
                    && elsewhere.copy?.transcript.lines.count == lea.copies[question.chat]?.transcript.lines.count
            }
            if let transcript = elsewhere.copy?.transcript { question.alsoRead(transcript) }
            elsewhere.close()
            question.abandoned()
            try await lea.signOut()
        }
    }
}
