/// What a library's node mails to staff: that posted hours are not staffed (agreement, 3), that a question was referred to it, and that it waits past its day (agreement, 2), that a request waits for
/// the director. A pure function of what is so now: a letter is due for as long as its matter goes on, and has the same name meanwhile, by which it is sent once.
///
/// The home node alone speaks for a library, so that no two mail one matter. A letter says that something waits, and where to look: no word of a chat, nothing of a patron, nobody's name.

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
    /// What is wanted of this node's libraries' transcripts.
    var wishes: [TranscriptWish]
    var node: NodeName
    /// Where this node's pages are, without a slash at the end.
    var url: String

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
        return board.libraries.filter { $0.homeNode == node }.flatMap { gaps($0, known) + referrals($0, known) + decisions($0, known) }
            .filter { seen.insert($0.id).inserted }
    }

    private func gaps(_ library: Library, _ known: Known) -> [StaffLetter] {
        guard let gap = board.ledger?.first(where: { $0.library == library.name }), let since = gap.gapSince else { return [] }
        let minute = wallMs / 60_000
        let minutes = minute - min(minute, UInt64(since))
        let answers = gap.staffing == .covered ? "The general queue answers its patrons." : "Nobody answers its patrons."
        let text = """
            \(library.title) is posted as open, and for \(Self.words(minutes)) none of its people has been available. \(answers)

            Somebody of the library can sign on, or close it at short notice: \(url)/desk
            """
        var letters: [StaffLetter] = []
        if minutes >= Limits.gapToAdminMinutes {
            let to = addresses(.gaps, library.name, known)
            letters += letter(
                "gap \(library.name) \(since)", to: to.isEmpty ? Self.addresses([library.card.email]) : to,
                subject: "Nobody is there: \(library.title)", text)
        }
        if minutes >= Limits.gapToChatWogMinutes {
            letters += letter(
                "gap \(library.name) \(since)", to: addresses(.gaps, nil, known), subject: "Nobody is there: \(library.title)", text)
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
            return referral(line, dueMs, of: queue, to: "you", listed)
                + referral(line, dueMs, of: queue, to: queue.title, staff.filter { !listed.contains($0) })
        }
    }

    /// - Parameter whom: it was referred to.
    private func referral(_ line: WaitingChat, _ dueMs: UInt64, of queue: Queue, to whom: String, _ addresses: [MailAddress])
        -> [StaffLetter]
    {
        let place = "It stands among the kept messages of \(queue.title) at the desk: \(url)/desk"
        guard dueMs <= clockMs else {
            return letter(
                "referred \(line.chat) \(dueMs)", to: addresses, subject: "A question was referred to \(whom)",
                "A colleague referred a question to \(whom), to be answered within \(Self.span(dueMs - clockMs)).\n\n\(place)")
        }
        return letter(
            "overdue \(line.chat) \(dueMs)", to: addresses, subject: "A question that was referred to \(whom) waits",
            "A question that a colleague referred to \(whom) was to be answered by now, and nobody has answered it.\n\n\(place)")
    }

    /// The address of whom the directory named, where they are of this library. A partner outside the consortium has no desk, and is not mailed.
    private func listed(_ line: WaitingChat, of library: LibraryName) -> [MailAddress] {
        guard let entry = line.listed.flatMap({ entries[$0.entry] }), entry.library == library, entry.listedName != nil,
            entry["partner"].isEmpty
        else { return [] }
        return Self.addresses([entry["email"]])
    }

    private func decisions(_ library: Library, _ known: Known) -> [StaffLetter] {
        let to = addresses(.decisions, library.name, known)
        return wishes.filter { $0.library == library.name && $0.stage == .waiting && $0.isOpen(atWallMs: wallMs) }.flatMap { wish in
            letter(
                "decision \(wish.id)", to: to, subject: "A request waits for the director of \(library.title)",
                """
                An admin of \(library.title) asks for \(wish.kind == .hold ? "a transcript to be kept beyond its time" : "a transcript as a file"). The director decides.

                Who asks, and why, stands at \(url)/transcripts. After \(Limits.wishWaitsDays) days the request lapses.
                """)
        }
    }

    private func letter(_ matter: String, to addresses: [MailAddress], subject: String, _ text: String) -> [StaffLetter] {
        let whole =
            (text + "\n\nThis is sent once. Who is mailed stands at \(url)/registers?register=alerts; nobody reads answers to this mail.\n")
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
