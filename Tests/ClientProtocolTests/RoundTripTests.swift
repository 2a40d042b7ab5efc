import Consortium
import Testing

@testable import ClientProtocol

/// What one side writes, the other reads to an equal value; and the bytes are those of PROTOCOL.md.
@Suite struct RoundTripTests {
    static let chat = ChatID(high: 1, low: 2)
    static let re = RequestID(high: 3, low: 4)
    static let sender = SenderID(high: 5, low: 6)
    static let attach = AttachID(high: 7, low: 8)
    static let secret = ChatSecret(high: 9, low: 10)
    static let session = SessionID(high: 11, low: 12)
    static let token = LogPosition(index: 12, ordinal: 3)

    static func name<Tag>(_ text: String, as tag: Tag.Type = Tag.self) throws -> Name<Tag> {
        try #require(Name<Tag>(text))
    }

    static func clientMessages() throws -> [ClientMessage] {
        let queue: QueueName = try name("memorial")
        return [
            .hello(.init(role: .patron, client: "callslip-web/1")), .hello(.init(role: .operator, client: "desk", session: "abc")), .active,
            .open(.init(re: re, chat: chat, secret: secret, attach: attach, queue: queue, referralAgreed: true)),
            .open(.init(re: re, chat: chat, secret: secret, attach: attach, queue: queue, referralAgreed: false, patronSupplied: true)),
            .open(
                .init(
                    re: re, chat: chat, secret: secret, attach: attach, queue: queue, referralAgreed: false, patronSupplied: true, awayMs: 7
                )),
            .resume(.init(re: re, chat: chat, secret: secret, attach: attach, after: Position(epoch: 2, n: 9))),
            .say(.init(chat: chat, sender: sender, sequence: 1, text: "a \"quoted\" \\ line\n\u{1} <b> é 👋")),
            .say(.init(chat: chat, sender: sender, sequence: .init(Int64.max), text: "", token: token)), .typing(chat),
            .say(.init(chat: chat, sender: sender, sequence: 2, text: "among us", token: token, isNote: true)),
            .consent(re, chat, offer: token, agreed: true), .leave(re, chat),
            .keep(re, chat, code: "K7QM-3XRT-9WZB", contact: "a@b.org"), .collect(re, code: "K7QM-3XRT-9WZB", attach: attach),
            .available(re, queue, true), .claim(re, chat), .pickUp(re, chat, offer: token),
            .transfer(.init(re: re, chat: chat, token: token, target: queue, consentGiven: true, note: "loan")),
            .transfer(
                .init(
                    re: re, chat: chat, token: token, target: queue, consentGiven: false, note: "", answerInSeconds: 86_400,
                    listing: EntryID(high: 4, low: 2))),
            .withdraw(re, chat, token: token, offer: token), .release(re, chat, token: token), .block(re, chat, token: token),
            .close(re, chat, token: token),
            .close(re, chat, token: token, .followUp), .rate(re, chat, .notHelped),
            .leaving(re, inSeconds: 600), .leaving(re, inSeconds: nil), .back(re, queue), .until(re, inSeconds: 7_200),
            .until(re, inSeconds: nil), .openNow(re, queue, minutes: 60),
            .closeLibrary(re, minutes: 240, note: "Snow"), .reopenLibrary(re),
            .follow(re, chat, after: Position(epoch: 1, n: 1)),
        ]
    }

    static func serverMessages() throws -> [ServerMessage] {
        let queue = QueueRef(name: try name("memorial"), title: "Memorial")
        let library = LibraryRef(name: try name("memorial"), title: "Memorial Library")
        let person = PersonRef(name: try name("mia"), display: "Mia", library: library)
        let offer = ServerMessage.Offer(offer: token, target: queue, asked: true, untilSeconds: 38)
        let phases: [ServerMessage.Phase] = [
            .waiting(queue, ahead: 2), .held(.init(by: person)), .held(.init(by: person, token: token, mine: true, offer: offer)),
            .ask(referral: queue), .unattended, .kept, .closed(.byPatron), .closed(.answeredMessage),
        ]
        let events: [ServerMessage.Event] = [
            .opened(queue), .referred(queue), .claimed(person), .transferAsked(queue), .transferDeclined(queue), .offered(queue),
            .pickedUp(person), .returned(queue, .targetGone), .requeued(queue, .released), .nobodyThere, .kept, .closed(.patronGone),
        ]
        let at = Position(epoch: 1, n: 3)
        let messages =
            [
                ServerMessage.Message(at: at, by: .patron, wallMs: 5, body: .text("hi", sender: sender, sequence: 1), own: true),
                ServerMessage.Message(
                    at: at, by: .staff, name: "Mia", library: library, wallMs: 5, body: .text("yes", sender: sender, sequence: 2),
                    late: true),
                ServerMessage.Message(
                    at: at, by: .staff, name: "Mia", library: library, wallMs: 5, body: .note("among us", sender: sender, sequence: 3)),
            ] + events.map { ServerMessage.Message(at: at, by: .service, wallMs: 6, body: .event($0)) }
        let boardChat = ServerMessage.BoardChat(
            chat: chat, library: library, queue: queue, question: "Where?", waitedSeconds: 31, offer: token, by: try name("mia"),
            note: "n", mayClaim: true, dueSeconds: 9, listed: "Mel Ost, Maps")
        let plainChat = ServerMessage.BoardChat(
            chat: chat, library: nil, queue: queue, question: "", waitedSeconds: 0, offer: nil, by: nil, note: nil, mayClaim: false)
        let board = ServerMessage.BoardState(
            queues: [
                .init(
                    queue: queue, library: nil, reach: .referred, takesTransfers: false,
                    reasons: ServerMessage.BoardReason.Code.allCases.map { .init($0, "why") }, staffed: 2, free: 5, waiting: 1,
                    usualWaitSeconds: 60, paused: true, outsideHours: true)
            ], waiting: [boardChat], kept: [plainChat], claimed: [.init(chat: chat, by: person)],
            staff: [
                .init(
                    person: person, available: [try name("memorial")], chats: 1, leavingSeconds: 9, untilMs: 1_790_000_000_000, duty: .both)
            ],
            libraries: [.init(library: library, fallback: .ringFirst, card: LibraryCard(hours: "9–5", wording: "w"))])
        var same = board
        same.libraries = nil
        same.asksEnding = true
        same.shifts = 17
        same.referred = ServerMessage.BoardReferral.Standing.allCases.map { standing in
            .init(
                chat: chat, queue: queue, home: queue, askedSeconds: 90, dueSeconds: 3_600, standing: standing,
                by: standing == .answered ? person : nil, endedMs: standing == .answered ? 1_790_000_000_000 : nil)
        }
        return [
            .welcome(.init(node: try name("memorial"), boot: "9f", nodes: ["http://a:1"], pingSeconds: 20, nowMs: 7)),
            .service(.ok, text: ""), .notice(text: "why"), .service(.waiting, text: "why"), .service(.answering, text: "why"),
            .ok(.init(re: re)),
            .ok(.init(re: re, token: token, offer: token, chat: chat)), .refused(.init(re: nil, code: .unknownKind, text: "x")),
            .ack(.init(chat: chat, sender: sender, sequence: 1, at: at)),
            .nack(.init(chat: chat, sender: sender, sequence: 1, code: .busy, text: "later", retryMs: 100)), .typing(chat, .staff),
            .fenced(chat), .messages(chat, messages, more: true), .messages(chat, [], more: false),
            .me(
                .init(
                    name: try name("mia"), display: "Mia", library: library, session: session, queues: [queue],
                    available: [try name("memorial")], leavingSeconds: nil)), .board(board), .board(same),
            .bye(.version, text: "x", retryMs: nil), .bye(.slow, text: "y", retryMs: 1000),
        ]
            + RefusalCode.allCases.map { .refused(.init(re: re, code: $0, text: "t", retryMs: 3)) }
            + phases.map {
                .chat(
                    .init(
                        chat: chat, epoch: 2, last: at, attach: attach, library: library, queue: queue, phase: $0, patronPresent: true,
                        openedMs: 1, usualWaitSeconds: 60, marks: [SenderMark(sender: sender, sequence: 3)]))
            }
            + [
                .chat(
                    .init(
                        chat: chat, epoch: 2, last: at, attach: nil, library: nil, queue: queue, phase: .kept, patronPresent: false,
                        openedMs: 1, usualWaitSeconds: nil, marks: []))
            ]
    }

    @Test func clientMessagesAreReadAsTheyWereWritten() throws {
        for message in try Self.clientMessages() {
            #expect(try ClientMessage(json: message.json()) == message)
        }
    }

    @Test func serverMessagesAreReadAsTheyWereWritten() throws {
        for message in try Self.serverMessages() {
            #expect(try ServerMessage(json: message.json()) == message, "\(String(decoding: message.json(), as: UTF8.self))")
        }
    }

    @Test func bytesAreThoseOfThePage() {
        let ack = ServerMessage.ack(.init(chat: Self.chat, sender: Self.sender, sequence: 1, at: Position(epoch: 1, n: 7)))
        #expect(
            String(decoding: ack.json(), as: UTF8.self)
                == #"{"t":"ack","chat":"00000000000000010000000000000002","sender":"00000000000000050000000000000006","seq":1,"level":"safe","at":[1,7]}"#
        )
        #expect(
            String(decoding: ServerMessage.bye(.idle, text: "a", retryMs: nil).json(), as: UTF8.self)
                == #"{"t":"bye","code":"idle","text":"a","retryMs":null}"#)
    }

    @Test func everyCodeOfTheDomainHasItsNameInTheProtocol() {
        for code in Refusal.Code.allCases { #expect(RefusalCode(code).rawValue == code.rawValue) }
    }
}
