/// Rule 10: after two crashes at one index a replica goes on replicating and stops applying, and says so.
///
/// A command on which `apply` ends the process would end it again at every start, since the log is applied anew from the snapshot. So
/// while the entries that the disk held at the start are applied, the place of each is written to a small file before it, and taken
/// back after the turn; a life that ends in between leaves it behind, and the next one counts it. Entries that come later
/// are not watched: one that ends the process is in the log at the next start.
///
/// The few bytes go to the system's memory without a sync: the end of a process does not lose them, and a loss of power costs a
/// count at worst.

import EventLoop
import Glibc

/// What the file says: where lives have ended, and where this one is.
struct ApplyRecord: Equatable {
    /// The entry at which the last life that crashed ended, and how many did so in a row; 0 when none did.
    var crashedAt: UInt64 = 0
    var crashes: UInt64 = 0
    /// The entry that is being applied; 0 between turns.
    var attempt: UInt64 = 0

    static let crashesMax: UInt64 = 2

    /// A new life begins: an attempt that was not taken back was the end of the one before.
    mutating func beginLife() {
        guard attempt != 0 else { return }
        (crashedAt, crashes) = (attempt, attempt == crashedAt ? crashes &+ 1 : 1)
        attempt = 0
    }

    /// The entry that must not be applied; `nil` when there is none.
    var barred: UInt64? { crashes >= Self.crashesMax ? crashedAt : nil }

    /// Three numbers of twenty digits, so that each can be written in its place.
    var text: String { [crashedAt, crashes, attempt].map(Self.digits).joined(separator: " ") + "\n" }

    static let attemptOffset = 42
    static func digits(_ number: UInt64) -> String {
        let digits = String(number)
        return String(repeating: "0", count: 20 - digits.utf8.count) + digits
    }

    init() {}

    /// `nil` for anything but `text`.
    init?(text: String) {
        let numbers = text.split(separator: "\n").first.map { $0.split(separator: " ").map { UInt64($0) } } ?? []
        guard numbers.count == 3, let at = numbers[0], let crashes = numbers[1], let attempt = numbers[2] else { return nil }
        (crashedAt, self.crashes, self.attempt) = (at, crashes, attempt)
    }
}

/// The file, for one life of a coordinator.
@ClusterActor
final class ApplyWatch {
    let path: String
    private(set) var record: ApplyRecord
    private var descriptor: Int32 = -1
    /// The last entry that is watched.
    private let through: UInt64

    /// - Parameter through: the last entry that the disk held at the start.
    init(folder: String, through: UInt64) throws {
        path = folder + "/applying"
        self.through = through
        if let text = try SmallFile.read(path) {
            guard let read = ApplyRecord(text: text) else {
                throw CallslipNode.StartFailure("\(path): expected three numbers, found something else; delete the file and start again")
            }
            record = read
        } else {
            record = ApplyRecord()
        }
        record.beginLife()
        try SmallFile.replace(path, with: record.text)
        descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw AccountStore.Failure.file(path: path, operation: "open", code: errno) }
    }

    /// Before an entry is applied. A sentence when it must not be.
    func refusal(of index: UInt64) -> String? {
        if let barred = record.barred, index >= barred {
            return """
                applying entry \(barred) ended this process \(record.crashes) times, so it is not tried again; update this coordinator, then delete \
                \(path) and start it
                """
        }
        // What stands in the file already is not overwritten by a life that ends before it comes there again.
        guard descriptor >= 0, record.barred == nil else { return nil }
        if index > through {
            endWatch()
        } else {
            write(index)
        }
        return nil
    }

    /// After the entries of a turn.
    func rest() {
        if descriptor >= 0, record.barred == nil { write(0) }
    }

    /// A snapshot took the place of everything through this entry.
    func restored(through index: UInt64) {
        guard let barred = record.barred, barred <= index else { return }
        record = ApplyRecord()
        close()
        unlink(path)
    }

    func close() {
        if descriptor >= 0 { _ = Glibc.close(descriptor) }
        descriptor = -1
    }

    /// All that the disk held is applied, and nothing happened.
    private func endWatch() {
        close()
        unlink(path)
    }

    private func write(_ index: UInt64) {
        let bytes = Array(ApplyRecord.digits(index).utf8)
        let count = bytes.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, off_t(ApplyRecord.attemptOffset)) }
        // A disk that takes no twenty bytes will stop the log itself; watching goes on without it.
        if count != bytes.count { close() }
    }
}
