/// What is mailed to staff: that posted hours are not staffed (agreement, 3), that a question was referred to it, and that it waits past its day (agreement, 2), that a request waits for
/// the director. A pure function of what is so now: a letter is due for as long as its matter goes on, and has the same name meanwhile, by which it is sent once.
///
/// One node speaks for a library (`StaffSpeaker`), so that no two mail one matter. A letter says that something waits, and where to look: no word of a chat, nothing of a patron, nobody's name.

import Consortium
import Mail
import Sodium

/// One mail to one address, as long as its matter goes on.
struct StaffLetter: Hashable, Sendable {
    /// Of the matter and the address: the same at every look, and after a restart. It tells nothing of either.
    var id: String
    var to: MailAddress
    var subject: String
    var text: String
}

struct StaffLetters {
    /// The coordinators' newest.
    var board: Board
    /// The replicated clock, and Unix milliseconds.
    var clockMs: UInt64
    var wallMs: UInt64
    /// Of all registers.
    var entries: [EntryID: RegisterEntry]
    /// What is wanted of the transcripts of the libraries that this node speaks for.
    var wishes: [TranscriptWish]
    var speaksFor: Set<LibraryName>
    /// Where the pages of nodes are that are there, without a slash at the end.
    var urls: [NodeName: String]
    /// Where pages are for people of a library whose own node is not there.
    var url: String

    /// Where a library's people find the desk.
    private func url(_ library: Library) -> String { urls[library.homeNode] ?? url }

    /// What is the same for every library of a look.
    private struct Known {
        var alerts: [RegisterEntry]
        var queues: [QueueName: Queue]
    }

    /// The letters whose matter goes on now.
    var due: [StaffLetter] {
        let known = Known(
            alerts: entries.values.filter { $0.register == .alerts },
            queues: Dictionary(board.queues.map { ($0.queue.name, $0.queue) }, uniquingKeysWith: { first, _ in first }))
        var seen: Set<String> = []
        return board.libraries.filter { speaksFor.contains($0.name) }.flatMap {
            gaps($0, known) + referrals($0, known) + decisions($0, known)
        }
        .filter { seen.insert($0.id).inserted }
    }

    private func gaps(_ library: Library, _ known: Known) -> [StaffLetter] {
        guard let gap = board.ledger?.first(where: { $0.library == library.name }), let since = gap.gapSince else { return [] }
        let minute = wallMs / 60_000
        let minutes = minute - min(minute, UInt64(since))
        let answers = gap.staffing == .covered ? "The general queue answers its patrons." : "Nobody answers its patrons."
        let text = """
            \(library.title) is posted as open, and for \(Self.words(minutes)) none of its people has been available. \(answers)

            Somebody of the library can sign on, or close it at short notice: \(url(library))/desk
            """
        var letters: [StaffLetter] = []
        if minutes >= Limits.gapToAdminMinutes {
            let to = addresses(.gaps, library.name, known)
            letters += letter(
                "gap \(library.name) \(since)", to: to.isEmpty ? Self.addresses([library.card.email]) : to,
                library,
                subject: "Nobody is there: \(library.title)", text)
        }
        if minutes >= Limits.gapToChatWogMinutes {
            letters += letter(
                "gap \(library.name) \(since)", to: addresses(.gaps, nil, known), library, subject: "Nobody is there: \(library.title)",
                text)
        }
        return letters
    }

    private func referrals(_ library: Library, _ known: Known) -> [StaffLetter] {
        let to = addresses(.referrals, library.name, known)
        return board.kept.flatMap { line -> [StaffLetter] in
            guard let dueMs = line.dueMs, let queue = known.queues[line.queue] else { return [] }
            // Whom the directory named is mailed by their own library's node, wherever the question stands.
            let listed = listed(line, of: library.name)
            let staff = queue.library != library.name ? [] : to.isEmpty ? Self.addresses([library.card.email]) : to
            return referral(line, dueMs, of: queue, library, to: "you", listed)
                + referral(line, dueMs, of: queue, library, to: queue.title, staff.filter { !listed.contains($0) })
        }
    }

    /// - Parameter whom: it was referred to.
    private func referral(
        _ line: WaitingChat, _ dueMs: UInt64, of queue: Queue, _ library: Library, to whom: String, _ addresses: [MailAddress]
    ) -> [StaffLetter] {
        var place = "It stands among the kept messages of \(queue.title) at the desk: \(url(library))/desk"
        if isForPartner(line) {
            place +=
                "\n\nIt is for a partner outside the consortium, who has no desk here and is not mailed. Somebody of you writes to them, as was agreed: \(url(library))/registers?register=agreements"
        }
        guard dueMs <= clockMs else {
            return letter(
                "referred \(line.chat) \(dueMs)", to: addresses, library, subject: "A question was referred to \(whom)",
                "A colleague referred a question to \(whom), to be answered within \(Self.span(dueMs - clockMs)).\n\n\(place)")
        }
        return letter(
            "overdue \(line.chat) \(dueMs)", to: addresses, library, subject: "A question that was referred to \(whom) waits",
            "A question that a colleague referred to \(whom) was to be answered by now, and nobody has answered it.\n\n\(place)")
    }

    /// Whom, or what, the directory named.
    private func entry(_ line: WaitingChat) -> RegisterEntry? {
        line.listed.flatMap { entries[$0.entry] }.flatMap { $0.listedName == nil ? nil : $0 }
    }

    /// The address of whom the directory named, where they are of this library.
    private func listed(_ line: WaitingChat, of library: LibraryName) -> [MailAddress] {
        guard let entry = entry(line), entry.library == library, !isForPartner(line) else { return [] }
        return Self.addresses([entry["email"]])
    }

    /// A partner outside the consortium has no desk, so a letter that only says that something waits is of no use to them; and the question itself its patron left with the libraries. So the
    /// library that looks after the agreement has it, and writes to them.
    private func isForPartner(_ line: WaitingChat) -> Bool { entry(line).map { !$0["partner"].isEmpty } ?? false }

    private func decisions(_ library: Library, _ known: Known) -> [StaffLetter] {
        let to = addresses(.decisions, library.name, known)
        return wishes.filter { $0.library == library.name && $0.stage == .waiting && $0.isOpen(atWallMs: wallMs) }.flatMap { wish in
            letter(
                "decision \(wish.id)", to: to, library, subject: "A request waits for the director of \(library.title)",
                """
                An admin of \(library.title) asks for \(wish.kind == .hold ? "a transcript to be kept beyond its time" : "a transcript as a file"). The director decides.

                Who asks, and why, stands at \(url(library))/transcripts. After \(Limits.wishWaitsDays) days the request lapses.
                """)
        }
    }

    private func letter(_ matter: String, to addresses: [MailAddress], _ library: Library, subject: String, _ text: String)
        -> [StaffLetter]
    {
        let whole =
            (text
            + "\n\nThis is sent once. Who is mailed stands at \(url(library))/registers?register=alerts; nobody reads answers to this mail.\n")
            .split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
        return addresses.map { address in
            let digest = Hash.sha256(Array("callslip staff letter \(matter) \(address.text)".utf8)).prefix(16)
            let id = Hex.text(of: digest)
            return StaffLetter(id: id, to: address, subject: subject, text: whole)
        }
    }

    /// Who is mailed about a matter, of a library or of all of them.
    private func addresses(_ matter: AlertMatter, _ library: LibraryName?, _ known: Known) -> [MailAddress] {
        Self.addresses(known.alerts.filter { $0["about"] == matter.rawValue && $0.library == library }.map { $0["email"] })
    }

    /// In order, and each once: what is no address for a mail server is left out.
    private static func addresses(_ texts: [String]) -> [MailAddress] {
        Set(texts).sorted().compactMap { MailAddress($0) }
    }

    /// A time that is left.
    private static func span(_ ms: UInt64) -> String {
        let hours = ms / 3_600_000 + (ms % 3_600_000 == 0 ? 0 : 1)
        return hours == 1 ? "the hour" : hours < 48 ? "\(hours) hours" : "\(hours / 24) days"
    }

    private static func words(_ minutes: UInt64) -> String { minutes < 120 ? "\(minutes) minutes" : "\(minutes / 60) hours" }
}
