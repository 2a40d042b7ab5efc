import Consortium
import Coordinator
import Gossip
import Raft
import Seeded
import Testing
import Wire

// MARK: Views

extension Sample {
    mutating func reason() throws -> Reason {
        of([
            .closed(text()), .nobodySignedOn, .nobodyAvailableHere, .everybodyLeaving, .paused, .staffed(pick(100)), .everybodyBusy,
            .fallbackOff,
            .fallsBackTo(try queue()), .generalUnavailable, .unknownQueue,
        ])
    }
    mutating func reach() throws -> Reach { of([.own, .referred(to: try queue()), .nobody]) }
    mutating func line() throws -> WaitingChat {
        WaitingChat(
            chat: id(), library: try optional { try $0.library() }, queue: try queue(), home: try queue(), question: text(),
            sinceMs: number(),
            offer: optional { $0.token() }, offeredBy: try optional { try $0.person() }, note: text(), dueMs: optional { $0.number() },
            dutyFirstUntilMs: optional { $0.number() }, listed: optional { Listed(entry: $0.id(), name: $0.text()) })
    }
    mutating func board() throws -> Board {
        var board = Board(
            at: token(), clockMs: number(), settings: settings(), libraries: try list(3) { try $0.libraryEntry() },
            queues: try list(3) { sample in
                QueueStatus(
                    queue: try sample.queueEntry(),
                    decision: RoutingDecision(reach: try sample.reach(), reasons: try sample.list(4) { try $0.reason() }),
                    staffed: sample.pick(9), freePlaces: sample.pick(9), waiting: sample.pick(9),
                    usualWaitMs: sample.optional { $0.number() }, paused: sample.chance(20))
            }, operators: try list(3) { try $0.operatorEntry() },
            signedOn: try list(3) { sample in
                OperatorStatus(
                    name: try sample.person(), displayName: sample.text(), library: try sample.library(), session: sample.id(),
                    node: try sample.node(), available: try sample.list(3) { try $0.queue() }, holdings: sample.list(3) { $0.id() },
                    leavingAtMs: sample.optional { $0.number() }, untilMs: sample.optional { $0.number() },
                    duty: sample.of([nil, .library, .general, .both]))
            }, waiting: try list(4) { try $0.line() }, kept: try list(4) { try $0.line() },
            claimed: try list(3) { ClaimedChat(chat: $0.id(), by: try $0.person()) }, terms: try terms(),
            hours: try list(2) { try $0.hours() }, ledger: try optional { sample in try sample.list(3) { try $0.ledgerNow() } })
        board.referred = try list(3) { sample in
            ReferredChat(
                chat: sample.id(), by: try sample.person(), target: try sample.queue(), home: try sample.queue(), sinceMs: sample.number(),
                dueMs: sample.number(), standing: sample.of(ReferredChat.Standing.allCases),
                answeredBy: try sample.optional { try $0.person() }, endedWallMs: sample.optional { $0.number() })
        }
        board.keepsTally = chance(50)
        board.featureLevel = small()
        board.room = try list(3) { sample in
            RoomLine(
                at: sample.token(), request: sample.id(), by: try sample.person(), displayName: sample.text(),
                library: try sample.library(),
                clockMs: sample.number(), wallMs: sample.number(), word: sample.roomWord())
        }
        for place in board.signedOn.indices {
            board.signedOn[place].volunteers = chance(50)
            board.signedOn[place].mentor = try optional { try $0.person() }
            board.signedOn[place].watching = list(2) { $0.id() }
        }
        board.keepsAudit = chance(50)
        board.wishChange = number()
        board.shiftChange = number()
        board.buttons = try optional { try $0.buttonNews() }
        board.removedNodes = try list(3) { try $0.removedNode() }
        board.keys = try keyPlan()
        board.settingsBook = optional { sample in
            sample.list(3) { SettingsEdition(signed: $0.signedSettings(), wallMs: $0.number()) }
        }
        return board
    }
    mutating func roomWord() -> RoomWord { of([.said(text()), .swamped(text()), .takesOne(of: token())]) }
    mutating func ledgerNow() throws -> LedgerNow {
        LedgerNow(library: try library(), hours: of(Gate.allCases), staffing: of(Staffing.allCases), gapSince: optional { $0.small() })
    }
    mutating func shiftBook() throws -> ShiftBook {
        ShiftBook(
            library: try library(), change: number(),
            shifts: try list(3) { sample in
                Shift(
                    id: sample.id(), operatorName: try sample.person(), fromMs: sample.number(), untilMs: sample.number(),
                    duty: sample.of([nil, .library, .general, .both]), version: sample.number(),
                    handed: try sample.optional { sample in
                        ShiftHanding(
                            from: try sample.person(), by: sample.chance(50) ? try sample.person() : nil, wallMs: sample.number())
                    })
            })
    }
    mutating func wish() throws -> TranscriptWish {
        TranscriptWish(
            id: id(), kind: of(TranscriptWish.Kind.allCases), chat: id(), library: try library(), by: try person(), reason: text(),
            days: small(), askedWallMs: number(), stage: of(TranscriptWish.Stage.allCases), decidedBy: chance(50) ? try person() : nil,
            note: text(), decidedWallMs: number())
    }
    mutating func auditPage() throws -> AuditPage {
        let entries = try list(4) { sample in
            AuditEntry(
                number: sample.number(), wallMs: sample.number(), by: sample.of([.admin, .node, .person(try sample.person())]),
                node: sample.chance(50) ? try sample.node().text : "", act: sample.of(AuditAct.allCases),
                subject: sample.text().excerpt(bytesMax: 40),
                library: sample.chance(50) ? try sample.library().text : "",
                hash: Array(repeating: UInt8(sample.pick(256)), count: 32))
        }
        return AuditPage(anchor: AuditAnchor(number: number(), hash: Array(repeating: 7, count: 32)), entries: entries, last: number())
    }
    mutating func tallyPlace() throws -> TallyPlace {
        switch pick(3) {
        case 0: .general
        case 1: .library(try library())
        default: .queue(try queue())
        }
    }
    mutating func tallyPage() throws -> TallyPage {
        var hour: TallyHour = 0
        let counters: [TallyCounter] = [.asked, .answered, .offered, .wait(3), .leg(17), .ended(.practice), .rated(.helped)].sorted()
        let cells = try list(4) { sample in
            hour += 1 + TallyHour(sample.pick(100))
            let entries = counters.filter { _ in sample.chance(50) }.map { TallyCell.Entry($0, 1 + UInt32(sample.pick(900))) }
            let share = TallyShare(
                library: sample.chance(70) ? try sample.library() : nil, viaGeneral: sample.chance(50), count: 1 + sample.small() / 2)
            let cell = TallyCell(
                entries: entries, answeredBy: sample.chance(50) ? [share] : [], answeredFor: sample.chance(50) ? [share] : [])
            return TallyHourCell(hour: hour, cell: try #require(cell))
        }
        return TallyPage(cells: cells, next: optional { $0.small() })
    }
    mutating func causes() -> [CauseRun] {
        ledger().map { CauseRun(from: $0.from, causes: Causes(rawValue: UInt16(pick(512))), takers: UInt8(pick(256))) }
    }
    mutating func past() throws -> PastHours {
        var hour: TallyHour = 0
        let cells = try list(4) { sample in
            hour += 1 + TallyHour(sample.pick(100))
            let waits = sample.list(WaitClasses.count) { UInt32($0.pick(300)) }
            let cell = TallyCell(former: 1 + waits.reduce(0, +) + UInt32(sample.pick(9)), waits: waits)
            return TallyHourCell(hour: hour, cell: try #require(cell))
        }
        return PastHours(home: chance(70) ? try library() : nil, cells: cells)
    }
    mutating func duty() -> [DutyRun] { ledger().map { DutyRun(from: $0.from, people: UInt16(pick(65_536))) } }
    mutating func ledger() -> [LedgerRun] {
        var minute: LedgerMinute = 0
        return list(9) { sample in
            minute += LedgerMinute(sample.pick(3_000))
            return LedgerRun(from: minute, hours: sample.of(Gate.allCases), staffing: sample.of(Staffing.allCases))
        }
    }

    mutating func phase() throws -> ChatPhase {
        switch pick(6) {
        case 5: return .ask(try queue())
        case 0: return .waiting(queue: try queue(), ahead: pick(200))
        case 1:
            let offer = try optional { sample in
                OfferView(
                    offer: sample.token(), target: try sample.queue(), targetTitle: sample.text(), awaitingConsent: sample.chance(50),
                    deadlineMs: sample.number(), answerInMs: sample.chance(30) ? 3_600_000 : nil)
            }
            return .held(
                Holder(operatorName: try person(), displayName: text(), library: try library(), session: id(), token: token()),
                offer: offer)
        case 2: return .unattended
        case 3: return .kept
        default: return .closed(of(CloseReason.allCases))
        }
    }
    mutating func event() throws -> ChatEvent {
        switch pick(12) {
        case 0: .opened(try queue())
        case 1: .referred(to: try queue())
        case 2: .claimed(try person(), displayName: text(), library: try library())
        case 3: .transferAsked(try queue())
        case 4: .transferDeclined(try queue())
        case 5: .offered(try queue())
        case 6: .pickedUp(try person(), displayName: text(), library: try library())
        case 7: .returned(from: try queue(), of(ReturnReason.allCases))
        case 8: .requeued(try queue(), of(RequeueReason.allCases))
        case 9: .nobodyThere
        case 10: .kept
        default: .closed(of(CloseReason.allCases))
        }
    }
    mutating func author() throws -> ChatMessage.Author {
        of([.patron, .staff(try person(), displayName: text(), library: try library()), .service])
    }
    mutating func message() throws -> ChatMessage {
        let author = try author()
        let body: ChatMessage.Body =
            chance(60) ? words() : .event(try event())
        return ChatMessage(
            position: position(), author: author, body: body, wallMs: number(), late: chance(20), patronSupplied: chance(20),
            branch: chance(20))
    }
    mutating func update() throws -> ChatUpdate {
        var meta = ChatMeta(
            chat: id(), at: token(), clockMs: number(), library: try optional { try $0.library() }, queue: try queue(), epoch: small(),
            last: position(), phase: try phase(), openedMs: number(), attach: id(), patronPresent: chance(50),
            usualWaitMs: optional { $0.number() }, tried: try list(3) { try $0.queue() },
            senders: list(4) { SenderMark(sender: $0.id(), sequence: $0.number()) })
        meta.watchers = try list(3) { try $0.person() }
        return ChatUpdate(meta: meta, messages: try list(20) { try $0.message() })
    }
}
