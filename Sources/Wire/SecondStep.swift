/// What a node that keeps somebody's password keeps of their second step as well, and what keepers tell each other of it.

import Consortium
import FoundationEssentials
import SwiftProtobuf

public struct SecondStep: Hashable, Sendable {
    /// Grows with each turning on and off.
    public var serial: UInt64
    /// Empty: off.
    public var secret: [UInt8]
    /// The last step of time whose code was used; 0 before the first.
    public var lastStep: UInt64
    /// Digests of the recovery codes that are left, in their own order.
    public var recovery: [[UInt8]]
    /// Who turned it off, where that was somebody else; else empty.
    public var turnedOffBy: String
    /// Whether the person was told of that.
    public var isTold: Bool

    public var isOn: Bool { !secret.isEmpty }

    public init(
        serial: UInt64, secret: [UInt8] = [], lastStep: UInt64 = 0, recovery: [[UInt8]] = [], turnedOffBy: String = "", isTold: Bool = false
    ) {
        self.serial = serial
        self.secret = secret
        self.lastStep = lastStep
        self.recovery = recovery
        self.turnedOffBy = turnedOffBy
        self.isTold = isTold
    }

    public static let secretBytesMax = 64
    public static let recoveryMax = 16
    public static let digestBytes = 16
    public static let nameBytesMax = 256

    /// What both know together, whoever asks: the newer one, and of the same everything that was used.
    public func merged(with other: SecondStep) -> SecondStep {
        guard serial == other.serial, secret == other.secret else {
            // Turned on in two places at once: the same one is taken everywhere.
            let isOlder = serial == other.serial ? secret.lexicographicallyPrecedes(other.secret) : serial < other.serial
            return isOlder ? other : self
        }
        var merged = self
        merged.lastStep = max(lastStep, other.lastStep)
        merged.recovery = recovery.filter { other.recovery.contains($0) }
        merged.turnedOffBy = max(turnedOffBy, other.turnedOffBy)
        merged.isTold = isTold || other.isTold
        return merged
    }

    public func wireBytes() -> [UInt8] {
        do {
            return try wire.serializedBytes()
        } catch {
            // Proto3 without required fields: only a field over 2 GiB fails, and the fields are bounded.
            preconditionFailure("a second step within its limits did not serialize: \(error)")
        }
    }

    public init(wire bytes: [UInt8]) throws(WireError) {
        let wire: WireSecondStep
        do { wire = try WireSecondStep(serializedBytes: bytes) } catch { throw .truncated }
        try self.init(wire)
    }

    var wire: WireSecondStep {
        .with {
            $0.serial = serial
            $0.secret = Data(secret)
            $0.lastStep = lastStep
            $0.recovery = recovery.map { Data($0) }
            $0.turnedOffBy = turnedOffBy
            $0.isTold = isTold
        }
    }

    init(_ wire: WireSecondStep) throws(WireError) {
        guard wire.secret.count <= Self.secretBytesMax else {
            throw .tooLarge(expectedMax: Self.secretBytesMax, found: wire.secret.count)
        }
        guard wire.recovery.count <= Self.recoveryMax else { throw .tooLarge(expectedMax: Self.recoveryMax, found: wire.recovery.count) }
        guard wire.recovery.allSatisfy({ $0.count == Self.digestBytes }) else {
            throw .invalidField("step.recovery", expected: "\(Self.digestBytes) bytes each")
        }
        guard wire.turnedOffBy.utf8.count <= Self.nameBytesMax else {
            throw .tooLarge(expectedMax: Self.nameBytesMax, found: wire.turnedOffBy.utf8.count)
        }
        self.init(
            serial: wire.serial, secret: Array(wire.secret), lastStep: wire.lastStep, recovery: wire.recovery.map { Array($0) },
            turnedOffBy: wire.turnedOffBy, isTold: wire.isTold)
    }
}

/// How it stands with somebody's second step: what others than its keepers may know.
public struct SecondStepState: Hashable, Sendable {
    public var serial: UInt64
    public var isOn: Bool
    public var recoveryLeft: Int
    public var turnedOffBy: String

    public init(serial: UInt64 = 0, isOn: Bool = false, recoveryLeft: Int = 0, turnedOffBy: String = "") {
        self.serial = serial
        self.isOn = isOn
        self.recoveryLeft = recoveryLeft
        self.turnedOffBy = turnedOffBy
    }

    public init(_ step: SecondStep) {
        self.init(serial: step.serial, isOn: step.isOn, recoveryLeft: step.recovery.count, turnedOffBy: step.turnedOffBy)
    }

    var wire: WireSecondStepState {
        .with {
            $0.serial = serial
            $0.isOn = isOn
            $0.recoveryLeft = UInt32(clamping: recoveryLeft)
            $0.turnedOffBy = turnedOffBy
        }
    }

    init(_ wire: WireSecondStepState) {
        self.init(
            serial: wire.serial, isOn: wire.isOn, recoveryLeft: min(Int(wire.recoveryLeft), SecondStep.recoveryMax),
            turnedOffBy: String(wire.turnedOffBy.prefix(SecondStep.nameBytesMax)))
    }
}

/// What a right password lacked.
public enum CodeCheck: UInt32, Sendable {
    case needed = 1
    case wrong = 2
    /// Too many were wrong; only a recovery code is looked at for a while.
    case tooMany = 3
    /// It was a first code: a password is to be chosen.
    case newPassword = 4
}
