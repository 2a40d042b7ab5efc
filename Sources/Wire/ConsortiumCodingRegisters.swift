/// Registers as bytes.

import Consortium

extension PBRegisterRecord {
    init(_ entry: RegisterEntry) {
        self.init()
        id = PBId(entry.id)
        register = UInt32(entry.register.rawValue)
        version = entry.version
        answers = entry.answers.map { answer in
            var message = PBAnswerEntry()
            message.key = answer.key
            message.text = answer.text
            return message
        }
        change = entry.change
        changedWallMs = entry.changedWallMs
        changedBy = entry.changedBy?.text ?? ""
        found = entry.found.map { finding in
            var message = PBFindingEntry()
            message.step = finding.step.rawValue
            message.place = finding.place
            message.wallMs = finding.wallMs
            return message
        }
    }

    func decoded() throws(WireError) -> RegisterEntry {
        let register: Register = try Field.small(register, "entry.register")
        var entry = RegisterEntry(
            id: id.decoded(), register: register, version: version,
            answers: try Field.list(answers, "entry.answers", max: Limits.registerAnswersMax) { e throws(WireError) in .init(e.key, e.text)
            })
        entry.change = change
        entry.changedWallMs = changedWallMs
        entry.changedBy = try Field.optionalName(changedBy, "entry.changedBy")
        entry.found = try Field.list(found, "entry.found", max: Finding.steps.count) { e throws(WireError) in try e.decoded() }
        return entry
    }
}

extension PBFindingEntry {
    func decoded() throws(WireError) -> Finding {
        guard let step = OnboardingStep(rawValue: step), Finding.steps.contains(step) else {
            throw .invalidField("finding.step", expected: "one of \(Finding.steps.map(\.rawValue))")
        }
        guard place.utf8.count <= Finding.placeBytesMax else {
            throw .tooLarge(expectedMax: Finding.placeBytesMax, found: place.utf8.count)
        }
        return Finding(step: step, place: place, wallMs: wallMs)
    }
}

extension PBRegisterNewsEntry {
    init(_ news: RegisterNews) {
        self.init()
        changed = news.changed.map { PBRegisterRecord($0) }
        ids = news.ids.map { PBId($0) }
    }

    func decoded() throws(WireError) -> RegisterNews {
        RegisterNews(
            changed: try Field.list(changed, "registers.changed", max: Limits.registerEntriesMax) { e throws(WireError) in try e.decoded()
            },
            ids: try Field.list(ids, "registers.ids", max: Limits.registerEntriesMax) { e throws(WireError) in e.decoded() })
    }
}

extension PBSetEntryCommand {
    init(_ entry: RegisterEntry, _ editor: Editor) {
        self.init()
        self.entry = PBRegisterRecord(entry)
        by = editor.text
    }

    func decoded() throws(WireError) -> Command { .setEntry(try entry.decoded(), by: try Editor(text: by)) }
}

extension PBDropEntryCommand {
    init(_ id: EntryID, _ version: UInt64, _ editor: Editor) {
        self.init()
        self.id = PBId(id)
        self.version = version
        by = editor.text
    }

    func decoded() throws(WireError) -> Command { .dropEntry(id.decoded(), version: version, by: try Editor(text: by)) }
}
