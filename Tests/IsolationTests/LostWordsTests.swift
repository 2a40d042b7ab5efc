import ClientProtocol
import Consortium
import Testing

@testable import Gateway

/// What a branch held and its merge could not bring in: whoever said it is told.
extension IsolationTests {
    @Test func whatDoesNotFitIntoItsChatIsToldAndCounted() throws {
        let scene = try Scene()
        let (net, mia, patron) = (scene.net, scene.mia, scene.patron)
        try scene.cutOff()
        for number in 1...3 { try patron.say("p\(number)") }
        scene.pass(500)
        #expect(patron.heldTexts.count == 3)
        // Meanwhile the chat became as long as a chat may be: first in large pieces, then one by one until nothing more fits in.
        let (sender, attach) = (net.new(SenderID.self), net.new(AttachID.self))
        let (secret, queue) = (try #require(SecretHash([UInt8](repeating: 1, count: 32))), try #require(QueueName("memorial")))
        for number in 0..<Limits.messagesPerChatMax {
            let size = number < Limits.messagesPerChatMax / Limits.mergeLinesMax - 1 ? Limits.mergeLinesMax : 1
            guard size > 1 || number < 200 else { break }
            let first = UInt64(number * Limits.mergeLinesMax) + 1
            let lines = (first..<first + UInt64(size)).map {
                MergeBranch.Line(author: .patron, sender: sender, sequence: $0, text: "x", wallMs: 1)
            }
            let merge = MergeBranch(
                chat: patron.chat, secret: secret, queue: queue, attach: attach, node: net.memorial.name, ended: nil, lines: lines)
            net.consortium.command(.mergeBranch(merge), net.now)
        }
        scene.connect()
        #expect(net.memorial.branchesMerged == 1)
        #expect(net.memorial.lost == [patron.chat: 3])
        #expect(
            mia.notices == [
                "3 messages of a chat that is as long as a chat may be could not be added, and will not reach the other side. "
                    + "This was written while the other libraries were out of reach; start a new chat for what is still open."
            ])
        // The page that said it is told as well, by a refusal with the reason.
        scene.pass(500)
        #expect(patron.refusals.first == .tooMany)
        #expect(patron.copy.outbox.entries.isEmpty)
    }

    /// Found by seeds 574 and 2779: an operator's words in a chat that was over, and whose transcript was deleted, when the branch came, stayed "held".
    @Test func whatWasSaidInAChatWhoseTranscriptWasDeletedIsRefusedWithTheReason() throws {
        let scene = try Scene()
        let (net, mia, patron) = (scene.net, scene.mia, scene.patron)
        net.consortium.command(.setFeatureLevel(FeatureLevel.closedByDeletion), net.now)
        let token = try #require(mia.tokens[patron.chat])
        try scene.cutOff()
        try mia.say(patron.chat, "too late")
        scene.pass(500)
        net.consortium.command(.close(patron.chat, token: token), net.now)
        let transcript = try #require(net.consortium.core.state.outbox.values.first?.transcript)
        let deletion = TranscriptDeleted(
            chat: patron.chat, openedMs: transcript.openedMs, library: transcript.library, node: net.memorial.name)
        net.consortium.command(.transcriptDeleted(deletion), net.now)
        scene.connect()
        scene.pass(500)
        #expect(net.memorial.lost == [patron.chat: 1])
        #expect(!mia.holds(patron.chat))
        #expect(mia.refusals.last == .notHolder || mia.refusals.last == .closed)
        #expect(mia.copies[patron.chat]?.outbox.entries.isEmpty == true)
    }

    /// The coordinators say nothing of a chat that they have forgotten: whoever takes part in it here has to ask anew, and learns of it.
    @Test func pagesOfAChatThatIsForgottenMeanwhileConnectAnew() throws {
        let scene = try Scene()
        let (net, mia, patron) = (scene.net, scene.mia, scene.patron)
        let token = try #require(mia.tokens[patron.chat])
        try scene.cutOff()
        var settings = net.consortium.core.state.settings
        settings.tombstoneMs = 2_000
        net.consortium.command(.setSettings(settings), net.now)
        net.consortium.command(.close(patron.chat, token: token), net.now)
        scene.pass(3_000)
        try #require(net.consortium.core.state.meta(of: patron.chat) == nil)
        scene.connect()
        scene.pass(500)
        #expect(net.memorial.goodbyes[patron.client]?.code == .apart)
        #expect(net.memorial.goodbyes[mia.client]?.code == .apart)
        #expect(!patron.isFenced, "no other page took it over")
    }
}
