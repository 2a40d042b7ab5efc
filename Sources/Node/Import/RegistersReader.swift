/// Reads entries of registers from the consortium's file: `registers:`, for each register a list of filled-in forms. Words may be a list; an entry of another
/// register is named by the answer that comes first in its form (an acceptance names the agreement's version by its name).

import Consortium
import Sodium
import Yams

extension YAMLReader {
    /// In the order in which they must be applied, with the line of each. The identifiers are drawn from what is answered, so that the same entry is the same
    /// in every import.
    mutating func registers(_ node: Node) -> [(entry: RegisterEntry, line: Int)] {
        var found: [(entry: RegisterEntry, line: Int)] = []
        let names = Register.allCases.map(\.form.name)
        guard let map = mapping(node, "registers", keys: names) else { return [] }
        for register in Register.importOrder {
            guard let list = map[register.form.name] else { continue }
            for node in sequence(list, register.form.name, max: Limits.registerEntriesMax) {
                guard let entry = entry(node, register, among: found.map(\.entry)) else { continue }
                if found.contains(where: { $0.entry.id == entry.id }) {
                    fail(node, "the \(register.form.one) `\(register.form.heading(entry))` stands here a second time")
                }
                found.append((entry, node.line))
            }
        }
        return found
    }

    private mutating func entry(_ node: Node, _ register: Register, among others: [RegisterEntry]) -> RegisterEntry? {
        let form = register.form
        guard let map = mapping(node, "a \(form.one)", keys: form.questions.map(\.key)) else { return nil }
        var answers: [RegisterEntry.Answer] = []
        for question in form.questions {
            guard let node = map[question.key] else { continue }
            guard var text = question.kind == .words ? words(node, question.key) : text(node, question.key) else { return nil }
            if case .entry(let other) = question.kind {
                let key = other.form.questions[0].key
                let named = others.first { $0.register == other && $0[key] == text }
                text = (named?.id ?? EntryID(of: other, naming: [text])).text
            }
            answers.append(.init(question.key, text))
        }
        let written = RegisterEntry(id: EntryID(high: 0, low: 0), register: register, answers: answers)
        do throws(Consortium.Refusal) {
            let entry = try form.filled(written)
            let naming = form.unique.isEmpty ? form.heads : form.unique
            return RegisterEntry(id: EntryID(of: register, naming: naming.map { entry[$0] }), register: register, answers: entry.answers)
        } catch {
            fail(node, error.sentence)
            return nil
        }
    }

    /// `a, b` or `[a, b]`.
    private mutating func words(_ node: Node, _ key: String) -> String? {
        guard node.sequence != nil else { return text(node, key) }
        return sequence(node, key).compactMap { text($0, key) }.joined(separator: ", ")
    }
}

extension Register {
    fileprivate static var importOrder: [Register] { allCases.sorted { ($0.importRank, $0) < ($1.importRank, $1) } }

    /// What others name comes before them, and going live after all that must be done before.
    private var importRank: Int {
        switch self {
        case .liaisons, .agreements, .training, .trainingRequests, .announcements, .texts, .pages, .alerts: 0
        case .acceptances: 1
        case .onboarding: 2
        }
    }
}

extension EntryID {
    /// The beginning of a digest of what names the entry.
    fileprivate init(of register: Register, naming answers: [String]) {
        let digest = Hash.sha256(Array(([register.form.name] + answers).joined(separator: "\u{0}").utf8))
        func number(_ bytes: some Sequence<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
        self.init(high: number(digest.prefix(8)), low: number(digest.dropFirst(8).prefix(8)))
    }
}
