/// The staff room: what colleagues of all libraries say to each other while they are on.
///
/// A ring of short lines, the newest `Limits.roomLinesMax`, each for `Limits.roomLineMs`: what was said in the morning is gone by night. No line is part of a
/// chat or of a transcript, and nothing is counted of who says how much. "Swamped" is a line that asks those who volunteered; "I take one" answers it.

/// What a line of the staff room is.
public enum RoomWord: Hashable, Sendable {
    /// 1 to `Limits.roomLineBytesMax` bytes.
    case said(String)
    /// Asks those who volunteered to take a chat; with words, if they like.
    case swamped(String)
    /// Answers such a line, which is named by its place.
    case takesOne(of: LogPosition)
}

/// Somebody said something in the staff room.
public struct RoomLine: Hashable, Sendable {
    public var at: LogPosition
    public var request: RequestID
    public var by: OperatorName
    public var displayName: String
    public var library: LibraryName
    /// On the replicated clock.
    public var clockMs: UInt64
    /// The leader's wall clock, Unix milliseconds: for display.
    public var wallMs: UInt64
    public var word: RoomWord
    public init(
        at: LogPosition, request: RequestID, by: OperatorName, displayName: String, library: LibraryName, clockMs: UInt64, wallMs: UInt64,
        word: RoomWord
    ) {
        self.at = at
        self.request = request
        self.by = by
        self.displayName = displayName
        self.library = library
        self.clockMs = clockMs
        self.wallMs = wallMs
        self.word = word
    }
}

extension ConsortiumState {
    /// Says something in the staff room. What is repeated under one request is said once.
    mutating func tellRoom(_ id: SessionID, _ request: RequestID, _ word: RoomWord, at position: LogPosition) throws(Refusal) {
        guard let session = sessions[id], let person = operators[session.operatorName] else { throw .unknownSession }
        guard !isBranch else {
            throw Refusal(.notAvailable, "This library is cut off from the others, and so is the staff room; say it again when it is back.")
        }
        if room.contains(where: { $0.request == request && $0.by == person.name }) { return }
        try check(word, by: person.name)
        let recent = room.count { $0.by == person.name && $0.clockMs.adding(ms: Limits.roomBurstMs) > clockMs }
        guard recent < Limits.roomBurstMax else {
            throw Refusal(.tooMany, "You said \(recent) things in \(Limits.roomBurstMs / 1_000) seconds; wait a moment.")
        }
        room.append(
            RoomLine(
                at: position, request: request, by: person.name, displayName: person.displayName, library: person.library, clockMs: clockMs,
                wallMs: wallMs, word: word))
        if room.count > Limits.roomLinesMax { room.removeFirst() }
        touched.board = true
    }

    private func check(_ word: RoomWord, by name: OperatorName) throws(Refusal) {
        switch word {
        case .said(let text):
            guard !text.isEmpty else { throw Refusal(.invalid, "The message is empty; write something.") }
            try check(text)
        case .swamped(let text):
            try check(text)
            let isAsking = room.contains { line in
                guard line.by == name, case .swamped = line.word else { return false }
                return line.clockMs.adding(ms: Limits.swampedAgainMs) > clockMs
            }
            guard !isAsking else {
                throw Refusal(.tooMany, "You asked for help just now; it can be asked again after a minute.")
            }
        case .takesOne(let call):
            guard let line = room.first(where: { $0.at == call }), case .swamped = line.word else {
                throw Refusal(.offerOver, "That call for help is over.")
            }
            guard line.by != name else { throw Refusal(.notAllowed, "This is your own call for help.") }
        }
    }

    private func check(_ text: String) throws(Refusal) {
        guard text.utf8.count <= Limits.roomLineBytesMax else {
            throw Refusal(.tooLong, "A message in the staff room has \(Limits.roomLineBytesMax) bytes at most; shorten it.")
        }
        guard text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else {
            throw Refusal(.invalid, "A message in the staff room is one line of text, without control characters.")
        }
    }

    /// Whether somebody is asked when a colleague is swamped.
    mutating func setVolunteers(_ id: SessionID, _ volunteers: Bool) throws(Refusal) {
        guard var session = sessions[id] else { throw .unknownSession }
        guard session.volunteers != volunteers else { return }
        session.volunteers = volunteers
        sessions[id] = session
        touched.board = true
    }

    /// When the oldest line is forgotten.
    var roomDueMs: UInt64? { room.first.map { $0.clockMs.adding(ms: Limits.roomLineMs) } }

    mutating func forgetRoomLines() {
        guard let dueMs = roomDueMs, dueMs <= clockMs else { return }
        room.removeAll { $0.clockMs.adding(ms: Limits.roomLineMs) <= clockMs }
        touched.board = true
    }

    func checkRoom() throws(InvariantViolation) {
        try hold(room.count <= Limits.roomLinesMax, "There are too many lines in the staff room.")
        for (earlier, later) in zip(room, room.dropFirst()) {
            try hold(earlier.at < later.at && earlier.clockMs <= later.clockMs, "The staff room's lines are out of order.")
        }
        guard featureLevel < FeatureLevel.staffRoom else { return }
        try hold(room.isEmpty && sessions.values.allSatisfy { !$0.volunteers }, "There is a staff room below its feature level.")
    }
}
