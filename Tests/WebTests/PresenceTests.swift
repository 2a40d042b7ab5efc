import EventLoop
import ScenarioText
import Testing

@testable import Web

/// The presence API byte for byte, as files: requests, `----`, the answers without their `Date`.
@Suite @WebActor struct PresenceTests {
    nonisolated static let folder = ScenarioFolder(beside: #filePath, named: "Golden")

    /// A snapshot as gossip alone gives it: nothing here asks a coordinator.
    private func server() -> WebServer {
        let presence = Presence()
        presence.update(
            PresenceSnapshot(
                queues: [
                    "memorial": PresenceEntry(show: .available, title: "Memorial Library", answers: "Memorial Library"),
                    "law": PresenceEntry(show: .available, isReferred: true, title: "Law Library", answers: "Ask a Librarian"),
                    "music": PresenceEntry(show: .unavailable, status: "closed", title: "Mills Music Library"),
                    "lunch": PresenceEntry(show: .away), "exam": PresenceEntry(show: .dnd), "talk": PresenceEntry(show: .chat),
                    "long": PresenceEntry(show: .xa), "mia": PresenceEntry(show: .unavailable),
                ],
                users: ["ann": PresenceEntry(show: .available, status: "at the desk"), "mia": PresenceEntry(show: .available)],
                clientId: "node-1"))
        let server = WebServer(contentSecurityPolicy: "default-src 'self'")
        presence.install(on: server)
        return server
    }

    @Test func thereAreGoldenFiles() { #expect(Self.folder.files.count >= 6) }

    @Test(arguments: folder.files) func answersAreAsWritten(_ file: String) throws {
        let server = server()
        let (written, played) = try Self.folder.play(file) { line in
            let words = line.split(separator: " ", maxSplits: 2).map(String.init)
            let fields = words.count > 2 ? words[2] + "\r\n" : ""
            let answer = server.answer("\(words[0]) \(words[1]) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n")
            // An empty line would end the block.
            return answer.split(separator: "\n").map(String.init)
        }
        #expect(played == written)
    }

    /// The snapshot is replaced whole; what was asked before is answered anew.
    @Test func aNewSnapshotIsAnsweredAtOnce() {
        let presence = Presence()
        let server = WebServer()
        presence.install(on: server)
        func text() -> String {
            String(server.answer("GET /presence/jid/q/chat.example.org/text HTTP/1.1\r\nHost: a\r\n\r\n").split(separator: "\n").last ?? "")
        }
        #expect(text() == "unavailable")
        presence.update(PresenceSnapshot(queues: ["q": PresenceEntry(show: .available)]))
        #expect(text() == "available")
        presence.update(PresenceSnapshot())
        #expect(text() == "unavailable")
    }

    /// Our own scripts are told when a library opens again, where nobody is reached.
    @Test func whereNobodyIsReachedItIsSaidWhenTheLibraryOpens() {
        let presence = Presence()
        let server = WebServer()
        presence.install(on: server)
        presence.opens = {
            $0 == "law" ? NextOpening(words: "Closed. Opens Monday at 9 AM.", atS: 1_796_137_200, zone: "America/Chicago") : nil
        }
        presence.update(
            PresenceSnapshot(queues: [
                "law-desk": PresenceEntry(show: .unavailable, library: "law"), "open": PresenceEntry(show: .available, library: "law"),
                "music": PresenceEntry(show: .unavailable, library: "music"), "general": PresenceEntry(show: .unavailable),
            ]))
        func said(_ queue: String) -> Bool {
            server.answer("GET /presence/jid/\(queue)/chat.example.org/js HTTP/1.1\r\nHost: a\r\n\r\n")
                .contains(
                    "\"usualWaitS\":0,\"opens\":\"Closed. Opens Monday at 9 AM.\",\"opensAtS\":1796137200,\"zone\":\"America/Chicago\"};")
        }
        #expect(said("law-desk"))
        #expect(!said("open") && !said("music") && !said("general"))
    }
}
