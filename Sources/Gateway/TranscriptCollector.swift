/// How a node takes the transcripts of the libraries whose home it is (rule 16), as a pure value.
///
/// It asks for what lies after the highest number that it keeps, one transcript at a time for each library; has it stored, number and text in one
/// transaction; then says so to the consortium, again and again until it is answered. What another library keeps by now is deleted here.
///
/// Its caller owes it: `onOpened` once, with what the store held at the start; the store's answer to every `store`; links and outcomes in their order.

import Consortium

/// What the shell has to do.
public enum TranscriptDirective: Hashable, Sendable {
    case collect(LibraryName, after: UInt64)
    /// Keep it, durably, with its number as the library's mark. Answer with `onStored` or `onStoreFailed`.
    case store(Transcript)
    case propose(counter: UInt64, TranscriptTaken)
    /// The consortium knows that this one is here.
    case settle(LibraryName, number: UInt64)
    /// Another node keeps this one: delete the copy here.
    case discard(LibraryName, number: UInt64)
    /// Tell the consortium what was deleted here.
    case proposeDeletion(counter: UInt64, TranscriptDeleted)
    /// The consortium knows of this deletion.
    case declared(TranscriptDeleted)
    case scheduleTick(atMs: UInt64)
}

public struct TranscriptCollector: Sendable {
    /// Proposals of this kind have this bit in their counter; the rest is the transcript's number.
    public static let counterBit: UInt64 = 1 << 61
    /// Those of deletions have this one too; the rest counts.
    static let deletionBit: UInt64 = 1 << 60
    /// Stored here, and not yet known to the consortium: beyond, no more is asked for.
    static let untoldMax = 64
    /// After a store that failed (the disk is full) it is tried again.
    static let retryMs: UInt64 = 5_000

    private let node: NodeName
    private var isOpen = false
    private var isUp = false
    private var hosted: [LibraryName] = []
    private var marks: [LibraryName: UInt64] = [:]
    /// Asked over the present link and not answered.
    private var asked: Set<LibraryName> = []
    private var storing: Set<LibraryName> = []
    private var untold: [UInt64: LibraryName] = [:]
    /// What was told to wait, and until when.
    private var busyUntilMs: [UInt64: UInt64] = [:]
    private var failedUntilMs: [LibraryName: UInt64] = [:]
    /// Told over the present link and not answered.
    private var deletions: [UInt64: TranscriptDeleted] = [:]
    private var deletionCount: UInt64 = 0

    public init(node: NodeName) { self.node = node }

    /// The highest number that is kept of each library; and what was stored and not yet known to the consortium.
    public mutating func onOpened(marks: [LibraryName: UInt64], untold: [UInt64: LibraryName], nowMs: UInt64) -> [TranscriptDirective] {
        isOpen = true
        self.marks = marks
        self.untold = untold
        return tellAll(nowMs: nowMs) + ask(nowMs: nowMs)
    }

    public mutating func onLinkUp(nowMs: UInt64) -> [TranscriptDirective] {
        isUp = true
        asked = []
        busyUntilMs = [:]
        deletions = [:]
        return tellAll(nowMs: nowMs) + ask(nowMs: nowMs)
    }

    public mutating func onLinkDown() { isUp = false }

    /// The roster, as the coordinators sent it: not that of a branch.
    public mutating func onBoard(_ board: Board, nowMs: UInt64) -> [TranscriptDirective] {
        hosted = board.libraries.filter { $0.homeNode == node }.map(\.name)
        return ask(nowMs: nowMs)
    }

    public mutating func onTranscript(_ transcript: Transcript, nowMs: UInt64) -> [TranscriptDirective] {
        let library = transcript.library
        asked.remove(library)
        guard isOpen, hosted.contains(library), !storing.contains(library), transcript.number > marks[library] ?? 0 else {
            return ask(nowMs: nowMs)
        }
        storing.insert(library)
        return [.store(transcript)]
    }

    public mutating func onStored(_ library: LibraryName, number: UInt64, nowMs: UInt64) -> [TranscriptDirective] {
        storing.remove(library)
        marks[library] = max(marks[library] ?? 0, number)
        untold[number] = library
        return tell(number) + ask(nowMs: nowMs)
    }

    /// Nothing of it is kept; it is asked for again after a while.
    public mutating func onStoreFailed(_ library: LibraryName, nowMs: UInt64) -> [TranscriptDirective] {
        storing.remove(library)
        failedUntilMs[library] = nowMs + Self.retryMs
        return [.scheduleTick(atMs: nowMs + Self.retryMs)]
    }

    /// What was deleted here and is not known to be known, as the store has it: asked now and then, and after each link.
    public mutating func onDeletions(_ undeclared: [TranscriptDeleted]) -> [TranscriptDirective] {
        guard isUp else { return [] }
        return undeclared.filter { !deletions.values.contains($0) }.map { deleted in
            deletionCount += 1
            let counter = Self.counterBit | Self.deletionBit | deletionCount
            deletions[counter] = deleted
            return .proposeDeletion(counter: counter, deleted)
        }
    }

    public mutating func onOutcome(_ counter: UInt64, _ verdict: Verdict, nowMs: UInt64) -> [TranscriptDirective] {
        // One that is refused is no longer this node's to tell.
        if counter & Self.deletionBit != 0 { return deletions.removeValue(forKey: counter).map { [.declared($0)] } ?? [] }
        let number = counter & ~Self.counterBit
        guard let library = untold.removeValue(forKey: number) else { return [] }
        busyUntilMs[number] = nil
        switch verdict {
        case .refused(let refusal) where refusal.code == .notHolder || refusal.code == .notAllowed:
            return [.discard(library, number: number)] + ask(nowMs: nowMs)
        // Coordinators that were restored from a backup may know nothing of it: what is kept stays.
        case .accepted, .refused: return [.settle(library, number: number)] + ask(nowMs: nowMs)
        }
    }

    public mutating func onBusy(_ counter: UInt64, retryMs: UInt64, nowMs: UInt64) -> [TranscriptDirective] {
        deletions[counter] = nil
        let number = counter & ~Self.counterBit
        guard untold[number] != nil else { return [] }
        // A coordinator may say any time.
        let (sum, overflows) = nowMs.addingReportingOverflow(retryMs)
        let untilMs = overflows ? .max : sum
        busyUntilMs[number] = untilMs
        return [.scheduleTick(atMs: untilMs)]
    }

    public mutating func onTick(nowMs: UInt64) -> [TranscriptDirective] {
        failedUntilMs = failedUntilMs.filter { $0.value > nowMs }
        let again = busyUntilMs.filter { $0.value <= nowMs }.keys.sorted()
        for number in again { busyUntilMs[number] = nil }
        let waiting = (Array(failedUntilMs.values) + Array(busyUntilMs.values)).min()
        return again.flatMap { tell($0) } + ask(nowMs: nowMs) + (waiting.map { [.scheduleTick(atMs: $0)] } ?? [])
    }

    private func tellAll(nowMs: UInt64) -> [TranscriptDirective] { untold.keys.sorted().flatMap { tell($0) } }

    private func tell(_ number: UInt64) -> [TranscriptDirective] {
        guard isUp, let library = untold[number] else { return [] }
        return [.propose(counter: number | Self.counterBit, TranscriptTaken(number: number, library: library, node: node))]
    }

    private mutating func ask(nowMs: UInt64) -> [TranscriptDirective] {
        guard isOpen, isUp, untold.count < Self.untoldMax else { return [] }
        var directives: [TranscriptDirective] = []
        for library in hosted where !storing.contains(library) && failedUntilMs[library] ?? 0 <= nowMs {
            if asked.insert(library).inserted { directives.append(.collect(library, after: marks[library] ?? 0)) }
        }
        return directives
    }
}
