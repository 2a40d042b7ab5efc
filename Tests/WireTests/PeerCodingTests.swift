import Consortium
import Gossip
import Testing

@testable import Wire

/// Frames between nodes, and gossip.
@Suite struct PeerCodingTests {
    @Test(arguments: 0..<420) func everyFrameSurvivesTheWire(seed: Int) throws {
        var sample = Sample(seed: UInt64(seed))
        let frame = try sample.frame(seed)
        let bytes = frame.wireBytes()
        let read = try PeerFrame(wire: bytes)
        #expect(read.wireBytes() == bytes)
        #expect("\(read)" == "\(frame)")
        #expect("\(try PeerFrame(wire: bytes + ConsortiumCodingTests.unknownField))" == "\(frame)")
    }

    @Test(arguments: 0..<200) func gossipSurvivesTheWire(seed: Int) throws {
        var sample = Sample(seed: UInt64(seed))
        let message = sample.gossip()
        let bytes = message.wireBytes()
        #expect(bytes.count <= message.bytesMax)
        #expect(try GossipMessage(wire: bytes) == message)
        #expect(try GossipMessage(wire: bytes + ConsortiumCodingTests.unknownField) == message)
        let state = PushPullState(
            sender: sample.memberName(), members: sample.list(20) { $0.member() }, records: sample.list(20) { $0.record() })
        #expect(try PushPullState(wire: state.wireBytes()) == state)
    }

    @Test func callsSurviveTheWire() throws {
        var sample = Sample(seed: 3)
        for call in [
            PeerCall.askDesks, PeerCall.desks(DesksOpen(served: "", versions: [])),
            PeerCall.desks(DesksOpen(served: "ab12", versions: [.init(version: "ab12", count: 3), .init(version: "other", count: .max)])),
            PeerCall.askSettings(after: .max), .askPicture(TicketID(high: 1, low: .max)), .picture([]), .picture([0xFF, 0, 0xD8]),
            PeerCall.settings(SettingsTold(version: 0, lines: "", book: [], refusal: "")),
            PeerCall.settings(
                SettingsTold(
                    version: 3, lines: "pickUpSeconds: 60\n", book: [SettingsEdition(signed: sample.signedSettings(), wallMs: .max)],
                    refusal: "No.")),
            PeerCall.changeCoordinators(.add(try sample.node(), id: 7, peer: "[2001:db8::1]:7200")),
            .changeCoordinators(.remove(try sample.node())), .progress(.done("a")), .progress(.working("b")), .progress(.refused("c")),
            .certify(publicKey: "-----BEGIN PUBLIC KEY-----"), .certified(String(repeating: "c", count: 16 * 1_024)),
            .verifyPassword(try sample.person(), password: "p\u{0}ä"), .storeVerifier(try sample.person(), verifier: "$argon2id$"),
            .answer(ok: true, text: "yes"), .lacks(.needed), .lacks(.wrong), .lacks(.tooMany),
            .verifyPassword(try sample.person(), password: "p", code: "123456"), .askSecondStep(try sample.person()),
            .secondStepState(SecondStepState(serial: .max, isOn: true, recoveryLeft: 10, turnedOffBy: "Otto")),
            .secondStep(
                try sample.person(),
                SecondStep(
                    serial: .max, secret: [1, 2, 3], lastStep: .max, recovery: [[UInt8](repeating: 7, count: 16)], turnedOffBy: "Otto",
                    isTold: true
                )),
            .secondStep(try sample.person(), SecondStep(serial: 1)), .lacks(.newPassword), .askLacking([]),
            .askLacking([try sample.person(), try sample.person()]), .lacking([try sample.person()]),
            .firstCode(try sample.person(), digest: [UInt8](repeating: 9, count: 16), untilMs: .max), .closeAccount(try sample.person()),
            .endSignIns(try sample.person()), .campusName(try sample.person(), ""), .campusName(try sample.person(), "mm 123@campus"),
        ] {
            #expect(try PeerCall(wire: call.wireBytes()) == call)
            for bytes in Damage.variants(of: call.wireBytes(), &sample) { Damage.tryDecoding(bytes) { try PeerCall(wire: $0).wireBytes() } }
        }
        let wide = PeerCall.certified(String(repeating: "c", count: 16 * 1_024 + 1))
        #expect(throws: WireError.tooLarge(expectedMax: 16 * 1_024, found: 16 * 1_024 + 1)) { try PeerCall(wire: wide.wireBytes()) }
        let digests = PeerCall.secondStep(
            try sample.person(),
            SecondStep(serial: 1, secret: [1], recovery: [[UInt8]](repeating: [UInt8](repeating: 0, count: 16), count: 17)))
        #expect(throws: WireError.tooLarge(expectedMax: 16, found: 17)) { try PeerCall(wire: digests.wireBytes()) }
        let crowd = PeerCall.askLacking([OperatorName](repeating: try sample.person(), count: PeerCall.peopleMax + 1))
        #expect(throws: WireError.tooLarge(expectedMax: 200, found: 201)) { try PeerCall(wire: crowd.wireBytes()) }
        let many = PeerCall.desks(DesksOpen(served: "a", versions: (0...DesksOpen.versionsMax).map { .init(version: "\($0)", count: 1) }))
        #expect(throws: WireError.tooLarge(expectedMax: 16, found: 17)) { try PeerCall(wire: many.wireBytes()) }
        let wordy = PeerCall.desks(DesksOpen(served: String(repeating: "v", count: 65), versions: []))
        #expect(throws: WireError.tooLarge(expectedMax: 64, found: 65)) { try PeerCall(wire: wordy.wireBytes()) }
        let lengthy = PeerCall.settings(SettingsTold(version: 1, lines: String(repeating: "l", count: 4_001), book: [], refusal: ""))
        #expect(throws: WireError.tooLarge(expectedMax: 4_000, found: 4_001)) { try PeerCall(wire: lengthy.wireBytes()) }
        let large = PeerCall.picture([UInt8](repeating: 0, count: 512 * 1_024 + 1))
        #expect(throws: WireError.tooLarge(expectedMax: 524_288, found: 524_289)) { try PeerCall(wire: large.wireBytes()) }
        let long = PeerCall.verifyPassword(try sample.person(), password: String(repeating: "p", count: 513))
        #expect(throws: WireError.tooLarge(expectedMax: 512, found: 513)) { try PeerCall(wire: long.wireBytes()) }
    }

    /// Whatever two keepers know, and whoever asks first: both come to the same, and nothing that was used is good again.
    @Test func keepersOfASecondStepAgree() {
        let codes = (0..<3).map { [UInt8](repeating: $0, count: 16) }
        let steps = [
            SecondStep(serial: 1), SecondStep(serial: 1, secret: [1], lastStep: 7, recovery: codes),
            SecondStep(serial: 1, secret: [1], lastStep: 9, recovery: [codes[0], codes[2]]),
            SecondStep(serial: 1, secret: [1], lastStep: 8, recovery: [codes[1], codes[2]]),
            SecondStep(serial: 1, secret: [2], recovery: codes),
            SecondStep(serial: 2, turnedOffBy: "Otto"), SecondStep(serial: 2, turnedOffBy: "Otto", isTold: true),
        ]
        for one in steps {
            #expect(one.merged(with: one) == one)
            for other in steps {
                let both = one.merged(with: other)
                #expect(both == other.merged(with: one))
                #expect(both.merged(with: one) == both)
                for third in steps { #expect(both.merged(with: third) == one.merged(with: other.merged(with: third))) }
            }
        }
        let used = steps[2].merged(with: steps[3])
        #expect(used.lastStep == 9 && used.recovery == [codes[2]])
    }

    @Test func whatIsUnknownIsNamed() {
        for read in [{ _ = try PeerFrame(wire: $0) }, { _ = try PeerCall(wire: $0) }, { _ = try GossipMessage(wire: $0) }]
            as [([UInt8]) throws -> Void]
        {
            #expect { try read(ConsortiumCodingTests.unknownField) } throws: { if case WireError.unknownKind = $0 { true } else { false } }
        }
    }

    @Test(arguments: 0..<150) func noBytesTrap(seed: Int) throws {
        var sample = Sample(seed: UInt64(seed))
        let originals = [try sample.frame(seed).wireBytes(), sample.gossip().wireBytes()]
        for bytes in originals.flatMap({ Damage.variants(of: $0, &sample) }) {
            Damage.tryDecoding(bytes) { try PeerFrame(wire: $0).wireBytes() }
            Damage.tryDecoding(bytes) { try GossipMessage(wire: $0).wireBytes() }
            Damage.tryDecoding(bytes) { try PushPullState(wire: $0).wireBytes() }
        }
    }
}
