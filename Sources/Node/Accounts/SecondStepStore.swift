/// The second steps that this node keeps: those of the people whose password it keeps.
///
/// One file, `second-steps`, a line for each: name, space, the record in hexadecimal, sealed by the key in `account-keys` for this name alone. It is replaced whole, as
/// `accounts` is, before anything is answered: a code that was used stays used when the machine stops. Whoever gets the file without the key, as in a part of a backup, has no secrets.

import Consortium
import SignIn
import Sodium
import Wire

/// Confined to the accounts worker.
package struct SecondStepStore {
    package enum Failure: Error, CustomStringConvertible {
        case badLine(path: String, line: Int)
        /// Not by the key in the file of keys, or not for this name.
        case sealedElsewhere(path: String, line: Int)
        case full

        package var description: String {
            switch self {
            case .badLine(let path, let line): "\(path) line \(line): expected a name once, and a sealed record; restore the file"
            case .sealedElsewhere(let path, let line):
                "\(path) line \(line): sealed by another key than `account-keys` beside it has; restore that file, or delete the line: this person then signs in with the password alone"
            case .full: "this node keeps \(Limits.operatorsMax) second steps already"
            }
        }
    }

    /// What a code comes to, of somebody whose password is right.
    enum Judgement: Equatable {
        /// Signed in; the sentence, where there is one, is for the person.
        case right(told: String)
        case lacks(CodeCheck)
    }

    private let path: String
    private let ring: Keyring
    private(set) var steps: [OperatorName: SecondStep] = [:]
    private var brake = CodeBrake()

    init(folder: String) throws {
        path = folder + "/second-steps"
        // The same whatever the cluster is called: a restored one has another name.
        ring = try KeyringFile.read(folder + "/account-keys", cluster: Array("callslip accounts".utf8))
        guard let text = try SmallFile.read(path) else { return }
        for (number, line) in text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated() where !line.isEmpty {
            let words = line.split(separator: " ")
            guard words.count == 2, let name = OperatorName(String(words[0])), let sealed = Hex.bytes(of: words[1]), steps[name] == nil
            else { throw Failure.badLine(path: path, line: number + 1) }
            guard let opened = try? ring.open(sealed, context: Self.context(name)), let step = try? SecondStep(wire: opened) else {
                throw Failure.sealedElsewhere(path: path, line: number + 1)
            }
            guard steps.count < Limits.operatorsMax else { throw Failure.full }
            steps[name] = step
        }
    }

    func state(of name: OperatorName) -> SecondStepState { steps[name].map { SecondStepState($0) } ?? SecondStepState() }

    /// Takes in what another keeper knows, or what the person wants.
    /// - Returns: what is known from here on.
    mutating func take(_ step: SecondStep, of name: OperatorName) throws -> SecondStep {
        let merged = steps[name]?.merged(with: step) ?? step
        try keep(merged, of: name)
        return merged
    }

    /// Judges the code of somebody whose password is right; what it used is on the disk before this returns.
    /// - Parameter code: as it was typed; empty: none was.
    mutating func judge(_ code: String, of name: OperatorName, nowMs: UInt64) throws -> Judgement {
        guard var step = steps[name] else { return .right(told: "") }
        guard step.isOn else {
            guard !step.turnedOffBy.isEmpty, !step.isTold else { return .right(told: "") }
            step.isTold = true
            try keep(step, of: name)
            return .right(told: "\(step.turnedOffBy) turned your second step off. If you did not ask for that, tell your library’s admin.")
        }
        let plain = TypedCode.plain(code)
        guard !plain.isEmpty else { return .lacks(.needed) }
        if let digest = RecoveryCode.digest(plain, of: name.text) {
            guard let index = step.recovery.firstIndex(where: { constantTimeEqual($0, digest) }) else { return .lacks(.wrong) }
            step.recovery.remove(at: index)
            try keep(step, of: name)
            brake.right(name)
            let left = step.recovery.count
            return .right(
                told: "That recovery code is used up; \(left == 1 ? "one is" : "\(left) are") left. New ones come with a new second step.")
        }
        guard brake.begin(name, nowMs: nowMs) else { return .lacks(.tooMany) }
        guard let used = OneTimeCode.step(of: plain, step.secret, after: step.lastStep, nowMs: nowMs) else { return .lacks(.wrong) }
        step.lastStep = used
        try keep(step, of: name)
        brake.right(name)
        return .right(told: "")
    }

    private mutating func keep(_ step: SecondStep, of name: OperatorName) throws {
        guard steps[name] != step else { return }
        guard steps[name] != nil || steps.count < Limits.operatorsMax else { throw Failure.full }
        var changed = steps
        changed[name] = step
        var text = ""
        for (name, step) in changed.sorted(by: { $0.key < $1.key }) {
            let sealed = try ring.seal(step.wireBytes(), context: Self.context(name))
            text += "\(name) \(Hex.text(of: sealed))\n"
        }
        try SmallFile.replace(path, with: text)
        steps = changed
    }

    /// One person's record is not taken for another's.
    private static func context(_ name: OperatorName) -> [UInt8] { Array("callslip second step of \(name)".utf8) }
}

/// How many codes of six digits may be tried of one person whose password is known, by all who try together: with `SignInBrake` alone, who has many networks could try many.
///
/// Nobody is locked out by it: only whoever has the password gets so far, and a recovery code is looked at always. A value, in memory alone, of at most `rememberedMax` names.
struct CodeBrake {
    /// Of a million codes three are good at a time: one guess in 17,000 hours is right.
    static let wrongMax = 20
    static let windowMs: UInt64 = 3_600_000
    static let rememberedMax = 4_096

    private struct Wrong {
        var count: Int
        var sinceMs: UInt64
    }

    private var wrong: [OperatorName: Wrong] = [:]

    /// A try begins, and counts as wrong until it is known to be right.
    /// - Returns: whether the code may be looked at.
    mutating func begin(_ name: OperatorName, nowMs: UInt64) -> Bool {
        var entry = wrong[name].flatMap { $0.sinceMs &+ Self.windowMs > nowMs ? $0 : nil } ?? Wrong(count: 0, sinceMs: nowMs)
        guard entry.count < Self.wrongMax else { return false }
        entry.count += 1
        if wrong[name] == nil, wrong.count >= Self.rememberedMax, let oldest = wrong.min(by: { $0.value.sinceMs < $1.value.sinceMs })?.key {
            wrong[oldest] = nil
        }
        wrong[name] = entry
        return true
    }

    mutating func right(_ name: OperatorName) { wrong[name] = nil }
}
