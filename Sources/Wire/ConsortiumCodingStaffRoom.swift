/// The staff room's lines, and what whoever watches a chat whispers, as bytes.

import Consortium

extension PBRoomWordEntry {
    init(_ word: RoomWord) {
        self.init()
        switch word {
        case .said(let said): text = said
        case .swamped(let said):
            text = said
            swamped = true
        case .takesOne(let call): takesOne = PBLogPos(call)
        }
    }

    func decoded() -> RoomWord {
        if hasTakesOne { return .takesOne(of: takesOne.decoded()) }
        return swamped ? .swamped(text) : .said(text)
    }
}

extension PBRoomLineEntry {
    init(_ line: RoomLine) {
        self.init()
        at = PBLogPos(line.at)
        request = PBId(line.request)
        by = line.by.text
        displayName = line.displayName
        library = line.library.text
        clockMs = line.clockMs
        wallMs = line.wallMs
        word = PBRoomWordEntry(line.word)
    }

    func decoded() throws(WireError) -> RoomLine {
        RoomLine(
            at: at.decoded(), request: request.decoded(), by: try Field.name(by, "room.by"), displayName: displayName,
            library: try Field.name(library, "room.library"), clockMs: clockMs, wallMs: wallMs, word: word.decoded())
    }
}

extension PBWhisperCommand {
    init(_ whisper: Whisper) {
        self.init()
        chat = PBId(whisper.chat)
        session = PBId(whisper.session)
        sender = PBId(whisper.sender)
        sequence = whisper.sequence
        text = whisper.text
    }

    func decoded() -> Whisper {
        Whisper(chat: chat.decoded(), session: session.decoded(), sender: sender.decoded(), sequence: sequence, text: text)
    }
}
