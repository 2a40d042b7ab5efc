/// Chapters of the story: chats answered at home and elsewhere, and transfers in all their ends.

import Consortium
import EventLoop

extension Story {
    /// - Returns: the chat at home and the one that was referred; both go on to the end.
    func answering(_ cast: Cast) async throws -> (home: Conversation, referred: Conversation) {
        let home = patron("patron 1", at: ["memorial"], cast.memorial)
        try await step("a chat is answered at home") {
            home.begin()
            try await home.claimed(by: cast.mia)
            try await home.flows(5)
        }
        let referred = patron("patron 2", at: ["steenbock"], cast.college)
        try await step("a chat of an unstaffed library is answered at another one") {
            referred.begin()
            try await referred.claimed(by: cast.stan)
            try await referred.flows(5)
        }
        return (home, referred)
    }

    func transferring(_ cast: Cast, _ home: Conversation, _ referred: Conversation) async throws {
        try await step("a transfer is picked up") {
            let offer = try await transfer(referred, from: cast.stan, to: cast.memorial, note: "about the humanities")
            try await referred.pickedUp(by: cast.mia, offer: offer)
            try await referred.flows(5)
        }
        try await step("a transfer that its sender takes back stays where it was") {
            let offer = try await transfer(home, from: cast.mia, to: cast.general)
            try await cast.mia.withdraw(home.chat, offer: offer)
            try await sees(home, "that the transfer was taken back") { if case .returned(_, .withdrawn) = $0 { true } else { false } }
            try await home.flows(3)
        }
        try await step("a transfer that nobody picks up returns to its sender") {
            try await cast.stan.setAvailable(cast.steenbock)
            _ = try await transfer(home, from: cast.mia, to: cast.steenbock)
            try await sees(home, "that the transfer returned") { if case .returned(_, .notPickedUp) = $0 { true } else { false } }
            try await home.flows(5)
        }
        try await step("a chat that was given back waits again and is claimed anew") {
            try await cast.mia.release(referred.chat)
            referred.abandoned()
            try await sees(referred, "that it waits again") { if case .requeued(_, .released) = $0 { true } else { false } }
            try await referred.claimed(by: cast.mia)
            try await referred.flows(3)
        }
    }
}
