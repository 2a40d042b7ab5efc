/// Chapters of the story: pages that are duplicated or know a chat that nobody else does, and an operator who moves to another desk.

import Consortium
import EventLoop

extension Story {
    func turningPages(_ cast: Cast, _ home: Conversation) async throws {
        try await step("a duplicated tab goes on with the chat and fences the older one") {
            let older = home.patron
            try await home.settled()
            let newer = PatronSession("patron 1's other tab", takingOver: older, nodes: [cluster.webURL("memorial")], recorder: recorder)
            newer.start()
            try await Wait.until("the older tab to be fenced", withinMs: 10_000) { older.ended != nil && newer.isAttached }
            home.continues(at: newer)
            try await home.flows(5)
        }
        let supplied = follow(
            PatronSession(
                "patron 6", nodes: [cluster.webURL("memorial")], queue: cast.memorial, referralAgreed: true, recorder: recorder,
                isKnown: true))
        try await step("a chat that nobody knows is re-created from the patron's copy, and marked so") {
            supplied.begin()
            try await supplied.claimed(by: cast.mia)
            try await supplied.flows(3)
            guard supplied.patron.sawOwn else { throw LocalClusterError("what was re-created is not marked as the patron's own") }
            try await supplied.closed(by: cast.mia)
        }
    }

    func movingDesks(_ cast: inout Cast, _ home: Conversation, _ referred: Conversation) async throws {
        let before = cast.mia
        var after = before
        let memorial = cast.memorial
        try await step("an operator who signs on at another library's node finds her chats there, and the desk before is told") {
            after = try await desk("mia.memorial", "reading-room-1", at: "steenbock")
            try await after.setAvailable(memorial)
            try await Wait.until("the desk before to end", withinMs: 10_000) { before.ended != nil }
            for conversation in [home, referred] { try await conversation.moved(to: after) }
            try await home.flows(5)
            try await referred.flows(5)
        }
        cast.mia = after
    }
}
