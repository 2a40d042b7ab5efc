/// Which letters to staff are done with, in a small file of the data folder (`staff-letters`): a node that is started again sends none twice.
///
/// Each line is a letter's name, which tells nothing of it, and when it was noted. A letter stays noted while its matter goes on, and for a day more.

struct StaffLetterBook: Sendable {
    static let linesMax = 10_000
    static let keptMs: UInt64 = 86_400_000
    private static let bytesMax = 1024 * 1024

    /// When each was noted, in Unix milliseconds.
    private(set) var noted: [String: UInt64] = [:]
    private let path: String

    /// - Throws: where there is a file that cannot be read.
    init(folder: String) throws {
        path = folder + "/staff-letters"
        guard let bytes = try SmallFile.readBytes(path, bytesMax: Self.bytesMax) else { return }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n").prefix(Self.linesMax) {
            let words = line.split(separator: " ")
            // A line that is none is worth one letter too many at most.
            if words.count == 2, let wallMs = UInt64(words[1]) { noted[String(words[0])] = wallMs }
        }
    }

    func has(_ letter: StaffLetter) -> Bool { noted[letter.id] != nil }
    /// For how many more letters there is room.
    var room: Int { max(0, Self.linesMax - noted.count) }

    mutating func note(_ letter: StaffLetter, wallMs: UInt64) { noted[letter.id] = wallMs }

    /// Forgets what is over.
    /// - Parameter due: all letters whose matter goes on.
    /// - Returns: whether there was any.
    mutating func forget(beside due: [StaffLetter], wallMs: UInt64) -> Bool {
        let present = Set(due.map(\.id))
        // The day counts from when the matter was last seen: it may be over for a moment.
        for id in present where noted[id] != nil { noted[id] = wallMs }
        let before = noted.count
        noted = noted.filter { id, notedMs in present.contains(id) || wallMs < notedMs || wallMs - notedMs < Self.keptMs }
        return noted.count != before
    }

    /// Blocks until it is on the disk.
    func write() throws {
        try SmallFile.replace(path, with: noted.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)\n" }.joined())
    }
}
