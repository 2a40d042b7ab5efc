/// Chapters of the story: what the patron is asked, and what a "no" does.

import Consortium
import EventLoop

extension Story {
    func asking(_ cast: Cast, _ home: Conversation) async throws {
        try await step("a patron who is asked about a transfer declines, and stays") {
            home.patron.agrees = false
            _ = try await transfer(home, from: cast.mia, to: cast.general, consentGiven: false)
            try await sees(home, "the answer") { if case .transferDeclined = $0 { true } else { false } }
            try await home.flows(3)
            home.patron.agrees = true
        }
        let asked = patron("patron 3", at: ["college"], cast.college, referralAgreed: false)
        try await step("a patron who had not agreed is asked before others answer, and agrees") {
            asked.patron.agrees = nil
            asked.begin()
            try await isAsked(asked)
            try await asked.patron.answer(true)
            try await asked.claimed(by: cast.stan)
            try await asked.flows(3)
            try await asked.closed(by: cast.stan)
        }
        let refusing = patron("patron 4", at: ["college"], cast.college, referralAgreed: false)
        try await step("a patron who declines is not referred") {
            refusing.patron.agrees = false
            refusing.begin()
            try await Wait.until("the chat to be unattended", withinMs: 10_000) { refusing.patron.phase == .unattended }
            guard cast.stan.board?.waiting.contains(where: { $0.chat == refusing.chat && $0.mayClaim }) != true else {
                throw LocalClusterError("the general queue may claim a chat whose patron declined it")
            }
            try await refusing.left()
        }
    }

    private func isAsked(_ conversation: Conversation) async throws {
        try await Wait.until("\(conversation.patron.name) to be asked", withinMs: 10_000) {
            if case .ask? = conversation.patron.phase { true } else { false }
        }
    }
}
